//! Keeps the tables in shape: partitions ahead of time, retention, the live stream's tail, old sessions, mails and minutes of ingest.

use std::time::Duration;

use chrono::TimeDelta;

use crate::{
    domain::AppResult,
    features::{
        auth::{journal, sessions, tokens},
        contacts::{bulk, usecase as contacts},
        imports::usecase as imports,
        mail::usecase as mail,
        privacy::usecase as privacy,
        usage::{tally, usecase as usage},
    },
    platform::{
        ctx::{Actor, App, Ctx},
        db::to_app,
        hub,
    },
};

/// How often.
const EVERY: Duration = Duration::from_secs(60);
/// How often it is looked whether something of erased people stands somewhere all the same.
const SWEEP: Duration = Duration::from_secs(3_600);
/// How far ahead partitions are made, in days.
const AHEAD_DAYS: i64 = 28;

/// Keeps house until the process stops.
pub async fn run(app: App) {
    let ctx = Ctx::new(app, Actor::System("maintenance"));
    let mut swept: Option<tokio::time::Instant> = None;
    loop {
        if let Err(error) = once(&ctx).await {
            tracing::warn!(%error, "maintenance could not be done; it will be tried again");
        }
        if swept.is_none_or(|at| at.elapsed() >= SWEEP) {
            match privacy::sweep(&ctx).await {
                Ok(returned) => {
                    swept = Some(tokio::time::Instant::now());
                    if returned > 0 {
                        tracing::warn!(returned, "something of people who were erased was written after that; it is erased too");
                    }
                }
                Err(error) => tracing::warn!(%error, "what stands of erased people could not be looked for; it will be again"),
            }
        }
        if !ctx.app.goes_on_after(EVERY).await {
            return;
        }
    }
}

/// Does all that is due. Several processes may do so at once.
///
/// # Errors
/// When the database is away.
pub async fn once(ctx: &Ctx) -> AppResult<()> {
    let today = ctx.now().date_naive();
    usage::ensure_partitions(ctx, today, today + TimeDelta::days(AHEAD_DAYS)).await?;
    let retention = ctx.app.settings.retention_days;
    if retention > 0 {
        let dropped = usage::drop_events_before(ctx, today - TimeDelta::days(i64::from(retention))).await?;
        if dropped > 0 {
            tracing::info!(dropped, retention, "dropped partitions of events past their retention");
        }
    }
    sessions::trim(ctx).await?;
    let dropped = journal::trim(ctx).await?;
    if dropped > 0 {
        tracing::info!(dropped, "dropped entries of the journal past their retention");
    }
    tokens::trim(ctx).await?;
    mail::trim(ctx).await?;
    tally::trim(ctx).await?;
    imports::trim(ctx).await?;
    bulk::forget(ctx).await?;
    let linked = contacts::link_users(ctx).await?;
    if linked > 0 {
        tracing::info!(linked, "linked contacts to the users of GENESIS who go by their e-mail address");
    }
    let mut tx = ctx.begin().await.map_err(to_app)?;
    hub::trim(&mut tx).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}
