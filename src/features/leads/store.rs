//! The SQL that changes leads.

pub mod assignees;
pub mod captures;
pub mod contacts;
pub mod settings;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{
    crm::{ContactId, LeadId},
    lead::{Band, Behavior, Facts, LeadData, LeadStatus, Profile, Score, Utm, profile::Segment, score::Contribution},
    people::UserId,
};

/// A lead as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Lead {
    /// The id.
    pub id: LeadId,
    /// What is known.
    pub data: LeadData,
    /// How it stands.
    pub status: LeadStatus,
    /// Why it was lost.
    pub lost_reason: Option<String>,
    /// What it is worth.
    pub score: Score,
    /// What that means.
    pub band: Band,
    /// What can be said; none until it is scored, or when an older version of the product said it in other words.
    pub profile: Option<Profile>,
    /// When it was scored.
    pub scored_at: Option<DateTime<Utc>>,
    /// By which version of the scorecard.
    pub card_version: i32,
    /// Whose it is.
    pub owner: Option<UserId>,
    /// Their name.
    pub owner_name: Option<String>,
    /// The contact that it has become.
    pub contact: Option<ContactId>,
    /// When.
    pub converted_at: Option<DateTime<Utc>>,
    /// Counts the changes.
    pub version: i32,
    /// When it was captured.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

impl Lead {
    /// What people call it: the name, else the address, else the telephone number.
    pub fn title(&self) -> String {
        let name = self.data.name();
        if name.is_empty() { self.data.email.clone().or_else(|| self.data.phone.clone()).unwrap_or_default() } else { name }
    }
}

/// A row of `leads`, with its owner's name.
pub(super) struct Row {
    id: Uuid,
    first_name: String,
    last_name: String,
    email: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    title: Option<String>,
    city: Option<String>,
    country: Option<String>,
    message: Option<String>,
    source: Option<String>,
    utm: Value,
    behavior: Value,
    facts: Value,
    status: String,
    lost_reason: Option<String>,
    score: i32,
    band: String,
    points: Value,
    profile: Value,
    scored_at: Option<DateTime<Utc>>,
    card_version: i32,
    owner_id: Option<Uuid>,
    owner_name: Option<String>,
    contact_id: Option<Uuid>,
    converted_at: Option<DateTime<Utc>>,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for Lead {
    fn from(row: Row) -> Self {
        fn json<T: serde::de::DeserializeOwned + Default>(value: Value) -> T {
            serde_json::from_value(value).unwrap_or_default()
        }
        Self {
            id: LeadId(row.id),
            data: LeadData {
                first_name: row.first_name,
                last_name: row.last_name,
                email: row.email,
                phone: row.phone,
                company: row.company.unwrap_or_default(),
                title: row.title.unwrap_or_default(),
                city: row.city.unwrap_or_default(),
                country: row.country.unwrap_or_default(),
                message: row.message.unwrap_or_default(),
                source: row.source.unwrap_or_default(),
                utm: json::<Utm>(row.utm),
                behavior: json::<Behavior>(row.behavior),
                facts: json::<Facts>(row.facts),
            },
            status: LeadStatus::parse(&row.status).unwrap_or(LeadStatus::New),
            lost_reason: row.lost_reason,
            score: Score { points: row.score, contributions: json::<Vec<Contribution>>(row.points) },
            band: Band::parse(&row.band).unwrap_or(Band::Low),
            profile: serde_json::from_value(row.profile).ok().filter(|_| row.scored_at.is_some()),
            scored_at: row.scored_at,
            card_version: row.card_version,
            owner: row.owner_id.map(UserId),
            owner_name: row.owner_name,
            contact: row.contact_id.map(ContactId),
            converted_at: row.converted_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

macro_rules! leads {
    ($tail:literal $(, $arg:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT l.id, l.first_name, l.last_name, l.email, l.phone, l.company, l.title, l.city, l.country, l.message, l.source,
                l.utm, l.behavior, l.facts, l.status, l.lost_reason, l.score, l.band, l.points, l.profile, l.scored_at,
                l.card_version, l.owner_id, (SELECT n.name FROM crm_names n WHERE n.id = l.owner_id) AS owner_name, l.contact_id,
                l.converted_at, l.version, l.created_at, l.updated_at
             FROM leads l WHERE l.deleted_at IS NULL AND "# + $tail
            $(, $arg)*
        )
    };
}

/// A lead that the actor sees.
pub async fn find_lead(tx: &mut PgConnection, id: LeadId) -> Result<Option<Lead>, sqlx::Error> {
    Ok(leads!("l.id = $1", id.0).fetch_optional(tx).await?.map(Lead::from))
}

/// The same, held as it is to the end of the transaction.
pub async fn lock_lead(tx: &mut PgConnection, id: LeadId) -> Result<Option<Lead>, sqlx::Error> {
    Ok(leads!("l.id = $1 FOR UPDATE OF l", id.0).fetch_optional(tx).await?.map(Lead::from))
}

/// The open lead of the same person, held: by the address first, then by what a customer is known by, then by the telephone number; the
/// latest. A number alone joins nobody whose addresses or customers differ: people share telephones.
pub async fn lock_twin(
    tx: &mut PgConnection,
    email: Option<&str>,
    phone: Option<&str>,
    customer: Option<&str>,
) -> Result<Option<Lead>, sqlx::Error> {
    let row = leads!(
        "l.status IN ('new', 'contacted', 'qualified') AND (l.email = $1 OR (l.email IS NULL OR $1::text IS NULL)
            AND (l.facts->'customer'->>'customer_id' = $3 OR l.phone_key = lead_phone_key($2)
                AND (l.facts->'customer'->>'customer_id' IS NULL OR $3::text IS NULL)))
         ORDER BY coalesce(l.email = $1, false) DESC, coalesce(l.facts->'customer'->>'customer_id' = $3, false) DESC,
             l.created_at DESC, l.id LIMIT 1 FOR UPDATE OF l",
        email,
        phone,
        customer
    );
    Ok(row.fetch_optional(tx).await?.map(Lead::from))
}

/// Open leads that were scored by an older scorecard, held; those that somebody else holds are passed over.
pub async fn lock_stale(tx: &mut PgConnection, card_version: i32, most: i64) -> Result<Vec<Lead>, sqlx::Error> {
    let rows = leads!(
        "l.status IN ('new', 'contacted', 'qualified') AND l.card_version < $1
         ORDER BY l.card_version, l.id LIMIT $2 FOR UPDATE OF l SKIP LOCKED",
        card_version,
        most
    );
    Ok(rows.fetch_all(tx).await?.into_iter().map(Lead::from).collect())
}

/// Open leads, the latest first.
pub async fn list_latest(tx: &mut PgConnection, most: i64) -> Result<Vec<Lead>, sqlx::Error> {
    let rows = leads!("l.status IN ('new', 'contacted', 'qualified') ORDER BY l.created_at DESC, l.id DESC LIMIT $1", most);
    Ok(rows.fetch_all(tx).await?.into_iter().map(Lead::from).collect())
}

/// Holds everything about these people to the end of the transaction, so that of two captures or conversions at once the second sees
/// what the first has made.
///
/// # Errors
/// When the database is away.
pub async fn lock_person(tx: &mut PgConnection, email: Option<&str>, phone: Option<&str>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(k) FROM (
             SELECT DISTINCT hashtextextended('lead:' || w, 0) AS k FROM unnest(ARRAY[$1, lead_phone_key($2)]) AS w WHERE w IS NOT NULL
             ORDER BY k) AS keys",
        email,
        phone
    )
    .fetch_all(tx)
    .await?;
    Ok(())
}

/// The same for a customer.
pub async fn lock_customer(tx: &mut PgConnection, customer: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('lead customer:' || $1, 0))", customer).fetch_one(tx).await?;
    Ok(())
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn json<T: serde::Serialize>(value: &T) -> Result<Value, sqlx::Error> {
    serde_json::to_value(value).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

/// Adds a lead that is new.
pub async fn insert_lead(
    tx: &mut PgConnection,
    id: LeadId,
    data: &LeadData,
    owner: Option<UserId>,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO leads (id, first_name, last_name, email, phone, company, title, city, country, message, source, utm, behavior, facts,
             owner_id, created_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)",
        id.0,
        data.first_name,
        data.last_name,
        data.email,
        data.phone,
        some(&data.company),
        some(&data.title),
        some(&data.city),
        some(&data.country),
        some(&data.message),
        some(&data.source),
        json(&data.utm)?,
        json(&data.behavior)?,
        json(&data.facts)?,
        owner.map(|id| id.0),
        by.map(|id| id.0),
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Changes what is known of a lead.
pub async fn update_data(tx: &mut PgConnection, id: LeadId, data: &LeadData, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE leads SET first_name = $2, last_name = $3, email = $4, phone = $5, company = $6, title = $7, city = $8, country = $9,
             message = $10, source = $11, utm = $12, behavior = $13, facts = $14, updated_at = $15, version = version + 1
         WHERE id = $1",
        id.0,
        data.first_name,
        data.last_name,
        data.email,
        data.phone,
        some(&data.company),
        some(&data.title),
        some(&data.city),
        some(&data.country),
        some(&data.message),
        some(&data.source),
        json(&data.utm)?,
        json(&data.behavior)?,
        json(&data.facts)?,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What the rules say of a lead.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// What can be said.
    pub profile: Profile,
    /// What it is worth.
    pub score: Score,
    /// What that means.
    pub band: Band,
    /// The group it belongs to.
    pub segment: Segment,
    /// The version of the scorecard.
    pub card_version: i32,
}

/// Keeps what the rules say; nobody's change, so the version stays.
pub async fn update_judged(tx: &mut PgConnection, id: LeadId, judged: &Judged, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE leads SET score = $2, band = $3, segment = $4, profile = $5, points = $6, card_version = $7, scored_at = $8 WHERE id = $1",
        id.0,
        judged.score.points,
        judged.band.as_str(),
        judged.segment.as_str(),
        json(&judged.profile)?,
        json(&judged.score.contributions)?,
        judged.card_version,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Sets how a lead stands; `reason` is there for a lost one alone.
pub async fn update_status(
    tx: &mut PgConnection,
    id: LeadId,
    status: LeadStatus,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE leads SET status = $2, lost_reason = $3, updated_at = $4, version = version + 1 WHERE id = $1",
        id.0,
        status.as_str(),
        reason,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Whether the actor sees a lead, also one in the bin.
pub async fn is_seen(tx: &mut PgConnection, id: LeadId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM leads WHERE id = $1) AS "seen!""#, id.0).fetch_one(tx).await
}

/// Puts a lead into the bin, or takes it out again; says whether it was elsewhere, and the actor's to change.
pub async fn set_deleted(tx: &mut PgConnection, id: LeadId, deleted: bool, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let changed = sqlx::query!(
        "UPDATE leads SET deleted_at = CASE WHEN $2 THEN $3::timestamptz END, version = version + 1, updated_at = $3
         WHERE id = $1 AND (deleted_at IS NULL) = $2",
        id.0,
        deleted,
        now
    )
    .execute(tx)
    .await?;
    Ok(changed.rows_affected() > 0)
}

/// Makes a lead a contact's.
pub async fn update_converted(
    tx: &mut PgConnection,
    id: LeadId,
    contact: ContactId,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE leads SET status = 'converted', lost_reason = NULL, contact_id = $2, converted_at = $3, updated_at = $3,
             version = version + 1
         WHERE id = $1",
        id.0,
        contact.0,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Hands leads over; gives those that were.
pub async fn assign(
    tx: &mut PgConnection,
    ids: &[Uuid],
    owner: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<Vec<LeadId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(r#"SELECT crm_assign('leads', $1, $2, $3) AS "id!""#, ids, owner.map(|id| id.0), now)
        .fetch_all(tx)
        .await?;
    Ok(ids.into_iter().map(LeadId).collect())
}
