//! What the dashboard is narrowed to: period, tier, agent. All of it are links and a form, so that it works without JavaScript.

use leptos::{ev, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::usage_href;
use crate::{
    domain::{
        format::{self, Lang},
        tier::Tier,
        time::{Grain, Period},
        usage::{UsageDashboard, UsageFilter},
    },
    ui::{
        href,
        i18n::{fill, t, use_lang},
        icon::{Icon, icon},
        mark::{agent_mark, tier_name},
        menu::{Choice, Menu},
    },
};

/// The name of a period.
pub fn period_name(period: Period, lang: Lang) -> &'static str {
    match period {
        Period::Today => t!(lang, period.today),
        Period::Days7 => t!(lang, period.days7),
        Period::Days30 => t!(lang, period.days30),
        Period::Month => t!(lang, period.month),
        Period::Custom { .. } => t!(lang, period.custom),
    }
}

/// The periods that have a name.
pub const PERIODS: [Period; 4] = [Period::Today, Period::Days7, Period::Days30, Period::Month];

/// The bar under the title.
#[component]
pub(super) fn Toolbar(usage: RwSignal<UsageDashboard>, filter: Memo<UsageFilter>) -> impl IntoView {
    let lang = use_lang();
    let tiers = move || {
        let current = filter.get();
        let all = Choice {
            href: usage_href(&UsageFilter { tier: None, ..current.clone() }),
            label: t!(lang, filter.all_tiers).into_any(),
            chosen: current.tier.is_none(),
        };
        let each = Tier::ALL.into_iter().map(|tier| Choice {
            href: usage_href(&UsageFilter { tier: Some(tier), ..current.clone() }),
            label: tier_name(tier).into_any(),
            chosen: current.tier == Some(tier),
        });
        std::iter::once(all).chain(each).collect()
    };
    let known = Memo::new(move |_| usage.with(|d| d.all_agents.clone()));
    let agents = move || {
        let current = filter.get();
        let all = Choice {
            href: usage_href(&UsageFilter { agent: None, ..current.clone() }),
            label: t!(lang, filter.all_agents).into_any(),
            chosen: current.agent.is_none(),
        };
        let each = known.get().into_iter().map(|agent| Choice {
            href: usage_href(&UsageFilter { agent: Some(agent.clone()), ..current.clone() }),
            chosen: current.agent.as_ref() == Some(&agent),
            label: view! { <span class="agent">{agent_mark(&agent)}<span>{agent}</span></span> }.into_any(),
        });
        std::iter::once(all).chain(each).collect()
    };
    let tier_value =
        move || filter.with(|f| f.tier.map_or_else(|| t!(lang, filter.all_tiers).to_owned(), |t| t.label().to_owned()));
    let agent_value = move || filter.with(|f| f.agent.clone().unwrap_or_else(|| t!(lang, filter.all_agents).to_owned()));
    let csv = move || href::with_query("/usage/export.csv", &filter.with(UsageFilter::to_query));
    view! {
        <div class="subbar" role="group" aria-label=t!(lang, filter.title)>
            <Periods filter/>
            <CustomPeriod usage filter/>
            <Menu
                name=t!(lang, filter.tier)
                value=Signal::derive(tier_value)
                active=Signal::derive(move || filter.with(|f| f.tier.is_some()))
                choices=tiers
            />
            <Menu
                name=t!(lang, filter.agent)
                value=Signal::derive(agent_value)
                active=Signal::derive(move || filter.with(|f| f.agent.is_some()))
                choices=agents
            />
            <p class="subbar-range" title=t!(lang, filter.utc)>{move || usage.with(|d| range_text(d, lang))}</p>
            <a class="button" href=csv download="" title=t!(lang, filter.csv_help)>{icon(Icon::Download)}"CSV"</a>
        </div>
    }
    .into_any()
}

/// What is shown and what it is compared with.
fn range_text(d: &UsageDashboard, lang: Lang) -> String {
    let shown = format::range(d.range.from, d.range.to, lang);
    let days = d.range.days().to_string();
    match d.filter.period {
        Period::Today => fill(t!(lang, filter.range_today), &[&shown]),
        Period::Month => {
            let before = format::range(d.range.previous_from, d.range.previous_to, lang);
            fill(t!(lang, filter.range_month), &[&shown, &before])
        }
        Period::Custom { .. } if d.range.grain == Grain::Hour => fill(t!(lang, filter.range_day), &[&shown]),
        _ => fill(t!(lang, filter.range), &[&shown, &days]),
    }
}

#[component]
fn Periods(filter: Memo<UsageFilter>) -> impl IntoView {
    let lang = use_lang();
    view! {
        <nav class="segments" aria-label=t!(lang, filter.period)>
            {PERIODS
                .into_iter()
                .map(|period| {
                    let to = move || usage_href(&UsageFilter { period, ..filter.get() });
                    let current = move || filter.with(|f| f.period == period).then_some("true");
                    view! { <a href=to data-noscroll="" aria-current=current>{period_name(period, lang)}</a> }
                })
                .collect_view()}
        </nav>
    }
}

/// A period from one day to another.
#[component]
fn CustomPeriod(usage: RwSignal<UsageDashboard>, filter: Memo<UsageFilter>) -> impl IntoView {
    let lang = use_lang();
    let navigate = use_navigate();
    let (from, to) = (NodeRef::<leptos::html::Input>::new(), NodeRef::<leptos::html::Input>::new());
    let range = Memo::new(move |_| usage.with(|d| (d.range.from, d.range.to, d.as_of.date_naive())));
    let custom = move || filter.with(|f| matches!(f.period, Period::Custom { .. }));
    let name = move || {
        filter.with(|f| match f.period {
            Period::Custom { from, to } => format::range(from, to, lang),
            _ => t!(lang, period.custom).to_owned(),
        })
    };
    let submit = move |event: ev::SubmitEvent| {
        let value = |node: NodeRef<leptos::html::Input>| node.get_untracked().and_then(|input| input.value().parse().ok());
        let (Some(from), Some(to)) = (value(from), value(to)) else { return };
        event.prevent_default();
        let period = if from <= to { Period::Custom { from, to } } else { Period::Custom { from: to, to: from } };
        let href = usage_href(&UsageFilter { period, ..filter.get_untracked() });
        crate::ui::dom::close_menus(None);
        navigate(&href, NavigateOptions { scroll: false, ..Default::default() });
    };
    view! {
        <details class="menu">
            <summary class="button" class:is-active=custom>
                {icon(Icon::Calendar)}
                <span class="menu-value">{name}</span>
            </summary>
            <form class="menu-list menu-form" method="get" action="/usage" on:submit=submit>
                <input type="hidden" name="period" value="custom"/>
                {move || filter.with(|f| f.tier.map(|tier| view! { <input type="hidden" name="tier" value=tier.as_str()/> }))}
                {move || filter.with(|f| f.agent.clone().map(|agent| view! { <input type="hidden" name="agent" value=agent/> }))}
                <label>
                    {t!(lang, filter.since)}
                    <input
                        node_ref=from
                        type="date"
                        name="from"
                        required=true
                        value=move || range.get().0.to_string()
                        max=move || range.get().2.to_string()
                    />
                </label>
                <label>
                    {t!(lang, filter.until)}
                    <input
                        node_ref=to
                        type="date"
                        name="to"
                        required=true
                        value=move || range.get().1.to_string()
                        max=move || range.get().2.to_string()
                    />
                </label>
                <button class="button button-primary" type="submit">{t!(lang, filter.apply)}</button>
                <p class="menu-note">{t!(lang, filter.utc)}</p>
            </form>
        </details>
    }
    .into_any()
}
