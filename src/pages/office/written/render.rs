//! Which page of the office stands at an address, and what stands around each.

use leptos::prelude::*;

use super::{
    account, form::Sent, ingest, journal, keys, limits, mail, parts::Reader, people, privacy, sessions, settings, webhooks,
};
use crate::{
    domain::{AppError, AppResult, format::Lang, people::Permission, time::Zone},
    features::usage::ingest::Ingest,
    pages::office::OfficeView,
    platform::ctx::Ctx,
    ui::{
        i18n::s,
        icon::{Icon, icon},
    },
};

/// Who reads, as the server has provided it for the request at hand.
pub fn reader(ctx: &Ctx) -> Reader {
    use_context::<Reader>().unwrap_or_else(|| Reader { lang: Lang::En, zone: Zone::utc(), now: ctx.now(), sent: Sent::default() })
}

/// An address's path, and its query's fields.
pub struct Place<'a> {
    path: &'a str,
    query: Vec<(String, String)>,
}

impl<'a> Place<'a> {
    fn parse(place: &'a str) -> Self {
        let (path, query) = place.split_once('?').unwrap_or((place, ""));
        Self { path, query: serde_urlencoded::from_str(query).unwrap_or_default() }
    }

    /// A field of the query; empty without one.
    pub fn get(&self, name: &str) -> &str {
        self.query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }
}

/// Writes a page.
///
/// # Errors
/// Those of the use-cases; `NotFound` for an address that is no page.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &str) -> AppResult<OfficeView> {
    let place = Place::parse(place);
    let lang = reader.lang;
    let (title, body) = match place.path {
        "/account" => (s!(lang, office.account), account::page(ctx, reader, &place).await?),
        "/admin/people" => (s!(lang, office.people), people::page(ctx, reader, &place).await?),
        "/admin/sessions" => (s!(lang, office.sessions), sessions::page(ctx, reader, &place).await?),
        "/admin/settings" => (s!(lang, office.settings), settings::page(ctx, reader).await?),
        "/admin/keys" => (s!(lang, office.keys), keys::page(ctx, reader, &place).await?),
        "/admin/limits" => (s!(lang, office.limits), limits::page(ctx, reader, &place).await?),
        "/admin/ingest" => (s!(lang, office.ingest), ingest::page(ctx, reader, &place).await?),
        "/admin/webhooks" => (s!(lang, office.webhooks), webhooks::page(ctx, reader).await?),
        "/admin/mail" => (s!(lang, office.mail), mail::page(ctx, reader, &place).await?),
        "/admin/privacy" => (s!(lang, office.privacy), privacy::page(ctx, reader, &place).await?),
        "/admin/journal" => (s!(lang, office.journal), journal::page(ctx, reader, &place).await?),
        _ => return Err(AppError::NotFound),
    };
    let html = view! { {places(ctx, reader, place.path)} <div class="office-main">{body}</div> }.to_html();
    let above = if place.path == "/account" { title } else { s!(lang, office.title) };
    Ok(OfficeView { title: title.to_owned(), above: above.to_owned(), html })
}

/// What a form asks for. The page is to be written again after it, with what came of it.
///
/// # Errors
/// `NotFound` for an address that takes no forms. What the use-case refuses stands in `sent`.
pub async fn take(ctx: &Ctx, ingest: &Ingest, path: &str, sent: &mut Sent) -> AppResult<()> {
    let result = match path {
        "/account" => account::take(ctx, sent).await,
        "/admin/people" => people::take(ctx, sent).await,
        "/admin/sessions" => sessions::take(ctx, sent).await,
        "/admin/settings" => settings::take(ctx, sent).await,
        "/admin/ingest" => ingest::take(ctx, ingest, sent).await,
        "/admin/keys" => keys::take(ctx, sent).await,
        "/admin/mail" => mail::take(ctx, sent).await,
        "/admin/limits" => limits::take(ctx, sent).await,
        "/admin/webhooks" => webhooks::take(ctx, sent).await,
        "/admin/privacy" => privacy::take(ctx, sent).await,
        _ => return Err(AppError::NotFound),
    };
    if let Err(error) = result {
        sent.refuse(error);
    }
    Ok(())
}

/// The places of the office that the actor may go to.
fn places(ctx: &Ctx, reader: &Reader, here: &str) -> AnyView {
    let lang = reader.lang;
    let all = [
        ("/admin/people", Icon::Users, s!(lang, office.people), Some(Permission::ReadPeople)),
        ("/admin/sessions", Icon::Monitor, s!(lang, office.sessions), Some(Permission::ManagePeople)),
        ("/admin/limits", Icon::Gauge, s!(lang, office.limits), Some(Permission::ManageLimits)),
        ("/admin/ingest", Icon::Inbox, s!(lang, office.ingest), Some(Permission::ManageIngest)),
        ("/admin/webhooks", Icon::Webhook, s!(lang, office.webhooks), Some(Permission::ManageKeys)),
        ("/admin/keys", Icon::Key, s!(lang, office.keys), Some(Permission::ManageKeys)),
        ("/admin/mail", Icon::Mail, s!(lang, office.mail), Some(Permission::ManagePeople)),
        ("/admin/privacy", Icon::Fingerprint, s!(lang, office.privacy), Some(Permission::ManagePrivacy)),
        ("/admin/journal", Icon::Scroll, s!(lang, office.journal), Some(Permission::ReadJournal)),
        ("/admin/settings", Icon::Sliders, s!(lang, office.settings), Some(Permission::ManageWorkspace)),
        ("/account", Icon::User, s!(lang, office.account), None),
    ];
    let open: Vec<_> = all.into_iter().filter(|(.., permission)| permission.is_none_or(|p| ctx.actor.may(p))).collect();
    view! {
        <nav class="office-nav" aria-label=s!(lang, office.nav)>
            <p class="office-nav-head">{s!(lang, office.workspace)}</p>
            {open
                .into_iter()
                .map(|(href, picture, name, _)| {
                    view! { <a class="place" href=href aria-current=(href == here).then_some("page")>{icon(picture)}<span>{name}</span></a> }
                })
                .collect_view()}
        </nav>
    }
    .into_any()
}

/// The head of a page: title, and what it is.
pub fn head(title: &str, help: &str, action: Option<AnyView>) -> AnyView {
    view! {
        <header class="office-head">
            <div>
                <h2 class="office-title">{title.to_owned()}</h2>
                <p class="office-help">{help.to_owned()}</p>
            </div>
            {action}
        </header>
    }
    .into_any()
}
