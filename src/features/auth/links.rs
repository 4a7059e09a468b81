//! Links that work once: the first set-up, invitations, new passwords.

use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

use super::{account::Account, second_factor, sessions::Begun, sign_in, store};
use crate::{
    domain::{
        AppError, AppResult,
        mail::MailKind,
        people::{self, Faults, Role, UserId, UserStatus},
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
        mail::{self, Mail},
        password,
        secret::Secret,
        token,
    },
};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// To make the first admin.
    SetUp,
    /// To choose one's first password.
    Invitation,
    /// To choose a new one.
    Reset,
}

impl LinkKind {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SetUp => "set_up",
            Self::Invitation => "invitation",
            Self::Reset => "reset",
        }
    }

    /// The page that the link leads to.
    pub const fn page(self) -> &'static str {
        match self {
            Self::SetUp => "/set-up",
            Self::Invitation => "/invitation",
            Self::Reset => "/reset",
        }
    }

    /// How long it works.
    const fn life(self) -> TimeDelta {
        match self {
            Self::SetUp => TimeDelta::days(1),
            Self::Invitation => TimeDelta::days(7),
            Self::Reset => TimeDelta::hours(1),
        }
    }
}

/// The address of a link. The secret stands behind the page's name in the query, which neither we nor a careful proxy log.
fn address(ctx: &Ctx, kind: LinkKind, secret: &Secret) -> String {
    format!("{}{}?token={}", ctx.app.settings.base_url, kind.page(), secret.expose())
}

/// A link for the first admin, in the place of the one before; none when somebody has an account.
///
/// # Errors
/// When the database is away.
pub async fn for_set_up(ctx: &Ctx) -> AppResult<Option<String>> {
    let ctx = ctx.as_system("set_up");
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::lock_users(&mut tx).await.map_err(to_app)?;
    if !store::is_empty(&mut tx, true).await.map_err(to_app)? {
        return Ok(None);
    }
    let secret = token::new();
    let expires_at = ctx.now() + LinkKind::SetUp.life();
    store::replace_link(&mut tx, LinkKind::SetUp.as_str(), None, &token::hash(secret.expose()), expires_at)
        .await
        .map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok(Some(address(&ctx, LinkKind::SetUp, &secret)))
}

/// Whether anybody has an account.
///
/// # Errors
/// When the database is away.
pub async fn is_set_up(ctx: &Ctx) -> AppResult<bool> {
    let mut tx = ctx.as_system("set_up").begin().await.map_err(to_app)?;
    Ok(!store::is_empty(&mut tx, true).await.map_err(to_app)?)
}

/// The kind of an account's links: an invitation as long as it has no password, else to choose a new one.
fn kind_for(account: &Account) -> LinkKind {
    if account.status == UserStatus::Invited { LinkKind::Invitation } else { LinkKind::Reset }
}

/// A link for an account, in the place of those of its kind, of which mails that have not been sent yet are withdrawn.
pub(super) async fn for_account(ctx: &Ctx, tx: &mut sqlx::PgConnection, account: &Account) -> AppResult<mail::Link> {
    store::delete_links(tx, kind_for(account).as_str(), Some(account.id)).await.map_err(to_app)?;
    mail::withdraw(tx, account.id).await?;
    beside(ctx, tx, account).await
}

/// A link for an account beside those that it has.
pub(super) async fn beside(ctx: &Ctx, tx: &mut sqlx::PgConnection, account: &Account) -> AppResult<mail::Link> {
    let (kind, secret) = (kind_for(account), token::new());
    let good_until = ctx.now() + kind.life();
    store::insert_link(tx, kind.as_str(), Some(account.id), &token::hash(secret.expose()), good_until).await.map_err(to_app)?;
    Ok(mail::Link { address: Secret::new(address(ctx, kind, &secret)), good_until })
}

/// Uses up every link of an account, and withdraws the mails with one that have not been sent yet.
pub(super) async fn end_all(tx: &mut sqlx::PgConnection, user: UserId) -> AppResult<()> {
    store::delete_all_links(tx, user).await.map_err(to_app)?;
    mail::withdraw(tx, user).await
}

/// Whose link it is; of the first set-up's, nobody's.
///
/// # Errors
/// `NotFound` when it does not work, or not any more.
pub async fn look(ctx: &Ctx, kind: LinkKind, secret: &str) -> AppResult<Option<Account>> {
    let mut tx = ctx.as_system("link").begin().await.map_err(to_app)?;
    let user = find(&mut tx, ctx, kind, secret).await?;
    let Some(user) = user else { return Ok(None) };
    let account = store::find_account(&mut tx, user).await.map_err(to_app)?;
    account.filter(|account| account.status != UserStatus::Disabled).ok_or(AppError::NotFound).map(Some)
}

async fn find(tx: &mut sqlx::PgConnection, ctx: &Ctx, kind: LinkKind, secret: &str) -> AppResult<Option<UserId>> {
    if secret.len() > token::MAX {
        return Err(AppError::NotFound);
    }
    store::find_link(tx, kind.as_str(), &token::hash(secret), ctx.now()).await.map_err(to_app)?.ok_or(AppError::NotFound)
}

/// What somebody fills in who follows a link.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The name; not asked for where the account has one.
    pub name: Option<&'a str>,
    /// The address; only asked for at the first set-up.
    pub email: Option<&'a str>,
    /// The new password.
    pub password: Secret,
}

/// Uses a link: gives the account its password (at the first set-up, makes it), and signs in, unless a second factor is to be asked
/// for. All other sessions of the account end.
///
/// # Errors
/// `NotFound` when the link does not work any more; `Invalid` for each field.
pub async fn follow(
    ctx: &Ctx,
    kind: LinkKind,
    secret: &str,
    answer: Answer<'_>,
    before: Option<&str>,
    user_agent: &str,
) -> AppResult<Option<Begun>> {
    let ctx = ctx.as_system(kind.as_str());
    let account = look(&ctx, kind, secret).await?;
    let mut faults = Faults::default();
    let name = match answer.name {
        Some(name) => faults.take(people::name(name, "/name"))?,
        None => None,
    };
    let email = match (&account, answer.email) {
        (Some(account), _) => Some(account.email.clone()),
        (None, email) => faults.take(people::email(email.unwrap_or_default(), "/email"))?,
    };
    let known =
        [name.as_deref().or(account.as_ref().map(|a| a.name.as_str())).unwrap_or_default(), email.as_deref().unwrap_or_default()];
    faults.take(password::check(answer.password.expose(), &known, "/password"))?;
    faults.check()?;
    let hash = password::hash(&answer.password).await?;

    let now = ctx.now();
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::lock_users(&mut tx).await.map_err(to_app)?;
    let user = find(&mut tx, &ctx, kind, secret).await?;
    let (user, event) = if let Some(user) = user {
        store::set_password(&mut tx, user, name.as_deref(), &hash, now).await.map_err(to_app)?;
        store::sessions::end_sessions(&mut tx, user, None, None, now).await.map_err(to_app)?;
        (user, if kind == LinkKind::Invitation { "user_joined" } else { "password_reset" })
    } else {
        if !store::is_empty(&mut tx, true).await.map_err(to_app)? {
            return Err(AppError::NotFound);
        }
        let account = Account {
            id: UserId(Uuid::now_v7()),
            email: email.unwrap_or_default(),
            name: name.unwrap_or_default(),
            role: Role::Admin,
            team: None,
            status: UserStatus::Active,
            demo: false,
            version: 1,
            created_at: now,
            last_sign_in_at: None,
        };
        store::insert_account(&mut tx, &account, Some(&hash)).await.map_err(to_app)?;
        (account.id, "set_up")
    };
    end_all(&mut tx, user).await?;
    if kind == LinkKind::Reset {
        mail::enqueue(&mut tx, &ctx, &Mail { kind: MailKind::PasswordChanged, to: user, link: None, about: None }).await?;
    }
    store::delete_links(&mut tx, LinkKind::SetUp.as_str(), None).await.map_err(to_app)?;
    let entry = Entry { event, subject_kind: "user", subject_id: user.to_string(), body: json!({}) };
    journal::record(&mut tx, &ctx, &entry).await.map_err(to_app)?;
    // Somebody may have been disabled since the link was made.
    let active = store::find_account(&mut tx, user).await.map_err(to_app)?.is_some_and(|a| a.status == UserStatus::Active);
    if !active {
        return Err(AppError::NotFound);
    }
    if second_factor::is_on(&mut tx, user).await? {
        tx.commit().await.map_err(to_app)?;
        return Ok(None);
    }
    let begun = sign_in::replace(&ctx, &mut tx, user, before, user_agent).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(Some(begun))
}
