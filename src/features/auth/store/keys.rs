//! The SQL of API keys.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::people::{KeyId, KeyScope, UserId},
    features::auth::keys::ApiKey,
    platform::ctx::Program,
};

pub async fn insert_key(
    tx: &mut PgConnection,
    key: &ApiKey,
    replaces: Option<KeyId>,
    secret_hash: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO api_keys (id, name, prefix, secret_hash, scopes, created_by, created_at, expires_at, replaces)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        key.id.0,
        key.name,
        key.prefix,
        secret_hash,
        &words(&key.scopes),
        key.created_by.map(|id| id.0),
        key.created_at,
        key.expires_at,
        replaces.map(|id| id.0)
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

/// A program by its key, and when that was last used.
type Used = (Program, Option<DateTime<Utc>>);

/// The program of a key that works, and when it was last used.
pub async fn find_program(tx: &mut PgConnection, secret_hash: &[u8], now: DateTime<Utc>) -> Result<Option<Used>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT id, name, scopes, last_used_at FROM api_keys
         WHERE secret_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
        secret_hash,
        now
    );
    Ok(row.fetch_optional(tx).await?.map(|row| {
        let program = Program { id: KeyId(row.id), name: row.name, scopes: scopes(&row.scopes), until: None };
        (program, row.last_used_at)
    }))
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

/// A row of `api_keys`, with the keys before and after it.
struct KeyRow {
    id: Uuid,
    name: String,
    prefix: String,
    scopes: Vec<String>,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    replaces: Option<String>,
    replaced_by: Option<String>,
}

impl KeyRow {
    fn key(self) -> ApiKey {
        ApiKey {
            id: KeyId(self.id),
            name: self.name,
            prefix: self.prefix,
            scopes: scopes(&self.scopes),
            created_by: self.created_by.map(UserId),
            created_at: self.created_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
            last_used_at: self.last_used_at,
            replaces: self.replaces,
            replaced_by: self.replaced_by,
        }
    }
}

pub async fn list_keys(tx: &mut PgConnection) -> Result<Vec<ApiKey>, sqlx::Error> {
    let rows = sqlx::query_as!(
        KeyRow,
        r#"SELECT k.id, k.name, k.prefix, k.scopes, k.created_by, k.created_at, k.expires_at, k.revoked_at, k.last_used_at,
            before.prefix AS "replaces?", after.prefix AS "replaced_by?"
         FROM api_keys k LEFT JOIN api_keys before ON before.id = k.replaces LEFT JOIN api_keys after ON after.replaces = k.id
         ORDER BY k.revoked_at IS NOT NULL, k.created_at DESC, k.id LIMIT 500"#
    );
    Ok(rows.fetch_all(tx).await?.into_iter().map(KeyRow::key).collect())
}

pub async fn find_key(tx: &mut PgConnection, id: KeyId) -> Result<Option<ApiKey>, sqlx::Error> {
    let row = sqlx::query_as!(
        KeyRow,
        r#"SELECT k.id, k.name, k.prefix, k.scopes, k.created_by, k.created_at, k.expires_at, k.revoked_at, k.last_used_at,
            before.prefix AS "replaces?", after.prefix AS "replaced_by?"
         FROM api_keys k LEFT JOIN api_keys before ON before.id = k.replaces LEFT JOIN api_keys after ON after.replaces = k.id
         WHERE k.id = $1"#,
        id.0
    );
    Ok(row.fetch_optional(tx).await?.map(KeyRow::key))
}

/// Holds a key as it is to the end of the transaction.
pub async fn lock_key(tx: &mut PgConnection, id: KeyId) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT id FROM api_keys WHERE id = $1 FOR UPDATE", id.0).fetch_optional(tx).await?;
    Ok(())
}

pub async fn find_prefix(tx: &mut PgConnection, prefix: &str) -> Result<Vec<KeyId>, sqlx::Error> {
    let ids = sqlx::query_scalar!("SELECT id FROM api_keys WHERE prefix = $1 ORDER BY id LIMIT 2", prefix).fetch_all(tx).await?;
    Ok(ids.into_iter().map(KeyId).collect())
}

/// Lets a key stop by itself at a time.
pub async fn expire_key(tx: &mut PgConnection, id: KeyId, at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE api_keys SET expires_at = $2 WHERE id = $1", id.0, at).execute(tx).await?;
    Ok(())
}

/// Revokes a key that works; gives its name.
pub async fn revoke_key(tx: &mut PgConnection, id: KeyId, now: DateTime<Utc>) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING name", id.0, now)
        .fetch_optional(tx)
        .await
}
