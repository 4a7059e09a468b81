//! Merging two contacts, and taking them apart again.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    plan,
    store::{
        self, Row,
        merges::{self, MergeRow},
    },
};
use crate::{
    domain::{AppError, AppResult, crm::ContactId, people::Permission},
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
    },
};

/// Merges that are shown.
const SHOWN: i64 = 20;

/// A merge as somebody has chosen it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    /// The contact that stays.
    pub winner: ContactId,
    /// Its version, as it was looked at.
    pub winner_version: i32,
    /// The contact that goes.
    pub loser: ContactId,
    /// Its version, as it was looked at.
    pub loser_version: i32,
    /// The fields of which the loser's value wins.
    pub takes: BTreeSet<String>,
}

/// A merge that can be undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The merge.
    pub id: Uuid,
    /// The contact that stays.
    pub winner: ContactId,
    /// What it was called.
    pub winner_name: String,
    /// What the other was called.
    pub loser_name: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What an undoing could not give back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Fields of the contact that stayed which somebody has changed since; they stay as they are.
    pub kept: Vec<&'static str>,
    /// Tasks, interactions and leads that hang elsewhere by now, or are gone.
    pub left: usize,
    /// Whether the contact that came back lost its link to GENESIS's user, since another has it.
    pub unlinked: bool,
}

fn conflict(detail: &str) -> AppError {
    AppError::Conflict { detail: detail.into() }
}

/// That one user of GENESIS is one contact at most, as a conflict: another contact has it by now.
fn fault(error: sqlx::Error) -> AppError {
    if error.as_database_error().and_then(|e| e.constraint()) == Some("contacts_usage_user") {
        return conflict("another contact has the user of GENESIS by now");
    }
    to_app(error)
}

/// Locks two contacts that must both be there, seen and changeable, and reads them as they stand.
async fn lock_both(tx: &mut sqlx::PgConnection, one: Uuid, other: Uuid) -> AppResult<(merges::Locked, merges::Locked)> {
    let locked = merges::lock_contacts(tx, &[one, other]).await.map_err(to_app)?;
    let of = |id| locked.iter().find(|contact| contact.id == id).copied().ok_or(AppError::NotFound);
    Ok((of(one)?, of(other)?))
}

/// Merges two contacts: the winner takes over what was chosen and all that hangs on the loser, which stays, deleted, with where it went.
/// Gives the merge, by which it can be undone.
///
/// # Errors
/// `Forbidden`; `NotFound` where the actor does not see both; `Conflict` when either was changed, deleted or merged since it was looked
/// at; `Invalid` for what cannot be stored; when the database is away.
pub async fn merge(ctx: &Ctx, merge: &Merge) -> AppResult<Uuid> {
    ctx.require(Permission::WriteCrm)?;
    let (winner_id, loser_id) = (merge.winner.0, merge.loser.0);
    if winner_id == loser_id {
        return Err(AppError::invalid("/keep", "unknown", "is the same contact"));
    }
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let (locked_winner, locked_loser) = lock_both(&mut tx, winner_id, loser_id).await?;
    if locked_winner.deleted || locked_loser.deleted {
        return Err(conflict("one of the contacts was deleted or merged meanwhile"));
    }
    let rows = store::find_contacts(&mut tx, &[winner_id, loser_id]).await.map_err(to_app)?;
    let of = |id| rows.iter().find(|row: &&Row| row.id == id).ok_or(AppError::NotFound);
    let (winner, loser) = (of(winner_id)?, of(loser_id)?);
    if (winner.version, loser.version) != (merge.winner_version, merge.loser_version) {
        return Err(conflict("one of the contacts was changed meanwhile"));
    }
    let now = ctx.now();
    let by = ctx.actor.user().map(|user| user.0);
    let merged = plan::merged(winner, loser, |field| merge.takes.contains(field))?;
    // The loser goes first: of those that are there, one has GENESIS's user.
    merges::mark_merged(&mut tx, loser_id, winner_id, now).await.map_err(to_app)?;
    merges::update_contact(&mut tx, &merged, now).await.map_err(fault)?;
    let moved = merges::move_relations(&mut tx, loser_id, winner_id, None, now).await.map_err(to_app)?;
    merges::settle_pair(&mut tx, (winner_id, loser_id), "merged", by, now).await.map_err(to_app)?;
    let row = MergeRow {
        id: Uuid::now_v7(),
        winner_id,
        loser_id,
        merged_at: now,
        winner_before: json!(winner),
        winner_after: json!(merged),
        loser_before: json!(loser),
        moved,
        undone_at: None,
    };
    merges::insert_merge(&mut tx, &row, by).await.map_err(to_app)?;
    let taken: Vec<_> = merge.takes.iter().filter(|field| plan::CHOSEN.contains(&field.as_str())).collect();
    let body = json!({"other": loser_id, "merge": row.id, "taken": taken, "moved": counts(&row.moved)});
    let entry = Entry { event: "contact_merged", subject_kind: "contact", subject_id: winner_id.to_string(), body };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok(row.id)
}

/// How many of each table.
fn counts(moved: &Value) -> Value {
    let tables = moved.as_object().into_iter().flatten();
    Value::Object(tables.map(|(table, ids)| (table.clone(), json!(ids.as_array().map_or(0, Vec::len)))).collect())
}

fn total(moved: &Value) -> usize {
    moved.as_object().into_iter().flatten().map(|(_, ids)| ids.as_array().map_or(0, Vec::len)).sum()
}

/// The latest merges that the actor may undo.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn latest(ctx: &Ctx) -> AppResult<Vec<Done>> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let rows = merges::list_merges(&mut tx, SHOWN).await.map_err(to_app)?;
    tx.rollback().await.map_err(to_app)?;
    Ok(rows.iter().map(done).collect())
}

fn done(row: &MergeRow) -> Done {
    let name = |contact: &Value| {
        let text = |field: &str| contact.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = format!("{} {}", text("first_name"), text("last_name")).trim().to_owned();
        [name, text("email"), text("phone")].into_iter().find(|text| !text.is_empty()).unwrap_or_default()
    };
    Done {
        id: row.id,
        winner: ContactId(row.winner_id),
        winner_name: name(&row.winner_after),
        loser_name: name(&row.loser_before),
        at: row.merged_at,
    }
}

/// Takes two merged contacts apart again: the loser comes back with what hung on it, and the winner gets back what it was, as far as
/// nobody has changed it since. They are called two from then on.
///
/// # Errors
/// `Forbidden`; `NotFound` for a merge that the actor may not undo; `Conflict` for one that is undone already, or whose contacts were
/// deleted or merged again since; when the database is away.
pub async fn undo(ctx: &Ctx, id: Uuid) -> AppResult<Undone> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let merge = merges::find_merge(&mut tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    let (winner, loser) = lock_both(&mut tx, merge.winner_id, merge.loser_id).await?;
    // Again, now that nobody else undoes it.
    let merge = merges::find_merge(&mut tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    if merge.undone_at.is_some() || winner.deleted || loser.merged_into != Some(winner.id) {
        return Err(conflict("the contacts are not as the merge left them"));
    }
    let now = ctx.now();
    let by = ctx.actor.user().map(|user| user.0);
    let row = store::find_contacts(&mut tx, &[winner.id]).await.map_err(to_app)?.pop().ok_or(AppError::NotFound)?;
    let (before, kept) = plan::restored(&row, &merge.winner_before, &merge.winner_after)?;
    merges::update_contact(&mut tx, &before, now).await.map_err(fault)?;
    let linked = merges::bring_back(&mut tx, loser.id, now).await.map_err(to_app)?;
    let back = merges::move_relations(&mut tx, winner.id, loser.id, Some(&merge.moved), now).await.map_err(to_app)?;
    merges::settle_pair(&mut tx, (winner.id, loser.id), "distinct", by, now).await.map_err(to_app)?;
    merges::mark_undone(&mut tx, id, by, now).await.map_err(to_app)?;
    let undone = Undone { kept, left: total(&merge.moved) - total(&back), unlinked: !linked };
    let body = json!({"other": loser.id, "merge": id, "kept": undone.kept, "left": undone.left});
    let entry = Entry { event: "merge_undone", subject_kind: "contact", subject_id: winner.id.to_string(), body };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok(undone)
}
