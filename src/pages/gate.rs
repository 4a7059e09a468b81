//! The gate: signing in, the first set-up, invitations, forgotten and new passwords. The server writes these pages; they bring no script at all.

use leptos::{config::LeptosOptions, prelude::*};
use leptos_meta::HashedStylesheet;

use super::written::parts::{Field, Reader, field, notice, wait_text};
use crate::{
    domain::{AppError, format::Lang},
    ui::{
        href,
        i18n::{fill, s, t},
        icon::Icon,
        prefs::Theme,
        state::error_text,
    },
};

/// A page of the gate.
pub enum Gate<'a> {
    /// Address and password; where to go then.
    SignIn {
        /// A place of our own.
        next: &'a str,
        /// Whether anybody has an account.
        is_set_up: bool,
    },
    /// The code of the second factor: the secret that the password gave, and where to go then.
    Code(&'a str, &'a str),
    /// The first account; the link's secret.
    SetUp(&'a str),
    /// A first password: the link's secret, name and address of the account.
    Invitation(&'a str, &'a str, &'a str),
    /// A new password: the link's secret, address of the account.
    Reset(&'a str, &'a str),
    /// The address of somebody who has forgotten the password.
    Forgotten,
    /// What there is to say to whoever has asked, whether there is an account or not.
    Asked,
    /// No mail is set up, so somebody else has to help.
    Unaided,
    /// A link that does not work.
    Gone,
    /// Nothing can be done now.
    Away,
    /// A page that is not shown.
    Refused(&'a AppError, Retry),
}

/// What whoever was refused a page can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Open the page again.
    Open(String),
    /// Open one of our own pages and do it from there: what was sent did not come from one.
    Ours,
}

impl Gate<'_> {
    /// The page's own address.
    fn place(&self) -> String {
        match self {
            // The secret lives for minutes and in forms alone: another language begins anew.
            Gate::SignIn { next, .. } | Gate::Code(_, next) => href::with_query("/sign-in", &[("next", (*next).to_owned())]),
            Gate::SetUp(secret) => href::with_query("/set-up", &[("token", (*secret).to_owned())]),
            Gate::Invitation(secret, ..) => href::with_query("/invitation", &[("token", (*secret).to_owned())]),
            Gate::Reset(secret, _) => href::with_query("/reset", &[("token", (*secret).to_owned())]),
            Gate::Refused(_, Retry::Open(place)) => place.clone(),
            Gate::Refused(_, Retry::Ours) => "/".to_owned(),
            Gate::Forgotten | Gate::Asked | Gate::Unaided => "/forgotten".to_owned(),
            Gate::Gone | Gate::Away => "/sign-in".to_owned(),
        }
    }
}

/// Writes a page of the gate; `workspace` is whose product it is.
pub fn page(options: &LeptosOptions, theme: Theme, reader: &Reader, workspace: &str, gate: &Gate<'_>) -> String {
    let lang = reader.lang;
    let title = match gate {
        Gate::SignIn { .. } => s!(lang, gate.sign_in).to_owned(),
        Gate::Code(..) => s!(lang, gate.code_title).to_owned(),
        Gate::SetUp(_) => s!(lang, gate.set_up).to_owned(),
        Gate::Invitation(_, name, _) => fill(s!(lang, gate.invitation), &[name]),
        Gate::Reset(..) => s!(lang, gate.reset).to_owned(),
        Gate::Forgotten | Gate::Asked | Gate::Unaided => s!(lang, gate.forgotten).to_owned(),
        Gate::Gone => s!(lang, gate.gone).to_owned(),
        Gate::Away => t!(lang, error.unavailable).to_owned(),
        Gate::Refused(AppError::NotFound, _) => t!(lang, not_found.title).to_owned(),
        Gate::Refused(AppError::RateLimited { .. }, _) => s!(lang, gate.too_many).to_owned(),
        Gate::Refused(error, _) => error_text(error, lang).0,
    };
    document(options, theme, (lang, &title), workspace, languages(lang, &gate.place()), body(reader, gate))
}

/// A page of its own, without any script: whose it is, what stands beside that, the title, and what it shows.
pub(super) fn document(
    options: &LeptosOptions,
    theme: Theme,
    (lang, title): (Lang, &str),
    workspace: &str,
    beside: AnyView,
    body: AnyView,
) -> String {
    let owner = Owner::new();
    let html = owner.with(|| {
        view! {
            <html lang=lang.as_str() data-theme=theme.as_str()>
                <head>
                    <meta charset="utf-8"/>
                    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"/>
                    <meta name="color-scheme" content="dark light"/>
                    <meta name="robots" content="noindex"/>
                    <meta name="referrer" content="no-referrer"/>
                    <title>{format!("{title} · NexusCRM")}</title>
                    <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                    <HashedStylesheet id="leptos" options=options.clone()/>
                </head>
                <body class="gate">
                    <header class="gate-head">
                        <span class="brand">
                            <svg viewBox="0 0 24 24" aria-hidden="true">
                                <rect width="24" height="24" rx="6"></rect>
                                <path d="M7.5 17V7l9 10V7"></path>
                            </svg>
                            <span>"NexusCRM"</span>
                            {(!workspace.is_empty()).then(|| view! { <span class="gate-workspace">{workspace.to_owned()}</span> })}
                        </span>
                        {beside}
                    </header>
                    <main id="main" class="gate-main">
                        <h1 class="gate-title">{title.to_owned()}</h1>
                        {body}
                    </main>
                </body>
            </html>
        }
        .to_html()
    });
    format!("<!DOCTYPE html>{html}")
}

fn languages(lang: Lang, place: &str) -> AnyView {
    let each = [(Lang::Es, "Español"), (Lang::En, "English")].into_iter().map(|(each, name)| {
        let pressed = (each == lang).to_string();
        view! { <button type="submit" name="lang" value=each.as_str() lang=each.as_str() aria-pressed=pressed>{name}</button> }
    });
    view! {
        <form method="post" action="/preferences">
            <input type="hidden" name="back" value=place.to_owned()/>
            <div class="segments" role="group" aria-label=t!(lang, settings.language)>{each.collect_view()}</div>
        </form>
    }
    .into_any()
}

fn body(reader: &Reader, gate: &Gate<'_>) -> AnyView {
    let lang = reader.lang;
    let token = |secret: &str| view! { <input type="hidden" name="token" value=secret.to_owned()/> }.into_any();
    let name = |begin: &str| field(reader, "", &Field { autocomplete: "name", begin, ..Field::text("name", s!(lang, gate.name)) });
    let new_password = || {
        let help = Some(s!(lang, gate.password_help));
        field(
            reader,
            "",
            &Field { kind: "password", autocomplete: "new-password", help, ..Field::text("password", s!(lang, gate.new_password)) },
        )
    };
    let known = |email: &str| {
        view! { <input class="sr-only" type="text" name="username" autocomplete="username" value=email.to_owned() tabindex="-1" readonly=true aria-hidden="true"/> }
            .into_any()
    };
    match gate {
        Gate::SignIn { next, is_set_up } => view! {
            <p class="gate-help">{s!(lang, gate.sign_in_help)}</p>
            {(!is_set_up).then(|| notice("notice-note", Icon::Key, "status", s!(lang, gate.nobody_yet)))}
            {(reader.sent.done == Some("late")).then(|| notice("notice-bad", Icon::Warning, "status", s!(lang, gate.late)))}
            {refused(reader)}
            <form class="form" method="post" action="/sign-in">
                <input type="hidden" name="next" value=(*next).to_owned()/>
                {email(reader)}
                {field(reader, "", &Field { kind: "password", autocomplete: "current-password", ..Field::text("password", s!(lang, gate.password)) })}
                <button class="button button-primary">{s!(lang, gate.sign_in)}</button>
            </form>
            <p class="gate-foot"><a href="/forgotten">{s!(lang, gate.forgotten)}</a></p>
        }
        .into_any(),
        Gate::Code(secret, next) => view! {
            <p class="gate-help">{s!(lang, gate.code_help)}</p>
            {refused_code(reader)}
            <form class="form" method="post" action="/sign-in">
                <input type="hidden" name="do" value="code"/>
                <input type="hidden" name="next" value=(*next).to_owned()/>
                {token(secret)}
                {field(reader, "code", &Field { autocomplete: "one-time-code", ..Field::text("code", s!(lang, gate.code)) })}
                <button class="button button-primary">{s!(lang, gate.sign_in)}</button>
            </form>
            <p class="gate-foot">{s!(lang, gate.code_foot)}</p>
        }
        .into_any(),
        Gate::SetUp(secret) => view! {
            <p class="gate-help">{s!(lang, gate.set_up_help)}</p>
            {refused(reader)}
            <form class="form" method="post" action="/set-up">
                {token(secret)}
                {name("")}
                {email(reader)}
                {new_password()}
                <button class="button button-primary">{s!(lang, gate.set_up_go)}</button>
            </form>
        }
        .into_any(),
        Gate::Invitation(secret, begin, address) => view! {
            <p class="gate-help">{fill(s!(lang, gate.invitation_help), &[address])}</p>
            {refused(reader)}
            <form class="form" method="post" action="/invitation">
                {token(secret)}
                {known(address)}
                {name(begin)}
                {new_password()}
                <button class="button button-primary">{s!(lang, gate.invitation_go)}</button>
            </form>
        }
        .into_any(),
        Gate::Reset(secret, address) => view! {
            <p class="gate-help">{fill(s!(lang, gate.reset_help), &[address])}</p>
            {refused(reader)}
            <form class="form" method="post" action="/reset">
                {token(secret)}
                {known(address)}
                {new_password()}
                <button class="button button-primary">{s!(lang, gate.reset_go)}</button>
            </form>
        }
        .into_any(),
        Gate::Forgotten | Gate::Asked | Gate::Unaided => forgotten(reader, gate),
        Gate::Gone => view! {
            <p class="gate-help">{s!(lang, gate.gone_help)}</p>
            <a class="button" href="/sign-in">{s!(lang, gate.to_sign_in)}</a>
        }
        .into_any(),
        Gate::Away => view! { <p class="gate-help">{s!(lang, gate.away)}</p> }.into_any(),
        Gate::Refused(error, retry) => view! {
            <p class="gate-help">{refusal_text(error, retry, lang)}</p>
            {incident(error).map(|incident| view! { <p class="gate-help"><code>{incident.to_owned()}</code></p> })}
            <div class="form-actions">
                {matches!((error, retry), (AppError::RateLimited { .. } | AppError::Unavailable { .. } | AppError::Internal { .. }, Retry::Open(_)))
                    .then(|| view! { <a class="button button-primary" href=gate.place()>{t!(lang, error.retry)}</a> })}
                <a class="button" href="/">{s!(lang, gate.home)}</a>
            </div>
        }
        .into_any(),
    }
}

/// Why a page is not shown, and what to do.
fn refusal_text(error: &AppError, retry: &Retry, lang: Lang) -> String {
    match (error, retry) {
        (AppError::Forbidden, Retry::Ours) => s!(lang, gate.not_ours).to_owned(),
        (AppError::NotFound, _) => t!(lang, not_found.help).to_owned(),
        (AppError::RateLimited { retry_after_s }, _) => wait_text(*retry_after_s, lang),
        (error, _) => error_text(error, lang).1,
    }
}

/// What somebody quotes who asks about a fault of ours.
const fn incident(error: &AppError) -> Option<&String> {
    match error {
        AppError::Internal { incident } => Some(incident),
        _ => None,
    }
}

/// The field of an account's address.
fn email(reader: &Reader) -> AnyView {
    let label = s!(reader.lang, gate.email);
    field(reader, "", &Field { kind: "email", autocomplete: "username", ..Field::text("email", label) })
}

/// For whoever has forgotten the password.
fn forgotten(reader: &Reader, gate: &Gate<'_>) -> AnyView {
    let lang = reader.lang;
    let asking = matches!(gate, Gate::Forgotten).then(|| {
        view! {
            <p class="gate-help">{s!(lang, gate.forgotten_help)}</p>
            {refused(reader)}
            <form class="form" method="post" action="/forgotten">
                {email(reader)}
                <button class="button button-primary">{s!(lang, gate.forgotten_go)}</button>
            </form>
        }
    });
    let asked = matches!(gate, Gate::Asked).then(|| notice("notice-ok", Icon::Check, "status", s!(lang, gate.forgotten_sent)));
    let unaided = matches!(gate, Gate::Unaided).then(|| view! { <p class="gate-help">{s!(lang, gate.forgotten_none)}</p> });
    view! {
        {asking}
        {asked}
        {unaided}
        <p class="gate-foot"><a href="/sign-in">{s!(lang, gate.to_sign_in)}</a></p>
    }
    .into_any()
}

/// Why the form was refused, if not for its fields.
fn refused(reader: &Reader) -> Option<AnyView> {
    let lang = reader.lang;
    let text = match reader.sent.error()? {
        AppError::Unauthenticated => format!("{} {}", s!(lang, gate.refused), s!(lang, gate.refused_help)),
        AppError::RateLimited { retry_after_s } => wait_text(*retry_after_s, lang),
        AppError::Invalid { .. } => return None,
        _ => s!(lang, gate.away).to_owned(),
    };
    Some(notice("notice-bad", Icon::Warning, "alert", &text))
}

/// Why the code was refused.
fn refused_code(reader: &Reader) -> Option<AnyView> {
    let lang = reader.lang;
    let text = match reader.sent.error()? {
        AppError::Unauthenticated => s!(lang, gate.code_refused).to_owned(),
        AppError::RateLimited { retry_after_s } => wait_text(*retry_after_s, lang),
        _ => s!(lang, gate.away).to_owned(),
    };
    Some(notice("notice-bad", Icon::Warning, "alert", &text))
}
