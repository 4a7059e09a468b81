//! Webhook secrets: what GENESIS signs its events with. Several may live at a time, so that one can take another's place without an
//! event being lost.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::store::secrets::{self as store, SecretRow};
use crate::{
    domain::{
        AppError, AppResult,
        people::{self, Faults, Permission},
    },
    platform::{
        ctx::Ctx,
        db::{self, to_app},
        journal::{self, Entry},
        secret::Secret,
        signature::{
            Key,
            diagnosis::{self, Candidate, Finding, Scheme},
        },
        vault::Vault,
    },
};

/// The shortest secret that somebody may bring along, in characters.
pub const MIN: usize = 24;
/// The longest.
const MAX: usize = 500;
/// The longest that a secret goes on beside the one that took its place, in hours: four weeks.
const MAX_GRACE_HOURS: i64 = 24 * 28;
/// Secrets of the app that are kept, those that are over too.
const MOST: usize = 200;
/// Held by whoever makes or ends one.
const LOCK: &str = "webhook_secrets";
/// The longest body or headers that are looked at, in bytes.
const MAX_PASTED: usize = 128 * 1024;

/// A secret without itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSecret {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// Whether events signed with it may lie further back than usual.
    pub import: bool,
    /// Whether it stands in the server's settings, and is ended there.
    pub of_settings: bool,
    /// Its last characters; none for one of the settings.
    pub tail: String,
    /// When it was made, or first seen.
    pub created_at: DateTime<Utc>,
    /// From when on it is not let in, if ever.
    pub ends_at: Option<DateTime<Utc>>,
    /// When something was last signed with it, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// The name of a secret of the settings, by its place among them.
pub(super) fn settings_name(place: usize, import: bool) -> String {
    match (import, place) {
        (true, _) => "GENESIS_IMPORT_SECRET".to_owned(),
        (false, 0) => "GENESIS_WEBHOOK_SECRET".to_owned(),
        (false, 1) => "GENESIS_WEBHOOK_SECRET_PREVIOUS".to_owned(),
        (false, n) => format!("GENESIS_WEBHOOK_SECRET_PREVIOUS {n}"),
    }
}

fn purpose(id: Uuid) -> String {
    format!("webhook {id}")
}

/// The key of a stored secret; none when it cannot be opened with the key of the settings.
pub(super) fn open(ctx: &Ctx, row: &SecretRow) -> Option<Key> {
    let opened = ctx.app.settings.vault.as_deref()?.open(&purpose(row.id), row.sealed.as_deref()?)?;
    Key::new(Secret::new(String::from_utf8(opened).ok()?), row.import).ok()
}

/// Whether secrets can be made here at all: without a key of the settings nothing can be sealed.
pub fn is_offered(ctx: &Ctx) -> bool {
    ctx.app.settings.vault.is_some()
}

/// All secrets: those of the settings, then those of the app, the newest first.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list(ctx: &Ctx) -> AppResult<Vec<WebhookSecret>> {
    ctx.require(Permission::ManageKeys)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let rows = store::list(&mut tx).await.map_err(to_app)?;
    let keys = ctx.app.settings.webhook_keys.iter().enumerate();
    let names: Vec<_> = keys.map(|(place, key)| settings_name(place, key.is_import())).collect();
    let mut secrets: Vec<_> = rows
        .into_iter()
        // One that was taken out of the settings is only a memory of its last use.
        .filter(|row| row.sealed.is_some() || names.contains(&row.name))
        .map(|row| WebhookSecret {
            id: row.id,
            of_settings: row.sealed.is_none(),
            name: row.name,
            import: row.import,
            tail: row.tail,
            created_at: row.created_at,
            ends_at: row.ends_at,
            last_used_at: row.last_used_at,
        })
        .collect();
    secrets.sort_by_key(
        |secret| if secret.of_settings { names.iter().position(|name| *name == secret.name) } else { Some(names.len()) },
    );
    Ok(secrets)
}

/// A secret to be made.
#[derive(Debug)]
pub struct NewSecret<'a> {
    /// What it is to be called.
    pub name: &'a str,
    /// Whether events signed with it may lie further back than usual.
    pub import: bool,
    /// What GENESIS has given out; empty to have one made here.
    pub own: &'a str,
    /// Hours for which the app's other secrets of its kind go on; none leaves them as they are.
    pub grace_hours: Option<i64>,
}

/// Makes a secret, or keeps one that was brought along; gives what is shown only now. With a time of grace the others of its kind end
/// after it: so one takes the others' place.
///
/// # Errors
/// `Forbidden`; `NotFound` where none are offered; `Invalid` for each field; when the database is away.
pub async fn create(ctx: &Ctx, new: &NewSecret<'_>) -> AppResult<Secret> {
    ctx.require(Permission::ManageKeys)?;
    let vault: &Vault = ctx.app.settings.vault.as_deref().ok_or(AppError::NotFound)?;
    let mut faults = Faults::default();
    let name = faults.take(people::name(new.name, "/name"))?.unwrap_or_default();
    let own = new.own.trim();
    let secret = if own.is_empty() { format!("whsec_{}", BASE64.encode(rand::random::<[u8; 32]>())) } else { own.to_owned() };
    if !(MIN..=MAX).contains(&secret.len()) {
        faults.add("/own", "secret_length", format!("must have from {MIN} to {MAX} characters"));
    } else if !secret.chars().all(|c| c.is_ascii_graphic()) {
        faults.add("/own", "characters", "must have letters, digits and signs alone");
    } else if Key::new(Secret::new(secret.clone()), new.import).is_err() {
        faults.add("/own", "base64", "must be base64 after `whsec_`");
    }
    if new.grace_hours.is_some_and(|hours| !(0..=MAX_GRACE_HOURS).contains(&hours)) {
        faults.add("/grace", "out_of_range", format!("must be from 0 to {MAX_GRACE_HOURS} hours"));
    }
    faults.check()?;
    let (id, now) = (Uuid::now_v7(), ctx.now());
    let sealed = vault.seal(&purpose(id), secret.as_bytes()).ok_or_else(|| db::internal(&"a secret could not be sealed"))?;
    let row = SecretRow {
        id,
        name,
        import: new.import,
        sealed: Some(sealed),
        tail: secret.get(secret.len() - 4..).unwrap_or_default().to_owned(),
        created_at: now,
        ends_at: None,
        last_used_at: None,
    };
    let mut tx = ctx.begin().await.map_err(to_app)?;
    db::lock(&mut tx, LOCK).await.map_err(to_app)?;
    let rows = store::list(&mut tx).await.map_err(to_app)?;
    if rows.len() >= MOST {
        return Err(AppError::invalid("/name", "too_many", format!("at most {MOST} secrets")));
    }
    // One that stood here twice could not be ended.
    let same = |key: &Key| key.is_same(&secret);
    if ctx.app.settings.webhook_keys.iter().any(same) || rows.iter().any(|row| open(ctx, row).as_ref().is_some_and(same)) {
        return Err(AppError::invalid("/own", "taken", "is known already"));
    }
    store::insert(&mut tx, &row, ctx.actor.user().map(|id| id.0)).await.map_err(to_app)?;
    let mut ended = Vec::new();
    if let Some(hours) = new.grace_hours {
        ended = store::end(&mut tx, None, Some(id), now + TimeDelta::hours(hours)).await.map_err(to_app)?;
    }
    let body = json!({"after": {"name": row.name, "import": row.import}, "grace_hours": new.grace_hours, "ending": ended});
    let entry = Entry { event: "secret_created", subject_kind: "webhook_secret", subject_id: id.to_string(), body };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok(Secret::new(secret))
}

/// Ends a secret of the app, at once and for good. What is signed with it is refused within seconds, in every process.
///
/// # Errors
/// `Forbidden`; `NotFound` when there is none that is let in; `Conflict` when nothing would be let in any more; when the database is away.
pub async fn end(ctx: &Ctx, id: Uuid) -> AppResult<()> {
    ctx.require(Permission::ManageKeys)?;
    let now = ctx.now();
    let mut tx = ctx.begin().await.map_err(to_app)?;
    // Two who end the last two at once are to see each other.
    db::lock(&mut tx, LOCK).await.map_err(to_app)?;
    let names = store::end(&mut tx, Some(id), None, now).await.map_err(to_app)?;
    let name = names.first().ok_or(AppError::NotFound)?;
    // Those that end by themselves soon, or cannot be opened here, are none to rely on.
    let live = store::list_live(&mut tx, now).await.map_err(to_app)?;
    let left = live.iter().any(|row| row.ends_at.is_none() && open(ctx, row).is_some());
    if !left && ctx.app.settings.webhook_keys.is_empty() {
        return Err(AppError::invalid("/id", "last_secret", "GENESIS could not be heard any more"));
    }
    let entry = Entry {
        event: "secret_ended",
        subject_kind: "webhook_secret",
        subject_id: id.to_string(),
        body: json!({"before": {"name": name}}),
    };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}

/// Says what is wrong with a signed request: its headers, a line each, and its body, as somebody pastes them.
///
/// # Errors
/// `Forbidden`; `Invalid` at `/headers` or `/body` for what is too long; when the database is away.
pub async fn diagnose(ctx: &Ctx, headers: &str, body: &str) -> AppResult<(Option<Scheme>, Vec<Finding>)> {
    ctx.require(Permission::ManageKeys)?;
    for (pointer, text) in [("/headers", headers), ("/body", body)] {
        if text.len() > MAX_PASTED {
            return Err(AppError::invalid(pointer, "too_long", format!("must have at most {MAX_PASTED} bytes")));
        }
    }
    let now = ctx.now();
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let rows = store::list(&mut tx).await.map_err(to_app)?;
    let of_settings = ctx.app.settings.webhook_keys.iter().enumerate().map(|(place, key)| Candidate {
        name: settings_name(place, key.is_import()),
        key: key.clone(),
        live: true,
    });
    let of_app = rows.iter().filter_map(|row| {
        let live = row.ends_at.is_none_or(|end| end > now);
        open(ctx, row).map(|key| Candidate { name: row.name.clone(), key, live })
    });
    let candidates: Vec<_> = of_settings.chain(of_app).collect();
    let headers = diagnosis::parse_headers(headers);
    Ok(diagnosis::diagnose(&diagnosis::signature_headers(&headers), body, &candidates, now))
}
