//! Signing in and out, links, sessions, keys: what works, and all that must not.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use nexus_crm::{
    domain::{
        AppError,
        people::{KeyScope, Role},
    },
    features::auth::{
        account::{self, Invitation},
        links,
    },
    platform::secret::Secret,
};

use crate::support::{
    TestApp,
    gate::{PASSWORD, ana, cookie, post, runs, sign_in, token},
    noon, people, within,
};

#[tokio::test]
async fn the_first_admin_is_made_once_by_the_link_that_serve_prints() {
    let app = TestApp::start().await;
    app.as_owner("DELETE FROM sessions; DELETE FROM users").await;
    let page = async || app.client_with("").get(app.url("/sign-in")).send().await.unwrap().text().await.unwrap();
    let told = "Nobody has an account here yet";
    assert!(page().await.contains(told));
    let link = links::for_set_up(&app.ctx()).await.unwrap().unwrap();
    let newer = links::for_set_up(&app.ctx()).await.unwrap().unwrap();
    let fields = |token| [("token", token), ("name", "Ana"), ("email", "ana@ngx.com"), ("password", PASSWORD)];
    for bad in [token(&link), "", "rubbish"] {
        assert_eq!(post(&app, "", "/set-up", &fields(bad)).await.status(), 404, "{bad:?}");
    }
    let refused =
        post(&app, "", "/set-up", &[("token", token(&newer)), ("name", " "), ("email", "ana"), ("password", "short")]).await;
    assert_eq!(refused.status(), 422);
    let text = refused.text().await.unwrap();
    assert_eq!(
        (text.matches("field-fault").count(), text.matches("aria-invalid").count()),
        (3, 3),
        "a fault beside each field: {text}"
    );
    let made = post(&app, "", "/set-up", &fields(token(&newer))).await;
    assert_eq!((made.status().as_u16(), made.headers()["location"].to_str().unwrap()), (303, "/usage"));
    assert!(runs(&app, &cookie(&made)).await && !page().await.contains(told));
    assert_eq!(post(&app, "", "/set-up", &fields(token(&newer))).await.status(), 404, "it works once");
    assert_eq!(links::for_set_up(&app.ctx()).await.unwrap(), None);
    assert_eq!(app.text("SELECT concat_ws(' ', email, role, status) FROM users").await, "ana@ngx.com admin active");
}

#[tokio::test]
async fn a_session_begins_with_the_password_and_is_another_each_time() {
    let app = TestApp::start().await;
    ana(&app, Role::Sales).await;
    let first = sign_in(&app, " ANA@ngx.com ", PASSWORD).await;
    assert_eq!((first.status().as_u16(), first.headers()["location"].to_str().unwrap()), (303, "/usage"));
    let first = cookie(&first);
    assert!(runs(&app, &first).await);
    // A session that somebody planted, or knows, is worth nothing after the next sign-in.
    let second = post(&app, &first, "/sign-in", &[("email", "ana@ngx.com"), ("password", PASSWORD), ("next", "/account")]).await;
    assert_eq!(second.headers()["location"].to_str().unwrap(), "/account");
    let second = cookie(&second);
    assert_ne!(first, second);
    assert!(!runs(&app, &first).await && runs(&app, &second).await);
    let out = post(&app, &second, "/sign-out", &[]).await;
    assert!(out.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert!(!runs(&app, &second).await, "a copy of the cookie is worth nothing");
    let events = app.texts("SELECT concat_ws(' ', actor, event) FROM journal WHERE actor_id IS NOT NULL ORDER BY id").await;
    assert_eq!(events, ["Ana Peña signed_in", "Ana Peña signed_in", "Ana Peña signed_out"]);
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_at_the_latest_when_it_is() {
    let app = TestApp::start().await;
    let somebody = people::sign_in(&app, Role::Viewer).await;
    for hours in (0..14 * 24).step_by(11) {
        app.app.clock.set(noon() + TimeDelta::hours(hours));
        assert!(runs(&app, &somebody.cookie).await, "after {hours} h");
    }
    app.app.clock.set(noon() + TimeDelta::days(14));
    assert!(!runs(&app, &somebody.cookie).await);
    let idle = people::sign_in(&app, Role::Viewer).await;
    app.app.clock.set(noon() + TimeDelta::days(14) + TimeDelta::hours(12));
    assert!(!runs(&app, &idle.cookie).await);
}

#[tokio::test]
async fn what_is_refused_is_refused_alike() {
    let app = TestApp::start().await;
    ana(&app, Role::Sales).await;
    let mut answers = Vec::new();
    for (email, password) in
        [("ana@ngx.com", "not her password"), ("nobody@ngx.com", PASSWORD), ("rubbish", ""), ("a\0b@ngx.com", "x")]
    {
        let answer = sign_in(&app, email, password).await;
        assert_eq!(answer.status(), 401);
        assert!(!answer.headers().contains_key("set-cookie"));
        answers.push(answer.text().await.unwrap().replace("ana@ngx.com", "").replace("nobody@ngx.com", "").replace("rubbish", ""));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

/// The median of how long signing in takes, of some tries.
async fn median(app: &TestApp, email: &str, tries: usize) -> Duration {
    let mut times = Vec::new();
    for _ in 0..tries {
        app.as_owner("DELETE FROM sign_in_attempts").await;
        let begun = Instant::now();
        assert_eq!(sign_in(app, email, "not the password").await.status(), 401);
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    times[tries / 2]
}

#[tokio::test]
async fn time_does_not_tell_whether_there_is_such_an_account() {
    let app = TestApp::start().await;
    ana(&app, Role::Sales).await;
    median(&app, "ana@ngx.com", 3).await;
    let (known, unknown) = (median(&app, "ana@ngx.com", 15).await, median(&app, "nobody@ngx.com", 15).await);
    let ratio = known.as_secs_f64() / unknown.as_secs_f64();
    // Without a hash to work on, the unknown one would take a tenth.
    assert!((0.5..2.0).contains(&ratio), "{known:?} against {unknown:?}");
}

#[tokio::test]
async fn a_flood_of_attempts_is_kept_waiting_by_account_and_by_address() {
    let app = TestApp::start().await;
    ana(&app, Role::Sales).await;
    for _ in 0..10 {
        assert_eq!(sign_in(&app, "ana@ngx.com", "wrong").await.status(), 401);
    }
    let kept = sign_in(&app, "ana@ngx.com", PASSWORD).await;
    assert_eq!((kept.status().as_u16(), kept.headers()["retry-after"].to_str().unwrap()), (429, "900"));
    for n in 0..49 {
        assert_eq!(sign_in(&app, &format!("u{n}@ngx.com"), "wrong").await.status(), 401);
    }
    assert_eq!(sign_in(&app, "another@ngx.com", "wrong").await.status(), 429, "the address");
    app.app.clock.set(noon() + TimeDelta::minutes(15));
    assert_eq!(sign_in(&app, "ana@ngx.com", PASSWORD).await.status(), 303);
}

#[tokio::test]
async fn nobody_keeps_somebody_else_out_from_another_address() {
    let app = TestApp::with(|s| s.settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]).await;
    ana(&app, Role::Sales).await;
    let from = async |address: &str, password: &str| {
        let fields = [("email", "ana@ngx.com"), ("password", password)];
        app.client_with("")
            .post(app.url("/sign-in"))
            .header("x-forwarded-for", address)
            .form(&fields)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    for _ in 0..10 {
        assert_eq!(from("203.0.113.1", "wrong").await, 401);
    }
    assert_eq!(from("203.0.113.1", PASSWORD).await, 429);
    assert_eq!(from("198.51.100.7", PASSWORD).await, 303);
    // One household may choose among more addresses than there are attempts.
    for n in 0..10 {
        assert_eq!(from(&format!("2001:db8::{n}"), "wrong").await, 401);
    }
    assert_eq!(from("2001:db8::ffff", "wrong").await, 429);
}

#[tokio::test]
async fn the_password_is_not_guessed_from_within() {
    let app = TestApp::start().await;
    ana(&app, Role::Sales).await;
    let session = cookie(&sign_in(&app, "ana@ngx.com", PASSWORD).await);
    let change = async |current: &str| {
        post(&app, &session, "/account", &[("do", "password"), ("current", current), ("password", "otra frase muy larga")])
            .await
            .status()
            .as_u16()
    };
    for _ in 0..10 {
        assert_eq!(change("wrong").await, 422);
    }
    assert_eq!(change(PASSWORD).await, 429);
    assert_eq!(app.count("journal WHERE event = 'password_wrong' AND actor = 'Ana Peña'").await, 10);
}

#[tokio::test]
async fn links_end_with_what_they_were_for() {
    let app = TestApp::start().await;
    ana(&app, Role::Sales).await;
    let session = cookie(&sign_in(&app, "ana@ngx.com", PASSWORD).await);
    let ana = account::find_by_email(&app.ctx(), "ana@ngx.com").await.unwrap();
    let open = async |link: &str| {
        app.client_with("").get(app.url(&format!("/reset?token={}", token(link)))).send().await.unwrap().status().as_u16()
    };
    let link = account::link(&app.ctx(), ana.id).await.unwrap();
    assert_eq!(open(&link).await, 200);
    let changed = [("do", "password"), ("current", PASSWORD), ("password", "otra frase muy larga")];
    assert_eq!(post(&app, &session, "/account", &changed).await.status(), 200);
    assert_eq!(open(&link).await, 404, "the password was changed");
    let link = account::link(&app.ctx(), ana.id).await.unwrap();
    let version = account::find_by_email(&app.ctx(), "ana@ngx.com").await.unwrap().version;
    let change = |version, enabled| account::Change { id: ana.id, version, name: "Ana", role: Role::Sales, team: None, enabled };
    account::change(&app.ctx(), &change(version, false)).await.unwrap();
    assert_eq!(open(&link).await, 404, "disabled");
    account::change(&app.ctx(), &change(version + 1, true)).await.unwrap();
    assert_eq!(open(&link).await, 404, "it does not come back");
}

#[tokio::test]
async fn an_invitation_and_a_reset_work_once_and_for_a_while() {
    let app = TestApp::start().await;
    let invitation = Invitation { email: "bea@ngx.com", name: "Bea", role: Role::Manager, team: None };
    let (bea, link) = account::invite(&app.ctx(), &invitation).await.unwrap();
    assert!(link.contains("/invitation?token="));
    assert_eq!(sign_in(&app, "bea@ngx.com", "").await.status(), 401, "without a password there is no way in");
    let page = app.client_with("").get(app.url(&format!("/invitation?token={}", token(&link)))).send().await.unwrap();
    assert_eq!((page.status().as_u16(), page.headers()["referrer-policy"].to_str().unwrap()), (200, "no-referrer"));
    let known = post(&app, "", "/invitation", &[("token", token(&link)), ("name", "Bea"), ("password", "bea@ngx.com bea")]).await;
    assert_eq!(known.status(), 422);
    let joined = post(&app, "", "/invitation", &[("token", token(&link)), ("name", "Beatriz"), ("password", PASSWORD)]).await;
    assert_eq!(joined.status(), 303);
    let session = cookie(&joined);
    assert_eq!(
        post(&app, "", "/invitation", &[("token", token(&link)), ("name", "Eve"), ("password", PASSWORD)]).await.status(),
        404
    );
    // A reset ends every session; a link of an hour ago does not work.
    let old = account::link(&app.ctx(), bea.id).await.unwrap();
    app.app.clock.set(noon() + TimeDelta::minutes(61));
    assert_eq!(post(&app, "", "/reset", &[("token", token(&old)), ("password", "otra frase muy larga")]).await.status(), 404);
    let new = account::link(&app.ctx(), bea.id).await.unwrap();
    assert_eq!(post(&app, "", "/set-up", &[("token", token(&new)), ("password", PASSWORD)]).await.status(), 404, "of another kind");
    assert!(runs(&app, &session).await);
    assert_eq!(post(&app, "", "/reset", &[("token", token(&new)), ("password", "otra frase muy larga")]).await.status(), 303);
    assert!(!runs(&app, &session).await);
    assert_eq!(sign_in(&app, "bea@ngx.com", PASSWORD).await.status(), 401);
    assert_eq!(sign_in(&app, "bea@ngx.com", "otra frase muy larga").await.status(), 303);
    assert_eq!(app.text("SELECT name FROM users WHERE email = 'bea@ngx.com'").await, "Beatriz");
}

#[tokio::test]
async fn whoever_is_disabled_or_lowered_is_out_at_once_and_the_last_admin_stays() {
    let app = TestApp::start().await;
    ana(&app, Role::Manager).await;
    let session = cookie(&sign_in(&app, "ana@ngx.com", PASSWORD).await);
    let ana = account::find_by_email(&app.ctx(), "ana@ngx.com").await.unwrap();
    let change = |version, role, enabled| account::Change { id: ana.id, version, name: "Ana", role, team: None, enabled };
    account::change(&app.ctx(), &change(ana.version, Role::Viewer, true)).await.unwrap();
    assert!(!runs(&app, &session).await);
    let lost = account::change(&app.ctx(), &change(ana.version, Role::Admin, true)).await;
    assert!(matches!(lost, Err(AppError::Conflict { .. })), "{lost:?}");
    let again = cookie(&sign_in(&app, "ana@ngx.com", PASSWORD).await);
    account::change(&app.ctx(), &change(ana.version + 1, Role::Viewer, false)).await.unwrap();
    assert!(!runs(&app, &again).await);
    assert_eq!(sign_in(&app, "ana@ngx.com", PASSWORD).await.status(), 401);
    let admin = app.texts("SELECT concat_ws(' ', id, version) FROM users WHERE role = 'admin'").await.remove(0);
    let (id, version) = admin.split_once(' ').unwrap();
    let last = account::Change {
        id: nexus_crm::domain::people::UserId(id.parse().unwrap()),
        version: version.parse().unwrap(),
        name: "Admin",
        role: Role::Sales,
        team: None,
        enabled: true,
    };
    assert!(matches!(account::change(&app.ctx(), &last).await, Err(AppError::Invalid { .. })));
    let body = app.text("SELECT body::text FROM journal WHERE event = 'user_changed' ORDER BY id LIMIT 1").await;
    assert!(body.contains(r#""role": "manager""#) && body.contains(r#""role": "viewer""#), "before and after: {body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_is_closed_within_seconds_when_its_session_or_key_is_over() {
    use futures_util::StreamExt;
    use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};
    let app = TestApp::start().await;
    let somebody = people::sign_in(&app, Role::Sales).await;
    let mut request = format!("ws://{}/agent-usage/live", app.address).into_client_request().unwrap();
    request.headers_mut().insert("cookie", somebody.cookie.parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    socket.next().await.unwrap().unwrap();
    let key = people::key(&app, &[KeyScope::UsageRead]).await;
    let mut request = format!("ws://{}/agent-usage/live", app.address).into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    let (mut other, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    other.next().await.unwrap().unwrap();
    let ended = post(&app, &somebody.cookie, "/sign-out", &[]).await;
    assert_eq!(ended.status(), 303);
    app.as_owner("UPDATE api_keys SET revoked_at = '2026-11-20T11:00:00Z'").await;
    for socket in [&mut socket, &mut other] {
        let mut code = None;
        within(Duration::from_secs(5), "the socket is closed", async || {
            if let Ok(Some(Ok(Message::Close(Some(frame))))) = tokio::time::timeout(Duration::from_millis(50), socket.next()).await
            {
                code = Some(u16::from(frame.code));
            }
            code.is_some()
        })
        .await;
        assert_eq!(code, Some(4401));
    }
}

#[tokio::test]
async fn the_demo_makes_nobody_beside_real_people() {
    let app = TestApp::start().await;
    let real = account::demo(&app.ctx(), &Secret::new(PASSWORD)).await;
    assert!(matches!(real, Err(AppError::Conflict { .. })), "{real:?}");
    app.as_owner("DELETE FROM sessions; DELETE FROM users").await;
    assert_eq!(account::demo(&app.ctx(), &Secret::new(PASSWORD)).await.unwrap().len(), 4);
    account::demo(&app.ctx(), &Secret::new("otra frase muy larga")).await.unwrap();
    assert_eq!(sign_in(&app, "manager@demo.example", "otra frase muy larga").await.status(), 303);
    assert_eq!(app.count("users").await, 4);
}

#[tokio::test]
async fn a_key_is_shown_once_and_no_secret_is_stored() {
    let app = TestApp::start().await;
    let made = app
        .client
        .post(app.url("/admin/keys"))
        .form(&[("do", "make"), ("name", "Grafana"), ("scopes", "metrics:read"), ("days", "30")])
        .send();
    let page = made.await.unwrap().text().await.unwrap();
    let start = page.find("nxs_").unwrap();
    let key: String = page[start..].chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
    let metrics = async || app.client_with("").get(app.url("/metrics")).bearer_auth(&key).send().await.unwrap().status().as_u16();
    assert_eq!(metrics().await, 200);
    let again = app.client.get(app.url("/admin/keys")).send().await.unwrap().text().await.unwrap();
    assert!(again.contains("Grafana") && !again.contains(&key));
    for table in ["api_keys", "journal", "sessions", "user_links", "users"] {
        let rows = app.texts(&format!("SELECT t::text FROM {table} t")).await.join("\n");
        assert!(!rows.contains(&key[13..]) && !rows.contains(PASSWORD), "{table}");
    }
    let id = app.text("SELECT id::text FROM api_keys WHERE name = 'Grafana'").await;
    let revoked = app.client.post(app.url("/admin/keys")).form(&[("do", "revoke"), ("key", &id)]).send().await.unwrap();
    assert_eq!((revoked.status().as_u16(), metrics().await), (200, 401));
    assert_eq!(KeyScope::parse("metrics:read"), Some(KeyScope::MetricsRead));
}

#[tokio::test]
async fn what_people_type_is_text_on_every_page_and_in_no_header() {
    let app = TestApp::start().await;
    let nasty = "<script>alert(1)</script>\"'&";
    let invited = app
        .client
        .post(app.url("/admin/people"))
        .form(&[("do", "invite"), ("email", "x@ngx.com"), ("name", nasty), ("role", "sales")])
        .send();
    assert_eq!(invited.await.unwrap().status(), 200);
    app.client.post(app.url("/admin/people")).form(&[("do", "team"), ("name", nasty)]).send().await.unwrap();
    let refused = app
        .client
        .post(app.url("/admin/people"))
        .form(&[("do", "invite"), ("email", nasty), ("name", nasty), ("role", "sales")])
        .send();
    let refused = refused.await.unwrap();
    assert_eq!(refused.status(), 422);
    let sign_in = sign_in(&app, nasty, "x").await;
    let gate = app.client_with("").get(app.url("/sign-in?next=%22%3E%3Cscript%3E")).send().await.unwrap();
    for page in [
        refused.text().await.unwrap(),
        sign_in.text().await.unwrap(),
        gate.text().await.unwrap(),
        app.get("/admin/people").await.text,
        app.get("/admin/people?q=%3Cscript%3Ealert(1)%3C/script%3E").await.text,
        app.get("/admin/journal").await.text,
    ] {
        assert!(!page.contains("<script>alert(1)"), "{page}");
    }
    let back = post(&app, "", "/sign-in", &[("email", "x"), ("password", "x"), ("next", "/x\r\nset-cookie: a=b")]).await;
    assert!(!back.headers().contains_key("set-cookie"));
}
