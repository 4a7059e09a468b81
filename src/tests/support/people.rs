//! People of tests, with sessions and keys that were not signed in for: hashing a password takes a while.

use chrono::TimeDelta;
use nexus_crm::{
    domain::people::{KeyScope, Role},
    features::auth::keys,
    platform::token,
};
use uuid::Uuid;

use super::TestApp;

/// Somebody with a session.
pub struct Somebody {
    /// The account.
    pub id: Uuid,
    /// The session.
    pub session: Uuid,
    /// The session's cookie.
    pub cookie: String,
}

/// An account of a role with a session.
pub async fn sign_in(app: &TestApp, role: Role) -> Somebody {
    let (id, session, token) = (Uuid::now_v7(), Uuid::now_v7(), token::new());
    let hash = token::hash(token.expose()).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let (role, now) = (role.as_str(), app.app.clock.now());
    let ends = now + TimeDelta::days(14);
    app.as_owner(&format!(
        "INSERT INTO users (id, email, name, role, status, password_hash) VALUES ('{id}', '{id}@test.example', 'Test {role}', '{role}', 'active', 'none');
         INSERT INTO sessions (id, token_hash, user_id, created_at, last_seen_at, expires_at, address, user_agent)
         VALUES ('{session}', '\\x{hash}', '{id}', '{now}', '{now}', '{ends}', '127.0.0.1', 'test')"
    ))
    .await;
    let name = if app.app.settings.base_url.starts_with("https://") { "__Host-nexus_session" } else { "nexus_session" };
    Somebody { id, session, cookie: format!("{name}={}", token.expose()) }
}

/// A key of these scopes.
pub async fn key(app: &TestApp, scopes: &[KeyScope]) -> String {
    keys::create(&app.ctx(), "test", scopes, None).await.unwrap().1.expose().to_owned()
}
