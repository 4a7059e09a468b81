//! What could not be taken: to be read, mended, replayed and discarded; and how ingest does.

use chrono::{DateTime, Datelike, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::store::quarantine as store;
use super::store::quarantine::Wanted;
pub use super::store::quarantine::{Health, Item};
use super::{
    group::KeyedEvent,
    ingest::{EventSink, Outcome},
};
use crate::{
    domain::{
        AppError, AppResult,
        people::Permission,
        privacy::PersonKind,
        time::{Grain, month_start},
        usage::UsageEvent,
    },
    platform::{
        ctx::Ctx,
        db::{self, contains, to_app},
        journal::{self, Entry},
        tombstones::Tombstones,
    },
};

/// Replays at once: they wait for ingest like GENESIS does.
static AT_ONCE: Semaphore = Semaphore::const_new(2);
/// Items on one page.
const PAGE: i64 = 25;
/// The longest item that somebody may send, in bytes: a context of 16 KiB and room for the rest.
const MAX_ITEM: usize = 64 * 1024;

/// Which items somebody looks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Search<'a> {
    /// A text in an item or in its errors; empty for any.
    pub text: &'a str,
    /// The code of a fault, such as `out_of_range`; empty for any.
    pub fault: &'a str,
}

impl<'a> Search<'a> {
    /// The pattern of its text, and the code as it may be asked for.
    fn parts(&self) -> (String, &'a str) {
        let text: String = self.text.trim().chars().filter(|c| !c.is_control()).take(200).collect();
        (contains(&text), if self.fault.contains('\0') { "" } else { self.fault })
    }
}

/// A page of items.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The items, the latest first.
    pub items: Vec<Item>,
    /// How many there are in all.
    pub total: i64,
    /// Where the next page begins, if there is one.
    pub next: Option<(DateTime<Utc>, Uuid)>,
    /// The faults of the items that hold the text, and how many items have each, the most frequent first.
    pub faults: Vec<(String, i64)>,
}

/// A page of the items that are looked for.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list(ctx: &Ctx, search: Search<'_>, after: Option<(DateTime<Utc>, Uuid)>) -> AppResult<Page> {
    ctx.require(Permission::ManageIngest)?;
    // A place that no page of ours has named may lie outside of what PostgreSQL knows.
    let after = after.filter(|(at, _)| (2000..3000).contains(&at.year()));
    let (pattern, fault) = search.parts();
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let (mut items, total) = store::list(&mut tx, Wanted { pattern: &pattern, fault }, after, PAGE + 1).await.map_err(to_app)?;
    let faults = store::list_faults(&mut tx, &pattern).await.map_err(to_app)?;
    let more = items.len() as i64 > PAGE;
    items.truncate(usize::try_from(PAGE).unwrap_or_default());
    let next = items.last().filter(|_| more).map(|last| (last.last_seen, last.id));
    Ok(Page { items, total, next, faults })
}

/// How ingest does.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn health(ctx: &Ctx) -> AppResult<Health> {
    ctx.require(Permission::ManageIngest)?;
    let now = ctx.now();
    // What waits is the system's own.
    let mut tx = ctx.as_system("ingest health").begin().await.map_err(to_app)?;
    let month = month_start(now.date_naive() - chrono::TimeDelta::days(31));
    store::health(&mut tx, month, Grain::Hour.floor(now), now).await.map_err(to_app)
}

/// What became of a replayed item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// It is stored now.
    Stored,
    /// It was stored before, so nothing was counted twice.
    Duplicate,
    /// Its user was erased: nothing of it is kept.
    Erased,
}

/// Sends an item again, mended, as an import: it may be as old as one. What is taken leaves quarantine.
///
/// # Errors
/// `Forbidden`; `NotFound` when it is not in quarantine any more; `Invalid` at `/item` with what is still wrong; `Conflict` when its id
/// belongs to another event; when the product cannot take it now.
pub async fn replay(ctx: &Ctx, sink: &impl EventSink, id: Uuid, item: &str) -> AppResult<Replayed> {
    ctx.require(Permission::ManageIngest)?;
    if item.len() > MAX_ITEM {
        return Err(AppError::invalid("/item", "too_long", format!("must have at most {MAX_ITEM} bytes")));
    }
    let value: Value = serde_json::from_str(item).map_err(|error| AppError::invalid("/item", "json", error.to_string()))?;
    let now = ctx.now();
    let event = UsageEvent::from_json(value, "", now, UsageEvent::oldest(now, true)).map_err(|errors| {
        let told: Vec<_> = errors.iter().map(|e| format!("{} {}", e.pointer, e.detail)).collect();
        AppError::invalid("/item", "event", told.join("; "))
    })?;
    let user_id = event.user_id.clone();
    let _turn = AT_ONCE.acquire().await.map_err(|error| db::internal(&error))?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let found = store::find(&mut tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    // Nothing is held while ingest works, which may be about to count the same item again. Should what follows fail, the item stays,
    // and is a duplicate when it is sent again.
    tx.rollback().await.map_err(to_app)?;
    let outcomes = sink.accept(vec![KeyedEvent::new(event, None, 0)], Vec::new()).await?;
    let replayed = match outcomes.first() {
        Some(Outcome::Stored { .. }) => Replayed::Stored,
        Some(Outcome::Duplicate { .. }) => Replayed::Duplicate,
        Some(Outcome::Erased { .. }) => Replayed::Erased,
        Some(Outcome::Conflict) | None => {
            return Err(AppError::invalid("/item", "conflict", "its id belongs to another event"));
        }
    };
    // Tombstones are the system's own.
    let mut tx = ctx.as_system("quarantine").begin().await.map_err(to_app)?;
    let was_there = store::delete(&mut tx, id).await.map_err(to_app)?;
    // Somebody who is erased now waits for this transaction; who was erased before it is not named in it.
    let erased = Tombstones::load(&mut tx).await.map_err(to_app)?.hold(PersonKind::Metered, &user_id);
    let body = json!({"before": was_there.then_some(&found.item), "after": (!erased).then_some(item),
        "duplicate": replayed == Replayed::Duplicate, "erased": replayed == Replayed::Erased});
    let entry = Entry { event: "item_replayed", subject_kind: "quarantine", subject_id: id.to_string(), body };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok(replayed)
}

/// Throws an item away; the journal keeps it.
///
/// # Errors
/// `Forbidden`; `NotFound` when it is not in quarantine any more; when the database is away.
pub async fn discard(ctx: &Ctx, id: Uuid) -> AppResult<()> {
    ctx.require(Permission::ManageIngest)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let found = store::find(&mut tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    record_discarded(ctx, &mut tx, &found).await?;
    tx.commit().await.map_err(to_app)
}

async fn record_discarded(ctx: &Ctx, tx: &mut PgConnection, item: &Item) -> AppResult<()> {
    if !store::delete(tx, item.id).await.map_err(to_app)? {
        return Err(AppError::NotFound);
    }
    let body = json!({"before": item.item});
    let entry = Entry { event: "item_discarded", subject_kind: "quarantine", subject_id: item.id.to_string(), body };
    journal::record(tx, ctx, &entry).await.map_err(to_app)
}

/// Items that are replayed or discarded together at the most.
pub const MOST_AT_ONCE: usize = 500;

/// What became of items that were replayed together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayedAll {
    /// Stored now.
    pub stored: i64,
    /// Stored before.
    pub duplicates: i64,
    /// Still not taken; they stay.
    pub refused: i64,
}

/// What somebody has seen of the items that were looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How many there were.
    pub count: i64,
    /// When the latest of them last came, in microseconds since 1970.
    pub latest: i64,
}

/// The items that are looked for, if they are those that somebody has seen: as many, and none that came since.
async fn all(ctx: &Ctx, search: Search<'_>, seen: Seen) -> AppResult<Vec<Item>> {
    ctx.require(Permission::ManageIngest)?;
    let (pattern, fault) = search.parts();
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let (items, total) =
        store::list(&mut tx, Wanted { pattern: &pattern, fault }, None, MOST_AT_ONCE as i64).await.map_err(to_app)?;
    let latest = items.first().map_or(0, |item| item.last_seen.timestamp_micros());
    if (Seen { count: total, latest }) != seen {
        return Err(AppError::Conflict { detail: format!("{} were seen, {total} are there", seen.count) });
    }
    if items.len() as i64 != total {
        return Err(AppError::invalid("/count", "too_many", format!("at most {MOST_AT_ONCE} together: search for fewer")));
    }
    Ok(items)
}

/// Replays all items that are looked for, as they are: for when a limit, a tier or an agent is known by now. Those that are still not taken
/// stay.
///
/// # Errors
/// `Forbidden`; `Conflict` when they are not those that were seen; `Invalid` at `/count` for too many; when the product cannot take
/// them now: those that were taken before have left quarantine.
pub async fn replay_all(ctx: &Ctx, sink: &impl EventSink, search: Search<'_>, seen: Seen) -> AppResult<ReplayedAll> {
    replay_each(ctx, sink, all(ctx, search, seen).await?).await
}

/// Replays chosen items, as they are. Those that are still not taken stay.
///
/// # Errors
/// `Forbidden`; `Invalid` at `/id` for none, and at `/count` for too many; when the product cannot take them now: those that were
/// taken before have left quarantine.
pub async fn replay_chosen(ctx: &Ctx, sink: &impl EventSink, ids: &[Uuid]) -> AppResult<ReplayedAll> {
    let items = chosen(ctx, ids).await?;
    replay_each(ctx, sink, items).await
}

/// The items that somebody has chosen, but for those that somebody else has dealt with meanwhile.
async fn chosen(ctx: &Ctx, ids: &[Uuid]) -> AppResult<Vec<Item>> {
    ctx.require(Permission::ManageIngest)?;
    if ids.is_empty() {
        return Err(AppError::invalid("/id", "none_chosen", "none is chosen"));
    }
    if ids.len() > MOST_AT_ONCE {
        return Err(AppError::invalid("/count", "too_many", format!("at most {MOST_AT_ONCE} together")));
    }
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    store::find_all(&mut tx, ids).await.map_err(to_app)
}

async fn replay_each(ctx: &Ctx, sink: &impl EventSink, items: Vec<Item>) -> AppResult<ReplayedAll> {
    let mut done = ReplayedAll::default();
    for item in items {
        match replay(ctx, sink, item.id, &item.item).await {
            Ok(Replayed::Stored) => done.stored += 1,
            Ok(Replayed::Duplicate) => done.duplicates += 1,
            Err(AppError::Invalid { .. }) => done.refused += 1,
            // Nothing of whom was erased is kept; and somebody else may have dealt with an item meanwhile.
            Ok(Replayed::Erased) | Err(AppError::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Throws all items away that are looked for; the journal keeps each. All or none.
///
/// # Errors
/// `Forbidden`; `Conflict` when they are not those that were seen; `Invalid` at `/count` for too many; when the database is away.
pub async fn discard_all(ctx: &Ctx, search: Search<'_>, seen: Seen) -> AppResult<i64> {
    discard_each(ctx, &all(ctx, search, seen).await?).await
}

/// Throws chosen items away; the journal keeps each. All or none.
///
/// # Errors
/// `Forbidden`; `Invalid` at `/id` for none, and at `/count` for too many; `NotFound` when somebody else deals with one just now;
/// when the database is away.
pub async fn discard_chosen(ctx: &Ctx, ids: &[Uuid]) -> AppResult<i64> {
    discard_each(ctx, &chosen(ctx, ids).await?).await
}

async fn discard_each(ctx: &Ctx, items: &[Item]) -> AppResult<i64> {
    let mut tx = ctx.begin().await.map_err(to_app)?;
    for item in items {
        record_discarded(ctx, &mut tx, item).await?;
    }
    tx.commit().await.map_err(to_app)?;
    Ok(items.len() as i64)
}
