//! Does the imports that people have started.

use std::time::Duration;

use crate::{
    domain::AppResult,
    features::imports::run,
    platform::ctx::{Actor, App, Ctx},
};

/// How often it is looked whether there is anything to do. An index knows, so that a look costs next to nothing.
const LOOK: Duration = Duration::from_secs(1);

/// Imports until the process stops.
pub async fn run(app: App) {
    let ctx = Ctx::new(app, Actor::System("imports"));
    loop {
        if let Err(error) = once(&ctx).await {
            tracing::warn!(%error, "imports could not be gone on with; they will be");
        }
        if !ctx.app.goes_on_after(LOOK).await {
            return;
        }
    }
}

/// Does all that waits. Several processes may do so at once.
///
/// # Errors
/// When the database is away.
pub async fn once(ctx: &Ctx) -> AppResult<()> {
    while !ctx.app.stop.is_cancelled() && run::once(ctx).await? {}
    Ok(())
}
