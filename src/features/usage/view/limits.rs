//! The month's tokens by tier.

use chrono::{Datelike, Days};
use leptos::prelude::*;

use super::short_pair;
use crate::{
    domain::{
        format,
        time::{midnight, month_start, next_month},
        usage::{TierUsage, UsageDashboard, share_bp},
    },
    ui::{
        i18n::{fill, plural, t, use_lang},
        mark::tier_name,
        meter::{level, meter},
    },
};

/// How much of what each tier's customers may use this month they have used, beside how much of the month has passed.
#[component]
pub fn TierLimitsPanel(
    /// What the page shows.
    usage: RwSignal<UsageDashboard>,
) -> impl IntoView {
    let lang = use_lang();
    let tiers = Memo::new(move |_| usage.with(|d| d.tiers.clone()));
    let pace = Memo::new(move |_| {
        usage.with(|d| {
            let today = d.as_of.date_naive();
            let (start, end) = (midnight(month_start(today)), midnight(next_month(today)));
            let last = (end - Days::new(1)).day();
            (share_bp((d.as_of - start).num_minutes(), (end - start).num_minutes()), today.day(), last)
        })
    });
    let row = move |tier: &TierUsage| {
        let bp = share_bp(tier.used_tokens, tier.allowance());
        let (used, allowance) = short_pair(tier.used_tokens, tier.allowance(), lang);
        let accounts = plural(tier.accounts, t!(lang, limits.account), t!(lang, limits.accounts));
        let title =
            fill(t!(lang, limits.exact), &[&format::integer(tier.used_tokens, lang), &format::integer(tier.allowance(), lang)]);
        view! {
            <li class="limit" title=title>
                <p class="limit-head">{tier_name(tier.limits.tier)}<span class=level(bp)>{format::share(bp, lang)}</span></p>
                {meter(bp, Some(pace.get().0))}
                <p class="limit-foot">
                    <span>{fill(t!(lang, limits.used_of), &[&used, &allowance])}</span>
                    <span>{fill(accounts, &[&format::integer(tier.accounts, lang)])}</span>
                </p>
            </li>
        }
    };
    view! {
        <section class="panel limits" aria-labelledby="limits-title">
            <header class="panel-head">
                <h2 id="limits-title">{t!(lang, limits.title)}</h2>
                <p class="panel-aside limits-pace" title=t!(lang, limits.pace_help)>
                    {move || {
                        let (_, day, days) = pace.get();
                        fill(t!(lang, limits.pace), &[&day.to_string(), &days.to_string()])
                    }}
                </p>
            </header>
            <ul>{move || tiers.with(|tiers| tiers.iter().map(row).collect_view())}</ul>
        </section>
    }
    .into_any()
}
