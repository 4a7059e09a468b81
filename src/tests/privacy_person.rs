//! What is handed out about people, what they agree to, the privacy page, and erasing accounts.

use std::collections::BTreeMap;

use nexus_crm::{
    domain::{
        AppError,
        people::{KeyScope, Role},
        privacy::{PersonKind, Subject},
    },
    features::{
        auth::account::{self, Change, Invitation},
        privacy::usecase::{self as privacy, NewConsent},
    },
    platform::ctx::{Actor, Ctx},
};
use reqwest::Response;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::support::{
    TestApp, event, event_with_id, gate,
    http::Answer,
    people::{self, sign_in},
    privacy::{traces, unzip},
    with,
};

async fn export(app: &TestApp, kind: &str, id: &str) -> BTreeMap<String, String> {
    let path = format!("/admin/privacy/export?kind={kind}&id={id}");
    let answer = app.client.get(app.url(&path)).header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/zip");
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"person-2026-11-20.zip\"");
    assert!(!answer.headers().contains_key("content-encoding"));
    unzip(&answer.bytes().await.unwrap())
}

async fn send(app: &TestApp, fields: &[(&str, &str)]) -> Response {
    app.client.post(app.url("/admin/privacy")).form(fields).send().await.unwrap()
}

async fn record(app: &TestApp, kind: PersonKind, id: &str, purpose: &str) {
    let consent = NewConsent { purpose, given: true, at: None, source: "a form", wording: "2026-01" };
    privacy::consent(&app.ctx(), &Subject::new(kind, id).unwrap(), &consent).await.unwrap();
}

#[tokio::test]
async fn an_export_holds_the_rows_of_the_person_and_of_nobody_else() {
    let app = TestApp::start().await;
    let formula = "=HYPERLINK(\"http://evil.example\")";
    for n in 0..300 {
        let more =
            json!({"context": {"n": n, "text": "á\"b"}, "session_id": if n == 0 { formula } else { "s,1" }, "tokens_used": 1_000});
        app.post(&with(event_with_id("ana", &format!("evt-{n:03}")), more)).await.ok();
    }
    app.meter(&event("anabel")).await;
    app.post(&with(event("ana"), json!({"tokens_used": -1}))).await.problem(422);
    app.post(&with(event("anabel"), json!({"tokens_used": -1}))).await.problem(422);
    record(&app, PersonKind::Metered, "ana", "profiling").await;
    let files = export(&app, "metered", "ana").await;
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "README.txt",
            "agent_usage_daily.csv",
            "agent_usage_events.csv",
            "agent_usage_monthly.csv",
            "consents.csv",
            "journal.csv",
            "person.json",
            "usage_alerts.csv",
            "usage_quarantine.csv",
            "usage_users.csv",
        ]
    );
    let person: Value = serde_json::from_str(&files["person.json"]).unwrap();
    assert_eq!((&person["kind"], &person["id"]), (&json!("metered"), &json!("ana")));
    let tables = person["tables"].as_object().unwrap();
    for (table, rows) in [
        ("agent_usage_events", 300),
        ("agent_usage_daily", 1),
        ("agent_usage_monthly", 1),
        ("usage_users", 1),
        ("usage_quarantine", 1),
        // 300 of Pro's 300 interactions a day, twice 80% of the tokens.
        ("usage_alerts", 3),
        ("consents", 1),
    ] {
        let found = tables[table].as_array().unwrap();
        assert!(found.len() == rows || table == "usage_alerts" && !found.is_empty(), "{table}: {found:?}");
        let csv = &files[&format!("{table}.csv")];
        assert!(csv.starts_with('\u{feff}') && csv.ends_with("\r\n"), "{csv}");
        assert_eq!(csv.lines().count(), found.len() + 1, "{table}");
    }
    let events = &files["agent_usage_events.csv"];
    assert!(events.starts_with("\u{feff}id,event_id,user_id,"), "{events}");
    assert!(events.contains(r#","'=HYPERLINK(""http://evil.example"")","#), "{events}");
    assert!(events.contains(r#","s,1","#) && events.contains(r#""{""n"":7,""text"":""á\""b""}""#), "{events}");
    let first = &tables["agent_usage_events"][0];
    assert_eq!((&first["session_id"], &first["context"]["text"]), (&json!(formula), &json!("á\"b")), "JSON has it as it is");
    assert!(!files.values().any(|text| text.contains("anabel")));
    assert!(files["README.txt"].contains("agent_usage_events.csv (300)  each use") && files["README.txt"].contains("cada uso"));
    let journal: Vec<_> = tables["journal"].as_array().unwrap().iter().map(|row| row["event"].as_str().unwrap()).collect();
    assert!(!journal.contains(&"person_exported") && journal.contains(&"consent_recorded"), "{journal:?}");
    let path = "/admin/privacy/export?kind=metered&id=ana";
    assert_eq!(app.client.head(app.url(path)).send().await.unwrap().status(), 405);
    assert_eq!(app.count("journal WHERE event = 'person_exported' AND actor = 'Test admin' AND subject_id = 'ana'").await, 1);
    app.get("/admin/privacy/export?kind=metered&id=nobody").await.problem(404);
    app.get(&format!("/admin/privacy/export?kind=account&id={}", Uuid::nil())).await.problem(404);
    for path in ["", "?kind=metered", "?kind=x&id=ana", "?kind=account&id=ana", "?kind=metered&id=a%00b"] {
        app.get(&format!("/admin/privacy/export{path}")).await.problem(422);
    }
    // Two others are under way.
    let mut places = Vec::new();
    for place in 0..2 {
        let mut tx = app.ctx().begin().await.unwrap();
        sqlx::query("SELECT pg_advisory_xact_lock(hashtext('privacy export'), $1)").bind(place).execute(&mut *tx).await.unwrap();
        places.push(tx);
    }
    app.get(path).await.problem(503);
    places.pop().unwrap().rollback().await.unwrap();
    assert_eq!(app.count("journal WHERE event = 'person_exported'").await, 1, "what is not handed out is not noted");
    assert!(export(&app, "metered", "ana").await["journal.csv"].contains("person_exported"));
}

#[tokio::test]
async fn nobody_but_an_admin_touches_privacy() {
    let app = TestApp::start().await;
    app.meter(&event("ana")).await;
    let path = "/admin/privacy/export?kind=metered&id=ana";
    for role in [Role::Manager, Role::Sales, Role::Viewer] {
        let client = app.client_with(&sign_in(&app, role).await.cookie);
        assert_eq!(client.get(app.url(path)).send().await.unwrap().status(), 403, "{role:?}");
        let form = [("do", "erase"), ("kind", "metered"), ("id", "ana"), ("confirm", "ana"), ("reason", "x")];
        assert_eq!(client.post(app.url("/admin/privacy")).form(&form).send().await.unwrap().status(), 403, "{role:?}");
    }
    let key = people::key(&app, &KeyScope::ALL).await;
    let answer = app.client_with("").get(app.url(path)).bearer_auth(key).send().await.unwrap();
    assert_eq!(answer.status(), 403);
    // The use-cases ask too.
    let nobody = Ctx::new(app.app.clone(), Actor::Nobody);
    let ana = Subject::new(PersonKind::Metered, "ana").unwrap();
    let consent = NewConsent { purpose: "metering", given: true, at: None, source: "x", wording: "x" };
    for refused in [
        privacy::erase(&nobody, &ana, "x").await.err(),
        privacy::find(&nobody, "ana").await.err(),
        privacy::consent(&nobody, &ana, &consent).await.err(),
        privacy::lift(&nobody, Uuid::nil()).await.err(),
        privacy::list(&nobody, None).await.err(),
        privacy::sweep(&nobody).await.err(),
        nexus_crm::features::privacy::export::export(&nobody, &ana).await.err(),
    ] {
        assert_eq!(refused, Some(AppError::Unauthenticated));
    }
    assert_eq!((app.count("erased_persons").await, app.count("journal WHERE subject_kind = 'person'").await), (0, 0));
}

#[tokio::test]
async fn consents_are_only_added_to() {
    let app = TestApp::start().await;
    record(&app, PersonKind::Metered, "ana", "marketing").await;
    app.as_owner("INSERT INTO erased_persons (id, kind, hash, erased_at, reason) VALUES (gen_random_uuid(), 'metered', sha256('x'), now(), 'x')").await;
    for sql in [
        "UPDATE consents SET given = false",
        "DELETE FROM consents",
        "TRUNCATE consents",
        "DELETE FROM erased_persons",
        "UPDATE erased_persons SET hash = sha256('y')",
        "UPDATE erasure_key SET salt = sha256('y')",
        "DELETE FROM erasure_key",
        "UPDATE agent_usage_events SET user_id = 'x'",
        "SELECT privacy_check('erased-x')",
    ] {
        let mut tx = app.ctx().begin().await.unwrap();
        let error = sqlx::query(AssertSqlSafe(sql)).execute(&mut *tx).await.unwrap_err();
        let code = error.as_database_error().and_then(|e| e.code().map(std::borrow::Cow::into_owned));
        assert_eq!(code.as_deref(), Some("42501"), "{sql}: {error}");
    }
    // The functions change only into pseudonyms, accounts only that are erased, and for the product itself alone.
    let me = app.text("SELECT id::text FROM users").await;
    let word = "erased-0123456789abcdef0123";
    for sql in [
        "SELECT privacy_erase_events('ana', 'bea')".to_owned(),
        "SELECT privacy_erase_events('ana', 'erased-bea')".to_owned(),
        "SELECT privacy_erase_consents('metered', 'ana', NULL)".to_owned(),
        format!("SELECT privacy_erase_account_journal('{me}', '{word}')"),
    ] {
        let mut tx = app.ctx().begin().await.unwrap();
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *tx).await.unwrap_err();
    }
    for sql in ["events('ana'", "metered_journal('ana'", "consents('metered', 'ana'"] {
        let mut tx = app.ctx().begin().await.unwrap();
        sqlx::query("SET LOCAL nexus.role = 'admin'").execute(&mut *tx).await.unwrap();
        let error =
            sqlx::query(AssertSqlSafe(format!("SELECT privacy_erase_{sql}, '{word}')"))).execute(&mut *tx).await.unwrap_err();
        assert!(error.to_string().contains("only the product itself erases"), "{sql}: {error}");
    }
    for (state, rows) in [("withdrawn", 2), ("given", 3)] {
        let fields = [
            ("do", "consent"),
            ("q", "ana"),
            ("kind", "metered"),
            ("id", "ana"),
            ("purpose", "marketing"),
            ("state", state),
            ("at", "2026-11-19"),
            ("source", "a call"),
            ("wording", "2026-02"),
        ];
        let page = send(&app, &fields).await;
        assert_eq!(page.status(), 200);
        let page = page.text().await.unwrap();
        assert!(page.contains("Recorded.") && page.contains("a call") && page.contains("2026-01"), "{page}");
        assert_eq!(app.count("consents").await, rows);
    }
    for (name, bad) in [("purpose", "fun"), ("at", "2026-11-21"), ("at", "soon"), ("source", ""), ("wording", "")] {
        let mut fields = vec![
            ("do", "consent"),
            ("q", "ana"),
            ("kind", "metered"),
            ("id", "ana"),
            ("purpose", "metering"),
            ("state", "given"),
            ("at", ""),
            ("source", "x"),
            ("wording", "x"),
        ];
        fields.iter_mut().filter(|(n, _)| *n == name).for_each(|field| field.1 = bad);
        let page = send(&app, &fields).await;
        assert_eq!(page.status(), 422, "{name} {bad:?}");
        assert!(page.text().await.unwrap().contains(&format!(r#"id="consent-{name}-fault""#)), "{name} {bad:?}");
    }
    assert_eq!(app.count("consents").await, 3);
    let admin = "consents c JOIN users u ON u.id = c.recorded_by WHERE u.name = 'Test admin'";
    assert_eq!(app.count(admin).await, 2);
}

#[tokio::test]
async fn the_page_shows_what_is_held_and_erases_when_it_is_sure() {
    let app = TestApp::start().await;
    app.meter(&event("ana <b>&")).await;
    let page = app.get("/admin/privacy?q=ana+%3Cb%3E%26").await.text;
    assert!(page.contains("agent_usage_events") && page.contains("ana &lt;b&gt;&amp;") && !page.contains("ana <b>"), "{page}");
    assert!(
        page.contains("/admin/privacy/export?kind=metered&amp;id=ana%20%3Cb%3E%26") || page.contains("id=ana+%3Cb%3E%26"),
        "{page}"
    );
    assert!(app.get("/admin/privacy?q=nobody").await.text.contains("Nothing is held."));
    assert!(app.get("/admin/privacy").await.text.contains("Nobody has been erased yet"));
    for odd in ["q=%00", "before=x", &format!("q={}", "x".repeat(5_000))] {
        assert_eq!(app.get(&format!("/admin/privacy?{odd}")).await.status, 200, "{odd}");
    }
    let erase = async |confirm: &str, reason: &str| {
        let id = "ana <b>&";
        let fields = [("do", "erase"), ("q", id), ("kind", "metered"), ("id", id), ("confirm", confirm), ("reason", reason)];
        Answer::read(send(&app, &fields).await).await
    };
    for (confirm, reason, fault) in
        [("ana", "asked", "confirm"), ("ana <b>&", " ", "reason"), ("ana <b>&", "Ana <B>& asked", "reason")]
    {
        let page = erase(confirm, reason).await;
        assert_eq!(page.status, 422);
        assert!(page.text.contains(&format!(r#"id="erase-{fault}-fault""#)), "{}", page.text);
    }
    assert_eq!(app.count("erased_persons").await, 0);
    let page = erase("ana <b>&", "asked by letter").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("agent_usage_events 1") && page.text.contains("asked by letter") && !page.text.contains("ana &lt;"));
    assert!(app.get("/admin/privacy?q=ana+%3Cb%3E%26").await.text.contains("Erased: what comes in"));
    let journal = app.get("/admin/journal").await.text;
    assert!(journal.contains("erased a person") && journal.contains("Erased person"), "{journal}");
    assert_eq!(app.text("SELECT u.name FROM erased_persons e JOIN users u ON u.id = e.erased_by").await, "Test admin");
    assert_eq!(app.get("/admin/privacy?q=%C3%B1").await.status, 200);
}

#[tokio::test]
async fn an_erased_account_is_nobodys_and_stays_shut() {
    let app = TestApp::start().await;
    gate::ana(&app, Role::Manager).await;
    // A failed sign-in, a good one, and something done.
    gate::sign_in(&app, "ana@ngx.com", "a wrong password, surely").await;
    let cookie = gate::cookie(&gate::sign_in(&app, "ana@ngx.com", gate::PASSWORD).await);
    gate::post(&app, &cookie, "/account", &[("do", "end_others")]).await;
    let id = app.text("SELECT id::text FROM users WHERE email = 'ana@ngx.com'").await;
    account::link(&app.ctx(), nexus_crm::domain::people::UserId(id.parse().unwrap())).await.unwrap();
    app.as_owner(&format!(
        "UPDATE users SET language = 'es', time_zone = 'Europe/Madrid', totp_secret = '\\x01', totp_since = now() WHERE id = '{id}';
         INSERT INTO recovery_codes VALUES ('{id}', '\\x02');
         UPDATE sessions SET user_agent = 'Browser of Ana' WHERE user_id = '{id}';
         INSERT INTO password_asks VALUES (gen_random_uuid(), 'ana@ngx.com', 'es', '127.0.0.1', now());
         INSERT INTO mails (id, kind, user_id, address, name, language, invited_by, created_at, queued_at, next_try_at)
         SELECT gen_random_uuid(), 'invitation', id, email, name, 'es', 'Ana Peña', now(), now(), now() FROM users"
    ))
    .await;
    record(&app, PersonKind::Account, &id, "marketing").await;
    let files = export(&app, "account", &id).await;
    assert!(files["users.csv"].contains("ana@ngx.com") && files["sessions.csv"].contains("Browser of Ana"));
    assert!(files["mails.csv"].contains("ana@ngx.com") && files["password_asks.csv"].contains("ana@ngx.com"));
    assert!(files["journal.csv"].contains("sign_in_failed") && !files.contains_key("agent_usage_events.csv"));
    assert!(!files.values().any(|text| text.contains("argon2") || text.contains("token_hash")), "no secret is handed out");
    let page = app.get("/admin/privacy?q=Ana%40NGX.com").await.text;
    assert!(
        page.contains("Account here")
            && page.contains("sign_in_attempts") == (app.count("sign_in_attempts WHERE subject LIKE '%ana@ngx.com'").await > 0)
    );

    let subject = Subject::new(PersonKind::Account, &id).unwrap();
    for reason in ["ana peña asked", "ANA@ngx.com asked"] {
        let refused = privacy::erase(&app.ctx(), &subject, reason).await.unwrap_err();
        assert!(matches!(&refused, AppError::Invalid { fields } if fields[0].code == "names_person"), "{refused}");
    }
    let entries = app.count("journal").await;
    let fields =
        [("do", "erase"), ("q", "ana@ngx.com"), ("kind", "account"), ("id", &id), ("confirm", "ana@ngx.com"), ("reason", "left")];
    let done = send(&app, &fields).await;
    assert_eq!(done.status(), 200, "{}", done.text().await.unwrap());
    for text in ["ana@ngx.com", "Ana Peña", "Browser of Ana", "Europe/Madrid", "127.0.0.1"] {
        let mut left = traces(&app, text).await;
        if text == "127.0.0.1" {
            // Of the admin who looks on.
            left.retain(|table, _| table != "sessions" && table != "journal" && table != "sign_in_attempts");
            assert_eq!(
                app.count(&format!(
                    "journal WHERE address IS NOT NULL AND (actor_id = '{id}' OR subject_id = '{id}' AND actor_id IS NULL)"
                ))
                .await,
                0
            );
        }
        assert_eq!(left, BTreeMap::new(), "{text}");
    }
    assert_eq!(app.count("journal").await, entries + 1, "the facts stay");
    let rest = "SELECT concat_ws(' ', status, role, name LIKE 'erased-%', email LIKE 'erased-%@erased.invalid', password_hash, totp_secret, language, last_sign_in_at)
                FROM users WHERE erased_at IS NOT NULL";
    assert_eq!(app.text(rest).await, "disabled viewer t t");
    assert_eq!(
        app.count(&format!("journal WHERE actor_id = '{id}' AND actor LIKE 'erased-%'")).await,
        app.count(&format!("journal WHERE actor_id = '{id}'")).await
    );
    for table in ["sessions", "user_links", "recovery_codes"] {
        assert_eq!(app.count(&format!("{table} WHERE user_id = '{id}'")).await, 0, "{table}");
    }
    assert_eq!(app.count("mails").await, 1, "what she had sent to others stays, without her name");
    assert!(!gate::runs(&app, &cookie).await);
    assert_eq!(gate::sign_in(&app, "ana@ngx.com", gate::PASSWORD).await.status(), 401);
    // Neither asked in again nor opened again, before the tombstone is lifted.
    let invitation = Invitation { email: "ana@ngx.com", name: "Ana", role: Role::Sales, team: None };
    let refused = account::invite(&app.ctx(), &invitation).await.unwrap_err();
    assert!(matches!(&refused, AppError::Invalid { fields } if fields[0].code == "erased"), "{refused}");
    let found = account::find(&app.ctx(), nexus_crm::domain::people::UserId(id.parse().unwrap())).await.unwrap();
    for (name, enabled) in [("Ana", false), (found.name.as_str(), true)] {
        let change = Change { id: found.id, version: found.version, name, role: Role::Admin, team: None, enabled };
        let refused = account::change(&app.ctx(), &change).await.unwrap_err();
        assert!(matches!(&refused, AppError::Invalid { fields } if fields[0].code == "erased"), "{refused}");
    }
    let stone: Uuid = app.text("SELECT id::text FROM erased_persons").await.parse().unwrap();
    // A request that was under way writes once more; it is swept.
    app.as_owner(&format!(
        "INSERT INTO journal (actor, actor_id, address, event, subject_kind, subject_id, body) VALUES ('Ana Peña', '{id}', '127.0.0.1', 'x', 'x', 'x', '{{}}')"
    ))
    .await;
    assert_eq!(privacy::sweep(&app.ctx()).await.unwrap(), 1);
    assert_eq!(privacy::sweep(&app.ctx()).await.unwrap(), 0);
    assert_eq!(traces(&app, "Ana Peña").await, BTreeMap::new());
    assert_eq!(app.count("erased_persons").await, 1);
    // An address of a sign-in that failed; and an account that an older process has let in.
    let late = Uuid::now_v7();
    app.as_owner(&format!(
        "INSERT INTO journal (actor, address, event, subject_kind, subject_id, body) VALUES ('nobody', '10.9.8.7', 'sign_in_failed', 'user', '{id}', '{{}}');
         INSERT INTO users (id, email, name, role, status) VALUES ('{late}', 'ana@ngx.com', 'Ana Otra', 'sales', 'invited')"
    ))
    .await;
    assert_eq!(privacy::sweep(&app.ctx()).await.unwrap(), 2);
    assert_eq!(privacy::sweep(&app.ctx()).await.unwrap(), 0);
    for text in ["10.9.8.7", "ana@ngx.com", "Ana Otra"] {
        assert_eq!(traces(&app, text).await, BTreeMap::new(), "{text}");
    }
    privacy::lift(&app.ctx(), stone).await.unwrap();
    account::invite(&app.ctx(), &invitation).await.unwrap();
}

#[tokio::test]
async fn neither_oneself_nor_the_last_admin_is_erased() {
    let app = TestApp::start().await;
    let me = app.text("SELECT id::text FROM users").await;
    let email = format!("{me}@test.example");
    let erase = async |id: &str, email: &str| {
        let fields = [("do", "erase"), ("q", email), ("kind", "account"), ("id", id), ("confirm", email), ("reason", "left")];
        Answer::read(send(&app, &fields).await).await
    };
    let page = erase(&me, &email).await;
    assert_eq!(page.status, 422);
    assert!(page.text.contains("This is your own account") && page.text.contains(r#"id="erase-confirm-fault""#), "{}", page.text);
    // By the command line, which is nobody's own.
    let subject = Subject::new(PersonKind::Account, &me).unwrap();
    let refused = privacy::erase(&app.ctx(), &subject, "left").await.unwrap_err();
    assert!(matches!(&refused, AppError::Invalid { fields } if fields[0].code == "last_admin"), "{refused}");
    assert_eq!(app.count("users WHERE status = 'active' AND erased_at IS NULL").await, 1);
    let other = sign_in(&app, Role::Admin).await;
    let id = other.id.to_string();
    assert_eq!(erase(&id, &format!("{id}@test.example")).await.status, 200);
    assert_eq!(app.client_with(&other.cookie).get(app.url("/usage/export.csv")).send().await.unwrap().status(), 401);
    assert_eq!(erase(&Uuid::nil().to_string(), "x@x.example").await.status, 404);
}

#[tokio::test]
async fn an_invitation_that_waits_for_an_erasure_is_refused() {
    let app = TestApp::start().await;
    gate::ana(&app, Role::Sales).await;
    let id = app.text("SELECT id::text FROM users WHERE email = 'ana@ngx.com'").await;
    let mut users = app.ctx().begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock(hashtext('users'))").execute(&mut *users).await.unwrap();
    let waiting = async |locks: i64| {
        let sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        crate::support::until("it waits", async || app.number(sql).await == locks).await;
    };
    let (ctx, subject) = (app.ctx(), Subject::new(PersonKind::Account, &id).unwrap());
    let erasure = tokio::spawn(async move { privacy::erase(&ctx, &subject, "left").await });
    waiting(1).await;
    let ctx = app.ctx();
    let invitation = tokio::spawn(async move {
        let invitation = Invitation { email: "ana@ngx.com", name: "Ana", role: Role::Sales, team: None };
        account::invite(&ctx, &invitation).await
    });
    waiting(2).await;
    users.rollback().await.unwrap();
    erasure.await.unwrap().unwrap();
    let refused = invitation.await.unwrap().unwrap_err();
    assert!(matches!(&refused, AppError::Invalid { fields } if fields[0].code == "erased"), "{refused}");
}
