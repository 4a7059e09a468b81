//! The office's changes: tier limits and quarantine, as their forms are sent.

use chrono::TimeDelta;
use reqwest::Response;
use serde_json::{Value, json};

use crate::support::{TestApp, event, event_with_id, noon, with};

async fn send(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Response {
    app.client.post(app.url(path)).form(fields).send().await.unwrap()
}

async fn limits(app: &TestApp, verb: &str, version: &str, tokens: &str) -> Response {
    let fields = [
        ("do", verb),
        ("tier", "pro"),
        ("version", version),
        ("price", "149"),
        ("tokens", tokens),
        ("interactions", "300"),
        ("agents", "nexus, BLAZE"),
    ];
    send(app, "/admin/limits", &fields).await
}

#[tokio::test]
async fn a_changed_limit_is_seen_beforehand_and_followed_at_once() {
    let app = TestApp::start().await;
    for (user, tokens) in [("ana", 100_000), ("bea", 130_000), ("eva", 10_000)] {
        app.meter(&with(event(user), json!({"tokens_used": tokens}))).await;
    }
    let position = app.number("SELECT seq FROM live_clock").await;
    let preview = limits(&app, "preview", "1", "120,000").await;
    assert_eq!(preview.status(), 200);
    let page = preview.text().await.unwrap();
    // Near 80%: bea; after: ana too. Over: nobody; after: bea.
    assert!(page.contains("108%") && page.contains("83%"), "{page}");
    assert_eq!(app.number("SELECT tokens_per_month FROM usage_tier_limits WHERE tier = 'pro'").await, 150_000, "only looked at");
    assert_eq!(limits(&app, "save", "1", "120.000").await.status(), 200);
    let stored = app
        .text("SELECT concat_ws(' ', tokens_per_month, price_cents, agents, version) FROM usage_tier_limits WHERE tier = 'pro'")
        .await;
    assert_eq!(stored, "120000 14900 {NEXUS,BLAZE} 2");
    assert_eq!(app.text("SELECT kind FROM live_messages ORDER BY seq DESC LIMIT 1").await, "reload");
    assert_eq!(app.number("SELECT seq FROM live_clock").await, position + 1);
    let standing = app.get("/agent-usage/limits/bea").await.ok();
    assert_eq!((&standing["tokens"]["limit"], &standing["tokens"]["status"]), (&json!(120_000), &json!("exceeded")));
    let late = limits(&app, "save", "1", "90000").await;
    assert_eq!(late.status(), 409, "somebody else was faster");
    let page = late.text().await.unwrap();
    assert!(
        page.contains(r#"value="120000""#) && page.contains(r#"name="version" value="2""#),
        "the page shows how it stands: {page}"
    );
    assert_eq!(limits(&app, "preview", "1", "90000").await.status(), 409);
    // A form that is refused for something else keeps the version that was seen, so that saving it later is a conflict still.
    let page = limits(&app, "save", "1", "many").await.text().await.unwrap();
    assert!(page.contains(r#"name="version" value="1""#), "{page}");
    let journal = app.text("SELECT concat_ws(' ', actor, subject_id, body->'before'->>'tokens_per_month', body->'after'->>'tokens_per_month') FROM journal WHERE event = 'limits_changed'").await;
    assert_eq!(journal, "Test admin pro 150000 120000");
    assert!(app.get("/admin/limits").await.text.contains("150,000"), "the history tells");
}

#[tokio::test]
async fn a_limit_that_makes_no_sense_changes_nothing() {
    let app = TestApp::start().await;
    for bad in ["", "-1", "many", "1000000000001", "9999999999999999999999"] {
        let refused = limits(&app, "save", "1", bad).await;
        assert_eq!(refused.status(), 422, "{bad:?}");
        let page = refused.text().await.unwrap();
        assert!(page.contains(r#"id="save-tokens-fault""#), "{page}");
    }
    assert_eq!(send(&app, "/admin/limits", &[("do", "save"), ("tier", "gold")]).await.status(), 422);
    assert_eq!(app.number("SELECT sum(version)::bigint FROM usage_tier_limits").await, 5);
}

async fn quarantined(app: &TestApp) -> Vec<String> {
    app.texts("SELECT id::text FROM usage_quarantine ORDER BY last_seen DESC, id").await
}

#[tokio::test]
async fn an_item_is_mended_and_replayed_and_counts_once() {
    let app = TestApp::start().await;
    let bad = with(event_with_id("ana", "evt_1"), json!({"tokens_used": -5}));
    app.post(&bad).await.problem(422);
    let id = quarantined(&app).await.remove(0);
    let page = app.get("/admin/ingest?q=evt_1").await;
    assert!(page.text.contains("/tokens_used") && page.text.contains("evt_1"), "{}", page.text);
    let replay =
        async |item: &Value| send(&app, "/admin/ingest", &[("do", "replay"), ("id", &id), ("item", &item.to_string())]).await;
    let still = replay(&bad).await;
    assert_eq!(still.status(), 422);
    assert!(still.text().await.unwrap().contains("aria-invalid"));
    assert_eq!(send(&app, "/admin/ingest", &[("do", "replay"), ("id", &id), ("item", "{not json")]).await.status(), 422);
    assert_eq!(quarantined(&app).await.len(), 1, "what is refused stays");
    let good = with(event_with_id("ana", "evt_1"), json!({"tokens_used": 50}));
    assert_eq!(replay(&good).await.status(), 200);
    app.settle().await;
    assert_eq!((app.count("agent_usage_events").await, quarantined(&app).await.len()), (1, 0));
    assert_eq!(replay(&good).await.status(), 404, "it is gone");
    // GENESIS sends the mended one too: it is the same event.
    assert_eq!(app.post(&good).await.ok()["status"], "duplicate");
    app.assert_exact().await;
    let journal =
        app.text("SELECT concat_ws(' ', actor, event, body->>'duplicate') FROM journal WHERE subject_kind = 'quarantine'").await;
    assert_eq!(journal, "Test admin item_replayed false");
}

#[tokio::test]
async fn an_item_is_shown_as_text_whatever_it_holds() {
    let app = TestApp::start().await;
    let nasty = "</textarea><script>alert(1)</script>&lt;";
    app.post(&with(event(nasty), json!({"tokens_used": -1}))).await.problem(422);
    let page = app.get("/admin/ingest").await.text;
    assert!(!page.contains("</textarea><script>") && page.contains("&lt;/textarea>&lt;script>"), "{page}");
    assert!(page.contains("&amp;lt;"), "what was escaped already is shown so: {page}");
    let id = quarantined(&app).await.remove(0);
    let refused = send(&app, "/admin/ingest", &[("do", "replay"), ("id", &id), ("item", nasty)]).await;
    assert!(!refused.text().await.unwrap().contains("</textarea><script>"));
}

#[tokio::test]
async fn an_old_item_may_be_replayed_and_any_discarded() {
    let app = TestApp::start().await;
    let old = with(event("ana"), json!({"timestamp": (noon() - TimeDelta::days(100)).to_rfc3339()}));
    app.post(&old).await.problem(422);
    app.post(&with(event("bea"), json!({"agent_id": 7}))).await.problem(422);
    let ids = quarantined(&app).await;
    for id in &ids {
        let old_id = app.text(&format!("SELECT item FROM usage_quarantine WHERE id = '{id}'")).await.contains("ana");
        let verb = if old_id { "replay" } else { "discard" };
        let done = send(&app, "/admin/ingest", &[("do", verb), ("id", id), ("item", &old.to_string())]).await;
        assert_eq!(done.status(), 200, "{verb}");
    }
    app.settle().await;
    assert_eq!((app.count("agent_usage_events").await, app.count("usage_quarantine").await), (1, 0));
    assert_eq!(app.number("SELECT total_tokens FROM agent_usage_monthly WHERE user_id = 'ana'").await, 150);
    assert_eq!(app.count("journal WHERE event = 'item_discarded' AND body->>'before' LIKE '%bea%'").await, 1);
}

#[tokio::test]
async fn quarantine_is_paged_by_key_and_searched_over_all_of_it() {
    let app = TestApp::start().await;
    for n in 0..30 {
        app.app.clock.set(noon() + TimeDelta::seconds(n));
        app.post(&with(event(&format!("user-{n:02}")), json!({"tokens_used": "many"}))).await.problem(422);
    }
    let users = |text: &str| (0..30).filter(|n| text.contains(&format!("user-{n:02}"))).collect::<Vec<_>>();
    let first = app.get("/admin/ingest").await.text;
    assert_eq!(users(&first), (5..30).collect::<Vec<_>>());
    assert!(first.contains("30 items"));
    let next = first
        .split(r#"rel="next""#)
        .next()
        .unwrap()
        .rsplit_once("href=\"")
        .map(|(_, href)| href.split('"').next().unwrap().to_owned());
    let next = next.filter(|href| href.contains("after=")).unwrap_or_else(|| {
        let at = first.find("after=").unwrap();
        format!("/admin/ingest?{}", first[at..].split('"').next().unwrap())
    });
    assert_eq!(users(&app.get(&next.replace("&amp;", "&")).await.text), (0..5).collect::<Vec<_>>());
    assert_eq!(users(&app.get("/admin/ingest?q=user-03").await.text), [3]);
    assert_eq!(users(&app.get("/admin/ingest?q=100%25").await.text), Vec::<i64>::new());
}
