//! The webhook's gate: what is refused before a single item is looked at, and in which words.

use std::time::Duration;

use nexus_crm::platform::clock::Clock;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{
    PREVIOUS_SECRET, SECRET, TestApp, event, event_with_id,
    http::{Answer, send},
    key, noon,
};

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
async fn another_method_is_405_and_says_which_is_allowed() {
    let app = TestApp::start().await;
    let answer = app.get("/agent-usage/events").await.problem(405);
    assert!(answer.header("allow").contains("POST"), "{:?}", answer.headers);
}

#[tokio::test]
async fn a_compressed_body_is_415() {
    let app = TestApp::start().await;
    let body = event("ana").to_string().into_bytes();
    let signature = key(SECRET).sign_genesis(&body);
    let request =
        |encoding: &str| app.webhook(body.clone()).header("x-genesis-signature", &signature).header("content-encoding", encoding);
    send(request("gzip")).await.problem(415);
    assert_eq!(send(request("identity")).await.status, 200);
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let app = TestApp::start().await;
    let mut slow = tokio::net::TcpStream::connect(app.address).await.unwrap();
    slow.write_all(b"POST /agent-usage/events HTTP/1.1\r\nhost: x\r\nx-slow: ").await.unwrap();
    let mut answer = Vec::new();
    let limit = nexus_crm::server::listen::HEAD_TIMEOUT * 2;
    tokio::time::timeout(limit, slow.read_to_end(&mut answer)).await.expect("the server hangs up").unwrap();
    assert!(!answer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer));
    app.get("/health/live").await.ok();
}
