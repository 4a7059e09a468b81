//! `kill -9` of the server and of its database in the middle of load: what was acknowledged is there, exactly once.

use std::{
    collections::{BTreeMap, HashSet},
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::Utc;
use nexus_crm::platform::clock::Clock;
use serde_json::{Value, json};
use tokio::{
    process::{Child, Command},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::support::{
    SECRET, TestApp,
    cluster::{Cluster, kill_9},
    event, key, until, with,
};

/// The real binary, serving.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    async fn start(database_url: &str, port: u16) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_nexus-crm"))
            .arg("serve")
            // Away from the project's own .env and Leptos.toml.
            .current_dir(std::env::temp_dir())
            .env("DATABASE_URL", database_url)
            .env("GENESIS_WEBHOOK_SECRET", SECRET)
            .env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}"))
            .env("LEPTOS_OUTPUT_NAME", "nexus-crm")
            .env("NEXUS_CRM_BASE_URL", format!("http://127.0.0.1:{port}"))
            .env("NEXUS_CRM_RATE_LIMIT_LOOPBACK", "off")
            .env("NEXUS_CRM_LOG", "error")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let server = Self { child, port };
        let client = reqwest::Client::new();
        let url = format!("http://127.0.0.1:{port}/health/ready");
        until("the server is ready", async || client.get(&url).send().await.is_ok_and(|r| r.status() == 200)).await;
        server
    }

    async fn kill(mut self) -> u16 {
        kill_9(&self.child.id().unwrap().to_string()).await;
        self.child.wait().await.unwrap();
        self.port
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Senders that each go on until their event is acknowledged, and only then to the next one, as GENESIS does.
struct Load {
    acknowledged: Arc<Mutex<Vec<String>>>,
    refused: Arc<Mutex<BTreeMap<u16, usize>>>,
    count: Arc<AtomicUsize>,
    stop: CancellationToken,
    senders: JoinSet<()>,
}

impl Load {
    fn start(port: u16) -> Self {
        let mut load = Self {
            acknowledged: Arc::default(),
            refused: Arc::default(),
            count: Arc::default(),
            stop: CancellationToken::new(),
            senders: JoinSet::new(),
        };
        for sender in 0..8 {
            let (acknowledged, refused, count, stop) =
                (load.acknowledged.clone(), load.refused.clone(), load.count.clone(), load.stop.clone());
            load.senders.spawn(async move {
                let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
                for n in 0.. {
                    let ids: Vec<_> = (0..if n % 3 == 0 { 5 } else { 1 }).map(|i| format!("evt-{sender}-{n}-{i}")).collect();
                    let items: Vec<_> = ids.iter().map(|id| item(sender, id)).collect();
                    let body = if let [one] = items.as_slice() { one.to_string() } else { Value::from(items).to_string() };
                    loop {
                        if stop.is_cancelled() {
                            return;
                        }
                        let status = post(&client, port, &body).await;
                        if status == 200 {
                            break;
                        }
                        *refused.lock().unwrap().entry(status).or_default() += 1;
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    count.fetch_add(ids.len(), Ordering::Relaxed);
                    acknowledged.lock().unwrap().extend(ids);
                }
            });
        }
        load
    }

    /// Waits until so many more events have been acknowledged.
    async fn goes_on(&self, more: usize) {
        let goal = self.count.load(Ordering::Relaxed) + more;
        until("the load goes on", async || self.count.load(Ordering::Relaxed) >= goal).await;
    }

    fn refused(&self, status: u16) -> usize {
        self.refused.lock().unwrap().get(&status).copied().unwrap_or_default()
    }

    async fn end(mut self) -> Vec<String> {
        self.stop.cancel();
        while let Some(sender) = self.senders.join_next().await {
            sender.unwrap();
        }
        std::mem::take(&mut self.acknowledged.lock().unwrap())
    }
}

fn item(sender: usize, id: &str) -> Value {
    with(event(&format!("user-{}", sender % 3)), json!({"event_id": id, "session_id": id, "timestamp": Utc::now()}))
}

/// The status, 0 when there was no answer. An answer of 200 says of each item that it is stored.
async fn post(client: &reqwest::Client, port: u16, body: &str) -> u16 {
    let request = client.post(format!("http://127.0.0.1:{port}/agent-usage/events")).header("content-type", "application/json");
    let request = request.header("x-genesis-signature", key(SECRET).sign_genesis(body.as_bytes())).body(body.to_owned());
    let Ok(response) = request.send().await else { return 0 };
    let status = response.status().as_u16();
    let Ok(text) = response.text().await else { return 0 };
    if status == 200 {
        let answer: Value = serde_json::from_str(&text).unwrap();
        let results = answer["results"].as_array().cloned().unwrap_or_else(|| vec![answer]);
        assert!(results.iter().all(|r| r["status"] == "success" || r["status"] == "duplicate"), "{text}");
    }
    status
}

/// Every acknowledged event is there, no event twice, and the rollups are what the events add up to.
async fn assert_nothing_lost(cluster: &Cluster, acknowledged: &[String]) {
    let app = TestApp::on(cluster.database().await, |s| s.clock = Clock::system()).await;
    let stored = app.texts("SELECT event_id FROM agent_usage_events").await;
    let different: HashSet<_> = stored.iter().map(String::as_str).collect();
    assert_eq!(different.len(), stored.len(), "an event was stored twice");
    let lost: Vec<_> = acknowledged.iter().filter(|id| !different.contains(id.as_str())).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert_eq!(app.count("usage_event_keys").await, i64::try_from(stored.len()).unwrap());
    app.assert_exact().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let cluster = Cluster::start().await;
    drop(cluster.database().await);
    let url = cluster.url("app").await;
    let mut server = Server::start(&url, free_port()).await;
    let load = Load::start(server.port);
    for _ in 0..3 {
        load.goes_on(150).await;
        let port = server.kill().await;
        server = Server::start(&url, port).await;
    }
    load.goes_on(150).await;
    assert!(load.refused(0) > 0, "the kills were felt");
    let acknowledged = load.end().await;
    server.kill().await;
    assert!(acknowledged.len() >= 600);
    assert_nothing_lost(&cluster, &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_postgresql_is_killed_and_the_server_recovers_by_itself() {
    let cluster = Cluster::start().await;
    drop(cluster.database().await);
    let mut server = Server::start(&cluster.url("app").await, free_port()).await;
    let load = Load::start(server.port);
    for _ in 0..2 {
        load.goes_on(150).await;
        let before = load.refused(503);
        cluster.kill().await;
        until("the webhook answers 503", async || load.refused(503) > before).await;
        cluster.run("start", &[]).await;
        load.goes_on(150).await;
        assert!(server.child.try_wait().unwrap().is_none(), "the server goes on");
    }
    let client = reqwest::Client::new();
    let ready = format!("http://127.0.0.1:{}/health/ready", server.port);
    until("the server is ready", async || client.get(&ready).send().await.is_ok_and(|r| r.status() == 200)).await;
    assert_eq!(load.refused.lock().unwrap().keys().copied().collect::<Vec<_>>(), [503], "nothing but 503 meanwhile");
    let acknowledged = load.end().await;
    server.kill().await;
    assert!(acknowledged.len() >= 600);
    assert_nothing_lost(&cluster, &acknowledged).await;
}
