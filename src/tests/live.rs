//! The live socket: what is told, in which order, how often, and to whom.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::{SinkExt, StreamExt, future::join_all};
use nexus_crm::{
    domain::{alert::AlertKind, live::LiveFrame, usage::UsageDelta},
    flows::usage_watch,
    platform::hub::Hub,
};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest, http::Request},
};

use crate::support::{TestApp, event, event_with_id, noon, until, with, within};

/// A client of the socket.
struct Line(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// A request for a socket, by whom the app's client is signed in as.
fn address(app: &TestApp, query: &str) -> Request<()> {
    request_as(app, query, &app.cookie)
}

fn request_as(app: &TestApp, query: &str, cookie: &str) -> Request<()> {
    let mut request = format!("ws://{}/agent-usage/live{query}", app.address).into_client_request().unwrap();
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    request
}

impl Line {
    async fn open(app: &TestApp, query: &str) -> Self {
        Self(connect_async(address(app, query)).await.unwrap().0)
    }

    /// The next message.
    async fn next(&mut self) -> LiveFrame {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(20), self.0.next()).await.expect("a message comes");
            if let Message::Text(text) = message.unwrap().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    /// All usage up to a position, with the frames that carried it.
    async fn up_to(&mut self, seq: i64) -> (Sum, Vec<LiveFrame>) {
        let (mut sum, mut frames) = (Sum::default(), Vec::<LiveFrame>::new());
        while frames.last().is_none_or(|f| f.seq() < seq) {
            let frame = self.next().await;
            if let LiveFrame::Usage { usage, .. } | LiveFrame::Alert { usage, .. } = &frame {
                sum.add(usage);
            }
            assert!(frames.last().is_none_or(|f| f.seq() < frame.seq()), "positions rise: {frames:?} {frame:?}");
            frames.push(frame);
        }
        assert_eq!(frames.last().unwrap().seq(), seq);
        (sum, frames)
    }
}

/// What the cells of some messages add up to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    interactions: i64,
    tokens: i64,
    answers: i64,
}

impl Sum {
    const fn of(interactions: i64, tokens: i64) -> Self {
        Self { interactions, tokens, answers: interactions }
    }

    fn add(&mut self, usage: &UsageDelta) {
        for cell in &usage.cells {
            self.interactions += cell.interactions;
            self.tokens += cell.tokens;
            self.answers += cell.response.0.iter().sum::<i64>();
        }
    }
}

async fn position(app: &TestApp) -> i64 {
    app.number("SELECT seq FROM live_clock").await
}

async fn heard(hub: &Hub, seq: i64) {
    until("the hub has heard", async || hub.last() >= seq).await;
}

/// The status that a connection is refused with.
async fn refusal(app: &TestApp, query: &str, origin: Option<&str>) -> Option<u16> {
    let mut request = address(app, query);
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().unwrap());
    }
    match connect_async(request).await {
        Ok(_) => None,
        Err(tungstenite::Error::Http(response)) => Some(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_new_client_gets_a_snapshot_and_then_what_happens() {
    let app = TestApp::start().await;
    app.meter(&with(event("ana"), json!({"timestamp": "2026-11-10T08:00:00Z"}))).await;
    app.meter(&event("ana")).await;
    let mut line = Line::open(&app, "").await;
    let LiveFrame::Snapshot { seq, data, .. } = line.next().await else { panic!("first a snapshot") };
    assert_eq!(seq, 2);
    assert_eq!([data.today.interactions, data.week.interactions, data.month.interactions], [1, 1, 2]);
    assert_eq!([data.today.tokens, data.month.tokens, data.month.active_users], [150, 300, 1]);
    assert_eq!((data.recent.len(), data.recent[0].user_id.as_str()), (1, "ana"));

    app.meter(&with(event("bea"), json!({"tokens_used": 149_000}))).await;
    let LiveFrame::Usage { seq, usage, .. } = line.next().await else { panic!("then usage") };
    assert_eq!(seq, 3);
    assert_eq!((usage.cells[0].tokens, usage.recent[0].user_id.as_str()), (149_000, "bea"));
    let user = &usage.users[0];
    assert_eq!((user.user_id.as_str(), user.month_tokens, user.day_interactions), ("bea", 149_000, 1));

    let LiveFrame::Alert { seq, alert, .. } = line.next().await else { panic!("then the alert") };
    assert_eq!((seq, alert.user_id.as_str(), alert.kind, alert.current_value), (4, "bea", AlertKind::LimitExceeded, 149_000));
}

#[tokio::test]
async fn an_alert_does_not_wait_and_takes_the_waiting_usage_along() {
    let app = TestApp::start().await;
    let mut line = Line::open(&app, "").await;
    line.next().await;
    // The first usage goes at once; the next ones wait for their turn, unless an alert takes them along.
    app.meter(&event("ana")).await;
    app.meter(&with(event("bea"), json!({"tokens_used": 149_000}))).await;
    let (sum, frames) = line.up_to(position(&app).await).await;
    assert_eq!(sum, Sum::of(2, 149_150));
    assert!(matches!(frames.last(), Some(LiveFrame::Alert { .. })), "{frames:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_comes_at_most_four_times_a_second_and_adds_up() {
    let app = TestApp::start().await;
    let mut line = Line::open(&app, "").await;
    line.next().await;
    let begun = Instant::now();
    let mut posted = 0;
    while begun.elapsed() < Duration::from_secs(2) {
        let items: Vec<_> = (posted..posted + 8).map(|i| event_with_id(&format!("user-{}", i % 5), &format!("evt-{i}"))).collect();
        join_all(items.iter().map(|item| app.post(item))).await.into_iter().for_each(|a| drop(a.ok()));
        app.settle().await;
        posted += 8;
    }
    let (sum, frames) = line.up_to(position(&app).await).await;
    assert_eq!(sum, Sum::of(posted, posted * 150));
    assert!(frames.iter().all(|f| matches!(f, LiveFrame::Usage { .. })));
    // One goes at once, then one for each quarter of a second, and one at the end.
    let most = begun.elapsed().as_millis() / 250 + 2;
    assert!((frames.len() as u128) <= most && frames.len() > 2, "{} messages, at most {most}", frames.len());
}

#[tokio::test]
async fn a_client_that_comes_back_gets_exactly_the_gap() {
    let app = TestApp::start().await;
    app.meter(&event("ana")).await;
    let mut line = Line::open(&app, "").await;
    let since = line.next().await.seq();
    drop(line);
    for i in 0..5 {
        app.meter(&event_with_id("bea", &i.to_string())).await;
    }
    app.meter(&with(event("cleo"), json!({"tokens_used": 149_000}))).await;
    let end = position(&app).await;
    heard(&app.app.hub, end).await;
    for (from, sum) in [(since, Sum::of(6, 149_750)), (since + 2, Sum::of(4, 149_450)), (0, Sum::of(7, 149_900))] {
        let mut line = Line::open(&app, &format!("?since={from}")).await;
        assert_eq!(line.up_to(end).await.0, sum, "since {from}");
    }
    // Nothing is missing: the next message is the next thing that happens.
    let mut line = Line::open(&app, &format!("?since={end}")).await;
    app.meter(&event("dora")).await;
    let (sum, frames) = line.up_to(end + 1).await;
    assert_eq!((sum, frames.len()), (Sum::of(1, 150), 1));
}

#[tokio::test]
async fn a_position_that_cannot_be_gone_on_from_is_told_to_resync() {
    let app = TestApp::start().await;
    for i in 0..3 {
        app.meter(&event_with_id("ana", &i.to_string())).await;
    }
    heard(&app.app.hub, 3).await;
    for since in ["1000", "-1", "9223372036854775807", "-9223372036854775808"] {
        let mut line = Line::open(&app, &format!("?since={since}")).await;
        let frame = line.next().await;
        assert!(matches!(frame, LiveFrame::Resync { seq: 3, .. }), "since {since}: {frame:?}");
        // And it goes on from there.
        app.meter(&with(event("bea"), json!({"session_id": since}))).await;
        assert!(matches!(line.next().await, LiveFrame::Usage { seq: 4, .. }));
        app.as_owner("UPDATE live_clock SET seq = 3; DELETE FROM live_messages WHERE seq > 3").await;
        app.db.disconnect_app().await;
        until("the hub has seen that the stream is another", async || app.app.hub.last() == 3).await;
    }
    // Too old: the messages have been trimmed, and another process has never had them.
    app.as_owner("DELETE FROM live_messages WHERE seq < 3").await;
    let other = TestApp::on(app.db.clone(), |_| {}).await;
    heard(&other.app.hub, 3).await;
    assert!(matches!(Line::open(&other, "?since=1").await.next().await, LiveFrame::Resync { seq: 3, .. }));
    let mut line = Line::open(&other, "?since=2").await;
    assert_eq!(line.up_to(3).await.0, Sum::of(1, 150));
}

#[tokio::test]
async fn only_the_products_own_pages_may_listen() {
    let app = TestApp::with(|s| s.settings.base_url = "https://crm.example.com".into()).await;
    let own = format!("http://{}", app.address);
    for origin in [None, Some("https://crm.example.com"), Some(own.as_str())] {
        assert_eq!(refusal(&app, "", origin).await, None, "{origin:?}");
    }
    for origin in ["https://evil.example.com", "https://crm.example.com.evil.com", "http://crm.example.com", "null", ""] {
        assert_eq!(refusal(&app, "", Some(origin)).await, Some(403), "{origin}");
    }
}

#[tokio::test]
async fn a_position_that_is_no_number_is_422() {
    let app = TestApp::start().await;
    for since in ["junk", "", "1.5", "99999999999999999999"] {
        assert_eq!(refusal(&app, &format!("?since={since}"), None).await, Some(422), "{since}");
    }
}

#[tokio::test]
async fn messages_of_another_process_arrive() {
    let one = TestApp::start().await;
    let two = TestApp::on(one.db.clone(), |_| {}).await;
    let mut line = Line::open(&two, "").await;
    line.next().await;
    one.meter(&event("ana")).await;
    two.meter(&event("bea")).await;
    one.meter(&with(event("cleo"), json!({"tokens_used": 149_000}))).await;
    let (sum, frames) = line.up_to(position(&one).await).await;
    assert_eq!(sum, Sum::of(3, 149_300));
    assert!(matches!(frames.last(), Some(LiveFrame::Alert { .. })));
}

#[tokio::test]
async fn the_stream_goes_on_without_a_gap_after_the_database_cut_all_connections() {
    let app = TestApp::start().await;
    let other = TestApp::on(app.db.clone(), |_| {}).await;
    let mut line = Line::open(&app, "").await;
    line.next().await;
    let mut expected = 0;
    for round in 0..3 {
        app.db.disconnect_app().await;
        for i in 0..4 {
            let item = event_with_id("ana", &format!("{round}-{i}"));
            until("the event is taken", async || other.post(&item).await.status == 200).await;
            expected += 1;
        }
        until("the pass is through", async || usage_watch::pass(&other.ctx()).await.is_ok()).await;
        let (sum, frames) = line.up_to(position(&other).await).await;
        assert_eq!(sum, Sum::of(4, 600));
        assert!(frames.iter().all(|f| matches!(f, LiveFrame::Usage { .. })), "{frames:?}");
    }
    assert_eq!(app.count("agent_usage_events").await, expected);
    app.assert_exact().await;
}

/// A batch whose live message is large: as many agents as events, with long names.
fn wide(round: usize) -> Value {
    let of = |i: usize| json!({"agent_id": format!("{round:05}-{i:04}-{}", "x".repeat(240)), "event_id": format!("{round}-{i}")});
    (0..190).map(|i| with(event(&format!("user-{i}")), of(i))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_is_dropped_and_keeps_nobody_waiting() {
    let app = TestApp::start().await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(app.address).await.unwrap();
    let mut deaf = client_async(address(&app, ""), stream).await.unwrap().0;
    let mut line = Line::open(&app, "").await;
    line.next().await;
    let mut round = 0;
    // The deaf one writes now and then; when the server has hung up, that fails.
    within(Duration::from_secs(60), "the client is dropped", async || {
        let answer = app.post(&wide(round)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        app.settle().await;
        round += 1;
        let (sum, _) = line.up_to(position(&app).await).await;
        assert_eq!(sum, Sum::of(190, 190 * 150), "the other one hears everything meanwhile");
        deaf.send(Message::Ping(Vec::new().into())).await.is_err()
    })
    .await;
}

#[tokio::test]
async fn more_than_is_worth_telling_is_told_as_a_reload() {
    let app = TestApp::start().await;
    let mut line = Line::open(&app, "").await;
    let from = line.next().await.seq();
    let at = |i: usize| json!({"timestamp": noon() - TimeDelta::hours(i as i64), "event_id": i.to_string()});
    app.meter(&(0..700).map(|i| with(event("ana"), at(i))).collect()).await;
    let frame = line.next().await;
    assert!(matches!(frame, LiveFrame::Resync { seq, .. } if seq == from + 1), "{frame:?}");
    app.meter(&event("bea")).await;
    assert!(matches!(line.next().await, LiveFrame::Usage { seq, .. } if seq == from + 2));
    app.assert_exact().await;
}
