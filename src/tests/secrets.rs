//! Webhook secrets of the app: one takes another's place without an event being lost, and what is ended lets nothing in.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use nexus_crm::{
    domain::people::Role,
    features::usage::keyring::{Keyring, Refused},
    platform::{
        secret::Secret,
        signature::{Key, SignatureHeaders},
    },
};

use crate::support::{TestApp, event, gate::post, noon, people, within};

/// Makes a secret by the page's form; gives it.
async fn make(app: &TestApp, name: &str, grace: &str) -> String {
    let page =
        post(app, &app.cookie, "/admin/webhooks", &[("do", "make"), ("name", name), ("kind", "live"), ("grace", grace)]).await;
    assert_eq!(page.status(), 200);
    let text = page.text().await.unwrap();
    let at = text.find("whsec_").unwrap_or_else(|| panic!("{text}"));
    text[at..].split('"').next().unwrap().to_owned()
}

/// Sends an event signed with a secret; gives the answer's status.
async fn send(app: &TestApp, secret: &str, user: &str) -> u16 {
    let key = Key::new(Secret::new(secret), false).unwrap();
    let body = event(user).to_string();
    let (id, time) = (uuid::Uuid::now_v7().to_string(), app.app.clock.now().timestamp());
    let signed = reqwest::Client::new()
        .post(app.url("/agent-usage/events"))
        .header("content-type", "application/json")
        .header("webhook-signature", key.sign_standard(&id, time, body.as_bytes()))
        .header("webhook-id", id)
        .header("webhook-timestamp", time);
    signed.body(body).send().await.unwrap().status().as_u16()
}

async fn end(app: &TestApp, name: &str) -> u16 {
    let id = app.text(&format!("SELECT id::text FROM webhook_secrets WHERE name = '{name}'")).await;
    post(app, &app.cookie, "/admin/webhooks", &[("do", "end"), ("secret", &id)]).await.status().as_u16()
}

#[tokio::test]
async fn a_secret_takes_anothers_place_while_events_flow_and_none_is_lost() {
    let app = Arc::new(TestApp::start().await);
    let old = make(&app, "GENESIS 2025", "").await;
    let (switched, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let new = Arc::new(tokio::sync::OnceCell::<String>::new());
    let senders: Vec<_> = (0..4)
        .map(|n| {
            let (app, old, new) = (Arc::clone(&app), old.clone(), Arc::clone(&new));
            let (switched, done) = (Arc::clone(&switched), Arc::clone(&done));
            tokio::spawn(async move {
                let (mut sent, mut after) = (0_i64, 0);
                while !done.load(Ordering::SeqCst) || after < 20 {
                    let secret = if switched.load(Ordering::SeqCst) { new.get().unwrap() } else { &old };
                    assert_eq!(send(&app, secret, &format!("flow_{n}")).await, 200);
                    sent += 1;
                    after += i32::from(switched.load(Ordering::SeqCst));
                }
                sent
            })
        })
        .collect();
    within(Duration::from_secs(20), "some events have come", async || app.count("agent_usage_events").await > 40).await;
    new.set(make(&app, "GENESIS 2026", "1").await).unwrap();
    let at = app.count("agent_usage_events").await;
    within(Duration::from_secs(20), "the old one goes on", async || app.count("agent_usage_events").await > at + 20).await;
    switched.store(true, Ordering::SeqCst);
    done.store(true, Ordering::SeqCst);
    let mut sent = 0;
    for sender in senders {
        sent += sender.await.unwrap();
    }
    assert_eq!(app.count("agent_usage_events").await, sent);
    app.app.clock.set(noon() + TimeDelta::minutes(59));
    assert_eq!(send(&app, &old, "late").await, 200, "its time of grace");
    app.app.clock.set(noon() + TimeDelta::minutes(60));
    assert_eq!((send(&app, &old, "late").await, send(&app, new.get().unwrap(), "late").await), (401, 200));
    let stored = app.texts("SELECT encode(sealed, 'escape') FROM webhook_secrets WHERE sealed IS NOT NULL").await.join(" ");
    assert!(!stored.contains(&old[6..20]) && !stored.contains(&new.get().unwrap()[6..20]), "sealed");
    let used = "SELECT count(*) FROM webhook_secrets WHERE source = 'app' AND last_used_at IS NOT NULL";
    within(Duration::from_secs(10), "last use is told", async || app.number(used).await == 2).await;
    app.assert_exact().await;
}

#[tokio::test]
async fn what_one_process_changes_holds_in_another() {
    let one = TestApp::start().await;
    let two = TestApp::on(Arc::clone(&one.db), |_| {}).await;
    let secret = make(&one, "Shared", "").await;
    assert_eq!(send(&two, &secret, "u1").await, 200, "at once: an unknown signature makes it look");
    assert_eq!(end(&one, "Shared").await, 200);
    within(Duration::from_secs(10), "it is ended everywhere", async || {
        send(&one, &secret, "u2").await == 401 && send(&two, &secret, "u2").await == 401
    })
    .await;
    assert_eq!(end(&one, "Shared").await, 404, "once");
}

#[tokio::test]
async fn genesis_can_always_be_heard_and_what_is_not_known_is_sent_again() {
    let app = TestApp::with(|s| s.settings.webhook_keys = Vec::new()).await;
    let secret = make(&app, "The only one", "").await;
    assert_eq!(end(&app, "The only one").await, 422, "the last one stays");
    assert_eq!(send(&app, &secret, "u1").await, 200);
    let own = [("do", "make"), ("name", "Own"), ("kind", "import"), ("own", "a-secret-that-GENESIS-has-given-out")];
    assert_eq!(post(&app, &app.cookie, "/admin/webhooks", &own).await.status(), 200);
    assert_eq!(end(&app, "The only one").await, 200);
    for (own, fault) in
        [("short", "24"), ("whsec_not*base64*at*all*at*all", "base64"), ("with a lot of spaces\u{e9} in between it", "seen")]
    {
        let page = post(&app, &app.cookie, "/admin/webhooks", &[("do", "make"), ("name", "Bad"), ("own", own)]).await;
        let (status, text) = (page.status().as_u16(), page.text().await.unwrap());
        let told = text.split("class=\"field-fault\"").nth(1).unwrap_or_default();
        assert!(status == 422 && told.split("</p>").next().unwrap().contains(fault), "{own}: {status} {told}");
    }
    // What is typed is not written into the page again, and one secret does not stand here twice.
    let typed = "a-secret-that-GENESIS-has-given-out";
    let page = post(&app, &app.cookie, "/admin/webhooks", &[("do", "make"), ("name", "Bad"), ("own", typed)]).await;
    assert_eq!(page.status(), 422);
    assert!(!page.text().await.unwrap().contains(typed));
    assert_eq!(app.number("SELECT count(*) FROM webhook_secrets WHERE name = 'Bad'").await, 0);
    // Before the app's secrets have been read, a signature that nobody knows may be good.
    let ctx = app.ctx();
    let keyring = Keyring::new(&ctx);
    ctx.app.db.close().await;
    let headers = SignatureHeaders {
        genesis_signature: Some("sha256=0000000000000000000000000000000000000000000000000000000000000000"),
        ..Default::default()
    };
    assert_eq!(keyring.verify(&ctx, &headers, b"{}").await, Err(Refused::NotKnown));
}

#[tokio::test]
async fn the_debugger_says_what_is_wrong_and_shows_no_secret() {
    let app = TestApp::start().await;
    let secret = make(&app, "Debugged <b>", "").await;
    let key = Key::new(Secret::new(&*secret), false).unwrap();
    let time = noon().timestamp() - 420;
    let body = "{\n  \"a\": \"</textarea><script>alert(1)</script>\"\n}";
    let headers =
        format!("webhook-id: m1\nwebhook-timestamp: {time}\nwebhook-signature: {}", key.sign_standard("m1", time, body.as_bytes()));
    let look = async |cookie: &str, headers: &str, body: &str| {
        let body = body.replace('\n', "\r\n");
        post(&app, cookie, "/admin/webhooks", &[("do", "debug"), ("headers", headers), ("body", &body)]).await
    };
    let text = look(&app.cookie, &headers, body).await.text().await.unwrap();
    assert!(text.contains("7 min") && text.contains("Debugged &lt;b&gt;") && !text.contains("<script>alert"), "{text}");
    assert!(!text.contains(&secret[6..]), "no secret");
    let altered = look(&app.cookie, &headers, "{\"a\":2}").await.text().await.unwrap();
    assert!(altered.contains("by none of the secrets"), "{altered}");
    let manager = people::sign_in(&app, Role::Manager).await;
    assert_eq!(look(&manager.cookie, &headers, body).await.status(), 403);
}
