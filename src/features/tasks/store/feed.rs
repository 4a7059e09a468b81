//! The SQL of calendars' secret addresses.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Gives somebody an address; the one before it stops working.
pub async fn upsert_feed(tx: &mut PgConnection, user: Uuid, hash: &[u8], now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO task_feeds (user_id, token_hash, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET token_hash = excluded.token_hash, created_at = excluded.created_at",
        user,
        hash,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes somebody's address away; says whether there was one.
pub async fn delete_feed(tx: &mut PgConnection, user: Uuid) -> Result<bool, sqlx::Error> {
    Ok(sqlx::query!("DELETE FROM task_feeds WHERE user_id = $1", user).execute(tx).await?.rows_affected() > 0)
}

/// When somebody's address was made, if there is one.
pub async fn find_made(tx: &mut PgConnection, user: Uuid) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar!("SELECT created_at FROM task_feeds WHERE user_id = $1", user).fetch_optional(tx).await
}

/// Whose address it is: the account, and its language. Nothing where the account does not work.
pub async fn find_owner(tx: &mut PgConnection, hash: &[u8]) -> Result<Option<(Uuid, Option<String>)>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT u.id, u.language FROM task_feeds f JOIN users u ON u.id = f.user_id WHERE f.token_hash = $1 AND u.status = 'active'",
        hash
    );
    Ok(row.fetch_optional(tx).await?.map(|row| (row.id, row.language)))
}

/// A task as a calendar shows it.
#[derive(Clone, Debug)]
pub struct FeedRow {
    pub id: Uuid,
    pub title: String,
    pub notes: Option<String>,
    pub due_on: NaiveDate,
    pub due_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

/// Somebody's tasks with a day that are not done, from a day on.
pub async fn list_feed(tx: &mut PgConnection, owner: Uuid, from: NaiveDate, limit: i64) -> Result<Vec<FeedRow>, sqlx::Error> {
    sqlx::query_as!(
        FeedRow,
        r#"SELECT id, title, notes, due_on AS "due_on!", due_at, updated_at, version FROM tasks
         WHERE owner_id = $1 AND due_on >= $2 AND deleted_at IS NULL AND done_at IS NULL ORDER BY due_on, id LIMIT $3"#,
        owner,
        from,
        limit
    )
    .fetch_all(tx)
    .await
}
