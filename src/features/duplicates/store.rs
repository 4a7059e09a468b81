//! The SQL of keys and pairs.

pub mod merges;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// Others with a key, beyond which it says nothing.
const MOST_WITH_KEY: i32 = 200;
/// Others that are compared with a contact.
const MOST_CANDIDATES: i64 = 40;

/// A contact with all that a merge is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The id.
    pub id: Uuid,
    /// The given name.
    pub first_name: String,
    /// The surname.
    pub last_name: String,
    /// The address.
    pub email: Option<String>,
    /// The number.
    pub phone: Option<String>,
    /// More addresses.
    pub other_emails: Vec<String>,
    /// More numbers.
    pub other_phones: Vec<String>,
    /// What they do.
    pub title: Option<String>,
    /// The company.
    pub company_id: Option<Uuid>,
    /// The city.
    pub city: Option<String>,
    /// The country.
    pub country: Option<String>,
    /// The language.
    pub language: Option<String>,
    /// The birthday.
    pub birthday: Option<NaiveDate>,
    /// How far they have come.
    pub lifecycle: String,
    /// Where they are from.
    pub source: Option<String>,
    /// Notes.
    pub notes: Option<String>,
    /// The user as GENESIS calls it.
    pub usage_user_id: Option<String>,
    /// Whose they are.
    pub owner_id: Option<Uuid>,
    /// Tags.
    pub tags: Vec<String>,
    /// Custom fields.
    pub custom: Value,
    /// The version.
    pub version: i32,
    /// The company's name, as far as it may be seen.
    pub company: Option<String>,
    /// The owner's name.
    pub owner: Option<String>,
}

/// Contacts that are neither deleted nor merged, by id, in the order of their ids; only those that the actor sees.
pub async fn find_contacts(tx: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT c.id, c.first_name, c.last_name, c.email, c.phone, c.other_emails, c.other_phones, c.title, c.company_id, c.city, c.country,
            c.language, c.birthday, c.lifecycle, c.source, c.notes, c.usage_user_id, c.owner_id, c.tags, c.custom, c.version,
            o.name AS "company?", n.name AS "owner?"
         FROM contacts c LEFT JOIN companies o ON o.id = c.company_id LEFT JOIN crm_names n ON n.id = c.owner_id
         WHERE c.id = ANY($1) AND c.deleted_at IS NULL ORDER BY c.id"#,
        ids
    )
    .fetch_all(tx)
    .await
}

/// How many contacts there are, by the database's estimate.
pub async fn estimate_contacts(tx: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT greatest(reltuples, 0)::bigint AS "count!" FROM pg_class WHERE oid = 'contacts'::regclass"#)
        .fetch_one(tx)
        .await
}

/// Takes out some of the contacts that have changed, those that have waited for longest first. An array, so that they are chosen once:
/// a subquery may be run again for each row, and then takes all.
pub async fn take_changes(tx: &mut PgConnection, limit: i64) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "DELETE FROM contact_changes WHERE contact_id = ANY(ARRAY(
            SELECT contact_id FROM contact_changes ORDER BY since, contact_id LIMIT $1 FOR UPDATE SKIP LOCKED))
         RETURNING contact_id",
        limit
    )
    .fetch_all(tx)
    .await
}

/// Gives a contact these keys and no others.
pub async fn replace_keys(tx: &mut PgConnection, contact: Uuid, keys: &[i64]) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM contact_keys WHERE contact_id = $1 AND key <> ALL($2)", contact, keys).execute(&mut *tx).await?;
    sqlx::query!(
        "INSERT INTO contact_keys (key, contact_id) SELECT unnest($2::bigint[]), $1 ON CONFLICT DO NOTHING",
        contact,
        keys
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Who shares the most and rarest of these keys, but for one contact.
pub async fn find_candidates(tx: &mut PgConnection, keys: &[i64], but: Option<Uuid>) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT other.id AS "id!" FROM unnest($1::bigint[]) AS k(key)
         CROSS JOIN LATERAL (SELECT array_agg(x.contact_id) AS ids FROM (
            SELECT contact_id FROM contact_keys WHERE contact_keys.key = k.key AND contact_id IS DISTINCT FROM $2 LIMIT $3::integer + 1) x) AS block
         CROSS JOIN LATERAL unnest(block.ids) AS other(id)
         WHERE cardinality(block.ids) <= $3::integer
         GROUP BY other.id ORDER BY sum(1.0 / cardinality(block.ids)) DESC, other.id LIMIT $4"#,
        keys,
        but,
        MOST_WITH_KEY,
        MOST_CANDIDATES
    )
    .fetch_all(tx)
    .await
}

/// A pair that was found, the lesser id first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoundRow {
    /// The lesser id.
    pub a: Uuid,
    /// The greater.
    pub b: Uuid,
    /// How likely they are one.
    pub score: f64,
}

/// Keeps what was found of contacts that were looked at, and drops what is not found any more. What somebody has decided stays.
pub async fn upsert_pairs(
    tx: &mut PgConnection,
    looked_at: &[Uuid],
    found: &[FoundRow],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let (a, b): (Vec<_>, Vec<_>) = found.iter().map(|pair| (pair.a, pair.b)).unzip();
    let scores: Vec<_> = found.iter().map(|pair| pair.score).collect();
    let ids: Vec<_> = found.iter().map(|_| Uuid::now_v7()).collect();
    sqlx::query!(
        "DELETE FROM duplicate_pairs p WHERE state = 'open' AND (p.a = ANY($1) OR p.b = ANY($1))
         AND NOT EXISTS (SELECT FROM unnest($2::uuid[], $3::uuid[]) AS f(a, b) WHERE f.a = p.a AND f.b = p.b)",
        looked_at,
        &a,
        &b
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "INSERT INTO duplicate_pairs (id, a, b, score, found_at)
         SELECT f.id, f.a, f.b, f.score, $5 FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::float8[]) AS f(id, a, b, score) ORDER BY f.a, f.b
         ON CONFLICT (a, b) DO UPDATE SET score = EXCLUDED.score WHERE duplicate_pairs.state = 'open'",
        &ids,
        &a,
        &b,
        &scores,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A pair in the queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairRow {
    /// The id.
    pub id: Uuid,
    /// The lesser contact.
    pub a: Uuid,
    /// The greater.
    pub b: Uuid,
    /// How likely they are one.
    pub score: f64,
}

/// Open pairs that the actor may decide, the likeliest first, from beyond a place on.
pub async fn list_pairs(
    tx: &mut PgConnection,
    beyond: Option<(f64, Uuid)>,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<PairRow>, sqlx::Error> {
    let (score, id) = beyond.unzip();
    sqlx::query_as!(
        PairRow,
        "SELECT id, a, b, score FROM duplicate_pairs WHERE state = 'open' AND (not_before IS NULL OR not_before <= $1)
         AND ($2::float8 IS NULL OR score < $2 OR score = $2 AND id > $3) ORDER BY score DESC, id LIMIT $4",
        now,
        score,
        id,
        limit
    )
    .fetch_all(tx)
    .await
}

/// An open pair.
pub async fn find_pair(tx: &mut PgConnection, id: Uuid) -> Result<Option<PairRow>, sqlx::Error> {
    sqlx::query_as!(PairRow, "SELECT id, a, b, score FROM duplicate_pairs WHERE id = $1 AND state = 'open'", id)
        .fetch_optional(tx)
        .await
}

/// Notes that the two of an open pair are two; gives the pair.
pub async fn mark_distinct(
    tx: &mut PgConnection,
    id: Uuid,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<Option<PairRow>, sqlx::Error> {
    sqlx::query_as!(
        PairRow,
        "UPDATE duplicate_pairs SET state = 'distinct', decided_at = $3, decided_by = $2 WHERE id = $1 AND state = 'open'
         RETURNING id, a, b, score",
        id,
        by,
        now
    )
    .fetch_optional(tx)
    .await
}

/// Puts an open pair off; whether there is one.
pub async fn put_off(tx: &mut PgConnection, id: Uuid, until: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query!("UPDATE duplicate_pairs SET not_before = $2 WHERE id = $1 AND state = 'open'", id, until).execute(tx).await?;
    Ok(done.rows_affected() > 0)
}
