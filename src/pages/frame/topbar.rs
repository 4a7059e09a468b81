//! The bar at the top of a page, and how the live line is.

use leptos::prelude::*;

use super::use_overlays;
use crate::{
    domain::format,
    ui::{
        clock::use_clock,
        i18n::{fill, t, use_lang},
        icon::{Icon, icon},
        live::{Live, LiveStatus},
        prefs::use_zone,
    },
};

/// How long a line may be down before the page speaks of it, in seconds: a restarting server is back sooner.
const PATIENCE_S: i64 = 3;

/// Title, what the page adds to it, and the search.
#[component]
pub fn TopBar(
    /// The title of the page.
    #[prop(into)]
    title: String,
    /// A shorter one for a phone.
    #[prop(optional, into)]
    short: Option<String>,
    /// The page above, by name and address.
    #[prop(optional)]
    parent: Option<(String, String)>,
    /// What the page adds.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let lang = use_lang();
    let overlays = use_overlays();
    let below = parent.is_some();
    let tip = title.clone();
    view! {
        <header class="topbar">
            {parent
                .map(|(name, href)| {
                    view! {
                        <a class="topbar-parent" href=href aria-label=name.clone()>
                            {icon(Icon::ArrowLeft)}
                            <span>{name.clone()}</span>
                        </a>
                        <span class="topbar-sep">{icon(Icon::ChevronRight)}</span>
                    }
                })}
            <h1 class=if below { "topbar-title topbar-record" } else { "topbar-title" } title=tip>
                {match short {
                    Some(short) => {
                        view! {
                            <span class="wide-only">{title}</span>
                            <span class="phone-only">{short}</span>
                        }
                            .into_any()
                    }
                    None => title.into_any(),
                }}
            </h1>
            {children.map(|children| children())}
            <button
                class="topbar-search js-only"
                type="button"
                aria-haspopup="dialog"
                aria-label=t!(lang, palette.open)
                on:click=move |_| overlays.palette.set(true)>
                {icon(Icon::Search)}
                <span class="topbar-search-text">{t!(lang, palette.open)}</span>
                <span class="keys" aria-hidden="true"><kbd>"Ctrl"</kbd><kbd>"K"</kbd></span>
            </button>
        </header>
    }
    .into_any()
}

/// Whether the page is live, and how fresh it is.
#[component]
pub fn LiveMark(
    /// The live line.
    live: Live,
) -> impl IntoView {
    let lang = use_lang();
    let zone = use_zone();
    let now = use_clock().now();
    let state = Memo::new(move |_| match live.status.get() {
        LiveStatus::Connecting => 0,
        LiveStatus::Live => 1,
        LiveStatus::Lost { .. } => 2,
    });
    view! {
        <p class=move || match state.get() {
            1 => "live live-on",
            2 => "live live-lost",
            _ => "live",
        }>
            <span class="live-dot" aria-hidden="true"></span>
            {move || match state.get() {
                1 => {
                    view! {
                        <strong>{t!(lang, live.on)}</strong>
                        <span class="live-age" title=move || zone.with(|z| format::date_time(live.heard_at.get(), z, lang))>
                            "· "
                            {move || format::ago(live.heard_at.get(), now.get(), lang)}
                        </span>
                    }
                        .into_any()
                }
                2 => view! { <strong>{t!(lang, live.lost)}</strong> }.into_any(),
                _ => {
                    view! {
                        <span class="live-age">
                            {move || fill(t!(lang, live.data_of), &[&zone.with(|z| format::clock_seconds(live.heard_at.get(), z))])}
                        </span>
                    }
                        .into_any()
                }
            }}
        </p>
    }
    .into_any()
}

/// Says that the line is down, since when, and what the figures are worth.
#[component]
pub fn LostBanner(
    /// The live line.
    live: Live,
) -> impl IntoView {
    let lang = use_lang();
    let zone = use_zone();
    let now = use_clock().now();
    let lost = Memo::new(move |_| match live.status.get() {
        LiveStatus::Lost { since, retry_at } => Some((since, retry_at)),
        _ => None,
    });
    let shown = Memo::new(move |_| lost.get().is_some_and(|(since, _)| (now.get() - since).num_seconds() >= PATIENCE_S));
    view! {
        <div class="banner-place" role="status">
            {move || {
                shown
                    .get()
                    .then(|| {
                        let since = move || lost.get().map(|(since, _)| since).unwrap_or_default();
                        let wait = move || lost.get().map_or(0, |(_, at)| (at - now.get()).num_seconds().max(0));
                        view! {
                            <div class="banner">
                                {icon(Icon::WifiOff)}
                                <p>
                                    <strong>{t!(lang, live.lost)}</strong>
                                    " "
                                    <span aria-hidden="true">{move || format::ago(since(), now.get(), lang)} ". "</span>
                                    {move || fill(t!(lang, live.as_of), &[&zone.with(|z| format::clock_seconds(live.heard_at.get(), z))])}
                                </p>
                                <span class="banner-wait" aria-hidden="true">
                                    {move || fill(t!(lang, live.retry_in), &[&wait().to_string()])}
                                </span>
                                <button class="button" type="button" on:click=move |_| live.retry()>{t!(lang, live.now)}</button>
                            </div>
                        }
                    })
            }}
        </div>
    }
    .into_any()
}
