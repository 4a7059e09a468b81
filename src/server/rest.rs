//! REST for reading metering.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::Value;

use super::{ServerState, problem::Problem};
use crate::{
    domain::{AppError, usage::UsageFilter},
    features::{alerts::usecase as alerts, usage::usecase as usage},
    platform::db::{self, to_app},
};

/// `GET /agent-usage/stats/{user_id}`.
///
/// # Errors
/// Those of the use-case.
pub async fn stats(State(state): State<ServerState>, Path(user_id): Path<String>) -> Result<Json<Value>, Problem> {
    Ok(Json(usage::stats(&state.local(), &user_id).await?))
}

/// `GET /agent-usage/limits/{user_id}`.
///
/// # Errors
/// Those of the use-case.
pub async fn limits(State(state): State<ServerState>, Path(user_id): Path<String>) -> Result<Json<Value>, Problem> {
    let mut connection = state.app.db.acquire().await.map_err(to_app)?;
    let thresholds = alerts::thresholds(&mut connection).await?;
    drop(connection);
    Ok(Json(usage::limits_report(&state.local(), &user_id, thresholds).await?))
}

/// The query of a summary.
#[derive(Debug, Deserialize)]
pub struct SummaryQuery {
    days: Option<String>,
}

/// `GET /agent-usage/analytics/summary?days=`; 30 days when not said.
///
/// # Errors
/// Those of the use-case.
pub async fn summary(State(state): State<ServerState>, Query(query): Query<SummaryQuery>) -> Result<Json<Value>, Problem> {
    let days = match query.days {
        None => 30,
        Some(text) => text.parse().map_err(|_| AppError::invalid("/days", "type", "must be a whole number"))?,
    };
    Ok(Json(usage::summary(&state.local(), days).await?))
}

/// `GET /usage/export.csv`: the chart's points with the dashboard's own query.
///
/// # Errors
/// Those of the use-case.
pub async fn export_csv(State(state): State<ServerState>, Query(query): Query<Vec<(String, String)>>) -> Result<Response, Problem> {
    let filter = UsageFilter::from_query(|name| query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()));
    let ctx = state.local();
    let mut tx = db::snapshot(&state.app.db).await.map_err(to_app)?;
    let board = usage::dashboard(&ctx, &mut tx, filter).await?;
    let csv = usage::csv(&board);
    let name = format!("attachment; filename=\"usage-{}-{}.csv\"", board.range.from, board.range.to);
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)], csv).into_response())
}
