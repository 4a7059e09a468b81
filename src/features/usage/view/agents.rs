//! Use and response time by agent.

use leptos::prelude::*;

use super::SLOW_MS;
use crate::{
    domain::{
        format,
        histogram::Histogram,
        usage::{AgentUsage, UsageDashboard},
    },
    ui::{
        i18n::{fill, t, use_lang},
        icon::{Icon, icon},
        mark::agent_mark,
        meter::{bar, width},
    },
};

/// How many agents are shown before the rest is folded into one row.
const SHOWN: usize = 7;
/// The end of the scale of response times, in milliseconds.
const SCALE_MS: i64 = 6_000;

/// One row, ready to be shown.
#[derive(Clone, PartialEq)]
struct Row {
    agent: Option<String>,
    name: String,
    interactions: i64,
    tokens: i64,
    p50: Option<i64>,
    p95: Option<i64>,
}

/// The table of agents.
#[component]
pub fn Agents(
    /// What the page shows.
    usage: RwSignal<UsageDashboard>,
    /// Whether all agents are shown.
    #[prop(into)]
    all: Signal<bool>,
    /// The address that shows all agents, or folds them again.
    #[prop(into)]
    toggle_href: Signal<String>,
) -> impl IntoView {
    let lang = use_lang();
    let others = move |n: usize| fill(t!(lang, agents.others), &[&n.to_string()]);
    let rows = Memo::new(move |_| usage.with(|d| fold(&d.agents, all.get(), others)));
    let total = Memo::new(move |_| usage.with(|d| sum(&d.agents, t!(lang, chart.total).to_owned(), None)));
    let foldable = Memo::new(move |_| usage.with(|d| d.agents.len() > SHOWN + 1));
    view! {
        <section class="panel agents" aria-labelledby="agents-title">
            <header class="panel-head">
                <h2 id="agents-title">{t!(lang, agents.title)}</h2>
                <p class="panel-aside">{t!(lang, agents.unit)}</p>
            </header>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{t!(lang, agents.agent)}</th>
                        <th scope="col" class="num">{t!(lang, agents.interactions)}</th>
                        <th class="agents-bar wide-only"><span class="sr-only">{t!(lang, agents.share)}</span></th>
                        <th scope="col" class="num">{t!(lang, figures.tokens)}</th>
                        <th scope="col" class="agents-range wide-only">{t!(lang, agents.range)}</th>
                        <th scope="col" class="num">"p50"</th>
                        <th scope="col" class="num">"p95"</th>
                    </tr>
                </thead>
                <tbody>
                    {move || {
                        rows.with(|rows| {
                            let max = rows.iter().map(|r| r.interactions).max().unwrap_or_default();
                            rows.iter().map(|row| view_row(row, max, lang, toggle_href)).collect_view()
                        })
                    }}
                    {move || {
                        rows.with(Vec::is_empty)
                            .then(|| view! { <tr><td class="table-empty" colspan="7">{t!(lang, agents.none)}</td></tr> })
                    }}
                </tbody>
                <tfoot>{move || total.with(|row| view_total(row, lang))}</tfoot>
            </table>
            {move || {
                (all.get() && foldable.get())
                    .then(|| view! { <a class="panel-more" href=toggle_href data-noscroll="">{t!(lang, agents.fold)}</a> })
            }}
        </section>
    }
    .into_any()
}

fn sum(agents: &[AgentUsage], name: String, agent: Option<String>) -> Row {
    let mut response = Histogram::default();
    for agent in agents {
        response.merge(&agent.response);
    }
    Row {
        agent,
        name,
        interactions: agents.iter().map(|a| a.interactions).sum(),
        tokens: agents.iter().map(|a| a.tokens).sum(),
        p50: response.quantile(0.5),
        p95: response.quantile(0.95),
    }
}

/// A row for each agent; when there are many, the last ones in one row.
fn fold(agents: &[AgentUsage], all: bool, others: impl Fn(usize) -> String) -> Vec<Row> {
    let one = |a: &AgentUsage| sum(std::slice::from_ref(a), a.agent.clone(), Some(a.agent.clone()));
    if all || agents.len() <= SHOWN + 1 {
        return agents.iter().map(one).collect();
    }
    let (shown, rest) = agents.split_at(SHOWN);
    let mut rows: Vec<Row> = shown.iter().map(one).collect();
    rows.push(sum(rest, others(rest.len()), None));
    rows
}

fn times(row: &Row, lang: format::Lang) -> impl IntoView + use<> {
    let slow = row.p95.is_some_and(|ms| ms > SLOW_MS);
    let show = |ms: Option<i64>| ms.map_or_else(|| "—".to_owned(), |ms| format::seconds_plain(ms, lang));
    view! {
        <td class="num muted">{show(row.p50)}</td>
        <td class=if slow { "num bad" } else { "num" }>{show(row.p95)}</td>
    }
}

fn view_row(row: &Row, max: i64, lang: format::Lang, toggle_href: Signal<String>) -> AnyView {
    let name = match &row.agent {
        Some(agent) => {
            view! { <span class="agent" title=agent.clone()>{agent_mark(agent)}<span>{row.name.clone()}</span></span> }.into_any()
        }
        None => view! {
            <a class="agent" href=toggle_href data-noscroll="" data-row="">
                {icon(Icon::Ellipsis)}
                <span>{row.name.clone()}</span>
            </a>
        }
        .into_any(),
    };
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td class="num">{format::integer(row.interactions, lang)}</td>
            <td class="agents-bar wide-only">{bar(row.interactions, max)}</td>
            <td class="num" title=format::integer(row.tokens, lang)>{format::short(row.tokens, lang)}</td>
            <td class="agents-range wide-only">{range(row)}</td>
            {times(row, lang)}
        </tr>
    }
    .into_any()
}

fn view_total(row: &Row, lang: format::Lang) -> impl IntoView + use<> {
    view! {
        <tr>
            <th scope="row">{row.name.clone()}</th>
            <td class="num">{format::integer(row.interactions, lang)}</td>
            <td class="agents-bar wide-only"></td>
            <td class="num" title=format::integer(row.tokens, lang)>{format::short(row.tokens, lang)}</td>
            <td class="agents-range wide-only"></td>
            {times(row, lang)}
        </tr>
    }
}

/// From the median to the 95th percentile, on a scale with the threshold marked.
fn range(row: &Row) -> Option<impl IntoView + use<>> {
    let (p50, p95) = (row.p50?, row.p95?);
    let place = |ms: i64| width(ms.saturating_mul(10_000) / SCALE_MS);
    let class = if p95 > SLOW_MS { "range range-slow" } else { "range" };
    Some(view! {
        <svg class=class aria-hidden="true">
            <rect class="range-track" y="6" width="100%" height="2" rx="1"></rect>
            <line class="range-limit" x1=place(SLOW_MS) x2=place(SLOW_MS) y1="1" y2="13"></line>
            <line class="range-line" x1=place(p50) x2=place(p95) y1="7" y2="7"></line>
            <line class="range-end" x1=place(p95) x2=place(p95) y1="3" y2="11"></line>
            <circle cx=place(p50) cy="7" r="3"></circle>
        </svg>
    })
}
