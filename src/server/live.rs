//! `GET /agent-usage/live`: the live socket.
//!
//! Each socket is one task. It gathers usage and sends it at most four times a second; an alert goes at once, with the usage that was
//! waiting, so that the position it carries leaves nothing behind. What waits is merged, never queued: a slow reader costs one
//! delta, and one that does not read at all is dropped.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{
        Query, State, WebSocketUpgrade,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket},
    },
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use futures_util::{SinkExt, StreamExt, stream::SplitSink};
use serde::Deserialize;
use tokio::{sync::broadcast::error::RecvError, time::Instant};

use super::{ServerState, doors::OpenBy, problem::Problem};
use crate::{
    domain::{
        AppResult,
        live::{LiveFrame, LiveSnapshot, SESSION_OVER},
        time::Period,
        usage::{UsageDelta, UsageFilter},
    },
    features::{alerts::usecase as alerts, usage::usecase as usage},
    platform::{
        ctx::Ctx,
        db::to_app,
        hub::{self, LiveBody, LiveMessage, Since},
    },
};

/// At least this long from one `usage` message to the next.
const USAGE_PACE: Duration = Duration::from_millis(250);
/// With nothing else to say, a sign of life this often.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A client that takes longer than this to read a message is dropped.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest message that a client may send; clients have nothing to say.
const MAX_INCOMING: usize = 4 * 1024;

/// The query of a connection.
#[derive(Debug, Deserialize)]
pub struct ConnectQuery {
    since: Option<String>,
}

/// Opens a socket. `?since=N` goes on after position N.
pub async fn connect(
    State(state): State<ServerState>,
    Extension(ctx): Extension<Ctx>,
    Query(query): Query<ConnectQuery>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !same_origin(&headers, &state.app.settings.base_url) {
        return Problem::new(403, "The socket is for the product's own pages").into();
    }
    let since = match query.since.map(|s| s.parse::<i64>()) {
        None => None,
        Some(Ok(since)) => Some(since),
        Some(Err(_)) => return Problem::new(422, "`since` must be a whole number").into(),
    };
    upgrade.max_message_size(MAX_INCOMING).on_upgrade(move |socket| run(socket, state, ctx, since)).into_response()
}

/// A browser says where the page that opens a socket comes from. Another site's page must not listen in; programs say nothing.
fn same_origin(headers: &HeaderMap, base_url: &str) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
    origin == base_url || origin.split_once("://").is_some_and(|(_, o)| Some(o) == host)
}

async fn run(socket: WebSocket, state: ServerState, ctx: Ctx, since: Option<i64>) {
    metrics::gauge!("nexus_live_sockets").increment(1.0);
    let (sink, mut incoming) = socket.split();
    let mut line =
        Line { sink, state, ctx, seq: 0, pending: UsageDelta::default(), pending_seq: 0, flushed: Instant::now() - USAGE_PACE };
    let stop = line.state.app.stop.clone();
    let session = OpenBy::of(&line.ctx.actor).map(|by| line.state.lines.watch(by));
    let mut over = false;
    let dropped = tokio::select! {
        result = line.speak(since) => result.is_err(),
        // Clients have nothing to say; reading sees to pings and to the end.
        () = async { while let Some(Ok(message)) = incoming.next().await { if matches!(message, Message::Close(_)) { break; } } } => false,
        () = stop.cancelled() => false,
        () = async { match &session { Some(session) => session.over.cancelled().await, None => std::future::pending().await } } => {
            over = true;
            false
        }
    };
    if dropped {
        metrics::counter!("nexus_live_dropped_total").increment(1);
    }
    let bye = if over {
        CloseFrame { code: SESSION_OVER, reason: Utf8Bytes::from_static("the session is over") }
    } else {
        CloseFrame { code: 1001, reason: Utf8Bytes::from_static("going away") }
    };
    let _ = tokio::time::timeout(Duration::from_secs(1), line.sink.send(Message::Close(Some(bye)))).await;
    metrics::gauge!("nexus_live_sockets").decrement(1.0);
}

/// The client is gone, or does not read.
struct Gone;

struct Line {
    sink: SplitSink<WebSocket, Message>,
    state: ServerState,
    ctx: Ctx,
    /// The position up to which everything has been sent or waits in `pending`.
    seq: i64,
    pending: UsageDelta,
    pending_seq: i64,
    flushed: Instant,
}

impl Line {
    async fn speak(&mut self, since: Option<i64>) -> Result<(), Gone> {
        let hub = Arc::clone(&self.state.app.hub);
        let mut news = hub.subscribe();
        match since {
            Some(since) => self.go_on(since).await?,
            None => self.introduce().await?,
        }
        let mut heartbeat = Instant::now() + HEARTBEAT;
        loop {
            let due = self.flushed + USAGE_PACE;
            tokio::select! {
                message = news.recv() => match message {
                    Ok(message) => self.take(&message).await?,
                    Err(RecvError::Lagged(_)) => { let seq = self.seq; self.catch_up(seq).await?; }
                    Err(RecvError::Closed) => return Ok(()),
                },
                () = tokio::time::sleep_until(due), if !self.pending.is_empty() => self.flush().await?,
                () = tokio::time::sleep_until(heartbeat) => {
                    if self.pending.is_empty() {
                        let frame = LiveFrame::Heartbeat { seq: self.seq, at: self.now() };
                        self.send(&frame).await?;
                    }
                    heartbeat = Instant::now() + HEARTBEAT;
                }
            }
        }
    }

    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.state.app.clock.now()
    }

    /// The state as it is now, to a client that comes for the first time.
    async fn introduce(&mut self) -> Result<(), Gone> {
        let Ok((seq, data)) = snapshot(&self.ctx).await else {
            // Without the database there is no state to tell; the client comes back.
            return Err(Gone);
        };
        self.seq = seq;
        let frame = LiveFrame::Snapshot { seq, at: self.now(), data: Box::new(data) };
        self.send(&frame).await
    }

    /// What came after a position; or that it is lost.
    async fn go_on(&mut self, since: i64) -> Result<(), Gone> {
        self.seq = since;
        if since > self.state.app.hub.last() {
            // A page may have read the database before this process has heard of the same commit; then nothing is missing.
            let mut tx = self.ctx.begin().await.map_err(|_| Gone)?;
            if since <= hub::position(&mut tx).await.map_err(|_| Gone)? {
                return Ok(());
            }
        }
        self.catch_up(since).await
    }

    async fn catch_up(&mut self, since: i64) -> Result<(), Gone> {
        match self.state.app.hub.since(since) {
            Since::Messages(messages) => {
                for message in messages {
                    self.take(&message).await?;
                }
                Ok(())
            }
            Since::Lost => {
                self.pending = UsageDelta::default();
                self.seq = self.state.app.hub.last();
                let frame = LiveFrame::Resync { seq: self.seq, at: self.now() };
                self.send(&frame).await
            }
        }
    }

    /// Takes in a message of the hub: usage waits for its turn, an alert does not.
    async fn take(&mut self, message: &LiveMessage) -> Result<(), Gone> {
        if message.seq <= self.seq {
            return Ok(());
        }
        if message.seq != self.seq + 1 {
            // The hub itself has a hole (it lost the database for long): what lies in it cannot be told.
            let frame = LiveFrame::Resync { seq: message.seq, at: self.now() };
            self.pending = UsageDelta::default();
            self.seq = message.seq;
            return self.send(&frame).await;
        }
        self.seq = message.seq;
        match &message.body {
            LiveBody::Usage(delta) => {
                self.pending.merge(delta.clone());
                self.pending_seq = message.seq;
                if self.flushed.elapsed() >= USAGE_PACE {
                    self.flush().await?;
                }
                Ok(())
            }
            LiveBody::Reload => {
                self.pending = UsageDelta::default();
                let frame = LiveFrame::Resync { seq: message.seq, at: self.now() };
                self.send(&frame).await
            }
            LiveBody::Alert(alert) => {
                let usage = std::mem::take(&mut self.pending);
                let frame = LiveFrame::Alert { seq: message.seq, at: self.now(), alert: alert.clone(), usage };
                self.send(&frame).await
            }
        }
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        let frame = LiveFrame::Usage { seq: self.pending_seq, at: self.now(), usage: std::mem::take(&mut self.pending) };
        self.flushed = Instant::now();
        self.send(&frame).await
    }

    async fn send(&mut self, frame: &LiveFrame) -> Result<(), Gone> {
        let json = serde_json::to_string(frame).map_err(|_| Gone)?;
        match tokio::time::timeout(SEND_TIMEOUT, self.sink.send(Message::Text(json.into()))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }
}

/// The state of one instant, with its position.
async fn snapshot(ctx: &Ctx) -> AppResult<(i64, LiveSnapshot)> {
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let seq = hub::position(&mut tx).await.map_err(to_app)?;
    let data = LiveSnapshot {
        today: usage::totals(ctx, &mut tx, Period::Today).await?,
        week: usage::totals(ctx, &mut tx, Period::Days7).await?,
        month: usage::totals(ctx, &mut tx, Period::Month).await?,
        alerts: alerts::open(ctx, &mut tx, None).await?,
        recent: usage::recent(ctx, &mut tx, &UsageFilter::default()).await?,
    };
    Ok((seq, data))
}
