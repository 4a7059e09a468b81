//! Which page stands at an address, and what stands around each.

use leptos::prelude::*;

use super::{WrittenView, form::Sent, parts::Reader};
use crate::{
    domain::{AppError, AppResult, format::Lang, time::Zone},
    features::usage::ingest::Ingest,
    pages::{desk, office},
    platform::ctx::Ctx,
};

/// Who reads, as the server has provided it for the request at hand.
pub fn reader(ctx: &Ctx) -> Reader {
    use_context::<Reader>().unwrap_or_else(|| Reader { lang: Lang::En, zone: Zone::utc(), now: ctx.now(), sent: Sent::default() })
}

/// An address's path, and its query's fields.
pub struct Place<'a> {
    /// The path.
    pub path: &'a str,
    query: Vec<(String, String)>,
}

impl<'a> Place<'a> {
    fn parse(place: &'a str) -> Self {
        let (path, query) = place.split_once('?').unwrap_or((place, ""));
        Self { path, query: serde_urlencoded::from_str(query).unwrap_or_default() }
    }

    /// All fields of the query, in their order.
    pub fn query(&self) -> &[(String, String)] {
        &self.query
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
pub async fn page(ctx: &Ctx, reader: &Reader, place: &str) -> AppResult<WrittenView> {
    let place = Place::parse(place);
    if desk::has(place.path) { desk::page(ctx, reader, &place).await } else { office::page(ctx, reader, &place).await }
}

/// What a form asks for. The page is to be written again after it, with what came of it.
///
/// # Errors
/// `NotFound` for an address that takes no forms. What the use-case refuses stands in `sent`.
pub async fn take(ctx: &Ctx, reader: &Reader, ingest: &Ingest, path: &str, sent: &mut Sent) -> AppResult<()> {
    let result = match desk::take(ctx, reader, path, sent).await {
        None => office::take(ctx, ingest, path, sent).await,
        taken => taken,
    };
    if let Some(result) = result {
        result.unwrap_or_else(|error| sent.refuse(error));
        return Ok(());
    }
    Err(AppError::NotFound)
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
