//! The users nearest their limits.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use super::{outlook, user_cell};
use crate::{
    domain::{
        format::{self, Lang},
        usage::{UsageDashboard, UserStanding},
    },
    ui::{
        i18n::{fill, t, use_lang},
        icon::Icon,
        mark::tier_name,
        meter::{level, meter},
        state::EmptyPanel,
    },
};

/// The table of users nearest their limits, and where to see them all.
#[component]
pub fn Nearest(
    /// What the page shows.
    usage: RwSignal<UsageDashboard>,
) -> impl IntoView {
    let lang = use_lang();
    let rows = Memo::new(move |_| usage.with(|d| (d.nearest.clone(), d.as_of.date_naive())));
    let total = Memo::new(move |_| usage.with(|d| d.nearest_total));
    let all = Memo::new(move |_| {
        usage.with(|d| {
            let mut query = vec![("near", "1".to_owned())];
            query.extend(d.filter.tier.map(|tier| ("tier", tier.as_str().to_owned())));
            crate::ui::href::with_query("/usage/users", &query)
        })
    });
    let month = Memo::new(move |_| usage.with(|d| format::month_short(d.as_of.date_naive(), lang)));
    let now = move || usage.with_untracked(|d| d.as_of);
    view! {
        <section class="panel nearest" aria-labelledby="nearest-title">
            <header class="panel-head">
                <h2 id="nearest-title">
                    {t!(lang, nearest.title)}
                    <span class="count" title=t!(lang, nearest.total)>{move || format::integer(total.get(), lang)}</span>
                </h2>
                <a class="panel-link" href=all>{t!(lang, nearest.all)}</a>
            </header>
            {move || {
                let rows = rows.with(|(rows, _)| rows.clone());
                if rows.is_empty() {
                    return view! { <EmptyPanel picture=Icon::Users title=t!(lang, nearest.none) help=t!(lang, nearest.none_help)/> }
                        .into_any();
                }
                view! {
                    <table class="table table-2 nearest-table">
                        <thead>
                            <tr>
                                <th scope="col">{t!(lang, users.user)}</th>
                                <th scope="col">{t!(lang, users.tier)}</th>
                                <th scope="col">{fill(t!(lang, users.tokens_of), &[month.get()])}</th>
                                <th scope="col" class="num">{t!(lang, users.used)}</th>
                                <th scope="col" class="num" title=t!(lang, users.outlook_help)>{t!(lang, users.outlook)}</th>
                            </tr>
                        </thead>
                        <tbody>{rows.iter().map(|user| row(user, now(), lang)).collect_view()}</tbody>
                    </table>
                }
                    .into_any()
            }}
        </section>
    }
    .into_any()
}

fn row(user: &UserStanding, now: DateTime<Utc>, lang: Lang) -> impl IntoView + use<> {
    // The nearer of the two limits is the one that is shown.
    let daily = user.interactions_bp() > user.tokens_bp();
    let bp = user.used_bp();
    let (used, limit) = if daily {
        let limit = format!("{} {}", format::integer(user.interaction_limit, lang), t!(lang, users.today));
        (user.day_interactions, limit)
    } else {
        (user.month_tokens, format::axis(user.token_limit, lang))
    };
    let (hits, end) = if daily {
        let hits = if bp >= 10_000 { t!(lang, user.reached) } else { "—" };
        (hits.to_owned(), t!(lang, users.daily).to_owned())
    } else {
        outlook(user, now, lang)
    };
    view! {
        <tr>
            <th scope="row">{user_cell(&user.user_id, user.organization_id.as_deref())}</th>
            <td class="cell-tier">{tier_name(user.tier)}</td>
            <td class="cell-meter">
                <span class="used">{format::integer(used, lang)}<span class="used-limit">" / "{limit}</span></span>
                {meter(bp, None)}
            </td>
            <td class=format!("num cell-share {}", level(bp))>{format::share(bp, lang)}</td>
            <td class="num cell-outlook">
                <span class="two-1">{hits}</span>
                <span class="two-2">{end}</span>
            </td>
        </tr>
    }
}
