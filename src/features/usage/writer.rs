//! A writer of events: one transaction for each group.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{Datelike, Days, NaiveDate};
use sqlx::{Connection, PgConnection, Postgres, pool::PoolConnection};
use tokio::sync::{Notify, mpsc};

use super::{
    group::{Gains, KeyedEvent},
    ingest::{Job, Outcome},
    moves::Moved,
    store::{self, Claim, Leavings, MonthRow},
};
use crate::{
    domain::{
        AppError,
        privacy::PersonKind,
        tier::{Tier, TierLimits},
        usage::limits,
    },
    platform::{
        ctx::App,
        db,
        tombstones::{self, Tombstones},
    },
};

/// How long the writer goes on with tier limits that it has read before.
const LIMITS_FRESH: Duration = Duration::from_millis(500);
/// How long a connection is kept without work.
const KEPT_IDLE: Duration = Duration::from_millis(500);
/// For so long after its last use a connection is not asked whether it still stands.
const TRUSTED: Duration = Duration::from_millis(10);
/// From so many events on, keys are claimed by COPY, which takes half the time but a round trip more.
const COPY_KEYS_FROM: usize = 100;
/// After a group that had to be written again because a key was taken, so many look first: repetitions come in bursts.
const CAREFUL_GROUPS: u32 = 50;

/// How a group's transaction begins: as the product itself, see `platform::ctx`.
const BEGIN: &str = "BEGIN; SET LOCAL nexus.role = 'system'";

/// What was written for a group.
type Written = HashMap<uuid::Uuid, Outcome>;

/// What is to be written.
struct Content<'a, 'e> {
    group: &'e [Job],
    /// The first event of each key.
    first_of: &'a HashMap<uuid::Uuid, &'e KeyedEvent>,
    /// Events of erased people, which are not written.
    erased: Written,
    tombstones: &'a Tombstones,
}

pub(super) struct Writer {
    app: App,
    moved: Arc<Notify>,
    limits: HashMap<Tier, TierLimits>,
    limits_read: Option<Instant>,
    /// The weeks whose partitions are known to be there, by their Monday.
    weeks: HashSet<NaiveDate>,
    /// Whom nothing is taken in of; none before they are read.
    tombstones: Option<Tombstones>,
    /// How many groups more are to look before they claim.
    careful: u32,
    /// Kept from group to group, with when it was last used: the pool asks the database before it hands one out and when it
    /// comes back.
    connection: Option<(PoolConnection<Postgres>, Instant)>,
}

impl Writer {
    pub fn new(app: App, moved: Arc<Notify>) -> Self {
        Self {
            app,
            moved,
            limits: HashMap::new(),
            limits_read: None,
            weeks: HashSet::new(),
            tombstones: None,
            careful: 0,
            connection: None,
        }
    }

    pub async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Job>) {
        let most = self.app.settings.ingest_group;
        loop {
            let first = match tokio::time::timeout(KEPT_IDLE, inbox.recv()).await {
                Ok(Some(first)) => first,
                Ok(None) => return,
                Err(_) => {
                    self.connection = None;
                    let Some(first) = inbox.recv().await else { return };
                    first
                }
            };
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

    /// Writes a group in one transaction; again, when somebody was erased meanwhile.
    async fn write(&mut self, group: &[Job]) -> Result<Written, sqlx::Error> {
        loop {
            let tombstones = match self.tombstones.take() {
                Some(tombstones) => tombstones,
                None => Tombstones::load(&mut *self.app.db.begin_with(BEGIN).await?).await?,
            };
            let written = self.write_but(group, &tombstones).await?;
            if let Some(written) = written {
                self.tombstones = Some(tombstones);
                self.moved.notify_one();
                return Ok(written);
            }
        }
    }

    /// Writes a group but for what is of erased people. Gives nothing, and has written nothing, when the tombstones are not those
    /// that hold any more.
    async fn write_but(&mut self, group: &[Job], tombstones: &Tombstones) -> Result<Option<Written>, sqlx::Error> {
        let mut erased = Written::new();
        if !tombstones.is_empty() {
            let events = group.iter().flat_map(|j| &j.events);
            for event in events.filter(|e| tombstones.hold(PersonKind::Metered, &e.event.user_id)) {
                erased.insert(event.id, Outcome::Erased { id: event.id });
            }
        }
        let mut first_of: HashMap<uuid::Uuid, &KeyedEvent> = HashMap::new();
        for event in group.iter().flat_map(|j| &j.events).filter(|e| !erased.contains_key(&e.id)) {
            first_of.entry(event.key).or_insert(event);
        }
        let mut candidates: Vec<_> = first_of.values().copied().collect();
        candidates.sort_unstable_by_key(|e| e.key);
        self.prepare(&candidates).await?;
        let claim = match candidates.len() {
            _ if self.careful > 0 => Claim::Look,
            COPY_KEYS_FROM.. => Claim::Copy,
            _ => Claim::Along,
        };
        self.careful = self.careful.saturating_sub(1);
        let content = Content { group, first_of: &first_of, erased, tombstones };
        match self.write_claiming(&content, candidates.clone(), claim).await {
            Err(error) if claim != Claim::Look && store::is_key_taken(&error) => {
                self.careful = CAREFUL_GROUPS;
                self.write_claiming(&content, candidates, Claim::Look).await
            }
            result => result,
        }
    }

    /// The connection of the group before, else one of the pool's.
    async fn connection(&mut self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        if let Some((mut connection, used)) = self.connection.take()
            && (used.elapsed() < TRUSTED || connection.ping().await.is_ok())
        {
            return Ok(connection);
        }
        self.app.db.acquire().await
    }

    /// The transaction itself. `candidates` are the first of each key, sorted by it, so that two writers never wait for each
    /// other in a circle.
    async fn write_claiming<'e>(
        &mut self,
        content: &Content<'_, 'e>,
        mut candidates: Vec<&'e KeyedEvent>,
        claim: Claim,
    ) -> Result<Option<Written>, sqlx::Error> {
        let Content { group, first_of, erased, tombstones } = content;
        let mut connection = self.connection().await?;
        let mut tx = connection.begin_with(BEGIN).await?;
        let holders = if candidates.is_empty() { HashMap::new() } else { store::claim_keys(&mut tx, &candidates, claim).await? };
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
        written.extend(erased);
        let refused = group.iter().flat_map(|j| &j.refused).filter(|refused| !refused.is_of(tombstones));
        let refused: Vec<_> = refused.cloned().collect();
        if !refused.is_empty() {
            store::quarantine::upsert_quarantine(&mut tx, &refused, self.app.clock.now()).await?;
        }
        candidates.retain(|e| !holders.contains_key(&e.key));
        candidates.sort_by_key(|e| e.event.timestamp);
        let mut stamp = None;
        if !candidates.is_empty() {
            let (stored, seen) = self.store_new(&mut tx, &candidates, claim).await?;
            stamp = Some(seen);
            written.extend(stored.into_iter().map(|(event, flags)| (event.id, Outcome::Stored { id: event.id, flags })));
        } else if !refused.is_empty() || !erased.is_empty() {
            stamp = Some(tombstones::stamp(&mut tx).await?);
        }
        // Seen while the tables were held: whoever erases now waits for this transaction, and finds what it has written. Nor is
        // anything passed over whose tombstone is lifted by now.
        if stamp.is_some_and(|stamp| stamp != tombstones.stamp()) {
            tx.rollback().await?;
            return Ok(None);
        }
        tx.commit().await?;
        self.connection = Some((connection, Instant::now()));

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
        Ok(Some(written))
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
        let mut connection = self.app.db.begin_with(BEGIN).await?;
        for week in weeks {
            store::ensure_partitions(&mut connection, week, week).await?;
            self.weeks.insert(week);
        }
        if stale {
            let limits = store::limits::list_tier_limits(&mut connection).await?;
            self.limits = limits.into_iter().map(|l| (l.tier, l)).collect();
            self.limits_read = Some(Instant::now());
        }
        connection.commit().await
    }

    /// Stores events that are new, with all that they add up to; gives them with their flags, and the tombstones' stamp.
    async fn store_new<'e>(
        &self,
        tx: &mut PgConnection,
        events: &[&'e KeyedEvent],
        claim: Claim,
    ) -> Result<(Vec<(&'e KeyedEvent, i16)>, uuid::Uuid), sqlx::Error> {
        let gains = Gains::of(events.iter().map(|e| &e.event));
        let mut unclaimed = if claim == Claim::Along { events.to_vec() } else { Vec::new() };
        unclaimed.sort_unstable_by_key(|e| e.key);
        let months = store::add_rollups(tx, &gains, &unclaimed).await?;
        let flagged = self.flag(tx, events, &gains, &months).await?;
        let mut active: BTreeMap<NaiveDate, i64> = BTreeMap::new();
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
        let users: HashSet<_> = months.iter().map(|r| r.user_id.as_str()).collect();
        let moved = Moved::new(&gains, active.into_iter().collect(), &months, &flagged, &self.limits);
        let leavings = Leavings {
            events: &flagged,
            received_at: self.app.clock.now(),
            newly_active: &newly_active,
            users: &users.into_iter().collect::<Vec<_>>(),
            gains: &moved.encode()?,
        };
        let stamp = store::leave(tx, &leavings).await?;
        Ok((flagged, stamp))
    }

    /// Works out each event's flags from where its user stands after the group, counting back.
    async fn flag<'e>(
        &self,
        tx: &mut PgConnection,
        events: &[&'e KeyedEvent],
        gains: &Gains<'_>,
        months: &[MonthRow],
    ) -> Result<Vec<(&'e KeyedEvent, i16)>, sqlx::Error> {
        let mut tokens: HashMap<(NaiveDate, &str), i64> = HashMap::with_capacity(months.len());
        let mut interactions: HashMap<(NaiveDate, &str), i64> = HashMap::with_capacity(months.len());
        for row in months {
            let gained = gains.monthly.get(&(row.month, row.user_id.as_str())).map_or(0, |g| g.gain.tokens);
            tokens.insert((row.month, &row.user_id), row.tokens - gained);
            interactions.insert((row.last_day, &row.user_id), row.last_day_interactions);
        }
        let mut of_group: HashMap<(NaiveDate, &str), i64> = HashMap::with_capacity(months.len());
        for ((day, user, _), gain) in &gains.daily {
            *of_group.entry((*day, user)).or_default() += gain.interactions;
        }
        // Late events of an earlier day: its count is not in the month's row.
        let late: Vec<_> = of_group.keys().filter(|key| !interactions.contains_key(key)).copied().collect();
        let late = if late.is_empty() { HashMap::new() } else { store::count_interactions(tx, &late).await? };
        for ((day, user), n) in &late {
            interactions.insert((*day, user), *n);
        }
        for (key, n) in &of_group {
            if let Some(after) = interactions.get_mut(key) {
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
}

fn reply(job: Job, written: &Written) {
    let outcomes = job.events.iter().map(|e| written.get(&e.id).copied().unwrap_or(Outcome::Conflict)).collect();
    // Whoever asked may have gone; what was written stays written.
    let _ = job.answer.send(Ok(outcomes));
}

fn fail(job: Job, error: &AppError) {
    let _ = job.answer.send(Err(error.clone()));
}
