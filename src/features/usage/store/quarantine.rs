//! The SQL of quarantine, and of how ingest does.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{domain::privacy::PersonKind, features::usage::group::digest_uuid, platform::tombstones::Tombstones};

/// An item that could not be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its id in quarantine.
    pub id: Uuid,
    /// JSON as it came.
    pub item: String,
    /// What is wrong with it: a list of pointer, code and detail, as JSON.
    pub errors: serde_json::Value,
    /// How often it came.
    pub times_seen: i64,
    /// When it first came.
    pub first_seen: DateTime<Utc>,
    /// When it last came.
    pub last_seen: DateTime<Utc>,
}

/// Which items are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The pattern of a text in an item or in its errors.
    pub pattern: &'a str,
    /// The code of a fault; empty for any.
    pub fault: &'a str,
}

/// Items that are looked for, the latest first, after a place; and how many there are in all.
///
/// # Errors
/// When the database is away.
pub async fn list(
    tx: &mut PgConnection,
    wanted: Wanted<'_>,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<(Vec<Item>, i64), sqlx::Error> {
    let (at, id) = before.unwrap_or((DateTime::<Utc>::MAX_UTC.min(far()), Uuid::max()));
    let items = sqlx::query_as!(
        Item,
        "SELECT id, item, errors, times_seen, first_seen, last_seen FROM usage_quarantine
         WHERE ($1 = '%%' OR item ILIKE $1 OR errors::text ILIKE $1) AND last_seen <= $2 AND (last_seen < $2 OR id > $3 OR $3 = $4)
            AND ($6 = '' OR errors @> jsonb_build_array(jsonb_build_object('code', $6)))
         ORDER BY last_seen DESC, id LIMIT $5",
        wanted.pattern,
        at,
        id,
        Uuid::max(),
        limit,
        wanted.fault
    )
    .fetch_all(&mut *tx)
    .await?;
    let total = sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM usage_quarantine WHERE ($1 = '%%' OR item ILIKE $1 OR errors::text ILIKE $1)
            AND ($2 = '' OR errors @> jsonb_build_array(jsonb_build_object('code', $2)))"#,
        wanted.pattern,
        wanted.fault
    )
    .fetch_one(tx)
    .await?;
    Ok((items, total))
}

/// What is wrong with the items that hold a text: each code, and how many items have it, the most frequent first.
///
/// # Errors
/// When the database is away.
pub async fn list_faults(tx: &mut PgConnection, pattern: &str) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT e.code AS "code!", count(DISTINCT q.id) AS "n!" FROM usage_quarantine q
         CROSS JOIN LATERAL (SELECT fault ->> 'code' AS code FROM jsonb_array_elements(q.errors) AS fault) AS e
         WHERE ($1 = '%%' OR q.item ILIKE $1 OR q.errors::text ILIKE $1) AND e.code IS NOT NULL
         GROUP BY e.code ORDER BY 2 DESC, 1 LIMIT 30"#,
        pattern
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.code, row.n)).collect())
}

/// A time after all others that PostgreSQL and chrono both know.
fn far() -> DateTime<Utc> {
    DateTime::from_timestamp(32_503_680_000, 0).unwrap_or_default()
}

/// One item.
///
/// # Errors
/// When the database is away.
pub async fn find(tx: &mut PgConnection, id: Uuid) -> Result<Option<Item>, sqlx::Error> {
    sqlx::query_as!(Item, "SELECT id, item, errors, times_seen, first_seen, last_seen FROM usage_quarantine WHERE id = $1", id)
        .fetch_optional(tx)
        .await
}

/// Some items, the latest first.
///
/// # Errors
/// When the database is away.
pub async fn find_all(tx: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Item>, sqlx::Error> {
    sqlx::query_as!(
        Item,
        "SELECT id, item, errors, times_seen, first_seen, last_seen FROM usage_quarantine WHERE id = ANY($1) ORDER BY last_seen DESC, id",
        ids
    )
    .fetch_all(tx)
    .await
}

/// Takes an item out; says whether it was there.
///
/// # Errors
/// When the database is away.
pub async fn delete(tx: &mut PgConnection, id: Uuid) -> Result<bool, sqlx::Error> {
    Ok(sqlx::query!("DELETE FROM usage_quarantine WHERE id = $1", id).execute(tx).await?.rows_affected() > 0)
}

/// How ingest does, as the database knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The time of the latest event.
    pub last_event_at: Option<DateTime<Utc>>,
    /// Events of this hour so far.
    pub this_hour: i64,
    /// Events of the hour before.
    pub hour_before: i64,
    /// Since when something waits to be added to the totals and looked at.
    pub waits_since: Option<DateTime<Utc>>,
    /// Items in quarantine.
    pub quarantined: i64,
    /// Of these, those that came in the last 24 hours.
    pub quarantined_lately: i64,
}

/// How ingest does.
///
/// # Errors
/// When the database is away.
pub async fn health(
    tx: &mut PgConnection,
    month: NaiveDate,
    hour: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Health, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT (SELECT max(last_event_at) FROM agent_usage_monthly WHERE month >= $1) AS last_event_at,
               (SELECT coalesce(sum(total_interactions), 0)::bigint FROM agent_usage_totals_hourly WHERE hour = $2) AS "this_hour!",
               (SELECT coalesce(sum(total_interactions), 0)::bigint FROM agent_usage_totals_hourly
                WHERE hour = $2::timestamptz - interval '1 hour') AS "hour_before!",
               (SELECT min(moved_at) FROM usage_moves) AS waits_since,
               (SELECT count(*) FROM usage_quarantine) AS "quarantined!",
               (SELECT count(*) FROM usage_quarantine WHERE last_seen > $3::timestamptz - interval '24 hours') AS "lately!""#,
        month,
        hour,
        now
    )
    .fetch_one(tx)
    .await?;
    Ok(Health {
        last_event_at: row.last_event_at,
        this_hour: row.this_hour,
        hour_before: row.hour_before,
        waits_since: row.waits_since,
        quarantined: row.quarantined,
        quarantined_lately: row.lately,
    })
}

/// An item that cannot be taken.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The item as it came.
    pub item: String,
    /// What is wrong with it, as JSON.
    pub errors: serde_json::Value,
}

/// Whose an item may be, whatever is wrong with it: each text and key in it, the words of these, and numbers that are said to be a
/// user. It need not be JSON. May give the same more than once.
pub fn whose(item: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut rest, mut last) = (item, String::new());
    while let Some((between, after)) = rest.split_once('"') {
        add_between(&mut found, &last, between);
        let end = literal_end(after);
        let (inside, more) = after.split_at(end);
        rest = more.strip_prefix('"').unwrap_or_default();
        // One with half a character is taken as it is written.
        last = serde_json::from_str(&format!("\"{inside}\"")).unwrap_or_else(|_| inside.to_owned());
        add_words(&mut found, &last);
        found.push(last.clone());
    }
    add_between(&mut found, &last, rest);
    found
}

/// Where a text of JSON ends, which begins here: before the quote that has no escape.
fn literal_end(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.unwrap_or(text.len())
}

/// What stands between texts: after a key that speaks of a user, a number; elsewhere, what is no number.
fn add_between(found: &mut Vec<String>, key: &str, between: &str) {
    if let Some(value) = between.trim_start().strip_prefix(':')
        && key.to_lowercase().contains("user")
    {
        found.extend(value.split([',', '}', ']']).next().map(|value| value.trim().to_owned()));
    }
    let is_number = |word: &str| word.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    let mut words = Vec::new();
    add_words(&mut words, between);
    found.extend(words.into_iter().filter(|word| !is_number(word)));
}

/// The words of a text: between spaces and quotes, and of the characters that most ids have.
fn add_words(found: &mut Vec<String>, text: &str) {
    const JOINERS: [char; 4] = ['.', '@', '+', '|'];
    let is_inner = |c: char| c.is_alphanumeric() || "_-".contains(c);
    found.push(text.trim().to_owned());
    let wide = text.split(|c: char| c.is_whitespace() || "\"'\\".contains(c)).map(|word| word.trim_matches(|c| !is_inner(c)));
    let narrow = text.split(|c: char| !is_inner(c) && !JOINERS.contains(&c)).map(|word| word.trim_matches(JOINERS));
    found.extend(wide.chain(narrow).filter(|word| !word.is_empty()).map(str::to_owned));
}

impl Refused {
    /// Whether it is an item of somebody who was erased.
    pub fn is_of(&self, tombstones: &Tombstones) -> bool {
        !tombstones.is_empty() && whose(&self.item).iter().any(|user| tombstones.hold(PersonKind::Metered, user))
    }
}

/// The longest item that is kept whole, in bytes: a longer one is no event whatever is mended in it.
const MAX_KEPT: usize = 64 * 1024;

/// An item as it is kept: without what PostgreSQL cannot hold, and cut where it is too long to be one.
fn kept(item: &str) -> String {
    let end = (0..=MAX_KEPT.min(item.len())).rev().find(|at| item.is_char_boundary(*at)).unwrap_or(0);
    item.get(..end).unwrap_or_default().replace('\0', "\u{fffd}")
}

/// Puts items into quarantine; one that is there already is only counted.
///
/// # Errors
/// When the database is away.
pub async fn upsert_quarantine(tx: &mut PgConnection, items: &[Refused], now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = items.iter().map(|_| Uuid::now_v7()).collect();
    let digests: Vec<_> = items.iter().map(|i| digest_uuid(i.item.as_bytes())).collect();
    let texts: Vec<_> = items.iter().map(|i| kept(&i.item)).collect();
    let errors: Vec<_> = items.iter().map(|i| i.errors.clone()).collect();
    sqlx::query!(
        "INSERT INTO usage_quarantine AS q (id, digest, item, errors, first_seen, last_seen, times_seen)
         SELECT min(id::text)::uuid, digest, min(item), (array_agg(errors))[1], $5, $5, count(*)
         FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[]) AS t (id, digest, item, errors) GROUP BY digest ORDER BY digest
         ON CONFLICT (digest) DO UPDATE SET times_seen = q.times_seen + excluded.times_seen, last_seen = excluded.last_seen,
            errors = excluded.errors",
        &ids,
        &digests,
        &texts,
        &errors,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_of_whomever_it_names_wherever_it_does() {
        for item in [
            r#"{"user_id":"usr-1"}"#,
            r#"{"userId":"usr-1"}"#,
            r#"{"user_id":"usr-1","user_id":"bea"}"#,
            r#"{"users":{"usr-1":{}}}"#,
            r#"[{"context":{"note":"a call of usr-1."}}]"#,
            r#"{"context":"{\"user\":\"usr-1\"}"}"#,
            r#"{"a":"\u0075sr-1","agent_id":"\ud800"}"#,
            r#"{"user_id":"usr-1","agent_id":"\ud800"}"#,
            "user_id=usr-1&x=2",
            r#"{"user_id":"usr-1"#,
        ] {
            assert!(whose(item).iter().any(|word| word == "usr-1"), "{item}");
        }
        for item in [r#"{"user_id":"usr-12"}"#, r#"{"user_id":"usr-1.b"}"#, r#"{"user_id":"usr-1@b"}"#, "", "\""] {
            assert!(!whose(item).iter().any(|word| word == "usr-1"), "{item}");
        }
        let holds = |item: &str, name: &str| whose(item).iter().any(|word| word == name);
        assert!(holds(r#"{"userId": 42, "a": 1}"#, "42") && !holds(r#"{"tokens_used": 42}"#, "42"));
        assert!(holds(r#"{"user_id": " ana b "}"#, " ana b "));
    }
}
