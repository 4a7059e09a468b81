//! The public form, written by the server alone: it brings no script at all, and stands in frames of other sites too.

use leptos::{config::LeptosOptions, prelude::*};

use super::{
    gate::document,
    written::parts::{Field, Reader, fault_text, field, in_textarea, notice, wait_text},
};
use crate::{
    domain::{AppError, format::Lang},
    features::leads::form::{FIELDS, HONEYPOT},
    ui::{
        href,
        i18n::{fill, s},
        icon::{Icon, icon},
        prefs::Theme,
    },
};

/// What the page shows.
pub enum LeadForm<'a> {
    /// The form.
    Open {
        /// Its token.
        token: &'a str,
        /// What is said above it: `confirm` or `sent_other`.
        said: Option<&'static str>,
    },
    /// Thanks.
    Thanks,
    /// That it is not open.
    Shut,
    /// That nothing can be done now.
    Away,
}

/// Fields that are kept with the lead and not shown.
fn hidden() -> impl Iterator<Item = &'static str> {
    FIELDS.into_iter().filter(|name| *name == "source" || name.starts_with("utm_")).chain(["lang", "theme"])
}

/// Writes the page; `workspace` is whose it is.
pub fn page(options: &LeptosOptions, theme: Theme, reader: &Reader, workspace: &str, shown: &LeadForm<'_>) -> String {
    let lang = reader.lang;
    let title = match shown {
        LeadForm::Open { .. } => s!(lang, lead_form.title),
        LeadForm::Thanks => s!(lang, lead_form.thanks),
        LeadForm::Shut | LeadForm::Away => s!(lang, lead_form.shut),
    };
    let body = match shown {
        LeadForm::Open { token, said } => form(reader, token, *said),
        LeadForm::Thanks => view! {
            <p class="gate-help">{s!(lang, lead_form.thanks_help)}</p>
            <a class="button" href=again(reader, lang)>{s!(lang, lead_form.again)}</a>
        }
        .into_any(),
        LeadForm::Shut => view! { <p class="gate-help">{s!(lang, lead_form.shut_help)}</p> }.into_any(),
        LeadForm::Away => {
            let text = match reader.sent.error() {
                Some(AppError::RateLimited { retry_after_s }) => wait_text(*retry_after_s, lang),
                _ => s!(lang, gate.away).to_owned(),
            };
            view! { <p class="gate-help">{text}</p> }.into_any()
        }
    };
    document(options, theme, (lang, title), workspace, languages(reader), body)
}

/// The form's address with what was asked for, in a language.
fn again(reader: &Reader, lang: Lang) -> String {
    let kept = hidden().filter(|name| *name != "lang").map(|name| (name, reader.sent.value(name).to_owned()));
    let fields: Vec<_> = kept.filter(|(_, value)| !value.is_empty()).chain([("lang", lang.as_str().to_owned())]).collect();
    href::with_query("/form", &fields)
}

/// The other language is a link: a choice in a cookie would not hold in a frame.
fn languages(reader: &Reader) -> AnyView {
    let each = [(Lang::Es, "Español"), (Lang::En, "English")].into_iter().map(|(each, name)| {
        let current = (each == reader.lang).then_some("true");
        view! { <a href=again(reader, each) lang=each.as_str() hreflang=each.as_str() aria-current=current>{name}</a> }
    });
    view! { <nav class="form-languages">{each.collect_view()}</nav> }.into_any()
}

fn form(reader: &Reader, token: &str, said: Option<&'static str>) -> AnyView {
    let lang = reader.lang;
    let sent = &reader.sent;
    let optional = |label: &str| format!("{label} ({})", s!(lang, lead_form.optional));
    // What was typed stands there again, whether it was refused or is to be confirmed.
    let line = |name: &'static str, kind: &'static str, autocomplete: &'static str, label: &str, required: bool| {
        field(reader, sent.verb(), &Field { kind, autocomplete, begin: sent.value(name), required, ..Field::text(name, label) })
    };
    let said = said.map(|word| match word {
        "confirm" => notice("notice-note", Icon::Check, "status", s!(lang, lead_form.confirm)),
        _ => notice("notice-note", Icon::Check, "status", s!(lang, lead_form.sent_other)),
    });
    let consent_fault = sent.fault("consent").map(|code| fault_text(code, lang));
    let message_fault = sent.fault("message").map(|code| fault_text(code, lang));
    let kept = hidden().map(|name| (name, sent.value(name).to_owned())).filter(|(_, value)| !value.is_empty());
    let kept = kept.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view();
    let trap = fill(s!(lang, lead_form.honeypot), &[]);
    view! {
        <p class="gate-help">{s!(lang, lead_form.help)}</p>
        {said}
        <form class="form" method="post" action="/form">
            {kept}
            <input type="hidden" name="token" value=token.to_owned()/>
            {line("name", "text", "name", s!(lang, lead_form.name), true)}
            {line("email", "email", "email", s!(lang, lead_form.email), false)}
            {line("phone", "tel", "tel", s!(lang, lead_form.phone), false)}
            <p class="field-help">{s!(lang, lead_form.contact_help)}</p>
            {line("company", "text", "organization", &optional(s!(lang, lead_form.company)), false)}
            <div class="field">
                <label for="form-message">{s!(lang, lead_form.message)}</label>
                <textarea id="form-message" class="input input-tall" name="message" rows="5" maxlength="5000" inner_html=in_textarea(sent.value("message"))></textarea>
                {message_fault.map(|text| view! { <p class="field-fault">{icon(Icon::Warning)}{text}</p> })}
            </div>
            <div class="form-trap" aria-hidden="true">
                <label for="form-trap">{trap}</label>
                <input id="form-trap" type="text" name=HONEYPOT tabindex="-1" autocomplete="off"/>
            </div>
            <div class="field">
                <label class="check">
                    <input type="checkbox" name="consent" value="yes" required=true checked=sent.has("consent", "yes")/>
                    <span>{s!(lang, lead_form.consent)}</span>
                </label>
                {consent_fault.map(|text| view! { <p class="field-fault">{icon(Icon::Warning)}{text}</p> })}
            </div>
            <button class="button button-primary">{s!(lang, lead_form.send)}</button>
        </form>
    }
    .into_any()
}
