//! One user's tokens by day.

use leptos::prelude::*;

use super::plot;
use crate::{
    domain::{
        format,
        usage::{DayUsage, UserDetail},
    },
    ui::{
        chart::{self, SIZE},
        i18n::{fill, t, use_lang},
    },
};

/// The last 60 days as bars.
#[component]
pub fn DaysChart(
    /// The user.
    detail: Signal<UserDetail>,
) -> impl IntoView {
    let lang = use_lang();
    let days = Memo::new(move |_| detail.with(|d| d.days.clone()));
    let scale = Memo::new(move |_| days.with(|days| chart::ticks(days.iter().map(|d| d.tokens).max().unwrap_or_default())));
    let bars = move || {
        let (top, _) = scale.get();
        days.with(|days| {
            let n = i64::try_from(days.len()).unwrap_or(1).max(1);
            days.iter()
                .enumerate()
                .map(|(i, day)| {
                    let x = i64::try_from(i).unwrap_or_default() * SIZE / n;
                    let height = chart::height(day.tokens, top);
                    let height = if day.tokens > 0 { height.max(8) } else { 0 };
                    let title = format!(
                        "{}: {}",
                        format::date_weekday(day.date, lang),
                        fill(
                            t!(lang, user.day_title),
                            &[&format::integer(day.tokens, lang), &format::integer(day.interactions, lang)],
                        )
                    );
                    let last = i64::try_from(i).is_ok_and(|i| i + 1 == n);
                    view! {
                        <g class=if last { "day-bar day-bar-now" } else { "day-bar" }>
                            <rect class="day-hit" x=x.to_string() y="0" width=(SIZE / n).to_string() height="1000"></rect>
                            <rect
                                class="day-fill"
                                x=(x + 2).to_string()
                                y=(SIZE - height).to_string()
                                width=(SIZE / n - 4).to_string()
                                height=height.to_string()
                            ></rect>
                            <title>{title}</title>
                        </g>
                    }
                })
                .collect_view()
        })
    };
    let labels = move || {
        days.with(|days| {
            let n = days.len();
            let labels = chart::labelled(n, 7)
                .into_iter()
                .filter_map(|i| {
                    let x = chart::place(i, n);
                    let last = i + 1 == n;
                    let text = if last { t!(lang, chart.today).to_owned() } else { format::date_short(days.get(i)?.date, lang) };
                    Some((x, text, last))
                })
                .collect();
            plot::labels(labels)
        })
    };
    view! {
        <section class="panel days" aria-labelledby="days-title">
            <header class="panel-head">
                <h2 id="days-title">{t!(lang, user.days)}</h2>
                <p class="panel-aside">{t!(lang, user.days_aside)}</p>
            </header>
            <div class="plot plot-days">
                <svg class="plot-axis" aria-hidden="true">{move || scale.with(|(top, ticks)| plot::axis(ticks, *top, lang))}</svg>
                <div class="plot-surface">
                    <svg class="plot-shapes" viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">
                        {move || scale.with(|(top, ticks)| plot::grid(ticks, *top))}
                        {bars}
                    </svg>
                </div>
                <svg class="plot-labels" aria-hidden="true">{labels}</svg>
            </div>
            <DaysTable days/>
        </section>
    }
    .into_any()
}

/// The same figures as a table, for a screen reader.
#[component]
fn DaysTable(days: Memo<Vec<DayUsage>>) -> impl IntoView {
    let lang = use_lang();
    view! {
        <div class="sr-only">
            <table>
                <caption>{t!(lang, user.days)}</caption>
                <thead>
                    <tr>
                        <th scope="col">{t!(lang, chart.when)}</th>
                        <th scope="col">{t!(lang, figures.tokens)}</th>
                        <th scope="col">{t!(lang, figures.interactions)}</th>
                    </tr>
                </thead>
                <tbody>
                    {move || {
                        days.with(|days| {
                            days.iter()
                                .map(|day| {
                                    view! {
                                        <tr>
                                            <th scope="row">{format::date_weekday(day.date, lang)}</th>
                                            <td>{format::integer(day.tokens, lang)}</td>
                                            <td>{format::integer(day.interactions, lang)}</td>
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
