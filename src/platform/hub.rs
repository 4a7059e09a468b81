//! The live hub: what was committed, in its order, fanned out to the sockets of this process.
//!
//! [`publish`] takes the stream's clock last in a transaction and holds it to the commit, so positions have no gaps and become
//! visible in their order, whatever process they come from. One listener a process hears of them by NOTIFY, reads the rows, keeps
//! the latest in memory for clients that come back, and hands them on. A client that is too far behind is told so; nothing is
//! buffered for it.

use std::{
    collections::VecDeque,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, postgres::PgListener};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::domain::{alert::Alert, usage::UsageDelta};

/// The channel that commits are announced on.
const CHANNEL: &str = "nexus_live";
/// How many messages a process keeps for clients that come back: four minutes of a busy stream.
const KEPT: usize = 1_000;
/// How much they may hold together, in cells, users and events of some 200 bytes each.
const KEPT_PARTS: usize = 50_000;
/// How many messages a socket may lag behind before it must catch up from the kept ones.
const FAN_OUT: usize = 1_024;
/// Without any announcement, the stream is looked at this often.
const LOOK: Duration = Duration::from_secs(5);

/// One message of the stream.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveMessage {
    /// Its position.
    pub seq: i64,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// What it says.
    pub body: LiveBody,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq)]
pub enum LiveBody {
    /// Usage was metered.
    Usage(UsageDelta),
    /// An alert was raised or resolved.
    Alert(Box<Alert>),
    /// More changed at once than is worth telling: load again.
    Reload,
}

impl LiveMessage {
    fn parts(&self) -> usize {
        match &self.body {
            LiveBody::Usage(delta) => 1 + delta.cells.len() + delta.users.len() + delta.recent.len(),
            LiveBody::Alert(_) | LiveBody::Reload => 1,
        }
    }
}

/// The messages that a process keeps.
#[derive(Debug, Default)]
struct Kept {
    messages: VecDeque<Arc<LiveMessage>>,
    parts: usize,
}

impl Kept {
    fn clear(&mut self) {
        *self = Self::default();
    }

    fn push(&mut self, message: Arc<LiveMessage>) {
        // Whoever was told to load again has no use for what came before; what it names may have been erased.
        if message.body == LiveBody::Reload || self.messages.back().is_some_and(|newest| newest.seq + 1 != message.seq) {
            self.clear();
        }
        self.parts += message.parts();
        self.messages.push_back(message);
        while self.messages.len() > KEPT || self.parts > KEPT_PARTS {
            let Some(oldest) = self.messages.pop_front() else { return };
            self.parts -= oldest.parts();
        }
    }
}

/// What came after a position.
#[derive(Clone, Debug, PartialEq)]
pub enum Since {
    /// All of it, in order; empty when nothing came.
    Messages(Vec<Arc<LiveMessage>>),
    /// It lies too far back, or in a stream that is no more.
    Lost,
}

/// The hub of one process.
#[derive(Debug)]
pub struct Hub {
    kept: RwLock<Kept>,
    /// The position up to which this process has heard; -1 before it has looked at all.
    last: AtomicI64,
    sender: broadcast::Sender<Arc<LiveMessage>>,
}

impl Default for Hub {
    fn default() -> Self {
        Self { kept: RwLock::default(), last: AtomicI64::new(-1), sender: broadcast::channel(FAN_OUT).0 }
    }
}

impl Hub {
    /// Hears of messages from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<LiveMessage>> {
        self.sender.subscribe()
    }

    /// The position up to which this process has heard.
    pub fn last(&self) -> i64 {
        self.last.load(Ordering::Acquire)
    }

    /// What came after a position, up to what this process has heard.
    pub fn since(&self, position: i64) -> Since {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let last = self.last();
        if position == last {
            return Since::Messages(Vec::new());
        }
        // The position is whatever a client sent.
        if position < 0 || position > last || kept.messages.front().is_none_or(|first| first.seq > position + 1) {
            return Since::Lost;
        }
        Since::Messages(kept.messages.iter().filter(|m| m.seq > position).cloned().collect())
    }

    fn hear(&self, message: LiveMessage) {
        let message = Arc::new(message);
        {
            let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
            kept.push(Arc::clone(&message));
            self.last.store(message.seq, Ordering::Release);
        }
        // No receiver is no fault: nobody watches.
        let _ = self.sender.send(message);
    }

    /// Listens until told to stop; comes back by itself when the database was away.
    pub async fn run(self: Arc<Self>, db: PgPool, stop: CancellationToken) {
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => return,
                result = self.listen(&db) => if let Err(error) = result {
                    tracing::warn!(%error, "the live stream lost the database; trying again");
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(Duration::from_millis(300)) => {}
            }
        }
    }

    async fn listen(&self, db: &PgPool) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect_with(db).await?;
        listener.listen(CHANNEL).await?;
        loop {
            self.catch_up(db).await?;
            match tokio::time::timeout(LOOK, listener.try_recv()).await {
                Ok(Ok(Some(_))) => while listener.next_buffered().is_some() {},
                Ok(Ok(None)) | Err(_) => {}
                Ok(Err(error)) => return Err(error),
            }
        }
    }

    /// Reads what has been written since the last look.
    async fn catch_up(&self, db: &PgPool) -> Result<(), sqlx::Error> {
        let mut from = self.last();
        let mut tx = db.begin_with("BEGIN; SET LOCAL nexus.role = 'system'").await?;
        let clock = position(&mut tx).await?;
        if from < 0 || clock < from {
            // A new process, or a new stream: what lies before is for those who load a page.
            self.kept.write().unwrap_or_else(PoisonError::into_inner).clear();
            from = (clock - i64::try_from(KEPT).unwrap_or(0)).max(0);
            if clock == 0 {
                self.last.store(0, Ordering::Release);
            }
        }
        while from < clock {
            let rows = sqlx::query!("SELECT seq, at, kind, body FROM live_messages WHERE seq > $1 ORDER BY seq LIMIT 200", from)
                .fetch_all(&mut *tx)
                .await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                from = row.seq;
                let body = match row.kind.as_str() {
                    "alert" => serde_json::from_str(&row.body).map(LiveBody::Alert),
                    "reload" => Ok(LiveBody::Reload),
                    _ => serde_json::from_str(&row.body).map(LiveBody::Usage),
                };
                match body {
                    Ok(body) => self.hear(LiveMessage { seq: row.seq, at: row.at, body }),
                    Err(error) => tracing::error!(%error, seq = row.seq, "a live message cannot be read"),
                }
            }
        }
        if self.last() < clock {
            // The messages themselves are gone (trimmed, or lost in a crash); the position is not.
            self.kept.write().unwrap_or_else(PoisonError::into_inner).clear();
            self.last.store(clock, Ordering::Release);
        }
        metrics::gauge!("nexus_live_seq").set(self.last() as f64);
        Ok(())
    }
}

/// Writes a message as the last act of a transaction; it is heard when the transaction commits. Gives its position.
///
/// # Errors
/// When the database is away.
pub async fn publish(tx: &mut PgConnection, body: &LiveBody) -> Result<i64, sqlx::Error> {
    let (kind, json) = encode(body)?;
    sqlx::query_scalar!(
        r#"WITH clock AS (UPDATE live_clock SET seq = seq + 1 RETURNING seq),
                message AS (INSERT INTO live_messages (seq, kind, body) SELECT seq, $1, $2 FROM clock RETURNING seq)
           SELECT seq AS "seq!" FROM message, LATERAL pg_notify('nexus_live', seq::text)"#,
        kind,
        json
    )
    .fetch_one(tx)
    .await
}

/// Writes several messages as the last act of a transaction, at one look at the clock.
///
/// # Errors
/// When the database is away.
pub async fn publish_all(tx: &mut PgConnection, bodies: &[LiveBody]) -> Result<(), sqlx::Error> {
    if bodies.is_empty() {
        return Ok(());
    }
    let mut kinds = Vec::with_capacity(bodies.len());
    let mut jsons = Vec::with_capacity(bodies.len());
    for body in bodies {
        let (kind, json) = encode(body)?;
        kinds.push(kind.to_owned());
        jsons.push(json);
    }
    sqlx::query!(
        r#"WITH clock AS (UPDATE live_clock SET seq = seq + cardinality($1::text[]) RETURNING seq),
                message AS (
                    INSERT INTO live_messages (seq, kind, body)
                    SELECT clock.seq - cardinality($1::text[]) + t.n, t.kind, t.body
                    FROM clock, unnest($1::text[], $2::text[]) WITH ORDINALITY AS t (kind, body, n))
           SELECT pg_notify('nexus_live', seq::text) FROM clock"#,
        &kinds,
        &jsons
    )
    .execute(tx)
    .await?;
    Ok(())
}

fn encode(body: &LiveBody) -> Result<(&'static str, String), sqlx::Error> {
    let (kind, json) = match body {
        LiveBody::Usage(delta) => ("usage", serde_json::to_string(delta)),
        LiveBody::Alert(alert) => ("alert", serde_json::to_string(alert)),
        LiveBody::Reload => ("reload", Ok(String::new())),
    };
    Ok((kind, json.map_err(|e| sqlx::Error::Encode(Box::new(e)))?))
}

/// The position of the stream, as a transaction sees it.
///
/// # Errors
/// When the database is away.
pub async fn position(db: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("SELECT seq FROM live_clock").fetch_one(db).await
}

/// Puts "load again" in the place of the messages that name a user; whoever calls is to publish a [`LiveBody::Reload`] too, by which
/// each process forgets what it keeps.
///
/// # Errors
/// When the database is away.
pub async fn forget(tx: &mut PgConnection, user_id: &str) -> Result<(), sqlx::Error> {
    let name = serde_json::to_string(user_id).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
    sqlx::query!("UPDATE live_messages SET kind = 'reload', body = '' WHERE strpos(body, $1) > 0", name).execute(tx).await?;
    Ok(())
}

/// Forgets messages of more than a quarter of an hour ago; clients that come back later load anew.
///
/// # Errors
/// When the database is away.
pub async fn trim(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM live_messages WHERE at < clock_timestamp() - interval '15 minutes'").execute(db).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{tier::Tier, usage::Cell};

    fn message(seq: i64, cells: usize) -> Arc<LiveMessage> {
        let cell = Cell {
            hour: 0,
            tier: Tier::Pro,
            agent: "NEXUS".into(),
            interactions: 1,
            tokens: 1,
            response: crate::domain::histogram::Histogram::default(),
        };
        let delta = UsageDelta { cells: vec![cell; cells], ..UsageDelta::default() };
        Arc::new(LiveMessage { seq, at: DateTime::UNIX_EPOCH, body: LiveBody::Usage(delta) })
    }

    #[test]
    fn what_is_kept_is_bounded_by_number_and_by_weight() {
        let mut kept = Kept::default();
        for seq in 1..=2_000 {
            kept.push(message(seq, 0));
        }
        assert_eq!((kept.messages.len(), kept.messages[0].seq), (KEPT, 1_001));
        for seq in 2_001..=2_200 {
            kept.push(message(seq, 999));
        }
        assert_eq!((kept.messages.len(), kept.parts), (50, 50_000));
        kept.push(message(3_000, 0));
        assert_eq!(kept.messages.len(), 1, "a hole: what came before is of no use to anybody");
    }
}
