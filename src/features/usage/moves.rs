//! What ingest leaves behind in `usage_moves`, a row a transaction, and how it is taken from there: the users whose rollups moved,
//! for evaluation; what the totals of all users gained; what the screens are told.
//!
//! The totals' few rows would be fought over by every group of events; so they are only added to here, some times a second, in the
//! same transaction that tells the screens. A page that reads the totals at a position of the stream finds in them exactly what
//! was told up to there.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::{
    group::{Gain, Gains, KeyedEvent, TotalGain},
    store::{self, MonthRow},
};
use crate::{
    domain::{
        tier::{Tier, TierLimits},
        usage::{Cell, RecentEvent, UsageDelta, UserMove, delta, share_bp},
    },
    platform::hub::LiveBody,
};

/// Evaluation is one at a time over all processes, so that two never judge the same user by different figures.
pub const WATCH_LOCK: &str = "usage_watch";
/// Only users that have used this share of a limit travel with the live message, in basis points.
const SHOWN_FROM_BP: i64 = 5_000;
/// Rows that one transaction takes out at the most: one of an import holds a hundred kilobytes. Fewer than what comes between two
/// looks would make two messages of one, of which sockets send the second a quarter of a second later.
const TAKEN_AT_ONCE: i64 = 256;
/// With more cells than this (an import of old events) screens are told to load again instead.
const MAX_CELLS: usize = 200;

/// What one transaction of ingest leaves behind.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Moved {
    /// What the screens are told.
    delta: UsageDelta,
    /// Sum of response times in milliseconds, for each of the delta's cells.
    response_ms: Vec<i64>,
    /// Users that became active on a day, by day.
    active: Vec<(NaiveDate, i64)>,
}

impl Moved {
    /// What a group leaves behind.
    pub(super) fn new(
        gains: &Gains<'_>,
        active: Vec<(NaiveDate, i64)>,
        months: &[MonthRow],
        flagged: &[(&KeyedEvent, i16)],
        limits: &HashMap<Tier, TierLimits>,
    ) -> Self {
        let mut users: Vec<_> = months
            .iter()
            .filter_map(|row| {
                let limits = limits.get(&row.tier)?;
                let used = share_bp(row.tokens, limits.tokens_per_month)
                    .max(share_bp(row.last_day_interactions, limits.interactions_per_day));
                (used >= SHOWN_FROM_BP).then_some((used, row))
            })
            .collect();
        users.sort_unstable_by_key(|(used, _)| std::cmp::Reverse(*used));
        let users = users.into_iter().take(delta::MAX_USERS).map(|(_, row)| UserMove {
            user_id: row.user_id.clone(),
            organization_id: Some(row.organization_id.clone()).filter(|o| !o.is_empty()),
            tier: row.tier,
            month: row.month,
            month_tokens: row.tokens,
            day: row.last_day,
            day_interactions: row.last_day_interactions,
            last_event_at: row.last_event_at,
        });
        let recent = flagged.iter().rev().take(delta::MAX_RECENT).map(|(keyed, flags)| RecentEvent {
            id: keyed.id,
            at: keyed.event.timestamp,
            user_id: keyed.event.user_id.clone(),
            agent: keyed.event.agent_id.clone(),
            tier: keyed.event.subscription_tier,
            tokens: keyed.event.tokens_used,
            response_ms: i64::from(keyed.event.response_time_ms),
            flags: *flags,
        });
        let cells = gains.hourly.iter().map(|((hour, tier, agent), total)| cell(*hour, *tier, agent, total));
        Self {
            delta: UsageDelta { cells: cells.collect(), users: users.collect(), recent: recent.collect() },
            response_ms: gains.hourly.values().map(|total| total.gain.response_ms).collect(),
            active,
        }
    }

    /// As it stands in the table.
    pub(super) fn encode(&self) -> Result<String, sqlx::Error> {
        serde_json::to_string(self).map_err(|e| sqlx::Error::Encode(Box::new(e)))
    }
}

fn cell(hour: DateTime<Utc>, tier: Tier, agent: &str, total: &TotalGain) -> Cell {
    Cell {
        hour: hour.timestamp(),
        tier,
        agent: agent.to_owned(),
        interactions: total.gain.interactions,
        tokens: total.gain.tokens,
        response: total.response.clone(),
    }
}

/// What all users together gained.
#[derive(Debug, Default)]
pub struct TotalGains {
    /// By hour, tier and agent.
    pub hourly: BTreeMap<(DateTime<Utc>, Tier, String), TotalGain>,
    /// By day, tier and agent.
    pub daily: BTreeMap<(NaiveDate, Tier, String), TotalGain>,
    /// Users that became active on a day.
    pub active: BTreeMap<NaiveDate, i64>,
}

impl TotalGains {
    fn add(&mut self, cells: Vec<Cell>, response_ms: &[i64], active: Vec<(NaiveDate, i64)>) {
        for (cell, response_ms) in cells.into_iter().zip(response_ms) {
            let Some(hour) = DateTime::from_timestamp(cell.hour, 0) else { continue };
            let gain = Gain { interactions: cell.interactions, tokens: cell.tokens, response_ms: *response_ms };
            for total in [
                self.hourly.entry((hour, cell.tier, cell.agent.clone())).or_default(),
                self.daily.entry((hour.date_naive(), cell.tier, cell.agent)).or_default(),
            ] {
                total.gain.add(gain);
                total.response.merge(&cell.response);
            }
        }
        for (day, n) in active {
            *self.active.entry(day).or_default() += n;
        }
    }
}

/// What was taken out of `usage_moves`.
#[derive(Debug, Default)]
pub struct Taken {
    /// The users that moved, in no order, each once.
    pub users: Vec<String>,
    /// What is to be told to the screens.
    pub news: Option<LiveBody>,
    /// Whether rows were left.
    pub more: bool,
}

/// Takes some rows out and adds them to the totals. Until the transaction ends, nobody else does so.
///
/// # Errors
/// When the database is away; the rows are back if the transaction fails.
pub async fn take(tx: &mut PgConnection) -> Result<Taken, sqlx::Error> {
    crate::platform::db::lock(tx, "usage_totals").await?;
    let rows = store::take_moves(tx, TAKEN_AT_ONCE).await?;
    let more = rows.len() as i64 == TAKEN_AT_ONCE;
    let (mut totals, mut told, mut users) = (TotalGains::default(), UsageDelta::default(), std::collections::HashSet::new());
    for (moved, gains) in rows {
        users.extend(moved);
        if gains.is_empty() {
            continue;
        }
        let Moved { delta, response_ms, active } = serde_json::from_str(&gains).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
        totals.add(delta.cells, &response_ms, active);
        told.merge(UsageDelta { cells: Vec::new(), ..delta });
    }
    if totals.hourly.is_empty() {
        return Ok(Taken { users: users.into_iter().collect(), news: None, more });
    }
    store::add_totals(tx, &totals).await?;
    let news = if totals.hourly.len() > MAX_CELLS {
        LiveBody::Reload
    } else {
        told.cells = totals.hourly.iter().map(|((hour, tier, agent), total)| cell(*hour, *tier, agent, total)).collect();
        LiveBody::Usage(told)
    };
    Ok(Taken { users: users.into_iter().collect(), news: Some(news), more })
}
