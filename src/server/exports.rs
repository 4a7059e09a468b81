//! Tables that people take out as files. They are written part by part while they are sent, so that their length costs no memory.

use std::sync::Arc;

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{FromRequestParts, Query, Request, State},
    http::{HeaderMap, Method, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde::Deserialize;
use serde_json::Value;

use super::{
    ServerState,
    problem::{self, Problem},
    reader,
};
use crate::{
    domain::{
        AppError,
        contact::query::{COMPANY_FIELDS, CONTACT_FIELDS, ListQuery},
        lead::{Band, LeadStatus},
        people::UserId,
        time::Zone,
    },
    features::{
        auth::journal,
        contacts::{
            fields,
            list::{self, Kind},
            record,
        },
        leads::read::{After, Filter, Sort, Whose, export},
    },
    pages::{
        desk::export::{self as columns, Column},
        office::journal as words,
    },
    platform::{
        ctx::Ctx,
        tables::write::{self, Format, TableWriter},
    },
};

/// The query of an export of the journal.
#[derive(Debug, Deserialize)]
pub struct JournalQuery {
    #[serde(default)]
    q: String,
}

/// `GET /admin/journal/export.csv`: every entry that the search finds, newest first.
///
/// # Errors
/// Those of the use-case. Should the database go away in the middle, the connection is closed, so that the file is not taken for whole.
pub async fn journal_csv(
    method: Method,
    Extension(ctx): Extension<Ctx>,
    Query(query): Query<JournalQuery>,
) -> Result<Response, Problem> {
    // Whoever only asks for the head takes nothing out.
    if method == Method::HEAD {
        return Err(problem::method_not_allowed().await);
    }
    let head = journal::begin_export(&ctx, &query.q).await?;
    let name = format!("attachment; filename=\"journal-{}.csv\"", ctx.now().date_naive());
    let events = words::events(&query.q, ctx.lang);
    let parts = stream::try_unfold(Some((Some(head), None)), move |at| {
        let (ctx, search, events) = (ctx.clone(), query.q.clone(), events.clone());
        async move {
            match at {
                None => Ok::<_, AppError>(None),
                Some((Some(head), before)) => Ok(Some((Bytes::from(head), Some((None, before))))),
                Some((None, before)) => {
                    let (lines, next) = journal::export(&ctx, &search, &events, before).await?;
                    Ok(Some((Bytes::from(lines), next.map(|next| (None, Some(next))))))
                }
            }
        }
    });
    let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(parts)).into_response())
}

/// `GET /contacts/export.csv` and `.xlsx` with the query of a list: all that the list holds, in its order, with all that is stored of
/// each; see [`crate::pages::desk::export`] for the columns.
///
/// # Errors
/// Those of the use-case.
pub async fn contacts(State(state): State<ServerState>, request: Request) -> Result<Response, Problem> {
    desk(&state, Kind::Contacts, request).await
}

/// `GET /companies/export.csv` and `.xlsx`: the same of companies.
///
/// # Errors
/// Those of the use-case.
pub async fn companies(State(state): State<ServerState>, request: Request) -> Result<Response, Problem> {
    desk(&state, Kind::Companies, request).await
}

/// What is asked for: whose right it is, in which format, of which list.
async fn asked(request: Request) -> Result<(Ctx, HeaderMap, Format, Vec<(String, String)>), Problem> {
    if request.method() == Method::HEAD {
        return Err(problem::method_not_allowed().await);
    }
    let format = request.uri().path().rsplit_once('.').and_then(|(_, extension)| Format::parse(extension));
    let (mut parts, _) = request.into_parts();
    let Query(query) = Query::<Vec<(String, String)>>::from_request_parts(&mut parts, &())
        .await
        .map_err(|_| AppError::invalid("", "arguments", "is no query"))?;
    let ctx = parts.extensions.get::<Ctx>().cloned().ok_or(AppError::Unauthenticated)?;
    Ok((ctx, parts.headers, format.ok_or(AppError::NotFound)?, query))
}

fn get<'a>(query: &'a [(String, String)], name: &str) -> &'a str {
    query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

/// A list that is taken out, from where its next part begins.
enum List {
    Desk { kind: Kind, query: ListQuery, zone: Zone, reckoned: bool },
    Leads { query: Vec<(String, String)>, after: Option<After> },
}

impl List {
    /// The next part, and whether there is another one.
    async fn part(&mut self, ctx: &Ctx) -> Result<(Vec<Value>, bool), AppError> {
        match self {
            Self::Desk { kind, query, zone, reckoned } => {
                let (records, next) = list::export::part(ctx, *kind, query, zone, *reckoned).await?;
                query.after = next;
                Ok((records, query.after.is_some()))
            }
            Self::Leads { query, after } => {
                let get = |name: &str| get(query, name);
                let filter = Filter {
                    search: get("q"),
                    status: LeadStatus::parse(get("status")),
                    band: Band::parse(get("band")),
                    whose: match (get("owner"), ctx.actor.user()) {
                        ("me", Some(me)) => Whose::User(me),
                        ("nobody", _) => Whose::Nobody,
                        (id, _) => id.parse().map_or(Whose::All, |id| Whose::User(UserId(id))),
                    },
                    source: get("source"),
                    sort: if get("sort") == "newest" { Sort::Newest } else { Sort::Score },
                    after: *after,
                };
                let (leads, next) = export::part(ctx, &filter).await?;
                *after = next;
                Ok((leads, next.is_some()))
            }
        }
    }
}

async fn desk(state: &ServerState, kind: Kind, request: Request) -> Result<Response, Problem> {
    let (ctx, headers, format, pairs) = asked(request).await?;
    let zone = reader::zone(&headers, state, Some(&ctx));
    let (known, records, entity) = match kind {
        Kind::Contacts => (CONTACT_FIELDS, columns::CONTACTS, fields::CONTACT),
        Kind::Companies => (COMPANY_FIELDS, columns::COMPANIES, fields::COMPANY),
    };
    let query = ListQuery { after: None, ..ListQuery::parse(known, &pairs) };
    list::export::begin(&ctx, kind, &query).await?;
    let custom = fields::list(&ctx, entity, true).await?;
    let (columns, reckoned) = records.columns(get(&pairs, "cols"), &custom, ctx.lang);
    file(ctx, kind.table(), format, columns, List::Desk { kind, query, zone, reckoned }).await
}

/// `GET /leads/export.csv` and `.xlsx` with the query of the list of leads: the same of leads.
///
/// # Errors
/// Those of the use-case.
pub async fn leads(request: Request) -> Result<Response, Problem> {
    let (ctx, _, format, query) = asked(request).await?;
    export::begin(&ctx, &query).await?;
    let custom = fields::list(&ctx, fields::LEAD, true).await?;
    let (columns, _) = columns::LEADS.columns(get(&query, "cols"), &custom, ctx.lang);
    file(ctx, "leads", format, columns, List::Leads { query, after: None }).await
}

/// The file, which is written while it is sent.
async fn file(ctx: Ctx, name: &str, format: Format, columns: Vec<Column>, list: List) -> Result<Response, Problem> {
    let owners = record::owners(&ctx).await?;
    let name = format!("attachment; filename=\"{name}-{}.{}\"", ctx.now().date_naive(), format.extension());
    let mut writer = TableWriter::new(format).map_err(|error| unwritten(&error))?;
    writer.row(columns.iter().map(|column| write::Value::Text(&column.head))).map_err(|error| unwritten(&error))?;
    let known = Arc::new((ctx, columns, owners));
    let parts = stream::try_unfold(Some((writer, list)), move |at| {
        let known = Arc::clone(&known);
        async move {
            let Some((mut writer, mut list)) = at else { return Ok::<_, AppError>(None) };
            let (ctx, columns, owners) = &*known;
            let (records, more) = list.part(ctx).await?;
            for record in &records {
                let cells: Vec<_> = columns.iter().map(|column| column.cell(record, owners)).collect();
                writer.row(cells.iter().map(write::Value::from)).map_err(|error| unwritten(&error))?;
            }
            if more {
                return Ok(Some((writer.take(), Some((writer, list)))));
            }
            Ok(Some((writer.finish().map_err(|error| unwritten(&error))?, None)))
        }
    });
    let headers = [(header::CONTENT_TYPE, format.media_type().to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(parts)).into_response())
}

/// A table that could not be written: a workbook that is full.
fn unwritten(error: &std::io::Error) -> AppError {
    AppError::invalid("", "too_many", error.to_string())
}
