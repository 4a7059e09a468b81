//! Rollups as a whole, and a stream of events that reaches all of them.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{TestApp, noon, with};

const ROLLUPS: [(&str, &str); 6] = [
    ("agent_usage_daily", "date, user_id, agent_id, total_interactions, total_tokens, total_response_time_ms"),
    (
        "agent_usage_monthly",
        "month, user_id, subscription_tier, organization_id, total_interactions, total_tokens, active_days, last_day, \
         last_day_interactions, last_event_at",
    ),
    ("usage_users", "user_id, first_day, latest_month"),
    (
        "agent_usage_totals_daily",
        "date, subscription_tier, agent_id, total_interactions, total_tokens, total_response_time_ms, response_histogram",
    ),
    ("agent_usage_totals_hourly", "hour, subscription_tier, agent_id, total_interactions, total_tokens"),
    ("agent_usage_active_daily", "date, active_users"),
];

/// Every rollup as text, to be compared with that of another database.
pub async fn rollups(app: &TestApp) -> BTreeMap<&'static str, Vec<String>> {
    app.settle().await;
    let mut all = BTreeMap::new();
    for (table, columns) in ROLLUPS {
        let sql = format!("SELECT ({columns})::text FROM {table} ORDER BY 1");
        all.insert(table, app.texts(&sql).await);
    }
    all
}

/// The `n`th of a stream of events that spread over users, agents, tiers, days and months, some of them without an id.
pub fn varied(n: u64) -> Value {
    let at = noon() - TimeDelta::minutes(i64::try_from(n * 7_919 % 50_000).unwrap());
    let tier = ["essential", "pro", "elite", "prime", "longevity"][(n / 3 % 5) as usize];
    let agent = ["NEXUS", "SAGE", "ROBIN"][(n % 3) as usize];
    let item = json!({"user_id": format!("user-{}", n % 7), "agent_id": agent,
        "session_id": format!("s{n}"), "tokens_used": n * 37 % 4_000, "response_time_ms": n * n * 13 % 90_000, "timestamp": at,
        "subscription_tier": tier, "organization_id": format!("org-{}", n % 2)});
    if n.is_multiple_of(2) { with(item, json!({"event_id": format!("evt-{n}")})) } else { item }
}
