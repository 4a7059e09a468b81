//! Mail: how it leaves, and the outbox that every feature may put one into, in the transaction of what it tells of.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use lettre::message::Mailbox;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    ctx::Ctx,
    db::{self, to_app},
    secret::Secret,
    smtp::Server,
};
use crate::domain::{AppResult, mail::MailKind, people::UserId};

/// How mails leave.
#[derive(Clone, Debug)]
pub enum Way {
    /// By a mail server.
    Smtp(Server),
    /// Not at all: they stay in a folder, for development.
    Folder(PathBuf),
}

/// Mail as it is set up.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// Who the mails are from.
    pub from: Mailbox,
    /// How they leave.
    pub way: Way,
}

/// Who mails are from that only stay in a folder, unless it is said.
const NOBODY: &str = "NexusCRM <nexus-crm@localhost>";

impl MailSettings {
    /// Reads `NEXUS_CRM_SMTP_URL`, `NEXUS_CRM_MAIL_FROM` and `NEXUS_CRM_MAIL_DIR` by a look-up of names; nothing where no mail is to
    /// be sent.
    ///
    /// # Errors
    /// Every fault, a line each.
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, Vec<String>> {
        let mut faults = Vec::new();
        let way = match (get("NEXUS_CRM_SMTP_URL"), get("NEXUS_CRM_MAIL_DIR")) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                faults.push(
                    "NEXUS_CRM_SMTP_URL and NEXUS_CRM_MAIL_DIR exclude each other: mails are sent, or stay in a folder".into(),
                );
                None
            }
            (Some(url), None) => match Server::parse(&url) {
                Ok(server) => Some(Way::Smtp(server)),
                Err(why) => {
                    faults.push(format!("NEXUS_CRM_SMTP_URL {why}"));
                    None
                }
            },
            (None, Some(folder)) => Some(Way::Folder(folder.into())),
        };
        let from = match (get("NEXUS_CRM_MAIL_FROM"), &way) {
            (None, Some(Way::Smtp(_))) => {
                faults.push("NEXUS_CRM_MAIL_FROM is missing: who the mails are from, such as 'NexusCRM <crm@example.com>'".into());
                None
            }
            (text, _) => {
                let from = sender(text.as_deref().unwrap_or(NOBODY));
                if from.is_none() {
                    faults.push("NEXUS_CRM_MAIL_FROM must be an address, such as 'NexusCRM <crm@example.com>'".into());
                }
                from
            }
        };
        if get("NEXUS_CRM_SECRET_KEY").is_none() {
            faults.push("NEXUS_CRM_SECRET_KEY is missing: it seals the links in mails that wait".into());
        }
        match (from, way) {
            (Some(from), Some(way)) if faults.is_empty() => Ok(Some(Self { from, way })),
            _ => Err(faults),
        }
    }
}

/// One address, perhaps with a name; whatever follows it would be passed over by the parser.
fn sender(text: &str) -> Option<Mailbox> {
    let from: Mailbox = text.parse().ok()?;
    let address: &str = from.email.as_ref();
    let whole = text == address || text.ends_with(&format!("<{address}>"));
    (whole && address.is_ascii() && !text.chars().any(char::is_control)).then_some(from)
}

/// Whether mail is sent here at all, or at least put into a folder.
pub fn is_offered(ctx: &Ctx) -> bool {
    ctx.app.settings.mail.is_some()
}

/// A link that works once, as a mail takes it along.
#[derive(Clone, Debug)]
pub struct Link {
    /// The whole address, with its secret.
    pub address: Secret,
    /// When it ends; the mail is not sent after it.
    pub good_until: DateTime<Utc>,
}

/// Something to tell somebody by e-mail.
#[derive(Clone, Debug)]
pub struct Mail<'a> {
    /// What.
    pub kind: MailKind,
    /// Whom.
    pub to: UserId,
    /// With what link, if it has one.
    pub link: Option<&'a Link>,
    /// What it tells of, if that has a name: at most [`MAX_ABOUT`] characters are kept.
    pub about: Option<&'a str>,
}

/// The longest name of what a mail tells of, in characters.
const MAX_ABOUT: usize = 500;

/// What a mail's link is sealed for.
fn purpose(id: Uuid) -> String {
    format!("mail {id}")
}

/// Puts a mail into the outbox, in a transaction of an admin or of the system; it leaves once that is committed. It is written in the
/// account's language, else in that of whoever set it off. Says whether mail is offered at all: else nothing is put anywhere.
///
/// # Errors
/// When the database is away.
pub async fn enqueue(tx: &mut PgConnection, ctx: &Ctx, mail: &Mail<'_>) -> AppResult<bool> {
    if !is_offered(ctx) {
        return Ok(false);
    }
    let id = Uuid::now_v7();
    let sealed = match mail.link {
        Some(link) => {
            let vault = ctx.app.settings.vault.as_deref();
            let sealed = vault.and_then(|vault| vault.seal(&purpose(id), link.address.expose().as_bytes()));
            Some(sealed.ok_or_else(|| db::internal(&"a link could not be sealed"))?)
        }
        None => None,
    };
    sqlx::query!(
        "INSERT INTO mails (id, kind, user_id, address, name, language, invited_by, sealed_link, good_until, created_at, queued_at, next_try_at, about)
         SELECT $1, $2, id, email, name, coalesce(language, $4), $5, $6, $7, $8, $8, $8, $9 FROM users WHERE id = $3",
        id,
        mail.kind.as_str(),
        mail.to.0,
        ctx.lang.as_str(),
        (mail.kind == MailKind::Invitation && ctx.actor.user().is_some()).then(|| ctx.actor.name()),
        sealed,
        mail.link.map(|link| link.good_until),
        ctx.now(),
        mail.about.map(|about| about.chars().take(MAX_ABOUT).collect::<String>()).filter(|about| !about.is_empty())
    )
    .execute(tx)
    .await
    .map_err(to_app)?;
    Ok(true)
}

/// Gives up the mails with links to somebody that have not been sent: the links do not work any more.
///
/// # Errors
/// When the database is away.
pub async fn withdraw(tx: &mut PgConnection, user: UserId) -> AppResult<()> {
    sqlx::query!(
        "UPDATE mails SET last_error = CASE state WHEN 'waiting' THEN 'withdrawn' ELSE last_error END, state = 'given_up', sealed_link = NULL
         WHERE user_id = $1 AND state <> 'sent' AND good_until IS NOT NULL",
        user.0
    )
    .execute(tx)
    .await
    .map_err(to_app)?;
    Ok(())
}

/// The link of a mail; nothing when it was sealed with another key.
pub fn open_link(ctx: &Ctx, id: Uuid, sealed: &[u8]) -> Option<Secret> {
    let opened = ctx.app.settings.vault.as_deref()?.open(&purpose(id), sealed)?;
    String::from_utf8(opened).ok().map(Secret::new)
}

/// A mail's place in a folder, without the ending.
fn file(folder: &Path, id: Uuid, ending: impl fmt::Display) -> PathBuf {
    folder.join(format!("{id}.{ending}"))
}

/// Puts a mail into a folder: as it would be sent, and its plain text beside it. The same mail a second time takes the place of the
/// first.
///
/// # Errors
/// When the folder cannot be written to.
pub async fn keep(folder: &Path, id: Uuid, mail: &[u8], text: &str) -> std::io::Result<()> {
    let mut maker = tokio::fs::DirBuilder::new();
    #[cfg(unix)]
    maker.mode(0o700);
    maker.recursive(true).create(folder).await?;
    for (ending, content) in [("txt", text.as_bytes()), ("eml", mail)] {
        let half = file(folder, id, format_args!("{ending}.half"));
        let mut options = tokio::fs::OpenOptions::new();
        #[cfg(unix)]
        options.mode(0o600);
        let mut out = options.write(true).create(true).truncate(true).open(&half).await?;
        tokio::io::AsyncWriteExt::write_all(&mut out, content).await?;
        out.sync_all().await?;
        tokio::fs::rename(half, file(folder, id, ending)).await?;
    }
    Ok(())
}

/// The plain text of a mail in a folder; nothing when it is not there.
pub async fn kept(folder: &Path, id: Uuid) -> Option<String> {
    tokio::fs::read_to_string(file(folder, id, "txt")).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Option<MailSettings>, Vec<String>> {
        MailSettings::read(&|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
    }

    const KEY: (&str, &str) = ("NEXUS_CRM_SECRET_KEY", "0f");
    const SMTP: (&str, &str) = ("NEXUS_CRM_SMTP_URL", "smtps://ana:hidden@mail.ngx.com");
    const FROM: (&str, &str) = ("NEXUS_CRM_MAIL_FROM", "NexusCRM <crm@ngx.com>");
    const FOLDER: (&str, &str) = ("NEXUS_CRM_MAIL_DIR", "var/mail");

    #[test]
    fn mails_are_sent_or_stay_in_a_folder_or_are_none() {
        assert!(read(&[]).unwrap().is_none());
        assert!(read(&[FROM]).unwrap().is_none());
        let sent = read(&[KEY, SMTP, FROM]).unwrap().unwrap();
        assert!(matches!(sent.way, Way::Smtp(_)));
        assert_eq!(sent.from.to_string(), "NexusCRM <crm@ngx.com>");
        let kept = read(&[KEY, FOLDER]).unwrap().unwrap();
        assert!(matches!(kept.way, Way::Folder(_)));
        assert_eq!(kept.from.to_string(), NOBODY);
    }

    #[test]
    fn every_fault_is_a_line_that_shows_no_password() {
        let bad = ("NEXUS_CRM_SMTP_URL", "smtp://ana:hidden@mail.ngx.com");
        for (pairs, lines) in [
            (&[KEY, SMTP][..], 1),
            (&[SMTP, FROM], 1),
            (&[FOLDER], 1),
            (&[KEY, SMTP, FROM, FOLDER], 1),
            (&[KEY, bad, FROM], 1),
            (&[SMTP], 2),
            (&[bad, ("NEXUS_CRM_MAIL_FROM", "crm")], 3),
            (&[KEY, SMTP, ("NEXUS_CRM_MAIL_FROM", "crm@ngx.com\r\nBcc: eve@evil.example")], 1),
        ] {
            let faults = read(pairs).unwrap_err();
            assert_eq!(faults.len(), lines, "{pairs:?}: {faults:?}");
            assert!(faults.iter().all(|line| !line.contains("hidden") && line.starts_with("NEXUS_CRM_")), "{faults:?}");
        }
    }
}
