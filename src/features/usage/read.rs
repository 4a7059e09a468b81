//! The reading SQL of metering: all of it over rollups, so that its cost does not grow with the number of events.

pub mod standings;
pub mod user;

use std::collections::HashMap;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::domain::{
    histogram::Histogram,
    tier::Tier,
    time::{Grain, Period, PeriodRange, midnight, month_start, next_month},
    usage::{AgentUsage, Point, RecentEvent, TierUsage, Totals, UsageDashboard, UsageFilter, delta::MAX_RECENT},
};
use crate::platform::hub;

/// The dashboard at `now`.
///
/// # Errors
/// When the database is away.
pub async fn dashboard(tx: &mut PgConnection, filter: UsageFilter, now: DateTime<Utc>) -> Result<UsageDashboard, sqlx::Error> {
    let range = filter.period.resolve(now.date_naive());
    let seq = hub::position(tx).await?;
    let mut points = points(tx, &filter, &range, now).await?;
    if range.grain == Grain::Day {
        let active = active_by_day(tx, &filter, &range).await?;
        for point in &mut points {
            point.active_users = Some(active.get(&point.start.date_naive()).copied().unwrap_or_default());
        }
    }
    let agents = agents(tx, &filter, &range).await?;
    let (active_users, previous_active) = active_users(tx, &filter, &range).await?;
    let sum = |slots: &[i64; 5]| slots.iter().sum::<i64>();
    let totals = Totals {
        interactions: agents.iter().map(|a| a.interactions).sum(),
        tokens: agents.iter().map(|a| a.tokens).sum(),
        active_users,
    };
    debug_assert!(range.grain != Grain::Day || totals.tokens == points.iter().map(|p| sum(&p.tokens)).sum::<i64>());
    let previous = previous_totals(tx, &filter, &range, now, previous_active).await?;
    let overview = standings::overview(tx, filter.tier, now).await?;
    Ok(UsageDashboard {
        seq,
        as_of: now,
        totals,
        previous,
        known: known_users(tx, filter.tier).await?,
        points,
        agents,
        tiers: tiers(tx, &overview.accounts, now).await?,
        nearest: overview.nearest,
        nearest_total: overview.near,
        recent: recent(tx, &filter, now).await?,
        all_agents: all_agents(tx, now).await?,
        filter,
        range,
    })
}

/// Totals alone, of the filter's period.
///
/// # Errors
/// When the database is away.
pub async fn totals(tx: &mut PgConnection, filter: &UsageFilter, now: DateTime<Utc>) -> Result<Totals, sqlx::Error> {
    let range = filter.period.resolve(now.date_naive());
    let row = sqlx::query!(
        r#"SELECT coalesce(sum(total_interactions), 0)::bigint AS "n!", coalesce(sum(total_tokens), 0)::bigint AS "tokens!"
           FROM agent_usage_totals_daily WHERE date BETWEEN $1 AND $2"#,
        range.from,
        range.to
    )
    .fetch_one(&mut *tx)
    .await?;
    let (active_users, _) = active_users(tx, filter, &range).await?;
    Ok(Totals { interactions: row.n, tokens: row.tokens, active_users })
}

fn tier_word(filter: &UsageFilter) -> Option<&'static str> {
    filter.tier.map(Tier::as_str)
}

/// A sum of a day or hour and a tier.
struct Slot {
    at: DateTime<Utc>,
    tier: Tier,
    interactions: i64,
    tokens: i64,
}

/// The sums of both periods, the earlier included.
async fn slots(tx: &mut PgConnection, filter: &UsageFilter, range: &PeriodRange) -> Result<Vec<Slot>, sqlx::Error> {
    if range.grain == Grain::Hour {
        let (from, to) = (midnight(range.previous_from), midnight(range.to) + TimeDelta::days(1));
        let rows = sqlx::query!(
            r#"SELECT hour, subscription_tier, sum(total_interactions)::bigint AS "n!", sum(total_tokens)::bigint AS "tokens!"
               FROM agent_usage_totals_hourly
               WHERE hour >= $1 AND hour < $2 AND ($3::text IS NULL OR subscription_tier = $3) AND ($4::text IS NULL OR agent_id = $4)
               GROUP BY hour, subscription_tier"#,
            from,
            to,
            tier_word(filter),
            filter.agent.as_deref()
        )
        .fetch_all(tx)
        .await?;
        return Ok(rows
            .into_iter()
            .filter_map(|r| {
                Some(Slot { at: r.hour, tier: Tier::parse(&r.subscription_tier)?, interactions: r.n, tokens: r.tokens })
            })
            .collect());
    }
    let rows = sqlx::query!(
        r#"SELECT date, subscription_tier, sum(total_interactions)::bigint AS "n!", sum(total_tokens)::bigint AS "tokens!"
           FROM agent_usage_totals_daily
           WHERE date BETWEEN $1 AND $2 AND ($3::text IS NULL OR subscription_tier = $3) AND ($4::text IS NULL OR agent_id = $4)
           GROUP BY date, subscription_tier"#,
        range.previous_from,
        range.to,
        tier_word(filter),
        filter.agent.as_deref()
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|r| {
            Some(Slot { at: midnight(r.date), tier: Tier::parse(&r.subscription_tier)?, interactions: r.n, tokens: r.tokens })
        })
        .collect())
}

/// The chart's points, each with its counterpart of the period before.
async fn points(
    tx: &mut PgConnection,
    filter: &UsageFilter,
    range: &PeriodRange,
    now: DateTime<Utc>,
) -> Result<Vec<Point>, sqlx::Error> {
    let grain = range.grain;
    let mut points: Vec<Point> = range
        .points()
        .into_iter()
        .map(|start| Point {
            start,
            tokens: [0; 5],
            interactions: [0; 5],
            active_users: None,
            previous_tokens: None,
            previous_interactions: None,
        })
        .collect();
    let place: HashMap<_, _> = points.iter().enumerate().map(|(i, p)| (p.start, i)).collect();
    let shift = midnight(range.from) - midnight(range.previous_from);
    let (from, previous_end) = (midnight(range.from), midnight(range.previous_to) + TimeDelta::days(1));
    for slot in slots(tx, filter, range).await? {
        let current = slot.at >= from;
        if !current && slot.at >= previous_end {
            continue;
        }
        let start = grain.floor(if current { slot.at } else { slot.at + shift });
        let Some(point) = place.get(&start).and_then(|i| points.get_mut(*i)) else { continue };
        if current {
            if let (Some(tokens), Some(n)) =
                (point.tokens.get_mut(slot.tier.index()), point.interactions.get_mut(slot.tier.index()))
            {
                *tokens += slot.tokens;
                *n += slot.interactions;
            }
        } else {
            *point.previous_tokens.get_or_insert(0) += slot.tokens;
            *point.previous_interactions.get_or_insert(0) += slot.interactions;
        }
    }
    // A day of the period before without use is a zero, as long as that period reaches there and has any use at all.
    if points.iter().any(|p| p.previous_tokens.is_some()) {
        for point in points.iter_mut().filter(|p| p.start - shift < previous_end && p.start <= now + TimeDelta::days(31)) {
            point.previous_tokens.get_or_insert(0);
            point.previous_interactions.get_or_insert(0);
        }
    }
    Ok(points)
}

/// The totals of the period before; for today, of yesterday's hours up to this one.
async fn previous_totals(
    tx: &mut PgConnection,
    filter: &UsageFilter,
    range: &PeriodRange,
    now: DateTime<Utc>,
    active_users: i64,
) -> Result<Totals, sqlx::Error> {
    if filter.period == Period::Today {
        let row = sqlx::query!(
            r#"SELECT coalesce(sum(total_interactions), 0)::bigint AS "n!", coalesce(sum(total_tokens), 0)::bigint AS "tokens!"
               FROM agent_usage_totals_hourly
               WHERE hour >= $1 AND hour <= $2 AND ($3::text IS NULL OR subscription_tier = $3) AND ($4::text IS NULL OR agent_id = $4)"#,
            midnight(range.previous_from),
            now - TimeDelta::days(1),
            tier_word(filter),
            filter.agent.as_deref()
        )
        .fetch_one(tx)
        .await?;
        // Yesterday's users up to this hour are not kept; the whole of yesterday would not be a fair comparison.
        return Ok(Totals { interactions: row.n, tokens: row.tokens, active_users: 0 });
    }
    let row = sqlx::query!(
        r#"SELECT coalesce(sum(total_interactions), 0)::bigint AS "n!", coalesce(sum(total_tokens), 0)::bigint AS "tokens!"
           FROM agent_usage_totals_daily
           WHERE date BETWEEN $1 AND $2 AND ($3::text IS NULL OR subscription_tier = $3) AND ($4::text IS NULL OR agent_id = $4)"#,
        range.previous_from,
        range.previous_to,
        tier_word(filter),
        filter.agent.as_deref()
    )
    .fetch_one(tx)
    .await?;
    Ok(Totals { interactions: row.n, tokens: row.tokens, active_users })
}

/// The days of a range that fall in each month, as bits.
fn month_masks(from: NaiveDate, to: NaiveDate) -> Vec<(NaiveDate, i32)> {
    let mut masks = Vec::new();
    let mut month = month_start(from);
    while month <= to {
        let (first, last) = (from.max(month), to.min(next_month(month) - TimeDelta::days(1)));
        let mask = (first.day0()..=last.day0()).fold(0, |mask, day| mask | 1 << day);
        masks.push((month, mask));
        month = next_month(month);
    }
    masks
}

/// Different users with use: in the period, and in the one before.
async fn active_users(tx: &mut PgConnection, filter: &UsageFilter, range: &PeriodRange) -> Result<(i64, i64), sqlx::Error> {
    if let Some(agent) = &filter.agent {
        let row = sqlx::query!(
            r#"SELECT count(DISTINCT d.user_id) FILTER (WHERE d.date >= $3) AS "now!",
                      count(DISTINCT d.user_id) FILTER (WHERE d.date <= $2) AS "before!"
               FROM agent_usage_daily d
               LEFT JOIN agent_usage_monthly m ON m.user_id = d.user_id AND m.month = date_trunc('month', d.date)::date
               WHERE d.date BETWEEN $1 AND $4 AND d.agent_id = $5 AND ($6::text IS NULL OR m.subscription_tier = $6)"#,
            range.previous_from,
            range.previous_to,
            range.from,
            range.to,
            agent,
            tier_word(filter)
        )
        .fetch_one(tx)
        .await?;
        return Ok((row.now, row.before));
    }
    let mut months: HashMap<NaiveDate, (i32, i32)> = HashMap::new();
    for (month, mask) in month_masks(range.from, range.to) {
        months.entry(month).or_default().0 = mask;
    }
    for (month, mask) in month_masks(range.previous_from, range.previous_to) {
        months.entry(month).or_default().1 = mask;
    }
    let list: Vec<_> = months.keys().copied().collect();
    let current: Vec<_> = months.values().map(|m| m.0).collect();
    let before: Vec<_> = months.values().map(|m| m.1).collect();
    let row = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE now) AS "now!", count(*) FILTER (WHERE before) AS "before!" FROM (
               SELECT bool_or(m.active_days & t.now <> 0) AS now, bool_or(m.active_days & t.before <> 0) AS before
               FROM unnest($1::date[], $2::integer[], $3::integer[]) AS t (month, now, before)
               JOIN agent_usage_monthly m USING (month)
               WHERE ($4::text IS NULL OR m.subscription_tier = $4)
               GROUP BY m.user_id) AS users"#,
        &list,
        &current,
        &before,
        tier_word(filter)
    )
    .fetch_one(tx)
    .await?;
    Ok((row.now, row.before))
}

/// Different users with use on each day.
async fn active_by_day(
    tx: &mut PgConnection,
    filter: &UsageFilter,
    range: &PeriodRange,
) -> Result<HashMap<NaiveDate, i64>, sqlx::Error> {
    if filter.tier.is_none() && filter.agent.is_none() {
        let rows = sqlx::query!(
            "SELECT date, active_users FROM agent_usage_active_daily WHERE date BETWEEN $1 AND $2",
            range.from,
            range.to
        )
        .fetch_all(tx)
        .await?;
        return Ok(rows.into_iter().map(|r| (r.date, r.active_users)).collect());
    }
    let rows = sqlx::query!(
        r#"SELECT d.date, count(DISTINCT d.user_id) AS "n!" FROM agent_usage_daily d
           LEFT JOIN agent_usage_monthly m ON m.user_id = d.user_id AND m.month = date_trunc('month', d.date)::date
           WHERE d.date BETWEEN $1 AND $2 AND ($3::text IS NULL OR m.subscription_tier = $3) AND ($4::text IS NULL OR d.agent_id = $4)
           GROUP BY d.date"#,
        range.from,
        range.to,
        tier_word(filter),
        filter.agent.as_deref()
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|r| (r.date, r.n)).collect())
}

/// By agent, with response times.
async fn agents(tx: &mut PgConnection, filter: &UsageFilter, range: &PeriodRange) -> Result<Vec<AgentUsage>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT agent_id, total_interactions, total_tokens, response_histogram FROM agent_usage_totals_daily
           WHERE date BETWEEN $1 AND $2 AND ($3::text IS NULL OR subscription_tier = $3) AND ($4::text IS NULL OR agent_id = $4)"#,
        range.from,
        range.to,
        tier_word(filter),
        filter.agent.as_deref()
    )
    .fetch_all(tx)
    .await?;
    let mut by_agent: HashMap<String, AgentUsage> = HashMap::new();
    for row in rows {
        let agent = by_agent.entry(row.agent_id).or_insert_with_key(|agent| AgentUsage {
            agent: agent.clone(),
            interactions: 0,
            tokens: 0,
            response: Histogram::default(),
        });
        agent.interactions += row.total_interactions;
        agent.tokens += row.total_tokens;
        agent.response.add_packed(&row.response_histogram);
    }
    let mut agents: Vec<_> = by_agent.into_values().collect();
    agents.sort_by(|a, b| b.interactions.cmp(&a.interactions).then_with(|| a.agent.cmp(&b.agent)));
    Ok(agents)
}

/// The month by tier.
async fn tiers(tx: &mut PgConnection, accounts: &HashMap<String, i64>, now: DateTime<Utc>) -> Result<Vec<TierUsage>, sqlx::Error> {
    let limits = super::store::limits::list_tier_limits(tx).await?;
    let month = month_start(now.date_naive());
    // Tokens come from the totals, as what the live line adds to them does.
    let rows = sqlx::query!(
        r#"SELECT subscription_tier AS tier, sum(total_tokens)::bigint AS "tokens!" FROM agent_usage_totals_daily
           WHERE date >= $1 AND date < $2 GROUP BY 1"#,
        month,
        next_month(month)
    )
    .fetch_all(tx)
    .await?;
    Ok(limits
        .into_iter()
        .map(|limits| {
            let row = rows.iter().find(|r| r.tier == limits.tier.as_str());
            let accounts = accounts.get(limits.tier.as_str()).copied().unwrap_or_default();
            TierUsage { used_tokens: row.map_or(0, |r| r.tokens), accounts, limits }
        })
        .collect())
}

/// Users that GENESIS has ever spoken of, of a tier or of all.
///
/// # Errors
/// When the database is away.
pub async fn known_users(tx: &mut PgConnection, tier: Option<Tier>) -> Result<i64, sqlx::Error> {
    let Some(tier) = tier else {
        return sqlx::query_scalar!(r#"SELECT count(*) AS "n!" FROM usage_users"#).fetch_one(tx).await;
    };
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM usage_users u
           JOIN agent_usage_monthly m ON m.month = u.latest_month AND m.user_id = u.user_id WHERE m.subscription_tier = $1"#,
        tier.as_str()
    )
    .fetch_one(tx)
    .await
}

async fn all_agents(tx: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT DISTINCT agent_id FROM agent_usage_totals_daily WHERE date >= $1 ORDER BY agent_id",
        now.date_naive() - TimeDelta::days(400)
    )
    .fetch_all(tx)
    .await
}

/// The columns of an event that pages show.
pub struct EventRow {
    id: uuid::Uuid,
    at: DateTime<Utc>,
    user_id: String,
    agent_id: String,
    tier: String,
    tokens: i64,
    response_ms: i32,
    flags: i16,
}

impl EventRow {
    /// An event of a tier that a newer version of the product knows is passed over.
    fn event(self) -> Option<RecentEvent> {
        Some(RecentEvent {
            id: self.id,
            at: self.at,
            user_id: self.user_id,
            agent: self.agent_id,
            tier: Tier::parse(&self.tier)?,
            tokens: self.tokens,
            response_ms: i64::from(self.response_ms),
            flags: self.flags,
        })
    }
}

/// The latest events of the last day.
///
/// # Errors
/// When the database is away.
pub async fn recent(tx: &mut PgConnection, filter: &UsageFilter, now: DateTime<Utc>) -> Result<Vec<RecentEvent>, sqlx::Error> {
    let rows = sqlx::query_as!(
        EventRow,
        r#"SELECT id AS "id!", "timestamp" AS "at!", user_id AS "user_id!", agent_id AS "agent_id!", subscription_tier AS "tier!",
               tokens_used AS "tokens!", response_time_ms AS "response_ms!", flags AS "flags!"
           FROM usage_events
           WHERE "timestamp" > $1 AND "timestamp" <= $2
             AND ($3::text IS NULL OR subscription_tier = $3) AND ($4::text IS NULL OR agent_id = $4)
           ORDER BY "timestamp" DESC LIMIT $5"#,
        now - TimeDelta::days(1),
        now + TimeDelta::minutes(crate::domain::usage::event::MAX_AHEAD_MINUTES),
        tier_word(filter),
        filter.agent.as_deref(),
        MAX_RECENT as i64
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().filter_map(EventRow::event).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_cover_a_range_exactly() {
        let masks = month_masks("2026-10-30".parse().unwrap(), "2026-12-02".parse().unwrap());
        let want = [("2026-10-01", 0b110 << 28), ("2026-11-01", (1 << 30) - 1), ("2026-12-01", 0b11)];
        assert_eq!(masks, want.map(|(d, m)| (d.parse().unwrap(), m)));
    }
}
