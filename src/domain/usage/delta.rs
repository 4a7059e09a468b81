//! What a group of events adds to the rollups, as it travels to the screens.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::{histogram::Histogram, tier::Tier};

/// How many of the latest events a delta carries at the most.
pub const MAX_RECENT: usize = 12;
/// How many users' new standing a delta carries at the most: those nearest their limits.
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
    /// The users that moved and are nearest their limits, at most [`MAX_USERS`].
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
        recent.sort_by(|a, b| b.at.cmp(&a.at));
        recent.truncate(MAX_RECENT);
        self.recent = recent;
    }
}
