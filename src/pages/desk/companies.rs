//! The list of companies.

use leptos::prelude::*;

use super::{
    bar,
    contacts::chosen_problem,
    lists,
    lists::{Catalog, List},
};
use crate::{
    domain::{AppResult, contact::query::COMPANY_FIELDS, format, people::Permission},
    features::contacts::{
        fields,
        list::{self, CompanyLine, Kind},
        usecase, views,
    },
    pages::written::{
        form::Sent,
        parts::{Reader, avatar, problem},
        render::Place,
    },
    platform::ctx::Ctx,
    ui::{
        i18n::s,
        icon::{Icon, icon},
    },
};

/// The list.
static CATALOG: Catalog = Catalog {
    kind: Kind::Companies,
    path: "/companies",
    entity: fields::COMPANY,
    fields: COMPANY_FIELDS,
    columns: &["domain", "industry", "employees", "contacts", "phone", "city", "country", "owner", "tags", "created", "updated"],
    begin: &["domain", "industry", "contacts", "city", "owner", "tags", "updated"],
};

/// Does what a form of the list asks for.
pub async fn take(ctx: &Ctx, reader: &Reader, sent: &mut Sent) -> AppResult<()> {
    lists::take(ctx, reader, sent, &CATALOG).await
}

/// Writes the list.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let custom = fields::list(ctx, fields::COMPANY, false).await?;
    let owners = usecase::owners(ctx).await?;
    let saved = views::list(ctx, CATALOG.entity).await?;
    let list = List::new(reader, place, &CATALOG, custom, owners);
    let tags = usecase::tags(ctx).await?;
    let page = list::companies(ctx, &list.query, &reader.zone).await?;
    let body = if page.lines.is_empty() {
        let new = ctx.actor.may(Permission::WriteCrm).then(|| {
            view! { <a class="button button-primary" href="/companies/new">{icon(Icon::Plus)}{s!(lang, companies.new)}</a> }
        });
        lists::empty(reader, &list, s!(lang, companies.empty), s!(lang, companies.empty_help), new.into_any())
    } else {
        let rows = page.lines.iter().map(|line| row(ctx, reader, &list, line)).collect_view().into_any();
        lists::table(ctx, reader, &list, rows, page.total, &tags)
    };
    let view = view! {
        <div class="desk-page">
            <div class="desk-list">
                {bar::bar(ctx, reader, &list, &saved, ("/companies/new", s!(lang, companies.new)), ().into_any())}
                <div data-results="">
                    {problem(reader)}
                    {chosen_problem(reader)}
                    {lists::said(reader, place, &list)}
                    {lists::about(reader, &list, page.total, page.near)}
                    {body}
                    {lists::pager(reader, &list, page.next)}
                </div>
            </div>
        </div>
    };
    Ok(view.into_any())
}

fn row(ctx: &Ctx, reader: &Reader, list: &List, line: &CompanyLine) -> AnyView {
    let writes = ctx.actor.may(Permission::WriteCrm) && !list.query.bin;
    let cells = list.shown.iter().map(|column| cell(reader, list, line, column));
    let name = line.name.clone();
    view! {
        <tr>
            {writes
                .then(|| {
                    view! { <td class="cell-box"><input type="checkbox" name="id" value=line.id.to_string() aria-label=name.clone()/></td> }
                })}
            <th scope="row">
                <a class="who who-company" href=format!("/companies/{}", line.id) data-row="">
                    {avatar(&name, line.id)}
                    <span class="who-name">{name.clone()}</span>
                </a>
            </th>
            {cells.collect_view()}
        </tr>
    }
    .into_any()
}

fn cell(reader: &Reader, list: &List, line: &CompanyLine, column: &str) -> AnyView {
    let lang = reader.lang;
    let text = |text: &Option<String>| view! { <td class="cell-text">{text.clone()}</td> }.into_any();
    match column {
        "domain" => text(&line.domain),
        "industry" => text(&line.industry),
        "phone" => text(&line.phone),
        "city" => text(&line.city),
        "country" => text(&line.country),
        "employees" => view! { <td class="num">{line.employees.map(|n| format::integer(i64::from(n), lang))}</td> }.into_any(),
        "contacts" => view! { <td class="num">{format::integer(line.contacts, lang)}</td> }.into_any(),
        "owner" => match &line.owner {
            Some(owner) => view! { <td class="cell-text">{owner.clone()}</td> }.into_any(),
            None => view! { <td class="faint">{s!(lang, desk.nobody)}</td> }.into_any(),
        },
        "tags" => view! { <td>{lists::tags(&line.tags)}</td> }.into_any(),
        "created" => view! { <td>{reader.time(line.created_at)}</td> }.into_any(),
        "updated" => view! { <td>{reader.time(line.updated_at)}</td> }.into_any(),
        name => {
            let field = list.custom.iter().find(|field| field.name() == name);
            let value = field.and_then(|field| line.custom.get(&field.key).map(|value| (field, value)));
            view! { <td class="cell-text">{value.map(|(field, value)| super::contact::custom_value(field, value, &list.owners, lang))}</td> }.into_any()
        }
    }
}
