//! Converting leads: what a flow needs of them to make contacts of them.

use serde_json::json;
use sqlx::PgConnection;

use super::store;
pub use super::store::{contacts::find_contact, lock_person};
use crate::{
    domain::{
        AppError, AppResult,
        crm::{CompanyId, ContactId, LeadId},
        people::Permission,
    },
    features::leads::Lead,
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
    },
};

/// The lead, if the actor sees it and may convert it; with the contact that it would join, if the actor sees one.
///
/// # Errors
/// `Forbidden`; `NotFound`; when the database is away.
pub async fn find(ctx: &Ctx, id: LeadId) -> AppResult<(Lead, Option<ContactId>)> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let lead = store::find_lead(&mut tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    let contact = find_contact(&mut tx, lead.data.email.as_deref(), lead.data.phone.as_deref()).await.map_err(to_app)?;
    Ok((lead, contact))
}

/// What a lead would join, as far as the actor sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joins {
    /// The contact of the same person: id and name.
    pub contact: Option<(ContactId, String)>,
    /// The company of that name: id and name.
    pub company: Option<(CompanyId, String)>,
}

/// What a lead would join when it is converted.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn joins(ctx: &Ctx, lead: &Lead) -> AppResult<Joins> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let contact = find_contact(&mut tx, lead.data.email.as_deref(), lead.data.phone.as_deref()).await.map_err(to_app)?;
    let (name, company) = store::contacts::find_names(&mut tx, contact, &lead.data.company).await.map_err(to_app)?;
    Ok(Joins { contact: contact.zip(name), company: company.map(|(id, name)| (CompanyId(id), name)) })
}

/// A lead that is to be converted, held to the end of the transaction.
///
/// # Errors
/// `NotFound`; when the database is away.
pub async fn lock(tx: &mut PgConnection, id: LeadId) -> AppResult<Lead> {
    store::lock_lead(tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)
}

/// Marks a lead as converted, and lets its history be the contact's too.
///
/// # Errors
/// When the database is away.
pub async fn finish(tx: &mut PgConnection, ctx: &Ctx, lead: &Lead, contact: ContactId, is_new: bool) -> AppResult<()> {
    store::update_converted(tx, lead.id, contact, ctx.now()).await.map_err(to_app)?;
    store::contacts::hand_over_history(tx, lead.id, contact).await.map_err(to_app)?;
    let after = json!({"status": "converted", "contact": contact, "new_contact": is_new});
    let body = json!({"before": {"status": lead.status}, "after": after});
    let entry = Entry { event: "lead_converted", subject_kind: "lead", subject_id: lead.id.to_string(), body };
    journal::record(tx, ctx, &entry).await.map_err(to_app)
}
