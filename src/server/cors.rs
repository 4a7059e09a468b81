//! What pages of other origins may use from a browser (CORS): nothing, unless the settings name their origins; then REST by a key or
//! a token, and never by a cookie.

use std::time::Duration;

use axum::{
    Router,
    http::{HeaderValue, Method, header},
};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::limits::{LIMIT_HEADER, POLICY_HEADER};
use crate::platform::config::Settings;

/// How long a browser may remember what it was told.
const MAX_AGE: Duration = Duration::from_secs(600);

/// Opens routes to the origins of the settings, by one method. Stands before the guard: a browser asks without a key first.
pub fn open(router: Router, settings: &Settings, method: Method) -> Router {
    let origins: Vec<_> = settings.cors_origins.iter().filter_map(|origin| HeaderValue::try_from(origin).ok()).collect();
    if origins.is_empty() {
        return router;
    }
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([method])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers([POLICY_HEADER, LIMIT_HEADER, header::RETRY_AFTER])
        .max_age(MAX_AGE);
    router.layer(layer)
}
