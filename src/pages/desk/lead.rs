//! A lead: what is known and can be said of it, what to do, and what happened.

use leptos::prelude::*;

use super::{
    lead_new::message_field,
    lead_profile as profile, lead_words as words,
    leads::{owner_choices, score_mark, status_mark},
    parts,
};
use crate::{
    domain::{
        AppError, AppResult,
        crm::LeadId,
        format,
        lead::LeadStatus,
        people::{Permission, UserId},
        tasks::Target,
    },
    features::leads::{
        Lead, assign, change,
        convert::{self, Joins},
        read::{self, Happened},
        scorecard,
    },
    pages::{
        office::journal,
        written::{
            form::Sent,
            parts::{Field, Reader, field, notice, problem, select},
            render::Place,
        },
    },
    platform::ctx::Ctx,
    ui::{
        i18n::{fill, s},
        icon::{Icon, icon},
    },
};

/// Does what a form of the page asks for.
pub async fn take(ctx: &Ctx, id: &str, sent: &mut Sent) -> AppResult<()> {
    let id = LeadId(id.parse().map_err(|_| AppError::NotFound)?);
    let done = match sent.verb() {
        "edit" => {
            let wanted = change::Wanted {
                first_name: sent.value("first_name"),
                last_name: sent.value("last_name"),
                email: sent.value("email"),
                phone: sent.value("phone"),
                company: sent.value("company"),
                title: sent.value("title"),
                city: sent.value("city"),
                country: sent.value("country"),
                message: sent.value("message"),
                source: sent.value("source"),
            };
            change::edit(ctx, id, sent.value("version").parse().map_err(|_| AppError::NotFound)?, &wanted).await?;
            "saved"
        }
        "status" => {
            let status = LeadStatus::parse(sent.value("to")).ok_or(AppError::NotFound)?;
            changed(change::set_status(ctx, &[id], status, sent.value("reason")).await?)?;
            "saved"
        }
        "assign" => {
            let owner = match sent.value("owner") {
                "" => None,
                owner => Some(UserId(owner.parse().map_err(|_| AppError::invalid("/owner", "unknown", "is nobody"))?)),
            };
            assign::assign(ctx, &[id], owner).await?;
            // Whoever gives it away may not see it any more.
            if matches!(read::find(ctx, id).await, Err(AppError::NotFound)) {
                sent.go = Some("/leads?done=assigned&n=1".to_owned());
                return Ok(());
            }
            "saved"
        }
        "delete" => {
            change::set_deleted(ctx, id, true).await?;
            sent.go = Some(format!("/leads?done=deleted&lead={id}"));
            return Ok(());
        }
        "restore" => {
            change::set_deleted(ctx, id, false).await?;
            "saved"
        }
        _ => return Err(AppError::NotFound),
    };
    sent.go = Some(format!("/leads/{id}?done={done}"));
    Ok(())
}

fn changed(count: i64) -> AppResult<()> {
    if count == 0 { Err(AppError::Conflict { detail: "the lead stands otherwise by now".into() }) } else { Ok(()) }
}

/// Writes the page; gives its title too.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>, id: &str) -> AppResult<(String, AnyView)> {
    let id = LeadId(id.parse().map_err(|_| AppError::NotFound)?);
    let lang = reader.lang;
    let (lead, history) = read::find(ctx, id).await?;
    let card = scorecard::current(ctx).await?;
    let may = ctx.actor.may(Permission::WriteCrm);
    let owners = if may { read::owners(ctx).await? } else { Vec::new() };
    let title = lead.title();
    let done = match place.get("done") {
        "made" => Some(s!(lang, leads.made)),
        "merged" => Some(s!(lang, leads.merged)),
        "converted" => Some(s!(lang, leads.converted)),
        "saved" => Some(s!(lang, leads.saved)),
        _ => None,
    };
    let editing = may && (place.get("edit") == "1" || reader.sent.verb() == "edit" && reader.sent.error().is_some());
    let said = profile::message(reader, &lead);
    let target = Target::Lead(id);
    let tasks = parts::tasks_of(ctx, reader, target).await?;
    let composer = if may { Some(composer(ctx, reader, place, target).await?) } else { None };
    let spoken = parts::interactions_of(ctx, reader, target).await?;
    let joins = if lead.status.is_open() { convert::joins(ctx, &lead).await? } else { Joins::default() };
    // What was typed stands in the form again, with a notice of its own.
    let is_conflict = editing && is_conflict(reader);
    let view = view! {
        {top(reader, &lead, &joins)}
        {(!is_conflict).then(|| problem(reader))}
        {done.map(|text| notice("notice-ok", Icon::Check, "status", text))}
        {(place.get("done") == "erased").then(|| notice("notice-bad", Icon::Warning, "alert", s!(lang, leads.erased)))}
        {(place.get("done") == "not_converted").then(|| notice("notice-bad", Icon::Warning, "alert", s!(lang, leads.not_converted)))}
        <div class="profile-columns lead">
            <div class="profile-main lead-main">
                {said}
                {profile::actions(reader, &card, &lead)}
                {composer}
                <div class="lead-card">{spoken}</div>
                {profile::score(reader, &card, &lead, ctx.actor.may(Permission::ManageCrm))}
                {profile::statements(reader, &card, &lead)}
                {profile::strategy(reader, &card, &lead)}
            </div>
            <div class="profile-side lead-side">
                {if editing { edit_form(reader, &lead) } else { facts(reader, &lead, may) }}
                {may.then(|| steps(reader, &lead, &owners, &joins))}
                <div class="side-section">{tasks}</div>
                {happened(reader, history)}
                {may.then(|| remove(reader, &lead))}
            </div>
        </div>
    };
    Ok((title, view.into_any()))
}

/// Whether somebody else changed the lead while it was edited.
fn is_conflict(reader: &Reader) -> bool {
    reader.sent.verb() == "edit" && matches!(reader.sent.error(), Some(AppError::Conflict { .. }))
}

/// The form to write down what was said, folded until somebody asks for it.
async fn composer(ctx: &Ctx, reader: &Reader, place: &Place<'_>, target: Target) -> AppResult<AnyView> {
    let open = !place.get("template").is_empty() || reader.sent.verb() == "interaction_record" && reader.sent.error().is_some();
    let form = parts::composer(ctx, reader, place, target).await?;
    let view = view! {
        <details class="desk-fold" open=open>
            <summary>{icon(Icon::Plus)}{s!(reader.lang, tasks.say)}</summary>
            {form}
        </details>
    };
    Ok(view.into_any())
}

/// The way to delete the lead, which can be taken back.
fn remove(reader: &Reader, lead: &Lead) -> AnyView {
    view! {
        <form class="lead-card" method="post" action=format!("/leads/{}", lead.id)>
            <button class="button button-bad" name="do" value="delete">{icon(Icon::Trash)}{s!(reader.lang, leads.delete)}</button>
        </form>
    }
    .into_any()
}

fn top(reader: &Reader, lead: &Lead, joins: &Joins) -> AnyView {
    let lang = reader.lang;
    let data = &lead.data;
    let under = [&data.title, &data.company, &data.city]
        .into_iter()
        .filter(|text| !text.is_empty())
        .cloned()
        .collect::<Vec<_>>()
        .join(" · ");
    let scored = lead.scored_at.map(|at| fill(s!(lang, leads.scored), &[&format::ago(at, reader.now, lang)]));
    view! {
        <header class="lead-top">
            <div class="lead-name">
                <h2 class="office-title">{lead.title()}</h2>
                {status_mark(lead.status, reader)}
                <span title=scored>{score_mark(i64::from(lead.score.points), lead.band, reader)}</span>
            </div>
            {(!under.is_empty()).then(|| view! { <p class="office-help">{under}</p> })}
            {joins
                .contact
                .as_ref()
                .map(|(id, name)| {
                    view! { <p class="office-help">{s!(lang, leads.is_contact)}" "<a class="link" href=format!("/contacts/{id}")>{name.clone()}</a></p> }
                })}
            {lead.lost_reason.as_deref().map(|reason| view! { <p class="office-help">{fill(s!(lang, leads.lost_because), &[reason])}</p> })}
        </header>
    }
    .into_any()
}

fn facts(reader: &Reader, lead: &Lead, may: bool) -> AnyView {
    let lang = reader.lang;
    let data = &lead.data;
    let mut rows: Vec<(&str, AnyView)> = Vec::new();
    if let Some(email) = &data.email {
        rows.push((s!(lang, leads.email), view! { <a href=format!("mailto:{email}")>{email.clone()}</a> }.into_any()));
    }
    if let Some(phone) = &data.phone {
        let digits: String = phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        rows.push((s!(lang, leads.phone), view! { <a href=format!("tel:{digits}")>{phone.clone()}</a> }.into_any()));
    }
    let texts = [
        (s!(lang, leads.company), &data.company),
        (s!(lang, leads.job), &data.title),
        (s!(lang, leads.city), &data.city),
        (s!(lang, leads.country), &data.country),
        (s!(lang, leads.source), &data.source),
    ];
    rows.extend(texts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name, text.clone().into_any())));
    rows.push((s!(lang, leads.owner), lead.owner_name.clone().unwrap_or_else(|| s!(lang, leads.owner_none).to_owned()).into_any()));
    rows.push((s!(lang, leads.captured), reader.time(lead.created_at)));
    let edit = may
        .then(|| view! { <a class="button" href=format!("/leads/{}?edit=1#edit-first_name", lead.id)>{s!(lang, leads.edit)}</a> });
    view! {
        <section class="lead-card" aria-labelledby="facts">
            <h3 id="facts">{s!(lang, leads.facts)}</h3>
            <dl class="lead-facts">{rows.into_iter().map(|(name, value)| view! { <dt>{name.to_owned()}</dt><dd>{value}</dd> }).collect_view()}</dl>
            {edit}
        </section>
    }
    .into_any()
}

fn edit_form(reader: &Reader, lead: &Lead) -> AnyView {
    let lang = reader.lang;
    let data = &lead.data;
    let path = format!("/leads/{}", lead.id);
    let is_conflict = is_conflict(reader);
    // Where another was faster, what was typed stays, and beside it stands what is there now.
    let typed = |name: &str, stands: &str| if is_conflict { reader.sent.value(name).to_owned() } else { stands.to_owned() };
    let now = |name: &str, stands: &str| {
        let shown = if stands.is_empty() { "—" } else { stands };
        let differs = is_conflict && reader.sent.value(name).replace("\r\n", "\n").trim() != stands;
        differs.then(|| fill(s!(lang, leads.stands_now), &[shown]))
    };
    let line = |name: &'static str, label: &'static str, stands: &str| {
        let help = now(name, stands);
        field(
            reader,
            "edit",
            &Field { required: false, begin: &typed(name, stands), help: help.as_deref(), ..Field::text(name, label) },
        )
    };
    view! {
        <section class="lead-card">
            {is_conflict.then(|| notice("notice-bad", Icon::Warning, "alert", s!(lang, leads.conflict)))}
            <form class="form" method="post" action=path.clone()>
                <input type="hidden" name="do" value="edit"/>
                <input type="hidden" name="version" value=reader.sent.version(lead.version)/>
                {line("first_name", s!(lang, leads.first_name), &data.first_name)}
                {line("last_name", s!(lang, leads.last_name), &data.last_name)}
                {line("email", s!(lang, leads.email), data.email.as_deref().unwrap_or_default())}
                {line("phone", s!(lang, leads.phone), data.phone.as_deref().unwrap_or_default())}
                {line("company", s!(lang, leads.company), &data.company)}
                {line("title", s!(lang, leads.job), &data.title)}
                {line("city", s!(lang, leads.city), &data.city)}
                {line("country", s!(lang, leads.country), &data.country)}
                {line("source", s!(lang, leads.source), &data.source)}
                {message_field(reader, "edit", &typed("message", &data.message))}
                {now("message", &data.message).map(|text| view! { <p class="field-help">{text}</p> })}
                <div class="form-actions">
                    <button class="button button-primary">{s!(lang, leads.save)}</button>
                    <a class="button" href=path.clone()>{s!(lang, leads.cancel)}</a>
                </div>
            </form>
        </section>
    }
    .into_any()
}

/// What can be done with the lead now.
fn steps(reader: &Reader, lead: &Lead, owners: &[(UserId, String)], joins: &Joins) -> AnyView {
    let lang = reader.lang;
    let path = format!("/leads/{}", lead.id);
    let owner = lead.owner.map(|owner| owner.to_string()).unwrap_or_default();
    let forms = lead.status.is_open().then(|| {
        let next = [LeadStatus::Contacted, LeadStatus::Qualified].into_iter().filter(|status| *status != lead.status);
        view! {
            <form class="lead-step" method="post" action=path.clone()>
                <input type="hidden" name="do" value="status"/>
                {next.map(|status| view! { <button class="button" name="to" value=status.as_str()>{words::status(status, lang)}</button> }).collect_view()}
            </form>
            <form class="lead-step" method="post" action=format!("{path}/convert")>
                <button class="button button-primary">{s!(lang, leads.convert)}</button>
                {will_join(reader, lead, joins)}
            </form>
            <form class="form lead-step" method="post" action=path.clone()>
                <input type="hidden" name="do" value="status"/>
                <input type="hidden" name="to" value="lost"/>
                {field(reader, "status", &Field { required: true, ..Field::text("reason", s!(lang, leads.reason)) })}
                <div class="form-actions"><button class="button button-bad">{s!(lang, leads.lose)}</button></div>
            </form>
        }
    });
    let reopen = (lead.status == LeadStatus::Lost).then(|| {
        view! {
            <form class="lead-step" method="post" action=path.clone()>
                <input type="hidden" name="do" value="status"/>
                <button class="button" name="to" value="contacted">{s!(lang, leads.reopen)}</button>
            </form>
        }
    });
    let contact = lead.contact.map(
        |contact| view! { <a class="button button-primary" href=format!("/contacts/{contact}")>{s!(lang, leads.to_contact)}</a> },
    );
    view! {
        <section class="lead-card">
            {contact}
            {forms}
            {reopen}
            <form class="form lead-step" method="post" action=path.clone()>
                <input type="hidden" name="do" value="assign"/>
                {select(reader, "assign", "owner", s!(lang, leads.owner), &owner, owner_choices(reader, owners))}
                <div class="form-actions"><button class="button">{s!(lang, leads.assign)}</button></div>
            </form>
        </section>
    }
    .into_any()
}

/// What converting comes to: whom the lead joins, or that it becomes somebody new.
fn will_join(reader: &Reader, lead: &Lead, joins: &Joins) -> AnyView {
    let lang = reader.lang;
    if joins.contact.is_none() && joins.company.is_none() {
        return view! { <p class="field-help">{s!(lang, leads.convert_help)}</p> }.into_any();
    }
    let link = |href: String, name: &str| view! { <a class="link" href=href>{name.to_owned()}</a> }.into_any();
    let contact = joins.contact.as_ref().map_or_else(
        || format!("{} ({})", lead.title(), s!(lang, leads.is_new)).into_any(),
        |(id, name)| link(format!("/contacts/{id}"), name),
    );
    let company = joins.company.as_ref().map(|(id, name)| {
        view! { <br/>{s!(lang, leads.joins_company)}" "{link(format!("/companies/{id}"), name)} }
    });
    view! { <p class="field-help">{s!(lang, leads.joins_contact)}" "{contact}{company}</p> }.into_any()
}

fn happened(reader: &Reader, history: Vec<Happened>) -> AnyView {
    let lang = reader.lang;
    let none = history.is_empty();
    let rows = history.into_iter().map(|each| {
        let what = if each.is_interaction {
            match each.what.as_str() {
                "form" => s!(lang, leads.e_form),
                "call" => s!(lang, leads.e_call),
                "email" => s!(lang, leads.e_email),
                "meeting" => s!(lang, leads.e_meeting),
                _ => s!(lang, leads.e_note),
            }
            .to_owned()
        } else {
            journal::event(&each.what, lang)
        };
        let body = if each.is_interaction {
            (!each.text.is_empty()).then(|| view! { <p class="lead-told">{each.text.clone()}</p> }.into_any())
        } else {
            (each.text != "{}").then(|| {
                view! { <details class="journal-details"><summary>{s!(lang, journal.details)}</summary><pre>{each.text.clone()}</pre></details> }
                    .into_any()
            })
        };
        view! {
            <li>
                <p><span class="cell-1">{what}</span><span class="cell-2">{each.actor.clone()} " " {reader.time(each.at)}</span></p>
                {body}
            </li>
        }
    });
    view! {
        <section class="lead-card" aria-labelledby="happened">
            <h3 id="happened">{s!(lang, leads.timeline)}</h3>
            {none.then(|| view! { <p class="office-help">{s!(lang, leads.no_timeline)}</p> })}
            <ol class="lead-history">{rows.collect_view()}</ol>
        </section>
    }
    .into_any()
}
