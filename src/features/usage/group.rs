//! What a group of events adds up to, before it is written.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::{
    histogram::Histogram,
    tier::Tier,
    time::{Grain, month_start},
    usage::UsageEvent,
};

/// An event with what keeps it from being counted twice.
#[derive(Clone, Debug)]
pub struct KeyedEvent {
    /// The event.
    pub event: UsageEvent,
    /// The id that it is stored under if it is new, a UUIDv7.
    pub id: Uuid,
    /// The de-duplication key.
    pub key: Uuid,
    /// A fingerprint of everything in it, to tell a repetition from another event under the same key.
    pub content: i64,
    /// The event's context as JSON; empty without one.
    context: String,
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        // The length first, so that no two lists of parts look alike.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

fn half(digest: [u8; 32]) -> Uuid {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = digest;
    Uuid::from_bytes([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
}

/// A digest of bytes in the form of a UUID.
pub fn digest_uuid(bytes: &[u8]) -> Uuid {
    half(digest(&[bytes]))
}

impl KeyedEvent {
    /// Keys an event: by its event id, else by the webhook's id and its place in the batch, else by what it says.
    pub fn new(event: UsageEvent, webhook_id: Option<&str>, index: usize) -> Self {
        let e = &event;
        let (micros, tokens, ms) =
            (e.timestamp.timestamp_micros().to_le_bytes(), e.tokens_used.to_le_bytes(), e.response_time_ms.to_le_bytes());
        let key = match (&e.event_id, webhook_id) {
            (Some(id), _) => digest(&[b"event", id.as_bytes()]),
            (None, Some(id)) => digest(&[b"webhook", id.as_bytes(), &index.to_le_bytes()]),
            (None, None) => {
                digest(&[b"content", e.user_id.as_bytes(), e.session_id.as_bytes(), e.agent_id.as_bytes(), &micros, &tokens, &ms])
            }
        };
        let context = e.context.as_ref().and_then(|c| serde_json::to_string(c).ok()).unwrap_or_default();
        let text = |s: &Option<String>| s.as_deref().unwrap_or_default().as_bytes().to_vec();
        let content = digest(&[
            e.user_id.as_bytes(),
            e.session_id.as_bytes(),
            e.agent_id.as_bytes(),
            &micros,
            &tokens,
            &ms,
            e.subscription_tier.as_str().as_bytes(),
            &text(&e.contact_id),
            &text(&e.organization_id),
            context.as_bytes(),
        ]);
        let [a, b, c, d, f, g, h, i, ..] = content;
        Self { id: Uuid::now_v7(), key: half(key), content: i64::from_le_bytes([a, b, c, d, f, g, h, i]), event, context }
    }

    /// The event's context as JSON.
    pub fn context(&self) -> Option<&str> {
        Some(self.context.as_str()).filter(|c| !c.is_empty())
    }
}

/// Additions to `agent_usage_daily`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gain {
    /// Interactions.
    pub interactions: i64,
    /// Tokens.
    pub tokens: i64,
    /// Sum of response times in milliseconds.
    pub response_ms: i64,
}

/// Additions to `agent_usage_monthly`; what the latest event says of the user wins, by time and then by word, so that the order in
/// which events come does not matter.
#[derive(Clone, Debug)]
pub struct MonthGain<'e> {
    /// Interactions and tokens.
    pub gain: Gain,
    /// Bit d-1 for each day of the month.
    pub active_days: i32,
    /// The latest day, with its interactions.
    pub last_day: (NaiveDate, i64),
    /// The latest event: its time, tier and organization.
    pub latest: (DateTime<Utc>, Tier, &'e str),
}

/// Additions to the totals of all users.
#[derive(Clone, Debug, Default)]
pub struct TotalGain {
    /// Sums.
    pub gain: Gain,
    /// Response times.
    pub response: Histogram,
}

/// All that a group adds to the rollups, each part in the order of its key, so that two writers never wait for each other in a circle.
#[derive(Debug, Default)]
pub struct Gains<'e> {
    /// By day, user and agent.
    pub daily: BTreeMap<(NaiveDate, &'e str, &'e str), Gain>,
    /// By month and user.
    pub monthly: BTreeMap<(NaiveDate, &'e str), MonthGain<'e>>,
    /// By hour, tier and agent.
    pub hourly: BTreeMap<(DateTime<Utc>, Tier, &'e str), TotalGain>,
}

impl<'e> Gains<'e> {
    /// What some events add up to.
    pub fn of(events: impl IntoIterator<Item = &'e UsageEvent>) -> Self {
        let mut gains = Self::default();
        for event in events {
            gains.add(event);
        }
        gains
    }

    fn add(&mut self, e: &'e UsageEvent) {
        let date = e.timestamp.date_naive();
        let gain = Gain { interactions: 1, tokens: e.tokens_used, response_ms: i64::from(e.response_time_ms) };
        self.daily.entry((date, &e.user_id, &e.agent_id)).or_default().add(gain);

        let latest = (e.timestamp, e.subscription_tier, e.organization_id.as_deref().unwrap_or_default());
        let month = self.monthly.entry((month_start(date), &e.user_id)).or_insert_with(|| MonthGain {
            gain: Gain::default(),
            active_days: 0,
            last_day: (date, 0),
            latest,
        });
        month.gain.add(gain);
        month.active_days |= 1 << (date.day() - 1);
        if date > month.last_day.0 {
            month.last_day = (date, 1);
        } else if date == month.last_day.0 {
            month.last_day.1 += 1;
        }
        // The tier is compared by its word, as the database does.
        let rank = |(at, tier, organization): (DateTime<Utc>, Tier, &'e str)| (at, tier.as_str(), organization);
        if rank(latest) > rank(month.latest) {
            month.latest = latest;
        }

        let hour = Grain::Hour.floor(e.timestamp);
        let total = self.hourly.entry((hour, e.subscription_tier, &e.agent_id)).or_default();
        total.gain.add(gain);
        total.response.record(e.response_time_ms);
    }
}

impl Gain {
    /// Adds another.
    pub fn add(&mut self, other: Self) {
        self.interactions += other.interactions;
        self.tokens += other.tokens;
        self.response_ms += other.response_ms;
    }
}
