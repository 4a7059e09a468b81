//! The SQL of contacts and companies.

pub mod bulk;
pub mod companies;
pub mod export;
pub mod fields;
pub mod find;
pub mod list;
pub mod privacy;
pub mod record;
pub mod timeline;
pub mod views;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use self::record::object;
use crate::domain::{
    contact::{Contact, ContactFields},
    crm::{CompanyId, ContactId, Lifecycle},
    people::UserId,
};

/// A row of `contacts`, with the names of what it points at.
struct ContactRow {
    id: Uuid,
    first_name: String,
    last_name: String,
    email: Option<String>,
    phone: Option<String>,
    other_emails: Vec<String>,
    other_phones: Vec<String>,
    title: Option<String>,
    company_id: Option<Uuid>,
    company: Option<String>,
    city: Option<String>,
    country: Option<String>,
    language: Option<String>,
    birthday: Option<NaiveDate>,
    lifecycle: String,
    source: Option<String>,
    notes: Option<String>,
    usage_user_id: Option<String>,
    owner_id: Option<Uuid>,
    owner: Option<String>,
    tags: Vec<String>,
    custom: Value,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
    merged_into: Option<Uuid>,
}

impl ContactRow {
    fn contact(self) -> Contact {
        Contact {
            id: ContactId(self.id),
            fields: ContactFields {
                first_name: self.first_name,
                last_name: self.last_name,
                email: self.email,
                phone: self.phone,
                other_emails: self.other_emails,
                other_phones: self.other_phones,
                title: self.title,
                company_id: self.company_id.map(CompanyId),
                city: self.city,
                country: self.country,
                language: self.language,
                birthday: self.birthday,
                lifecycle: Lifecycle::parse(&self.lifecycle),
                source: self.source,
                notes: self.notes,
                usage_user_id: self.usage_user_id,
                owner: self.owner_id.map(UserId),
                tags: self.tags,
                custom: object(self.custom),
            },
            company: self.company,
            owner: self.owner,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            deleted_at: self.deleted_at,
            merged_into: self.merged_into.map(ContactId),
        }
    }
}

/// A contact that the actor may see, in the bin or not. The company's name is told even where the company itself is not seen.
pub async fn find(tx: &mut PgConnection, id: ContactId) -> Result<Option<Contact>, sqlx::Error> {
    let row = sqlx::query_as!(
        ContactRow,
        r#"SELECT c.id, c.first_name, c.last_name, c.email, c.phone, c.other_emails, c.other_phones, c.title, c.company_id,
               crm_company_name(c.company_id) AS company, c.city, c.country, c.language, c.birthday, c.lifecycle, c.source, c.notes,
               c.usage_user_id, c.owner_id, o.name AS "owner?", c.tags, c.custom, c.version, c.created_at, c.updated_at, c.deleted_at,
               c.merged_into
           FROM contacts c LEFT JOIN crm_names o ON o.id = c.owner_id WHERE c.id = $1"#,
        id.0
    );
    Ok(row.fetch_optional(tx).await?.map(ContactRow::contact))
}

/// Adds a contact.
pub async fn insert(
    tx: &mut PgConnection,
    id: ContactId,
    fields: &ContactFields,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO contacts (id, first_name, last_name, email, phone, other_emails, other_phones, title, company_id, city, country,
             language, birthday, lifecycle, source, notes, usage_user_id, owner_id, tags, custom, created_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $22)",
        id.0,
        fields.first_name,
        fields.last_name,
        fields.email,
        fields.phone,
        &fields.other_emails,
        &fields.other_phones,
        fields.title,
        fields.company_id.map(|id| id.0),
        fields.city,
        fields.country,
        fields.language,
        fields.birthday,
        fields.lifecycle.unwrap_or(Lifecycle::Prospect).as_str(),
        fields.source,
        fields.notes,
        fields.usage_user_id,
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

/// Changes a contact, but for its owner.
pub async fn update(tx: &mut PgConnection, id: ContactId, fields: &ContactFields, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE contacts SET first_name = $2, last_name = $3, email = $4, phone = $5, other_emails = $6, other_phones = $7, title = $8,
             company_id = $9, city = $10, country = $11, language = $12, birthday = $13, lifecycle = $14, source = $15, notes = $16,
             usage_user_id = $17, tags = $18, custom = $19, version = version + 1, updated_at = $20
         WHERE id = $1",
        id.0,
        fields.first_name,
        fields.last_name,
        fields.email,
        fields.phone,
        &fields.other_emails,
        &fields.other_phones,
        fields.title,
        fields.company_id.map(|id| id.0),
        fields.city,
        fields.country,
        fields.language,
        fields.birthday,
        fields.lifecycle.unwrap_or(Lifecycle::Prospect).as_str(),
        fields.source,
        fields.notes,
        fields.usage_user_id,
        &fields.tags,
        Value::Object(fields.custom.clone()),
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Links contacts that nobody has linked to the users of GENESIS who go by their e-mail address, or whose events name them.
pub async fn link_users(tx: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"UPDATE contacts c SET usage_user_id = found.user_id, version = version + 1, updated_at = $1
           FROM (SELECT DISTINCT ON (u.user_id) u.user_id, k.id FROM usage_users u
                 JOIN contacts k ON k.email = lower(u.user_id) AND k.usage_user_id IS NULL AND k.deleted_at IS NULL
                 WHERE NOT EXISTS (SELECT 1 FROM contacts t WHERE t.usage_user_id = u.user_id AND t.deleted_at IS NULL)
                 ORDER BY u.user_id, k.created_at, k.id LIMIT 1000) AS found
           WHERE c.id = found.id RETURNING c.id, found.user_id"#,
        now
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.user_id)).collect())
}
