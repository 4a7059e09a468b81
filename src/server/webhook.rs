//! `POST /agent-usage/events`: GENESIS's webhook.

use std::net::{IpAddr, SocketAddr};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{ServerState, problem::Problem, proxy};
use crate::{
    features::usage::{
        keyring::Refused,
        usecase::{self, ItemResult, MAX_ITEMS, Receipt, Refusal},
    },
    platform::{
        ctx::{Actor, Ctx},
        db,
        signature::{SignatureError, SignatureHeaders, Verified},
    },
};

/// The largest body, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;

/// Takes usage events in. The signature is checked over the raw bytes before anything is parsed.
pub async fn receive(
    State(state): State<ServerState>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let response = match take(&state, address, &headers, body).await {
        Ok(receipt) => answer(receipt),
        Err(problem) => problem.into(),
    };
    metrics::counter!("nexus_ingest_requests_total", "status" => response.status().as_str().to_owned()).increment(1);
    response
}

async fn take(state: &ServerState, address: SocketAddr, headers: &HeaderMap, body: Body) -> Result<Receipt, Problem> {
    limit(state, proxy::client(address.ip(), headers, &state.app.settings.trusted_proxies))?;
    if !is_json(headers) {
        return Err(Problem::new(415, "The body must be application/json"));
    }
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Problem::new(415, "The body must not be compressed"));
    }
    let body = read(state, headers, body).await?;
    let ctx = Ctx::new(state.app.clone(), Actor::Genesis);
    let verified = verify(state, &ctx, headers, &body).await?;
    usecase::receive(&ctx, &state.ingest, &body, &verified).await.map_err(|refusal| match refusal {
        Refusal::Malformed(where_) => Problem::new(400, "The body is not valid JSON").detail(where_),
        Refusal::TooManyItems(n) => {
            Problem::new(413, format!("At most {MAX_ITEMS} items in one request")).detail(format!("{n} were sent"))
        }
        Refusal::App(error) => error.into(),
    })
}

fn limit(state: &ServerState, client: IpAddr) -> Result<(), Problem> {
    if client.is_loopback() && !state.app.settings.rate_limit_loopback {
        return Ok(());
    }
    state.limiter.check_key(&client).map_err(|_| Problem::new(429, "Too many requests").retry_after(1))
}

/// Whether a body says that it is JSON.
pub fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

async fn read(state: &ServerState, headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let too_large = || Problem::new(413, "The body must not exceed 1 MiB");
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<usize>().ok());
    if announced.is_some_and(|n| n > MAX_BODY) {
        return Err(too_large());
    }
    match tokio::time::timeout(state.app.settings.body_timeout, axum::body::to_bytes(body, MAX_BODY)).await {
        Err(_) => Err(Problem::new(408, "The body took too long to arrive")),
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if std::error::Error::source(&error).is_some_and(|e| e.to_string().contains("length limit")) => {
            Err(too_large())
        }
        Ok(Err(_)) => Err(Problem::new(400, "The body could not be read to its end")),
    }
}

async fn verify(state: &ServerState, ctx: &Ctx, headers: &HeaderMap, body: &[u8]) -> Result<Verified, Problem> {
    // A value that is not visible ASCII cannot be a good one: it counts as present and wrong.
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    let known = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let signed = SignatureHeaders {
        webhook_id: text("webhook-id"),
        webhook_timestamp: text("webhook-timestamp"),
        webhook_signature: text("webhook-signature"),
        other_webhook_header: headers.keys().any(|k| k.as_str().starts_with("webhook-") && !known.contains(&k.as_str())),
        genesis_signature: text("x-genesis-signature"),
        genesis_timestamp: text("x-genesis-timestamp"),
    };
    state.keyring.verify(ctx, &signed, body).await.map_err(|refused| match refused {
        Refused::Signature(SignatureError::Header(name)) => Problem::new(400, "A header is missing or not valid").detail(name),
        Refused::Signature(SignatureError::Rejected) => Problem::new(401, "The signature is not valid"),
        // It may be good: GENESIS is to send it again.
        Refused::NotKnown => Problem::new(503, "Not available now").retry_after(db::RETRY_AFTER_S),
    })
}

fn answer(receipt: Receipt) -> Response {
    match receipt {
        Receipt::Single(ItemResult::Error { event_id, error }) => {
            Problem::new(error.status, error.title).errors(&error.errors).with("event_id", json!(event_id)).into()
        }
        Receipt::Single(result) => Json(result).into_response(),
        Receipt::Batch(results) => {
            let failed = results.iter().filter(|r| matches!(r, ItemResult::Error { .. })).count();
            if failed == results.len() {
                return Problem::new(422, "None of the items was taken").with("results", json!(results)).into();
            }
            let status = if failed == 0 { "success" } else { "partial" };
            let body: Value = json!({"status": status, "results": results});
            (StatusCode::OK, Json(body)).into_response()
        }
    }
}
