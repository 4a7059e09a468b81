//! The live dashboard: usage and open alerts on one page.

pub mod api;
mod board;
#[cfg(feature = "ssr")]
pub mod load;
mod toolbar;
mod welcome;

pub use toolbar::{PERIODS, period_name};

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};

use self::{api::load_dashboard, board::Board};
use super::frame::TopBar;
use crate::{
    domain::{
        alert::OpenAlerts,
        usage::{UsageDashboard, UsageFilter},
    },
    ui::{
        href,
        i18n::{t, use_lang},
        state::{ErrorPanel, skeleton_rows},
    },
};

/// All that the dashboard shows, of one instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DashboardData {
    /// Usage.
    pub usage: UsageDashboard,
    /// The open alerts.
    pub alerts: OpenAlerts,
}

/// The address of the dashboard that a filter describes.
pub fn usage_href(filter: &UsageFilter) -> String {
    href::with_query("/usage", &filter.to_query())
}

/// The live dashboard.
#[component]
pub fn UsagePage() -> impl IntoView {
    let lang = use_lang();
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(|q| UsageFilter::from_query(|key| q.get_str(key))));
    // Read once; from then on the board asks for more and patches itself, so that nothing is drawn twice.
    let first = Resource::new(|| (), move |()| load_dashboard(filter.get_untracked()));
    let retry = Callback::new(move |()| first.refetch());
    view! {
        <Title text=t!(lang, usage.title)/>
        <Suspense fallback=move || view! { <Waiting/> }>
            {move || Suspend::new(async move {
                match first.await {
                    Ok(data) => view! { <Board data filter/> }.into_any(),
                    Err(error) => {
                        view! {
                            <TopBar title=t!(lang, usage.title)/>
                            <div class="page-state">
                                <ErrorPanel error href=usage_href(&filter.get_untracked()) retry/>
                            </div>
                        }
                            .into_any()
                    }
                }
            })}
        </Suspense>
    }
    .into_any()
}

/// The shape of the dashboard, while it is being loaded.
#[component]
fn Waiting() -> impl IntoView {
    let lang = use_lang();
    view! {
        <TopBar title=t!(lang, usage.title)/>
        <div class="dashboard skeleton" aria-busy="true" aria-label=t!(lang, usage.loading)>
            <div class="subbar"><span class="bone bone-b"></span></div>
            <div class="board">
                <div class="board-main">
                    <div class="board-grid">
                        <div class="figures figures-region">
                            {(0..4)
                                .map(|_| view! { <div class="figure"><span class="bone bone-a"></span><span class="bone bone-big"></span><span class="bone bone-b"></span></div> })
                                .collect_view()}
                        </div>
                        <div class="panel chart"><span class="bone bone-chart"></span></div>
                        <div class="panel limits">{skeleton_rows(5, true)}</div>
                        <div class="panel agents">{skeleton_rows(8, true)}</div>
                        <div class="panel nearest">{skeleton_rows(8, true)}</div>
                    </div>
                </div>
                <div class="side">{skeleton_rows(6, true)} {skeleton_rows(10, false)}</div>
            </div>
        </div>
    }
    .into_any()
}
