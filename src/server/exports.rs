//! Tables that people take out as files. They are written part by part while they are sent, so that their length costs no memory.

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::Query,
    http::{Method, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde::Deserialize;

use super::problem::{self, Problem};
use crate::{domain::AppError, features::auth::journal, pages::office::journal as words, platform::ctx::Ctx};

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
