//! The figures at the top of the dashboard.

use leptos::prelude::*;

use crate::{
    domain::{
        format::{self, Lang},
        time::{Grain, Period},
        usage::UsageDashboard,
    },
    ui::{
        i18n::{fill, t, use_lang},
        icon::{Icon, icon},
        spark::spark,
    },
};

/// One figure, ready to be shown.
#[derive(Clone, PartialEq)]
struct Facts {
    value: i64,
    before: i64,
    course: Vec<i64>,
    note: String,
}

/// Interactions, tokens and active users: the period, its change and its course.
#[component]
pub fn Figures(
    /// What the page shows.
    usage: RwSignal<UsageDashboard>,
) -> impl IntoView {
    let lang = use_lang();
    let interactions = Memo::new(move |_| {
        usage.with(|d| Facts {
            value: d.totals.interactions,
            before: d.previous.interactions,
            course: course(d, |p| Some(p.interactions.iter().sum())),
            note: average(d, lang),
        })
    });
    let tokens = Memo::new(move |_| {
        usage.with(|d| Facts {
            value: d.totals.tokens,
            before: d.previous.tokens,
            course: course(d, |p| Some(p.tokens.iter().sum())),
            note: format::per(d.totals.tokens, d.totals.interactions)
                .map(|n| fill(t!(lang, figures.per_interaction), &[&format::integer(n, lang)]))
                .unwrap_or_default(),
        })
    });
    let users = Memo::new(move |_| {
        usage.with(|d| {
            let known = d.known;
            let share = format::percent(crate::domain::usage::share_bp(d.totals.active_users, known), 1, lang);
            Facts {
                value: d.totals.active_users,
                before: d.previous.active_users,
                course: course(d, |p| p.active_users),
                note: fill(t!(lang, figures.of_known), &[&share, &format::integer(known, lang)]),
            }
        })
    });
    view! {
        <Figure name=t!(lang, figures.interactions) facts=interactions/>
        <Figure name=t!(lang, figures.tokens) facts=tokens/>
        <Figure name=t!(lang, figures.active_users) facts=users/>
    }
    .into_any()
}

/// The points so far that are whole, for a figure's course.
fn course(d: &UsageDashboard, value: impl Fn(&crate::domain::usage::Point) -> Option<i64>) -> Vec<i64> {
    d.points.iter().filter(|p| d.range.grain.next(p.start) <= d.as_of).filter_map(value).collect()
}

/// Interactions a day or an hour, on average over what has passed of the period.
fn average(d: &UsageDashboard, lang: Lang) -> String {
    let hours = (d.as_of - crate::domain::time::midnight(d.range.from)).num_hours();
    let (by, text) = if d.range.grain == Grain::Hour && d.filter.period == Period::Today {
        (hours + 1, t!(lang, figures.per_hour))
    } else if d.range.grain == Grain::Hour {
        (24, t!(lang, figures.per_hour))
    } else {
        ((hours / 24 + 1).min(d.range.days()), t!(lang, figures.per_day))
    };
    format::per(d.totals.interactions, by).map(|n| fill(text, &[&format::integer(n, lang)])).unwrap_or_default()
}

#[component]
fn Figure(name: &'static str, facts: Memo<Facts>) -> impl IntoView {
    let lang = use_lang();
    view! {
        <div class="figure">
            <dt class="figure-name">{name}</dt>
            <dd class="figure-line">
                <span class="figure-value" title=move || format::integer(facts.with(|f| f.value), lang)>
                    {move || {
                        let value = facts.with(|f| f.value);
                        if value < 1_000_000 { format::integer(value, lang) } else { format::short(value, lang) }
                    }}
                </span>
                {move || facts.with(|f| spark(&f.course))}
            </dd>
            <dd class="figure-note">
                {move || facts.with(|f| change(f.value, f.before, lang))}
                <span class="figure-aside">{move || facts.with(|f| f.note.clone())}</span>
            </dd>
        </div>
    }
    .into_any()
}

/// How a figure changed against the period before.
fn change(now: i64, before: i64, lang: Lang) -> AnyView {
    let Some(bp) = format::change_bp(now, before) else {
        return view! { <span class="change faint" title=t!(lang, figures.no_previous)>"—"</span> }.into_any();
    };
    let (class, sign, word) = match bp {
        1.. => ("change ok", Some(Icon::ArrowUpRight), t!(lang, figures.up)),
        0 => ("change faint", None, ""),
        _ => ("change bad", Some(Icon::ArrowDownRight), t!(lang, figures.down)),
    };
    let title = fill(t!(lang, figures.previous), &[&format::integer(before, lang)]);
    view! {
        <span class=class title=title>
            {sign.map(icon)}
            <span class="sr-only">{word}</span>
            {format::percent(bp.abs(), 1, lang)}
        </span>
    }
    .into_any()
}
