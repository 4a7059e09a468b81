//! Accounts and teams.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use super::{attempts, links, store};
use crate::{
    domain::{
        AppError, AppResult,
        format::Lang,
        mail::MailKind,
        people::{self, Faults, Permission, Role, TeamId, UserId, UserStatus},
        privacy::PersonKind,
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
        mail::{self, Mail},
        password,
        secret::Secret,
        tombstones::Tombstones,
        zone,
    },
};

/// Somebody who can, could or may one day sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The id.
    pub id: UserId,
    /// The address, in lower case.
    pub email: String,
    /// The name.
    pub name: String,
    /// What the person is to the product.
    pub role: Role,
    /// The team, if any.
    pub team: Option<TeamId>,
    /// How the account stands.
    pub status: UserStatus,
    /// Whether the demo made it.
    pub demo: bool,
    /// Counts the changes, so that none is lost.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When somebody last signed in with it.
    pub last_sign_in_at: Option<DateTime<Utc>>,
}

impl Account {
    /// As the journal tells of it.
    fn facts(&self) -> Value {
        json!({"email": self.email, "name": self.name, "role": self.role, "team": self.team, "status": self.status})
    }
}

/// People who work together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// The id.
    pub id: TeamId,
    /// The name.
    pub name: String,
    /// Counts the changes.
    pub version: i32,
}

/// Accounts on one page.
const PAGE: i64 = 100;

/// A page of the accounts that the actor may see, by name; the last of them is where the next page begins, if there is one.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list(ctx: &Ctx, search: &str, after: Option<(&str, Uuid)>) -> AppResult<(Vec<Account>, bool)> {
    ctx.require(Permission::ReadPeople)?;
    let search: String = search.chars().filter(|c| !c.is_control()).take(people::MAX_EMAIL).collect();
    let after = after.filter(|(name, _)| !name.chars().any(char::is_control));
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let mut accounts = store::list_accounts(&mut tx, &search, after, PAGE + 1).await.map_err(to_app)?;
    let more = accounts.len() as i64 > PAGE;
    accounts.truncate(usize::try_from(PAGE).unwrap_or_default());
    Ok((accounts, more))
}

/// One account that the actor may see.
///
/// # Errors
/// `NotFound`; when the database is away.
pub async fn find(ctx: &Ctx, id: UserId) -> AppResult<Account> {
    ctx.require(Permission::ReadPeople)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::find_account(&mut tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)
}

/// The account with an address; for the command line.
///
/// # Errors
/// `NotFound`; when the database is away.
pub async fn find_by_email(ctx: &Ctx, email: &str) -> AppResult<Account> {
    ctx.require(Permission::ManagePeople)?;
    let email = people::email(email, "/email")?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::find_account_by_email(&mut tx, &email).await.map_err(to_app)?.ok_or(AppError::NotFound)
}

/// Whom to ask in.
#[derive(Debug)]
pub struct Invitation<'a> {
    /// The address.
    pub email: &'a str,
    /// The name.
    pub name: &'a str,
    /// What the person is to be.
    pub role: Role,
    /// The team, if any.
    pub team: Option<TeamId>,
}

/// Makes an account without a password; gives it and the link by which its person chooses one, to be passed on by hand.
///
/// # Errors
/// `Forbidden`; `Invalid` for each field; when the database is away.
pub async fn invite(ctx: &Ctx, invitation: &Invitation<'_>) -> AppResult<(Account, String)> {
    let (tx, account, link) = begin_invitation(ctx, invitation).await?;
    tx.commit().await.map_err(to_app)?;
    Ok((account, link.address.expose().to_owned()))
}

/// Makes an account without a password, and sends the link by which its person chooses one by mail.
///
/// # Errors
/// `Forbidden`; `Invalid` for each field; `Conflict` where no mail is offered; when the database is away.
pub async fn invite_by_mail(ctx: &Ctx, invitation: &Invitation<'_>) -> AppResult<Account> {
    let (mut tx, account, link) = begin_invitation(ctx, invitation).await?;
    send(ctx, &mut tx, &account, &link).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(account)
}

async fn begin_invitation(
    ctx: &Ctx,
    invitation: &Invitation<'_>,
) -> AppResult<(Transaction<'static, Postgres>, Account, mail::Link)> {
    ctx.require(Permission::ManagePeople)?;
    let account = new_account(ctx, invitation, UserStatus::Invited, false)?;
    // The tombstones are the system's own.
    let mut tx = ctx.as_system("invitation").begin().await.map_err(to_app)?;
    insert(ctx, &mut tx, &account, None, "user_invited").await?;
    let link = links::for_account(ctx, &mut tx, &account).await?;
    Ok((tx, account, link))
}

/// Puts the mail with a link into the outbox.
async fn send(ctx: &Ctx, tx: &mut PgConnection, account: &Account, link: &mail::Link) -> AppResult<()> {
    let kind = if account.status == UserStatus::Invited { MailKind::Invitation } else { MailKind::Reset };
    let mail = Mail { kind, to: account.id, link: Some(link), about: None };
    if mail::enqueue(tx, ctx, &mail).await? { Ok(()) } else { Err(AppError::Conflict { detail: "no mail is set up".into() }) }
}

fn new_account(ctx: &Ctx, invitation: &Invitation<'_>, status: UserStatus, demo: bool) -> AppResult<Account> {
    let mut faults = Faults::default();
    let email = faults.take(people::email(invitation.email, "/email"))?;
    let name = faults.take(people::name(invitation.name, "/name"))?;
    faults.check()?;
    Ok(Account {
        id: UserId(Uuid::now_v7()),
        email: email.unwrap_or_default(),
        name: name.unwrap_or_default(),
        role: invitation.role,
        team: invitation.team,
        status,
        demo,
        version: 1,
        created_at: ctx.now(),
        last_sign_in_at: None,
    })
}

/// The transaction must be one of the system.
async fn insert(ctx: &Ctx, tx: &mut PgConnection, account: &Account, hash: Option<&str>, event: &str) -> AppResult<()> {
    store::lock_users(tx).await.map_err(to_app)?;
    // After it, whoever is being erased is.
    refuse_erased(tx, &account.email).await?;
    store::insert_account(tx, account, hash).await.map_err(taken)?;
    let entry = Entry { event, subject_kind: "user", subject_id: account.id.to_string(), body: json!({"after": account.facts()}) };
    journal::record(tx, ctx, &entry).await.map_err(to_app)
}

/// Holds that an address is not of somebody who was erased.
async fn refuse_erased(tx: &mut PgConnection, email: &str) -> AppResult<()> {
    if Tombstones::load(tx).await.map_err(to_app)?.hold(PersonKind::Account, email) {
        return Err(AppError::invalid("/email", "erased", "is of somebody who was erased"));
    }
    Ok(())
}

fn taken(error: sqlx::Error) -> AppError {
    if store::is_email_taken(&error) {
        return AppError::invalid("/email", "taken", "has an account already");
    }
    if store::is_erased(&error) {
        return AppError::invalid("/name", "erased", "is of an account that was erased");
    }
    if store::is_team_missing(&error) {
        return AppError::invalid("/team", "unknown", "is no team");
    }
    if store::is_team_taken(&error) {
        return AppError::invalid("/name", "taken", "is the name of a team already");
    }
    to_app(error)
}

/// Makes an account that can sign in at once; for the command line.
///
/// # Errors
/// `Forbidden`; `Invalid` for each field; when the database is away.
pub async fn create(ctx: &Ctx, invitation: &Invitation<'_>, secret: &Secret) -> AppResult<Account> {
    ctx.require(Permission::ManagePeople)?;
    password::check(secret.expose(), &[invitation.email, invitation.name], "/password")?;
    let account = new_account(ctx, invitation, UserStatus::Active, false)?;
    let hash = password::hash(secret).await?;
    let mut tx = ctx.as_system("account").begin().await.map_err(to_app)?;
    insert(ctx, &mut tx, &account, Some(&hash), "user_created").await?;
    tx.commit().await.map_err(to_app)?;
    Ok(account)
}

/// One account for each role, all with the same new password, for the demo.
///
/// # Errors
/// `Conflict` where real people have accounts; when the database is away.
pub async fn demo(ctx: &Ctx, secret: &Secret) -> AppResult<Vec<Account>> {
    ctx.require(Permission::ManagePeople)?;
    let hash = password::hash(secret).await?;
    let mut tx = ctx.as_system("demo").begin().await.map_err(to_app)?;
    store::lock_users(&mut tx).await.map_err(to_app)?;
    if !store::is_empty(&mut tx, false).await.map_err(to_app)? {
        return Err(AppError::Conflict { detail: "real people have accounts here".into() });
    }
    let mut accounts = Vec::new();
    for (role, name) in
        [(Role::Admin, "Ana Admin"), (Role::Manager, "Mario Manager"), (Role::Sales, "Sara Sales"), (Role::Viewer, "Víctor Viewer")]
    {
        let email = format!("{}@demo.example", role.as_str());
        let account = if let Some(account) = store::find_account_by_email(&mut tx, &email).await.map_err(to_app)? {
            store::set_password(&mut tx, account.id, None, &hash, ctx.now()).await.map_err(to_app)?;
            account
        } else {
            let invitation = Invitation { email: &email, name, role, team: None };
            let account = new_account(ctx, &invitation, UserStatus::Active, true)?;
            insert(ctx, &mut tx, &account, Some(&hash), "user_created").await?;
            account
        };
        accounts.push(account);
    }
    tx.commit().await.map_err(to_app)?;
    Ok(accounts)
}

/// What an account becomes.
#[derive(Debug)]
pub struct Change<'a> {
    /// Which.
    pub id: UserId,
    /// The version that was seen, so that nobody's change is lost.
    pub version: i32,
    /// The name.
    pub name: &'a str,
    /// What the person is to the product.
    pub role: Role,
    /// The team, if any.
    pub team: Option<TeamId>,
    /// Whether the person may sign in.
    pub enabled: bool,
}

/// Changes an account. Whoever may not sign in any more, or is less than before, is signed out everywhere.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` when somebody else changed it meanwhile; `Invalid` for each field, and at `/role` where no active
/// admin would be left.
pub async fn change(ctx: &Ctx, change: &Change<'_>) -> AppResult<Account> {
    ctx.require(Permission::ManagePeople)?;
    let name = people::name(change.name, "/name")?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::lock_users(&mut tx).await.map_err(to_app)?;
    let before = store::find_account(&mut tx, change.id).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    let status = match (change.enabled, before.status) {
        (false, _) => UserStatus::Disabled,
        (true, UserStatus::Disabled) => {
            let has_password = store::find_password(&mut tx, change.id).await.map_err(to_app)?.is_some();
            if has_password { UserStatus::Active } else { UserStatus::Invited }
        }
        (true, status) => status,
    };
    let after = Account { name, role: change.role, team: change.team, status, version: change.version, ..before.clone() };
    if !store::update_account(&mut tx, &after, ctx.now()).await.map_err(taken)? {
        return Err(AppError::Conflict { detail: "somebody else changed the account meanwhile".into() });
    }
    if store::count_active_admins(&mut tx).await.map_err(to_app)? == 0 {
        return Err(AppError::invalid("/role", "last_admin", "there must be an active admin"));
    }
    if after.status == UserStatus::Disabled || after.role != before.role || after.team != before.team {
        let except = ctx.actor.user().filter(|id| *id == after.id).and_then(|_| ctx.person().ok()).map(|person| person.session);
        store::sessions::end_sessions(&mut tx, after.id, None, except.filter(|_| after.status == UserStatus::Active), ctx.now())
            .await
            .map_err(to_app)?;
    }
    if after.status == UserStatus::Disabled {
        links::end_all(&mut tx, after.id).await?;
    }
    let entry = Entry {
        event: "user_changed",
        subject_kind: "user",
        subject_id: after.id.to_string(),
        body: json!({"before": before.facts(), "after": after.facts()}),
    };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok(Account { version: after.version + 1, ..after })
}

/// A link by which the person of an account chooses a (new) password, to be passed on by hand.
///
/// # Errors
/// `Forbidden`; `NotFound`, for a disabled account too; when the database is away.
pub async fn link(ctx: &Ctx, id: UserId) -> AppResult<String> {
    let (tx, _, link) = begin_link(ctx, id).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(link.address.expose().to_owned())
}

/// Sends such a link by mail; gives whom to.
///
/// # Errors
/// `Forbidden`; `NotFound`, for a disabled account too; `Conflict` where no mail is offered; when the database is away.
pub async fn link_by_mail(ctx: &Ctx, id: UserId) -> AppResult<Account> {
    let (mut tx, account, link) = begin_link(ctx, id).await?;
    send(ctx, &mut tx, &account, &link).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(account)
}

async fn begin_link(ctx: &Ctx, id: UserId) -> AppResult<(Transaction<'static, Postgres>, Account, mail::Link)> {
    ctx.require(Permission::ManagePeople)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let account = store::find_account(&mut tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    if account.status == UserStatus::Disabled {
        return Err(AppError::NotFound);
    }
    let link = links::for_account(ctx, &mut tx, &account).await?;
    let entry = Entry { event: "link_made", subject_kind: "user", subject_id: id.to_string(), body: json!({}) };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    Ok((tx, account, link))
}

/// Attempts at one's own password from within, over a quarter of an hour.
const ASKED: i32 = 10;

/// Holds that whoever is signed in knows the password too; gives what is stored of it.
///
/// # Errors
/// `Invalid` at `/current` when it is not the password; `RateLimited` after too many attempts; when the database is away.
pub(super) async fn ask_password(ctx: &Ctx, current: &Secret) -> AppResult<Option<String>> {
    let person = ctx.person()?;
    let (system, subject) = (ctx.as_system("password"), person.id.to_string());
    attempts::limit(&system, &[("password", &subject, ASKED)]).await?;
    let mut tx = system.begin().await.map_err(to_app)?;
    let stored = store::find_password(&mut tx, person.id).await.map_err(to_app)?;
    // Nothing is held while the password is worked on.
    tx.rollback().await.map_err(to_app)?;
    let good = password::verify(current, stored.clone()).await?;
    let mut tx = system.begin().await.map_err(to_app)?;
    if good {
        attempts::forget(&mut tx, "password", &subject).await?;
    } else {
        let entry = Entry { event: "password_wrong", subject_kind: "user", subject_id: subject, body: json!({}) };
        journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    }
    tx.commit().await.map_err(to_app)?;
    if good { Ok(stored) } else { Err(AppError::invalid("/current", "wrong", "is not the password")) }
}

/// Gives oneself another password. All one's other sessions end, and links that were made for it do not work any more.
///
/// # Errors
/// `Invalid` at `/current` when that is not the password, and at `/password` for a bad one; when the database is away.
pub async fn change_password(ctx: &Ctx, current: &Secret, new: &Secret) -> AppResult<()> {
    let person = ctx.person()?;
    let stored = ask_password(ctx, current).await?;
    password::check(new.expose(), &[&person.name, &person.email], "/password")?;
    let hash = password::hash(new).await?;
    // Links and mails are the system's own.
    let mut tx = ctx.as_system("password").begin().await.map_err(to_app)?;
    if store::find_password(&mut tx, person.id).await.map_err(to_app)? != stored {
        return Err(AppError::Conflict { detail: "the password was changed meanwhile".into() });
    }
    store::set_password(&mut tx, person.id, None, &hash, ctx.now()).await.map_err(to_app)?;
    store::sessions::end_sessions(&mut tx, person.id, None, Some(person.session), ctx.now()).await.map_err(to_app)?;
    links::end_all(&mut tx, person.id).await?;
    mail::enqueue(&mut tx, ctx, &Mail { kind: MailKind::PasswordChanged, to: person.id, link: None, about: None }).await?;
    let entry = Entry { event: "password_changed", subject_kind: "user", subject_id: person.id.to_string(), body: json!({}) };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}

/// What somebody settles for oneself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// The name.
    pub name: String,
    /// The language that a browser begins with; none: as the browser says.
    pub language: Option<Lang>,
    /// The time zone, by its IANA name; none: as the browser says.
    pub zone: Option<String>,
    /// The version of the account that was seen.
    pub version: i32,
}

/// What whoever asks has settled for oneself.
///
/// # Errors
/// `Unauthenticated`; when the database is away.
pub async fn profile(ctx: &Ctx) -> AppResult<Profile> {
    let person = ctx.person()?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::find_profile(&mut tx, person.id).await.map_err(to_app)?.ok_or(AppError::NotFound)
}

/// Changes what whoever asks has settled for oneself.
///
/// # Errors
/// `Invalid` at `/name` or `/zone`; `Conflict` when the account was changed meanwhile; when the database is away.
pub async fn change_profile(ctx: &Ctx, profile: Profile) -> AppResult<Profile> {
    let person = ctx.person()?;
    let mut faults = Faults::default();
    let name = faults.take(people::name(&profile.name, "/name"))?.unwrap_or_default();
    if profile.zone.as_deref().is_some_and(|name| zone::zone(name, ctx.now()).is_none()) {
        faults.add("/zone", "unknown", "is no time zone");
    }
    faults.check()?;
    let after = Profile { name, ..profile };
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let before = store::find_profile(&mut tx, person.id).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    if before != after {
        if !store::update_profile(&mut tx, person.id, &after, ctx.now()).await.map_err(to_app)? {
            return Err(AppError::Conflict { detail: "the account was changed meanwhile".into() });
        }
        let facts = |p: &Profile| json!({"name": p.name, "language": p.language.map(Lang::as_str), "time_zone": p.zone});
        let entry = Entry {
            event: "profile_changed",
            subject_kind: "user",
            subject_id: person.id.to_string(),
            body: json!({"before": facts(&before), "after": facts(&after)}),
        };
        journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
        tx.commit().await.map_err(to_app)?;
    }
    Ok(after)
}

/// All teams.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn teams(ctx: &Ctx) -> AppResult<Vec<Team>> {
    ctx.require(Permission::ReadPeople)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::list_teams(&mut tx).await.map_err(to_app)
}

/// Makes a team.
///
/// # Errors
/// `Forbidden`; `Invalid` at `/name`; when the database is away.
pub async fn create_team(ctx: &Ctx, name: &str) -> AppResult<Team> {
    ctx.require(Permission::ManagePeople)?;
    let team = Team { id: TeamId(Uuid::now_v7()), name: people::name(name, "/name")?, version: 1 };
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::insert_team(&mut tx, &team).await.map_err(taken)?;
    let entry = Entry {
        event: "team_created",
        subject_kind: "team",
        subject_id: team.id.to_string(),
        body: json!({"after": {"name": team.name}}),
    };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok(team)
}

/// Gives a team another name.
///
/// # Errors
/// `Forbidden`; `Invalid` at `/name`; `Conflict` when somebody else renamed it meanwhile, or it is gone.
pub async fn rename_team(ctx: &Ctx, id: TeamId, version: i32, name: &str) -> AppResult<()> {
    ctx.require(Permission::ManagePeople)?;
    let team = Team { id, name: people::name(name, "/name")?, version };
    let mut tx = ctx.begin().await.map_err(to_app)?;
    if !store::update_team(&mut tx, &team).await.map_err(taken)? {
        return Err(AppError::Conflict { detail: "somebody else renamed the team meanwhile".into() });
    }
    let entry = Entry {
        event: "team_renamed",
        subject_kind: "team",
        subject_id: id.to_string(),
        body: json!({"after": {"name": team.name}}),
    };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}
