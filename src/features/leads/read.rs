//! The SQL that reads leads for pages.

pub mod export;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::store::{self, Lead};
use crate::{
    domain::{
        AppError, AppResult,
        crm::LeadId,
        lead::{Band, LeadStatus},
        people::{Permission, UserId},
    },
    platform::{
        ctx::Ctx,
        db::{contains, to_app},
    },
};

/// Leads on a page.
pub const PAGE: usize = 50;
/// Entries of a lead's history.
const HISTORY: i64 = 100;
/// The shortest search that also finds what is only alike.
const ALIKE_FROM: usize = 4;

/// Whose leads to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// All that the actor sees.
    #[default]
    All,
    /// Nobody's.
    Nobody,
    /// Somebody's.
    User(UserId),
}

/// What stands first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The highest score.
    #[default]
    Score,
    /// The latest.
    Newest,
}

/// Where a page begins: behind this lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    /// Its score, or its time in microseconds.
    pub at: i64,
    /// Its id.
    pub id: Uuid,
}

/// Which leads to list.
#[derive(Clone, Debug, Default)]
pub struct Filter<'a> {
    /// What is looked for: in names, address, telephone, company and title.
    pub search: &'a str,
    /// How they stand; none for all that are open.
    pub status: Option<LeadStatus>,
    /// Their band.
    pub band: Option<Band>,
    /// Whose they are.
    pub whose: Whose,
    /// Where they come from, as it was told.
    pub source: &'a str,
    /// What stands first.
    pub sort: Sort,
    /// Where the page begins.
    pub after: Option<After>,
}

/// A lead in a list.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Listed {
    /// The id.
    pub id: Uuid,
    /// The name; the address or the telephone number where there is none.
    pub name: String,
    /// The address.
    pub email: Option<String>,
    /// The company.
    pub company: Option<String>,
    /// Where it comes from.
    pub source: Option<String>,
    /// How it stands.
    pub status: String,
    /// The score.
    pub score: i32,
    /// What that means.
    pub band: String,
    /// The group it belongs to.
    pub segment: Option<String>,
    /// Whose it is.
    pub owner_name: Option<String>,
    /// When it was captured.
    pub created_at: DateTime<Utc>,
}

/// A page of leads; whether there are more.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list(ctx: &Ctx, filter: &Filter<'_>) -> AppResult<(Vec<Listed>, bool)> {
    ctx.require(Permission::ReadCrm)?;
    let mut query = QueryBuilder::<Postgres>::new(
        "SELECT l.id, coalesce(nullif(btrim(l.first_name || ' ' || l.last_name), ''), l.email, l.phone) AS name, l.email, l.company, \
         l.source, l.status, l.score, l.band, l.segment, l.created_at, \
         (SELECT n.name FROM crm_names n WHERE n.id = l.owner_id) AS owner_name FROM seen_leads l WHERE l.deleted_at IS NULL",
    );
    restrict(&mut query, filter);
    match filter.sort {
        Sort::Score => query.push(" ORDER BY l.score DESC, l.id DESC"),
        Sort::Newest => query.push(" ORDER BY l.created_at DESC, l.id DESC"),
    };
    query.push(" LIMIT ").push_bind(i64::try_from(PAGE + 1).unwrap_or(i64::MAX));
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let mut rows: Vec<Listed> = query.build_query_as().fetch_all(&mut *tx).await.map_err(to_app)?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    Ok((rows, more))
}

/// A text that the database can be asked for.
fn plain(text: &str) -> String {
    text.replace('\0', "")
}

fn restrict(query: &mut QueryBuilder<Postgres>, filter: &Filter<'_>) {
    let search = plain(filter.search);
    let search = search.trim();
    if !search.is_empty() {
        query.push(" AND (l.search LIKE crm_fold(").push_bind(contains(search)).push(")");
        if search.chars().count() >= ALIKE_FROM {
            query.push(" OR crm_fold(").push_bind(search.to_owned()).push(") <% l.search");
        }
        query.push(")");
    }
    match filter.status {
        Some(status) => query.push(" AND l.status = ").push_bind(status.as_str()),
        None => query.push(" AND l.status IN ('new', 'contacted', 'qualified')"),
    };
    if let Some(band) = filter.band {
        query.push(" AND l.band = ").push_bind(band.as_str());
    }
    match filter.whose {
        Whose::All => {}
        Whose::Nobody => drop(query.push(" AND l.owner_id IS NULL")),
        Whose::User(user) => drop(query.push(" AND l.owner_id = ").push_bind(user.0)),
    }
    if !filter.source.is_empty() {
        query.push(" AND l.source = ").push_bind(plain(filter.source));
    }
    if let Some(After { at, id }) = filter.after {
        match filter.sort {
            Sort::Score => {
                let score = i32::try_from(at).unwrap_or_default();
                query.push(" AND (l.score, l.id) < (").push_bind(score).push(", ").push_bind(id).push(")");
            }
            Sort::Newest => {
                let at = DateTime::from_timestamp_micros(at).unwrap_or_default();
                query.push(" AND (l.created_at, l.id) < (").push_bind(at).push(", ").push_bind(id).push(")");
            }
        }
    }
}

/// The latest sources, to choose from.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn sources(ctx: &Ctx) -> AppResult<Vec<String>> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    sqlx::query_scalar!(
        r#"SELECT DISTINCT source AS "source!" FROM
               (SELECT source FROM seen_leads WHERE deleted_at IS NULL ORDER BY created_at DESC LIMIT 1000) AS latest
           WHERE source IS NOT NULL ORDER BY 1 LIMIT 50"#
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(to_app)
}

/// Those who can own leads: id and name.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn owners(ctx: &Ctx) -> AppResult<Vec<(UserId, String)>> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let rows = sqlx::query!(r#"SELECT id AS "id!", name AS "name!" FROM crm_owners ORDER BY name, id LIMIT 500"#);
    let rows = rows.fetch_all(&mut *tx).await.map_err(to_app)?;
    Ok(rows.into_iter().map(|row| (UserId(row.id), row.name)).collect())
}

/// Something that happened to a lead.
#[derive(Clone, Debug, PartialEq)]
pub struct Happened {
    /// When.
    pub at: DateTime<Utc>,
    /// The event of the journal, or the kind of an interaction.
    pub what: String,
    /// Whether it is an interaction.
    pub is_interaction: bool,
    /// Who; none where it is not known.
    pub actor: Option<String>,
    /// What was said, or the details.
    pub text: String,
}

/// A lead, and what happened to it, the latest first.
///
/// # Errors
/// `Forbidden`; `NotFound`; when the database is away.
pub async fn find(ctx: &Ctx, id: LeadId) -> AppResult<(Lead, Vec<Happened>)> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let lead = store::find_lead(&mut tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    let history = history(&mut tx, id).await.map_err(to_app)?;
    Ok((lead, history))
}

async fn history(tx: &mut PgConnection, id: LeadId) -> Result<Vec<Happened>, sqlx::Error> {
    sqlx::query_as!(
        Happened,
        r#"SELECT at AS "at!", what AS "what!", is_interaction AS "is_interaction!", actor, text AS "text!" FROM (
               (SELECT j.at, j.event AS what, false AS is_interaction, j.actor, left(j.body::text, 4000) AS text
                FROM seen_journal j WHERE j.subject_kind = 'lead' AND j.subject_id = $1 ORDER BY j.id DESC LIMIT $3)
               UNION ALL
               (SELECT i.at, i.kind, true, (SELECT n.name FROM crm_names n WHERE n.id = i.created_by),
                    concat_ws(E'\n', i.subject, i.body)
                FROM interactions i WHERE i.lead_id = $2 AND i.deleted_at IS NULL ORDER BY i.at DESC, i.id DESC LIMIT $3)
           ) AS both_kinds ORDER BY at DESC LIMIT $3"#,
        id.to_string(),
        id.0,
        HISTORY
    )
    .fetch_all(tx)
    .await
}
