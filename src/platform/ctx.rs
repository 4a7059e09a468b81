//! Who acts, on what: the only way into a use-case.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{clock::Clock, config::Settings, hub::Hub, memo::Memo};

/// What every use-case may reach for.
#[derive(Clone, Debug)]
pub struct App {
    /// The database.
    pub db: PgPool,
    /// The settings.
    pub settings: Arc<Settings>,
    /// The live stream.
    pub hub: Arc<Hub>,
    /// The clock.
    pub clock: Clock,
    /// Answers that many ask for.
    pub memo: Arc<Memo>,
    /// Cancelled when the process is to stop.
    pub stop: CancellationToken,
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// GENESIS, by a signed webhook.
    Genesis,
    /// The product itself; names the job.
    System(&'static str),
    /// Whoever sits at this machine: the product serves loopback only until it has sign-in.
    Local,
}

impl Actor {
    /// The name in the journal.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Genesis => "genesis",
            Self::System(job) => job,
            Self::Local => "local",
        }
    }
}

/// The context of one use of a use-case.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// What it may reach for.
    pub app: App,
    /// Who acts.
    pub actor: Actor,
}

impl Ctx {
    /// A context for an actor.
    pub const fn new(app: App, actor: Actor) -> Self {
        Self { app, actor }
    }

    /// The time now.
    pub fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }
}
