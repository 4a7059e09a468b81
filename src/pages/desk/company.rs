//! A company: the page and its forms.

use leptos::prelude::*;

use super::{
    contacts::tel,
    forms::{self, Input},
    parts,
    timeline::{self, Words},
    words,
};
use crate::{
    domain::{
        AppError, AppResult,
        contact::{Company, custom::CustomField},
        crm::CompanyId,
        crm_edit::Texts,
        format,
        people::{Permission, UserId},
        tasks::Target,
    },
    features::contacts::{
        companies, fields,
        timeline::{Of, Part, list as moments},
        usecase,
    },
    pages::written::{
        form::Sent,
        parts::{Reader, avatar, notice, problem},
        render::Place,
    },
    platform::ctx::Ctx,
    ui::{
        href,
        i18n::{fill, s},
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
    let still = companies::find(ctx, id).await.is_ok();
    sent.go = Some(if still { format!("/companies/{id}?said={said}") } else { "/companies?did=assign&n=1".to_owned() });
    Ok(())
}

/// The form of a new company.
pub async fn new_page(ctx: &Ctx, reader: &Reader) -> AppResult<AnyView> {
    ctx.require(Permission::WriteCrm)?;
    let lang = reader.lang;
    let custom = fields::list(ctx, fields::COMPANY, false).await?;
    let owners = usecase::owners(ctx).await?;
    let mut begin = Texts::new();
    begin.insert("owner".into(), ctx.actor.user().map(|id| id.to_string()).unwrap_or_default());
    let view = view! {
        <div class="desk-form">
            <header class="office-head"><h2 class="office-title">{s!(lang, companies.new)}</h2></header>
            {problem(reader)}
            {form(reader, "create", "/companies/new", &begin, &custom, &owners, "/companies")}
        </div>
    };
    Ok(view.into_any())
}

fn form(
    reader: &Reader,
    verb: &'static str,
    path: &str,
    stored: &Texts,
    custom: &[CustomField],
    owners: &[(UserId, String)],
    back: &str,
) -> AnyView {
    let lang = reader.lang;
    let input = |name: &str| match name {
        "phone" => Input::Line("tel"),
        "owner" => forms::owner_choices(owners, lang),
        "notes" => Input::Area,
        _ => Input::Line("text"),
    };
    let mut all: Vec<_> =
        FIELDS.into_iter().map(|name| forms::field(reader, verb, stored, name, words::field(name, lang), input(name))).collect();
    let notes = all.pop();
    view! {
        <form class="form form-wide record-form" method="post" action=path.to_owned() data-form="">
            <input type="hidden" name="do" value=verb/>
            {all}
            {forms::custom_fields(reader, verb, stored, custom, owners)}
            {notes}
            <div class="form-actions">
                <button class="button button-primary">{s!(lang, desk.save)}</button>
                <a class="button" href=back.to_owned() data-key="Escape">{s!(lang, desk.cancel)}</a>
            </div>
        </form>
    }
    .into_any()
}

/// The page of a company, with its title.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>, id: &str) -> AppResult<(String, AnyView)> {
    let lang = reader.lang;
    let id = id_of(id)?;
    let (company, custom) = companies::find(ctx, id).await?;
    let path = format!("/companies/{id}");
    let writes = ctx.actor.may(Permission::WriteCrm);
    let refused = reader.sent.error().is_some() && reader.sent.verb() == "change";
    let edits = writes && company.deleted_at.is_none() && (place.get("edit") == "1" || refused);
    let part = Part::parse(place.get("part"));
    let before = place.get("before");
    let target = Target::Company(id);
    let owners = usecase::owners(ctx).await?;
    let main = if edits {
        form(reader, "change", &path, &company.fields.texts(&custom), &custom, &owners, &path)
    } else {
        let timeline = moments(ctx, Of::Company(id), None, part, before).await?;
        let words = Words { custom: &custom, owners: &owners };
        let says = writes && company.deleted_at.is_none() && before.is_empty();
        let composer = if says { Some(parts::composer(ctx, reader, place, target).await?) } else { None };
        let opened = reader.sent.verb() == "interaction_record" || !place.get("template").is_empty();
        let composer = composer.map(|form| forms::folded(s!(lang, contacts.note), opened, form));
        view! {
            {composer}
            {timeline::section(reader, &path, &timeline, part, before.is_empty(), &words, writes.then_some(target))}
        }
        .into_any()
    };
    let tasks = parts::tasks_of(ctx, reader, target).await?;
    let people = companies::contacts(ctx, id).await?;
    let said = match place.get("said") {
        "created" => Some(s!(lang, desk.created)),
        "changed" => Some(s!(lang, desk.saved)),
        "same" => Some(s!(lang, desk.same)),
        "restored" => Some(s!(lang, desk.restored)),
        _ => None,
    };
    let in_bin = company.deleted_at.map(|at| {
        let restore = writes.then(|| {
            view! { <form method="post" action=path.clone()><button class="button" name="do" value="restore">{s!(lang, desk.restore)}</button></form> }
        });
        let text = fill(s!(lang, desk.in_bin), &[&format::ago(at, reader.now, lang)]);
        view! { <div class="notice" role="status">{icon(Icon::Trash)}<p>{text}</p>{restore}</div> }
    });
    let view = view! {
        <article class="profile-page">
            {header(reader, &company, writes, &path)}
            {problem(reader)}
            {said.filter(|_| reader.sent.verb().is_empty()).map(|text| notice("notice-ok", Icon::Check, "status", text))}
            {in_bin}
            <div class="profile-columns">
                <div class="profile-main">{main}</div>
                <aside class="profile-side">
                    {people_section(reader, &company, &people, writes)}
                    <div class="side-section">{tasks}</div>
                    {details(reader, &company, &custom, &owners)}
                </aside>
            </div>
        </article>
    };
    Ok((company.fields.name.clone(), view.into_any()))
}

fn header(reader: &Reader, company: &Company, writes: bool, path: &str) -> AnyView {
    let lang = reader.lang;
    let it = &company.fields;
    let owner = company.owner.clone().unwrap_or_else(|| s!(lang, desk.nobody).to_owned());
    let website = it.website.clone().map(|address| {
        let shown = address.trim_start_matches("https://").trim_end_matches('/').to_owned();
        view! { <a class="quiet" href=address rel="noopener noreferrer nofollow" target="_blank">{shown}</a> }
    });
    let phone = it.phone.clone().map(|phone| view! { <a class="quiet" href=tel(&phone)>{phone.clone()}</a> });
    let is_here = company.deleted_at.is_none();
    view! {
        <header class="profile-head">
            {avatar(&it.name, company.id.0)}
            <div class="profile-who">
                <p class="profile-title">
                    <span class="profile-name">{it.name.clone()}</span>
                    {it.tags.iter().map(|tag| view! { <span class="chip">{tag.clone()}</span> }).collect_view()}
                </p>
                <p class="record-facts">
                    {it.industry.clone().map(|industry| view! { <span>{industry}</span> })}
                    {it.city.clone().map(|city| view! { <span>{city}</span> })}
                    {website}
                    {phone}
                </p>
            </div>
            <p class="profile-owner"><span class="faint">{s!(lang, fields.owner)}</span><span>{owner}</span></p>
            {(writes && is_here)
                .then(|| {
                    view! {
                        <div class="profile-actions">
                            <a class="button" href=format!("{path}?edit=1") data-key="e">{s!(lang, desk.edit)}<kbd aria-hidden="true">"E"</kbd></a>
                            <form method="post" action=path.to_owned()>
                                <button class="button button-bad" name="do" value="delete">{icon(Icon::Trash)}{s!(lang, desk.delete)}</button>
                            </form>
                        </div>
                    }
                })}
        </header>
    }
    .into_any()
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
            <ul class="people-list">
                {all
                    .iter()
                    .take(20)
                    .map(|(id, name, title)| {
                        view! {
                            <li>
                                <a class="who" href=format!("/contacts/{id}")>
                                    {avatar(name, *id)}
                                    <span class="who-name">{name.clone()}</span>
                                    {title.clone().map(|title| view! { <span class="who-more">{title}</span> })}
                                </a>
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
            {(n > 20).then(|| view! { <a class="link" href=everybody>{s!(lang, companies.all_contacts)}</a> })}
        </section>
    }
    .into_any()
}

fn details(reader: &Reader, company: &Company, custom: &[CustomField], owners: &[(UserId, String)]) -> AnyView {
    let lang = reader.lang;
    let it = &company.fields;
    let plain = [
        ("domain", it.domain.clone()),
        ("employees", it.employees.map(|n| format::integer(i64::from(n), lang))),
        ("address", it.address.clone()),
        ("country", it.country.clone()),
        ("organization_id", it.organization_id.clone()),
        ("notes", it.notes.clone()),
    ];
    let plain = plain.into_iter().filter_map(|(name, value)| {
        let value = value?;
        Some(view! { <dt>{words::field(name, lang)}</dt> <dd>{value}</dd> }.into_any())
    });
    let own = custom.iter().filter_map(|field| {
        let value = it.custom.get(&field.key)?;
        let shown = super::contact::custom_value(field, value, owners, lang);
        Some(view! { <dt>{field.label.clone()}</dt> <dd>{shown}</dd> }.into_any())
    });
    view! {
        <section class="side-section">
            <h3>{s!(lang, desk.details)}</h3>
            <dl class="record-list">
                {plain.chain(own).collect::<Vec<_>>()}
                <dt>{s!(lang, fields.created)}</dt>
                <dd>{reader.time(company.created_at)}</dd>
                <dt>{s!(lang, fields.updated)}</dt>
                <dd>{reader.time(company.updated_at)}</dd>
            </dl>
        </section>
    }
    .into_any()
}
