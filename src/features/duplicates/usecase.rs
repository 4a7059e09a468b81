//! Looking through the pairs that were found, and deciding those that are two.

use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

pub use super::store::Row;
use super::{
    look,
    store::{self, PairRow},
};
use crate::{
    domain::{AppError, AppResult, crm::ContactId, matching::Evidence, people::Permission},
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
    },
};

/// Pairs on one page.
pub const PAGE: usize = 20;
/// For how long a pair is put off.
const LATER: TimeDelta = TimeDelta::days(7);

/// Two contacts that are likely one.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The pair.
    pub id: Uuid,
    /// How likely, 0..1.
    pub score: f64,
    /// The one.
    pub a: Row,
    /// The other.
    pub b: Row,
    /// What each field says, as they stand now.
    pub evidence: Vec<Evidence>,
}

/// The pairs that wait for a decision, the likeliest first, from beyond one on; and whether there are more.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn queue(ctx: &Ctx, beyond: Option<(f64, Uuid)>) -> AppResult<(Vec<Pair>, bool)> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let mut rows = store::list_pairs(&mut tx, beyond, ctx.now(), PAGE as i64 + 1).await.map_err(to_app)?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let pairs = with_contacts(&mut tx, rows).await?;
    tx.rollback().await.map_err(to_app)?;
    Ok((pairs, more))
}

/// One open pair.
///
/// # Errors
/// `Forbidden`; `NotFound` for one that is decided, or whose contacts the actor does not see; when the database is away.
pub async fn pair(ctx: &Ctx, id: Uuid) -> AppResult<Pair> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let row = store::find_pair(&mut tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    let pair = with_contacts(&mut tx, vec![row]).await?.pop();
    tx.rollback().await.map_err(to_app)?;
    pair.ok_or(AppError::NotFound)
}

async fn with_contacts(tx: &mut sqlx::PgConnection, rows: Vec<PairRow>) -> AppResult<Vec<Pair>> {
    let ids: Vec<_> = rows.iter().flat_map(|row| [row.a, row.b]).collect();
    let contacts = store::find_contacts(tx, &ids).await.map_err(to_app)?;
    let model = look::model(tx).await?;
    let of = |id: Uuid| contacts.iter().find(|contact| contact.id == id).cloned();
    // One that was deleted meanwhile has no pair any more as soon as it is looked at.
    let pairs = rows.into_iter().filter_map(|row| {
        let (a, b) = (of(row.a)?, of(row.b)?);
        let evidence = model.explain(&look::record(&a), &look::record(&b));
        Some(Pair { id: row.id, score: row.score, a, b, evidence })
    });
    Ok(pairs.collect())
}

/// Notes that the two of a pair are two; they are not found again.
///
/// # Errors
/// `Forbidden`; `NotFound` for a pair that is decided already; when the database is away.
pub async fn keep_apart(ctx: &Ctx, id: Uuid) -> AppResult<()> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let by = ctx.actor.user().map(|user| user.0);
    let pair = store::mark_distinct(&mut tx, id, by, ctx.now()).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    let entry = Entry {
        event: "duplicate_dismissed",
        subject_kind: "contact",
        subject_id: pair.a.to_string(),
        body: json!({"other": pair.b}),
    };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}

/// Puts a pair off for a week.
///
/// # Errors
/// `Forbidden`; `NotFound` for a pair that is decided already; when the database is away.
pub async fn put_off(ctx: &Ctx, id: Uuid) -> AppResult<()> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    if !store::put_off(&mut tx, id, ctx.now() + LATER).await.map_err(to_app)? {
        return Err(AppError::NotFound);
    }
    tx.commit().await.map_err(to_app)
}

/// The contact that one stands for by now: itself, or what it was merged into.
///
/// # Errors
/// `Forbidden`; `NotFound` for one that the actor does not see; when the database is away.
pub async fn stands_for(ctx: &Ctx, id: ContactId) -> AppResult<ContactId> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let standing = store::merges::find_standing(&mut tx, id.0).await.map_err(to_app)?;
    tx.rollback().await.map_err(to_app)?;
    standing.map(ContactId).ok_or(AppError::NotFound)
}
