//! Limits by key, by person and by address, and what pages of other origins may use.

use chrono::TimeDelta;
use nexus_crm::domain::people::{KeyScope, Role};
use reqwest::{Client, Method, RequestBuilder};

use crate::support::{
    TestApp,
    http::{Answer, send},
    noon, people,
    tokens::token,
};

const SUMMARY: &str = "/agent-usage/analytics/summary";
const APP: &str = "https://app.example.com";

/// Five at once and one a second for whom is known; three at once for an address. The clock stands still.
async fn limited() -> TestApp {
    TestApp::with(|s| {
        s.settings.rate_limit_loopback = true;
        (s.settings.rest_rate, s.settings.rest_burst) = (1, 5);
        (s.settings.address_rate, s.settings.address_burst) = (1, 3);
    })
    .await
}

fn by(app: &TestApp, path: &str, bearer: &str) -> RequestBuilder {
    Client::new().get(app.url(path)).bearer_auth(bearer)
}

async fn statuses(times: usize, request: impl Fn() -> RequestBuilder) -> Vec<u16> {
    let mut all = Vec::new();
    for _ in 0..times {
        all.push(send(request()).await.status);
    }
    all
}

#[tokio::test]
async fn a_key_has_its_burst_and_is_told_how_it_stands() {
    let app = limited().await;
    let (key, other) = (people::key(&app, &[KeyScope::UsageRead]).await, people::key(&app, &[KeyScope::UsageRead]).await);
    let made = token(&app, &key).await;
    let told = |answer: &Answer| (answer.header("ratelimit-policy").to_owned(), answer.header("ratelimit").to_owned());
    let first = send(by(&app, SUMMARY, &key)).await;
    assert_eq!(told(&first), (r#""key";q=5;w=5"#.into(), r#""key";r=3;t=2"#.into()), "one was for the token");
    let forbidden = send(by(&app, "/metrics", &key)).await;
    assert_eq!((forbidden.status, told(&forbidden).1), (403, r#""key";r=2;t=3"#.into()), "what is refused counts too");
    // A token is counted for its key.
    assert_eq!(statuses(3, || by(&app, SUMMARY, &made)).await, [200, 200, 429]);
    let refused = send(by(&app, SUMMARY, &key)).await.problem(429);
    assert_eq!((refused.header("retry-after"), told(&refused).1.as_str()), ("1", r#""key";r=0;t=1"#));
    assert_eq!(send(by(&app, SUMMARY, &other)).await.status, 200, "another key");
    app.app.clock.set(noon() + TimeDelta::seconds(2));
    assert_eq!(statuses(3, || by(&app, SUMMARY, &key)).await, [200, 200, 429]);
    // The socket's opening is counted as well, and nothing else but its opening.
    app.app.clock.set(noon() + TimeDelta::seconds(3));
    let live = || by(&app, "/agent-usage/live", &key).header("upgrade", "websocket").header("connection", "upgrade");
    let opened = send(live()).await.status;
    assert_ne!(opened, 429);
    assert_eq!(statuses(1, live).await, [429]);
}

#[tokio::test]
async fn a_person_is_limited_by_server_functions_and_not_by_pages() {
    let app = limited().await;
    let (ana, bea) = (people::sign_in(&app, Role::Sales).await, people::sign_in(&app, Role::Sales).await);
    let (ana, bea) = (app.client_with(&ana.cookie), app.client_with(&bea.cookie));
    let zone = |client: &Client| client.post(app.url("/api/zone")).form(&[("name", "UTC")]);
    let answers = statuses(6, || zone(&ana)).await;
    assert!(answers[..5].iter().all(|status| *status != 429) && answers[5] == 429, "{answers:?}");
    let refused = send(zone(&ana)).await;
    assert_eq!((refused.header("retry-after"), refused.header("serverfnerror")), ("1", "/api/zone"));
    assert_eq!(refused.json["kind"], "rate_limited", "as server functions tell their errors");
    assert_ne!(send(zone(&bea)).await.status, 429, "somebody else");
    let page = || ana.get(app.url("/account")).header("accept", "text/html");
    assert_eq!(statuses(10, page).await, [200; 10]);
    send(ana.get(app.url(SUMMARY))).await.problem(429);
}

#[tokio::test]
async fn whoever_guesses_is_slowed_down() {
    let app = limited().await;
    let key = people::key(&app, &[KeyScope::UsageRead]).await;
    let wrong = "nxs_AAAAAAAA_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    // On pages too: a key is a key.
    assert_eq!(statuses(1, || by(&app, "/usage", wrong)).await, [401]);
    assert_eq!(statuses(3, || by(&app, SUMMARY, wrong)).await, [401, 401, 429]);
    let refused = send(by(&app, SUMMARY, "rubbish")).await.problem(429);
    assert_eq!((refused.header("retry-after"), refused.header("ratelimit")), ("1", r#""address";r=0;t=1"#));
    assert_eq!(send(by(&app, SUMMARY, &key)).await.status, 429, "not even a right one is told from a wrong one");
    app.app.clock.set(noon() + TimeDelta::seconds(1));
    assert_eq!(send(by(&app, SUMMARY, &key)).await.status, 200);
    // Nobody at all is counted for the address, at REST and at the open key set; health and the gate are not.
    app.app.clock.set(noon() + TimeDelta::seconds(60));
    let nobody = || Client::new().get(app.url("/.well-known/jwks.json"));
    assert_eq!(statuses(2, nobody).await, [200, 200]);
    assert_eq!(statuses(2, || Client::new().get(app.url(SUMMARY))).await, [401, 429]);
    assert_eq!(send(nobody()).await.problem(429).status, 429);
    for path in ["/health/live", "/health/ready", "/sign-in"] {
        assert_eq!(statuses(10, || Client::new().get(app.url(path))).await, [200; 10], "{path}");
    }
    assert_eq!(send(app.client.get(app.url("/account"))).await.status, 200);
}

#[tokio::test]
async fn loopback_is_not_limited_where_the_settings_say_so() {
    let app = TestApp::with(|s| (s.settings.rest_burst, s.settings.address_burst) = (2, 2)).await;
    let key = people::key(&app, &[KeyScope::UsageRead]).await;
    assert_eq!(statuses(5, || by(&app, SUMMARY, &key)).await, [200; 5]);
    assert_eq!(statuses(5, || by(&app, SUMMARY, "rubbish")).await, [401; 5]);
    assert_eq!(send(by(&app, SUMMARY, &key)).await.header("ratelimit"), "");
}

fn preflight(app: &TestApp, path: &str, origin: &str, method: &str) -> RequestBuilder {
    let request = Client::new().request(Method::OPTIONS, app.url(path)).header("origin", origin);
    request.header("access-control-request-method", method).header("access-control-request-headers", "authorization")
}

async fn open_to_one() -> TestApp {
    TestApp::with(|s| s.settings.cors_origins = vec![APP.into()]).await
}

#[tokio::test]
async fn pages_of_origins_that_are_named_read_by_a_key() {
    let app = open_to_one().await;
    let key = people::key(&app, &[KeyScope::UsageRead]).await;
    for (path, method) in [
        (SUMMARY, "GET"),
        ("/agent-usage/stats/ana", "GET"),
        ("/agent-usage/limits/ana", "GET"),
        ("/.well-known/jwks.json", "GET"),
        ("/api/auth/token", "POST"),
    ] {
        let asked = send(preflight(&app, path, APP, method)).await;
        assert_eq!((asked.status, asked.header("access-control-allow-origin")), (200, APP), "{path}");
        assert_eq!(asked.header("access-control-allow-methods"), method, "{path}");
        assert!(asked.header("access-control-allow-headers").contains("authorization"), "{path}");
        assert_eq!(asked.header("access-control-allow-credentials"), "", "{path}");
        let refused = send(preflight(&app, path, "https://evil.example", method)).await;
        assert_eq!(refused.header("access-control-allow-origin"), "", "{path}");
    }
    let read = send(by(&app, SUMMARY, &key).header("origin", APP)).await;
    assert_eq!((read.status, read.header("access-control-allow-origin")), (200, APP));
    assert_eq!(read.header("access-control-expose-headers"), "ratelimit-policy,ratelimit,retry-after");
    let made = send(Client::new().post(app.url("/api/auth/token")).bearer_auth(&key).header("origin", APP)).await;
    assert_eq!((made.status, made.header("access-control-allow-origin")), (200, APP));
    // A page is to read why it was refused.
    let refused = send(by(&app, SUMMARY, "rubbish").header("origin", APP)).await.problem(401);
    assert_eq!(refused.header("access-control-allow-origin"), APP);
    assert_eq!(
        send(by(&app, SUMMARY, &key).header("origin", "https://evil.example")).await.header("access-control-allow-origin"),
        ""
    );
}

#[tokio::test]
async fn nothing_else_is_open_to_other_origins() {
    let (one, none) = (open_to_one().await, TestApp::start().await);
    for path in [
        "/usage",
        "/usage/export.csv",
        "/metrics",
        "/agent-usage/events",
        "/agent-usage/live",
        "/api/usage/dashboard",
        "/sign-in",
        "/health/live",
    ] {
        for method in ["GET", "POST"] {
            let asked = send(preflight(&one, path, APP, method)).await;
            assert!(asked.status >= 400 && asked.header("access-control-allow-origin").is_empty(), "{path}: {}", asked.status);
        }
        let read = send(one.client.get(one.url(path)).header("origin", APP)).await;
        assert_eq!(read.header("access-control-allow-origin"), "", "{path}");
    }
    for path in [SUMMARY, "/api/auth/token", "/.well-known/jwks.json"] {
        let asked = send(preflight(&none, path, APP, "GET")).await;
        assert!(asked.status >= 400 && asked.header("access-control-allow-origin").is_empty(), "off unless set: {path}");
    }
    assert_eq!(send(none.client.get(none.url(SUMMARY)).header("origin", APP)).await.header("access-control-allow-origin"), "");
}
