//! `POST /api/leads/capture`: leads from programs; and `POST /leads/{id}/convert`, the button of a lead's page.

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::{Value, json};

use super::{ServerState, gate, problem::Problem, webhook::is_json};
use crate::{
    domain::{AppError, crm::LeadId},
    features::leads::capture::{self, Outcome},
    flows::conversion,
    pages::gate::Retry,
    platform::ctx::Ctx,
};

/// The path of [`receive`].
pub const PATH: &str = "/api/leads/capture";
/// The largest body, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// Takes a lead in: 201 for a new one, 200 when it was added to an open lead or was sent before.
///
/// # Errors
/// Those of the use-case; 400, 413 and 415 for a body that cannot be read.
pub async fn receive(
    Extension(ctx): Extension<Ctx>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    if !is_json(&headers) {
        return Err(Problem::new(415, "The body must be application/json"));
    }
    let body = body.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(413, "The body must not exceed 64 KiB"),
        _ => Problem::new(400, "The body could not be read to its end"),
    })?;
    let sent: Value = serde_json::from_slice(&body).map_err(|error| {
        Problem::new(400, "The body is not valid JSON").detail(format!("line {}, column {}", error.line(), error.column()))
    })?;
    let key = match headers.get("idempotency-key") {
        None => None,
        Some(key) => Some(key.to_str().map_err(|_| Problem::new(400, "A header is not valid").detail("idempotency-key"))?),
    };
    let receipt = capture::receive(&ctx, &sent, key).await?;
    let status = if receipt.outcome == Outcome::Created { StatusCode::CREATED } else { StatusCode::OK };
    let answer = json!({
        "id": receipt.id,
        "status": receipt.outcome.as_str(),
        "score": receipt.score,
        "priority": receipt.band,
        "segment": receipt.segment,
        "ignored": receipt.ignored,
    });
    Ok((status, [(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

/// Makes a contact of a lead, and goes back to its page.
pub async fn convert(
    State(state): State<ServerState>,
    Extension(ctx): Extension<Ctx>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Ok(id) = id.parse().map(LeadId) else {
        return gate::refused(&state, &headers, &AppError::NotFound, Retry::Open("/leads".to_owned()));
    };
    let place = |done: &str| Redirect::to(&format!("/leads/{id}?done={done}")).into_response();
    match conversion::convert(&ctx, id).await {
        Ok(_) => place("converted"),
        Err(AppError::Conflict { .. }) => place("not_converted"),
        // Nothing else can be wrong with a lead that is here.
        Err(AppError::Invalid { .. }) => place("erased"),
        Err(error) => gate::refused(&state, &headers, &error, Retry::Open(format!("/leads/{id}"))),
    }
}
