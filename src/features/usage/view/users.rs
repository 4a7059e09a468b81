//! The list of all users.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use super::{outlook, user_cell};
use crate::{
    domain::{
        format::{self, Lang},
        usage::{UserQuery, UserSort, UserStanding},
    },
    ui::{
        clock::use_clock,
        href,
        i18n::{fill, t, use_lang},
        icon::{Icon, icon},
        mark::tier_name,
        meter::{level, meter},
        prefs::use_zone,
    },
};

/// The address of the list that a query describes.
pub fn user_href(query: &UserQuery) -> String {
    let mut fields = Vec::new();
    if !query.search.is_empty() {
        fields.push(("q", query.search.clone()));
    }
    fields.extend(query.tier.map(|tier| ("tier", tier.as_str().to_owned())));
    if query.near_only {
        fields.push(("near", "1".to_owned()));
    }
    if query.sort != UserSort::default() {
        fields.push(("sort", query.sort.as_str().to_owned()));
    }
    fields.extend(query.after.clone().map(|after| ("after", after)));
    href::with_query("/usage/users", &fields)
}

/// A page of users as a table; its heads sort it.
#[component]
pub fn UsersTable(
    /// Its rows.
    rows: Vec<UserStanding>,
    /// What it is a page of.
    query: UserQuery,
) -> impl IntoView {
    let lang = use_lang();
    let now = use_clock().peek();
    let month = format::month_short(now.date_naive(), lang);
    let head = move |sort: UserSort, text: String, num: bool| {
        let chosen = query.sort == sort;
        let order = if sort == UserSort::Name { "ascending" } else { "descending" };
        let to = user_href(&UserQuery { sort, after: None, ..query.clone() });
        view! {
            <th scope="col" class=if num { "num" } else { "" } aria-sort=chosen.then_some(order)>
                <a class="sort" href=to data-noscroll="">{text}{chosen.then(|| icon(Icon::ArrowDown))}</a>
            </th>
        }
        .into_any()
    };
    view! {
        <table class="table table-2 users-table">
            <thead>
                <tr>
                    {head(UserSort::Name, t!(lang, users.user).to_owned(), false)}
                    <th scope="col">{t!(lang, users.tier)}</th>
                    {head(UserSort::Tokens, fill(t!(lang, users.tokens_of), &[month]), false)}
                    {head(UserSort::Interactions, t!(lang, users.interactions_today).to_owned(), false)}
                    {head(UserSort::Used, t!(lang, users.used).to_owned(), true)}
                    <th scope="col" class="num" title=t!(lang, users.outlook_help)>{t!(lang, users.outlook)}</th>
                    {head(UserSort::Recent, t!(lang, users.last).to_owned(), true)}
                </tr>
            </thead>
            <tbody>{rows.into_iter().map(|user| row(&user, now, lang)).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn row(user: &UserStanding, now: DateTime<Utc>, lang: Lang) -> AnyView {
    let (tokens_bp, day_bp, bp) = (user.tokens_bp(), user.interactions_bp(), user.used_bp());
    let (hits, end) = outlook(user, now, lang);
    let last = user.last_event_at;
    let zone = use_zone();
    let clock = use_clock().now();
    view! {
        <tr>
            <th scope="row">{user_cell(&user.user_id, user.organization_id.as_deref())}</th>
            <td class="cell-tier">{tier_name(user.tier)}</td>
            <td class="cell-meter">
                <span class="used">
                    {format::integer(user.month_tokens, lang)}
                    <span class="used-limit">" / "{format::axis(user.token_limit, lang)}</span>
                </span>
                {meter(tokens_bp, None)}
            </td>
            <td class="cell-meter wide-only">
                <span class="used">
                    {format::integer(user.day_interactions, lang)}
                    <span class="used-limit">" / "{format::integer(user.interaction_limit, lang)}</span>
                </span>
                {meter(day_bp, None)}
            </td>
            <td class=format!("num cell-share {}", level(bp))>{format::share(bp, lang)}</td>
            <td class="num cell-outlook">
                <span class="two-1">{hits}</span>
                <span class="two-2">{end}</span>
            </td>
            <td class="num muted wide-only">
                <time
                    datetime=last.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
                    title=move || zone.with(|z| format::date_time(last, z, lang))
                >
                    {move || format::age(last, clock.get())}
                </time>
            </td>
        </tr>
    }
    .into_any()
}
