//! Short-lived tokens of programs: who gets one, what it is good for, and when it is over.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::StreamExt;
use nexus_crm::{
    domain::people::{KeyScope, Role},
    features::auth::tokens as usecase,
    flows::maintenance,
};
use serde_json::json;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

use crate::support::{
    TestApp, event,
    http::{Answer, send},
    noon, people,
    tokens::{ask, forged, part, resigned, signing_key, token},
    within,
};

const SUMMARY: &str = "/agent-usage/analytics/summary";

async fn get(app: &TestApp, path: &str, bearer: &str) -> Answer {
    send(reqwest::Client::new().get(app.url(path)).bearer_auth(bearer)).await
}

fn later(app: &TestApp, by: TimeDelta) {
    app.app.clock.set(app.app.clock.now() + by);
}

#[tokio::test]
async fn a_token_is_what_rfc_9068_says_and_reads_what_its_key_may() {
    let app = TestApp::start().await;
    app.meter(&event("ana")).await;
    let key = people::key(&app, &KeyScope::ALL).await;
    let id = app.text("SELECT id::text FROM api_keys").await;
    let answer = ask(&app, &key, &json!({"scope": "usage:read", "expires_in": 60})).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{}", answer.text);
    let body = &answer.json;
    assert_eq!((&body["token_type"], &body["expires_in"], &body["scope"]), (&json!("Bearer"), &json!(60), &json!("usage:read")));
    let made = body["access_token"].as_str().unwrap();
    let header = part(made, 0);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("EdDSA"), &json!("at+jwt")));
    let url = &app.app.settings.base_url;
    let claims = part(made, 1);
    let (iat, jti) = (noon().timestamp(), claims["jti"].clone());
    let expected =
        json!({"iss": url, "aud": url, "sub": id, "client_id": id, "iat": iat, "exp": iat + 60, "jti": jti, "scope": "usage:read"});
    assert_eq!(claims, expected);
    assert_ne!(part(&token(&app, &key).await, 1)["jti"], jti, "each has an id of its own");
    // Narrower than its key.
    for path in [SUMMARY, "/agent-usage/stats/ana", "/agent-usage/limits/ana", "/usage/export.csv"] {
        assert_eq!(get(&app, path, made).await.status, 200, "{path}");
    }
    get(&app, "/metrics", made).await.problem(403);
    assert_eq!(get(&app, "/metrics", &token(&app, &key).await).await.status, 200, "all of the key's, when nothing is said");
    // It gets no other token, and opens no page of people.
    ask(&app, made, &json!({})).await.problem(403);
    get(&app, "/account", made).await.problem(403);
    let keys = get(&app, "/.well-known/jwks.json", "").await;
    assert_eq!(keys.header("content-type"), "application/jwk-set+json");
    let public = &keys.json["keys"][0];
    assert_eq!((&public["kid"], &public["kty"], &public["crv"]), (&header["kid"], &json!("OKP"), &json!("Ed25519")));
    assert_eq!(public.as_object().unwrap().keys().collect::<Vec<_>>(), ["alg", "crv", "kid", "kty", "use", "x"], "nothing private");
    // The second before the last, and the last.
    later(&app, TimeDelta::seconds(59));
    assert_eq!(get(&app, SUMMARY, made).await.status, 200);
    later(&app, TimeDelta::seconds(1));
    assert_eq!(get(&app, SUMMARY, made).await.problem(401).header("www-authenticate"), "Bearer");
    let used = app.text("SELECT to_char(last_used_at, 'HH24:MI:SS') FROM api_keys").await;
    assert_eq!(used, "12:00:00", "a token's use is its key's");
}

#[tokio::test]
async fn a_wish_that_cannot_be_granted_says_why() {
    let app = TestApp::start().await;
    let key = people::key(&app, &[KeyScope::UsageRead]).await;
    for (wish, pointer, code) in [
        (json!({"scope": "metrics:read"}), "/scope", "not_granted"),
        (json!({"scope": "usage:read metrics:read"}), "/scope", "not_granted"),
        (json!({"scope": "admin"}), "/scope", "unknown"),
        (json!({"scope": ""}), "/scope", "required"),
        (json!({"scope": 7}), "/scope", "type"),
        (json!({"expires_in": 59}), "/expires_in", "out_of_range"),
        (json!({"expires_in": 901}), "/expires_in", "out_of_range"),
        (json!({"expires_in": "soon"}), "/expires_in", "type"),
    ] {
        let problem = ask(&app, &key, &wish).await.problem(422);
        assert_eq!((&problem.json["errors"][0]["pointer"], &problem.json["errors"][0]["code"]), (&json!(pointer), &json!(code)));
    }
    let raw = |kind: &str, body: String| {
        send(reqwest::Client::new().post(app.url("/api/auth/token")).bearer_auth(&key).header("content-type", kind).body(body))
    };
    raw("application/json", "{".into()).await.problem(400);
    raw("text/plain", "scope".into()).await.problem(415);
    assert_eq!(raw("application/json", format!("{}{{}}", " ".repeat(5_000))).await.status, 413);
    let form = raw("application/x-www-form-urlencoded", "scope=usage%3Aread&expires_in=120".into()).await;
    assert_eq!(form.ok()["expires_in"], 120);
    // Neither nobody nor a person gets one, from whatever page.
    let nobody = send(reqwest::Client::new().post(app.url("/api/auth/token"))).await.problem(401);
    assert_eq!(nobody.header("www-authenticate"), "Bearer");
    send(app.client.post(app.url("/api/auth/token"))).await.problem(403);
    assert_eq!(app.count("token_signing_keys").await, 1);
    assert_eq!(app.count("journal WHERE event = 'signing_key_made' AND actor = 'tokens'").await, 1);
}

#[tokio::test]
async fn forged_tokens_are_nobodys() {
    let app = TestApp::start().await;
    let key = people::key(&app, &[KeyScope::UsageRead]).await;
    for (what, token) in forged(&app, &key).await {
        assert_eq!(get(&app, SUMMARY, &token).await.status, 401, "{what}");
        assert_eq!(ask(&app, &token, &json!({})).await.status, 401, "{what}");
    }
    // What a rightly signed token claims beyond its key is passed over.
    let wide = resigned(&signing_key(&app).await, &token(&app, &key).await, json!({"scope": "usage:read metrics:read admin"}));
    assert_eq!((get(&app, SUMMARY, &wide).await.status, get(&app, "/metrics", &wide).await.status), (200, 403));
}

#[tokio::test]
async fn a_token_is_over_with_its_key() {
    let app = TestApp::start().await;
    let key = people::key(&app, &[KeyScope::UsageRead]).await;
    let made = token(&app, &key).await;
    // A key that stops in two minutes gives no longer token.
    app.as_owner("UPDATE api_keys SET expires_at = '2026-11-20T12:02:00Z'").await;
    assert_eq!(ask(&app, &key, &json!({})).await.ok()["expires_in"], 120);
    assert_eq!(get(&app, SUMMARY, &made).await.status, 200);
    later(&app, TimeDelta::seconds(120));
    assert_eq!((get(&app, SUMMARY, &made).await.status, get(&app, SUMMARY, &key).await.status), (401, 401));
    let key = people::key(&app, &[KeyScope::UsageRead]).await;
    let made = token(&app, &key).await;
    let id = app.text("SELECT id::text FROM api_keys WHERE expires_at IS NULL").await;
    let revoked = app.client.post(app.url("/admin/keys")).form(&[("do", "revoke"), ("key", &id)]).send().await.unwrap();
    assert_eq!((revoked.status().as_u16(), get(&app, SUMMARY, &made).await.status), (200, 401), "at once");
}

#[tokio::test]
async fn without_a_secret_key_no_tokens_are_offered_and_those_that_are_there_go_on() {
    let app = TestApp::start().await;
    let key = people::key(&app, &[KeyScope::UsageRead]).await;
    let made = token(&app, &key).await;
    let without = TestApp::on(app.db.clone(), |s| s.settings.vault = None).await;
    let problem = ask(&without, &key, &json!({})).await.problem(404);
    assert!(problem.text.contains("NEXUS_CRM_SECRET_KEY"), "{}", problem.text);
    assert_eq!(get(&without, SUMMARY, &made).await.status, 200, "the public half verifies");
    // With another one a new key is made, and both verify.
    let vault = nexus_crm::platform::vault::Vault::new(&"0e".repeat(32)).map(std::sync::Arc::new);
    let other = TestApp::on(app.db.clone(), |s| s.settings.vault = vault).await;
    let another = token(&other, &key).await;
    assert_ne!(part(&another, 0)["kid"], part(&made, 0)["kid"]);
    assert_eq!((get(&app, SUMMARY, &another).await.status, get(&other, SUMMARY, &made).await.status), (200, 200));
    assert_eq!(part(&token(&app, &key).await, 0), part(&made, 0), "the first goes on with its own");
    assert_eq!(app.count("token_signing_keys").await, 2);
}

#[tokio::test]
async fn signing_keys_change_by_the_month_and_go_with_their_last_token() {
    let app = TestApp::start().await;
    let key = people::key(&app, &[KeyScope::UsageRead]).await;
    let first = token(&app, &key).await;
    later(&app, TimeDelta::days(30) - TimeDelta::seconds(1));
    let last = token(&app, &key).await;
    assert_eq!(part(&first, 0), part(&last, 0));
    later(&app, TimeDelta::seconds(1));
    // Many at once: one makes the new key.
    let all = futures_util::future::join_all((0..8).map(|_| token(&app, &key))).await;
    assert!(all.iter().all(|token| part(token, 0) == part(&all[0], 0) && part(token, 0) != part(&last, 0)));
    assert_eq!(app.count("token_signing_keys").await, 2);
    let kids = async || get(&app, "/.well-known/jwks.json", "").await.json["keys"].as_array().unwrap().len();
    maintenance::once(&app.ctx()).await.unwrap();
    assert_eq!((get(&app, SUMMARY, &last).await.status, kids().await), (200, 2), "its last token runs");
    later(&app, TimeDelta::seconds(930));
    assert_eq!(kids().await, 1);
    usecase::trim(&app.ctx()).await.unwrap();
    assert_eq!(app.count("token_signing_keys").await, 1);
    let private = app.texts("SELECT t::text FROM token_signing_keys t").await.join("");
    assert!(!private.contains("302e0201") && !private.contains("30530201"), "sealed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_ends_with_its_token_and_with_the_key_of_it() {
    let app = TestApp::start().await;
    let open = async |bearer: &str| {
        let mut request = format!("ws://{}/agent-usage/live", app.address).into_client_request().unwrap();
        request.headers_mut().insert("authorization", format!("Bearer {bearer}").parse().unwrap());
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        socket.next().await.unwrap().unwrap();
        socket
    };
    let (key, other) = (people::key(&app, &[KeyScope::UsageRead]).await, people::key(&app, &[KeyScope::UsageRead]).await);
    let short = ask(&app, &key, &json!({"expires_in": 60})).await.ok()["access_token"].as_str().unwrap().to_owned();
    let (mut by_token, mut by_long_token) = (open(&short).await, open(&token(&app, &other).await).await);
    let mut by_key = open(&key).await;
    later(&app, TimeDelta::seconds(60));
    app.as_owner(&format!("UPDATE api_keys SET revoked_at = '2026-11-20T12:00:30Z' WHERE prefix = '{}'", &other[..12])).await;
    for socket in [&mut by_token, &mut by_long_token] {
        let mut code = None;
        within(Duration::from_secs(5), "the socket is closed", async || {
            let next = tokio::time::timeout(Duration::from_millis(50), socket.next()).await;
            if let Ok(Some(Ok(Message::Close(Some(frame))))) = next {
                code = Some(u16::from(frame.code));
            }
            code.is_some()
        })
        .await;
        assert_eq!(code, Some(4401));
    }
    // The key itself goes on.
    app.meter(&event("ana")).await;
    assert!(matches!(by_key.next().await, Some(Ok(Message::Text(_)))));
}

#[tokio::test]
async fn a_token_opens_no_page_that_a_session_opens() {
    let app = TestApp::start().await;
    let made = token(&app, &people::key(&app, &KeyScope::ALL).await).await;
    // It stands before a session that the same request may carry.
    let cookie = people::sign_in(&app, Role::Admin).await.cookie;
    let with_both = app.client_with(&cookie).get(app.url("/admin/keys")).bearer_auth(&made);
    assert_eq!(send(with_both).await.status, 403);
}
