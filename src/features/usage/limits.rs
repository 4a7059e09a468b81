//! Changing what the tiers include.

use serde_json::{Value, json};

use super::store::limits as store;
pub use super::store::limits::{Changed, TierRow, Used};
use crate::{
    domain::{
        AppError, AppResult,
        people::{Faults, Permission},
        tier::{Tier, TierLimits},
        time::month_start,
        usage::event,
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        hub::{self, LiveBody},
        journal::{self, Entry},
    },
};

/// The highest limit: far above what anybody uses, and far below where sums overflow.
pub const MAX_LIMIT: i64 = 1_000_000_000_000;
/// The highest price in minor units.
pub const MAX_PRICE_CENTS: i64 = 1_000_000_000;
/// Agents that a tier lists at the most.
const MAX_AGENTS: usize = 100;
/// Changes that the page shows.
const HISTORY: i64 = 30;
/// Users that a preview names.
const NAMED: i64 = 8;
/// From these shares on a user counts as near a limit, and as over it, in basis points.
const SHARES_BP: [i64; 2] = [8_000, 10_000];

/// All tiers, and the latest changes.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list(ctx: &Ctx) -> AppResult<(Vec<TierRow>, Vec<Changed>)> {
    ctx.require(Permission::ManageLimits)?;
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let tiers = store::list(&mut tx, month_start(ctx.now().date_naive())).await.map_err(to_app)?;
    Ok((tiers, store::history(&mut tx, HISTORY).await.map_err(to_app)?))
}

/// What a tier is to include.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Which tier.
    pub tier: Tier,
    /// The version that was seen, so that nobody's change is lost.
    pub version: i32,
    /// Price in minor units.
    pub price_cents: i64,
    /// Tokens in a month.
    pub tokens_per_month: i64,
    /// Interactions in a day.
    pub interactions_per_day: i64,
    /// The agents; none listed means all.
    pub agents: Option<Vec<String>>,
}

fn checked(wanted: &Wanted) -> AppResult<()> {
    let mut faults = Faults::default();
    for (pointer, value, most) in [
        ("/price", wanted.price_cents, MAX_PRICE_CENTS),
        ("/tokens", wanted.tokens_per_month, MAX_LIMIT),
        ("/interactions", wanted.interactions_per_day, MAX_LIMIT),
    ] {
        if !(0..=most).contains(&value) {
            faults.add(pointer, "out_of_range", format!("must be from 0 to {most}"));
        }
    }
    if let Some(agents) = &wanted.agents
        && (agents.is_empty() || agents.len() > MAX_AGENTS || !agents.iter().all(|agent| event::is_name(agent)))
    {
        faults.add("/agents", "characters", "must be names of agents, separated by commas");
    }
    faults.check()
}

/// What a change would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// What the tier would include.
    pub after: TierLimits,
    /// Users near or over a limit: now, and after.
    pub near: [i64; 2],
    /// Users over a limit: now, and after.
    pub over: [i64; 2],
    /// Those who would have used most.
    pub most: Vec<Used>,
}

/// What a change would do to this month's users, without doing it.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` for each field; when the database is away.
pub async fn preview(ctx: &Ctx, wanted: &Wanted) -> AppResult<Preview> {
    ctx.require(Permission::ManageLimits)?;
    checked(wanted)?;
    let today = ctx.now().date_naive();
    let month = month_start(today);
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let tiers = store::list(&mut tx, month).await.map_err(to_app)?;
    let row = tiers.into_iter().find(|row| row.limits.tier == wanted.tier).ok_or(AppError::NotFound)?;
    if row.version != wanted.version {
        return Err(AppError::Conflict { detail: "somebody else changed the tier meanwhile".into() });
    }
    let (before, after) = (row.limits.clone(), applied(&row.limits, wanted));
    let (near_now, over_now, _) = store::preview(&mut tx, &before, month, today, SHARES_BP, 1).await.map_err(to_app)?;
    let (near, over, most) = store::preview(&mut tx, &after, month, today, SHARES_BP, NAMED).await.map_err(to_app)?;
    Ok(Preview { after, near: [near_now, near], over: [over_now, over], most })
}

fn applied(before: &TierLimits, wanted: &Wanted) -> TierLimits {
    TierLimits {
        price_cents: wanted.price_cents,
        tokens_per_month: wanted.tokens_per_month,
        interactions_per_day: wanted.interactions_per_day,
        agents: wanted.agents.clone(),
        ..before.clone()
    }
}

fn facts(limits: &TierLimits) -> Value {
    json!({
        "price_cents": limits.price_cents,
        "tokens_per_month": limits.tokens_per_month,
        "interactions_per_day": limits.interactions_per_day,
        "agents": limits.agents,
    })
}

/// Changes what a tier includes, at once: the next look of the watch raises and resolves alerts by it, and open screens load again.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` for each field; `Conflict` when somebody else changed the tier meanwhile.
pub async fn change(ctx: &Ctx, wanted: &Wanted) -> AppResult<()> {
    ctx.require(Permission::ManageLimits)?;
    checked(wanted)?;
    // The live stream takes messages from the system alone; the journal says who it was.
    let mut tx = ctx.as_system("limits").begin().await.map_err(to_app)?;
    let tiers = store::list(&mut tx, month_start(ctx.now().date_naive())).await.map_err(to_app)?;
    let before = tiers.into_iter().find(|row| row.limits.tier == wanted.tier).ok_or(AppError::NotFound)?.limits;
    let after = applied(&before, wanted);
    if !store::update(&mut tx, &after, wanted.version, ctx.now()).await.map_err(to_app)? {
        return Err(AppError::Conflict { detail: "somebody else changed the tier meanwhile".into() });
    }
    let body = json!({"before": facts(&before), "after": facts(&after)});
    let entry = Entry { event: "limits_changed", subject_kind: "tier", subject_id: wanted.tier.as_str().to_owned(), body };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    hub::publish(&mut tx, &LiveBody::Reload).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}
