//! The office: one's own account, and the administration. Lists and forms that somebody visits now and then.

mod account;
mod ingest;
pub mod journal;
mod keys;
mod limits;
mod mail;
mod people;
mod privacy;
mod scorecard;
mod sessions;
mod settings;
mod webhooks;

use leptos::prelude::*;

use crate::{
    domain::{AppError, AppResult, people::Permission},
    features::usage::ingest::Ingest,
    pages::{
        desk,
        written::{WrittenView, form::Sent, parts::Reader, render::Place},
    },
    platform::ctx::Ctx,
    ui::{
        i18n::s,
        icon::{Icon, icon},
    },
};

/// Writes a page of the office.
///
/// # Errors
/// Those of the use-cases; `NotFound` for an address that is no page.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<WrittenView> {
    let lang = reader.lang;
    let (title, body) = match place.path {
        "/account" => (s!(lang, office.account), account::page(ctx, reader, place).await?),
        "/admin/people" => (s!(lang, office.people), people::page(ctx, reader, place).await?),
        "/admin/sessions" => (s!(lang, office.sessions), sessions::page(ctx, reader, place).await?),
        "/admin/settings" => (s!(lang, office.settings), settings::page(ctx, reader).await?),
        "/admin/fields" => (s!(lang, office.fields), desk::fields_page(ctx, reader, place).await?),
        "/admin/keys" => (s!(lang, office.keys), keys::page(ctx, reader, place).await?),
        "/admin/limits" => (s!(lang, office.limits), limits::page(ctx, reader, place).await?),
        "/admin/scorecard" => (s!(lang, office.scorecard), scorecard::page(ctx, reader, place).await?),
        "/admin/ingest" => (s!(lang, office.ingest), ingest::page(ctx, reader, place).await?),
        "/admin/webhooks" => (s!(lang, office.webhooks), webhooks::page(ctx, reader).await?),
        "/admin/mail" => (s!(lang, office.mail), mail::page(ctx, reader, place).await?),
        "/admin/privacy" => (s!(lang, office.privacy), privacy::page(ctx, reader, place).await?),
        "/admin/journal" => (s!(lang, office.journal), journal::page(ctx, reader, place).await?),
        _ => return Err(AppError::NotFound),
    };
    let html = view! { {places(ctx, reader, place.path)} <div class="office-main">{body}</div> }.to_html();
    let above = if place.path == "/account" { title } else { s!(lang, office.title) };
    Ok(WrittenView { title: title.to_owned(), above: above.to_owned(), html, up: None, class: "office".to_owned() })
}

/// What a form of the office asks for; nothing for an address that takes none.
pub async fn take(ctx: &Ctx, ingest: &Ingest, path: &str, sent: &mut Sent) -> Option<AppResult<()>> {
    Some(match path {
        "/account" => account::take(ctx, sent).await,
        "/admin/people" => people::take(ctx, sent).await,
        "/admin/sessions" => sessions::take(ctx, sent).await,
        "/admin/settings" => settings::take(ctx, sent).await,
        "/admin/fields" => desk::take_fields(ctx, sent).await,
        "/admin/scorecard" => scorecard::take(ctx, sent).await,
        "/admin/ingest" => ingest::take(ctx, ingest, sent).await,
        "/admin/keys" => keys::take(ctx, sent).await,
        "/admin/mail" => mail::take(ctx, sent).await,
        "/admin/limits" => limits::take(ctx, sent).await,
        "/admin/webhooks" => webhooks::take(ctx, sent).await,
        "/admin/privacy" => privacy::take(ctx, sent).await,
        _ => return None,
    })
}

/// The places of the office that the actor may go to.
fn places(ctx: &Ctx, reader: &Reader, here: &str) -> AnyView {
    let lang = reader.lang;
    let all = [
        ("/admin/people", Icon::Users, s!(lang, office.people), Some(Permission::ReadPeople)),
        ("/admin/sessions", Icon::Monitor, s!(lang, office.sessions), Some(Permission::ManagePeople)),
        ("/admin/fields", Icon::Columns, s!(lang, office.fields), Some(Permission::ManageCrm)),
        ("/admin/limits", Icon::Gauge, s!(lang, office.limits), Some(Permission::ManageLimits)),
        ("/admin/scorecard", Icon::Funnel, s!(lang, office.scorecard), Some(Permission::ManageCrm)),
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
