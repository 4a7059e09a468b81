//! A contact: the page, the panel beside the list, and the forms.

use leptos::prelude::*;
use serde_json::Value;

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
        contact::{
            Contact,
            custom::{CustomField, FieldKind},
        },
        crm::ContactId,
        crm_edit::Texts,
        format::{self, Lang},
        matching,
        people::{Permission, UserId},
        tasks::Target,
        usage::UserDetail,
    },
    features::{
        contacts::{
            companies, fields,
            timeline::{Of, Part, list as moments},
            usecase,
        },
        duplicates::look::{self, Likely},
    },
    pages::{
        usage::load,
        written::{
            form::Sent,
            parts::{Reader, avatar, notice, problem},
            render::Place,
        },
    },
    platform::ctx::Ctx,
    ui::{
        href,
        i18n::{fill, s},
        icon::{Icon, icon},
        mark::tier_name,
        meter::meter,
        spark::spark,
    },
};

/// The fields of a form, in their order.
const FIELDS: [&str; 18] = [
    "first_name",
    "last_name",
    "email",
    "phone",
    "company",
    "title",
    "lifecycle",
    "owner",
    "city",
    "country",
    "language",
    "birthday",
    "source",
    "usage_user_id",
    "other_emails",
    "other_phones",
    "tags",
    "notes",
];

fn id_of(text: &str) -> AppResult<ContactId> {
    text.parse().map(ContactId).map_err(|_| AppError::NotFound)
}

/// Adds a contact.
pub async fn take_new(ctx: &Ctx, sent: &mut Sent) -> AppResult<()> {
    match sent.verb() {
        "create" => {
            let texts = forms::edit(sent).now;
            // Whoever is here already is told before somebody is added a second time.
            if sent.value("sure") != "1" && !similar(ctx, &texts).await?.is_empty() {
                return Err(AppError::Conflict { detail: "somebody like this is here".into() });
            }
            let id = usecase::create(ctx, &texts).await?;
            sent.go = Some(format!("/contacts/{id}?said=created"));
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
            if usecase::change(ctx, id, &forms::edit(sent)).await? {
                "changed"
            } else {
                "same"
            }
        }
        "delete" => {
            usecase::delete(ctx, id).await?;
            "deleted"
        }
        "restore" => {
            usecase::restore(ctx, id).await?;
            "restored"
        }
        _ => return Err(AppError::NotFound),
    };
    // It may have been handed over to somebody whose contacts the actor does not see.
    let still = usecase::find(ctx, id).await.is_ok();
    sent.go = Some(if still { format!("/contacts/{id}?said={said}") } else { "/contacts?did=assign&n=1".to_owned() });
    Ok(())
}

/// Who is here and likely the one that is typed.
async fn similar(ctx: &Ctx, texts: &Texts) -> AppResult<Vec<Likely>> {
    let get = |name: &str| texts.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
    let each = |first: &str, others: &str| {
        let all = format!("{},{}", get(first), get(others));
        all.split([',', ';']).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect()
    };
    let typed = matching::contact::Contact {
        first_name: get("first_name"),
        last_name: get("last_name"),
        emails: each("email", "other_emails"),
        phones: each("phone", "other_phones"),
        company: get("company"),
        city: get("city"),
        country: get("country"),
        birthday: get("birthday"),
    };
    look::similar(ctx, &typed).await
}

/// Those who are likely the one that is typed, with the way to add somebody all the same.
fn similar_notice(reader: &Reader, all: &[Likely]) -> Option<AnyView> {
    let lang = reader.lang;
    if all.is_empty() {
        return None;
    }
    let lines = all.iter().take(5).map(|likely| {
        let more = [&likely.company, &likely.email, &likely.phone].into_iter().flatten().cloned().collect::<Vec<_>>().join(" · ");
        view! {
            <li>
                <a class="link" href=format!("/contacts/{}", likely.id)>{likely.name.clone()}</a>
                " "
                <span class="faint">{more}</span>
            </li>
        }
    });
    Some(
        view! {
            <div class="notice notice-warn similar" role="alert">
                {icon(Icon::Users)}
                <div>
                    <p>{s!(lang, contacts.similar)}</p>
                    <ul>{lines.collect_view()}</ul>
                    <label class="check"><input type="checkbox" name="sure" value="1"/>{s!(lang, contacts.sure)}</label>
                </div>
            </div>
        }
        .into_any(),
    )
}

/// The form of a new contact.
pub async fn new_page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    ctx.require(Permission::WriteCrm)?;
    let lang = reader.lang;
    let custom = fields::list(ctx, fields::CONTACT, false).await?;
    let mut begin = Texts::new();
    for name in FIELDS {
        begin.insert(name.to_owned(), place.get(name).chars().take(200).collect());
    }
    begin.insert("lifecycle".into(), "prospect".into());
    begin.insert("owner".into(), ctx.actor.user().map(|id| id.to_string()).unwrap_or_default());
    let is_like = matches!(reader.sent.error(), Some(AppError::Conflict { .. }));
    let likely = if is_like { similar(ctx, &forms::edit(&reader.sent).now).await? } else { Vec::new() };
    let notice = similar_notice(reader, &likely);
    let form = form(ctx, reader, "create", "/contacts/new", &begin, &custom, "/contacts", notice).await?;
    let view = view! {
        <div class="desk-form">
            <header class="office-head"><h2 class="office-title">{s!(lang, contacts.new)}</h2></header>
            {(!is_like).then(|| problem(reader))}
            {form}
        </div>
    };
    Ok(view.into_any())
}

#[expect(clippy::too_many_arguments, reason = "the parts of one form")]
async fn form(
    ctx: &Ctx,
    reader: &Reader,
    verb: &'static str,
    path: &str,
    stored: &Texts,
    custom: &[CustomField],
    back: &str,
    before: Option<AnyView>,
) -> AppResult<AnyView> {
    let lang = reader.lang;
    let owners = usecase::owners(ctx).await?;
    let companies = companies::names(ctx).await?;
    let input = |name: &str| match name {
        "email" => Input::Line("email"),
        "phone" => Input::Line("tel"),
        "birthday" => Input::Line("date"),
        "company" => Input::Offer(companies.clone()),
        "lifecycle" => forms::lifecycle_choices(lang),
        "owner" => forms::owner_choices(&owners, lang),
        "language" => forms::language_choices(),
        "notes" => Input::Area,
        _ => Input::Line("text"),
    };
    let all = FIELDS.map(|name| forms::field(reader, verb, stored, name, words::field(name, lang), input(name)));
    let mut all: Vec<_> = all.into_iter().collect();
    let notes = all.pop();
    let view = view! {
        <form class="form form-wide record-form" method="post" action=path.to_owned() data-form="">
            <input type="hidden" name="do" value=verb/>
            {before}
            {all}
            {forms::custom_fields(reader, verb, stored, custom, &owners)}
            {notes}
            <div class="form-actions">
                <button class="button button-primary">{s!(lang, desk.save)}</button>
                <a class="button" href=back.to_owned() data-key="Escape">{s!(lang, desk.cancel)}</a>
            </div>
        </form>
    };
    Ok(view.into_any())
}

/// The page of a contact, with its title.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>, id: &str) -> AppResult<(String, AnyView)> {
    let lang = reader.lang;
    let id = id_of(id)?;
    let (contact, custom) = usecase::find(ctx, id).await?;
    let path = format!("/contacts/{id}");
    let writes = ctx.actor.may(Permission::WriteCrm);
    let refused = reader.sent.error().is_some() && reader.sent.verb() == "change";
    let edits = writes && contact.deleted_at.is_none() && (place.get("edit") == "1" || refused);
    let part = Part::parse(place.get("part"));
    let before = place.get("before");
    let target = Target::Contact(id);
    let owners = usecase::owners(ctx).await?;
    let usage = match &contact.fields.usage_user_id {
        Some(user) => load::user(ctx, user).await.ok(),
        None => None,
    };
    let main = if edits {
        form(ctx, reader, "change", &path, &contact.texts(&custom), &custom, &path, None).await?
    } else {
        let timeline = moments(ctx, Of::Contact(id), contact.fields.usage_user_id.as_deref(), part, before).await?;
        let words = Words { custom: &custom, owners: &owners };
        let says = writes && contact.deleted_at.is_none() && before.is_empty();
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
    let colleagues = match contact.fields.company_id {
        Some(company) => companies::contacts(ctx, company).await.unwrap_or_default(),
        None => Vec::new(),
    };
    let name = contact.name();
    let said = match place.get("said") {
        "created" => Some(s!(lang, desk.created)),
        "changed" => Some(s!(lang, desk.saved)),
        "same" => Some(s!(lang, desk.same)),
        "restored" => Some(s!(lang, desk.restored)),
        _ => None,
    };
    let view = view! {
        <article class="profile-page">
            {header(reader, &contact, writes, &path)}
            {problem(reader)}
            {said.filter(|_| reader.sent.verb().is_empty()).map(|text| notice("notice-ok", Icon::Check, "status", text))}
            {bin_notice(reader, &contact, writes, &path)}
            <div class="profile-columns">
                <div class="profile-main">{main}</div>
                <aside class="profile-side">
                    {usage_section(reader, &contact, usage.as_ref())}
                    <div class="side-section">{tasks}</div>
                    {details(reader, &contact, &custom, &owners)}
                    {people(reader, id, &contact, &colleagues)}
                </aside>
            </div>
        </article>
    };
    Ok((name, view.into_any()))
}

/// The contact beside the list.
pub async fn panel(ctx: &Ctx, reader: &Reader, id: ContactId, close: &str) -> AppResult<Option<AnyView>> {
    let lang = reader.lang;
    let Ok((contact, custom)) = usecase::find(ctx, id).await else { return Ok(None) };
    let owners = usecase::owners(ctx).await?;
    let timeline = moments(ctx, Of::Contact(id), contact.fields.usage_user_id.as_deref(), None, "").await?;
    let path = format!("/contacts/{id}");
    let usage = match &contact.fields.usage_user_id {
        Some(user) => load::user(ctx, user).await.ok(),
        None => None,
    };
    let words = Words { custom: &custom, owners: &owners };
    let writes = ctx.actor.may(Permission::WriteCrm) && contact.deleted_at.is_none();
    let view = view! {
        <aside class="desk-panel" aria-label=contact.name()>
            <div class="desk-panel-bar">
                <a class="button" href=path.clone()>{s!(lang, desk.open)}{icon(Icon::ChevronRight)}</a>
                {writes.then(|| view! { <a class="button" href=format!("{path}?edit=1") data-key="e">{s!(lang, desk.edit)}</a> })}
                <a class="icon-button desk-panel-close" href=close.to_owned() data-key="Escape" aria-label=s!(lang, desk.close)>{icon(Icon::Close)}</a>
            </div>
            {header(reader, &contact, false, &path)}
            {bin_notice(reader, &contact, writes, &path)}
            {usage_section(reader, &contact, usage.as_ref())}
            {details(reader, &contact, &custom, &owners)}
            {timeline::section(reader, &path, &timeline, None, true, &words, None)}
        </aside>
    };
    Ok(Some(view.into_any()))
}

fn header(reader: &Reader, contact: &Contact, writes: bool, path: &str) -> AnyView {
    let lang = reader.lang;
    let fields = &contact.fields;
    let name = contact.name();
    let lifecycle = fields.lifecycle.map(|it| words::lifecycle_chip(it.as_str(), lang));
    let work = match (&fields.title, &contact.company) {
        (Some(title), Some(_)) => Some(fill(s!(lang, contacts.works_as), &[title])),
        (Some(title), None) => Some(title.clone()),
        _ => None,
    };
    let company = contact.company.clone().zip(fields.company_id).map(|(name, id)| {
        view! { <a class="quiet record-org" href=format!("/companies/{id}")>{name}</a> }
    });
    let email = fields.email.clone().map(|email| view! { <a class="quiet" href=format!("mailto:{email}")>{email.clone()}</a> });
    let phone = fields.phone.clone().map(|phone| view! { <a class="quiet" href=tel(&phone)>{phone.clone()}</a> });
    let owner = contact.owner.clone().unwrap_or_else(|| s!(lang, desk.nobody).to_owned());
    let is_here = contact.deleted_at.is_none();
    view! {
        <header class="profile-head">
            {avatar(&name, contact.id.0)}
            <div class="profile-who">
                <p class="profile-title">
                    <span class="profile-name">{name}</span>
                    {lifecycle}
                    {fields.tags.iter().map(|tag| view! { <span class="chip">{tag.clone()}</span> }).collect_view()}
                </p>
                <p class="record-facts">{work.map(|work| view! { <span>{work}</span> })}{company}{email}{phone}</p>
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

fn bin_notice(reader: &Reader, contact: &Contact, writes: bool, path: &str) -> Option<AnyView> {
    let lang = reader.lang;
    let at = contact.deleted_at?;
    if let Some(other) = contact.merged_into {
        return Some(
            view! {
                <div class="notice" role="status">
                    {icon(Icon::Users)}
                    <p>{s!(lang, contacts.merged)}" "<a class="link" href=format!("/contacts/{other}")>{s!(lang, desk.open)}</a></p>
                </div>
            }
            .into_any(),
        );
    }
    let text = fill(s!(lang, desk.in_bin), &[&format::ago(at, reader.now, lang)]);
    let restore = writes.then(|| {
        view! { <form method="post" action=path.to_owned()><button class="button" name="do" value="restore">{s!(lang, desk.restore)}</button></form> }
    });
    Some(view! { <div class="notice" role="status">{icon(Icon::Trash)}<p>{text}</p>{restore}</div> }.into_any())
}

/// How the month stands.
fn usage_section(reader: &Reader, contact: &Contact, usage: Option<&UserDetail>) -> Option<AnyView> {
    let lang = reader.lang;
    let user = contact.fields.usage_user_id.as_ref()?;
    let Some(usage) = usage else {
        return Some(
            view! {
                <section class="side-section">
                    <h3>{s!(lang, contacts.usage)}</h3>
                    <p class="faint">{fill(s!(lang, contacts.unknown_user), &[user])}</p>
                </section>
            }
            .into_any(),
        );
    };
    let standing = &usage.standing;
    let share = |n: i64, of: i64| if of > 0 { n.saturating_mul(10_000) / of } else { 0 };
    let (month_bp, day_bp) =
        (share(standing.month_tokens, standing.token_limit), share(standing.day_interactions, standing.interaction_limit));
    let days: Vec<_> = usage.days.iter().skip(usage.days.len().saturating_sub(30)).map(|day| day.tokens).collect();
    let line = |label: &'static str, n: i64, of: i64, bp: i64| {
        view! {
            <div class="use-line">
                <p>
                    <span>{label}</span>
                    <span class="use-figures"><strong>{format::integer(n, lang)}</strong>" / "{format::integer(of, lang)}" · "{format::share(bp, lang)}</span>
                </p>
                {meter(bp, None)}
            </div>
        }
    };
    Some(
        view! {
            <section class="side-section">
                <h3>{s!(lang, contacts.usage)}<span class="side-end">{tier_name(standing.tier)}</span></h3>
                {line(s!(lang, contacts.month_tokens), standing.month_tokens, standing.token_limit, month_bp)}
                {line(s!(lang, contacts.day_interactions), standing.day_interactions, standing.interaction_limit, day_bp)}
                <p class="use-foot">
                    {spark(&days)}
                    <span class="faint">{s!(lang, contacts.days_30)}</span>
                    <a class="link side-end" href=href::user(user)>{s!(lang, contacts.all_usage)}</a>
                </p>
            </section>
        }
        .into_any(),
    )
}

/// A custom field's value, as people read it.
pub(super) fn custom_value(field: &CustomField, value: &Value, owners: &[(UserId, String)], lang: Lang) -> AnyView {
    let text = field.text(value);
    match field.kind {
        FieldKind::Money => {
            let currency = field.currency.as_deref().unwrap_or("USD");
            format::money(value.as_i64().unwrap_or_default(), currency, lang).into_any()
        }
        FieldKind::Date => text.parse().map_or(text, |day| format::date_long(day, lang)).into_any(),
        FieldKind::YesNo => if text == "yes" { s!(lang, desk.yes) } else { s!(lang, desk.no) }.into_any(),
        FieldKind::Link => {
            let shown = text.trim_start_matches("https://").to_owned();
            view! { <a class="link" href=text rel="noopener noreferrer nofollow" target="_blank">{shown}</a> }.into_any()
        }
        FieldKind::Person => {
            let owner = owners.iter().find(|(id, _)| id.to_string() == text);
            owner.map_or_else(|| "…".to_owned(), |(_, name)| name.clone()).into_any()
        }
        FieldKind::Text | FieldKind::Number | FieldKind::Choice | FieldKind::Choices => text.into_any(),
    }
}

fn details(reader: &Reader, contact: &Contact, custom: &[CustomField], owners: &[(UserId, String)]) -> AnyView {
    let lang = reader.lang;
    let it = &contact.fields;
    let list = |all: &[String]| (!all.is_empty()).then(|| all.join(", "));
    let plain = [
        ("city", it.city.clone()),
        ("country", it.country.clone()),
        ("language", it.language.as_deref().map(|code| if code == "es" { "Español" } else { "English" }.to_owned())),
        ("birthday", it.birthday.map(|day| format::date_long(day, lang))),
        ("source", it.source.clone()),
        ("other_emails", list(&it.other_emails)),
        ("other_phones", list(&it.other_phones)),
        ("usage_user_id", it.usage_user_id.clone()),
        ("notes", it.notes.clone()),
    ];
    let plain = plain.into_iter().filter_map(|(name, value)| {
        let value = value?;
        Some(view! { <dt>{words::field(name, lang)}</dt> <dd>{value}</dd> }.into_any())
    });
    let own = custom.iter().filter_map(|field| {
        let value = it.custom.get(&field.key)?;
        let shown = custom_value(field, value, owners, lang);
        Some(view! { <dt>{field.label.clone()}</dt> <dd>{shown}</dd> }.into_any())
    });
    view! {
        <section class="side-section">
            <h3>{s!(lang, desk.details)}</h3>
            <dl class="record-list">
                {plain.chain(own).collect::<Vec<_>>()}
                <dt>{s!(lang, fields.created)}</dt>
                <dd>{reader.time(contact.created_at)}</dd>
                <dt>{s!(lang, fields.updated)}</dt>
                <dd>{reader.time(contact.updated_at)}</dd>
            </dl>
        </section>
    }
    .into_any()
}

/// Others of the same company.
fn people(reader: &Reader, id: ContactId, contact: &Contact, all: &[(uuid::Uuid, String, Option<String>)]) -> Option<AnyView> {
    let lang = reader.lang;
    let others: Vec<_> = all.iter().filter(|(other, ..)| *other != id.0).take(8).collect();
    let company = contact.company.clone()?;
    if others.is_empty() {
        return None;
    }
    Some(
        view! {
            <section class="side-section">
                <h3>{fill(s!(lang, contacts.colleagues), &[&company])}</h3>
                <ul class="people-list">
                    {others
                        .into_iter()
                        .map(|(other, name, title)| {
                            view! {
                                <li>
                                    <a class="who" href=format!("/contacts/{other}")>
                                        {avatar(name, *other)}
                                        <span class="who-name">{name.clone()}</span>
                                        {title.clone().map(|title| view! { <span class="who-more">{title}</span> })}
                                    </a>
                                </li>
                            }
                        })
                        .collect_view()}
                </ul>
            </section>
        }
        .into_any(),
    )
}
