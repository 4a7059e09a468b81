//! The reading SQL of one user.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::{EventRow, standings::standing};
use crate::{
    domain::{
        AppError,
        histogram::Histogram,
        time::month_start,
        usage::{AgentUsage, DayUsage, EventPage, UserDetail},
    },
    platform::hub,
};

/// Events on one page.
const EVENTS_PAGE: i64 = 50;
/// Days of a user's history.
const USER_DAYS: i64 = 60;

/// One user, without the alerts.
///
/// # Errors
/// When the database is away.
pub async fn user(tx: &mut PgConnection, user_id: &str, now: DateTime<Utc>) -> Result<Option<UserDetail>, sqlx::Error> {
    let Some((standing, limits)) = standing(tx, user_id, now).await? else { return Ok(None) };
    let today = now.date_naive();
    let seq = hub::position(tx).await?;
    let first_day =
        sqlx::query_scalar!("SELECT first_day FROM usage_users WHERE user_id = $1", user_id).fetch_one(&mut *tx).await?;
    let rows = sqlx::query!(
        r#"SELECT date, agent_id, total_interactions, total_tokens, total_response_time_ms FROM agent_usage_daily
           WHERE date = ANY($1) AND user_id = $2"#,
        &(0..USER_DAYS).map(|n| today - TimeDelta::days(n)).collect::<Vec<_>>(),
        user_id
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut days: Vec<_> =
        (0..USER_DAYS).rev().map(|n| DayUsage { date: today - TimeDelta::days(n), tokens: 0, interactions: 0 }).collect();
    let mut agents: HashMap<String, (AgentUsage, i64)> = HashMap::new();
    for row in rows {
        if let Some(day) = days.iter_mut().find(|d| d.date == row.date) {
            day.tokens += row.total_tokens;
            day.interactions += row.total_interactions;
        }
        if month_start(row.date) == month_start(today) {
            let (agent, response_ms) = agents.entry(row.agent_id).or_insert_with_key(|agent| {
                (AgentUsage { agent: agent.clone(), interactions: 0, tokens: 0, response: Histogram::default() }, 0)
            });
            agent.interactions += row.total_interactions;
            agent.tokens += row.total_tokens;
            *response_ms += row.total_response_time_ms;
        }
    }
    let mut agents: Vec<_> = agents.into_values().collect();
    agents.sort_by(|(a, _), (b, _)| b.interactions.cmp(&a.interactions).then_with(|| a.agent.cmp(&b.agent)));
    let agent_average_ms = agents.iter().map(|(a, ms)| ms / a.interactions.max(1)).collect();
    Ok(Some(UserDetail {
        seq,
        as_of: now,
        standing,
        limits,
        days,
        agents: agents.into_iter().map(|(a, _)| a).collect(),
        agent_average_ms,
        events: events(tx, user_id, None, now).await?,
        alerts: Vec::new(),
        first_day,
    }))
}

/// Where a page of events begins: before this time, and at it after this id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventCursor {
    at: DateTime<Utc>,
    id: uuid::Uuid,
}

impl EventCursor {
    /// Reads a cursor back.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(text: &str) -> Result<Self, AppError> {
        text.split_once('~')
            .and_then(|(at, id)| Some(Self { at: DateTime::from_timestamp_micros(at.parse().ok()?)?, id: id.parse().ok()? }))
            .ok_or_else(|| AppError::invalid("/after", "format", "is not a place in this list"))
    }
}

/// One page of a user's events, newest first.
///
/// # Errors
/// When the database is away.
pub async fn events(
    tx: &mut PgConnection,
    user_id: &str,
    after: Option<EventCursor>,
    now: DateTime<Utc>,
) -> Result<EventPage, sqlx::Error> {
    let after = after.unwrap_or(EventCursor { at: now + TimeDelta::days(1), id: uuid::Uuid::max() });
    let rows = sqlx::query_as!(
        EventRow,
        r#"SELECT id AS "id!", "timestamp" AS "at!", user_id AS "user_id!", agent_id AS "agent_id!", subscription_tier AS "tier!",
               tokens_used AS "tokens!", response_time_ms AS "response_ms!", flags AS "flags!"
           FROM usage_events
           WHERE user_id = $1 AND "timestamp" <= $2 AND ("timestamp", id) < ($2, $3)
           ORDER BY "timestamp" DESC, id DESC LIMIT $4"#,
        user_id,
        after.at,
        after.id,
        EVENTS_PAGE + 1
    )
    .fetch_all(tx)
    .await?;
    let more = rows.len() as i64 > EVENTS_PAGE;
    let mut last = None;
    let events: Vec<_> = rows
        .into_iter()
        .take(usize::try_from(EVENTS_PAGE).unwrap_or(0))
        .filter_map(|r| {
            last = Some(format!("{}~{}", r.at.timestamp_micros(), r.id));
            r.event()
        })
        .collect();
    Ok(EventPage { rows: events, next: last.filter(|_| more) })
}
