//! Sending what stands in the outbox, and looking at it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use lettre::Address;
use serde_json::json;
use uuid::Uuid;

use super::{
    compose::{self, Facts},
    store::{self, DueRow},
};
use crate::{
    domain::{
        AppError, AppResult,
        format::Lang,
        mail::{MailKind, MailState, next_try},
        people::{Permission, UserId},
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
        mail::{self, MailSettings, Way},
        smtp::Refusal,
        zone,
    },
};

/// For how long a process has the mails that it is sending for itself; if it dies, another has them after this. Far longer than a
/// mail server is waited for.
pub const LEASE: TimeDelta = TimeDelta::minutes(10);
/// Mails that one process sends at once.
const AT_ONCE: i64 = 4;
/// How long what the mail server said is kept back where the database does not take it.
const AGAIN: Duration = Duration::from_millis(500);
/// The longest error that is kept, in characters.
const MAX_ERROR: usize = 300;
/// How long mails can be looked at.
const KEPT: TimeDelta = TimeDelta::days(30);
/// Mails on one page.
const PAGE: i64 = 50;

/// What became of a try.
enum Outcome {
    Sent,
    Failed { error: String, next: Option<DateTime<Utc>> },
}

/// Sends some of the mails that are due, at the same time; gives how many were tried.
///
/// # Errors
/// When the database is away before anything is sent.
pub async fn deliver(ctx: &Ctx) -> AppResult<usize> {
    let Some(settings) = &ctx.app.settings.mail else { return Ok(0) };
    let now = ctx.now();
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let due = store::take_due(&mut tx, now, now + LEASE, AT_ONCE).await.map_err(to_app)?;
    // Nothing is held while the mail server is spoken with.
    tx.commit().await.map_err(to_app)?;
    join_all(due.iter().map(|row| deliver_one(ctx, settings, row))).await;
    Ok(due.len())
}

async fn deliver_one(ctx: &Ctx, settings: &MailSettings, row: &DueRow) {
    let outcome = match send(ctx, settings, row).await {
        Ok(()) => Outcome::Sent,
        Err(refusal) => {
            let (error, next) = match refusal {
                Refusal::Later(error) => (error, next_try(row.tries, row.queued_at, row.good_until, ctx.now())),
                Refusal::Never(error) => (error, None),
            };
            let error: String = error.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_ERROR).collect();
            tracing::warn!(mail = %row.id, kind = row.kind, tries = row.tries, given_up = next.is_none(), error, "a mail could not be sent");
            Outcome::Failed { error, next }
        }
    };
    let result = match &outcome {
        Outcome::Sent => "sent",
        Outcome::Failed { next: Some(_), .. } => "failed",
        Outcome::Failed { next: None, .. } => "given_up",
    };
    metrics::counter!("nexus_mails_total", "result" => result).increment(1);
    // What the server has must not be sent again, so this is not given up while the process lives.
    while let Err(error) = note(ctx, row, &outcome).await {
        tracing::warn!(%error, mail = %row.id, "what became of a mail could not be noted; it will be tried again");
        if !ctx.app.goes_on_after(AGAIN).await {
            return;
        }
    }
}

async fn note(ctx: &Ctx, row: &DueRow, outcome: &Outcome) -> AppResult<()> {
    let mut tx = ctx.begin().await.map_err(to_app)?;
    match outcome {
        Outcome::Sent => store::mark_sent(&mut tx, row.id, ctx.now()).await,
        Outcome::Failed { error, next } => store::mark_failed(&mut tx, row.id, row.tries, error, *next).await,
    }
    .map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}

async fn send(ctx: &Ctx, settings: &MailSettings, row: &DueRow) -> Result<(), Refusal> {
    let never = |why: &str| Refusal::Never(why.to_owned());
    if row.good_until.is_some_and(|end| end <= ctx.now()) {
        return Err(never("expired"));
    }
    let link = match (&row.sealed_link, row.good_until) {
        (Some(sealed), _) => Some(mail::open_link(ctx, row.id, sealed).ok_or_else(|| never("sealed"))?),
        (None, Some(_)) => return Err(never("withdrawn")),
        (None, None) => None,
    };
    let kind = MailKind::parse(&row.kind).ok_or_else(|| Refusal::Later("this build does not know such mails".into()))?;
    let to: Address = row.address.parse().map_err(|_| never("the address is not valid"))?;
    let now = ctx.now();
    let facts = Facts {
        id: row.id,
        kind,
        lang: lang(&row.language),
        to: to.clone(),
        name: &row.name,
        invited_by: row.invited_by.as_deref(),
        about: row.about.as_deref(),
        link: link.as_ref(),
        at: row.created_at,
        zone: zone::zone(&ctx.app.settings.time_zone, now).unwrap_or_else(crate::domain::time::Zone::utc),
        base_url: &ctx.app.settings.base_url,
    };
    let words = compose::words(&facts);
    let message = compose::message(&facts, &words, &settings.from).map_err(|error| Refusal::Never(error.to_string()))?;
    match &settings.way {
        Way::Smtp(server) => server.send(&settings.from.email, &to, &message.formatted()).await,
        Way::Folder(folder) => mail::keep(folder, row.id, &message.formatted(), &words.text)
            .await
            .map_err(|error| Refusal::Later(format!("{}: {error}", folder.display()))),
    }
}

fn lang(word: &str) -> Lang {
    if word == Lang::Es.as_str() { Lang::Es } else { Lang::En }
}

/// A mail as it can be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The id.
    pub id: Uuid,
    /// The account that it is to.
    pub user: UserId,
    /// The address that it is to.
    pub address: String,
    /// Its subject, in its own language.
    pub subject: String,
    /// How it stands.
    pub state: MailState,
    /// How often it was tried, since it was last queued.
    pub tries: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it is tried next, as long as it waits.
    pub next_try_at: DateTime<Utc>,
    /// When the mail server took it.
    pub sent_at: Option<DateTime<Utc>>,
    /// Why the latest try failed; `expired`, `withdrawn` and `sealed` are our own words.
    pub last_error: Option<String>,
    /// Whether it was given up and can be sent again.
    pub can_repeat: bool,
    /// Its text, where mails stay in a folder for development; nowhere else.
    pub text: Option<String>,
}

/// A page of the mails of the last 30 days that hold a text, the newest first, before one; and whether there are more.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list(ctx: &Ctx, search: &str, before: Option<Uuid>) -> AppResult<(Vec<Listed>, bool)> {
    ctx.require(Permission::ManagePeople)?;
    let search: String = search.chars().filter(|c| !c.is_control()).take(200).collect();
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let mut rows = store::list(&mut tx, &search, before, PAGE + 1).await.map_err(to_app)?;
    tx.rollback().await.map_err(to_app)?;
    let more = rows.len() as i64 > PAGE;
    rows.truncate(usize::try_from(PAGE).unwrap_or_default());
    let folder = match ctx.app.settings.mail.as_ref().map(|settings| &settings.way) {
        Some(Way::Folder(folder)) => Some(folder),
        _ => None,
    };
    let now = ctx.now();
    let listed = rows.into_iter().map(async |row| {
        let state = MailState::parse(&row.state).unwrap_or(MailState::Waiting);
        let good = row.good_until.is_none_or(|end| end > now && row.has_link);
        Listed {
            id: row.id,
            user: UserId(row.user_id),
            // What a newer build has put there stands as it is.
            subject: MailKind::parse(&row.kind).map_or(row.kind, |kind| compose::subject(kind, lang(&row.language)).to_owned()),
            address: row.address,
            state,
            tries: row.tries,
            created_at: row.created_at,
            next_try_at: row.next_try_at,
            sent_at: row.sent_at,
            last_error: row.last_error,
            can_repeat: state == MailState::GivenUp && good,
            text: match folder {
                Some(folder) if state == MailState::Sent => mail::kept(folder, row.id).await,
                _ => None,
            },
        }
    });
    Ok((join_all(listed).await, more))
}

/// Lets a mail that was given up be tried again; gives its address.
///
/// # Errors
/// `Forbidden`; `NotFound` when it was not given up, or its link does not work any more; when the database is away.
pub async fn send_again(ctx: &Ctx, id: Uuid) -> AppResult<String> {
    ctx.require(Permission::ManagePeople)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let address = store::requeue(&mut tx, id, ctx.now()).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    let entry = Entry { event: "mail_queued_again", subject_kind: "mail", subject_id: id.to_string(), body: json!({}) };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok(address)
}

/// Forgets mails of more than 30 days ago.
///
/// # Errors
/// When the database is away.
pub async fn trim(ctx: &Ctx) -> AppResult<()> {
    let now = ctx.now();
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::trim(&mut tx, now - KEPT, now).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}
