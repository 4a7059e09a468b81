//! One user's events, newest first, page by page.

use leptos::{prelude::*, task::spawn_local};

use super::{SLOW_MS, activity::flag};
use crate::{
    domain::{
        format::{self, Lang},
        usage::{EventPage, RecentEvent},
    },
    features::usage::api::load_user_events,
    ui::{
        href,
        i18n::{t, use_lang},
        mark::agent_mark,
        prefs::use_zone,
        state::error_text,
    },
};

/// The table of events, and a link that brings older ones: in place with JavaScript, as a page of their own without.
#[component]
pub fn EventsTable(
    /// Whose events.
    #[prop(into)]
    user_id: String,
    /// The first page of them.
    first: Signal<EventPage>,
    /// Whether that page does not begin with the newest.
    older: bool,
) -> impl IntoView {
    let lang = use_lang();
    let more = RwSignal::new(Vec::<RecentEvent>::new());
    let next = RwSignal::new(first.with_untracked(|p| p.next.clone()));
    // Once older events stand below it, the first page stays as it is: a newer one would leave a gap between them.
    let shown = RwSignal::new(first.get_untracked());
    Effect::new(move || {
        let page = first.get();
        if more.with_untracked(Vec::is_empty) {
            next.set(page.next.clone());
            shown.set(page);
        }
    });
    let busy = RwSignal::new(false);
    let failed = RwSignal::new(None::<String>);
    let path = href::user(&user_id);
    let id = StoredValue::new(user_id);
    let load = move || {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failed.set(None);
        spawn_local(async move {
            match load_user_events(id.get_value(), next.get_untracked()).await {
                Ok(page) => {
                    more.update(|rows| rows.extend(page.rows));
                    next.set(page.next);
                }
                Err(error) => failed.set(Some(error_text(&error, lang).0)),
            }
            busy.set(false);
        });
    };
    let newest = path.clone();
    view! {
        <section class="panel events" aria-labelledby="events-title">
            <header class="panel-head">
                <h2 id="events-title">{t!(lang, user.events)}</h2>
                {older.then(|| view! { <a class="panel-link" href=newest>{t!(lang, user.newest)}</a> })}
            </header>
            <table class="table events-table">
                <thead>
                    <tr>
                        <th scope="col">{t!(lang, activity.time)}</th>
                        <th scope="col">{t!(lang, agents.agent)}</th>
                        <th scope="col" class="num">{t!(lang, figures.tokens)}</th>
                        <th scope="col" class="num">{t!(lang, activity.response)}</th>
                    </tr>
                </thead>
                <tbody>
                    {move || shown.with(|page| page.rows.iter().map(|e| row(e, lang)).collect_view())}
                    {move || more.with(|rows| rows.iter().map(|e| row(e, lang)).collect_view())}
                    {move || {
                        shown
                            .with(|page| page.rows.is_empty())
                            .then(|| view! { <tr><td class="table-empty" colspan="4">{t!(lang, user.no_events)}</td></tr> })
                    }}
                </tbody>
            </table>
            {move || failed.get().map(|text| view! { <p class="panel-note bad" role="alert">{text}</p> })}
            {move || {
                let after = next.get()?;
                let to = format!("{path}?after={}", href::encode(&after));
                Some(view! {
                    <a
                        class="panel-more"
                        href=to
                        aria-busy=move || busy.get().to_string()
                        on:click=move |event| {
                            event.prevent_default();
                            event.stop_propagation();
                            load();
                        }
                    >
                        {t!(lang, user.more)}
                    </a>
                })
            }}
        </section>
    }
    .into_any()
}

fn row(event: &RecentEvent, lang: Lang) -> impl IntoView + use<> {
    let zone = use_zone();
    let at = event.at;
    let slow = event.response_ms > SLOW_MS;
    view! {
        <tr>
            <td class="muted">
                <time datetime=at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true) title=move || zone.with(|z| format::date_time(at, z, lang))>
                    {move || zone.with(|z| format!("{}, {}", format::date_short(z.local(at).date(), lang), format::clock_seconds(at, z)))}
                </time>
            </td>
            <td>
                <span class="agent">{agent_mark(&event.agent)}<span>{event.agent.clone()}</span>{flag(event.flags, lang)}</span>
            </td>
            <td class="num">{format::integer(event.tokens, lang)}</td>
            <td class=if slow { "num bad" } else { "num muted" }>{format::seconds(event.response_ms, lang)}</td>
        </tr>
    }
}
