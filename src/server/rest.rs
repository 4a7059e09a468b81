//! REST for reading metering.

use axum::{
    Extension, Json,
    extract::{Path, Query},
    http::header,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::Value;

use super::problem::Problem;
use crate::{
    domain::{AppError, usage::UsageFilter},
    features::{alerts::usecase as alerts, usage::usecase as usage},
    platform::{ctx::Ctx, db::to_app},
};

/// `GET /agent-usage/stats/{user_id}`.
///
/// # Errors
/// Those of the use-case.
pub async fn stats(Extension(ctx): Extension<Ctx>, Path(user_id): Path<String>) -> Result<Json<Value>, Problem> {
    Ok(Json(usage::stats(&ctx, &user_id).await?))
}

/// `GET /agent-usage/limits/{user_id}`.
///
/// # Errors
/// Those of the use-case.
pub async fn limits(Extension(ctx): Extension<Ctx>, Path(user_id): Path<String>) -> Result<Json<Value>, Problem> {
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let thresholds = alerts::thresholds(&mut tx).await?;
    drop(tx);
    Ok(Json(usage::limits_report(&ctx, &user_id, thresholds).await?))
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
pub async fn summary(Extension(ctx): Extension<Ctx>, Query(query): Query<SummaryQuery>) -> Result<Json<Value>, Problem> {
    let days = match query.days {
        None => 30,
        Some(text) => text.parse().map_err(|_| AppError::invalid("/days", "type", "must be a whole number"))?,
    };
    Ok(Json(usage::summary(&ctx, days).await?))
}

/// `GET /usage/export.csv`: the chart's points with the dashboard's own query.
///
/// # Errors
/// Those of the use-case.
pub async fn export_csv(Extension(ctx): Extension<Ctx>, Query(query): Query<Vec<(String, String)>>) -> Result<Response, Problem> {
    let filter = UsageFilter::from_query(|name| query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()));
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let board = usage::dashboard(&ctx, &mut tx, filter).await?;
    let csv = usage::csv(&board);
    let name = format!("attachment; filename=\"usage-{}-{}.csv\"", board.range.from, board.range.to);
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)], csv).into_response())
}
