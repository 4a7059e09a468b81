//! A second factor: codes of an app by time (TOTP, RFC 6238: SHA-1, six digits, 30 seconds, as every app has them), and recovery codes.

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use totp_rs::{Builder, Secret as Seed, Totp};

use super::{
    account, attempts,
    store::{self, factor},
};
use crate::{
    domain::{
        AppError, AppResult,
        mail::MailKind,
        people::{Permission, UserId},
    },
    platform::{
        ctx::{Ctx, Person},
        db::{self, to_app},
        journal::{self, Entry},
        mail::{self, Mail},
        secret::Secret,
        token,
        vault::Vault,
    },
};

/// Recovery codes that somebody gets; each works once.
const RECOVERY_CODES: usize = 10;
/// Wrong codes in a quarter of an hour.
const TRIES: i32 = 10;

/// What somebody's app takes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The secret, to be typed.
    pub typed: String,
    /// The same as a picture, to be scanned: an SVG as a data URI.
    pub picture: String,
}

fn vault(ctx: &Ctx) -> AppResult<&Vault> {
    // Without a key nothing can be sealed: the page does not offer it then.
    ctx.app.settings.vault.as_deref().ok_or(AppError::NotFound)
}

/// Whether second factors can be set up here at all.
pub fn is_offered(ctx: &Ctx) -> bool {
    ctx.app.settings.vault.is_some()
}

fn purpose(user: UserId) -> String {
    format!("totp {user}")
}

fn totp(seed: Vec<u8>, email: &str) -> AppResult<Totp> {
    let builder =
        Builder::new().with_secret(Seed::from(seed)).with_issuer(Some("NexusCRM")).with_account_name(email.replace(':', " "));
    builder.build().map_err(|error| db::internal(&error))
}

fn setup(person: &Person, seed: Vec<u8>) -> AppResult<Setup> {
    let totp = totp(seed, &person.email)?;
    let address = totp.to_url().map_err(|error| db::internal(&error))?;
    let code = qrcode::QrCode::new(address.as_bytes()).map_err(|error| db::internal(&error))?;
    let svg = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(192, 192).build();
    let typed = totp.secret().to_base32();
    Ok(Setup { typed, picture: format!("data:image/svg+xml;base64,{}", BASE64_STANDARD.encode(svg)) })
}

/// Since when whoever asks has one; and what is being set up, if it is.
///
/// # Errors
/// When the database is away.
pub async fn standing(ctx: &Ctx) -> AppResult<(Option<DateTime<Utc>>, Option<Setup>)> {
    let person = ctx.person()?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let Some(row) = factor::find_totp(&mut tx, person.id).await.map_err(to_app)? else { return Ok((None, None)) };
    if row.since.is_some() {
        return Ok((row.since, None));
    }
    let seed = ctx.app.settings.vault.as_deref().and_then(|vault| vault.open(&purpose(person.id), &row.sealed));
    Ok((None, seed.map(|seed| setup(person, seed)).transpose()?))
}

/// Begins to set one up: from now on the page shows what the app takes in.
///
/// # Errors
/// `Invalid` at `/current` when that is not the password; `Conflict` when there is one already; `NotFound` where none are offered; when the database is away.
pub async fn begin(ctx: &Ctx, current: &Secret) -> AppResult<()> {
    let person = ctx.person()?;
    account::ask_password(ctx, current).await?;
    let seed: [u8; 20] = rand::random();
    let sealed = vault(ctx)?.seal(&purpose(person.id), &seed).ok_or_else(|| db::internal(&"a secret could not be sealed"))?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    if !factor::begin_totp(&mut tx, person.id, &sealed).await.map_err(to_app)? {
        return Err(AppError::Conflict { detail: "there is a second factor already".into() });
    }
    tx.commit().await.map_err(to_app)
}

/// Sets it up for good, once the app has shown a code; gives the recovery codes, which are shown only now.
///
/// # Errors
/// `Invalid` at `/code` for a wrong one; `Conflict` when nothing is being set up; when the database is away.
pub async fn confirm(ctx: &Ctx, code: &str) -> AppResult<Vec<String>> {
    let person = ctx.person()?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let row = factor::find_totp(&mut tx, person.id).await.map_err(to_app)?.filter(|row| row.since.is_none());
    let row = row.ok_or_else(|| AppError::Conflict { detail: "no second factor is being set up".into() })?;
    let seed = vault(ctx)?.open(&purpose(person.id), &row.sealed).ok_or(AppError::NotFound)?;
    let step = step(ctx, seed, code)?.ok_or_else(|| AppError::invalid("/code", "wrong_code", "is not the code of now"))?;
    if !factor::confirm_totp(&mut tx, person.id, &row.sealed, step, ctx.now()).await.map_err(to_app)? {
        return Err(AppError::Conflict { detail: "the second factor was begun anew meanwhile".into() });
    }
    // Whoever is signed in elsewhere comes in by both from now on.
    store::sessions::end_sessions(&mut tx, person.id, None, Some(person.session), ctx.now()).await.map_err(to_app)?;
    let codes = new_codes(&mut tx, person.id).await?;
    record(ctx, &mut tx, "second_factor_on", person.id).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(codes)
}

/// The step that a code is of, if it is of now, of the one before or of the next: clocks differ.
fn step(ctx: &Ctx, seed: Vec<u8>, code: &str) -> AppResult<Option<i64>> {
    let code: String = code.chars().filter(char::is_ascii_digit).collect();
    let now = u64::try_from(ctx.now().timestamp()).unwrap_or_default();
    Ok(totp(seed, "")?.check(&code, now).and_then(|step| i64::try_from(step).ok()))
}

async fn new_codes(tx: &mut PgConnection, user: UserId) -> AppResult<Vec<String>> {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code(rand::random())).collect();
    let hashes: Vec<_> = codes.iter().map(|code| token::hash(&plain(code))).collect();
    factor::replace_recovery_codes(tx, user, &hashes).await.map_err(to_app)?;
    Ok(codes)
}

/// Eighty bits in four groups, without letters that look alike (Crockford's alphabet).
fn recovery_code(bits: [u8; 10]) -> String {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let number = bits.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    (0..16).fold(String::new(), |mut code, at| {
        if at > 0 && at % 4 == 0 {
            code.push('-');
        }
        let letter = LETTERS.get(usize::try_from(number >> (75 - 5 * at) & 31).unwrap_or_default());
        code.push(char::from(letter.copied().unwrap_or(b'0')));
        code
    })
}

/// A recovery code as somebody types it, as it is hashed.
fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).take(64).collect()
}

/// New recovery codes in the place of the old ones.
///
/// # Errors
/// `Invalid` at `/current` when that is not the password; `Conflict` without a second factor; when the database is away.
pub async fn renew_codes(ctx: &Ctx, current: &Secret) -> AppResult<Vec<String>> {
    let person = ctx.person()?;
    account::ask_password(ctx, current).await?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    if factor::find_totp(&mut tx, person.id).await.map_err(to_app)?.is_none_or(|row| row.since.is_none()) {
        return Err(AppError::Conflict { detail: "there is no second factor".into() });
    }
    let codes = new_codes(&mut tx, person.id).await?;
    record(ctx, &mut tx, "recovery_codes_made", person.id).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(codes)
}

/// Turns one's own off, or ends its setting up; the password is asked for when there is one.
///
/// # Errors
/// `Invalid` at `/current` when that is not the password; when the database is away.
pub async fn turn_off(ctx: &Ctx, current: &Secret) -> AppResult<()> {
    let person = ctx.person()?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let on = factor::find_totp(&mut tx, person.id).await.map_err(to_app)?.is_some_and(|row| row.since.is_some());
    if on {
        tx.rollback().await.map_err(to_app)?;
        account::ask_password(ctx, current).await?;
        // Mails are the system's own.
        tx = ctx.as_system("second factor").begin().await.map_err(to_app)?;
    }
    factor::clear_totp(&mut tx, person.id).await.map_err(to_app)?;
    if on {
        record(ctx, &mut tx, "second_factor_off", person.id).await?;
        mail::enqueue(&mut tx, ctx, &Mail { kind: MailKind::SecondFactorOff, to: person.id, link: None, about: None }).await?;
    }
    tx.commit().await.map_err(to_app)
}

/// Takes somebody's away who has lost both app and recovery codes.
///
/// # Errors
/// `Forbidden`; `NotFound` when there is none; when the database is away.
pub async fn remove(ctx: &Ctx, user: UserId) -> AppResult<()> {
    ctx.require(Permission::ManagePeople)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let row = factor::find_totp(&mut tx, user).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    factor::clear_totp(&mut tx, user).await.map_err(to_app)?;
    record(ctx, &mut tx, "second_factor_removed", user).await?;
    if row.since.is_some() {
        mail::enqueue(&mut tx, ctx, &Mail { kind: MailKind::SecondFactorRemoved, to: user, link: None, about: None }).await?;
    }
    tx.commit().await.map_err(to_app)
}

/// Whether an account has one; in a transaction of the system.
pub(super) async fn is_on(tx: &mut PgConnection, user: UserId) -> AppResult<bool> {
    Ok(factor::find_totp(tx, user).await.map_err(to_app)?.is_some_and(|row| row.since.is_some()))
}

/// Counts a try at the second step before it is made.
pub(super) async fn limit(system: &Ctx, user: UserId) -> AppResult<()> {
    attempts::limit(system, &[("code", &user.to_string(), TRIES)]).await
}

/// Whether a code is good: of the app, and not taken before, or one of the recovery codes, which is used up by it.
pub(super) async fn check(system: &Ctx, tx: &mut PgConnection, user: UserId, code: &str) -> AppResult<bool> {
    let Some(row) = factor::find_totp(tx, user).await.map_err(to_app)?.filter(|row| row.since.is_some()) else { return Ok(false) };
    let recovery = plain(code);
    if recovery.len() == 16 {
        return factor::use_recovery_code(tx, user, &token::hash(&recovery)).await.map_err(to_app);
    }
    let seed = vault(system)?
        .open(&purpose(user), &row.sealed)
        .ok_or_else(|| db::internal(&"NEXUS_CRM_SECRET_KEY does not open a second factor"))?;
    match step(system, seed, code)? {
        Some(step) => factor::take_totp_step(tx, user, step).await.map_err(to_app),
        None => Ok(false),
    }
}

/// Forgets the tries of somebody who is in.
pub(super) async fn forget_tries(tx: &mut PgConnection, user: UserId) -> AppResult<()> {
    store::forget_attempts(tx, "code", &user.to_string()).await.map_err(to_app)
}

async fn record(ctx: &Ctx, tx: &mut PgConnection, event: &str, user: UserId) -> AppResult<()> {
    let entry = Entry { event, subject_kind: "user", subject_id: user.to_string(), body: json!({}) };
    journal::record(tx, ctx, &entry).await.map_err(to_app)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_are_read_as_people_write_them() {
        assert_eq!(recovery_code([0; 10]), "0000-0000-0000-0000");
        assert_eq!(recovery_code([255; 10]), "zzzz-zzzz-zzzz-zzzz");
        assert_eq!(recovery_code([0, 0, 0, 0, 0, 0, 0, 0, 0, 33]), "0000-0000-0000-0011");
        assert_eq!(plain(" ZZZZ zzzz-ZZZZ.zzzz "), "zzzzzzzzzzzzzzzz");
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B, SHA-1: eight digits there, of which apps show the last six.
        let totp = totp(b"12345678901234567890".to_vec(), "").unwrap();
        for (time, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")] {
            assert_eq!(totp.check(code, time), Some(time / 30), "{time}");
            assert_eq!(totp.check(code, time + 90), None, "{time}");
        }
    }
}
