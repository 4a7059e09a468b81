//! What admins have settled for everybody.
//!
//! Table: `workspace`, one row.

mod store;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    domain::{
        AppError, AppResult,
        people::{Faults, MAX_NAME, Permission},
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
        zone,
    },
};

/// The shortest time that the journal is kept, in days, if not for ever.
pub const MIN_JOURNAL_DAYS: i32 = 90;
/// The longest.
pub const MAX_JOURNAL_DAYS: i32 = 36_500;
/// How soon a change holds in every process.
const EVERY: Duration = Duration::from_secs(2);

/// What is settled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workspace {
    /// Whose it is, as the page of signing in says; may be empty.
    pub name: String,
    /// The time zone that is shown until a browser has told its own, by its IANA name; none: as the server's settings say.
    pub zone: Option<String>,
    /// How long the journal is kept, in days; 0 for ever.
    pub journal_days: i32,
    /// Counts the changes.
    pub version: i32,
}

impl Workspace {
    /// As the journal tells of it.
    fn facts(&self) -> Value {
        json!({"name": self.name, "time_zone": self.zone, "journal_days": self.journal_days})
    }
}

/// What is settled now.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn find(ctx: &Ctx) -> AppResult<Workspace> {
    ctx.require(Permission::ManageWorkspace)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::find(&mut tx).await.map_err(to_app)
}

/// Settles it otherwise; `version` is the one that was seen.
///
/// # Errors
/// `Forbidden`; `Invalid` for each field; `Conflict` when somebody else changed it meanwhile; when the database is away.
pub async fn change(ctx: &Ctx, wanted: Workspace) -> AppResult<()> {
    ctx.require(Permission::ManageWorkspace)?;
    let mut faults = Faults::default();
    let name = wanted.name.trim().to_owned();
    if name.chars().count() > MAX_NAME {
        faults.add("/name", "too_long", format!("must have at most {MAX_NAME} characters"));
    }
    if name.chars().any(char::is_control) {
        faults.add("/name", "characters", "holds characters that cannot be seen");
    }
    if wanted.zone.as_deref().is_some_and(|name| zone::zone(name, ctx.now()).is_none()) {
        faults.add("/zone", "unknown", "is no time zone");
    }
    if wanted.journal_days != 0 && !(MIN_JOURNAL_DAYS..=MAX_JOURNAL_DAYS).contains(&wanted.journal_days) {
        faults.add("/journal_days", "journal_days", format!("must be 0, or from {MIN_JOURNAL_DAYS} to {MAX_JOURNAL_DAYS}"));
    }
    faults.check()?;
    let after = Workspace { name, ..wanted };
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let before = store::find(&mut tx).await.map_err(to_app)?;
    if !store::update(&mut tx, &after).await.map_err(to_app)? {
        return Err(AppError::Conflict { detail: "somebody else changed it meanwhile".into() });
    }
    let body = json!({"before": before.facts(), "after": after.facts()});
    let entry = Entry { event: "workspace_changed", subject_kind: "workspace", subject_id: String::new(), body };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}

/// What is settled, as a process keeps it at hand for every page.
#[derive(Debug, Default)]
pub struct AtHand(RwLock<Arc<Workspace>>);

impl AtHand {
    /// What was settled when it was last looked at.
    pub fn get(&self) -> Arc<Workspace> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn look(&self, ctx: &Ctx) -> AppResult<()> {
        let mut tx = ctx.as_system("workspace").begin().await.map_err(to_app)?;
        let found = store::find(&mut tx).await.map_err(to_app)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(found);
        Ok(())
    }

    /// Looks every other second until the process stops.
    pub async fn run(self: Arc<Self>, ctx: Ctx) {
        loop {
            if let Err(error) = self.look(&ctx).await {
                tracing::warn!(%error, "the workspace could not be looked at; it will be again");
            }
            if !ctx.app.goes_on_after(EVERY).await {
                return;
            }
        }
    }
}
