//! What a group of events adds to the rollups, as it travels to the screens.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{histogram::Histogram, tier::Tier};

/// How many of the latest events a delta carries at the most.
pub const MAX_RECENT: usize = 12;
/// How many users' new standing a delta carries at the most. One group of events keeps those nearest their limits; where groups
/// are merged, the latest stay, and the page's own refresh brings the rest.
pub const MAX_USERS: usize = 50;

/// What one hour, tier and agent gained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Start of the hour, Unix seconds.
    pub hour: i64,
    /// The tier of the events.
    pub tier: Tier,
    /// The agent of the events.
    pub agent: String,
    /// Interactions gained.
    pub interactions: i64,
    /// Tokens gained.
    pub tokens: i64,
    /// Response times gained.
    pub response: Histogram,
}

/// Where a user stands after the events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserMove {
    /// The GENESIS user.
    pub user_id: String,
    /// The user's organization, when GENESIS has told it.
    pub organization_id: Option<String>,
    /// The user's tier.
    pub tier: Tier,
    /// First day of the month that `month_tokens` is of.
    pub month: NaiveDate,
    /// Tokens used in that month.
    pub month_tokens: i64,
    /// The day that `day_interactions` is of.
    pub day: NaiveDate,
    /// Interactions on that day.
    pub day_interactions: i64,
    /// The latest event.
    pub last_event_at: DateTime<Utc>,
}

/// One event, as the list of recent activity shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentEvent {
    /// The id that it is stored under.
    pub id: Uuid,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Who used the agent.
    pub user_id: String,
    /// Which agent.
    pub agent: String,
    /// The user's tier.
    pub tier: Tier,
    /// Tokens used.
    pub tokens: i64,
    /// How long the agent took, in milliseconds.
    pub response_ms: i64,
    /// Bits of [`super::flags`].
    pub flags: i16,
}

/// What a group of events changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageDelta {
    /// Gains, one cell for each hour, tier and agent.
    pub cells: Vec<Cell>,
    /// Users that moved and have used half of a limit or more, the latest last, at most [`MAX_USERS`].
    pub users: Vec<UserMove>,
    /// The latest events, newest first, at most [`MAX_RECENT`].
    pub recent: Vec<RecentEvent>,
}

impl UsageDelta {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty() && self.users.is_empty() && self.recent.is_empty()
    }

    /// Takes in a later delta, so that one message can stand for both.
    pub fn merge(&mut self, later: Self) {
        for cell in later.cells {
            match self.cells.iter_mut().find(|c| c.hour == cell.hour && c.tier == cell.tier && c.agent == cell.agent) {
                Some(mine) => {
                    mine.interactions += cell.interactions;
                    mine.tokens += cell.tokens;
                    mine.response.merge(&cell.response);
                }
                None => self.cells.push(cell),
            }
        }
        for user in later.users {
            match self.users.iter_mut().find(|u| u.user_id == user.user_id) {
                Some(mine) => *mine = user,
                None => self.users.push(user),
            }
        }
        if self.users.len() > MAX_USERS {
            let beyond = self.users.len() - MAX_USERS;
            self.users.drain(..beyond);
        }
        let mut recent = later.recent;
        recent.append(&mut self.recent);
        recent.sort_by_key(|e| std::cmp::Reverse(e.at));
        recent.truncate(MAX_RECENT);
        self.recent = recent;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(hour: i64, tier: Tier, tokens: i64) -> Cell {
        let mut response = Histogram::default();
        response.record(100);
        Cell { hour, tier, agent: "NEXUS".into(), interactions: 1, tokens, response }
    }

    fn recent(second: i64) -> RecentEvent {
        RecentEvent {
            id: Uuid::from_u128(u128::try_from(second).unwrap()),
            at: DateTime::from_timestamp(second, 0).unwrap(),
            user_id: format!("u{second}"),
            agent: "NEXUS".into(),
            tier: Tier::Pro,
            tokens: 1,
            response_ms: 1,
            flags: 0,
        }
    }

    #[test]
    fn one_merged_delta_says_what_two_say() {
        let mut first = UsageDelta { cells: vec![cell(0, Tier::Pro, 5), cell(3600, Tier::Pro, 7)], ..UsageDelta::default() };
        first.merge(UsageDelta { cells: vec![cell(0, Tier::Pro, 2), cell(0, Tier::Elite, 1)], ..UsageDelta::default() });
        let of = |hour, tier| first.cells.iter().find(|c| c.hour == hour && c.tier == tier).map(|c| (c.interactions, c.tokens));
        assert_eq!(of(0, Tier::Pro), Some((2, 7)));
        assert_eq!(of(3600, Tier::Pro), Some((1, 7)));
        assert_eq!(of(0, Tier::Elite), Some((1, 1)));
        assert_eq!(first.cells.iter().map(|c| c.response.count()).sum::<i64>(), 4);
    }

    #[test]
    fn a_delta_stays_small_however_much_is_merged_into_it() {
        let mut delta = UsageDelta::default();
        for n in 0..500 {
            let user = UserMove {
                user_id: format!("u{n}"),
                organization_id: None,
                tier: Tier::Pro,
                month: NaiveDate::MIN,
                month_tokens: n,
                day: NaiveDate::MIN,
                day_interactions: 0,
                last_event_at: DateTime::UNIX_EPOCH,
            };
            delta.merge(UsageDelta { cells: vec![cell(0, Tier::Pro, 1)], users: vec![user], recent: vec![recent(n)] });
        }
        assert_eq!((delta.cells.len(), delta.users.len(), delta.recent.len()), (1, MAX_USERS, MAX_RECENT));
        assert_eq!(delta.users.last().map(|u| u.month_tokens), Some(499));
        assert_eq!(delta.recent.first().map(|e| e.at.timestamp()), Some(499));
    }
}
