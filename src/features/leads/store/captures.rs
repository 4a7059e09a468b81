//! The SQL of captures: what was sent under a key, and that a form was filled in.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{crm::LeadId, people::UserId};

/// What was sent under a key before.
pub struct Known {
    /// SHA-256 of it.
    pub fingerprint: Vec<u8>,
    /// The lead that it became, or was added to.
    pub lead: LeadId,
}

/// Holds a key to the end of the transaction, and gives what was sent under it before.
pub async fn lock_capture(tx: &mut PgConnection, caller: &str, key: &str) -> Result<Option<Known>, sqlx::Error> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('capture:' || $1 || ':' || $2, 0))", caller, key)
        .fetch_one(&mut *tx)
        .await?;
    let row = sqlx::query!("SELECT fingerprint, lead_id FROM lead_captures WHERE caller = $1 AND key = $2", caller, key);
    Ok(row.fetch_optional(tx).await?.map(|row| Known { fingerprint: row.fingerprint, lead: LeadId(row.lead_id) }))
}

/// Keeps what was sent under a key.
pub async fn insert_capture(
    tx: &mut PgConnection,
    (caller, key): (&str, &str),
    fingerprint: &[u8],
    lead: LeadId,
    merged: bool,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO lead_captures (caller, key, fingerprint, lead_id, merged, at) VALUES ($1, $2, $3, $4, $5, $6)",
        caller,
        key,
        fingerprint,
        lead.0,
        merged,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes down that a form was filled in, or what somebody has told.
pub async fn insert_interaction(
    tx: &mut PgConnection,
    lead: LeadId,
    kind: &str,
    (subject, body): (&str, &str),
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO interactions (id, kind, direction, at, subject, body, lead_id, created_by, created_at, updated_at)
         VALUES ($1, $2, CASE $2 WHEN 'form' THEN 'in' END, $3, nullif($4, ''), nullif($5, ''), $6, $7, $3, $3)",
        Uuid::now_v7(),
        kind,
        now,
        subject,
        body,
        lead.0,
        by.map(|id| id.0)
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What the public form's tokens are signed with.
pub async fn form_key(tx: &mut PgConnection) -> Result<Vec<u8>, sqlx::Error> {
    sqlx::query_scalar!("SELECT key FROM lead_form_key").fetch_one(tx).await
}
