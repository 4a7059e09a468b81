//! The list of companies.

use leptos::prelude::*;

use super::{
    bar,
    lists::{self, Catalog, Common, Drawn, List},
};
use crate::{
    domain::{AppResult, contact::query::COMPANY_FIELDS, format, people::Permission},
    features::contacts::{
        fields,
        list::{self, CompanyLine, Kind},
        record,
    },
    pages::written::{
        form::Sent,
        parts::{Reader, avatar},
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
    let owners = record::owners(ctx).await?;
    let list = List::new(reader, place, &CATALOG, custom, owners);
    let page = list::companies(ctx, &list.query, &reader.zone).await?;
    let new = ("/companies/new", s!(lang, companies.new));
    let add = ctx.actor.may(Permission::WriteCrm).then(|| {
        view! { <a class="button button-primary" href=new.0>{icon(Icon::Plus)}{new.1}</a> }
    });
    let imports: Vec<_> =
        ctx.actor.may(Permission::ImportCrm).then_some(("/import?kind=companies", s!(lang, contacts.import))).into_iter().collect();
    let drawn = Drawn {
        rows: page.lines.iter().map(|line| row(ctx, reader, &list, line)).collect(),
        total: page.total,
        near: page.near,
        next: page.next,
        empty: lists::empty(reader, &list, s!(lang, companies.empty), s!(lang, companies.empty_help), add.into_any()),
        more: bar::more(ctx, reader, &list, &imports),
        panel: None,
    };
    lists::page(ctx, reader, place, &list, new, drawn).await
}

fn row(ctx: &Ctx, reader: &Reader, list: &List, line: &CompanyLine) -> AnyView {
    let head = view! {
        <a class="who who-company" href=format!("/companies/{}", line.id) data-row="">
            {avatar(&line.name, line.id)}
            <span class="who-name">{line.name.clone()}</span>
        </a>
    };
    lists::row(ctx, list, (line.id, &line.name), head.into_any(), |column| cell(reader, list, line, column))
}

fn cell(reader: &Reader, list: &List, line: &CompanyLine, column: &str) -> AnyView {
    let number = |n: i64| format::integer(n, reader.lang);
    match column {
        "domain" => lists::text_cell(line.domain.as_deref()),
        "industry" => lists::text_cell(line.industry.as_deref()),
        "phone" => lists::text_cell(line.phone.as_deref()),
        "city" => lists::text_cell(line.city.as_deref()),
        "country" => lists::text_cell(line.country.as_deref()),
        "employees" => view! { <td class="num">{line.employees.map(|n| number(i64::from(n)))}</td> }.into_any(),
        "contacts" => view! { <td class="num">{number(line.contacts)}</td> }.into_any(),
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
