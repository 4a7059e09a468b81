//! The verbs of contacts.

use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{companies, fields, store};
use crate::{
    domain::{
        AppError, AppResult,
        contact::{Contact, ContactFields, custom::CustomField},
        crm::ContactId,
        crm_edit::{self, Edit, Texts},
        people::{Permission, UserId},
    },
    platform::{
        ctx::Ctx,
        db::{self, to_app},
        journal::{self, Entry},
    },
};

/// What the journal calls a contact.
pub const SUBJECT: &str = "contact";

/// A contact that the actor may see, in the bin or not, with the fields that admins have added.
///
/// # Errors
/// `NotFound`; when the database is away.
pub async fn find(ctx: &Ctx, id: ContactId) -> AppResult<(Contact, Vec<CustomField>)> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let contact = store::find(&mut tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    let custom = store::fields::list(&mut tx, fields::CONTACT, false).await.map_err(to_app)?;
    Ok((contact, custom))
}

/// Who can own a record.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn owners(ctx: &Ctx) -> AppResult<Vec<(UserId, String)>> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::list_owners(&mut tx).await.map_err(to_app)
}

/// Tags that contacts have, the most used first.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn tags(ctx: &Ctx) -> AppResult<Vec<String>> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::list_tags(&mut tx).await.map_err(to_app)
}

/// Adds a contact from a form's texts.
///
/// # Errors
/// `Forbidden`; `Invalid` for each field; when the database is away.
pub async fn create(ctx: &Ctx, texts: &Texts) -> AppResult<ContactId> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let custom = store::fields::list(&mut tx, fields::CONTACT, false).await.map_err(to_app)?;
    let fields = ContactFields::parse(texts, &custom)?;
    let company = texts.get("company").map(String::as_str).unwrap_or_default();
    let id = insert(ctx, &mut tx, fields, company).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(id)
}

/// Adds a contact within a transaction; its company is found by name, or added.
///
/// # Errors
/// `Invalid` where the owner can own nothing, or the user of GENESIS is another contact's; when the database is away.
pub async fn insert(ctx: &Ctx, tx: &mut PgConnection, mut fields: ContactFields, company: &str) -> AppResult<ContactId> {
    let id = ContactId(Uuid::now_v7());
    let owner = fields.owner;
    // Whoever adds it sees it until it is handed over.
    fields.owner = ctx.actor.user();
    if fields.company_id.is_none() {
        fields.company_id = companies::by_name(ctx, tx, company, owner).await?;
    }
    store::insert(tx, id, &fields, ctx.actor.user(), ctx.now()).await.map_err(fault)?;
    record(ctx, tx, "contact_created", id, &json!({})).await?;
    hand_over(ctx, tx, "contacts", id.0, ctx.actor.user(), owner).await?;
    Ok(id)
}

/// Gives a record to another owner, if it is another.
pub(super) async fn hand_over(
    ctx: &Ctx,
    tx: &mut PgConnection,
    kind: &str,
    id: Uuid,
    before: Option<UserId>,
    owner: Option<UserId>,
) -> AppResult<()> {
    if owner != before {
        store::assign(tx, kind, &[id], owner, ctx.now()).await.map_err(fault)?;
    }
    Ok(())
}

/// Takes over what a form changes; what it leaves is left, whatever became of it meanwhile. Gives whether anything changed.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` for each field, with [`crm_edit::CHANGED`] for what somebody else has changed since; when the database is away.
pub async fn change(ctx: &Ctx, id: ContactId, edit: &Edit) -> AppResult<bool> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    if !store::lock(&mut tx, id).await.map_err(to_app)? {
        return Err(AppError::NotFound);
    }
    let contact = store::find(&mut tx, id).await.map_err(to_app)?.filter(|it| it.deleted_at.is_none()).ok_or(AppError::NotFound)?;
    let custom = store::fields::list(&mut tx, fields::CONTACT, false).await.map_err(to_app)?;
    let before = contact.texts(&custom);
    let after = crm_edit::merge(&before, edit)?;
    let mut fields = ContactFields::parse(&after, &custom)?;
    keep_others(&mut fields.custom, contact.fields.custom, &custom);
    let company = after.get("company").map(|name| name.trim()).unwrap_or_default();
    fields.company_id = if company == contact.company.as_deref().unwrap_or_default() {
        contact.fields.company_id
    } else {
        companies::by_name(ctx, &mut tx, company, fields.owner).await?
    };
    let mut stands = fields.texts(&custom);
    stands.insert("company".into(), company.to_owned());
    let changes = crm_edit::differences(&before, &stands);
    if changes.is_empty() {
        return Ok(false);
    }
    store::update(&mut tx, id, &fields, ctx.now()).await.map_err(fault)?;
    record(ctx, &mut tx, "contact_changed", id, &json!({ "fields": changes })).await?;
    hand_over(ctx, &mut tx, "contacts", id.0, contact.fields.owner, fields.owner).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(true)
}

/// Values of fields that no form shows any more stay.
pub(super) fn keep_others(
    values: &mut serde_json::Map<String, Value>,
    before: serde_json::Map<String, Value>,
    shown: &[CustomField],
) {
    values.extend(before.into_iter().filter(|(key, _)| !shown.iter().any(|field| field.key == *key)));
}

/// Puts a contact into the bin.
///
/// # Errors
/// `Forbidden`; `NotFound`; when the database is away.
pub async fn delete(ctx: &Ctx, id: ContactId) -> AppResult<()> {
    set_deleted(ctx, id, true).await
}

/// Takes a contact out of the bin.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` where another contact has its user of GENESIS now; when the database is away.
pub async fn restore(ctx: &Ctx, id: ContactId) -> AppResult<()> {
    set_deleted(ctx, id, false).await
}

async fn set_deleted(ctx: &Ctx, id: ContactId, deleted: bool) -> AppResult<()> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    if !store::lock(&mut tx, id).await.map_err(to_app)? {
        return Err(AppError::NotFound);
    }
    let now = ctx.now();
    if store::set_deleted(&mut tx, id, deleted.then_some(now), now).await.map_err(fault)? {
        let event = if deleted { "contact_deleted" } else { "contact_restored" };
        record(ctx, &mut tx, event, id, &json!({})).await?;
    }
    tx.commit().await.map_err(to_app)
}

/// Links contacts to the users of GENESIS who go by their e-mail address.
///
/// # Errors
/// When the database is away.
pub async fn link_users(ctx: &Ctx) -> AppResult<usize> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    db::lock(&mut tx, "contact links").await.map_err(to_app)?;
    let linked = store::link_users(&mut tx, ctx.now()).await.map_err(to_app)?;
    for (id, user) in &linked {
        record(ctx, &mut tx, "contact_linked", ContactId(*id), &json!({ "usage_user_id": user })).await?;
    }
    tx.commit().await.map_err(to_app)?;
    Ok(linked.len())
}

async fn record(ctx: &Ctx, tx: &mut PgConnection, event: &str, id: ContactId, body: &Value) -> AppResult<()> {
    let entry = Entry { event, subject_kind: SUBJECT, subject_id: id.to_string(), body };
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
