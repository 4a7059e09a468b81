//! What a simulation found: answers, latencies, and how soon the live socket showed events.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::Context;
use futures_util::StreamExt;
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

use crate::domain::live::LiveFrame;

/// Microseconds, to a minute.
fn microseconds() -> Histogram<u64> {
    // The bounds are valid, so this cannot fail; the fallback resizes itself.
    Histogram::new_with_bounds(1, 60_000_000, 3)
        .unwrap_or_else(|_| Histogram::new(3).unwrap_or_else(|_| unreachable!("3 is a valid precision")))
}

/// Answers and latencies.
#[derive(Debug)]
pub struct Report {
    answers: BTreeMap<u16, u64>,
    unanswered: u64,
    events: u64,
    latency: Histogram<u64>,
}

impl Default for Report {
    fn default() -> Self {
        Self { answers: BTreeMap::new(), unanswered: 0, events: 0, latency: microseconds() }
    }
}

impl Report {
    /// An answer came.
    pub fn answered(&mut self, status: u16, after: Duration, events: u64) {
        *self.answers.entry(status).or_default() += 1;
        self.latency.saturating_record(u64::try_from(after.as_micros()).unwrap_or(u64::MAX));
        if status == 200 {
            self.events += events;
        }
    }

    /// No answer came.
    pub fn unanswered(&mut self) {
        self.unanswered += 1;
    }

    /// Events in requests that were answered with 200.
    pub const fn accepted(&self) -> u64 {
        self.events
    }

    /// Takes in another's counts.
    pub fn merge(&mut self, other: &Self) -> anyhow::Result<()> {
        for (status, n) in &other.answers {
            *self.answers.entry(*status).or_default() += n;
        }
        self.unanswered += other.unanswered;
        self.events += other.events;
        self.latency.add(&other.latency).context("latencies of different precision")
    }

    /// Prints the whole.
    pub fn print(&self, took: Duration, live: Option<&Histogram<u64>>, as_json: bool) {
        let rate = self.events as f64 / took.as_secs_f64().max(1e-9);
        if as_json {
            let mut report = json!({
                "events": self.events, "seconds": took.as_secs_f64(), "rate": rate, "latency_ms": percentiles(&self.latency),
                "answers": self.answers.iter().map(|(s, n)| (s.to_string(), json!(n))).collect::<serde_json::Map<_, _>>(),
                "unanswered": self.unanswered,
            });
            if let (Some(live), Some(map)) = (live, report.as_object_mut()) {
                map.insert("live_ms".into(), percentiles(live));
            }
            println!("{report}");
            return;
        }
        println!("{} events in {:.1} s: {rate:.0} a second", self.events, took.as_secs_f64());
        println!("answer after, ms: {}", line(&self.latency));
        for (status, n) in &self.answers {
            println!("{status}: {n}");
        }
        if self.unanswered > 0 {
            println!("no answer: {}", self.unanswered);
        }
        if let Some(live) = live {
            println!("post to socket, ms: {}", line(live));
        }
    }
}

fn ms(histogram: &Histogram<u64>, q: f64) -> f64 {
    histogram.value_at_quantile(q) as f64 / 1_000.0
}

fn percentiles(h: &Histogram<u64>) -> Value {
    json!({"p50": ms(h, 0.5), "p95": ms(h, 0.95), "p99": ms(h, 0.99), "max": h.max() as f64 / 1_000.0, "n": h.len()})
}

fn line(h: &Histogram<u64>) -> String {
    format!("p50 {:.1}, p95 {:.1}, p99 {:.1}, most {:.1}", ms(h, 0.5), ms(h, 0.95), ms(h, 0.99), h.max() as f64 / 1_000.0)
}

/// Listens on the live socket, and notes when how many interactions had been shown.
#[derive(Debug)]
pub struct LiveWatch {
    task: JoinHandle<Vec<(Instant, i64)>>,
    done: tokio_util::sync::CancellationToken,
}

impl LiveWatch {
    /// Connects, and waits for the first message.
    ///
    /// # Errors
    /// When the socket does not open.
    pub async fn start(url: &str, api_key: &str) -> anyhow::Result<Self> {
        let address = format!("{}/agent-usage/live", url.replacen("http", "ws", 1));
        let mut request = address.as_str().into_client_request()?;
        request.headers_mut().insert("authorization", format!("Bearer {api_key}").parse().context("the API key")?);
        let (mut socket, _) =
            tokio_tungstenite::connect_async(request).await.with_context(|| format!("{address} does not open"))?;
        socket.next().await.context("the socket closed at once")??;
        let done = tokio_util::sync::CancellationToken::new();
        let stop = done.clone();
        let task = tokio::spawn(async move {
            let (mut seen, mut total) = (Vec::new(), 0);
            loop {
                let message = tokio::select! {
                    () = stop.cancelled() => return seen,
                    message = socket.next() => message,
                };
                let Some(Ok(message)) = message else { return seen };
                let Message::Text(text) = message else { continue };
                if let Ok(LiveFrame::Usage { usage, .. } | LiveFrame::Alert { usage, .. }) = serde_json::from_str(&text) {
                    total += usage.cells.iter().map(|c| c.interactions).sum::<i64>();
                    seen.push((Instant::now(), total));
                }
            }
        });
        Ok(Self { task, done })
    }

    /// Waits a moment for the last messages, and gives the times from post to message. Events are shown in about the order in
    /// which they were posted, so the n-th that was posted is taken as the n-th that was shown.
    ///
    /// # Errors
    /// When listening failed.
    pub async fn finish(self, posted: Vec<Instant>) -> anyhow::Result<Histogram<u64>> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.done.cancel();
        let seen = self.task.await.context("listening failed")?;
        let mut histogram = microseconds();
        let mut frames = seen.into_iter().peekable();
        for (n, at) in posted.into_iter().enumerate() {
            while frames.next_if(|(_, total)| *total <= n as i64).is_some() {}
            let Some((shown, _)) = frames.peek() else { break };
            histogram.saturating_record(u64::try_from(shown.saturating_duration_since(at).as_micros()).unwrap_or(u64::MAX).max(1));
        }
        Ok(histogram)
    }
}
