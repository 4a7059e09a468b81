//! Reading the journal.

use chrono::{DateTime, Utc};

use super::store;
use crate::{
    domain::{AppResult, people::Permission},
    platform::{ctx::Ctx, db::to_app},
};

/// Entries on one page.
const PAGE: i64 = 50;

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its place.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who, by the name that was theirs then.
    pub actor: String,
    /// Whether it is the name of a person.
    pub is_person: bool,
    /// From where; empty for what came over no network.
    pub address: String,
    /// What happened.
    pub event: String,
    /// To what kind of thing.
    pub subject_kind: String,
    /// Which one.
    pub subject_id: String,
    /// The details, as JSON.
    pub body: String,
}

/// A page of the entries that the actor may see, newest first, before an entry's place; and whether there are more. `search` looks in
/// the actor's name, the event and the record's id.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list(ctx: &Ctx, search: &str, before: Option<i64>) -> AppResult<(Vec<Found>, bool)> {
    ctx.require(Permission::ReadJournal)?;
    let search: String = search.chars().filter(|c| !c.is_control()).take(200).collect();
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let mut found = store::list_journal(&mut tx, &search, before, PAGE + 1).await.map_err(to_app)?;
    let more = found.len() as i64 > PAGE;
    found.truncate(usize::try_from(PAGE).unwrap_or_default());
    Ok((found, more))
}
