//! The public form: open when an admin says so, without cookies, from any site; machines and haste are kept out.

use chrono::TimeDelta;
use nexus_crm::features::leads::form::{self, HONEYPOT};
use reqwest::Client;

use crate::support::{
    TestApp,
    http::{Answer, send},
};

async fn open(app: &TestApp, origins: &str) {
    form::change(&app.ctx(), true, origins, 1).await.unwrap();
}

/// The form as a browser of nobody gets it.
async fn shown(app: &TestApp, path: &str) -> Answer {
    send(Client::new().get(app.url(path)).header("accept", "text/html").header("accept-language", "es")).await
}

fn token(page: &str) -> String {
    let at = page.find(r#"name="token" value=""#).unwrap() + r#"name="token" value=""#.len();
    page[at..].chars().take_while(|c| *c != '"').collect()
}

/// Sends it as a page of another site would.
async fn submit(app: &TestApp, fields: &[(&str, &str)]) -> Answer {
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    send(
        client.post(app.url("/form")).header("origin", "https://other.example").header("sec-fetch-site", "cross-site").form(fields),
    )
    .await
}

fn wait(app: &TestApp, seconds: i64) {
    app.app.clock.set(app.app.clock.now() + TimeDelta::seconds(seconds));
}

#[tokio::test]
async fn the_form_becomes_a_lead_once() {
    let app = TestApp::start().await;
    assert_eq!(shown(&app, "/form").await.status, 404, "it is shut until an admin opens it");
    assert_eq!(submit(&app, &[("name", "Eva")]).await.status, 404);
    open(&app, "https://www.ngx.example").await;
    let page = shown(&app, "/form?source=feria&utm_campaign=black_friday_2026&utm_medium=cpc").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Escríbenos") && !page.text.contains("<script"), "{}", page.text);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("frame-ancestors https://www.ngx.example") && policy.contains("default-src 'none'"), "{policy}");
    assert!(page.headers.get("set-cookie").is_none());
    assert!(shown(&app, "/form?lang=en").await.text.contains("Write to us"));
    let token = token(&page.text);
    wait(&app, 5);
    let fields = [
        ("token", token.as_str()),
        ("name", "Eva Ruiz"),
        ("email", "eva@tienda.example"),
        ("message", "Quiero una demo"),
        ("source", "feria"),
        ("utm_campaign", "black_friday_2026"),
        ("utm_medium", "cpc"),
        ("consent", "yes"),
    ];
    let taken = submit(&app, &fields).await;
    assert_eq!((taken.status, taken.header("location")), (303, "/form?sent=1"), "{}", taken.text);
    assert!(shown(&app, "/form?sent=1").await.text.contains("Gracias"));
    assert_eq!(submit(&app, &fields).await.status, 303, "a double click is one");
    let lead = app.text("SELECT concat_ws('|', first_name, source, utm->>'campaign', facts->'consent'->>'wording', behavior->>'form_fills') FROM leads").await;
    assert_eq!(lead, "Eva|feria|black_friday_2026|lead-form-1|1");
    assert_eq!((app.count("leads").await, app.count("interactions").await), (1, 1));
    assert_eq!(app.text("SELECT actor FROM journal WHERE event = 'lead_captured'").await, "nobody");
    // Something else from the same form is shown anew.
    let other = submit(&app, &[("token", token.as_str()), ("name", "Luis"), ("phone", "300 000 0001"), ("consent", "yes")]).await;
    assert_eq!(other.status, 200);
    assert_eq!(app.count("leads").await, 1);
}

#[tokio::test]
async fn machines_and_haste_make_no_lead() {
    let app = TestApp::start().await;
    open(&app, "").await;
    let page = shown(&app, "/form").await;
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    let token_now = token(&page.text);
    let lead = |token: &str| {
        vec![
            ("name", "Eva".to_owned()),
            ("email", "eva@x.example".to_owned()),
            ("consent", "yes".to_owned()),
            ("token", token.to_owned()),
        ]
    };
    let post = async |fields: Vec<(&str, String)>| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        submit(&app, &fields).await
    };
    // Too fast, without a token, with a forged one: shown once more, with what was typed and a token that works.
    let forged = "A".repeat(75);
    for bad in [token_now.as_str(), "", forged.as_str(), "x"] {
        let again = post(lead(bad)).await;
        assert_eq!(again.status, 200, "{bad}");
        assert!(
            again.text.contains(r#"value="eva@x.example""#) && again.text.contains("Revísalo")
                || again.text.contains("Look it over"),
            "{}",
            again.text
        );
    }
    let again = post(lead("")).await;
    wait(&app, 4);
    // A machine fills in what nobody sees; it is told nothing.
    let mut trapped = lead(&token(&again.text));
    trapped.push((HONEYPOT, "1".to_owned()));
    assert_eq!(post(trapped).await.status, 303);
    assert_eq!(app.count("leads").await, 0);
    let old = token(&again.text);
    assert_eq!(post(lead(&old)).await.status, 303, "from our own page it is taken");
    assert_eq!(app.count("leads").await, 1);
    // A form that was open for more than a day is shown anew.
    let late = token(&shown(&app, "/form").await.text);
    wait(&app, 25 * 3_600);
    assert_eq!(post(lead(&late)).await.status, 200);
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field() {
    let app = TestApp::start().await;
    open(&app, "").await;
    let token = token(&shown(&app, "/form").await.text);
    wait(&app, 5);
    let evil = "\"><script>alert(1)</script>";
    let refused = submit(
        &app,
        &[
            ("token", &token),
            ("name", evil),
            ("email", "no"),
            ("message", "</textarea><script>alert(2)</script>"),
            ("utm_source", evil),
            ("lang", "en"),
        ],
    )
    .await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("This is not an e-mail address") && refused.text.contains("This is needed"), "{}", refused.text);
    assert!(!refused.text.contains("<script"), "{}", refused.text);
    assert!(refused.text.contains("&lt;/textarea>"), "{}", refused.text);
    assert_eq!(
        submit(&app, &[("token", &token), ("name", "Eva"), ("consent", "yes")]).await.status,
        422,
        "neither address nor number"
    );
    assert_eq!(app.count("leads").await, 0);
    // Other pages still take nothing from other sites.
    let forged = Client::new()
        .post(app.url("/leads/new"))
        .header("cookie", &app.cookie)
        .header("sec-fetch-site", "cross-site")
        .form(&[("do", "new"), ("first_name", "X"), ("email", "x@x.example")]);
    assert_eq!(send(forged).await.status, 403);
    assert_eq!(app.count("leads").await, 0);
}

#[tokio::test]
async fn an_address_that_knocks_without_end_is_told_to_wait() {
    let app = TestApp::with(|s| s.settings.rate_limit_loopback = true).await;
    open(&app, "").await;
    let mut last = 0;
    for _ in 0..60 {
        last = submit(&app, &[("name", "x")]).await.status;
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429);
}
