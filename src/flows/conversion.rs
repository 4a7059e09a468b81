//! Makes contacts of leads: an existing one that matches, else a new one, with its company.

use serde_json::json;
use sqlx::PgConnection;

use crate::{
    domain::{
        AppError, AppResult,
        contact::{Contact, ContactFields},
        crm::{ContactId, LeadId},
        crm_edit,
        lead::LeadData,
    },
    features::{
        contacts::{
            companies,
            list::Kind,
            privacy::hold_back_within,
            record::{self, write_journal},
            store as contacts, usecase,
        },
        leads::{Lead, convert},
    },
    platform::{ctx::Ctx, db::to_app},
};

/// Converts a lead in one transaction; gives the contact. One that is converted already is left as it is, so that doing it twice, or
/// two people at once, leaves one contact. The transaction is the system's, for the contact that matches may be another's; the journal
/// says who it was. What the contact lacks is filled in where the actor sees it; a contact that they do not see is joined as it is.
///
/// # Errors
/// `Forbidden`; `NotFound` for a lead that the actor does not see; `Conflict` for one that is lost, or that changed under our hands;
/// `Invalid` at `/email` for somebody who was erased; when the database is away.
pub async fn convert(ctx: &Ctx, id: LeadId) -> AppResult<ContactId> {
    let (seen, seen_twin) = convert::find(ctx, id).await?;
    let mut tx = ctx.as_system("conversion").begin().await.map_err(to_app)?;
    let (email, phone) = (seen.data.email.as_deref(), seen.data.phone.as_deref());
    convert::lock_person(&mut tx, email, phone).await.map_err(to_app)?;
    let lead = convert::lock(&mut tx, id).await?;
    if let Some(contact) = lead.contact {
        return Ok(contact);
    }
    if !lead.status.is_open() || (lead.data.email.as_deref(), lead.data.phone.as_deref()) != (email, phone) {
        return Err(AppError::Conflict { detail: "the lead changed meanwhile".into() });
    }
    let mut new = fields(&lead);
    hold_back_within(&mut tx, &new).await?;
    let (contact, is_new) = if let Some(twin) = find_twin(&mut tx, email, phone).await? {
        let id = twin.id;
        if seen_twin == Some(id) {
            fill(ctx, &mut tx, twin, &lead).await?;
        }
        (id, false)
    } else {
        new.owner = record::active(&mut tx, new.owner).await?.or(ctx.actor.user());
        (usecase::insert(ctx, &mut tx, new, &lead.data.company).await?, true)
    };
    convert::finish(&mut tx, ctx, &lead, contact, is_new).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(contact)
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// A lead as a contact.
fn fields(lead: &Lead) -> ContactFields {
    let LeadData { first_name, last_name, email, phone, title, city, country, source, .. } = lead.data.clone();
    let language = lead.profile.as_ref().and_then(|profile| profile.language.as_ref()).filter(|language| language.is_likely());
    ContactFields {
        first_name,
        last_name,
        email,
        phone,
        title: some(&title),
        city: some(&city),
        country: some(&country),
        source: some(&source),
        language: language.map(|language| language.value.as_str().to_owned()),
        owner: lead.owner,
        ..ContactFields::default()
    }
}

/// The contact of the same person, held to the end of the transaction. Who was merged or deleted while we waited is not it.
async fn find_twin(tx: &mut PgConnection, email: Option<&str>, phone: Option<&str>) -> AppResult<Option<Contact>> {
    while let Some(id) = convert::find_contact(tx, email, phone).await.map_err(to_app)? {
        match record::lock(tx, Kind::Contacts, id.0).await {
            Ok(()) | Err(AppError::NotFound) => {}
            Err(error) => return Err(error),
        }
        let held = contacts::find(tx, id).await.map_err(to_app)?;
        if let Some(contact) = held.filter(|contact| contact.deleted_at.is_none()) {
            return Ok(Some(contact));
        }
    }
    Ok(None)
}

/// Fills what a contact does not have yet with what the lead has; nothing that stands there is lost.
async fn fill(ctx: &Ctx, tx: &mut PgConnection, contact: Contact, lead: &Lead) -> AppResult<()> {
    let id = contact.id;
    let before = contact.texts(&[]);
    let (mut after, new) = (contact.fields, fields(lead));
    if after.first_name.is_empty() && after.last_name.is_empty() {
        (after.first_name, after.last_name) = (new.first_name, new.last_name);
    }
    add(&mut after.email, &mut after.other_emails, new.email);
    add(&mut after.phone, &mut after.other_phones, new.phone);
    after.title = after.title.or(new.title);
    after.city = after.city.or(new.city);
    after.country = after.country.or(new.country);
    after.language = after.language.or(new.language);
    after.source = after.source.or(new.source);
    let mut company = contact.company.unwrap_or_default();
    if after.company_id.is_none() && !lead.data.company.is_empty() {
        after.company_id = companies::by_name(ctx, tx, &lead.data.company, after.owner).await?;
        company.clone_from(&lead.data.company);
    }
    let mut stands = after.texts(&[]);
    stands.insert("company".into(), company);
    let changes = crm_edit::differences(&before, &stands);
    if !changes.is_empty() {
        contacts::update(tx, id, &after, ctx.now()).await.map_err(to_app)?;
        let body = json!({ "fields": changes });
        write_journal(ctx, tx, Kind::Contacts, "contact_changed", id.0, &body).await?;
    }
    Ok(())
}

/// Puts an address or a number where there is none, else beside the others.
fn add(main: &mut Option<String>, others: &mut Vec<String>, new: Option<String>) {
    let Some(new) = new else { return };
    match main {
        None => *main = Some(new),
        Some(main) if *main != new && !others.contains(&new) => others.push(new),
        Some(_) => {}
    }
}
