//! Keeps the scores of open leads with the scorecard.

use std::time::Duration;

use crate::{
    domain::AppResult,
    features::leads::scoring,
    platform::ctx::{Actor, App, Ctx},
};

/// How often it is looked whether there is anything to score. An index knows, so that a look costs next to nothing.
const LOOK: Duration = Duration::from_secs(3);

/// Scores until the process stops.
pub async fn run(app: App) {
    let ctx = Ctx::new(app, Actor::System("leads"));
    while ctx.app.goes_on_after(LOOK).await {
        if let Err(error) = once(&ctx).await {
            tracing::warn!(%error, "leads could not be scored; they will be again");
        }
    }
}

/// Scores all that are to be. Several processes may do so at once.
///
/// # Errors
/// When the database is away.
pub async fn once(ctx: &Ctx) -> AppResult<()> {
    while !ctx.app.stop.is_cancelled() && scoring::pass(ctx).await? {}
    Ok(())
}
