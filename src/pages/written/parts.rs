//! Parts that the pages of the office and of the gate are put together from. The server alone writes them.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use super::form::Sent;
use crate::{
    domain::{
        AppError,
        format::{self, Lang},
        people::{self, Role, UserStatus},
        time::Zone,
    },
    ui::{
        i18n::{fill, s},
        icon::{Icon, icon},
    },
};

/// Who reads a page, and how.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The language.
    pub lang: Lang,
    /// The time zone.
    pub zone: Zone,
    /// The time now.
    pub now: DateTime<Utc>,
    /// The form that the page answers.
    pub sent: Sent,
}

impl Reader {
    /// A time: how long ago, with the whole of it to be looked at.
    pub fn time(&self, at: DateTime<Utc>) -> AnyView {
        let whole = format::date_time(at, &self.zone, self.lang);
        view! { <time datetime=at.to_rfc3339() title=whole>{format::ago(at, self.now, self.lang)}</time> }.into_any()
    }

    /// A time that may never have been.
    pub fn time_or_never(&self, at: Option<DateTime<Utc>>) -> AnyView {
        match at {
            Some(at) => self.time(at),
            None => view! { <span class="faint">{s!(self.lang, keys.never)}</span> }.into_any(),
        }
    }
}

/// A rule that a field breaks, in words.
pub fn fault_text(code: &str, lang: Lang) -> &'static str {
    match code {
        "required" => s!(lang, fault.required),
        "email" => s!(lang, fault.email),
        "too_long" => s!(lang, fault.too_long),
        "characters" => s!(lang, fault.characters),
        "too_short" => s!(lang, fault.too_short),
        "known_password" => s!(lang, fault.known_password),
        "taken" => s!(lang, fault.taken),
        "wrong" => s!(lang, fault.wrong),
        "oneself" => s!(lang, fault.oneself),
        "erased" => s!(lang, fault.erased),
        "names_person" => s!(lang, fault.names_person),
        "not_the_same" => s!(lang, fault.not_the_same),
        "last_admin" => s!(lang, fault.last_admin),
        "out_of_range" => s!(lang, fault.out_of_range),
        "unknown" => s!(lang, fault.unknown),
        "ambiguous" => s!(lang, fault.ambiguous),
        "wrong_code" => s!(lang, fault.wrong_code),
        "number" => s!(lang, fault.number),
        "too_many" => s!(lang, fault.too_many),
        "journal_days" => s!(lang, fault.journal_days),
        "secret_length" => s!(lang, fault.secret_length),
        "base64" => s!(lang, fault.base64),
        "words" => s!(lang, fault.words),
        "origin" => s!(lang, fault.origin),
        "conflict" => s!(lang, fault.conflict),
        "last_secret" => s!(lang, fault.last_secret),
        "time" => s!(lang, fault.time),
        "unknown_variable" => s!(lang, fault.unknown_variable),
        "nameless" => s!(lang, fault.nameless),
        "phone" => s!(lang, fault.phone),
        "date" => s!(lang, fault.date),
        "domain" => s!(lang, fault.domain),
        "link" => s!(lang, fault.link),
        "currency" => s!(lang, fault.currency),
        "none_chosen" => s!(lang, fault.none_chosen),
        "too_many_records" => s!(lang, fault.too_many_records),
        _ => s!(lang, fault.other),
    }
}

/// A field of a form.
pub struct Field<'a> {
    /// The name that it is sent by, and by which faults point at it.
    pub name: &'static str,
    /// What it is called.
    pub label: &'a str,
    /// The kind of input.
    pub kind: &'static str,
    /// What the browser may fill in.
    pub autocomplete: &'static str,
    /// What it begins with.
    pub begin: &'a str,
    /// More about it.
    pub help: Option<&'a str>,
    /// Whether it must be filled in.
    pub required: bool,
}

impl Field<'_> {
    /// A field for a line of text that must be filled in.
    pub const fn text<'a>(name: &'static str, label: &'a str) -> Field<'a> {
        Field { name, label, kind: "text", autocomplete: "off", begin: "", help: None, required: true }
    }
}

/// The field, with its fault beside it. `form` tells the fields of one form from those of another.
pub fn field(reader: &Reader, form: &str, field: &Field<'_>) -> AnyView {
    let empty = Sent::default();
    let sent = if reader.sent.verb() == form { &reader.sent } else { &empty };
    let id = format!("{form}-{}", field.name);
    let fault = sent.fault(field.name).map(|code| fault_text(code, reader.lang));
    let about = [field.help.map(|_| format!("{id}-help")), fault.map(|_| format!("{id}-fault"))];
    let about: Vec<_> = about.into_iter().flatten().collect();
    view! {
        <div class="field">
            <label for=id.clone()>{field.label.to_owned()}</label>
            <input
                id=id.clone()
                class="input"
                type=field.kind
                name=field.name
                autocomplete=field.autocomplete
                autocapitalize="none"
                spellcheck="false"
                value=sent.again(field.name, field.begin).to_owned()
                required=field.required
                aria-invalid=fault.map(|_| "true")
                aria-describedby=(!about.is_empty()).then(|| about.join(" "))
            />
            {fault.map(|text| view! { <p class="field-fault" id=format!("{id}-fault")>{icon(Icon::Warning)}{text}</p> })}
            {field.help.map(|text| view! { <p class="field-help" id=format!("{id}-help")>{text.to_owned()}</p> })}
        </div>
    }
    .into_any()
}

/// A choice of a form: value, label, more about it.
pub type Choice = (String, String, Option<String>);

/// A menu of a form.
pub fn select(reader: &Reader, form: &str, name: &'static str, label: &str, begin: &str, choices: Vec<Choice>) -> AnyView {
    let empty = Sent::default();
    let sent = if reader.sent.verb() == form { &reader.sent } else { &empty };
    let id = format!("{form}-{name}");
    let chosen = sent.again(name, begin).to_owned();
    let fault = sent.fault(name).map(|code| fault_text(code, reader.lang));
    view! {
        <div class="field">
            <label for=id.clone()>{label.to_owned()}</label>
            <select id=id.clone() class="input" name=name aria-invalid=fault.map(|_| "true") aria-describedby=fault.map(|_| format!("{id}-fault"))>
                {choices
                    .into_iter()
                    .map(|(value, label, more)| {
                        let selected = value == chosen;
                        let label = more.map_or_else(|| label.clone(), |more| format!("{label}: {more}"));
                        view! { <option value=value selected=selected>{label}</option> }
                    })
                    .collect_view()}
            </select>
            {fault.map(|text| view! { <p class="field-fault" id=format!("{id}-fault")>{icon(Icon::Warning)}{text}</p> })}
        </div>
    }
    .into_any()
}

/// A text as it stands in a textarea: its content is written as it is, and a line break at its beginning is passed over.
pub fn in_textarea(text: &str) -> String {
    format!("\n{}", text.replace('&', "&amp;").replace('<', "&lt;"))
}

/// What is to be said of a refused form as a whole; faults of fields stand beside them.
pub fn problem(reader: &Reader) -> Option<AnyView> {
    let lang = reader.lang;
    let text = match reader.sent.error()? {
        AppError::Invalid { fields } if fields.iter().all(|fault| !fault.pointer.is_empty()) => return None,
        AppError::Invalid { .. } => s!(lang, fault.other).to_owned(),
        AppError::Unauthenticated | AppError::Forbidden => s!(lang, problem.forbidden).to_owned(),
        AppError::Conflict { .. } => s!(lang, problem.conflict).to_owned(),
        AppError::NotFound => s!(lang, problem.not_found).to_owned(),
        AppError::RateLimited { retry_after_s } => wait_text(*retry_after_s, lang),
        AppError::Unavailable { .. } | AppError::Upstream { .. } => s!(lang, problem.unavailable).to_owned(),
        AppError::Internal { incident } => fill(s!(lang, problem.internal), &[incident]),
    };
    Some(notice("notice-bad", Icon::Warning, "alert", &text))
}

/// How long somebody has to wait.
pub fn wait_text(seconds: u32, lang: Lang) -> String {
    let minutes = seconds.div_ceil(60);
    let span = if minutes == 1 { s!(lang, gate.minute).to_owned() } else { fill(s!(lang, gate.minutes), &[&minutes.to_string()]) };
    fill(s!(lang, gate.wait), &[&span])
}

/// A line across the page.
pub fn notice(class: &str, picture: Icon, role: &'static str, text: &str) -> AnyView {
    view! { <div class=format!("notice {class}") role=role>{icon(picture)}<p>{text.to_owned()}</p></div> }.into_any()
}

/// Something that is shown only once, ready to be marked and copied.
pub fn shown_once(label: &str, text: &str) -> AnyView {
    view! {
        <div class="shown">
            <input class="input" type="text" readonly=true value=text.to_owned() aria-label=label.to_owned()/>
        </div>
    }
    .into_any()
}

/// A role in words.
pub fn role_name(role: Role, lang: Lang) -> &'static str {
    match role {
        Role::Admin => s!(lang, role.admin),
        Role::Manager => s!(lang, role.manager),
        Role::Sales => s!(lang, role.sales),
        Role::Viewer => s!(lang, role.viewer),
    }
}

/// The roles to choose from.
pub fn roles(lang: Lang) -> Vec<Choice> {
    let help = |role| match role {
        Role::Admin => s!(lang, role.admin_help),
        Role::Manager => s!(lang, role.manager_help),
        Role::Sales => s!(lang, role.sales_help),
        Role::Viewer => s!(lang, role.viewer_help),
    };
    Role::ALL
        .into_iter()
        .map(|role| (role.as_str().to_owned(), role_name(role, lang).to_owned(), Some(help(role).to_owned())))
        .collect()
}

/// How an account stands: a mark and a word.
pub fn status(status: UserStatus, lang: Lang) -> AnyView {
    let (class, word) = match status {
        UserStatus::Invited => ("status status-waits", s!(lang, status.invited)),
        UserStatus::Active => ("status status-on", s!(lang, status.active)),
        UserStatus::Disabled => ("status", s!(lang, status.disabled)),
    };
    view! { <span class=class>{word}</span> }.into_any()
}

/// The letters that stand for somebody, on a colour that stays theirs.
pub fn avatar(name: &str, id: uuid::Uuid) -> AnyView {
    let colour = id.as_bytes().iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)) % 6;
    view! { <span class=format!("avatar avatar-{colour}") aria-hidden="true">{people::initials(name)}</span> }.into_any()
}

/// What a browser calls itself, as far as people know it by.
pub fn browser(user_agent: &str) -> Option<String> {
    // The order counts: each of them names some of those after it too.
    let name = [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")]
        .into_iter()
        .find(|(mark, _)| user_agent.contains(mark))?
        .1;
    let system = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]
    .into_iter()
    .find(|(mark, _)| user_agent.contains(mark));
    Some(system.map_or_else(|| name.to_owned(), |(_, system)| format!("{name}, {system}")))
}

/// The time zones to choose from, the browser's own first.
pub fn zones(lang: Lang) -> Vec<Choice> {
    let own = (String::new(), s!(lang, account.zone_auto).to_owned(), None);
    // Names of places; the others are old or no places at all.
    let places = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).filter(|name| {
        ["Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/"]
            .iter()
            .any(|region| name.starts_with(region))
    });
    let named = places.map(|name| (name.to_owned(), name.replace('_', " "), None));
    [own].into_iter().chain([("UTC".to_owned(), "UTC".to_owned(), None)]).chain(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_called_by_their_names() {
        for (user_agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
                Some("Chrome, Linux"),
            ),
            ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0", Some("Edge, Windows")),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
                Some("Safari, iPhone"),
            ),
            ("curl/8.0", None),
        ] {
            assert_eq!(browser(user_agent).as_deref(), name);
        }
    }
}
