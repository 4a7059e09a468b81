//! The messages of the live socket, `GET /agent-usage/live`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    alert::{Alert, OpenAlerts},
    usage::{RecentEvent, Totals, UsageDelta},
};

/// Closes a socket whose session is over; the page goes to sign in. RFC 6455 leaves 4000 to 4999 to applications.
pub const SESSION_OVER: u16 = 4401;

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
#[serde(tag = "type", rename_all = "snake_case", try_from = "Sent")]
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

/// A [`LiveFrame`] as it is read: serde's own reading of a tagged enum would double the code that the browser loads.
#[derive(Deserialize)]
struct Sent {
    r#type: String,
    seq: i64,
    at: DateTime<Utc>,
    data: Option<Box<LiveSnapshot>>,
    alert: Option<Box<Alert>>,
    #[serde(default)]
    usage: UsageDelta,
}

impl TryFrom<Sent> for LiveFrame {
    type Error = &'static str;

    fn try_from(sent: Sent) -> Result<Self, Self::Error> {
        let Sent { r#type, seq, at, data, alert, usage } = sent;
        match r#type.as_str() {
            "snapshot" => Ok(Self::Snapshot { seq, at, data: data.ok_or("a snapshot without data")? }),
            "usage" => Ok(Self::Usage { seq, at, usage }),
            "alert" => Ok(Self::Alert { seq, at, alert: alert.ok_or("an alert frame without its alert")?, usage }),
            "heartbeat" => Ok(Self::Heartbeat { seq, at }),
            "resync" => Ok(Self::Resync { seq, at }),
            _ => Err("a frame of an unknown type"),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_is_read_as_it_was_written() {
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let data = LiveSnapshot {
            today: Totals::default(),
            week: Totals::default(),
            month: Totals { interactions: 1, tokens: 2, active_users: 3 },
            alerts: OpenAlerts::default(),
            recent: Vec::new(),
        };
        for frame in [
            LiveFrame::Snapshot { seq: 1, at, data: Box::new(data) },
            LiveFrame::Usage { seq: 2, at, usage: UsageDelta::default() },
            LiveFrame::Heartbeat { seq: 3, at },
            LiveFrame::Resync { seq: 4, at },
        ] {
            let json = serde_json::to_string(&frame).unwrap();
            assert_eq!(serde_json::from_str::<LiveFrame>(&json).unwrap(), frame, "{json}");
        }
        assert!(serde_json::from_str::<LiveFrame>(r#"{"type":"alert","seq":1,"at":"2026-01-01T00:00:00Z"}"#).is_err());
    }
}
