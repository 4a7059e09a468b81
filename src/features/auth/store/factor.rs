//! The SQL of second factors.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::domain::people::UserId;

/// A second factor, set up or being set up.
pub struct TotpRow {
    pub sealed: Vec<u8>,
    pub since: Option<DateTime<Utc>>,
}

pub async fn find_totp(tx: &mut PgConnection, user: UserId) -> Result<Option<TotpRow>, sqlx::Error> {
    sqlx::query_as!(
        TotpRow,
        r#"SELECT totp_secret AS "sealed!", totp_since AS since FROM users WHERE id = $1 AND totp_secret IS NOT NULL"#,
        user.0
    )
    .fetch_optional(tx)
    .await
}

/// Keeps the secret of one that is being set up; says whether there was none yet.
pub async fn begin_totp(tx: &mut PgConnection, user: UserId, sealed: &[u8]) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query!("UPDATE users SET totp_secret = $2, totp_last_step = 0 WHERE id = $1 AND totp_since IS NULL", user.0, sealed);
    Ok(done.execute(tx).await?.rows_affected() == 1)
}

/// Sets up for good what is still the secret that the code was of; says whether it was.
pub async fn confirm_totp(
    tx: &mut PgConnection,
    user: UserId,
    sealed: &[u8],
    step: i64,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE users SET totp_since = $4, totp_last_step = $3 WHERE id = $1 AND totp_secret = $2 AND totp_since IS NULL",
        user.0,
        sealed,
        step,
        now
    );
    Ok(done.execute(tx).await?.rows_affected() == 1)
}

/// Takes a code's step, if no code of it or of a later one was taken; says whether.
pub async fn take_totp_step(tx: &mut PgConnection, user: UserId, step: i64) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!("UPDATE users SET totp_last_step = $2 WHERE id = $1 AND totp_last_step < $2", user.0, step);
    Ok(done.execute(tx).await?.rows_affected() == 1)
}

pub async fn clear_totp(tx: &mut PgConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM recovery_codes WHERE user_id = $1", user.0).execute(&mut *tx).await?;
    sqlx::query!("UPDATE users SET totp_secret = NULL, totp_since = NULL, totp_last_step = 0 WHERE id = $1", user.0)
        .execute(tx)
        .await?;
    Ok(())
}

pub async fn replace_recovery_codes(tx: &mut PgConnection, user: UserId, hashes: &[Vec<u8>]) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM recovery_codes WHERE user_id = $1", user.0).execute(&mut *tx).await?;
    sqlx::query!("INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, * FROM unnest($2::bytea[])", user.0, hashes)
        .execute(tx)
        .await?;
    Ok(())
}

/// Uses a recovery code up; says whether there was one.
pub async fn use_recovery_code(tx: &mut PgConnection, user: UserId, hash: &[u8]) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!("DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2", user.0, hash);
    Ok(done.execute(tx).await?.rows_affected() == 1)
}
