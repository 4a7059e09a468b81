//! The SQL of how ingest does by the minute.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::features::usage::tally::{Count, Counts, Minute};

/// A minute as it stands in the database, without its distributions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinuteRow {
    /// When it began.
    pub minute: DateTime<Utc>,
    /// What came, and what became of it.
    pub counts: Counts,
    /// From events' own timestamps to their commits: the sum and the longest, in milliseconds.
    pub delay: (i64, i64),
    /// From requests' first bytes to their answers: the same.
    pub took: (i64, i64),
}

/// Adds to a minute.
///
/// # Errors
/// When the database is away.
pub async fn add_minute(tx: &mut PgConnection, at: DateTime<Utc>, minute: &Minute) -> Result<(), sqlx::Error> {
    let n = |count| minute.counts.get(count);
    sqlx::query!(
        "INSERT INTO ingest_minutes AS m (minute, requests, accepted, duplicates, erased, invalid, conflicts, malformed, unauthorized,
            timed_out, too_large, not_json, rate_limited, unavailable, failed, delay_sum_ms, delay_max_ms, delay, took_sum_ms,
            took_max_ms, took)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
         ON CONFLICT (minute) DO UPDATE SET
            requests = m.requests + excluded.requests,
            accepted = m.accepted + excluded.accepted,
            duplicates = m.duplicates + excluded.duplicates,
            erased = m.erased + excluded.erased,
            invalid = m.invalid + excluded.invalid,
            conflicts = m.conflicts + excluded.conflicts,
            malformed = m.malformed + excluded.malformed,
            unauthorized = m.unauthorized + excluded.unauthorized,
            timed_out = m.timed_out + excluded.timed_out,
            too_large = m.too_large + excluded.too_large,
            not_json = m.not_json + excluded.not_json,
            rate_limited = m.rate_limited + excluded.rate_limited,
            unavailable = m.unavailable + excluded.unavailable,
            failed = m.failed + excluded.failed,
            delay_sum_ms = m.delay_sum_ms + excluded.delay_sum_ms,
            delay_max_ms = greatest(m.delay_max_ms, excluded.delay_max_ms),
            delay = ARRAY(SELECT coalesce(a, 0) + coalesce(b, 0) FROM unnest(m.delay, excluded.delay) WITH ORDINALITY AS t (a, b, i) ORDER BY i),
            took_sum_ms = m.took_sum_ms + excluded.took_sum_ms,
            took_max_ms = greatest(m.took_max_ms, excluded.took_max_ms),
            took = ARRAY(SELECT coalesce(a, 0) + coalesce(b, 0) FROM unnest(m.took, excluded.took) WITH ORDINALITY AS t (a, b, i) ORDER BY i)",
        at,
        n(Count::Requests),
        n(Count::Accepted),
        n(Count::Duplicates),
        n(Count::Erased),
        n(Count::Invalid),
        n(Count::Conflicts),
        n(Count::Malformed),
        n(Count::Unauthorized),
        n(Count::TimedOut),
        n(Count::TooLarge),
        n(Count::NotJson),
        n(Count::RateLimited),
        n(Count::Unavailable),
        n(Count::Failed),
        minute.delay.sum_ms,
        minute.delay.max_ms,
        &minute.delay.histogram.0,
        minute.took.sum_ms,
        minute.took.max_ms,
        &minute.took.histogram.0
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The minutes from one on.
///
/// # Errors
/// When the database is away.
pub async fn list_minutes(tx: &mut PgConnection, from: DateTime<Utc>) -> Result<Vec<MinuteRow>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT minute, requests, accepted, duplicates, erased, invalid, conflicts, malformed, unauthorized, timed_out, too_large,
            not_json, rate_limited, unavailable, failed, delay_sum_ms, delay_max_ms, took_sum_ms, took_max_ms
         FROM ingest_minutes WHERE minute >= $1 ORDER BY minute",
        from
    )
    .fetch_all(tx)
    .await?;
    let row = rows.into_iter().map(|row| MinuteRow {
        minute: row.minute,
        counts: Counts::new([
            row.requests,
            row.accepted,
            row.duplicates,
            row.erased,
            row.invalid,
            row.conflicts,
            row.malformed,
            row.unauthorized,
            row.timed_out,
            row.too_large,
            row.not_json,
            row.rate_limited,
            row.unavailable,
            row.failed,
        ]),
        delay: (row.delay_sum_ms, row.delay_max_ms),
        took: (row.took_sum_ms, row.took_max_ms),
    });
    Ok(row.collect())
}

/// How often a length of time was met, by its bucket.
#[derive(Clone, Copy, Debug)]
pub struct BucketRow {
    /// The bucket of `domain::histogram`.
    pub bucket: i64,
    /// Of events' delays, in the day.
    pub delay_day: i64,
    /// Of them, in the hour.
    pub delay_hour: i64,
    /// Of requests' times, in the day.
    pub took_day: i64,
    /// Of them, in the hour.
    pub took_hour: i64,
}

/// The distributions from one minute on, and those from a later one on beside them.
///
/// # Errors
/// When the database is away.
pub async fn list_buckets(tx: &mut PgConnection, day: DateTime<Utc>, hour: DateTime<Utc>) -> Result<Vec<BucketRow>, sqlx::Error> {
    sqlx::query_as!(
        BucketRow,
        r#"SELECT i - 1 AS "bucket!", coalesce(sum(d), 0)::bigint AS "delay_day!",
            coalesce(sum(d) FILTER (WHERE minute >= $2), 0)::bigint AS "delay_hour!", coalesce(sum(t), 0)::bigint AS "took_day!",
            coalesce(sum(t) FILTER (WHERE minute >= $2), 0)::bigint AS "took_hour!"
         FROM ingest_minutes, unnest(delay, took) WITH ORDINALITY AS u (d, t, i) WHERE minute >= $1 GROUP BY i"#,
        day,
        hour
    )
    .fetch_all(tx)
    .await
}

/// Deletes the minutes before one.
///
/// # Errors
/// When the database is away.
pub async fn delete_before(tx: &mut PgConnection, before: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM ingest_minutes WHERE minute < $1", before).execute(tx).await?;
    Ok(())
}
