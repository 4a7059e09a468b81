//! API keys: `nxs_`, eight characters that are shown, `_`, and a secret that is shown once.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::store::keys as store;
use crate::{
    domain::{
        AppError, AppResult,
        people::{self, KeyId, KeyScope, Permission, UserId},
    },
    platform::{
        ctx::{Ctx, Program},
        db::to_app,
        journal::{self, Entry},
        secret::Secret,
        token,
    },
};

/// What every key begins with.
pub const PREFIX: &str = "nxs_";
/// How long a key may go on beside its successor at the most, in hours.
pub const MAX_OVERLAP_HOURS: i64 = 7 * 24;
/// A key is marked as used at most this often.
const USED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// A key without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// The id.
    pub id: KeyId,
    /// What it is for.
    pub name: String,
    /// What it begins with, to tell it from others.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<KeyScope>,
    /// Who made it; none for the command line.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it stops working by itself, if ever.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, by itself or by a token, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// What the key begins with that this one was made to replace.
    pub replaces: Option<String>,
    /// What the key begins with that replaces this one.
    pub replaced_by: Option<String>,
}

impl ApiKey {
    /// Whether it works at a time.
    pub fn works(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|at| at > now)
    }
}

/// What a new key begins with, and the whole of it.
fn new_secret() -> (String, Secret) {
    let shown: String = token::new().expose().chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    let prefix = format!("{PREFIX}{shown}");
    let secret = Secret::new(format!("{prefix}_{}", token::new().expose()));
    (prefix, secret)
}

/// Makes a key; gives it, and what is never shown again.
///
/// # Errors
/// `Forbidden`; `Invalid` for each field; when the database is away.
pub async fn create(ctx: &Ctx, name: &str, scopes: &[KeyScope], days: Option<i64>) -> AppResult<(ApiKey, Secret)> {
    ctx.require(Permission::ManageKeys)?;
    let name = people::name(name, "/name")?;
    if scopes.is_empty() {
        return Err(AppError::invalid("/scopes", "required", "must have one at the least"));
    }
    if days.is_some_and(|days| !(1..=3_650).contains(&days)) {
        return Err(AppError::invalid("/days", "out_of_range", "must be from 1 to 3650"));
    }
    let (prefix, secret) = new_secret();
    let key = ApiKey {
        id: KeyId(Uuid::now_v7()),
        name,
        prefix,
        scopes: scopes.to_vec(),
        created_by: ctx.actor.user(),
        created_at: ctx.now(),
        expires_at: days.map(|days| ctx.now() + TimeDelta::days(days)),
        revoked_at: None,
        last_used_at: None,
        replaces: None,
        replaced_by: None,
    };
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::insert_key(&mut tx, &key, None, &token::hash(secret.expose())).await.map_err(to_app)?;
    let body = json!({"after": {"name": key.name, "prefix": key.prefix, "scopes": key.scopes, "expires_at": key.expires_at}});
    let entry = Entry { event: "key_created", subject_kind: "api_key", subject_id: key.id.to_string(), body };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok((key, secret))
}

/// All keys, those that work first.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list(ctx: &Ctx) -> AppResult<Vec<ApiKey>> {
    ctx.require(Permission::ManageKeys)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::list_keys(&mut tx).await.map_err(to_app)
}

/// Makes a successor of a key, with the same name, scopes and length of life; gives it, and what is never shown again. The old key
/// goes on for so many hours, and then stops by itself; one that was to stop sooner still does.
///
/// # Errors
/// `Forbidden`; `Invalid` at `/overlap`; `Conflict` when it has a successor already; `NotFound` when there is none that works; when
/// the database is away.
pub async fn rotate(ctx: &Ctx, id: KeyId, overlap_hours: i64) -> AppResult<(ApiKey, Secret)> {
    ctx.require(Permission::ManageKeys)?;
    if !(0..=MAX_OVERLAP_HOURS).contains(&overlap_hours) {
        return Err(AppError::invalid("/overlap", "out_of_range", format!("must be from 0 to {MAX_OVERLAP_HOURS} hours")));
    }
    let now = ctx.now();
    let mut tx = ctx.begin().await.map_err(to_app)?;
    // Of two at once, the second waits here for the first.
    store::lock_key(&mut tx, id).await.map_err(to_app)?;
    let old = store::find_key(&mut tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    if let Some(successor) = &old.replaced_by {
        return Err(AppError::Conflict { detail: format!("{successor} was made to replace it already") });
    }
    if !old.works(now) {
        return Err(AppError::NotFound);
    }
    let stops_at = now + TimeDelta::hours(overlap_hours);
    let stops_at = old.expires_at.map_or(stops_at, |at| at.min(stops_at));
    let (prefix, secret) = new_secret();
    let key = ApiKey {
        id: KeyId(Uuid::now_v7()),
        name: old.name.clone(),
        prefix,
        scopes: old.scopes.clone(),
        created_by: ctx.actor.user(),
        created_at: now,
        expires_at: old.expires_at.map(|at| now + (at - old.created_at)),
        revoked_at: None,
        last_used_at: None,
        replaces: Some(old.prefix.clone()),
        replaced_by: None,
    };
    store::insert_key(&mut tx, &key, Some(id), &token::hash(secret.expose())).await.map_err(to_app)?;
    store::expire_key(&mut tx, id, stops_at).await.map_err(to_app)?;
    let body = json!({
        "before": {"name": old.name, "prefix": old.prefix, "expires_at": old.expires_at},
        "after": {"id": key.id, "prefix": key.prefix, "expires_at": key.expires_at, "old_stops_at": stops_at},
    });
    let entry = Entry { event: "key_rotated", subject_kind: "api_key", subject_id: id.to_string(), body };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok((key, secret))
}

/// The key that begins with this, with or without `nxs_`.
///
/// # Errors
/// `Forbidden`; `NotFound` when there is none; when the database is away.
pub async fn find_by_prefix(ctx: &Ctx, prefix: &str) -> AppResult<KeyId> {
    ctx.require(Permission::ManageKeys)?;
    let prefix = prefix.strip_prefix(PREFIX).unwrap_or(prefix);
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let found = store::find_prefix(&mut tx, &format!("{PREFIX}{prefix}")).await.map_err(to_app)?;
    // Eight random characters: two keys with the same are not to be told apart by them.
    match found.as_slice() {
        [id] => Ok(*id),
        _ => Err(AppError::NotFound),
    }
}

/// Revokes a key, at once and for good.
///
/// # Errors
/// `Forbidden`; `NotFound` when there is none that works; when the database is away.
pub async fn revoke(ctx: &Ctx, id: KeyId) -> AppResult<()> {
    ctx.require(Permission::ManageKeys)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let name = store::revoke_key(&mut tx, id, ctx.now()).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    let entry = Entry {
        event: "key_revoked",
        subject_kind: "api_key",
        subject_id: id.to_string(),
        body: json!({"before": {"name": name}}),
    };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}

/// The program that a key is; none when the key does not work.
///
/// # Errors
/// When the database is away.
pub async fn authenticate(ctx: &Ctx, key: &str) -> AppResult<Option<Arc<Program>>> {
    if key.len() > token::MAX || !key.starts_with(PREFIX) {
        return Ok(None);
    }
    let now = ctx.now();
    let mut tx = ctx.as_system("authenticate").begin().await.map_err(to_app)?;
    let Some((program, used)) = store::find_program(&mut tx, &token::hash(key), now).await.map_err(to_app)? else {
        return Ok(None);
    };
    touch(tx, program.id, used, now).await?;
    Ok(Some(Arc::new(program)))
}

/// Marks a key as used, if it has not been for a while.
pub(super) async fn touch(
    mut tx: Transaction<'_, Postgres>,
    id: KeyId,
    used: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> AppResult<()> {
    if used.is_none_or(|used| now - used >= USED_EVERY) {
        store::touch_key(&mut tx, id, now).await.map_err(to_app)?;
        tx.commit().await.map_err(to_app)?;
    }
    Ok(())
}

/// Which of these keys still work.
///
/// # Errors
/// When the database is away.
pub async fn working(ctx: &Ctx, ids: &[KeyId]) -> AppResult<Vec<KeyId>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let working = store::working_keys(&mut tx, &ids, ctx.now()).await.map_err(to_app)?;
    Ok(working.into_iter().map(KeyId).collect())
}
