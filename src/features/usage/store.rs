//! The writing SQL of metering. See `read.rs` for what pages read.

pub mod limits;
pub mod minutes;
pub mod privacy;
pub mod quarantine;
pub mod secrets;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    copy::CopyRows,
    group::{Gains, KeyedEvent},
    moves::TotalGains,
};
use crate::domain::{histogram::Histogram, tier::Tier, usage::UsageEvent};

/// Makes the weeks' partitions that hold these days.
///
/// # Errors
/// When the database is away.
pub async fn ensure_partitions(db: &mut PgConnection, first: NaiveDate, last: NaiveDate) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT usage_ensure_partitions($1, $2) AS "made!""#, first, last).fetch_one(db).await
}

/// An earlier holder of a de-duplication key.
#[derive(Clone, Copy, Debug)]
pub struct Holder {
    /// The id that the first event was stored under.
    pub id: Uuid,
    /// The fingerprint of its content.
    pub content: i64,
}

/// How keys are claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// By COPY, in half the time; a key that is taken fails the transaction, see [`is_key_taken`].
    Copy,
    /// By [`add_rollups`], to spare a round trip; a key that is taken fails the transaction too.
    Along,
    /// Looking for each whether it is taken.
    Look,
}

/// Whether a transaction failed because [`Claim::Copy`] or [`Claim::Along`] met a key that is taken.
pub fn is_key_taken(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(e) => e.is_unique_violation() && e.table() == Some("usage_event_keys"),
        sqlx::Error::RowNotFound => true,
        _ => false,
    }
}

/// Claims the keys of events that must all have different ones, and gives the holders of those that were taken.
///
/// # Errors
/// When the database is away; with [`Claim::Copy`], when a key is taken.
pub async fn claim_keys(tx: &mut PgConnection, events: &[&KeyedEvent], claim: Claim) -> Result<HashMap<Uuid, Holder>, sqlx::Error> {
    if claim == Claim::Along {
        return Ok(HashMap::new());
    }
    if claim == Claim::Copy {
        let mut rows = CopyRows::with_capacity(events.len());
        for e in events {
            rows.row(4).uuid(e.key).uuid(e.id).i64(e.content).date(e.event.timestamp.date_naive());
        }
        let mut copy = tx.copy_in_raw("COPY usage_event_keys (key, id, content, event_date) FROM STDIN (FORMAT binary)").await?;
        copy.send(rows.finish()).await?;
        copy.finish().await?;
        return Ok(HashMap::new());
    }
    let keys: Vec<_> = events.iter().map(|e| e.key).collect();
    let ids: Vec<_> = events.iter().map(|e| e.id).collect();
    let contents: Vec<_> = events.iter().map(|e| e.content).collect();
    let dates: Vec<_> = events.iter().map(|e| e.event.timestamp.date_naive()).collect();
    let claimed = sqlx::query!(
        "INSERT INTO usage_event_keys (key, id, content, event_date)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::date[]) ON CONFLICT DO NOTHING",
        &keys,
        &ids,
        &contents,
        &dates
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if claimed == keys.len() as u64 {
        return Ok(HashMap::new());
    }
    let ours: HashMap<_, _> = events.iter().map(|e| (e.key, e.id)).collect();
    let rows = sqlx::query!("SELECT key, id, content FROM usage_event_keys WHERE key = ANY($1)", &keys).fetch_all(tx).await?;
    Ok(rows
        .into_iter()
        .filter(|row| ours.get(&row.key) != Some(&row.id))
        .map(|row| (row.key, Holder { id: row.id, content: row.content }))
        .collect())
}

/// Where a user stands after an addition to a month.
#[derive(Clone, Debug)]
pub struct MonthRow {
    /// First day of the month.
    pub month: NaiveDate,
    /// The user.
    pub user_id: String,
    /// The tier of the latest event.
    pub tier: Tier,
    /// The organization of the latest event; empty when it named none.
    pub organization_id: String,
    /// Tokens of the month.
    pub tokens: i64,
    /// Days that became active by the addition, as bits.
    pub new_days: i32,
    /// The latest day with use.
    pub last_day: NaiveDate,
    /// Interactions on it.
    pub last_day_interactions: i64,
    /// The latest event.
    pub last_event_at: DateTime<Utc>,
}

/// Adds to `agent_usage_daily` and `agent_usage_monthly`, and says where each user stands. In the same statement it claims the
/// keys of `claims` first.
///
/// # Errors
/// When the database is away, or one of the keys is taken, see [`is_key_taken`].
pub async fn add_rollups(tx: &mut PgConnection, gains: &Gains<'_>, claims: &[&KeyedEvent]) -> Result<Vec<MonthRow>, sqlx::Error> {
    let keys: Vec<_> = claims.iter().map(|e| e.key).collect();
    let ids: Vec<_> = claims.iter().map(|e| e.id).collect();
    let contents: Vec<_> = claims.iter().map(|e| e.content).collect();
    let key_dates: Vec<_> = claims.iter().map(|e| e.event.timestamp.date_naive()).collect();
    let (d, m) = (&gains.daily, &gains.monthly);
    let dates: Vec<_> = d.keys().map(|k| k.0).collect();
    let day_users: Vec<_> = d.keys().map(|k| k.1).collect();
    let agents: Vec<_> = d.keys().map(|k| k.2).collect();
    let day_interactions: Vec<_> = d.values().map(|g| g.interactions).collect();
    let day_tokens: Vec<_> = d.values().map(|g| g.tokens).collect();
    let response: Vec<_> = d.values().map(|g| g.response_ms).collect();
    let months: Vec<_> = m.keys().map(|k| k.0).collect();
    let users: Vec<_> = m.keys().map(|k| k.1).collect();
    let tiers: Vec<_> = m.values().map(|g| g.latest.1.as_str()).collect();
    let organizations: Vec<_> = m.values().map(|g| g.latest.2).collect();
    let interactions: Vec<_> = m.values().map(|g| g.gain.interactions).collect();
    let tokens: Vec<_> = m.values().map(|g| g.gain.tokens).collect();
    let days: Vec<_> = m.values().map(|g| g.active_days).collect();
    let last_days: Vec<_> = m.values().map(|g| g.last_day.0).collect();
    let last_counts: Vec<_> = m.values().map(|g| g.last_day.1).collect();
    let last_at: Vec<_> = m.values().map(|g| g.latest.0).collect();
    let rows = sqlx::query!(
        r#"WITH keys AS (
               INSERT INTO usage_event_keys (key, id, content, event_date)
               SELECT * FROM unnest($17::uuid[], $18::uuid[], $19::bigint[], $20::date[]) ON CONFLICT DO NOTHING RETURNING 1),
           daily AS (
               INSERT INTO agent_usage_daily AS d (date, user_id, agent_id, total_interactions, total_tokens, total_response_time_ms)
               SELECT * FROM unnest($11::date[], $12::text[], $13::text[], $14::bigint[], $15::bigint[], $16::bigint[])
               ON CONFLICT (date, user_id, agent_id) DO UPDATE SET
                  total_interactions = d.total_interactions + excluded.total_interactions,
                  total_tokens = d.total_tokens + excluded.total_tokens,
                  total_response_time_ms = d.total_response_time_ms + excluded.total_response_time_ms)
           INSERT INTO agent_usage_monthly AS m (month, user_id, subscription_tier, organization_id, total_interactions, total_tokens,
                active_days, new_days, last_day, last_day_interactions, last_event_at)
           SELECT month, user_id, tier, org, n, tokens, days, days, last_day, last_n, last_at
           FROM unnest($1::date[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::integer[], $8::date[],
                $9::bigint[], $10::timestamptz[]) AS t (month, user_id, tier, org, n, tokens, days, last_day, last_n, last_at)
           -- Keys before rows, as every writer does, and no rows when a key is taken.
           CROSS JOIN (SELECT count(*) AS claimed FROM keys) AS k WHERE k.claimed = cardinality($17::uuid[])
           ON CONFLICT (month, user_id) DO UPDATE SET
                subscription_tier = CASE WHEN (excluded.last_event_at, excluded.subscription_tier, excluded.organization_id)
                    > (m.last_event_at, m.subscription_tier, m.organization_id) THEN excluded.subscription_tier ELSE m.subscription_tier END,
                organization_id = CASE WHEN (excluded.last_event_at, excluded.subscription_tier, excluded.organization_id)
                    > (m.last_event_at, m.subscription_tier, m.organization_id) THEN excluded.organization_id ELSE m.organization_id END,
                total_interactions = m.total_interactions + excluded.total_interactions,
                total_tokens = m.total_tokens + excluded.total_tokens,
                active_days = m.active_days | excluded.active_days,
                new_days = excluded.active_days & ~m.active_days,
                last_day = greatest(m.last_day, excluded.last_day),
                last_day_interactions = CASE WHEN m.last_day > excluded.last_day THEN m.last_day_interactions
                    WHEN m.last_day = excluded.last_day THEN m.last_day_interactions + excluded.last_day_interactions
                    ELSE excluded.last_day_interactions END,
                last_event_at = greatest(m.last_event_at, excluded.last_event_at)
           RETURNING month, user_id, subscription_tier, organization_id, total_tokens, new_days, last_day, last_day_interactions,
                last_event_at"#,
        &months,
        &users as &[&str],
        &tiers as &[&str],
        &organizations as &[&str],
        &interactions,
        &tokens,
        &days,
        &last_days,
        &last_counts,
        &last_at,
        &dates,
        &day_users as &[&str],
        &agents as &[&str],
        &day_interactions,
        &day_tokens,
        &response,
        &keys,
        &ids,
        &contents,
        &key_dates
    )
    .fetch_all(tx)
    .await?;
    if rows.is_empty() {
        return Err(sqlx::Error::RowNotFound);
    }
    Ok(rows
        .into_iter()
        .filter_map(|r| {
            Some(MonthRow {
                month: r.month,
                tier: Tier::parse(&r.subscription_tier)?,
                user_id: r.user_id,
                organization_id: r.organization_id,
                tokens: r.total_tokens,
                new_days: r.new_days,
                last_day: r.last_day,
                last_day_interactions: r.last_day_interactions,
                last_event_at: r.last_event_at,
            })
        })
        .collect())
}

/// Adds to the totals of all users, by day with response times and by hour, and to the counts of active users.
///
/// # Errors
/// When the database is away.
pub async fn add_totals(tx: &mut PgConnection, gains: &TotalGains) -> Result<(), sqlx::Error> {
    let t = &gains.daily;
    let dates: Vec<_> = t.keys().map(|k| k.0).collect();
    let tiers: Vec<_> = t.keys().map(|k| k.1.as_str().to_owned()).collect();
    let agents: Vec<_> = t.keys().map(|k| k.2.clone()).collect();
    let interactions: Vec<_> = t.values().map(|g| g.gain.interactions).collect();
    let tokens: Vec<_> = t.values().map(|g| g.gain.tokens).collect();
    let response: Vec<_> = t.values().map(|g| g.gain.response_ms).collect();
    // Histograms are added up here, since SQL takes a hundred times as long: whoever adds to the totals holds their lock.
    let stored = sqlx::query!(
        "SELECT date, subscription_tier, agent_id, response_histogram FROM agent_usage_totals_daily
         JOIN unnest($1::date[], $2::text[], $3::text[]) AS u (date, subscription_tier, agent_id) USING (date, subscription_tier, agent_id)",
        &dates,
        &tiers,
        &agents
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut sums: HashMap<_, _> =
        t.iter().map(|((date, tier, agent), g)| ((*date, tier.as_str(), agent.as_str()), g.response.clone())).collect();
    for row in &stored {
        if let Some(sum) = sums.get_mut(&(row.date, row.subscription_tier.as_str(), row.agent_id.as_str())) {
            sum.add_packed(&row.response_histogram);
        }
    }
    let histograms: Vec<_> =
        t.keys().filter_map(|(date, tier, agent)| sums.get(&(*date, tier.as_str(), agent.as_str()))).map(Histogram::pack).collect();
    sqlx::query!(
        "INSERT INTO agent_usage_totals_daily AS t (date, subscription_tier, agent_id, total_interactions, total_tokens,
            total_response_time_ms, response_histogram)
         SELECT date, tier, agent, n, tokens, ms, histogram
         FROM unnest($1::date[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bytea[])
            AS u (date, tier, agent, n, tokens, ms, histogram)
         ON CONFLICT (date, subscription_tier, agent_id) DO UPDATE SET
            total_interactions = t.total_interactions + excluded.total_interactions,
            total_tokens = t.total_tokens + excluded.total_tokens,
            total_response_time_ms = t.total_response_time_ms + excluded.total_response_time_ms,
            response_histogram = excluded.response_histogram",
        &dates,
        &tiers,
        &agents,
        &interactions,
        &tokens,
        &response,
        &histograms
    )
    .execute(&mut *tx)
    .await?;
    let h = &gains.hourly;
    let hours: Vec<_> = h.keys().map(|k| k.0).collect();
    let tiers: Vec<_> = h.keys().map(|k| k.1.as_str().to_owned()).collect();
    let agents: Vec<_> = h.keys().map(|k| k.2.clone()).collect();
    let interactions: Vec<_> = h.values().map(|g| g.gain.interactions).collect();
    let tokens: Vec<_> = h.values().map(|g| g.gain.tokens).collect();
    sqlx::query!(
        "INSERT INTO agent_usage_totals_hourly AS t (hour, subscription_tier, agent_id, total_interactions, total_tokens)
         SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::bigint[], $5::bigint[])
         ON CONFLICT (hour, subscription_tier, agent_id) DO UPDATE SET
            total_interactions = t.total_interactions + excluded.total_interactions,
            total_tokens = t.total_tokens + excluded.total_tokens",
        &hours,
        &tiers,
        &agents,
        &interactions,
        &tokens
    )
    .execute(&mut *tx)
    .await?;
    if !gains.active.is_empty() {
        let (dates, counts): (Vec<_>, Vec<_>) = gains.active.iter().map(|(day, n)| (*day, *n)).unzip();
        sqlx::query!(
            "INSERT INTO agent_usage_active_daily AS t (date, active_users) SELECT * FROM unnest($1::date[], $2::bigint[])
             ON CONFLICT (date) DO UPDATE SET active_users = t.active_users + excluded.active_users",
            &dates,
            &counts
        )
        .execute(tx)
        .await?;
    }
    Ok(())
}

/// How many interactions each of these users had on each of these days, before the group's own are added or after: as stored.
///
/// # Errors
/// When the database is away.
pub async fn count_interactions(
    tx: &mut PgConnection,
    of: &[(NaiveDate, &str)],
) -> Result<HashMap<(NaiveDate, String), i64>, sqlx::Error> {
    let (dates, users): (Vec<_>, Vec<_>) = of.iter().copied().unzip();
    let rows = sqlx::query!(
        r#"SELECT d.date, d.user_id, sum(d.total_interactions)::bigint AS "n!"
           FROM unnest($1::date[], $2::text[]) AS t (date, user_id) JOIN agent_usage_daily d USING (date, user_id)
           GROUP BY d.date, d.user_id"#,
        &dates,
        &users as &[&str]
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|r| ((r.date, r.user_id), r.n)).collect())
}

/// From so many events on they are stored by COPY, which is faster for each but takes two round trips more.
const COPY_EVENTS_FROM: usize = 100;

/// What a group leaves behind once its rollups are added to.
#[derive(Debug)]
pub struct Leavings<'a> {
    /// The events with their flags.
    pub events: &'a [(&'a KeyedEvent, i16)],
    /// When they came.
    pub received_at: DateTime<Utc>,
    /// Users that became active on a new day: their month, and their first day in it.
    pub newly_active: &'a [(&'a MonthRow, NaiveDate)],
    /// The users whose rollups moved.
    pub users: &'a [&'a str],
    /// What the totals gained; see `moves.rs`.
    pub gains: &'a str,
}

/// Stores events, remembers users, and leaves word of what moved. Gives the stamp of the tombstones as this statement sees it.
///
/// # Errors
/// When the database is away.
pub async fn leave(tx: &mut PgConnection, what: &Leavings<'_>) -> Result<Uuid, sqlx::Error> {
    let events = if what.events.len() >= COPY_EVENTS_FROM {
        copy_events(tx, what).await?;
        &[]
    } else {
        what.events
    };
    let of = |field: fn(&KeyedEvent) -> &str| events.iter().map(|(e, _)| field(e)).collect::<Vec<_>>();
    let of_option = |field: fn(&KeyedEvent) -> Option<&str>| events.iter().map(|(e, _)| field(e)).collect::<Vec<_>>();
    let ids: Vec<_> = events.iter().map(|(e, _)| e.id).collect();
    let tokens: Vec<_> = events.iter().map(|(e, _)| e.event.tokens_used).collect();
    let response: Vec<_> = events.iter().map(|(e, _)| response_ms(&e.event)).collect();
    let times: Vec<_> = events.iter().map(|(e, _)| e.event.timestamp).collect();
    let flags: Vec<_> = events.iter().map(|(_, flags)| *flags).collect();
    let active_users: Vec<_> = what.newly_active.iter().map(|(r, _)| r.user_id.as_str()).collect();
    let first_days: Vec<_> = what.newly_active.iter().map(|(_, first)| *first).collect();
    let active_months: Vec<_> = what.newly_active.iter().map(|(r, _)| r.month).collect();
    sqlx::query_scalar!(
        r#"WITH events AS (
               INSERT INTO agent_usage_events (id, event_id, user_id, agent_id, session_id, tokens_used, response_time_ms, "timestamp",
                   subscription_tier, contact_id, organization_id, context, flags, received_at)
               SELECT id, event_id, user_id, agent_id, session_id, tokens, ms, at, tier, contact, organization, context::jsonb, flags, $14
               FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::integer[],
                   $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::text[], $13::smallint[])
                   AS t (id, event_id, user_id, agent_id, session_id, tokens, ms, at, tier, contact, organization, context, flags)),
           users AS (
               INSERT INTO usage_users AS u (user_id, first_day, latest_month)
               SELECT user_id, min(first_day), max(month)
               FROM unnest($15::text[], $16::date[], $17::date[]) AS t (user_id, first_day, month)
               GROUP BY user_id ORDER BY user_id
               ON CONFLICT (user_id) DO UPDATE SET
                  first_day = least(u.first_day, excluded.first_day), latest_month = greatest(u.latest_month, excluded.latest_month)
               WHERE u.first_day > excluded.first_day OR u.latest_month < excluded.latest_month)
           INSERT INTO usage_moves (user_ids, gains) VALUES ($18, $19) RETURNING (SELECT stamp FROM erasure_key) AS "stamp!""#,
        &ids,
        &of_option(|e| e.event.event_id.as_deref()) as &[Option<&str>],
        &of(|e| &e.event.user_id) as &[&str],
        &of(|e| &e.event.agent_id) as &[&str],
        &of(|e| &e.event.session_id) as &[&str],
        &tokens,
        &response,
        &times,
        &of(|e| e.event.subscription_tier.as_str()) as &[&str],
        &of_option(|e| e.event.contact_id.as_deref()) as &[Option<&str>],
        &of_option(|e| e.event.organization_id.as_deref()) as &[Option<&str>],
        &of_option(KeyedEvent::context) as &[Option<&str>],
        &flags,
        what.received_at,
        &active_users as &[&str],
        &first_days,
        &active_months,
        what.users as &[&str],
        what.gains
    )
    .fetch_one(tx)
    .await
}

fn response_ms(event: &UsageEvent) -> i32 {
    i32::try_from(event.response_time_ms).unwrap_or(i32::MAX)
}

async fn copy_events(tx: &mut PgConnection, what: &Leavings<'_>) -> Result<(), sqlx::Error> {
    let mut rows = CopyRows::with_capacity(what.events.len());
    for (keyed, flags) in what.events {
        let e = &keyed.event;
        rows.row(14)
            .uuid(keyed.id)
            .text_or_null(e.event_id.as_deref())
            .text(&e.user_id)
            .text(&e.agent_id)
            .text(&e.session_id)
            .i64(e.tokens_used)
            .i32(response_ms(e))
            .time(e.timestamp)
            .text(e.subscription_tier.as_str())
            .text_or_null(e.contact_id.as_deref())
            .text_or_null(e.organization_id.as_deref())
            .json_or_null(keyed.context())
            .i16(*flags)
            .time(what.received_at);
    }
    let mut copy = tx
        .copy_in_raw(
            r#"COPY agent_usage_events (id, event_id, user_id, agent_id, session_id, tokens_used, response_time_ms, "timestamp",
               subscription_tier, contact_id, organization_id, context, flags, received_at) FROM STDIN (FORMAT binary)"#,
        )
        .await?;
    copy.send(rows.finish()).await?;
    copy.finish().await?;
    Ok(())
}

/// Leaves word of users to be evaluated.
///
/// # Errors
/// When the database is away.
pub async fn insert_moves(tx: &mut PgConnection, user_ids: &[String]) -> Result<(), sqlx::Error> {
    sqlx::query!("INSERT INTO usage_moves (user_ids) VALUES ($1)", user_ids).execute(tx).await?;
    Ok(())
}

/// Takes out the oldest rows of `usage_moves`, in their order: users and gains. They are back if the transaction fails.
///
/// # Errors
/// When the database is away.
pub async fn take_moves(tx: &mut PgConnection, limit: i64) -> Result<Vec<(Vec<String>, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH taken AS (
               DELETE FROM usage_moves WHERE id IN (SELECT id FROM usage_moves ORDER BY id LIMIT $1) RETURNING id, user_ids, gains)
           SELECT user_ids AS "user_ids!", gains AS "gains!" FROM taken ORDER BY id"#,
        limit
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|r| (r.user_ids, r.gains)).collect())
}

/// Drops the weeks' partitions that lie wholly before a day, and the keys of their events.
///
/// # Errors
/// When the day is less than 35 days back, or the database is away.
pub async fn drop_events_before(db: &mut PgConnection, day: NaiveDate) -> Result<i32, sqlx::Error> {
    let dropped = sqlx::query_scalar!(r#"SELECT usage_drop_partitions($1) AS "dropped!""#, day).fetch_one(&mut *db).await?;
    if dropped > 0 {
        let monday = day - chrono::Days::new(u64::from(chrono::Datelike::weekday(&day).num_days_from_monday()));
        sqlx::query!("DELETE FROM usage_event_keys WHERE event_date < $1", monday).execute(db).await?;
    }
    Ok(dropped)
}
