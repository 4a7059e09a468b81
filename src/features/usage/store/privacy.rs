//! The SQL of what metering holds about a person, and of how it forgets.

use std::collections::BTreeSet;

use futures_util::TryStreamExt;
use sqlx::PgConnection;

use super::quarantine::whose;
use crate::{
    domain::privacy::PersonKind,
    platform::{
        person::{Counts, Held},
        tombstones::Tombstones,
    },
    ui::i18n::s,
};

/// Where metering holds something about one of GENESIS's users.
pub static HELD: [Held; 5] = [
    Held {
        table: "agent_usage_events",
        columns: "id, event_id, user_id, agent_id, session_id, tokens_used, response_time_ms, timestamp, subscription_tier, \
                  contact_id, organization_id, context, flags, received_at",
        from: "FROM usage_events WHERE user_id = $1",
        at: "timestamp",
        about: |lang| s!(lang, privacy.t_events),
    },
    Held {
        table: "agent_usage_daily",
        columns: "date, user_id, agent_id, total_interactions, total_tokens, total_response_time_ms",
        from: "FROM agent_usage_daily WHERE user_id = $1",
        at: "date",
        about: |lang| s!(lang, privacy.t_daily),
    },
    Held {
        table: "agent_usage_monthly",
        columns: "month, user_id, subscription_tier, organization_id, total_interactions, total_tokens, active_days, last_day, \
                  last_day_interactions, last_event_at",
        from: "FROM agent_usage_monthly WHERE user_id = $1",
        at: "month",
        about: |lang| s!(lang, privacy.t_monthly),
    },
    Held {
        table: "usage_users",
        columns: "user_id, first_day, latest_month",
        from: "FROM usage_users WHERE user_id = $1",
        at: "first_day",
        about: |lang| s!(lang, privacy.t_users),
    },
    Held {
        table: "usage_quarantine",
        columns: "id, item, errors, times_seen, first_seen, last_seen",
        from: "FROM usage_quarantine WHERE privacy_names(item, $1)",
        at: "first_seen",
        about: |lang| s!(lang, privacy.t_quarantine),
    },
];

/// Puts the pseudonym into the events of a user, and empties what no rollup needs. Nobody waits for it: writers only add events.
///
/// # Errors
/// When the database is away.
pub async fn erase_events(tx: &mut PgConnection, user_id: &str, pseudonym: &str) -> Result<u64, sqlx::Error> {
    let rows = sqlx::query_scalar!(r#"SELECT privacy_erase_events($1, $2) AS "rows!""#, user_id, pseudonym).fetch_one(tx).await?;
    Ok(rows.unsigned_abs())
}

/// Keeps everybody from writing events, and from putting items into quarantine and taking them out, to the end of the transaction.
/// In the order in which writers take the tables.
///
/// # Errors
/// When the database is away.
pub async fn lock_writers(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("LOCK TABLE usage_quarantine, agent_usage_daily IN EXCLUSIVE MODE").execute(tx).await?;
    Ok(())
}

/// Puts the pseudonym into the rollups of a user, and deletes what names the user in quarantine.
///
/// # Errors
/// When the database is away.
pub async fn erase_rollups(tx: &mut PgConnection, user_id: &str, pseudonym: &str) -> Result<Counts, sqlx::Error> {
    let daily = sqlx::query!("UPDATE agent_usage_daily SET user_id = $2 WHERE user_id = $1", user_id, pseudonym);
    let daily = daily.execute(&mut *tx).await?.rows_affected();
    let monthly =
        sqlx::query!("UPDATE agent_usage_monthly SET user_id = $2, organization_id = '' WHERE user_id = $1", user_id, pseudonym);
    let monthly = monthly.execute(&mut *tx).await?.rows_affected();
    let users = sqlx::query!("UPDATE usage_users SET user_id = $2 WHERE user_id = $1", user_id, pseudonym);
    let users = users.execute(&mut *tx).await?.rows_affected();
    let items = sqlx::query!("DELETE FROM usage_quarantine WHERE privacy_names(item, $1)", user_id);
    let items = items.execute(tx).await?.rows_affected();
    Ok(vec![("agent_usage_daily", daily), ("agent_usage_monthly", monthly), ("usage_users", users), ("usage_quarantine", items)])
}

/// Users who were erased, and of whom something stands here all the same.
///
/// # Errors
/// When the database is away.
pub async fn find_returned(tx: &mut PgConnection, tombstones: &Tombstones) -> Result<BTreeSet<String>, sqlx::Error> {
    let mut found = BTreeSet::new();
    let mut users = sqlx::query_scalar!("SELECT user_id FROM usage_users").fetch(&mut *tx);
    while let Some(user) = users.try_next().await? {
        if tombstones.hold(PersonKind::Metered, &user) {
            found.insert(user);
        }
    }
    drop(users);
    let mut items = sqlx::query_scalar!("SELECT item FROM usage_quarantine").fetch(tx);
    while let Some(item) = items.try_next().await? {
        found.extend(whose(&item).into_iter().filter(|user| tombstones.hold(PersonKind::Metered, user)));
    }
    Ok(found)
}
