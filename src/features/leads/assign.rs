//! Handing out leads: by their score, and by hand.

use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

pub use super::store::assignees::Assignee;
use super::store::{self, assignees};
use crate::{
    domain::{
        AppError, AppResult,
        crm::LeadId,
        lead::{
            Band,
            assign::{MAX_CAPACITY, Seniority, choose},
        },
        people::{Permission, UserId},
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
    },
};

/// The most leads that are changed at once.
pub const MAX_BULK: usize = 200;

/// Gives a lead that is nobody's to whom it belongs by its band, if anybody has room. The transaction is the system's.
pub(super) async fn by_score(tx: &mut PgConnection, ctx: &Ctx, id: LeadId, band: Band) -> Result<(), sqlx::Error> {
    if band == Band::Low {
        return Ok(());
    }
    let Some(user) = choose(band, &assignees::lock_candidates(tx).await?) else { return Ok(()) };
    let name = assignees::give(tx, id, user, ctx.now()).await?;
    let body = json!({"after": {"owner": name, "band": band}});
    journal::record(tx, ctx, &Entry { event: "lead_assigned", subject_kind: "lead", subject_id: id.to_string(), body }).await
}

/// Hands leads over to somebody, or to nobody; gives how many were.
///
/// # Errors
/// `Forbidden`; `Invalid` at `/owner` for somebody who cannot own them, at `/ids` for too many; when the database is away.
pub async fn assign(ctx: &Ctx, ids: &[LeadId], owner: Option<UserId>) -> AppResult<i64> {
    ctx.require(Permission::WriteCrm)?;
    let mut ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    ids.sort_unstable();
    if ids.len() > MAX_BULK {
        return Err(AppError::invalid("/ids", "too_many", format!("at most {MAX_BULK} at once")));
    }
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let name = match owner {
        None => None,
        Some(owner) => {
            let found = assignees::find_assignee(&mut tx, owner.0).await.map_err(to_app)?;
            Some(found.ok_or_else(|| AppError::invalid("/owner", "unknown", "is nobody who could own it"))?.0)
        }
    };
    let given = store::assign(&mut tx, &ids, owner, ctx.now()).await.map_err(to_app)?;
    for id in &given {
        let body = json!({"after": {"owner": name}});
        let entry = Entry { event: "lead_assigned", subject_kind: "lead", subject_id: id.to_string(), body };
        journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    }
    tx.commit().await.map_err(to_app)?;
    Ok(i64::try_from(given.len()).unwrap_or_default())
}

/// Everybody who could own a lead, with how they take part.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list(ctx: &Ctx) -> AppResult<Vec<Assignee>> {
    ctx.require(Permission::ManageCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    assignees::list_assignees(&mut tx).await.map_err(to_app)
}

/// Lets somebody take part with so much room, or not any more.
///
/// # Errors
/// `Forbidden`; `NotFound` for nobody who could own a lead; `Invalid` at `/capacity`; when the database is away.
pub async fn set_part(ctx: &Ctx, user: UserId, part: Option<(Seniority, i32)>) -> AppResult<()> {
    ctx.require(Permission::ManageCrm)?;
    if part.is_some_and(|(_, capacity)| !(0..=MAX_CAPACITY).contains(&capacity)) {
        return Err(AppError::invalid("/capacity", "out_of_range", format!("must be from 0 to {MAX_CAPACITY}")));
    }
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let (name, before) = assignees::find_assignee(&mut tx, user.0).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    if before == part {
        return Ok(());
    }
    match part {
        Some((seniority, capacity)) => assignees::upsert_assignee(&mut tx, user, seniority, capacity).await.map_err(to_app)?,
        None => assignees::delete_assignee(&mut tx, user).await.map_err(to_app)?,
    }
    let facts =
        |part: Option<(Seniority, i32)>| part.map(|(seniority, capacity)| json!({"seniority": seniority, "capacity": capacity}));
    let body = json!({"name": name, "before": facts(before), "after": facts(part)});
    let entry = Entry { event: "assignment_changed", subject_kind: "user", subject_id: user.to_string(), body };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}
