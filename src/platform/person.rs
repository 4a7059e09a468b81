//! What a feature holds about a person, and how it forgets: each feature offers a [`Holder`], a flow lists them, and privacy puts
//! together what they say. A feature with people of its own adds its holder to that list and needs to do nothing else.

use std::fmt::Debug;

use chrono::{DateTime, Utc};
use futures_util::{future::BoxFuture, stream::BoxStream};
use sqlx::{AssertSqlSafe, PgConnection};

use super::{ctx::Ctx, tombstones::Tombstones};
use crate::domain::{
    AppResult,
    format::Lang,
    privacy::{PersonKind, Subject},
};

/// All holders, in the order in which they forget.
pub type Holders = &'static [&'static dyn Holder];

/// Rows about a person in one table. All words of SQL are constants of the feature; `$1` is the person's id, as text.
#[derive(Debug)]
pub struct Held {
    /// The table's name, which is also the file's.
    pub table: &'static str,
    /// The columns that are told, separated by commas: the names alone.
    pub columns: &'static str,
    /// `FROM` and `WHERE`.
    pub from: &'static str,
    /// The time of a row.
    pub at: &'static str,
    /// What it is, for people.
    pub about: fn(Lang) -> &'static str,
}

/// How much there is of a person in one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Rows.
    pub rows: i64,
    /// The time of the first.
    pub first: Option<DateTime<Utc>>,
    /// The time of the last.
    pub last: Option<DateTime<Utc>>,
}

impl Held {
    /// How much there is of a person.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn extent(&self, tx: &mut PgConnection, id: &str) -> Result<Extent, sqlx::Error> {
        let Self { at, from, .. } = self;
        let sql = format!("SELECT count(*), min({at})::timestamptz, max({at})::timestamptz {from}");
        let (rows, first, last) = sqlx::query_as(AssertSqlSafe(sql)).bind(id).fetch_one(tx).await?;
        Ok(Extent { rows, first, last })
    }

    /// The rows of a person, the oldest first, each as a JSON object with all columns; read as they are asked for.
    pub fn rows<'a>(&self, tx: &'a mut PgConnection, id: &'a str) -> BoxStream<'a, Result<String, sqlx::Error>> {
        let Self { at, from, columns, .. } = self;
        let sql = format!("SELECT row_to_json(t)::text FROM (SELECT {columns} {from} ORDER BY {at}) AS t");
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(id).fetch(tx)
    }

    /// The names of the columns.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.columns.split(',').map(str::trim)
    }
}

/// Somebody who is being erased, and what stands in their place.
#[derive(Debug)]
pub struct Erasure<'a> {
    /// Who.
    pub subject: &'a Subject,
    /// A random word that leads back to nobody.
    pub pseudonym: &'a str,
}

/// Rows that were changed or deleted, by table.
pub type Counts = Vec<(&'static str, u64)>;

/// A feature that holds something about people.
///
/// Transactions are the system's: privacy has held the actor's permission already.
pub trait Holder: Debug + Send + Sync {
    /// Where it holds something about a person of a kind.
    fn held(&self, kind: PersonKind) -> &'static [Held];

    /// What a person must not come back by; nothing where the feature knows no such person.
    fn names<'a>(&'a self, _tx: &'a mut PgConnection, _subject: &'a Subject) -> BoxFuture<'a, AppResult<Vec<String>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// What can be forgotten beforehand, in the same transaction, without anybody having to wait for it.
    fn prepare<'a>(&'a self, _tx: &'a mut PgConnection, _erasure: &'a Erasure<'a>) -> BoxFuture<'a, AppResult<Counts>> {
        Box::pin(async { Ok(Counts::new()) })
    }

    /// Forgets a person. To the end of the transaction the feature writes nothing more about them, and afterwards only what the
    /// tombstones admit. May be repeated.
    fn erase<'a>(&'a self, ctx: &'a Ctx, tx: &'a mut PgConnection, erasure: &'a Erasure<'a>) -> BoxFuture<'a, AppResult<Counts>>;

    /// Erased persons of whom something stands here all the same: an older process, or a request under way, wrote it.
    fn returned<'a>(&'a self, _tx: &'a mut PgConnection, _tombstones: &'a Tombstones) -> BoxFuture<'a, AppResult<Vec<Subject>>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}
