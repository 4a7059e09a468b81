//! How ingest does by the minute, as the administration sees it; and quarantine by its faults.

use chrono::TimeDelta;
use nexus_crm::{domain::people::Role, features::usage::tally, flows::maintenance};
use serde_json::json;

use crate::support::{TestApp, event, event_with_id, gate::post, http::send, noon, people, with};

async fn flushed(app: &TestApp) {
    app.tally.flush(&app.ctx()).await.unwrap();
}

async fn column(app: &TestApp, column: &str) -> i64 {
    app.number(&format!("SELECT coalesce(sum({column}), 0)::bigint FROM ingest_minutes")).await
}

#[tokio::test]
async fn what_came_and_what_was_refused_is_counted_by_kind() {
    let app = TestApp::start().await;
    app.post(&event_with_id("ana", "evt_1")).await.ok();
    app.post(&event_with_id("ana", "evt_1")).await.ok();
    app.post(&with(event_with_id("ana", "evt_1"), json!({"tokens_used": 7}))).await.problem(422);
    app.post(&json!([event("bea"), {"broken": true}, {"broken": 2}])).await.ok();
    send(app.webhook(event("ana").to_string()).header("x-genesis-signature", "sha256=00")).await.problem(401);
    send(app.webhook(event("ana").to_string())).await.problem(400);
    app.post_bytes("{not json").await.problem(400);
    send(app.webhook(vec![b' '; 1024 * 1024 + 1])).await.problem(413);
    send(app.webhook("{}").header("content-encoding", "gzip")).await.problem(415);
    assert_eq!(app.count("ingest_minutes").await, 0, "nothing is written while a request waits");
    flushed(&app).await;
    for (name, n) in [
        ("requests", 9),
        ("accepted", 2),
        ("duplicates", 1),
        ("conflicts", 1),
        ("invalid", 2),
        ("unauthorized", 1),
        ("malformed", 2),
        ("too_large", 1),
        ("not_json", 1),
        ("unavailable", 0),
        ("failed", 0),
    ] {
        assert_eq!(column(&app, name).await, n, "{name}");
    }
    // Both accepted events are a minute old; requests that were taken have their times.
    let delay = app.text("SELECT concat_ws(' ', delay_sum_ms, delay_max_ms, (SELECT sum(n) FROM unnest(delay) n), (SELECT sum(n) FROM unnest(took) n)) FROM ingest_minutes").await;
    assert_eq!(delay, "120000 60000 2 4");
    let page = app.get("/admin/ingest").await.text;
    assert!(page.contains("<th scope=\"row\">401</th>") && page.contains("11.1%"), "one of nine requests: {page}");
    assert!(page.contains("33.3%"), "two of six items");
    assert!(page.contains("12:00: 2 accepted (2.0 a minute), 8 refused"), "{page}");
}

#[tokio::test]
async fn processes_add_up_in_the_same_minute_and_each_minute_stands_alone() {
    let one = TestApp::start().await;
    let two = TestApp::on(one.db.clone(), |_| {}).await;
    one.post(&json!([event("ana"), with(event("bea"), json!({"timestamp": "2026-11-20T11:00:00Z"}))])).await.ok();
    two.post(&event("eva")).await.ok();
    let (one_ctx, two_ctx) = (one.ctx(), two.ctx());
    let (a, b) = tokio::join!(one.tally.flush(&one_ctx), two.tally.flush(&two_ctx));
    a.unwrap();
    b.unwrap();
    two.app.clock.set(noon() + TimeDelta::seconds(61));
    two.post(&event("leo")).await.ok();
    flushed(&one).await;
    flushed(&two).await;
    let minutes = one
        .texts("SELECT concat_ws(' ', to_char(minute AT TIME ZONE 'UTC', 'HH24:MI'), requests, accepted, delay_max_ms, (SELECT sum(n) FROM unnest(delay) n)) FROM ingest_minutes ORDER BY minute")
        .await;
    assert_eq!(minutes, ["12:00 2 3 3600000 3", "12:01 1 1 121000 1"]);
    let [hour, day] = tally::lately(&two.ctx()).await.unwrap();
    for (span, bars) in [(hour, 60), (day, 96)] {
        assert_eq!((span.bars.len(), span.total.counts.get(tally::Count::Accepted)), (bars, 4));
        assert_eq!((span.total.delay.max_ms, span.total.delay.histogram.count()), (3_600_000, 4));
    }
}

#[tokio::test]
async fn what_could_not_be_written_is_written_with_the_next_flush_once() {
    let app = TestApp::start().await;
    app.post(&event("ana")).await.ok();
    app.as_owner("REVOKE INSERT ON ingest_minutes FROM nexus_app").await;
    assert!(app.tally.flush(&app.ctx()).await.is_err());
    app.app.clock.set(noon() + TimeDelta::minutes(3));
    app.post(&event("bea")).await.ok();
    assert!(app.tally.flush(&app.ctx()).await.is_err());
    app.as_owner("GRANT INSERT ON ingest_minutes TO nexus_app").await;
    flushed(&app).await;
    flushed(&app).await;
    let minutes =
        app.texts("SELECT to_char(minute AT TIME ZONE 'UTC', 'HH24:MI ') || accepted FROM ingest_minutes ORDER BY 1").await;
    assert_eq!(minutes, ["12:00 1", "12:03 1"]);
}

#[tokio::test]
async fn minutes_are_read_by_whoever_is_somebody_written_by_the_product_and_dropped_after_a_week() {
    let app = TestApp::start().await;
    app.post(&event("ana")).await.ok();
    flushed(&app).await;
    let mut tx = app.app.db.begin().await.unwrap();
    for (role, seen) in [("", 0_i64), ("viewer", 1), ("program", 1), ("admin", 1)] {
        sqlx::query("SELECT set_config('nexus.role', $1, true)").bind(role).execute(&mut *tx).await.unwrap();
        let n: i64 = sqlx::query_scalar("SELECT count(*) FROM ingest_minutes").fetch_one(&mut *tx).await.unwrap();
        assert_eq!(n, seen, "{role:?}");
        let changed = sqlx::query("UPDATE ingest_minutes SET accepted = 9").execute(&mut *tx).await.unwrap().rows_affected();
        let deleted = sqlx::query("DELETE FROM ingest_minutes").execute(&mut *tx).await.unwrap().rows_affected();
        assert_eq!((changed, deleted), (0, 0), "{role:?}");
    }
    drop(tx);
    let sales = people::sign_in(&app, Role::Sales).await;
    let page = app.client_with(&sales.cookie).get(app.url("/admin/ingest")).send().await.unwrap().text().await.unwrap();
    assert!(!page.contains("quarantine"), "{page}");
    for (days, left) in [(6, 1), (8, 0)] {
        app.app.clock.set(noon() + TimeDelta::days(days));
        maintenance::once(&app.ctx()).await.unwrap();
        assert_eq!(app.count("ingest_minutes").await, left, "after {days} days");
    }
}

#[tokio::test]
async fn quarantine_is_seen_by_its_faults_and_the_ticked_items_are_dealt_with() {
    let app = TestApp::start().await;
    let old = (noon() - TimeDelta::days(40)).to_rfc3339();
    for n in 0..3 {
        app.post(&with(event(&format!("old_{n}")), json!({"timestamp": old}))).await.problem(422);
    }
    app.post(&with(event("bad_1"), json!({"tokens_used": -1}))).await.problem(422);
    app.post(&with(event("bad_2"), json!({"tokens_used": -1, "timestamp": old}))).await.problem(422);
    let users = async |query: &str| {
        let page = app.get(&format!("/admin/ingest?{query}")).await.text;
        ["old_0", "old_1", "old_2", "bad_1", "bad_2"].into_iter().filter(|user| page.contains(*user)).collect::<Vec<_>>()
    };
    assert_eq!(users("fault=too_old").await, ["old_0", "old_1", "old_2", "bad_2"]);
    assert_eq!(users("fault=out_of_range&q=bad_1").await, ["bad_1"]);
    assert_eq!(users("fault=nonsense%27").await.len(), 0);
    assert_eq!(users("fault=%00").await.len(), 5);
    assert!(app.get("/admin/ingest").await.text.contains("is too long ago (4)"));
    let id = async |user: &str| app.text(&format!("SELECT id::text FROM usage_quarantine WHERE item LIKE '%{user}%'")).await;
    let (old_0, old_1, bad_1, bad_2) = (id("old_0").await, id("old_1").await, id("bad_1").await, id("bad_2").await);
    let chosen = async |verb: &str, ids: &[&str]| {
        let fields: Vec<_> = [("do", verb)].into_iter().chain(ids.iter().map(|id| ("id", *id))).collect();
        let answer = post(&app, &app.cookie, "/admin/ingest", &fields).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let none = chosen("replay_chosen", &[]).await;
    assert!(none.0 == 422 && none.1.contains("Tick at least one"), "{}", none.1);
    let done = chosen("replay_chosen", &[&old_0, &old_1, &bad_1]).await.1;
    assert!(done.contains("Stored: 2. Stored before: 0. Still not taken: 1."), "{done}");
    assert_eq!(chosen("discard_chosen", &[&bad_1, &bad_2, &old_0]).await.0, 200);
    assert_eq!(app.texts("SELECT item::json->>'user_id' FROM usage_quarantine").await, ["old_2"]);
    assert_eq!((app.count("agent_usage_events").await, app.count("journal WHERE event = 'item_discarded'").await), (2, 2));
    // All that a fault finds, as it was seen.
    let latest = noon().timestamp_micros().to_string();
    let all = [("do", "discard_all"), ("q", ""), ("fault", "out_of_range"), ("count", "1"), ("latest", &*latest)];
    assert_eq!(post(&app, &app.cookie, "/admin/ingest", &all).await.status(), 409);
    let all = all.map(|(name, value)| (name, if name == "fault" { "too_old" } else { value }));
    assert_eq!(post(&app, &app.cookie, "/admin/ingest", &all).await.status(), 200);
    assert_eq!(app.count("usage_quarantine").await, 0);
    app.assert_exact().await;
}
