//! Forgotten passwords: whoever knows an address may ask that its account gets a mail with a link.
//!
//! Whether there is such an account can be told neither from the answer nor from the time that it takes: [`ask`] does not look, it only
//! writes down what was asked. A job finds out and sends the mail ([`answer`]).

use serde_json::json;

use super::{
    attempts, links,
    store::{self, asks},
};
use crate::{
    domain::{
        AppError, AppResult,
        format::Lang,
        mail::MailKind,
        people::{self, UserStatus},
    },
    platform::{
        address::household,
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
        mail,
    },
};

/// Mails that one address may have sent to one account in a quarter of an hour.
const FOR_BOTH: i32 = 3;
/// Mails to one account in that time, whoever asks: nobody is to be buried in them.
const FOR_ACCOUNT: i32 = 6;
/// What one network address may ask for in that time; an office may share one.
const FROM_ADDRESS: i32 = 20;

/// Asks that the account with an address gets a link to choose a new password, or its invitation again if it has not joined.
///
/// # Errors
/// `NotFound` where no mail is offered; `Invalid` at `/email` for what can be no address; `RateLimited` after too many times; when the
/// database is away.
pub async fn ask(ctx: &Ctx, email: &str) -> AppResult<()> {
    if !mail::is_offered(ctx) {
        return Err(AppError::NotFound);
    }
    let email = people::email(email, "/email")?;
    let system = ctx.as_system("forgotten");
    let household = ctx.address.map(|address| household(address).to_string()).unwrap_or_default();
    let both = format!("{household} {email}");
    attempts::limit(
        &system,
        &[
            ("forgotten_address", &household, FROM_ADDRESS),
            ("forgotten_both", &both, FOR_BOTH),
            ("forgotten_account", &email, FOR_ACCOUNT),
        ],
    )
    .await?;
    let address = ctx.address.map(|address| address.to_string()).unwrap_or_default();
    let ask = asks::AskRow { email, language: ctx.lang.as_str().to_owned(), address };
    let mut tx = system.begin().await.map_err(to_app)?;
    asks::insert_ask(&mut tx, &ask, ctx.now()).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}

/// Answers one of those who have asked: active accounts get a link, invited ones their invitation again, the others nothing. Says
/// whether there was anybody to answer. Links that were made before go on working, so that nobody spoils them by asking.
///
/// # Errors
/// When the database is away; whoever asked is answered later then.
pub async fn answer(ctx: &Ctx) -> AppResult<bool> {
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let Some(ask) = asks::take_ask(&mut tx).await.map_err(to_app)? else { return Ok(false) };
    let mut asked = ctx.as_system("forgotten");
    asked.address = ask.address.parse().ok();
    asked.lang = if ask.language == Lang::Es.as_str() { Lang::Es } else { Lang::En };
    let account = store::find_account_by_email(&mut tx, &ask.email).await.map_err(to_app)?;
    if let Some(account) = &account {
        let kind = match account.status {
            UserStatus::Active => Some(MailKind::ResetAsked),
            UserStatus::Invited => Some(MailKind::Invitation),
            UserStatus::Disabled => None,
        };
        if let Some(kind) = kind {
            let link = links::beside(&asked, &mut tx, account).await?;
            mail::enqueue(&mut tx, &asked, &mail::Mail { kind, to: account.id, link: Some(&link), about: None }).await?;
        }
    }
    let subject_id = account.map_or_else(|| "unknown".to_owned(), |account| account.id.to_string());
    let entry = Entry { event: "password_asked", subject_kind: "user", subject_id, body: json!({}) };
    journal::record(&mut tx, &asked, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok(true)
}
