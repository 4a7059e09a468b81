//! The desk: what sales people work with every day.

mod lead;
mod lead_new;
mod leads;
mod lead_profile;
pub mod lead_words;

use leptos::prelude::*;

use crate::{
    domain::{AppError, AppResult, crm::LeadId},
    pages::written::{WrittenView, form::Sent, parts::Reader, render::Place},
    platform::ctx::Ctx,
    ui::i18n::s,
};

/// The id at the end of a path.
fn id_in(path: &str, folder: &str) -> Option<uuid::Uuid> {
    path.strip_prefix(folder)?.parse().ok()
}

/// Writes a page of the desk.
///
/// # Errors
/// Those of the use-cases; `NotFound` for an address that is no page.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<WrittenView> {
    let lang = reader.lang;
    let above = s!(lang, leads.title).to_owned();
    let (title, body) = match place.path {
        "/leads" => (above.clone(), leads::page(ctx, reader, place).await?),
        "/leads/new" => (s!(lang, leads.new).to_owned(), lead_new::page(ctx, reader).await?),
        path => {
            let id = id_in(path, "/leads/").ok_or(AppError::NotFound)?;
            lead::page(ctx, reader, place, LeadId(id)).await?
        }
    };
    let html = view! { <div class="office-main desk">{body}</div> }.to_html();
    Ok(WrittenView { title, above, html })
}

/// What a form of the desk asks for; nothing for an address that takes none.
pub async fn take(ctx: &Ctx, path: &str, sent: &mut Sent) -> Option<AppResult<()>> {
    Some(match path {
        "/leads" => leads::take(ctx, sent).await,
        "/leads/new" => lead_new::take(ctx, sent).await,
        path => lead::take(ctx, LeadId(id_in(path, "/leads/")?), sent).await,
    })
}
