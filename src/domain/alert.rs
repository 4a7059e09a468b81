//! Alerts: what they are and what they carry.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::tier::Tier;

/// An alert's id, a UUIDv7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlertId(pub Uuid);

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// A customer has used most of a limit (80% by default).
    LimitApproaching,
    /// A customer has used a limit up, or nearly so (95% by default).
    LimitExceeded,
}

impl AlertKind {
    /// The word in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LimitApproaching => "limit_approaching",
            Self::LimitExceeded => "limit_exceeded",
        }
    }

    /// The kind with this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::LimitApproaching, Self::LimitExceeded].into_iter().find(|k| k.as_str() == word)
    }

    /// How bad it is.
    pub const fn severity(self) -> Severity {
        match self {
            Self::LimitApproaching => Severity::Medium,
            Self::LimitExceeded => Severity::Critical,
        }
    }
}

/// Which limit an alert speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Tokens in a calendar month (UTC).
    MonthTokens,
    /// Interactions in a calendar day (UTC).
    DayInteractions,
}

impl Metric {
    /// The word in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MonthTokens => "month_tokens",
            Self::DayInteractions => "day_interactions",
        }
    }

    /// The metric with this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::MonthTokens, Self::DayInteractions].into_iter().find(|m| m.as_str() == word)
    }
}

/// How bad an alert is, from the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// For when there is time.
    Low,
    /// To be looked at today.
    Medium,
    /// To be looked at soon.
    High,
    /// To be looked at now.
    Critical,
}

impl Severity {
    /// All, from the worst.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// The word in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The severity with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }
}

/// Where an alert is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertStatus {
    /// Waits for someone.
    Open,
    /// Its cause is gone, or something worse took its place.
    Resolved,
}

impl AlertStatus {
    /// The word in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
        }
    }

    /// The status with this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Open, Self::Resolved].into_iter().find(|s| s.as_str() == word)
    }
}

/// An alert with the numbers that raised it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Its id.
    pub id: AlertId,
    /// The number that people quote, as `ALR-2841`.
    pub number: i64,
    /// What it is about.
    pub kind: AlertKind,
    /// Which limit.
    pub metric: Metric,
    /// How bad it is.
    pub severity: Severity,
    /// Where it is in its life.
    pub status: AlertStatus,
    /// The GENESIS user.
    pub user_id: String,
    /// The user's organization, when GENESIS has told it.
    pub organization_id: Option<String>,
    /// The tier when it was raised.
    pub tier: Tier,
    /// What was used when it was raised.
    pub current_value: i64,
    /// The limit when it was raised, in the same unit.
    pub limit_value: i64,
    /// The share of the limit that raises it, in basis points (80% is 8,000).
    pub threshold_bp: i32,
    /// First day of the period that is metered.
    pub period_start: NaiveDate,
    /// When it was raised.
    pub triggered_at: DateTime<Utc>,
    /// By when somebody should have responded.
    pub due_at: DateTime<Utc>,
    /// When it was resolved.
    pub resolved_at: Option<DateTime<Utc>>,
}

impl Alert {
    /// Used share of the limit when it was raised, in basis points.
    pub fn used_bp(&self) -> i64 {
        super::usage::share_bp(self.current_value, self.limit_value)
    }
}

/// The open alerts, counted and the newest of the worst first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenAlerts {
    /// How many are open, by [`Severity::ALL`].
    pub by_severity: [i64; 4],
    /// How many were open a day ago.
    pub day_ago: i64,
    /// The worst, then the newest; at most [`OpenAlerts::SHOWN`].
    pub top: Vec<Alert>,
}

impl OpenAlerts {
    /// How many alerts travel with a page.
    pub const SHOWN: usize = 50;

    /// How many are open.
    pub fn total(&self) -> i64 {
        self.by_severity.iter().sum()
    }

    /// Takes in what happened to one alert. Hearing the same twice changes nothing, as long as the alert is among those
    /// shown; beyond them the counts are put right by the next load.
    pub fn apply(&mut self, alert: &Alert) {
        let known = self.top.iter().position(|a| a.id == alert.id);
        let slot = Severity::ALL.iter().position(|s| *s == alert.severity).unwrap_or_default();
        let count = self.by_severity.get_mut(slot);
        match (alert.status, known) {
            (AlertStatus::Open, Some(i)) => {
                if let Some(slot) = self.top.get_mut(i) {
                    slot.clone_from(alert);
                }
            }
            (AlertStatus::Open, None) => {
                if let Some(count) = count {
                    *count += 1;
                }
                self.top.push(alert.clone());
                self.top.sort_by(|a, b| b.severity.cmp(&a.severity).then(b.number.cmp(&a.number)));
                self.top.truncate(Self::SHOWN);
            }
            (AlertStatus::Resolved, known) => {
                if let Some(count) = count {
                    *count = (*count - 1).max(0);
                }
                if let Some(i) = known {
                    self.top.remove(i);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(number: i64, kind: AlertKind, status: AlertStatus) -> Alert {
        Alert {
            id: AlertId(Uuid::from_u128(number.unsigned_abs().into())),
            number,
            kind,
            metric: Metric::MonthTokens,
            severity: kind.severity(),
            status,
            user_id: format!("u{number}"),
            organization_id: None,
            tier: Tier::Pro,
            current_value: 145_920,
            limit_value: 150_000,
            threshold_bp: 9_500,
            period_start: NaiveDate::MIN,
            triggered_at: DateTime::UNIX_EPOCH,
            due_at: DateTime::UNIX_EPOCH,
            resolved_at: None,
        }
    }

    #[test]
    fn the_worst_stand_first_and_hearing_twice_changes_nothing() {
        use AlertKind::{LimitApproaching as Near, LimitExceeded as Over};
        use AlertStatus::{Open, Resolved};
        let mut open = OpenAlerts::default();
        for a in [alert(1, Over, Open), alert(2, Near, Open), alert(3, Over, Open), alert(3, Over, Open)] {
            open.apply(&a);
        }
        assert_eq!(open.by_severity, [2, 0, 1, 0]);
        assert_eq!(open.top.iter().map(|a| a.number).collect::<Vec<_>>(), [3, 1, 2]);
        open.apply(&alert(1, Over, Resolved));
        assert_eq!((open.total(), open.top.len()), (2, 2));
    }

    #[test]
    fn the_used_share_is_that_of_the_moment() {
        assert_eq!(alert(1, AlertKind::LimitExceeded, AlertStatus::Open).used_bp(), 9_728);
    }
}
