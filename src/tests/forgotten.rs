//! Forgotten passwords: from the address to the new password, for nobody else, and without a word of who has an account.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use nexus_crm::{
    domain::people::Role,
    features::auth::account::{self, Change, Invitation},
    flows::mail,
};
use reqwest::Response;

use crate::support::{
    TestApp,
    gate::{PASSWORD, ana, cookie, post, runs, sign_in, token},
    noon,
    smtp::FakeSmtp,
};

async fn ask(app: &TestApp, email: &str) -> Response {
    post(app, "", "/forgotten", &[("email", email)]).await
}

async fn page(app: &TestApp, path: &str, lang: &str) -> String {
    let page = app.client_with("").get(app.url(path)).header("accept-language", lang).send().await.unwrap();
    assert_eq!(page.status(), 200, "{path}");
    page.text().await.unwrap()
}

/// The path and query of a link.
fn path<'a>(app: &TestApp, link: &'a str) -> &'a str {
    link.strip_prefix(&app.app.settings.base_url).unwrap()
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_mail() {
    let smtp = FakeSmtp::start().await;
    let app = smtp.app().await;
    ana(&app, Role::Sales).await;
    let before = cookie(&sign_in(&app, "ana@ngx.com", PASSWORD).await);
    assert!(page(&app, "/sign-in", "en").await.contains(r#"href="/forgotten""#));
    let form = page(&app, "/forgotten", "es").await;
    assert!(
        form.contains(r#"action="/forgotten""#) && form.contains("¿Olvidaste la contraseña?") && !form.contains("<script"),
        "{form}"
    );
    let asked = ask(&app, " Ana@NGX.com ").await;
    assert_eq!((asked.status().as_u16(), asked.headers()["cache-control"].to_str().unwrap()), (200, "no-store"));
    assert!(asked.text().await.unwrap().contains("a mail is on its way"));
    mail::once(&app.ctx()).await.unwrap();
    let sent = smtp.last_to("ana@ngx.com");
    assert!(sent.text().contains("hopefully you") && sent.text().contains("Hello Ana Peña,"), "{}", sent.text());
    let link = sent.link();
    assert!(page(&app, path(&app, &link), "en").await.contains("ana@ngx.com"));
    let done = post(&app, "", "/reset", &[("token", token(&link)), ("password", "otra frase muy larga")]).await;
    assert_eq!(done.status(), 303);
    assert!(runs(&app, &cookie(&done)).await && !runs(&app, &before).await);
    assert_eq!(sign_in(&app, "ana@ngx.com", "otra frase muy larga").await.status(), 303);
    assert_eq!(post(&app, "", "/reset", &[("token", token(&link)), ("password", PASSWORD)]).await.status(), 404, "once");
    // The person is told, in case it was somebody else.
    mail::once(&app.ctx()).await.unwrap();
    assert_eq!(smtp.last_to("ana@ngx.com").header("Subject"), "Your password was changed");
    let journal = app.text("SELECT concat_ws(' ', j.actor, j.address, u.email) FROM journal j JOIN users u ON u.id::text = j.subject_id WHERE event = 'password_asked'").await;
    assert_eq!(journal, "forgotten 127.0.0.1 ana@ngx.com");
}

#[tokio::test]
async fn whoever_is_invited_gets_the_invitation_again_and_whoever_is_out_nothing() {
    let smtp = FakeSmtp::start().await;
    let app = smtp.app().await;
    ana(&app, Role::Sales).await;
    let ana = account::find_by_email(&app.ctx(), "ana@ngx.com").await.unwrap();
    let change = Change { id: ana.id, version: ana.version, name: "Ana", role: Role::Sales, team: None, enabled: false };
    account::change(&app.ctx(), &change).await.unwrap();
    let invitation = Invitation { email: "bea@ngx.com", name: "Bea", role: Role::Sales, team: None };
    let (_, by_hand) = account::invite(&app.ctx(), &invitation).await.unwrap();
    let mut answers = Vec::new();
    for email in ["ana@ngx.com", "bea@ngx.com", "nobody@ngx.com"] {
        let answer = ask(&app, email).await;
        answers.push((answer.status(), answer.headers()["content-length"].clone(), answer.text().await.unwrap()));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "the same for all");
    mail::once(&app.ctx()).await.unwrap();
    let taken = smtp.taken();
    assert_eq!(taken.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["bea@ngx.com"]);
    assert!(taken[0].link().contains("/invitation?token="));
    // Nobody spoils a link by asking for another.
    for link in [&by_hand, &taken[0].link()] {
        page(&app, path(&app, link), "en").await;
    }
    assert_eq!(app.count("journal WHERE event = 'password_asked' AND subject_id = 'unknown'").await, 1);
    assert_eq!(app.count("password_asks").await, 0);
}

/// The median of how long asking takes, of some tries.
async fn median(app: &TestApp, email: &str, tries: usize) -> Duration {
    let mut times = Vec::new();
    for _ in 0..tries {
        app.as_owner("DELETE FROM sign_in_attempts").await;
        let begun = Instant::now();
        assert_eq!(ask(app, email).await.status(), 200);
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    times[tries / 2]
}

#[tokio::test]
async fn time_does_not_tell_whether_there_is_such_an_account() {
    let smtp = FakeSmtp::start().await;
    let app = smtp.app().await;
    ana(&app, Role::Sales).await;
    median(&app, "ana@ngx.com", 5).await;
    let (known, unknown) = (median(&app, "ana@ngx.com", 31).await, median(&app, "nobody@ngx.com", 31).await);
    let ratio = known.as_secs_f64() / unknown.as_secs_f64();
    assert!((0.5..2.0).contains(&ratio), "{known:?} against {unknown:?}");
    // And there is nothing that it could tell: the account is not looked for.
    assert_eq!((app.count("mails").await, app.count("user_links").await, app.count("password_asks").await), (0, 0, 67));
}

#[tokio::test]
async fn nobody_is_buried_in_mails() {
    let smtp = FakeSmtp::start().await;
    let mail = smtp.settings();
    let app = TestApp::with(|setup| {
        setup.settings.mail = Some(mail);
        setup.settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let from = async |address: &str, email: &str| {
        let request = app.client_with("").post(app.url("/forgotten")).header("x-forwarded-for", address);
        request.form(&[("email", email)]).send().await.unwrap().status().as_u16()
    };
    for _ in 0..3 {
        assert_eq!(from("203.0.113.1", "ana@ngx.com").await, 200);
    }
    assert_eq!(from("203.0.113.1", "ana@ngx.com").await, 429, "one address for one account");
    for _ in 0..3 {
        assert_eq!(from("198.51.100.7", "ana@ngx.com").await, 200);
    }
    assert_eq!(from("192.0.2.9", "ana@ngx.com").await, 429, "the account");
    for n in 0..16 {
        assert_eq!(from("203.0.113.1", &format!("u{n}@ngx.com")).await, 200);
    }
    assert_eq!(from("203.0.113.1", "another@ngx.com").await, 429, "the address");
    let kept = ask(&app, "ana@ngx.com").await;
    assert_eq!(kept.headers()["retry-after"].to_str().unwrap(), "900");
    app.app.clock.set(noon() + TimeDelta::minutes(15));
    assert_eq!(from("203.0.113.1", "ana@ngx.com").await, 200);
}

#[tokio::test]
async fn what_can_be_no_address_is_said_beside_the_field() {
    let smtp = FakeSmtp::start().await;
    let app = smtp.app().await;
    for bad in ["", "ana", "a\0b@ngx.com", "a\r\nBcc: eve@evil.example", "<script>@ngx.com"] {
        let refused = ask(&app, bad).await;
        assert_eq!(refused.status(), 422, "{bad:?}");
        let text = refused.text().await.unwrap();
        assert!(text.contains("field-fault") && !text.contains("<script>"), "{text}");
    }
    assert_eq!((app.count("password_asks").await, app.count("sign_in_attempts").await), (0, 0));
}

#[tokio::test]
async fn without_mail_somebody_else_has_to_help() {
    let app = TestApp::start().await;
    ana(&app, Role::Sales).await;
    let text = page(&app, "/forgotten", "en").await;
    assert!(text.contains("Ask an administrator") && !text.contains(r#"name="email""#), "{text}");
    let asked = ask(&app, "ana@ngx.com").await;
    assert_eq!(asked.status(), 200);
    assert!(asked.text().await.unwrap().contains("Ask an administrator"));
    assert_eq!((app.count("password_asks").await, app.count("mails").await), (0, 0));
}
