//! The messages of the live socket, `GET /agent-usage/live`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    alert::{Alert, OpenAlerts},
    usage::{RecentEvent, Totals, UsageDelta},
};

/// What a fresh connection is told first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveSnapshot {
    /// Since midnight UTC.
    pub today: Totals,
    /// The seven days with today.
    pub week: Totals,
    /// Since the first of the month, UTC.
    pub month: Totals,
    /// The open alerts.
    pub alerts: OpenAlerts,
    /// The latest events, newest first.
    pub recent: Vec<RecentEvent>,
}

/// A message to a screen. `seq` rises from message to message; a client that comes back asks for what came after
/// the last one it has taken in (`?since=`), and gets exactly that, or [`LiveFrame::Resync`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveFrame {
    /// The state at `seq`, to a client that brought no `since`.
    Snapshot {
        /// Position in the stream.
        seq: i64,
        /// The server's clock.
        at: DateTime<Utc>,
        /// The state.
        data: Box<LiveSnapshot>,
    },
    /// Usage since the message before; at most four a second.
    Usage {
        /// Position in the stream.
        seq: i64,
        /// The server's clock.
        at: DateTime<Utc>,
        /// What changed.
        usage: UsageDelta,
    },
    /// An alert was raised or resolved; sent at once.
    Alert {
        /// Position in the stream.
        seq: i64,
        /// The server's clock.
        at: DateTime<Utc>,
        /// The alert as it is now.
        alert: Box<Alert>,
        /// The usage that was waiting for its turn, so that `seq` leaves nothing behind.
        #[serde(default, skip_serializing_if = "UsageDelta::is_empty")]
        usage: UsageDelta,
    },
    /// Nothing happened; the connection is alive.
    Heartbeat {
        /// Position in the stream.
        seq: i64,
        /// The server's clock.
        at: DateTime<Utc>,
    },
    /// The gap is too old to be told: load the page's data again and go on from `seq`.
    Resync {
        /// Position in the stream.
        seq: i64,
        /// The server's clock.
        at: DateTime<Utc>,
    },
}

impl LiveFrame {
    /// The position in the stream.
    pub const fn seq(&self) -> i64 {
        match self {
            Self::Snapshot { seq, .. }
            | Self::Usage { seq, .. }
            | Self::Alert { seq, .. }
            | Self::Heartbeat { seq, .. }
            | Self::Resync { seq, .. } => *seq,
        }
    }

    /// The server's clock when the message was sent.
    pub const fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Snapshot { at, .. }
            | Self::Usage { at, .. }
            | Self::Alert { at, .. }
            | Self::Heartbeat { at, .. }
            | Self::Resync { at, .. } => *at,
        }
    }
}
