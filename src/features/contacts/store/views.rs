//! The SQL of saved views.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{domain::people::UserId, features::contacts::views::SavedView};

/// The views of a list that the actor may see, by name.
pub async fn list(tx: &mut PgConnection, entity: &str) -> Result<Vec<SavedView>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT id, name, query, owner_id, shared FROM saved_views WHERE entity = $1 ORDER BY lower(name), id LIMIT 200",
        entity
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| SavedView { id: row.id, name: row.name, query: row.query, owner: UserId(row.owner_id), shared: row.shared })
        .collect())
}

/// Adds a view.
pub async fn insert(
    tx: &mut PgConnection,
    entity: &str,
    view: &SavedView,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO saved_views (id, entity, name, query, owner_id, shared, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        view.id,
        entity,
        view.name,
        view.query,
        view.owner.0,
        view.shared,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Deletes a view of the actor's; says whether there was one.
pub async fn delete(tx: &mut PgConnection, id: Uuid) -> Result<bool, sqlx::Error> {
    Ok(sqlx::query!("DELETE FROM saved_views WHERE id = $1", id).execute(tx).await?.rows_affected() > 0)
}
