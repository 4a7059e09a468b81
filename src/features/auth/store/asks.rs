//! The SQL of those who have forgotten their password.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Who asked for a new password.
pub struct AskRow {
    pub email: String,
    pub language: String,
    /// From where; empty when that is not known.
    pub address: String,
}

pub async fn insert_ask(tx: &mut PgConnection, ask: &AskRow, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO password_asks (id, email, language, address, asked_at) VALUES ($1, $2, $3, $4, $5)",
        Uuid::now_v7(),
        ask.email,
        ask.language,
        ask.address,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes out whoever has waited for longest, past those that another process is at.
pub async fn take_ask(tx: &mut PgConnection) -> Result<Option<AskRow>, sqlx::Error> {
    sqlx::query_as!(
        AskRow,
        "DELETE FROM password_asks WHERE id = (SELECT id FROM password_asks ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING email, language, address"
    )
    .fetch_optional(tx)
    .await
}
