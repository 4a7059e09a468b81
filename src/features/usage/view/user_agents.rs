//! One user's agents this month.

use leptos::prelude::*;

use super::SLOW_MS;
use crate::{
    domain::{format, usage::UserDetail},
    ui::{
        i18n::{fill, t, use_lang},
        mark::agent_mark,
        meter::bar,
    },
};

/// The table of one user's agents; those that the tier does not include are marked.
#[component]
pub fn UserAgents(
    /// The user.
    detail: Signal<UserDetail>,
) -> impl IntoView {
    let lang = use_lang();
    let rows = Memo::new(move |_| {
        detail.with(|d| {
            d.agents
                .iter()
                .zip(d.agent_average_ms.iter().copied().chain(std::iter::repeat(0)))
                .map(|(a, ms)| (a.agent.clone(), a.interactions, a.tokens, ms, d.limits.includes(&a.agent)))
                .collect::<Vec<_>>()
        })
    });
    let tier = move || detail.with(|d| d.limits.tier.label());
    view! {
        <section class="panel user-agents" aria-labelledby="user-agents-title">
            <header class="panel-head">
                <h2 id="user-agents-title">{t!(lang, agents.title)}</h2>
                <p class="panel-aside">{t!(lang, user.agents_aside)}</p>
            </header>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{t!(lang, agents.agent)}</th>
                        <th scope="col" class="num">{t!(lang, agents.interactions)}</th>
                        <th class="agents-bar"><span class="sr-only">{t!(lang, agents.share)}</span></th>
                        <th scope="col" class="num">{t!(lang, figures.tokens)}</th>
                        <th scope="col" class="num">{t!(lang, user.average)}</th>
                    </tr>
                </thead>
                <tbody>
                    {move || {
                        rows.with(|rows| {
                            let max = rows.iter().map(|r| r.1).max().unwrap_or_default();
                            rows.iter()
                                .map(|(agent, interactions, tokens, ms, included)| {
                                    let outside = (!included).then(|| fill(t!(lang, user.outside), &[tier()]));
                                    view! {
                                        <tr>
                                            <th scope="row">
                                                <span class="agent" title=agent.clone()>
                                                    {agent_mark(agent)}
                                                    <span>{agent.clone()}</span>
                                                    {outside.map(|text| view! { <span class="agent-note">{text}</span> })}
                                                </span>
                                            </th>
                                            <td class="num">{format::integer(*interactions, lang)}</td>
                                            <td class="agents-bar">{bar(*interactions, max)}</td>
                                            <td class="num" title=format::integer(*tokens, lang)>{format::short(*tokens, lang)}</td>
                                            <td class=slow_class(*ms)>{format::seconds(*ms, lang)}</td>
                                        </tr>
                                    }
                                })
                                .collect_view()
                        })
                    }}
                    {move || {
                        rows.with(Vec::is_empty)
                            .then(|| view! { <tr><td class="table-empty" colspan="5">{t!(lang, user.no_agents)}</td></tr> })
                    }}
                </tbody>
            </table>
        </section>
    }
    .into_any()
}

const fn slow_class(ms: i64) -> &'static str {
    if ms > SLOW_MS { "num bad" } else { "num muted" }
}
