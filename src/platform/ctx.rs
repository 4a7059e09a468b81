//! Who acts, on what: the only way into a use-case.

use std::{net::IpAddr, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};
use tokio_util::sync::CancellationToken;

use super::{clock::Clock, config::Settings, hub::Hub, memo::Memo, person::Holders};
use crate::domain::{
    AppError, AppResult,
    format::Lang,
    people::{KeyId, KeyScope, Me, Permission, Role, SessionId, TeamId, UserId},
};

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
    /// The features that hold something about people.
    pub holders: Holders,
    /// Cancelled when the process is to stop.
    pub stop: CancellationToken,
}

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub id: UserId,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// What the person is to the product.
    pub role: Role,
    /// The team, if any.
    pub team: Option<TeamId>,
    /// The session that it is.
    pub session: SessionId,
    /// The time zone that the person has settled on, by its IANA name; none: as the browser says.
    pub zone: Option<String>,
}

impl Person {
    /// What the person's own pages know.
    pub fn me(&self) -> Me {
        Me { id: self.id, name: self.name.clone(), email: self.email.clone(), role: self.role }
    }
}

/// A program with an API key, or with a token that it got for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The key.
    pub id: KeyId,
    /// The key's name.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<KeyScope>,
    /// When its token is over; none for one that shows the key itself.
    pub until: Option<DateTime<Utc>>,
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody that is known.
    Nobody,
    /// GENESIS, by a signed webhook.
    Genesis,
    /// The product itself; names the job.
    System(&'static str),
    /// Somebody who is signed in.
    Person(Arc<Person>),
    /// A program with an API key.
    Program(Arc<Program>),
}

impl Actor {
    /// The name in the journal.
    pub fn name(&self) -> &str {
        match self {
            Self::Nobody => "nobody",
            Self::Genesis => "GENESIS",
            Self::System(job) => job,
            Self::Person(person) => &person.name,
            Self::Program(program) => &program.name,
        }
    }

    /// The account in the journal.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::Person(person) => Some(person.id),
            _ => None,
        }
    }

    /// Whether this actor may do it.
    pub fn may(&self, permission: Permission) -> bool {
        match self {
            Self::Nobody | Self::Genesis => false,
            Self::System(_) => true,
            Self::Person(person) => person.role.may(permission),
            Self::Program(program) => program.scopes.iter().any(|scope| scope.may(permission)),
        }
    }

    /// What a transaction of this actor begins with: the database shows and takes only what the actor may see and change. Words and
    /// UUIDs alone go into it.
    fn scope(&self) -> String {
        match self {
            Self::Nobody => String::new(),
            Self::Genesis | Self::System(_) => "SET LOCAL nexus.role = 'system'".into(),
            Self::Program(_) => "SET LOCAL nexus.role = 'program'".into(),
            Self::Person(person) => {
                let team = person.team.map(|team| format!("; SET LOCAL nexus.team_id = '{team}'")).unwrap_or_default();
                format!("SET LOCAL nexus.role = '{}'; SET LOCAL nexus.user_id = '{}'{team}", person.role.as_str(), person.id)
            }
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
    /// From where, if it came over the network.
    pub address: Option<IpAddr>,
    /// The language that whoever acts reads, as far as it is known.
    pub lang: Lang,
}

impl App {
    /// Waits; says whether the process goes on, or was told to stop meanwhile.
    pub async fn goes_on_after(&self, pause: Duration) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(pause) => true,
        }
    }
}

impl Ctx {
    /// A context for an actor.
    pub const fn new(app: App, actor: Actor) -> Self {
        Self { app, actor, address: None, lang: Lang::En }
    }

    /// The same for the product itself: for what must be done before anybody is known, or what an actor may set off but not do.
    #[must_use]
    pub fn as_system(&self, job: &'static str) -> Self {
        Self { app: self.app.clone(), actor: Actor::System(job), address: self.address, lang: self.lang }
    }

    /// The time now.
    pub fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }

    /// Holds that the actor may do it.
    ///
    /// # Errors
    /// `Unauthenticated` for nobody, else `Forbidden`.
    pub fn require(&self, permission: Permission) -> AppResult<()> {
        match &self.actor {
            actor if actor.may(permission) => Ok(()),
            Actor::Nobody => Err(AppError::Unauthenticated),
            _ => Err(AppError::Forbidden),
        }
    }

    /// Who is signed in.
    ///
    /// # Errors
    /// `Unauthenticated` when it is nobody, `Forbidden` when it is no person.
    pub fn person(&self) -> AppResult<&Person> {
        match &self.actor {
            Actor::Person(person) => Ok(person),
            Actor::Nobody => Err(AppError::Unauthenticated),
            _ => Err(AppError::Forbidden),
        }
    }

    /// A transaction in which the database shows and takes what the actor may see and change.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        self.app.db.begin_with(AssertSqlSafe(format!("BEGIN; {}", self.actor.scope()))).await
    }

    /// A transaction that sees one instant of what the actor may see, and changes nothing.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn snapshot(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        self.app.db.begin_with(AssertSqlSafe(format!("{begin}; {}", self.actor.scope()))).await
    }
}
