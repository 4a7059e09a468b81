//! The pages: rendering, server functions, files, and what a reader has chosen.

use std::sync::LazyLock;

use axum::{
    Extension, Form, Router,
    body::Body,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use leptos::prelude::*;
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list};
use serde::Deserialize;
use tower_http::compression::CompressionLayer;

use super::{
    ServerState, cookies, exports, gate, imports, lead_form, leads,
    reader::{self, back},
};
use crate::{
    app::{App, shell},
    domain::{AppError, format::Lang},
    pages::written::{form::Sent, render},
    platform::{ctx::Ctx, zone},
    ui::prefs::{LANG_COOKIE, Preferences, THEME_COOKIE, Theme, ZONE_COOKIE},
};

/// The longest error of a server function, in bytes.
const MAX_ERROR: usize = 64 * 1024;
/// The largest form, in bytes.
const MAX_FORM: usize = 16 * 1024;
/// The largest form with an item of quarantine in it: percent-encoding may make three bytes of one.
const MAX_ITEM_FORM: usize = 256 * 1024;

/// The pages and what belongs to them.
pub fn router(state: ServerState) -> Router {
    static ROUTES: LazyLock<Vec<leptos_axum::AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));
    let render_state = state.clone();
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/usage") }))
        .route("/preferences", post(preferences))
        .route("/api/{*name}", post(server_fn))
        .route("/sign-in", get(gate::sign_in_page).post(gate::sign_in))
        .route("/sign-out", post(gate::sign_out))
        .route("/set-up", get(gate::set_up_page).post(gate::set_up))
        .route("/invitation", get(gate::invitation_page).post(gate::invitation))
        .route("/reset", get(gate::reset_page).post(gate::reset))
        .route("/forgotten", get(gate::forgotten_page).post(gate::forgotten))
        .route("/tasks", post(written).layer(DefaultBodyLimit::max(MAX_ITEM_FORM)))
        .route("/tasks/templates", post(written).layer(DefaultBodyLimit::max(MAX_ITEM_FORM)))
        .route("/contacts/export.csv", get(exports::contacts))
        .route("/contacts/export.xlsx", get(exports::contacts))
        .route("/companies/export.csv", get(exports::companies))
        .route("/companies/export.xlsx", get(exports::companies))
        .route("/leads/export.csv", get(exports::leads))
        .route("/leads/export.xlsx", get(exports::leads))
        .route("/import/{id}", post(written).layer(DefaultBodyLimit::max(MAX_ITEM_FORM)))
        .route("/import/upload", post(imports::upload).layer(DefaultBodyLimit::max(imports::MAX_UPLOAD)))
        .route("/import/{id}/problems.csv", get(imports::problems_csv))
        .route("/contacts", post(written).layer(DefaultBodyLimit::max(MAX_ITEM_FORM)))
        .route("/contacts/{id}", post(written).layer(DefaultBodyLimit::max(MAX_ITEM_FORM)))
        .route("/duplicates", post(written))
        .route("/duplicates/merge", post(written))
        .route("/companies", post(written).layer(DefaultBodyLimit::max(MAX_ITEM_FORM)))
        .route("/companies/{id}", post(written).layer(DefaultBodyLimit::max(MAX_ITEM_FORM)))
        .route("/admin/fields", post(written))
        .route("/form", get(lead_form::show).post(lead_form::send))
        .route("/leads", post(written))
        .route("/leads/new", post(written))
        .route("/leads/{id}", post(written))
        .route("/leads/{id}/convert", post(leads::convert))
        .route("/account", post(written))
        .route("/admin/people", post(written))
        .route("/admin/sessions", post(written))
        .route("/admin/settings", post(written))
        .route("/admin/keys", post(written))
        .route("/admin/mail", post(written))
        .route("/admin/limits", post(written))
        .route("/admin/privacy", post(written))
        .route("/admin/scorecard", post(written))
        .route("/admin/ingest", post(written).layer(DefaultBodyLimit::max(MAX_ITEM_FORM)))
        .route("/admin/webhooks", post(written).layer(DefaultBodyLimit::max(MAX_ITEM_FORM)))
        .layer(DefaultBodyLimit::max(MAX_FORM))
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
        .layer(middleware::from_fn(own_status))
        .layer(middleware::from_fn(super::timeout))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn(cache))
        .with_state(state)
}

/// Hands a rendering, or a server function, what it needs: the actor, who reads, and the page's policy.
fn provide_request(state: &ServerState) {
    let Some(parts) = use_context::<axum::http::request::Parts>() else { return };
    let ctx = parts.extensions.get::<Ctx>();
    if let Some(ctx) = ctx {
        if let Ok(person) = ctx.person() {
            provide_context(person.me());
        }
        provide_context(ctx.clone());
    }
    provide_context(Preferences {
        theme: reader::theme(&parts.headers),
        zone_known: reader::told_zone(&parts.headers, state).is_some(),
        zone_fixed: reader::own_zone(state, ctx).is_some(),
        zone: reader::zone(&parts.headers, state, ctx),
    });
    let sent = parts.extensions.get::<Sent>().cloned().unwrap_or_default();
    provide_context(reader::of(&parts.headers, state, ctx, sent));
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

/// Gives the errors of server functions that fail before a use-case is reached (arguments that cannot be read) a status of theirs.
async fn own_status(request: Request, next: Next) -> Response {
    let is_function = request.uri().path().starts_with("/api/");
    let response = next.run(request).await;
    if !is_function || response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, MAX_ERROR).await.unwrap_or_default();
    if let Ok(error) = serde_json::from_slice::<AppError>(&body)
        && let Ok(status) = StatusCode::from_u16(error.status())
    {
        parts.status = status;
    }
    Response::from_parts(parts, Body::from(body))
}

/// A form of a written page: does what it asks for, and writes the page again with what came of it.
async fn written(
    State(state): State<ServerState>,
    Extension(ctx): Extension<Ctx>,
    uri: Uri,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let mut sent = Sent::new(fields);
    let reader = reader::of(&headers, &state, Some(&ctx), Sent::default());
    if let Err(error) = render::take(&ctx, &reader, &state.ingest, uri.path(), &mut sent).await {
        return super::problem::Problem::from(error).into();
    }
    if let Some(lang) = sent.language {
        // The whole page speaks it, so it begins anew.
        let mut response = Redirect::to(&format!("{}?done=profile", uri.path())).into_response();
        cookies::choose(response.headers_mut(), &state.app.settings, LANG_COOKIE, lang.as_str());
        return response;
    }
    if let Some(place) = sent.go.as_deref().filter(|_| sent.error().is_none()) {
        return Redirect::to(place).into_response();
    }
    let status = sent.error().map(AppError::status);
    let mut request = Request::new(Body::empty());
    // The page's own address, without what opened the form.
    *request.uri_mut() = uri.path().parse().unwrap_or(uri);
    *request.headers_mut() = headers;
    request.extensions_mut().insert(ctx);
    request.extensions_mut().insert(sent);
    let (context_state, options) = (state.clone(), state.leptos.as_ref().clone());
    let write = leptos_axum::render_app_async_with_context(move || provide_request(&context_state), move || shell(options.clone()));
    let mut response = write(request).await;
    if let Some(status) =
        status.and_then(|status| StatusCode::from_u16(status).ok()).filter(|_| response.status() == StatusCode::OK)
    {
        *response.status_mut() = status;
    }
    response
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
    let lang = choice.lang.filter(|word| Lang::parse(word).is_some());
    let zone = choice.zone.filter(|name| zone::zone(name, state.app.clock.now()).is_some());
    let mut response = Redirect::to(&back(choice.back.as_deref())).into_response();
    for (name, value) in [(THEME_COOKIE, theme), (LANG_COOKIE, lang), (ZONE_COOKIE, zone)] {
        if let Some(value) = value {
            cookies::choose(response.headers_mut(), &state.app.settings, name, &value);
        }
    }
    response
}
