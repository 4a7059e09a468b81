//! The verbs of companies.

use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    fields,
    list::Kind,
    record::{self, fault, hand_over, keep_others, write_journal},
    store::{self, companies as rows},
};
use crate::{
    domain::{
        AppError, AppResult,
        contact::{Company, CompanyFields, custom::CustomField},
        crm::{self, CompanyId},
        crm_edit::{self, Edit, Texts},
        people::{Permission, UserId},
    },
    platform::{ctx::Ctx, db::to_app},
};

/// A company that the actor may see, in the bin or not, with the fields that admins have added.
///
/// # Errors
/// `NotFound`; when the database is away.
pub async fn find(ctx: &Ctx, id: CompanyId) -> AppResult<(Company, Vec<CustomField>)> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let company = rows::find(&mut tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    let custom = store::fields::list(&mut tx, fields::COMPANY, false).await.map_err(to_app)?;
    Ok((company, custom))
}

/// Names of companies that a text is the beginning of, for a form to offer.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn names(ctx: &Ctx) -> AppResult<Vec<String>> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    rows::latest_names(&mut tx, 200).await.map_err(to_app)
}

/// Contacts of a company that the actor sees, by name: id, name and what they do; the first hundred.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn contacts(ctx: &Ctx, id: CompanyId) -> AppResult<Vec<(Uuid, String, Option<String>)>> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    rows::list_contacts(&mut tx, id, 100).await.map_err(to_app)
}

/// Adds a company from a form's texts.
///
/// # Errors
/// `Forbidden`; `Invalid` for each field; when the database is away.
pub async fn create(ctx: &Ctx, texts: &Texts) -> AppResult<CompanyId> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let custom = store::fields::list(&mut tx, fields::COMPANY, false).await.map_err(to_app)?;
    let id = insert(ctx, &mut tx, CompanyFields::parse(texts, &custom)?).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(id)
}

/// Adds a company within a transaction.
///
/// # Errors
/// `Invalid` where the owner can own nothing; when the database is away.
pub async fn insert(ctx: &Ctx, tx: &mut PgConnection, mut fields: CompanyFields) -> AppResult<CompanyId> {
    let id = CompanyId(Uuid::now_v7());
    let owner = fields.owner;
    fields.owner = ctx.actor.user();
    rows::insert(tx, id, &fields, ctx.actor.user(), ctx.now()).await.map_err(fault)?;
    write_journal(ctx, tx, Kind::Companies, "company_created", id.0, &json!({})).await?;
    hand_over(ctx, tx, Kind::Companies, id.0, ctx.actor.user(), owner).await?;
    Ok(id)
}

/// The company of a name: the oldest that the actor sees, whatever the case and accents; else one that is added. None for no name.
///
/// # Errors
/// `Invalid` at `/company`; when the database is away.
pub async fn by_name(ctx: &Ctx, tx: &mut PgConnection, name: &str, owner: Option<UserId>) -> AppResult<Option<CompanyId>> {
    let Some(name) = crm::line(name, 200, "/company")? else { return Ok(None) };
    // Two who bring the same company at once make one.
    rows::lock_name(tx, &name).await.map_err(to_app)?;
    if let Some(id) = rows::find_by_name(tx, &name).await.map_err(to_app)? {
        return Ok(Some(id));
    }
    let owner = record::active(tx, owner).await?;
    insert(ctx, tx, CompanyFields { name, owner, ..CompanyFields::default() }).await.map(Some)
}

/// Takes over what a form changes; what it leaves is left, whatever became of it meanwhile. Gives whether anything changed.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` for each field, with [`crm_edit::CHANGED`] for what somebody else has changed since; when the database is away.
pub async fn change(ctx: &Ctx, id: CompanyId, edit: &Edit) -> AppResult<bool> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    record::lock(&mut tx, Kind::Companies, id.0).await?;
    let company = rows::find(&mut tx, id).await.map_err(to_app)?.filter(|it| it.deleted_at.is_none()).ok_or(AppError::NotFound)?;
    let custom = store::fields::list(&mut tx, fields::COMPANY, false).await.map_err(to_app)?;
    let before = company.fields.texts(&custom);
    let after = crm_edit::merge(&before, edit)?;
    let mut fields = CompanyFields::parse_edit(&before, &after, &company.fields, &custom)?;
    keep_others(&mut fields.custom, company.fields.custom, &custom);
    let changes = crm_edit::differences(&before, &fields.texts(&custom));
    if changes.is_empty() {
        return Ok(false);
    }
    rows::update(&mut tx, id, &fields, ctx.now()).await.map_err(fault)?;
    write_journal(ctx, &mut tx, Kind::Companies, "company_changed", id.0, &json!({ "fields": changes })).await?;
    hand_over(ctx, &mut tx, Kind::Companies, id.0, company.fields.owner, fields.owner).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(true)
}

/// Puts a company into the bin, or takes it out.
///
/// # Errors
/// `Forbidden`; `NotFound`; when the database is away.
pub async fn set_deleted(ctx: &Ctx, id: CompanyId, deleted: bool) -> AppResult<()> {
    record::set_deleted(ctx, Kind::Companies, id.0, deleted).await
}
