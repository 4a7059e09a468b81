//! What the usage pages show, and how a live delta changes it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{
    delta::{MAX_RECENT, RecentEvent, UsageDelta, UserMove},
    limits::UserStanding,
};
use crate::domain::{
    alert::Alert,
    histogram::Histogram,
    tier::{Tier, TierLimits},
    time::{Period, PeriodRange, month_start},
};

/// How many rows the dashboard's list of users near their limits has.
pub const NEAREST_SHOWN: usize = 8;

/// What the dashboard is narrowed to; it lives in the page's address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageFilter {
    /// The span of time.
    pub period: Period,
    /// One tier, or all.
    pub tier: Option<Tier>,
    /// One agent, or all.
    #[serde(deserialize_with = "agent")]
    pub agent: Option<String>,
}

/// An agent that no event can be of is none.
fn agent<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|a| super::event::is_name(a)))
}

impl UsageFilter {
    /// Reads an address, by a look-up of its query's fields.
    pub fn from_query<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Self {
        Self {
            period: Period::parse(get("period"), get("from"), get("to")),
            tier: get("tier").and_then(Tier::parse),
            agent: get("agent").filter(|a| super::event::is_name(a)).map(str::to_owned),
        }
    }

    /// The fields that an address needs to say the same; defaults are left out. Values are not yet percent-encoded.
    pub fn to_query(&self) -> Vec<(&'static str, String)> {
        let mut fields = Vec::new();
        if self.period != Period::default() {
            fields.push(("period", self.period.as_str().to_owned()));
        }
        if let Period::Custom { from, to } = self.period {
            fields.push(("from", from.to_string()));
            fields.push(("to", to.to_string()));
        }
        if let Some(tier) = self.tier {
            fields.push(("tier", tier.as_str().to_owned()));
        }
        if let Some(agent) = &self.agent {
            fields.push(("agent", agent.clone()));
        }
        fields
    }

    /// Whether events of this tier and agent belong to what is shown.
    pub fn admits(&self, tier: Tier, agent: &str) -> bool {
        self.tier.is_none_or(|t| t == tier) && self.agent.as_deref().is_none_or(|a| a == agent)
    }
}

/// The three figures at the top.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Interactions.
    pub interactions: i64,
    /// Tokens used.
    pub tokens: i64,
    /// Different users with at least one interaction.
    pub active_users: i64,
}

/// One point of the chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// Where it starts.
    pub start: DateTime<Utc>,
    /// Tokens by [`Tier::ALL`].
    pub tokens: [i64; 5],
    /// Interactions by [`Tier::ALL`].
    pub interactions: [i64; 5],
    /// Different users active on the day; only known for points of a day.
    pub active_users: Option<i64>,
    /// Tokens at the same place of the period before, if it reaches so far.
    pub previous_tokens: Option<i64>,
    /// Interactions at the same place of the period before.
    pub previous_interactions: Option<i64>,
}

/// How one agent was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentUsage {
    /// The agent.
    pub agent: String,
    /// Interactions.
    pub interactions: i64,
    /// Tokens used.
    pub tokens: i64,
    /// Response times.
    pub response: Histogram,
}

/// How one tier's customers stand this month, together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierUsage {
    /// The tier and what it includes.
    pub limits: TierLimits,
    /// Tokens used this month, by the tier that each event was of.
    pub used_tokens: i64,
    /// Users with use this month.
    pub accounts: i64,
}

impl TierUsage {
    /// What the tier's users may use this month, together.
    pub fn allowance(&self) -> i64 {
        self.accounts.saturating_mul(self.limits.tokens_per_month)
    }
}

/// All that the live dashboard shows of usage, of one instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageDashboard {
    /// The place in the live stream that this state is of.
    pub seq: i64,
    /// The server's clock.
    pub as_of: DateTime<Utc>,
    /// What it is narrowed to.
    pub filter: UsageFilter,
    /// The period worked out.
    pub range: PeriodRange,
    /// This period.
    pub totals: Totals,
    /// The period before; for today, yesterday up to the same hour.
    pub previous: Totals,
    /// Users that GENESIS has ever spoken of, of the filter's tier.
    pub known: i64,
    /// The chart.
    pub points: Vec<Point>,
    /// By agent, most interactions first.
    pub agents: Vec<AgentUsage>,
    /// The month by tier, whatever the period is.
    pub tiers: Vec<TierUsage>,
    /// The users nearest their limits, whatever the period is, nearest first.
    pub nearest: Vec<UserStanding>,
    /// How many users have used at least 80% of a limit.
    pub nearest_total: i64,
    /// The latest events, newest first.
    pub recent: Vec<RecentEvent>,
    /// All agents ever seen, for the filter.
    pub all_agents: Vec<String>,
}

impl UsageDashboard {
    /// Takes in a later delta. Afterwards the figures are those that a fresh load would show, but for the counts of
    /// active and known users and of users near a limit, which need the whole and are refreshed by the page.
    pub fn apply(&mut self, seq: i64, at: DateTime<Utc>, delta: &UsageDelta) {
        self.seq = seq;
        self.as_of = at;
        let today = at.date_naive();
        for cell in &delta.cells {
            let Some(hour) = DateTime::from_timestamp(cell.hour, 0) else { continue };
            let date = hour.date_naive();
            if month_start(date) == month_start(today)
                && let Some(tier) = self.tiers.iter_mut().find(|t| t.limits.tier == cell.tier)
            {
                tier.used_tokens += cell.tokens;
            }
            if !self.filter.admits(cell.tier, &cell.agent) || date < self.range.from || date > self.range.to {
                continue;
            }
            self.totals.interactions += cell.interactions;
            self.totals.tokens += cell.tokens;
            let start = self.range.grain.floor(hour);
            if let Some(point) = self.points.iter_mut().find(|p| p.start == start) {
                add_at(&mut point.tokens, cell.tier, cell.tokens);
                add_at(&mut point.interactions, cell.tier, cell.interactions);
            }
            match self.agents.iter_mut().find(|a| a.agent == cell.agent) {
                Some(agent) => {
                    agent.interactions += cell.interactions;
                    agent.tokens += cell.tokens;
                    agent.response.merge(&cell.response);
                }
                None => self.agents.push(AgentUsage {
                    agent: cell.agent.clone(),
                    interactions: cell.interactions,
                    tokens: cell.tokens,
                    response: cell.response.clone(),
                }),
            }
        }
        self.agents.sort_by(|a, b| b.interactions.cmp(&a.interactions).then_with(|| a.agent.cmp(&b.agent)));
        for user in &delta.users {
            self.apply_user(user, today);
        }
        let filter = &self.filter;
        let mut recent: Vec<_> = delta.recent.iter().filter(|e| filter.admits(e.tier, &e.agent)).cloned().collect();
        // A page that was loaded between an event's commit and its message has the event already.
        self.recent.retain(|mine| recent.iter().all(|e| e.id != mine.id));
        recent.append(&mut self.recent);
        recent.sort_by_key(|e| std::cmp::Reverse(e.at));
        recent.truncate(MAX_RECENT);
        self.recent = recent;
    }

    /// Puts a user's new standing into the list of those nearest their limits.
    fn apply_user(&mut self, user: &UserMove, today: NaiveDate) {
        if user.month != month_start(today) || self.filter.tier.is_some_and(|t| t != user.tier) {
            return;
        }
        let Some(limits) = self.tiers.iter().find(|t| t.limits.tier == user.tier).map(|t| &t.limits) else { return };
        let standing = UserStanding {
            user_id: user.user_id.clone(),
            organization_id: user.organization_id.clone(),
            tier: user.tier,
            month_tokens: user.month_tokens,
            token_limit: limits.tokens_per_month,
            day_interactions: if user.day == today { user.day_interactions } else { 0 },
            interaction_limit: limits.interactions_per_day,
            last_event_at: user.last_event_at,
        };
        self.nearest.retain(|s| s.user_id != standing.user_id);
        self.nearest.push(standing);
        self.nearest.sort_by(|a, b| b.used_bp().cmp(&a.used_bp()).then_with(|| a.user_id.cmp(&b.user_id)));
        self.nearest.truncate(NEAREST_SHOWN);
    }
}

fn add_at(slots: &mut [i64; 5], tier: Tier, n: i64) {
    if let Some(slot) = slots.get_mut(tier.index()) {
        *slot += n;
    }
}

/// How a list of users is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserSort {
    /// Nearest a limit first.
    #[default]
    Used,
    /// Most tokens this month first.
    Tokens,
    /// Most interactions today first.
    Interactions,
    /// Latest event first.
    Recent,
    /// By user id.
    Name,
}

impl UserSort {
    /// All, as the page offers them.
    pub const ALL: [Self; 5] = [Self::Used, Self::Tokens, Self::Interactions, Self::Recent, Self::Name];

    /// The word in an address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Tokens => "tokens",
            Self::Interactions => "interactions",
            Self::Recent => "recent",
            Self::Name => "name",
        }
    }

    /// The sort with this word, else the default.
    pub fn parse(word: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|s| Some(s.as_str()) == word).unwrap_or_default()
    }
}

/// Which users a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserQuery {
    /// Part of the user's or organization's id, in any case; empty for all.
    pub search: String,
    /// One tier, or all.
    pub tier: Option<Tier>,
    /// Only those with at least 80% of a limit used.
    pub near_only: bool,
    /// The order.
    pub sort: UserSort,
    /// Where the page before ended, as it said in [`UserPage::next`].
    pub after: Option<String>,
}

/// One page of users of this month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserPage {
    /// The rows.
    pub rows: Vec<UserStanding>,
    /// How many users there are in all, on all pages.
    pub total: i64,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// One day of one user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayUsage {
    /// The day (UTC).
    pub date: NaiveDate,
    /// Tokens used.
    pub tokens: i64,
    /// Interactions.
    pub interactions: i64,
}

/// The page of one user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDetail {
    /// The place in the live stream that this state is of.
    pub seq: i64,
    /// The server's clock.
    pub as_of: DateTime<Utc>,
    /// Where the user stands this month.
    pub standing: UserStanding,
    /// What the tier includes.
    pub limits: TierLimits,
    /// Each of the last 60 days, today last; days without use are there with zeros.
    pub days: Vec<DayUsage>,
    /// This month by agent, most interactions first; `response` is empty, as it is not kept by user.
    pub agents: Vec<AgentUsage>,
    /// Average response time this month by agent, in milliseconds, in the order of `agents`.
    pub agent_average_ms: Vec<i64>,
    /// The newest events.
    pub events: EventPage,
    /// The user's alerts, newest first, resolved ones too.
    pub alerts: Vec<Alert>,
    /// The first day with use (UTC).
    pub first_day: NaiveDate,
}

/// One page of a user's events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPage {
    /// Newest first.
    pub rows: Vec<RecentEvent>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}
