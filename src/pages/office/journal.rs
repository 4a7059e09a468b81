//! The journal.

use leptos::prelude::*;

use super::{
    parts::Reader,
    render::{Place, head},
};
use crate::{
    domain::{AppResult, format},
    features::auth::journal::{self, Found},
    platform::ctx::Ctx,
    ui::{
        href,
        i18n::s,
        icon::{Icon, icon},
    },
};

/// Writes the page.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let search = place.get("q");
    let before = place.get("before").parse().ok();
    let (rows, more) = journal::list(ctx, search, before).await?;
    let older = more
        .then(|| rows.last())
        .flatten()
        .map(|last| href::with_query("/admin/journal", &[("q", search.to_owned()), ("before", last.id.to_string())]));
    let none = rows.is_empty();
    let view = view! {
        {head(s!(lang, office.journal), s!(lang, journal.help), None)}
        <form class="office-bar" method="get" action="/admin/journal" role="search">
            <label class="search">
                {icon(Icon::Search)}
                <input type="search" name="q" maxlength="100" autocomplete="off" value=search.to_owned() placeholder=s!(lang, journal.search) aria-label=s!(lang, journal.search)/>
            </label>
        </form>
        <div class="table-wide">
            <table class="table table-2 journal">
                <thead>
                    <tr>
                        <th scope="col">{s!(lang, journal.when)}</th>
                        <th scope="col">{s!(lang, journal.who)}</th>
                        <th scope="col">{s!(lang, journal.what)}</th>
                        <th scope="col">{s!(lang, journal.subject)}</th>
                        <th scope="col">{s!(lang, journal.from)}</th>
                    </tr>
                </thead>
                <tbody>{rows.into_iter().map(|found| row(reader, found)).collect_view()}</tbody>
            </table>
        </div>
        {none.then(|| view! { <p class="office-none">{s!(lang, journal.none)}</p> })}
        {(older.is_some() || before.is_some())
            .then(|| {
                view! {
                    <nav class="pager">
                        <a class="button" href="/admin/journal">{s!(lang, journal.newest)}</a>
                        {older.map(|href| view! { <a class="button" rel="next" href=href>{s!(lang, journal.older)}{icon(Icon::ChevronRight)}</a> })}
                    </nav>
                }
            })}
    };
    Ok(view.into_any())
}

fn row(reader: &Reader, found: Found) -> AnyView {
    let whole = format::date_time(found.at, &reader.zone, reader.lang);
    let details = (found.body != "{}").then(|| {
        view! { <details class="journal-details"><summary>{s!(reader.lang, journal.details)}</summary><pre>{found.body.clone()}</pre></details> }
    });
    view! {
        <tr>
            <td><time datetime=found.at.to_rfc3339() title=format::ago(found.at, reader.now, reader.lang)>{whole}</time></td>
            <td>{found.actor}</td>
            <td><code>{found.event}</code>{details}</td>
            <td><span class="cell-1">{found.subject_kind}</span><span class="cell-2">{found.subject_id}</span></td>
            <td>{found.address}</td>
        </tr>
    }
    .into_any()
}
