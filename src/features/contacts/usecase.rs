//! The verbs of contacts.

use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    companies, fields,
    list::Kind,
    privacy,
    record::{self, fault, hand_over, keep_others, write_journal},
    store,
};
use crate::{
    domain::{
        AppError, AppResult,
        contact::{Contact, ContactFields, custom::CustomField},
        crm::ContactId,
        crm_edit::{self, Edit, Texts},
        people::Permission,
    },
    platform::{
        ctx::Ctx,
        db::{self, to_app},
    },
};

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

/// Adds a contact from a form's texts.
///
/// # Errors
/// `Forbidden`; `Invalid` for each field; when the database is away.
pub async fn create(ctx: &Ctx, texts: &Texts) -> AppResult<ContactId> {
    ctx.require(Permission::WriteCrm)?;
    let custom = fields::list(ctx, fields::CONTACT, false).await?;
    let fields = ContactFields::parse(texts, &custom)?;
    privacy::hold_back(ctx, &fields).await?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
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
    write_journal(ctx, tx, Kind::Contacts, "contact_created", id.0, &json!({})).await?;
    hand_over(ctx, tx, Kind::Contacts, id.0, ctx.actor.user(), owner).await?;
    Ok(id)
}

/// Takes over what a form changes; what it leaves is left, whatever became of it meanwhile. Gives whether anything changed.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` for each field, with [`crm_edit::CHANGED`] for what somebody else has changed since; when the database is away.
pub async fn change(ctx: &Ctx, id: ContactId, edit: &Edit) -> AppResult<bool> {
    ctx.require(Permission::WriteCrm)?;
    privacy::hold_back(ctx, &addresses(edit)).await?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    record::lock(&mut tx, Kind::Contacts, id.0).await?;
    let contact = store::find(&mut tx, id).await.map_err(to_app)?.filter(|it| it.deleted_at.is_none()).ok_or(AppError::NotFound)?;
    let custom = store::fields::list(&mut tx, fields::CONTACT, false).await.map_err(to_app)?;
    let before = contact.texts(&custom);
    let after = crm_edit::merge(&before, edit)?;
    let mut fields = ContactFields::parse_edit(&before, &after, &contact.fields, &custom)?;
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
    write_journal(ctx, &mut tx, Kind::Contacts, "contact_changed", id.0, &json!({ "fields": changes })).await?;
    hand_over(ctx, &mut tx, Kind::Contacts, id.0, contact.fields.owner, fields.owner).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(true)
}

/// The addresses that an edit brings.
fn addresses(edit: &Edit) -> ContactFields {
    let new =
        |name: &str| edit.now.get(name).filter(|text| edit.was.get(name) != Some(text)).map(String::as_str).unwrap_or_default();
    let each = |text: &str| text.split([',', ';']).map(|part| part.trim().to_lowercase()).filter(|part| !part.is_empty()).collect();
    ContactFields {
        email: Some(new("email").trim().to_lowercase()),
        other_emails: each(new("other_emails")),
        ..ContactFields::default()
    }
}

/// Puts a contact into the bin, or takes it out.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` where another contact has its user of GENESIS now; when the database is away.
pub async fn set_deleted(ctx: &Ctx, id: ContactId, deleted: bool) -> AppResult<()> {
    record::set_deleted(ctx, Kind::Contacts, id.0, deleted).await
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
        write_journal(ctx, &mut tx, Kind::Contacts, "contact_linked", *id, &json!({ "usage_user_id": user })).await?;
    }
    tx.commit().await.map_err(to_app)?;
    Ok(linked.len())
}
