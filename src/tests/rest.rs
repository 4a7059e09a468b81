//! What other systems read: statistics, limits, the summary, the export, health and metrics.

use serde_json::{Value, json};

use crate::support::{TestApp, event, with};

/// Three users over two days: 150, 250 and 350 tokens.
async fn filled() -> TestApp {
    let app = TestApp::start().await;
    let batch = json!([
        event("ana"),
        with(
            event("ana"),
            json!({"timestamp": "2026-11-19T23:59:59Z", "tokens_used": 250, "agent_id": "SAGE", "response_time_ms": 800})
        ),
        with(event("bea"), json!({"tokens_used": 350, "subscription_tier": "elite", "organization_id": "acme"})),
    ]);
    app.meter(&batch).await;
    app
}

#[tokio::test]
async fn statistics_of_a_user_add_up() {
    let app = filled().await;
    let stats = app.get("/agent-usage/stats/ana").await.ok();
    assert_eq!((&stats["user_id"], &stats["subscription_tier"]), (&json!("ana"), &json!("pro")));
    assert_eq!(stats["today"], json!({"tokens": 150, "interactions": 1}));
    for period in ["last_7_days", "last_30_days", "month"] {
        assert_eq!(stats[period], json!({"tokens": 400, "interactions": 2}), "{period}");
    }
    assert_eq!(stats["first_day"], "2026-11-19");
    let agents = stats["agents_this_month"].as_array().unwrap();
    let sage = agents.iter().find(|a| a["agent_id"] == "SAGE").unwrap();
    assert_eq!((&sage["tokens"], &sage["interactions"], &sage["in_tier"]), (&json!(250), &json!(1), &json!(true)));
    assert_eq!(agents.len(), 2);
    app.get("/agent-usage/stats/nobody").await.problem(404);
}

#[tokio::test]
async fn limits_of_a_user_say_where_the_user_stands() {
    let app = filled().await;
    let limits = app.get("/agent-usage/limits/ana").await.ok();
    assert_eq!(limits["subscription_tier"], "pro");
    let tokens = &limits["tokens"];
    assert_eq!((&tokens["used"], &tokens["limit"], &tokens["status"]), (&json!(400), &json!(150_000), &json!("ok")));
    let interactions = &limits["interactions"];
    assert_eq!(
        (&interactions["used"], &interactions["limit"], &interactions["percentage"]),
        (&json!(1), &json!(300), &json!(0.33))
    );
    assert_eq!(limits["agents"], json!(["NEXUS", "BLAZE", "SAGE", "ARIA"]));
    for (tokens, status) in [(119_600, "approaching"), (22_500, "exceeded")] {
        app.post(&with(event("ana"), json!({"tokens_used": tokens}))).await.ok();
        assert_eq!(app.get("/agent-usage/limits/ana").await.ok()["tokens"]["status"], status);
    }
    app.get("/agent-usage/limits/nobody").await.problem(404);
}

#[tokio::test]
async fn a_name_that_needs_escaping_is_found() {
    let app = TestApp::start().await;
    let name = "ñandú/50% & más?";
    app.post(&event(name)).await.ok();
    let escaped = "%C3%B1and%C3%BA%2F50%25%20%26%20m%C3%A1s%3F";
    assert_eq!(app.get(&format!("/agent-usage/stats/{escaped}")).await.ok()["user_id"], name);
    assert_eq!(app.get(&format!("/agent-usage/limits/{escaped}")).await.ok()["user_id"], name);
}

#[tokio::test]
async fn the_summary_adds_up_over_any_number_of_days() {
    let app = filled().await;
    let sum = |board: &Value, of: &str| board["points"].as_array().unwrap().iter().map(|p| p[of].as_i64().unwrap()).sum::<i64>();
    for (query, tokens, interactions, users) in
        [("", 750, 3, 2), ("?days=1", 500, 2, 2), ("?days=2", 750, 3, 2), ("?days=93", 750, 3, 2), ("?days=366", 750, 3, 2)]
    {
        let summary = app.get(&format!("/agent-usage/analytics/summary{query}")).await.ok();
        assert_eq!(summary["totals"], json!({"interactions": interactions, "tokens": tokens, "active_users": users}), "{query}");
        assert_eq!((sum(&summary, "tokens"), sum(&summary, "interactions")), (tokens, interactions), "{query}");
        let agents = summary["agents"].as_array().unwrap();
        assert_eq!(agents.iter().map(|a| a["tokens"].as_i64().unwrap()).sum::<i64>(), tokens, "{query}");
        assert_eq!(summary["known_users"], 2);
    }
    for days in ["0", "-1", "367", "many", "", "1.5", "99999999999999999999"] {
        let problem = app.get(&format!("/agent-usage/analytics/summary?days={days}")).await.problem(422);
        assert_eq!(problem.json["errors"][0]["pointer"], "/days", "{days}");
    }
}

#[tokio::test]
async fn the_export_adds_up() {
    let app = filled().await;
    for (query, tokens) in
        [("", 750), ("?period=7d", 750), ("?period=today", 500), ("?period=7d&tier=pro", 400), ("?period=7d&agent=SAGE", 250)]
    {
        let answer = app.get(&format!("/usage/export.csv{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
        assert!(answer.header("content-disposition").starts_with("attachment; filename=\"usage-"), "{query}");
        let mut lines = answer.text.split_terminator("\r\n");
        assert_eq!(lines.next(), Some("start_utc,tier,interactions,tokens"));
        let sum: i64 = lines.map(|line| line.rsplit(',').next().unwrap().parse::<i64>().unwrap()).sum();
        assert_eq!(sum, tokens, "{query}");
    }
}

#[tokio::test]
async fn health_tells_whether_requests_can_be_taken() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/health/live").await.ok()["status"], "ok");
    let ready = app.get("/health/ready").await.ok();
    assert_eq!((&ready["status"], &ready["queue"]), (&json!("ok"), &json!(0)));
    // A schema that is older than the build.
    app.as_owner("DELETE FROM _sqlx_migrations").await;
    let problem = app.get("/health/ready").await.problem(503);
    assert!(problem.text.contains("migrate"), "{}", problem.text);
    assert!(!problem.header("retry-after").is_empty());
    app.get("/health/live").await.ok();
}

#[tokio::test]
async fn metrics_count_what_was_taken() {
    let app = filled().await;
    app.post(&event("ana")).await.ok();
    app.post(&json!({})).await.problem(422);
    app.post_with("another-secret-altogether", "{}").await.problem(401);
    let answer = app.get("/metrics").await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("text/plain"));
    // Other tests of this process count too.
    let value = |line: &str| {
        let found = answer.text.lines().find_map(|l| l.strip_prefix(line)).unwrap_or_else(|| panic!("{line}: {}", answer.text));
        found.trim().parse::<f64>().unwrap()
    };
    assert!(value("nexus_ingest_events_total{result=\"success\"}") >= 3.0);
    assert!(value("nexus_ingest_events_total{result=\"duplicate\"}") >= 1.0);
    assert!(value("nexus_ingest_events_total{result=\"invalid\"}") >= 1.0);
    assert!(value("nexus_ingest_requests_total{status=\"401\"}") >= 1.0);
    assert!(value("nexus_ingest_commit_seconds_count") >= 1.0);
    assert!(value("nexus_ingest_queue_events") >= 0.0);
    assert!(value("nexus_live_seq") >= 0.0);
    assert!(!answer.text.contains("whsec_"));
}

#[tokio::test]
async fn browsers_are_told_to_come_by_https_where_people_do() {
    let app = TestApp::with(|s| s.settings.base_url = "https://crm.example.com".into()).await;
    for path in ["/health/live", "/sign-in", "/agent-usage/events"] {
        assert!(app.get(path).await.header("strict-transport-security").starts_with("max-age=63072000"), "{path}");
    }
    assert_eq!(TestApp::start().await.get("/sign-in").await.header("strict-transport-security"), "");
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let app = TestApp::start().await;
    for path in ["/health/live", "/agent-usage/stats/nobody", "/agent-usage/events", "/metrics", "/sign-in", "/account"] {
        let answer = app.get(path).await;
        assert_eq!((answer.header("x-content-type-options"), answer.header("x-frame-options")), ("nosniff", "DENY"), "{path}");
    }
}

#[tokio::test]
async fn what_no_text_of_ours_can_hold_is_not_found_and_no_fault() {
    let app = filled().await;
    for path in ["/agent-usage/stats/%00", "/agent-usage/limits/a%00b"] {
        app.get(path).await.problem(404);
    }
    for query in
        ["agent=%00", "period=custom&from=%2B262142-12-29&to=%2B262142-12-29", "period=custom&from=-4713-01-01&to=-4712-01-01"]
    {
        let answer = app.get(&format!("/usage/export.csv?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        assert_eq!(answer.text, app.get("/usage/export.csv").await.text, "{query} is as if nothing was said");
    }
}
