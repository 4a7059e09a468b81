//! The webhook's answers to signed requests: what becomes of each item. What is refused before is in `webhook_gate.rs`.

use serde_json::{Value, json};

use crate::support::{IMPORT_SECRET, TestApp, cluster::Cluster, event, event_with_id, with};

/// The pointers and codes of a problem's errors.
fn errors(problem: &Value) -> Vec<(&str, &str)> {
    let list = problem["errors"].as_array().unwrap();
    list.iter().map(|e| (e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap())).collect()
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
    // It may be good, by a secret that was made a moment ago: it is to be sent again.
    app.post_with("another-secret-altogether", event("bea").to_string()).await.problem(503);
    // What is no signature at all needs no database.
    app.webhook("{}").send().await.map(|answer| assert_eq!(answer.status(), 400)).unwrap();
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
async fn an_item_that_is_json_and_no_value_fails_alone() {
    let app = TestApp::start().await;
    let good = event("ana").to_string();
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    for bad in [r#""\ud83d""#, "1e400", deep.as_str()] {
        let item = good.replacen('{', &format!("{{\"context\":{{\"a\":{bad}}},"), 1);
        let answer = app.post_bytes(format!("[{good},{item}]")).await;
        let json = answer.ok();
        assert_eq!(json["status"], "partial", "{bad}");
        assert_eq!(json["results"][1]["error"]["errors"][0]["pointer"], "/1");
        assert_eq!(json["results"][1]["error"]["errors"][0]["code"], "unreadable");
        app.post_bytes(item).await.problem(422);
    }
    assert_eq!((app.count("agent_usage_events").await, app.count("usage_quarantine").await), (1, 3));
}

#[tokio::test]
async fn of_one_id_for_many_users_the_first_is_stored() {
    let app = TestApp::start().await;
    for round in 0..6 {
        let items: Vec<_> = (0..8).map(|user| event_with_id(&format!("user-{round}-{user}"), &format!("evt-{round}"))).collect();
        let answer = app.post(&json!(items)).await;
        assert_eq!(answer.statuses(), [&["success"][..], &["error"; 7]].concat(), "{}", answer.text);
    }
    assert_eq!(app.text("SELECT string_agg(user_id, ' ' ORDER BY user_id) FROM agent_usage_events").await.split(' ').count(), 6);
    assert_eq!(app.number("SELECT count(*) FROM agent_usage_events WHERE user_id LIKE '%-0'").await, 6);
    app.assert_exact().await;
}
