//! The SQL of tasks. A task is seen and changed by whoever sees its owner's records; the database holds that.

pub mod feed;
pub mod interactions;
pub mod privacy;
pub mod templates;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::tasks::Target;

/// A task as it stands in the database, with the names of what it is about as far as whoever asks may see them.
#[derive(Clone, Debug)]
pub struct TaskRow {
    pub id: Uuid,
    pub title: String,
    pub notes: Option<String>,
    pub kind: String,
    pub priority: i16,
    pub due_on: Option<NaiveDate>,
    pub due_at: Option<DateTime<Utc>>,
    pub recurrence: Option<String>,
    pub series_start: Option<NaiveDate>,
    pub remind: Option<String>,
    pub owner_id: Option<Uuid>,
    pub owner_name: Option<String>,
    pub contact_id: Option<Uuid>,
    pub contact_name: Option<String>,
    pub company_id: Option<Uuid>,
    pub company_name: Option<String>,
    pub lead_id: Option<Uuid>,
    pub lead_name: Option<String>,
    pub done_at: Option<DateTime<Utc>>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

/// What is written of a task.
#[derive(Clone, Debug)]
pub struct TaskValues<'a> {
    pub title: &'a str,
    pub notes: Option<&'a str>,
    pub kind: &'a str,
    pub priority: i16,
    pub due_on: Option<NaiveDate>,
    pub due_at: Option<DateTime<Utc>>,
    pub recurrence: Option<&'a str>,
    pub series_start: Option<NaiveDate>,
    pub remind: Option<&'a str>,
    pub remind_at: Option<DateTime<Utc>>,
}

/// The ids of what a task is about.
pub fn links(target: Option<Target>) -> (Option<Uuid>, Option<Uuid>, Option<Uuid>) {
    match target {
        None => (None, None, None),
        Some(Target::Contact(id)) => (Some(id.0), None, None),
        Some(Target::Company(id)) => (None, Some(id.0), None),
        Some(Target::Lead(id)) => (None, None, Some(id.0)),
    }
}

/// Adds a task; says whether it is new: there is one of an id, and one of those that follow the same one.
pub async fn insert_task(
    tx: &mut PgConnection,
    id: Uuid,
    values: &TaskValues<'_>,
    (owner, by): (Option<Uuid>, Option<Uuid>),
    target: (Option<Uuid>, Option<Uuid>, Option<Uuid>),
    follows: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let added = sqlx::query!(
        "INSERT INTO tasks (id, title, notes, kind, priority, due_on, due_at, recurrence, series_start, remind, remind_at, owner_id,
            contact_id, company_id, lead_id, follows, created_at, updated_at, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17, $18)
         ON CONFLICT DO NOTHING",
        id,
        values.title,
        values.notes,
        values.kind,
        values.priority,
        values.due_on,
        values.due_at,
        values.recurrence,
        values.series_start,
        values.remind,
        values.remind_at,
        owner,
        target.0,
        target.1,
        target.2,
        follows,
        now,
        by
    )
    .execute(tx)
    .await?;
    Ok(added.rows_affected() > 0)
}

/// Whether a task is the same that somebody made before.
pub async fn is_again(tx: &mut PgConnection, id: Uuid, title: &str, by: Option<Uuid>) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM tasks WHERE id = $1 AND title = $2 AND created_by = $3) AS "again!""#,
        id,
        title,
        by
    )
    .fetch_one(tx)
    .await
}

/// Changes what is written of a task; says whether it was there at this version.
pub async fn update_task(
    tx: &mut PgConnection,
    (id, version): (Uuid, i32),
    values: &TaskValues<'_>,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    // Whoever sets another time is reminded again.
    let changed = sqlx::query!(
        "UPDATE tasks SET title = $3, notes = $4, kind = $5, priority = $6, due_on = $7, due_at = $8, recurrence = $9,
            series_start = $10, remind = $11, remind_at = $12,
            reminded_at = CASE WHEN remind_at IS DISTINCT FROM $12 THEN NULL ELSE reminded_at END,
            version = version + 1, updated_at = $13
         WHERE id = $1 AND version = $2 AND deleted_at IS NULL",
        id,
        version,
        values.title,
        values.notes,
        values.kind,
        values.priority,
        values.due_on,
        values.due_at,
        values.recurrence,
        values.series_start,
        values.remind,
        values.remind_at,
        now
    )
    .execute(tx)
    .await?;
    Ok(changed.rows_affected() > 0)
}

/// Hands a task over; fails where there is nobody of that id who could own it.
pub async fn assign(tx: &mut PgConnection, id: Uuid, owner: Option<Uuid>, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(r#"SELECT id AS "id?" FROM crm_assign('tasks', ARRAY[$1::uuid], $2, $3) AS t (id)"#, id, owner, now)
        .fetch_all(tx)
        .await?;
    Ok(())
}

/// Holds a task for a change; nothing where there is none that whoever asks may change.
pub async fn lock_task(tx: &mut PgConnection, id: Uuid) -> Result<Option<()>, sqlx::Error> {
    Ok(sqlx::query!("SELECT id FROM tasks WHERE id = $1 FOR UPDATE", id).fetch_optional(tx).await?.map(|_| ()))
}

/// Marks a task as done, or as not.
pub async fn set_done(
    tx: &mut PgConnection,
    id: Uuid,
    done: Option<(DateTime<Utc>, Option<Uuid>)>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE tasks SET done_at = $2, done_by = $3, version = version + 1, updated_at = $4 WHERE id = $1",
        id,
        done.map(|(at, _)| at),
        done.and_then(|(_, by)| by),
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Puts a task into the bin, or takes it out.
pub async fn set_deleted(tx: &mut PgConnection, id: Uuid, deleted: bool, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE tasks SET deleted_at = CASE WHEN $2 THEN $3::timestamptz END, version = version + 1, updated_at = $3 WHERE id = $1",
        id,
        deleted,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Tasks with the names of what they are about, by what is asked of them.
macro_rules! tasks {
    ($asked:tt, $($value:expr),* $(,)?) => {
        sqlx::query_as!(
            TaskRow,
            r#"SELECT t.id, t.title, t.notes, t.kind, t.priority, t.due_on, t.due_at, t.recurrence, t.series_start, t.remind,
                t.owner_id, o.name AS "owner_name?", t.contact_id,
                coalesce(nullif(btrim(c.first_name || ' ' || c.last_name), ''), c.email, c.phone) AS "contact_name?",
                t.company_id, p.name AS "company_name?", t.lead_id,
                coalesce(nullif(btrim(l.first_name || ' ' || l.last_name), ''), l.email, l.phone) AS "lead_name?",
                t.done_at, t.deleted_at, t.updated_at, t.version
             FROM tasks t LEFT JOIN crm_names o ON o.id = t.owner_id LEFT JOIN contacts c ON c.id = t.contact_id
                LEFT JOIN companies p ON p.id = t.company_id LEFT JOIN leads l ON l.id = t.lead_id "#
                + $asked,
            $($value),*
        )
    };
}

/// One task, also one in the bin.
pub async fn find_task(tx: &mut PgConnection, id: Uuid) -> Result<Option<TaskRow>, sqlx::Error> {
    tasks!(r#"WHERE t.id = $1"#, id).fetch_optional(tx).await
}

/// Whose tasks are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owners {
    /// All that whoever asks may see.
    All,
    /// Those that nobody owns.
    Nobodys,
    /// One's.
    One(Uuid),
}

impl Owners {
    const fn parts(self) -> (bool, Option<Uuid>) {
        match self {
            Self::All => (true, None),
            Self::Nobodys => (false, None),
            Self::One(id) => (false, Some(id)),
        }
    }
}

/// Days, from the first to the last, and the instants at which they begin and end for a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    pub first: NaiveDate,
    pub last: NaiveDate,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// The place of a task that is not done in a list: its day and its time, if it has them, and its id.
pub type OpenPlace = (Option<NaiveDate>, Option<DateTime<Utc>>, Uuid);

/// Tasks that are not done, of days or of any, the nearest first, after a place.
pub async fn list_open(
    tx: &mut PgConnection,
    owners: Owners,
    days: Option<Days>,
    after: Option<OpenPlace>,
    limit: i64,
) -> Result<Vec<TaskRow>, sqlx::Error> {
    let (all, owner) = owners.parts();
    let (first, last) = (days.map(|d| d.first), days.map(|d| d.last));
    // A task with a time is of the reader's day, which may be the one before or after its owner's.
    tasks!(
        r#"WHERE t.deleted_at IS NULL AND t.done_at IS NULL AND ($1 OR t.owner_id = $2 OR $2::uuid IS NULL AND t.owner_id IS NULL)
            AND ($3::date IS NULL OR coalesce(t.due_on, 'infinity') BETWEEN $3 - 1 AND $4::date + 1
                AND CASE WHEN t.due_at IS NULL THEN t.due_on BETWEEN $3 AND $4 ELSE t.due_at >= $5 AND t.due_at < $6 END)
            AND (coalesce(t.due_on, 'infinity'), coalesce(t.due_at, 'infinity'), t.id)
                > (coalesce($7::date, CASE WHEN $11 THEN 'infinity'::date ELSE '-infinity' END),
                    coalesce($8::timestamptz, CASE WHEN $11 THEN 'infinity'::timestamptz ELSE '-infinity' END), $9)
         ORDER BY coalesce(t.due_on, 'infinity'), coalesce(t.due_at, 'infinity'), t.id LIMIT $10"#,
        all,
        owner,
        first,
        last,
        days.map(|d| d.from),
        days.map(|d| d.to),
        after.and_then(|(on, ..)| on),
        after.and_then(|(_, at, _)| at),
        after.map_or(Uuid::nil(), |(.., id)| id),
        limit,
        after.is_some()
    )
    .fetch_all(tx)
    .await
}

/// Tasks whose day or time is over, the oldest first, after a place.
pub async fn list_overdue(
    tx: &mut PgConnection,
    owners: Owners,
    (today, now): (NaiveDate, DateTime<Utc>),
    after: Option<OpenPlace>,
    limit: i64,
) -> Result<Vec<TaskRow>, sqlx::Error> {
    let (all, owner) = owners.parts();
    tasks!(
        r#"WHERE t.deleted_at IS NULL AND t.done_at IS NULL AND ($1 OR t.owner_id = $2 OR $2::uuid IS NULL AND t.owner_id IS NULL)
            AND coalesce(t.due_on, 'infinity') <= $3::date + 1 AND CASE WHEN t.due_at IS NULL THEN t.due_on < $3 ELSE t.due_at < $4 END
            AND (coalesce(t.due_on, 'infinity'), coalesce(t.due_at, 'infinity'), t.id)
                > (coalesce($5::date, CASE WHEN $9 THEN 'infinity'::date ELSE '-infinity' END),
                    coalesce($6::timestamptz, CASE WHEN $9 THEN 'infinity'::timestamptz ELSE '-infinity' END), $7)
         ORDER BY coalesce(t.due_on, 'infinity'), coalesce(t.due_at, 'infinity'), t.id LIMIT $8"#,
        all,
        owner,
        today,
        now,
        after.and_then(|(on, ..)| on),
        after.and_then(|(_, at, _)| at),
        after.map_or(Uuid::nil(), |(.., id)| id),
        limit,
        after.is_some()
    )
    .fetch_all(tx)
    .await
}

/// Tasks that are done, the latest first, after a place.
pub async fn list_done(
    tx: &mut PgConnection,
    owners: Owners,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<TaskRow>, sqlx::Error> {
    let (all, owner) = owners.parts();
    tasks!(
        r#"WHERE t.deleted_at IS NULL AND t.done_at IS NOT NULL AND ($1 OR t.owner_id = $2 OR $2::uuid IS NULL AND t.owner_id IS NULL)
            AND (t.done_at, t.id) < (coalesce($3::timestamptz, 'infinity'), $4)
         ORDER BY t.done_at DESC, t.id DESC LIMIT $5"#,
        all,
        owner,
        after.map(|(at, _)| at),
        after.map_or(Uuid::max(), |(_, id)| id),
        limit
    )
    .fetch_all(tx)
    .await
}

/// Tasks about a contact, a company or a lead: those that are not done first, by their day, then the latest that are.
pub async fn list_of(
    tx: &mut PgConnection,
    target: (Option<Uuid>, Option<Uuid>, Option<Uuid>),
    limit: i64,
) -> Result<Vec<TaskRow>, sqlx::Error> {
    tasks!(
        r#"WHERE t.deleted_at IS NULL AND (t.contact_id = $1 OR t.company_id = $2 OR t.lead_id = $3)
         ORDER BY t.done_at DESC NULLS FIRST, coalesce(t.due_on, 'infinity'), coalesce(t.due_at, 'infinity'), t.id LIMIT $4"#,
        target.0,
        target.1,
        target.2,
        limit
    )
    .fetch_all(tx)
    .await
}

/// The zone that an account has settled on.
pub async fn find_zone(tx: &mut PgConnection, owner: Uuid) -> Result<Option<String>, sqlx::Error> {
    Ok(sqlx::query_scalar!("SELECT time_zone FROM crm_zones WHERE id = $1", owner).fetch_optional(tx).await?.flatten())
}

/// Who can own a task: id and name, by name.
pub async fn list_owners(tx: &mut PgConnection) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    let rows = sqlx::query!(r#"SELECT id AS "id!", name AS "name!" FROM crm_owners ORDER BY lower(name), id LIMIT 500"#)
        .fetch_all(tx)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Whether whoever asks sees what a task is to be about.
pub async fn sees(tx: &mut PgConnection, target: (Option<Uuid>, Option<Uuid>, Option<Uuid>)) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT (EXISTS (SELECT FROM contacts WHERE id = $1 AND deleted_at IS NULL)
            OR EXISTS (SELECT FROM companies WHERE id = $2 AND deleted_at IS NULL)
            OR EXISTS (SELECT FROM leads WHERE id = $3 AND deleted_at IS NULL)) AS "sees!""#,
        target.0,
        target.1,
        target.2
    )
    .fetch_one(tx)
    .await
}

/// What is called so, or has that address, as far as whoever asks sees it: its kind and its id; two of several.
pub async fn find_called(tx: &mut PgConnection, text: &str) -> Result<Vec<(String, Uuid)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT kind AS "kind!", id AS "id!" FROM (
            (SELECT 'contact' AS kind, id FROM seen_contacts WHERE deleted_at IS NULL AND (sort_name = crm_fold($1) OR email = lower($1)) LIMIT 2)
            UNION ALL
            (SELECT 'company', id FROM seen_companies WHERE deleted_at IS NULL AND sort_name = crm_fold($1) LIMIT 2)
            UNION ALL
            (SELECT 'lead', id FROM seen_leads WHERE deleted_at IS NULL AND status IN ('new', 'contacted', 'qualified')
                AND (sort_name = crm_fold($1) OR email = lower($1)) LIMIT 2)) AS called LIMIT 2"#,
        text
    );
    Ok(rows.fetch_all(tx).await?.into_iter().map(|row| (row.kind, row.id)).collect())
}

/// The latest contacts, companies and open leads that whoever asks sees: what each is found by, its address or else its name; and its
/// name.
pub async fn list_latest(tx: &mut PgConnection) -> Result<Vec<(String, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT coalesce(email, name) AS "by!", name AS "name!" FROM (
            (SELECT email, btrim(first_name || ' ' || last_name) AS name FROM seen_contacts WHERE deleted_at IS NULL
             ORDER BY updated_at DESC, id DESC LIMIT 20)
            UNION ALL
            (SELECT NULL, name FROM seen_companies WHERE deleted_at IS NULL ORDER BY updated_at DESC, id DESC LIMIT 20)
            UNION ALL
            (SELECT email, btrim(first_name || ' ' || last_name) FROM seen_leads WHERE deleted_at IS NULL
                AND status IN ('new', 'contacted', 'qualified') ORDER BY created_at DESC, id DESC LIMIT 20)) AS latest
           WHERE coalesce(email, name) <> ''"#
    );
    Ok(rows.fetch_all(tx).await?.into_iter().map(|row| (row.by, row.name)).collect())
}

/// A task whose owner is to be reminded of it.
#[derive(Clone, Debug)]
pub struct RemindRow {
    pub title: String,
    pub due_on: Option<NaiveDate>,
    pub due_at: Option<DateTime<Utc>>,
    pub owner_id: Uuid,
    pub language: Option<String>,
    pub time_zone: Option<String>,
}

/// Notes of some tasks, `limit` at the most (a plan may ask again for what stands behind `IN`, and get others), that their owners are reminded of them now, and gives them; no other process gets the same.
pub async fn take_reminders(tx: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Result<Vec<RemindRow>, sqlx::Error> {
    sqlx::query_as!(
        RemindRow,
        r#"UPDATE tasks t SET reminded_at = $1 FROM users u
         WHERE u.id = t.owner_id AND u.status = 'active' AND t.id = ANY(ARRAY(
            SELECT id FROM tasks WHERE remind_at <= $1 AND remind_at IS NOT NULL AND reminded_at IS NULL AND done_at IS NULL
                AND deleted_at IS NULL AND owner_id IN (SELECT id FROM users WHERE status = 'active')
            ORDER BY remind_at LIMIT $2 FOR UPDATE SKIP LOCKED))
         RETURNING t.title, t.due_on, t.due_at, u.id AS owner_id, u.language, u.time_zone"#,
        now,
        limit
    )
    .fetch_all(tx)
    .await
}
