//! Somebody's tasks as a calendar, for programs that know its secret address.

use axum::{
    Extension,
    extract::Query,
    http::header,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::problem::Problem;
use crate::{features::tasks::feed, platform::ctx::Ctx};

/// The query of the calendar.
#[derive(Debug, Deserialize)]
pub struct CalendarQuery {
    #[serde(default)]
    key: String,
}

/// `GET /tasks/calendar.ics?key=…`
///
/// # Errors
/// 404 for a secret that is none; when the database is away.
pub async fn tasks(Extension(ctx): Extension<Ctx>, Query(query): Query<CalendarQuery>) -> Result<Response, Problem> {
    let text = feed::calendar(&ctx, &query.key).await?;
    let headers = [(header::CONTENT_TYPE, "text/calendar; charset=utf-8"), (header::CACHE_CONTROL, "private, no-store")];
    Ok((headers, text).into_response())
}
