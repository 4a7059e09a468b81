//! Reminders: a mail to the owner of a task, once.

use chrono::{DateTime, Utc};

use super::store::{self, RemindRow};
use crate::{
    domain::{
        AppResult,
        format::{self, Lang},
        mail::MailKind,
        people::UserId,
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        mail::{self, Mail},
        zone,
    },
};

/// Reminders in one transaction.
const AT_ONCE: i64 = 100;

/// Writes the mails of reminders that are due, each in the transaction that notes it: several processes may do so at once, and nobody
/// is reminded twice. Says how many there were. Where no mail is offered, nothing is noted.
///
/// # Errors
/// When the database is away.
pub async fn remind(ctx: &Ctx) -> AppResult<usize> {
    if !mail::is_offered(ctx) {
        return Ok(0);
    }
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let due = store::take_reminders(&mut tx, ctx.now(), AT_ONCE).await.map_err(to_app)?;
    for row in &due {
        let about = about(row, &ctx.app.settings.time_zone, ctx.now());
        let mail = Mail { kind: MailKind::TaskReminder, to: UserId(row.owner_id), link: None, about: Some(&about) };
        mail::enqueue(&mut tx, ctx, &mail).await?;
    }
    tx.commit().await.map_err(to_app)?;
    Ok(due.len())
}

/// The task and when it is due, as its owner reads it.
fn about(row: &RemindRow, server_zone: &str, now: DateTime<Utc>) -> String {
    let lang = row.language.as_deref().and_then(Lang::parse).unwrap_or(Lang::En);
    let zone_name = row.time_zone.as_deref().filter(|name| zone::zone(name, now).is_some()).unwrap_or(server_zone);
    let when = match row.due_at.and_then(|at| zone::wall_clock(zone_name, at)) {
        Some(local) => Some(format!("{}, {}", format::date_long(local.date(), lang), local.format("%H:%M"))),
        None => row.due_on.map(|on| format::date_long(on, lang)),
    };
    when.map_or_else(|| row.title.clone(), |when| format!("{} ({when})", row.title))
}
