//! Signing in with an address and a password.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::json;

use super::{
    attempts, second_factor,
    sessions::{self, Begun},
    store,
};
use crate::{
    domain::{AppError, AppResult, people},
    platform::{
        address::household,
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
        password,
        secret::Secret,
        token,
    },
};

/// Attempts for one account from one address in a quarter of an hour.
const FOR_BOTH: i32 = 10;
/// Attempts for one account in that time, wherever they come from: as many as NIST SP 800-63B-4 (3.2.2) allows, for whoever knows an
/// address could else keep its owner out.
const FOR_ACCOUNT: i32 = 100;
/// Failed attempts from one address in that time; an office may share one.
const FROM_ADDRESS: i32 = 60;

/// What somebody types to sign in.
#[derive(Debug)]
pub struct Credentials<'a> {
    /// The address.
    pub email: &'a str,
    /// The password.
    pub password: Secret,
}

/// What came of a right password.
#[derive(Debug)]
pub enum SignedIn {
    /// A session has begun.
    In(Begun),
    /// The second factor's code is still to come; with this secret, within minutes.
    Code(Secret),
}

/// The kind of the link between the password and the code.
const SECOND: &str = "second_factor";
/// How long the code may take.
const CODE_LIFE: TimeDelta = TimeDelta::minutes(5);

/// Begins a session for whoever knows the password, or asks for the code of the second factor; `before` is the session that the browser had, which ends. Whether there is such
/// an account cannot be told from the answer nor from the time that it takes.
///
/// # Errors
/// `Unauthenticated`; `RateLimited` after too many attempts; when the database is away.
pub async fn sign_in(ctx: &Ctx, credentials: Credentials<'_>, before: Option<&str>, user_agent: &str) -> AppResult<SignedIn> {
    let system = ctx.as_system("sign_in");
    // What cannot be an address is counted and looked for like one.
    let email = people::email(credentials.email, "/email").unwrap_or_else(|_| credentials.email.chars().take(64).collect());
    let counted = Counted::of(&system, &email);
    attempts::limit(
        &system,
        &[
            ("address", &counted.address, FROM_ADDRESS),
            ("both", &counted.both, FOR_BOTH),
            ("account", &counted.account, FOR_ACCOUNT),
        ],
    )
    .await?;
    let mut tx = system.begin().await.map_err(to_app)?;
    let found = if email.contains('\0') { None } else { store::find_credentials(&mut tx, &email).await.map_err(to_app)? };
    // Nothing is held while the password is worked on.
    tx.rollback().await.map_err(to_app)?;
    let (user, stored) = found.unzip();
    let good = password::verify(&credentials.password, stored.clone()).await?;
    let mut tx = system.begin().await.map_err(to_app)?;
    let Some(user) = user.filter(|_| good) else {
        // The same is done whether there is such an account or not, so that it takes as long.
        let subject_id = user.map_or_else(|| "unknown".to_owned(), |user| user.to_string());
        let entry = Entry { event: "sign_in_failed", subject_kind: "user", subject_id, body: json!({}) };
        journal::record(&mut tx, &system, &entry).await.map_err(to_app)?;
        tx.commit().await.map_err(to_app)?;
        return Err(AppError::Unauthenticated);
    };
    // The password may have been changed, or the account disabled, while it was worked on.
    if store::find_credentials(&mut tx, &email).await.map_err(to_app)?.map(|(_, hash)| hash) != stored {
        return Err(AppError::Unauthenticated);
    }
    attempts::forget(&mut tx, "both", &counted.both).await?;
    attempts::forget(&mut tx, "account", &counted.account).await?;
    store::give_back_attempt(&mut tx, "address", &counted.address).await.map_err(to_app)?;
    if second_factor::is_on(&mut tx, user).await? {
        let secret = token::new();
        let until = system.now() + CODE_LIFE;
        store::replace_link(&mut tx, SECOND, Some(user), &token::hash(secret.expose()), until).await.map_err(to_app)?;
        tx.commit().await.map_err(to_app)?;
        return Ok(SignedIn::Code(secret));
    }
    let begun = replace(&system, &mut tx, user, before, user_agent).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(SignedIn::In(begun))
}

/// Begins a session for whoever has given the password and now gives the code of the second factor, or a recovery code.
///
/// # Errors
/// `Unauthenticated` for a wrong code; `NotFound` when it took too long; `RateLimited` after too many tries; when the database is away.
pub async fn second(ctx: &Ctx, secret: &str, code: &str, before: Option<&str>, user_agent: &str) -> AppResult<Begun> {
    let system = ctx.as_system("sign_in");
    if secret.len() > token::MAX {
        return Err(AppError::NotFound);
    }
    let hash = token::hash(secret);
    let mut tx = system.begin().await.map_err(to_app)?;
    let user = store::find_link(&mut tx, SECOND, &hash, system.now()).await.map_err(to_app)?.flatten().ok_or(AppError::NotFound)?;
    tx.rollback().await.map_err(to_app)?;
    second_factor::limit(&system, user).await?;
    let mut tx = system.begin().await.map_err(to_app)?;
    if !second_factor::check(&system, &mut tx, user, code).await? {
        let entry = Entry { event: "second_factor_failed", subject_kind: "user", subject_id: user.to_string(), body: json!({}) };
        journal::record(&mut tx, &system, &entry).await.map_err(to_app)?;
        tx.commit().await.map_err(to_app)?;
        return Err(AppError::Unauthenticated);
    }
    // The link works once, whoever uses it first.
    if store::find_link(&mut tx, SECOND, &hash, system.now()).await.map_err(to_app)?.is_none() {
        return Err(AppError::NotFound);
    }
    store::delete_links(&mut tx, SECOND, Some(user)).await.map_err(to_app)?;
    second_factor::forget_tries(&mut tx, user).await?;
    let begun = replace(&system, &mut tx, user, before, user_agent).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(begun)
}

/// Ends the session that a browser had, and begins another: whoever knew the old one's secret has nothing of it.
pub(super) async fn replace(
    system: &Ctx,
    tx: &mut sqlx::PgConnection,
    user: people::UserId,
    before: Option<&str>,
    user_agent: &str,
) -> AppResult<Begun> {
    let now = system.now();
    if let Some(before) = before.filter(|before| before.len() <= token::MAX)
        && let Some((person, _)) =
            store::sessions::find_session(tx, &token::hash(before), now, chrono::DateTime::UNIX_EPOCH).await.map_err(to_app)?
    {
        store::sessions::end_sessions(tx, person.id, Some(person.session), None, now).await.map_err(to_app)?;
    }
    let begun = sessions::begin(system, tx, user, user_agent).await?;
    let found = store::sessions::find_session(tx, &token::hash(begun.token.expose()), now, chrono::DateTime::UNIX_EPOCH)
        .await
        .map_err(to_app)?;
    let Some((person, _)) = found else { return Err(AppError::Unauthenticated) };
    let entry = Entry { event: "signed_in", subject_kind: "session", subject_id: person.session.to_string(), body: json!({}) };
    let as_person = Ctx { actor: crate::platform::ctx::Actor::Person(Arc::new(person)), ..system.clone() };
    journal::record(tx, &as_person, &entry).await.map_err(to_app)?;
    Ok(begun)
}

/// Whom attempts are counted for.
struct Counted {
    account: String,
    address: String,
    both: String,
}

impl Counted {
    fn of(system: &Ctx, email: &str) -> Self {
        let account = email.replace('\0', "\u{fffd}");
        let address = system.address.map(|address| household(address).to_string()).unwrap_or_default();
        Self { both: format!("{address} {account}"), account, address }
    }
}
