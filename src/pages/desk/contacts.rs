//! The list of contacts.

use leptos::prelude::*;

use super::{
    bar, contact, lists,
    lists::{Catalog, List},
    words,
};
use crate::{
    domain::{
        AppResult,
        contact::{display_name, query::CONTACT_FIELDS},
        crm::ContactId,
        format,
        people::Permission,
        tier::Tier,
    },
    features::contacts::{
        fields,
        list::{self, ContactLine, Kind},
        usecase, views,
    },
    pages::written::{
        form::Sent,
        parts::{Reader, avatar, problem},
        render::Place,
    },
    platform::ctx::Ctx,
    ui::{
        href,
        i18n::s,
        icon::{Icon, icon},
        mark::tier_name,
    },
};

/// The list.
static CATALOG: Catalog = Catalog {
    kind: Kind::Contacts,
    path: "/contacts",
    entity: fields::CONTACT,
    fields: CONTACT_FIELDS,
    columns: &[
        "company",
        "title",
        "email",
        "phone",
        "lifecycle",
        "usage",
        "owner",
        "tags",
        "city",
        "country",
        "source",
        "birthday",
        "created",
        "updated",
    ],
    begin: &["company", "email", "lifecycle", "usage", "owner", "tags", "updated"],
};

/// Does what a form of the list asks for.
pub async fn take(ctx: &Ctx, reader: &Reader, sent: &mut Sent) -> AppResult<()> {
    lists::take(ctx, reader, sent, &CATALOG).await
}

/// Writes the list.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let custom = fields::list(ctx, fields::CONTACT, false).await?;
    let owners = usecase::owners(ctx).await?;
    let saved = views::list(ctx, CATALOG.entity).await?;
    let list = List::new(reader, place, &CATALOG, custom, owners);
    let tags = usecase::tags(ctx).await?;
    let page = list::contacts(ctx, &list.query, &reader.zone).await?;
    let panel = match list.open {
        Some(id) => contact::panel(ctx, reader, ContactId(id), &list.opening(None)).await?,
        None => None,
    };
    let imports = ctx.actor.may(Permission::ImportCrm);
    let body = if page.lines.is_empty() {
        let actions = view! {
            <a class="button button-primary" href="/contacts/new">{icon(Icon::Plus)}{s!(lang, contacts.new)}</a>
            <a class="button" href="/import">{s!(lang, contacts.import)}</a>
        };
        let actions = imports.then_some(actions).into_any();
        lists::empty(reader, &list, s!(lang, contacts.empty), s!(lang, contacts.empty_help), actions)
    } else {
        let rows = page.lines.iter().map(|line| row(ctx, reader, &list, line)).collect_view().into_any();
        lists::table(ctx, reader, &list, rows, page.total, &tags)
    };
    let has_panel = panel.is_some();
    let view = view! {
        <div class=if has_panel { "desk-page desk-page-open" } else { "desk-page" }>
            <div class="desk-list">
                {bar::bar(ctx, reader, &list, &saved, ("/contacts/new", s!(lang, contacts.new)), more(ctx, reader, &list))}
                <div data-results="">
                    {problem(reader)}
                    {chosen_problem(reader)}
                    {lists::said(reader, place, &list)}
                    {lists::about(reader, &list, page.total, page.near)}
                    {body}
                    {lists::pager(reader, &list, page.next)}
                </div>
            </div>
            {panel}
        </div>
    };
    Ok(view.into_any())
}

/// The files that the list comes from and goes to, and who may be here twice.
fn more(ctx: &Ctx, reader: &Reader, list: &List) -> AnyView {
    let lang = reader.lang;
    let query = list.opening(None);
    let query = query.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
    let item = |href: String, name: &'static str, file: bool| {
        view! { <a class="menu-item" href=href rel=file.then_some("external") download=file.then_some("")>{name}</a> }.into_any()
    };
    let may = |permission| ctx.actor.may(permission);
    let items = [
        may(Permission::ImportCrm).then(|| item("/import".into(), s!(lang, contacts.import), false)),
        may(Permission::WriteCrm).then(|| item("/duplicates".into(), s!(lang, duplicates.title), false)),
        may(Permission::ExportCrm).then(|| item(format!("/contacts/export.csv{query}"), s!(lang, contacts.export_csv), true)),
        may(Permission::ExportCrm).then(|| item(format!("/contacts/export.xlsx{query}"), s!(lang, contacts.export_xlsx), true)),
    ];
    let items: Vec<_> = items.into_iter().flatten().collect();
    if items.is_empty() {
        return ().into_any();
    }
    bar::menu(Icon::Ellipsis, s!(lang, contacts.more), false, items.into_any())
}

/// What is wrong with a choice of lines.
pub(super) fn chosen_problem(reader: &Reader) -> Option<AnyView> {
    use crate::pages::written::parts::{fault_text, notice};
    let code = ["ids", "tag", "owner", "what", "lifecycle"].iter().find_map(|name| reader.sent.fault(name))?;
    Some(notice("notice-bad", Icon::Warning, "alert", fault_text(code, reader.lang)))
}

fn row(ctx: &Ctx, reader: &Reader, list: &List, line: &ContactLine) -> AnyView {
    let writes = ctx.actor.may(Permission::WriteCrm) && !list.query.bin;
    let name = display_name(&line.first_name, &line.last_name, line.email.as_deref(), line.phone.as_deref());
    let cells = list.shown.iter().map(|column| cell(reader, list, line, column));
    let open = list.open == Some(line.id);
    let title = line.title.clone().filter(|_| !list.shown.iter().any(|column| column == "title"));
    view! {
        <tr class=open.then_some("is-open")>
            {writes
                .then(|| {
                    view! { <td class="cell-box"><input type="checkbox" name="id" value=line.id.to_string() aria-label=name.clone()/></td> }
                })}
            <th scope="row">
                <a class="who" href=list.opening(Some(line.id)) data-row="" data-full=format!("/contacts/{}", line.id) aria-current=open.then_some("true")>
                    {avatar(&name, line.id)}
                    <span class="who-name">{name.clone()}</span>
                    {title.map(|title| view! { <span class="who-more">{title}</span> })}
                </a>
            </th>
            {cells.collect_view()}
        </tr>
    }
    .into_any()
}

fn cell(reader: &Reader, list: &List, line: &ContactLine, column: &str) -> AnyView {
    let lang = reader.lang;
    let text = |text: &Option<String>| view! { <td class="cell-text">{text.clone()}</td> }.into_any();
    match column {
        "company" => {
            let link = line.company.clone().map(|name| match line.company_id {
                Some(id) => view! { <a class="quiet" href=format!("/companies/{id}")>{name}</a> }.into_any(),
                None => name.into_any(),
            });
            view! { <td class="cell-text">{link}</td> }.into_any()
        }
        "title" => text(&line.title),
        "email" => {
            let link =
                line.email.clone().map(|email| view! { <a class="quiet" href=format!("mailto:{email}")>{email.clone()}</a> });
            view! { <td class="cell-text">{link}</td> }.into_any()
        }
        "phone" => {
            let link = line.phone.clone().map(|phone| view! { <a class="quiet" href=tel(&phone)>{phone.clone()}</a> });
            view! { <td class="cell-text">{link}</td> }.into_any()
        }
        "city" => text(&line.city),
        "country" => text(&line.country),
        "source" => text(&line.source),
        "owner" => match &line.owner {
            Some(owner) => view! { <td class="cell-text">{owner.clone()}</td> }.into_any(),
            None => view! { <td class="faint">{s!(lang, desk.nobody)}</td> }.into_any(),
        },
        "lifecycle" => view! { <td class="cell-keep">{words::lifecycle_chip(&line.lifecycle, lang)}</td> }.into_any(),
        "tags" => view! { <td>{lists::tags(&line.tags)}</td> }.into_any(),
        "birthday" => view! { <td>{line.birthday.map(|day| format::date_long(day, lang))}</td> }.into_any(),
        "usage" => usage(reader, line),
        "created" => view! { <td>{reader.time(line.created_at)}</td> }.into_any(),
        "updated" => view! { <td>{reader.time(line.updated_at)}</td> }.into_any(),
        name => {
            let field = list.custom.iter().find(|field| field.name() == name);
            let value = field.and_then(|field| line.custom.get(&field.key).map(|value| (field, value)));
            view! { <td class="cell-text">{value.map(|(field, value)| super::contact::custom_value(field, value, &list.owners, lang))}</td> }.into_any()
        }
    }
}

/// The address by which a browser calls a number.
pub(super) fn tel(phone: &str) -> String {
    format!("tel:{}", phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect::<String>())
}

/// How much of the month is used.
fn usage(reader: &Reader, line: &ContactLine) -> AnyView {
    let lang = reader.lang;
    let Some(user) = &line.usage_user_id else { return view! { <td class="num faint">"—"</td> }.into_any() };
    let href = href::user(user);
    let (Some(tier), Some(used)) = (line.tier.as_deref().and_then(Tier::parse), line.used_bp) else {
        return view! { <td class="num"><a class="quiet faint" href=href>{s!(lang, contacts.no_use)}</a></td> }.into_any();
    };
    let class = match used {
        9_500.. => "quiet usage-bad",
        8_000.. => "quiet usage-warn",
        _ => "quiet",
    };
    view! { <td class="num"><a class=class href=href>{tier_name(tier)}" "{format::share(used, lang)}</a></td> }.into_any()
}
