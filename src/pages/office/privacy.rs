//! What is held about a person, what they agreed to, and who was erased.

use chrono::{DateTime, NaiveDate, Utc};
use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    domain::{
        AppError, AppResult,
        format::{self, Lang},
        privacy::{PersonKind, Purpose, Subject},
    },
    features::privacy::usecase::{self as privacy, Consent, NewConsent, Profile, Tombstone},
    pages::written::{
        form::Sent,
        parts::{Choice, Field, Reader, field, notice, problem, select},
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

fn subject(sent: &Sent) -> AppResult<Subject> {
    let kind = PersonKind::parse(sent.value("kind")).ok_or(AppError::NotFound)?;
    Subject::new(kind, sent.value("id"))
}

/// A day as a browser sends it; its noon, so that it is the same day for most readers. Today is now.
fn day(text: &str, now: DateTime<Utc>) -> AppResult<Option<DateTime<Utc>>> {
    if text.is_empty() {
        return Ok(None);
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|day| *day <= now.date_naive());
    let noon =
        day.and_then(|day| day.and_hms_opt(12, 0, 0)).ok_or_else(|| AppError::invalid("/at", "out_of_range", "is no day"))?;
    Ok(Some(noon.and_utc().min(now)))
}

/// Does what a form of the page asks for.
pub async fn take(ctx: &Ctx, sent: &mut Sent) -> AppResult<()> {
    match sent.verb() {
        "erase" => {
            let subject = subject(sent)?;
            // What people call the person is what they are to type.
            let (name, typed) = (privacy::name(ctx, &subject).await?, sent.value("confirm"));
            // Spaces around an id may be part of it.
            if name != typed && name != typed.trim() {
                return Err(AppError::invalid("/confirm", "not_the_same", "is not the same"));
            }
            let erased = privacy::erase(ctx, &subject, sent.value("reason")).await?;
            let told = erased.counts.iter().filter(|(_, rows)| *rows > 0).map(|(table, rows)| format!("{table} {rows}"));
            sent.name = told.collect::<Vec<_>>().join(", ");
            sent.done = Some("erased");
        }
        "consent" => {
            let new = NewConsent {
                purpose: sent.value("purpose"),
                given: sent.value("state") == "given",
                at: day(sent.value("at"), ctx.now())?,
                source: sent.value("source"),
                wording: sent.value("wording"),
            };
            privacy::consent(ctx, &subject(sent)?, &new).await?;
            sent.done = Some("recorded");
        }
        "lift" => {
            privacy::lift(ctx, sent.value("tombstone").parse().map_err(|_| AppError::NotFound)?).await?;
            sent.done = Some("lifted");
        }
        _ => return Err(AppError::NotFound),
    }
    Ok(())
}

/// Writes the page.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    // After a form the address is the page's own; whom it was about stands in the form.
    let search = if reader.sent.verb().is_empty() { place.get("q") } else { reader.sent.value("q") };
    let search = if reader.sent.done == Some("erased") { "" } else { search };
    let profiles = match privacy::find(ctx, search).await {
        Ok(profiles) => profiles,
        Err(AppError::Invalid { .. }) => Vec::new(),
        Err(error) => return Err(error),
    };
    let before: Option<Uuid> = place.get("before").parse().ok();
    let (tombstones, more) = privacy::list(ctx, before).await?;
    let said = reader.sent.done.map(|done| match done {
        "erased" if reader.sent.name.is_empty() => s!(lang, privacy.erased_nothing).to_owned(),
        "erased" => fill(s!(lang, privacy.erased), &[&reader.sent.name]),
        "lifted" => s!(lang, privacy.lifted).to_owned(),
        _ => s!(lang, privacy.recorded).to_owned(),
    });
    let view = view! {
        {head(s!(lang, office.privacy), s!(lang, privacy.help), None)}
        {problem(reader)}
        {said.map(|text| notice("notice-ok", Icon::Check, "status", &text))}
        <form class="office-bar" method="get" action="/admin/privacy" role="search">
            {search_field(s!(lang, privacy.search), 255, search)}
            <button class="button">{s!(lang, privacy.find)}</button>
        </form>
        {profiles.iter().map(|profile| profile_section(reader, profile)).collect_view()}
        {tombstones_section(reader, tombstones, more, before.is_some())}
    };
    Ok(view.into_any())
}

fn kind_name(kind: PersonKind, lang: Lang) -> &'static str {
    match kind {
        PersonKind::Metered => s!(lang, privacy.metered),
        PersonKind::Account => s!(lang, privacy.account),
        PersonKind::Contact => s!(lang, privacy.contact),
    }
}

fn purpose_name(purpose: Purpose, lang: Lang) -> &'static str {
    match purpose {
        Purpose::Metering => s!(lang, privacy.p_metering),
        Purpose::Marketing => s!(lang, privacy.p_marketing),
        Purpose::Profiling => s!(lang, privacy.p_profiling),
    }
}

/// Two people may be called by the same text: what a refused form says is of one of them.
fn reader_of(reader: &Reader, subject: &Subject) -> Reader {
    let sent = if reader.sent.value("kind") == subject.kind.as_str() { reader.sent.clone() } else { Sent::default() };
    Reader { sent, ..reader.clone() }
}

/// Whom a form is about.
fn about(profile: &Profile, verb: &'static str) -> AnyView {
    view! {
        <input type="hidden" name="do" value=verb/>
        <input type="hidden" name="q" value=profile.name.clone()/>
        <input type="hidden" name="kind" value=profile.subject.kind.as_str()/>
        <input type="hidden" name="id" value=profile.subject.id.clone()/>
    }
    .into_any()
}

fn profile_section(reader: &Reader, profile: &Profile) -> AnyView {
    let lang = reader.lang;
    let reader = &reader_of(reader, &profile.subject);
    let word = profile.subject.kind.as_str();
    let time = |at: Option<DateTime<Utc>>| at.map(|at| format::date_time(at, &reader.zone, lang));
    let rows = profile.held.iter().filter(|(_, extent)| extent.rows > 0).map(|(held, extent)| {
        view! {
            <tr>
                <th scope="row"><span class="cell-1">{(held.about)(lang)}</span><span class="cell-2">{held.table}</span></th>
                <td class="num">{format::integer(extent.rows, lang)}</td>
                <td>{time(extent.first)}</td>
                <td>{time(extent.last)}</td>
            </tr>
        }
    });
    let held = (!profile.is_empty()).then(|| {
        let href = href::with_query("/admin/privacy/export", &[("kind", word.to_owned()), ("id", profile.subject.id.clone())]);
        view! {
            {table(reader, "table-2", &[Column::Text(s!(lang, privacy.what)), Column::Number(s!(lang, privacy.rows)), Column::Text(s!(lang, privacy.first)), Column::Text(s!(lang, privacy.last))], rows.collect_view())}
            <div class="form-link">
                <a class="button" href=href download="" rel="external">{icon(Icon::Download)}{s!(lang, privacy.export)}</a>
                <p class="field-help">{s!(lang, privacy.export_help)}</p>
            </div>
        }
    });
    let nothing = (profile.is_empty() && !profile.erased).then(|| view! { <p class="office-help">{s!(lang, privacy.nothing)}</p> });
    let erased = profile.erased.then(|| notice("", Icon::Check, "note", s!(lang, privacy.is_erased)));
    let confirm = fill(s!(lang, privacy.confirm), &[&profile.name]);
    view! {
        <section class="office-section" aria-labelledby=word>
            <h3 id=word>{profile.name.clone()} <span class="chip">{kind_name(profile.subject.kind, lang)}</span></h3>
            {erased}
            {nothing}
            {held}
            {(!profile.erased).then(|| consents(reader, profile))}
            <h4>{s!(lang, privacy.erase_title)}</h4>
            <p class="office-help">{s!(lang, privacy.erase_help)}</p>
            <form class="form form-wide" method="post" action="/admin/privacy">
                {about(profile, "erase")}
                {field(reader, "erase", &Field::text("confirm", &confirm))}
                {field(reader, "erase", &Field { help: Some(s!(lang, privacy.reason_help)), ..Field::text("reason", s!(lang, privacy.reason)) })}
                <div class="form-actions"><button class="button button-bad">{s!(lang, privacy.erase)}</button></div>
            </form>
        </section>
    }
    .into_any()
}

fn consents(reader: &Reader, profile: &Profile) -> AnyView {
    let lang = reader.lang;
    let choice = |value: &str, label: &str| -> Choice { (value.to_owned(), label.to_owned(), None) };
    let purposes = Purpose::ALL.map(|purpose| choice(purpose.as_str(), purpose_name(purpose, lang))).to_vec();
    let states = vec![choice("given", s!(lang, privacy.given)), choice("withdrawn", s!(lang, privacy.withdrawn))];
    let none = profile.consents.is_empty();
    let at =
        Field { kind: "date", required: false, help: Some(s!(lang, privacy.at_help)), ..Field::text("at", s!(lang, privacy.at)) };
    view! {
        <h4>{s!(lang, privacy.consents)}</h4>
        {none.then(|| view! { <p class="office-help">{s!(lang, privacy.no_consents)}</p> })}
        {(!none)
            .then(|| {
                view! {
                    {table(reader, "", &[Column::Text(s!(lang, privacy.purpose)), Column::Text(s!(lang, privacy.state)), Column::Text(s!(lang, privacy.at)), Column::Text(s!(lang, privacy.source)), Column::Text(s!(lang, privacy.wording)), Column::Text(s!(lang, privacy.by))], profile.consents.iter().map(|consent| consent_row(reader, consent)).collect_view())}
                }
            })}
        <form class="form form-wide" method="post" action="/admin/privacy">
            {about(profile, "consent")}
            {select(reader, "consent", "purpose", s!(lang, privacy.purpose), Purpose::Metering.as_str(), purposes)}
            {select(reader, "consent", "state", s!(lang, privacy.state), "given", states)}
            {field(reader, "consent", &at)}
            {field(reader, "consent", &Field::text("source", s!(lang, privacy.source)))}
            {field(reader, "consent", &Field::text("wording", s!(lang, privacy.wording)))}
            <div class="form-actions"><button class="button">{s!(lang, privacy.record)}</button></div>
        </form>
    }
    .into_any()
}

fn consent_row(reader: &Reader, consent: &Consent) -> AnyView {
    let lang = reader.lang;
    let (class, word) =
        if consent.given { ("status status-on", s!(lang, privacy.given)) } else { ("status", s!(lang, privacy.withdrawn)) };
    view! {
        <tr>
            <th scope="row">{purpose_name(consent.purpose, lang)}</th>
            <td><span class=class>{word}</span></td>
            <td>{format::date_time(consent.at, &reader.zone, lang)}</td>
            <td class="cell-wrap">{consent.source.clone()}</td>
            <td>{consent.wording.clone()}</td>
            <td>{consent.recorded_by.clone().unwrap_or_else(|| s!(lang, journal.shell).to_owned())}</td>
        </tr>
    }
    .into_any()
}

fn tombstones_section(reader: &Reader, tombstones: Vec<Tombstone>, more: bool, paged: bool) -> AnyView {
    let lang = reader.lang;
    let none = tombstones.is_empty();
    let older = more
        .then(|| tombstones.last())
        .flatten()
        .map(|last| href::with_query("/admin/privacy", &[("before", last.id.to_string())]));
    let rows = tombstones.into_iter().map(|tombstone| tombstone_row(reader, tombstone)).collect_view();
    view! {
        <section class="office-section" aria-labelledby="tombstones">
            <h3 id="tombstones">{s!(lang, privacy.tombstones)}</h3>
            <p class="office-help">{s!(lang, privacy.tombstones_help)}</p>
            {none.then(|| view! { <p class="office-none">{s!(lang, privacy.none)}</p> })}
            {(!none)
                .then(|| {
                    view! {
                        {table(reader, "", &[Column::Text(s!(lang, privacy.when)), Column::Text(s!(lang, privacy.kind)), Column::Text(s!(lang, privacy.who)), Column::Text(s!(lang, privacy.reason)), Column::Action(s!(lang, privacy.lift))], rows)}
                    }
                })}
            {pager(!paged, ("/admin/privacy", s!(lang, privacy.newest)), (older, s!(lang, privacy.older)))}
        </section>
    }
    .into_any()
}

fn tombstone_row(reader: &Reader, tombstone: Tombstone) -> AnyView {
    let lang = reader.lang;
    let when = format::date_time(tombstone.erased_at, &reader.zone, lang);
    let label = fill(s!(lang, privacy.lift_label), &[&when]);
    let action = match tombstone.lifted_at {
        Some(at) => {
            let by = tombstone.lifted_by.clone().unwrap_or_default();
            view! { <span class="faint" title=by>{fill(s!(lang, privacy.lifted_on), &[&format::date_time(at, &reader.zone, lang)])}</span> }
                .into_any()
        }
        None => view! {
            <form method="post" action="/admin/privacy">
                <input type="hidden" name="do" value="lift"/>
                <input type="hidden" name="tombstone" value=tombstone.id.to_string()/>
                <button class="button" aria-label=label>{s!(lang, privacy.lift)}</button>
            </form>
        }
        .into_any(),
    };
    view! {
        <tr>
            <td>{when}</td>
            <td>{kind_name(tombstone.kind, lang)}</td>
            <td>{tombstone.erased_by.unwrap_or_else(|| s!(lang, journal.shell).to_owned())}</td>
            <td class="cell-wrap">{tombstone.reason}</td>
            <td class="cell-action">{action}</td>
        </tr>
    }
    .into_any()
}
