//! The SQL of quarantine, and of how ingest does.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{domain::privacy::PersonKind, features::usage::group::digest_uuid, platform::tombstones::Tombstones};

/// An item that could not be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its id in quarantine.
    pub id: Uuid,
    /// JSON as it came.
    pub item: String,
    /// What is wrong with it: a list of pointer, code and detail, as JSON.
    pub errors: serde_json::Value,
    /// How often it came.
    pub times_seen: i64,
    /// When it first came.
    pub first_seen: DateTime<Utc>,
    /// When it last came.
    pub last_seen: DateTime<Utc>,
}

/// Items that hold a text in themselves or in their errors, the latest first, after a place; and how many there are in all.
///
/// # Errors
/// When the database is away.
pub async fn list(
    tx: &mut PgConnection,
    pattern: &str,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<(Vec<Item>, i64), sqlx::Error> {
    let (at, id) = before.unwrap_or((DateTime::<Utc>::MAX_UTC.min(far()), Uuid::max()));
    let items = sqlx::query_as!(
        Item,
        "SELECT id, item, errors, times_seen, first_seen, last_seen FROM usage_quarantine
         WHERE ($1 = '%%' OR item ILIKE $1 OR errors::text ILIKE $1) AND last_seen <= $2 AND (last_seen < $2 OR id > $3 OR $3 = $4)
         ORDER BY last_seen DESC, id LIMIT $5",
        pattern,
        at,
        id,
        Uuid::max(),
        limit
    )
    .fetch_all(&mut *tx)
    .await?;
    let total = sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM usage_quarantine WHERE $1 = '%%' OR item ILIKE $1 OR errors::text ILIKE $1"#,
        pattern
    )
    .fetch_one(tx)
    .await?;
    Ok((items, total))
}

/// A time after all others that PostgreSQL and chrono both know.
fn far() -> DateTime<Utc> {
    DateTime::from_timestamp(32_503_680_000, 0).unwrap_or_default()
}

/// One item.
///
/// # Errors
/// When the database is away.
pub async fn find(tx: &mut PgConnection, id: Uuid) -> Result<Option<Item>, sqlx::Error> {
    sqlx::query_as!(Item, "SELECT id, item, errors, times_seen, first_seen, last_seen FROM usage_quarantine WHERE id = $1", id)
        .fetch_optional(tx)
        .await
}

/// Takes an item out; says whether it was there.
///
/// # Errors
/// When the database is away.
pub async fn delete(tx: &mut PgConnection, id: Uuid) -> Result<bool, sqlx::Error> {
    Ok(sqlx::query!("DELETE FROM usage_quarantine WHERE id = $1", id).execute(tx).await?.rows_affected() > 0)
}

/// How ingest does, as the database knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The time of the latest event.
    pub last_event_at: Option<DateTime<Utc>>,
    /// Events of this hour so far.
    pub this_hour: i64,
    /// Events of the hour before.
    pub hour_before: i64,
    /// Since when something waits to be added to the totals and looked at.
    pub waits_since: Option<DateTime<Utc>>,
    /// Items in quarantine.
    pub quarantined: i64,
    /// Of these, those that came in the last 24 hours.
    pub quarantined_lately: i64,
}

/// How ingest does.
///
/// # Errors
/// When the database is away.
pub async fn health(
    tx: &mut PgConnection,
    month: NaiveDate,
    hour: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Health, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT (SELECT max(last_event_at) FROM agent_usage_monthly WHERE month >= $1) AS last_event_at,
               (SELECT coalesce(sum(total_interactions), 0)::bigint FROM agent_usage_totals_hourly WHERE hour = $2) AS "this_hour!",
               (SELECT coalesce(sum(total_interactions), 0)::bigint FROM agent_usage_totals_hourly
                WHERE hour = $2::timestamptz - interval '1 hour') AS "hour_before!",
               (SELECT min(moved_at) FROM usage_moves) AS waits_since,
               (SELECT count(*) FROM usage_quarantine) AS "quarantined!",
               (SELECT count(*) FROM usage_quarantine WHERE last_seen > $3::timestamptz - interval '24 hours') AS "lately!""#,
        month,
        hour,
        now
    )
    .fetch_one(tx)
    .await?;
    Ok(Health {
        last_event_at: row.last_event_at,
        this_hour: row.this_hour,
        hour_before: row.hour_before,
        waits_since: row.waits_since,
        quarantined: row.quarantined,
        quarantined_lately: row.lately,
    })
}

/// An item that cannot be taken.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The item as it came.
    pub item: String,
    /// What is wrong with it, as JSON.
    pub errors: serde_json::Value,
}

/// Whose an item is by its `user_id`, whatever else is wrong with it.
pub fn whose(item: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Whose {
        user_id: serde_json::Value,
    }
    let Whose { user_id } = serde_json::from_str(item).ok()?;
    Some(user_id.as_str().map_or_else(|| user_id.to_string(), str::to_owned))
}

impl Refused {
    /// Whether it is an item of somebody who was erased.
    pub fn is_of(&self, tombstones: &Tombstones) -> bool {
        !tombstones.is_empty() && whose(&self.item).is_some_and(|user| tombstones.hold(PersonKind::Metered, &user))
    }
}

/// Puts items into quarantine; one that is there already is only counted.
///
/// # Errors
/// When the database is away.
pub async fn upsert_quarantine(tx: &mut PgConnection, items: &[Refused], now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = items.iter().map(|_| Uuid::now_v7()).collect();
    let digests: Vec<_> = items.iter().map(|i| digest_uuid(i.item.as_bytes())).collect();
    let texts: Vec<_> = items.iter().map(|i| i.item.replace('\0', "\u{fffd}")).collect();
    let errors: Vec<_> = items.iter().map(|i| i.errors.clone()).collect();
    sqlx::query!(
        "INSERT INTO usage_quarantine AS q (id, digest, item, errors, first_seen, last_seen, times_seen)
         SELECT min(id::text)::uuid, digest, min(item), (array_agg(errors))[1], $5, $5, count(*)
         FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[]) AS t (id, digest, item, errors) GROUP BY digest ORDER BY digest
         ON CONFLICT (digest) DO UPDATE SET times_seen = q.times_seen + excluded.times_seen, last_seen = excluded.last_seen,
            errors = excluded.errors",
        &ids,
        &digests,
        &texts,
        &errors,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}
