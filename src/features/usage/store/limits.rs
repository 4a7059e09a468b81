//! The SQL of changing what the tiers include.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use crate::domain::tier::{Tier, TierLimits};

/// What the tiers include, now.
///
/// # Errors
/// When the database is away.
pub async fn list_tier_limits(db: &mut PgConnection) -> Result<Vec<TierLimits>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT tier, price_cents, currency, program_weeks, tokens_per_month, interactions_per_day, agents
         FROM usage_tier_limits ORDER BY position"
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|r| {
            Some(TierLimits {
                tier: Tier::parse(&r.tier)?,
                price_cents: r.price_cents,
                currency: r.currency,
                program_weeks: r.program_weeks,
                tokens_per_month: r.tokens_per_month,
                interactions_per_day: r.interactions_per_day,
                agents: r.agents,
            })
        })
        .collect())
}

/// What a tier includes, its version, and how its users of this month stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierRow {
    /// What it includes.
    pub limits: TierLimits,
    /// Counts the changes.
    pub version: i32,
    /// Users with use this month.
    pub accounts: i64,
}

/// All tiers.
///
/// # Errors
/// When the database is away.
pub async fn list(tx: &mut PgConnection, month: NaiveDate) -> Result<Vec<TierRow>, sqlx::Error> {
    let limits = list_tier_limits(tx).await?;
    let rows = sqlx::query!(
        r#"SELECT l.tier, l.version,
               (SELECT count(*) FROM agent_usage_monthly m WHERE m.month = $1 AND m.subscription_tier = l.tier) AS "accounts!"
           FROM usage_tier_limits l"#,
        month
    )
    .fetch_all(tx)
    .await?;
    let of = |tier: Tier| rows.iter().find(|row| row.tier == tier.as_str());
    Ok(limits
        .into_iter()
        .filter_map(|limits| of(limits.tier).map(|row| TierRow { version: row.version, accounts: row.accounts, limits }))
        .collect())
}

/// Changes a tier that still has the version given; says whether it had.
///
/// # Errors
/// When the database is away.
pub async fn update(tx: &mut PgConnection, limits: &TierLimits, version: i32, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE usage_tier_limits SET price_cents = $3, tokens_per_month = $4, interactions_per_day = $5, agents = $6,
            version = version + 1, updated_at = $7
         WHERE tier = $1 AND version = $2",
        limits.tier.as_str(),
        version,
        limits.price_cents,
        limits.tokens_per_month,
        limits.interactions_per_day,
        limits.agents.as_deref(),
        now
    );
    Ok(done.execute(tx).await?.rows_affected() == 1)
}

/// A user of this month, with what was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// The user.
    pub user_id: String,
    /// Tokens this month.
    pub tokens: i64,
    /// Interactions today.
    pub interactions: i64,
}

/// How many of a tier's users have used at least these shares of these limits today or this month, and those who have used most.
///
/// # Errors
/// When the database is away.
pub async fn preview(
    tx: &mut PgConnection,
    limits: &TierLimits,
    month: NaiveDate,
    today: NaiveDate,
    shares_bp: [i64; 2],
    most: i64,
) -> Result<(i64, i64, Vec<Used>), sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH used AS (
               SELECT user_id, total_tokens AS tokens, CASE WHEN last_day = $3 THEN last_day_interactions ELSE 0 END AS interactions
               FROM agent_usage_monthly WHERE month = $2 AND subscription_tier = $1
           ), shares AS (
               SELECT *, greatest(
                   CASE WHEN $4::bigint > 0 THEN tokens * 10000 / $4 WHEN tokens > 0 THEN 10000 ELSE 0 END,
                   CASE WHEN $5::bigint > 0 THEN interactions * 10000 / $5 WHEN interactions > 0 THEN 10000 ELSE 0 END) AS bp
               FROM used)
           SELECT user_id, tokens, interactions AS "interactions!", (SELECT count(*) FROM shares WHERE bp >= $6) AS "near!",
               (SELECT count(*) FROM shares WHERE bp >= $7) AS "over!"
           FROM shares ORDER BY bp DESC, user_id LIMIT $8"#,
        limits.tier.as_str(),
        month,
        today,
        limits.tokens_per_month,
        limits.interactions_per_day,
        shares_bp[0],
        shares_bp[1],
        most
    )
    .fetch_all(tx)
    .await?;
    let (near, over) = rows.first().map_or((0, 0), |row| (row.near, row.over));
    Ok((
        near,
        over,
        rows.into_iter().map(|r| Used { user_id: r.user_id, tokens: r.tokens, interactions: r.interactions }).collect(),
    ))
}

/// A change of a tier, as the journal tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// Of which tier.
    pub tier: String,
    /// Before and after, as JSON.
    pub body: serde_json::Value,
}

/// The latest changes of tiers.
///
/// # Errors
/// When the database is away.
pub async fn history(tx: &mut PgConnection, limit: i64) -> Result<Vec<Changed>, sqlx::Error> {
    sqlx::query_as!(
        Changed,
        "SELECT at, actor, subject_id AS tier, body FROM journal WHERE event = 'limits_changed' ORDER BY id DESC LIMIT $1",
        limit
    )
    .fetch_all(tx)
    .await
}
