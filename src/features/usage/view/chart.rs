//! The chart of the dashboard: use over time by tier.

use leptos::{ev, prelude::*};

use super::{
    chart_data::{ChartData, Measure},
    plot,
};
use crate::{
    domain::{format, tier::Tier, time::Grain, usage::UsageDashboard},
    ui::{
        dom,
        i18n::{fill, t, use_lang},
        mark::tier_mark,
    },
};

/// Use over time, stacked by tier, with the period before. A legend filters; pointer and arrow keys show the figures of a point.
#[component]
pub fn UsageChart(
    /// What the page shows.
    usage: RwSignal<UsageDashboard>,
) -> impl IntoView {
    let lang = use_lang();
    let measure = RwSignal::new(Measure::Tokens);
    let hidden = RwSignal::new([false; 5]);
    let hover = RwSignal::new(None::<usize>);
    let data = Memo::new(move |_| usage.with(|d| ChartData::new(d, measure.get(), hidden.get())));
    let title = move || {
        let text = match measure.get() {
            Measure::Tokens => t!(lang, chart.tokens_by),
            Measure::Interactions => t!(lang, chart.interactions_by),
        };
        let grain = match data.with(|d| d.grain) {
            Grain::Hour => t!(lang, chart.hour),
            Grain::Day => t!(lang, chart.day),
            Grain::Week => t!(lang, chart.week),
            Grain::Month => t!(lang, chart.month),
        };
        fill(text, &[grain])
    };
    let switch = move || match measure.get() {
        Measure::Tokens => t!(lang, figures.interactions),
        Measure::Interactions => t!(lang, figures.tokens),
    };
    let switch_label = move || fill(t!(lang, chart.switch), &[switch()]);
    view! {
        <section class="panel chart" aria-labelledby="chart-title">
            <header class="panel-head">
                <h2 id="chart-title">{title}</h2>
                <button class="panel-switch js-only" type="button" aria-label=switch_label on:click=move |_| measure.update(Measure::flip)>
                    {switch}
                </button>
                <Legend hidden/>
            </header>
            <div class="plot">
                <svg class="plot-axis" aria-hidden="true">{move || data.with(|d| plot::axis(&d.ticks, d.top, lang))}</svg>
                <Surface data hover/>
                <svg class="plot-labels" aria-hidden="true">{move || data.with(|d| plot::labels(d.labels(lang)))}</svg>
            </div>
            <DataTable data/>
        </section>
    }
    .into_any()
}

#[component]
fn Legend(hidden: RwSignal<[bool; 5]>) -> impl IntoView {
    let lang = use_lang();
    let is_hidden = move |tier: Tier| hidden.with(|h| h.get(tier.index()).copied().unwrap_or_default());
    let toggle = move |tier: Tier| {
        hidden.update(|h| {
            if let Some(slot) = h.get_mut(tier.index()) {
                *slot = !*slot;
            }
            // With all of them off there would be nothing to see: the last click turns them all on.
            if h.iter().all(|hidden| *hidden) {
                *h = [false; 5];
            }
        });
    };
    view! {
        <ul class="legend" aria-label=t!(lang, chart.legend)>
            {Tier::ALL
                .into_iter()
                .map(|tier| {
                    view! {
                        <li>
                            <button
                                type="button"
                                aria-pressed=move || (!is_hidden(tier)).to_string()
                                on:click=move |_| toggle(tier)
                            >
                                {tier_mark(tier)}
                                {tier.label()}
                            </button>
                        </li>
                    }
                })
                .collect_view()}
            <li class="legend-previous">
                <svg viewBox="0 0 18 16" aria-hidden="true">
                    <path class="line-previous" d="M1 8h16"></path>
                </svg>
                {t!(lang, chart.previous)}
            </li>
        </ul>
    }
    .into_any()
}

/// The drawing, and what shows a point's figures.
#[component]
fn Surface(data: Memo<ChartData>, hover: RwSignal<Option<usize>>) -> impl IntoView {
    let lang = use_lang();
    let last = move || data.with(|d| d.values.len().saturating_sub(1));
    let step = move |event: ev::KeyboardEvent| {
        let current = hover.get_untracked();
        let next = match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => Some(current.map_or_else(last, |i| i.saturating_sub(1))),
            "ArrowRight" | "ArrowUp" => Some(current.map_or_else(last, |i| (i + 1).min(last()))),
            "Home" => Some(0),
            "End" => Some(last()),
            "Escape" => None,
            _ => return,
        };
        event.prevent_default();
        hover.set(next);
    };
    let at = move || hover.get().unwrap_or_else(last).min(last());
    view! {
        <div
            class="plot-surface"
            tabindex="0"
            role="slider"
            aria-label=t!(lang, chart.slider)
            aria-valuemin="0"
            aria-valuemax=move || last().to_string()
            aria-valuenow=move || at().to_string()
            aria-valuetext=move || data.with(|d| d.sentence(at(), lang))
            on:keydown=step
            on:pointermove=move |event| hover.set(dom::pointer_fraction(&event).and_then(|x| data.with_untracked(|d| d.nearest(x))))
            on:pointerdown=move |event| hover.set(dom::pointer_fraction(&event).and_then(|x| data.with_untracked(|d| d.nearest(x))))
            // A finger that is lifted leaves too; what it has pointed at stays to be read, until another place is touched.
            on:pointerleave=move |event| if event.pointer_type() != "touch" { hover.set(None) }
            on:pointercancel=move |_| hover.set(None)
            on:blur=move |_| hover.set(None)
        >
            <svg class="plot-shapes" viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">
                {move || data.with(plot::areas)}
            </svg>
            <svg class="plot-cursor" aria-hidden="true">
                {move || hover.get().map(|i| data.with(|d| plot::cursor(d, i.min(d.values.len().saturating_sub(1)))))}
            </svg>
            {move || hover.get().map(|i| data.with(|d| plot::tooltip(d, i.min(d.values.len().saturating_sub(1)), lang)))}
        </div>
    }
    .into_any()
}

/// The same figures as a table, for a screen reader.
#[component]
fn DataTable(data: Memo<ChartData>) -> impl IntoView {
    let lang = use_lang();
    view! {
        <div class="sr-only">
            <table>
                <caption>{t!(lang, chart.table)}</caption>
                <thead>
                    <tr>
                        <th scope="col">{t!(lang, chart.when)}</th>
                        {Tier::ALL.into_iter().map(|tier| view! { <th scope="col">{tier.label()}</th> }).collect_view()}
                        <th scope="col">{t!(lang, chart.total)}</th>
                        <th scope="col">{t!(lang, chart.previous)}</th>
                    </tr>
                </thead>
                <tbody>
                    {move || {
                        data.with(|d| {
                            d.values
                                .iter()
                                .enumerate()
                                .map(|(i, values)| {
                                    let previous = d.previous.get(i).copied().flatten();
                                    view! {
                                        <tr>
                                            <th scope="row">{d.name(i, lang)}</th>
                                            {values.iter().map(|v| view! { <td>{format::integer(*v, lang)}</td> }).collect_view()}
                                            <td>{format::integer(values.iter().sum(), lang)}</td>
                                            <td>{previous.map(|v| format::integer(v, lang))}</td>
                                        </tr>
                                    }
                                })
                                .collect_view()
                        })
                    }}
                </tbody>
            </table>
        </div>
    }
    .into_any()
}
