//! Group commit: requests that come at about the same time share a transaction, and each is answered after it.
//!
//! A bounded queue stands in front of one writer. The writer takes what is there (waiting at most a moment for company), writes it
//! in one transaction, and answers; while it writes, the next group gathers. A full queue refuses at once.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{Datelike, Days, NaiveDate};
use sqlx::PgConnection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::{
    group::{Gains, KeyedEvent},
    store::{self, MonthRow, Refused},
};
use crate::{
    domain::{
        AppError,
        tier::{Tier, TierLimits},
        usage::{RecentEvent, UsageDelta, UserMove, delta, limits, share_bp},
    },
    platform::{
        ctx::App,
        db,
        hub::{self, LiveBody},
    },
};

/// How long the writer goes on with tier limits that it has read before.
const LIMITS_FRESH: Duration = Duration::from_millis(500);
/// Only users that have used this share of a limit travel with the live message, in basis points.
const SHOWN_FROM_BP: i64 = 5_000;

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
}

/// Where accepted events go. The seam at which a log broker may one day stand before the database.
pub trait EventSink: Send + Sync {
    /// Makes the events durable, and the refused items known; answers after the commit, an outcome for each event, in order.
    fn accept(&self, events: Vec<KeyedEvent>, refused: Vec<Refused>)
    -> impl Future<Output = Result<Vec<Outcome>, AppError>> + Send;
}

/// A request in the queue.
struct Job {
    events: Vec<KeyedEvent>,
    refused: Vec<Refused>,
    answer: oneshot::Sender<Result<Vec<Outcome>, AppError>>,
    /// Its room in the queue, given back when it has been answered.
    _room: OwnedSemaphorePermit,
}

/// The queue before the writer.
#[derive(Clone, Debug)]
pub struct Ingest {
    jobs: mpsc::UnboundedSender<Job>,
    room: Arc<Semaphore>,
    capacity: u32,
}

impl Ingest {
    /// Starts the writer of this process.
    pub fn start(app: &App) -> Self {
        let (jobs, inbox) = mpsc::unbounded_channel();
        let capacity = app.settings.ingest_queue;
        // The semaphore, not the channel, bounds the queue: it counts events, and requests differ in how many they bring.
        let room = Arc::new(Semaphore::new(capacity as usize));
        let writer = Writer { app: app.clone(), limits: HashMap::new(), limits_read: None, weeks: HashSet::new() };
        tokio::spawn(writer.run(inbox));
        Self { jobs, room, capacity }
    }

    /// Events that wait for their commit.
    pub fn waiting(&self) -> usize {
        (self.capacity as usize).saturating_sub(self.room.available_permits())
    }
}

impl EventSink for Ingest {
    async fn accept(&self, events: Vec<KeyedEvent>, refused: Vec<Refused>) -> Result<Vec<Outcome>, AppError> {
        let unavailable = AppError::Unavailable { retry_after_s: db::RETRY_AFTER_S };
        let size = u32::try_from(events.len() + refused.len()).unwrap_or(u32::MAX).max(1);
        let Ok(room) = Arc::clone(&self.room).try_acquire_many_owned(size) else {
            return Err(AppError::Unavailable { retry_after_s: 1 });
        };
        metrics::gauge!("nexus_ingest_queue_events").set(self.waiting() as f64);
        let (answer, answered) = oneshot::channel();
        if self.jobs.send(Job { events, refused, answer, _room: room }).is_err() {
            return Err(unavailable);
        }
        answered.await.unwrap_or(Err(unavailable))
    }
}

/// What was written for a group.
type Written = HashMap<uuid::Uuid, Outcome>;

struct Writer {
    app: App,
    limits: HashMap<Tier, TierLimits>,
    limits_read: Option<Instant>,
    /// The weeks whose partitions are known to be there, by their Monday.
    weeks: HashSet<NaiveDate>,
}

impl Writer {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Job>) {
        let most = self.app.settings.ingest_group;
        while let Some(first) = inbox.recv().await {
            let mut group = vec![first];
            let mut size = group.iter().map(|j| j.events.len()).sum::<usize>();
            let deadline = tokio::time::Instant::now() + self.app.settings.ingest_linger;
            while size < most {
                let next = match inbox.try_recv() {
                    Ok(job) => Some(job),
                    Err(mpsc::error::TryRecvError::Disconnected) => None,
                    Err(mpsc::error::TryRecvError::Empty) => tokio::time::timeout_at(deadline, inbox.recv()).await.ok().flatten(),
                };
                let Some(job) = next else { break };
                size += job.events.len();
                group.push(job);
            }
            self.write_group(group, size).await;
        }
    }

    async fn write_group(&mut self, group: Vec<Job>, size: usize) {
        let started = Instant::now();
        let result = self.write(&group).await;
        metrics::histogram!("nexus_ingest_commit_seconds").record(started.elapsed().as_secs_f64());
        metrics::histogram!("nexus_ingest_group_size").record(size as f64);
        match result {
            Ok(written) => group.into_iter().for_each(|job| reply(job, &written)),
            // One item that the database will not take must not take the others with it.
            Err(error) if group.len() > 1 && !db::is_away(&error) => {
                for job in group {
                    match self.write(std::slice::from_ref(&job)).await {
                        Ok(written) => reply(job, &written),
                        Err(error) => fail(job, &db::app_error(&error)),
                    }
                }
            }
            Err(error) => {
                let error = db::app_error(&error);
                for job in group {
                    fail(job, &error);
                }
            }
        }
    }

    /// Writes a group in one transaction.
    async fn write(&mut self, group: &[Job]) -> Result<Written, sqlx::Error> {
        let mut first_of: HashMap<uuid::Uuid, &KeyedEvent> = HashMap::new();
        for event in group.iter().flat_map(|j| &j.events) {
            first_of.entry(event.key).or_insert(event);
        }
        let mut candidates: Vec<_> = first_of.values().copied().collect();
        candidates.sort_unstable_by_key(|e| e.key);
        self.prepare(&candidates).await?;

        let mut tx = self.app.db.begin().await?;
        let holders = if candidates.is_empty() { HashMap::new() } else { store::claim_keys(&mut tx, &candidates).await? };
        let mut written: Written = holders
            .iter()
            .filter_map(|(key, holder)| {
                let ours = first_of.get(key)?;
                Some((
                    ours.id,
                    if holder.content == ours.content { Outcome::Duplicate { id: holder.id } } else { Outcome::Conflict },
                ))
            })
            .collect();
        let refused: Vec<_> = group.iter().flat_map(|j| &j.refused).cloned().collect();
        if !refused.is_empty() {
            store::upsert_quarantine(&mut tx, &refused, self.app.clock.now()).await?;
        }
        candidates.retain(|e| !holders.contains_key(&e.key));
        candidates.sort_by_key(|e| e.event.timestamp);
        if !candidates.is_empty() {
            for (event, flags) in self.store_new(&mut tx, &candidates).await? {
                written.insert(event.id, Outcome::Stored { id: event.id, flags });
            }
        }
        tx.commit().await?;

        // Repetitions inside the group follow the first of their key.
        for event in group.iter().flat_map(|j| &j.events) {
            if written.contains_key(&event.id) {
                continue;
            }
            let Some(first) = first_of.get(&event.key) else { continue };
            let outcome = match written.get(&first.id) {
                _ if first.content != event.content => match holders.get(&event.key) {
                    Some(holder) if holder.content == event.content => Outcome::Duplicate { id: holder.id },
                    _ => Outcome::Conflict,
                },
                Some(Outcome::Stored { id, .. } | Outcome::Duplicate { id }) => Outcome::Duplicate { id: *id },
                _ => Outcome::Conflict,
            };
            written.insert(event.id, outcome);
        }
        Ok(written)
    }

    /// Sees to it that partitions and tier limits are at hand.
    async fn prepare(&mut self, events: &[&KeyedEvent]) -> Result<(), sqlx::Error> {
        let weeks: HashSet<NaiveDate> = events
            .iter()
            .map(|e| e.event.timestamp.date_naive())
            .map(|d| d - Days::new(u64::from(d.weekday().num_days_from_monday())))
            .filter(|w| !self.weeks.contains(w))
            .collect();
        let stale = self.limits_read.is_none_or(|at| at.elapsed() > LIMITS_FRESH);
        if weeks.is_empty() && !stale {
            return Ok(());
        }
        let mut connection = self.app.db.acquire().await?;
        for week in weeks {
            store::ensure_partitions(&mut connection, week, week).await?;
            self.weeks.insert(week);
        }
        if stale {
            let limits = store::list_tier_limits(&mut connection).await?;
            self.limits = limits.into_iter().map(|l| (l.tier, l)).collect();
            self.limits_read = Some(Instant::now());
        }
        Ok(())
    }

    /// Stores events that are new, with all that they add up to.
    async fn store_new<'e>(
        &self,
        tx: &mut PgConnection,
        events: &[&'e KeyedEvent],
    ) -> Result<Vec<(&'e KeyedEvent, i16)>, sqlx::Error> {
        let mut gains = Gains::default();
        for event in events {
            gains.add(&event.event);
        }
        store::add_daily(tx, &gains).await?;
        let months = store::add_monthly(tx, &gains).await?;
        let flagged = self.flag(tx, events, &gains, &months).await?;
        store::insert_events(tx, &flagged, self.app.clock.now()).await?;

        let mut active: std::collections::BTreeMap<NaiveDate, i64> = std::collections::BTreeMap::new();
        let mut newly_active = Vec::new();
        for row in months.iter().filter(|r| r.new_days != 0) {
            let days: Vec<_> = (0..31_u64).filter(|d| row.new_days >> d & 1 == 1).map(|d| row.month + Days::new(d)).collect();
            if let Some(first) = days.first() {
                newly_active.push((row, *first));
            }
            for day in days {
                *active.entry(day).or_default() += 1;
            }
        }
        if !newly_active.is_empty() {
            store::upsert_users(tx, &newly_active).await?;
        }
        store::add_totals(tx, &gains, &active.into_iter().collect::<Vec<_>>()).await?;
        let moved: HashSet<_> = months.iter().map(|r| r.user_id.clone()).collect();
        store::insert_moves(tx, &moved.into_iter().collect::<Vec<_>>()).await?;
        hub::publish(tx, &LiveBody::Usage(self.delta(&gains, &months, &flagged))).await?;
        Ok(flagged)
    }

    /// Works out each event's flags from where its user stands after the group, counting back.
    async fn flag<'e>(
        &self,
        tx: &mut PgConnection,
        events: &[&'e KeyedEvent],
        gains: &Gains,
        months: &[MonthRow],
    ) -> Result<Vec<(&'e KeyedEvent, i16)>, sqlx::Error> {
        let mut tokens: HashMap<(NaiveDate, &str), i64> = HashMap::new();
        let mut interactions: HashMap<(NaiveDate, &str), i64> = HashMap::new();
        for row in months {
            tokens.insert((row.month, &row.user_id), row.tokens);
            interactions.insert((row.last_day, &row.user_id), row.last_day_interactions);
        }
        for ((month, user), gain) in &gains.monthly {
            if let Some(after) = tokens.get_mut(&(*month, user.as_str())) {
                *after -= gain.gain.tokens;
            }
        }
        // Late events of an earlier day: its count is not in the month's row.
        let mut of_group: HashMap<(NaiveDate, String), i64> = HashMap::new();
        for event in events {
            *of_group.entry((event.event.timestamp.date_naive(), event.event.user_id.clone())).or_default() += 1;
        }
        let late: Vec<_> =
            of_group.keys().filter(|(day, user)| !interactions.contains_key(&(*day, user.as_str()))).cloned().collect();
        let late = if late.is_empty() { HashMap::new() } else { store::count_interactions(tx, &late).await? };
        for ((day, user), n) in &late {
            interactions.insert((*day, user), *n);
        }
        for ((day, user), n) in &of_group {
            if let Some(after) = interactions.get_mut(&(*day, user.as_str())) {
                *after -= n;
            }
        }
        Ok(events
            .iter()
            .map(|keyed| {
                let e = &keyed.event;
                let day = e.timestamp.date_naive();
                let user = e.user_id.as_str();
                let tokens = tokens.get_mut(&(crate::domain::time::month_start(day), user)).map_or(0, |t| {
                    *t += e.tokens_used;
                    *t
                });
                let interactions = interactions.get_mut(&(day, user)).map_or(0, |n| {
                    *n += 1;
                    *n
                });
                let limits = self.limits.get(&e.subscription_tier);
                (*keyed, limits.map_or(0, |l| limits::event_flags(l, &e.agent_id, tokens, interactions)))
            })
            .collect())
    }

    /// What the screens are told.
    fn delta(&self, gains: &Gains, months: &[MonthRow], flagged: &[(&KeyedEvent, i16)]) -> UsageDelta {
        let mut users: Vec<_> = months
            .iter()
            .filter_map(|row| {
                let limits = self.limits.get(&row.tier)?;
                let used = share_bp(row.tokens, limits.tokens_per_month)
                    .max(share_bp(row.last_day_interactions, limits.interactions_per_day));
                (used >= SHOWN_FROM_BP).then_some((used, row))
            })
            .collect();
        users.sort_unstable_by_key(|(used, _)| std::cmp::Reverse(*used));
        let users = users.into_iter().take(delta::MAX_USERS).map(|(_, row)| UserMove {
            user_id: row.user_id.clone(),
            organization_id: Some(row.organization_id.clone()).filter(|o| !o.is_empty()),
            tier: row.tier,
            month: row.month,
            month_tokens: row.tokens,
            day: row.last_day,
            day_interactions: row.last_day_interactions,
            last_event_at: row.last_event_at,
        });
        let recent = flagged.iter().rev().take(delta::MAX_RECENT).map(|(keyed, flags)| RecentEvent {
            at: keyed.event.timestamp,
            user_id: keyed.event.user_id.clone(),
            agent: keyed.event.agent_id.clone(),
            tier: keyed.event.subscription_tier,
            tokens: keyed.event.tokens_used,
            response_ms: i64::from(keyed.event.response_time_ms),
            flags: *flags,
        });
        UsageDelta { cells: gains.cells(), users: users.collect(), recent: recent.collect() }
    }
}

fn reply(job: Job, written: &Written) {
    let outcomes = job.events.iter().map(|e| written.get(&e.id).copied().unwrap_or(Outcome::Conflict)).collect();
    // Whoever asked may have gone; what was written stays written.
    let _ = job.answer.send(Ok(outcomes));
}

fn fail(job: Job, error: &AppError) {
    let _ = job.answer.send(Err(error.clone()));
}
