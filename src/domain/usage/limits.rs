//! Where a user stands against the limits of the tier, and what follows from it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::{
    alert::{AlertKind, Metric},
    tier::{Tier, TierLimits},
    time::{midnight, month_start, next_month},
};

/// The shares of a limit that raise alerts, in basis points (1% is 100).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    /// From here on a limit is "approaching".
    pub approaching_bp: i32,
    /// From here on it is "exceeded".
    pub exceeded_bp: i32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { approaching_bp: 8_000, exceeded_bp: 9_500 }
    }
}

/// `used` as a share of `limit` in basis points, rounded down; a limit of nothing is reached at once.
pub fn share_bp(used: i64, limit: i64) -> i64 {
    if limit <= 0 {
        return if used > 0 { 10_000 } else { 0 };
    }
    i64::try_from(i128::from(used) * 10_000 / i128::from(limit)).unwrap_or(i64::MAX)
}

/// What a user has used in the current month and day, beside the limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserStanding {
    /// The GENESIS user.
    pub user_id: String,
    /// The user's organization, when GENESIS has told it.
    pub organization_id: Option<String>,
    /// The tier of the latest event.
    pub tier: Tier,
    /// Tokens used since the month began (UTC).
    pub month_tokens: i64,
    /// Tokens that the tier includes a month.
    pub token_limit: i64,
    /// Interactions since the day began (UTC).
    pub day_interactions: i64,
    /// Interactions that the tier includes a day.
    pub interaction_limit: i64,
    /// The latest event.
    pub last_event_at: DateTime<Utc>,
}

impl UserStanding {
    /// Used share of the month's tokens, in basis points.
    pub fn tokens_bp(&self) -> i64 {
        share_bp(self.month_tokens, self.token_limit)
    }

    /// Used share of the day's interactions, in basis points.
    pub fn interactions_bp(&self) -> i64 {
        share_bp(self.day_interactions, self.interaction_limit)
    }

    /// The larger of the two shares.
    pub fn used_bp(&self) -> i64 {
        self.tokens_bp().max(self.interactions_bp())
    }
}

/// A limit that a user has come too close to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breach {
    /// How close.
    pub kind: AlertKind,
    /// Which limit.
    pub metric: Metric,
    /// What is used.
    pub current: i64,
    /// The limit, in the same unit.
    pub limit: i64,
    /// The share that was crossed, in basis points.
    pub threshold_bp: i32,
    /// First day of the metered period.
    pub period_start: NaiveDate,
}

/// The limits that a user has come too close to at `today` (UTC); of each the worse kind only.
pub fn evaluate(standing: &UserStanding, thresholds: Thresholds, today: NaiveDate) -> Vec<Breach> {
    let checks = [
        (Metric::MonthTokens, standing.month_tokens, standing.token_limit, month_start(today)),
        (Metric::DayInteractions, standing.day_interactions, standing.interaction_limit, today),
    ];
    checks
        .into_iter()
        .filter_map(|(metric, current, limit, period_start)| {
            let share = share_bp(current, limit);
            let (kind, threshold_bp) = if share >= i64::from(thresholds.exceeded_bp) {
                (AlertKind::LimitExceeded, thresholds.exceeded_bp)
            } else if share >= i64::from(thresholds.approaching_bp) {
                (AlertKind::LimitApproaching, thresholds.approaching_bp)
            } else {
                return None;
            };
            Some(Breach { kind, metric, current, limit, threshold_bp, period_start })
        })
        .collect()
}

/// Where the month's use leads if it goes on as it has so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Projection {
    /// Use at the end of the month.
    pub at_end: i64,
    /// The day on which the limit will be reached, if it is this month and still to come.
    pub hits_on: Option<NaiveDate>,
    /// Whether the limit is reached already.
    pub reached: bool,
    /// Average use a day so far.
    pub per_day: i64,
}

/// Projects a month's use to its end: the use so far over the time so far, carried on in a straight line. The first day
/// counts as a whole one, so that the first event of a month does not promise millions.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "use is far below 2^53")]
pub fn project(used: i64, limit: i64, now: DateTime<Utc>) -> Projection {
    let today = now.date_naive();
    let (start, end) = (midnight(month_start(today)), midnight(next_month(today)));
    let days = |from: DateTime<Utc>, to: DateTime<Utc>| (to - from).num_seconds() as f64 / 86_400.0;
    let elapsed = days(start, now).max(1.0);
    let per_day = used as f64 / elapsed;
    let at_end = (per_day * days(start, end)).round() as i64;
    let reached = used >= limit;
    let hits_on = if reached {
        None
    } else if per_day > 0.0 && at_end >= limit {
        let left = (limit - used) as f64 / per_day;
        Some(
            (now + chrono::TimeDelta::seconds((left * 86_400.0) as i64))
                .date_naive()
                .min((end - chrono::TimeDelta::days(1)).date_naive()),
        )
    } else {
        None
    };
    Projection { at_end: at_end.max(used), hits_on, reached, per_day: per_day.round() as i64 }
}

/// The bits of [`super::flags`] for an event that brings a user from `tokens_before` and `interactions_before` on.
pub fn event_flags(limits: &TierLimits, agent: &str, tokens_after: i64, interactions_after: i64) -> i16 {
    use super::flags;
    let mut bits = 0;
    if !limits.includes(agent) {
        bits |= flags::AGENT_OUTSIDE_TIER;
    }
    if tokens_after > limits.tokens_per_month {
        bits |= flags::TOKENS_EXCEEDED;
    }
    if interactions_after > limits.interactions_per_day {
        bits |= flags::INTERACTIONS_EXCEEDED;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    type Case = (i64, i64, &'static [(AlertKind, Metric)]);

    fn standing(month_tokens: i64, day_interactions: i64) -> UserStanding {
        UserStanding {
            user_id: "u".into(),
            organization_id: None,
            tier: Tier::Essential,
            month_tokens,
            token_limit: 50_000,
            day_interactions,
            interaction_limit: 100,
            last_event_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn alerts_begin_exactly_at_their_threshold() {
        use AlertKind::{LimitApproaching as Near, LimitExceeded as Over};
        use Metric::{DayInteractions as Day, MonthTokens as Month};
        let today: NaiveDate = "2026-11-20".parse().unwrap();
        let cases: [Case; 8] = [
            (0, 0, &[]),
            (39_999, 79, &[]),
            (40_000, 0, &[(Near, Month)]),
            (47_499, 0, &[(Near, Month)]),
            (47_500, 0, &[(Over, Month)]),
            (0, 80, &[(Near, Day)]),
            (0, 95, &[(Over, Day)]),
            (999_999, 80, &[(Over, Month), (Near, Day)]),
        ];
        for (tokens, interactions, want) in cases {
            let got: Vec<_> = evaluate(&standing(tokens, interactions), Thresholds::default(), today)
                .iter()
                .map(|b| (b.kind, b.metric))
                .collect();
            assert_eq!(got, want, "{tokens} tokens, {interactions} interactions");
        }
    }

    #[test]
    fn a_projection_is_a_straight_line() {
        let noon_of_the_16th: DateTime<Utc> = "2026-11-16T00:00:00Z".parse().unwrap();
        let p = project(15_000, 50_000, noon_of_the_16th);
        assert_eq!(p, Projection { at_end: 30_000, hits_on: None, reached: false, per_day: 1_000 });
        let p = project(45_000, 50_000, noon_of_the_16th);
        assert_eq!(p, Projection { at_end: 90_000, hits_on: "2026-11-17".parse().ok(), reached: false, per_day: 3_000 });
        let first_minute: DateTime<Utc> = "2026-11-01T00:01:00Z".parse().unwrap();
        assert_eq!(project(100, 50_000, first_minute).at_end, 3_000);
        let over = project(60_000, 50_000, noon_of_the_16th);
        assert_eq!((over.hits_on, over.reached), (None, true), "when it was reached is not known here");
    }

    #[test]
    fn shares_never_overflow() {
        assert_eq!(share_bp(i64::MAX, 1), i64::MAX);
        assert_eq!(share_bp(1, 0), 10_000);
        assert_eq!(share_bp(0, 0), 0);
        assert_eq!(share_bp(7_999, 10_000), 7_999);
    }
}
