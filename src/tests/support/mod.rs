//! What the integration tests stand on: a database for each test, the server in this process, and clusters to break.

pub mod cluster;
pub mod database;
pub mod gate;
pub mod http;
pub mod people;
pub mod privacy;
pub mod rollups;
pub mod smtp;
pub mod tokens;

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use chrono::{DateTime, Utc};
use leptos::config::LeptosOptions;
use metrics_exporter_prometheus::PrometheusHandle;
use nexus_crm::{
    domain::people::Role,
    features::usage::{recount, tally::Tally},
    flows::{self, usage_watch},
    platform::{
        clock::Clock,
        config::Settings,
        ctx::{Actor, App, Ctx},
        db,
        hub::Hub,
        secret::Secret,
        signature::Key,
        telemetry,
    },
    server::{self, ServerState, listen},
};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tokio::{
    net::TcpListener,
    sync::{Mutex, MutexGuard},
};
use tokio_util::sync::CancellationToken;

use database::TestDb;

/// The secret that GENESIS signs with in tests.
pub const SECRET: &str = "whsec_dGhlIHNlY3JldCBvZiBHRU5FU0lT";
/// The secret before it.
pub const PREVIOUS_SECRET: &str = "the-secret-of-last-quarter";
/// The secret of imports.
pub const IMPORT_SECRET: &str = "the-secret-of-the-import-tool";

/// The time that tests begin at, unless they ask for another: a Friday noon, far from every edge of a day, week or month.
pub fn noon() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// A key of a secret.
pub fn key(secret: &str) -> Key {
    Key::new(Secret::new(secret), secret == IMPORT_SECRET).unwrap()
}

/// A valid event without an id.
pub fn event(user: &str) -> Value {
    json!({"user_id": user, "agent_id": "NEXUS", "session_id": "s1", "tokens_used": 150, "response_time_ms": 1200,
        "timestamp": "2026-11-20T11:59:00Z", "subscription_tier": "pro"})
}

/// A valid event with an id.
pub fn event_with_id(user: &str, id: &str) -> Value {
    with(event(user), json!({"event_id": id}))
}

/// An object with the fields of another put over its own.
pub fn with(mut object: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    object.as_object_mut().unwrap().extend(fields);
    object
}

/// The counters are of the whole process, so the first handle is the one that prints.
fn metrics_handle() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(telemetry::init_metrics).clone()
}

/// How a test wants its server.
pub struct Setup {
    /// The clock; stands still at [`noon`] unless changed.
    pub clock: Clock,
    /// The settings; loopback is not limited unless changed.
    pub settings: Settings,
}

/// A server in this process: all of `serve` but the jobs, which tests drive step by step.
pub struct TestApp {
    /// What use-cases reach for.
    pub app: App,
    /// Where it listens.
    pub address: SocketAddr,
    /// A client that is signed in as an admin.
    pub client: reqwest::Client,
    /// The admin's cookie.
    pub cookie: String,
    /// How ingest does by the minute; tests write it down.
    pub tally: Arc<Tally>,
    /// What tests look with: as the owner of the schema, who sees every row.
    owner: Mutex<PgConnection>,
    /// The database; goes with the last that holds it.
    pub db: Arc<TestDb>,
}

impl TestApp {
    /// A server on a database of its own.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A server on a database of its own, set up otherwise.
    pub async fn with(change: impl FnOnce(&mut Setup)) -> Self {
        Self::on(TestDb::fresh().await, change).await
    }

    /// A server on a database that others may use too.
    pub async fn on(db: Arc<TestDb>, change: impl FnOnce(&mut Setup)) -> Self {
        let url = db.url("nexus_app");
        let settings = Settings::read(&|name| match name {
            "DATABASE_URL" => Some(url.clone()),
            "GENESIS_WEBHOOK_SECRET" => Some(SECRET.into()),
            "GENESIS_WEBHOOK_SECRET_PREVIOUS" => Some(PREVIOUS_SECRET.into()),
            "GENESIS_IMPORT_SECRET" => Some(IMPORT_SECRET.into()),
            "NEXUS_CRM_RATE_LIMIT_LOOPBACK" => Some("off".into()),
            "NEXUS_CRM_SECRET_KEY" => Some("0f".repeat(32)),
            "NEXUS_CRM_DATABASE_POOL" => Some("6".into()),
            _ => None,
        })
        .unwrap();
        let mut setup = Setup { clock: Clock::fixed(noon()), settings };
        change(&mut setup);
        let app = App {
            db: db::pool(&url, setup.settings.database_pool).unwrap(),
            settings: Arc::new(setup.settings),
            hub: Arc::new(Hub::default()),
            clock: setup.clock,
            memo: Arc::default(),
            holders: flows::privacy::HOLDERS,
            stop: CancellationToken::new(),
        };
        let leptos = LeptosOptions::builder().output_name("nexus-crm").build();
        let state = ServerState::new(app.clone(), metrics_handle(), leptos);
        let tally = Arc::clone(&state.tally);
        tokio::spawn(Arc::clone(&state.lines).run(Ctx::new(app.clone(), Actor::System("test"))));
        tokio::spawn(Arc::clone(&state.workspace).run(Ctx::new(app.clone(), Actor::System("test"))));
        tokio::spawn(Arc::clone(&state.keyring).run(Ctx::new(app.clone(), Actor::System("test"))));
        tokio::spawn(Arc::clone(&app.hub).run(app.db.clone(), app.stop.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(listen::serve(listener, server::router(state), None, app.stop.clone()));
        let hub = Arc::clone(&app.hub);
        until("the hub has looked", async || hub.last() >= 0).await;
        let owner = Mutex::new(db.connect("nexus_owner").await);
        let mut this = Self { app, address, client: reqwest::Client::new(), cookie: String::new(), tally, owner, db };
        this.cookie = people::sign_in(&this, Role::Admin).await.cookie;
        this.client = this.client_with(&this.cookie);
        this
    }

    /// A client with a cookie, as a page of our own sends it. It follows no redirects.
    pub fn client_with(&self, cookie: &str) -> reqwest::Client {
        let mut headers = HeaderMap::new();
        headers.insert("origin", format!("http://{}", self.address).parse().unwrap());
        if !cookie.is_empty() {
            headers.insert("cookie", cookie.parse().unwrap());
        }
        reqwest::Client::builder().default_headers(headers).redirect(reqwest::redirect::Policy::none()).build().unwrap()
    }

    /// A context of the product itself.
    pub fn ctx(&self) -> Ctx {
        Ctx::new(self.app.clone(), Actor::System("test"))
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The owner's connection; another when the database was away meanwhile.
    async fn owner(&self) -> MutexGuard<'_, PgConnection> {
        let mut owner = self.owner.lock().await;
        if owner.ping().await.is_err() {
            *owner = self.db.connect("nexus_owner").await;
        }
        owner
    }

    /// One number from the database.
    pub async fn number(&self, sql: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut *self.owner().await).await.unwrap()
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &str) -> i64 {
        self.number(&format!("SELECT count(*) FROM {table}")).await
    }

    /// One text from the database.
    pub async fn text(&self, sql: &str) -> String {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut *self.owner().await).await.unwrap()
    }

    /// Texts from the database.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *self.owner().await).await.unwrap()
    }

    /// Runs a statement as the owner of the schema, as an admin's tool would.
    pub async fn as_owner(&self, sql: &str) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *self.owner().await).await.unwrap();
    }

    /// Adds what moved to the totals, evaluates it and tells the screens, as the watch does some times a second.
    pub async fn settle(&self) {
        while usage_watch::pass(&self.ctx()).await.unwrap() {}
    }

    /// Posts what must be taken in, and settles it.
    pub async fn meter(&self, body: &Value) {
        self.post(body).await.ok();
        self.settle().await;
    }

    /// Every rollup equals a recount of the stored events.
    pub async fn assert_exact(&self) {
        let findings = recount::recount(&self.ctx(), false).await.unwrap();
        assert!(findings.iter().all(recount::Finding::is_exact), "{findings:?}");
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.app.stop.cancel();
    }
}

/// Waits until something holds, for half a minute at the most.
pub async fn until(what: &str, holds: impl AsyncFnMut() -> bool) {
    within(Duration::from_secs(30), what, holds).await;
}

/// Waits until something holds, for so long at the most.
pub async fn within(limit: Duration, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + limit;
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
