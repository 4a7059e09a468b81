//! Rollups against the raw events: compared, and rebuilt.

use std::collections::HashSet;

use chrono::NaiveDate;
use serde::Serialize;
use sqlx::{AssertSqlSafe, PgConnection};

use super::{moves, store};
use crate::{
    domain::AppResult,
    platform::{ctx::Ctx, db::to_app, hub},
};

/// A rollup and the view that defines it.
struct Rollup {
    table: &'static str,
    view: &'static str,
    columns: &'static str,
    /// The column that says which time a row is of.
    time: &'static str,
    /// Whether only whole months can be compared.
    monthly: bool,
}

const ROLLUPS: [Rollup; 6] = [
    Rollup {
        table: "agent_usage_daily",
        view: "recount_daily",
        columns: "date, user_id, agent_id, total_interactions, total_tokens, total_response_time_ms",
        time: "date",
        monthly: false,
    },
    Rollup {
        table: "agent_usage_monthly",
        view: "recount_monthly",
        columns: "month, user_id, subscription_tier, organization_id, total_interactions, total_tokens, active_days, last_day, \
                  last_day_interactions, last_event_at",
        time: "month",
        monthly: true,
    },
    Rollup {
        table: "usage_users",
        view: "recount_users",
        columns: "user_id, first_day, latest_month",
        time: "first_day",
        monthly: false,
    },
    Rollup {
        table: "agent_usage_totals_daily",
        view: "recount_totals_daily",
        columns: "date, subscription_tier, agent_id, total_interactions, total_tokens, total_response_time_ms, response_histogram",
        time: "date",
        monthly: false,
    },
    Rollup {
        table: "agent_usage_totals_hourly",
        view: "recount_totals_hourly",
        columns: "hour, subscription_tier, agent_id, total_interactions, total_tokens",
        time: "hour",
        monthly: false,
    },
    Rollup {
        table: "agent_usage_active_daily",
        view: "recount_active_daily",
        columns: "date, active_users",
        time: "date",
        monthly: false,
    },
];

/// What a recount found in one rollup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The table.
    pub table: &'static str,
    /// Rows that the events call for.
    pub rows: i64,
    /// Rows that were missing or wrong.
    pub missing: i64,
    /// Rows that the events do not call for, or that were wrong.
    pub extra: i64,
}

impl Finding {
    /// Whether the rollup was what the events call for.
    pub const fn is_exact(&self) -> bool {
        self.missing == 0 && self.extra == 0
    }
}

/// Compares every rollup with the raw events, and rebuilds those that differ when `rebuild` is set. Events wait meanwhile. Days
/// whose events retention has dropped are left alone.
///
/// # Errors
/// When the database is away; nothing is changed then.
pub async fn recount(ctx: &Ctx, rebuild: bool) -> AppResult<Vec<Finding>> {
    let mut tx = ctx.begin().await.map_err(to_app)?;
    // The server's limit on a statement is for pages; a recount takes as long as it takes.
    sqlx::query!("SELECT set_config('statement_timeout', '0', true)").fetch_one(&mut *tx).await.map_err(to_app)?;
    let findings = run(&mut tx, rebuild).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok(findings)
}

async fn run(tx: &mut PgConnection, rebuild: bool) -> Result<Vec<Finding>, sqlx::Error> {
    // Writers of events take this table first; readers are not kept out.
    sqlx::query("LOCK TABLE agent_usage_daily IN EXCLUSIVE MODE").execute(&mut *tx).await?;
    settle(tx).await?;
    let kept_from = sqlx::query_scalar!(
        r#"SELECT min(to_date(right(c.relname, 8), 'YYYYMMDD')) AS "day" FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
           WHERE i.inhparent = 'agent_usage_events'::regclass"#
    )
    .fetch_one(&mut *tx)
    .await?;
    let Some(kept_from) = kept_from else { return Ok(Vec::new()) };
    let dropped =
        sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM agent_usage_totals_daily WHERE date < $1) AS "dropped!""#, kept_from)
            .fetch_one(&mut *tx)
            .await?;
    let mut findings = Vec::new();
    for rollup in &ROLLUPS {
        // A user whose first events are dropped can no longer be told from the rest.
        if dropped && rollup.table == "usage_users" {
            continue;
        }
        let from = if rollup.monthly && dropped { crate::domain::time::next_month(kept_from) } else { kept_from };
        let from = if rollup.monthly && !dropped { crate::domain::time::month_start(from) } else { from };
        findings.push(compare(tx, rollup, from, rebuild).await?);
    }
    Ok(findings)
}

/// Adds to the totals what still stands in `usage_moves`. Its users stay there, for evaluation.
async fn settle(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    let mut news = Vec::new();
    let mut users = HashSet::new();
    loop {
        let taken = moves::take(tx).await?;
        users.extend(taken.users);
        news.extend(taken.news);
        if !taken.more {
            break;
        }
    }
    if !users.is_empty() {
        store::insert_moves(tx, &users.into_iter().collect::<Vec<_>>()).await?;
        hub::publish_all(tx, &news).await?;
    }
    Ok(())
}

async fn compare(tx: &mut PgConnection, rollup: &Rollup, from: NaiveDate, rebuild: bool) -> Result<Finding, sqlx::Error> {
    let Rollup { table, view, columns, time, .. } = rollup;
    // All words come from the constants above. One statement and no temporary table: the server's role need not be allowed any.
    let counted = format!("SELECT {columns} FROM {view} WHERE {time} >= '{from}'");
    let (rows, missing, extra) = sqlx::query_as::<_, (i64, i64, i64)>(AssertSqlSafe(format!(
        "WITH counted AS MATERIALIZED ({counted}), stored AS (SELECT {columns} FROM {table} WHERE {time} >= '{from}')
         SELECT (SELECT count(*) FROM counted), (SELECT count(*) FROM (TABLE counted EXCEPT TABLE stored) AS d),
                (SELECT count(*) FROM (TABLE stored EXCEPT TABLE counted) AS d)"
    )))
    .fetch_one(&mut *tx)
    .await?;
    let finding = Finding { table, rows, missing, extra };
    if rebuild && !finding.is_exact() {
        sqlx::query(AssertSqlSafe(format!("DELETE FROM {table} WHERE {time} >= '{from}'"))).execute(&mut *tx).await?;
        sqlx::query(AssertSqlSafe(format!("INSERT INTO {table} ({columns}) {counted}"))).execute(&mut *tx).await?;
    }
    Ok(finding)
}
