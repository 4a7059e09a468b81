//! The SQL of changing many records at once.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use crate::features::contacts::{bulk::Change, list::Kind};

/// What is about to be overwritten in records that the actor may change: locks them, and gives each as JSON with its id and the version
/// that it will have.
pub async fn lock(tx: &mut PgConnection, kind: Kind, change: &Change, ids: &[Uuid]) -> Result<Vec<Value>, sqlx::Error> {
    let (column, still) = match change {
        Change::Assign(_) => ("'owner_id', owner_id", "true"),
        Change::Tag(_) => ("'tags', tags", "NOT tags @> ARRAY[$2::text] AND cardinality(tags) < 30"),
        Change::Untag(_) => ("'tags', tags", "tags @> ARRAY[$2::text]"),
        Change::Lifecycle(_) => ("'lifecycle', lifecycle", "lifecycle <> $2"),
        Change::Delete => ("'deleted', false", "true"),
        Change::Restore => ("'deleted_at', deleted_at", "merged_into IS NULL"),
    };
    let lies = if *change == Change::Restore { "NOT NULL" } else { "NULL" };
    let table = kind.table();
    let sql = format!(
        "SELECT jsonb_build_object('id', id, 'version', version + 1, {column}) FROM {table}
         WHERE id = ANY($1) AND deleted_at IS {lies} AND {still} ORDER BY id FOR UPDATE"
    );
    let query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(ids);
    match change.word() {
        Some(word) => query.bind(word).fetch_all(tx).await,
        None => query.fetch_all(tx).await,
    }
}

/// Changes records that are locked.
pub async fn change(
    tx: &mut PgConnection,
    kind: Kind,
    change: &Change,
    ids: &[Uuid],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let set = match change {
        Change::Assign(_) => return Ok(()),
        Change::Tag(_) => "tags = tags || $3::text",
        Change::Untag(_) => "tags = array_remove(tags, $3)",
        Change::Lifecycle(_) => "lifecycle = $3",
        Change::Delete => "deleted_at = $2",
        Change::Restore => "deleted_at = NULL",
    };
    let sql = format!("UPDATE {} SET {set}, version = version + 1, updated_at = $2 WHERE id = ANY($1)", kind.table());
    let query = sqlx::query(AssertSqlSafe(sql)).bind(ids).bind(now);
    match change.word() {
        Some(word) => query.bind(word).execute(tx).await?,
        None => query.execute(tx).await?,
    };
    Ok(())
}

/// Keeps what a change overwrote.
pub async fn keep(
    tx: &mut PgConnection,
    id: Uuid,
    kind: Kind,
    what: &str,
    rows: &Value,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO bulk_changes (id, kind, what, rows, done_by, done_at) VALUES ($1, $2, $3, $4, $5, $6)",
        id,
        kind.table(),
        what,
        rows,
        by,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Sets back what a change overwrote, where nobody has changed the record since; gives the records that were.
pub async fn undo(tx: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT bulk_undo($1, $2) AS "id!""#, id, now).fetch_all(tx).await
}

/// How many records a change was of, and the table they are in; none where the actor made no such change.
pub async fn find(tx: &mut PgConnection, id: Uuid) -> Result<Option<(String, i64)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT kind, jsonb_array_length(rows)::bigint AS "n!" FROM bulk_changes WHERE id = $1 AND undone_at IS NULL FOR UPDATE"#,
        id
    );
    Ok(row.fetch_optional(tx).await?.map(|row| (row.kind, row.n)))
}

/// Forgets changes that are too old to be taken back.
pub async fn forget(tx: &mut PgConnection, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    Ok(sqlx::query!("DELETE FROM bulk_changes WHERE done_at < $1", before).execute(tx).await?.rows_affected())
}
