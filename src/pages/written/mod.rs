//! Pages that the server writes and the browser shows as they are: they work without JavaScript, and cost the dashboard not a byte.
//! Forms are sent to the page's own address; what came of one is written into the page again. Which pages there are: `render`.

pub mod api;
mod enhance;
#[cfg(feature = "ssr")]
pub mod form;
#[cfg(feature = "ssr")]
pub mod parts;
#[cfg(feature = "ssr")]
pub mod render;
#[cfg(feature = "ssr")]
pub mod tables;

use std::time::Duration;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;
use serde::{Deserialize, Serialize};

use self::api::load_page;
use super::frame::TopBar;
use crate::ui::{
    i18n::{t, use_lang},
    state::{ErrorPanel, error_text, skeleton_rows},
};

/// Marks what goes on while somebody looks at it, such as a job: the page is asked for again after a second.
pub const GOES_ON: &str = "data-goes-on";

/// A page, as the server has written it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenView {
    /// The title.
    pub title: String,
    /// What stands in the bar above it.
    pub above: String,
    /// The page above it, by name and address.
    pub up: Option<(String, String)>,
    /// What kind of page it is, for its looks.
    pub class: String,
    /// The page. Whatever people have typed is escaped in it.
    pub html: String,
}

/// Shows a page that the server has written.
#[component]
pub fn WrittenPage() -> impl IntoView {
    let lang = use_lang();
    let location = use_location();
    let place = Memo::new(move |before: Option<&String>| {
        let (path, search) = (location.pathname.get(), location.search.get());
        // The address changes before this page is gone: the dashboard's is none of the written ones.
        if let Some(before) = before.filter(|_| path == "/" || path.starts_with("/usage")) {
            return before.clone();
        }
        if search.is_empty() { path } else { format!("{path}?{}", search.trim_start_matches('?')) }
    });
    let page = Resource::new(move || place.get(), load_page);
    let retry = Callback::new(move |()| page.refetch());
    view! {
        <Transition fallback=move || {
            view! {
                <TopBar title=t!(lang, nav.office)/>
                <div class="office skeleton" aria-busy="true">{skeleton_rows(8, true)}</div>
            }
        }>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(WrittenView { title, above, up, class, html }) => {
                        // What goes on by itself is looked at again until it has ended, or somebody has left.
                        if cfg!(feature = "hydrate") && html.contains(GOES_ON) {
                            let here = place.get_untracked();
                            let again = move || {
                                if place.try_get_untracked().is_some_and(|place| place == here) {
                                    page.refetch();
                                }
                            };
                            set_timeout(again, Duration::from_secs(1));
                        }
                        view! {
                            <Title text=title/>
                            {match up {
                                Some(parent) => view! { <TopBar title=above parent/> }.into_any(),
                                None => view! { <TopBar title=above/> }.into_any(),
                            }}
                            <div class=class inner_html=html on:input=move |event| enhance::input(&event)></div>
                        }
                            .into_any()
                    }
                    Err(error) => {
                        let (title, _) = error_text(&error, lang);
                        view! {
                            <Title text=title.clone()/>
                            <TopBar title/>
                            <div class="page-state">
                                <ErrorPanel error href=place.get_untracked() retry/>
                            </div>
                        }
                            .into_any()
                    }
                }
            })}
        </Transition>
    }
    .into_any()
}
