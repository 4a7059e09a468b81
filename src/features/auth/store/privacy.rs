//! The SQL of what an account holds about its person, and of how it forgets.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{people::UserId, privacy::PersonKind},
    platform::{
        person::{Counts, Held},
        tombstones::Tombstones,
    },
    ui::i18n::s,
};

/// Where something stands about somebody who can sign in.
pub static HELD: [Held; 7] = [
    Held {
        table: "users",
        columns: "id, email, name, role, team_id, status, language, time_zone, demo, created_at, updated_at, password_changed_at, \
                  last_sign_in_at, totp_since, erased_at",
        from: "FROM users WHERE id = $1::uuid",
        at: "created_at",
        about: |lang| s!(lang, privacy.t_account),
    },
    Held {
        table: "sessions",
        columns: "id, created_at, last_seen_at, expires_at, ended_at, address, user_agent",
        from: "FROM sessions WHERE user_id = $1::uuid",
        at: "created_at",
        about: |lang| s!(lang, privacy.t_sessions),
    },
    Held {
        table: "user_links",
        columns: "kind, created_at, expires_at",
        from: "FROM user_links WHERE user_id = $1::uuid",
        at: "created_at",
        about: |lang| s!(lang, privacy.t_links),
    },
    Held {
        table: "api_keys",
        columns: "id, name, prefix, scopes, created_at, expires_at, revoked_at, last_used_at",
        from: "FROM api_keys WHERE created_by = $1::uuid",
        at: "created_at",
        about: |lang| s!(lang, privacy.t_keys),
    },
    Held {
        table: "sign_in_attempts",
        columns: "kind, subject, attempts, ends_at",
        from: "FROM sign_in_attempts WHERE EXISTS (SELECT FROM users u WHERE u.id = $1::uuid
                   AND (subject IN (u.email, u.id::text) OR kind IN ('both', 'forgotten_both') AND right(subject, length(u.email) + 1) = ' ' || u.email))",
        at: "ends_at",
        about: |lang| s!(lang, privacy.t_attempts),
    },
    Held {
        table: "password_asks",
        columns: "email, language, address, asked_at",
        from: "FROM password_asks WHERE email = (SELECT email FROM users WHERE id = $1::uuid)",
        at: "asked_at",
        about: |lang| s!(lang, privacy.t_asks),
    },
    Held {
        table: "journal",
        columns: "id, at, actor, address, event, subject_kind, subject_id, body",
        from: "FROM journal WHERE actor_id = $1::uuid OR (subject_kind = 'user' AND subject_id = $1)",
        at: "at",
        about: |lang| s!(lang, privacy.t_journal),
    },
];

/// Empties an account under a pseudonym, for good; deletes what hangs on it.
pub async fn erase_account(
    tx: &mut PgConnection,
    id: UserId,
    email: &str,
    pseudonym: &str,
    now: DateTime<Utc>,
) -> Result<Counts, sqlx::Error> {
    let attempts = sqlx::query!(
        "DELETE FROM sign_in_attempts
         WHERE subject IN ($1, $2) OR kind IN ('both', 'forgotten_both') AND right(subject, length($1) + 1) = ' ' || $1",
        email,
        id.0.to_string()
    );
    let attempts = attempts.execute(&mut *tx).await?.rows_affected();
    let asks = sqlx::query!("DELETE FROM password_asks WHERE email = $1", email).execute(&mut *tx).await?.rows_affected();
    let sessions = sqlx::query!("DELETE FROM sessions WHERE user_id = $1", id.0).execute(&mut *tx).await?.rows_affected();
    let links = sqlx::query!("DELETE FROM user_links WHERE user_id = $1", id.0).execute(&mut *tx).await?.rows_affected();
    sqlx::query!("DELETE FROM recovery_codes WHERE user_id = $1", id.0).execute(&mut *tx).await?;
    let users = sqlx::query!(
        "UPDATE users SET erased_at = coalesce(erased_at, $3), name = $2, email = $2 || '@erased.invalid', status = 'disabled',
            role = 'viewer', team_id = NULL, password_hash = NULL, password_changed_at = NULL, language = NULL, time_zone = NULL,
            totp_secret = NULL, totp_since = NULL, totp_last_step = 0, last_sign_in_at = NULL, updated_at = $3, version = version + 1
         WHERE id = $1",
        id.0,
        pseudonym,
        now
    );
    let users = users.execute(&mut *tx).await?.rows_affected();
    let journal = sqlx::query_scalar!(r#"SELECT privacy_erase_account_journal($1, $2) AS "rows!""#, id.0, pseudonym);
    let journal = journal.fetch_one(tx).await?.unsigned_abs();
    Ok(vec![
        ("users", users),
        ("sessions", sessions),
        ("user_links", links),
        ("sign_in_attempts", attempts),
        ("password_asks", asks),
        ("journal", journal),
    ])
}

/// Whether an account is erased.
pub async fn is_erased(tx: &mut PgConnection, id: UserId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM users WHERE id = $1 AND erased_at IS NOT NULL) AS "erased!""#, id.0)
        .fetch_one(tx)
        .await
}

/// Erased accounts that a request under way has written of after they were, and accounts that have come back by the address of
/// somebody who was erased.
pub async fn find_returned(tx: &mut PgConnection, tombstones: &Tombstones) -> Result<Vec<Uuid>, sqlx::Error> {
    let mut found = sqlx::query_scalar!(
        "SELECT id FROM users u
         WHERE erased_at IS NOT NULL
           AND (EXISTS (SELECT FROM sessions WHERE user_id = u.id) OR EXISTS (SELECT FROM user_links WHERE user_id = u.id)
                OR EXISTS (SELECT FROM journal WHERE actor_id = u.id AND (actor <> u.name OR address IS NOT NULL))
                OR EXISTS (SELECT FROM journal WHERE subject_kind = 'user' AND subject_id = u.id::text
                           AND (body <> '{}' AND event <> 'person_erased' OR actor_id IS NULL AND address IS NOT NULL)))"
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut live = sqlx::query!("SELECT id, email FROM users WHERE erased_at IS NULL").fetch(tx);
    while let Some(account) = live.try_next().await? {
        if tombstones.hold(PersonKind::Account, &account.email) {
            found.push(account.id);
        }
    }
    Ok(found)
}
