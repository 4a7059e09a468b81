//! The clock, as something that tests can set.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};

/// Tells the time.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still at an instant until [`Clock::set`] moves it.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self(Some(Arc::new(AtomicI64::new(at.timestamp_micros()))))
    }

    /// Moves a fixed clock; the machine's clock is left alone.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Some(micros) = &self.0 {
            micros.store(at.timestamp_micros(), Ordering::Relaxed);
        }
    }

    /// The time now.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Some(micros) => DateTime::from_timestamp_micros(micros.load(Ordering::Relaxed)).unwrap_or_default(),
            None => Utc::now(),
        }
    }

    /// How long ago some moment was that stays the same. It never goes back, even when somebody sets the machine's clock.
    pub fn elapsed(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        match &self.0 {
            Some(micros) => Duration::from_micros(u64::try_from(micros.load(Ordering::Relaxed)).unwrap_or_default()),
            None => START.elapsed(),
        }
    }
}
