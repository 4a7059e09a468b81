//! The words of mails, and their form: plain text with a simple HTML alternative that loads nothing from anywhere.

use chrono::{DateTime, Utc};
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};
use uuid::Uuid;

use crate::{
    domain::{
        format::{self, Lang},
        mail::MailKind,
        time::Zone,
    },
    platform::secret::Secret,
    ui::i18n::{fill, s},
};

/// What a mail is made from.
pub struct Facts<'a> {
    pub id: Uuid,
    pub kind: MailKind,
    pub lang: Lang,
    pub to: Address,
    /// Of whom it is to.
    pub name: &'a str,
    /// Who invites, if somebody does.
    pub invited_by: Option<&'a str>,
    /// What it tells of, if that has a name.
    pub about: Option<&'a str>,
    /// The link that works once, if it has one.
    pub link: Option<&'a Secret>,
    /// When that happened which it tells.
    pub at: DateTime<Utc>,
    pub zone: Zone,
    pub base_url: &'a str,
}

/// A mail in words.
pub struct Words {
    pub subject: &'static str,
    pub text: String,
    pub html: String,
}

/// The subject. Nothing that somebody has typed is in it.
pub fn subject(kind: MailKind, lang: Lang) -> &'static str {
    match kind {
        MailKind::Invitation => s!(lang, mail.invitation),
        MailKind::Reset | MailKind::ResetAsked => s!(lang, mail.reset),
        MailKind::PasswordChanged => s!(lang, mail.password),
        MailKind::SecondFactorOff => s!(lang, mail.factor_off),
        MailKind::SecondFactorRemoved => s!(lang, mail.factor_removed),
        MailKind::TaskReminder => s!(lang, mail.task),
    }
}

/// What a mail consists of beneath its greeting.
struct Parts {
    paragraphs: Vec<String>,
    button: &'static str,
    /// Where the button leads.
    link: String,
    foot: &'static str,
}

fn parts(facts: &Facts<'_>) -> Parts {
    let lang = facts.lang;
    let when = format::date_time(facts.at, &facts.zone, lang);
    let with_link = |first: String, how: &str, button, foot| Parts {
        paragraphs: vec![first, how.to_owned()],
        button,
        link: facts.link.map_or(facts.base_url, Secret::expose).to_owned(),
        foot,
    };
    let reset =
        |first: &str| with_link(first.to_owned(), s!(lang, mail.reset_how), s!(lang, mail.reset_go), s!(lang, mail.reset_foot));
    let notice = |first: &str, how: &str, button, path: &str| Parts {
        paragraphs: vec![fill(first, &[&when]), how.to_owned()],
        button,
        link: format!("{}{path}", facts.base_url),
        foot: s!(lang, mail.notice_foot),
    };
    let factor = |first: &str| notice(first, s!(lang, mail.factor_how), s!(lang, mail.account_go), "/account");
    match facts.kind {
        MailKind::Invitation => {
            let invited = s!(lang, mail.invited).to_owned();
            let who = facts.invited_by.map_or(invited, |name| fill(s!(lang, mail.invited_by), &[name]));
            with_link(who, s!(lang, mail.invitation_how), s!(lang, mail.invitation_go), s!(lang, mail.invitation_foot))
        }
        MailKind::Reset => reset(s!(lang, mail.reset_made)),
        MailKind::ResetAsked => reset(s!(lang, mail.reset_asked)),
        MailKind::PasswordChanged => {
            notice(s!(lang, mail.password_when), s!(lang, mail.password_how), s!(lang, mail.reset_go), "/forgotten")
        }
        MailKind::SecondFactorOff => factor(s!(lang, mail.factor_off_when)),
        MailKind::SecondFactorRemoved => factor(s!(lang, mail.factor_removed_when)),
        MailKind::TaskReminder => Parts {
            paragraphs: vec![facts.about.unwrap_or_default().to_owned()],
            button: s!(lang, mail.task_go),
            link: format!("{}/tasks", facts.base_url),
            foot: s!(lang, mail.task_foot),
        },
    }
}

/// Finds the words.
pub fn words(facts: &Facts<'_>) -> Words {
    let lang = facts.lang;
    let subject = subject(facts.kind, lang);
    let hello = fill(s!(lang, mail.hello), &[&one_line(facts.name)]);
    let Parts { paragraphs, button, link, foot } = parts(facts);
    let paragraphs: Vec<_> = std::iter::once(hello).chain(paragraphs.iter().map(|text| one_line(text))).collect();
    let sent = s!(lang, mail.sent_by);
    let text = format!("{}\n\n{button}:\n{link}\n\n{foot}\n\n-- \nNexusCRM\n{sent}\n", paragraphs.join("\n\n"));
    let html = html(lang, subject, &paragraphs, (button, &link), s!(lang, mail.or_copy), &[foot, sent]);
    Words { subject, text, html }
}

/// What somebody typed, kept from beginning a line of its own.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Mail programs know tables and styles of each element; those that know more are told of the dark.
fn html(lang: Lang, title: &str, paragraphs: &[String], (button, link): (&str, &str), or_copy: &str, foot: &[&str]) -> String {
    const FONT: &str = "font-family:Inter,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
    let each = |texts: &[&str], style: &str| {
        texts.iter().map(|text| ["<p ", style, ">", &escape(text), "</p>\n"].concat()).collect::<String>()
    };
    let paragraphs: Vec<_> = paragraphs.iter().map(String::as_str).collect();
    let paragraphs = each(&paragraphs, r#"class="t" style="margin:0 0 16px;font-size:15px;line-height:24px;color:#1c2430""#);
    let foot = each(foot, r#"class="m" style="margin:0 0 8px;font-size:12px;line-height:18px;color:#5b6675""#);
    let (lang, title, button, link, or_copy) = (lang.as_str(), escape(title), escape(button), escape(link), escape(or_copy));
    format!(
        r#"<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{title}</title>
<style>
@media (prefers-color-scheme: dark) {{
.p {{ background: #0d1117 !important; }}
.c {{ background: #161b22 !important; border-color: #2b3340 !important; }}
.t {{ color: #e6eaf0 !important; }}
.m, .m a {{ color: #97a3b3 !important; }}
}}
</style>
</head>
<body class="p" style="margin:0;padding:0;background:#f3f5f8;{FONT}">
<table role="presentation" class="p" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f3f5f8">
<tr><td align="center" style="padding:32px 16px">
<table role="presentation" class="c" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:520px;background:#ffffff;border:1px solid #dde3ea;border-radius:12px">
<tr><td style="padding:32px;{FONT}">
<p class="m" style="margin:0 0 24px;font-size:13px;line-height:18px;font-weight:600;color:#5b6675">NexusCRM</p>
<h1 class="t" style="margin:0 0 16px;font-size:20px;line-height:28px;font-weight:600;color:#1c2430">{title}</h1>
{paragraphs}
<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 24px"><tr>
<td style="background:#3d5af1;border-radius:8px"><a href="{link}" style="display:inline-block;padding:12px 20px;font-size:15px;line-height:20px;font-weight:600;color:#ffffff;text-decoration:none">{button}</a></td>
</tr></table>
<p class="m" style="margin:0 0 24px;font-size:12px;line-height:18px;color:#5b6675;word-break:break-all">{or_copy}<br><a href="{link}" style="color:#5b6675">{link}</a></p>
{foot}
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
"#
    )
}

/// The mail as it is sent. The same mail is the same to the byte each time but for where its parts meet, and has the same `Message-ID`.
///
/// # Errors
/// When it cannot be put together.
pub fn message(facts: &Facts<'_>, words: &Words, from: &Mailbox) -> Result<Message, lettre::error::Error> {
    let name = one_line(facts.name);
    let to = Mailbox::new(Some(name.trim().to_owned()).filter(|name| !name.is_empty()), facts.to.clone());
    let raw = |name: &'static str, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
    Message::builder()
        .from(from.clone())
        .to(to)
        .subject(words.subject)
        .date(facts.at.into())
        .message_id(Some(format!("<{}@{}>", facts.id, from.email.domain())))
        // RFC 3834: nobody's absence is to be answered to us.
        .raw_header(raw("Auto-Submitted", "auto-generated"))
        .raw_header(raw("Content-Language", facts.lang.as_str()))
        .multipart(MultiPart::alternative_plain_html(words.text.clone(), words.html.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts<'a>(kind: MailKind, lang: Lang, name: &'a str, link: Option<&'a Secret>) -> Facts<'a> {
        Facts {
            id: Uuid::nil(),
            kind,
            lang,
            to: "ana@ngx.com".parse().unwrap(),
            name,
            invited_by: Some(name),
            about: Some(name),
            link,
            at: "2026-11-20T12:00:00Z".parse().unwrap(),
            zone: Zone::utc(),
            base_url: "https://crm.ngx.com",
        }
    }

    fn sent(facts: &Facts<'_>) -> String {
        let from = "NexusCRM <crm@ngx.com>".parse().unwrap();
        String::from_utf8(message(facts, &words(facts), &from).unwrap().formatted()).unwrap()
    }

    #[test]
    fn every_kind_has_its_words_in_both_languages_and_leads_somewhere() {
        let link = Secret::new("https://crm.ngx.com/reset?token=abc");
        for kind in MailKind::ALL {
            for lang in [Lang::Es, Lang::En] {
                let has_link = matches!(kind, MailKind::Invitation | MailKind::Reset | MailKind::ResetAsked);
                let facts = facts(kind, lang, "Ana Peña", has_link.then_some(&link));
                let words = words(&facts);
                let leads = if has_link { link.expose() } else { "https://crm.ngx.com/" };
                assert!(words.text.lines().any(|line| line.starts_with(leads)), "{}", words.text);
                assert_eq!(words.html.matches(&format!(r#"href="{}"#, escape(leads))).count(), 2, "{}", words.html);
                assert!(words.text.contains("Ana Peña") && words.html.contains("Ana Peña"));
                assert!(!words.text.contains('{') && !words.html.contains("{0}") && !words.html.contains("src="), "{}", words.html);
                let mail = sent(&facts);
                assert!(mail.is_ascii(), "any server takes it: {mail}");
                assert!(mail.lines().all(|line| line.len() <= 998), "{mail}");
            }
        }
    }

    #[test]
    fn a_mail_says_when_it_was_made_who_it_is_and_that_no_person_wrote_it() {
        let mail = sent(&facts(MailKind::PasswordChanged, Lang::En, "Ana", None));
        let (head, _) = mail.split_once("\r\n\r\n").unwrap();
        for line in [
            "Date: Fri, 20 Nov 2026 12:00:00 +0000",
            "Message-ID: <00000000-0000-0000-0000-000000000000@ngx.com>",
            "Auto-Submitted: auto-generated",
            "From: NexusCRM <crm@ngx.com>",
            "To: Ana <ana@ngx.com>",
        ] {
            assert!(head.contains(line), "{line}: {head}");
        }
        assert!(head.contains("multipart/alternative"));
    }

    #[test]
    fn no_name_adds_a_header_or_a_recipient() {
        for name in [
            "Ana\r\nBcc: eve@evil.example",
            "Ana\nBcc: eve@evil.example",
            "Ana\r\n\r\nBody",
            "\"Ana\" <eve@evil.example>, Bea",
            "Peña, María \"la jefa\"",
            "ana@ngx.com, eve@evil.example",
            "=?utf-8?q?Ana=0D=0ABcc:_eve@evil.example?=",
            "Ana\u{2028}Bcc: eve@evil.example",
            "\0\u{1b}[31m",
            "<script>alert(1)</script>",
            &"ñandú ".repeat(16),
        ] {
            let mail = sent(&facts(MailKind::Invitation, Lang::Es, name, None));
            let (head, _) = mail.split_once("\r\n\r\n").unwrap();
            let mut names: Vec<_> = head
                .split("\r\n")
                .filter(|line| !line.starts_with([' ', '\t']))
                .map(|line| line.split_once(':').unwrap_or_else(|| panic!("{line:?} in {head}")).0)
                .collect();
            names.sort_unstable();
            assert_eq!(
                names,
                [
                    "Auto-Submitted",
                    "Content-Language",
                    "Content-Type",
                    "Date",
                    "From",
                    "MIME-Version",
                    "Message-ID",
                    "Subject",
                    "To"
                ],
                "{name:?}: {head}"
            );
            assert!(!head.replace("\r\n", "").contains(['\r', '\n', '\0', '\u{1b}']), "{name:?}: {head}");
            let to = head.split("\r\nTo: ").nth(1).unwrap().replace("\r\n ", " ");
            assert!(to.split("\r\n").next().unwrap().ends_with("<ana@ngx.com>"), "{name:?}: {to}");
            let words = words(&facts(MailKind::Invitation, Lang::Es, name, None));
            assert!(!words.html.contains("<script>"), "{}", words.html);
        }
    }
}
