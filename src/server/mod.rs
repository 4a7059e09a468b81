//! The axum assembly: routes, middleware, handlers. No logic: each handler builds a [`Ctx`] and calls a use-case.

pub mod cookies;
pub mod cors;
pub mod doors;
pub mod exports;
pub mod gate;
pub mod health;
pub mod lead_form;
pub mod leads;
pub mod limits;
pub mod listen;
pub mod live;
pub mod pages;
pub mod privacy;
pub mod problem;
pub mod proxy;
pub mod reader;
pub mod rest;
pub mod tokens;
pub mod webhook;

use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef, Request},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{self, Next},
    response::Response,
    routing::{get, post},
};
use governor::{Quota, RateLimiter, clock::DefaultClock, state::keyed::DefaultKeyedStateStore};
use leptos::config::LeptosOptions;
use metrics_exporter_prometheus::PrometheusHandle;
use tower_http::{compression::CompressionLayer, set_header::SetResponseHeaderLayer, trace::TraceLayer};

use crate::{
    features::{
        usage::{ingest::Ingest, keyring::Keyring},
        workspace::AtHand,
    },
    platform::ctx::{Actor, App, Ctx},
};

/// Limits requests by address.
pub type AddressLimiter = RateLimiter<IpAddr, DefaultKeyedStateStore<IpAddr>, DefaultClock>;

/// What handlers reach for.
#[derive(Clone)]
pub struct ServerState {
    /// The product.
    pub app: App,
    /// The queue before the writer of events.
    pub ingest: Ingest,
    /// What GENESIS may sign with.
    pub keyring: Arc<Keyring>,
    /// What admins have settled for everybody.
    pub workspace: Arc<AtHand>,
    /// Webhook requests by address.
    pub limiter: Arc<AddressLimiter>,
    /// Attempts at the gate by address.
    pub gate: Arc<AddressLimiter>,
    /// All other requests that are counted, by key, person and address.
    pub limits: Arc<limits::Limits>,
    /// What `/metrics` prints.
    pub metrics: PrometheusHandle,
    /// The sessions that sockets are open for.
    pub lines: Arc<doors::OpenLines>,
    /// Of the pages; shared, since the state is cloned for each request.
    pub leptos: Arc<LeptosOptions>,
}

impl FromRef<ServerState> for LeptosOptions {
    fn from_ref(state: &ServerState) -> Self {
        state.leptos.as_ref().clone()
    }
}

impl ServerState {
    /// Starts the writer, and gathers what handlers need.
    pub fn new(app: App, metrics: PrometheusHandle, leptos: LeptosOptions) -> Self {
        let rate = NonZeroU32::new(app.settings.ingest_rate).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(rate).allow_burst(rate.saturating_mul(NonZeroU32::MIN.saturating_add(1)));
        Self {
            ingest: Ingest::start(&app),
            keyring: Arc::new(Keyring::new(&Ctx::new(app.clone(), Actor::System("webhook secrets")))),
            limiter: Arc::new(RateLimiter::keyed(quota)),
            gate: Arc::new(RateLimiter::keyed(Quota::per_second(GATE_RATE).allow_burst(GATE_BURST))),
            limits: Arc::new(limits::Limits::new(&app.settings, &app.clock)),
            lines: Arc::default(),
            workspace: Arc::default(),
            app,
            metrics,
            leptos: Arc::new(leptos),
        }
    }

    /// Forgets addresses that have kept quiet, until the process stops: whoever knocks from many is to cost no memory.
    pub async fn forget(self) {
        loop {
            if !self.app.goes_on_after(FORGET).await {
                return;
            }
            for limiter in [&self.limiter, &self.gate] {
                limiter.retain_recent();
                limiter.shrink_to_fit();
            }
            self.limits.forget();
        }
    }
}

/// Attempts at the gate from one address a second, and at once; `sign_in` counts them over a longer time.
const GATE_RATE: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);
const GATE_BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(29);
/// Browsers are to come by https alone (RFC 6797).
const HSTS: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");
/// How often the limits forget addresses that have kept quiet.
const FORGET: Duration = Duration::from_secs(60);
/// How long a page or REST request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The machine-readable routes but the webhook and what other origins may use: socket, export, health.
fn api_router(state: ServerState) -> Router {
    let export = Router::new()
        .route("/usage/export.csv", get(rest::export_csv))
        .route("/admin/journal/export.csv", get(exports::journal_csv))
        .layer(middleware::from_fn(timeout))
        .layer(CompressionLayer::new());
    Router::new()
        // Packed already, and as long as it takes.
        .route("/admin/privacy/export", get(privacy::export))
        .route("/agent-usage/live", get(live::connect))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .merge(export)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .with_state(state)
}

/// REST for programs to read, from pages of other origins too where the settings name them.
fn rest_router() -> Router {
    Router::new()
        .route("/agent-usage/stats/{user_id}", get(rest::stats))
        .route("/agent-usage/limits/{user_id}", get(rest::limits))
        .route("/agent-usage/analytics/summary", get(rest::summary))
        .route("/.well-known/jwks.json", get(tokens::key_set))
        .layer(middleware::from_fn(timeout))
        .layer(CompressionLayer::new())
        .method_not_allowed_fallback(problem::method_not_allowed)
}

/// What programs get tokens by.
fn token_router() -> Router {
    Router::new()
        .route(tokens::PATH, post(tokens::issue).layer(DefaultBodyLimit::max(tokens::MAX_BODY)))
        .layer(middleware::from_fn(timeout))
        .method_not_allowed_fallback(problem::method_not_allowed)
}

/// What programs hand in leads by.
fn leads_router() -> Router {
    Router::new()
        .route(leads::PATH, post(leads::receive).layer(DefaultBodyLimit::max(leads::MAX_BODY)))
        .layer(middleware::from_fn(timeout))
        .method_not_allowed_fallback(problem::method_not_allowed)
}

/// Puts around all routes what holds for all.
fn with_common_layers(router: Router) -> Router {
    router.layer(middleware::from_fn(security_headers)).layer(
        TraceLayer::new_for_http()
            .make_span_with(
                |request: &Request| tracing::debug_span!("http", method = %request.method(), path = request.uri().path()),
            )
            .on_failure(()),
    )
}

async fn timeout(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => problem::Problem::new(503, "The answer took too long").retry_after(2).into(),
    }
}

/// Headers that every answer carries.
async fn security_headers(request: Request, next: Next) -> Response {
    secured(next.run(request).await)
}

fn secured(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// GENESIS's door, without layers: at thousands of requests a second each would show.
fn webhook_router(state: ServerState) -> Router {
    Router::new()
        .route(
            "/agent-usage/events",
            post(async |state, address, headers, body| secured(webhook::receive(state, address, headers, body).await)),
        )
        .method_not_allowed_fallback(async || secured(problem::method_not_allowed().await.into()))
        .with_state(state)
}

/// All routes, each behind its door.
pub fn router(state: ServerState) -> Router {
    let guard = || middleware::from_fn_with_state(state.clone(), doors::guard);
    let settings = &state.app.settings;
    let is_secure = cookies::is_secure(settings);
    let router = with_common_layers(
        api_router(state.clone())
            .merge(pages::router(state.clone()))
            .merge(leads_router())
            .layer(guard())
            .merge(cors::open(rest_router().layer(guard()), settings, Method::GET))
            .merge(cors::open(token_router().layer(guard()), settings, Method::POST)),
    );
    let router = router.merge(webhook_router(state));
    // Two years, as the lists of browsers ask for; said only where people come by https.
    if is_secure { router.layer(SetResponseHeaderLayer::overriding(header::STRICT_TRANSPORT_SECURITY, HSTS)) } else { router }
}
