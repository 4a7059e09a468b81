//! The SQL of API keys.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::people::{KeyId, KeyScope, UserId},
    features::auth::keys::ApiKey,
    platform::ctx::Program,
};

pub async fn insert_key(tx: &mut PgConnection, key: &ApiKey, secret_hash: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO api_keys (id, name, prefix, secret_hash, scopes, created_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        key.id.0,
        key.name,
        key.prefix,
        secret_hash,
        &words(&key.scopes),
        key.created_by.map(|id| id.0),
        key.created_at,
        key.expires_at
    )
    .execute(tx)
    .await?;
    Ok(())
}

fn words(scopes: &[KeyScope]) -> Vec<String> {
    scopes.iter().map(|scope| scope.as_str().to_owned()).collect()
}

fn scopes(words: &[String]) -> Vec<KeyScope> {
    words.iter().filter_map(|word| KeyScope::parse(word)).collect()
}

/// The program of a key that works, and when it was last used.
pub async fn find_key(
    tx: &mut PgConnection,
    secret_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<(Program, Option<DateTime<Utc>>)>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT id, name, scopes, last_used_at FROM api_keys
         WHERE secret_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
        secret_hash,
        now
    );
    Ok(row
        .fetch_optional(tx)
        .await?
        .map(|row| (Program { id: KeyId(row.id), name: row.name, scopes: scopes(&row.scopes) }, row.last_used_at)))
}

/// Which of these keys still work.
pub async fn working_keys(tx: &mut PgConnection, ids: &[Uuid], now: DateTime<Utc>) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT id FROM api_keys WHERE id = ANY($1) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
        ids,
        now
    )
    .fetch_all(tx)
    .await
}

pub async fn touch_key(tx: &mut PgConnection, id: KeyId, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE api_keys SET last_used_at = $2 WHERE id = $1", id.0, now).execute(tx).await?;
    Ok(())
}

pub async fn list_keys(tx: &mut PgConnection) -> Result<Vec<ApiKey>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, last_used_at FROM api_keys
         ORDER BY revoked_at IS NOT NULL, created_at DESC, id LIMIT 500"
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ApiKey {
            id: KeyId(row.id),
            name: row.name,
            prefix: row.prefix,
            scopes: scopes(&row.scopes),
            created_by: row.created_by.map(UserId),
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            last_used_at: row.last_used_at,
        })
        .collect())
}

/// Revokes a key that works; gives its name.
pub async fn revoke_key(tx: &mut PgConnection, id: KeyId, now: DateTime<Utc>) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING name", id.0, now)
        .fetch_optional(tx)
        .await
}
