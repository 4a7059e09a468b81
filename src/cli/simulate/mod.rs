//! `nexus-crm simulate`: acts as GENESIS, over HTTP and with real signatures.

mod population;
mod report;

use std::{
    io::Write as _,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use tokio::{sync::mpsc, task::JoinSet};

use self::{
    population::Population,
    report::{LiveWatch, Report},
};
use crate::{
    domain::usage::event::MAX_AGE_DAYS,
    features::usage::usecase as usage,
    platform::{secret::Secret, signature::Key},
};

/// How requests are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scheme {
    /// `X-Genesis-Signature`.
    Genesis,
    /// Standard Webhooks.
    Standard,
}

/// Options of `nexus-crm simulate`.
#[derive(Clone, Debug, Args)]
pub struct Simulate {
    /// Where to send to; the base URL of the settings when not said.
    #[arg(long)]
    url: Option<String>,
    /// Events a second; 0 is as fast as it goes.
    #[arg(long, default_value_t = 10.0)]
    rate: f64,
    /// Customers in the crowd.
    #[arg(long, default_value_t = 460, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    users: u32,
    /// Events in one request.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    batch: u32,
    /// Seconds to go on for; 0 is until stopped.
    #[arg(long, default_value_t = 60)]
    duration: u64,
    /// Instead of live events, send the history of so many days, as fast as it goes.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=3_650))]
    backfill_days: u32,
    /// Make the history so many events long, or sign so many.
    #[arg(long)]
    events: Option<u64>,
    /// Do nothing when the product has met users before.
    #[arg(long)]
    if_empty: bool,
    /// How to sign.
    #[arg(long, value_enum, default_value_t = Scheme::Genesis)]
    scheme: Scheme,
    /// Requests under way at once.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    connections: u32,
    /// The same seed makes the same crowd; what it does is new each time.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Write signed requests to this file instead of sending: a line each of Unix time, hex signature, event id and body, by tabs.
    #[arg(long)]
    sign_to: Option<PathBuf>,
    /// Also listen on the live socket, and measure from a post to the message that shows it. Needs an API key.
    #[arg(long)]
    measure_live: bool,
    /// The API key that the live socket is listened to with; its scope is usage:read.
    #[arg(long, env = "NEXUS_CRM_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
    /// Report as JSON.
    #[arg(long)]
    json: bool,
    /// No progress bar.
    #[arg(long)]
    quiet: bool,
}

/// One request to send.
struct Parcel {
    body: String,
    events: u64,
}

impl Simulate {
    /// Sends, and reports.
    ///
    /// # Errors
    /// When a setting is missing, or the product cannot be reached at all.
    pub async fn run(&self) -> anyhow::Result<()> {
        let mut crowd = Population::new(self.users as usize, self.seed, rand::random());
        let now = Utc::now();
        if let Some(path) = &self.sign_to {
            return self.sign(path, &mut crowd, now);
        }
        let url =
            self.url.clone().or_else(|| std::env::var("NEXUS_CRM_BASE_URL").ok()).unwrap_or_else(|| "http://127.0.0.1:8000".into());
        let url = url.trim_end_matches('/').to_owned();
        reqwest::get(format!("{url}/health/live")).await.with_context(|| format!("{url} does not answer"))?;
        if self.if_empty && known_users().await? > 0 {
            println!("the product has met users before: nothing sent");
            return Ok(());
        }
        let backfill = self.backfill_days > 0;
        let key = key(if backfill && i64::from(self.backfill_days) > MAX_AGE_DAYS {
            "GENESIS_IMPORT_SECRET"
        } else {
            "GENESIS_WEBHOOK_SECRET"
        })?;
        let watch =
            if self.measure_live { Some(LiveWatch::start(&url, self.api_key.as_deref().unwrap_or_default()).await?) } else { None };
        let bar = self.bar(&crowd);
        let sender = Sender { url: format!("{url}/agent-usage/events"), key: Arc::new(key), scheme: self.scheme, bar: bar.clone() };
        let (parcels, inbox) = mpsc::channel(self.connections as usize * 2);
        let mut crew = sender.crew(inbox, self.connections);
        let begun = Instant::now();
        let sent_at =
            if backfill { self.send_history(&mut crowd, now, &parcels).await } else { self.send_live(&mut crowd, &parcels).await };
        drop(parcels);
        let mut report = Report::default();
        while let Some(one) = crew.join_next().await {
            report.merge(&one.context("a sender failed")?)?;
        }
        bar.finish_and_clear();
        let live = match watch {
            Some(watch) => Some(watch.finish(sent_at).await?),
            None => None,
        };
        report.print(begun.elapsed(), live.as_ref(), self.json);
        if report.accepted() == 0 {
            bail!("nothing was accepted by {url}");
        }
        Ok(())
    }

    /// Events that the history is to have, and the factor that makes it so.
    fn history_size(&self, crowd: &Population) -> (f64, f64) {
        let usual = crowd.daily() * f64::from(self.backfill_days);
        match self.events {
            Some(events) => (events as f64, events as f64 / usual),
            None => (usual, 1.0),
        }
    }

    fn bar(&self, crowd: &Population) -> ProgressBar {
        if self.quiet || self.json {
            return ProgressBar::hidden();
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of events")]
        let length = match (self.backfill_days, self.duration) {
            (1.., _) => Some(self.history_size(crowd).0 as u64),
            (_, 1..) if self.rate > 0.0 => Some((self.rate * self.duration as f64) as u64),
            _ => None,
        };
        let bar = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} events  {per_sec}  {elapsed} + {eta}");
        bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    }

    async fn send_history(&self, crowd: &mut Population, now: DateTime<Utc>, parcels: &mpsc::Sender<Parcel>) -> Vec<Instant> {
        let factor = self.history_size(crowd).1;
        let batch = if self.batch == 1 { 500 } else { self.batch as usize };
        let mut waiting: Vec<Value> = Vec::new();
        for back in (0..i64::from(self.backfill_days)).rev() {
            // Growth of a fifth over the history, as of a product that sells.
            let growth = 1.1 - 0.2 * back as f64 / f64::from(self.backfill_days);
            waiting.append(&mut crowd.day(now.date_naive() - TimeDelta::days(back), factor * growth, now));
            while waiting.len() >= batch || (back == 0 && !waiting.is_empty()) {
                let rest = waiting.split_off(batch.min(waiting.len()));
                let parcel = parcel(&std::mem::replace(&mut waiting, rest));
                if parcels.send(parcel).await.is_err() {
                    return Vec::new();
                }
            }
        }
        Vec::new()
    }

    /// Sends as events happen; gives when each was handed over.
    async fn send_live(&self, crowd: &mut Population, parcels: &mpsc::Sender<Parcel>) -> Vec<Instant> {
        let mut sent_at = Vec::new();
        let begun = tokio::time::Instant::now();
        let end = (self.duration > 0).then(|| begun + Duration::from_secs(self.duration));
        let step = (self.rate > 0.0).then(|| Duration::from_secs_f64(f64::from(self.batch) / self.rate));
        let mut next = begun;
        let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
        while end.is_none_or(|end| tokio::time::Instant::now() < end) {
            if let Some(step) = step {
                next += step;
                tokio::select! {
                    _ = &mut stop => break,
                    () = tokio::time::sleep_until(next) => {}
                }
            }
            let events: Vec<_> = (0..self.batch).filter_map(|_| crowd.event(Utc::now())).collect();
            let handed = Instant::now();
            if self.measure_live {
                sent_at.extend(events.iter().map(|_| handed));
            }
            let Ok(()) = parcels.send(parcel(&events)).await else { break };
        }
        sent_at
    }

    fn sign(&self, path: &PathBuf, crowd: &mut Population, now: DateTime<Utc>) -> anyhow::Result<()> {
        let key = key("GENESIS_WEBHOOK_SECRET")?;
        let file = std::fs::File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
        let mut file = std::io::BufWriter::new(file);
        let events = self.events.unwrap_or(10_000);
        for i in 0..events.div_ceil(u64::from(self.batch)) {
            let at = now - TimeDelta::milliseconds(i64::try_from(i * 7 % 600_000).unwrap_or(0));
            let events: Vec<_> = (0..self.batch).filter_map(|_| crowd.event(at)).collect();
            let id = events.first().and_then(|e| e.get("event_id")).and_then(Value::as_str).unwrap_or_default().to_owned();
            let body = parcel(&events).body;
            let signature = key.sign_genesis(body.as_bytes());
            let hex = signature.trim_start_matches("sha256=");
            writeln!(file, "{}\t{hex}\t{id}\t{body}", now.timestamp())?;
        }
        file.flush()?;
        Ok(())
    }
}

fn parcel(events: &[Value]) -> Parcel {
    let body = match events {
        [one] => one.to_string(),
        many => serde_json::to_string(many).unwrap_or_default(),
    };
    Parcel { body, events: events.len() as u64 }
}

fn key(name: &str) -> anyhow::Result<Key> {
    let secret = std::env::var(name).ok().filter(|s| !s.trim().is_empty());
    let Some(secret) = secret else { bail!("{name} is missing: events are signed with it") };
    Key::new(Secret::new(secret.trim()), false).map_err(|why| anyhow::anyhow!("{name} {why}"))
}

/// How many users the product has met, as its own database says.
async fn known_users() -> anyhow::Result<i64> {
    let ctx = super::ctx("simulate")?;
    let known = usage::known_users(&ctx).await;
    ctx.app.db.close().await;
    Ok(known?)
}

/// Sends parcels.
#[derive(Clone)]
struct Sender {
    url: String,
    key: Arc<Key>,
    scheme: Scheme,
    bar: ProgressBar,
}

impl Sender {
    /// So many senders that share an inbox.
    fn crew(&self, inbox: mpsc::Receiver<Parcel>, size: u32) -> JoinSet<Report> {
        let inbox = Arc::new(tokio::sync::Mutex::new(inbox));
        let client = reqwest::Client::new();
        let mut crew = JoinSet::new();
        for _ in 0..size {
            let (sender, inbox, client) = (self.clone(), Arc::clone(&inbox), client.clone());
            crew.spawn(async move {
                let mut report = Report::default();
                loop {
                    let Some(parcel) = inbox.lock().await.recv().await else { return report };
                    sender.send(&client, parcel, &mut report).await;
                }
            });
        }
        crew
    }

    /// Sends a parcel until it is answered for good: what is refused for the moment (429, 503) is sent again, as GENESIS does.
    async fn send(&self, client: &reqwest::Client, parcel: Parcel, report: &mut Report) {
        for attempt in 0_u32..8 {
            let request = client.post(&self.url).header("content-type", "application/json");
            let now = Utc::now().timestamp();
            let request = match self.scheme {
                Scheme::Genesis => request
                    .header("x-genesis-signature", self.key.sign_genesis(parcel.body.as_bytes()))
                    .header("x-genesis-timestamp", now.to_string()),
                Scheme::Standard => {
                    let id = format!("msg_{}", uuid::Uuid::now_v7().simple());
                    request
                        .header("webhook-signature", self.key.sign_standard(&id, now, parcel.body.as_bytes()))
                        .header("webhook-timestamp", now.to_string())
                        .header("webhook-id", id)
                }
            };
            let begun = Instant::now();
            let answer = request.body(parcel.body.clone()).send().await;
            let status = if let Ok(response) = answer {
                let status = response.status().as_u16();
                // The body is read to its end, so that the connection can be used again.
                let _ = response.bytes().await;
                report.answered(status, begun.elapsed(), parcel.events);
                status
            } else {
                report.unanswered();
                0
            };
            if !matches!(status, 0 | 429 | 503) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100 << attempt.min(5))).await;
        }
        self.bar.inc(parcel.events);
    }
}
