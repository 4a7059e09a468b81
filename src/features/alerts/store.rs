//! The SQL of alerts.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{
        alert::{Alert, AlertId, AlertKind, AlertStatus, Metric, OpenAlerts, Severity},
        tier::Tier,
        usage::limits::Thresholds,
    },
    platform::person::Held,
    ui::i18n::s,
};

/// Where alerts hold something about one of GENESIS's users.
pub static HELD: [Held; 1] = [Held {
    table: "usage_alerts",
    columns: "id, number, kind, metric, severity, status, user_id, organization_id, subscription_tier, current_value, limit_value, \
              threshold_bp, period_start, triggered_at, due_at, resolved_at, resolution",
    from: "FROM usage_alerts WHERE user_id = $1",
    at: "triggered_at",
    about: |lang| s!(lang, privacy.t_alerts),
}];

/// A row of `usage_alerts`.
struct Row {
    id: Uuid,
    number: i64,
    kind: String,
    metric: String,
    severity: String,
    status: String,
    user_id: String,
    organization_id: Option<String>,
    subscription_tier: String,
    current_value: i64,
    limit_value: i64,
    threshold_bp: i32,
    period_start: NaiveDate,
    triggered_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
}

impl Row {
    /// The columns' words are held by CHECK constraints; a word of a newer version of the product is passed over.
    fn alert(self) -> Option<Alert> {
        Some(Alert {
            id: AlertId(self.id),
            number: self.number,
            kind: AlertKind::parse(&self.kind)?,
            metric: Metric::parse(&self.metric)?,
            severity: Severity::parse(&self.severity)?,
            status: AlertStatus::parse(&self.status)?,
            tier: Tier::parse(&self.subscription_tier)?,
            user_id: self.user_id,
            organization_id: self.organization_id,
            current_value: self.current_value,
            limit_value: self.limit_value,
            threshold_bp: self.threshold_bp,
            period_start: self.period_start,
            triggered_at: self.triggered_at,
            due_at: self.due_at,
            resolved_at: self.resolved_at,
        })
    }
}

/// An alert to be raised.
#[derive(Clone, Debug)]
pub struct NewAlert {
    /// What it is about.
    pub kind: AlertKind,
    /// Which limit.
    pub metric: Metric,
    /// The GENESIS user.
    pub user_id: String,
    /// The user's organization.
    pub organization_id: Option<String>,
    /// The user's tier.
    pub tier: Tier,
    /// What is used.
    pub current_value: i64,
    /// The limit.
    pub limit_value: i64,
    /// The share of the limit that was crossed, in basis points.
    pub threshold_bp: i32,
    /// First day of the metered period.
    pub period_start: NaiveDate,
}

/// The shares of a limit that raise alerts.
///
/// # Errors
/// When the database is away.
pub async fn find_thresholds(db: &mut PgConnection) -> Result<Thresholds, sqlx::Error> {
    let rows = sqlx::query!("SELECT kind, threshold_bp FROM usage_alert_rules").fetch_all(db).await?;
    let of = |kind: AlertKind| rows.iter().find(|r| r.kind == kind.as_str()).map(|r| r.threshold_bp);
    let default = Thresholds::default();
    Ok(Thresholds {
        approaching_bp: of(AlertKind::LimitApproaching).unwrap_or(default.approaching_bp),
        exceeded_bp: of(AlertKind::LimitExceeded).unwrap_or(default.exceeded_bp),
    })
}

/// Inserts those alerts that their user, kind, metric and period do not have yet, and opens again those that had resolved because
/// their cause was gone. Gives both.
///
/// # Errors
/// When the database is away.
pub async fn insert_or_reopen(tx: &mut PgConnection, new: &[NewAlert], now: DateTime<Utc>) -> Result<Vec<Alert>, sqlx::Error> {
    let ids: Vec<_> = new.iter().map(|_| Uuid::now_v7()).collect();
    let kinds: Vec<_> = new.iter().map(|a| a.kind.as_str().to_owned()).collect();
    let metrics: Vec<_> = new.iter().map(|a| a.metric.as_str().to_owned()).collect();
    let severities: Vec<_> = new.iter().map(|a| a.kind.severity().as_str().to_owned()).collect();
    let users: Vec<_> = new.iter().map(|a| a.user_id.clone()).collect();
    let organizations: Vec<_> = new.iter().map(|a| a.organization_id.clone()).collect();
    let tiers: Vec<_> = new.iter().map(|a| a.tier.as_str().to_owned()).collect();
    let values: Vec<_> = new.iter().map(|a| a.current_value).collect();
    let limits: Vec<_> = new.iter().map(|a| a.limit_value).collect();
    let thresholds: Vec<_> = new.iter().map(|a| a.threshold_bp).collect();
    let periods: Vec<_> = new.iter().map(|a| a.period_start).collect();
    // Alerts that stand already are filtered before the insert, so that they do not use up numbers.
    let rows = sqlx::query_as!(
        Row,
        r#"INSERT INTO usage_alerts AS a (id, kind, metric, severity, user_id, organization_id, subscription_tier, current_value,
                limit_value, threshold_bp, period_start, triggered_at, due_at)
           SELECT t.id, t.kind, t.metric, t.severity, t.user_id, t.org, t.tier, t.value, t.lim, t.threshold, t.period, $12, $13
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[],
                $10::integer[], $11::date[]) AS t (id, kind, metric, severity, user_id, org, tier, value, lim, threshold, period)
           WHERE NOT EXISTS (
               SELECT FROM usage_alerts e WHERE e.user_id = t.user_id AND e.kind = t.kind AND e.metric = t.metric
                    AND e.period_start = t.period AND (e.status = 'open' OR e.resolution <> 'cause_gone'))
           ORDER BY t.user_id, t.kind, t.metric
           ON CONFLICT ON CONSTRAINT usage_alerts_once DO UPDATE SET
                status = 'open', resolved_at = NULL, resolution = NULL, current_value = excluded.current_value,
                limit_value = excluded.limit_value, threshold_bp = excluded.threshold_bp, triggered_at = excluded.triggered_at,
                due_at = excluded.due_at
           WHERE a.status = 'resolved' AND a.resolution = 'cause_gone'
           RETURNING id, number, kind, metric, severity, status, user_id, organization_id, subscription_tier, current_value,
                limit_value, threshold_bp, period_start, triggered_at, due_at, resolved_at"#,
        &ids,
        &kinds,
        &metrics,
        &severities,
        &users,
        &organizations as &[Option<String>],
        &tiers,
        &values,
        &limits,
        &thresholds,
        &periods,
        now,
        now + TimeDelta::hours(1)
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().filter_map(Row::alert).collect())
}

/// The open alerts, oldest first, locked.
///
/// # Errors
/// When the database is away.
pub async fn lock_open(tx: &mut PgConnection) -> Result<Vec<Alert>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, number, kind, metric, severity, status, user_id, organization_id, subscription_tier, current_value, limit_value,
            threshold_bp, period_start, triggered_at, due_at, resolved_at
         FROM usage_alerts WHERE status = 'open' ORDER BY number FOR UPDATE SKIP LOCKED"
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().filter_map(Row::alert).collect())
}

/// The open "approaching" alerts of users whose limit is now exceeded: the worse alert takes their place.
///
/// # Errors
/// When the database is away.
pub async fn find_superseded(tx: &mut PgConnection, exceeded: &[Alert]) -> Result<Vec<AlertId>, sqlx::Error> {
    let users: Vec<_> = exceeded.iter().map(|a| a.user_id.clone()).collect();
    let metrics: Vec<_> = exceeded.iter().map(|a| a.metric.as_str().to_owned()).collect();
    let periods: Vec<_> = exceeded.iter().map(|a| a.period_start).collect();
    let ids = sqlx::query_scalar!(
        "SELECT a.id FROM usage_alerts a
         JOIN unnest($1::text[], $2::text[], $3::date[]) AS t (user_id, metric, period)
            ON a.user_id = t.user_id AND a.metric = t.metric AND a.period_start = t.period
         WHERE a.kind = 'limit_approaching' AND a.status = 'open' ORDER BY a.id FOR UPDATE OF a",
        &users,
        &metrics,
        &periods
    )
    .fetch_all(tx)
    .await?;
    Ok(ids.into_iter().map(AlertId).collect())
}

/// Resolves alerts, saying why, and gives them as they are then.
///
/// # Errors
/// When the database is away.
pub async fn update_resolved(
    tx: &mut PgConnection,
    ids: &[AlertId],
    resolution: &str,
    now: DateTime<Utc>,
) -> Result<Vec<Alert>, sqlx::Error> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        "UPDATE usage_alerts SET status = 'resolved', resolved_at = $2, resolution = $3 WHERE id = ANY($1) AND status = 'open'
         RETURNING id, number, kind, metric, severity, status, user_id, organization_id, subscription_tier, current_value, limit_value,
            threshold_bp, period_start, triggered_at, due_at, resolved_at",
        &ids,
        now,
        resolution
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().filter_map(Row::alert).collect())
}

/// The open alerts counted, with the worst and newest.
///
/// # Errors
/// When the database is away.
pub async fn find_open(tx: &mut PgConnection, tier: Option<Tier>, now: DateTime<Utc>) -> Result<OpenAlerts, sqlx::Error> {
    let tier = tier.map(Tier::as_str);
    let counts = sqlx::query!(
        r#"SELECT severity, count(*) AS "n!" FROM usage_alerts
           WHERE status = 'open' AND ($1::text IS NULL OR subscription_tier = $1) GROUP BY severity"#,
        tier
    )
    .fetch_all(&mut *tx)
    .await?;
    let day_ago = sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM usage_alerts
           WHERE triggered_at <= $1 AND (resolved_at IS NULL OR resolved_at > $1) AND ($2::text IS NULL OR subscription_tier = $2)"#,
        now - TimeDelta::days(1),
        tier
    )
    .fetch_one(&mut *tx)
    .await?;
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, number, kind, metric, severity, status, user_id, organization_id, subscription_tier, current_value, limit_value,
            threshold_bp, period_start, triggered_at, due_at, resolved_at
         FROM usage_alerts WHERE status = 'open' AND ($1::text IS NULL OR subscription_tier = $1)
         ORDER BY array_position(ARRAY['critical', 'high', 'medium', 'low'], severity), number DESC LIMIT $2",
        tier,
        OpenAlerts::SHOWN as i64
    )
    .fetch_all(tx)
    .await?;
    let mut open = OpenAlerts { day_ago, top: rows.into_iter().filter_map(Row::alert).collect(), ..OpenAlerts::default() };
    for (slot, severity) in open.by_severity.iter_mut().zip(Severity::ALL) {
        *slot = counts.iter().find(|c| c.severity == severity.as_str()).map_or(0, |c| c.n);
    }
    Ok(open)
}

/// A user's latest alerts, resolved ones too.
///
/// # Errors
/// When the database is away.
pub async fn list_of_user(tx: &mut PgConnection, user_id: &str) -> Result<Vec<Alert>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, number, kind, metric, severity, status, user_id, organization_id, subscription_tier, current_value, limit_value,
            threshold_bp, period_start, triggered_at, due_at, resolved_at
         FROM usage_alerts WHERE user_id = $1 ORDER BY number DESC LIMIT 50",
        user_id
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().filter_map(Row::alert).collect())
}

/// Puts the pseudonym into a user's alerts, and resolves those that are open; gives how many there are. When that was is not kept: by
/// it somebody could tell which erasure the pseudonym is of.
///
/// # Errors
/// When the database is away.
pub async fn erase_user(tx: &mut PgConnection, user_id: &str, pseudonym: &str) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE usage_alerts SET user_id = $2, organization_id = NULL, status = 'resolved',
            resolved_at = coalesce(resolved_at, triggered_at), resolution = coalesce(resolution, 'person_erased')
         WHERE user_id = $1",
        user_id,
        pseudonym
    );
    Ok(done.execute(tx).await?.rows_affected())
}
