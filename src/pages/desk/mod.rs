//! The desk: the records that people sell with, and what is done with them.

mod calendar;
pub mod parts;
mod said;
mod tasks;
mod templates;

use leptos::prelude::*;

use crate::{
    domain::{AppError, AppResult},
    pages::written::{WrittenView, form::Sent, parts::Reader, render::Place},
    platform::ctx::Ctx,
    ui::i18n::s,
};

/// Whether an address is one of the desk's.
pub fn has(path: &str) -> bool {
    path == tasks::HERE || path == templates::HERE
}

/// Writes a page of the desk.
///
/// # Errors
/// Those of the use-cases; `NotFound` for an address that is no page.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<WrittenView> {
    let lang = reader.lang;
    let (title, body) = match place.path {
        tasks::HERE => (s!(lang, tasks.title), tasks::page(ctx, reader, place).await?),
        templates::HERE => (s!(lang, tasks.templates), templates::page(ctx, reader, place).await?),
        _ => return Err(AppError::NotFound),
    };
    Ok(WrittenView { title: title.to_owned(), above: s!(lang, tasks.title).to_owned(), html: body.to_html() })
}

/// What a form of the desk asks for; nothing for an address that takes none.
pub async fn take(ctx: &Ctx, reader: &Reader, path: &str, sent: &mut Sent) -> Option<AppResult<()>> {
    Some(match path {
        tasks::HERE => tasks::take(ctx, reader, sent).await,
        templates::HERE => templates::take(ctx, sent).await,
        _ => return None,
    })
}
