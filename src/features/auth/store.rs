//! The SQL of people.

pub mod asks;
pub mod factor;
pub mod journal;
pub mod keys;
pub mod privacy;
pub mod sessions;
pub mod tokens;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::account::{Account, Profile, Team};
use crate::{
    domain::{
        format::Lang,
        people::{Role, TeamId, UserId, UserStatus},
    },
    platform::db::contains,
};

/// A row of `users`, without the password.
struct AccountRow {
    id: Uuid,
    email: String,
    name: String,
    role: String,
    team_id: Option<Uuid>,
    status: String,
    demo: bool,
    version: i32,
    created_at: DateTime<Utc>,
    last_sign_in_at: Option<DateTime<Utc>>,
}

impl AccountRow {
    /// The columns' words are held by CHECK constraints; a word of a newer version of the product is passed over.
    fn account(self) -> Option<Account> {
        Some(Account {
            id: UserId(self.id),
            role: Role::parse(&self.role)?,
            status: UserStatus::parse(&self.status)?,
            email: self.email,
            name: self.name,
            team: self.team_id.map(TeamId),
            demo: self.demo,
            version: self.version,
            created_at: self.created_at,
            last_sign_in_at: self.last_sign_in_at,
        })
    }
}

/// Whether nobody has an account, but for those of the demo if they do not count.
pub async fn is_empty(tx: &mut PgConnection, demo_counts: bool) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT NOT EXISTS (SELECT FROM users WHERE $1 OR NOT demo) AS "empty!""#, demo_counts)
        .fetch_one(tx)
        .await
}

/// Holds that nobody else makes or changes accounts until the transaction ends.
pub async fn lock_users(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    crate::platform::db::lock(tx, "users").await
}

pub async fn find_account(tx: &mut PgConnection, id: UserId) -> Result<Option<Account>, sqlx::Error> {
    let row = sqlx::query_as!(
        AccountRow,
        "SELECT id, email, name, role, team_id, status, demo, version, created_at, last_sign_in_at FROM users WHERE id = $1",
        id.0
    );
    Ok(row.fetch_optional(tx).await?.and_then(AccountRow::account))
}

pub async fn find_account_by_email(tx: &mut PgConnection, email: &str) -> Result<Option<Account>, sqlx::Error> {
    let row = sqlx::query_as!(
        AccountRow,
        "SELECT id, email, name, role, team_id, status, demo, version, created_at, last_sign_in_at FROM users WHERE email = $1",
        email
    );
    Ok(row.fetch_optional(tx).await?.and_then(AccountRow::account))
}

/// Accounts that the actor may see, by name, after a name and id.
pub async fn list_accounts(
    tx: &mut PgConnection,
    search: &str,
    after: Option<(&str, Uuid)>,
    limit: i64,
) -> Result<Vec<Account>, sqlx::Error> {
    let pattern = contains(search);
    let (name, id) = after.unwrap_or(("", Uuid::nil()));
    let rows = sqlx::query_as!(
        AccountRow,
        "SELECT id, email, name, role, team_id, status, demo, version, created_at, last_sign_in_at FROM users
         WHERE erased_at IS NULL AND ($1 = '%%' OR name ILIKE $1 OR email ILIKE $1) AND (lower(name), id) > ($2, $3)
         ORDER BY lower(name), id LIMIT $4",
        pattern,
        name,
        id,
        limit
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().filter_map(AccountRow::account).collect())
}

pub async fn count_active_admins(tx: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "n!" FROM users WHERE role = 'admin' AND status = 'active'"#).fetch_one(tx).await
}

pub async fn insert_account(tx: &mut PgConnection, account: &Account, password_hash: Option<&str>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO users (id, email, name, role, team_id, status, demo, password_hash, password_changed_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $8::text IS NULL THEN NULL ELSE $9::timestamptz END, $9, $9)",
        account.id.0,
        account.email,
        account.name,
        account.role.as_str(),
        account.team.map(|team| team.0),
        account.status.as_str(),
        account.demo,
        password_hash,
        account.created_at
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Changes an account that still has the version given; says whether it had.
pub async fn update_account(tx: &mut PgConnection, account: &Account, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE users SET name = $3, role = $4, team_id = $5, status = $6, version = version + 1, updated_at = $7
         WHERE id = $1 AND version = $2",
        account.id.0,
        account.version,
        account.name,
        account.role.as_str(),
        account.team.map(|team| team.0),
        account.status.as_str(),
        now
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives an account a password, and lets it sign in.
pub async fn set_password(
    tx: &mut PgConnection,
    id: UserId,
    name: Option<&str>,
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE users SET password_hash = $2, password_changed_at = $4, name = coalesce($3, name), updated_at = $4, version = version + 1,
            status = CASE status WHEN 'invited' THEN 'active' ELSE status END
         WHERE id = $1",
        id.0,
        password_hash,
        name,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What somebody has settled for oneself.
pub async fn find_profile(tx: &mut PgConnection, id: UserId) -> Result<Option<Profile>, sqlx::Error> {
    let row = sqlx::query!("SELECT name, language, time_zone, version FROM users WHERE id = $1", id.0).fetch_optional(tx).await?;
    Ok(row.map(|row| Profile {
        name: row.name,
        language: row.language.as_deref().and_then(Lang::parse),
        zone: row.time_zone,
        version: row.version,
    }))
}

/// Changes a profile that still has the version given; says whether it had.
pub async fn update_profile(tx: &mut PgConnection, id: UserId, profile: &Profile, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE users SET name = $2, language = $3, time_zone = $4, updated_at = $5, version = version + 1 WHERE id = $1 AND version = $6",
        id.0,
        profile.name,
        profile.language.map(Lang::as_str),
        profile.zone,
        now,
        profile.version
    );
    Ok(done.execute(tx).await?.rows_affected() == 1)
}

/// An account with what its password is compared with.
pub async fn find_credentials(tx: &mut PgConnection, email: &str) -> Result<Option<(UserId, String)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT id, password_hash AS "hash!" FROM users WHERE email = $1 AND status = 'active' AND password_hash IS NOT NULL"#,
        email
    );
    Ok(row.fetch_optional(tx).await?.map(|row| (UserId(row.id), row.hash)))
}

pub async fn find_password(tx: &mut PgConnection, id: UserId) -> Result<Option<String>, sqlx::Error> {
    Ok(sqlx::query_scalar!("SELECT password_hash FROM users WHERE id = $1", id.0).fetch_optional(tx).await?.flatten())
}

/// Counts an attempt; gives how many there were in the window, with this one, and when it ends.
pub async fn count_attempt(
    tx: &mut PgConnection,
    kind: &str,
    subject: &str,
    now: DateTime<Utc>,
    window_ends: DateTime<Utc>,
) -> Result<(i32, DateTime<Utc>), sqlx::Error> {
    let row = sqlx::query!(
        "INSERT INTO sign_in_attempts AS a (kind, subject, attempts, ends_at) VALUES ($1, $2, 1, $4)
         ON CONFLICT (kind, subject) DO UPDATE SET
            attempts = CASE WHEN a.ends_at <= $3 THEN 1 ELSE a.attempts + 1 END,
            ends_at = CASE WHEN a.ends_at <= $3 THEN excluded.ends_at ELSE a.ends_at END
         RETURNING attempts, ends_at",
        kind,
        subject,
        now,
        window_ends
    );
    let row = row.fetch_one(tx).await?;
    Ok((row.attempts, row.ends_at))
}

pub async fn forget_attempts(tx: &mut PgConnection, kind: &str, subject: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM sign_in_attempts WHERE kind = $1 AND subject = $2", kind, subject).execute(tx).await?;
    Ok(())
}

/// Takes one attempt back, which was none of a stranger.
pub async fn give_back_attempt(tx: &mut PgConnection, kind: &str, subject: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE sign_in_attempts SET attempts = greatest(attempts - 1, 0) WHERE kind = $1 AND subject = $2",
        kind,
        subject
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Forgets what has ended long ago.
pub async fn trim(tx: &mut PgConnection, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let old = now - chrono::TimeDelta::days(30);
    sqlx::query!("DELETE FROM sessions WHERE expires_at < $1 OR ended_at < $1", old).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM user_links WHERE expires_at < $1", old).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM password_asks WHERE asked_at < $1", old).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM sign_in_attempts WHERE ends_at < $1", now).execute(tx).await?;
    Ok(())
}

/// Puts a link in the place of those of its kind that the account had.
pub async fn replace_link(
    tx: &mut PgConnection,
    kind: &str,
    user: Option<UserId>,
    token_hash: &[u8],
    expires_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    delete_links(tx, kind, user).await?;
    insert_link(tx, kind, user, token_hash, expires_at).await
}

/// Adds a link beside those that the account has.
pub async fn insert_link(
    tx: &mut PgConnection,
    kind: &str,
    user: Option<UserId>,
    token_hash: &[u8],
    expires_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO user_links (token_hash, kind, user_id, expires_at) VALUES ($1, $2, $3, $4)",
        token_hash,
        kind,
        user.map(|id| id.0),
        expires_at
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The account of a link that still works; of the first set-up's, none.
pub async fn find_link(
    tx: &mut PgConnection,
    kind: &str,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<Option<UserId>>, sqlx::Error> {
    let row = sqlx::query_scalar!(
        "SELECT user_id FROM user_links WHERE token_hash = $1 AND kind = $2 AND expires_at > $3",
        token_hash,
        kind,
        now
    );
    Ok(row.fetch_optional(tx).await?.map(|user| user.map(UserId)))
}

/// Uses up every link of an account.
pub async fn delete_all_links(tx: &mut PgConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM user_links WHERE user_id = $1", user.0).execute(tx).await?;
    Ok(())
}

/// Uses up the links of a kind that an account has.
pub async fn delete_links(tx: &mut PgConnection, kind: &str, user: Option<UserId>) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM user_links WHERE kind = $1 AND user_id IS NOT DISTINCT FROM $2", kind, user.map(|id| id.0))
        .execute(tx)
        .await?;
    Ok(())
}

pub async fn list_teams(tx: &mut PgConnection) -> Result<Vec<Team>, sqlx::Error> {
    let rows = sqlx::query!("SELECT id, name, version FROM teams ORDER BY lower(name) LIMIT 500").fetch_all(tx).await?;
    Ok(rows.into_iter().map(|row| Team { id: TeamId(row.id), name: row.name, version: row.version }).collect())
}

pub async fn insert_team(tx: &mut PgConnection, team: &Team) -> Result<(), sqlx::Error> {
    sqlx::query!("INSERT INTO teams (id, name) VALUES ($1, $2)", team.id.0, team.name).execute(tx).await?;
    Ok(())
}

pub async fn update_team(tx: &mut PgConnection, team: &Team) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE teams SET name = $3, version = version + 1 WHERE id = $1 AND version = $2",
        team.id.0,
        team.version,
        team.name
    );
    Ok(done.execute(tx).await?.rows_affected() == 1)
}

/// Whether an error says that an address has an account already.
pub fn is_email_taken(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(e) if e.constraint() == Some("users_email"))
}

/// Whether an error says that an erased account was to be changed.
pub fn is_erased(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(e) if e.constraint() == Some("users_erased"))
}

/// Whether an error says that a team has the name already.
pub fn is_team_taken(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(e) if e.constraint() == Some("teams_name"))
}

/// Whether an error says that there is no such team.
pub fn is_team_missing(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(e) if e.constraint() == Some("users_team_id_fkey"))
}
