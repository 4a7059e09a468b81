//! The SQL of merges and of what they change.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Row;

/// A contact as it stands, locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locked {
    /// The id.
    pub id: Uuid,
    /// Whether it is deleted.
    pub deleted: bool,
    /// What it was merged into.
    pub merged_into: Option<Uuid>,
}

/// Locks contacts, in the order of their ids, whatever order they are asked for in; only those that the actor may change.
pub async fn lock_contacts(tx: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Locked>, sqlx::Error> {
    sqlx::query_as!(
        Locked,
        r#"SELECT id, deleted_at IS NOT NULL AS "deleted!", merged_into FROM contacts WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"#,
        ids
    )
    .fetch_all(tx)
    .await
}

/// Writes all fields of a contact.
pub async fn update_contact(tx: &mut PgConnection, row: &Row, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE contacts SET first_name = $2, last_name = $3, email = $4, phone = $5, other_emails = $6, other_phones = $7, title = $8,
            company_id = $9, city = $10, country = $11, language = $12, birthday = $13, lifecycle = $14, source = $15, notes = $16,
            usage_user_id = $17, owner_id = $18, tags = $19, custom = $20, version = version + 1, updated_at = $21
         WHERE id = $1",
        row.id,
        row.first_name,
        row.last_name,
        row.email,
        row.phone,
        &row.other_emails,
        &row.other_phones,
        row.title,
        row.company_id,
        row.city,
        row.country,
        row.language,
        row.birthday,
        row.lifecycle,
        row.source,
        row.notes,
        row.usage_user_id,
        row.owner_id,
        &row.tags,
        row.custom,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Deletes a contact as one that was merged into another.
pub async fn mark_merged(tx: &mut PgConnection, loser: Uuid, winner: Uuid, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE contacts SET deleted_at = $3, merged_into = $2, version = version + 1, updated_at = $3 WHERE id = $1",
        loser,
        winner,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Brings a merged contact back; without its link to GENESIS's user where another has it by now. Whether it kept it.
pub async fn bring_back(tx: &mut PgConnection, loser: Uuid, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let kept = sqlx::query_scalar!(
        r#"SELECT usage_user_id IS NULL OR NOT contact_user_taken(usage_user_id, id) AS "kept!" FROM contacts WHERE id = $1"#,
        loser
    )
    .fetch_one(&mut *tx)
    .await?;
    sqlx::query!(
        "UPDATE contacts SET deleted_at = NULL, merged_into = NULL, version = version + 1, updated_at = $3,
            usage_user_id = CASE WHEN $2 THEN usage_user_id END
         WHERE id = $1",
        loser,
        kept,
        now
    )
    .execute(tx)
    .await?;
    Ok(kept)
}

/// Moves what hangs on one contact to another; gives the ids by table. Without `only` all of it.
pub async fn move_relations(
    tx: &mut PgConnection,
    source: Uuid,
    target: Uuid,
    only: Option<&Value>,
    now: DateTime<Utc>,
) -> Result<Value, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT contact_move($1, $2, $3, $4) AS "moved!""#, source, target, only, now).fetch_one(tx).await
}

/// A merge.
#[derive(Clone, Debug)]
pub struct MergeRow {
    /// The id.
    pub id: Uuid,
    /// The contact that stays.
    pub winner_id: Uuid,
    /// The contact that went.
    pub loser_id: Uuid,
    /// When.
    pub merged_at: DateTime<Utc>,
    /// What stays, before.
    pub winner_before: Value,
    /// And after.
    pub winner_after: Value,
    /// What went.
    pub loser_before: Value,
    /// What was moved.
    pub moved: Value,
    /// When it was undone.
    pub undone_at: Option<DateTime<Utc>>,
}

/// Writes down a merge.
pub async fn insert_merge(tx: &mut PgConnection, row: &MergeRow, by: Option<Uuid>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO contact_merges (id, winner_id, loser_id, merged_at, merged_by, winner_before, winner_after, loser_before, moved)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        row.id,
        row.winner_id,
        row.loser_id,
        row.merged_at,
        by,
        row.winner_before,
        row.winner_after,
        row.loser_before,
        row.moved
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A merge that the actor may undo.
pub async fn find_merge(tx: &mut PgConnection, id: Uuid) -> Result<Option<MergeRow>, sqlx::Error> {
    sqlx::query_as!(
        MergeRow,
        "SELECT id, winner_id, loser_id, merged_at, winner_before, winner_after, loser_before, moved, undone_at FROM contact_merges
         WHERE id = $1",
        id
    )
    .fetch_optional(tx)
    .await
}

/// The latest merges that are not undone and that the actor may undo.
pub async fn list_merges(tx: &mut PgConnection, limit: i64) -> Result<Vec<MergeRow>, sqlx::Error> {
    sqlx::query_as!(
        MergeRow,
        "SELECT id, winner_id, loser_id, merged_at, winner_before, winner_after, loser_before, moved, undone_at FROM contact_merges
         WHERE undone_at IS NULL ORDER BY merged_at DESC, id DESC LIMIT $1",
        limit
    )
    .fetch_all(tx)
    .await
}

/// Notes that a merge is undone.
pub async fn mark_undone(tx: &mut PgConnection, id: Uuid, by: Option<Uuid>, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE contact_merges SET undone_at = $3, undone_by = $2 WHERE id = $1", id, by, now).execute(tx).await?;
    Ok(())
}

/// Notes of the pair of two contacts what was decided, and drops the loser's other open pairs.
pub async fn settle_pair(
    tx: &mut PgConnection,
    (winner, loser): (Uuid, Uuid),
    state: &str,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO duplicate_pairs (id, a, b, score, state, found_at, decided_at, decided_by)
         VALUES ($1, least($2::uuid, $3), greatest($2, $3), 1, $4, $6, $6, $5)
         ON CONFLICT (a, b) DO UPDATE SET state = $4, decided_at = $6, decided_by = $5",
        Uuid::now_v7(),
        winner,
        loser,
        state,
        by,
        now
    )
    .execute(&mut *tx)
    .await?;
    if state == "merged" {
        sqlx::query!("DELETE FROM duplicate_pairs WHERE state = 'open' AND (a = $1 OR b = $1)", loser).execute(tx).await?;
    }
    Ok(())
}

/// The contact that one stands for by now: itself, or what it was merged into, however often.
pub async fn find_standing(tx: &mut PgConnection, id: Uuid) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!("SELECT contact_standing($1)", id).fetch_one(tx).await
}
