//! The SQL of imports.

pub mod companies;
pub mod contacts;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::usecase::Settings;

/// An import as it stands.
#[derive(Clone, Debug)]
pub struct ImportRow {
    /// The id.
    pub id: Uuid,
    /// What its rows are, as a word.
    pub kind: String,
    /// The file's name.
    pub file_name: String,
    /// The headers, or the numbers of columns without one.
    pub headers: Vec<String>,
    /// Of each column some values.
    pub samples: Value,
    /// The field of each column; empty for one that stays aside.
    pub mapping: Vec<String>,
    /// What rows are matched by.
    pub match_key: String,
    /// What becomes of a row that matches.
    pub on_match: String,
    /// The order of day and month, as a word; empty: it is found by the file.
    pub day_order: String,
    /// What stands before decimals, as a word; empty: it is found by the file.
    pub decimals: String,
    /// How it stands, as a word.
    pub state: String,
    /// Who sent the file; none: the command line.
    pub started_by: Option<Uuid>,
    /// Their name.
    pub starter: Option<String>,
    /// Whose rights the job has.
    pub acts_as: Option<Uuid>,
    /// When the file was sent.
    pub created_at: DateTime<Utc>,
    /// When it last began: a dry run, the import, or undoing it.
    pub began_at: Option<DateTime<Utc>>,
    /// When that ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Rows below the headers.
    pub total_rows: i64,
    /// All rows up to this line of the file are done.
    pub after_line: i64,
    /// How many those are.
    pub done_rows: i64,
    /// Records that were made.
    pub created: i64,
    /// Records that were changed.
    pub updated: i64,
    /// Rows that said nothing new.
    pub unchanged: i64,
    /// Rows that were left out because there was a record.
    pub skipped: i64,
    /// Rows that could not be kept.
    pub refused: i64,
    /// Records that an undo set back.
    pub undone: i64,
    /// Records that it left, because somebody has changed them since.
    pub kept: i64,
    /// Why it failed.
    pub failure: Option<String>,
    /// The first records as a dry run would have left them: see [`super::preview`].
    pub preview: Value,
}

/// A new import.
pub struct NewImport<'a> {
    pub id: Uuid,
    pub kind: &'a str,
    pub file_name: &'a str,
    pub header_key: &'a [u8],
    pub headers: &'a [String],
    pub samples: &'a Value,
    pub mapping: &'a [String],
    pub match_key: &'a str,
    pub on_match: &'a str,
    pub by: Option<Uuid>,
    pub total_rows: i64,
    pub at: DateTime<Utc>,
}

/// Adds an import with its file.
pub async fn insert(tx: &mut PgConnection, new: &NewImport<'_>, content: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO imports (id, kind, file_name, header_key, headers, samples, mapping, match_key, on_match, state, started_by, acts_as,
            created_at, total_rows)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'draft', $10, $10, $11, $12)",
        new.id,
        new.kind,
        new.file_name,
        new.header_key,
        new.headers,
        new.samples,
        new.mapping,
        new.match_key,
        new.on_match,
        new.by,
        new.at,
        new.total_rows
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("INSERT INTO import_files (import_id, content) VALUES ($1, $2)", new.id, content).execute(tx).await?;
    Ok(())
}

/// An import.
pub async fn find(tx: &mut PgConnection, id: Uuid) -> Result<Option<ImportRow>, sqlx::Error> {
    sqlx::query_as!(
        ImportRow,
        r#"SELECT i.id, kind, file_name, headers, samples, mapping, match_key, on_match, day_order, decimals, state, started_by, n.name AS "starter?", acts_as,
            created_at, began_at, finished_at, total_rows, after_line, done_rows, created, updated, unchanged, skipped, refused, undone, kept, failure, preview
           FROM imports i LEFT JOIN crm_names n ON n.id = i.started_by WHERE i.id = $1"#,
        id
    )
    .fetch_optional(tx)
    .await
}

/// The latest imports.
pub async fn list(tx: &mut PgConnection, limit: i64) -> Result<Vec<ImportRow>, sqlx::Error> {
    sqlx::query_as!(
        ImportRow,
        r#"SELECT i.id, kind, file_name, headers, samples, mapping, match_key, on_match, day_order, decimals, state, started_by, n.name AS "starter?", acts_as,
            created_at, began_at, finished_at, total_rows, after_line, done_rows, created, updated, unchanged, skipped, refused, undone, kept, failure, preview
           FROM imports i LEFT JOIN crm_names n ON n.id = i.started_by ORDER BY i.created_at DESC, i.id DESC LIMIT $1"#,
        limit
    )
    .fetch_all(tx)
    .await
}

/// The file of an import.
pub async fn content(tx: &mut PgConnection, id: Uuid) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!("SELECT content FROM import_files WHERE import_id = $1", id).fetch_optional(tx).await
}

/// What somebody last said of files with these headers.
pub async fn find_mapping(
    tx: &mut PgConnection,
    user: Uuid,
    kind: &str,
    header_key: &[u8],
) -> Result<Option<Vec<String>>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT mapping FROM import_mappings WHERE user_id = $1 AND kind = $2 AND header_key = $3",
        user,
        kind,
        header_key
    )
    .fetch_optional(tx)
    .await
}

/// Remembers what somebody says of an import's columns.
pub async fn keep_mapping(tx: &mut PgConnection, id: Uuid, user: Uuid, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO import_mappings (user_id, kind, header_key, mapping, used_at)
         SELECT $3, kind, header_key, mapping, $2 FROM imports WHERE id = $1
         ON CONFLICT (user_id, kind, header_key) DO UPDATE SET mapping = EXCLUDED.mapping, used_at = EXCLUDED.used_at",
        id,
        now,
        user
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Settles how an import is to be done, as long as nothing was.
pub async fn settle(tx: &mut PgConnection, id: Uuid, settings: &Settings<'_>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE imports SET mapping = $2, match_key = $3, on_match = $4, day_order = $5, decimals = $6, state = 'draft'
         WHERE id = $1 AND state IN ('draft', 'checked')",
        id,
        &settings.mapping,
        settings.match_key,
        settings.on_match,
        settings.day_order,
        settings.decimals
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Lets an import that stands so begin its next step from the beginning, by the job, which acts as this person.
pub async fn begin(
    tx: &mut PgConnection,
    id: Uuid,
    from: &[&str],
    to: &str,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let from: Vec<String> = from.iter().map(ToString::to_string).collect();
    let begun = sqlx::query!(
        "UPDATE imports SET state = $3, acts_as = $4, lease = NULL, lease_until = $5, began_at = $5, finished_at = NULL, failure = NULL,
            preview = '[]', after_line = 0, done_rows = CASE WHEN $3 = 'undoing' THEN done_rows ELSE 0 END,
            created = CASE WHEN $3 = 'undoing' THEN created ELSE 0 END, updated = CASE WHEN $3 = 'undoing' THEN updated ELSE 0 END,
            unchanged = CASE WHEN $3 = 'undoing' THEN unchanged ELSE 0 END, skipped = CASE WHEN $3 = 'undoing' THEN skipped ELSE 0 END,
            refused = CASE WHEN $3 = 'undoing' THEN refused ELSE 0 END
         WHERE id = $1 AND state = ANY($2)",
        id,
        &from,
        to,
        by,
        now
    )
    .execute(&mut *tx)
    .await?
    .rows_affected()
        == 1;
    if begun && to != "undoing" {
        sqlx::query!("DELETE FROM import_problems WHERE import_id = $1", id).execute(tx).await?;
    }
    Ok(begun)
}

/// Ends an import that stands so.
pub async fn end(
    tx: &mut PgConnection,
    id: Uuid,
    from: &str,
    to: &str,
    failure: Option<&str>,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let ended = sqlx::query!(
        "UPDATE imports SET state = $3, failure = $4, finished_at = $5, lease = NULL, lease_until = NULL WHERE id = $1 AND state = $2",
        id,
        from,
        to,
        failure,
        now
    )
    .execute(tx)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Forgets an import of which nothing was done.
pub async fn discard(tx: &mut PgConnection, id: Uuid) -> Result<bool, sqlx::Error> {
    let gone = sqlx::query!("DELETE FROM imports WHERE id = $1 AND state IN ('draft', 'checked')", id).execute(tx).await?;
    Ok(gone.rows_affected() == 1)
}

/// Takes an import that waits for work, or that its process has left; no other takes it until then.
pub async fn take_due(
    tx: &mut PgConnection,
    lease: Uuid,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "UPDATE imports SET lease = $1, lease_until = $3 WHERE id = (
            SELECT id FROM imports WHERE state IN ('checking', 'running', 'undoing') AND lease_until <= $2
            ORDER BY lease_until, id LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING id",
        lease,
        now,
        until
    )
    .fetch_optional(tx)
    .await
}

/// Holds an import for longer, and its row until the transaction's end; says whether it still is this process's, and stands so.
pub async fn hold(tx: &mut PgConnection, id: Uuid, lease: Uuid, state: &str, until: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let held =
        sqlx::query!("UPDATE imports SET lease_until = $4 WHERE id = $1 AND lease = $2 AND state = $3", id, lease, state, until)
            .execute(tx)
            .await?;
    Ok(held.rows_affected() == 1)
}

/// Waits until no other import writes: two that bring the same person must not both find nobody.
pub async fn alone(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('imports')) IS NULL AS waited").fetch_one(tx).await?;
    Ok(())
}

/// What came of a batch of rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub rows: i64,
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub skipped: i64,
    pub refused: i64,
}

/// Notes how far an import has come.
pub async fn progress(tx: &mut PgConnection, id: Uuid, after_line: i64, counts: Counts) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE imports SET after_line = $2, done_rows = done_rows + $3, created = created + $4, updated = updated + $5,
            unchanged = unchanged + $6, skipped = skipped + $7, refused = refused + $8 WHERE id = $1",
        id,
        after_line,
        counts.rows,
        counts.created,
        counts.updated,
        counts.unchanged,
        counts.skipped,
        counts.refused
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Keeps the first records as a dry run would have left them.
pub async fn keep_preview(tx: &mut PgConnection, id: Uuid, preview: &Value) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE imports SET preview = preview || $2 WHERE id = $1", id, preview).execute(tx).await?;
    Ok(())
}

/// The uploads of somebody that are not finished: how many, and the name of the oldest.
pub async fn unfinished(tx: &mut PgConnection, user: Uuid) -> Result<(i64, Option<String>), sqlx::Error> {
    let found = sqlx::query!(
        r#"SELECT count(*) AS "count!", (array_agg(file_name ORDER BY created_at, id))[1] AS oldest FROM imports
           WHERE started_by = $1 AND state IN ('draft', 'checked')"#,
        user
    )
    .fetch_one(tx)
    .await?;
    Ok((found.count, found.oldest))
}

/// Records that an import has made or changed, and that are there: whether it is a company, id, name and whether it was made.
pub async fn list_changed(tx: &mut PgConnection, id: Uuid, limit: i64) -> Result<Vec<(bool, Uuid, String, bool)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT ch.entity = 'company' AS "is_company!", ch.record_id, ch.was_created,
               coalesce(nullif(btrim(c.first_name || ' ' || c.last_name), ''), c.email, c.phone, o.name, '') AS "name!"
           FROM import_changes ch LEFT JOIN seen_contacts c ON ch.entity = 'contact' AND c.id = ch.record_id AND c.deleted_at IS NULL
           LEFT JOIN seen_companies o ON ch.entity = 'company' AND o.id = ch.record_id AND o.deleted_at IS NULL
           WHERE ch.import_id = $1 AND (c.id IS NOT NULL OR o.id IS NOT NULL) ORDER BY ch.entity DESC, ch.record_id LIMIT $2"#,
        id,
        limit
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|r| (r.is_company, r.record_id, r.name, r.was_created)).collect())
}

/// Keeps rows with their problems: `[{"line", "refused", "problems", "cells"}]`.
pub async fn keep_problems(tx: &mut PgConnection, id: Uuid, rows: &Value) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO import_problems (import_id, line, refused, problems, cells)
         SELECT $1, line, refused, problems, cells
         FROM jsonb_to_recordset($2) AS r(line bigint, refused boolean, problems jsonb, cells text[])
         ON CONFLICT DO NOTHING",
        id,
        rows
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A row with what is wrong in it.
#[derive(Debug)]
pub struct ProblemRow {
    pub line: i64,
    pub refused: bool,
    pub problems: Value,
    pub cells: Vec<String>,
}

/// Rows with problems, from after a line on.
pub async fn problems(tx: &mut PgConnection, id: Uuid, after: i64, limit: i64) -> Result<Vec<ProblemRow>, sqlx::Error> {
    sqlx::query_as!(
        ProblemRow,
        "SELECT line, refused, problems, cells FROM import_problems WHERE import_id = $1 AND line > $2 ORDER BY line LIMIT $3",
        id,
        after,
        limit
    )
    .fetch_all(tx)
    .await
}

/// How many rows have problems.
pub async fn count_problems(tx: &mut PgConnection, id: Uuid) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM import_problems WHERE import_id = $1"#, id).fetch_one(tx).await
}

/// Somebody whom the job acts as.
pub struct PersonRow {
    pub id: Uuid,
    pub name: String,
    pub email: String,
    pub role: String,
    pub team_id: Option<Uuid>,
}

/// Somebody who may still sign in.
pub async fn person(tx: &mut PgConnection, id: Uuid) -> Result<Option<PersonRow>, sqlx::Error> {
    sqlx::query_as!(PersonRow, "SELECT id, name, email, role, team_id FROM users WHERE id = $1 AND status = 'active'", id)
        .fetch_optional(tx)
        .await
}

/// Those who may own records: id and name.
pub async fn owners(tx: &mut PgConnection) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    let rows = sqlx::query!(r#"SELECT id AS "id!", name AS "name!" FROM crm_owners"#).fetch_all(tx).await?;
    Ok(rows.into_iter().map(|r| (r.id, r.name)).collect())
}

/// Hands records that an import has just made over to an owner.
pub async fn assign(
    tx: &mut PgConnection,
    import: Uuid,
    table: &str,
    ids: &[Uuid],
    owner: Uuid,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT crm_assign($1, $2, $3, $4)", table, ids, owner, now).fetch_all(&mut *tx).await?;
    sqlx::query!("UPDATE import_changes SET version = version + 1 WHERE import_id = $1 AND record_id = ANY($2)", import, ids)
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes back some of what an import did; gives how many records were set back and how many stay, or nothing when all is done.
/// Contacts come before the companies that they are in.
pub async fn undo_some(tx: &mut PgConnection, id: Uuid, limit: i64, now: DateTime<Utc>) -> Result<Option<(i64, i64)>, sqlx::Error> {
    let some = sqlx::query!(
        "SELECT record_id, entity FROM import_changes WHERE import_id = $1 AND NOT kept ORDER BY entity DESC, record_id LIMIT $2",
        id,
        limit
    )
    .fetch_all(&mut *tx)
    .await?;
    if some.is_empty() {
        return Ok(None);
    }
    let of = |entity: &str| some.iter().filter(|r| r.entity == entity).map(|r| r.record_id).collect::<Vec<_>>();
    let (people, firms) = (of("contact"), of("company"));
    let mut back = contacts::undo(tx, id, &people, now).await?;
    // All contacts first: a company with somebody in it stays.
    let firms = if people.is_empty() { firms } else { Vec::new() };
    back.extend(companies::undo(tx, id, &firms, now).await?);
    sqlx::query!("DELETE FROM import_changes WHERE import_id = $1 AND record_id = ANY($2)", id, &back).execute(&mut *tx).await?;
    let tried: Vec<Uuid> = people.iter().chain(&firms).copied().collect();
    let kept = sqlx::query!("UPDATE import_changes SET kept = true WHERE import_id = $1 AND record_id = ANY($2)", id, &tried)
        .execute(&mut *tx)
        .await?
        .rows_affected();
    let (undone, kept) = (back.len() as i64, i64::try_from(kept).unwrap_or(i64::MAX));
    sqlx::query!("UPDATE imports SET undone = undone + $2, kept = kept + $3 WHERE id = $1", id, undone, kept).execute(tx).await?;
    Ok(Some((undone, kept)))
}

/// Records that an undo left as they are: entity and id.
pub async fn list_kept(tx: &mut PgConnection, id: Uuid, limit: i64) -> Result<Vec<(String, Uuid, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT ch.entity, ch.record_id, coalesce(c.sort_name, o.name, '') AS "name!" FROM import_changes ch
           LEFT JOIN seen_contacts c ON c.id = ch.record_id LEFT JOIN seen_companies o ON o.id = ch.record_id
           WHERE ch.import_id = $1 AND ch.kept ORDER BY ch.record_id LIMIT $2"#,
        id,
        limit
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|r| (r.entity, r.record_id, r.name)).collect())
}

/// Forgets files and earlier values of imports of before then, and uploads of before `unfinished` that nobody has started.
pub async fn trim(tx: &mut PgConnection, before: DateTime<Utc>, unfinished: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM imports WHERE created_at < $1 AND state NOT IN ('checking', 'running', 'undoing')
            OR created_at < $2 AND state IN ('draft', 'checked')",
        before,
        unfinished
    )
    .execute(tx)
    .await?;
    Ok(())
}
