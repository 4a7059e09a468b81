//! One user: where they stand, what they use, what was raised.

mod board;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use self::board::UserBoard;
use super::{frame::TopBar, usage::api::load_user};
use crate::{
    domain::{
        AppError,
        usage::{EventPage, UserDetail},
    },
    features::usage::api::load_user_events,
    ui::{
        href,
        i18n::{t, use_lang},
        state::{ErrorPanel, skeleton_rows},
    },
};

/// Reads a user; with `after`, older events than the newest.
async fn read(id: String, after: Option<String>) -> Result<UserDetail, AppError> {
    let mut detail = load_user(id.clone()).await?;
    if after.is_some() {
        detail.events = load_user_events(id, after).await.unwrap_or_else(|_| EventPage::default());
    }
    Ok(detail)
}

/// The page of one user.
#[component]
pub fn UserPage() -> impl IntoView {
    let lang = use_lang();
    let params = use_params_map();
    let query = use_query_map();
    let id = Memo::new(move |_| params.with(|p| p.get("id").unwrap_or_default()));
    let after = Memo::new(move |_| query.with(|q| q.get_str("after").filter(|a| !a.is_empty()).map(str::to_owned)));
    let detail = Resource::new(move || (id.get(), after.get()), |(id, after)| read(id, after));
    let retry = Callback::new(move |()| detail.refetch());
    view! {
        <Title text=move || id.get()/>
        <Suspense fallback=move || view! { <Waiting id=id.get_untracked()/> }>
            {move || Suspend::new(async move {
                let older = after.get_untracked().is_some();
                match detail.await {
                    Ok(detail) => view! { <UserBoard first=detail older/> }.into_any(),
                    Err(error) => {
                        let id = id.get_untracked();
                        view! {
                            <TopBar title=id.clone() parent=(t!(lang, users.title).to_owned(), "/usage/users".to_owned())/>
                            <div class="page-state">
                                <ErrorPanel error href=href::user(&id) retry/>
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

/// The shape of the page, while it is being loaded.
#[component]
fn Waiting(id: String) -> impl IntoView {
    let lang = use_lang();
    view! {
        <TopBar title=id parent=(t!(lang, users.title).to_owned(), "/usage/users".to_owned())/>
        <div class="user-page skeleton" aria-busy="true" aria-label=t!(lang, usage.loading)>
            <div class="record"><span class="bone bone-big"></span><span class="bone bone-b"></span></div>
            <div class="user-main">
                <div class="panel"><span class="bone bone-chart"></span></div>
                <div class="panel">{skeleton_rows(8, false)}</div>
            </div>
            <div class="user-side">{skeleton_rows(8, true)}</div>
        </div>
    }
    .into_any()
}
