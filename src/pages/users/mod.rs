//! All users of the month: search, narrow, sort, page by page.

use std::time::Duration;

use leptos::{ev, prelude::*};
use leptos_meta::Title;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use super::frame::TopBar;
use crate::{
    domain::{
        AppError, format,
        tier::Tier,
        usage::{UserPage, UserQuery, UserSort},
    },
    features::usage::{
        api::load_users,
        view::{UsersTable, user_href},
    },
    ui::{
        i18n::{fill, plural, t, use_lang},
        icon::{Icon, icon},
        mark::tier_name,
        menu::{Choice, Menu},
        state::{EmptyPanel, ErrorPanel, skeleton_rows},
    },
};

/// The id of the search field, for the shortcut that goes there.
pub const SEARCH_ID: &str = "user-search";

/// Longest search that is sent.
const MAX_SEARCH: usize = 100;

/// The list of users.
#[component]
pub fn UsersPage() -> impl IntoView {
    let lang = use_lang();
    let address = use_query_map();
    let query = Memo::new(move |_| {
        address.with(|q| UserQuery {
            search: q.get_str("q").unwrap_or_default().trim().chars().take(MAX_SEARCH).collect(),
            tier: q.get_str("tier").and_then(Tier::parse),
            near_only: q.get_str("near") == Some("1"),
            sort: UserSort::parse(q.get_str("sort")),
            after: q.get_str("after").filter(|a| !a.is_empty()).map(str::to_owned),
        })
    });
    // The answer carries its question, so that a page is never drawn under another one's filters.
    let page = Resource::new(move || query.get(), |query| async move { (load_users(query.clone()).await, query) });
    let retry = Callback::new(move |()| page.refetch());
    let total = RwSignal::new(None::<i64>);
    view! {
        <Title text=t!(lang, users.title)/>
        <TopBar title=t!(lang, users.title)/>
        <UsersBar query total/>
        <section class="panel users" aria-label=t!(lang, users.title)>
            <Transition fallback=move || view! { <div class="skeleton" aria-busy="true">{skeleton_rows(12, true)}</div> }>
                {move || Suspend::new(async move {
                    let (answer, query) = page.await;
                    let count = answer.as_ref().ok().map(|p| p.total);
                    view! { <Answer answer query retry/> <Count count total/> }
                })}
            </Transition>
        </section>
    }
    .into_any()
}

/// Tells the bar how many there are, once they are there.
#[component]
fn Count(count: Option<i64>, total: RwSignal<Option<i64>>) -> impl IntoView {
    let lang = use_lang();
    Effect::new(move || total.set(count));
    count.map(|n| {
        let text = fill(plural(n, t!(lang, users.count_one), t!(lang, users.count)), &[&format::integer(n, lang)]);
        view! { <p class="sr-only" role="status">{text}</p> }
    })
}

#[component]
fn Answer(answer: Result<UserPage, AppError>, query: UserQuery, retry: Callback<()>) -> impl IntoView {
    let lang = use_lang();
    let page = match answer {
        Ok(page) => page,
        Err(error) => return view! { <ErrorPanel error href=user_href(&query) retry/> }.into_any(),
    };
    if page.rows.is_empty() {
        let narrowed = !query.search.is_empty() || query.tier.is_some() || query.near_only || query.after.is_some();
        return if narrowed {
            view! {
                <EmptyPanel picture=Icon::Funnel title=t!(lang, users.none) help=t!(lang, users.none_help)>
                    <a class="button" href="/usage/users">{t!(lang, users.clear)}</a>
                </EmptyPanel>
            }
            .into_any()
        } else {
            view! {
                <EmptyPanel picture=Icon::Users title=t!(lang, users.empty) help=t!(lang, users.empty_help)>
                    <a class="button" href="/usage">{t!(lang, not_found.action)}</a>
                </EmptyPanel>
            }
            .into_any()
        };
    }
    let shown = i64::try_from(page.rows.len()).unwrap_or_default();
    let text = fill(t!(lang, users.shown), &[&format::integer(shown, lang), &format::integer(page.total, lang)]);
    let first = query.after.is_some().then(|| user_href(&UserQuery { after: None, ..query.clone() }));
    let next = page.next.clone().map(|after| user_href(&UserQuery { after: Some(after), ..query.clone() }));
    view! {
        <UsersTable rows=page.rows query/>
        <nav class="pager" aria-label=t!(lang, users.pages)>
            <p>{text}</p>
            {first.map(|href| view! { <a class="button" href=href>{t!(lang, users.first)}</a> })}
            {next.map(|href| view! { <a class="button" href=href rel="next">{t!(lang, users.next)}{icon(Icon::ChevronRight)}</a> })}
        </nav>
    }
    .into_any()
}

/// Search and filters.
#[component]
fn UsersBar(query: Memo<UserQuery>, total: RwSignal<Option<i64>>) -> impl IntoView {
    let lang = use_lang();
    let tiers = move || {
        let current = UserQuery { after: None, ..query.get() };
        let all = Choice {
            href: user_href(&UserQuery { tier: None, ..current.clone() }),
            label: t!(lang, filter.all_tiers).into_any(),
            chosen: current.tier.is_none(),
        };
        let each = Tier::ALL.into_iter().map(|tier| Choice {
            href: user_href(&UserQuery { tier: Some(tier), ..current.clone() }),
            label: tier_name(tier).into_any(),
            chosen: current.tier == Some(tier),
        });
        std::iter::once(all).chain(each).collect()
    };
    let sort_name = move |sort: UserSort| match sort {
        UserSort::Used => t!(lang, users.sort_used),
        UserSort::Tokens => t!(lang, users.sort_tokens),
        UserSort::Interactions => t!(lang, users.sort_interactions),
        UserSort::Recent => t!(lang, users.sort_recent),
        UserSort::Name => t!(lang, users.sort_name),
    };
    let sorts = move || {
        let current = UserQuery { after: None, ..query.get() };
        UserSort::ALL
            .into_iter()
            .map(|sort| Choice {
                href: user_href(&UserQuery { sort, ..current.clone() }),
                label: sort_name(sort).into_any(),
                chosen: current.sort == sort,
            })
            .collect()
    };
    let near = move || query.with(|q| user_href(&UserQuery { near_only: !q.near_only, after: None, ..q.clone() }));
    let near_on = move || query.with(|q| q.near_only).then_some("true");
    let tier_value = move || query.with(|q| q.tier.map_or_else(|| t!(lang, filter.all_tiers).to_owned(), |t| t.label().to_owned()));
    view! {
        <div class="subbar" role="group" aria-label=t!(lang, filter.title)>
            <Search query/>
            <a class="button toggle" class:is-active=move || near_on().is_some() href=near data-noscroll="" aria-current=near_on>
                {t!(lang, users.near)}
            </a>
            <Menu
                name=t!(lang, filter.tier)
                value=Signal::derive(tier_value)
                active=Signal::derive(move || query.with(|q| q.tier.is_some()))
                choices=tiers
            />
            <Menu
                name=t!(lang, users.order)
                value=Signal::derive(move || sort_name(query.with(|q| q.sort)).to_owned())
                active=Signal::derive(move || query.with(|q| q.sort != UserSort::default()))
                choices=sorts
            />
            <p class="subbar-range" aria-hidden="true">
                {move || {
                    total
                        .get()
                        .map(|n| fill(plural(n, t!(lang, users.count_one), t!(lang, users.count)), &[&format::integer(n, lang)]))
                }}
            </p>
        </div>
    }
    .into_any()
}

/// The search field: a form without JavaScript, with it the list follows what is typed.
#[component]
fn Search(query: Memo<UserQuery>) -> impl IntoView {
    let lang = use_lang();
    let navigate = use_navigate();
    let field = NodeRef::<leptos::html::Input>::new();
    let waiting = StoredValue::new(None::<leptos::leptos_dom::helpers::TimeoutHandle>);
    let go = move || {
        let Some(text) = field.try_get_untracked().flatten().map(|field| field.value()) else { return };
        let search = text.trim().to_owned();
        if query.with_untracked(|q| q.search == search) {
            return;
        }
        let href = user_href(&UserQuery { search, after: None, ..query.get_untracked() });
        navigate(&href, NavigateOptions { scroll: false, replace: true, ..Default::default() });
    };
    on_cleanup(move || {
        if let Some(waiting) = waiting.try_update_value(Option::take).flatten() {
            waiting.clear();
        }
    });
    let go_now = go.clone();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        go_now();
    };
    let input = move |_| {
        let go = go.clone();
        waiting.update_value(|waiting| {
            if let Some(waiting) = waiting.take() {
                waiting.clear();
            }
            *waiting = set_timeout_with_handle(go, Duration::from_millis(250)).ok();
        });
    };
    view! {
        <form class="search" role="search" method="get" action="/usage/users" on:submit=submit>
            {icon(Icon::Search)}
            <input
                node_ref=field
                id=SEARCH_ID
                type="search"
                name="q"
                maxlength="100"
                autocomplete="off"
                spellcheck="false"
                placeholder=t!(lang, users.search)
                aria-label=t!(lang, users.search)
                value=query.get_untracked().search
                on:input=input
            />
            <kbd aria-hidden="true">"/"</kbd>
            {move || query.with(|q| q.tier.map(|tier| view! { <input type="hidden" name="tier" value=tier.as_str()/> }))}
            {move || query.with(|q| q.near_only.then(|| view! { <input type="hidden" name="near" value="1"/> }))}
            {move || {
                query.with(|q| (q.sort != UserSort::default()).then(|| view! { <input type="hidden" name="sort" value=q.sort.as_str()/> }))
            }}
        </form>
    }
    .into_any()
}
