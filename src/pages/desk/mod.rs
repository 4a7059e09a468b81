//! The desk: the records that people sell with, and what is done with them.

mod bar;
mod calendar;
mod companies;
mod company;
mod contact;
mod contacts;
mod duplicates;
pub mod export;
mod fields;
mod forms;
mod import;
mod import_shown;
mod lead;
mod lead_new;
mod lead_profile;
pub mod lead_words;
mod leads;
mod lists;
pub mod parts;
mod record;
mod said;
mod tasks;
mod templates;
mod timeline;
pub mod words;

use leptos::prelude::*;

use crate::{
    domain::{AppError, AppResult},
    pages::written::{WrittenView, form::Sent, parts::Reader, render::Place},
    platform::ctx::Ctx,
    ui::i18n::s,
};

/// Whether an address is one of the desk's.
pub fn has(path: &str) -> bool {
    ["/contacts", "/companies", "/leads", "/duplicates", "/import", tasks::HERE]
        .iter()
        .any(|place| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Writes a page of the desk.
///
/// # Errors
/// Those of the use-cases; `NotFound` for an address that is no page.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<WrittenView> {
    let lang = reader.lang;
    let (title, body) = match steps(place.path) {
        ("contacts", None) => (s!(lang, desk.contacts).to_owned(), contacts::page(ctx, reader, place).await?),
        ("contacts", Some("new")) => (s!(lang, contacts.new).to_owned(), contact::new_page(ctx, reader, place).await?),
        ("contacts", Some(id)) => contact::page(ctx, reader, place, id).await?,
        ("companies", None) => (s!(lang, desk.companies).to_owned(), companies::page(ctx, reader, place).await?),
        ("companies", Some("new")) => (s!(lang, companies.new).to_owned(), company::new_page(ctx, reader).await?),
        ("companies", Some(id)) => company::page(ctx, reader, place, id).await?,
        ("leads", None) => (s!(lang, leads.title).to_owned(), leads::page(ctx, reader, place).await?),
        ("leads", Some("new")) => (s!(lang, leads.new).to_owned(), lead_new::page(ctx, reader).await?),
        ("leads", Some(id)) => lead::page(ctx, reader, place, id).await?,
        ("duplicates", None) => (s!(lang, duplicates.title).to_owned(), duplicates::page(ctx, reader, place).await?),
        ("duplicates", Some("merge")) => {
            (s!(lang, duplicates.merge_title).to_owned(), duplicates::merge_page(ctx, reader, place).await?)
        }
        ("tasks", None) => (s!(lang, tasks.title).to_owned(), tasks::page(ctx, reader, place).await?),
        ("tasks", Some("templates")) => (s!(lang, tasks.templates).to_owned(), templates::page(ctx, reader, place).await?),
        ("import", None) => (s!(lang, imports.title).to_owned(), import::page(ctx, reader, place).await?),
        ("import", Some(id)) => import::one(ctx, reader, id).await?,
        _ => return Err(AppError::NotFound),
    };
    let (list, name) = match steps(place.path).0 {
        "companies" => ("/companies", s!(lang, desk.companies)),
        "leads" => ("/leads", s!(lang, leads.title)),
        "duplicates" => ("/duplicates", s!(lang, duplicates.title)),
        "tasks" => ("/tasks", s!(lang, tasks.title)),
        "import" => ("/import", s!(lang, imports.title)),
        _ => ("/contacts", s!(lang, desk.contacts)),
    };
    let up = (place.path != list).then(|| (name.to_owned(), list.to_owned()));
    Ok(WrittenView { above: title.clone(), title, up, html: body.to_html(), class: "desk".to_owned() })
}

/// What a form of the desk asks for; nothing for an address that takes none.
pub async fn take(ctx: &Ctx, reader: &Reader, path: &str, sent: &mut Sent) -> Option<AppResult<()>> {
    // Tasks and what was said stand on several pages.
    if matches!(steps(path), ("contacts" | "companies" | "leads", Some(_)))
        && let Some(result) = parts::take(ctx, reader, sent).await
    {
        return Some(result);
    }
    Some(match steps(path) {
        ("contacts", None) => contacts::take(ctx, reader, sent).await,
        ("contacts", Some("new")) => contact::take_new(ctx, sent).await,
        ("contacts", Some(id)) => contact::take(ctx, sent, id).await,
        ("import", Some(id)) => import::take(ctx, sent, id).await,
        ("companies", None) => companies::take(ctx, reader, sent).await,
        ("companies", Some("new")) => company::take_new(ctx, sent).await,
        ("companies", Some(id)) => company::take(ctx, sent, id).await,
        ("leads", None) => leads::take(ctx, sent).await,
        ("leads", Some("new")) => lead_new::take(ctx, sent).await,
        ("leads", Some(id)) => lead::take(ctx, id, sent).await,
        ("duplicates", None) => duplicates::take(ctx, reader, sent).await,
        ("duplicates", Some("merge")) => duplicates::take_merge(ctx, sent).await,
        ("tasks", None) => tasks::take(ctx, reader, sent).await,
        ("tasks", Some("templates")) => templates::take(ctx, sent).await,
        _ => return None,
    })
}

/// The first two steps of a path; a longer one has no second.
fn steps(path: &str) -> (&str, Option<&str>) {
    let path = path.trim_matches('/');
    match path.split_once('/') {
        Some((first, second)) if !second.contains('/') => (first, Some(second)),
        Some(_) => ("", None),
        None => (path, None),
    }
}

pub use fields::{page as fields_page, take as take_fields};
