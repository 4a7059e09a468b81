//! The gate's handlers: signing in and out, the first set-up, invitations, forgotten and new passwords.

use axum::{
    Extension, Form,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    ServerState, cookies, doors,
    reader::{self, back},
};
use crate::{
    domain::AppError,
    features::auth::{
        forgotten,
        links::{self, Answer, LinkKind},
        sessions::{self, Begun},
        sign_in::{self, Credentials, SignedIn},
    },
    pages::{
        gate::{Gate, Retry},
        written::form::Sent,
    },
    platform::{ctx::Ctx, mail, secret::Secret},
    ui::prefs::LANG_COOKIE,
};

/// The fields of a form, as they came.
type Fields = Vec<(String, String)>;

/// No script, and forms only to ourselves.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The query of a page of the gate.
#[derive(Debug, Deserialize)]
pub struct GateQuery {
    next: Option<String>,
    token: Option<String>,
}

fn written(state: &ServerState, headers: &HeaderMap, gate: &Gate<'_>, sent: Sent) -> Response {
    let error = sent.error().or(match gate {
        Gate::Refused(error, _) => Some(*error),
        _ => None,
    });
    let status = match (error, gate) {
        (Some(error), _) => error.status(),
        (None, Gate::Gone) => 404,
        (None, Gate::Away) => 503,
        (None, _) => 200,
    };
    let retry = match error {
        Some(AppError::RateLimited { retry_after_s } | AppError::Unavailable { retry_after_s }) => Some(*retry_after_s),
        _ => None,
    };
    let reader = reader::of(headers, state, None, sent);
    let html = crate::pages::gate::page(&state.leptos, reader::theme(headers), &reader, &state.workspace.get().name, gate);
    let mut response = (StatusCode::from_u16(status).unwrap_or(StatusCode::OK), html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The address of a link holds its secret.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Some(seconds) = retry {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A page that is not shown, to somebody who looks at it with a browser.
pub fn refused(state: &ServerState, headers: &HeaderMap, error: &AppError, retry: Retry) -> Response {
    written(state, headers, &Gate::Refused(error, retry), Sent::default())
}

/// The page of signing in. Where nobody has an account it says so: the link to make the first is in the log.
async fn sign_in_form(state: &ServerState, ctx: &Ctx, headers: &HeaderMap, next: &str, sent: Sent) -> Response {
    let is_set_up = links::is_set_up(ctx).await.unwrap_or(true);
    written(state, headers, &Gate::SignIn { next, is_set_up }, sent)
}

/// Goes in with a new session.
fn go_in(ctx: &Ctx, begun: &Begun, next: &str) -> Response {
    let mut response = Redirect::to(next).into_response();
    cookies::keep(response.headers_mut(), &ctx.app.settings, &begun.token, begun.expires_at, ctx.now());
    if let Some(lang) = begun.language {
        cookies::choose(response.headers_mut(), &ctx.app.settings, LANG_COOKIE, lang.as_str());
    }
    response
}

fn user_agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// `GET /sign-in`.
pub async fn sign_in_page(
    State(state): State<ServerState>,
    Extension(ctx): Extension<Ctx>,
    Query(query): Query<GateQuery>,
    headers: HeaderMap,
) -> Response {
    let next = back(query.next.as_deref());
    match doors::identify(ctx.clone(), &headers).await {
        Ok(ctx) if ctx.person().is_ok() => Redirect::to(&next).into_response(),
        Ok(_) | Err(AppError::Unauthenticated) => sign_in_form(&state, &ctx, &headers, &next, Sent::default()).await,
        Err(_) => written(&state, &headers, &Gate::Away, Sent::default()),
    }
}

/// `POST /sign-in`.
pub async fn sign_in(
    State(state): State<ServerState>,
    Extension(ctx): Extension<Ctx>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let mut sent = Sent::new(fields);
    let next = back(Some(sent.value("next")));
    let before = cookies::session(&headers, &state.app.settings);
    if sent.verb() == "code" {
        let secret = sent.value("token").to_owned();
        return match sign_in::second(&ctx, &secret, sent.value("code"), before.as_deref(), user_agent(&headers)).await {
            Ok(begun) => go_in(&ctx, &begun, &next),
            // It took too long: the password again.
            Err(AppError::NotFound) => {
                let mut late = Sent::default();
                late.done = Some("late");
                sign_in_form(&state, &ctx, &headers, &next, late).await
            }
            Err(error) => {
                // What was typed is worth nothing any more.
                let mut again = Sent::default();
                again.refuse(error);
                written(&state, &headers, &Gate::Code(&secret, &next), again)
            }
        };
    }
    let credentials = Credentials { email: sent.value("email"), password: Secret::new(sent.value("password")) };
    match sign_in::sign_in(&ctx, credentials, before.as_deref(), user_agent(&headers)).await {
        Ok(SignedIn::In(begun)) => go_in(&ctx, &begun, &next),
        Ok(SignedIn::Code(secret)) => written(&state, &headers, &Gate::Code(secret.expose(), &next), Sent::default()),
        Err(error) => {
            sent.refuse(error);
            sign_in_form(&state, &ctx, &headers, &next, sent).await
        }
    }
}

/// `POST /sign-out`.
pub async fn sign_out(State(state): State<ServerState>, Extension(ctx): Extension<Ctx>, headers: HeaderMap) -> Response {
    // Whatever happens to the session, this browser is to forget it.
    if let Ok(ctx) = doors::identify(ctx, &headers).await
        && let Err(error) = sessions::sign_out(&ctx).await
    {
        tracing::warn!(%error, "a session could not be ended");
    }
    let mut response = Redirect::to("/sign-in").into_response();
    cookies::forget(response.headers_mut(), &state.app.settings);
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\", \"storage\""));
    response
}

/// `GET /forgotten`.
pub async fn forgotten_page(
    State(state): State<ServerState>,
    axum::Extension(ctx): axum::Extension<Ctx>,
    headers: HeaderMap,
) -> Response {
    let gate = if mail::is_offered(&ctx) { Gate::Forgotten } else { Gate::Unaided };
    written(&state, &headers, &gate, Sent::default())
}

/// `POST /forgotten`. The answer is the same whether there is such an account or not.
pub async fn forgotten(
    State(state): State<ServerState>,
    axum::Extension(ctx): axum::Extension<Ctx>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let mut sent = Sent::new(fields);
    match forgotten::ask(&ctx, sent.value("email")).await {
        Ok(()) => written(&state, &headers, &Gate::Asked, Sent::default()),
        Err(AppError::NotFound) => written(&state, &headers, &Gate::Unaided, Sent::default()),
        Err(error) => {
            sent.refuse(error);
            written(&state, &headers, &Gate::Forgotten, sent)
        }
    }
}

/// The page of a link: `GET /set-up`, `/invitation`, `/reset`.
async fn link_page(state: &ServerState, ctx: &Ctx, kind: LinkKind, secret: &str, headers: &HeaderMap, sent: Sent) -> Response {
    let account = match links::look(ctx, kind, secret).await {
        Ok(account) => account,
        Err(AppError::NotFound) => return written(state, headers, &Gate::Gone, Sent::default()),
        Err(_) => return written(state, headers, &Gate::Away, Sent::default()),
    };
    let gate = match (kind, &account) {
        (LinkKind::SetUp, _) => Gate::SetUp(secret),
        (LinkKind::Invitation, Some(account)) => Gate::Invitation(secret, &account.name, &account.email),
        (LinkKind::Reset, Some(account)) => Gate::Reset(secret, &account.email),
        (_, None) => Gate::Gone,
    };
    written(state, headers, &gate, sent)
}

/// Uses a link: `POST /set-up`, `/invitation`, `/reset`.
async fn follow(state: &ServerState, ctx: &Ctx, kind: LinkKind, headers: &HeaderMap, fields: Fields) -> Response {
    let mut sent = Sent::new(fields);
    let before = cookies::session(headers, &state.app.settings);
    let answer = Answer {
        name: (kind != LinkKind::Reset).then(|| sent.value("name")),
        email: (kind == LinkKind::SetUp).then(|| sent.value("email")),
        password: Secret::new(sent.value("password")),
    };
    match links::follow(ctx, kind, sent.value("token"), answer, before.as_deref(), user_agent(headers)).await {
        Ok(Some(begun)) => go_in(ctx, &begun, "/usage"),
        // The code of the second factor is still to come.
        Ok(None) => Redirect::to("/sign-in").into_response(),
        Err(AppError::NotFound) => written(state, headers, &Gate::Gone, Sent::default()),
        Err(error) => {
            sent.refuse(error);
            let secret = sent.value("token").to_owned();
            link_page(state, ctx, kind, &secret, headers, sent).await
        }
    }
}

macro_rules! link_handlers {
    ($($page:ident, $follow:ident, $kind:expr, $path:literal;)+) => {$(
        #[doc = concat!("`GET ", $path, "`.")]
        pub async fn $page(
            State(state): State<ServerState>,
            Extension(ctx): Extension<Ctx>,
            Query(query): Query<GateQuery>,
            headers: HeaderMap,
        ) -> Response {
            link_page(&state, &ctx, $kind, query.token.as_deref().unwrap_or_default(), &headers, Sent::default()).await
        }

        #[doc = concat!("`POST ", $path, "`.")]
        pub async fn $follow(
            State(state): State<ServerState>,
            Extension(ctx): Extension<Ctx>,
            headers: HeaderMap,
            Form(fields): Form<Fields>,
        ) -> Response {
            follow(&state, &ctx, $kind, &headers, fields).await
        }
    )+};
}

link_handlers! {
    set_up_page, set_up, LinkKind::SetUp, "/set-up";
    invitation_page, invitation, LinkKind::Invitation, "/invitation";
    reset_page, reset, LinkKind::Reset, "/reset";
}
