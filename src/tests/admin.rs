//! The administration: the journal as a file and its retention, sessions, what holds for everybody; and one's own profile.

use std::time::Duration;

use chrono::TimeDelta;
use nexus_crm::{domain::people::Role, features::auth::sessions, flows::maintenance};

use crate::support::{
    TestApp, event,
    gate::{self, PASSWORD, cookie, post},
    noon, people, with, within,
};

#[tokio::test]
async fn the_journal_is_taken_out_whole_as_far_as_one_may_see_and_without_formulas() {
    let app = TestApp::start().await;
    app.as_owner(
        "INSERT INTO journal (at, actor, event, subject_kind, subject_id, body)
         SELECT '2026-01-01'::timestamptz + n * interval '1 minute', 'test', 'made_up', 'thing', n::text, '{\"a\": \"b,c\"}' FROM generate_series(1, 2500) n",
    )
    .await;
    app.as_owner(
        "INSERT INTO journal (actor, event, subject_kind, subject_id, body) VALUES ('=HYPERLINK(\"x\")', 'made_up', 'thing', 'x', '{}')",
    )
    .await;
    let file = app.client.get(app.url("/admin/journal/export.csv?q=made_up")).send().await.unwrap();
    assert_eq!(file.headers()["content-disposition"], "attachment; filename=\"journal-2026-11-20.csv\"");
    let text = file.text().await.unwrap();
    let lines: Vec<_> = text.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!((lines.len(), lines[0]), (2_502, "id,at_utc,actor,address,event,subject_kind,subject_id,details"));
    assert!(lines[1].contains("\"'=HYPERLINK(\"\"x\"\")\""), "{}", lines[1]);
    let numbers: Vec<i64> = lines[2..].iter().map(|line| line.split(',').nth(6).unwrap().parse().unwrap()).collect();
    assert!(numbers.iter().copied().eq((1..=2_500).rev()), "each once, newest first");
    assert!(lines[2].ends_with(r#""{""a"": ""b,c""}""#), "{}", lines[2]);
    assert_eq!(app.text("SELECT body->>'all' FROM journal WHERE event = 'journal_exported'").await, "false");
    let manager = people::sign_in(&app, Role::Manager).await;
    let own =
        app.client_with(&manager.cookie).get(app.url("/admin/journal/export.csv")).send().await.unwrap().text().await.unwrap();
    assert_eq!(own.lines().count(), 2, "what the team did, which is this export alone: {own}");
}

#[tokio::test]
async fn the_journal_is_kept_for_as_long_as_is_settled_and_no_entry_goes_sooner() {
    let app = TestApp::start().await;
    let save = async |days: &str, version: &str| {
        let fields =
            [("do", "settings"), ("version", version), ("name", "NGX"), ("zone", "America/Bogota"), ("journal_days", days)];
        post(&app, &app.cookie, "/admin/settings", &fields).await.status().as_u16()
    };
    app.as_owner(
        "INSERT INTO journal (at, actor, event, subject_kind, subject_id, body)
         VALUES (now() - interval '101 days', 't', 'old', 't', '1', '{}'), (now() - interval '99 days', 't', 'old', 't', '2', '{}')",
    )
    .await;
    maintenance::once(&app.ctx()).await.unwrap();
    assert_eq!(app.number("SELECT count(*) FROM journal WHERE event = 'old'").await, 2, "for ever");
    for bad in ["89", "36501", "-1", "many"] {
        assert_eq!(save(bad, "1").await, 422, "{bad}");
    }
    assert_eq!((save("100", "1").await, save("200", "1").await), (200, 409));
    maintenance::once(&app.ctx()).await.unwrap();
    assert_eq!(app.texts("SELECT subject_id FROM journal WHERE event = 'old'").await, ["2"]);
    // Only the product itself may ask for it.
    let mut tx = app.app.db.begin().await.unwrap();
    sqlx::query("SET LOCAL nexus.role = 'admin'").execute(&mut *tx).await.unwrap();
    assert!(sqlx::query("SELECT journal_drop_old(10)").execute(&mut *tx).await.is_err());
    // What holds for everybody is on the page of signing in within seconds.
    let page = async || app.client_with("").get(app.url("/sign-in")).send().await.unwrap().text().await.unwrap();
    within(Duration::from_secs(10), "whose it is stands there", async || page().await.contains("NGX")).await;
    assert_eq!(app.number("SELECT count(*) FROM journal WHERE event = 'workspace_changed'").await, 1);
}

#[tokio::test]
async fn an_admin_sees_and_ends_sessions_and_nobody_else_does() {
    let app = TestApp::start().await;
    let sara = people::sign_in(&app, Role::Sales).await;
    let page = app.get("/admin/sessions?q=test%20sales").await.text;
    assert!(page.contains("sales@test.example") || page.contains("@test.example"), "{page}");
    let id = sara.session.to_string();
    let end =
        async |cookie: &str| post(&app, cookie, "/admin/sessions", &[("do", "end"), ("session", &id)]).await.status().as_u16();
    let manager = people::sign_in(&app, Role::Manager).await;
    assert_eq!((end(&sara.cookie).await, end(&manager.cookie).await), (403, 403));
    assert!(gate::runs(&app, &sara.cookie).await);
    assert_eq!((end(&app.cookie).await, end(&app.cookie).await), (200, 404));
    assert!(!gate::runs(&app, &sara.cookie).await);
    let told = app.text("SELECT body->>'user' FROM journal WHERE event = 'session_ended'").await;
    assert_eq!(told, sara.id.to_string());
    assert!(sessions::list_everybodys(&app.ctx(), "").await.unwrap().0.iter().all(|s| s.user.0 != sara.id));
}

#[tokio::test]
async fn a_profile_goes_with_its_person_to_the_next_browser() {
    let app = TestApp::start().await;
    gate::ana(&app, Role::Sales).await;
    let session = cookie(&gate::sign_in(&app, "ana@ngx.com", PASSWORD).await);
    let save = async |name: &str, zone: &str| {
        let version = app.text("SELECT version::text FROM users WHERE email = 'ana@ngx.com'").await;
        let fields = [("do", "profile"), ("version", &*version), ("name", name), ("language", "es"), ("zone", zone)];
        post(&app, &session, "/account", &fields).await
    };
    for (name, zone) in [(" ", "UTC"), ("Ana", "Middle/Earth"), ("a\u{202e}b", "UTC")] {
        assert_eq!(save(name, zone).await.status(), 422, "{name} {zone}");
    }
    let saved = save("Ana María", "Asia/Tokyo").await;
    assert_eq!((saved.status().as_u16(), saved.headers()["location"].to_str().unwrap()), (303, "/account?done=profile"));
    assert!(saved.headers()["set-cookie"].to_str().unwrap().starts_with("nexus_lang=es; "));
    let stale = [("do", "profile"), ("version", "1"), ("name", "Another tab"), ("language", "es"), ("zone", "UTC")];
    assert_eq!(post(&app, &session, "/account", &stale).await.status(), 409, "no change of another tab is lost");
    let next = gate::sign_in(&app, "ana@ngx.com", PASSWORD).await;
    let set: Vec<_> = next.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap().to_owned()).collect();
    assert!(set.iter().any(|line| line.starts_with("nexus_lang=es; ")), "{set:?}");
    // Noon in UTC is nine in the evening in Tokyo, whatever the browser says of its own zone.
    let zoned = format!("{}; nexus_zone=America/Bogota; nexus_lang=es", cookie(&next));
    let page = app.client_with(&zoned).get(app.url("/account")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("21:00") && page.contains("Ana María") && page.contains("Contraseña nueva"));
    let body = app.text("SELECT body->'after'->>'time_zone' FROM journal WHERE event = 'profile_changed'").await;
    assert_eq!(body, "Asia/Tokyo");
    assert_eq!(app.text("SELECT role FROM users WHERE email = 'ana@ngx.com'").await, "sales");
}

#[tokio::test]
async fn items_of_quarantine_are_replayed_or_discarded_together_as_they_were_seen() {
    let app = TestApp::start().await;
    let old = (noon() - TimeDelta::days(40)).to_rfc3339();
    for n in 0..3 {
        app.post(&with(event(&format!("old_{n}")), serde_json::json!({"timestamp": old}))).await;
    }
    for n in 0..2 {
        app.post(&with(event(&format!("bad_{n}")), serde_json::json!({"tokens_used": -1}))).await;
    }
    let latest = noon().timestamp_micros().to_string();
    let all = async |verb: &str, q: &str, count: &str, latest: &str| {
        post(&app, &app.cookie, "/admin/ingest", &[("do", verb), ("q", q), ("count", count), ("latest", latest)]).await
    };
    assert_eq!(app.count("usage_quarantine").await, 5);
    assert_eq!(all("replay_all", "", "4", &latest).await.status(), 409, "another came meanwhile");
    assert_eq!(all("replay_all", "", "5", "0").await.status(), 409, "one left, and another came");
    let page = all("replay_all", "", "5", &latest).await.text().await.unwrap();
    assert!(page.contains("Stored: 3. Stored before: 0. Still not taken: 2."), "{page}");
    assert_eq!((app.count("agent_usage_events").await, app.count("usage_quarantine").await), (3, 2));
    assert_eq!(all("discard_all", "bad_1", "1", &latest).await.status(), 200);
    assert_eq!(app.number("SELECT count(*) FROM usage_quarantine WHERE item LIKE '%bad_0%'").await, 1);
    assert_eq!(
        app.number("SELECT count(*) FROM journal WHERE event = 'item_discarded' AND body->>'before' LIKE '%bad_1%'").await,
        1
    );
    app.assert_exact().await;
}
