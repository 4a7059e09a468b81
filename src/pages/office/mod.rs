//! The office: one's own account, and the administration. Its pages are lists and forms that somebody visits now and then, so the
//! server writes them and the browser shows them as they are: they work without JavaScript, and cost the dashboard not a byte. Forms
//! are sent to the page's own address; what came of one is written into the page again.

pub mod api;
#[cfg(feature = "ssr")]
pub mod written;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;
use serde::{Deserialize, Serialize};

use self::api::load_office;
use super::frame::TopBar;
use crate::ui::{
    i18n::{t, use_lang},
    state::{ErrorPanel, skeleton_rows},
};

/// A page of the office, as the server has written it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficeView {
    /// The title.
    pub title: String,
    /// What stands in the bar above it.
    pub above: String,
    /// The page. Whatever people have typed is escaped in it.
    pub html: String,
}

/// Shows a page of the office.
#[component]
pub fn OfficePage() -> impl IntoView {
    let lang = use_lang();
    let location = use_location();
    let place = Memo::new(move |_| {
        let (path, search) = (location.pathname.get(), location.search.get());
        if search.is_empty() { path } else { format!("{path}?{}", search.trim_start_matches('?')) }
    });
    let page = Resource::new(move || place.get(), load_office);
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
                    Ok(OfficeView { title, above, html }) => {
                        view! {
                            <Title text=title/>
                            <TopBar title=above/>
                            <div class="office" inner_html=html></div>
                        }
                            .into_any()
                    }
                    Err(error) => {
                        view! {
                            <Title text=t!(lang, nav.office)/>
                            <TopBar title=t!(lang, nav.office)/>
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
