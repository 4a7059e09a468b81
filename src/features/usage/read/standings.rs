//! The reading SQL of where users stand: each against the limits of the tier, this month and today.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::{
    domain::{
        AppError,
        tier::Tier,
        time::month_start,
        usage::{UserPage, UserQuery, UserSort, UserStanding, dashboard::NEAREST_SHOWN},
    },
    platform::db::contains,
};

/// From this share of a limit on a user counts as near it, in basis points.
const NEAR_BP: i64 = 8_000;
/// Users on one page.
const USERS_PAGE: i64 = 50;
/// The columns of a standing, as the queries below give them.
struct StandingRow {
    user_id: String,
    organization_id: String,
    subscription_tier: String,
    total_tokens: i64,
    tokens_per_month: i64,
    day_interactions: i64,
    interactions_per_day: i64,
    last_event_at: DateTime<Utc>,
}

impl StandingRow {
    fn standing(self) -> Option<UserStanding> {
        Some(UserStanding {
            tier: Tier::parse(&self.subscription_tier)?,
            user_id: self.user_id,
            organization_id: Some(self.organization_id).filter(|o| !o.is_empty()),
            month_tokens: self.total_tokens,
            token_limit: self.tokens_per_month,
            day_interactions: self.day_interactions,
            interaction_limit: self.interactions_per_day,
            last_event_at: self.last_event_at,
        })
    }
}

/// How a month's users stand, together.
pub(super) struct Overview {
    /// How many of a tier, or of all, have used at least [`NEAR_BP`] of a limit.
    pub near: i64,
    /// The nearest of them; when nobody is near, those who come nearest.
    pub nearest: Vec<UserStanding>,
    /// Users with use this month, by tier, whatever is asked for.
    pub accounts: HashMap<String, i64>,
}

/// How this month's users stand: all of it in one look at the month.
pub(super) async fn overview(tx: &mut PgConnection, tier: Option<Tier>, now: DateTime<Utc>) -> Result<Overview, sqlx::Error> {
    let (month, today) = (month_start(now.date_naive()), now.date_naive());
    let row = sqlx::query!(
        r#"WITH standing AS MATERIALIZED (
               SELECT m.user_id, m.subscription_tier, greatest(
                   CASE WHEN l.tokens_per_month > 0 THEN m.total_tokens * 10000 / l.tokens_per_month
                        WHEN m.total_tokens > 0 THEN 10000 ELSE 0 END,
                   CASE WHEN m.last_day <> $2 THEN 0
                        WHEN l.interactions_per_day > 0 THEN m.last_day_interactions * 10000 / l.interactions_per_day
                        WHEN m.last_day_interactions > 0 THEN 10000 ELSE 0 END) AS used_bp
               FROM agent_usage_monthly m JOIN usage_tier_limits l ON l.tier = m.subscription_tier WHERE m.month = $1
           ), accounts AS (
               SELECT subscription_tier AS tier, count(*) AS n, count(*) FILTER (WHERE used_bp >= $4) AS near
               FROM standing GROUP BY subscription_tier)
           SELECT ARRAY(SELECT tier FROM accounts ORDER BY tier) AS "tiers!", ARRAY(SELECT n FROM accounts ORDER BY tier) AS "counts!",
               (SELECT coalesce(sum(near), 0)::bigint FROM accounts WHERE $3::text IS NULL OR tier = $3) AS "near!",
               ARRAY(SELECT user_id FROM standing WHERE $3::text IS NULL OR subscription_tier = $3
                     ORDER BY used_bp DESC, user_id LIMIT $5) AS "nearest!""#,
        month,
        today,
        tier.map(Tier::as_str),
        NEAR_BP,
        NEAREST_SHOWN as i64
    )
    .fetch_one(&mut *tx)
    .await?;
    let mut nearest = standings_from(tx, Some(&row.nearest), 0, now).await?;
    nearest.sort_by(|a, b| b.used_bp().cmp(&a.used_bp()).then_with(|| a.user_id.cmp(&b.user_id)));
    if row.near > 0 {
        nearest.retain(|s| s.used_bp() >= NEAR_BP);
    }
    Ok(Overview { near: row.near, nearest, accounts: row.tiers.into_iter().zip(row.counts).collect() })
}

/// Where a page of users begins: after this value of the sort, and after this user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCursor {
    value: i64,
    user_id: String,
}

impl UserCursor {
    /// Reads a cursor back.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(text: &str) -> Result<Self, AppError> {
        text.split_once('~')
            .filter(|_| !text.contains('\0'))
            .and_then(|(value, user)| Some(Self { value: value.parse().ok()?, user_id: user.to_owned() }))
            .ok_or_else(|| AppError::invalid("/after", "format", "is not a place in this list"))
    }
}

impl std::fmt::Display for UserCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}~{}", self.value, self.user_id)
    }
}

/// One page of this month's users.
///
/// # Errors
/// When the database is away.
pub async fn users(
    tx: &mut PgConnection,
    query: &UserQuery,
    after: Option<UserCursor>,
    now: DateTime<Utc>,
) -> Result<UserPage, sqlx::Error> {
    users_limited(tx, query, after, now, USERS_PAGE).await
}

/// The value that a user is sorted by, larger first; what the query below calls `value`.
fn sort_value(sort: UserSort, s: &UserStanding) -> i64 {
    match sort {
        UserSort::Used => s.used_bp(),
        UserSort::Tokens => s.month_tokens,
        UserSort::Interactions => s.day_interactions,
        UserSort::Recent => s.last_event_at.timestamp_micros(),
        UserSort::Name => 0,
    }
}

async fn users_limited(
    tx: &mut PgConnection,
    query: &UserQuery,
    after: Option<UserCursor>,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<UserPage, sqlx::Error> {
    let today = now.date_naive();
    let pattern = contains(&query.search);
    let rows = sqlx::query!(
        r#"WITH standing AS (
               SELECT m.user_id, m.organization_id, m.subscription_tier, m.total_tokens, m.last_event_at,
                      l.tokens_per_month, l.interactions_per_day,
                      CASE WHEN m.last_day = $2 THEN m.last_day_interactions ELSE 0 END AS day_interactions
               FROM agent_usage_monthly m JOIN usage_tier_limits l ON l.tier = m.subscription_tier
               WHERE m.month = $1 AND ($3::text IS NULL OR m.subscription_tier = $3)
                 AND ($4 = '%%' OR m.user_id ILIKE $4 OR m.organization_id ILIKE $4)
           ), valued AS (
               SELECT *, greatest(
                   CASE WHEN tokens_per_month > 0 THEN total_tokens * 10000 / tokens_per_month WHEN total_tokens > 0 THEN 10000 ELSE 0 END,
                   CASE WHEN interactions_per_day > 0 THEN day_interactions * 10000 / interactions_per_day
                        WHEN day_interactions > 0 THEN 10000 ELSE 0 END) AS used_bp
               FROM standing
           ), matching AS (
               SELECT *, CASE $6 WHEN 'used' THEN used_bp WHEN 'tokens' THEN total_tokens WHEN 'interactions' THEN day_interactions
                   WHEN 'recent' THEN (extract(epoch FROM last_event_at) * 1000000)::bigint ELSE 0 END AS value
               FROM valued WHERE NOT $5 OR used_bp >= $7
           )
           SELECT user_id, organization_id, subscription_tier, total_tokens, tokens_per_month, day_interactions AS "day_interactions!",
               interactions_per_day, last_event_at, (SELECT count(*) FROM matching) AS "total!"
           FROM matching
           WHERE $8::bigint IS NULL OR value < $8 OR (value = $8 AND user_id > $9)
           ORDER BY value DESC, user_id LIMIT $10"#,
        month_start(today),
        today,
        query.tier.map(Tier::as_str),
        pattern,
        query.near_only,
        query.sort.as_str(),
        NEAR_BP,
        after.as_ref().map(|a| a.value),
        after.as_ref().map(|a| a.user_id.as_str()).unwrap_or_default(),
        limit + 1
    )
    .fetch_all(&mut *tx)
    .await?;
    let total = match rows.first() {
        Some(row) => row.total,
        None => 0,
    };
    let mut standings: Vec<_> = rows
        .into_iter()
        .filter_map(|r| {
            let row = StandingRow {
                user_id: r.user_id,
                organization_id: r.organization_id,
                subscription_tier: r.subscription_tier,
                total_tokens: r.total_tokens,
                tokens_per_month: r.tokens_per_month,
                day_interactions: r.day_interactions,
                interactions_per_day: r.interactions_per_day,
                last_event_at: r.last_event_at,
            };
            row.standing()
        })
        .collect();
    let more = standings.len() as i64 > limit;
    standings.truncate(usize::try_from(limit).unwrap_or(0));
    let next = standings
        .last()
        .filter(|_| more)
        .map(|s| UserCursor { value: sort_value(query.sort, s), user_id: s.user_id.clone() }.to_string());
    Ok(UserPage { rows: standings, total, next })
}

/// The users that have used at least `from_bp` of a limit, among these or among all.
///
/// # Errors
/// When the database is away.
pub async fn standings_from(
    tx: &mut PgConnection,
    users: Option<&[String]>,
    from_bp: i32,
    now: DateTime<Utc>,
) -> Result<Vec<UserStanding>, sqlx::Error> {
    let (today, bp) = (now.date_naive(), i64::from(from_bp));
    let rows = match users {
        None => {
            sqlx::query_as!(
                StandingRow,
                r#"SELECT m.user_id, m.organization_id, m.subscription_tier, m.total_tokens, l.tokens_per_month,
                       CASE WHEN m.last_day = $2 THEN m.last_day_interactions ELSE 0 END AS "day_interactions!", l.interactions_per_day,
                       m.last_event_at
                   FROM agent_usage_monthly m JOIN usage_tier_limits l ON l.tier = m.subscription_tier
                   WHERE m.month = $1
                     AND (m.total_tokens * 10000 >= l.tokens_per_month * $3
                          OR (m.last_day = $2 AND m.last_day_interactions * 10000 >= l.interactions_per_day * $3))"#,
                month_start(today),
                today,
                bp
            )
            .fetch_all(tx)
            .await?
        }
        // One look into the index for each user; `= ANY` would compare each row with the whole list.
        Some(users) => {
            sqlx::query_as!(
                StandingRow,
                r#"SELECT m.user_id, m.organization_id, m.subscription_tier, m.total_tokens, l.tokens_per_month,
                       CASE WHEN m.last_day = $2 THEN m.last_day_interactions ELSE 0 END AS "day_interactions!", l.interactions_per_day,
                       m.last_event_at
                   FROM unnest($4::text[]) AS moved (user_id)
                   CROSS JOIN LATERAL (
                       SELECT * FROM agent_usage_monthly m WHERE m.month = $1 AND m.user_id = moved.user_id OFFSET 0) AS m
                   JOIN usage_tier_limits l ON l.tier = m.subscription_tier
                   WHERE m.total_tokens * 10000 >= l.tokens_per_month * $3
                     OR (m.last_day = $2 AND m.last_day_interactions * 10000 >= l.interactions_per_day * $3)"#,
                month_start(today),
                today,
                bp,
                users
            )
            .fetch_all(tx)
            .await?
        }
    };
    Ok(rows.into_iter().filter_map(StandingRow::standing).collect())
}

/// A number that changes when tier limits or alert rules do.
///
/// # Errors
/// When the database is away.
pub async fn rules_fingerprint(db: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT hashtextextended(
               (SELECT coalesce(string_agg(l::text, ';' ORDER BY tier), '') FROM usage_tier_limits l)
               || (SELECT coalesce(string_agg(r::text, ';' ORDER BY kind), '') FROM usage_alert_rules r), 0) AS "n!""#
    )
    .fetch_one(db)
    .await
}

/// Where one user stands: this month, or with nothing used yet this month.
///
/// # Errors
/// When the database is away.
pub async fn standing(
    tx: &mut PgConnection,
    user_id: &str,
    now: DateTime<Utc>,
) -> Result<Option<(UserStanding, crate::domain::tier::TierLimits)>, sqlx::Error> {
    let today = now.date_naive();
    let row = sqlx::query_as!(
        StandingRow,
        r#"SELECT m.user_id, m.organization_id, m.subscription_tier,
               CASE WHEN m.month = $2 THEN m.total_tokens ELSE 0 END AS "total_tokens!", l.tokens_per_month,
               CASE WHEN m.last_day = $3 THEN m.last_day_interactions ELSE 0 END AS "day_interactions!", l.interactions_per_day,
               m.last_event_at
           FROM usage_users u JOIN agent_usage_monthly m ON m.month = u.latest_month AND m.user_id = u.user_id
           JOIN usage_tier_limits l ON l.tier = m.subscription_tier
           WHERE u.user_id = $1"#,
        user_id,
        month_start(today),
        today
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(standing) = row.and_then(StandingRow::standing) else { return Ok(None) };
    let limits = super::super::store::limits::list_tier_limits(tx).await?.into_iter().find(|l| l.tier == standing.tier);
    Ok(limits.map(|limits| (standing, limits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_survive_any_user_id() {
        let cursor = UserCursor { value: 9_921, user_id: "a~b/ñ?&".into() };
        assert_eq!(UserCursor::parse(&cursor.to_string()).unwrap(), cursor);
        assert!(UserCursor::parse("9~").is_ok());
        assert!(UserCursor::parse("nine").is_err());
    }
}
