//! The SQL of those who take leads.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{
    crm::LeadId,
    lead::assign::{Candidate, Seniority},
    people::UserId,
};

/// Somebody who takes leads, or could.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignee {
    /// Who.
    pub user: UserId,
    /// The name.
    pub name: String,
    /// How they take part; none of those who do not.
    pub part: Option<(Seniority, i32)>,
    /// How many open leads they have.
    pub open: i64,
}

/// Everybody who could own a lead, those who take part first.
pub async fn list_assignees(tx: &mut PgConnection) -> Result<Vec<Assignee>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT o.id AS "id!", o.name AS "name!", a.seniority AS "seniority?", a.capacity AS "capacity?",
               (SELECT count(*) FROM leads l WHERE l.owner_id = o.id AND l.deleted_at IS NULL
                  AND l.status IN ('new', 'contacted', 'qualified')) AS "open!"
           FROM crm_owners o LEFT JOIN lead_assignees a ON a.user_id = o.id
           ORDER BY a.user_id IS NULL, a.seniority DESC, o.name, o.id LIMIT 500"#
    );
    Ok(rows
        .fetch_all(tx)
        .await?
        .into_iter()
        .map(|row| Assignee {
            user: UserId(row.id),
            name: row.name,
            part: row.seniority.as_deref().and_then(Seniority::parse).zip(row.capacity),
            open: row.open,
        })
        .collect())
}

/// Those who take part and may still sign in, held against everybody else who hands out leads.
pub async fn lock_candidates(tx: &mut PgConnection) -> Result<Vec<Candidate>, sqlx::Error> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('lead_assignment'))").fetch_one(&mut *tx).await?;
    let rows = sqlx::query!(
        r#"SELECT a.user_id, a.seniority, a.capacity, a.turn,
               (SELECT count(*) FROM leads l WHERE l.owner_id = a.user_id AND l.deleted_at IS NULL
                  AND l.status IN ('new', 'contacted', 'qualified')) AS "open!"
           FROM lead_assignees a JOIN crm_owners o ON o.id = a.user_id"#
    );
    Ok(rows
        .fetch_all(tx)
        .await?
        .into_iter()
        .filter_map(|row| {
            Some(Candidate {
                user: UserId(row.user_id),
                seniority: Seniority::parse(&row.seniority)?,
                capacity: i64::from(row.capacity),
                open: row.open,
                turn: row.turn,
            })
        })
        .collect())
}

/// Gives a lead to somebody, whose turn is over by that. Gives the name.
pub async fn give(tx: &mut PgConnection, lead: LeadId, to: UserId, now: DateTime<Utc>) -> Result<String, sqlx::Error> {
    sqlx::query!("UPDATE leads SET owner_id = $2, updated_at = $3, version = version + 1 WHERE id = $1", lead.0, to.0, now)
        .execute(&mut *tx)
        .await?;
    sqlx::query!("UPDATE lead_assignees SET turn = 1 + (SELECT max(turn) FROM lead_assignees) WHERE user_id = $1", to.0)
        .execute(&mut *tx)
        .await?;
    sqlx::query_scalar!(r#"SELECT name AS "name!" FROM crm_names WHERE id = $1"#, to.0).fetch_one(tx).await
}

/// Lets somebody take part, otherwise than before or anew.
pub async fn upsert_assignee(tx: &mut PgConnection, user: UserId, seniority: Seniority, capacity: i32) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO lead_assignees (user_id, seniority, capacity) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET seniority = excluded.seniority, capacity = excluded.capacity",
        user.0,
        seniority.as_str(),
        capacity
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Lets somebody not take part any more.
pub async fn delete_assignee(tx: &mut PgConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM lead_assignees WHERE user_id = $1", user.0).execute(tx).await?;
    Ok(())
}

/// How somebody who could own a lead takes part: the name, and the part.
pub async fn find_assignee(tx: &mut PgConnection, user: Uuid) -> Result<Option<(String, Option<(Seniority, i32)>)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT o.name AS "name!", a.seniority AS "seniority?", a.capacity AS "capacity?"
           FROM crm_owners o LEFT JOIN lead_assignees a ON a.user_id = o.id WHERE o.id = $1"#,
        user
    );
    let row = row.fetch_optional(tx).await?;
    Ok(row.map(|row| (row.name, row.seniority.as_deref().and_then(Seniority::parse).zip(row.capacity))))
}
