//! A contact: the page, the panel beside the list, and the forms.

use leptos::prelude::*;

use super::{
    forms::{self, Input},
    parts,
    record::{self, Inline, Known, Record, RecordForm},
    timeline, words,
};
use crate::{
    domain::{
        AppError, AppResult, contact::Contact, crm::ContactId, crm_edit::Texts, format, matching, people::Permission,
        tasks::Target, usage::UserDetail,
    },
    features::{
        contacts::{
            companies, fields, record as records,
            timeline::{Of, list as moments},
            usecase,
        },
        duplicates::look::{self, Likely},
    },
    pages::{
        usage::load,
        written::{
            form::Sent,
            parts::{Reader, problem},
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
        verb @ ("delete" | "restore") => {
            usecase::set_deleted(ctx, id, verb == "delete").await?;
            if verb == "delete" { "deleted" } else { "restored" }
        }
        _ => return Err(AppError::NotFound),
    };
    // It may have been handed over to somebody whose contacts the actor does not see.
    let is_seen = usecase::find(ctx, id).await.is_ok();
    record::leave(sent, "/contacts", id, is_seen, said);
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
    let owners = records::owners(ctx).await?;
    let form = RecordForm { verb: "create", path: "/contacts/new", back: "/contacts", stored: &begin, names: &FIELDS };
    let form = filled_in(ctx, reader, &form, &Known { custom: &custom, owners: &owners }, notice).await?;
    Ok(record::new_page(s!(reader.lang, contacts.new), problem(reader).filter(|_| !is_like), form))
}

async fn filled_in(
    ctx: &Ctx,
    reader: &Reader,
    form: &RecordForm<'_>,
    known: &Known<'_>,
    before: Option<AnyView>,
) -> AppResult<AnyView> {
    let companies = companies::names(ctx).await?;
    let input = |name: &str| match name {
        "company" => Input::Offer(companies.clone()),
        name => input(name, reader, known),
    };
    Ok(form.view(reader, known, input, before))
}

fn input(name: &str, reader: &Reader, known: &Known<'_>) -> Input {
    match name {
        "email" => Input::Line("email"),
        "phone" => Input::Line("tel"),
        "birthday" => Input::Line("date"),
        "lifecycle" => forms::lifecycle_choices(reader.lang),
        "owner" => forms::owner_choices(known.owners, reader.lang),
        "language" => forms::language_choices(),
        "notes" => Input::Area,
        _ => Input::Line("text"),
    }
}

fn record(contact: &Contact) -> Record<'_> {
    Record {
        path: format!("/contacts/{}", contact.id),
        id: contact.id.0,
        name: contact.name(),
        tags: &contact.fields.tags,
        custom: &contact.fields.custom,
        owner: contact.owner.as_deref(),
        created_at: contact.created_at,
        updated_at: contact.updated_at,
        deleted_at: contact.deleted_at,
        merged_into: contact.merged_into.map(|id| format!("/contacts/{id}")),
        is_person: true,
    }
}

/// The page of a contact, with its title.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>, id: &str) -> AppResult<(String, AnyView)> {
    let id = id_of(id)?;
    let (contact, custom) = usecase::find(ctx, id).await?;
    let record = record(&contact);
    let owners = records::owners(ctx).await?;
    let known = Known { custom: &custom, owners: &owners };
    let target = Target::Contact(id);
    let user = contact.fields.usage_user_id.as_deref();
    let usage = usage_of(ctx, user).await;
    let stored = contact.texts(&custom);
    let edits = record.edits(ctx, reader, place);
    let main = if edits {
        let form = RecordForm { verb: "change", path: &record.path, back: &record.path, stored: &stored, names: &FIELDS };
        filled_in(ctx, reader, &form, &known, None).await?
    } else {
        record.story(ctx, reader, place, (Of::Contact(id), target), user, &known).await?
    };
    let tasks = parts::tasks_of(ctx, reader, target).await?;
    let colleagues = match contact.fields.company_id {
        Some(company) => companies::contacts(ctx, company).await.unwrap_or_default(),
        None => Vec::new(),
    };
    let input = |name: &str| input(name, reader, &known);
    let inline = Inline { path: &record.path, stored: &stored, input: &input };
    let inline = (record.is_changed_by(ctx) && !edits).then_some(&inline);
    let side = view! {
        {usage_section(reader, &contact, usage.as_ref())}
        <div class="side-section">{tasks}</div>
        {record.details(reader, &known, inline, details(reader, &contact))}
        {people(reader, id, &contact, &colleagues)}
    };
    let head = head(reader, &contact, &record, inline);
    let view = record.page(ctx, reader, place, head, main, side.into_any());
    Ok((record.name, view))
}

async fn usage_of(ctx: &Ctx, user: Option<&str>) -> Option<UserDetail> {
    load::user(ctx, user?).await.ok()
}

/// The contact beside the list.
pub async fn panel(ctx: &Ctx, reader: &Reader, id: ContactId, close: &str) -> AppResult<Option<AnyView>> {
    let lang = reader.lang;
    let Ok((contact, custom)) = usecase::find(ctx, id).await else { return Ok(None) };
    let owners = records::owners(ctx).await?;
    let user = contact.fields.usage_user_id.as_deref();
    let timeline = moments(ctx, Of::Contact(id), user, None, "").await?;
    let usage = usage_of(ctx, user).await;
    let record = record(&contact);
    let known = Known { custom: &custom, owners: &owners };
    let path = &record.path;
    let view = view! {
        <aside class="desk-panel" aria-label=record.name.clone()>
            <div class="desk-panel-bar">
                <a class="button" href=path.clone()>{s!(lang, desk.open)}{icon(Icon::ChevronRight)}</a>
                {record
                    .is_changed_by(ctx)
                    .then(|| view! { <a class="button" href=format!("{path}?edit=1") data-key="e">{s!(lang, desk.edit)}</a> })}
                <a class="icon-button desk-panel-close" href=close.to_owned() data-key="Escape" aria-label=s!(lang, desk.close)>{icon(Icon::Close)}</a>
            </div>
            {head(reader, &contact, &record, None)}
            {record.bin_notice(ctx, reader)}
            {usage_section(reader, &contact, usage.as_ref())}
            {record.details(reader, &known, None, details(reader, &contact))}
            {timeline::section(reader, path, &timeline, None, true, &known, None)}
        </aside>
    };
    Ok(Some(view.into_any()))
}

fn head(reader: &Reader, contact: &Contact, record: &Record<'_>, inline: Option<&Inline<'_>>) -> AnyView {
    let lang = reader.lang;
    let fields = &contact.fields;
    let lifecycle = fields.lifecycle.map(|it| {
        let chip = words::lifecycle_chip(it.as_str(), lang);
        match inline {
            Some(inline) => inline.field(reader, "lifecycle", chip),
            None => chip,
        }
    });
    let work = match (&fields.title, &contact.company) {
        (Some(title), Some(_)) => Some(fill(s!(lang, contacts.works_as), &[title])),
        (Some(title), None) => Some(title.clone()),
        _ => None,
    };
    let company = contact.company.clone().zip(fields.company_id).map(|(name, id)| {
        view! { <a class="quiet record-org" href=format!("/companies/{id}")>{name}</a> }
    });
    let facts = view! {
        {(work.is_some() || company.is_some()).then(|| view! { <span>{work}" "{company}</span> })}
        {fields.email.as_deref().map(record::email_link)}
        {fields.phone.as_deref().map(record::phone_link)}
    };
    record.head(reader, inline, lifecycle, facts.into_any())
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

/// The fields that stand nowhere else on the page.
fn details(reader: &Reader, contact: &Contact) -> [(&'static str, Option<String>); 9] {
    let it = &contact.fields;
    let list = |all: &[String]| (!all.is_empty()).then(|| all.join(", "));
    [
        ("city", it.city.clone()),
        ("country", it.country.clone()),
        ("language", it.language.as_deref().map(|code| if code == "es" { "Español" } else { "English" }.to_owned())),
        ("birthday", it.birthday.map(|day| format::date_long(day, reader.lang))),
        ("source", it.source.clone()),
        ("other_emails", list(&it.other_emails)),
        ("other_phones", list(&it.other_phones)),
        ("usage_user_id", it.usage_user_id.clone()),
        ("notes", it.notes.clone()),
    ]
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
                {record::people(others)}
            </section>
        }
        .into_any(),
    )
}
