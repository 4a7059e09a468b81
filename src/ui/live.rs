//! The live line of a page: frames in order, without a gap, from a socket that comes back by itself.

use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;

use super::clock::Clock;
use crate::domain::live::LiveFrame;

/// How the line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveStatus {
    /// The first connection is being made.
    Connecting,
    /// Frames arrive.
    Live,
    /// The line is down.
    Lost {
        /// Since when, by the page's clock.
        since: DateTime<Utc>,
        /// When it will be tried again.
        retry_at: DateTime<Utc>,
    },
}

/// The live line of a page.
#[derive(Clone, Copy)]
pub struct Live {
    /// How the line is.
    pub status: RwSignal<LiveStatus>,
    /// The server's clock at the last frame, or when the page's data was read.
    pub heard_at: RwSignal<DateTime<Utc>>,
    clock: Clock,
    #[cfg(feature = "hydrate")]
    socket: StoredValue<Option<super::socket::Socket>, LocalStorage>,
}

impl Live {
    /// A line that is not connected yet, for data of `as_of`.
    pub fn new(as_of: DateTime<Utc>, clock: Clock) -> Self {
        Self {
            status: RwSignal::new(LiveStatus::Connecting),
            heard_at: RwSignal::new(as_of),
            clock,
            #[cfg(feature = "hydrate")]
            socket: StoredValue::new_local(None),
        }
    }

    /// Connects, and from then on hands every frame after `since` to `take`, in order and each once. To be called in the
    /// browser only; the line ends with the reactive owner that it was made under.
    pub fn connect(self, since: i64, take: impl Fn(LiveFrame) + 'static) {
        #[cfg(feature = "hydrate")]
        {
            use super::socket::{Socket, SocketEvent};
            let on_event = move |event| match event {
                SocketEvent::Open => {
                    let _ = self.status.try_set(LiveStatus::Live);
                }
                SocketEvent::Frame(frame, fresh) => {
                    if self.heard_at.try_set(frame.at()).is_none() {
                        self.clock.hear(frame.at());
                    }
                    if self.status.try_get_untracked().is_some_and(|s| s != LiveStatus::Live) {
                        self.status.set(LiveStatus::Live);
                    }
                    if fresh {
                        take(frame);
                    }
                }
                SocketEvent::Lost { retry_in_ms } => {
                    let now = self.clock.peek();
                    let _ = self.status.try_update(|status| {
                        let since = if let LiveStatus::Lost { since, .. } = status { *since } else { now };
                        *status = LiveStatus::Lost { since, retry_at: now + TimeDelta::milliseconds(retry_in_ms) };
                    });
                }
            };
            let socket = Socket::open("/agent-usage/live", since, on_event);
            self.socket.set_value(Some(socket));
            let place = self.socket;
            on_cleanup(move || {
                if let Some(socket) = place.try_update_value(Option::take).flatten() {
                    socket.close();
                }
            });
            super::dom::on_window(&["online", "visibilitychange", "focus"], move || self.retry_if_lost());
            super::dom::on_window(&["offline"], move || self.with_socket(super::socket::Socket::fail));
        }
        #[cfg(not(feature = "hydrate"))]
        {
            let _ = (since, take, TimeDelta::zero(), self.clock);
        }
    }

    #[cfg(feature = "hydrate")]
    fn with_socket(self, f: impl FnOnce(&super::socket::Socket)) {
        self.socket.try_with_value(|socket| socket.as_ref().map(f));
    }

    #[cfg(feature = "hydrate")]
    fn retry_if_lost(self) {
        if self.status.try_get_untracked().is_some_and(|s| matches!(s, LiveStatus::Lost { .. })) {
            self.retry();
        }
    }

    /// The server's clock now.
    pub fn now(self) -> DateTime<Utc> {
        self.clock.peek()
    }

    /// Tries again at once.
    pub fn retry(self) {
        #[cfg(feature = "hydrate")]
        self.with_socket(super::socket::Socket::retry);
    }

    /// Goes on from another place in the stream: the page has read its data again.
    pub fn resume(self, since: i64, as_of: DateTime<Utc>) {
        let _ = self.heard_at.try_update(|at| *at = as_of.max(*at));
        #[cfg(feature = "hydrate")]
        self.with_socket(|socket| socket.resume(since));
        #[cfg(not(feature = "hydrate"))]
        let _ = since;
    }

    /// Says that the data up to `since` is known by other means; frames up to there are passed over.
    pub fn known(self, since: i64) {
        #[cfg(feature = "hydrate")]
        self.with_socket(|socket| socket.known(since));
        #[cfg(not(feature = "hydrate"))]
        let _ = since;
    }
}
