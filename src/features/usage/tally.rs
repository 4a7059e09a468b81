//! How ingest does, by the minute: counted in memory by each process, and added to the database's minutes every few seconds.
//!
//! A request adds to atomic counters of its minute and waits for nothing. What a flush could not write is kept and written with the
//! next one, and what a process has counted is written when it stops; one that is killed loses its last seconds. Where the
//! connection breaks while a commit is answered, they may be added twice: these are figures to look at, not to bill by.

use std::{
    array,
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;

use super::store::minutes as store;
pub use super::store::minutes::MinuteRow;
use crate::{
    domain::{
        AppResult,
        histogram::{self, BUCKETS, Histogram},
        people::Permission,
    },
    platform::{ctx::Ctx, db::to_app},
};

/// What is counted. Of a request either itself, where it is refused as a whole, or its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Requests, whatever became of them.
    Requests,
    /// Events that are stored now.
    Accepted,
    /// Events that were stored before.
    Duplicates,
    /// Events of people who were erased: acknowledged, not kept.
    Erased,
    /// Items that break the contract (422).
    Invalid,
    /// Items whose id belongs to another event (422).
    Conflicts,
    /// Requests that are no JSON, or lack a header (400).
    Malformed,
    /// Requests whose signature does not hold (401).
    Unauthorized,
    /// Requests whose body took too long (408).
    TimedOut,
    /// Requests that are too large, or have too many items (413).
    TooLarge,
    /// Requests that are not `application/json`, or compressed (415).
    NotJson,
    /// Requests beyond the rate of their address (429).
    RateLimited,
    /// Requests that come while the database is away or the queue is full (503).
    Unavailable,
    /// Requests that met a fault of ours (500).
    Failed,
}

/// How many kinds of counts there are.
pub const COUNTS: usize = 14;

impl Count {
    /// All, in the order of the columns.
    pub const ALL: [Self; COUNTS] = [
        Self::Requests,
        Self::Accepted,
        Self::Duplicates,
        Self::Erased,
        Self::Invalid,
        Self::Conflicts,
        Self::Malformed,
        Self::Unauthorized,
        Self::TimedOut,
        Self::TooLarge,
        Self::NotJson,
        Self::RateLimited,
        Self::Unavailable,
        Self::Failed,
    ];

    /// What a request counts as that was refused as a whole with a status.
    pub const fn refused(status: u16) -> Self {
        match status {
            400 => Self::Malformed,
            401 => Self::Unauthorized,
            408 => Self::TimedOut,
            413 => Self::TooLarge,
            415 => Self::NotJson,
            429 => Self::RateLimited,
            503 => Self::Unavailable,
            _ => Self::Failed,
        }
    }

    /// The status that what is counted was answered with, or would have been alone.
    pub const fn status(self) -> u16 {
        match self {
            Self::Requests | Self::Accepted | Self::Duplicates | Self::Erased => 200,
            Self::Invalid | Self::Conflicts => 422,
            Self::Malformed => 400,
            Self::Unauthorized => 401,
            Self::TimedOut => 408,
            Self::TooLarge => 413,
            Self::NotJson => 415,
            Self::RateLimited => 429,
            Self::Unavailable => 503,
            Self::Failed => 500,
        }
    }

    /// Whether items are counted, and not requests.
    pub const fn is_of_items(self) -> bool {
        matches!(self, Self::Accepted | Self::Duplicates | Self::Erased | Self::Invalid | Self::Conflicts)
    }

    /// Whether it was refused.
    pub const fn is_refusal(self) -> bool {
        self.status() != 200
    }
}

/// Counts of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([i64; COUNTS]);

impl Counts {
    /// Counts in the order of [`Count::ALL`].
    pub const fn new(counts: [i64; COUNTS]) -> Self {
        Self(counts)
    }

    /// Those of one kind.
    pub fn get(&self, count: Count) -> i64 {
        self.0.get(count as usize).copied().unwrap_or_default()
    }

    /// Adds to those of one kind.
    pub fn add(&mut self, count: Count, n: i64) {
        if let Some(slot) = self.0.get_mut(count as usize) {
            *slot += n;
        }
    }

    /// Adds another's.
    pub fn merge(&mut self, other: &Self) {
        for count in Count::ALL {
            self.add(count, other.get(count));
        }
    }

    /// All that a share of one kind is of: requests, or their items.
    pub fn all_of(&self, count: Count) -> i64 {
        if !count.is_of_items() {
            return self.get(Count::Requests);
        }
        Count::ALL.into_iter().filter(|c| c.is_of_items()).map(|c| self.get(c)).sum()
    }

    /// What was refused, requests and items.
    pub fn refused(&self) -> i64 {
        Count::ALL.into_iter().filter(|c| c.is_refusal()).map(|c| self.get(c)).sum()
    }
}

/// Lengths of time, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// All together.
    pub sum_ms: i64,
    /// The longest.
    pub max_ms: i64,
    /// Their distribution; those over a day count as a day.
    pub histogram: Histogram,
}

impl Times {
    /// Adds one; less than none is none.
    pub fn record(&mut self, ms: i64) {
        let ms = ms.max(0);
        self.sum_ms += ms;
        self.max_ms = self.max_ms.max(ms);
        self.histogram.record(u32::try_from(ms).unwrap_or(u32::MAX));
    }

    /// Adds another's.
    pub fn merge(&mut self, other: &Self) {
        self.sum_ms += other.sum_ms;
        self.max_ms = self.max_ms.max(other.max_ms);
        self.histogram.merge(&other.histogram);
    }
}

/// What is counted of a minute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    /// What came, and what became of it.
    pub counts: Counts,
    /// From events' own timestamps to their commits.
    pub delay: Times,
    /// From requests' first bytes to their answers.
    pub took: Times,
}

impl Minute {
    /// Adds another's.
    pub fn merge(&mut self, other: &Self) {
        self.counts.merge(&other.counts);
        self.delay.merge(&other.delay);
        self.took.merge(&other.took);
    }
}

#[derive(Debug)]
struct TimesNow {
    sum_ms: AtomicU64,
    max_ms: AtomicU64,
    buckets: [AtomicU64; BUCKETS],
}

impl Default for TimesNow {
    fn default() -> Self {
        Self { sum_ms: AtomicU64::default(), max_ms: AtomicU64::default(), buckets: array::from_fn(|_| AtomicU64::default()) }
    }
}

impl TimesNow {
    fn add(&self, times: &Times) {
        self.sum_ms.fetch_add(times.sum_ms.unsigned_abs(), Relaxed);
        self.max_ms.fetch_max(times.max_ms.unsigned_abs(), Relaxed);
        for (bucket, n) in self.buckets.iter().zip(&times.histogram.0).filter(|(_, n)| **n > 0) {
            bucket.fetch_add(n.unsigned_abs(), Relaxed);
        }
    }

    fn record(&self, ms: u64) {
        self.sum_ms.fetch_add(ms, Relaxed);
        self.max_ms.fetch_max(ms, Relaxed);
        if let Some(bucket) = self.buckets.get(histogram::bucket(u32::try_from(ms).unwrap_or(u32::MAX))) {
            bucket.fetch_add(1, Relaxed);
        }
    }

    fn take(&self) -> Times {
        let mut histogram = Histogram::default();
        for (bucket, n) in self.buckets.iter().enumerate() {
            match n.swap(0, Relaxed) {
                0 => {}
                n => histogram.add_at(bucket, n.cast_signed()),
            }
        }
        Times { sum_ms: self.sum_ms.swap(0, Relaxed).cast_signed(), max_ms: self.max_ms.swap(0, Relaxed).cast_signed(), histogram }
    }
}

/// The counters of a minute that requests add to.
#[derive(Debug, Default)]
pub struct MinuteNow {
    counts: [AtomicU64; COUNTS],
    delay: TimesNow,
    took: TimesNow,
}

impl MinuteNow {
    /// Counts one.
    pub fn count(&self, count: Count) {
        if let Some(slot) = self.counts.get(count as usize) {
            slot.fetch_add(1, Relaxed);
        }
    }

    /// Adds the items of a request.
    pub fn items(&self, counts: &Counts, delay: &Times) {
        for (slot, n) in self.counts.iter().zip(counts.0).filter(|(_, n)| *n > 0) {
            slot.fetch_add(n.unsigned_abs(), Relaxed);
        }
        self.delay.add(delay);
    }

    /// Adds how long a request took.
    pub fn took(&self, took: Duration) {
        self.took.record(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    }

    fn take(&self) -> Minute {
        let counts = Counts(array::from_fn(|i| self.counts.get(i).map_or(0, |n| n.swap(0, Relaxed).cast_signed())));
        Minute { counts, delay: self.delay.take(), took: self.took.take() }
    }
}

/// How often a process adds what it has counted.
const EVERY: Duration = Duration::from_secs(5);
/// Minutes that are counted side by side: a flush comes long before one is needed again.
const SLOTS: usize = 8;
/// How long minutes are kept, in days.
pub const KEPT_DAYS: i64 = 7;

/// The counters of a process.
#[derive(Debug, Default)]
pub struct Tally {
    slots: [MinuteNow; SLOTS],
    /// What is not in the database yet, by its minute.
    pending: Mutex<BTreeMap<DateTime<Utc>, Minute>>,
}

/// The start of a minute.
pub fn minute_of(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp().div_euclid(60) * 60, 0).unwrap_or(at)
}

fn slot_of(at: DateTime<Utc>) -> usize {
    usize::try_from(at.timestamp().div_euclid(60).rem_euclid(SLOTS as i64)).unwrap_or_default()
}

impl Tally {
    /// The counters of the minute of an instant, which is now.
    pub fn minute(&self, now: DateTime<Utc>) -> &MinuteNow {
        let [first, ..] = &self.slots;
        self.slots.get(slot_of(now)).unwrap_or(first)
    }

    /// Adds what was counted to the database's minutes. What cannot be written now is written with the next flush.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn flush(&self, ctx: &Ctx) -> AppResult<()> {
        let now = minute_of(ctx.now());
        let mut pending = self.pending.lock().await;
        for ago in 0..SLOTS as i64 {
            let at = now - TimeDelta::minutes(ago);
            let counted = self.minute(at).take();
            if counted != Minute::default() {
                pending.entry(at).or_default().merge(&counted);
            }
        }
        *pending = pending.split_off(&(now - TimeDelta::days(KEPT_DAYS)));
        if pending.is_empty() {
            return Ok(());
        }
        let mut tx = ctx.begin().await.map_err(to_app)?;
        for (at, minute) in pending.iter() {
            store::add_minute(&mut tx, *at, minute).await.map_err(to_app)?;
        }
        tx.commit().await.map_err(to_app)?;
        pending.clear();
        Ok(())
    }

    /// Flushes until the process is to stop.
    pub async fn run(self: Arc<Self>, ctx: Ctx) {
        while ctx.app.goes_on_after(EVERY).await {
            if let Err(error) = self.flush(&ctx).await {
                tracing::warn!(%error, "how ingest does could not be written down; it will be");
            }
        }
    }
}

/// Drops minutes that are long over.
///
/// # Errors
/// When the database is away.
pub async fn trim(ctx: &Ctx) -> AppResult<()> {
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::delete_before(&mut tx, ctx.now() - TimeDelta::days(KEPT_DAYS)).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}

/// How ingest did in a span of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// How many minutes it has, with the one that goes on.
    pub minutes: i64,
    /// How many minutes a bar stands for.
    pub step: i64,
    /// The counts of each bar and when it starts, the earliest first.
    pub bars: Vec<(DateTime<Utc>, Counts)>,
    /// All together; its counts are those of the bars.
    pub total: Minute,
}

impl Span {
    fn new(now: DateTime<Utc>, minutes: i64, step: i64) -> Self {
        let last = DateTime::from_timestamp(now.timestamp().div_euclid(60 * step) * 60 * step, 0).unwrap_or(now);
        let bars = (0..minutes / step).rev().map(|i| (last - TimeDelta::minutes(i * step), Counts::default())).collect();
        Self { minutes, step, bars, total: Minute::default() }
    }

    /// When it begins.
    fn from(&self) -> DateTime<Utc> {
        self.bars.first().map(|(at, _)| *at).unwrap_or_default()
    }

    fn add(&mut self, row: &MinuteRow) {
        let place = (row.minute - self.from()).num_minutes();
        if place < 0 {
            return;
        }
        if let Some((_, counts)) = usize::try_from(place / self.step).ok().and_then(|i| self.bars.get_mut(i)) {
            counts.merge(&row.counts);
            self.total.counts.merge(&row.counts);
            for (times, (sum_ms, max_ms)) in [(&mut self.total.delay, row.delay), (&mut self.total.took, row.took)] {
                times.sum_ms += sum_ms;
                times.max_ms = times.max_ms.max(max_ms);
            }
        }
    }
}

/// How ingest did in the last hour, by the minute, and in the last day, by quarters of an hour.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn lately(ctx: &Ctx) -> AppResult<[Span; 2]> {
    ctx.require(Permission::ManageIngest)?;
    let now = ctx.now();
    let mut spans = [Span::new(now, 60, 1), Span::new(now, 24 * 60, 15)];
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let [hour, day] = &mut spans;
    for row in store::list_minutes(&mut tx, day.from()).await.map_err(to_app)? {
        hour.add(&row);
        day.add(&row);
    }
    for row in store::list_buckets(&mut tx, day.from(), hour.from()).await.map_err(to_app)? {
        let bucket = usize::try_from(row.bucket).unwrap_or_default();
        hour.total.delay.histogram.add_at(bucket, row.delay_hour);
        day.total.delay.histogram.add_at(bucket, row.delay_day);
        hour.total.took.histogram.add_at(bucket, row.took_hour);
        day.total.took.histogram.add_at(bucket, row.took_day);
    }
    Ok(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_place_and_refusals_their_status() {
        for (place, count) in Count::ALL.into_iter().enumerate() {
            assert_eq!(count as usize, place);
            if count.is_refusal() && !count.is_of_items() {
                assert_eq!(Count::refused(count.status()), count);
            }
        }
    }

    #[test]
    fn what_is_counted_is_taken_once_and_of_its_own_minute() {
        let tally = Tally::default();
        let now: DateTime<Utc> = "2026-11-20T12:00:59.9Z".parse().unwrap();
        let next = now + TimeDelta::seconds(1);
        tally.minute(now).count(Count::Requests);
        tally.minute(next).count(Count::Requests);
        tally.minute(next).count(Count::RateLimited);
        let mut delay = Times::default();
        for ms in [-5, 90, 100 * 86_400_000] {
            delay.record(ms);
        }
        let mut items = Counts::default();
        items.add(Count::Accepted, 3);
        tally.minute(now).items(&items, &delay);
        tally.minute(now).took(Duration::from_millis(7));
        let first = tally.minute(now).take();
        assert_eq!((first.counts.get(Count::Requests), first.counts.get(Count::Accepted), &first.delay), (1, 3, &delay));
        assert_eq!((first.took.max_ms, first.took.histogram.count(), delay.max_ms), (7, 1, 8_640_000_000));
        let second = tally.minute(next).take();
        assert_eq!((second.counts.refused(), second.counts.all_of(Count::RateLimited)), (1, 1));
        assert_eq!([tally.minute(now).take(), tally.minute(next).take()], [Minute::default(), Minute::default()]);
    }

    #[test]
    fn a_span_ends_with_the_minute_that_goes_on() {
        let now: DateTime<Utc> = "2026-11-20T12:07:30Z".parse().unwrap();
        let mut day = Span::new(now, 24 * 60, 15);
        assert_eq!((day.bars.len(), day.from().to_rfc3339().as_str()), (96, "2026-11-19T12:15:00+00:00"));
        let mut counts = Counts::default();
        counts.add(Count::Accepted, 2);
        for (at, place) in [("2026-11-20T12:07:00Z", Some(95)), ("2026-11-19T12:15:00Z", Some(0)), ("2026-11-19T12:14:00Z", None)] {
            let row = MinuteRow { minute: at.parse().unwrap(), counts, delay: (8, 5), took: (1, 1) };
            let before = day.clone();
            day.add(&row);
            match place {
                Some(place) => assert_eq!(day.bars[place].1.get(Count::Accepted), 2, "{at}"),
                None => assert_eq!(day, before, "{at}"),
            }
        }
        assert_eq!((day.total.counts.get(Count::Accepted), day.total.delay.sum_ms, day.total.delay.max_ms), (4, 16, 5));
    }
}
