//! A database for each test, copied from one that has had the migrations, and dropped again.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use nexus_crm::platform::db::MIGRATOR;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use tokio::sync::{Mutex, OnceCell};
use uuid::Uuid;

/// A database that is dropped with this value.
pub struct TestDb {
    options: PgConnectOptions,
    own: bool,
}

/// The database that others are copied from; one at a time, for the server copies only what nobody is in.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static COPYING: Mutex<()> = Mutex::const_new(());

fn server() -> PgConnectOptions {
    let url = std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL: a PostgreSQL, as a role that may make databases; see script/test");
    url.parse().expect("TEST_DATABASE_URL is an address of PostgreSQL")
}

/// Names carry the time, so that a later run can tell what an earlier one left behind.
fn name(kind: &str) -> String {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    format!("nxt_{seconds}_{kind}_{}", Uuid::now_v7().simple())
}

async fn execute(connection: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::query(AssertSqlSafe(sql)).execute(connection).await.map(|_| ())
}

/// Applies the migrations, as the owner.
pub async fn migrate(options: &PgConnectOptions) {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    MIGRATOR.run(&mut connection).await.unwrap();
    execute(&mut connection, "GRANT SELECT ON _sqlx_migrations TO nexus_app".into()).await.unwrap();
    connection.close().await.unwrap();
}

async fn template() -> String {
    let mut connection = PgConnection::connect_with(&server()).await.expect("the PostgreSQL of TEST_DATABASE_URL answers");
    drop_old(&mut connection).await;
    let name = name("template");
    execute(&mut connection, format!("CREATE DATABASE {name}")).await.unwrap();
    migrate(&server().database(&name)).await;
    name
}

/// Drops what runs of more than an hour ago left behind.
async fn drop_old(connection: &mut PgConnection) {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT datname FROM pg_database WHERE datname ~ '^nxt_\\d+_'
         AND split_part(datname, '_', 2)::bigint < extract(epoch FROM now()) - 3600",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    for name in names {
        let _ = execute(connection, format!("DROP DATABASE IF EXISTS {name}")).await;
    }
}

impl TestDb {
    /// A database with the schema and nothing else.
    pub async fn fresh() -> Arc<Self> {
        let template = TEMPLATE.get_or_init(template).await;
        let name = name("test");
        let copying = COPYING.lock().await;
        let mut connection = PgConnection::connect_with(&server()).await.unwrap();
        execute(&mut connection, format!("CREATE DATABASE {name} TEMPLATE {template}")).await.unwrap();
        drop(copying);
        Arc::new(Self { options: server().database(&name), own: true })
    }

    /// A database that is someone else's to drop, with the schema.
    pub async fn at(owner: PgConnectOptions) -> Arc<Self> {
        migrate(&owner).await;
        Arc::new(Self { options: owner, own: false })
    }

    /// Its address for a role.
    pub fn url(&self, role: &str) -> String {
        self.options.clone().username(role).to_url_lossy().to_string()
    }

    /// A connection as a role.
    pub async fn connect(&self, role: &str) -> PgConnection {
        PgConnection::connect_with(&self.options.clone().username(role)).await.unwrap()
    }

    /// Ends all connections of the server's role, as a restart of the database would.
    pub async fn disconnect_app(&self) {
        let mut connection = self.connect("nexus_app").await;
        disconnect_others(&mut connection).await.unwrap();
    }
}

async fn disconnect_others(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()",
    )
    .execute(connection)
    .await
    .map(|_| ())
}

async fn drop_database(options: PgConnectOptions) -> Result<(), sqlx::Error> {
    let name = options.get_database().unwrap_or_default().to_owned();
    let mut app = PgConnection::connect_with(&options.clone().username("nexus_app")).await?;
    let mut owner = PgConnection::connect_with(&server()).await?;
    execute(&mut owner, format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await?;
    disconnect_others(&mut app).await?;
    app.close().await?;
    // A server's connection needs a moment to go.
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        match execute(&mut owner, format!("DROP DATABASE {name}")).await {
            Err(_) if Instant::now() < deadline => tokio::time::sleep(Duration::from_millis(20)).await,
            result => return result,
        }
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if !self.own {
            return;
        }
        let options = self.options.clone();
        // The test's own runtime may be at its end, so the work is done on another; what fails here is dropped by a later run.
        let _ = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(drop_database(options)).map_err(std::io::Error::other)
        })
        .join();
    }
}
