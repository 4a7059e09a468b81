//! What customers are doing now.

use leptos::prelude::*;

use super::SLOW_MS;
use crate::{
    domain::{
        format::{self, Lang},
        usage::{RecentEvent, UsageDashboard, flags},
    },
    ui::{
        clock::use_clock,
        i18n::{fill, plural, t, use_lang},
        icon::{Icon, icon},
        mark::agent_mark,
        prefs::use_zone,
        state::EmptyPanel,
    },
};

/// The latest events, as they arrive; a button holds the list still.
#[component]
pub fn Activity(
    /// What the page shows.
    usage: RwSignal<UsageDashboard>,
) -> impl IntoView {
    let lang = use_lang();
    let now = use_clock().now();
    let held = RwSignal::new(None::<Vec<RecentEvent>>);
    let latest = Memo::new(move |_| usage.with(|d| d.recent.clone()));
    let rows = Memo::new(move |_| held.get().unwrap_or_else(|| latest.get()));
    let rate = move || {
        latest.with(|events| {
            let Some(oldest) = events.last() else { return String::new() };
            let seconds = (now.get() - oldest.at).num_seconds().max(1);
            let n = i64::try_from(events.len()).unwrap_or_default() * 60 / seconds;
            match n {
                0 => t!(lang, activity.rate_low).to_owned(),
                n => fill(t!(lang, activity.rate), &[&format::integer(n, lang)]),
            }
        })
    };
    let missed = move || {
        held.with(|held| {
            let newest = held.as_ref()?.first()?.at;
            let n = latest.with(|events| events.iter().filter(|e| e.at > newest).count());
            let n = i64::try_from(n).unwrap_or_default();
            (n > 0).then(|| fill(plural(n, t!(lang, activity.missed_one), t!(lang, activity.missed)), &[&n.to_string()]))
        })
    };
    let hold = move |_| held.update(|held| *held = if held.is_some() { None } else { Some(latest.get_untracked()) });
    // Rows that come in later are marked for a moment; those that came with the page are not.
    let settled = StoredValue::new(false);
    Effect::new(move || settled.set_value(true));
    view! {
        <section class="panel activity" aria-labelledby="activity-title">
            <header class="panel-head">
                <h2 id="activity-title">{t!(lang, activity.title)}</h2>
                <p class="panel-aside">{move || missed().unwrap_or_else(rate)}</p>
                <button
                    type="button"
                    class="icon-button js-only"
                    aria-pressed=move || held.with(Option::is_some).to_string()
                    title=t!(lang, activity.pause)
                    aria-label=t!(lang, activity.pause)
                    on:click=hold
                >
                    {move || if held.with(Option::is_some) { icon(Icon::Play) } else { icon(Icon::Pause) }}
                </button>
            </header>
            {move || {
                rows.with(Vec::is_empty)
                    .then(|| view! { <EmptyPanel picture=Icon::Activity title=t!(lang, activity.none) help=t!(lang, activity.none_help)/> })
            }}
            <table class="table activity-table" class:hidden=move || rows.with(Vec::is_empty)>
                <thead>
                    <tr>
                        <th scope="col">{t!(lang, activity.time)}</th>
                        <th scope="col" class="cell-mark"><span class="sr-only">{t!(lang, agents.agent)}</span></th>
                        <th scope="col">{t!(lang, users.user)}</th>
                        <th scope="col" class="num">{t!(lang, figures.tokens)}</th>
                        <th scope="col" class="num">{t!(lang, activity.response)}</th>
                    </tr>
                </thead>
                <tbody>
                    <For
                        each=move || rows.get()
                        key=|event| event.id
                        children=move |event| view_row(&event, settled.get_value(), lang)
                    />
                </tbody>
            </table>
        </section>
    }
    .into_any()
}

/// What is remarkable about an event, in words.
pub(super) fn flag_text(bits: i16, lang: Lang) -> Option<String> {
    let all = [
        (flags::AGENT_OUTSIDE_TIER, t!(lang, flags.agent)),
        (flags::TOKENS_EXCEEDED, t!(lang, flags.tokens)),
        (flags::INTERACTIONS_EXCEEDED, t!(lang, flags.interactions)),
    ];
    let texts: Vec<_> = all.into_iter().filter(|(bit, _)| bits & bit != 0).map(|(_, text)| text).collect();
    (!texts.is_empty()).then(|| texts.join(". "))
}

/// The flag of a remarkable event.
pub(super) fn flag(bits: i16, lang: Lang) -> Option<impl IntoView> {
    flag_text(bits, lang).map(|text| {
        view! { <span class="flag" title=text.clone()>{icon(Icon::Flag)}<span class="sr-only">{text.clone()}</span></span> }
    })
}

/// Tokens of one event, in the width of six characters.
fn tokens(n: i64, lang: Lang) -> String {
    if n < 100_000 { format::integer(n, lang) } else { format::axis(n, lang) }
}

fn view_row(event: &RecentEvent, fresh: bool, lang: Lang) -> AnyView {
    let zone = use_zone();
    let at = event.at;
    let slow = event.response_ms > SLOW_MS;
    view! {
        <tr class:is-fresh=fresh>
            <td class="faint">
                <time datetime=at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true) title=move || zone.with(|z| format::date_time(at, z, lang))>
                    {move || zone.with(|z| format::clock_seconds(at, z))}
                </time>
            </td>
            <td class="cell-mark" title=event.agent.clone()>
                {agent_mark(&event.agent)}
                <span class="sr-only">{event.agent.clone()}</span>
            </td>
            <td class="cell-user">
                <span class="who-line">
                <a class="who" href=crate::ui::href::user(&event.user_id) title=event.user_id.clone() data-row="">
                    <span class="who-id">{event.user_id.clone()}</span>
                </a>
                {flag(event.flags, lang)}
                </span>
            </td>
            <td class="num muted" title=format::integer(event.tokens, lang)>{tokens(event.tokens, lang)}</td>
            <td class=if slow { "num bad" } else { "num faint" }>{format::seconds(event.response_ms, lang)}</td>
        </tr>
    }
    .into_any()
}
