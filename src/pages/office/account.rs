//! One's own account: who one is, the password, the sessions.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    domain::{
        AppError, AppResult,
        format::{self, Lang},
        people::SessionId,
    },
    features::auth::{
        account::{self, Profile},
        second_factor::{self, Setup},
        sessions::{self, Session},
    },
    pages::written::{
        form::Sent,
        parts::{Field, Reader, avatar, browser, field, notice, problem, role_name, select, zones},
        render::Place,
        tables::{Column, table},
    },
    platform::{ctx::Ctx, secret::Secret},
    ui::{
        i18n::{fill, s},
        icon::{Icon, icon},
    },
};

/// Does what a form of the page asks for.
pub async fn take(ctx: &Ctx, sent: &mut Sent) -> AppResult<()> {
    match sent.verb() {
        "profile" => {
            let profile = Profile {
                name: sent.value("name").to_owned(),
                language: Lang::parse(sent.value("language")),
                zone: Some(sent.value("zone").to_owned()).filter(|zone| !zone.is_empty()),
                version: sent.value("version").parse().map_err(|_| AppError::NotFound)?,
            };
            let before = account::profile(ctx).await?;
            let after = account::change_profile(ctx, profile).await?;
            sent.language = after.language.filter(|_| after.language != before.language);
            sent.done = Some("profile");
        }
        "password" => {
            account::change_password(ctx, &Secret::new(sent.value("current")), &Secret::new(sent.value("password"))).await?;
            sent.done = Some("password");
        }
        "end" => {
            let id: Uuid = sent.value("session").parse().map_err(|_| AppError::NotFound)?;
            sessions::end(ctx, SessionId(id)).await?;
            sent.done = Some("end");
        }
        "end_others" => {
            sessions::end_others(ctx).await?;
            sent.done = Some("end_others");
        }
        "factor_begin" => second_factor::begin(ctx, &Secret::new(sent.value("current"))).await?,
        "factor_confirm" => {
            sent.shown = Some(second_factor::confirm(ctx, sent.value("code")).await?.join("\n"));
            sent.done = Some("factor_on");
        }
        "factor_codes" => {
            sent.shown = Some(second_factor::renew_codes(ctx, &Secret::new(sent.value("current"))).await?.join("\n"));
            sent.done = Some("factor_codes");
        }
        "factor_off" => {
            second_factor::turn_off(ctx, &Secret::new(sent.value("current"))).await?;
            sent.done = Some("factor_off");
        }
        _ => return Err(AppError::NotFound),
    }
    Ok(())
}

/// Writes the page.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let person = ctx.person()?.clone();
    let profile = account::profile(ctx).await?;
    let sessions = sessions::list(ctx).await?;
    let factor = second_factor::standing(ctx).await?;
    let done = reader.sent.done.or((place.get("done") == "profile").then_some("profile")).map(|done| match done {
        "profile" => s!(lang, account.profile_saved),
        "password" => s!(lang, account.changed),
        "factor_on" => s!(lang, account.factor_on),
        "factor_codes" => s!(lang, account.factor_new_codes),
        "factor_off" => s!(lang, account.factor_off),
        "end" => s!(lang, account.ended),
        _ => s!(lang, account.ended_others),
    });
    let view = view! {
        <p class="office-help office-lead">{s!(lang, account.help)}</p>
        {problem(reader)}
        {done.map(|text| notice("notice-ok", Icon::Check, "status", text))}
        <section class="office-section" aria-labelledby="profile">
            <h3 id="profile">{s!(lang, account.profile)}</h3>
            <div class="profile">
                {avatar(&profile.name, person.id.0)}
                <div>
                    <p class="cell-1">{profile.name.clone()}</p>
                    <p class="cell-2">{person.email.clone()} " · " {role_name(person.role, lang)}</p>
                </div>
                <form method="post" action="/sign-out">
                    <button class="button">{icon(Icon::LogOut)}{s!(lang, account.sign_out)}</button>
                </form>
            </div>
            {profile_form(reader, &profile)}
        </section>
        <section class="office-section" aria-labelledby="password">
            <h3 id="password">{s!(lang, account.password)}</h3>
            <form class="form" method="post" action="/account">
                <input type="hidden" name="do" value="password"/>
                <input class="sr-only" type="text" name="username" autocomplete="username" value=person.email.clone() tabindex="-1" readonly=true aria-hidden="true"/>
                {field(reader, "password", &Field { kind: "password", autocomplete: "current-password", ..Field::text("current", s!(lang, account.current)) })}
                {field(reader, "password", &Field {
                    kind: "password",
                    autocomplete: "new-password",
                    help: Some(s!(lang, gate.password_help)),
                    ..Field::text("password", s!(lang, gate.new_password))
                })}
                <button class="button button-primary">{s!(lang, account.change)}</button>
            </form>
        </section>
        {second_factor::is_offered(ctx).then(|| factor_section(reader, factor))}
        {sessions_section(reader, person.session, sessions)}
    };
    Ok(view.into_any())
}

/// The name, and what a browser begins with.
fn profile_form(reader: &Reader, profile: &Profile) -> AnyView {
    let lang = reader.lang;
    let languages = vec![
        (String::new(), s!(lang, account.language_auto).to_owned(), None),
        ("es".to_owned(), "Español".to_owned(), None),
        ("en".to_owned(), "English".to_owned(), None),
    ];
    let language = profile.language.map(Lang::as_str).unwrap_or_default();
    view! {
        <form class="form form-wide" method="post" action="/account">
            <input type="hidden" name="do" value="profile"/>
            <input type="hidden" name="version" value=if reader.sent.verb() == "profile" {
                reader.sent.version(profile.version)
            } else {
                profile.version.to_string()
            }/>
            {field(reader, "profile", &Field { autocomplete: "name", begin: &profile.name, ..Field::text("name", s!(lang, gate.name)) })}
            {select(reader, "profile", "language", s!(lang, account.language), language, languages)}
            {select(reader, "profile", "zone", s!(lang, account.zone), profile.zone.as_deref().unwrap_or_default(), zones(lang))}
            <div class="form-actions"><button class="button button-primary">{s!(lang, account.save)}</button></div>
        </form>
    }
    .into_any()
}

/// The second factor: off, being set up, or on.
fn factor_section(reader: &Reader, (since, setup): (Option<DateTime<Utc>>, Option<Setup>)) -> AnyView {
    let lang = reader.lang;
    let codes = reader.sent.shown.clone().map(|codes| {
        view! {
            <div class="codes">
                <p>{s!(lang, account.codes_help)}</p>
                <pre aria-label=s!(lang, account.codes)>{codes}</pre>
            </div>
        }
    });
    let verb = |verb: &'static str| view! { <input type="hidden" name="do" value=verb/> };
    let current = |form: &str| {
        let label = s!(lang, account.current);
        field(reader, form, &Field { kind: "password", autocomplete: "current-password", ..Field::text("current", label) })
    };
    let body = match (since, setup) {
        (Some(since), _) => view! {
            <p class="office-help">{fill(s!(lang, account.factor_since), &[&format::date_time(since, &reader.zone, lang)])}</p>
            {codes}
            <div class="factor-forms">
                <form class="form" method="post" action="/account">
                    {verb("factor_codes")}
                    {current("factor_codes")}
                    <button class="button">{s!(lang, account.new_codes)}</button>
                </form>
                <form class="form" method="post" action="/account">
                    {verb("factor_off")}
                    {current("factor_off")}
                    <button class="button">{s!(lang, account.turn_off)}</button>
                </form>
            </div>
        }
        .into_any(),
        (None, Some(setup)) => view! {
            <p class="office-help">{s!(lang, account.scan)}</p>
            <div class="factor">
                <img class="qr" src=setup.picture alt=s!(lang, account.qr) width="192" height="192"/>
                <form class="form" method="post" action="/account">
                    {verb("factor_confirm")}
                    <p>{s!(lang, account.typed)}<br/><code class="seed">{setup.typed}</code></p>
                    {field(reader, "factor_confirm", &Field { autocomplete: "one-time-code", ..Field::text("code", s!(lang, account.code)) })}
                    <div class="form-actions"><button class="button button-primary">{s!(lang, account.turn_on)}</button></div>
                </form>
            </div>
            <form method="post" action="/account">{verb("factor_off")}<button class="button">{s!(lang, people.cancel)}</button></form>
        }
        .into_any(),
        (None, None) => view! {
            <p class="office-help">{s!(lang, account.factor_help)}</p>
            <form class="form" method="post" action="/account">
                {verb("factor_begin")}
                {current("factor_begin")}
                <button class="button">{icon(Icon::Shield)}{s!(lang, account.set_up)}</button>
            </form>
        }
        .into_any(),
    };
    view! { <section class="office-section" aria-labelledby="factor"><h3 id="factor">{s!(lang, account.factor)}</h3>{body}</section> }.into_any()
}

/// The browsers that are signed in; `current` is this one.
fn sessions_section(reader: &Reader, current: SessionId, sessions: Vec<Session>) -> AnyView {
    let lang = reader.lang;
    let others = sessions.len() > 1;
    let rows = sessions.into_iter().map(|session| {
        let here = session.id == current;
        let browser = browser(&session.user_agent).unwrap_or_else(|| s!(lang, account.unknown_browser).to_owned());
        view! {
            <tr>
                <th scope="row">
                    <span class="cell-1" title=session.user_agent.clone()>
                        {browser.clone()}
                        {here.then(|| view! { <span class="chip">{s!(lang, account.this)}</span> })}
                    </span>
                    <span class="cell-2">{fill(s!(lang, account.since), &[&format::date_time(session.created_at, &reader.zone, lang)])}</span>
                </th>
                <td>{session.address.clone()}</td>
                <td>{reader.time(session.last_seen_at)}</td>
                <td class="cell-action">
                    {(!here)
                        .then(|| {
                            view! {
                                <form method="post" action="/account">
                                    <input type="hidden" name="do" value="end"/>
                                    <input type="hidden" name="session" value=session.id.to_string()/>
                                    <button class="button" aria-label=fill(s!(lang, account.end_label), &[&browser])>{s!(lang, account.end)}</button>
                                </form>
                            }
                        })}
                </td>
            </tr>
        }
    });
    view! {
        <section class="office-section" aria-labelledby="sessions">
            <div class="section-head">
                <div>
                    <h3 id="sessions">{s!(lang, account.sessions)}</h3>
                    <p class="office-help">{s!(lang, account.sessions_help)}</p>
                </div>
                {others
                    .then(|| {
                        view! {
                            <form method="post" action="/account">
                                <input type="hidden" name="do" value="end_others"/>
                                <button class="button">{s!(lang, account.end_others)}</button>
                            </form>
                        }
                    })}
            </div>
            {table(reader, "table-2", &[Column::Text(s!(lang, account.browser)), Column::Text(s!(lang, account.from)), Column::Text(s!(lang, account.seen)), Column::Action(s!(lang, account.end))], rows.collect_view())}
        </section>
    }
    .into_any()
}
