//! What happened with a contact or a company, of all kinds, the latest first.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::store;
use crate::{
    domain::{
        AppResult,
        crm::{CompanyId, ContactId},
        people::Permission,
        time::instant,
    },
    platform::{ctx::Ctx, db::to_app},
};

/// Moments on one page.
const PAGE: usize = 40;
/// How far moments are counted.
pub const COUNTED: i64 = 1_000;

/// Whose timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// A contact's.
    Contact(ContactId),
    /// A company's, and its people's.
    Company(CompanyId),
}

/// A part of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Calls and meetings.
    Calls,
    /// Mails and forms.
    Mails,
    /// Notes.
    Notes,
    /// Tasks.
    Tasks,
    /// Alerts, and agents used for the first time.
    Usage,
    /// What somebody changed.
    Changes,
}

impl Part {
    /// All.
    pub const ALL: [Self; 6] = [Self::Calls, Self::Mails, Self::Notes, Self::Tasks, Self::Usage, Self::Changes];

    /// The word in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Mails => "mails",
            Self::Notes => "notes",
            Self::Tasks => "tasks",
            Self::Usage => "usage",
            Self::Changes => "changes",
        }
    }

    /// The part with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == word)
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Moment {
    /// What kind of thing: `interaction`, `task`, `change`, `alert`, `usage`.
    pub part: String,
    /// What tells it from others of the same time.
    pub key: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: Option<String>,
    /// What, as a word of its kind.
    pub what: String,
    /// Its title.
    pub title: Option<String>,
    /// Its text.
    pub body: Option<String>,
    /// More of it.
    pub detail: Option<Value>,
}

/// A page of a timeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// The moments, the latest first.
    pub moments: Vec<Moment>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
    /// How many there are of calls, mails, notes and tasks.
    pub counts: (i64, i64, i64, i64),
}

/// A page of the timeline of a record that the actor may see.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list(ctx: &Ctx, of: Of, usage_user: Option<&str>, part: Option<Part>, before: &str) -> AppResult<Timeline> {
    ctx.require(Permission::ReadCrm)?;
    let before = before.split_once('~').and_then(|(at, key)| Some((instant(at)?, key)));
    let before = before.filter(|(_, key)| key.len() <= 300 && !key.contains('\0'));
    let one = part.map(|part| [part]);
    let parts: &[Part] = one.as_ref().map_or(&Part::ALL, |one| one);
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let mut moments = store::timeline::list(&mut tx, of, usage_user, parts, before, PAGE as i64 + 1).await.map_err(to_app)?;
    let counts = store::timeline::count(&mut tx, of, COUNTED).await.map_err(to_app)?;
    let more = moments.len() > PAGE;
    moments.truncate(PAGE);
    let next = moments.last().filter(|_| more).map(|last| format!("{}~{}", last.at.to_rfc3339(), last.key));
    Ok(Timeline { moments, next, counts })
}
