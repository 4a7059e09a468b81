//! Lists of contacts and companies.

pub mod export;

use sqlx::PgConnection;
use uuid::Uuid;

use super::store::list::{self as rows, Asker};
pub use super::store::list::{CompanyLine, ContactLine};
use crate::{
    domain::{
        AppResult,
        contact::query::{ListQuery, Sort},
        people::Permission,
        time::{Zone, month_start},
    },
    platform::{ctx::Ctx, db::to_app},
};

/// Lines on one page.
const PAGE: usize = 50;
/// How far a list is counted.
pub const COUNTED: i64 = 1_000;
/// How near something must come to what is looked for, when nothing contains it: first very, then somewhat.
const NEARNESS: [&str; 2] = ["0.6", "0.4"];

/// What a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Contacts.
    Contacts,
    /// Companies.
    Companies,
}

impl Kind {
    /// The table's name.
    pub const fn table(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Companies => "companies",
        }
    }

    /// What the journal calls one of them.
    pub const fn subject(self) -> &'static str {
        match self {
            Self::Contacts => "contact",
            Self::Companies => "company",
        }
    }

    const fn view(self) -> &'static str {
        match self {
            Self::Contacts => "seen_contacts",
            Self::Companies => "seen_companies",
        }
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<L> {
    /// The lines.
    pub lines: Vec<L>,
    /// Where the next page begins, if there is one.
    pub next: Option<(String, Uuid)>,
    /// How many there are in all; more than [`COUNTED`] are not counted, and told as one more.
    pub total: i64,
    /// Whether nothing holds what was looked for, and these come near it.
    pub near: bool,
}

impl<L> Page<L> {
    fn new(mut lines: Vec<L>, total: i64, near: bool, key: impl Fn(&L) -> (String, Uuid)) -> Self {
        let more = lines.len() > PAGE;
        lines.truncate(PAGE);
        let next = if more && !near { lines.last().map(key) } else { None };
        let near = near && !lines.is_empty();
        Self { lines, next, total, near }
    }
}

/// A page of contacts.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn contacts(ctx: &Ctx, query: &ListQuery, zone: &Zone) -> AppResult<Page<ContactLine>> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let (month, limit) = (month_start(ctx.now().date_naive()), PAGE as i64 + 1);
    let mut asker = asker(ctx, zone);
    let mut lines = rows::contacts(&mut tx, query, asker, month, limit).await.map_err(to_app)?;
    for nearness in NEARNESS {
        if lines.is_empty() && comes_near(query) {
            asker.near = true;
            rows::set_nearness(&mut tx, nearness).await.map_err(to_app)?;
            lines = rows::contacts(&mut tx, query, asker, month, limit).await.map_err(to_app)?;
        }
    }
    let total = rows::count(&mut tx, Kind::Contacts.view(), query, asker, COUNTED + 1).await.map_err(to_app)?;
    Ok(Page::new(lines, total, asker.near, |line| contact_key(query, line)))
}

/// Where a list goes on after a line.
fn contact_key(query: &ListQuery, line: &ContactLine) -> (String, Uuid) {
    let key = match query.sort {
        _ if query.bin => line.deleted_at.unwrap_or_default().to_rfc3339(),
        Sort::Name | Sort::NameDown => line.sort_name.clone(),
        Sort::Updated => line.updated_at.to_rfc3339(),
        Sort::Created => line.created_at.to_rfc3339(),
    };
    (key, line.id)
}

/// How the database reads a page of contacts and counts the list: the lines of its plans, for whoever looks into a slow one.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn contacts_plan(ctx: &Ctx, query: &ListQuery, zone: &Zone) -> AppResult<Vec<String>> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let (month, limits) = (month_start(ctx.now().date_naive()), (PAGE as i64 + 1, COUNTED + 1));
    rows::contacts_plan(&mut tx, query, asker(ctx, zone), month, limits).await.map_err(to_app)
}

/// A page of companies.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn companies(ctx: &Ctx, query: &ListQuery, zone: &Zone) -> AppResult<Page<CompanyLine>> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let limit = PAGE as i64 + 1;
    let mut asker = asker(ctx, zone);
    let mut lines = rows::companies(&mut tx, query, asker, limit).await.map_err(to_app)?;
    for nearness in NEARNESS {
        if lines.is_empty() && comes_near(query) {
            asker.near = true;
            rows::set_nearness(&mut tx, nearness).await.map_err(to_app)?;
            lines = rows::companies(&mut tx, query, asker, limit).await.map_err(to_app)?;
        }
    }
    let total = rows::count(&mut tx, Kind::Companies.view(), query, asker, COUNTED + 1).await.map_err(to_app)?;
    Ok(Page::new(lines, total, asker.near, |line| {
        let key = match query.sort {
            _ if query.bin => line.deleted_at.unwrap_or_default().to_rfc3339(),
            Sort::Name | Sort::NameDown => line.sort_name.clone(),
            Sort::Updated => line.updated_at.to_rfc3339(),
            Sort::Created => line.created_at.to_rfc3339(),
        };
        (key, line.id)
    }))
}

/// The ids of a whole list, at most `limit`.
pub(super) async fn ids(
    ctx: &Ctx,
    tx: &mut PgConnection,
    kind: Kind,
    query: &ListQuery,
    zone: &Zone,
    limit: i64,
) -> AppResult<Vec<Uuid>> {
    rows::ids(tx, kind.view(), query, asker(ctx, zone), limit).await.map_err(to_app)
}

fn asker<'a>(ctx: &Ctx, zone: &'a Zone) -> Asker<'a> {
    Asker { me: ctx.actor.user().map(|id| id.0), zone: &zone.name, near: false }
}

/// Whether a search that finds nothing looks for what comes near it.
fn comes_near(query: &ListQuery) -> bool {
    query.after.is_none() && query.search.chars().count() >= 4
}
