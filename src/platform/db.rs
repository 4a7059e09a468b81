//! The database: its pool, its migrations, and what its errors mean.

use std::time::Duration;

use sqlx::{
    PgConnection, PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::domain::AppError;

/// The schema's history; a landed migration is never edited.
pub static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// The role that the server connects as.
pub const APP_ROLE: &str = "nexus_app";

/// Seconds that a client is asked to wait while the database is away.
pub const RETRY_AFTER_S: u32 = 2;

/// A pool that connects when it is first used, and again after the database was away.
///
/// # Errors
/// When the address is not one of PostgreSQL.
pub fn pool(url: &str, size: u32) -> Result<PgPool, sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    Ok(PgPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(Duration::from_secs(3))
        .connect_lazy_with(options.application_name("nexus-crm").options([("statement_timeout", "30s"), ("jit", "off")])))
}

/// The version of the newest migration of this build.
pub fn newest_migration() -> i64 {
    MIGRATOR.iter().map(|m| m.version).max().unwrap_or_default()
}

/// The version of the newest migration that the database has had; 0 when it has had none.
///
/// # Errors
/// When the database is away.
pub async fn schema_version(db: &PgPool) -> Result<i64, sqlx::Error> {
    // The table is made by the migrator itself, so the checked macros do not know it.
    let found = sqlx::query_scalar::<_, Option<i64>>("SELECT max(version) FROM _sqlx_migrations WHERE success").fetch_one(db).await;
    match found {
        Ok(version) => Ok(version.unwrap_or_default()),
        Err(sqlx::Error::Database(e)) if e.code().as_deref() == Some("42P01") => Ok(0),
        Err(error) => Err(error),
    }
}

/// Waits for a lock by name, and holds it to the end of the transaction.
///
/// # Errors
/// When the database is away.
pub async fn lock(tx: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtext($1))", name).execute(tx).await?;
    Ok(())
}

/// The pattern of texts that contain another, for `LIKE`; `%%` for an empty one.
pub fn contains(search: &str) -> String {
    format!("%{}%", search.trim().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

/// Whether an error says that the database is away, rather than that something is wrong with what was asked.
pub fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_) => true,
        // Class 08 connection, 53 resources, 57P shutdown and start-up, 40 serialization and deadlock, 25006 a read-only standby.
        sqlx::Error::Database(e) => e.code().is_some_and(|code| {
            code.starts_with("08") || code.starts_with("53") || code.starts_with("57P") || code.starts_with("40") || code == "25006"
        }),
        _ => false,
    }
}

/// What a database error means to whoever asked. Faults of our own are logged here, once, with an incident id.
pub fn app_error(error: &sqlx::Error) -> AppError {
    if is_away(error) {
        tracing::warn!(%error, "the database is away");
        return AppError::Unavailable { retry_after_s: RETRY_AFTER_S };
    }
    if matches!(error, sqlx::Error::RowNotFound) {
        return AppError::NotFound;
    }
    internal(error)
}

/// A fault of our own: logged here, once, with the incident's id that the person is shown.
pub fn internal(error: &dyn std::fmt::Display) -> AppError {
    let incident = incident();
    tracing::error!(%incident, %error, "internal error");
    AppError::Internal { incident }
}

fn incident() -> String {
    let bytes = uuid::Uuid::now_v7().into_bytes();
    let tail = bytes.iter().rev().take(4).fold(String::new(), |s, b| format!("{s}{b:02X}"));
    format!("INC-{}-{}", tail.get(..4).unwrap_or_default(), tail.get(4..).unwrap_or_default())
}

/// For `map_err` on store calls inside use-cases.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
pub fn to_app(error: sqlx::Error) -> AppError {
    app_error(&error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_take_every_character_as_it_is() {
        assert_eq!(contains(" 50%_a\\b "), r"%50\%\_a\\b%");
        assert_eq!(contains(""), "%%");
    }
}
