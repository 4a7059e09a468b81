//! Contacts, many at once.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// The contacts that the actor sees and that one of the keys stands for: key and id.
pub async fn find(tx: &mut PgConnection, match_key: &str, keys: &[String]) -> Result<Vec<(String, Uuid)>, sqlx::Error> {
    macro_rules! keyed {
        ($sql:literal) => {
            sqlx::query!($sql, keys).fetch_all(tx).await?.into_iter().map(|r| (r.key, r.id)).collect()
        };
    }
    Ok(match match_key {
        "id" => keyed!(
            r#"SELECT k AS "key!", c.id AS "id!" FROM unnest($1::text[]) k JOIN seen_contacts c ON c.id::text = lower(k) WHERE c.deleted_at IS NULL"#
        ),
        "email" => keyed!(
            r#"SELECT k AS "key!", c.id AS "id!" FROM unnest($1::text[]) k JOIN seen_contacts c ON c.email = k WHERE c.deleted_at IS NULL"#
        ),
        "phone" => keyed!(
            r#"SELECT k AS "key!", c.id AS "id!" FROM unnest($1::text[]) k JOIN seen_contacts c ON crm_phone_key(c.phone) = k
               WHERE c.phone IS NOT NULL AND c.deleted_at IS NULL"#
        ),
        // The name, and the company after a line break.
        "name" => keyed!(
            r#"SELECT k AS "key!", c.id AS "id!" FROM unnest($1::text[]) k JOIN seen_contacts c ON c.sort_name = crm_fold(split_part(k, chr(10), 1))
               WHERE c.deleted_at IS NULL AND crm_fold(coalesce(crm_company_name(c.company_id), '')) = crm_fold(split_part(k, chr(10), 2))"#
        ),
        _ => Vec::new(),
    })
}

/// Adds contacts, and notes that the import did; gives those that were added. What would be another contact's user of GENESIS is not.
pub async fn insert(
    tx: &mut PgConnection,
    import: Uuid,
    rows: &Value,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "WITH added AS (
            INSERT INTO contacts (id, first_name, last_name, email, phone, other_emails, other_phones, title, company_id, city, country,
                language, birthday, lifecycle, source, notes, usage_user_id, tags, owner_id, created_by, created_at, updated_at)
            SELECT id, coalesce(first_name, ''), coalesce(last_name, ''), email, phone, coalesce(other_emails, '{}'), coalesce(other_phones, '{}'),
                title, company_id, city, country, language, birthday, coalesce(lifecycle, 'prospect'), source, notes, usage_user_id,
                coalesce(tags, '{}'), $3, $3, $4, $4
            FROM jsonb_to_recordset($1) AS r(id uuid, first_name text, last_name text, email text, phone text, other_emails text[],
                other_phones text[], title text, company_id uuid, city text, country text, language text, birthday date, lifecycle text,
                source text, notes text, usage_user_id text, tags text[])
            ON CONFLICT DO NOTHING RETURNING id)
         INSERT INTO import_changes (import_id, record_id, entity, was_created, version) SELECT $2, id, 'contact', true, 1 FROM added
         RETURNING record_id",
        rows,
        import,
        by,
        now
    )
    .fetch_all(tx)
    .await
}

/// Changes contacts to what the rows say, where they say something else, and notes how they were; gives those that changed. The user
/// of GENESIS stays as it is.
pub async fn update(tx: &mut PgConnection, import: Uuid, rows: &Value, now: DateTime<Utc>) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "WITH r AS (
            SELECT * FROM jsonb_to_recordset($1) AS r(id uuid, first_name text, last_name text, email text, phone text, other_emails text[],
                other_phones text[], title text, company_id uuid, city text, country text, language text, birthday date, lifecycle text,
                source text, notes text, tags text[])),
         was AS (SELECT c.* FROM contacts c JOIN r ON r.id = c.id WHERE c.deleted_at IS NULL ORDER BY c.id FOR UPDATE OF c),
         new AS (
            SELECT was.id, coalesce(r.first_name, was.first_name) AS first_name, coalesce(r.last_name, was.last_name) AS last_name,
                coalesce(r.email, was.email) AS email, coalesce(r.phone, was.phone) AS phone,
                ARRAY(SELECT e FROM unnest(CASE WHEN r.email <> was.email THEN ARRAY[was.email] ELSE '{}' END || was.other_emails
                    || coalesce(r.other_emails, '{}')) WITH ORDINALITY u(e, n) WHERE e <> coalesce(r.email, was.email, '')
                    GROUP BY e ORDER BY min(n) LIMIT 20) AS other_emails,
                ARRAY(SELECT e FROM unnest(CASE WHEN r.phone <> was.phone THEN ARRAY[was.phone] ELSE '{}' END || was.other_phones
                    || coalesce(r.other_phones, '{}')) WITH ORDINALITY u(e, n) WHERE e <> coalesce(r.phone, was.phone, '')
                    GROUP BY e ORDER BY min(n) LIMIT 20) AS other_phones,
                coalesce(r.title, was.title) AS title, coalesce(r.company_id, was.company_id) AS company_id, coalesce(r.city, was.city) AS city,
                coalesce(r.country, was.country) AS country, coalesce(r.language, was.language) AS language,
                coalesce(r.birthday, was.birthday) AS birthday, coalesce(r.lifecycle, was.lifecycle) AS lifecycle,
                coalesce(r.source, was.source) AS source, coalesce(r.notes, was.notes) AS notes,
                (was.tags || ARRAY(SELECT t FROM unnest(r.tags) t WHERE lower(t) NOT IN (SELECT lower(w) FROM unnest(was.tags) w)))[:30] AS tags
            FROM was JOIN r ON r.id = was.id),
         changed AS (
            UPDATE contacts c SET first_name = new.first_name, last_name = new.last_name, email = new.email, phone = new.phone,
                other_emails = new.other_emails, other_phones = new.other_phones, title = new.title, company_id = new.company_id,
                city = new.city, country = new.country, language = new.language, birthday = new.birthday, lifecycle = new.lifecycle,
                source = new.source, notes = new.notes, tags = new.tags, version = c.version + 1, updated_at = $3
            FROM new WHERE c.id = new.id AND (c.first_name, c.last_name, c.email, c.phone, c.title, c.company_id, c.city, c.country, c.language,
                c.birthday, c.lifecycle, c.source, c.notes, c.tags) IS DISTINCT FROM (new.first_name, new.last_name, new.email, new.phone,
                new.title, new.company_id, new.city, new.country, new.language, new.birthday, new.lifecycle, new.source, new.notes, new.tags)
                OR c.id = new.id AND NOT (c.other_emails @> new.other_emails AND c.other_phones @> new.other_phones)
            RETURNING c.id, c.version)
         INSERT INTO import_changes (import_id, record_id, entity, was_created, was, version)
         SELECT $2, changed.id, 'contact', false, to_jsonb(was) - 'search' - 'sort_name', changed.version
         FROM changed JOIN was ON was.id = changed.id
         ON CONFLICT (import_id, record_id) DO UPDATE SET version = EXCLUDED.version
         RETURNING record_id",
        rows,
        import,
        now
    )
    .fetch_all(tx)
    .await
}

/// How records stand now, and how they stood before the import where it has changed them: as objects by the names of their columns.
pub async fn stand(tx: &mut PgConnection, import: Uuid, ids: &[Uuid]) -> Result<Vec<(Uuid, Value, Option<Value>)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT c.id AS "id!", to_jsonb(c) || jsonb_build_object('company', crm_company_name(c.company_id), 'owner', n.name) AS "now!",
               CASE WHEN NOT ch.was_created THEN ch.was || jsonb_build_object('company', crm_company_name((ch.was ->> 'company_id')::uuid)) || jsonb_build_object('owner', n.name) END AS was
           FROM seen_contacts c LEFT JOIN crm_names n ON n.id = c.owner_id
           LEFT JOIN import_changes ch ON ch.import_id = $1 AND ch.record_id = c.id WHERE c.id = ANY($2)"#,
        import,
        ids
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|r| (r.id, r.now, r.was)).collect())
}

/// Takes back what an import did to these contacts, where nobody has changed them since and, for those that it made, nobody has worked
/// with them; gives those.
pub async fn undo(tx: &mut PgConnection, import: Uuid, ids: &[Uuid], now: DateTime<Utc>) -> Result<Vec<Uuid>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut back = sqlx::query_scalar!(
        "UPDATE contacts c SET deleted_at = coalesce(c.deleted_at, $3), version = c.version + 1, updated_at = $3
         FROM import_changes ch WHERE ch.import_id = $1 AND ch.record_id = ANY($2) AND ch.was_created AND c.id = ch.record_id
            AND c.version = ch.version AND NOT import_in_use(c.id) RETURNING c.id",
        import,
        ids,
        now
    )
    .fetch_all(&mut *tx)
    .await?;
    back.extend(
        sqlx::query_scalar!(
            "UPDATE contacts c SET first_name = w.first_name, last_name = w.last_name, email = w.email, phone = w.phone,
                other_emails = w.other_emails, other_phones = w.other_phones, title = w.title, company_id = w.company_id, city = w.city,
                country = w.country, language = w.language, birthday = w.birthday, lifecycle = w.lifecycle, source = w.source,
                notes = w.notes, tags = w.tags, version = c.version + 1, updated_at = $3
             FROM import_changes ch, jsonb_populate_record(NULL::contacts, ch.was) w
             WHERE ch.import_id = $1 AND ch.record_id = ANY($2) AND NOT ch.was_created AND c.id = ch.record_id AND c.version = ch.version
             RETURNING c.id",
            import,
            ids,
            now
        )
        .fetch_all(tx)
        .await?,
    );
    Ok(back)
}
