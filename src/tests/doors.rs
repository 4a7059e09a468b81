//! Who gets through which door: every route, server function and page, for everybody who could stand before it.

use nexus_crm::{
    app::App,
    domain::people::{KeyScope, Permission, Role},
    server::doors::{DOORS, Rule},
};
use reqwest::{Method, StatusCode};

use crate::support::{
    TestApp,
    people::{self, sign_in},
    tokens,
};

/// Somebody who stands before a door.
enum Visitor {
    /// Nobody, or somebody who was somebody: no session, or one that is over.
    Nobody(&'static str, String),
    Person(Role, String),
    Program(KeyScope, String),
    /// A program with a token in place of its key.
    Token(KeyScope, String),
    /// With a key or a token that does not work, and why.
    Stranger(&'static str, String),
}

async fn visitors(app: &TestApp) -> Vec<Visitor> {
    let mut all = vec![
        Visitor::Nobody("no cookie", String::new()),
        Visitor::Nobody("a forged cookie", "nexus_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into()),
        Visitor::Stranger("no such key", "nxs_AAAAAAAA_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into()),
        Visitor::Stranger("no key", "rubbish".into()),
    ];
    for (what, sql) in [
        ("expired", "UPDATE sessions SET expires_at = '2026-11-20T12:00:00Z' WHERE id = "),
        ("not used for long", "UPDATE sessions SET last_seen_at = '2026-11-20T00:00:00Z' WHERE id = "),
        ("ended", "UPDATE sessions SET ended_at = '2026-11-20T11:00:00Z' WHERE id = "),
    ] {
        let somebody = sign_in(app, Role::Admin).await;
        app.as_owner(&format!("{sql} '{}'", somebody.session)).await;
        all.push(Visitor::Nobody(what, somebody.cookie));
    }
    let disabled = sign_in(app, Role::Admin).await;
    app.as_owner(&format!("UPDATE users SET status = 'disabled' WHERE id = '{}'", disabled.id)).await;
    all.push(Visitor::Nobody("disabled", disabled.cookie));
    for role in Role::ALL {
        all.push(Visitor::Person(role, sign_in(app, role).await.cookie));
    }
    for scope in KeyScope::ALL {
        let key = people::key(app, &[scope]).await;
        all.push(Visitor::Token(scope, tokens::token(app, &key).await));
        all.push(Visitor::Program(scope, key));
    }
    for sql in ["expires_at = '2026-11-20T12:00:00Z'", "revoked_at = '2026-11-20T11:00:00Z'"] {
        let key = people::key(app, &KeyScope::ALL).await;
        let token = tokens::token(app, &key).await;
        let prefix = &key[..12];
        app.as_owner(&format!("UPDATE api_keys SET {sql} WHERE prefix = '{prefix}'")).await;
        all.push(Visitor::Stranger("a key that does not work any more", key));
        all.push(Visitor::Stranger("a token of a key that does not work any more", token));
    }
    let key = people::key(app, &KeyScope::ALL).await;
    all.extend(tokens::forged(app, &key).await.into_iter().map(|(what, token)| Visitor::Stranger(what, token)));
    all
}

/// The status that the guard is to answer with; none when it is to let through.
fn expected(rule: Rule, visitor: &Visitor) -> Option<u16> {
    let may = |permission: Permission| match visitor {
        Visitor::Nobody(..) | Visitor::Stranger(..) => false,
        Visitor::Person(role, _) => role.may(permission),
        Visitor::Program(scope, _) | Visitor::Token(scope, _) => scope.may(permission),
    };
    match (rule, visitor) {
        (Rule::Open | Rule::Public | Rule::Signature, _)
        | (Rule::SignedIn, Visitor::Person(..))
        | (Rule::Key, Visitor::Program(..)) => None,
        (_, Visitor::Nobody(..) | Visitor::Stranger(..)) => Some(401),
        (Rule::SignedIn, Visitor::Program(..) | Visitor::Token(..)) | (Rule::Key, Visitor::Person(..) | Visitor::Token(..)) => {
            Some(403)
        }
        (Rule::May(permission), _) => (!may(permission)).then_some(403),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_door_lets_through_whom_it_should_and_nobody_else() {
    let app = TestApp::start().await;
    // A signing-out would end the session under test, and signing in answers 401 by itself.
    let own = ["/sign-in", "/sign-out"];
    for visitor in visitors(&app).await {
        let (name, cookie, key) = match &visitor {
            Visitor::Nobody(what, cookie) => ((*what).to_owned(), cookie.as_str(), None),
            Visitor::Person(role, cookie) => (format!("{role:?}"), cookie.as_str(), None),
            Visitor::Program(scope, key) => (format!("{scope:?}"), "", Some(key)),
            Visitor::Token(scope, token) => (format!("a token of {scope:?}"), "", Some(token)),
            Visitor::Stranger(what, key) => ((*what).to_owned(), "", Some(key)),
        };
        let client = app.client_with(cookie);
        for (method, path, rule) in DOORS.iter().filter(|(_, path, _)| !own.contains(path)) {
            let place = path.replace("{user_id}", "ana").replace("{id}", "ana");
            let mut request =
                client.request(method.parse::<Method>().unwrap(), app.url(&place)).header("accept", "application/json");
            if let Some(key) = key {
                request = request.header("authorization", format!("Bearer {key}"));
            }
            if *method == "POST" {
                request = request.header("content-type", "application/x-www-form-urlencoded").body("");
            }
            let answer = request.send().await.unwrap();
            let status = answer.status();
            let through = !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            match expected(*rule, &visitor) {
                None => assert!(through || *rule == Rule::Signature, "{name} is kept from {method} {path}: {status}"),
                Some(refused) => assert_eq!(status.as_u16(), refused, "{name} before {method} {path}"),
            }
            assert!(!status.is_server_error(), "{name} {method} {path}: {status} {}", answer.text().await.unwrap());
        }
    }
}

#[tokio::test]
async fn every_page_and_every_server_function_has_a_door() {
    let has = |method: &str, path: &str| DOORS.iter().any(|(m, p, _)| *m == method && *p == path);
    for route in leptos_axum::generate_route_list(App) {
        assert!(has("GET", route.path()), "the page {} has no door in server/doors.rs", route.path());
    }
    let functions: Vec<_> = server_fn::axum::server_fn_paths().collect();
    assert!(functions.len() > 3, "{functions:?}");
    for (path, method) in functions {
        assert!(has(method.as_str(), path), "the server function {method} {path} has no door in server/doors.rs");
    }
}

#[tokio::test]
async fn what_no_door_is_known_for_is_shut() {
    let app = TestApp::start().await;
    let nobody = app.client_with("");
    for path in ["/nothing", "/api/nothing", "/admin", "/.env", "/pkg/../.env", "/usage/users/..%2f..%2fetc%2fpasswd"] {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            let status = nobody.request(method.clone(), app.url(path)).send().await.unwrap().status().as_u16();
            assert!(matches!(status, 401 | 403 | 404 | 405), "{method} {path}: {status}");
        }
    }
    // Steps back lead past no door: not in a browser, which takes them out itself, and not as they are.
    for path in ["/pkg/../usage", "/fonts/%2e%2e/usage", "/pkg/..%2fusage", "/usage/../admin/people", "/pkg/./../usage/users"] {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut line = tokio::net::TcpStream::connect(app.address).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\naccept: text/html\r\nconnection: close\r\n\r\n");
        line.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        line.read_to_string(&mut answer).await.unwrap();
        let status = answer.split(' ').nth(1).unwrap();
        assert!(["303", "400", "401", "404"].contains(&status) && !answer.contains("class=\"frame\""), "{path}: {answer}");
    }
    let page = nobody.get(app.url("/usage?tier=pro")).header("accept", "text/html").send().await.unwrap();
    assert_eq!(
        (page.status().as_u16(), page.headers()["location"].to_str().unwrap()),
        (303, "/sign-in?next=%2Fusage%3Ftier%3Dpro")
    );
}

#[tokio::test]
async fn another_sites_page_changes_nothing() {
    let app = TestApp::start().await;
    let cookie = &app.cookie;
    let bare = reqwest::Client::new();
    let change = |path: &str| {
        bare.post(app.url(path))
            .header("cookie", cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body("do=team&name=Forged")
    };
    for path in ["/admin/people", "/account", "/sign-out", "/preferences", "/api/usage/users", "/sign-in"] {
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("x-nothing", "1"),
        ] {
            let status = change(path).header(name, value).send().await.unwrap().status().as_u16();
            assert_eq!(status, 403, "{path} with {name}: {value}");
        }
    }
    assert_eq!(app.count("teams").await, 0);
    let own = change("/admin/people").header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert_eq!(own.status().as_u16(), 200);
    assert_eq!(app.count("teams").await, 1);
}

#[tokio::test]
async fn odd_addresses_and_forms_are_no_faults_of_ours() {
    let app = TestApp::start().await;
    let id = uuid::Uuid::nil();
    for path in [
        format!("/admin/people?after={id}~%00"),
        format!("/admin/people?after={id}~{}", "x".repeat(5_000)),
        format!("/admin/ingest?after=-250000000000000000~{id}"),
        format!("/admin/ingest?after=250000000000000000~{id}"),
        "/admin/journal?before=-1".into(),
        "/admin/journal?q=%00".into(),
        "/admin/limits?edit=gold".into(),
        "/admin/people?edit=%F0%9F%92%A5&invite=1".into(),
    ] {
        assert_eq!(app.get(&path).await.status, 200, "{path}");
    }
    let nobody = app.client_with("");
    let form = |path: &str, body: String| {
        nobody.post(app.url(path)).header("content-type", "application/x-www-form-urlencoded").body(body).send()
    };
    assert_eq!(form("/sign-in", "a&".repeat(20_000)).await.unwrap().status(), 413);
    for body in ["email=%FF%FE&password=%00", "email=a&email=b&password=c&password=d", ""] {
        let status = form("/sign-in", body.to_owned()).await.unwrap().status().as_u16();
        assert!((400..500).contains(&status), "{body}: {status}");
    }
    let json = app.get("/agent-usage/analytics/summary").await;
    assert_eq!(json.header("cache-control"), "private, no-store");
    // A header that promises a key does not open a form to other sites.
    let forged = nobody.post(app.url("/sign-in")).header("origin", "https://evil.example").header("authorization", "x");
    assert_eq!(forged.send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn the_gate_answers_no_more_than_it_can() {
    let app = TestApp::with(|s| s.settings.rate_limit_loopback = true).await;
    let nobody = app.client_with("");
    let mut last = 0;
    for _ in 0..60 {
        last = nobody.post(app.url("/sign-in")).form(&[("email", "x"), ("password", "x")]).send().await.unwrap().status().as_u16();
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429);
    assert!(app.number("SELECT max(attempts)::bigint FROM sign_in_attempts").await < 60, "those were not counted in the database");
}

#[tokio::test]
async fn whoever_is_refused_a_page_is_told_so_on_a_page() {
    let app = TestApp::start().await;
    let viewer = people::sign_in(&app, Role::Viewer).await;
    let page = async |client: &reqwest::Client, path: &str| {
        let answer = client.get(app.url(path)).header("accept", "text/html").header("accept-language", "es").send().await.unwrap();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (answer.status().as_u16(), kind.starts_with("text/html"), answer.text().await.unwrap())
    };
    let client = app.client_with(&viewer.cookie);
    let (status, html, text) = page(&client, "/admin/people").await;
    assert!((status, html) == (403, true) && text.contains("Sin permiso") && text.contains("href=\"/\""), "{status} {text}");
    let forged = reqwest::Client::new().post(app.url("/account")).header("cookie", &viewer.cookie).header("accept", "text/html");
    let forged = forged.header("sec-fetch-site", "cross-site").body("").send().await.unwrap();
    assert_eq!((forged.status().as_u16(), forged.headers()["content-type"].to_str().unwrap()), (403, "text/html; charset=utf-8"));
    app.app.db.close().await;
    let (status, html, text) = page(&client, "/usage?days=7").await;
    assert!((status, html) == (503, true) && text.contains("href=\"/usage?days=7\""), "the way back: {status} {text}");
}
