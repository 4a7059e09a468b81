//! What can be done with metering.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};
use sqlx::PgConnection;

use super::{
    group::KeyedEvent,
    ingest::{EventSink, Outcome},
    moves::{self, Taken},
    read::{self, standings, user},
    store::{self, quarantine::Refused},
    tally::{Count, Counts, Tally, Times},
};
use crate::{
    domain::{
        AppError, AppResult, FieldError,
        people::Permission,
        tier::{Tier, TierLimits},
        time::Period,
        usage::{
            EventPage, RecentEvent, Totals, UsageDashboard, UsageEvent, UsageFilter, UserDetail, UserPage, UserQuery, UserStanding,
            event, flags as flag_bits, limits::Thresholds, project,
        },
    },
    platform::{ctx::Ctx, db::to_app, hub, signature::Verified},
};

/// Items in one request at the most.
pub const MAX_ITEMS: usize = 1_000;

/// What became of one item of a request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum ItemResult {
    /// Stored now.
    Success {
        /// The event's id: GENESIS's own if it sent one, else ours.
        event_id: String,
        /// What is remarkable about it.
        message: String,
    },
    /// Stored before.
    Duplicate {
        /// The id that was answered then.
        event_id: String,
        /// Says so.
        message: String,
    },
    /// Of somebody who was erased: acknowledged like one that is stored, and nothing is kept.
    #[serde(rename = "success")]
    Erased {
        /// The event's id: GENESIS's own if it sent one, else one of nothing.
        event_id: String,
        /// Says so.
        message: String,
    },
    /// Not stored.
    Error {
        /// GENESIS's own id, if it sent a valid one.
        event_id: Option<String>,
        /// Why not.
        error: ItemError,
    },
}

/// Why an item was not stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ItemError {
    /// The status that a request with this item alone is answered with.
    pub status: u16,
    /// The reason in a few words.
    pub title: String,
    /// Each broken rule, with the JSON pointer from the root of the request's body.
    pub errors: Vec<FieldError>,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Receipt {
    /// It was one object.
    Single(ItemResult),
    /// It was an array; a result for each item, in order.
    Batch(Vec<ItemResult>),
}

/// Why a request was refused as a whole.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The body is not JSON; says where.
    Malformed(String),
    /// More than [`MAX_ITEMS`] items.
    TooManyItems(usize),
    /// The product cannot take it now.
    App(AppError),
}

/// Takes in a request of GENESIS whose signature holds. Answers after the commit: what is acknowledged here is never lost and never
/// counted twice. Of a request that is taken, what came and became of its items goes into the tally.
///
/// # Errors
/// See [`Refusal`]; nothing of the request was stored then.
pub async fn receive(
    ctx: &Ctx,
    sink: &impl EventSink,
    tally: &Tally,
    body: &[u8],
    verified: &Verified,
) -> Result<Receipt, Refusal> {
    let malformed = |error: serde_json::Error| Refusal::Malformed(error.to_string());
    let single = body.iter().find(|b| !b.is_ascii_whitespace()) != Some(&b'[');
    // Each item stays as it came beside what it means, for quarantine shows people the former.
    let items: Vec<&RawValue> = if single {
        vec![serde_json::from_slice(body).map_err(malformed)?]
    } else {
        serde_json::from_slice(body).map_err(malformed)?
    };
    if items.len() > MAX_ITEMS {
        return Err(Refusal::TooManyItems(items.len()));
    }
    let now = ctx.now();
    let oldest = oldest(ctx, verified.import);
    let mut events = Vec::with_capacity(items.len());
    let mut refused = Vec::new();
    // One place for each item: an error, or nothing where an event's outcome will stand.
    let mut results: Vec<Option<ItemResult>> = Vec::with_capacity(items.len());
    for (index, raw) in items.into_iter().enumerate() {
        if let Some(event) = UsageEvent::from_plain(raw.get(), now, oldest) {
            events.push(KeyedEvent::new(event, verified.webhook_id.as_deref(), index));
            results.push(None);
            continue;
        }
        let at = if single { String::new() } else { format!("/{index}") };
        // JSON allows what no value of ours can hold: half a surrogate pair, a number of any size, any depth.
        let item: Value = match serde_json::from_str(raw.get()) {
            Ok(item) => item,
            Err(error) => {
                let errors = vec![FieldError::new(at, "unreadable", error.to_string())];
                refused.push(Refused { item: raw.get().to_owned(), errors: json!(errors) });
                let error = ItemError { status: 422, title: "The item cannot be read".into(), errors };
                results.push(Some(ItemResult::Error { event_id: None, error }));
                continue;
            }
        };
        let event_id = item.get("event_id").and_then(Value::as_str).filter(|id| id.len() <= event::MAX_STRING).map(str::to_owned);
        let fault = match UsageEvent::from_json(item, &at, now, oldest) {
            Ok(event) => {
                events.push(KeyedEvent::new(event, verified.webhook_id.as_deref(), index));
                results.push(None);
                continue;
            }
            Err(errors) => ItemError { status: 422, title: "The item is not valid".into(), errors },
        };
        refused.push(Refused { item: raw.get().to_owned(), errors: json!(fault.errors) });
        results.push(Some(ItemResult::Error { event_id, error: fault }));
    }
    let sent: Vec<_> = events.iter().map(|e| (e.event.event_id.clone(), e.event.timestamp)).collect();
    let outcomes = if events.is_empty() && refused.is_empty() {
        Vec::new()
    } else {
        sink.accept(events, refused).await.map_err(Refusal::App)?
    };
    let committed = ctx.now();
    let mut delay = Times::default();
    for (outcome, (_, timestamp)) in outcomes.iter().zip(&sent) {
        if matches!(outcome, Outcome::Stored { .. }) {
            delay.record((committed - timestamp).num_milliseconds());
        }
    }
    let mut outcomes = outcomes.into_iter().zip(sent);
    let results: Vec<_> = results
        .into_iter()
        .enumerate()
        .map(|(index, result)| {
            result.or_else(|| outcomes.next().map(|(outcome, (id, _))| item_result(outcome, id, index, single))).unwrap_or_else(
                || {
                    let error = ItemError { status: 503, title: "The item was not stored".into(), errors: Vec::new() };
                    ItemResult::Error { event_id: None, error }
                },
            )
        })
        .collect();
    let mut counts = Counts::default();
    for result in &results {
        let (word, count) = match result {
            ItemResult::Success { .. } => ("success", Count::Accepted),
            ItemResult::Duplicate { .. } => ("duplicate", Count::Duplicates),
            ItemResult::Erased { .. } => ("erased", Count::Erased),
            ItemResult::Error { error, .. } if error.errors.iter().any(|e| e.code == "conflict") => ("conflict", Count::Conflicts),
            ItemResult::Error { .. } => ("invalid", Count::Invalid),
        };
        metrics::counter!("nexus_ingest_events_total", "result" => word).increment(1);
        counts.add(count, 1);
    }
    tally.minute(committed).items(&counts, &delay);
    if single && let [result] = results.as_slice() {
        return Ok(Receipt::Single(result.clone()));
    }
    Ok(Receipt::Batch(results))
}

/// The earliest time that is accepted: beyond retention an event's key is gone, so it could be counted twice.
fn oldest(ctx: &Ctx, import: bool) -> DateTime<Utc> {
    let by_contract = UsageEvent::oldest(ctx.now(), import);
    match ctx.app.settings.retention_days {
        0 => by_contract,
        days => by_contract.max(ctx.now() - TimeDelta::days(i64::from(days))),
    }
}

fn item_result(outcome: Outcome, event_id: Option<String>, index: usize, single: bool) -> ItemResult {
    match outcome {
        Outcome::Stored { id, flags } => {
            ItemResult::Success { event_id: event_id.unwrap_or_else(|| id.to_string()), message: remark(flags) }
        }
        Outcome::Duplicate { id } => {
            ItemResult::Duplicate { event_id: event_id.unwrap_or_else(|| id.to_string()), message: "stored before".into() }
        }
        Outcome::Erased { id } => ItemResult::Erased {
            event_id: event_id.unwrap_or_else(|| id.to_string()),
            message: "the person was erased; nothing is kept".into(),
        },
        Outcome::Conflict => {
            let field = if event_id.is_some() { "/event_id" } else { "" };
            let pointer = if single { field.to_owned() } else { format!("/{index}{field}") };
            let detail = "another event with other content was stored under the same id";
            let errors = vec![FieldError::new(pointer, "conflict", detail)];
            ItemResult::Error {
                event_id,
                error: ItemError { status: 422, title: "The id is taken by another event".into(), errors },
            }
        }
    }
}

fn remark(flags: i16) -> String {
    let mut remarks = vec!["stored"];
    if flags & flag_bits::AGENT_OUTSIDE_TIER != 0 {
        remarks.push("the agent is not in the tier");
    }
    if flags & flag_bits::TOKENS_EXCEEDED != 0 {
        remarks.push("the month's tokens are exceeded");
    }
    if flags & flag_bits::INTERACTIONS_EXCEEDED != 0 {
        remarks.push("the day's interactions are exceeded");
    }
    remarks.join("; ")
}

/// The dashboard of one instant; `tx` is a snapshot.
///
/// # Errors
/// When the database is away.
pub async fn dashboard(ctx: &Ctx, tx: &mut PgConnection, filter: UsageFilter) -> AppResult<UsageDashboard> {
    ctx.require(Permission::ReadUsage)?;
    read::dashboard(tx, filter, ctx.now()).await.map_err(to_app)
}

/// Totals of a period, beside those of the period before.
///
/// # Errors
/// When the database is away.
pub async fn totals(ctx: &Ctx, tx: &mut PgConnection, period: Period) -> AppResult<Totals> {
    ctx.require(Permission::ReadUsage)?;
    let filter = UsageFilter { period, ..UsageFilter::default() };
    read::totals(tx, &filter, ctx.now()).await.map_err(to_app)
}

/// One page of the users of this month.
///
/// # Errors
/// `Forbidden`; when the database is away, or the cursor is not one.
pub async fn users(ctx: &Ctx, query: &UserQuery) -> AppResult<UserPage> {
    ctx.require(Permission::ReadUsage)?;
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let after = query.after.as_deref().map(standings::UserCursor::parse).transpose()?;
    if !can_be_stored(&query.search) {
        return Ok(UserPage { rows: Vec::new(), total: 0, next: None });
    }
    standings::users(&mut tx, query, after, ctx.now()).await.map_err(to_app)
}

/// One user, but for the alerts; `tx` is a snapshot.
///
/// # Errors
/// `NotFound` when GENESIS has never spoken of the user; when the database is away.
pub async fn user(ctx: &Ctx, tx: &mut PgConnection, user_id: &str) -> AppResult<UserDetail> {
    ctx.require(Permission::ReadUsage)?;
    if !can_be_stored(user_id) {
        return Err(AppError::NotFound);
    }
    user::user(tx, user_id, ctx.now()).await.map_err(to_app)?.ok_or(AppError::NotFound)
}

/// No stored text has control characters, and PostgreSQL refuses U+0000 even in a question.
fn can_be_stored(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// One page of a user's events.
///
/// # Errors
/// When the database is away, or the cursor is not one.
pub async fn user_events(ctx: &Ctx, user_id: &str, after: Option<&str>) -> AppResult<EventPage> {
    ctx.require(Permission::ReadUsage)?;
    let after = after.map(user::EventCursor::parse).transpose()?;
    if !can_be_stored(user_id) {
        return Ok(EventPage::default());
    }
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    user::events(&mut tx, user_id, after, ctx.now()).await.map_err(to_app)
}

/// Where a user stands, with what the tier includes, for REST.
///
/// # Errors
/// `NotFound` when GENESIS has never spoken of the user; when the database is away.
pub async fn limits(ctx: &Ctx, user_id: &str) -> AppResult<(UserStanding, TierLimits)> {
    ctx.require(Permission::ReadUsage)?;
    if !can_be_stored(user_id) {
        return Err(AppError::NotFound);
    }
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    standings::standing(&mut tx, user_id, ctx.now()).await.map_err(to_app)?.ok_or(AppError::NotFound)
}

/// A user's use by day, month and agent, as REST gives it.
///
/// # Errors
/// `NotFound` when GENESIS has never spoken of the user; when the database is away.
pub async fn stats(ctx: &Ctx, user_id: &str) -> AppResult<Value> {
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let detail = user(ctx, &mut tx, user_id).await?;
    let last = |n: usize| {
        let days = detail.days.iter().rev().take(n);
        days.fold((0, 0), |(tokens, interactions), d| (tokens + d.tokens, interactions + d.interactions))
    };
    let period = |(tokens, interactions): (i64, i64)| json!({"tokens": tokens, "interactions": interactions});
    let agents: Vec<_> = detail
        .agents
        .iter()
        .zip(&detail.agent_average_ms)
        .map(|(a, average)| {
            json!({"agent_id": a.agent, "tokens": a.tokens, "interactions": a.interactions, "average_response_time_ms": average,
                "in_tier": detail.limits.includes(&a.agent)})
        })
        .collect();
    let month_interactions: i64 = detail.agents.iter().map(|a| a.interactions).sum();
    Ok(json!({
        "user_id": detail.standing.user_id,
        "organization_id": detail.standing.organization_id,
        "subscription_tier": detail.standing.tier,
        "as_of": detail.as_of,
        "first_day": detail.first_day,
        "last_event_at": detail.standing.last_event_at,
        "today": period(last(1)),
        "last_7_days": period(last(7)),
        "last_30_days": period(last(30)),
        "month": period((detail.standing.month_tokens, month_interactions)),
        "agents_this_month": agents,
        "days": detail.days,
    }))
}

/// A user's limits as REST gives them.
///
/// # Errors
/// `NotFound` when GENESIS has never spoken of the user; when the database is away.
pub async fn limits_report(ctx: &Ctx, user_id: &str, thresholds: Thresholds) -> AppResult<Value> {
    let (standing, tier) = limits(ctx, user_id).await?;
    let state = |bp: i64| match bp {
        b if b >= i64::from(thresholds.exceeded_bp) => "exceeded",
        b if b >= i64::from(thresholds.approaching_bp) => "approaching",
        _ => "ok",
    };
    let percent = |bp: i64| bp as f64 / 100.0;
    let projection = project(standing.month_tokens, standing.token_limit, ctx.now());
    Ok(json!({
        "user_id": standing.user_id,
        "subscription_tier": standing.tier,
        "as_of": ctx.now(),
        "tokens": {
            "period": "month", "used": standing.month_tokens, "limit": standing.token_limit,
            "percentage": percent(standing.tokens_bp()), "status": state(standing.tokens_bp()),
            "projected_at_period_end": projection.at_end, "reaches_limit_on": projection.hits_on,
        },
        "interactions": {
            "period": "day", "used": standing.day_interactions, "limit": standing.interaction_limit,
            "percentage": percent(standing.interactions_bp()), "status": state(standing.interactions_bp()),
        },
        "agents": tier.agents,
    }))
}

/// Days that a summary may cover.
pub const SUMMARY_DAYS: std::ops::RangeInclusive<i64> = 1..=366;

/// Use of the last `days` days with today, as REST gives it.
///
/// # Errors
/// When `days` is not in [`SUMMARY_DAYS`], or the database is away.
pub async fn summary(ctx: &Ctx, days: i64) -> AppResult<Value> {
    ctx.require(Permission::ReadUsage)?;
    if !SUMMARY_DAYS.contains(&days) {
        return Err(AppError::invalid("/days", "out_of_range", "must be from 1 to 366"));
    }
    let today = ctx.now().date_naive();
    let period = Period::Custom { from: today - chrono::TimeDelta::days(days - 1), to: today };
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let board = dashboard(ctx, &mut tx, UsageFilter { period, ..UsageFilter::default() }).await?;
    let agents: Vec<_> = board
        .agents
        .iter()
        .map(|a| {
            json!({"agent_id": a.agent, "interactions": a.interactions, "tokens": a.tokens,
                "p50_response_time_ms": a.response.quantile(0.5), "p95_response_time_ms": a.response.quantile(0.95)})
        })
        .collect();
    let tiers: Vec<_> = board
        .tiers
        .iter()
        .map(|t| {
            json!({"tier": t.limits.tier, "accounts": t.accounts, "tokens_this_month": t.used_tokens, "allowance": t.allowance()})
        })
        .collect();
    let points: Vec<_> = board
        .points
        .iter()
        .map(|p| json!({"start": p.start, "tokens": p.tokens.iter().sum::<i64>(), "interactions": p.interactions.iter().sum::<i64>()}))
        .collect();
    Ok(json!({
        "from": board.range.from, "to": board.range.to, "as_of": board.as_of,
        "totals": board.totals, "previous": board.previous, "known_users": board.known,
        "agents": agents, "tiers": tiers, "points": points, "users_near_a_limit": board.nearest_total,
    }))
}

/// The users among these that have used at least `from_bp` of a limit; all users when none are named.
///
/// # Errors
/// When the database is away.
pub async fn standings_from(
    tx: &mut PgConnection,
    ctx: &Ctx,
    users: Option<&[String]>,
    from_bp: i32,
) -> AppResult<Vec<UserStanding>> {
    standings::standings_from(tx, users, from_bp, ctx.now()).await.map_err(to_app)
}

/// The place in the live stream and a fingerprint of limits and rules: while both stay, so do the figures.
///
/// # Errors
/// When the database is away.
pub async fn version(tx: &mut PgConnection) -> AppResult<(i64, i64)> {
    let seq = hub::position(tx).await.map_err(to_app)?;
    Ok((seq, standings::rules_fingerprint(tx).await.map_err(to_app)?))
}

/// How many users GENESIS has ever spoken of.
///
/// # Errors
/// When the database is away.
pub async fn known_users(ctx: &Ctx) -> AppResult<i64> {
    let mut tx = ctx.begin().await.map_err(to_app)?;
    read::known_users(&mut tx, None).await.map_err(to_app)
}

/// A number that changes when tier limits or alert rules do.
///
/// # Errors
/// When the database is away.
pub async fn rules_fingerprint(ctx: &Ctx) -> AppResult<i64> {
    let mut tx = ctx.begin().await.map_err(to_app)?;
    standings::rules_fingerprint(&mut tx).await.map_err(to_app)
}

/// Takes out users whose rollups moved, for evaluation in the same transaction, and adds what they gained to the totals.
///
/// # Errors
/// When the database is away.
pub async fn take_moves(tx: &mut PgConnection) -> AppResult<Taken> {
    moves::take(tx).await.map_err(to_app)
}

/// Makes the partitions that hold these days.
///
/// # Errors
/// When the database is away.
pub async fn ensure_partitions(ctx: &Ctx, first: NaiveDate, last: NaiveDate) -> AppResult<()> {
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::ensure_partitions(&mut tx, first, last).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}

/// Drops the raw events of weeks that lie wholly before a day, and their de-duplication keys; rollups stay. Gives how many
/// partitions went.
///
/// # Errors
/// When the day is less than 35 days back, or the database is away.
pub async fn drop_events_before(ctx: &Ctx, day: NaiveDate) -> AppResult<i32> {
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let dropped = store::drop_events_before(&mut tx, day).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok(dropped)
}

/// The dashboard's points as CSV (RFC 4180): a line for each point and tier, numbers plain, times in UTC.
pub fn csv(board: &UsageDashboard) -> String {
    let mut text = String::from("start_utc,tier,interactions,tokens\r\n");
    for point in &board.points {
        for tier in Tier::ALL {
            if board.filter.tier.is_some_and(|t| t != tier) {
                continue;
            }
            let of = |slots: &[i64; 5]| slots.get(tier.index()).copied().unwrap_or_default();
            let start = point.start.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            // Writing to a String cannot fail.
            let _ = write!(text, "{start},{},{},{}\r\n", tier.as_str(), of(&point.interactions), of(&point.tokens));
        }
    }
    text
}

/// The latest events of the last day.
///
/// # Errors
/// When the database is away.
pub async fn recent(ctx: &Ctx, tx: &mut PgConnection, filter: &UsageFilter) -> AppResult<Vec<RecentEvent>> {
    ctx.require(Permission::ReadUsage)?;
    read::recent(tx, filter, ctx.now()).await.map_err(to_app)
}
