//! People and teams.

use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    domain::{
        AppError, AppResult,
        people::{Permission, Role, TeamId, UserId, UserStatus},
    },
    features::auth::{
        account::{self, Account, Change, Invitation, Team},
        second_factor,
    },
    pages::written::{
        form::Sent,
        parts::{Choice, Field, Reader, avatar, field, notice, problem, role_name, roles, select, shown_once, status},
        render::{Place, head},
        tables::{Column, pager, search_bar, table},
    },
    platform::{ctx::Ctx, mail},
    ui::{
        href,
        i18n::{fill, s},
        icon::{Icon, icon},
    },
};

fn id(text: &str) -> AppResult<Uuid> {
    text.parse().map_err(|_| AppError::NotFound)
}

fn team(sent: &Sent) -> AppResult<Option<TeamId>> {
    match sent.value("team") {
        "" => Ok(None),
        text => text.parse().map(|id| Some(TeamId(id))).map_err(|_| AppError::invalid("/team", "unknown", "is no team")),
    }
}

fn role(sent: &Sent) -> AppResult<Role> {
    Role::parse(sent.value("role")).ok_or_else(|| AppError::invalid("/role", "unknown", "is no role"))
}

/// Whether a link goes by mail, rather than being shown to whoever made it.
fn by_mail(ctx: &Ctx, sent: &Sent) -> bool {
    mail::is_offered(ctx) && !sent.has("by", "hand")
}

/// Does what a form of the page asks for.
pub async fn take(ctx: &Ctx, sent: &mut Sent) -> AppResult<()> {
    match sent.verb() {
        "invite" => {
            let invitation =
                Invitation { email: sent.value("email"), name: sent.value("name"), role: role(sent)?, team: team(sent)? };
            if by_mail(ctx, sent) {
                let account = account::invite_by_mail(ctx, &invitation).await?;
                (sent.done, sent.name) = (Some("mailed"), account.email);
            } else {
                let (account, link) = account::invite(ctx, &invitation).await?;
                (sent.done, sent.shown, sent.name) = (Some("invited"), Some(link), account.name);
            }
        }
        "change" => {
            let change = Change {
                id: UserId(id(sent.value("user"))?),
                version: sent.value("version").parse().map_err(|_| AppError::NotFound)?,
                name: sent.value("name"),
                role: role(sent)?,
                team: team(sent)?,
                enabled: sent.has("enabled", "on"),
            };
            sent.name = account::change(ctx, &change).await?.name;
            sent.done = Some("saved");
        }
        "link" => {
            let user = UserId(id(sent.value("user"))?);
            if by_mail(ctx, sent) {
                let account = account::link_by_mail(ctx, user).await?;
                (sent.done, sent.name) = (Some("mailed"), account.email);
            } else {
                let link = account::link(ctx, user).await?;
                let account = account::find(ctx, user).await?;
                let done = if account.status == UserStatus::Invited { "invited" } else { "reset_made" };
                (sent.done, sent.shown, sent.name) = (Some(done), Some(link), account.name);
            }
        }
        "factor" => {
            let user = UserId(id(sent.value("user"))?);
            second_factor::remove(ctx, user).await?;
            sent.done = Some("saved");
        }
        "team" => {
            sent.name = account::create_team(ctx, sent.value("name")).await?.name;
            sent.done = Some("team_added");
        }
        "rename" => {
            let version = sent.value("version").parse().map_err(|_| AppError::NotFound)?;
            account::rename_team(ctx, TeamId(id(sent.value("team"))?), version, sent.value("name")).await?;
            sent.done = Some("saved");
        }
        _ => return Err(AppError::NotFound),
    }
    Ok(())
}

/// Writes the page.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let may = ctx.actor.may(Permission::ManagePeople);
    let search = place.get("q");
    let after = place.get("after").split_once('~').and_then(|(id, name)| Some((name, id.parse().ok()?)));
    let (accounts, more) = account::list(ctx, search, after).await?;
    let teams = account::teams(ctx).await?;
    // The row of the form that was refused stays open, whatever the address says.
    let refused = (reader.sent.error().is_some() && reader.sent.verb() == "change").then(|| reader.sent.value("user"));
    let open = if may { refused.unwrap_or_else(|| place.get("edit")) } else { "" };
    let inviting = may && (place.get("invite") == "1" || (reader.sent.error().is_some() && reader.sent.verb() == "invite"));
    let me = ctx.actor.user();
    let next = more.then(|| accounts.last()).flatten().map(|last| {
        let after = format!("{}~{}", last.id, last.name.to_lowercase());
        href::with_query("/admin/people", &[("q", search.to_owned()), ("after", after)])
    });
    let mails = mail::is_offered(ctx);
    let nobody = accounts.is_empty();
    let rows = accounts
        .into_iter()
        .map(|account| {
            if account.id.to_string() == open {
                edit_row(reader, &account, &teams, mails)
            } else {
                row(reader, &account, &teams, may, me)
            }
        })
        .collect_view();
    let invite = may.then(|| {
        view! { <a class="button button-primary" href="/admin/people?invite=1#invite-email">{icon(Icon::Plus)}{s!(lang, people.invite)}</a> }.into_any()
    });
    let mut columns = vec![
        Column::Text(s!(lang, people.person)),
        Column::Text(s!(lang, people.role)),
        Column::Text(s!(lang, people.team)),
        Column::Text(s!(lang, people.status)),
        Column::Text(s!(lang, people.last)),
    ];
    if may {
        columns.push(Column::Action(s!(lang, people.edit)));
    }
    let view = view! {
        {head(s!(lang, office.people), s!(lang, people.help), invite)}
        {problem(reader)}
        {said(reader)}
        {inviting.then(|| invite_form(reader, &teams, mails))}
        {search_bar("/admin/people", s!(lang, people.search), search)}
        {table(reader, "table-2", &columns, rows)}
        {nobody.then(|| view! { <p class="office-none">{s!(lang, people.none)}</p> })}
        {pager(after.is_none(), ("/admin/people", s!(lang, people.first)), (next, s!(lang, people.next)))}
        {may.then(|| teams_section(reader, teams))}
    };
    Ok(view.into_any())
}

/// What came of the form before.
fn said(reader: &Reader) -> Option<AnyView> {
    let lang = reader.lang;
    let name = reader.sent.name.as_str();
    let text = match reader.sent.done? {
        "mailed" => fill(s!(lang, people.mailed), &[name]),
        "invited" => fill(s!(lang, people.invited), &[name]),
        "reset_made" => fill(s!(lang, people.reset_made), &[name]),
        "team_added" => s!(lang, people.team_added).to_owned(),
        _ => s!(lang, people.saved).to_owned(),
    };
    let shown = reader.sent.shown.as_deref().map(|link| shown_once(s!(lang, people.link), link));
    Some(view! { {notice("notice-ok", Icon::Check, "status", &text)} {shown} }.into_any())
}

fn team_name(teams: &[Team], team: Option<TeamId>) -> Option<&str> {
    teams.iter().find(|t| Some(t.id) == team).map(|t| t.name.as_str())
}

fn team_choices(reader: &Reader, teams: &[Team]) -> Vec<Choice> {
    let none = (String::new(), s!(reader.lang, people.no_team).to_owned(), None);
    std::iter::once(none).chain(teams.iter().map(|team| (team.id.to_string(), team.name.clone(), None))).collect()
}

fn row(reader: &Reader, account: &Account, teams: &[Team], may: bool, me: Option<UserId>) -> AnyView {
    let lang = reader.lang;
    let seen = match account.last_sign_in_at {
        Some(at) => reader.time(at),
        None => view! { <span class="faint">{s!(lang, people.never)}</span> }.into_any(),
    };
    let team = team_name(teams, account.team)
        .map_or_else(|| view! { <span class="faint">"—"</span> }.into_any(), |name| name.to_owned().into_any());
    view! {
        <tr>
            <th scope="row">
                <div class="person">
                    {avatar(&account.name, account.id.0)}
                    <div>
                        <span class="cell-1">
                            {account.name.clone()}
                            {(me == Some(account.id)).then(|| view! { <span class="chip">{s!(lang, people.you)}</span> })}
                        </span>
                        <span class="cell-2">{account.email.clone()}</span>
                    </div>
                </div>
            </th>
            <td>{role_name(account.role, lang)}</td>
            <td>{team}</td>
            <td>{status(account.status, lang)}</td>
            <td>{seen}</td>
            {may
                .then(|| {
                    let href = format!("/admin/people?edit={}#change-name", account.id);
                    view! { <td class="cell-action"><a class="button" href=href aria-label=fill(s!(lang, people.edit_label), &[&account.name])>{s!(lang, people.edit)}</a></td> }
                })}
        </tr>
    }
    .into_any()
}

fn edit_row(reader: &Reader, account: &Account, teams: &[Team], mails: bool) -> AnyView {
    let lang = reader.lang;
    let enabled = match reader.sent.error() {
        Some(AppError::Conflict { .. }) | None => account.status != UserStatus::Disabled,
        Some(_) if reader.sent.verb() == "change" => reader.sent.has("enabled", "on"),
        _ => account.status != UserStatus::Disabled,
    };
    let team = account.team.map(|team| team.to_string()).unwrap_or_default();
    view! {
        <tr class="row-open">
            <td colspan="6">
                <form class="form form-wide" id="change" method="post" action="/admin/people">
                    <input type="hidden" name="do" value="change"/>
                    <input type="hidden" name="user" value=account.id.to_string()/>
                    <input type="hidden" name="version" value=reader.sent.version(account.version)/>
                    <p class="form-title">{account.email.clone()}</p>
                    {field(reader, "change", &Field { begin: &account.name, ..Field::text("name", s!(lang, people.name)) })}
                    {select(reader, "change", "role", s!(lang, people.role), account.role.as_str(), roles(lang))}
                    {select(reader, "change", "team", s!(lang, people.team), &team, team_choices(reader, teams))}
                    <label class="check"><input type="checkbox" name="enabled" value="on" checked=enabled/>{s!(lang, people.enabled)}</label>
                    <div class="form-actions">
                        <button class="button button-primary">{s!(lang, people.save)}</button>
                        <a class="button" href="/admin/people">{s!(lang, people.cancel)}</a>
                    </div>
                </form>
                <form class="form-link" method="post" action="/admin/people">
                    <input type="hidden" name="do" value="link"/>
                    <input type="hidden" name="user" value=account.id.to_string()/>
                    {mails.then(|| view! { <button class="button">{icon(Icon::Mail)}{s!(lang, people.mail_link)}</button> })}
                    <button class="button" name="by" value="hand">
                        {icon(Icon::Key)}{if mails { s!(lang, people.by_hand) } else { s!(lang, people.make_link) }}
                    </button>
                    <p class="field-help">{s!(lang, people.make_link_help)}</p>
                </form>
                <form class="form-link" method="post" action="/admin/people">
                    <input type="hidden" name="do" value="factor"/>
                    <input type="hidden" name="user" value=account.id.to_string()/>
                    <button class="button">{icon(Icon::Shield)}{s!(lang, people.remove_factor)}</button>
                    <p class="field-help">{s!(lang, people.remove_factor_help)}</p>
                </form>
            </td>
        </tr>
    }
    .into_any()
}

fn invite_form(reader: &Reader, teams: &[Team], mails: bool) -> AnyView {
    let lang = reader.lang;
    view! {
        <section class="office-section" aria-labelledby="invite">
            <h3 id="invite">{s!(lang, people.invite_title)}</h3>
            <p class="office-help">{if mails { s!(lang, people.invite_mail_help) } else { s!(lang, people.invite_help) }}</p>
            <form class="form form-wide" method="post" action="/admin/people">
                <input type="hidden" name="do" value="invite"/>
                {field(reader, "invite", &Field { kind: "email", ..Field::text("email", s!(lang, gate.email)) })}
                {field(reader, "invite", &Field::text("name", s!(lang, people.name)))}
                {select(reader, "invite", "role", s!(lang, people.role), Role::Sales.as_str(), roles(lang))}
                {select(reader, "invite", "team", s!(lang, people.team), "", team_choices(reader, teams))}
                <div class="form-actions">
                    <button class="button button-primary">{s!(lang, people.invite)}</button>
                    {mails.then(|| view! { <button class="button" name="by" value="hand">{s!(lang, people.by_hand)}</button> })}
                    <a class="button" href="/admin/people">{s!(lang, people.cancel)}</a>
                </div>
            </form>
        </section>
    }
    .into_any()
}

fn teams_section(reader: &Reader, teams: Vec<Team>) -> AnyView {
    let lang = reader.lang;
    let none = teams.is_empty();
    let refused = (reader.sent.error().is_some() && reader.sent.verb() == "rename").then(|| reader.sent.value("team").to_owned());
    let rows = teams
        .into_iter()
        .map(|team| {
            let here = refused.as_deref() == Some(team.id.to_string().as_str());
            let name = if here { reader.sent.again("name", &team.name).to_owned() } else { team.name.clone() };
            let fault = here.then(|| reader.sent.fault("name")).flatten().map(|code| crate::pages::written::parts::fault_text(code, lang));
            view! {
                <li>
                    <form class="team" method="post" action="/admin/people">
                        <input type="hidden" name="do" value="rename"/>
                        <input type="hidden" name="team" value=team.id.to_string()/>
                        <input type="hidden" name="version" value=if here { reader.sent.version(team.version) } else { team.version.to_string() }/>
                        <input class="input" type="text" name="name" required=true maxlength="100" autocomplete="off" value=name aria-label=team.name.clone()/>
                        <button class="button">{s!(lang, people.rename)}</button>
                    </form>
                    {fault.map(|text| view! { <p class="field-fault">{icon(Icon::Warning)}{text}</p> })}
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="office-section" aria-labelledby="teams">
            <h3 id="teams">{s!(lang, people.teams)}</h3>
            {none.then(|| view! { <p class="office-help">{s!(lang, people.no_teams)}</p> })}
            <ul class="teams">{rows}</ul>
            <form class="form" method="post" action="/admin/people">
                <input type="hidden" name="do" value="team"/>
                {field(reader, "team", &Field::text("name", s!(lang, people.new_team)))}
                <button class="button">{icon(Icon::Plus)}{s!(lang, people.add)}</button>
            </form>
        </section>
    }
    .into_any()
}
