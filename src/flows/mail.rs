//! Empties the outbox, answers those who have forgotten their password, and reminds people of their tasks.

use std::time::Duration;

use crate::{
    domain::AppResult,
    features::{auth::forgotten, mail::usecase as mail, tasks::reminders},
    platform::{
        ctx::{Actor, App, Ctx},
        mail::is_offered,
    },
};

/// How often it is looked whether there is anything to send. An index knows, so that a look costs next to nothing.
const LOOK: Duration = Duration::from_secs(1);

/// Sends until the process stops; at once done where no mail is offered.
pub async fn run(app: App) {
    let ctx = Ctx::new(app, Actor::System("mail"));
    if !is_offered(&ctx) {
        return;
    }
    loop {
        if let Err(error) = once(&ctx).await {
            tracing::warn!(%error, "mails could not be looked for; they will be again");
        }
        if !ctx.app.goes_on_after(LOOK).await {
            return;
        }
    }
}

/// Sends all that is due. Several processes may do so at once.
///
/// # Errors
/// When the database is away.
pub async fn once(ctx: &Ctx) -> AppResult<()> {
    // Neither end keeps the other from its work.
    let answered = answer_all(ctx).await;
    let reminded = remind_all(ctx).await;
    while !ctx.app.stop.is_cancelled() && mail::deliver(ctx).await? > 0 {}
    answered.and(reminded)
}

async fn remind_all(ctx: &Ctx) -> AppResult<()> {
    while !ctx.app.stop.is_cancelled() && reminders::remind(ctx).await? > 0 {}
    Ok(())
}

async fn answer_all(ctx: &Ctx) -> AppResult<()> {
    while !ctx.app.stop.is_cancelled() && forgotten::answer(ctx).await? {}
    Ok(())
}
