//! Metering: whatever comes in whatever order, the rollups are what the events add up to. See also `properties.rs`.

use chrono::{TimeDelta, Utc};
use futures_util::future::join_all;
use nexus_crm::{
    features::usage::{recount, usecase},
    flows::maintenance,
    platform::clock::Clock,
};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::support::{
    IMPORT_SECRET, TestApp, event, noon,
    rollups::{rollups, varied},
    with,
};

#[tokio::test]
async fn the_rollups_equal_a_recount_after_mixed_batches() {
    let app = TestApp::start().await;
    let items: Vec<_> = (0..400).map(varied).collect();
    for (batch, some) in items.chunks(37).enumerate() {
        let mut some = some.to_vec();
        some.insert(0, json!({"broken": batch}));
        some.push(some[1].clone());
        app.post(&Value::Array(some)).await.ok();
    }
    join_all(items.iter().take(40).map(|item| app.post(item)))
        .await
        .into_iter()
        .for_each(|a| assert_eq!(a.ok()["status"], "duplicate"));
    assert_eq!((app.count("agent_usage_events").await, app.count("usage_quarantine").await), (400, 11));
    app.assert_exact().await;
    let tokens: i64 = items.iter().map(|i| i["tokens_used"].as_i64().unwrap()).sum();
    for table in ["agent_usage_daily", "agent_usage_monthly", "agent_usage_totals_daily", "agent_usage_totals_hourly"] {
        let sums = app.text(&format!("SELECT sum(total_interactions) || ' ' || sum(total_tokens) FROM {table}")).await;
        assert_eq!(sums, format!("400 {tokens}"), "{table}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_meter_into_one_database_at_once() {
    let one = TestApp::start().await;
    let two = TestApp::on(one.db.clone(), |_| {}).await;
    // Both get all events, in different batches and from opposite ends, single and together.
    let items: Vec<_> = (0..600).map(varied).collect();
    let bodies = |size: usize| items.chunks(size).map(|some| json!(some)).collect::<Vec<_>>();
    let (first, mut second) = (bodies(11), bodies(17));
    second.reverse();
    let (a, b) =
        tokio::join!(join_all(first.iter().map(|body| one.post(body))), join_all(second.iter().map(|body| two.post(body))));
    let mut stored = 0;
    for answer in a.into_iter().chain(b) {
        assert_eq!(answer.status, 200, "{}", answer.text);
        stored += answer.statuses().iter().filter(|s| **s == "success").count();
    }
    assert_eq!((stored, one.count("agent_usage_events").await), (600, 600), "each event was new to one of the two, once");
    one.assert_exact().await;
    // The positions of the live stream have no gaps.
    let (seq, rows) = (one.number("SELECT seq FROM live_clock").await, one.count("live_messages").await);
    assert_eq!((seq, seq), (rows, one.number("SELECT max(seq) FROM live_messages").await));
}

#[tokio::test]
async fn partitions_of_old_weeks_are_made_when_they_are_needed() {
    let app = TestApp::start().await;
    let partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'agent_usage_events'::regclass";
    let before = app.number(partitions).await;
    for year in [2019, 2021, 2023] {
        let item = with(event("ana"), json!({"timestamp": format!("{year}-12-31T23:59:59.999999Z")}));
        app.post_with(IMPORT_SECRET, item.to_string()).await.ok();
    }
    assert_eq!(app.number(partitions).await, before + 3);
    app.assert_exact().await;
}

#[tokio::test]
async fn retention_drops_events_and_their_keys_and_keeps_the_rollups() {
    let keeps_all = TestApp::with(|s| s.clock = Clock::system()).await;
    let app = TestApp::on(keeps_all.db.clone(), |s| {
        s.clock = Clock::system();
        s.settings.retention_days = 42;
    })
    .await;
    let now = Utc::now();
    let at = |days: i64| with(event("ana"), json!({"timestamp": now - TimeDelta::days(days)}));
    for days in [1, 30, 70, 100] {
        keeps_all.post_with(IMPORT_SECRET, at(days).to_string()).await.ok();
    }
    // What would be dropped at once is not taken in.
    app.post_with(IMPORT_SECRET, at(60).to_string()).await.problem(422);
    let before = rollups(&app).await;
    maintenance::once(&app.ctx()).await.unwrap();
    assert_eq!((app.count("agent_usage_events").await, app.count("usage_event_keys").await), (2, 2));
    assert_eq!(rollups(&app).await, before);
    // What retention dropped is no difference, and a rebuild does not take it away.
    recount::recount(&app.ctx(), true).await.unwrap();
    assert_eq!(rollups(&app).await, before);
    app.assert_exact().await;
    usecase::drop_events_before(&app.ctx(), now.date_naive() - TimeDelta::days(20)).await.unwrap_err();
    assert_eq!(app.count("agent_usage_events").await, 2);
}

#[tokio::test]
async fn a_recount_finds_what_is_wrong_and_mends_it() {
    let app = TestApp::start().await;
    app.post(&json!((0..100).map(varied).collect::<Vec<_>>())).await.ok();
    app.assert_exact().await;
    let right = rollups(&app).await;
    for (table, wrong) in [
        ("agent_usage_daily", "UPDATE agent_usage_daily SET total_tokens = total_tokens + 1 WHERE user_id = 'user-1'"),
        ("agent_usage_monthly", "UPDATE agent_usage_monthly SET active_days = 0"),
        ("usage_users", "INSERT INTO usage_users VALUES ('nobody', '2026-11-20', '2026-11-01')"),
        ("agent_usage_totals_daily", "UPDATE agent_usage_totals_daily SET response_histogram = '\\x00000001'"),
        ("agent_usage_totals_hourly", "DELETE FROM agent_usage_totals_hourly WHERE agent_id = 'SAGE'"),
        ("agent_usage_active_daily", "UPDATE agent_usage_active_daily SET active_users = 9"),
    ] {
        app.as_owner(wrong).await;
        let found = recount::recount(&app.ctx(), false).await.unwrap();
        let tables: Vec<_> = found.iter().filter(|f| !f.is_exact()).map(|f| f.table).collect();
        assert_eq!(tables, [table]);
        assert_ne!(rollups(&app).await, right, "looking changes nothing");
        recount::recount(&app.ctx(), true).await.unwrap();
        assert_eq!(rollups(&app).await, right, "{table}");
    }
    app.assert_exact().await;
    // Metering goes on from the mended rollups.
    app.post(&varied(100)).await.ok();
    app.assert_exact().await;
}

#[tokio::test]
async fn the_share_of_a_limit_is_worked_out_in_the_database_too() {
    let app = TestApp::start().await;
    let items = [
        with(event("ana"), json!({"tokens_used": 37_500})),
        with(event("ana"), json!({"tokens_used": 12, "session_id": "s2"})),
        with(event("ana"), json!({"tokens_used": 30_000, "timestamp": "2026-10-30T10:00:00Z"})),
    ];
    app.post(&json!(items)).await.ok();
    let share = async |arguments: &str| app.text(&format!("SELECT calculate_usage_percentage({arguments})::text")).await;
    assert_eq!(share("'ana', 'month_tokens', '2026-11-20T12:00:00Z'").await, "25.01");
    assert_eq!(share("'ana', 'day_interactions', '2026-11-20T12:00:00Z'").await, "0.67");
    assert_eq!(share("'ana', 'day_interactions', '2026-11-21T00:00:00Z'").await, "0.00");
    assert_eq!(share("'ana', 'month_tokens', '2026-10-31T12:00:00Z'").await, "20.00");
    assert_eq!(share("'nobody'").await, "0");
}

#[tokio::test]
async fn a_day_far_from_a_users_habit_is_an_anomaly() {
    let app = TestApp::start().await;
    let mut items = Vec::new();
    for days in 0..20_i64 {
        // Medians of 1,000 with deviations of 50 at the middle; 0.6745 * 5,000 / 50 is 67.45.
        let usual = 1_000 + [0, 50, -50, 100, -100][usize::try_from(days % 5).unwrap()];
        for (user, today) in [("steady", usual), ("burst", 6_000), ("quiet", 0)] {
            let at = noon() - TimeDelta::days(days);
            items.push(with(event(user), json!({"timestamp": at, "tokens_used": if days == 0 { today } else { usual }})));
        }
    }
    // Too little history, and too little volume, are no anomalies.
    items.push(with(event("new"), json!({"tokens_used": 900_000})));
    app.post(&json!(items)).await.ok();
    let found = app
        .texts("SELECT concat_ws(' ', user_id, tokens, round(median_tokens), round(mad), z_score) FROM detect_usage_anomalies('2026-11-20')")
        .await;
    assert_eq!(found, ["burst 6000 1000 50 67.45", "quiet 0 1000 50 -13.49"]);
    assert_eq!(app.number("SELECT count(*) FROM detect_usage_anomalies('2026-11-20', 28, 20)").await, 1);
    assert_eq!(app.number("SELECT count(*) FROM detect_usage_anomalies('2026-11-20', 28, 3.5, 10000)").await, 0);
    assert_eq!(app.number("SELECT count(*) FROM detect_usage_anomalies('2026-11-19')").await, 0);
}

#[tokio::test]
async fn the_servers_role_may_not_change_the_schema_nor_rewrite_history() {
    let app = TestApp::start().await;
    app.post(&event("ana")).await.ok();
    for sql in [
        "CREATE TABLE mine (x int)",
        "ALTER TABLE agent_usage_daily ADD COLUMN x int",
        "DROP TABLE agent_usage_daily",
        "TRUNCATE agent_usage_events",
        "SELECT FROM agent_usage_events",
        "SELECT FROM every_recount_daily",
        "DELETE FROM journal",
        "UPDATE journal SET event = 'x'",
        "DELETE FROM usage_alerts",
        "INSERT INTO live_clock (only_row, seq) VALUES (false, 1)",
        "DELETE FROM usage_tier_limits",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ] {
        let error = sqlx::query(AssertSqlSafe(sql)).execute(&app.app.db).await.unwrap_err();
        let code = error.as_database_error().and_then(|e| e.code().map(std::borrow::Cow::into_owned));
        assert_eq!(code.as_deref(), Some("42501"), "{sql}: {error}");
    }
    let rights = "SELECT concat_ws(' ', current_user, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole) FROM pg_roles WHERE rolname = current_user";
    let found: String = sqlx::query_scalar(rights).fetch_one(&app.app.db).await.unwrap();
    assert_eq!(found, "nexus_app f f f f");
}
