//! Mails: what left, what waits, and what could not be sent.

use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    domain::{
        AppError, AppResult,
        format::{self, Lang},
        mail::MailState,
    },
    features::mail::usecase::{self as mail, Listed},
    pages::written::{
        form::Sent,
        parts::{Reader, notice, problem},
        render::{Place, head},
        tables::{Column, pager, search_bar, table},
    },
    platform::{ctx::Ctx, mail::Way},
    ui::{
        href,
        i18n::{fill, s},
        icon::Icon,
    },
};

/// Does what a form of the page asks for.
pub async fn take(ctx: &Ctx, sent: &mut Sent) -> AppResult<()> {
    if sent.verb() != "again" {
        return Err(AppError::NotFound);
    }
    let id = sent.value("mail").parse().map_err(|_| AppError::NotFound)?;
    (sent.name, sent.done) = (mail::send_again(ctx, id).await?, Some("queued"));
    Ok(())
}

/// Writes the page.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let search = place.get("q");
    let before: Option<Uuid> = place.get("before").parse().ok();
    let (rows, more) = mail::list(ctx, search, before).await?;
    let older = more
        .then(|| rows.last())
        .flatten()
        .map(|last| href::with_query("/admin/mail", &[("q", search.to_owned()), ("before", last.id.to_string())]));
    let none = rows.is_empty();
    let said = reader.sent.done.map(|_| fill(s!(lang, mail.queued), &[&reader.sent.name]));
    let way = match ctx.app.settings.mail.as_ref().map(|settings| &settings.way) {
        None => Some(s!(lang, mail.off).to_owned()),
        Some(Way::Folder(folder)) => Some(fill(s!(lang, mail.development), &[&folder.display().to_string()])),
        Some(Way::Smtp(_)) => None,
    };
    let view = view! {
        {head(s!(lang, office.mail), s!(lang, mail.help), None)}
        {problem(reader)}
        {said.map(|text| notice("notice-ok", Icon::Check, "status", &text))}
        {way.map(|text| notice("notice-warn", Icon::Warning, "note", &text))}
        {search_bar("/admin/mail", s!(lang, mail.search), search)}
        {table(reader, "table-2 journal", &[Column::Text(s!(lang, mail.mail)), Column::Text(s!(lang, mail.state)), Column::Number(s!(lang, mail.tries)), Column::Text(s!(lang, mail.made)), Column::Action(s!(lang, mail.again))], rows.iter().map(|listed| row(reader, listed)).collect_view())}
        {none.then(|| view! { <p class="office-none">{s!(lang, mail.none)}</p> })}
        {pager(before.is_none(), ("/admin/mail", s!(lang, journal.newest)), (older, s!(lang, journal.older)))}
    };
    Ok(view.into_any())
}

fn row(reader: &Reader, listed: &Listed) -> AnyView {
    let lang = reader.lang;
    let again = listed.can_repeat.then(|| {
        view! {
            <form method="post" action="/admin/mail">
                <input type="hidden" name="do" value="again"/>
                <input type="hidden" name="mail" value=listed.id.to_string()/>
                <button class="button" aria-label=fill(s!(lang, mail.again_label), &[&listed.address])>{s!(lang, mail.again)}</button>
            </form>
        }
    });
    let person = format!("/admin/people?edit={}#change-name", listed.user);
    view! {
        <tr>
            <td>
                <span class="cell-1">{listed.subject.clone()}</span>
                <a class="cell-2" href=person>{listed.address.clone()}</a>
                {listed.text.as_deref().map(|text| text_of(reader, text))}
            </td>
            <td class="cell-wrap">{state(reader, listed)}</td>
            <td class="num">{format::integer(i64::from(listed.tries), lang)}</td>
            <td>{reader.time(listed.created_at)}</td>
            <td class="cell-action">{again}</td>
        </tr>
    }
    .into_any()
}

/// How a mail stands, and why.
fn state(reader: &Reader, listed: &Listed) -> AnyView {
    let lang = reader.lang;
    let (class, word) = match listed.state {
        MailState::Waiting => ("status status-waits", s!(lang, mail.waiting)),
        MailState::Sent => ("status status-on", s!(lang, mail.sent)),
        MailState::GivenUp => ("status bad", s!(lang, mail.given_up)),
    };
    let next = (listed.state == MailState::Waiting && listed.next_try_at > reader.now)
        .then(|| format!(", {}", fill(s!(lang, mail.next), &[&format::clock(listed.next_try_at, &reader.zone)])));
    let word = format!("{word}{}", next.unwrap_or_default());
    let why = listed.last_error.as_deref().map(|error| view! { <p class="faint">{why(error, lang)}</p> });
    view! { <span class=class>{word}</span> {listed.sent_at.map(|at| view! { " " {reader.time(at)} })} {why} }.into_any()
}

/// An error in words: our own in the reader's language, the mail server's as it is.
fn why(error: &str, lang: Lang) -> String {
    match error {
        "expired" => s!(lang, mail.expired).to_owned(),
        "withdrawn" => s!(lang, mail.withdrawn).to_owned(),
        "sealed" => s!(lang, mail.sealed).to_owned(),
        other => other.to_owned(),
    }
}

/// The text of a mail that stays here, with its links to be followed.
fn text_of(reader: &Reader, text: &str) -> AnyView {
    let lines = text
        .lines()
        .map(|line| {
            let is_link = line.starts_with("http://") || line.starts_with("https://");
            let line = line.to_owned();
            if is_link {
                let href = line.clone();
                view! { <a href=href rel="external">{line}</a> "\n" }.into_any()
            } else {
                format!("{line}\n").into_any()
            }
        })
        .collect_view();
    view! { <details class="journal-details"><summary>{s!(reader.lang, mail.text)}</summary><pre>{lines}</pre></details> }
        .into_any()
}
