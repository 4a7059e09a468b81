//! Looks at the users whose rollups moved, and raises or resolves the alerts of their limits.
//!
//! Ingest leaves the users that moved in `usage_moves`, in the transaction that moved them. [`pass`] takes some out, evaluates them
//! and raises alerts in one transaction: if it fails or the process dies, they stand there again. [`sweep`] looks at everyone from
//! time to time, for what no event tells: a period that is over, a limit that an admin changed.

use std::{collections::HashSet, time::Duration};

use sqlx::PgConnection;

use crate::{
    domain::{
        AppResult,
        alert::{Alert, AlertId, Metric},
        time::month_start,
        usage::{UserStanding, evaluate, limits::Thresholds},
    },
    features::{
        alerts::{
            store::NewAlert,
            usecase::{self as alerts, Resolution},
        },
        usage::usecase as usage,
    },
    platform::{
        ctx::{Actor, App, Ctx},
        db::{self, to_app},
    },
};

/// Evaluation is one at a time over all processes, so that two never judge the same user by different figures.
const LOCK: &str = "usage_watch";

/// At least this long from the start of one pass to that of the next, so that a busy stream is looked at in bulk.
const PACE: Duration = Duration::from_millis(100);
/// Without any news, `usage_moves` is looked at this often.
const LOOK: Duration = Duration::from_secs(2);
/// Everyone is looked at this often.
const SWEEP: Duration = Duration::from_secs(30);

/// Watches until the process stops.
pub async fn run(app: App) {
    let ctx = Ctx::new(app, Actor::System("usage_watch"));
    let mut news = ctx.app.hub.subscribe();
    let mut swept: Option<tokio::time::Instant> = None;
    while !ctx.app.stop.is_cancelled() {
        let begun = tokio::time::Instant::now();
        let mut failed = false;
        loop {
            match pass(&ctx).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "the usage watch could not look; it will again");
                    failed = true;
                    break;
                }
            }
        }
        if !failed && swept.is_none_or(|at| at.elapsed() >= SWEEP) {
            match sweep(&ctx).await {
                Ok(()) => swept = Some(begun),
                Err(error) => tracing::warn!(%error, "the usage sweep could not look; it will again"),
            }
        }
        let stop = ctx.app.stop.clone();
        tokio::select! {
            () = stop.cancelled() => return,
            () = async {
                tokio::time::sleep_until(begun + PACE).await;
                // Lagging behind the stream is fine here: what moved stands in the table.
                let _ = tokio::time::timeout(LOOK, news.recv()).await;
            } => {}
        }
    }
}

/// Evaluates some of the users whose rollups moved; gives how many.
///
/// # Errors
/// When the database is away; the users stand in the table again then.
pub async fn pass(ctx: &Ctx) -> AppResult<usize> {
    let mut tx = ctx.app.db.begin().await.map_err(to_app)?;
    let moved = usage::take_moves(&mut tx).await?;
    if moved.is_empty() {
        return Ok(0);
    }
    db::lock(&mut tx, LOCK).await.map_err(to_app)?;
    let thresholds = alerts::thresholds(&mut tx).await?;
    let standings = usage::standings_from(&mut tx, ctx, Some(&moved), lowest(thresholds)).await?;
    let changed = raise_for(ctx, &mut tx, &standings, thresholds).await?;
    alerts::announce(&mut tx, &changed).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(moved.len())
}

/// Looks at everyone: raises what is missing, resolves what has no cause any more.
///
/// # Errors
/// When the database is away.
pub async fn sweep(ctx: &Ctx) -> AppResult<()> {
    let mut tx = ctx.app.db.begin().await.map_err(to_app)?;
    db::lock(&mut tx, LOCK).await.map_err(to_app)?;
    let thresholds = alerts::thresholds(&mut tx).await?;
    let standings = usage::standings_from(&mut tx, ctx, None, lowest(thresholds)).await?;
    let mut changed = raise_for(ctx, &mut tx, &standings, thresholds).await?;
    let open = alerts::lock_open(&mut tx).await?;
    let today = ctx.now().date_naive();
    let over = |alert: &Alert| match alert.metric {
        Metric::MonthTokens => alert.period_start != month_start(today),
        Metric::DayInteractions => alert.period_start != today,
    };
    let causes: HashSet<_> = standings
        .iter()
        .flat_map(|s| evaluate(s, thresholds, today).into_iter().map(|b| (s.user_id.as_str(), b.metric, b.kind)))
        .collect();
    let still = |alert: &Alert| causes.contains(&(alert.user_id.as_str(), alert.metric, alert.kind));
    let ids = |alerts: Vec<&Alert>| alerts.into_iter().map(|a| a.id).collect::<Vec<AlertId>>();
    let (ended, running): (Vec<_>, Vec<_>) = open.iter().partition(|a| over(a));
    changed.extend(alerts::resolve(ctx, &mut tx, &ids(ended), Resolution::PeriodOver).await?);
    let gone: Vec<_> = running.into_iter().filter(|a| !still(a)).collect();
    changed.extend(alerts::resolve(ctx, &mut tx, &ids(gone), Resolution::CauseGone).await?);
    alerts::announce(&mut tx, &changed).await?;
    tx.commit().await.map_err(to_app)
}

fn lowest(thresholds: Thresholds) -> i32 {
    thresholds.approaching_bp.min(thresholds.exceeded_bp)
}

async fn raise_for(ctx: &Ctx, tx: &mut PgConnection, standings: &[UserStanding], thresholds: Thresholds) -> AppResult<Vec<Alert>> {
    let today = ctx.now().date_naive();
    let new: Vec<_> = standings
        .iter()
        .flat_map(|s| {
            evaluate(s, thresholds, today).into_iter().map(|b| NewAlert {
                kind: b.kind,
                metric: b.metric,
                user_id: s.user_id.clone(),
                organization_id: s.organization_id.clone(),
                tier: s.tier,
                current_value: b.current,
                limit_value: b.limit,
                threshold_bp: b.threshold_bp,
                period_start: b.period_start,
            })
        })
        .collect();
    alerts::raise(ctx, tx, &new).await
}
