//! Health, readiness and metrics.

use std::time::Duration;

use axum::{Json, extract::State, response::IntoResponse};
use serde_json::{Value, json};

use super::{ServerState, problem::Problem};
use crate::platform::db;

/// `GET /health/live`: the process runs.
pub async fn live() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// `GET /health/ready`: the process can take requests: the database answers, its schema is the one of this build.
///
/// # Errors
/// 503 with what is amiss.
pub async fn ready(State(state): State<ServerState>) -> Result<Json<Value>, Problem> {
    if state.app.stop.is_cancelled() {
        return Err(Problem::new(503, "Stopping").retry_after(db::RETRY_AFTER_S));
    }
    match tokio::time::timeout(Duration::from_secs(2), db::schema_version(&state.app.db)).await {
        Ok(Ok(version)) if version >= db::newest_migration() => Ok(Json(
            json!({"status": "ok", "schema_version": version, "queue": state.ingest.waiting(), "live_seq": state.app.hub.last()}),
        )),
        Ok(Ok(_)) => {
            Err(Problem::new(503, "The schema is older than this build: run `nexus-crm migrate`").retry_after(db::RETRY_AFTER_S))
        }
        Ok(Err(_)) | Err(_) => Err(Problem::new(503, "The database does not answer").retry_after(db::RETRY_AFTER_S)),
    }
}

/// `GET /metrics`: counters in Prometheus' text format.
pub async fn metrics(State(state): State<ServerState>) -> impl IntoResponse {
    metrics::gauge!("nexus_ingest_queue_events").set(state.ingest.waiting() as f64);
    state.metrics.run_upkeep();
    ([("content-type", "text/plain; version=0.0.4; charset=utf-8")], state.metrics.render())
}
