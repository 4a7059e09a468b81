//! The SQL of reading the journal.

use sqlx::PgConnection;

use crate::{features::auth::journal::Found, platform::db::contains};

/// Entries of the journal that the actor may see, newest first.
pub async fn list_journal(tx: &mut PgConnection, search: &str, before: Option<i64>, limit: i64) -> Result<Vec<Found>, sqlx::Error> {
    let pattern = contains(search);
    sqlx::query_as!(
        Found,
        r#"SELECT id, at, actor, actor_id IS NOT NULL AS "is_person!", coalesce(address, '') AS "address!", event, subject_kind, subject_id, body::text AS "body!" FROM journal
           WHERE ($1 = '%%' OR actor ILIKE $1 OR event ILIKE $1 OR subject_id ILIKE $1) AND ($2::bigint IS NULL OR id < $2)
           ORDER BY id DESC LIMIT $3"#,
        pattern,
        before,
        limit
    )
    .fetch_all(tx)
    .await
}

/// Drops entries that are older than the workspace keeps them, this many at the most; gives how many.
pub async fn drop_journal(tx: &mut PgConnection, most: i32) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT journal_drop_old($1) AS "dropped!""#, most).fetch_one(tx).await
}
