//! Sessions: one for each browser that somebody has signed in with.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::store;
use crate::{
    domain::{
        AppError, AppResult,
        format::Lang,
        people::{Permission, SessionId, UserId},
    },
    platform::{
        ctx::{Actor, App, Ctx, Person},
        db::{contains, to_app},
        journal::{self, Entry},
        secret::Secret,
        token,
    },
};

/// A session is marked as seen at most this often.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);

/// A session as its person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The id.
    pub id: SessionId,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_seen_at: DateTime<Utc>,
    /// From where it was last used.
    pub address: String,
    /// What the browser says of itself.
    pub user_agent: String,
}

/// A session with whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Everybodys {
    /// The account.
    pub user: UserId,
    /// Its name.
    pub name: String,
    /// Its address.
    pub email: String,
    /// The session.
    pub session: Session,
}

/// A session that has just begun.
#[derive(Debug)]
pub struct Begun {
    /// What the browser keeps.
    pub token: Secret,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// Who it is.
    pub user: UserId,
    /// The language that the person has settled on.
    pub language: Option<Lang>,
}

/// Since when a session must have been used to go on.
fn idle_since(app: &App) -> DateTime<Utc> {
    app.clock.now() - app.settings.session_idle
}

/// Begins a session in a transaction of the system.
pub(super) async fn begin(ctx: &Ctx, tx: &mut PgConnection, user: UserId, user_agent: &str) -> AppResult<Begun> {
    let token = token::new();
    let expires_at = ctx.now() + ctx.app.settings.session_life;
    let session = store::sessions::NewSession {
        id: SessionId(Uuid::now_v7()),
        token_hash: &token::hash(token.expose()),
        user,
        now: ctx.now(),
        expires_at,
        address: &address(ctx),
        user_agent: &shortened(user_agent),
    };
    store::sessions::insert_session(tx, &session).await.map_err(to_app)?;
    let profile = store::find_profile(tx, user).await.map_err(to_app)?;
    Ok(Begun { token, expires_at, user, language: profile.and_then(|profile| profile.language) })
}

fn address(ctx: &Ctx) -> String {
    ctx.address.map(|address| address.to_string()).unwrap_or_default()
}

/// Whatever a browser says of itself, as far as it is worth keeping.
fn shortened(user_agent: &str) -> String {
    user_agent.chars().filter(|c| !c.is_control()).take(255).collect()
}

/// Who a token of a cookie is; nobody when the session is over, or the account may not sign in.
///
/// # Errors
/// When the database is away.
pub async fn authenticate(ctx: &Ctx, secret: &str) -> AppResult<Option<Arc<Person>>> {
    if secret.len() > token::MAX {
        return Ok(None);
    }
    let now = ctx.now();
    let mut tx = ctx.as_system("authenticate").begin().await.map_err(to_app)?;
    let found = store::sessions::find_session(&mut tx, &token::hash(secret), now, idle_since(&ctx.app)).await.map_err(to_app)?;
    let Some((person, seen)) = found else { return Ok(None) };
    if now - seen >= SEEN_EVERY {
        store::sessions::touch_session(&mut tx, person.session, now, &address(ctx)).await.map_err(to_app)?;
        tx.commit().await.map_err(to_app)?;
    }
    Ok(Some(Arc::new(person)))
}

/// Which of these sessions still run.
///
/// # Errors
/// When the database is away.
pub async fn running(ctx: &Ctx, ids: &[SessionId]) -> AppResult<Vec<SessionId>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let running = store::sessions::running_sessions(&mut tx, &ids, ctx.now(), idle_since(&ctx.app)).await.map_err(to_app)?;
    Ok(running.into_iter().map(SessionId).collect())
}

/// The sessions of whoever asks.
///
/// # Errors
/// `Unauthenticated`; when the database is away.
pub async fn list(ctx: &Ctx) -> AppResult<Vec<Session>> {
    let person = ctx.person()?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::sessions::list_sessions(&mut tx, person.id, ctx.now(), idle_since(&ctx.app)).await.map_err(to_app)
}

/// Ends the session at hand. Without one nothing happens.
///
/// # Errors
/// When the database is away.
pub async fn sign_out(ctx: &Ctx) -> AppResult<()> {
    let Actor::Person(person) = &ctx.actor else { return Ok(()) };
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::sessions::end_sessions(&mut tx, person.id, Some(person.session), None, ctx.now()).await.map_err(to_app)?;
    record(ctx, &mut tx, "signed_out", person.session.to_string()).await?;
    tx.commit().await.map_err(to_app)
}

/// Ends one of one's own sessions.
///
/// # Errors
/// `NotFound` when there is no such session that runs; when the database is away.
pub async fn end(ctx: &Ctx, id: SessionId) -> AppResult<()> {
    let person = ctx.person()?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    if store::sessions::end_sessions(&mut tx, person.id, Some(id), None, ctx.now()).await.map_err(to_app)? == 0 {
        return Err(AppError::NotFound);
    }
    record(ctx, &mut tx, "session_ended", id.to_string()).await?;
    tx.commit().await.map_err(to_app)
}

/// Ends all of one's sessions but the one at hand; gives how many.
///
/// # Errors
/// When the database is away.
pub async fn end_others(ctx: &Ctx) -> AppResult<u64> {
    let person = ctx.person()?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let ended = store::sessions::end_sessions(&mut tx, person.id, None, Some(person.session), ctx.now()).await.map_err(to_app)?;
    if ended > 0 {
        let entry = Entry {
            event: "sessions_ended",
            subject_kind: "user",
            subject_id: person.id.to_string(),
            body: json!({"sessions": ended}),
        };
        journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
        tx.commit().await.map_err(to_app)?;
    }
    Ok(ended)
}

/// Sessions of everybody that are shown at the most.
pub const MOST_SHOWN: i64 = 200;

/// The sessions of everybody that run, the last used first; and whether there are more than are given. `search` looks in names and
/// addresses.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list_everybodys(ctx: &Ctx, search: &str) -> AppResult<(Vec<Everybodys>, bool)> {
    ctx.require(Permission::ManagePeople)?;
    let search: String = search.chars().filter(|c| !c.is_control()).take(200).collect();
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let mut found = store::sessions::list_everybodys(&mut tx, &contains(&search), ctx.now(), idle_since(&ctx.app), MOST_SHOWN + 1)
        .await
        .map_err(to_app)?;
    let more = found.len() as i64 > MOST_SHOWN;
    found.truncate(usize::try_from(MOST_SHOWN).unwrap_or_default());
    Ok((found, more))
}

/// Ends anybody's session.
///
/// # Errors
/// `Forbidden`; `NotFound` when there is no such session that runs; when the database is away.
pub async fn end_anybodys(ctx: &Ctx, id: SessionId) -> AppResult<()> {
    ctx.require(Permission::ManagePeople)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let user = store::sessions::owner(&mut tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    if store::sessions::end_sessions(&mut tx, user, Some(id), None, ctx.now()).await.map_err(to_app)? == 0 {
        return Err(AppError::NotFound);
    }
    let entry = Entry { event: "session_ended", subject_kind: "session", subject_id: id.to_string(), body: json!({"user": user}) };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}

async fn record(ctx: &Ctx, tx: &mut PgConnection, event: &str, session: String) -> AppResult<()> {
    let entry = Entry { event, subject_kind: "session", subject_id: session, body: json!({}) };
    journal::record(tx, ctx, &entry).await.map_err(to_app)
}

/// Forgets sessions, links and attempts that have ended long ago.
///
/// # Errors
/// When the database is away.
pub async fn trim(ctx: &Ctx) -> AppResult<()> {
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::trim(&mut tx, ctx.now()).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}
