//! The browsers that anybody is signed in with.

use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    domain::{AppError, AppResult, format, people::SessionId},
    features::auth::sessions::{self, Everybodys, MOST_SHOWN},
    pages::written::{
        form::Sent,
        parts::{Reader, avatar, browser, notice, problem},
        render::{Place, head},
        tables::{Column, search_bar, table},
    },
    platform::ctx::Ctx,
    ui::{
        i18n::{fill, s},
        icon::Icon,
    },
};

/// Does what a form of the page asks for.
pub async fn take(ctx: &Ctx, sent: &mut Sent) -> AppResult<()> {
    if sent.verb() != "end" {
        return Err(AppError::NotFound);
    }
    let id: Uuid = sent.value("session").parse().map_err(|_| AppError::NotFound)?;
    sessions::end_anybodys(ctx, SessionId(id)).await?;
    sent.done = Some("ended");
    Ok(())
}

/// Writes the page.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let search = place.get("q");
    let (found, more) = sessions::list_everybodys(ctx, search).await?;
    let current = ctx.person().ok().map(|person| person.session);
    let none = found.is_empty();
    let view = view! {
        {head(s!(lang, office.sessions), s!(lang, sessions.help), None)}
        {problem(reader)}
        {reader.sent.done.map(|_| notice("notice-ok", Icon::Check, "status", s!(lang, sessions.ended)))}
        {search_bar("/admin/sessions", s!(lang, sessions.search), search)}
        {table(reader, "table-2", &[Column::Text(s!(lang, sessions.person)), Column::Text(s!(lang, account.browser)), Column::Text(s!(lang, account.from)), Column::Text(s!(lang, account.seen)), Column::Action(s!(lang, account.end))], found.into_iter().map(|each| row(reader, each, current)).collect_view())}
        {none.then(|| view! { <p class="office-none">{s!(lang, sessions.none)}</p> })}
        {more.then(|| view! { <p class="office-none">{fill(s!(lang, sessions.more), &[&MOST_SHOWN.to_string()])}</p> })}
    };
    Ok(view.into_any())
}

fn row(reader: &Reader, each: Everybodys, current: Option<SessionId>) -> AnyView {
    let lang = reader.lang;
    let session = each.session;
    let here = Some(session.id) == current;
    let browser = browser(&session.user_agent).unwrap_or_else(|| s!(lang, account.unknown_browser).to_owned());
    let since = fill(s!(lang, account.since), &[&format::date_time(session.created_at, &reader.zone, lang)]);
    view! {
        <tr>
            <th scope="row">
                <div class="person">
                    {avatar(&each.name, each.user.0)}
                    <div>
                        <span class="cell-1">{each.name.clone()} {here.then(|| view! { <span class="chip">{s!(lang, account.this)}</span> })}</span>
                        <span class="cell-2">{each.email}</span>
                    </div>
                </div>
            </th>
            <td><span class="cell-1" title=session.user_agent.clone()>{browser}</span><span class="cell-2">{since}</span></td>
            <td>{session.address}</td>
            <td>{reader.time(session.last_seen_at)}</td>
            <td class="cell-action">
                {(!here)
                    .then(|| {
                        view! {
                            <form method="post" action="/admin/sessions">
                                <input type="hidden" name="do" value="end"/>
                                <input type="hidden" name="session" value=session.id.to_string()/>
                                <button class="button" aria-label=fill(s!(lang, sessions.end_label), &[&each.name])>{s!(lang, account.end)}</button>
                            </form>
                        }
                    })}
            </td>
        </tr>
    }
    .into_any()
}
