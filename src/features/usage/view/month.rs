//! How one user stands against the limits: the month's tokens and the day's interactions.

use chrono::{DateTime, Datelike, Days, Utc};
use leptos::prelude::*;

use super::plot;
use crate::{
    domain::{
        format::{self, Lang},
        time::{month_start, next_month},
        usage::{DayUsage, Projection, UserDetail, UserStanding, project, share_bp},
    },
    ui::{
        chart::{self, SIZE},
        i18n::{fill, t, use_lang},
        meter::{level, meter},
    },
};

/// The month's tokens, day by day, on their way to the limit.
#[component]
pub fn MonthMeter(
    /// The user.
    detail: Signal<UserDetail>,
) -> impl IntoView {
    let lang = use_lang();
    let facts = Memo::new(move |_| detail.with(|d| (d.standing.clone(), d.as_of)));
    view! {
        <section class="panel month" aria-labelledby="month-title">
            <header class="panel-head">
                <h2 id="month-title">
                    {move || facts.with(|(_, now)| fill(t!(lang, user.month), &[format::month_name(now.date_naive(), lang)]))}
                </h2>
                <p class=move || facts.with(|(s, _)| format!("panel-figure {}", level(s.tokens_bp())))>
                    {move || facts.with(|(s, _)| format::share(s.tokens_bp(), lang))}
                </p>
            </header>
            {move || detail.with(|d| drawing(&d.standing, &d.days, d.as_of, lang))}
            <dl class="facts">{move || facts.with(|(s, now)| figures(s, *now, lang))}</dl>
        </section>
    }
    .into_any()
}

fn fact(name: &str, value: String, class: &'static str) -> impl IntoView + use<> {
    view! { <div><dt>{name.to_owned()}</dt><dd class=class>{value}</dd></div> }
}

fn figures(s: &UserStanding, now: DateTime<Utc>, lang: Lang) -> impl IntoView + use<> {
    let p = project(s.month_tokens, s.token_limit, now);
    let end_bp = share_bp(p.at_end, s.token_limit);
    let hits = match p.hits_on {
        _ if p.reached => t!(lang, user.reached).to_owned(),
        None => t!(lang, user.not_this_month).to_owned(),
        Some(day) if day == now.date_naive() => t!(lang, chart.today).to_owned(),
        Some(day) => format::date_short(day, lang),
    };
    view! {
        {fact(t!(lang, user.used), format::integer(s.month_tokens, lang), "")}
        {fact(t!(lang, user.limit), format::integer(s.token_limit, lang), "")}
        {fact(t!(lang, user.per_day), format::integer(p.per_day, lang), "")}
        {fact(t!(lang, user.hits), hits, "")}
        {fact(t!(lang, user.at_end), format::share(end_bp, lang), level(end_bp))}
    }
}

/// The sum of the month at the end of each day so far, as heights of the box; the last is what the user stands at now.
fn course(s: &UserStanding, days: &[DayUsage], now: DateTime<Utc>, top: i64) -> Vec<(i64, i64)> {
    let first = month_start(now.date_naive());
    let length = i64::from((next_month(first) - Days::new(1)).day());
    let mut sum = 0;
    let mut points = vec![(0, 0)];
    for day in days.iter().filter(|d| d.date >= first) {
        sum += day.tokens;
        let today = day.date == now.date_naive();
        let value = if today { s.month_tokens } else { sum };
        let x = if today { now_place(now) } else { i64::from(day.date.day()) * SIZE / length };
        points.push((x, chart::height(value, top)));
    }
    points
}

/// How much of the month has passed, as a place in the box.
fn now_place(now: DateTime<Utc>) -> i64 {
    let first = month_start(now.date_naive());
    let (start, end) = (crate::domain::time::midnight(first), crate::domain::time::midnight(next_month(first)));
    (now - start).num_minutes() * SIZE / (end - start).num_minutes().max(1)
}

/// Where a line from one place to another ends inside the box.
fn leaves_at(from: (i64, i64), to: (i64, i64)) -> (i64, i64) {
    if to.1 <= SIZE || to.1 <= from.1 {
        return to;
    }
    (from.0 + (to.0 - from.0) * (SIZE - from.1).max(0) / (to.1 - from.1), SIZE)
}

fn drawing(s: &UserStanding, days: &[DayUsage], now: DateTime<Utc>, lang: Lang) -> AnyView {
    let Projection { at_end, .. } = project(s.month_tokens, s.token_limit, now);
    // A projection far beyond the limit would flatten all that matters: it leaves at the top.
    let highest = s.month_tokens.max(at_end.min(s.month_tokens.max(s.token_limit).saturating_mul(5) / 4)).max(s.token_limit);
    let (top, ticks) = chart::ticks(highest.saturating_add(highest / 50));
    let points = course(s, days, now, top);
    let base: Vec<_> = points.iter().map(|(x, _)| (*x, 0)).collect();
    let end = points.last().copied().unwrap_or_default();
    let ahead = [end, leaves_at(end, (SIZE, chart::height(at_end, top)))];
    let threshold = |bp: i64| chart::height(s.token_limit.saturating_mul(bp) / 10_000, top);
    let rule = |bp: i64, class: &'static str| {
        let y = (SIZE - threshold(bp)).to_string();
        view! { <line class=class x1="0" x2="1000" y1=y.clone() y2=y></line> }
    };
    let first = month_start(now.date_naive());
    let last = (next_month(first) - Days::new(1)).day();
    let labels = [1, 5, 10, 15, 20, 25, last]
        .into_iter()
        .filter_map(|day| {
            let date = first.with_day(day)?;
            let x = (i64::from(day) * 2 - 1) * SIZE / (2 * i64::from(last));
            let text = if day == 1 || day == last { format::date_short(date, lang) } else { day.to_string() };
            Some((x, text, false))
        })
        .collect();
    let text = fill(
        t!(lang, user.chart),
        &[&format::integer(s.month_tokens, lang), &format::integer(s.token_limit, lang), &format::integer(at_end, lang)],
    );
    view! {
        <div class="plot plot-month" role="img" aria-label=text>
            <svg class="plot-axis" aria-hidden="true">{plot::axis(&ticks, top, lang)}</svg>
            <div class="plot-surface">
                <svg class="plot-shapes" viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">
                    {plot::grid(&ticks, top)}
                    <g class="own">
                        <path class="area" d=chart::area(&points, &base)></path>
                        <path class="line" d=chart::line(&points)></path>
                        <path class="line-ahead" d=chart::line(&ahead)></path>
                    </g>
                    {rule(8_000, "rule rule-warn")}
                    {rule(9_500, "rule rule-bad")}
                    {rule(10_000, "rule")}
                </svg>
                <svg class="plot-cursor" aria-hidden="true">
                    <circle class=format!("own-dot {}", level(s.tokens_bp())) cx=chart::percent(end.0) cy=chart::percent_down(end.1) r="3.5"></circle>
                </svg>
            </div>
            <svg class="plot-edge" aria-hidden="true">
                <text x="6" y=chart::percent_down(threshold(10_000)) dy="-3">{t!(lang, user.limit_word)}</text>
                <text class="bad" x="6" y=chart::percent_down(threshold(9_500)) dy="9">{format::share(9_500, lang)}</text>
                <text class="warn" x="6" y=chart::percent_down(threshold(8_000)) dy="7">{format::share(8_000, lang)}</text>
            </svg>
            <svg class="plot-labels" aria-hidden="true">{plot::labels(labels)}</svg>
        </div>
    }
    .into_any()
}

/// The day's interactions beside their limit.
#[component]
pub fn DayMeter(
    /// The user.
    detail: Signal<UserDetail>,
) -> impl IntoView {
    let lang = use_lang();
    let standing = Memo::new(move |_| detail.with(|d| d.standing.clone()));
    view! {
        <section class="panel day" aria-labelledby="day-title">
            <header class="panel-head">
                <h2 id="day-title">{t!(lang, user.day)}</h2>
                <p class=move || standing.with(|s| format!("panel-figure {}", level(s.interactions_bp())))>
                    {move || standing.with(|s| format::share(s.interactions_bp(), lang))}
                </p>
            </header>
            <div class="day-body">
                {move || standing.with(|s| meter(s.interactions_bp(), None))}
                <p class="limit-foot">
                    <span>
                        {move || {
                            standing
                                .with(|s| {
                                    fill(
                                        t!(lang, limits.used_of),
                                        &[&format::integer(s.day_interactions, lang), &format::integer(s.interaction_limit, lang)],
                                    )
                                })
                        }}
                    </span>
                    <span>{t!(lang, user.day_reset)}</span>
                </p>
            </div>
        </section>
    }
    .into_any()
}
