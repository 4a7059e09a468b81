//! Tables that people take out as files. They are written part by part while they are sent, so that their length costs no memory.

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{Query, State},
    http::{HeaderMap, Method, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde::Deserialize;

use super::{
    ServerState,
    problem::{self, Problem},
    reader,
};
use crate::{
    domain::{
        AppError,
        contact::query::{CONTACT_FIELDS, ListQuery},
    },
    features::{
        auth::journal,
        contacts::list::{self, ContactLine},
    },
    pages::office::journal as words,
    platform::{
        ctx::Ctx,
        tables::write::{Format, TableWriter, Value},
    },
    ui::i18n::s,
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

/// `GET /contacts/export.csv` with the query of a list: all that the list holds, in its order.
///
/// # Errors
/// Those of the use-case.
pub async fn contacts_csv(
    method: Method,
    State(state): State<ServerState>,
    Extension(ctx): Extension<Ctx>,
    headers: HeaderMap,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    contacts(&method, &state, ctx, &headers, &query, Format::Csv).await
}

/// `GET /contacts/export.xlsx`: the same as a workbook.
///
/// # Errors
/// Those of the use-case.
pub async fn contacts_xlsx(
    method: Method,
    State(state): State<ServerState>,
    Extension(ctx): Extension<Ctx>,
    headers: HeaderMap,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    contacts(&method, &state, ctx, &headers, &query, Format::Xlsx).await
}

async fn contacts(
    method: &Method,
    state: &ServerState,
    ctx: Ctx,
    headers: &HeaderMap,
    query: &[(String, String)],
    format: Format,
) -> Result<Response, Problem> {
    if method == Method::HEAD {
        return Err(problem::method_not_allowed().await);
    }
    let zone = reader::zone(headers, state, Some(&ctx));
    let query = ListQuery { after: None, ..ListQuery::parse(CONTACT_FIELDS, query) };
    list::begin_export(&ctx, &query).await?;
    let name = format!("attachment; filename=\"contacts-{}.{}\"", ctx.now().date_naive(), format.extension());
    let mut writer = TableWriter::new(format).map_err(|error| unwritten(&error))?;
    writer.row(contact_headers(&ctx).map(Value::Text)).map_err(|error| unwritten(&error))?;
    let parts = stream::try_unfold(Some((writer, query)), move |at| {
        let (ctx, zone) = (ctx.clone(), zone.clone());
        async move {
            let Some((mut writer, mut query)) = at else { return Ok::<_, AppError>(None) };
            let (lines, next) = list::export(&ctx, &query, &zone).await?;
            for line in &lines {
                contact_row(&mut writer, line).map_err(|error| unwritten(&error))?;
            }
            if next.is_none() {
                let rest = writer.finish().map_err(|error| unwritten(&error))?;
                return Ok(Some((rest, None)));
            }
            query.after = next;
            Ok(Some((writer.take(), Some((writer, query)))))
        }
    });
    let headers = [(header::CONTENT_TYPE, format.media_type().to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(parts)).into_response())
}

/// A table that could not be written: a workbook that is full.
fn unwritten(error: &std::io::Error) -> AppError {
    AppError::invalid("", "too_many", error.to_string())
}

/// The headers that the import knows again.
fn contact_headers(ctx: &Ctx) -> [&'static str; 16] {
    let lang = ctx.lang;
    [
        "Id",
        s!(lang, imports.f_first_name),
        s!(lang, imports.f_last_name),
        s!(lang, imports.f_email),
        s!(lang, imports.f_phone),
        s!(lang, imports.f_title),
        s!(lang, imports.f_company),
        s!(lang, imports.f_city),
        s!(lang, imports.f_country),
        s!(lang, imports.f_lifecycle),
        s!(lang, imports.f_source),
        s!(lang, imports.f_birthday),
        s!(lang, imports.f_owner),
        s!(lang, imports.f_tags),
        s!(lang, imports.f_usage_user_id),
        s!(lang, imports.when),
    ]
}

fn contact_row(writer: &mut TableWriter, line: &ContactLine) -> std::io::Result<()> {
    let (id, tags) = (line.id.to_string(), line.tags.join(", "));
    let (birthday, created) = (line.birthday.map(|day| day.to_string()), line.created_at.to_rfc3339());
    writer.row([
        Value::Text(&id),
        Value::Text(&line.first_name),
        Value::Text(&line.last_name),
        line.email.as_deref().into(),
        line.phone.as_deref().into(),
        line.title.as_deref().into(),
        line.company.as_deref().into(),
        line.city.as_deref().into(),
        line.country.as_deref().into(),
        Value::Text(&line.lifecycle),
        line.source.as_deref().into(),
        birthday.as_deref().into(),
        line.owner.as_deref().into(),
        Value::Text(&tags),
        line.usage_user_id.as_deref().into(),
        Value::Text(&created),
    ])
}
