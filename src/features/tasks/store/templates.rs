//! The SQL of templates.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A template as it stands in the database.
#[derive(Clone, Debug)]
pub struct TemplateRow {
    pub id: Uuid,
    pub name: String,
    pub kind: String,
    pub stage: Option<String>,
    pub language: String,
    pub subject: Option<String>,
    pub body: String,
    pub version: i32,
    pub updated_at: DateTime<Utc>,
}

/// All templates, by kind, language and name.
pub async fn list_templates(tx: &mut PgConnection) -> Result<Vec<TemplateRow>, sqlx::Error> {
    sqlx::query_as!(
        TemplateRow,
        "SELECT id, name, kind, stage, language, subject, body, version, updated_at FROM templates
         ORDER BY kind, language, lower(name), id LIMIT 500"
    )
    .fetch_all(tx)
    .await
}

/// One template.
pub async fn find_template(tx: &mut PgConnection, id: Uuid) -> Result<Option<TemplateRow>, sqlx::Error> {
    sqlx::query_as!(
        TemplateRow,
        "SELECT id, name, kind, stage, language, subject, body, version, updated_at FROM templates WHERE id = $1",
        id
    )
    .fetch_optional(tx)
    .await
}

/// Adds a template, or changes the one of this version; says whether it did.
pub async fn upsert_template(
    tx: &mut PgConnection,
    row: &TemplateRow,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "INSERT INTO templates AS t (id, name, kind, stage, language, subject, body, version, created_at, updated_at, created_by)
         SELECT $1, $2, $3, $4, $5, $6, $7, 1, $8, $8, $9 WHERE $10 = 0 OR EXISTS (SELECT FROM templates WHERE id = $1)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, stage = excluded.stage, language = excluded.language,
            subject = excluded.subject, body = excluded.body, version = t.version + 1, updated_at = excluded.updated_at
         WHERE t.version = $10",
        row.id,
        row.name,
        row.kind,
        row.stage,
        row.language,
        row.subject,
        row.body,
        now,
        by,
        row.version
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Deletes a template; says whether it was there.
pub async fn delete_template(tx: &mut PgConnection, id: Uuid) -> Result<bool, sqlx::Error> {
    Ok(sqlx::query!("DELETE FROM templates WHERE id = $1", id).execute(tx).await?.rows_affected() > 0)
}

/// What is known of somebody, for the places of a template.
#[derive(Clone, Debug, Default)]
pub struct KnownRow {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub company: Option<String>,
    pub title: Option<String>,
    pub city: Option<String>,
}

/// What is known of a contact, a company or a lead, as far as whoever asks sees it.
pub async fn find_known(
    tx: &mut PgConnection,
    target: (Option<Uuid>, Option<Uuid>, Option<Uuid>),
) -> Result<Option<KnownRow>, sqlx::Error> {
    sqlx::query_as!(
        KnownRow,
        r#"SELECT c.first_name AS "first_name?", c.last_name AS "last_name?", c.email AS "email?", p.name AS "company?", c.title AS "title?",
            c.city AS "city?"
         FROM contacts c LEFT JOIN companies p ON p.id = c.company_id WHERE c.id = $1
         UNION ALL SELECT NULL, NULL, NULL, name, NULL, city FROM companies WHERE id = $2
         UNION ALL SELECT first_name, last_name, email, company, title, city FROM leads WHERE id = $3"#,
        target.0,
        target.1,
        target.2
    )
    .fetch_optional(tx)
    .await
}
