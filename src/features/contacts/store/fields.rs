//! The SQL of custom fields.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::contact::custom::{CustomField, FieldKind};

/// The fields of an entity, in their order; retired ones too where asked for.
pub async fn list(tx: &mut PgConnection, entity: &str, with_retired: bool) -> Result<Vec<CustomField>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT id, key, label, kind, choices, currency, retired_at IS NOT NULL AS "retired!", version FROM custom_fields
           WHERE entity = $1 AND ($2 OR retired_at IS NULL) ORDER BY retired_at IS NOT NULL, position, label, id"#,
        entity,
        with_retired
    )
    .fetch_all(tx)
    .await?;
    let field = |kind, id, key, label, choices, currency, retired, version| CustomField {
        id,
        key,
        label,
        kind,
        choices,
        currency,
        retired,
        version,
    };
    Ok(rows
        .into_iter()
        .filter_map(|r| Some(field(FieldKind::parse(&r.kind)?, r.id, r.key, r.label, r.choices, r.currency, r.retired, r.version)))
        .collect())
}

/// Adds a field, last in its order.
pub async fn insert(tx: &mut PgConnection, entity: &str, field: &CustomField, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO custom_fields (id, entity, key, label, kind, choices, currency, position, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT coalesce(max(position), 0) + 1 FROM custom_fields WHERE entity = $2), $8)",
        field.id,
        entity,
        field.key,
        field.label,
        field.kind.as_str(),
        &field.choices,
        field.currency,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Changes what a field is called, what there is to choose from, and whether it is still asked for, if its version is the one seen.
pub async fn update(
    tx: &mut PgConnection,
    id: Uuid,
    label: &str,
    choices: &[String],
    retired_at: Option<DateTime<Utc>>,
    version: i32,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE custom_fields SET label = $2, choices = $3, retired_at = $4, version = version + 1 WHERE id = $1 AND version = $5",
        id,
        label,
        choices,
        retired_at,
        version
    );
    Ok(done.execute(tx).await?.rows_affected() > 0)
}
