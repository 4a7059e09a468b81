//! The list of leads.

use leptos::prelude::*;
use uuid::Uuid;

use super::{bar, lead_words as words, parts};
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
        parts::{Choice, Reader, avatar, fault_text, notice, problem},
        render::Place,
        tables::{pager, search_field},
    },
    platform::ctx::Ctx,
    ui::{
        href,
        i18n::{fill, s},
        icon::{Icon, icon},
    },
};

/// Where the list stands.
const HERE: &str = "/leads";
/// The fields of the list's address.
const FIELDS: [&str; 6] = ["q", "status", "band", "owner", "source", "sort"];

/// The fields of the list's address that say something; the address of other fields is the list without them.
struct Asked(Vec<(&'static str, String)>);

impl Asked {
    fn read<'a>(get: impl Fn(&str) -> &'a str) -> Self {
        let pairs = FIELDS.into_iter().map(|name| (name, get(name).to_owned()));
        Self(pairs.filter(|(_, value)| !value.is_empty()).collect())
    }

    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| *n == name).map_or("", |(_, value)| value)
    }

    /// The list with more in its address.
    fn with(&self, more: &[(&'static str, String)]) -> String {
        href::with_query(HERE, &[&self.0, more].concat())
    }

    /// The list with another value of a field; an empty one is left out.
    fn instead(&self, name: &'static str, value: &str) -> String {
        let kept = self.0.iter().filter(|(n, _)| *n != name).cloned();
        let new = Some((name, value.to_owned())).filter(|(_, value)| !value.is_empty());
        href::with_query(HERE, &kept.chain(new).collect::<Vec<_>>())
    }

    /// What of it leads back here, for a form.
    fn query(&self) -> String {
        self.with(&[]).split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default()
    }
}

/// Does what a form of the list asks for, and goes back to the list as it was.
pub async fn take(ctx: &Ctx, sent: &mut Sent) -> AppResult<()> {
    let ids: Vec<_> = sent.all("id").filter_map(|id| id.parse().ok()).map(LeadId).collect();
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
    let here = format!("{HERE}?{}", sent.value("query"));
    let place = Place::parse(&here);
    let back = Asked::read(|name| place.get(name));
    sent.go = Some(back.with(&[("done", done.to_owned()), ("n", count.to_string())]));
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
        after: place.get("after").split_once('~').and_then(|(at, id)| {
            let is_there = sort == Sort::Score || parts::instant_of(at).is_some();
            is_there.then_some(After { at: at.parse().ok()?, id: id.parse().ok()? })
        }),
    }
}

/// Writes the page.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let filter = filter(ctx, place);
    let (found, more) = read::list(ctx, &filter).await?;
    let (owners, sources) = (read::owners(ctx).await?, read::sources(ctx).await?);
    let may = ctx.actor.may(Permission::WriteCrm);
    // After a form that was refused the list stands as it stood.
    let here = format!("{HERE}?{}", reader.sent.value("query"));
    let kept = Place::parse(&here);
    let asked =
        if reader.sent.verb().is_empty() { Asked::read(|name| place.get(name)) } else { Asked::read(|name| kept.get(name)) };
    let next = more.then(|| found.last()).flatten().map(|last| {
        let at = if filter.sort == Sort::Score { i64::from(last.score) } else { last.created_at.timestamp_micros() };
        asked.with(&[("after", format!("{at}~{}", last.id))])
    });
    let fault = reader.sent.fault("reason").or_else(|| reader.sent.fault("owner")).or_else(|| reader.sent.fault("ids"));
    let fault = fault.map(|code| notice("notice-bad", Icon::Warning, "alert", fault_text(code, lang)));
    let choices = choices(ctx, &asked, reader, &owners, sources);
    let body = if found.is_empty() {
        empty(reader, asked.0.is_empty(), may)
    } else {
        let rows = found.into_iter().map(|lead| row(reader, lead, may)).collect_view().into_any();
        listing(reader, &asked, rows, may.then_some(&owners))
    };
    let view = view! {
        <div class="desk-list">
            {bar(ctx, reader, &asked, &choices)}
            <div data-results="">
                {problem(reader)}
                {fault}
                {said(reader, place)}
                {chips(reader, &asked, &choices)}
                {body}
                {pager(filter.after.is_none(), (HERE, s!(lang, leads.first)), (next, s!(lang, leads.next)))}
            </div>
        </div>
    };
    Ok(view.into_any())
}

/// What stands in place of an empty list.
fn empty(reader: &Reader, is_all: bool, may: bool) -> AnyView {
    let lang = reader.lang;
    let text = if is_all { s!(lang, leads.none) } else { s!(lang, leads.none_found) };
    let new = may.then(|| view! { <a class="button button-primary" href="/leads/new">{icon(Icon::Plus)}{s!(lang, leads.new)}</a> });
    view! {
        <div class="desk-empty">
            {icon(Icon::Flag)}
            <p>{text}</p>
            {is_all.then(|| view! { <p class="office-help">{s!(lang, leads.help)}</p> {new} })}
        </div>
    }
    .into_any()
}

/// What came of the form before, with the way to take a deletion back.
fn said(reader: &Reader, place: &Place<'_>) -> Option<AnyView> {
    let lang = reader.lang;
    let text = match place.get("done") {
        "assigned" => fill(s!(lang, leads.assigned), &[place.get("n")]),
        "status_set" => fill(s!(lang, leads.status_set), &[place.get("n")]),
        "merged" => s!(lang, leads.merged_unseen).to_owned(),
        "deleted" => s!(lang, leads.deleted).to_owned(),
        _ => return None,
    };
    let undo = place.get("lead").parse::<Uuid>().ok().filter(|_| place.get("done") == "deleted").map(|id| {
        view! {
            <form method="post" action=format!("/leads/{id}")>
                <button class="button" name="do" value="restore">{s!(lang, leads.undo)}</button>
            </form>
        }
    });
    Some(view! { <div class="notice notice-ok" role="status">{icon(Icon::Check)}<p>{text}</p>{undo}</div> }.into_any())
}

/// What a field of the address may be: its values, each with its name; the empty value is all of them.
struct Choices {
    name: &'static str,
    label: &'static str,
    values: Vec<(String, String)>,
}

fn choices(ctx: &Ctx, asked: &Asked, reader: &Reader, owners: &[(UserId, String)], sources: Vec<String>) -> [Choices; 4] {
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
    let chosen = asked.get("source");
    if !chosen.is_empty() && !sources.iter().any(|source| source == chosen) {
        source.push((chosen.to_owned(), chosen.to_owned()));
    }
    source.extend(sources.into_iter().map(|source| (source.clone(), source)));
    [
        Choices { name: "status", label: s!(lang, leads.status), values: status },
        Choices { name: "band", label: s!(lang, leads.band), values: band },
        Choices { name: "owner", label: s!(lang, leads.owner), values: owner },
        Choices { name: "source", label: s!(lang, leads.source), values: source },
    ]
}

fn choose(asked: &Asked, name: &'static str, values: &[(String, String)]) -> AnyView {
    values
        .iter()
        .map(|(value, label)| {
            let chosen = asked.get(name) == value;
            view! {
                <a class="menu-item" href=asked.instead(name, value) aria-current=chosen.then_some("true")>
                    <span class="menu-mark">{chosen.then(|| icon(Icon::Check))}</span>
                    {label.clone()}
                </a>
            }
        })
        .collect_view()
        .into_any()
}

/// Search, filters, order, files, and the way to a new lead.
fn bar(ctx: &Ctx, reader: &Reader, asked: &Asked, choices: &[Choices]) -> AnyView {
    let lang = reader.lang;
    let may = |permission| ctx.actor.may(permission);
    let kept = asked.0.iter().filter(|(name, _)| *name != "q");
    let kept = kept.map(|(name, value)| view! { <input type="hidden" name=*name value=value.clone()/> }).collect_view();
    let filters =
        choices.iter().map(|each| view! { <p class="menu-head">{each.label}</p> {choose(asked, each.name, &each.values)} });
    let narrowed = choices.iter().any(|each| !asked.get(each.name).is_empty());
    let sorts = [("", s!(lang, leads.by_score)), ("newest", s!(lang, leads.by_time))]
        .map(|(value, name)| (value.to_owned(), name.to_owned()));
    let sort = sorts.iter().find(|(value, _)| value == asked.get("sort")).map_or(s!(lang, leads.sort), |(_, name)| name).to_owned();
    let files = may(Permission::ExportCrm).then(|| {
        let query = asked.query();
        let query = if query.is_empty() { query } else { format!("?{query}") };
        let file = |kind: &str, name: &'static str| {
            view! { <a class="menu-item" href=format!("/leads/export.{kind}{query}") rel="external" download="">{name}</a> }
        };
        let items = view! { {file("csv", s!(lang, contacts.export_csv))} {file("xlsx", s!(lang, contacts.export_xlsx))} };
        bar::menu(Icon::Ellipsis, s!(lang, contacts.more), false, items.into_any())
    });
    let new = may(Permission::WriteCrm).then(|| {
        view! { <a class="button button-primary" href="/leads/new" data-key="c">{icon(Icon::Plus)}{s!(lang, leads.new)}</a> }
    });
    view! {
        <div class="desk-bar">
            <form class="desk-search" method="get" action=HERE role="search" data-live="">
                {kept}
                {search_field(s!(lang, leads.search), 100, asked.get("q"))}
            </form>
            {bar::menu(Icon::Funnel, s!(lang, leads.filter), narrowed, filters.collect_view().into_any())}
            {bar::menu(Icon::ArrowDown, &sort, false, choose(asked, "sort", &sorts))}
            <span class="desk-bar-end">{files}{new}</span>
        </div>
    }
    .into_any()
}

/// What the list is narrowed by, each with its way out.
fn chips(reader: &Reader, asked: &Asked, choices: &[Choices]) -> Option<AnyView> {
    let lang = reader.lang;
    let all: Vec<_> = choices
        .iter()
        .filter(|each| !asked.get(each.name).is_empty())
        .map(|each| {
            let value = each.values.iter().find(|(value, _)| value == asked.get(each.name)).map_or("…", |(_, name)| name);
            let text = format!("{}: {value}", each.label);
            view! {
                <span class="chip">
                    {text.clone()}
                    <a href=asked.instead(each.name, "") aria-label=fill(s!(lang, desk.filter_remove), &[&text])>{icon(Icon::Close)}</a>
                </span>
            }
        })
        .collect();
    (!all.is_empty())
        .then(|| view! { <div class="desk-about">{all}<a class="link" href=HERE>{s!(lang, leads.clear)}</a></div> }.into_any())
}

/// The table, with what can be done with the leads that are chosen by whoever may.
fn listing(reader: &Reader, asked: &Asked, rows: AnyView, owners: Option<&Vec<(UserId, String)>>) -> AnyView {
    let lang = reader.lang;
    let may = owners.is_some();
    view! {
        <form class="desk-table leads" method="post" action=HERE>
            <input type="hidden" name="query" value=asked.query()/>
            <div class="table-wide" tabindex="0" role="group" aria-label=s!(lang, office.table)>
                <table class=if may { "table" } else { "table no-box" }>
                    <thead>
                        <tr>
                            {may.then(|| view! { <th scope="col" class="cell-box"><input type="checkbox" class="js-only" data-all="id" aria-label=s!(lang, desk.choose_all)/></th> })}
                            <th scope="col">{s!(lang, leads.name)}</th>
                            <th scope="col" class="num cell-keep">{s!(lang, leads.score)}</th>
                            <th scope="col">{s!(lang, leads.segment)}</th>
                            <th scope="col" class="cell-keep">{s!(lang, leads.status)}</th>
                            <th scope="col">{s!(lang, leads.owner)}</th>
                            <th scope="col">{s!(lang, leads.captured)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {owners.map(|owners| bulk(reader, owners))}
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
fn bulk(reader: &Reader, owners: &[(UserId, String)]) -> AnyView {
    let lang = reader.lang;
    let set = [LeadStatus::New, LeadStatus::Contacted, LeadStatus::Qualified, LeadStatus::Lost];
    let option = |value: String, text: String| view! { <option value=value>{text}</option> };
    view! {
        <div class="bulk-bar" role="group" aria-label=s!(lang, desk.bulk)>
            <span class="bulk-count">{s!(lang, desk.chosen)}</span>
            <span class="bulk-action">
                <select class="input" name="owner" aria-label=s!(lang, leads.owner)>
                    {owner_choices(reader, owners).into_iter().map(|(value, text, _)| option(value, text)).collect_view()}
                </select>
                <button class="button" name="do" value="assign">{s!(lang, leads.assign)}</button>
            </span>
            <span class="bulk-action">
                <select class="input" name="to" aria-label=s!(lang, leads.status)>
                    {set.into_iter().map(|status| option(status.as_str().to_owned(), words::status(status, lang).to_owned())).collect_view()}
                </select>
                <input class="input" name="reason" maxlength="500" autocomplete="off" placeholder=s!(lang, leads.reason) title=s!(lang, leads.reason_help) aria-label=s!(lang, leads.reason)/>
                <button class="button" name="do" value="status">{s!(lang, leads.set)}</button>
            </span>
        </div>
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
        view! { <td class="cell-box"><input type="checkbox" name="id" value=lead.id.to_string() aria-label=label/></td> }
    });
    view! {
        <tr>
            {choose}
            <th scope="row">
                <a class="who" href=format!("/leads/{}", lead.id) data-row="">
                    {avatar(&lead.name, lead.id)}
                    <span class="who-name">{lead.name.clone()}</span>
                    {(!under.is_empty()).then(|| view! { <span class="who-more">{under}</span> })}
                </a>
            </th>
            <td class="num cell-keep">{score_mark(i64::from(lead.score), band, reader)}</td>
            <td><span class="cell-1">{segment.unwrap_or("—")}</span><span class="cell-2">{lead.source}</span></td>
            <td class="cell-keep">{status_mark(status, reader)}</td>
            <td>{lead.owner_name.map_or_else(|| view! { <span class="faint">"—"</span> }.into_any(), IntoAny::into_any)}</td>
            <td>{reader.time(lead.created_at)}</td>
        </tr>
    }
    .into_any()
}
