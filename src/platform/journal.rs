//! The one record of what happened: a row in the transaction of the change.

use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::ctx::Ctx;

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Entry<'a, B: Serialize> {
    /// What happened, such as `alert_raised`.
    pub event: &'a str,
    /// What kind of thing it happened to.
    pub subject_kind: &'a str,
    /// Which one.
    pub subject_id: String,
    /// The details.
    pub body: B,
}

/// Writes down what happened.
///
/// # Errors
/// When the database is away.
pub async fn record<B: Serialize + Sync>(tx: &mut PgConnection, ctx: &Ctx, entry: &Entry<'_, B>) -> Result<(), sqlx::Error> {
    let body = serde_json::to_value(&entry.body).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
    sqlx::query!(
        "INSERT INTO journal (actor, actor_id, address, event, subject_kind, subject_id, body) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        ctx.actor.name(),
        ctx.actor.user().map(|id| id.0),
        ctx.address.map(|address| address.to_string()),
        entry.event,
        entry.subject_kind,
        entry.subject_id,
        body
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes down what happened to each of several things alike; the entry's own subject counts for nothing.
///
/// # Errors
/// When the database is away.
pub async fn record_each<B: Serialize + Sync>(
    tx: &mut PgConnection,
    ctx: &Ctx,
    entry: &Entry<'_, B>,
    ids: &[Uuid],
) -> Result<(), sqlx::Error> {
    let body = serde_json::to_value(&entry.body).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
    sqlx::query!(
        "INSERT INTO journal (actor, actor_id, address, event, subject_kind, subject_id, body)
         SELECT $1, $2, $3, $4, $5, id::text, $6 FROM unnest($7::uuid[]) AS id",
        ctx.actor.name(),
        ctx.actor.user().map(|id| id.0),
        ctx.address.map(|address| address.to_string()),
        entry.event,
        entry.subject_kind,
        body,
        ids
    )
    .execute(tx)
    .await?;
    Ok(())
}
