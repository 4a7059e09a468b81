//! Tokens: what a program gets for its API key for some minutes, to hand on to where the key itself should not be. A token is a JWT
//! access token (RFC 9068), signed by `EdDSA` with a key of ours that is changed every month.
//!
//! A token says who it is for and what it may do, but not that it still may: the API key is looked up each time, so that a revoked
//! key's tokens are over at once. Of the signing keys the private halves are sealed in the database.

use std::{ops::RangeInclusive, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    keys,
    store::{
        keys::find_key,
        tokens::{self as store, SealedKey},
    },
};
use crate::{
    domain::{
        AppError, AppResult,
        people::{Faults, KeyId, KeyScope},
    },
    platform::{
        ctx::{Actor, Ctx, Program},
        db::{self, to_app},
        journal::{self, Entry},
        jws::{self, SigningKey, Unverified},
        secret::Secret,
        vault::Vault,
    },
};

/// How long a token may last, in seconds; the longest when nothing is said.
pub const LIFE_S: RangeInclusive<i64> = 60..=900;
/// How long a key signs.
const SIGNS_FOR: TimeDelta = TimeDelta::days(30);
/// How far the clock of the process that made a token may be ahead of ours.
const AHEAD: TimeDelta = TimeDelta::seconds(30);
/// The type of our tokens (RFC 9068, 2.1).
const TYPE: &str = "at+jwt";

/// What a program wishes its token to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Scopes, separated by spaces; all of the key's when nothing is said.
    pub scope: Option<String>,
    /// How long it is to last, within [`LIFE_S`].
    pub expires_in: Option<i64>,
}

/// A token that was made.
#[derive(Debug)]
pub struct Issued {
    /// The token.
    pub token: Secret,
    /// Seconds until it is over.
    pub expires_in: i64,
    /// What it may do: scopes, separated by spaces.
    pub scope: String,
}

/// What a token says (RFC 9068, 2.2).
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: KeyId,
    aud: String,
    iat: i64,
    /// Ours do not say it; one that does is held to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    exp: i64,
    jti: Uuid,
    scope: String,
    client_id: KeyId,
}

impl Claims {
    /// When it is over, if it holds here and now.
    fn until(&self, base_url: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let latest_begin = (now + AHEAD).timestamp();
        let ours = self.iss == base_url && self.aud == base_url && self.client_id == self.sub;
        let begun = self.iat <= latest_begin && self.nbf.is_none_or(|nbf| nbf <= latest_begin);
        let runs = now.timestamp() < self.exp && self.exp.saturating_sub(self.iat) <= *LIFE_S.end();
        DateTime::from_timestamp(self.exp, 0).filter(|_| ours && begun && runs)
    }

    fn has(&self, scope: KeyScope) -> bool {
        self.scope.split(' ').any(|word| word == scope.as_str())
    }
}

/// Whether tokens can be made here at all: without `NEXUS_CRM_SECRET_KEY` nothing can be sealed.
pub fn is_offered(ctx: &Ctx) -> bool {
    ctx.app.settings.vault.is_some()
}

/// Makes a token for the program that asks with its key.
///
/// # Errors
/// `Unauthenticated` and `Forbidden` for who shows no key, or a token in its place; `Invalid` for each field; `NotFound` where none are
/// offered; when the database is away.
pub async fn issue(ctx: &Ctx, wish: &Wish) -> AppResult<Issued> {
    let program = match &ctx.actor {
        Actor::Program(program) if program.until.is_none() => program,
        Actor::Nobody => return Err(AppError::Unauthenticated),
        _ => return Err(AppError::Forbidden),
    };
    let vault = ctx.app.settings.vault.as_deref().ok_or(AppError::NotFound)?;
    let mut faults = Faults::default();
    let life = wish.expires_in.unwrap_or(*LIFE_S.end());
    if !LIFE_S.contains(&life) {
        faults.add("/expires_in", "out_of_range", format!("must be from {} to {} seconds", LIFE_S.start(), LIFE_S.end()));
    }
    let scopes = match &wish.scope {
        None => program.scopes.clone(),
        Some(words) => faults.take(narrowed(words, &program.scopes))?.unwrap_or_default(),
    };
    faults.check()?;
    let system = ctx.as_system("tokens");
    let mut tx = system.begin().await.map_err(to_app)?;
    // It was looked up a moment ago; now it is asked when it stops by itself, for no token outlasts its key.
    let key = find_key(&mut tx, program.id).await.map_err(to_app)?.filter(|key| key.works(ctx.now()));
    let key = key.ok_or(AppError::Unauthenticated)?;
    let signing = signing_key(&system, &mut tx, vault).await?;
    tx.commit().await.map_err(to_app)?;
    let iat = ctx.now().timestamp();
    let exp = key.expires_at.map_or(iat + life, |at| at.timestamp().min(iat + life));
    if exp <= iat {
        return Err(AppError::Unauthenticated);
    }
    let scope = scopes.into_iter().map(KeyScope::as_str).collect::<Vec<_>>().join(" ");
    let base_url = &ctx.app.settings.base_url;
    let claims = Claims {
        iss: base_url.clone(),
        sub: program.id,
        aud: base_url.clone(),
        iat,
        nbf: None,
        exp,
        jti: Uuid::now_v7(),
        scope: scope.clone(),
        client_id: program.id,
    };
    let token = signing.sign(TYPE, &claims).ok_or_else(|| db::internal(&"a token could not be signed"))?;
    Ok(Issued { token: Secret::new(token), expires_in: exp - iat, scope })
}

/// The scopes that somebody asks for, each once; all must be the key's.
fn narrowed(words: &str, own: &[KeyScope]) -> AppResult<Vec<KeyScope>> {
    let mut scopes = Vec::new();
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        let scope = KeyScope::parse(word).ok_or_else(|| AppError::invalid("/scope", "unknown", "has a word that is no scope"))?;
        if !own.contains(&scope) {
            return Err(AppError::invalid("/scope", "not_granted", "has a scope that the key does not have"));
        }
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    if scopes.is_empty() {
        return Err(AppError::invalid("/scope", "required", "must have one at the least"));
    }
    Ok(scopes)
}

/// The key that signs now; a new one when there is none that this process can open.
async fn signing_key(system: &Ctx, tx: &mut PgConnection, vault: &Vault) -> AppResult<SigningKey> {
    if let Some(key) = open_latest(system, tx, vault).await? {
        return Ok(key);
    }
    // Of several that find none, one makes it.
    db::lock(tx, "token_signing_keys").await.map_err(to_app)?;
    if let Some(key) = open_latest(system, tx, vault).await? {
        return Ok(key);
    }
    let failed = || db::internal(&"a signing key could not be made");
    let document = SigningKey::generate().ok_or_else(failed)?;
    let key = SigningKey::from_pkcs8(&document).ok_or_else(failed)?;
    let sealed = SealedKey { id: key.id().to_owned(), sealed: vault.seal(&purpose(key.id()), &document).ok_or_else(failed)? };
    let signs_until = system.now() + SIGNS_FOR;
    store::insert_signing(tx, &sealed, key.public_key(), system.now(), signs_until).await.map_err(to_app)?;
    let body = json!({"after": {"signs_until": signs_until}});
    let entry = Entry { event: "signing_key_made", subject_kind: "signing_key", subject_id: sealed.id, body };
    journal::record(tx, system, &entry).await.map_err(to_app)?;
    Ok(key)
}

async fn open_latest(system: &Ctx, tx: &mut PgConnection, vault: &Vault) -> AppResult<Option<SigningKey>> {
    // Those that were sealed with another NEXUS_CRM_SECRET_KEY are passed over; they go on verifying.
    let keys = store::list_signing(tx, system.now()).await.map_err(to_app)?;
    Ok(keys.iter().find_map(|key| SigningKey::from_pkcs8(&vault.open(&purpose(&key.id), &key.sealed)?)))
}

fn purpose(id: &str) -> String {
    format!("token signing key {id}")
}

/// Since when a key must have signed for a token of it to run still.
fn verifies_since(now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::seconds(*LIFE_S.end()) - AHEAD
}

/// The program that a token is of, with what the token may do; none when it does not hold, or its key does not work any more.
///
/// # Errors
/// When the database is away.
pub async fn authenticate(ctx: &Ctx, token: &str) -> AppResult<Option<Arc<Program>>> {
    let Some(unverified) = Unverified::parse(token, TYPE) else { return Ok(None) };
    let now = ctx.now();
    let mut tx = ctx.as_system("authenticate").begin().await.map_err(to_app)?;
    let public_key = store::find_public(&mut tx, &unverified.key_id, verifies_since(now)).await.map_err(to_app)?;
    let Some(claims) = public_key.and_then(|key| unverified.verify::<Claims>(&key)) else { return Ok(None) };
    let Some(until) = claims.until(&ctx.app.settings.base_url, now) else { return Ok(None) };
    let Some(key) = find_key(&mut tx, claims.sub).await.map_err(to_app)?.filter(|key| key.works(now)) else { return Ok(None) };
    let scopes: Vec<_> = key.scopes.into_iter().filter(|scope| claims.has(*scope)).collect();
    keys::touch(tx, key.id, key.last_used_at, now).await?;
    Ok(Some(Arc::new(Program { id: key.id, name: key.name, scopes, until: Some(until) })))
}

/// The public keys as a JSON Web Key set (RFC 7517), for whoever verifies tokens of ours.
///
/// # Errors
/// When the database is away.
pub async fn key_set(ctx: &Ctx) -> AppResult<Value> {
    let mut tx = ctx.as_system("tokens").begin().await.map_err(to_app)?;
    let keys = store::list_public(&mut tx, verifies_since(ctx.now())).await.map_err(to_app)?;
    let keys: Vec<_> = keys.iter().map(|(id, public_key)| jws::jwk(id, public_key)).collect();
    Ok(json!({"keys": keys}))
}

/// Deletes the signing keys whose last tokens are over.
///
/// # Errors
/// When the database is away.
pub async fn trim(ctx: &Ctx) -> AppResult<()> {
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::trim(&mut tx, verifies_since(ctx.now())).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://crm.example.com";

    #[test]
    fn a_token_holds_from_its_beginning_to_its_end_and_here_alone() {
        let now = DateTime::from_timestamp(1_800_000_000, 999_000_000).unwrap();
        let id = KeyId(Uuid::nil());
        let claims = |change: &dyn Fn(&mut Claims)| {
            let at = now.timestamp();
            let mut claims = Claims {
                iss: URL.into(),
                sub: id,
                aud: URL.into(),
                iat: at,
                nbf: None,
                exp: at + 900,
                jti: Uuid::nil(),
                scope: "usage:read".into(),
                client_id: id,
            };
            change(&mut claims);
            claims.until(URL, now).map(|until| until.timestamp() - at)
        };
        assert_eq!(claims(&|_| ()), Some(900));
        assert_eq!(claims(&|c| (c.iat, c.exp) = (c.iat - 899, c.iat + 1)), Some(1), "its last second");
        assert_eq!(claims(&|c| (c.iat, c.exp) = (c.iat - 900, c.iat)), None, "over");
        assert_eq!(claims(&|c| (c.iat, c.exp) = (c.iat + 30, c.iat + 90)), Some(90), "another process's clock is ahead");
        assert_eq!(claims(&|c| (c.iat, c.exp) = (c.iat + 31, c.iat + 91)), None, "not begun");
        assert_eq!(claims(&|c| c.nbf = Some(c.iat + 31)), None, "not begun");
        assert_eq!(claims(&|c| c.exp += 1), None, "longer than any of ours");
        assert_eq!(claims(&|c| (c.iat, c.exp) = (i64::MIN, i64::MAX)), None);
        assert_eq!(claims(&|c| c.iss = "https://evil.example".into()), None);
        assert_eq!(claims(&|c| c.aud = "https://evil.example".into()), None);
        assert_eq!(claims(&|c| c.client_id = KeyId(Uuid::max())), None);
    }

    #[test]
    fn scopes_get_narrower_only() {
        use KeyScope::{MetricsRead, UsageRead};
        assert_eq!(narrowed(" usage:read  usage:read", &KeyScope::ALL), Ok(vec![UsageRead]));
        assert_eq!(narrowed("metrics:read usage:read", &KeyScope::ALL), Ok(vec![MetricsRead, UsageRead]));
        for bad in ["", " ", "metrics:read", "usage:read metrics:read", "usage:*", "usage:read,metrics:read"] {
            assert!(narrowed(bad, &[UsageRead]).is_err(), "{bad}");
        }
    }
}
