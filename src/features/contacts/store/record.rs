//! The SQL that holds for every record that people own.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use crate::{domain::people::UserId, features::contacts::list::Kind};

/// The values of custom fields, as they stand in their column.
pub fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}

/// Holds a record that the actor may change until the transaction ends; says whether there is one.
pub async fn lock(tx: &mut PgConnection, kind: Kind, id: Uuid) -> Result<bool, sqlx::Error> {
    let sql = format!("SELECT id FROM {} WHERE id = $1 FOR UPDATE", kind.table());
    Ok(sqlx::query(AssertSqlSafe(sql)).bind(id).fetch_optional(tx).await?.is_some())
}

/// Puts a record into the bin, or takes it out; says whether it was elsewhere. What was merged stays where it is.
pub async fn set_deleted(
    tx: &mut PgConnection,
    kind: Kind,
    id: Uuid,
    deleted_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let sql = format!(
        "UPDATE {} SET deleted_at = $2, version = version + 1, updated_at = $3
         WHERE id = $1 AND (deleted_at IS NULL) <> ($2 IS NULL) AND merged_into IS NULL",
        kind.table()
    );
    Ok(sqlx::query(AssertSqlSafe(sql)).bind(id).bind(deleted_at).bind(now).execute(tx).await?.rows_affected() > 0)
}

/// Gives records to somebody, or to nobody; gives those that were another's.
pub async fn assign(
    tx: &mut PgConnection,
    kind: Kind,
    ids: &[Uuid],
    owner: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let owner = owner.map(|id| id.0);
    sqlx::query_scalar!(r#"SELECT crm_assign($1, $2, $3, $4) AS "id!""#, kind.table(), ids, owner, now).fetch_all(tx).await
}

/// Who can own a record.
pub async fn list_owners(tx: &mut PgConnection) -> Result<Vec<(UserId, String)>, sqlx::Error> {
    let rows =
        sqlx::query!(r#"SELECT id AS "id!", name AS "name!" FROM crm_owners ORDER BY lower(name), id"#).fetch_all(tx).await?;
    Ok(rows.into_iter().map(|row| (UserId(row.id), row.name)).collect())
}

/// The tags of the contacts that changed last, the most used first.
pub async fn list_tags(tx: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT tag AS "tag!" FROM (SELECT unnest(tags) AS tag FROM (SELECT tags FROM seen_contacts
               WHERE deleted_at IS NULL AND tags <> '{}' ORDER BY updated_at DESC, id DESC LIMIT 500) AS latest) AS t
           GROUP BY tag ORDER BY count(*) DESC, tag LIMIT 100"#
    )
    .fetch_all(tx)
    .await
}
