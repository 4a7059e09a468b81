//! The list of contacts.

use leptos::prelude::*;

use super::{
    bar, contact,
    lists::{self, Catalog, Common, Drawn, List},
    record::{email_link, phone_link},
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
        record,
    },
    pages::written::{
        form::Sent,
        parts::{Reader, avatar},
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
    let owners = record::owners(ctx).await?;
    let list = List::new(reader, place, &CATALOG, custom, owners);
    let page = list::contacts(ctx, &list.query, &reader.zone).await?;
    let panel = match list.open {
        Some(id) => contact::panel(ctx, reader, ContactId(id), &list.opening(None)).await?,
        None => None,
    };
    let new = ("/contacts/new", s!(lang, contacts.new));
    let actions = ctx.actor.may(Permission::ImportCrm).then(|| {
        view! {
            <a class="button button-primary" href=new.0>{icon(Icon::Plus)}{new.1}</a>
            <a class="button" href="/import">{s!(lang, contacts.import)}</a>
        }
    });
    let ways: Vec<_> = [
        ctx.actor.may(Permission::ImportCrm).then_some(("/import", s!(lang, contacts.import))),
        ctx.actor.may(Permission::WriteCrm).then_some(("/duplicates", s!(lang, duplicates.title))),
    ]
    .into_iter()
    .flatten()
    .collect();
    let drawn = Drawn {
        rows: page.lines.iter().map(|line| row(ctx, reader, &list, line)).collect(),
        total: page.total,
        near: page.near,
        next: page.next,
        empty: lists::empty(reader, &list, s!(lang, contacts.empty), s!(lang, contacts.empty_help), actions.into_any()),
        more: bar::more(ctx, reader, &list, &ways),
        panel,
    };
    lists::page(ctx, reader, place, &list, new, drawn).await
}

fn row(ctx: &Ctx, reader: &Reader, list: &List, line: &ContactLine) -> AnyView {
    let name = display_name(&line.first_name, &line.last_name, line.email.as_deref(), line.phone.as_deref());
    let open = list.open == Some(line.id);
    let title = line.title.clone().filter(|_| !list.shown.iter().any(|column| column == "title"));
    let head = view! {
        <a class="who" href=list.opening(Some(line.id)) data-row="" data-full=format!("/contacts/{}", line.id) aria-current=open.then_some("true")>
            {avatar(&name, line.id)}
            <span class="who-name">{name.clone()}</span>
            {title.map(|title| view! { <span class="who-more">{title}</span> })}
        </a>
    };
    lists::row(ctx, list, (line.id, &name), head.into_any(), |column| cell(reader, list, line, column))
}

fn cell(reader: &Reader, list: &List, line: &ContactLine, column: &str) -> AnyView {
    let lang = reader.lang;
    match column {
        "company" => {
            let link = line.company.clone().map(|name| match line.company_id {
                Some(id) => view! { <a class="quiet" href=format!("/companies/{id}")>{name}</a> }.into_any(),
                None => name.into_any(),
            });
            view! { <td class="cell-text">{link}</td> }.into_any()
        }
        "title" => lists::text_cell(line.title.as_deref()),
        "email" => view! { <td class="cell-text">{line.email.as_deref().map(email_link)}</td> }.into_any(),
        "phone" => view! { <td class="cell-text">{line.phone.as_deref().map(phone_link)}</td> }.into_any(),
        "city" => lists::text_cell(line.city.as_deref()),
        "country" => lists::text_cell(line.country.as_deref()),
        "source" => lists::text_cell(line.source.as_deref()),
        "lifecycle" => view! { <td class="cell-keep">{words::lifecycle_chip(&line.lifecycle, lang)}</td> }.into_any(),
        "birthday" => view! { <td>{line.birthday.map(|day| format::date_long(day, lang))}</td> }.into_any(),
        "usage" => usage(reader, line),
        name => {
            let common = Common {
                owner: line.owner.as_deref(),
                tags: &line.tags,
                created_at: line.created_at,
                updated_at: line.updated_at,
                custom: &line.custom,
            };
            lists::common_cell(reader, list, &common, name)
        }
    }
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
