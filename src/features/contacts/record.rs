//! What holds for every record that people own and change: contacts and companies.

use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{list::Kind, store::record as rows};
use crate::{
    domain::{
        AppError, AppResult,
        contact::custom::CustomField,
        people::{Permission, UserId},
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
    },
};

/// Who can own a record.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn owners(ctx: &Ctx) -> AppResult<Vec<(UserId, String)>> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    rows::list_owners(&mut tx).await.map_err(to_app)
}

/// Tags that contacts have, the most used first.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn tags(ctx: &Ctx) -> AppResult<Vec<String>> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    rows::list_tags(&mut tx).await.map_err(to_app)
}

/// Puts a record into the bin, or takes it out.
pub(super) async fn set_deleted(ctx: &Ctx, kind: Kind, id: Uuid, deleted: bool) -> AppResult<()> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    lock(&mut tx, kind, id).await?;
    let now = ctx.now();
    if rows::set_deleted(&mut tx, kind, id, deleted.then_some(now), now).await.map_err(fault)? {
        let event = match (kind, deleted) {
            (Kind::Contacts, true) => "contact_deleted",
            (Kind::Contacts, false) => "contact_restored",
            (Kind::Companies, true) => "company_deleted",
            (Kind::Companies, false) => "company_restored",
        };
        write_journal(ctx, &mut tx, kind, event, id, &json!({})).await?;
    }
    tx.commit().await.map_err(to_app)
}

/// Holds a record that the actor may change until the transaction ends.
///
/// # Errors
/// `NotFound`; when the database is away.
pub async fn lock(tx: &mut PgConnection, kind: Kind, id: Uuid) -> AppResult<()> {
    if rows::lock(tx, kind, id).await.map_err(to_app)? { Ok(()) } else { Err(AppError::NotFound) }
}

/// Gives a record to another owner, if it is another.
pub(super) async fn hand_over(
    ctx: &Ctx,
    tx: &mut PgConnection,
    kind: Kind,
    id: Uuid,
    before: Option<UserId>,
    owner: Option<UserId>,
) -> AppResult<()> {
    if owner != before {
        rows::assign(tx, kind, &[id], owner, ctx.now()).await.map_err(fault)?;
    }
    Ok(())
}

/// An owner, where they can own something still: nobody in place of who left.
///
/// # Errors
/// When the database is away.
pub async fn active(tx: &mut PgConnection, owner: Option<UserId>) -> AppResult<Option<UserId>> {
    let Some(owner) = owner else { return Ok(None) };
    let owners = rows::list_owners(tx).await.map_err(to_app)?;
    Ok(owners.iter().any(|(id, _)| *id == owner).then_some(owner))
}

/// Values of fields that no form shows any more stay.
pub(super) fn keep_others(values: &mut Map<String, Value>, before: Map<String, Value>, shown: &[CustomField]) {
    values.extend(before.into_iter().filter(|(key, _)| !shown.iter().any(|field| field.key == *key)));
}

/// Tells the journal what became of a record.
///
/// # Errors
/// When the database is away.
pub async fn write_journal(ctx: &Ctx, tx: &mut PgConnection, kind: Kind, event: &str, id: Uuid, body: &Value) -> AppResult<()> {
    let entry = Entry { event, subject_kind: kind.subject(), subject_id: id.to_string(), body };
    journal::record(tx, ctx, &entry).await.map_err(to_app)
}

/// Rules that only the database can hold, as faults of the field.
pub(super) fn fault(error: sqlx::Error) -> AppError {
    let broken = error.as_database_error();
    if broken.and_then(|e| e.constraint()) == Some("contacts_usage_user") {
        return AppError::invalid("/usage_user_id", "taken", "is another contact's");
    }
    if broken.is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation) {
        return AppError::invalid("/owner", "unknown", "can own nothing");
    }
    to_app(error)
}
