//! Somebody's tasks as a calendar that other programs read, by a secret address.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::store::feed as store;
use crate::{
    domain::{
        AppError, AppResult,
        format::Lang,
        ical::{self, Entry as CalendarEntry},
        people::Permission,
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
        secret::Secret,
        token,
    },
    ui::i18n::s,
};

/// The path of the calendar.
pub const PATH: &str = "/tasks/calendar.ics";
/// Tasks in it at the most.
const MOST: i64 = 2_000;
/// How far back it reaches for what is overdue, in days.
const BACK_DAYS: i64 = 365;

/// Gives whoever acts a new address, which is shown only now; the one before it stops working.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn renew(ctx: &Ctx) -> AppResult<Secret> {
    ctx.require(Permission::ReadCrm)?;
    let person = ctx.person()?;
    let key = token::new();
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::upsert_feed(&mut tx, person.id.0, &token::hash(key.expose()), ctx.now()).await.map_err(to_app)?;
    record(ctx, &mut tx, "calendar_renewed").await?;
    tx.commit().await.map_err(to_app)?;
    Ok(Secret::new(format!("{}{PATH}?key={}", ctx.app.settings.base_url, key.expose())))
}

/// Takes the address away from whoever acts.
///
/// # Errors
/// `Forbidden`; `NotFound` when there is none; when the database is away.
pub async fn end(ctx: &Ctx) -> AppResult<()> {
    let person = ctx.person()?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    if !store::delete_feed(&mut tx, person.id.0).await.map_err(to_app)? {
        return Err(AppError::NotFound);
    }
    record(ctx, &mut tx, "calendar_ended").await?;
    tx.commit().await.map_err(to_app)
}

async fn record(ctx: &Ctx, tx: &mut sqlx::PgConnection, event: &'static str) -> AppResult<()> {
    let subject_id = ctx.actor.user().map(|id| id.to_string()).unwrap_or_default();
    journal::record(tx, ctx, &Entry { event, subject_kind: "user", subject_id, body: json!({}) }).await.map_err(to_app)
}

/// When the address of whoever acts was made, if there is one.
///
/// # Errors
/// When the database is away.
pub async fn made_at(ctx: &Ctx) -> AppResult<Option<DateTime<Utc>>> {
    let Ok(person) = ctx.person() else { return Ok(None) };
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    store::find_made(&mut tx, person.id.0).await.map_err(to_app)
}

/// The calendar of an address's secret: what its owner has to do, from a year ago on.
///
/// # Errors
/// `NotFound` for a secret that is none; when the database is away.
pub async fn calendar(ctx: &Ctx, key: &str) -> AppResult<String> {
    if key.is_empty() || key.len() > token::MAX {
        return Err(AppError::NotFound);
    }
    let ctx = ctx.as_system("calendar feed");
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let (owner, language) = store::find_owner(&mut tx, &token::hash(key)).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    let lang = language.as_deref().and_then(Lang::parse).unwrap_or(Lang::En);
    let from = (ctx.now() - TimeDelta::days(BACK_DAYS)).date_naive();
    let base = &ctx.app.settings.base_url;
    let host = base.split_once("://").map_or(base.as_str(), |(_, host)| host);
    let rows = store::list_feed(&mut tx, owner, from, MOST).await.map_err(to_app)?;
    let entries: Vec<_> = rows
        .into_iter()
        .map(|row| CalendarEntry {
            uid: format!("{}@{host}", row.id),
            stamp: row.updated_at,
            day: row.due_on,
            at: row.due_at,
            summary: row.title,
            description: row.notes.unwrap_or_default(),
            url: format!("{base}/tasks?edit={}", row.id),
            sequence: row.version,
        })
        .collect();
    Ok(ical::calendar(s!(lang, tasks.calendar_name), &entries))
}
