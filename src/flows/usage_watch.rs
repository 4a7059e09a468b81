//! Looks at the users whose rollups moved, raises or resolves the alerts of their limits, and tells the screens.
//!
//! Ingest leaves what moved in `usage_moves`, in the transaction that moved it. [`pass`] takes some out, adds it to the totals,
//! evaluates the users, raises alerts and publishes it all in one transaction: if it fails or the process dies, everything stands
//! there again. [`sweep`] looks at everyone from time to time, and as soon as limits or rules change, for what no event tells.

use std::{collections::HashSet, sync::Arc, time::Duration};

use sqlx::PgConnection;
use tokio::sync::Notify;

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
        usage::{moves::WATCH_LOCK, usecase as usage},
    },
    platform::{
        ctx::{Actor, App, Ctx},
        db::{self, to_app},
        hub,
    },
};

/// At least this long from the start of one pass to that of the next, so that a busy stream is looked at in bulk. Just more than
/// the sockets' own pace: each message then finds them ready, where a shorter one would wait for up to another quarter of a second.
const PACE: Duration = Duration::from_millis(255);
/// Without any news, `usage_moves` is looked at this often.
const LOOK: Duration = Duration::from_secs(2);
/// Everyone is looked at this often.
const SWEEP: Duration = Duration::from_secs(30);

/// Watches until the process stops. `moved` is told of each commit of this process; other processes have a watch of their own.
pub async fn run(app: App, moved: Arc<Notify>) {
    let ctx = Ctx::new(app, Actor::System("usage_watch"));
    let mut swept: Option<tokio::time::Instant> = None;
    let mut rules: Option<i64> = None;
    while !ctx.app.stop.is_cancelled() {
        let begun = tokio::time::Instant::now();
        let mut failed = false;
        match usage::rules_fingerprint(&ctx).await {
            Ok(now) => {
                if rules.replace(now).is_some_and(|before| before != now) {
                    swept = None;
                }
            }
            Err(_) => failed = true,
        }
        while !failed {
            match pass(&ctx).await {
                Ok(false) => break,
                Ok(true) => {}
                Err(error) => {
                    tracing::warn!(%error, "the usage watch could not look; it will again");
                    failed = true;
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
                let _ = tokio::time::timeout(LOOK, moved.notified()).await;
            } => {}
        }
    }
}

/// Evaluates some of the users whose rollups moved, and tells the screens what they gained; says whether more were left.
///
/// # Errors
/// When the database is away; what moved stands in the table again then.
pub async fn pass(ctx: &Ctx) -> AppResult<bool> {
    let mut tx = ctx.begin().await.map_err(to_app)?;
    db::lock(&mut tx, WATCH_LOCK).await.map_err(to_app)?;
    let moved = usage::take_moves(&mut tx).await?;
    if moved.users.is_empty() {
        return Ok(false);
    }
    let thresholds = alerts::thresholds(&mut tx).await?;
    let standings = usage::standings_from(&mut tx, ctx, Some(&moved.users), lowest(thresholds)).await?;
    let changed = raise_for(ctx, &mut tx, &standings, thresholds).await?;
    let news: Vec<_> = moved.news.into_iter().chain(alerts::news(&changed)).collect();
    hub::publish_all(&mut tx, &news).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok(moved.more)
}

/// Looks at everyone: raises what is missing, resolves what has no cause any more.
///
/// # Errors
/// When the database is away.
pub async fn sweep(ctx: &Ctx) -> AppResult<()> {
    let mut tx = ctx.begin().await.map_err(to_app)?;
    db::lock(&mut tx, WATCH_LOCK).await.map_err(to_app)?;
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
    hub::publish_all(&mut tx, &alerts::news(&changed).collect::<Vec<_>>()).await.map_err(to_app)?;
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
