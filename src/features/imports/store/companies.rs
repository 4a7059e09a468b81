//! Companies, many at once.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// The companies that the actor sees and that one of the keys stands for: key and id.
pub async fn find(tx: &mut PgConnection, match_key: &str, keys: &[String]) -> Result<Vec<(String, Uuid)>, sqlx::Error> {
    macro_rules! keyed {
        ($sql:literal) => {
            sqlx::query!($sql, keys).fetch_all(tx).await?.into_iter().map(|r| (r.key, r.id)).collect()
        };
    }
    Ok(match match_key {
        "id" => keyed!(
            r#"SELECT k AS "key!", c.id AS "id!" FROM unnest($1::text[]) k JOIN seen_companies c ON c.id::text = lower(k) WHERE c.deleted_at IS NULL"#
        ),
        "phone" => keyed!(
            r#"SELECT k AS "key!", c.id AS "id!" FROM unnest($1::text[]) k JOIN seen_companies c ON crm_phone_key(c.phone) = k
               WHERE c.phone IS NOT NULL AND c.deleted_at IS NULL"#
        ),
        "name" => keyed!(
            r#"SELECT k AS "key!", c.id AS "id!" FROM unnest($1::text[]) k JOIN seen_companies c ON c.sort_name = crm_fold(k)
               WHERE c.deleted_at IS NULL"#
        ),
        _ => Vec::new(),
    })
}

/// Adds companies, and notes that the import did; gives those that were added.
pub async fn insert(
    tx: &mut PgConnection,
    import: Uuid,
    rows: &Value,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "WITH added AS (
            INSERT INTO companies (id, name, domain, industry, employees, phone, website, address, city, country, organization_id, notes, tags,
                owner_id, created_by, created_at, updated_at)
            SELECT id, name, domain, industry, employees, phone, website, address, city, country, organization_id, notes, coalesce(tags, '{}'),
                $3, $3, $4, $4
            FROM jsonb_to_recordset($1) AS r(id uuid, name text, domain text, industry text, employees integer, phone text, website text,
                address text, city text, country text, organization_id text, notes text, tags text[])
            ON CONFLICT DO NOTHING RETURNING id)
         INSERT INTO import_changes (import_id, record_id, entity, was_created, version) SELECT $2, id, 'company', true, 1 FROM added
         RETURNING record_id",
        rows,
        import,
        by,
        now
    )
    .fetch_all(tx)
    .await
}

/// Changes companies to what the rows say, where they say something else, and notes how they were; gives those that changed.
pub async fn update(tx: &mut PgConnection, import: Uuid, rows: &Value, now: DateTime<Utc>) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "WITH r AS (
            SELECT * FROM jsonb_to_recordset($1) AS r(id uuid, name text, domain text, industry text, employees integer, phone text,
                website text, address text, city text, country text, organization_id text, notes text, tags text[])),
         was AS (SELECT c.* FROM companies c JOIN r ON r.id = c.id WHERE c.deleted_at IS NULL ORDER BY c.id FOR UPDATE OF c),
         new AS (
            SELECT was.id, coalesce(r.name, was.name) AS name, coalesce(r.domain, was.domain) AS domain,
                coalesce(r.industry, was.industry) AS industry, coalesce(r.employees, was.employees) AS employees,
                coalesce(r.phone, was.phone) AS phone, coalesce(r.website, was.website) AS website, coalesce(r.address, was.address) AS address,
                coalesce(r.city, was.city) AS city, coalesce(r.country, was.country) AS country,
                coalesce(r.organization_id, was.organization_id) AS organization_id, coalesce(r.notes, was.notes) AS notes,
                (was.tags || ARRAY(SELECT t FROM unnest(r.tags) t WHERE lower(t) NOT IN (SELECT lower(w) FROM unnest(was.tags) w)))[:30] AS tags
            FROM was JOIN r ON r.id = was.id),
         changed AS (
            UPDATE companies c SET name = new.name, domain = new.domain, industry = new.industry, employees = new.employees, phone = new.phone,
                website = new.website, address = new.address, city = new.city, country = new.country, organization_id = new.organization_id,
                notes = new.notes, tags = new.tags, version = c.version + 1, updated_at = $3
            FROM new WHERE c.id = new.id AND (c.name, c.domain, c.industry, c.employees, c.phone, c.website, c.address, c.city, c.country,
                c.organization_id, c.notes, c.tags) IS DISTINCT FROM (new.name, new.domain, new.industry, new.employees, new.phone,
                new.website, new.address, new.city, new.country, new.organization_id, new.notes, new.tags)
            RETURNING c.id, c.version)
         INSERT INTO import_changes (import_id, record_id, entity, was_created, was, version)
         SELECT $2, changed.id, 'company', false, to_jsonb(was) - 'search' - 'sort_name', changed.version
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
        r#"SELECT c.id AS "id!", to_jsonb(c) || jsonb_build_object('owner', n.name) AS "now!",
               CASE WHEN NOT ch.was_created THEN ch.was || jsonb_build_object('owner', n.name) END AS was
           FROM seen_companies c LEFT JOIN crm_names n ON n.id = c.owner_id
           LEFT JOIN import_changes ch ON ch.import_id = $1 AND ch.record_id = c.id WHERE c.id = ANY($2)"#,
        import,
        ids
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|r| (r.id, r.now, r.was)).collect())
}

/// Takes back what an import did to these companies, where nobody has changed them since and, for those that it made, nobody is in
/// them or has worked with them; gives those.
pub async fn undo(tx: &mut PgConnection, import: Uuid, ids: &[Uuid], now: DateTime<Utc>) -> Result<Vec<Uuid>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut back = sqlx::query_scalar!(
        "UPDATE companies c SET deleted_at = coalesce(c.deleted_at, $3), version = c.version + 1, updated_at = $3
         FROM import_changes ch WHERE ch.import_id = $1 AND ch.record_id = ANY($2) AND ch.was_created AND c.id = ch.record_id
            AND c.version = ch.version AND NOT import_in_use(c.id)
         RETURNING c.id",
        import,
        ids,
        now
    )
    .fetch_all(&mut *tx)
    .await?;
    back.extend(
        sqlx::query_scalar!(
            "UPDATE companies c SET name = w.name, domain = w.domain, industry = w.industry, employees = w.employees, phone = w.phone,
                website = w.website, address = w.address, city = w.city, country = w.country, organization_id = w.organization_id,
                notes = w.notes, tags = w.tags, version = c.version + 1, updated_at = $3
             FROM import_changes ch, jsonb_populate_record(NULL::companies, ch.was) w
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
