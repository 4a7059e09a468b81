//! What the usage pages need of several features, read in one transaction, so that it is of one instant.

use super::DashboardData;
use crate::{
    domain::{
        AppError, AppResult,
        people::Permission,
        time::Zone,
        usage::{UsageFilter, UserDetail},
    },
    features::{alerts::usecase as alerts, usage::usecase as usage},
    platform::{ctx::Ctx, db::to_app, zone},
};

/// The dashboard. Between two messages of the live stream it is read once, for everyone who asks.
///
/// # Errors
/// When the database is away.
pub async fn dashboard(ctx: &Ctx, filter: UsageFilter) -> AppResult<DashboardData> {
    ctx.require(Permission::ReadUsage)?;
    let now = ctx.now();
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let (seq, rules) = usage::version(&mut tx).await?;
    let question = format!("dashboard {filter:?}");
    let data = ctx.app.memo.get(question, [seq, rules, now.timestamp() / 60], async {
        let tier = filter.tier;
        let usage = usage::dashboard(ctx, &mut tx, filter).await?;
        let alerts = alerts::open(ctx, &mut tx, tier).await?;
        Ok::<_, AppError>(DashboardData { usage, alerts })
    });
    let mut data = DashboardData::clone(&*data.await?);
    data.usage.as_of = now;
    Ok(data)
}

/// One user with the alerts.
///
/// # Errors
/// `NotFound` when GENESIS has never spoken of the user; when the database is away.
pub async fn user(ctx: &Ctx, user_id: &str) -> AppResult<UserDetail> {
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let mut detail = usage::user(ctx, &mut tx, user_id).await?;
    detail.alerts = alerts::of_user(&mut tx, user_id).await?;
    Ok(detail)
}

/// A time zone by its IANA name.
///
/// # Errors
/// `Invalid` when there is no such zone.
pub fn zone(ctx: &Ctx, name: &str) -> AppResult<Zone> {
    zone::zone(name, ctx.now()).ok_or_else(|| AppError::invalid("/name", "unknown", "is not an IANA time zone"))
}
