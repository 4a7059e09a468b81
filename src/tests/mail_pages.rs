//! Mail as an admin sees it, and what each mail says to whom.

use chrono::TimeDelta;
use nexus_crm::{
    domain::people::Role,
    features::{
        auth::{account, second_factor},
        mail::usecase as outbox,
    },
    flows::mail,
    platform::mail::{MailSettings, Way},
};
use reqwest::Response;

use crate::support::{
    TestApp,
    gate::{self, PASSWORD, cookie, post, sign_in, token},
    noon,
    smtp::{FakeSmtp, Manner::Says, Stage},
};

async fn form(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Response {
    app.client.post(app.url(path)).form(fields).send().await.unwrap()
}

async fn invite(app: &TestApp, email: &str, name: &str, more: &[(&str, &str)]) -> String {
    let fields = [[("do", "invite"), ("email", email), ("name", name), ("role", "sales")].as_slice(), more].concat();
    let invited = form(app, "/admin/people", &fields).await;
    assert_eq!(invited.status(), 200);
    invited.text().await.unwrap()
}

async fn send(app: &TestApp) {
    mail::once(&app.ctx()).await.unwrap();
}

#[tokio::test]
async fn an_invitation_goes_by_mail_or_is_shown_but_not_both() {
    let smtp = FakeSmtp::start().await;
    let app = smtp.app().await;
    let page = invite(&app, "bea@ngx.com", "Bea", &[]).await;
    assert!(page.contains("A mail to bea@ngx.com is on its way") && !page.contains("token="), "{page}");
    let page = invite(&app, "eva@ngx.com", "Eva", &[("by", "hand")]).await;
    assert!(page.contains("/invitation?token=") && !page.contains("on its way"), "{page}");
    send(&app).await;
    assert_eq!(smtp.taken().len(), 1);
    let first = smtp.last_to("bea@ngx.com");
    assert!(first.text().contains("Test admin invites you to NexusCRM."), "{}", first.text());
    // A new link takes the place of the one before.
    let bea = app.text("SELECT id::text FROM users WHERE email = 'bea@ngx.com'").await;
    let page = form(&app, "/admin/people", &[("do", "link"), ("user", &bea)]).await.text().await.unwrap();
    assert!(page.contains("on its way") && !page.contains("token="), "{page}");
    send(&app).await;
    let open = async |link: &str| {
        app.client_with("").get(app.url(&format!("/invitation?token={}", token(link)))).send().await.unwrap().status().as_u16()
    };
    assert_eq!((open(&first.link()).await, open(&smtp.last_to("bea@ngx.com").link()).await), (404, 200));
    let page = form(&app, "/admin/people", &[("do", "link"), ("user", &bea), ("by", "hand")]).await.text().await.unwrap();
    assert!(page.contains("/invitation?token="), "{page}");
    let edit = app.get(&format!("/admin/people?edit={bea}&invite=1")).await.text;
    assert_eq!(edit.matches(r#"name="by" value="hand""#).count(), 2, "{edit}");
}

#[tokio::test]
async fn without_mail_links_are_shown_as_ever() {
    let app = TestApp::start().await;
    let page = invite(&app, "bea@ngx.com", "Bea", &[]).await;
    assert!(page.contains("/invitation?token=") && page.contains("Pass this link on"), "{page}");
    let bea = app.text("SELECT id::text FROM users WHERE email = 'bea@ngx.com'").await;
    let edit = app.get(&format!("/admin/people?edit={bea}&invite=1")).await.text;
    assert!(edit.contains("Make a new link") && !edit.contains("Show the link instead"), "{edit}");
    assert!(app.get("/admin/mail").await.text.contains("No mail is set up"));
}

#[tokio::test]
async fn whoever_changes_something_is_told_so_in_their_own_language() {
    let smtp = FakeSmtp::start().await;
    let app = smtp.app().await;
    gate::ana(&app, Role::Sales).await;
    let session = cookie(&sign_in(&app, "ana@ngx.com", PASSWORD).await);
    let change = async |current: &str, new: &str, lang: &str| {
        let request = app.client_with(&session).post(app.url("/account")).header("accept-language", lang);
        let done = request.form(&[("do", "password"), ("current", current), ("password", new)]).send().await.unwrap();
        assert_eq!(done.status(), 200);
        send(&app).await;
        smtp.last_to("ana@ngx.com")
    };
    // What the browser asks for, as long as the account has no language of its own.
    let told = change(PASSWORD, "otra frase muy larga", "es-CO").await;
    assert!(told.text().contains("Hola, Ana Peña:") && told.text().contains("20 nov 2026, 12:00:00 (UTC)"), "{}", told.text());
    assert!(told.link().ends_with("/forgotten"));
    app.as_owner("UPDATE users SET language = 'en'").await;
    let told = change("otra frase muy larga", PASSWORD, "es-CO").await;
    assert_eq!(told.header("Subject"), "Your password was changed");
    // A second factor that goes, by oneself and by an admin; one that was only being set up is nobody's news.
    let ana = account::find_by_email(&app.ctx(), "ana@ngx.com").await.unwrap().id;
    let mut subjects = Vec::new();
    for since in ["NULL", "now()", "now()"] {
        app.as_owner(&format!("UPDATE users SET totp_secret = 'x', totp_since = {since} WHERE email = 'ana@ngx.com'")).await;
        let before = smtp.taken().len();
        if subjects.is_empty() {
            let off = post(&app, &session, "/account", &[("do", "factor_off"), ("current", PASSWORD)]).await;
            assert_eq!(off.status(), 200);
        } else {
            second_factor::remove(&app.ctx(), ana).await.unwrap();
        }
        send(&app).await;
        subjects.extend(smtp.taken().iter().skip(before).map(|mail| mail.header("Subject")));
    }
    assert_eq!(subjects, ["Your second factor was turned off", "Your second factor was taken away"]);
    assert_eq!(app.count("journal WHERE event = 'second_factor_off' AND actor = 'Ana Peña'").await, 1);
}

#[tokio::test]
async fn names_are_text_in_mails_and_on_the_page_whatever_they_hold() {
    let smtp = FakeSmtp::start().await;
    let app = smtp.app().await;
    invite(&app, "bea@ngx.com", "Peña, María \"la <b>jefa</b>\" <eve@evil.example>", &[]).await;
    invite(&app, "eva@ngx.com", "Eva", &[]).await;
    // No form of ours takes such a name; mails do not rely on that.
    app.as_owner("UPDATE mails SET name = E'Eva\\r\\nBcc: eve@evil.example\\r\\n\\r\\nx' WHERE address = 'eva@ngx.com'").await;
    send(&app).await;
    assert_eq!(smtp.taken().len(), 2);
    for taken in smtp.taken() {
        let (head, _) = taken.mail.split_once("\r\n\r\n").unwrap();
        assert!(!head.to_lowercase().contains("\nbcc") && taken.header("To").ends_with(&format!("<{}>", taken.to)), "{head}");
        let (_, html) = taken.mail.split_once("Content-Type: text/html").unwrap();
        assert!(!html.contains("<b>") && !html.contains("<eve"), "{html}");
    }
    app.as_owner("UPDATE mails SET state = 'given_up', sent_at = NULL, last_error = '<script>alert(1)</script>'").await;
    let page = app.get("/admin/mail?q=%3Cscript%3E").await.text;
    assert!(page.contains("&lt;script") && !page.contains("<script>alert(1)"), "{page}");
}

#[tokio::test]
async fn the_page_tells_how_mails_stand_and_never_what_they_say() {
    let smtp = FakeSmtp::start().await;
    let app = smtp.app().await;
    smtp.once(Says(Stage::Recipient, "550 no such mailbox"));
    invite(&app, "ann@ngx.com", "Ann", &[]).await;
    send(&app).await;
    smtp.once(Says(Stage::Recipient, "450 mailbox is busy"));
    invite(&app, "ben@ngx.com", "Ben", &[]).await;
    send(&app).await;
    invite(&app, "cid@ngx.com", "Cid", &[]).await;
    send(&app).await;
    let page = app.get("/admin/mail").await.text;
    for text in [
        "Given up",
        "no such mailbox",
        "Send again",
        "Waiting, next try at 12:00",
        "mailbox is busy",
        "Sent",
        "Your invitation to NexusCRM",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert_eq!(page.matches(r#"value="again""#).count(), 1, "{page}");
    assert!(
        !page.contains("token=") && !page.contains("<pre>") && page.contains(r#"href="/admin/mail" aria-current="page""#),
        "{page}"
    );
    let found = app.get("/admin/mail?q=ben%40").await.text;
    assert!(found.contains("ben@ngx.com") && !found.contains("ann@ngx.com"), "{found}");
    assert!(app.get("/admin/mail?q=%25").await.text.contains("No mails"));
    for odd in ["/admin/mail?before=x", "/admin/mail?q=%00", "/admin/mail?before=00000000-0000-0000-0000-000000000000"] {
        assert_eq!(app.get(odd).await.status, 200, "{odd}");
    }
    for bad in [&[("do", "again"), ("mail", "x")][..], &[("do", "other")], &[]] {
        assert_eq!(form(&app, "/admin/mail", bad).await.status(), 404, "{bad:?}");
    }
    let id = app.text("SELECT id::text FROM mails WHERE state = 'given_up'").await;
    let again = form(&app, "/admin/mail", &[("do", "again"), ("mail", &id)]).await.text().await.unwrap();
    assert!(again.contains("The mail to ann@ngx.com is on its way again."), "{again}");
    send(&app).await;
    assert_eq!(smtp.last_to("ann@ngx.com").to, "ann@ngx.com");
}

#[tokio::test]
async fn mails_are_paged_by_key_and_go_after_thirty_days() {
    let smtp = FakeSmtp::start().await;
    let app = smtp.app().await;
    app.as_owner(
        "INSERT INTO mails (id, kind, user_id, address, name, language, created_at, queued_at, next_try_at, state, sent_at)
         SELECT ('01a1f922-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'password_changed', (SELECT id FROM users LIMIT 1),
            'user-' || lpad(n::text, 2, '0') || '@ngx.com', 'x', 'en', at, at, at, 'sent', at
         FROM generate_series(0, 59) n, LATERAL (SELECT '2026-11-20T12:00:00Z'::timestamptz - n * interval '1 day' AS at) t",
    )
    .await;
    let users = |text: &str| (0..60).filter(|n| text.contains(&format!("user-{n:02}@"))).collect::<Vec<_>>();
    let first = app.get("/admin/mail").await.text;
    assert_eq!(users(&first), (10..60).collect::<Vec<_>>());
    let at = first.find("before=").unwrap();
    let next = format!("/admin/mail?{}", first[at..].split('"').next().unwrap());
    assert_eq!(users(&app.get(&next).await.text), (0..10).collect::<Vec<_>>());
    outbox::trim(&app.ctx()).await.unwrap();
    assert_eq!(app.count("mails").await, 31);
    // A link that has ended is forgotten before that.
    app.as_owner(
        "UPDATE mails SET state = 'given_up', sent_at = NULL, sealed_link = 'x', good_until = created_at + interval '7 days'",
    )
    .await;
    outbox::trim(&app.ctx()).await.unwrap();
    assert_eq!(app.count("mails WHERE sealed_link IS NOT NULL").await, 7);
}

#[tokio::test]
async fn in_development_mails_stay_in_a_folder_and_on_the_page() {
    let folder = std::env::temp_dir().join(format!("nxt-mail-{}", uuid::Uuid::now_v7().simple()));
    let way = Way::Folder(folder.join("var/mail"));
    let from = "NexusCRM <crm@ngx.com>".parse().unwrap();
    let app = TestApp::with(|setup| setup.settings.mail = Some(MailSettings { from, way })).await;
    invite(&app, "bea@ngx.com", "Bea", &[]).await;
    send(&app).await;
    let id = app.text("SELECT id::text FROM mails").await;
    let read = |ending: &str| std::fs::read_to_string(folder.join(format!("var/mail/{id}.{ending}"))).unwrap();
    let text = read("txt");
    let link = text.lines().find(|line| line.contains("/invitation?token=")).unwrap();
    assert!(read("eml").contains("To: Bea <bea@ngx.com>") && !folder.join(format!("var/mail/{id}.eml.half")).exists());
    assert_eq!(app.text("SELECT concat_ws(' ', state, sealed_link IS NULL) FROM mails").await, "sent t");
    let page = app.get("/admin/mail").await.text;
    assert!(page.contains("Development: mails stay in the folder") && page.contains(&format!(r#"<a href="{link}""#)), "{page}");
    // The folder may be emptied at any time.
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(app.get("/admin/mail").await.status, 200);
    // And it may be none: then the mail waits.
    std::fs::write(&folder, "").unwrap();
    invite(&app, "eva@ngx.com", "Eva", &[]).await;
    send(&app).await;
    std::fs::remove_file(&folder).unwrap();
    app.app.clock.set(noon() + TimeDelta::seconds(30));
    send(&app).await;
    assert_eq!(app.text("SELECT concat_ws(' ', state, tries) FROM mails WHERE address = 'eva@ngx.com'").await, "sent 2");
    std::fs::remove_dir_all(&folder).unwrap();
}
