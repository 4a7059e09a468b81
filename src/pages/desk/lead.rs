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
    let composer = if may { Some(parts::composer(ctx, reader, place, target).await?) } else { None };
    let spoken = parts::interactions_of(ctx, reader, target).await?;
    let view = view! {
        {top(reader, &lead)}
        {problem(reader)}
        {done.map(|text| notice("notice-ok", Icon::Check, "status", text))}
        {(place.get("done") == "not_converted").then(|| notice("notice-bad", Icon::Warning, "alert", s!(lang, leads.not_converted)))}
        <div class="lead">
            <div class="lead-main">
                {said}
                {profile::actions(reader, &card, &lead)}
                {profile::score(reader, &card, &lead, ctx.actor.may(Permission::ManageCrm))}
                {profile::statements(reader, &card, &lead)}
                {profile::strategy(reader, &card, &lead)}
                {composer}
                {spoken}
            </div>
            <div class="lead-side">
                {if editing { edit_form(reader, &lead) } else { facts(reader, &lead, may) }}
                {may.then(|| steps(reader, &lead, &owners))}
                <div class="side-section">{tasks}</div>
                {happened(reader, history)}
            </div>
        </div>
    };
    Ok((title, view.into_any()))
}

fn top(reader: &Reader, lead: &Lead) -> AnyView {
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
            <a class="lead-back" href="/leads">{icon(Icon::ArrowLeft)}{s!(lang, leads.back)}</a>
            <div class="lead-name">
                <h2 class="office-title">{lead.title()}</h2>
                {status_mark(lead.status, reader)}
                <span title=scored>{score_mark(i64::from(lead.score.points), lead.band, reader)}</span>
            </div>
            <p class="office-help">{under}</p>
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
        <section class="lead-card">
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
    let line = |name: &'static str, label: &'static str, begin: &str| {
        field(reader, "edit", &Field { required: false, begin, ..Field::text(name, label) })
    };
    view! {
        <section class="lead-card">
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
                {message_field(reader, "edit", &data.message)}
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
fn steps(reader: &Reader, lead: &Lead, owners: &[(UserId, String)]) -> AnyView {
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
                <p class="field-help">{s!(lang, leads.convert_help)}</p>
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
