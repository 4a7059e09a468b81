//! The SQL by which leads find the contacts that they become.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::crm::{ContactId, LeadId};

/// The contact of the same person that the transaction's actor sees: by an address first, then by a telephone number, which two people
/// may share: it counts where one of the two has no address. The oldest.
///
/// # Errors
/// When the database is away.
pub async fn find_contact(
    tx: &mut PgConnection,
    email: Option<&str>,
    phone: Option<&str>,
) -> Result<Option<ContactId>, sqlx::Error> {
    if let Some(email) = email {
        let id = sqlx::query_scalar!(
            "SELECT id FROM contacts WHERE (email = $1 OR other_emails @> ARRAY[$1]::text[]) AND deleted_at IS NULL
             ORDER BY email = $1 DESC NULLS LAST, created_at, id LIMIT 1",
            email
        );
        if let Some(id) = id.fetch_optional(&mut *tx).await? {
            return Ok(Some(ContactId(id)));
        }
    }
    let Some(phone) = phone else { return Ok(None) };
    let id = sqlx::query_scalar!(
        "SELECT id FROM contacts WHERE lead_phone_key(phone) = lead_phone_key($1) AND deleted_at IS NULL
             AND (email IS NULL OR $2::text IS NULL) ORDER BY created_at, id LIMIT 1",
        phone,
        email
    );
    Ok(id.fetch_optional(tx).await?.map(ContactId))
}

/// The names of a contact and of a company of a name, as far as the actor sees them.
///
/// # Errors
/// When the database is away.
pub async fn find_names(
    tx: &mut PgConnection,
    contact: Option<ContactId>,
    company: &str,
) -> Result<(Option<String>, Option<(Uuid, String)>), sqlx::Error> {
    let contact = sqlx::query_scalar!(
        r#"SELECT coalesce(nullif(btrim(first_name || ' ' || last_name), ''), email, phone, '') AS "name!" FROM contacts
         WHERE id = $1 AND deleted_at IS NULL"#,
        contact.map(|id| id.0)
    );
    let contact = contact.fetch_optional(&mut *tx).await?;
    let company = sqlx::query!(
        r#"SELECT id AS "id!", name AS "name!" FROM seen_companies WHERE $1 <> '' AND sort_name = crm_fold($1) AND deleted_at IS NULL
         ORDER BY created_at, id LIMIT 1"#,
        company
    );
    Ok((contact, company.fetch_optional(tx).await?.map(|row| (row.id, row.name))))
}

/// Lets what happened with a lead, and what is to be done about it, be the contact's too.
///
/// # Errors
/// When the database is away.
pub async fn hand_over_history(tx: &mut PgConnection, lead: LeadId, contact: ContactId) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE interactions SET contact_id = $2 WHERE lead_id = $1 AND contact_id IS NULL", lead.0, contact.0)
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "UPDATE tasks SET contact_id = $2 WHERE lead_id = $1 AND contact_id IS NULL AND deleted_at IS NULL",
        lead.0,
        contact.0
    )
    .execute(tx)
    .await?;
    Ok(())
}
