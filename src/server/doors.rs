//! The doors: who may go through which. Every route has a rule here; one without is shut.
//!
//! The guard stands before every handler. It finds out who asks (a session's cookie, an API key or a token), counts the request,
//! holds the rule, holds that a change comes from our own pages, and hands on the [`Ctx`] that use-cases are called with. Use-cases
//! and the database hold their own rules beneath it.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use super::{
    ServerState, cookies, gate, leads as lead_routes, limits::Visit, problem::Problem, proxy, reader, tokens as token_routes,
};
use crate::{
    domain::{
        AppError, AppResult,
        people::{KeyId, Permission, SessionId},
    },
    features::auth::{keys, sessions, tokens},
    pages::gate::Retry,
    platform::{
        address::household,
        ctx::{Actor, Ctx},
    },
    ui::href,
};

/// Who may go through a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Everybody; whoever it is is not even asked.
    Open,
    /// Everybody, from a page of any site: no cookie is read, so whoever sends it unawares sends no more than anybody could.
    Public,
    /// Whoever signs the request as GENESIS does; the handler sees to it.
    Signature,
    /// Anybody who is signed in.
    SignedIn,
    /// Whoever may do this.
    May(Permission),
    /// A program that shows its API key itself; a token that it got for one does not do.
    Key,
}

/// A door: method, path as the router knows it, and who may go through.
pub type Door = (&'static str, &'static str, Rule);

/// All doors. Paths of pages are as in `app.rs`, those of server functions as they are registered.
pub const DOORS: &[Door] = &[
    ("GET", "/health/live", Rule::Open),
    ("GET", "/health/ready", Rule::Open),
    ("GET", "/metrics", Rule::May(Permission::ReadMetrics)),
    ("GET", "/.well-known/jwks.json", Rule::Open),
    ("POST", "/api/auth/token", Rule::Key),
    ("POST", "/api/leads/capture", Rule::May(Permission::CaptureLeads)),
    ("POST", "/agent-usage/events", Rule::Signature),
    ("GET", "/agent-usage/live", Rule::May(Permission::ReadUsage)),
    ("GET", "/agent-usage/stats/{user_id}", Rule::May(Permission::ReadUsage)),
    ("GET", "/agent-usage/limits/{user_id}", Rule::May(Permission::ReadUsage)),
    ("GET", "/agent-usage/analytics/summary", Rule::May(Permission::ReadUsage)),
    ("GET", "/usage/export.csv", Rule::May(Permission::ExportUsage)),
    // Pages.
    ("GET", "/", Rule::SignedIn),
    ("GET", "/usage", Rule::May(Permission::ReadUsage)),
    ("GET", "/usage/users", Rule::May(Permission::ReadUsage)),
    ("GET", "/usage/users/{id}", Rule::May(Permission::ReadUsage)),
    ("GET", "/tasks", Rule::May(Permission::ReadCrm)),
    ("POST", "/tasks", Rule::May(Permission::ReadCrm)),
    ("GET", "/tasks/templates", Rule::May(Permission::ReadCrm)),
    ("POST", "/tasks/templates", Rule::May(Permission::ManageTemplates)),
    // By a secret in its address; the handler sees to it.
    ("GET", "/tasks/calendar.ics", Rule::Open),
    ("GET", "/import", Rule::May(Permission::ImportCrm)),
    ("POST", "/import/upload", Rule::May(Permission::ImportCrm)),
    ("GET", "/import/{id}", Rule::May(Permission::ImportCrm)),
    ("POST", "/import/{id}", Rule::May(Permission::ImportCrm)),
    ("GET", "/import/{id}/problems.csv", Rule::May(Permission::ImportCrm)),
    ("GET", "/contacts", Rule::May(Permission::ReadCrm)),
    ("POST", "/contacts", Rule::May(Permission::ReadCrm)),
    ("GET", "/contacts/export.csv", Rule::May(Permission::ExportCrm)),
    ("GET", "/contacts/export.xlsx", Rule::May(Permission::ExportCrm)),
    ("GET", "/companies/export.csv", Rule::May(Permission::ExportCrm)),
    ("GET", "/companies/export.xlsx", Rule::May(Permission::ExportCrm)),
    ("GET", "/leads/export.csv", Rule::May(Permission::ExportCrm)),
    ("GET", "/leads/export.xlsx", Rule::May(Permission::ExportCrm)),
    ("GET", "/contacts/{id}", Rule::May(Permission::ReadCrm)),
    ("POST", "/contacts/{id}", Rule::May(Permission::WriteCrm)),
    ("GET", "/duplicates", Rule::May(Permission::WriteCrm)),
    ("POST", "/duplicates", Rule::May(Permission::WriteCrm)),
    ("GET", "/duplicates/merge", Rule::May(Permission::WriteCrm)),
    ("POST", "/duplicates/merge", Rule::May(Permission::WriteCrm)),
    ("GET", "/companies", Rule::May(Permission::ReadCrm)),
    ("POST", "/companies", Rule::May(Permission::ReadCrm)),
    ("GET", "/companies/{id}", Rule::May(Permission::ReadCrm)),
    ("POST", "/companies/{id}", Rule::May(Permission::WriteCrm)),
    ("GET", "/admin/fields", Rule::May(Permission::ManageCrm)),
    ("POST", "/admin/fields", Rule::May(Permission::ManageCrm)),
    ("GET", "/leads", Rule::May(Permission::ReadCrm)),
    ("POST", "/leads", Rule::May(Permission::WriteCrm)),
    ("GET", "/leads/new", Rule::May(Permission::WriteCrm)),
    ("POST", "/leads/new", Rule::May(Permission::WriteCrm)),
    ("GET", "/leads/{id}", Rule::May(Permission::ReadCrm)),
    ("POST", "/leads/{id}", Rule::May(Permission::WriteCrm)),
    ("POST", "/leads/{id}/convert", Rule::May(Permission::WriteCrm)),
    ("GET", "/account", Rule::SignedIn),
    ("POST", "/account", Rule::SignedIn),
    ("GET", "/admin/people", Rule::May(Permission::ReadPeople)),
    ("POST", "/admin/people", Rule::May(Permission::ManagePeople)),
    ("GET", "/admin/sessions", Rule::May(Permission::ManagePeople)),
    ("POST", "/admin/sessions", Rule::May(Permission::ManagePeople)),
    ("GET", "/admin/settings", Rule::May(Permission::ManageWorkspace)),
    ("POST", "/admin/settings", Rule::May(Permission::ManageWorkspace)),
    ("GET", "/admin/limits", Rule::May(Permission::ManageLimits)),
    ("POST", "/admin/limits", Rule::May(Permission::ManageLimits)),
    ("GET", "/admin/scorecard", Rule::May(Permission::ManageCrm)),
    ("POST", "/admin/scorecard", Rule::May(Permission::ManageCrm)),
    ("GET", "/admin/ingest", Rule::May(Permission::ManageIngest)),
    ("POST", "/admin/ingest", Rule::May(Permission::ManageIngest)),
    ("GET", "/admin/webhooks", Rule::May(Permission::ManageKeys)),
    ("POST", "/admin/webhooks", Rule::May(Permission::ManageKeys)),
    ("GET", "/admin/keys", Rule::May(Permission::ManageKeys)),
    ("POST", "/admin/keys", Rule::May(Permission::ManageKeys)),
    ("GET", "/admin/mail", Rule::May(Permission::ManagePeople)),
    ("POST", "/admin/mail", Rule::May(Permission::ManagePeople)),
    ("GET", "/admin/journal", Rule::May(Permission::ReadJournal)),
    ("GET", "/admin/journal/export.csv", Rule::May(Permission::ReadJournal)),
    ("GET", "/admin/privacy", Rule::May(Permission::ManagePrivacy)),
    ("POST", "/admin/privacy", Rule::May(Permission::ManagePrivacy)),
    ("GET", "/admin/privacy/export", Rule::May(Permission::ManagePrivacy)),
    // The way in and out, and what a reader chooses.
    ("GET", "/sign-in", Rule::Open),
    ("POST", "/sign-in", Rule::Open),
    ("GET", "/set-up", Rule::Open),
    ("POST", "/set-up", Rule::Open),
    ("GET", "/invitation", Rule::Open),
    ("POST", "/invitation", Rule::Open),
    ("GET", "/reset", Rule::Open),
    ("POST", "/reset", Rule::Open),
    ("GET", "/forgotten", Rule::Open),
    ("POST", "/forgotten", Rule::Open),
    ("POST", "/sign-out", Rule::Open),
    ("POST", "/preferences", Rule::Open),
    ("GET", "/form", Rule::Public),
    ("POST", "/form", Rule::Public),
    // Server functions.
    ("POST", "/api/usage/dashboard", Rule::May(Permission::ReadUsage)),
    ("POST", "/api/usage/user", Rule::May(Permission::ReadUsage)),
    ("POST", "/api/usage/users", Rule::May(Permission::ReadUsage)),
    ("POST", "/api/usage/user_events", Rule::May(Permission::ReadUsage)),
    ("POST", "/api/zone", Rule::SignedIn),
    ("POST", "/api/page", Rule::SignedIn),
    ("POST", "/api/find", Rule::SignedIn),
];

/// The rule of a door; none when there is no such door.
pub fn rule(method: &Method, path: &str) -> Option<Rule> {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    DOORS.iter().find(|(m, p, _)| *m == method && *p == path).map(|(_, _, rule)| *rule)
}

/// The rule of a request. Server functions share one route; what no route knows is a file of the site, or nothing that anybody but
/// those signed in is told of.
fn rule_of(request: &Request) -> Option<Rule> {
    let path = request.uri().path();
    // The router of the pages takes such steps out, and would show another page than the one that was asked about here.
    let lower = path.to_ascii_lowercase().replace("%2e", ".");
    if lower.split(['/', '\\']).any(|segment| segment == "." || segment == "..") || lower.contains("%2f") && lower.contains("..") {
        return None;
    }
    match request.extensions().get::<MatchedPath>().map(MatchedPath::as_str) {
        Some("/api/{*name}") => rule(request.method(), path),
        Some(pattern) => rule(request.method(), pattern),
        None if is_file(path) => Some(Rule::Open),
        None => Some(Rule::SignedIn),
    }
}

/// Files that pages are made of; they hold no data.
fn is_file(path: &str) -> bool {
    path == "/favicon.svg"
        || path == "/robots.txt"
        || ["/pkg/", "/fonts/", "/licenses/"].iter().any(|folder| path.starts_with(folder))
}

/// How whoever asks wants to be told that it is not allowed.
#[derive(Clone, Copy)]
enum Manner {
    Page,
    ServerFunction,
    Program,
}

/// Stands before a handler.
pub async fn guard(State(state): State<ServerState>, mut request: Request, next: Next) -> Response {
    let rule = rule_of(&request);
    let path = request.uri().path();
    let manner = if [token_routes::PATH, lead_routes::PATH].contains(&path) {
        Manner::Program
    } else if path.starts_with("/api/") {
        Manner::ServerFunction
    } else if wants_html(request.headers()) {
        Manner::Page
    } else {
        Manner::Program
    };
    let shows_key = request.headers().contains_key(header::AUTHORIZATION);
    // Where a key is asked for, a browser's cookie opens nothing.
    let by_key = rule == Some(Rule::Key) || matches!(rule, Some(Rule::May(_) | Rule::SignedIn)) && shows_key;
    if !is_safe(request.method())
        && !by_key
        && !matches!(rule, Some(Rule::Signature | Rule::Public))
        && !is_ours(request.headers(), &state.app.settings.base_url)
    {
        return match manner {
            Manner::Page => gate::refused(&state, request.headers(), &AppError::Forbidden, Retry::Ours),
            _ => refuse(&state, &AppError::Forbidden, manner, &request),
        };
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let address = peer.map(|peer| proxy::client(peer, request.headers(), &state.app.settings.trusted_proxies));
    // Before anything of the database's is used: whoever knocks without end is to cost nothing.
    if matches!(rule, Some(Rule::Open | Rule::Public))
        && !is_safe(request.method())
        && let Some(address) = address
        && (!address.is_loopback() || state.app.settings.rate_limit_loopback)
        && state.gate.check_key(&household(address)).is_err()
    {
        return refuse(&state, &AppError::RateLimited { retry_after_s: 10 }, manner, &request);
    }
    let mut visit = state.limits.visit(address, path, shows_key);
    let nobody = Ctx { app: state.app.clone(), actor: Actor::Nobody, address, lang: reader::lang(request.headers()) };
    let ctx = match rule {
        Some(rule) => admit(rule, nobody, request.headers(), visit.as_mut()).await,
        None => Err(AppError::NotFound),
    };
    let mut response = match ctx {
        Ok(ctx) => {
            request.extensions_mut().insert(ctx);
            let mut response = next.run(request).await;
            if !matches!(rule, Some(Rule::Open | Rule::Public)) {
                response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-store"));
            }
            response
        }
        Err(error) => refuse(&state, &error, manner, &request),
    };
    if let Some(visit) = &visit {
        visit.tell(response.headers_mut());
    }
    response
}

/// Finds out who asks, counts the request for them, and holds the rule.
async fn admit(rule: Rule, nobody: Ctx, headers: &HeaderMap, visit: Option<&mut Visit<'_>>) -> AppResult<Ctx> {
    let is_asked = !matches!(rule, Rule::Open | Rule::Public | Rule::Signature);
    let found = match visit {
        None if is_asked => identify(nobody, headers).await,
        None => Ok(nobody),
        Some(visit) => {
            let found = if is_asked {
                visit.may_ask()?;
                identify(nobody, headers).await
            } else {
                Ok(nobody)
            };
            visit.count(&found)?;
            found
        }
    };
    let ctx = found?;
    match (rule, &ctx.actor) {
        (Rule::Open | Rule::Public | Rule::Signature, _) | (Rule::SignedIn, Actor::Person(_)) => Ok(ctx),
        (Rule::May(permission), _) => ctx.require(permission).map(|()| ctx),
        (Rule::Key, Actor::Program(program)) if program.until.is_none() => Ok(ctx),
        (Rule::SignedIn | Rule::Key, Actor::Nobody) => Err(AppError::Unauthenticated),
        (Rule::SignedIn | Rule::Key, _) => Err(AppError::Forbidden),
    }
}

/// Who asks: by an API key or a token if one is shown, else by the session's cookie. A key that does not work is an error, not nobody.
///
/// # Errors
/// `Unauthenticated` for a key or a token that does not work; when the database is away.
pub async fn identify(nobody: Ctx, headers: &HeaderMap) -> AppResult<Ctx> {
    if let Some(authorization) = headers.get(header::AUTHORIZATION) {
        let key = authorization.to_str().ok().and_then(|text| {
            let (scheme, key) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
        });
        let key = key.unwrap_or_default();
        let program = if key.starts_with(keys::PREFIX) {
            keys::authenticate(&nobody, key).await?
        } else {
            tokens::authenticate(&nobody, key).await?
        };
        return Ok(Ctx { actor: Actor::Program(program.ok_or(AppError::Unauthenticated)?), ..nobody });
    }
    let Some(secret) = cookies::session(headers, &nobody.app.settings) else { return Ok(nobody) };
    let person = sessions::authenticate(&nobody, &secret).await?;
    Ok(Ctx { actor: person.map_or(Actor::Nobody, Actor::Person), ..nobody })
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a change comes from our own pages. Browsers say so themselves: `Sec-Fetch-Site`, or `Origin` in older ones; another site's
/// page can forge neither. Whoever says nothing is no browser, and shows an API key instead.
fn is_ours(headers: &HeaderMap, base_url: &str) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()) else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    origin == base_url || origin.split_once("://").is_some_and(|(_, origin)| Some(origin) == host)
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

fn refuse(state: &ServerState, error: &AppError, manner: Manner, request: &Request) -> Response {
    match (manner, error) {
        (Manner::Page, AppError::Unauthenticated) => {
            let back = request.uri().path_and_query().map_or("/", |place| place.as_str());
            let next = if request.method() == Method::GET && back != "/" {
                format!("?next={}", href::encode(back))
            } else {
                String::new()
            };
            Redirect::to(&format!("/sign-in{next}")).into_response()
        }
        (Manner::Page, error) => {
            let place = if is_safe(request.method()) { request.uri().path_and_query() } else { None };
            let place = place.map_or_else(|| request.uri().path().to_owned(), |place| place.as_str().to_owned());
            gate::refused(state, request.headers(), error, Retry::Open(reader::back(Some(&place))))
        }
        (Manner::ServerFunction, error) => {
            // As server functions themselves tell their errors.
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::FORBIDDEN);
            let path = HeaderValue::try_from(request.uri().path()).unwrap_or(HeaderValue::from_static("/api"));
            let headers = [
                (HeaderName::from_static("serverfnerror"), path),
                (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            ];
            let mut response = (status, headers, serde_json::to_string(error).unwrap_or_default()).into_response();
            if let AppError::RateLimited { retry_after_s } = error {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*retry_after_s));
            }
            response
        }
        (Manner::Program, error) => {
            let mut response: Response = Problem::from(error.clone()).into();
            if *error == AppError::Unauthenticated {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            response
        }
    }
}

/// What a socket is open by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpenBy {
    /// Somebody's session.
    Session(SessionId),
    /// A program's key.
    Key(KeyId),
    /// A token that a program got for its key, and when that is over.
    Token(KeyId, DateTime<Utc>),
}

impl OpenBy {
    /// What an actor's socket is open by.
    pub fn of(actor: &Actor) -> Option<Self> {
        match actor {
            Actor::Person(person) => Some(Self::Session(person.session)),
            Actor::Program(program) => Some(program.until.map_or(Self::Key(program.id), |until| Self::Token(program.id, until))),
            _ => None,
        }
    }
}

/// What sockets are open by, looked after together.
#[derive(Debug, Default)]
pub struct OpenLines(Mutex<HashMap<OpenBy, Arc<LineEnd>>>);

/// Cancelled when the session or the token of a line is over, or its key does not work any more.
#[derive(Debug, Default)]
pub struct LineEnd {
    /// Tells the sockets.
    pub over: CancellationToken,
}

impl OpenLines {
    /// What a socket listens to.
    pub fn watch(&self, by: OpenBy) -> Arc<LineEnd> {
        Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(by).or_default())
    }

    /// Ends the lines whose sessions or tokens are over or whose keys do not work, and forgets those that nobody listens on.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn look(&self, ctx: &Ctx) -> AppResult<()> {
        let (mut session_ids, mut by_keys) = (Vec::new(), Vec::new());
        {
            let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            lines.retain(|_, line| Arc::strong_count(line) > 1);
            for by in lines.keys() {
                match by {
                    OpenBy::Session(id) => session_ids.push(*id),
                    OpenBy::Key(id) | OpenBy::Token(id, _) => by_keys.push((*id, *by)),
                }
            }
        }
        let now = ctx.now();
        let mut over = Vec::new();
        if !session_ids.is_empty() {
            let running = sessions::running(ctx, &session_ids).await?;
            over.extend(session_ids.into_iter().filter(|id| !running.contains(id)).map(OpenBy::Session));
        }
        if !by_keys.is_empty() {
            let ids: Vec<_> = by_keys.iter().map(|(id, _)| *id).collect();
            let working = keys::working(ctx, &ids).await?;
            let is_over = |by: OpenBy| matches!(by, OpenBy::Token(_, until) if until <= now);
            over.extend(by_keys.into_iter().filter(|(id, by)| !working.contains(id) || is_over(*by)).map(|(_, by)| by));
        }
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for line in over.iter().filter_map(|by| lines.remove(by)) {
            line.over.cancel();
        }
        Ok(())
    }

    /// Looks every other second until the process stops.
    pub async fn run(self: Arc<Self>, ctx: Ctx) {
        loop {
            if !ctx.app.goes_on_after(Duration::from_secs(2)).await {
                return;
            }
            if let Err(error) = self.look(&ctx).await {
                tracing::warn!(%error, "what open sockets are open by could not be looked at; it will be again");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_our_own_pages_may_change_something() {
        let ours = |pairs: &[(&'static str, &'static str)]| is_ours(&headers(pairs), "https://crm.ngx.com");
        assert!(ours(&[("sec-fetch-site", "same-origin")]));
        assert!(ours(&[("origin", "https://crm.ngx.com")]));
        assert!(ours(&[("origin", "http://127.0.0.1:8000"), ("host", "127.0.0.1:8000")]));
        for other in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site"), ("origin", "https://crm.ngx.com")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://evil.example"), ("host", "crm.ngx.com")],
            &[("origin", "null")],
        ] {
            assert!(!ours(other), "{other:?}");
        }
    }

    #[test]
    fn no_door_stands_twice() {
        for (n, (method, path, _)) in DOORS.iter().enumerate() {
            assert!(!DOORS[..n].iter().any(|(m, p, _)| m == method && p == path), "{method} {path}");
        }
    }
}
