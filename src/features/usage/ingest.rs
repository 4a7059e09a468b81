//! Group commit: requests that come at about the same time share a transaction, and each is answered after it.
//!
//! A bounded queue stands in front of a few writers. Each user belongs to one of them, so that writers never wait for each other's
//! rows; while one waits for the disk, another works. A writer takes what is there (waiting at most a moment for company), writes
//! it in one transaction, and answers; while it writes, the next group gathers. A full queue refuses at once.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use futures_util::future::join_all;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::{group::KeyedEvent, store::quarantine::Refused, writer::Writer};
use crate::{
    domain::AppError,
    platform::{ctx::App, db},
};

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Stored, with these bits of [`crate::domain::usage::flags`].
    Stored {
        /// The id it was stored under.
        id: uuid::Uuid,
        /// What is remarkable about it.
        flags: i16,
    },
    /// Stored before, under this id.
    Duplicate {
        /// The id it was stored under then.
        id: uuid::Uuid,
    },
    /// Another event was stored under the same key.
    Conflict,
    /// The user was erased: nothing of the event is kept.
    Erased {
        /// An id of nothing.
        id: uuid::Uuid,
    },
}

/// Where accepted events go. The seam at which a log broker may one day stand before the database.
pub trait EventSink: Send + Sync {
    /// Makes the events durable, and the refused items known; answers after the commit, an outcome for each event, in order.
    fn accept(&self, events: Vec<KeyedEvent>, refused: Vec<Refused>)
    -> impl Future<Output = Result<Vec<Outcome>, AppError>> + Send;
}

/// A request in a writer's queue, or the part of one that is this writer's.
pub(super) struct Job {
    pub events: Vec<KeyedEvent>,
    pub refused: Vec<Refused>,
    pub answer: oneshot::Sender<Result<Vec<Outcome>, AppError>>,
    /// Its room in the queue, given back when it has been answered.
    pub _room: OwnedSemaphorePermit,
}

/// The queue before the writers.
#[derive(Clone, Debug)]
pub struct Ingest {
    writers: Arc<[mpsc::UnboundedSender<Job>]>,
    room: Arc<Semaphore>,
    capacity: u32,
    moved: Arc<Notify>,
}

impl Ingest {
    /// Starts the writers of this process.
    pub fn start(app: &App) -> Self {
        let capacity = app.settings.ingest_queue;
        let moved = Arc::new(Notify::new());
        let writers = (0..app.settings.ingest_writers.max(1)).map(|_| {
            let (jobs, inbox) = mpsc::unbounded_channel();
            tokio::spawn(Writer::new(app.clone(), Arc::clone(&moved)).run(inbox));
            jobs
        });
        // The semaphore, not the channels, bounds the queue: it counts events, and requests differ in how many they bring.
        Self { writers: writers.collect(), room: Arc::new(Semaphore::new(capacity as usize)), capacity, moved }
    }

    /// Events that wait for their commit.
    pub fn waiting(&self) -> usize {
        (self.capacity as usize).saturating_sub(self.room.available_permits())
    }

    /// Told after each commit of a group, for whoever looks at what moved.
    pub fn moved(&self) -> Arc<Notify> {
        Arc::clone(&self.moved)
    }

    /// The place of the writer that a user belongs to.
    fn writer_of(&self, user_id: &str) -> usize {
        let mut hasher = DefaultHasher::new();
        user_id.hash(&mut hasher);
        usize::try_from(hasher.finish() % self.writers.len() as u64).unwrap_or(0)
    }
}

/// What one writer has to do with a request.
#[derive(Default)]
struct Share {
    /// Where the events stand in the request.
    places: Vec<usize>,
    events: Vec<KeyedEvent>,
    refused: Vec<Refused>,
}

impl EventSink for Ingest {
    /// A request whose users belong to several writers is stored in as many transactions: should one of them fail, the whole
    /// request is answered with its error, and when it is sent again, what was stored is answered as a duplicate.
    async fn accept(&self, events: Vec<KeyedEvent>, refused: Vec<Refused>) -> Result<Vec<Outcome>, AppError> {
        let unavailable = AppError::Unavailable { retry_after_s: db::RETRY_AFTER_S };
        let count = events.len();
        let size = u32::try_from(count + refused.len()).unwrap_or(u32::MAX).max(1);
        let Ok(mut room) = Arc::clone(&self.room).try_acquire_many_owned(size) else {
            return Err(AppError::Unavailable { retry_after_s: 1 });
        };
        metrics::gauge!("nexus_ingest_queue_events").set(self.waiting() as f64);
        let mut shares: Vec<Share> = self.writers.iter().map(|_| Share::default()).collect();
        // Of a key that comes more than once, with whatever users, the first is to be written first: so by one writer.
        let mut writer_of_key = HashMap::with_capacity(if count > 1 { count } else { 0 });
        for (place, event) in events.into_iter().enumerate() {
            let writer = match count {
                1 => self.writer_of(&event.event.user_id),
                _ => *writer_of_key.entry(event.key).or_insert_with(|| self.writer_of(&event.event.user_id)),
            };
            if let Some(share) = shares.get_mut(writer) {
                share.places.push(place);
                share.events.push(event);
            }
        }
        if !refused.is_empty() {
            let one = shares.iter().position(|s| !s.events.is_empty()).unwrap_or(0);
            if let Some(share) = shares.get_mut(one) {
                share.refused = refused;
            }
        }
        let mut answers = Vec::with_capacity(1);
        for (share, writer) in shares.into_iter().zip(self.writers.iter()) {
            let Share { places, events, refused } = share;
            if events.is_empty() && refused.is_empty() {
                continue;
            }
            let room = room.split(events.len() + refused.len()).ok_or_else(|| unavailable.clone())?;
            let (answer, answered) = oneshot::channel();
            writer.send(Job { events, refused, answer, _room: room }).map_err(|_| unavailable.clone())?;
            answers.push(async move { (places, answered.await) });
        }
        let mut outcomes = vec![Outcome::Conflict; count];
        for (places, answer) in join_all(answers).await {
            for (place, outcome) in places.into_iter().zip(answer.unwrap_or_else(|_| Err(unavailable.clone()))?) {
                if let Some(slot) = outcomes.get_mut(place) {
                    *slot = outcome;
                }
            }
        }
        Ok(outcomes)
    }
}
