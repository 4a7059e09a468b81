//! The page for addresses that lead nowhere.

use leptos::prelude::*;
use leptos_meta::Title;

use super::frame::TopBar;
use crate::ui::{
    i18n::{t, use_lang},
    icon::Icon,
    state::EmptyPanel,
};

/// Says that there is nothing here, and where there is something.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    let lang = use_lang();
    view! {
        <Title text=t!(lang, not_found.title)/>
        <TopBar title=t!(lang, not_found.title)/>
        <div class="page-state">
            <EmptyPanel picture=Icon::Search title=t!(lang, not_found.head) help=t!(lang, not_found.help)>
                <a class="button button-primary" href="/usage">{t!(lang, not_found.action)}</a>
            </EmptyPanel>
        </div>
    }
    .into_any()
}
