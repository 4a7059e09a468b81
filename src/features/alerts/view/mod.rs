//! The widgets of alerts.

use leptos::prelude::*;

use crate::{
    domain::{
        alert::{Alert, AlertKind, AlertStatus, Metric, OpenAlerts, Severity},
        format::{self, Lang},
    },
    ui::{
        clock::use_clock,
        href,
        i18n::{fill, plural, t, use_lang},
        icon::{Icon, icon},
        mark::severity_mark,
        prefs::use_zone,
        state::EmptyPanel,
    },
};

/// How many open alerts are shown before the rest is folded.
const SHOWN: usize = 6;

/// What an alert says, in few words.
pub fn alert_title(alert: &Alert, lang: Lang) -> &'static str {
    match (alert.kind, alert.metric) {
        (AlertKind::LimitExceeded, Metric::MonthTokens) => t!(lang, alerts.month_exceeded),
        (AlertKind::LimitExceeded, Metric::DayInteractions) => t!(lang, alerts.day_exceeded),
        (AlertKind::LimitApproaching, Metric::MonthTokens) => t!(lang, alerts.month_near),
        (AlertKind::LimitApproaching, Metric::DayInteractions) => t!(lang, alerts.day_near),
    }
}

/// The name of a severity.
pub fn severity_name(severity: Severity, lang: Lang) -> &'static str {
    match severity {
        Severity::Critical => t!(lang, severity.critical),
        Severity::High => t!(lang, severity.high),
        Severity::Medium => t!(lang, severity.medium),
        Severity::Low => t!(lang, severity.low),
    }
}

/// How many alerts are open, by severity, and how many more than a day ago.
#[component]
pub fn AlertsFigure(
    /// The open alerts.
    alerts: RwSignal<OpenAlerts>,
) -> impl IntoView {
    let lang = use_lang();
    let facts = Memo::new(move |_| alerts.with(|a| (a.total(), a.day_ago, a.by_severity)));
    view! {
        <div class="figure">
            <dt class="figure-name">{t!(lang, alerts.open)}</dt>
            <dd class="figure-line">
                <span class="figure-value">{move || format::integer(facts.get().0, lang)}</span>
            </dd>
            <dd class="figure-note">
                {move || {
                    let (total, day_ago, _) = facts.get();
                    let change = total - day_ago;
                    let title = fill(t!(lang, alerts.day_ago), &[&format::integer(day_ago, lang)]);
                    let (class, sign) = match change {
                        1.. => ("change bad", Some(Icon::ArrowUpRight)),
                        0 => ("change faint", None),
                        _ => ("change ok", Some(Icon::ArrowDownRight)),
                    };
                    let word = if change < 0 { t!(lang, figures.down) } else { t!(lang, figures.up) };
                    view! {
                        <span class=class title=title>
                            {sign.map(icon)}
                            {(change != 0).then(|| view! { <span class="sr-only">{word}</span> })}
                            {format::integer(change.abs(), lang)}
                        </span>
                    }
                }}
                <span class="severities">
                    {move || {
                        let (.., counts) = facts.get();
                        Severity::ALL
                            .into_iter()
                            .zip(counts)
                            .map(|(severity, n)| {
                                let name = severity_name(severity, lang);
                                view! {
                                    <span class="severity" title=name>
                                        {severity_mark(severity)}
                                        <span class="sr-only">{name}</span>
                                        {format::integer(n, lang)}
                                    </span>
                                }
                            })
                            .collect_view()
                    }}
                </span>
            </dd>
        </div>
    }
    .into_any()
}

/// The worst and newest open alerts; each leads to its user.
#[component]
pub fn OpenAlertsPanel(
    /// The open alerts.
    alerts: RwSignal<OpenAlerts>,
) -> impl IntoView {
    let lang = use_lang();
    let total = Memo::new(move |_| alerts.with(OpenAlerts::total));
    let top = Memo::new(move |_| alerts.with(|a| a.top.clone()));
    let rest = move || top.with(|t| t.len().saturating_sub(SHOWN));
    view! {
        <section class="panel alerts" aria-labelledby="alerts-title">
            <header class="panel-head">
                <h2 id="alerts-title">
                    {t!(lang, alerts.open)} <span class="count">{move || format::integer(total.get(), lang)}</span>
                </h2>
            </header>
            {move || {
                top.with(Vec::is_empty)
                    .then(|| view! { <EmptyPanel picture=Icon::Check title=t!(lang, alerts.none) help=t!(lang, alerts.none_help)/> })
            }}
            <ul class="alert-list">
                {move || top.with(|top| top.iter().take(SHOWN).map(|a| row(a, lang)).collect_view())}
            </ul>
            {move || {
                let rest = rest();
                (rest > 0)
                    .then(|| {
                        let n = i64::try_from(rest).unwrap_or_default();
                        view! {
                            <details class="alert-more">
                                <summary class="panel-more">
                                    <span class="when-closed">
                                        {fill(plural(n, t!(lang, alerts.more_one), t!(lang, alerts.more)), &[&n.to_string()])}
                                    </span>
                                    <span class="when-open">{t!(lang, alerts.less)}</span>
                                </summary>
                                <ul class="alert-list">
                                    {move || top.with(|top| top.iter().skip(SHOWN).map(|a| row(a, lang)).collect_view())}
                                </ul>
                                {move || {
                                    let (shown, all) = (i64::try_from(top.with(Vec::len)).unwrap_or_default(), total.get());
                                    (all > shown)
                                        .then(|| {
                                            let text = fill(
                                                t!(lang, alerts.shown_of),
                                                &[&format::integer(shown, lang), &format::integer(all, lang)],
                                            );
                                            view! { <p class="panel-note">{text}</p> }
                                        })
                                }}
                            </details>
                        }
                    })
            }}
        </section>
    }
    .into_any()
}

fn row(alert: &Alert, lang: Lang) -> AnyView {
    let zone = use_zone();
    let now = use_clock().now();
    let at = alert.triggered_at;
    let who = match &alert.organization_id {
        Some(organization) => format!("{} · {organization}", alert.user_id),
        None => alert.user_id.clone(),
    };
    let name = severity_name(alert.severity, lang);
    view! {
        <li>
            <a class="alert" href=href::user(&alert.user_id) data-row="">
                <span class="alert-mark" title=name>{severity_mark(alert.severity)}<span class="sr-only">{name}</span></span>
                <span class="alert-title">{alert_title(alert, lang)}</span>
                <time
                    class="alert-age"
                    datetime=at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
                    title=move || zone.with(|z| format::date_time(at, z, lang))
                >
                    {move || format::age(at, now.get())}
                </time>
                <span class="alert-who" title=who.clone()>{who.clone()}</span>
                <span class="alert-share">{format::share(alert.used_bp(), lang)}</span>
            </a>
        </li>
    }
    .into_any()
}

/// All alerts of one user, with what became of them.
#[component]
pub fn UserAlerts(
    /// Newest first.
    #[prop(into)]
    alerts: Signal<Vec<Alert>>,
) -> impl IntoView {
    let lang = use_lang();
    view! {
        <section class="panel user-alerts" aria-labelledby="user-alerts-title">
            <header class="panel-head">
                <h2 id="user-alerts-title">
                    {t!(lang, alerts.title)}
                    <span class="count">{move || format::integer(i64::try_from(alerts.with(Vec::len)).unwrap_or_default(), lang)}</span>
                </h2>
            </header>
            {move || {
                alerts
                    .with(Vec::is_empty)
                    .then(|| view! { <EmptyPanel picture=Icon::Check title=t!(lang, alerts.user_none) help=t!(lang, alerts.user_none_help)/> })
            }}
            <ul class="alert-list">{move || alerts.with(|alerts| alerts.iter().map(|a| user_row(a, lang)).collect_view())}</ul>
        </section>
    }
    .into_any()
}

fn user_row(alert: &Alert, lang: Lang) -> AnyView {
    let zone = use_zone();
    let at = alert.triggered_at;
    let name = severity_name(alert.severity, lang);
    let (class, status) = match (alert.status, alert.resolved_at) {
        (AlertStatus::Open, _) => ("chip chip-open", t!(lang, alerts.status_open).to_owned()),
        (AlertStatus::Resolved, None) => ("chip chip-ok", t!(lang, alerts.status_resolved).to_owned()),
        (AlertStatus::Resolved, Some(end)) => ("chip chip-ok", fill(t!(lang, alerts.resolved_in), &[&format::age(at, end)])),
    };
    let numbers = fill(
        t!(lang, alerts.numbers),
        &[
            &format::integer(alert.current_value, lang),
            &format::integer(alert.limit_value, lang),
            &format::share(i64::from(alert.threshold_bp), lang),
        ],
    );
    view! {
        <li class="alert alert-static">
            <span class="alert-mark" title=name>{severity_mark(alert.severity)}<span class="sr-only">{name}</span></span>
            <span class="alert-title">{alert_title(alert, lang)}</span>
            <span class=class>{status}</span>
            <span class="alert-who" title=numbers.clone()>"ALR-"{alert.number}" · "{numbers.clone()}</span>
            <time
                class="alert-age"
                datetime=at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
                title=move || zone.with(|z| format::date_time(at, z, lang))
            >
                {move || zone.with(|z| format!("{}, {}", format::date_short(z.local(at).date(), lang), format::clock(at, z)))}
            </time>
        </li>
    }
    .into_any()
}
