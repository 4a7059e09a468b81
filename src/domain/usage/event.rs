//! A usage event: how GENESIS's JSON becomes one, and every way in which it may not.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::{error::FieldError, tier::Tier};

/// Longest string, in characters.
pub const MAX_STRING: usize = 255;
/// Most tokens of one event.
pub const MAX_TOKENS: i64 = 1_000_000_000;
/// Longest response time, in milliseconds: a day.
pub const MAX_RESPONSE_MS: i64 = 86_400_000;
/// Largest context, in bytes of JSON.
pub const MAX_CONTEXT_BYTES: usize = 16 * 1024;
/// How far back an event may lie, in days, when it does not come with the import key.
pub const MAX_AGE_DAYS: i64 = 35;
/// How far back an imported event may lie, in days.
pub const MAX_IMPORT_AGE_DAYS: i64 = 3_660;
/// How far ahead of our clock an event may lie, in minutes.
pub const MAX_AHEAD_MINUTES: i64 = 5;

/// What is remarkable about a stored event, as bits.
pub mod flags {
    /// The agent is not in the user's tier.
    pub const AGENT_OUTSIDE_TIER: i16 = 1;
    /// The month's tokens were used up with or before this event.
    pub const TOKENS_EXCEEDED: i16 = 2;
    /// The day's interactions were used up before this event.
    pub const INTERACTIONS_EXCEEDED: i16 = 4;
}

/// One interaction of a customer with an agent, checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsageEvent {
    /// GENESIS's own id of the event, if it sent one.
    pub event_id: Option<String>,
    /// Who used the agent.
    pub user_id: String,
    /// Which agent; the list is open.
    pub agent_id: String,
    /// The conversation.
    pub session_id: String,
    /// Tokens used, 0 to [`MAX_TOKENS`].
    pub tokens_used: i64,
    /// How long the agent took, 0 to [`MAX_RESPONSE_MS`] milliseconds.
    pub response_time_ms: u32,
    /// When it happened; kept to the microsecond.
    pub timestamp: DateTime<Utc>,
    /// The user's tier at that time.
    pub subscription_tier: Tier,
    /// The contact in the CRM, if GENESIS knows it.
    pub contact_id: Option<String>,
    /// The user's organization.
    pub organization_id: Option<String>,
    /// Whatever else came with it, unknown fields included.
    pub context: Option<Map<String, Value>>,
}

/// An item with the contract's fields and no others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain<'a> {
    event_id: Option<String>,
    user_id: String,
    agent_id: String,
    session_id: String,
    tokens_used: i64,
    response_time_ms: i64,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    #[serde(borrow)]
    subscription_tier: Cow<'a, str>,
    contact_id: Option<String>,
    organization_id: Option<String>,
    context: Option<Map<String, Value>>,
}

impl UsageEvent {
    /// Reads an item that is as the contract says and has no other fields: nearly every one, in half the time of
    /// [`Self::from_json`]. Nothing when that one has to look closer, if only to say what is wrong.
    pub fn from_plain(item: &str, now: DateTime<Utc>, oldest: DateTime<Utc>) -> Option<Self> {
        // The context is a part of the item, and printed again no number is eight times as long: no need to measure it.
        if item.len() > MAX_CONTEXT_BYTES / 8 {
            return None;
        }
        let plain: Plain<'_> = serde_json::from_str(item).ok()?;
        let required = [&plain.user_id, &plain.agent_id, &plain.session_id];
        let optional = [&plain.event_id, &plain.contact_id, &plain.organization_id];
        if !required.into_iter().chain(optional.into_iter().flatten()).all(|s| check_string(s).is_ok()) {
            return None;
        }
        let timestamp = DateTime::parse_from_rfc3339(&plain.timestamp).ok()?.with_timezone(&Utc);
        if timestamp < oldest || timestamp > latest(now) {
            return None;
        }
        let context = plain.context.filter(|c| !c.is_empty());
        if context.as_ref().is_some_and(has_nul) {
            return None;
        }
        Some(Self {
            event_id: plain.event_id,
            user_id: plain.user_id,
            agent_id: plain.agent_id,
            session_id: plain.session_id,
            tokens_used: Some(plain.tokens_used).filter(|n| (0..=MAX_TOKENS).contains(n))?,
            response_time_ms: u32::try_from(plain.response_time_ms).ok().filter(|n| i64::from(*n) <= MAX_RESPONSE_MS)?,
            timestamp: DateTime::from_timestamp_micros(timestamp.timestamp_micros())?,
            subscription_tier: Tier::parse(&plain.subscription_tier)?,
            contact_id: plain.contact_id,
            organization_id: plain.organization_id,
            context,
        })
    }

    /// Checks one item of a request.
    ///
    /// `at` is the JSON pointer of the item in the request's body (`""`, or `"/3"` in a batch), `oldest` the earliest time
    /// that the sender's key allows.
    ///
    /// # Errors
    /// One [`FieldError`] for each rule that the item breaks.
    pub fn from_json(item: Value, at: &str, now: DateTime<Utc>, oldest: DateTime<Utc>) -> Result<Self, Vec<FieldError>> {
        let Value::Object(mut map) = item else {
            return Err(vec![FieldError::new(at, "type", "must be an object")]);
        };
        let mut r = Reader { map: &mut map, at, errors: Vec::new() };
        let user_id = r.required_string("user_id");
        let agent_id = r.required_string("agent_id");
        let session_id = r.required_string("session_id");
        let tokens_used = r.integer("tokens_used", MAX_TOKENS);
        let response_time_ms = r.integer("response_time_ms", MAX_RESPONSE_MS);
        let timestamp = r.timestamp("timestamp", now, oldest);
        let tier = r.tier("subscription_tier");
        let event_id = r.optional_string("event_id");
        let contact_id = r.optional_string("contact_id");
        let organization_id = r.optional_string("organization_id");
        let context = r.context();
        let errors = r.errors;
        let (
            Some(user_id),
            Some(agent_id),
            Some(session_id),
            Some(tokens_used),
            Some(response_time_ms),
            Some(timestamp),
            Some(tier),
        ) = (user_id, agent_id, session_id, tokens_used, response_time_ms, timestamp, tier)
        else {
            return Err(errors);
        };
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            event_id,
            user_id,
            agent_id,
            session_id,
            tokens_used,
            response_time_ms: u32::try_from(response_time_ms).unwrap_or(u32::MAX),
            timestamp,
            subscription_tier: tier,
            contact_id,
            organization_id,
            context,
        })
    }

    /// The earliest time that is accepted at `now`.
    pub fn oldest(now: DateTime<Utc>, import: bool) -> DateTime<Utc> {
        now - TimeDelta::days(if import { MAX_IMPORT_AGE_DAYS } else { MAX_AGE_DAYS })
    }
}

/// Whether a string may stand in an event.
pub fn is_name(s: &str) -> bool {
    check_string(s).is_ok()
}

/// Whether a string may stand in an event; else the code and the words of what is wrong.
fn check_string(s: &str) -> Result<(), (&'static str, String)> {
    // No character is longer than its bytes, so most need no counting.
    if s.is_empty() || (s.len() > MAX_STRING && s.chars().count() > MAX_STRING) {
        return Err(("out_of_range", format!("must have 1 to {MAX_STRING} characters")));
    }
    if s.chars().any(char::is_control) {
        return Err(("control_character", "must not contain control characters".into()));
    }
    Ok(())
}

/// The latest time that is accepted at `now`.
fn latest(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::minutes(MAX_AHEAD_MINUTES)
}

/// Takes fields out of an item and collects what is wrong with them.
struct Reader<'a> {
    map: &'a mut Map<String, Value>,
    at: &'a str,
    errors: Vec<FieldError>,
}

impl Reader<'_> {
    fn fail<T>(&mut self, field: &str, code: &str, detail: impl Into<String>) -> Option<T> {
        self.errors.push(FieldError::new(format!("{}/{field}", self.at), code, detail));
        None
    }

    fn required(&mut self, field: &str) -> Option<Value> {
        match self.map.remove(field) {
            None => self.fail(field, "required", "is missing"),
            Some(value) => Some(value),
        }
    }

    fn string(&mut self, field: &str, value: Value) -> Option<String> {
        let Value::String(s) = value else {
            return self.fail(field, "type", "must be a string");
        };
        match check_string(&s) {
            Ok(()) => Some(s),
            Err((code, detail)) => self.fail(field, code, detail),
        }
    }

    fn required_string(&mut self, field: &str) -> Option<String> {
        let value = self.required(field)?;
        self.string(field, value)
    }

    fn optional_string(&mut self, field: &str) -> Option<String> {
        match self.map.remove(field) {
            None | Some(Value::Null) => None,
            Some(value) => self.string(field, value),
        }
    }

    fn integer(&mut self, field: &str, max: i64) -> Option<i64> {
        let value = self.required(field)?;
        let Value::Number(n) = value else {
            return self.fail(field, "type", "must be an integer");
        };
        match n.as_i64() {
            Some(i) if (0..=max).contains(&i) => Some(i),
            None if n.is_f64() => self.fail(field, "type", "must be an integer"),
            _ => self.fail(field, "out_of_range", format!("must be from 0 to {max}")),
        }
    }

    fn timestamp(&mut self, field: &str, now: DateTime<Utc>, oldest: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let value = self.required(field)?;
        let Some(time) = value.as_str().and_then(|s| DateTime::parse_from_rfc3339(s).ok()) else {
            return self.fail(field, "format", "must be an RFC 3339 date and time with its offset");
        };
        let time = time.with_timezone(&Utc);
        if time < oldest {
            return self.fail(field, "too_old", format!("must not be before {}", oldest.format("%Y-%m-%dT%H:%M:%SZ")));
        }
        if time > latest(now) {
            return self.fail(field, "in_the_future", format!("must not be more than {MAX_AHEAD_MINUTES} minutes ahead of us"));
        }
        // PostgreSQL keeps microseconds; what is stored and what is compared must be the same.
        DateTime::from_timestamp_micros(time.timestamp_micros())
    }

    fn tier(&mut self, field: &str) -> Option<Tier> {
        let value = self.required(field)?;
        let tier = value.as_str().and_then(Tier::parse);
        if tier.is_none() {
            let words: Vec<_> = Tier::ALL.iter().map(|t| t.as_str()).collect();
            return self.fail(field, "unknown", format!("must be one of {}", words.join(", ")));
        }
        tier
    }

    /// The context with the unknown fields in it. A field that the context already has keeps the context's value.
    fn context(&mut self) -> Option<Map<String, Value>> {
        let mut context = match self.map.remove("context") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(map)) => map,
            Some(_) => return self.fail("context", "type", "must be an object"),
        };
        for (key, value) in std::mem::take(self.map) {
            context.entry(key).or_insert(value);
        }
        if context.is_empty() {
            return None;
        }
        if serde_json::to_string(&context).map_or(true, |json| json.len() > MAX_CONTEXT_BYTES) {
            return self.fail("context", "too_large", format!("must not exceed {MAX_CONTEXT_BYTES} bytes with the unknown fields"));
        }
        if has_nul(&context) {
            return self.fail("context", "control_character", "must not contain the character U+0000");
        }
        Some(context)
    }
}

/// PostgreSQL's jsonb cannot hold U+0000.
fn has_nul(map: &Map<String, Value>) -> bool {
    fn value_has(value: &Value) -> bool {
        match value {
            Value::String(s) => s.contains('\0'),
            Value::Array(items) => items.iter().any(value_has),
            Value::Object(map) => has_nul(map),
            _ => false,
        }
    }
    map.iter().any(|(key, value)| key.contains('\0') || value_has(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn now() -> DateTime<Utc> {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    fn valid() -> Value {
        json!({"user_id": "cliente_123", "agent_id": "NEXUS", "session_id": "s1", "tokens_used": 150,
            "response_time_ms": 1200, "timestamp": "2026-11-20T11:59:00.123456789-05:00", "subscription_tier": "pro"})
    }

    /// Reads an item; the short way, where it goes, comes to the same.
    fn read(item: Value) -> Result<UsageEvent, Vec<FieldError>> {
        let later: DateTime<Utc> = "2026-11-20T17:00:00Z".parse().unwrap();
        let oldest = UsageEvent::oldest(later, false);
        let plain = UsageEvent::from_plain(&item.to_string(), later, oldest);
        let event = UsageEvent::from_json(item, "/3", later, oldest);
        if let Some(plain) = plain {
            assert_eq!(event.as_ref(), Ok(&plain));
        }
        event
    }

    #[test]
    fn a_plain_item_goes_the_short_way() {
        let later: DateTime<Utc> = "2026-11-20T17:00:00Z".parse().unwrap();
        let short = |item: &Value| UsageEvent::from_plain(&item.to_string(), later, UsageEvent::oldest(later, false));
        let mut item = valid();
        assert!(short(&item).is_some());
        item["context"] = json!({"channel": "web", "n": [1, 2.5, "\u{e9}"]});
        item["organization_id"] = json!(null);
        assert_eq!(short(&item), Some(read(item.clone()).unwrap()));
        item["weather"] = json!("sunny");
        assert_eq!(short(&item), None);
        assert!(UsageEvent::from_plain(r#"{"user_id":"a","user_id":"b"}"#, later, later).is_none());
    }

    #[test]
    fn a_valid_item_becomes_an_event() {
        let mut item = valid();
        item["weather"] = json!("sunny");
        item["context"] = json!({"channel": "web"});
        item["event_id"] = json!("evt_1");
        let event = read(item).unwrap();
        assert_eq!(event.timestamp.to_rfc3339(), "2026-11-20T16:59:00.123456+00:00");
        assert_eq!(event.context, json!({"channel": "web", "weather": "sunny"}).as_object().cloned());
        assert_eq!(event.event_id.as_deref(), Some("evt_1"));
    }

    #[test]
    fn each_broken_field_is_named() {
        let cases: Vec<(&str, Value, &str)> = vec![
            ("user_id", json!(null), "type"),
            ("user_id", json!(""), "out_of_range"),
            ("agent_id", json!("x".repeat(256)), "out_of_range"),
            ("session_id", json!("a\nb"), "control_character"),
            ("tokens_used", json!(-1), "out_of_range"),
            ("tokens_used", json!(1_000_000_001_i64), "out_of_range"),
            ("tokens_used", json!(u64::MAX), "out_of_range"),
            ("tokens_used", json!(1.5), "type"),
            ("tokens_used", json!("1"), "type"),
            ("response_time_ms", json!(86_400_001), "out_of_range"),
            ("timestamp", json!("2026-11-20"), "format"),
            ("timestamp", json!(1_700_000_000), "format"),
            ("timestamp", json!("2026-10-16T16:59:59Z"), "too_old"),
            ("timestamp", json!("2026-11-20T17:05:01Z"), "in_the_future"),
            ("subscription_tier", json!("gold"), "unknown"),
            ("context", json!([1]), "type"),
            ("context", json!({"a": "x".repeat(MAX_CONTEXT_BYTES)}), "too_large"),
            ("context", json!({"a": ["\u{0}"]}), "control_character"),
            ("contact_id", json!(7), "type"),
        ];
        for (field, value, code) in cases {
            let mut item = valid();
            item[field] = value.clone();
            let errors = read(item).unwrap_err();
            assert_eq!(errors.len(), 1, "{field} {value}");
            assert_eq!((errors[0].pointer.as_str(), errors[0].code.as_str()), (format!("/3/{field}").as_str(), code), "{value}");
        }
        for field in ["user_id", "agent_id", "session_id", "tokens_used", "response_time_ms", "timestamp", "subscription_tier"] {
            let mut item = valid();
            item.as_object_mut().unwrap().remove(field);
            assert_eq!(read(item).unwrap_err(), vec![FieldError::new(format!("/3/{field}"), "required", "is missing")]);
        }
        assert_eq!(read(json!({})).unwrap_err().len(), 7);
        assert_eq!(read(json!(7)).unwrap_err()[0].pointer, "/3");
    }

    #[test]
    fn the_edges_of_every_range_are_inside() {
        for (field, value) in [
            ("tokens_used", json!(0)),
            ("tokens_used", json!(MAX_TOKENS)),
            ("response_time_ms", json!(0)),
            ("response_time_ms", json!(MAX_RESPONSE_MS)),
            ("timestamp", json!("2026-10-16T17:00:00Z")),
            ("timestamp", json!("2026-11-20T17:05:00Z")),
            ("user_id", json!("ñ".repeat(255))),
            ("contact_id", json!(null)),
        ] {
            let mut item = valid();
            item[field] = value.clone();
            assert!(read(item).is_ok(), "{field} {value}");
        }
    }

    #[test]
    fn the_import_key_reaches_further_back() {
        let mut item = valid();
        item["timestamp"] = json!("2020-01-01T00:00:00Z");
        assert!(UsageEvent::from_json(item.clone(), "", now(), UsageEvent::oldest(now(), false)).is_err());
        assert!(UsageEvent::from_json(item, "", now(), UsageEvent::oldest(now(), true)).is_ok());
    }
}
