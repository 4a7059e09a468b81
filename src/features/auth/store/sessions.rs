//! The SQL of sessions.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::people::{Role, SessionId, TeamId, UserId},
    features::auth::sessions::{Everybodys, Session},
    platform::ctx::Person,
};

/// A session to be begun.
pub struct NewSession<'a> {
    pub id: SessionId,
    pub token_hash: &'a [u8],
    pub user: UserId,
    pub now: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub address: &'a str,
    pub user_agent: &'a str,
}

pub async fn insert_session(tx: &mut PgConnection, session: &NewSession<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO sessions (id, token_hash, user_id, created_at, last_seen_at, expires_at, address, user_agent)
         VALUES ($1, $2, $3, $4, $4, $5, $6, $7)",
        session.id.0,
        session.token_hash,
        session.user.0,
        session.now,
        session.expires_at,
        session.address,
        session.user_agent
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("UPDATE users SET last_sign_in_at = $2 WHERE id = $1", session.user.0, session.now).execute(tx).await?;
    Ok(())
}

/// Who a session is, as long as it runs and the account is active; and when it was last seen.
pub async fn find_session(
    tx: &mut PgConnection,
    token_hash: &[u8],
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<Option<(Person, DateTime<Utc>)>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT s.id AS session, s.last_seen_at, u.id, u.name, u.email, u.role, u.team_id, u.time_zone
         FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.token_hash = $1 AND s.ended_at IS NULL AND s.expires_at > $2 AND s.last_seen_at > $3 AND u.status = 'active'",
        token_hash,
        now,
        idle_since
    );
    Ok(row.fetch_optional(tx).await?.and_then(|row| {
        let person = Person {
            id: UserId(row.id),
            name: row.name,
            email: row.email,
            role: Role::parse(&row.role)?,
            team: row.team_id.map(TeamId),
            session: SessionId(row.session),
            zone: row.time_zone,
        };
        Some((person, row.last_seen_at))
    }))
}

pub async fn touch_session(tx: &mut PgConnection, id: SessionId, now: DateTime<Utc>, address: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE sessions SET last_seen_at = $2, address = $3 WHERE id = $1", id.0, now, address).execute(tx).await?;
    Ok(())
}

/// Which of these sessions still run.
pub async fn running_sessions(
    tx: &mut PgConnection,
    ids: &[Uuid],
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.id = ANY($1) AND s.ended_at IS NULL AND s.expires_at > $2 AND s.last_seen_at > $3 AND u.status = 'active'",
        ids,
        now,
        idle_since
    )
    .fetch_all(tx)
    .await
}

pub async fn list_sessions(
    tx: &mut PgConnection,
    user: UserId,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<Vec<Session>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT id, created_at, last_seen_at, address, user_agent FROM sessions
         WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2 AND last_seen_at > $3
         ORDER BY last_seen_at DESC, id LIMIT 200",
        user.0,
        now,
        idle_since
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Session {
            id: SessionId(row.id),
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            address: row.address,
            user_agent: row.user_agent,
        })
        .collect())
}

/// Ends the sessions of an account, or one of them, or all but one; gives how many ran.
pub async fn end_sessions(
    tx: &mut PgConnection,
    user: UserId,
    only: Option<SessionId>,
    except: Option<SessionId>,
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE sessions SET ended_at = $4
         WHERE user_id = $1 AND ended_at IS NULL AND ($2::uuid IS NULL OR id = $2) AND ($3::uuid IS NULL OR id <> $3)",
        user.0,
        only.map(|id| id.0),
        except.map(|id| id.0),
        now
    );
    Ok(done.execute(tx).await?.rows_affected())
}

/// The sessions that run, of everybody whom the actor may see, the last used first.
pub async fn list_everybodys(
    tx: &mut PgConnection,
    pattern: &str,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Everybodys>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT s.id, s.created_at, s.last_seen_at, s.address, s.user_agent, u.id AS user_id, u.name, u.email
         FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.ended_at IS NULL AND s.expires_at > $2 AND s.last_seen_at > $3 AND u.status = 'active'
            AND ($1 = '%%' OR u.name ILIKE $1 OR u.email ILIKE $1 OR s.address ILIKE $1)
         ORDER BY s.last_seen_at DESC, s.id LIMIT $4",
        pattern,
        now,
        idle_since,
        limit
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Everybodys {
            user: UserId(row.user_id),
            name: row.name,
            email: row.email,
            session: Session {
                id: SessionId(row.id),
                created_at: row.created_at,
                last_seen_at: row.last_seen_at,
                address: row.address,
                user_agent: row.user_agent,
            },
        })
        .collect())
}

/// Whose session it is.
pub async fn owner(tx: &mut PgConnection, id: SessionId) -> Result<Option<UserId>, sqlx::Error> {
    Ok(sqlx::query_scalar!("SELECT user_id FROM sessions WHERE id = $1", id.0).fetch_optional(tx).await?.map(UserId))
}
