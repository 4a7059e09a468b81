//! The pages: rendering, server functions, files, and what a reader has chosen.

use std::sync::LazyLock;

use axum::{
    Form, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use leptos::prelude::*;
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list};
use serde::Deserialize;
use tower_http::compression::CompressionLayer;

use super::ServerState;
use crate::{
    app::{App, shell},
    platform::zone,
    ui::prefs::{LANG_COOKIE, Preferences, THEME_COOKIE, Theme, ZONE_COOKIE},
};

/// A year, in seconds.
const YEAR_S: u32 = 31_536_000;

/// The pages and what belongs to them.
pub fn router(state: ServerState) -> Router {
    static ROUTES: LazyLock<Vec<leptos_axum::AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));
    let render_state = state.clone();
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/usage") }))
        .route("/preferences", post(preferences))
        .route("/api/{*name}", post(server_fn))
        .leptos_routes_with_context(
            &state,
            ROUTES.iter().filter(|r| r.path() != "/").cloned().collect(),
            move || provide_request(&render_state),
            {
                let options = state.leptos.as_ref().clone();
                move || shell(options.clone())
            },
        )
        .fallback(file_or_page)
        .layer(middleware::from_fn(super::timeout))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn(cache))
        .with_state(state)
}

/// Hands a rendering, or a server function, what it needs: the actor, what the reader has chosen, and the page's policy.
fn provide_request(state: &ServerState) {
    provide_context(state.local());
    let Some(parts) = use_context::<axum::http::request::Parts>() else { return };
    let now = state.app.clock.now();
    let told = cookie(&parts.headers, ZONE_COOKIE).and_then(|name| zone::zone(&name, now));
    provide_context(Preferences {
        theme: cookie(&parts.headers, THEME_COOKIE).and_then(|word| Theme::parse(&word)).unwrap_or_default(),
        zone_known: told.is_some(),
        zone: told.or_else(|| zone::zone(&state.app.settings.time_zone, now)).unwrap_or_else(crate::domain::time::Zone::utc),
    });
    if let (Some(nonce), Some(response)) = (leptos::nonce::use_nonce(), use_context::<ResponseOptions>()) {
        let policy = format!(
            "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
             font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        if let Ok(policy) = HeaderValue::try_from(policy) {
            response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
        response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
}

async fn server_fn(State(state): State<ServerState>, request: Request) -> Response {
    leptos_axum::handle_server_fns_with_context(move || provide_request(&state), request).await.into_response()
}

/// A file of the site, else the page that says that there is none.
async fn file_or_page(uri: Uri, State(state): State<ServerState>, request: Request<Body>) -> Response {
    let context_state = state.clone();
    let serve = leptos_axum::file_and_error_handler_with_context(move || provide_request(&context_state), shell);
    serve(uri, State(state), request).await
}

/// Files whose names carry a hash never change; other files may.
async fn cache(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let policy = match path {
        _ if path.starts_with("/pkg/") => Some("public, max-age=31536000, immutable"),
        _ if path.starts_with("/fonts/") => Some("public, max-age=2592000"),
        "/favicon.svg" => Some("public, max-age=86400"),
        _ => None,
    };
    let mut response = next.run(request).await;
    if let Some(policy) = policy.filter(|_| response.status() == StatusCode::OK) {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(policy));
    }
    response
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('=').map(decode))
}

/// Undoes the percent-encoding that scripts give to a cookie's slashes.
fn decode(value: &str) -> String {
    value.replace("%2F", "/").replace("%2f", "/")
}

/// What a reader chooses; what is not said stays.
#[derive(Debug, Deserialize)]
pub struct Choice {
    theme: Option<String>,
    lang: Option<String>,
    zone: Option<String>,
    back: Option<String>,
}

/// `POST /preferences`: keeps a choice in cookies, and goes back.
async fn preferences(State(state): State<ServerState>, Form(choice): Form<Choice>) -> Response {
    let theme = choice.theme.filter(|word| Theme::parse(word).is_some());
    let lang = choice.lang.filter(|word| matches!(word.as_str(), "es" | "en"));
    let zone = choice.zone.filter(|name| zone::zone(name, state.app.clock.now()).is_some());
    let secure = if state.app.settings.base_url.starts_with("https://") { "; Secure" } else { "" };
    let mut response = Redirect::to(&back(choice.back.as_deref())).into_response();
    for (name, value) in [(THEME_COOKIE, theme), (LANG_COOKIE, lang), (ZONE_COOKIE, zone)] {
        let Some(value) = value else { continue };
        if let Ok(cookie) = HeaderValue::try_from(format!("{name}={value}; Path=/; Max-Age={YEAR_S}; SameSite=Lax{secure}")) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

/// Only a place of our own is gone back to.
fn back(asked: Option<&str>) -> String {
    let ours = |path: &str| {
        path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains('\\')
            && path.is_ascii()
            && !path.chars().any(char::is_control)
    };
    asked.filter(|path| ours(path)).unwrap_or("/usage").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_places_are_gone_back_to() {
        assert_eq!(back(Some("/usage?tier=pro")), "/usage?tier=pro");
        for other in
            [None, Some("https://evil.example"), Some("//evil.example"), Some("/\\evil.example"), Some("/a\r\nb"), Some("")]
        {
            assert_eq!(back(other), "/usage", "{other:?}");
        }
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("x_nexus_zone=no; nexus_zone=America%2FBogota; nexus_theme=light"));
        assert_eq!(cookie(&headers, ZONE_COOKIE).as_deref(), Some("America/Bogota"));
        assert_eq!(cookie(&headers, THEME_COOKIE).as_deref(), Some("light"));
        assert_eq!(cookie(&headers, LANG_COOKIE), None);
    }
}
