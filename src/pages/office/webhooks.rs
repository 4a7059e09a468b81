//! Webhook secrets, and what is wrong with a signature.

use chrono::TimeDelta;
use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    domain::{
        AppError, AppResult,
        format::{self, Lang},
    },
    features::usage::secrets::{self, NewSecret, WebhookSecret},
    pages::written::{
        form::Sent,
        parts::{Choice, Field, Reader, fault_text, field, in_textarea, notice, problem, select, shown_once},
        render::head,
        tables::{Column, table},
    },
    platform::{
        ctx::Ctx,
        signature::diagnosis::{BodyChange, Finding, OtherWay, Scheme},
    },
    ui::{
        i18n::{fill, s},
        icon::{Icon, icon},
    },
};

/// Does what a form of the page asks for.
pub async fn take(ctx: &Ctx, sent: &mut Sent) -> AppResult<()> {
    match sent.verb() {
        "make" => {
            let grace_hours = match sent.value("grace") {
                "" => None,
                text => Some(text.parse().map_err(|_| AppError::invalid("/grace", "out_of_range", "is no number of hours"))?),
            };
            let new =
                NewSecret { name: sent.value("name"), import: sent.value("kind") == "import", own: sent.value("own"), grace_hours };
            let secret = secrets::create(ctx, &new).await?;
            (sent.name, sent.shown) = (sent.value("name").trim().to_owned(), Some(secret.expose().to_owned()));
            sent.done = Some("made");
        }
        "end" => {
            secrets::end(ctx, sent.value("secret").parse::<Uuid>().map_err(|_| AppError::NotFound)?).await?;
            sent.done = Some("ended");
        }
        // What is found stands in the page.
        "debug" => {}
        _ => return Err(AppError::NotFound),
    }
    Ok(())
}

/// Writes the page.
pub async fn page(ctx: &Ctx, reader: &Reader) -> AppResult<AnyView> {
    let lang = reader.lang;
    let all = secrets::list(ctx).await?;
    let sent = &reader.sent;
    let found = match sent.verb() {
        "debug" => Some(secrets::diagnose(ctx, sent.value("headers"), sent.value("body")).await),
        _ => None,
    };
    let said = sent.done.map(|done| match done {
        "made" => fill(s!(lang, webhooks.made), &[&sent.name]),
        _ => s!(lang, webhooks.ended).to_owned(),
    });
    // The last one that is let in cannot be ended; no field of a form shows that.
    let last = sent.fault("id").map(|code| notice("notice-bad", Icon::Warning, "alert", fault_text(code, lang)));
    let none = all.is_empty();
    let view = view! {
        {head(s!(lang, webhooks.title), s!(lang, webhooks.help), None)}
        {problem(reader)}
        {last}
        {said.map(|text| notice("notice-ok", Icon::Check, "status", &text))}
        {sent.shown.as_deref().map(|secret| shown_once(s!(lang, webhooks.secret), secret))}
        {table(reader, "table-2", &[Column::Text(s!(lang, webhooks.secret)), Column::Text(s!(lang, webhooks.kind)), Column::Text(s!(lang, webhooks.made_on)), Column::Text(s!(lang, webhooks.state)), Column::Text(s!(lang, keys.used)), Column::Action(s!(lang, webhooks.end))], all.into_iter().map(|secret| row(reader, secret)).collect_view())}
        {none.then(|| view! { <p class="office-none">{s!(lang, webhooks.none)}</p> })}
        <section class="office-section" aria-labelledby="new-secret">
            <h3 id="new-secret">{s!(lang, webhooks.new)}</h3>
            {if secrets::is_offered(ctx) {
                make_form(reader)
            } else {
                view! { <p class="office-help">{s!(lang, webhooks.not_offered)}</p> }.into_any()
            }}
        </section>
        {debugger(reader, found)}
    };
    Ok(view.into_any())
}

fn make_form(reader: &Reader) -> AnyView {
    let lang = reader.lang;
    let choice = |value: &str, text: &str| -> Choice { (value.to_owned(), text.to_owned(), None) };
    let kinds = vec![choice("live", s!(lang, webhooks.live)), choice("import", s!(lang, webhooks.import))];
    let graces = vec![
        choice("", s!(lang, webhooks.grace_none)),
        choice("0", s!(lang, webhooks.grace_0)),
        choice("1", s!(lang, webhooks.grace_1)),
        choice("24", s!(lang, webhooks.grace_24)),
        choice("168", s!(lang, webhooks.grace_168)),
    ];
    let own = Field {
        kind: "password",
        autocomplete: "new-password",
        required: false,
        help: Some(s!(lang, webhooks.own_help)),
        ..Field::text("own", s!(lang, webhooks.own))
    };
    view! {
        <p class="office-help">{s!(lang, webhooks.new_help)}</p>
        <form class="form form-wide" method="post" action="/admin/webhooks">
            <input type="hidden" name="do" value="make"/>
            {field(reader, "make", &Field::text("name", s!(lang, webhooks.name)))}
            {select(reader, "make", "kind", s!(lang, webhooks.kind), "live", kinds)}
            {select(reader, "make", "grace", s!(lang, webhooks.grace), "24", graces)}
            {field(reader, "make", &own)}
            <div class="form-actions"><button class="button button-primary">{s!(lang, webhooks.make)}</button></div>
        </form>
    }
    .into_any()
}

fn row(reader: &Reader, secret: WebhookSecret) -> AnyView {
    let lang = reader.lang;
    let over = secret.ends_at.is_some_and(|at| at <= reader.now);
    let state = match secret.ends_at {
        Some(_) if over => view! { <span class="bad">{s!(lang, webhooks.over)}</span> }.into_any(),
        Some(at) => fill(s!(lang, webhooks.until), &[&format::date_time(at, &reader.zone, lang)]).into_any(),
        None => view! { <span class="status status-on">{s!(lang, webhooks.is_live)}</span> }.into_any(),
    };
    let below = if secret.of_settings {
        s!(lang, webhooks.of_settings).into_any()
    } else {
        view! { <code>"…"{secret.tail}</code> }.into_any()
    };
    view! {
        <tr>
            <th scope="row"><span class="cell-1">{secret.name.clone()}</span><span class="cell-2">{below}</span></th>
            <td>{if secret.import { s!(lang, webhooks.import) } else { s!(lang, webhooks.live) }}</td>
            <td>{reader.time(secret.created_at)}</td>
            <td>{state}</td>
            <td>{reader.time_or_never(secret.last_used_at)}</td>
            <td class="cell-action">
                {(!secret.of_settings && !over)
                    .then(|| {
                        view! {
                            <form method="post" action="/admin/webhooks">
                                <input type="hidden" name="do" value="end"/>
                                <input type="hidden" name="secret" value=secret.id.to_string()/>
                                <button class="button" aria-label=fill(s!(lang, webhooks.end_label), &[&secret.name])>{s!(lang, webhooks.end)}</button>
                            </form>
                        }
                    })}
            </td>
        </tr>
    }
    .into_any()
}

/// The form that a refused request is pasted into, and what was found.
fn debugger(reader: &Reader, found: Option<AppResult<(Option<Scheme>, Vec<Finding>)>>) -> AnyView {
    let lang = reader.lang;
    let pasted = |name: &str| if reader.sent.verb() == "debug" { reader.sent.value(name) } else { "" };
    let found = found.map(|found| match found {
        Ok((scheme, findings)) => findings_list(scheme, &findings, lang),
        Err(AppError::Invalid { .. }) => notice("notice-bad", Icon::Warning, "alert", s!(lang, fault.too_long)),
        Err(_) => notice("notice-bad", Icon::Warning, "alert", s!(lang, problem.unavailable)),
    });
    view! {
        <section class="office-section" aria-labelledby="debugger">
            <h3 id="debugger">{s!(lang, webhooks.debug)}</h3>
            <p class="office-help">{s!(lang, webhooks.debug_help)}</p>
            <form class="form form-wide" method="post" action="/admin/webhooks#debugger">
                <input type="hidden" name="do" value="debug"/>
                <div class="field">
                    <label for="debug-headers">{s!(lang, webhooks.headers)}</label>
                    <textarea id="debug-headers" class="input item-text" name="headers" rows="6" spellcheck="false" required=true>
                        {in_textarea(pasted("headers"))}
                    </textarea>
                </div>
                <div class="field">
                    <label for="debug-body">{s!(lang, webhooks.body)}</label>
                    <textarea id="debug-body" class="input item-text" name="body" rows="6" spellcheck="false">
                        {in_textarea(pasted("body"))}
                    </textarea>
                </div>
                <div class="form-actions"><button class="button">{s!(lang, webhooks.look)}</button></div>
            </form>
            {found}
        </section>
    }
    .into_any()
}

fn findings_list(scheme: Option<Scheme>, findings: &[Finding], lang: Lang) -> AnyView {
    let good = !findings.iter().any(Finding::is_fault);
    let verdict = if good { s!(lang, webhooks.good) } else { s!(lang, webhooks.refused) };
    let scheme = match scheme {
        Some(Scheme::Standard) => format!(" Standard Webhooks: {verdict}"),
        Some(Scheme::Genesis) => format!(" X-Genesis-Signature: {verdict}"),
        None => verdict.to_owned(),
    };
    let (class, picture) = if good { ("notice-ok", Icon::Check) } else { ("notice-bad", Icon::Warning) };
    view! {
        <div class=format!("notice {class} findings") role="status">
            {icon(picture)}
            <div>
                <p>{scheme.trim().to_owned()}</p>
                <ul>{findings.iter().map(|finding| view! { <li>{finding_text(finding, lang)}</li> }).collect_view()}</ul>
            </div>
        </div>
    }
    .into_any()
}

/// A time apart, in words: seconds, minutes, hours or days.
fn span(apart: TimeDelta, lang: Lang) -> String {
    let seconds = apart.num_seconds().abs();
    let (n, unit) = match seconds {
        0..120 => (seconds, s!(lang, webhooks.seconds)),
        120..7_200 => (seconds / 60, s!(lang, webhooks.minutes)),
        7_200..172_800 => (seconds / 3_600, s!(lang, webhooks.hours)),
        _ => (seconds / 86_400, s!(lang, webhooks.days)),
    };
    fill(unit, &[&format::integer(n, lang)])
}

fn finding_text(finding: &Finding, lang: Lang) -> String {
    match finding {
        Finding::NoSignature => s!(lang, webhooks.f_no_signature).to_owned(),
        Finding::BothSchemes => s!(lang, webhooks.f_both).to_owned(),
        Finding::Missing(header) => fill(s!(lang, webhooks.f_missing), &[header]),
        Finding::Unreadable(header) => fill(s!(lang, webhooks.f_unreadable), &[header]),
        Finding::Skewed(apart) if *apart < TimeDelta::zero() => fill(s!(lang, webhooks.f_late), &[&span(*apart, lang)]),
        Finding::Skewed(apart) => fill(s!(lang, webhooks.f_early), &[&span(*apart, lang)]),
        Finding::Timely(apart) => fill(s!(lang, webhooks.f_timely), &[&span(*apart, lang)]),
        Finding::SignedWith(name) => fill(s!(lang, webhooks.f_signed), &[name]),
        Finding::SignedWithEnded(name) => fill(s!(lang, webhooks.f_ended), &[name]),
        Finding::OtherBody(change, name) => {
            let change = match change {
                BodyChange::NoLastBreak => s!(lang, webhooks.b_no_last_break),
                BodyChange::LastBreak => s!(lang, webhooks.b_last_break),
                BodyChange::WindowsBreaks => s!(lang, webhooks.b_windows),
                BodyChange::Compact => s!(lang, webhooks.b_compact),
            };
            fill(s!(lang, webhooks.f_other_body), &[name, change])
        }
        Finding::MadeOtherwise(way, name) => {
            let way = match way {
                OtherWay::SecretAsText => s!(lang, webhooks.w_as_text),
                OtherWay::BodyAlone => s!(lang, webhooks.w_body_alone),
                OtherWay::Hexadecimal => s!(lang, webhooks.w_hex),
                OtherWay::Base64 => s!(lang, webhooks.w_base64),
                OtherWay::SecretDecoded => s!(lang, webhooks.w_decoded),
            };
            fill(s!(lang, webhooks.f_made_otherwise), &[name, way])
        }
        Finding::NoMatch => s!(lang, webhooks.f_no_match).to_owned(),
    }
}
