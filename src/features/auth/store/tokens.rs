//! The SQL of the keys that sign tokens.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A key that signs, before it is opened.
pub struct SealedKey {
    pub id: String,
    pub sealed: Vec<u8>,
}

/// The keys that sign at a time, the latest first.
pub async fn list_signing(tx: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<SealedKey>, sqlx::Error> {
    sqlx::query_as!(
        SealedKey,
        "SELECT id, sealed FROM token_signing_keys WHERE signs_until > $1 ORDER BY signs_until DESC, id LIMIT 100",
        now
    )
    .fetch_all(tx)
    .await
}

pub async fn insert_signing(
    tx: &mut PgConnection,
    key: &SealedKey,
    public_key: &[u8],
    created_at: DateTime<Utc>,
    signs_until: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO token_signing_keys (id, public_key, sealed, created_at, signs_until) VALUES ($1, $2, $3, $4, $5)",
        key.id,
        public_key,
        key.sealed,
        created_at,
        signs_until
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The public key of one that signed after a time.
pub async fn find_public(tx: &mut PgConnection, id: &str, after: DateTime<Utc>) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!("SELECT public_key FROM token_signing_keys WHERE id = $1 AND signs_until > $2", id, after)
        .fetch_optional(tx)
        .await
}

/// Ids and public keys of those that signed after a time, the latest first.
pub async fn list_public(tx: &mut PgConnection, after: DateTime<Utc>) -> Result<Vec<(String, Vec<u8>)>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT id, public_key FROM token_signing_keys WHERE signs_until > $1 ORDER BY signs_until DESC, id LIMIT 100",
        after
    );
    Ok(rows.fetch_all(tx).await?.into_iter().map(|row| (row.id, row.public_key)).collect())
}

/// Deletes those that signed up to a time at the latest.
pub async fn trim(tx: &mut PgConnection, until: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM token_signing_keys WHERE signs_until <= $1", until).execute(tx).await?;
    Ok(())
}
