//! Reading the journal.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use super::store;
use crate::{
    domain::{AppResult, people::Permission},
    platform::{
        csv,
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
    },
};

/// Entries on one page.
const PAGE: i64 = 50;
/// Characters of an entry's details that a page shows; an export has all.
const SHOWN: i32 = 4_000;
/// Entries that an export reads at a time.
const PART: i64 = 200;
/// Entries that are dropped at a time.
const DROPPED: i32 = 10_000;

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
    /// What it is called, if it is an account or a team.
    pub subject_name: String,
    /// The details, as JSON.
    pub body: String,
}

/// A page of the entries that the actor may see, newest first, before an entry's place; and whether there are more. `search` looks in
/// names, addresses, the record's id and the event's code; `events` are codes that are found too.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list(ctx: &Ctx, search: &str, events: &[&str], before: Option<i64>) -> AppResult<(Vec<Found>, bool)> {
    ctx.require(Permission::ReadJournal)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let mut found =
        store::journal::list_journal(&mut tx, &searched(search), &owned(events), before, PAGE + 1, SHOWN).await.map_err(to_app)?;
    let more = found.len() as i64 > PAGE;
    found.truncate(usize::try_from(PAGE).unwrap_or_default());
    Ok((found, more))
}

fn owned(events: &[&str]) -> Vec<String> {
    events.iter().map(|&event| event.to_owned()).collect()
}

fn searched(search: &str) -> String {
    search.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Begins an export as CSV: gives its head. That it was taken out is an entry too.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn begin_export(ctx: &Ctx, search: &str) -> AppResult<String> {
    ctx.require(Permission::ReadJournal)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    // What was searched for may be the name of somebody who is to be forgotten.
    let body = json!({"all": searched(search).trim().is_empty()});
    let entry = Entry { event: "journal_exported", subject_kind: "journal", subject_id: String::new(), body };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    let head = ["id", "at_utc", "actor", "address", "event", "subject_kind", "subject_id", "details"];
    Ok(format!("{}{}", csv::BOM, csv::line(head)))
}

/// The next part of an export, newest first, before an entry's place: its lines, and where the one after it begins, if there is one.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn export(ctx: &Ctx, search: &str, events: &[&str], before: Option<i64>) -> AppResult<(String, Option<i64>)> {
    ctx.require(Permission::ReadJournal)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let found =
        store::journal::list_journal(&mut tx, &searched(search), &owned(events), before, PART, i32::MAX).await.map_err(to_app)?;
    let next = found.last().map(|last| last.id).filter(|_| found.len() as i64 == PART);
    let lines = found.iter().map(|entry| {
        let (id, at) = (entry.id.to_string(), entry.at.to_rfc3339_opts(SecondsFormat::Millis, true));
        let texts =
            [&*entry.actor, &entry.address, &entry.event, &entry.subject_kind, &entry.subject_id, &entry.body].map(csv::text);
        csv::line([id, at].into_iter().chain(texts.map(Cow::into_owned)))
    });
    Ok((lines.collect(), next))
}

/// Drops entries that are older than the workspace keeps them, some at a time; gives how many.
///
/// # Errors
/// When the database is away.
pub async fn trim(ctx: &Ctx) -> AppResult<i64> {
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let dropped = store::journal::drop_journal(&mut tx, DROPPED).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok(dropped)
}
