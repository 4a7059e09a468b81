//! A WebSocket that comes back by itself and asks for what came after the last frame it has heard.

use std::{cell::RefCell, rc::Rc, time::Duration};

use leptos::{
    leptos_dom::helpers::{IntervalHandle, TimeoutHandle},
    prelude::*,
};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{CloseEvent, MessageEvent, WebSocket};

use super::dom;
use crate::domain::live::{LiveFrame, SESSION_OVER};

/// The first wait before another try; it doubles from try to try.
const FIRST_WAIT_MS: f64 = 500.0;
/// The longest wait.
const LONGEST_WAIT_MS: f64 = 30_000.0;
/// After so long without a word (the server says something every 15 s) the line is taken for dead.
const SILENCE_MS: f64 = 40_000.0;

/// What a socket tells its page.
pub enum SocketEvent {
    /// The line is up.
    Open,
    /// A frame; true if it is a new one to act on.
    Frame(LiveFrame, bool),
    /// The line is down and will be tried again.
    Lost {
        /// How soon.
        retry_in_ms: i64,
    },
}

/// The socket; a handle to it that can be cloned.
#[derive(Clone)]
pub struct Socket(Rc<RefCell<State>>);

struct State {
    path: &'static str,
    since: i64,
    tries: i32,
    heard_ms: f64,
    line: Option<Line>,
    retry: Option<TimeoutHandle>,
    watch: Option<IntervalHandle>,
    closed: bool,
    tell: Rc<dyn Fn(SocketEvent)>,
}

/// One connection with its handlers, which must live as long as it does.
struct Line {
    socket: WebSocket,
    _open: Closure<dyn FnMut()>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _close: Closure<dyn FnMut(CloseEvent)>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}

impl Socket {
    /// Connects to `path` for the frames after `since`.
    pub fn open(path: &'static str, since: i64, tell: impl Fn(SocketEvent) + 'static) -> Self {
        let state = State {
            path,
            since,
            tries: 0,
            heard_ms: js_sys::Date::now(),
            line: None,
            retry: None,
            watch: None,
            closed: false,
            tell: Rc::new(tell),
        };
        let this = Self(Rc::new(RefCell::new(state)));
        this.dial();
        let watcher = this.clone();
        let watch = set_interval_with_handle(move || watcher.watch(), Duration::from_secs(5)).ok();
        this.0.borrow_mut().watch = watch;
        this
    }

    fn dial(&self) {
        let (path, since) = {
            let mut state = self.0.borrow_mut();
            if state.closed {
                return;
            }
            if let Some(retry) = state.retry.take() {
                retry.clear();
            }
            state.line = None;
            state.heard_ms = js_sys::Date::now();
            (state.path, state.since)
        };
        let location = window().location();
        let scheme = if location.protocol().is_ok_and(|p| p == "https:") { "wss" } else { "ws" };
        let address = format!("{scheme}://{}{path}?since={since}", location.host().unwrap_or_default());
        let Ok(socket) = WebSocket::new(&address) else { return self.lost() };
        let (a, b, c) = (self.clone(), self.clone(), self.clone());
        let open = Closure::new(move || a.opened());
        let message = Closure::new(move |event: MessageEvent| b.heard(&event));
        // The handler of a line may not drop that line while it runs: another turn of the browser's loop does.
        let close = Closure::new(move |event: CloseEvent| {
            if event.code() == SESSION_OVER {
                return dom::go_to_sign_in();
            }
            let c = c.clone();
            set_timeout(move || c.lost(), Duration::ZERO);
        });
        socket.set_onopen(Some(open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(close.as_ref().unchecked_ref()));
        self.0.borrow_mut().line = Some(Line { socket, _open: open, _message: message, _close: close });
    }

    fn tell(&self, event: SocketEvent) {
        let tell = self.0.borrow().tell.clone();
        tell(event);
    }

    fn opened(&self) {
        self.0.borrow_mut().heard_ms = js_sys::Date::now();
        self.tell(SocketEvent::Open);
    }

    fn heard(&self, event: &MessageEvent) {
        let Some(text) = event.data().as_string() else { return };
        let Ok(frame) = serde_json::from_str::<LiveFrame>(&text) else { return };
        let fresh = {
            let mut state = self.0.borrow_mut();
            state.heard_ms = js_sys::Date::now();
            state.tries = 0;
            let reload = matches!(frame, LiveFrame::Resync { .. } | LiveFrame::Snapshot { .. });
            let fresh = frame.seq() > state.since || reload;
            state.since = if reload { frame.seq() } else { frame.seq().max(state.since) };
            fresh
        };
        self.tell(SocketEvent::Frame(frame, fresh));
    }

    fn lost(&self) {
        let wait = {
            let mut state = self.0.borrow_mut();
            if state.closed || state.retry.is_some() {
                return;
            }
            state.line = None;
            let wait = (FIRST_WAIT_MS * 2_f64.powi(state.tries.min(8))).min(LONGEST_WAIT_MS);
            state.tries += 1;
            wait * (0.75 + js_sys::Math::random() / 2.0)
        };
        let again = self.clone();
        let retry = set_timeout_with_handle(
            move || {
                again.0.borrow_mut().retry = None;
                again.dial();
            },
            Duration::from_secs_f64(wait / 1_000.0),
        );
        self.0.borrow_mut().retry = retry.ok();
        #[expect(clippy::cast_possible_truncation, reason = "at most 37,500")]
        self.tell(SocketEvent::Lost { retry_in_ms: wait as i64 });
    }

    fn watch(&self) {
        let silent = {
            let state = self.0.borrow();
            state.line.is_some() && js_sys::Date::now() - state.heard_ms > SILENCE_MS
        };
        if silent {
            self.lost();
        }
    }

    /// Takes the line for dead.
    pub fn fail(&self) {
        self.lost();
    }

    /// Tries again at once.
    pub fn retry(&self) {
        self.0.borrow_mut().tries = 0;
        self.dial();
    }

    /// Connects again, for the frames after `since`.
    pub fn resume(&self, since: i64) {
        self.0.borrow_mut().since = since;
        self.retry();
    }

    /// Passes over frames up to `since`.
    pub fn known(&self, since: i64) {
        let mut state = self.0.borrow_mut();
        state.since = state.since.max(since);
    }

    /// Ends it.
    pub fn close(&self) {
        let mut state = self.0.borrow_mut();
        state.closed = true;
        state.line = None;
        if let Some(retry) = state.retry.take() {
            retry.clear();
        }
        if let Some(watch) = state.watch.take() {
            watch.clear();
        }
    }
}
