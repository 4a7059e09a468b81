//! The list of leads.

use leptos::prelude::*;
use uuid::Uuid;

use super::lead_words as words;
use crate::{
    domain::{
        AppError, AppResult,
        crm::LeadId,
        format,
        lead::{Band, LeadStatus, profile::Segment},
        people::{Permission, UserId},
    },
    features::leads::{
        assign, change,
        read::{self, After, Filter, Listed, Sort, Whose},
    },
    pages::written::{
        form::Sent,
        parts::{Choice, Reader, fault_text, notice, problem},
        render::{Place, head},
        tables::{Column, pager, search_field, table},
    },
    platform::ctx::Ctx,
    ui::{
        href,
        i18n::{fill, s},
        icon::{Icon, icon},
    },
};

/// The fields of the list's address.
const FIELDS: [&str; 6] = ["q", "status", "band", "owner", "source", "sort"];

/// Does what a form of the list asks for, and goes back to the list as it was.
pub async fn take(ctx: &Ctx, sent: &mut Sent) -> AppResult<()> {
    let ids: Vec<_> = sent.all("ids").filter_map(|id| id.parse().ok()).map(LeadId).collect();
    let (done, count) = match sent.verb() {
        "assign" => {
            let owner = match sent.value("owner") {
                "" => None,
                id => Some(UserId(id.parse().map_err(|_| AppError::invalid("/owner", "unknown", "is nobody"))?)),
            };
            ("assigned", assign::assign(ctx, &ids, owner).await?)
        }
        "status" => {
            let status = LeadStatus::parse(sent.value("to")).ok_or(AppError::NotFound)?;
            ("status_set", change::set_status(ctx, &ids, status, sent.value("reason")).await?)
        }
        _ => return Err(AppError::NotFound),
    };
    let mut fields: Vec<_> =
        FIELDS.into_iter().map(|name| (name, sent.value(name).to_owned())).filter(|(_, value)| !value.is_empty()).collect();
    // The menu of the bulk form has the same name as the filter.
    fields.retain(|(name, _)| *name != "owner" && *name != "status");
    for (name, kept) in [("owner", "of"), ("status", "was")] {
        fields.extend(Some((name, sent.value(kept).to_owned())).filter(|(_, value)| !value.is_empty()));
    }
    fields.extend([("done", done.to_owned()), ("n", count.to_string())]);
    sent.go = Some(href::with_query("/leads", &fields));
    Ok(())
}

/// Reads which leads the address asks for.
fn filter<'a>(ctx: &Ctx, place: &'a Place<'_>) -> Filter<'a> {
    let sort = if place.get("sort") == "newest" { Sort::Newest } else { Sort::Score };
    Filter {
        search: place.get("q"),
        status: LeadStatus::parse(place.get("status")),
        band: Band::parse(place.get("band")),
        whose: match (place.get("owner"), ctx.actor.user()) {
            ("me", Some(me)) => Whose::User(me),
            ("nobody", _) => Whose::Nobody,
            (id, _) => id.parse::<Uuid>().map_or(Whose::All, |id| Whose::User(UserId(id))),
        },
        source: place.get("source"),
        sort,
        after: place.get("after").split_once('~').and_then(|(at, id)| Some(After { at: at.parse().ok()?, id: id.parse().ok()? })),
    }
}

/// Writes the page.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let filter = filter(ctx, place);
    let (found, more) = read::list(ctx, &filter).await?;
    let (owners, sources) = (read::owners(ctx).await?, read::sources(ctx).await?);
    let may = ctx.actor.may(Permission::WriteCrm);
    let asked: Vec<_> =
        FIELDS.into_iter().map(|name| (name, place.get(name).to_owned())).filter(|(_, value)| !value.is_empty()).collect();
    let next = more.then(|| found.last()).flatten().map(|last| {
        let at = if filter.sort == Sort::Score { i64::from(last.score) } else { last.created_at.timestamp_micros() };
        let mut fields = asked.clone();
        fields.push(("after", format!("{at}~{}", last.id)));
        href::with_query("/leads", &fields)
    });
    let done = match place.get("done") {
        "assigned" => Some(fill(s!(lang, leads.assigned), &[place.get("n")])),
        "status_set" => Some(fill(s!(lang, leads.status_set), &[place.get("n")])),
        "merged" => Some(s!(lang, leads.merged_unseen).to_owned()),
        _ => None,
    };
    let new = may.then(|| {
        view! { <a class="button button-primary" href="/leads/new">{icon(Icon::Plus)}{s!(lang, leads.new)}</a> }.into_any()
    });
    let none = found.is_empty().then(|| {
        let text = if asked.is_empty() { s!(lang, leads.none) } else { s!(lang, leads.none_found) };
        view! { <p class="office-none">{text}</p> }
    });
    let mut columns = vec![
        Column::Text(s!(lang, leads.name)),
        Column::Number(s!(lang, leads.score)),
        Column::Text(s!(lang, leads.segment)),
        Column::Text(s!(lang, leads.status)),
        Column::Text(s!(lang, leads.owner)),
        Column::Text(s!(lang, leads.captured)),
    ];
    if may {
        columns.insert(0, Column::Action(s!(lang, leads.choose)));
    }
    let bulk = (may && !found.is_empty()).then(|| bulk(reader, place, &owners));
    let rows = found.into_iter().map(|lead| row(reader, lead, may)).collect_view();
    let view = view! {
        {head(s!(lang, leads.title), s!(lang, leads.help), new)}
        {problem(reader)}
        {done.map(|text| notice("notice-ok", Icon::Check, "status", &text))}
        {filters(ctx, reader, place, &owners, sources)}
        {bulk}
        {table(reader, "table-2 leads", &columns, rows)}
        {none}
        {pager(filter.after.is_none(), ("/leads", s!(lang, leads.first)), (next, s!(lang, leads.next)))}
    };
    Ok(view.into_any())
}

/// A menu of the list's address.
fn menu(name: &'static str, label: &str, chosen: &str, choices: Vec<(String, String)>) -> AnyView {
    view! {
        <label class="filter">
            <span>{label.to_owned()}</span>
            <select class="input" name=name>
                {choices
                    .into_iter()
                    .map(|(value, text)| {
                        let selected = value == chosen;
                        view! { <option value=value selected=selected>{text}</option> }
                    })
                    .collect_view()}
            </select>
        </label>
    }
    .into_any()
}

fn filters(ctx: &Ctx, reader: &Reader, place: &Place<'_>, owners: &[(UserId, String)], sources: Vec<String>) -> AnyView {
    let lang = reader.lang;
    let any = || (String::new(), s!(lang, leads.any).to_owned());
    let mut status = vec![(String::new(), s!(lang, leads.all_open).to_owned())];
    status.extend(LeadStatus::ALL.iter().map(|each| (each.as_str().to_owned(), words::status(*each, lang).to_owned())));
    let mut band = vec![any()];
    band.extend(Band::ALL.iter().map(|each| (each.as_str().to_owned(), words::band(*each, lang).to_owned())));
    let mut owner =
        vec![any(), ("me".to_owned(), s!(lang, leads.mine).to_owned()), ("nobody".to_owned(), s!(lang, leads.nobodys).to_owned())];
    let me = ctx.actor.user();
    owner.extend(owners.iter().filter(|(id, _)| Some(*id) != me).map(|(id, name)| (id.to_string(), name.clone())));
    let mut source = vec![any()];
    // One that is not among the latest stays chosen all the same.
    if !place.get("source").is_empty() && !sources.iter().any(|source| source == place.get("source")) {
        source.push((place.get("source").to_owned(), place.get("source").to_owned()));
    }
    source.extend(sources.into_iter().map(|source| (source.clone(), source)));
    let sort =
        vec![(String::new(), s!(lang, leads.by_score).to_owned()), ("newest".to_owned(), s!(lang, leads.by_time).to_owned())];
    view! {
        <form class="office-bar filters" method="get" action="/leads" role="search">
            {search_field(s!(lang, leads.search), 100, place.get("q"))}
            {menu("status", s!(lang, leads.status), place.get("status"), status)}
            {menu("band", s!(lang, leads.band), place.get("band"), band)}
            {menu("owner", s!(lang, leads.owner), place.get("owner"), owner)}
            {menu("source", s!(lang, leads.source), place.get("source"), source)}
            {menu("sort", s!(lang, leads.sort), place.get("sort"), sort)}
            <button class="button">{icon(Icon::Funnel)}{s!(lang, leads.filter)}</button>
            <a class="button" href="/leads">{s!(lang, leads.clear)}</a>
        </form>
    }
    .into_any()
}

/// Those who may own a lead, to choose from; nobody first.
pub fn owner_choices(reader: &Reader, owners: &[(UserId, String)]) -> Vec<Choice> {
    let nobody = (String::new(), s!(reader.lang, leads.owner_none).to_owned(), None);
    std::iter::once(nobody).chain(owners.iter().map(|(id, name)| (id.to_string(), name.clone(), None))).collect()
}

/// What can be done with the leads that are chosen in the table.
fn bulk(reader: &Reader, place: &Place<'_>, owners: &[(UserId, String)]) -> AnyView {
    let lang = reader.lang;
    let kept = [("q", "q"), ("was", "status"), ("band", "band"), ("of", "owner"), ("source", "source"), ("sort", "sort")];
    let kept =
        kept.map(|(name, field)| view! { <input type="hidden" name=name value=place.get(field).to_owned()/> }).collect_view();
    let set = [LeadStatus::New, LeadStatus::Contacted, LeadStatus::Qualified, LeadStatus::Lost];
    let open = reader.sent.error().is_some();
    let fault = reader.sent.fault("reason").map(|code| fault_text(code, lang));
    let option = |value: String, text: String| view! { <option value=value>{text}</option> };
    view! {
        <details class="bulk" open=open>
            <summary>{s!(lang, leads.bulk)}</summary>
            <form id="bulk" method="post" action="/leads">
                {kept}
                <select class="input" name="owner" aria-label=s!(lang, leads.owner)>
                    {owner_choices(reader, owners).into_iter().map(|(value, text, _)| option(value, text)).collect_view()}
                </select>
                <button class="button" name="do" value="assign">{s!(lang, leads.assign)}</button>
                <select class="input" name="to" aria-label=s!(lang, leads.status)>
                    {set.into_iter().map(|status| option(status.as_str().to_owned(), words::status(status, lang).to_owned())).collect_view()}
                </select>
                <input class="input" name="reason" maxlength="500" placeholder=s!(lang, leads.reason) aria-label=s!(lang, leads.reason)/>
                <button class="button" name="do" value="status">{s!(lang, leads.set)}</button>
                {fault.map(|text| view! { <p class="field-fault">{icon(Icon::Warning)}{text}</p> })}
            </form>
        </details>
    }
    .into_any()
}

/// How a lead stands: a mark and a word.
pub fn status_mark(status: LeadStatus, reader: &Reader) -> AnyView {
    let class = match status {
        LeadStatus::New => "status status-waits",
        LeadStatus::Contacted | LeadStatus::Qualified | LeadStatus::Converted => "status status-on",
        LeadStatus::Lost => "status",
    };
    view! { <span class=class>{words::status(status, reader.lang)}</span> }.into_any()
}

/// A score with what it means.
pub fn score_mark(score: i64, band: Band, reader: &Reader) -> AnyView {
    view! {
        <span class=format!("lead-score lead-{}", band.as_str())>
            <strong>{format::integer(score, reader.lang)}</strong>
            <span>{words::band(band, reader.lang)}</span>
        </span>
    }
    .into_any()
}

fn row(reader: &Reader, lead: Listed, may: bool) -> AnyView {
    let lang = reader.lang;
    let status = LeadStatus::parse(&lead.status).unwrap_or(LeadStatus::New);
    let band = Band::parse(&lead.band).unwrap_or(Band::Low);
    let segment = lead.segment.as_deref().and_then(Segment::parse).map(|segment| words::segment(segment, lang));
    let place = [lead.company.as_deref(), lead.email.as_deref().filter(|email| *email != lead.name)];
    let under = place.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let choose = may.then(|| {
        let label = fill(s!(lang, leads.choose_label), &[&lead.name]);
        view! { <td class="cell-check"><input type="checkbox" form="bulk" name="ids" value=lead.id.to_string() aria-label=label/></td> }
    });
    view! {
        <tr>
            {choose}
            <th scope="row">
                <a class="cell-1" href=format!("/leads/{}", lead.id)>{lead.name}</a>
                <span class="cell-2">{under}</span>
            </th>
            <td class="num">{score_mark(i64::from(lead.score), band, reader)}</td>
            <td><span class="cell-1">{segment.unwrap_or("—")}</span><span class="cell-2">{lead.source}</span></td>
            <td>{status_mark(status, reader)}</td>
            <td>{lead.owner_name.map_or_else(|| view! { <span class="faint">"—"</span> }.into_any(), IntoAny::into_any)}</td>
            <td>{reader.time(lead.created_at)}</td>
        </tr>
    }
    .into_any()
}
