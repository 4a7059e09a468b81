//! The SQL of the outbox.

pub mod privacy;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::platform::db::contains;

/// A mail that is to be sent now.
pub struct DueRow {
    pub id: Uuid,
    pub kind: String,
    pub address: String,
    pub name: String,
    pub language: String,
    pub invited_by: Option<String>,
    pub about: Option<String>,
    pub sealed_link: Option<Vec<u8>>,
    pub good_until: Option<DateTime<Utc>>,
    /// With this one.
    pub tries: i32,
    pub created_at: DateTime<Utc>,
    pub queued_at: DateTime<Utc>,
}

/// Takes some mails that are due, those that have waited for longest first; no other process takes them until `until`.
pub async fn take_due(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<DueRow>, sqlx::Error> {
    sqlx::query_as!(
        DueRow,
        "UPDATE mails SET tries = tries + 1, next_try_at = $2
         WHERE id = ANY(ARRAY(
            SELECT id FROM mails WHERE state = 'waiting' AND next_try_at <= $1 ORDER BY next_try_at, id LIMIT $3 FOR UPDATE SKIP LOCKED))
         RETURNING id, kind, address, name, language, invited_by, about, sealed_link, good_until, tries, created_at, queued_at",
        now,
        until,
        limit
    )
    .fetch_all(tx)
    .await
}

/// Notes that the mail server has a mail, whatever has been made of it meanwhile, and erases its link.
pub async fn mark_sent(tx: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE mails SET state = 'sent', sent_at = $2, sealed_link = NULL, last_error = NULL WHERE id = $1 AND state <> 'sent'",
        id,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes why a try failed, and when the next one is; without one the mail is given up. Nothing, when another process has tried since.
pub async fn mark_failed(
    tx: &mut PgConnection,
    id: Uuid,
    tries: i32,
    error: &str,
    next_try_at: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE mails SET last_error = $3, next_try_at = coalesce($4, next_try_at),
            state = CASE WHEN $4::timestamptz IS NULL THEN 'given_up' ELSE state END
         WHERE id = $1 AND tries = $2 AND state = 'waiting'",
        id,
        tries,
        error,
        next_try_at
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A mail as the page shows it.
pub struct ListedRow {
    pub id: Uuid,
    pub kind: String,
    pub user_id: Uuid,
    pub address: String,
    pub language: String,
    pub state: String,
    pub tries: i32,
    pub created_at: DateTime<Utc>,
    pub next_try_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
    pub last_error: Option<String>,
    pub good_until: Option<DateTime<Utc>>,
    pub has_link: bool,
}

/// Mails that hold a text in what the page shows of them, the newest first, before one.
pub async fn list(tx: &mut PgConnection, search: &str, before: Option<Uuid>, limit: i64) -> Result<Vec<ListedRow>, sqlx::Error> {
    sqlx::query_as!(
        ListedRow,
        r#"SELECT id, kind, user_id, address, language, state, tries, created_at, next_try_at, sent_at, last_error, good_until,
                sealed_link IS NOT NULL AS "has_link!" FROM mails
           WHERE ($1 = '%%' OR address ILIKE $1 OR name ILIKE $1 OR kind ILIKE $1 OR state ILIKE $1 OR last_error ILIKE $1)
             AND ($2::uuid IS NULL OR id < $2)
           ORDER BY id DESC LIMIT $3"#,
        contains(search),
        before,
        limit
    )
    .fetch_all(tx)
    .await
}

/// Lets a mail that was given up be tried again from the beginning, unless its link has ended; gives its address, if there is such one.
pub async fn requeue(tx: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "UPDATE mails SET state = 'waiting', tries = 0, queued_at = $2, next_try_at = $2
         WHERE id = $1 AND state = 'given_up' AND (good_until IS NULL OR (good_until > $2 AND sealed_link IS NOT NULL))
         RETURNING address",
        id,
        now
    )
    .fetch_optional(tx)
    .await
}

/// Forgets mails that were made before a time, and erases links that have ended.
pub async fn trim(tx: &mut PgConnection, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM mails WHERE created_at < $1", before).execute(&mut *tx).await?;
    sqlx::query!(
        "UPDATE mails SET sealed_link = NULL WHERE state = 'given_up' AND sealed_link IS NOT NULL AND good_until <= $1",
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}
