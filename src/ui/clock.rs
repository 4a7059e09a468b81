//! The time that "8 min ago" is counted from: the server's, so that a reader's wrong clock does not matter.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use leptos::{prelude::*, server::SharedValue};

use super::dom;

/// A clock that ticks once a second in the browser, and stands still in the server.
#[derive(Clone, Copy)]
pub struct Clock {
    now: RwSignal<DateTime<Utc>>,
    ahead: StoredValue<TimeDelta>,
}

impl Clock {
    /// Starts the page's clock and hands it to everything below.
    pub fn provide() -> Self {
        let drawn_at = SharedValue::new(dom::clock).into_inner();
        let clock = Self { now: RwSignal::new(drawn_at), ahead: StoredValue::new(TimeDelta::zero()) };
        provide_context(clock);
        Effect::new(move || {
            let tick = set_interval_with_handle(move || clock.tick(), Duration::from_secs(1)).ok();
            on_cleanup(move || {
                if let Some(tick) = tick {
                    tick.clear();
                }
            });
        });
        clock
    }

    fn tick(self) {
        if let Some(ahead) = self.ahead.try_get_value() {
            self.now.try_set(dom::clock() + ahead);
        }
    }

    /// Hears what time it is at the server.
    pub fn hear(self, server: DateTime<Utc>) {
        self.ahead.set_value(server - dom::clock());
        self.now.set(server);
    }

    /// The time, a second exact.
    pub fn now(self) -> Signal<DateTime<Utc>> {
        self.now.into()
    }

    /// The time, without being told when it moves.
    pub fn peek(self) -> DateTime<Utc> {
        self.now.get_untracked()
    }
}

/// The page's clock.
pub fn use_clock() -> Clock {
    use_context().unwrap_or_else(Clock::provide)
}
