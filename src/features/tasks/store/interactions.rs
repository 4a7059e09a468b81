//! The SQL of interactions. One is seen by whoever sees whom it was with; the database holds that.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// An interaction as it stands in the database.
#[derive(Clone, Debug)]
pub struct InteractionRow {
    pub id: Uuid,
    pub kind: String,
    pub direction: Option<String>,
    pub at: DateTime<Utc>,
    pub duration_s: Option<i32>,
    pub outcome: Option<String>,
    pub subject: Option<String>,
    pub body: Option<String>,
    pub sentiment: Option<String>,
    pub sentiment_score: Option<f32>,
    pub evidence: Option<Value>,
    pub contact_id: Option<Uuid>,
    pub company_id: Option<Uuid>,
    pub lead_id: Option<Uuid>,
    pub by_name: Option<String>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub version: i32,
}

/// What is written of an interaction.
#[derive(Clone, Debug)]
pub struct InteractionValues<'a> {
    pub kind: &'a str,
    pub direction: Option<&'a str>,
    pub at: DateTime<Utc>,
    pub duration_s: Option<i32>,
    pub outcome: Option<&'a str>,
    pub subject: Option<&'a str>,
    pub body: Option<&'a str>,
    pub sentiment: Option<&'a str>,
    pub sentiment_score: Option<f32>,
    pub evidence: Option<Value>,
}

/// Adds an interaction; says whether it is new.
pub async fn insert_interaction(
    tx: &mut PgConnection,
    id: Uuid,
    values: &InteractionValues<'_>,
    target: (Option<Uuid>, Option<Uuid>, Option<Uuid>),
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let added = sqlx::query!(
        "INSERT INTO interactions (id, kind, direction, at, duration_s, outcome, subject, body, sentiment, sentiment_score, evidence,
            contact_id, company_id, lead_id, created_at, updated_at, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $16)
         ON CONFLICT DO NOTHING",
        id,
        values.kind,
        values.direction,
        values.at,
        values.duration_s,
        values.outcome,
        values.subject,
        values.body,
        values.sentiment,
        values.sentiment_score,
        values.evidence,
        target.0,
        target.1,
        target.2,
        now,
        by
    )
    .execute(tx)
    .await?;
    Ok(added.rows_affected() > 0)
}

/// Whether an interaction is the same that somebody wrote down before.
pub async fn is_again(
    tx: &mut PgConnection,
    id: Uuid,
    (subject, body): (Option<&str>, Option<&str>),
    by: Option<Uuid>,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM interactions WHERE id = $1 AND created_by = $4
            AND subject IS NOT DISTINCT FROM $2 AND body IS NOT DISTINCT FROM $3) AS "again!""#,
        id,
        subject,
        body,
        by
    )
    .fetch_one(tx)
    .await
}

/// Interactions with a contact, a company or a lead, the latest first, before a place.
pub async fn list_of(
    tx: &mut PgConnection,
    target: (Option<Uuid>, Option<Uuid>, Option<Uuid>),
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<InteractionRow>, sqlx::Error> {
    sqlx::query_as!(
        InteractionRow,
        r#"SELECT i.id, i.kind, i.direction, i.at, i.duration_s, i.outcome, i.subject, i.body, i.sentiment, i.sentiment_score,
            i.evidence, i.contact_id, i.company_id, i.lead_id, n.name AS "by_name?", i.deleted_at, i.version
         FROM interactions i LEFT JOIN crm_names n ON n.id = i.created_by
         WHERE i.deleted_at IS NULL AND (i.contact_id = $1 OR i.company_id = $2 OR i.lead_id = $3)
            AND (i.at, i.id) < (coalesce($4::timestamptz, 'infinity'), $5)
         ORDER BY i.at DESC, i.id DESC LIMIT $6"#,
        target.0,
        target.1,
        target.2,
        before.map(|(at, _)| at),
        before.map_or(Uuid::max(), |(_, id)| id),
        limit
    )
    .fetch_all(tx)
    .await
}

/// One interaction, also one in the bin.
pub async fn find_interaction(tx: &mut PgConnection, id: Uuid) -> Result<Option<InteractionRow>, sqlx::Error> {
    sqlx::query_as!(
        InteractionRow,
        r#"SELECT i.id, i.kind, i.direction, i.at, i.duration_s, i.outcome, i.subject, i.body, i.sentiment, i.sentiment_score,
            i.evidence, i.contact_id, i.company_id, i.lead_id, n.name AS "by_name?", i.deleted_at, i.version
         FROM interactions i LEFT JOIN crm_names n ON n.id = i.created_by WHERE i.id = $1"#,
        id
    )
    .fetch_optional(tx)
    .await
}

/// Puts an interaction into the bin, or takes it out; says whether whoever asks may.
pub async fn set_deleted(tx: &mut PgConnection, id: Uuid, deleted: bool, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let changed = sqlx::query!(
        "UPDATE interactions SET deleted_at = CASE WHEN $2 THEN $3::timestamptz END, version = version + 1, updated_at = $3
         WHERE id = $1 AND (deleted_at IS NULL) = $2",
        id,
        deleted,
        now
    )
    .execute(tx)
    .await?;
    Ok(changed.rows_affected() > 0)
}
