//! Every row of the webhook's table of answers.

use std::time::Duration;

use nexus_crm::platform::clock::Clock;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{
    IMPORT_SECRET, PREVIOUS_SECRET, SECRET, TestApp,
    cluster::Cluster,
    event, event_with_id,
    http::{Answer, send},
    key, noon, with,
};

/// The pointers and codes of a problem's errors.
fn errors(problem: &Value) -> Vec<(&str, &str)> {
    let list = problem["errors"].as_array().unwrap();
    list.iter().map(|e| (e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap())).collect()
}

/// Sends raw bytes and gives the head and body of what comes back before the server waits for more.
async fn raw(app: &TestApp, parts: &[&[u8]]) -> (String, Value) {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    for part in parts {
        stream.write_all(part).await.unwrap();
    }
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && let Ok(json) = serde_json::from_str(body)
        {
            return (head.to_ascii_lowercase(), json);
        }
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read_buf(&mut bytes)).await.expect("an answer comes");
        assert_ne!(read.unwrap(), 0, "the answer ended early: {text}");
    }
}

fn head(more: &str) -> String {
    format!("POST /agent-usage/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{more}\r\n\r\n")
}

#[tokio::test]
async fn an_event_is_stored_in_either_scheme() {
    let app = TestApp::start().await;
    let first = app.post(&event_with_id("ana", "evt_1")).await.ok();
    assert_eq!(first, json!({"status": "success", "event_id": "evt_1", "message": "stored"}));
    let second = app.post_standard("msg_1", &event("ana")).await.ok();
    assert_eq!(second["status"], "success");
    let id = second["event_id"].as_str().unwrap();
    assert_eq!(app.text(&format!("SELECT user_id FROM agent_usage_events WHERE id = '{id}'")).await, "ana");
    assert_eq!(app.count("agent_usage_events").await, 2);
    app.assert_exact().await;
}

#[tokio::test]
async fn the_published_vector_of_standard_webhooks_passes_and_a_changed_byte_does_not() {
    let app = TestApp::with(|s| {
        s.clock = Clock::fixed(chrono::DateTime::from_timestamp(1_614_265_330, 0).unwrap());
        s.settings.webhook_keys = vec![key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")];
    })
    .await;
    let request = |body: &str| {
        let request =
            app.webhook(body).header("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek").header("webhook-timestamp", "1614265330");
        send(request.header("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="))
    };
    // It passes the gate; it is not an event.
    request(r#"{"test": 2432232314}"#).await.problem(422);
    request(r#"{"test": 2432232315}"#).await.problem(401);
}

#[tokio::test]
async fn a_repetition_is_a_duplicate_and_names_the_first_id() {
    let app = TestApp::start().await;
    // By event id, in both schemes, whatever the webhook's id.
    app.post(&event_with_id("ana", "evt_1")).await.ok();
    for answer in [app.post(&event_with_id("ana", "evt_1")).await, app.post_standard("msg_9", &event_with_id("ana", "evt_1")).await]
    {
        let answer = answer.ok();
        assert_eq!((answer["status"].as_str(), answer["event_id"].as_str()), (Some("duplicate"), Some("evt_1")));
    }
    // By webhook id.
    let first = app.post_standard("msg_1", &event("bea")).await.ok();
    let again = app.post_standard("msg_1", &event("bea")).await.ok();
    assert_eq!((&again["status"], &again["event_id"]), (&json!("duplicate"), &first["event_id"]));
    // By content.
    let first = app.post(&event("cleo")).await.ok();
    let again = app.post(&event("cleo")).await.ok();
    assert_eq!((&again["status"], &again["event_id"]), (&json!("duplicate"), &first["event_id"]));
    assert_eq!(app.count("agent_usage_events").await, 3);
    app.assert_exact().await;
}

#[tokio::test]
async fn the_same_id_with_other_content_is_refused() {
    let app = TestApp::start().await;
    app.post(&event_with_id("ana", "evt_1")).await.ok();
    let answer = app.post(&with(event_with_id("ana", "evt_1"), json!({"tokens_used": 151}))).await.problem(422);
    assert_eq!(errors(&answer.json), [("/event_id", "conflict")]);
    app.post_standard("msg_1", &event("bea")).await.ok();
    app.post_standard("msg_1", &with(event("bea"), json!({"tokens_used": 151}))).await.problem(422);
    assert_eq!(
        (app.count("agent_usage_events").await, app.number("SELECT sum(total_tokens)::bigint FROM agent_usage_daily").await),
        (2, 300)
    );
}

#[tokio::test]
async fn malformed_json_is_400_in_either_scheme() {
    let app = TestApp::start().await;
    for body in ["", " ", "{", "[1,", "{\"a\":}", "nonsense", "{} {}", "\u{feff}{}"] {
        app.post_bytes(body).await.problem(400);
    }
    app.post_bytes(&b"{\"user_id\":\"\xff\"}"[..]).await.problem(400);
    let (at, body) = (noon().timestamp(), b"{".to_vec());
    let signature = key(SECRET).sign_standard("msg_1", at, &body);
    let request =
        app.webhook(body).header("webhook-id", "msg_1").header("webhook-timestamp", at).header("webhook-signature", signature);
    send(request).await.problem(400);
    assert_eq!((app.count("agent_usage_events").await, app.count("usage_quarantine").await), (0, 0));
}

#[tokio::test]
async fn a_missing_header_is_400_and_named() {
    let app = TestApp::start().await;
    let body = event("ana").to_string();
    let unsigned = send(app.webhook(body.clone())).await.problem(400);
    assert_eq!(unsigned.json["detail"], "X-Genesis-Signature");
    let signature = key(SECRET).sign_standard("msg_1", noon().timestamp(), body.as_bytes());
    let headers = [
        ("webhook-id", "msg_1".to_owned()),
        ("webhook-timestamp", noon().timestamp().to_string()),
        ("webhook-signature", signature),
    ];
    for (missing, _) in &headers {
        let present = headers.iter().filter(|(name, _)| name != missing);
        let request = present.fold(app.webhook(body.clone()), |request, (name, value)| request.header(*name, value));
        assert_eq!(send(request).await.problem(400).json["detail"], *missing);
    }
}

#[tokio::test]
async fn a_bad_or_stale_signature_is_401_and_tells_nothing() {
    let app = TestApp::start().await;
    let body = event("ana").to_string();
    let genesis = |signature: String, at: i64| {
        send(app.webhook(body.clone()).header("x-genesis-signature", signature).header("x-genesis-timestamp", at))
    };
    let standard = |signature: String, at: i64| {
        let request = app.webhook(body.clone()).header("webhook-id", "msg_1").header("webhook-timestamp", at);
        send(request.header("webhook-signature", signature))
    };
    let (now, bytes) = (noon().timestamp(), body.as_bytes());
    let answers = [
        genesis(key("another-secret-altogether").sign_genesis(bytes), now).await,
        genesis(key(PREVIOUS_SECRET).sign_genesis(b"other bytes"), now).await,
        genesis(key(SECRET).sign_genesis(bytes), now - 301).await,
        genesis(key(SECRET).sign_genesis(bytes), now + 301).await,
        genesis("sha256=00".into(), now).await,
        genesis("nonsense".into(), now).await,
        standard(key("another-secret-altogether").sign_standard("msg_1", now, bytes), now).await,
        standard(key(SECRET).sign_standard("msg_2", now, bytes), now).await,
        standard(key(SECRET).sign_standard("msg_1", now - 301, bytes), now - 301).await,
        standard(key(SECRET).sign_standard("msg_1", now + 301, bytes), now + 301).await,
        standard("v2,AAAA".into(), now).await,
        standard(key(SECRET).sign_genesis(bytes), now).await,
    ];
    let first = answers[0].text.clone();
    for answer in answers {
        assert_eq!(answer.problem(401).text, first);
    }
    // At the edge of the tolerance it still holds.
    genesis(key(SECRET).sign_genesis(bytes), now - 300).await.ok();
    assert_eq!(app.count("agent_usage_events").await, 1);
}

#[tokio::test]
async fn any_webhook_header_rules_out_the_genesis_scheme() {
    let app = TestApp::start().await;
    let body = event("ana").to_string();
    let signature = key(SECRET).sign_genesis(body.as_bytes());
    let signed = || app.webhook(body.clone()).header("x-genesis-signature", &signature);
    send(signed().header("webhook-anything", "x")).await.problem(400);
    send(signed().header("webhook-id", "msg_1")).await.problem(400);
    let wrong = signed()
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", noon().timestamp())
        .header("webhook-signature", "v1,AAAA");
    send(wrong).await.problem(401);
    send(signed()).await.ok();
}

#[tokio::test]
async fn a_secret_can_be_rotated() {
    let app = TestApp::start().await;
    app.post_with(PREVIOUS_SECRET, event("ana").to_string()).await.ok();
    // Several signatures in one header: one that holds is enough.
    let (body, at) = (event("bea").to_string(), noon().timestamp());
    let signatures =
        ["another-secret-altogether", PREVIOUS_SECRET].map(|secret| key(secret).sign_standard("msg_1", at, body.as_bytes()));
    let request = app.webhook(body).header("webhook-id", "msg_1").header("webhook-timestamp", at);
    send(request.header("webhook-signature", signatures.join(" "))).await.ok();
    assert_eq!(app.count("agent_usage_events").await, 2);
}

#[tokio::test]
async fn what_is_not_json_is_415() {
    let app = TestApp::start().await;
    let body = event("ana").to_string();
    let signature = key(SECRET).sign_genesis(body.as_bytes());
    let request = |kind: Option<&str>| {
        let request = app.client.post(app.url("/agent-usage/events")).header("x-genesis-signature", &signature).body(body.clone());
        send(match kind {
            Some(kind) => request.header("content-type", kind),
            None => request,
        })
    };
    for kind in [None, Some("text/plain"), Some("application/jsonp"), Some("application/x-www-form-urlencoded")] {
        request(kind).await.problem(415);
    }
    request(Some("Application/JSON; charset=utf-8")).await.ok();
}

#[tokio::test]
async fn what_is_too_large_is_413() {
    let app = TestApp::start().await;
    let (head_, problem) = raw(&app, &[head("content-length: 1048577").as_bytes()]).await;
    assert!(head_.starts_with("http/1.1 413") && head_.contains("application/problem+json"), "{head_}");
    assert_eq!(problem["status"], 413);

    // A size that is not announced is found out on the way.
    let chunk = [format!("{:x}\r\n", 64 * 1024).into_bytes(), vec![b' '; 64 * 1024], b"\r\n".to_vec()].concat();
    let head = head("transfer-encoding: chunked");
    let mut parts: Vec<&[u8]> = vec![head.as_bytes()];
    parts.extend(std::iter::repeat_n(chunk.as_slice(), 16));
    parts.push(b"1\r\n \r\n");
    let (head, problem) = raw(&app, &parts).await;
    assert!(head.starts_with("http/1.1 413") && problem["status"] == 413, "{head}");

    let items: Vec<_> = (0..1_001).map(|i| event_with_id("ana", &i.to_string())).collect();
    app.post(&json!(items)).await.problem(413);
    assert_eq!(app.count("agent_usage_events").await, 0);
    let answer = app.post(&json!(items[..1_000])).await;
    assert_eq!(answer.json["status"], "success", "{}", answer.text);
    assert_eq!(app.count("agent_usage_events").await, 1_000);

    // A body of exactly 1 MiB is read.
    let mut body = event("bea").to_string().into_bytes();
    body.resize(1024 * 1024, b' ');
    app.post_bytes(body).await.ok();
}

#[tokio::test]
async fn a_body_that_takes_too_long_is_408() {
    let app = TestApp::with(|s| s.settings.body_timeout = Duration::from_millis(200)).await;
    let (head, problem) = raw(&app, &[head("content-length: 100").as_bytes(), b"{\"user_id\""]).await;
    assert!(head.starts_with("http/1.1 408") && head.contains("application/problem+json"), "{head}");
    assert_eq!(problem["status"], 408);
}

#[tokio::test]
async fn each_broken_field_is_pointed_at() {
    let app = TestApp::start().await;
    let item = json!({"user_id": "", "agent_id": 7, "session_id": "a\u{7}", "tokens_used": -1, "timestamp": "yesterday",
        "subscription_tier": "gold", "context": []});
    let answer = app.post(&item).await.problem(422);
    let mut found = errors(&answer.json);
    found.sort_unstable();
    let expected = [
        ("/agent_id", "type"),
        ("/context", "type"),
        ("/response_time_ms", "required"),
        ("/session_id", "control_character"),
        ("/subscription_tier", "unknown"),
        ("/timestamp", "format"),
        ("/tokens_used", "out_of_range"),
        ("/user_id", "out_of_range"),
    ];
    assert_eq!(found, expected);
    for whole in [json!(7), json!("text"), json!(null)] {
        assert_eq!(errors(&app.post(&whole).await.problem(422).json), [("", "type")]);
    }
    assert_eq!((app.count("agent_usage_events").await, app.count("usage_quarantine").await), (0, 4));
}

#[tokio::test]
async fn in_a_batch_only_the_bad_item_fails_and_goes_to_quarantine() {
    let app = TestApp::start().await;
    let bad = r#"{ "event_id":"evt_2" ,"user_id":"ana",  "tokens_used":1.50}"#;
    let body = format!("[{}, {bad} , {}]", event_with_id("ana", "evt_1"), event_with_id("bea", "evt_3"));
    let answer = app.post_bytes(body.clone()).await;
    assert_eq!((answer.status, &answer.json["status"]), (200, &json!("partial")), "{}", answer.text);
    assert_eq!(answer.statuses(), ["success", "error", "success"]);
    let results = &answer.json["results"];
    assert_eq!(["evt_1", "evt_2", "evt_3"].map(|id| json!(id)), [0, 1, 2].map(|i| results[i]["event_id"].clone()));
    assert!(errors(&results[1]["error"]).contains(&("/1/tokens_used", "type")));
    assert_eq!(app.count("agent_usage_events").await, 2);

    // As it came, once, however often it comes.
    let again = app.post_bytes(body).await;
    assert_eq!(again.statuses(), ["duplicate", "error", "duplicate"]);
    assert_eq!(again.json["status"], "partial");
    app.post_bytes(bad).await.problem(422);
    assert_eq!(app.count("usage_quarantine").await, 1);
    assert_eq!(app.text("SELECT item FROM usage_quarantine").await, bad);
    assert_eq!(app.number("SELECT times_seen FROM usage_quarantine").await, 3);
    app.assert_exact().await;
}

#[tokio::test]
async fn a_batch_of_which_nothing_is_taken_is_422_and_one_of_duplicates_200() {
    let app = TestApp::start().await;
    let empty = app.post(&json!([])).await.problem(422);
    assert_eq!(empty.json["results"], json!([]));
    let nothing = app.post(&json!([{}, 7])).await.problem(422);
    assert_eq!(nothing.statuses(), ["error", "error"]);
    let batch = json!([event("ana"), event("bea")]);
    assert_eq!(app.post(&batch).await.statuses(), ["success", "success"]);
    let again = app.post(&batch).await;
    assert_eq!((again.status, &again.json["status"]), (200, &json!("success")));
    assert_eq!(again.statuses(), ["duplicate", "duplicate"]);
}

#[tokio::test]
async fn repetitions_and_conflicts_inside_a_batch_are_told_apart() {
    let app = TestApp::start().await;
    let other = with(event_with_id("ana", "evt_1"), json!({"tokens_used": 9}));
    let batch = json!([event_with_id("ana", "evt_1"), event_with_id("ana", "evt_1"), other, event("ana"), event("ana")]);
    let answer = app.post(&batch).await;
    assert_eq!(answer.statuses(), ["success", "duplicate", "error", "success", "duplicate"]);
    let results = &answer.json["results"];
    assert_eq!(errors(&results[2]["error"]), [("/2/event_id", "conflict")]);
    assert_eq!(results[3]["event_id"], results[4]["event_id"]);
    // By Standard Webhooks, the place in the batch tells equal items apart.
    let answer = app.post_standard("msg_1", &json!([event("bea"), event("bea")])).await;
    assert_eq!(answer.statuses(), ["success", "success"]);
    assert_eq!(app.count("agent_usage_events").await, 4);
    app.assert_exact().await;
}

#[tokio::test]
async fn what_is_too_old_or_in_the_future_is_quarantined() {
    let app = TestApp::start().await;
    let at = |time: &str| with(event("ana"), json!({"timestamp": time}));
    for (time, code) in [("2026-10-16T11:59:59Z", "too_old"), ("2026-11-20T12:05:01Z", "in_the_future")] {
        assert_eq!(errors(&app.post(&at(time)).await.problem(422).json), [("/timestamp", code)]);
    }
    assert_eq!(app.count("usage_quarantine").await, 2);
    for time in ["2026-10-16T12:00:00Z", "2026-11-20T12:05:00Z"] {
        app.post(&at(time)).await.ok();
    }
    app.post_with(IMPORT_SECRET, at("2024-02-29T23:59:59Z").to_string()).await.ok();
    app.post_with(IMPORT_SECRET, at("2026-11-20T12:05:01Z").to_string()).await.problem(422);
    assert_eq!(app.count("agent_usage_events").await, 3);
    app.assert_exact().await;
}

#[tokio::test]
async fn too_many_requests_are_429_and_told_when_to_come_back() {
    let app = TestApp::with(|s| {
        s.settings.ingest_rate = 1;
        s.settings.rate_limit_loopback = true;
    })
    .await;
    let (one, two) = (event("ana"), event("bea"));
    let answers: Vec<Answer> =
        futures_util::future::join_all((0..12).map(|i| app.post(if i % 2 == 0 { &one } else { &two }))).await;
    let limited: Vec<_> = answers.into_iter().filter(|a| a.status != 200).collect();
    assert!(!limited.is_empty());
    for answer in limited {
        assert_eq!(answer.problem(429).header("retry-after"), "1");
    }
}

#[tokio::test]
async fn a_full_queue_is_503_and_takes_nothing_of_the_batch() {
    let app = TestApp::with(|s| s.settings.ingest_queue = 5).await;
    let items: Vec<_> = (0..6).map(|i| event_with_id("ana", &i.to_string())).collect();
    let answer = app.post(&json!(items)).await.problem(503);
    assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
    assert_eq!(app.count("agent_usage_events").await, 0);
    // Room is given back.
    for _ in 0..3 {
        app.post(&json!(items[..5])).await.ok();
    }
    assert_eq!(app.count("agent_usage_events").await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_the_webhook_answers_503_and_recovers_by_itself() {
    let cluster = Cluster::start().await;
    let app = TestApp::on(cluster.database().await, |_| {}).await;
    app.post(&event("ana")).await.ok();
    app.get("/health/ready").await.ok();
    cluster.run("stop", &[]).await;
    let answer = app.post(&event("bea")).await.problem(503);
    assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
    // The gate does not need the database.
    app.post_with("another-secret-altogether", event("bea").to_string()).await.problem(401);
    app.get("/health/ready").await.problem(503);
    app.get("/health/live").await.ok();
    app.get("/agent-usage/stats/ana").await.problem(503);
    cluster.run("start", &[]).await;
    crate::support::until("the webhook takes events again", async || app.post(&event("bea")).await.status == 200).await;
    app.get("/health/ready").await.ok();
    assert_eq!(app.count("agent_usage_events").await, 2);
    app.assert_exact().await;
}

#[tokio::test]
async fn use_beyond_the_tier_is_stored_and_flagged() {
    let app = TestApp::start().await;
    let message = async |item: &Value| app.post(item).await.ok()["message"].as_str().unwrap().to_owned();
    let essential = |user: &str, more: Value| with(with(event(user), json!({"subscription_tier": "essential"})), more);
    assert_eq!(message(&essential("ana", json!({"agent_id": "SAGE"}))).await, "stored; the agent is not in the tier");
    assert_eq!(message(&essential("bea", json!({"agent_id": "ROBIN"}))).await, "stored; the agent is not in the tier");
    assert_eq!(message(&with(event("cleo"), json!({"agent_id": "ROBIN", "subscription_tier": "prime"}))).await, "stored");
    assert_eq!(message(&essential("dora", json!({"tokens_used": 50_001}))).await, "stored; the month's tokens are exceeded");
    let hundred: Vec<_> = (0..100).map(|i| essential("eva", json!({"event_id": format!("e{i}")}))).collect();
    assert!(app.post(&json!(hundred)).await.statuses().iter().all(|s| *s == "success"));
    assert_eq!(message(&essential("eva", json!({"event_id": "e100"}))).await, "stored; the day's interactions are exceeded");
    assert_eq!(app.count("agent_usage_events").await, 105);
    assert_eq!(app.number("SELECT sum(flags)::bigint FROM agent_usage_events").await, 1 + 1 + 2 + 4);
    app.assert_exact().await;
}

#[tokio::test]
async fn unknown_fields_are_kept_in_the_context() {
    let app = TestApp::start().await;
    let item = with(
        event("ana"),
        json!({"context": {"channel": "web"}, "weather": {"sun": true}, "contact_id": "c1", "organization_id": "o1"}),
    );
    app.post(&item).await.ok();
    let context = app.text("SELECT context::text FROM agent_usage_events").await;
    let context: Value = serde_json::from_str(&context).unwrap();
    assert_eq!(context, json!({"channel": "web", "weather": {"sun": true}}));
    assert_eq!(app.text("SELECT contact_id || organization_id FROM agent_usage_events").await, "c1o1");
}

#[tokio::test]
async fn another_method_is_405_and_says_which_is_allowed() {
    let app = TestApp::start().await;
    let answer = app.get("/agent-usage/events").await.problem(405);
    assert!(answer.header("allow").contains("POST"), "{:?}", answer.headers);
}
