//! Logs and metrics.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// Starts logging, as `NEXUS_CRM_LOG` (a filter such as `info,nexus_crm=debug`) and `NEXUS_CRM_LOG_FORMAT` (`text` or `json`) say.
/// It may be called again; only the first call counts.
pub fn init_logs() {
    let filter = std::env::var("NEXUS_CRM_LOG").ok().and_then(|f| EnvFilter::try_new(f).ok());
    let filter = filter.unwrap_or_else(|| EnvFilter::new("info,sqlx=warn,hyper=warn"));
    let json = std::env::var("NEXUS_CRM_LOG_FORMAT").is_ok_and(|f| f == "json");
    let writer = std::io::stderr;
    let registry = tracing_subscriber::registry().with(filter);
    let _ = if json {
        registry.with(fmt::layer().json().with_writer(writer)).try_init()
    } else {
        registry.with(fmt::layer().with_target(false).with_writer(writer)).try_init()
    };
}

/// Starts counting, and gives what `/metrics` prints. In a process that has begun already (tests), a handle that prints nothing new.
pub fn init_metrics() -> PrometheusHandle {
    let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &seconds)
        .and_then(|b| b.set_buckets_for_metric(Matcher::Suffix("_size".into()), &[1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0]))
        .unwrap_or_else(|_| PrometheusBuilder::new());
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_ok() {
        metrics::describe_counter!("nexus_ingest_requests_total", "Webhook requests by the status answered");
        metrics::describe_counter!("nexus_ingest_events_total", "Events by result: success, duplicate, conflict, invalid, erased");
        metrics::describe_histogram!("nexus_ingest_commit_seconds", "From the start of a group's transaction to its commit");
        metrics::describe_histogram!("nexus_ingest_group_size", "Events in one commit");
        metrics::describe_gauge!("nexus_ingest_queue_events", "Events that wait for their commit");
        metrics::describe_gauge!("nexus_live_sockets", "Open live sockets");
        metrics::describe_counter!("nexus_live_dropped_total", "Live sockets dropped because they did not read");
        metrics::describe_counter!("nexus_alerts_total", "Alerts by what happened: raised, resolved");
        metrics::describe_gauge!("nexus_live_seq", "Position of the live stream");
    }
    handle
}
