//! `nexus-crm migrate`.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

use crate::platform::db::{self, APP_ROLE};

/// Brings the schema up to this build, as the role that owns it.
///
/// # Errors
/// When no address is set, the database is away, or a migration fails (it is rolled back then).
pub async fn run() -> anyhow::Result<()> {
    let url = ["DATABASE_OWNER_URL", "DATABASE_URL"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.trim().is_empty()));
    let Some(url) = url else { bail!("DATABASE_OWNER_URL is missing: the database as the role that owns the schema") };
    let options: PgConnectOptions =
        url.trim().parse().map_err(|_| anyhow::anyhow!("DATABASE_OWNER_URL is not a PostgreSQL address"))?;
    let mut connection = connect(&options).await?;
    ensure_app_role(&mut connection).await?;
    let before = Instant::now();
    let done: Option<i64> = applied(&mut connection).await;
    db::MIGRATOR.run(&mut connection).await.context("a migration failed; the schema is as it was before it")?;
    // The server looks up which migrations there were, so that it can say that one is missing.
    sqlx::query("GRANT SELECT ON _sqlx_migrations TO nexus_app").execute(&mut connection).await?;
    let new = db::MIGRATOR.iter().filter(|m| done.is_none_or(|version| m.version > version)).count();
    println!("schema at version {}, {new} new, {:.1} s", db::newest_migration(), before.elapsed().as_secs_f64());
    Ok(())
}

async fn connect(options: &PgConnectOptions) -> anyhow::Result<PgConnection> {
    let attempt = tokio::time::timeout(Duration::from_secs(10), PgConnection::connect_with(options)).await;
    attempt.context("the database does not answer within 10 s")?.context("the database cannot be reached")
}

async fn applied(connection: &mut PgConnection) -> Option<i64> {
    sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success").fetch_one(connection).await.ok().flatten()
}

/// The server's own role must be there before rights are given to it.
async fn ensure_app_role(connection: &mut PgConnection) -> anyhow::Result<()> {
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
        .bind(APP_ROLE)
        .fetch_one(&mut *connection)
        .await?;
    if there {
        return Ok(());
    }
    sqlx::query("CREATE ROLE nexus_app NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS").execute(connection).await.with_context(|| {
        format!("the role {APP_ROLE} is missing and may not be made by this one: as a superuser, CREATE ROLE {APP_ROLE} LOGIN PASSWORD '…'")
    })?;
    println!("made the role {APP_ROLE}; let it in with ALTER ROLE {APP_ROLE} LOGIN PASSWORD '…'");
    Ok(())
}
