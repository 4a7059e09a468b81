//! The drawing of the chart of usage: areas by tier, the period before, what is under the pointer.

use leptos::prelude::*;

use super::chart_data::ChartData;
use crate::{
    domain::{
        format::{self, Lang},
        tier::Tier,
    },
    ui::{
        chart::{self, SIZE},
        i18n::t,
        mark::{tier_class, tier_mark},
    },
};

/// The lines of the axis.
pub(super) fn grid(ticks: &[i64], top: i64) -> impl IntoView + use<> {
    ticks
        .iter()
        .map(|tick| {
            let y = (SIZE - chart::height(*tick, top)).to_string();
            let class = if *tick == 0 { "grid grid-base" } else { "grid" };
            view! { <line class=class x1="0" x2="1000" y1=y.clone() y2=y></line> }
        })
        .collect_view()
}

/// The figures of the axis.
pub(super) fn axis(ticks: &[i64], top: i64, lang: Lang) -> impl IntoView + use<> {
    ticks
        .iter()
        .map(|tick| {
            let y = chart::percent_down(chart::height(*tick, top));
            view! { <text x="100%" y=y dy="4" text-anchor="end">{format::axis(*tick, lang)}</text> }
        })
        .collect_view()
}

/// Labels under a chart.
pub(super) fn labels(labels: Vec<(i64, String, bool)>) -> impl IntoView {
    let count = labels.len();
    labels
        .into_iter()
        .enumerate()
        .map(|(i, (x, text, strong))| {
            let anchor = match x {
                ..=40 => "start",
                960.. => "end",
                _ => "middle",
            };
            // On a phone only every other one fits; the last always stays.
            let class = match (strong, (count - 1 - i) % 2 == 1) {
                (true, _) => "label-strong",
                (false, true) => "label-wide",
                (false, false) => "",
            };
            view! { <text class=class x=chart::percent(x) y="13" text-anchor=anchor>{text}</text> }
        })
        .collect_view()
}

/// Areas and lines.
pub(super) fn areas(data: &ChartData) -> AnyView {
    let stack = data.stack();
    let so_far = data.values.len();
    // The point that is still going on is drawn apart, lighter and dashed.
    let whole = if data.partial { so_far.saturating_sub(1) } else { so_far };
    let layers = Tier::ALL
        .into_iter()
        .zip(stack.windows(2))
        .filter(|(tier, _)| data.values.iter().any(|v| v.get(tier.index()).is_some_and(|n| *n > 0)))
        .filter_map(|(tier, pair)| {
            let [lower, upper] = pair else { return None };
            let (low, high) = (lower.get(..whole)?, upper.get(..whole)?);
            let from = whole.saturating_sub(1);
            let (low_now, high_now) = (lower.get(from..so_far)?, upper.get(from..so_far)?);
            let class = tier_class(tier);
            Some(view! {
                <g class=class>
                    <path class="area" d=chart::area(high, low)></path>
                    <path class="area area-now" d=chart::area(high_now, low_now)></path>
                    <path class="line" d=chart::line(high)></path>
                    <path class="line line-now" d=chart::line(high_now)></path>
                </g>
            })
        })
        .collect_view();
    view! {
        {grid(&data.ticks, data.top)}
        {layers}
        <path class="line-previous" d=data.previous_line()></path>
    }
    .into_any()
}

/// The line and dots at a point.
pub(super) fn cursor(data: &ChartData, i: usize) -> AnyView {
    let x = chart::percent(data.x(i));
    let dots = data
        .dots(i)
        .into_iter()
        .map(|(tier, height)| {
            view! { <circle class=tier_class(tier) cx=x.clone() cy=chart::percent_down(height) r="3.5"></circle> }
        })
        .collect_view();
    view! {
        <line class="cursor" x1=x.clone() x2=x.clone() y1="0" y2="100%"></line>
        {dots}
    }
    .into_any()
}

/// The figures of a point, in a box beside it.
pub(super) fn tooltip(data: &ChartData, i: usize, lang: Lang) -> AnyView {
    let values = data.values.get(i).copied().unwrap_or_default();
    let x = data.x(i);
    let class = if x > SIZE / 2 { "tooltip tooltip-left" } else { "tooltip" };
    let rows = Tier::ALL
        .into_iter()
        .zip(values)
        .rev()
        .filter(|(_, value)| *value > 0)
        .map(|(tier, value)| {
            view! {
                <li>
                    {tier_mark(tier)}
                    <span class="tooltip-name">{tier.label()}</span>
                    <span class="tooltip-value">{format::short(value, lang)}</span>
                </li>
            }
        })
        .collect_view();
    let previous = data.previous.get(i).copied().flatten();
    view! {
        <div class=class style:left=chart::percent(x)>
            <p class="tooltip-head">
                <span>{data.name(i, lang)}</span>
                <span>{format::short(values.iter().sum(), lang)}</span>
            </p>
            <ul>
                {rows}
                {previous
                    .map(|previous| {
                        view! {
                            <li>
                                <svg class="mark" viewBox="0 0 16 16" aria-hidden="true">
                                    <path class="line-previous" d="M1 8h14"></path>
                                </svg>
                                <span class="tooltip-name">{t!(lang, chart.previous)}</span>
                                <span class="tooltip-value">{format::short(previous, lang)}</span>
                            </li>
                        }
                    })}
            </ul>
        </div>
    }
    .into_any()
}
