//! Erasing GENESIS's users: no sum moves, nothing of them is left anywhere, and they do not come back.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_util::future::join_all;
use nexus_crm::{
    domain::{
        AppError,
        privacy::{PersonKind, Subject},
    },
    features::privacy::usecase::{self as privacy, NewConsent},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    properties::{property, runtime},
    support::{
        IMPORT_SECRET, TestApp, event, event_with_id,
        privacy::traces,
        rollups::{rollups, varied},
        with,
    },
};

/// Nobody else's id holds it.
const ZEBRA: &str = "usr-zebra";

fn metered(id: &str) -> Subject {
    Subject::new(PersonKind::Metered, id).unwrap()
}

async fn erase(app: &TestApp, id: &str) {
    privacy::erase(&app.ctx(), &metered(id), "asked for it").await.unwrap();
}

/// The rollups that are of all users together, and those by user without the user.
async fn sums(app: &TestApp) -> BTreeMap<&'static str, Vec<String>> {
    let mut all = rollups(app).await;
    all.retain(|table, _| table.starts_with("agent_usage_totals") || table.starts_with("agent_usage_active"));
    for (name, sql) in [
        (
            "days",
            "SELECT (date, agent_id, total_interactions, total_tokens, total_response_time_ms)::text FROM agent_usage_daily ORDER BY 1",
        ),
        (
            "months",
            "SELECT (month, subscription_tier, total_interactions, total_tokens, active_days, last_day, last_event_at)::text FROM agent_usage_monthly ORDER BY 1",
        ),
        ("users", "SELECT (first_day, latest_month)::text FROM usage_users ORDER BY 1"),
        (
            "events",
            "SELECT (timestamp, agent_id, tokens_used, response_time_ms, subscription_tier, flags)::text FROM agent_usage_events ORDER BY 1",
        ),
        ("alerts", "SELECT (kind, metric, current_value, period_start)::text FROM usage_alerts ORDER BY 1"),
    ] {
        all.insert(name, app.texts(sql).await);
    }
    all
}

#[test]
fn whoever_is_erased_no_sum_moves_and_the_recount_is_the_same() {
    let runtime = runtime();
    // How many events, where the stream is cut by erasures, and who is erased.
    let strategy = (20..80_u64, prop::collection::vec((any::<prop::sample::Index>(), 0..7_u64, any::<bool>()), 1..5));
    property(10, &strategy, |(count, erasures)| {
        runtime.block_on(async {
            let app = TestApp::start().await;
            let mut cuts: Vec<_> =
                erasures.iter().map(|(at, user, settled)| (at.index(usize::try_from(count).unwrap()), *user, *settled)).collect();
            cuts.sort_unstable();
            let items: Vec<_> = (0..count).map(varied).collect();
            let mut gone: Vec<u64> = Vec::new();
            let mut begin = 0;
            for (at, user, settled) in cuts {
                // Those who are gone do not come back, so that the sums can be compared.
                let some: Vec<_> =
                    items[begin..at].iter().filter(|i| !gone.iter().any(|u| i["user_id"] == format!("user-{u}"))).collect();
                begin = at;
                if !some.is_empty() {
                    app.post(&json!(some)).await.ok();
                }
                if settled {
                    app.settle().await;
                }
                // Comparing settles too: so half of the erasures find moves that are not taken yet, and are compared afterwards only.
                let before = if settled { Some(sums(&app).await) } else { None };
                erase(&app, &format!("user-{user}")).await;
                gone.push(user);
                let after = sums(&app).await;
                if let Some(before) = before {
                    assert_eq!(before, after);
                }
                app.assert_exact().await;
            }
            for user in gone {
                assert_eq!(traces(&app, &format!("user-{user}")).await, BTreeMap::new(), "user-{user}");
            }
        });
        Ok(())
    });
}

/// Leaves something of somebody in every table that metering, alerts, privacy and the journal have.
async fn leave_everywhere(app: &TestApp, id: &str) {
    let rich = json!({"organization_id": format!("org-of-{id}"), "contact_id": format!("contact-of-{id}"),
        "session_id": format!("session-of-{id}"), "event_id": format!("event-of-{id}"),
        "context": {"note": format!("a note on {id}")}, "tokens_used": 140_000});
    app.meter(&with(event(id), rich)).await;
    app.post(&with(event(id), json!({"tokens_used": -1}))).await.problem(422);
    app.post(&with(event(id), json!({"tokens_used": -2}))).await.problem(422);
    app.post_bytes(format!(r#"{{"user_id":"{id}","agent_id":"\ud800"}}"#)).await.problem(422);
    let item = app.text("SELECT id::text FROM usage_quarantine ORDER BY id LIMIT 1").await;
    let discard = [("do", "discard"), ("id", item.as_str())];
    assert_eq!(app.client.post(app.url("/admin/ingest")).form(&discard).send().await.unwrap().status(), 200);
    let consent = NewConsent { purpose: "marketing", given: true, at: None, source: &format!("a form of {id}"), wording: "v1" };
    privacy::consent(&app.ctx(), &metered(id), &consent).await.unwrap();
    app.get(&format!("/admin/privacy/export?kind=metered&id={id}")).await.ok();
    // One that the watch has not taken yet.
    app.post(&with(event(id), json!({"session_id": "late"}))).await.ok();
}

#[tokio::test]
async fn nothing_of_an_erased_person_is_left_in_any_table() {
    let app = TestApp::start().await;
    for id in ["beatriz", "usr-zebu", ZEBRA] {
        leave_everywhere(&app, id).await;
    }
    let before = traces(&app, ZEBRA).await;
    for table in [
        "agent_usage_events",
        "agent_usage_daily",
        "agent_usage_monthly",
        "usage_users",
        "usage_moves",
        "usage_quarantine",
        "usage_alerts",
        "live_messages",
        "journal",
        "consents",
    ] {
        assert!(before.contains_key(table), "the test leaves nothing in {table}: {before:?}");
    }
    let journal = app.count("journal").await;
    let others = [traces(&app, "beatriz").await, traces(&app, "usr-zebu").await];
    erase(&app, ZEBRA).await;
    assert_eq!(traces(&app, ZEBRA).await, BTreeMap::new());
    assert_eq!(app.count("journal").await, journal + 1, "the facts stay");
    let rest = |mut found: BTreeMap<String, i64>| {
        // Moves and messages of all are taken together.
        found.retain(|table, _| !["usage_moves", "live_messages"].contains(&table.as_str()));
        found
    };
    let now = [traces(&app, "beatriz").await, traces(&app, "usr-zebu").await];
    assert_eq!(now.map(rest), others.map(rest), "of others nothing is gone");
    app.assert_exact().await;
    app.settle().await;
    assert_eq!(traces(&app, ZEBRA).await, BTreeMap::new());
    assert_eq!(app.count("usage_alerts WHERE status = 'open' AND user_id LIKE 'erased-%'").await, 0);
    // Nothing joins the tombstone to the pseudonym.
    let pseudonym = app.text("SELECT user_id FROM usage_users WHERE user_id LIKE 'erased-%'").await;
    assert!(!traces(&app, &pseudonym).await.contains_key("erased_persons"));
    let stone = app.text("SELECT id::text FROM erased_persons").await;
    assert_eq!(traces(&app, &stone).await.into_keys().collect::<Vec<_>>(), ["erased_persons", "journal"]);
    let told = app.text("SELECT body::text FROM journal WHERE event = 'person_erased'").await;
    assert_eq!(told, r#"{"kind": "metered", "reason": "asked for it"}"#);
    // Again, and of somebody who was never there: no fault, and no second tombstone.
    erase(&app, ZEBRA).await;
    erase(&app, "never-seen").await;
    assert_eq!(app.count("erased_persons").await, 2);
    assert_eq!(traces(&app, ZEBRA).await, BTreeMap::new());
}

#[tokio::test]
async fn an_erased_person_is_acknowledged_and_not_kept() {
    let app = TestApp::start().await;
    let other = TestApp::on(app.db.clone(), |_| {}).await;
    for (user, id) in [(ZEBRA, "evt-1"), ("bea", "evt-2")] {
        app.post(&event_with_id(user, id)).await.ok();
        other.post(&event_with_id(user, &format!("{id}b"))).await.ok();
    }
    app.post(&with(event("bea"), json!({"agent_id": 7}))).await.problem(422);
    erase(&app, ZEBRA).await;
    let kept = app.count("agent_usage_events").await;
    let told = json!({"status": "success", "event_id": "evt-9", "message": "the person was erased; nothing is kept"});
    for process in [&app, &other] {
        // Known before, new, old by the import's key, without an id, and without being valid.
        assert_eq!(process.post(&event_with_id(ZEBRA, "evt-9")).await.ok(), told);
        assert_eq!(process.post(&event_with_id(ZEBRA, "evt-1")).await.ok()["status"], "success");
        let old = with(event_with_id(ZEBRA, "evt-9"), json!({"timestamp": "2024-01-01T00:00:00Z"}));
        assert_eq!(process.post_with(IMPORT_SECRET, old.to_string()).await.ok(), told);
        assert_eq!(process.post_standard("msg_9", &event_with_id(ZEBRA, "evt-9")).await.ok(), told);
        let without = process.post(&event(ZEBRA)).await.ok();
        assert!(without["event_id"].is_string() && without["message"] == told["message"], "{without}");
        process.post(&with(event(ZEBRA), json!({"tokens_used": -1}))).await.problem(422);
        process.post_bytes(format!(r#"{{"user_id":"{ZEBRA}","agent_id":"\ud800"}}"#)).await.problem(422);
        let batch = json!([event_with_id(ZEBRA, "evt-9"), event_with_id("bea", "evt-2"), event_with_id(ZEBRA, "evt-9"), {"user_id": ZEBRA}]);
        assert_eq!(process.post(&batch).await.statuses(), ["success", "duplicate", "success", "error"]);
    }
    assert_eq!((app.count("agent_usage_events").await, app.count("usage_quarantine").await), (kept, 1));
    // Mended into an event of the person, an item of somebody else is taken out and not kept.
    let item = app.text("SELECT id::text FROM usage_quarantine").await;
    let text = event(ZEBRA).to_string();
    let replay = [("do", "replay"), ("id", item.as_str()), ("item", text.as_str())];
    let page = app.client.post(app.url("/admin/ingest")).form(&replay).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("The person was erased"));
    assert_eq!((app.count("agent_usage_events").await, app.count("usage_quarantine").await), (kept, 0));
    assert_eq!(traces(&app, ZEBRA).await, BTreeMap::new());
    assert!(app.get("/metrics").await.text.contains(r#"nexus_ingest_events_total{result="erased"}"#));
    app.assert_exact().await;

    // Lifted, the person comes back as somebody new; what was counted once is not counted again.
    let stone = app.text("SELECT id::text FROM erased_persons").await;
    let lift = [("do", "lift"), ("tombstone", stone.as_str())];
    assert_eq!(app.client.post(app.url("/admin/privacy")).form(&lift).send().await.unwrap().status(), 200);
    assert_eq!(app.client.post(app.url("/admin/privacy")).form(&lift).send().await.unwrap().status(), 404);
    for process in [&app, &other] {
        assert_eq!(process.post(&event_with_id(ZEBRA, "evt-1")).await.ok()["status"], "duplicate");
    }
    assert_eq!(other.post(&event_with_id(ZEBRA, "evt-10")).await.ok()["message"], "stored");
    assert_eq!(app.count(&format!("agent_usage_events WHERE user_id = '{ZEBRA}'")).await, 1);
    assert_eq!(app.count("journal WHERE event = 'tombstone_lifted' AND actor = 'Test admin'").await, 1);
    erase(&other, ZEBRA).await;
    assert_eq!(app.post(&event_with_id(ZEBRA, "evt-11")).await.ok()["message"], told["message"]);
    assert_eq!(app.count("erased_persons").await, 2);
    app.assert_exact().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erasing_amid_ingest_of_two_processes_loses_nothing_and_leaves_nothing() {
    let one = Arc::new(TestApp::start().await);
    let two = Arc::new(TestApp::on(one.db.clone(), |_| {}).await);
    let over = Arc::new(AtomicBool::new(false));
    // Each brings events of many users, single and in batches, and items that are refused, until some time after the erasure.
    let senders = (0..6_u64).map(|sender| {
        let (app, over) = (Arc::clone(if sender % 2 == 0 { &one } else { &two }), Arc::clone(&over));
        tokio::spawn(async move {
            let (mut stored, mut erased, mut n) = (0, 0, 0_u64);
            let mut count = |result: &Value| match result["message"].as_str() {
                Some(message) if message.starts_with("stored") => stored += 1,
                Some(message) if message.contains("erased") => erased += 1,
                other => panic!("{other:?} {result}"),
            };
            let mut after = 0;
            while after < 5 {
                after += i32::from(over.load(Ordering::Relaxed));
                let user = |k: u64| if k.is_multiple_of(3) { ZEBRA.to_owned() } else { format!("user-{}", k % 5) };
                let item = |k: u64| with(varied(k), json!({"user_id": user(k), "event_id": format!("evt-{sender}-{k}")}));
                n += 100;
                count(&app.post(&item(n)).await.ok());
                let batch: Vec<_> = (1..if n % 200 == 0 { 120 } else { 8 }).map(|k| item(n * 10 + k)).collect();
                app.post(&json!(batch)).await.ok()["results"].as_array().unwrap().iter().for_each(&mut count);
                app.post(&with(item(n), json!({"agent_id": n}))).await.problem(422);
            }
            (stored, erased)
        })
    });
    let senders: Vec<_> = senders.collect();
    let watch = {
        let (app, over) = (Arc::clone(&two), Arc::clone(&over));
        tokio::spawn(async move {
            while !over.load(Ordering::Relaxed) {
                app.settle().await;
                tokio::task::yield_now().await;
            }
        })
    };
    crate::support::until("some of the person is stored", async || {
        one.count(&format!("agent_usage_events WHERE user_id = '{ZEBRA}'")).await > 50
    })
    .await;
    erase(&one, ZEBRA).await;
    assert_eq!(traces(&one, ZEBRA).await, BTreeMap::new(), "at once");
    over.store(true, Ordering::Relaxed);
    watch.await.unwrap();
    let (mut stored, mut erased) = (0, 0);
    for counts in join_all(senders).await {
        let (s, e) = counts.unwrap();
        (stored, erased) = (stored + s, erased + e);
    }
    assert!(erased > 0, "some came after");
    assert_eq!(one.count("agent_usage_events").await, stored);
    assert_eq!(traces(&one, ZEBRA).await, BTreeMap::new(), "nor later");
    two.settle().await;
    one.assert_exact().await;
    assert_eq!(traces(&one, ZEBRA).await, BTreeMap::new());
}

#[tokio::test]
async fn what_an_older_process_wrote_afterwards_is_swept() {
    let app = TestApp::start().await;
    app.meter(&event(ZEBRA)).await;
    app.meter(&event("bea")).await;
    erase(&app, ZEBRA).await;
    assert_eq!(privacy::sweep(&app.ctx()).await.unwrap(), 0);
    // As if it did not know of tombstones.
    app.as_owner("UPDATE erased_persons SET lifted_at = now(); UPDATE erasure_key SET stamp = gen_random_uuid()").await;
    app.meter(&event_with_id(ZEBRA, "evt-late")).await;
    app.post(&with(event(ZEBRA), json!({"tokens_used": -1}))).await.problem(422);
    app.as_owner("UPDATE erased_persons SET lifted_at = NULL; UPDATE erasure_key SET stamp = gen_random_uuid()").await;
    assert!(!traces(&app, ZEBRA).await.is_empty());
    assert_eq!(privacy::sweep(&app.ctx()).await.unwrap(), 1);
    assert_eq!(traces(&app, ZEBRA).await, BTreeMap::new());
    assert_eq!(app.count("agent_usage_events WHERE user_id = 'bea'").await, 1);
    app.assert_exact().await;
}

#[tokio::test]
async fn a_reason_names_nobody_and_an_erased_person_agrees_to_nothing() {
    let app = TestApp::start().await;
    app.meter(&event(ZEBRA)).await;
    let refused = privacy::erase(&app.ctx(), &metered(ZEBRA), "USR-zebra asked").await.unwrap_err();
    assert!(matches!(&refused, AppError::Invalid { fields } if fields[0].pointer == "/reason"), "{refused}");
    assert_eq!(app.count("erased_persons").await, 0);
    erase(&app, ZEBRA).await;
    let consent = NewConsent { purpose: "metering", given: true, at: None, source: "x", wording: "x" };
    let refused = privacy::consent(&app.ctx(), &metered(ZEBRA), &consent).await.unwrap_err();
    assert!(matches!(refused, AppError::Conflict { .. }), "{refused}");
    app.get(&format!("/admin/privacy/export?kind=metered&id={ZEBRA}")).await.problem(404);
    assert_eq!(traces(&app, ZEBRA).await, BTreeMap::new());
}

#[tokio::test]
async fn an_id_with_spaces_around_it_is_found_and_erased() {
    let app = TestApp::start().await;
    app.meter(&event(" usr-lynx ")).await;
    let held = async |text: &str| {
        let found = privacy::find(&app.ctx(), text).await.unwrap();
        (found[0].subject.id.clone(), found[0].is_empty())
    };
    assert_eq!(held(" usr-lynx ").await, (" usr-lynx ".to_owned(), false));
    assert_eq!(held(" nobody ").await, ("nobody".to_owned(), true));
    let page = app.get("/admin/privacy?q=%20usr-lynx%20").await.text;
    assert!(page.contains(r#"name="id" value=" usr-lynx ""#), "{page}");
    let id = " usr-lynx ";
    let form = [("do", "erase"), ("q", id), ("kind", "metered"), ("id", id), ("confirm", id), ("reason", "asked")];
    assert_eq!(app.client.post(app.url("/admin/privacy")).form(&form).send().await.unwrap().status(), 200);
    assert_eq!(traces(&app, "usr-lynx").await, BTreeMap::new());
}

#[tokio::test]
async fn quarantine_forgets_whoever_is_named_anywhere_in_an_item_and_does_not_take_them_in_again() {
    let app = TestApp::start().await;
    let items = [
        r#"{"userId":"usr-zebra"}"#,
        r#"{"user_id":"usr-zebra","user_id":"bea"}"#,
        r#"{"user_id":"bea","context":{"usr-zebra":1}}"#,
        r#"{"user_id":"bea","context":{"note":"a call of usr-zebra."},"tokens_used":-1}"#,
    ];
    let other = r#"{"userId":"usr-zebra-2"}"#;
    for item in items.iter().chain([&other]) {
        app.post_bytes((*item).to_owned()).await;
    }
    assert!(traces(&app, ZEBRA).await["usage_quarantine"] > 3);
    erase(&app, ZEBRA).await;
    assert_eq!(app.texts("SELECT item FROM usage_quarantine").await, [other]);
    for item in items {
        app.post_bytes(item.to_owned()).await;
    }
    assert_eq!(app.texts("SELECT item FROM usage_quarantine").await, [other]);
    assert_eq!(privacy::sweep(&app.ctx()).await.unwrap(), 0);
}
