//! A company: the page and its forms.

use leptos::prelude::*;

use super::{
    forms::{self, Input},
    parts,
    record::{self, Inline, Known, Record, RecordForm},
};
use crate::{
    domain::{AppError, AppResult, contact::Company, crm::CompanyId, crm_edit::Texts, format, people::Permission, tasks::Target},
    features::contacts::{companies, fields, record as records, timeline::Of},
    pages::written::{
        form::Sent,
        parts::{Reader, problem},
        render::Place,
    },
    platform::ctx::Ctx,
    ui::{
        href,
        i18n::s,
        icon::{Icon, icon},
    },
};

/// The fields of a form, in their order.
const FIELDS: [&str; 13] = [
    "name",
    "domain",
    "industry",
    "employees",
    "phone",
    "website",
    "city",
    "country",
    "address",
    "owner",
    "organization_id",
    "tags",
    "notes",
];

fn id_of(text: &str) -> AppResult<CompanyId> {
    text.parse().map(CompanyId).map_err(|_| AppError::NotFound)
}

/// Adds a company.
pub async fn take_new(ctx: &Ctx, sent: &mut Sent) -> AppResult<()> {
    match sent.verb() {
        "create" => {
            let id = companies::create(ctx, &forms::edit(sent).now).await?;
            sent.go = Some(format!("/companies/{id}?said=created"));
            Ok(())
        }
        _ => Err(AppError::NotFound),
    }
}

/// Does what a form of the page asks for.
pub async fn take(ctx: &Ctx, sent: &mut Sent, id: &str) -> AppResult<()> {
    let id = id_of(id)?;
    let said = match sent.verb() {
        "change" => {
            if companies::change(ctx, id, &forms::edit(sent)).await? {
                "changed"
            } else {
                "same"
            }
        }
        verb @ ("delete" | "restore") => {
            companies::set_deleted(ctx, id, verb == "delete").await?;
            if verb == "delete" { "deleted" } else { "restored" }
        }
        _ => return Err(AppError::NotFound),
    };
    let is_seen = companies::find(ctx, id).await.is_ok();
    record::leave(sent, "/companies", id, is_seen, said);
    Ok(())
}

/// The form of a new company.
pub async fn new_page(ctx: &Ctx, reader: &Reader) -> AppResult<AnyView> {
    ctx.require(Permission::WriteCrm)?;
    let custom = fields::list(ctx, fields::COMPANY, false).await?;
    let owners = records::owners(ctx).await?;
    let mut begin = Texts::new();
    begin.insert("owner".into(), ctx.actor.user().map(|id| id.to_string()).unwrap_or_default());
    let form = RecordForm { verb: "create", path: "/companies/new", back: "/companies", stored: &begin, names: &FIELDS };
    let form = filled_in(reader, &form, &Known { custom: &custom, owners: &owners });
    Ok(record::new_page(s!(reader.lang, companies.new), problem(reader), form))
}

fn filled_in(reader: &Reader, form: &RecordForm<'_>, known: &Known<'_>) -> AnyView {
    form.view(reader, known, |name| input(name, reader, known), None)
}

fn input(name: &str, reader: &Reader, known: &Known<'_>) -> Input {
    match name {
        "phone" => Input::Line("tel"),
        "owner" => forms::owner_choices(known.owners, reader.lang),
        "notes" => Input::Area,
        _ => Input::Line("text"),
    }
}

/// The page of a company, with its title.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>, id: &str) -> AppResult<(String, AnyView)> {
    let id = id_of(id)?;
    let (company, custom) = companies::find(ctx, id).await?;
    let record = Record {
        path: format!("/companies/{id}"),
        id: id.0,
        name: company.fields.name.clone(),
        tags: &company.fields.tags,
        custom: &company.fields.custom,
        owner: company.owner.as_deref(),
        created_at: company.created_at,
        updated_at: company.updated_at,
        deleted_at: company.deleted_at,
        merged_into: None,
        is_person: false,
    };
    let owners = records::owners(ctx).await?;
    let known = Known { custom: &custom, owners: &owners };
    let target = Target::Company(id);
    let stored = company.fields.texts(&custom);
    let edits = record.edits(ctx, reader, place);
    let main = if edits {
        let form = RecordForm { verb: "change", path: &record.path, back: &record.path, stored: &stored, names: &FIELDS };
        filled_in(reader, &form, &known)
    } else {
        record.story(ctx, reader, place, (Of::Company(id), target), None, &known).await?
    };
    let people = companies::contacts(ctx, id).await?;
    let tasks = parts::tasks_of(ctx, reader, target).await?;
    let input = |name: &str| input(name, reader, &known);
    let inline = Inline { path: &record.path, stored: &stored, input: &input };
    let inline = (record.is_changed_by(ctx) && !edits).then_some(&inline);
    let side = view! {
        {people_section(reader, &company, &people, ctx.actor.may(Permission::WriteCrm))}
        <div class="side-section">{tasks}</div>
        {record.details(reader, &known, inline, details(reader, &company))}
    };
    let head = record.head(reader, inline, None, facts(&company));
    let view = record.page(ctx, reader, place, head, main, side.into_any());
    Ok((record.name, view))
}

/// What stands below the name.
fn facts(company: &Company) -> AnyView {
    let it = &company.fields;
    let website = it.website.clone().map(|address| {
        let shown = address.trim_start_matches("https://").trim_end_matches('/').to_owned();
        view! { <a class="quiet" href=address rel="noopener noreferrer nofollow" target="_blank">{shown}</a> }
    });
    view! {
        {it.industry.clone().map(|industry| view! { <span>{industry}</span> })}
        {it.city.clone().map(|city| view! { <span>{city}</span> })}
        {website}
        {it.phone.as_deref().map(record::phone_link)}
    }
    .into_any()
}

/// The fields that stand nowhere else on the page.
fn details(reader: &Reader, company: &Company) -> [(&'static str, Option<String>); 6] {
    let it = &company.fields;
    [
        ("domain", it.domain.clone()),
        ("employees", it.employees.map(|n| format::integer(i64::from(n), reader.lang))),
        ("address", it.address.clone()),
        ("country", it.country.clone()),
        ("organization_id", it.organization_id.clone()),
        ("notes", it.notes.clone()),
    ]
}

fn people_section(reader: &Reader, company: &Company, all: &[(uuid::Uuid, String, Option<String>)], writes: bool) -> AnyView {
    let lang = reader.lang;
    let new = href::with_query("/contacts/new", &[("company", company.fields.name.clone())]);
    let everybody = href::with_query("/contacts", &[("if", format!("0~company~is~{}", company.fields.name))]);
    let n = all.len();
    view! {
        <section class="side-section">
            <h3>
                {s!(lang, desk.contacts)}
                <span class="side-end">
                    {writes.then(|| view! { <a class="icon-button" href=new title=s!(lang, contacts.new) aria-label=s!(lang, contacts.new)>{icon(Icon::Plus)}</a> })}
                </span>
            </h3>
            {(n == 0).then(|| view! { <p class="faint">{s!(lang, companies.nobody)}</p> })}
            {record::people(all.iter().take(20))}
            {(n > 20).then(|| view! { <a class="link" href=everybody>{s!(lang, companies.all_contacts)}</a> })}
        </section>
    }
    .into_any()
}
