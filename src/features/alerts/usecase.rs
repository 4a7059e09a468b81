//! What can be done with alerts.

use serde_json::json;
use sqlx::PgConnection;

use super::store::{self, NewAlert};
use crate::{
    domain::{
        AppResult,
        alert::{Alert, AlertId, AlertKind, OpenAlerts},
        tier::Tier,
        usage::limits::Thresholds,
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        hub::LiveBody,
        journal::{self, Entry},
    },
};

/// Why an alert is resolved by the product itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The share of the limit fell below the threshold, as when a limit was raised.
    CauseGone,
    /// The metered day or month is over.
    PeriodOver,
    /// A worse alert took its place.
    Superseded,
}

impl Resolution {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CauseGone => "cause_gone",
            Self::PeriodOver => "period_over",
            Self::Superseded => "superseded",
        }
    }
}

/// The shares of a limit that raise alerts.
///
/// # Errors
/// When the database is away.
pub async fn thresholds(tx: &mut PgConnection) -> AppResult<Thresholds> {
    store::find_thresholds(tx).await.map_err(to_app)
}

/// Raises alerts: each once for its user, kind, metric and period. An exceeded limit takes the place of one approaching.
/// Gives all that changed. Part of the caller's transaction, whose last act is to [`announce`] them.
///
/// # Errors
/// When the database is away.
pub async fn raise(ctx: &Ctx, tx: &mut PgConnection, alerts: &[NewAlert]) -> AppResult<Vec<Alert>> {
    if alerts.is_empty() {
        return Ok(Vec::new());
    }
    let mut raised = store::insert_or_reopen(tx, alerts, ctx.now()).await.map_err(to_app)?;
    for alert in &raised {
        note(ctx, tx, "alert_raised", alert, json!(alert)).await?;
    }
    metrics::counter!("nexus_alerts_total", "event" => "raised").increment(raised.len() as u64);
    let exceeded: Vec<_> = raised.iter().filter(|a| a.kind == AlertKind::LimitExceeded).cloned().collect();
    if !exceeded.is_empty() {
        let ids = store::find_superseded(tx, &exceeded).await.map_err(to_app)?;
        raised.extend(resolve(ctx, tx, &ids, Resolution::Superseded).await?);
    }
    Ok(raised)
}

/// Resolves alerts, and gives them. Part of the caller's transaction, whose last act is to [`announce`] them.
///
/// # Errors
/// When the database is away.
pub async fn resolve(ctx: &Ctx, tx: &mut PgConnection, ids: &[AlertId], why: Resolution) -> AppResult<Vec<Alert>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let resolved = store::update_resolved(tx, ids, why.as_str(), ctx.now()).await.map_err(to_app)?;
    for alert in &resolved {
        note(ctx, tx, "alert_resolved", alert, json!({"resolution": why.as_str()})).await?;
    }
    metrics::counter!("nexus_alerts_total", "event" => "resolved").increment(resolved.len() as u64);
    Ok(resolved)
}

async fn note(ctx: &Ctx, tx: &mut PgConnection, event: &str, alert: &Alert, body: serde_json::Value) -> AppResult<()> {
    let entry = Entry { event, subject_kind: "usage_alert", subject_id: alert.id.0.to_string(), body };
    journal::record(tx, ctx, &entry).await.map_err(to_app)
}

/// What the screens are told of alerts that changed.
pub fn news(alerts: &[Alert]) -> impl Iterator<Item = LiveBody> {
    alerts.iter().map(|a| LiveBody::Alert(Box::new(a.clone())))
}

/// The open alerts, locked for the rest of the transaction.
///
/// # Errors
/// When the database is away.
pub async fn lock_open(tx: &mut PgConnection) -> AppResult<Vec<Alert>> {
    store::lock_open(tx).await.map_err(to_app)
}

/// The open alerts, of one tier or of all; `tx` may be a snapshot.
///
/// # Errors
/// When the database is away.
pub async fn open(ctx: &Ctx, tx: &mut PgConnection, tier: Option<Tier>) -> AppResult<OpenAlerts> {
    store::find_open(tx, tier, ctx.now()).await.map_err(to_app)
}

/// A user's latest alerts, resolved ones too; `tx` may be a snapshot.
///
/// # Errors
/// When the database is away.
pub async fn of_user(tx: &mut PgConnection, user_id: &str) -> AppResult<Vec<Alert>> {
    store::list_of_user(tx, user_id).await.map_err(to_app)
}
