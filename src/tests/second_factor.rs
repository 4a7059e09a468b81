//! The second factor.

use chrono::TimeDelta;
use nexus_crm::{domain::people::Role, features::auth::account};

use crate::support::{
    TestApp,
    gate::{self, PASSWORD, ana, cookie, post, runs, sign_in},
    noon,
};

/// The code that an app shows at a time.
fn code(seed: &str, at: chrono::DateTime<chrono::Utc>) -> String {
    let seed = totp_rs::Secret::try_from_base32(seed).unwrap();
    let totp = totp_rs::Builder::new().with_secret(seed).build().unwrap();
    totp.generate(u64::try_from(at.timestamp()).unwrap()).to_string()
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split_once(from).unwrap_or_else(|| panic!("{from} in {text}")).1.split_once(to).unwrap().0
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_each_code_works_once() {
    let app = TestApp::start().await;
    ana(&app, Role::Sales).await;
    let session = cookie(&sign_in(&app, "ana@ngx.com", PASSWORD).await);
    let begun = post(&app, &session, "/account", &[("do", "factor_begin"), ("current", PASSWORD)]).await.text().await.unwrap();
    let seed = between(&begun, r#"class="seed">"#, "<").to_owned();
    assert!(begun.contains("data:image/svg+xml;base64,"));
    let stored = app.text("SELECT encode(totp_secret, 'escape') FROM users WHERE email = 'ana@ngx.com'").await;
    assert!(!stored.contains(&seed), "sealed");
    let unasked = post(&app, &session, "/account", &[("do", "factor_begin"), ("current", "not the password")]).await;
    assert_eq!(unasked.status(), 422, "an unattended browser is not enough");
    let wrong = post(&app, &session, "/account", &[("do", "factor_confirm"), ("code", "000000")]).await;
    assert_eq!(wrong.status(), 422);
    assert!(wrong.text().await.unwrap().contains(&seed), "the picture stays");
    assert_eq!(sign_in(&app, "ana@ngx.com", PASSWORD).await.status(), 303, "not yet");
    let on =
        post(&app, &session, "/account", &[("do", "factor_confirm"), ("code", &code(&seed, noon()))]).await.text().await.unwrap();
    let recovery: Vec<_> = between(&on, "<pre", "</pre>").split_once('>').unwrap().1.lines().map(str::to_owned).collect();
    assert_eq!(recovery.len(), 10);

    assert_eq!(post(&app, &session, "/account", &[("do", "factor_codes"), ("current", "wrong")]).await.status(), 422);
    // The password alone leads to the code, and to nothing else.
    let step = async || {
        let asked = sign_in(&app, "ana@ngx.com", PASSWORD).await;
        assert_eq!(asked.status(), 200);
        assert!(!asked.headers().contains_key("set-cookie"));
        between(&asked.text().await.unwrap(), r#"name="token" value=""#, "\"").to_owned()
    };
    let give = async |token: &str, code: &str| {
        post(&app, "", "/sign-in", &[("do", "code"), ("token", token), ("code", code), ("next", "/account")]).await
    };
    let token = step().await;
    let used = give(&token, &code(&seed, noon())).await;
    assert_eq!(used.status(), 401, "the code that set it up is used");
    app.app.clock.set(noon() + TimeDelta::seconds(60));
    let good = code(&seed, app.app.clock.now());
    let inside = give(&token, &good).await;
    assert_eq!((inside.status().as_u16(), inside.headers()["location"].to_str().unwrap()), (303, "/account"));
    assert!(runs(&app, &cookie(&inside)).await);
    assert_eq!(
        give(&token, &code(&seed, noon() + TimeDelta::seconds(90))).await.status(),
        200,
        "the step works once: the password again"
    );
    let token = step().await;
    assert_eq!(give(&token, &good).await.status(), 401, "each code works once");
    // A recovery code works in its place, once.
    assert_eq!(give(&token, &recovery[3].to_uppercase()).await.status(), 303);
    let token = step().await;
    assert_eq!(give(&token, &recovery[3]).await.status(), 401);
    for _ in 0..9 {
        give(&token, "123456").await;
    }
    let kept = give(&token, &recovery[4]).await;
    assert_eq!((kept.status().as_u16(), kept.headers().contains_key("retry-after")), (429, true));
    // A reset does not lead around it.
    app.app.clock.set(noon() + TimeDelta::minutes(30));
    let ana = account::find_by_email(&app.ctx(), "ana@ngx.com").await.unwrap();
    let link = account::link(&app.ctx(), ana.id).await.unwrap();
    let reset = post(&app, "", "/reset", &[("token", gate::token(&link)), ("password", "otra frase muy larga")]).await;
    assert_eq!((reset.status().as_u16(), reset.headers().contains_key("set-cookie")), (303, false));
    let expired = step_with(&app, "otra frase muy larga").await;
    app.app.clock.set(noon() + TimeDelta::minutes(36));
    assert_eq!(give(&expired, &recovery[5]).await.status(), 200, "five minutes are over: the password again");
    let token = step_with(&app, "otra frase muy larga").await;
    let back = cookie(&give(&token, &recovery[5]).await);
    assert_eq!(post(&app, &back, "/account", &[("do", "factor_off"), ("current", "wrong")]).await.status(), 422);
    assert_eq!(post(&app, &back, "/account", &[("do", "factor_off"), ("current", "otra frase muy larga")]).await.status(), 200);
    assert_eq!(sign_in(&app, "ana@ngx.com", "otra frase muy larga").await.status(), 303);
    assert_eq!(app.count("recovery_codes").await, 0);
    let events = app.texts("SELECT event FROM journal WHERE event LIKE 'second%' GROUP BY event ORDER BY event").await;
    assert_eq!(events, ["second_factor_failed", "second_factor_off", "second_factor_on"]);
}

async fn step_with(app: &TestApp, password: &str) -> String {
    let page = sign_in(app, "ana@ngx.com", password).await.text().await.unwrap();
    between(&page, r#"name="token" value=""#, "\"").to_owned()
}

#[tokio::test]
async fn an_admin_takes_a_lost_second_factor_away() {
    let app = TestApp::start().await;
    ana(&app, Role::Sales).await;
    let session = cookie(&sign_in(&app, "ana@ngx.com", PASSWORD).await);
    let begun = post(&app, &session, "/account", &[("do", "factor_begin"), ("current", PASSWORD)]).await.text().await.unwrap();
    let seed = between(&begun, r#"class="seed">"#, "<").to_owned();
    post(&app, &session, "/account", &[("do", "factor_confirm"), ("code", &code(&seed, noon()))]).await;
    assert_eq!(sign_in(&app, "ana@ngx.com", PASSWORD).await.status(), 200);
    let id = app.text("SELECT id::text FROM users WHERE email = 'ana@ngx.com'").await;
    let fields = [("do", "factor"), ("user", id.as_str())];
    assert_eq!(post(&app, &session, "/admin/people", &fields).await.status(), 403, "not by herself here");
    assert_eq!(post(&app, &app.cookie, "/admin/people", &fields).await.status(), 200);
    assert_eq!(sign_in(&app, "ana@ngx.com", PASSWORD).await.status(), 303);
}
