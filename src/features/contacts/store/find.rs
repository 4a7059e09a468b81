//! The SQL of finding contacts and companies from anywhere.

use sqlx::PgConnection;

use crate::{domain::contact::display_name, features::contacts::find::Named, platform::db::contains};

/// Contacts that hold a text, those that changed last first.
pub async fn contacts(tx: &mut PgConnection, text: &str, limit: i64) -> Result<Vec<Named>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT c.id AS "id!", c.first_name AS "first_name!", c.last_name AS "last_name!", c.email, c.phone,
               crm_company_name(c.company_id) AS company
           FROM (SELECT * FROM seen_contacts WHERE deleted_at IS NULL AND search LIKE crm_fold($1)
                 ORDER BY updated_at DESC, id DESC LIMIT $2) AS c"#,
        contains(text),
        limit
    )
    .fetch_all(tx)
    .await?;
    let named = rows.into_iter().map(|row| {
        let name = display_name(&row.first_name, &row.last_name, row.email.as_deref(), row.phone.as_deref());
        Named { id: row.id, name, note: row.company.or(row.email) }
    });
    Ok(named.collect())
}

/// Companies that hold a text, those that changed last first.
pub async fn companies(tx: &mut PgConnection, text: &str, limit: i64) -> Result<Vec<Named>, sqlx::Error> {
    sqlx::query_as!(
        Named,
        r#"SELECT id AS "id!", name AS "name!", domain AS note FROM seen_companies
           WHERE deleted_at IS NULL AND search LIKE crm_fold($1) ORDER BY updated_at DESC, id DESC LIMIT $2"#,
        contains(text),
        limit
    )
    .fetch_all(tx)
    .await
}
