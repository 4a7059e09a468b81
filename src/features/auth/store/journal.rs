//! The SQL of reading the journal.

use sqlx::PgConnection;

use crate::{features::auth::journal::Found, platform::db::contains};

/// Entries of the journal that the actor may see, newest first, with so many characters of their details at the most: those that hold a
/// text in names, addresses, id or event, and those of certain events.
pub async fn list_journal(
    tx: &mut PgConnection,
    search: &str,
    events: &[String],
    before: Option<i64>,
    limit: i64,
    most: i32,
) -> Result<Vec<Found>, sqlx::Error> {
    sqlx::query_as!(
        Found,
        r#"SELECT j.id, j.at, j.actor, j.actor_id IS NOT NULL AS "is_person!", coalesce(j.address, '') AS "address!", j.event,
               j.subject_kind, j.subject_id, coalesce(u.name, t.name, '') AS "subject_name!", left(j.body::text, $5) AS "body!"
           FROM journal j
           LEFT JOIN users u ON j.subject_kind = 'user' AND u.id::text = j.subject_id
           LEFT JOIN teams t ON j.subject_kind = 'team' AND t.id::text = j.subject_id
           WHERE ($1 = '%%' OR j.actor ILIKE $1 OR j.event ILIKE $1 OR j.subject_id ILIKE $1 OR j.address ILIKE $1 OR u.name ILIKE $1
                  OR u.email ILIKE $1 OR t.name ILIKE $1 OR j.event = ANY($2))
             AND ($3::bigint IS NULL OR j.id < $3)
           ORDER BY j.id DESC LIMIT $4"#,
        contains(search),
        events,
        before,
        limit,
        most
    )
    .fetch_all(tx)
    .await
}

/// Drops entries that are older than the workspace keeps them, this many at the most; gives how many.
pub async fn drop_journal(tx: &mut PgConnection, most: i32) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT journal_drop_old($1) AS "dropped!""#, most).fetch_one(tx).await
}
