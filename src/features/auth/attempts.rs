//! Attempts at what asks for a secret, counted before they are made, so that many at once are counted too.

use chrono::TimeDelta;
use sqlx::PgConnection;

use super::store;
use crate::{
    domain::{AppError, AppResult},
    platform::{ctx::Ctx, db::to_app},
};

/// Attempts are counted over this time.
const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// Attempts of one kind at one thing, and how many there may be.
pub(super) type Limit<'a> = (&'static str, &'a str, i32);

/// Counts an attempt; those limits that come after one that is reached do not count it.
///
/// # Errors
/// `RateLimited` after too many attempts, to the end of their window; when the database is away.
pub(super) async fn limit(system: &Ctx, limits: &[Limit<'_>]) -> AppResult<()> {
    let now = system.now();
    let mut tx = system.begin().await.map_err(to_app)?;
    for (kind, subject, most) in limits {
        let (attempts, ends_at) = store::count_attempt(&mut tx, kind, subject, now, now + WINDOW).await.map_err(to_app)?;
        if attempts > *most {
            tx.commit().await.map_err(to_app)?;
            let seconds = (ends_at - now).num_seconds().max(1);
            return Err(AppError::RateLimited { retry_after_s: u32::try_from(seconds).unwrap_or(1) });
        }
    }
    tx.commit().await.map_err(to_app)
}

/// Forgets attempts at something that has been done now.
///
/// # Errors
/// When the database is away.
pub(super) async fn forget(tx: &mut PgConnection, kind: &str, subject: &str) -> AppResult<()> {
    store::forget_attempts(tx, kind, subject).await.map_err(to_app)
}
