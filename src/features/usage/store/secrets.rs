//! The SQL of webhook secrets.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A secret as it is stored.
#[derive(Clone, Debug)]
pub struct SecretRow {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// Whether events signed with it may lie further back than usual.
    pub import: bool,
    /// The secret, sealed; none for one of the server's settings.
    pub sealed: Option<Vec<u8>>,
    /// Its last characters.
    pub tail: String,
    /// When it was made, or first seen.
    pub created_at: DateTime<Utc>,
    /// From when on it is not let in, if ever.
    pub ends_at: Option<DateTime<Utc>>,
    /// When something was last signed with it, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// All, the newest first.
///
/// # Errors
/// When the database is away.
pub async fn list(tx: &mut PgConnection) -> Result<Vec<SecretRow>, sqlx::Error> {
    sqlx::query_as!(
        SecretRow,
        r#"SELECT id, name, kind = 'import' AS "import!", sealed, tail, created_at, ends_at, last_used_at FROM webhook_secrets
           ORDER BY created_at DESC, id DESC LIMIT 200"#
    )
    .fetch_all(tx)
    .await
}

/// Those that are let in at a time.
///
/// # Errors
/// When the database is away.
pub async fn list_live(tx: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<SecretRow>, sqlx::Error> {
    sqlx::query_as!(
        SecretRow,
        r#"SELECT id, name, kind = 'import' AS "import!", sealed, tail, created_at, ends_at, last_used_at FROM webhook_secrets
           WHERE sealed IS NOT NULL AND (ends_at IS NULL OR ends_at > $1) ORDER BY created_at DESC, id DESC"#,
        now
    )
    .fetch_all(tx)
    .await
}

/// Keeps a new secret.
///
/// # Errors
/// When the database is away.
pub async fn insert(tx: &mut PgConnection, row: &SecretRow, created_by: Option<Uuid>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO webhook_secrets (id, name, kind, source, sealed, tail, created_by, created_at)
         VALUES ($1, $2, CASE WHEN $3 THEN 'import' ELSE 'live' END, 'app', $4, $5, $6, $7)",
        row.id,
        row.name,
        row.import,
        row.sealed,
        row.tail,
        created_by,
        row.created_at
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Knows a secret of the server's settings by its name; gives its id.
///
/// # Errors
/// When the database is away.
pub async fn know(tx: &mut PgConnection, name: &str, import: bool, now: DateTime<Utc>) -> Result<Uuid, sqlx::Error> {
    sqlx::query_scalar!(
        "INSERT INTO webhook_secrets (id, name, kind, source, created_at) VALUES ($1, $2, CASE WHEN $3 THEN 'import' ELSE 'live' END, 'settings', $4)
         ON CONFLICT (name) WHERE source = 'settings' DO UPDATE SET kind = excluded.kind RETURNING id",
        Uuid::now_v7(),
        name,
        import,
        now
    )
    .fetch_one(tx)
    .await
}

/// Lets secrets of the app end at a time, if they would go on for longer: one of them, or all of a kind but one. Gives their names.
///
/// # Errors
/// When the database is away.
pub async fn end(
    tx: &mut PgConnection,
    only: Option<Uuid>,
    kind_of: Option<Uuid>,
    at: DateTime<Utc>,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "UPDATE webhook_secrets SET ends_at = $3
         WHERE source = 'app' AND (ends_at IS NULL OR ends_at > $3) AND ($1::uuid IS NULL OR id = $1)
            AND ($2::uuid IS NULL OR (id <> $2 AND kind = (SELECT kind FROM webhook_secrets WHERE id = $2)))
         RETURNING name",
        only,
        kind_of,
        at
    )
    .fetch_all(tx)
    .await
}

/// Marks secrets as used.
///
/// # Errors
/// When the database is away.
pub async fn touch(tx: &mut PgConnection, ids: &[Uuid], times: &[DateTime<Utc>]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE webhook_secrets s SET last_used_at = u.at FROM unnest($1::uuid[], $2::timestamptz[]) AS u (id, at)
         WHERE s.id = u.id AND (s.last_used_at IS NULL OR s.last_used_at < u.at)",
        ids,
        times
    )
    .execute(tx)
    .await?;
    Ok(())
}
