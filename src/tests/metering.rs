//! Metering: whatever comes in whatever order, the rollups are what the events add up to.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Utc};
use futures_util::future::join_all;
use nexus_crm::{
    features::usage::{recount, usecase},
    flows::maintenance,
    platform::clock::Clock,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestError, TestRunner},
};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::support::{IMPORT_SECRET, SECRET, TestApp, event, event_with_id, http::send, key, noon, with};

const ROLLUPS: [(&str, &str); 6] = [
    ("agent_usage_daily", "date, user_id, agent_id, total_interactions, total_tokens, total_response_time_ms"),
    (
        "agent_usage_monthly",
        "month, user_id, subscription_tier, organization_id, total_interactions, total_tokens, active_days, last_day, \
         last_day_interactions, last_event_at",
    ),
    ("usage_users", "user_id, first_day, latest_month"),
    (
        "agent_usage_totals_daily",
        "date, subscription_tier, agent_id, total_interactions, total_tokens, total_response_time_ms, response_histogram",
    ),
    ("agent_usage_totals_hourly", "hour, subscription_tier, agent_id, total_interactions, total_tokens"),
    ("agent_usage_active_daily", "date, active_users"),
];

/// Every rollup as text, to be compared with that of another database.
async fn rollups(app: &TestApp) -> BTreeMap<&'static str, Vec<String>> {
    let mut all = BTreeMap::new();
    for (table, columns) in ROLLUPS {
        let sql = format!("SELECT ({columns})::text FROM {table} ORDER BY 1");
        all.insert(table, sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&app.app.db).await.unwrap());
    }
    all
}

/// The `n`th of a stream of events that spread over users, agents, tiers, days and months, some of them without an id.
fn varied(n: u64) -> Value {
    let at = noon() - TimeDelta::minutes(i64::try_from(n * 7_919 % 50_000).unwrap());
    let tier = ["essential", "pro", "elite", "prime", "longevity"][(n / 3 % 5) as usize];
    let agent = ["NEXUS", "SAGE", "ROBIN"][(n % 3) as usize];
    let item = json!({"user_id": format!("user-{}", n % 7), "agent_id": agent,
        "session_id": format!("s{n}"), "tokens_used": n * 37 % 4_000, "response_time_ms": n * n * 13 % 90_000, "timestamp": at,
        "subscription_tier": tier, "organization_id": format!("org-{}", n % 2)});
    if n.is_multiple_of(2) { with(item, json!({"event_id": format!("evt-{n}")})) } else { item }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Runs a property; on a breach shows the smallest case.
fn property<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases, max_shrink_iters: 200, failure_persistence: None, ..Config::default() };
    match TestRunner::new(config).run(strategy, test) {
        Ok(()) => {}
        Err(TestError::Fail(why, case)) => panic!("{why}\nsmallest case: {case:?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

#[tokio::test]
async fn the_rollups_equal_a_recount_after_mixed_batches() {
    let app = TestApp::start().await;
    let items: Vec<_> = (0..400).map(varied).collect();
    for (batch, some) in items.chunks(37).enumerate() {
        let mut some = some.to_vec();
        some.insert(0, json!({"broken": batch}));
        some.push(some[1].clone());
        app.post(&Value::Array(some)).await.ok();
    }
    join_all(items.iter().take(40).map(|item| app.post(item)))
        .await
        .into_iter()
        .for_each(|a| assert_eq!(a.ok()["status"], "duplicate"));
    assert_eq!((app.count("agent_usage_events").await, app.count("usage_quarantine").await), (400, 11));
    app.assert_exact().await;
    let tokens: i64 = items.iter().map(|i| i["tokens_used"].as_i64().unwrap()).sum();
    for table in ["agent_usage_daily", "agent_usage_monthly", "agent_usage_totals_daily", "agent_usage_totals_hourly"] {
        let sums = app.text(&format!("SELECT sum(total_interactions) || ' ' || sum(total_tokens) FROM {table}")).await;
        assert_eq!(sums, format!("400 {tokens}"), "{table}");
    }
}

#[test]
fn any_order_and_repetition_in_any_batches_gives_the_same_rollups() {
    let runtime = runtime();
    let items: Vec<_> = (0..60).map(varied).collect();
    let expected = runtime.block_on(async {
        let app = TestApp::start().await;
        app.post(&json!(items)).await.ok();
        app.assert_exact().await;
        rollups(&app).await
    });
    // Which events come again, the order of them all, and where the stream is cut into requests.
    let order = prop::collection::vec(0..items.len(), 0..40)
        .prop_map(|again| (0..60).chain(again).collect::<Vec<_>>())
        .prop_shuffle()
        .prop_flat_map(|order| (Just(order), prop::collection::vec(1..25_usize, 1..12), any::<bool>()));
    property(12, &order, |(order, cuts, at_once)| {
        let got = runtime.block_on(async {
            let app = TestApp::start().await;
            let mut bodies = Vec::new();
            let mut rest = order.as_slice();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (some, later) = rest.split_at((*cut).min(rest.len()));
                rest = later;
                bodies.push(if let [one] = some { items[*one].clone() } else { some.iter().map(|i| items[*i].clone()).collect() });
            }
            if at_once {
                join_all(bodies.iter().map(|body| app.post(body))).await.into_iter().for_each(|a| drop(a.ok()));
            } else {
                for body in &bodies {
                    app.post(body).await.ok();
                }
            }
            app.assert_exact().await;
            rollups(&app).await
        });
        prop_assert_eq!(&got, &expected);
        Ok(())
    });
}

/// Bytes of every kind: nonsense, JSON of any shape, and valid requests with one place broken.
fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("a\u{0}b")),
        Just(json!(u64::MAX)),
    ];
    let key = prop_oneof![
        Just("user_id".to_owned()),
        Just("tokens_used".to_owned()),
        Just("context".to_owned()),
        Just("event_id".to_owned()),
        any::<String>()
    ];
    let tree = leaf.prop_recursive(4, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    });
    let fields = [
        "user_id",
        "agent_id",
        "session_id",
        "tokens_used",
        "response_time_ms",
        "timestamp",
        "subscription_tier",
        "event_id",
        "contact_id",
        "organization_id",
        "context",
        "more",
    ];
    let replaced =
        (prop::sample::select(fields.to_vec()), tree.clone()).prop_map(|(field, value)| with(event("ana"), json!({field: value})));
    let cut = (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| {
        let mut bytes = json!([event("ana"), event_with_id("bea", "evt")]).to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes
    });
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        "[\\[\\]{}\",:0-9eE.+-]{0,60}".prop_map(String::into_bytes),
        tree.clone().prop_map(|v| v.to_string().into_bytes()),
        replaced.clone().prop_map(|v| v.to_string().into_bytes()),
        prop::collection::vec(prop_oneof![replaced, tree, Just(event("ana"))], 0..6)
            .prop_map(|v| Value::from(v).to_string().into_bytes()),
        cut,
        (1..3_000_usize).prop_map(|depth| "[".repeat(depth).into_bytes()),
    ]
}

#[test]
fn no_body_whatever_causes_a_fault() {
    let runtime = runtime();
    let app = runtime.block_on(TestApp::start());
    property(250, &any_body(), |body| {
        let (genesis, standard) = runtime.block_on(async {
            let at = noon().timestamp();
            let signature = key(SECRET).sign_standard("msg_1", at, &body);
            let request = app.webhook(body.clone()).header("webhook-id", "msg_1").header("webhook-timestamp", at);
            (app.post_bytes(body.clone()).await, send(request.header("webhook-signature", signature)).await)
        });
        for answer in [genesis, standard] {
            prop_assert!(matches!(answer.status, 200 | 400 | 413 | 422), "{} {}", answer.status, answer.text);
            prop_assert!(answer.json.is_object(), "{}", answer.text);
        }
        Ok(())
    });
    runtime.block_on(app.assert_exact());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_meter_into_one_database_at_once() {
    let one = TestApp::start().await;
    let two = TestApp::on(one.db.clone(), |_| {}).await;
    // Both get all events, in different batches and from opposite ends, single and together.
    let items: Vec<_> = (0..600).map(varied).collect();
    let bodies = |size: usize| items.chunks(size).map(|some| json!(some)).collect::<Vec<_>>();
    let (first, mut second) = (bodies(11), bodies(17));
    second.reverse();
    let (a, b) =
        tokio::join!(join_all(first.iter().map(|body| one.post(body))), join_all(second.iter().map(|body| two.post(body))));
    let mut stored = 0;
    for answer in a.into_iter().chain(b) {
        assert_eq!(answer.status, 200, "{}", answer.text);
        stored += answer.statuses().iter().filter(|s| **s == "success").count();
    }
    assert_eq!((stored, one.count("agent_usage_events").await), (600, 600), "each event was new to one of the two, once");
    one.assert_exact().await;
    // The positions of the live stream have no gaps.
    let (seq, rows) = (one.number("SELECT seq FROM live_clock").await, one.count("live_messages").await);
    assert_eq!((seq, seq), (rows, one.number("SELECT max(seq) FROM live_messages").await));
}

#[tokio::test]
async fn partitions_of_old_weeks_are_made_when_they_are_needed() {
    let app = TestApp::start().await;
    let partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'agent_usage_events'::regclass";
    let before = app.number(partitions).await;
    for year in [2019, 2021, 2023] {
        let item = with(event("ana"), json!({"timestamp": format!("{year}-12-31T23:59:59.999999Z")}));
        app.post_with(IMPORT_SECRET, item.to_string()).await.ok();
    }
    assert_eq!(app.number(partitions).await, before + 3);
    app.assert_exact().await;
}

#[tokio::test]
async fn retention_drops_events_and_their_keys_and_keeps_the_rollups() {
    let app = TestApp::with(|s| {
        s.clock = Clock::system();
        s.settings.retention_days = 42;
    })
    .await;
    let now = Utc::now();
    let at = |days: i64| with(event("ana"), json!({"timestamp": now - TimeDelta::days(days)}));
    for days in [1, 30, 70, 100] {
        app.post_with(IMPORT_SECRET, at(days).to_string()).await.ok();
    }
    let before = rollups(&app).await;
    maintenance::once(&app.ctx()).await.unwrap();
    assert_eq!((app.count("agent_usage_events").await, app.count("usage_event_keys").await), (2, 2));
    assert_eq!(rollups(&app).await, before);
    // What retention dropped is no difference, and a rebuild does not take it away.
    recount::recount(&app.ctx(), true).await.unwrap();
    assert_eq!(rollups(&app).await, before);
    app.assert_exact().await;
    usecase::drop_events_before(&app.ctx(), now.date_naive() - TimeDelta::days(20)).await.unwrap_err();
    assert_eq!(app.count("agent_usage_events").await, 2);
}

#[tokio::test]
async fn a_recount_finds_what_is_wrong_and_mends_it() {
    let app = TestApp::start().await;
    app.post(&json!((0..100).map(varied).collect::<Vec<_>>())).await.ok();
    app.assert_exact().await;
    let right = rollups(&app).await;
    for (table, wrong) in [
        ("agent_usage_daily", "UPDATE agent_usage_daily SET total_tokens = total_tokens + 1 WHERE user_id = 'user-1'"),
        ("agent_usage_monthly", "UPDATE agent_usage_monthly SET active_days = 0"),
        ("usage_users", "INSERT INTO usage_users VALUES ('nobody', '2026-11-20', '2026-11-01')"),
        ("agent_usage_totals_daily", "UPDATE agent_usage_totals_daily SET response_histogram = '{1}'"),
        ("agent_usage_totals_hourly", "DELETE FROM agent_usage_totals_hourly WHERE agent_id = 'SAGE'"),
        ("agent_usage_active_daily", "UPDATE agent_usage_active_daily SET active_users = 9"),
    ] {
        app.as_owner(wrong).await;
        let found = recount::recount(&app.ctx(), false).await.unwrap();
        let tables: Vec<_> = found.iter().filter(|f| !f.is_exact()).map(|f| f.table).collect();
        assert_eq!(tables, [table]);
        assert_ne!(rollups(&app).await, right, "looking changes nothing");
        recount::recount(&app.ctx(), true).await.unwrap();
        assert_eq!(rollups(&app).await, right, "{table}");
    }
    app.assert_exact().await;
    // Metering goes on from the mended rollups.
    app.post(&varied(100)).await.ok();
    app.assert_exact().await;
}

#[tokio::test]
async fn the_share_of_a_limit_is_worked_out_in_the_database_too() {
    let app = TestApp::start().await;
    let items = [
        with(event("ana"), json!({"tokens_used": 37_500})),
        with(event("ana"), json!({"tokens_used": 12, "session_id": "s2"})),
        with(event("ana"), json!({"tokens_used": 30_000, "timestamp": "2026-10-30T10:00:00Z"})),
    ];
    app.post(&json!(items)).await.ok();
    let share = async |arguments: &str| app.text(&format!("SELECT calculate_usage_percentage({arguments})::text")).await;
    assert_eq!(share("'ana', 'month_tokens', '2026-11-20T12:00:00Z'").await, "25.01");
    assert_eq!(share("'ana', 'day_interactions', '2026-11-20T12:00:00Z'").await, "0.67");
    assert_eq!(share("'ana', 'day_interactions', '2026-11-21T00:00:00Z'").await, "0.00");
    assert_eq!(share("'ana', 'month_tokens', '2026-10-31T12:00:00Z'").await, "20.00");
    assert_eq!(share("'nobody'").await, "0");
}

#[tokio::test]
async fn a_day_far_from_a_users_habit_is_an_anomaly() {
    let app = TestApp::start().await;
    let mut items = Vec::new();
    for days in 0..20_i64 {
        // Medians of 1,000 with deviations of 50 at the middle; 0.6745 * 5,000 / 50 is 67.45.
        let usual = 1_000 + [0, 50, -50, 100, -100][usize::try_from(days % 5).unwrap()];
        for (user, today) in [("steady", usual), ("burst", 6_000), ("quiet", 0)] {
            let at = noon() - TimeDelta::days(days);
            items.push(with(event(user), json!({"timestamp": at, "tokens_used": if days == 0 { today } else { usual }})));
        }
    }
    // Too little history, and too little volume, are no anomalies.
    items.push(with(event("new"), json!({"tokens_used": 900_000})));
    app.post(&json!(items)).await.ok();
    let found: Vec<String> = sqlx::query_scalar(
        "SELECT concat_ws(' ', user_id, tokens, round(median_tokens), round(mad), z_score) FROM detect_usage_anomalies('2026-11-20')",
    )
    .fetch_all(&app.app.db)
    .await
    .unwrap();
    assert_eq!(found, ["burst 6000 1000 50 67.45", "quiet 0 1000 50 -13.49"]);
    assert_eq!(app.number("SELECT count(*) FROM detect_usage_anomalies('2026-11-20', 28, 20)").await, 1);
    assert_eq!(app.number("SELECT count(*) FROM detect_usage_anomalies('2026-11-20', 28, 3.5, 10000)").await, 0);
    assert_eq!(app.number("SELECT count(*) FROM detect_usage_anomalies('2026-11-19')").await, 0);
}

#[tokio::test]
async fn the_servers_role_may_not_change_the_schema_nor_rewrite_history() {
    let app = TestApp::start().await;
    app.post(&event("ana")).await.ok();
    for sql in [
        "CREATE TABLE mine (x int)",
        "ALTER TABLE agent_usage_daily ADD COLUMN x int",
        "DROP TABLE agent_usage_daily",
        "TRUNCATE agent_usage_events",
        "DELETE FROM journal",
        "UPDATE journal SET event = 'x'",
        "DELETE FROM usage_alerts",
        "INSERT INTO live_clock (only_row, seq) VALUES (false, 1)",
        "DELETE FROM usage_tier_limits",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ] {
        let error = sqlx::query(AssertSqlSafe(sql)).execute(&app.app.db).await.unwrap_err();
        let code = error.as_database_error().and_then(|e| e.code().map(std::borrow::Cow::into_owned));
        assert_eq!(code.as_deref(), Some("42501"), "{sql}: {error}");
    }
    let rights = "SELECT concat_ws(' ', current_user, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole) FROM pg_roles WHERE rolname = current_user";
    assert_eq!(app.text(rights).await, "nexus_app f f f f");
}
