//! Properties: the order and repetition of events do not matter, and no body causes a fault.

use futures_util::future::join_all;
use proptest::{
    prelude::*,
    test_runner::{Config, TestError, TestRunner},
};
use serde_json::{Value, json};

use crate::support::{
    SECRET, TestApp, event, event_with_id,
    http::send,
    key, noon,
    rollups::{rollups, varied},
    with,
};

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Runs a property; on a breach shows the smallest case.
pub fn property<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases, max_shrink_iters: 200, failure_persistence: None, ..Config::default() };
    match TestRunner::new(config).run(strategy, test) {
        Ok(()) => {}
        Err(TestError::Fail(why, case)) => panic!("{why}\nsmallest case: {case:?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
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
