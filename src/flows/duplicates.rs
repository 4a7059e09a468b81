//! Looks for duplicates of contacts that have changed.

use std::time::Duration;

use crate::{
    features::duplicates::look::look,
    platform::ctx::{Actor, App, Ctx},
};

/// How often it is looked whether a contact has changed.
const LOOK: Duration = Duration::from_secs(2);

/// Looks until the process stops.
pub async fn run(app: App) {
    let ctx = Ctx::new(app, Actor::System("duplicates"));
    loop {
        match look(&ctx).await {
            // There may be more.
            Ok(looked_at) if looked_at > 0 && !ctx.app.stop.is_cancelled() => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "duplicates could not be looked for; they will be again"),
        }
        if !ctx.app.goes_on_after(LOOK).await {
            return;
        }
    }
}
