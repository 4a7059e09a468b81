//! The SQL of companies.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::record::object;
use crate::domain::{
    contact::{Company, CompanyFields},
    crm::CompanyId,
    people::UserId,
};

/// A company that the actor may see, in the bin or not.
pub async fn find(tx: &mut PgConnection, id: CompanyId) -> Result<Option<Company>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT c.name, c.domain, c.industry, c.employees, c.phone, c.website, c.address, c.city, c.country, c.organization_id, c.notes,
               c.owner_id, o.name AS "owner?", c.tags, c.custom, c.version, c.created_at, c.updated_at, c.deleted_at
           FROM companies c LEFT JOIN crm_names o ON o.id = c.owner_id WHERE c.id = $1"#,
        id.0
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| Company {
        id,
        fields: CompanyFields {
            name: row.name,
            domain: row.domain,
            industry: row.industry,
            employees: row.employees,
            phone: row.phone,
            website: row.website,
            address: row.address,
            city: row.city,
            country: row.country,
            organization_id: row.organization_id,
            notes: row.notes,
            owner: row.owner_id.map(UserId),
            tags: row.tags,
            custom: object(row.custom),
        },
        owner: row.owner,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
        deleted_at: row.deleted_at,
    }))
}

/// Holds a name, whatever its case and accents, until the transaction ends: two who add the same company at once wait for each other.
pub async fn lock_name(tx: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('company ' || crm_fold($1), 0))", name).fetch_one(tx).await?;
    Ok(())
}

/// The oldest company of a name that the actor sees.
pub async fn find_by_name(tx: &mut PgConnection, name: &str) -> Result<Option<CompanyId>, sqlx::Error> {
    let id = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM seen_companies WHERE sort_name = crm_fold($1) AND deleted_at IS NULL ORDER BY created_at, id LIMIT 1"#,
        name
    );
    Ok(id.fetch_optional(tx).await?.map(CompanyId))
}

/// The names of the companies that changed last.
pub async fn latest_names(tx: &mut PgConnection, limit: i64) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT name AS "name!" FROM seen_companies WHERE deleted_at IS NULL ORDER BY updated_at DESC, id DESC LIMIT $1"#,
        limit
    )
    .fetch_all(tx)
    .await
}

/// Adds a company.
pub async fn insert(
    tx: &mut PgConnection,
    id: CompanyId,
    fields: &CompanyFields,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO companies (id, name, domain, industry, employees, phone, website, address, city, country, organization_id, notes,
             owner_id, tags, custom, created_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)",
        id.0,
        fields.name,
        fields.domain,
        fields.industry,
        fields.employees,
        fields.phone,
        fields.website,
        fields.address,
        fields.city,
        fields.country,
        fields.organization_id,
        fields.notes,
        fields.owner.map(|id| id.0),
        &fields.tags,
        Value::Object(fields.custom.clone()),
        by.map(|id| id.0),
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Changes a company, but for its owner.
pub async fn update(tx: &mut PgConnection, id: CompanyId, fields: &CompanyFields, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE companies SET name = $2, domain = $3, industry = $4, employees = $5, phone = $6, website = $7, address = $8, city = $9,
             country = $10, organization_id = $11, notes = $12, tags = $13, custom = $14, version = version + 1, updated_at = $15
         WHERE id = $1",
        id.0,
        fields.name,
        fields.domain,
        fields.industry,
        fields.employees,
        fields.phone,
        fields.website,
        fields.address,
        fields.city,
        fields.country,
        fields.organization_id,
        fields.notes,
        &fields.tags,
        Value::Object(fields.custom.clone()),
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Contacts of a company that the actor sees.
pub async fn list_contacts(
    tx: &mut PgConnection,
    id: CompanyId,
    limit: i64,
) -> Result<Vec<(Uuid, String, Option<String>)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id!", first_name AS "first_name!", last_name AS "last_name!", email, phone, title FROM seen_contacts
           WHERE company_id = $1 AND deleted_at IS NULL ORDER BY sort_name, id LIMIT $2"#,
        id.0,
        limit
    )
    .fetch_all(tx)
    .await?;
    let name = crate::domain::contact::display_name;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, name(&row.first_name, &row.last_name, row.email.as_deref(), row.phone.as_deref()), row.title))
        .collect())
}
