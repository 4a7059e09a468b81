//! The outbox and its delivery: nothing is lost, and nothing is sent twice but where nobody could know better.

use std::{collections::HashSet, time::Duration};

use chrono::TimeDelta;
use nexus_crm::{
    domain::people::Role,
    features::auth::account::{self, Invitation},
    flows::mail,
    platform::{
        ctx::Ctx,
        mail::{Way, is_offered},
    },
};
use sqlx::{Connection, PgConnection};

use crate::support::{
    TestApp,
    gate::{self, token},
    noon,
    smtp::{
        FakeSmtp,
        Manner::{Hangs, Leaves, Says, Takes},
        Stage, impatient, settings,
    },
    until,
};

async fn invite(app: &TestApp, name: &str) {
    let email = format!("{}@ngx.com", name.to_lowercase());
    let invitation = Invitation { email: &email, name, role: Role::Sales, team: None };
    account::invite_by_mail(&app.ctx(), &invitation).await.unwrap();
}

async fn send(app: &TestApp) {
    mail::once(&app.ctx()).await.unwrap();
}

async fn states(app: &TestApp) -> Vec<String> {
    app.texts("SELECT concat_ws(' ', state, tries) FROM mails ORDER BY id").await
}

#[tokio::test]
async fn a_mail_leaves_with_the_commit_and_its_secret_goes_with_it() {
    let smtp = FakeSmtp::start().await;
    let app = smtp.app().await;
    invite(&app, "Bea").await;
    assert_eq!(smtp.met(), 0, "the use-case speaks with nobody");
    // What is taken back tells nobody anything.
    let again = Invitation { email: "bea@ngx.com", name: "Bea", role: Role::Sales, team: None };
    account::invite_by_mail(&app.ctx(), &again).await.unwrap_err();
    assert_eq!(states(&app).await, ["waiting 0"]);
    let waiting = app.text("SELECT m::text || encode(sealed_link, 'escape') FROM mails m").await;
    send(&app).await;
    let taken = smtp.taken();
    assert_eq!(taken.len(), 1);
    let mail = smtp.last_to("bea@ngx.com");
    let link = mail.link();
    assert!(!waiting.contains(token(&link)) && !waiting.contains("token="), "sealed: {waiting}");
    assert_eq!(app.text("SELECT concat_ws(' ', state, sealed_link IS NULL, sent_at IS NOT NULL) FROM mails").await, "sent t t");
    let id = app.text("SELECT id::text FROM mails").await;
    assert_eq!((mail.header("Message-ID"), mail.from.as_str()), (format!("<{id}@ngx.com>"), "crm@ngx.com"));
    assert_eq!(mail.header("Date"), "Fri, 20 Nov 2026 12:00:00 +0000");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    let path = link.strip_prefix(&app.app.settings.base_url).unwrap();
    assert_eq!(app.client_with("").get(app.url(path)).send().await.unwrap().status(), 200, "the link works");
    app.app.clock.set(noon() + TimeDelta::days(2));
    send(&app).await;
    assert_eq!(smtp.met(), 1, "once");
}

#[tokio::test]
async fn whatever_the_server_does_a_mail_is_tried_again_and_arrives_once() {
    let smtp = FakeSmtp::start().await;
    let app = smtp.app().await;
    let faults = [
        (Says(Stage::Greeting, "421 too busy"), "421"),
        (Says(Stage::Greeting, "554 go away"), "554"),
        (Says(Stage::Hello, "what do you want"), "error"),
        (Says(Stage::Sender, "451 later"), "451"),
        // That is about us and can be mended; the recipient is as good as ever.
        (Says(Stage::Sender, "553 this sender is not yours"), "553"),
        (Says(Stage::Recipient, "450 mailbox is busy"), "mailbox is busy"),
        (Says(Stage::Recipient, "\u{1b}[31mrubbish"), "error"),
        (Says(Stage::Data, "421 closing"), "421"),
        (Says(Stage::End, "452 the disk is full"), "disk is full"),
        (Leaves(Stage::Greeting), "incomplete"),
        (Leaves(Stage::Recipient), "incomplete"),
        (Leaves(Stage::End), "incomplete"),
    ];
    for (n, (fault, told)) in faults.into_iter().enumerate() {
        let begin = noon() + TimeDelta::hours(i64::try_from(n).unwrap());
        app.app.clock.set(begin);
        smtp.once(fault);
        invite(&app, &format!("u{n}")).await;
        let address = format!("u{n}@ngx.com");
        let row = |what: &str| format!("SELECT concat_ws(' ', {what}) FROM mails WHERE address = '{address}'");
        send(&app).await;
        assert_eq!(app.text(&row("state, tries, sealed_link IS NOT NULL")).await, "waiting 1 t", "{fault:?}");
        let error = app.text(&row("last_error")).await;
        assert!(error.contains(told) && !error.contains('\u{1b}'), "{fault:?}: {error}");
        app.app.clock.set(begin + TimeDelta::seconds(29));
        send(&app).await;
        assert_eq!(app.text(&row("state, tries")).await, "waiting 1", "{fault:?}: not yet");
        app.app.clock.set(begin + TimeDelta::seconds(30));
        send(&app).await;
        assert_eq!(app.text(&row("state, tries, last_error")).await, "sent 2", "{fault:?}");
        assert_eq!(smtp.taken().iter().filter(|mail| mail.to == address).count(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn what_is_refused_for_good_is_given_up_at_once() {
    let smtp = FakeSmtp::start().await;
    let app = smtp.app().await;
    for (n, fault) in
        [Says(Stage::Recipient, "550 no such mailbox"), Says(Stage::End, "554 looks like spam")].into_iter().enumerate()
    {
        smtp.once(fault);
        invite(&app, &format!("u{n}")).await;
        send(&app).await;
        assert_eq!(states(&app).await[n], "given_up 1", "{fault:?}");
    }
    app.app.clock.set(noon() + TimeDelta::days(1));
    send(&app).await;
    assert_eq!((smtp.met(), smtp.taken().len()), (2, 0));
    assert!(app.text("SELECT string_agg(last_error, ' ') FROM mails").await.contains("no such mailbox"));
}

#[tokio::test]
async fn a_server_that_is_not_there_costs_nothing() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let app = TestApp::with(|setup| setup.settings.mail = Some(settings(&format!("smtp://127.0.0.1:{free}")))).await;
    invite(&app, "Bea").await;
    send(&app).await;
    assert_eq!(states(&app).await, ["waiting 1"]);
}

#[tokio::test]
async fn a_server_that_hangs_is_left_after_a_while() {
    let smtp = FakeSmtp::start().await;
    let mail = impatient(smtp.settings(), Duration::from_secs(2));
    let app = TestApp::with(|setup| setup.settings.mail = Some(mail)).await;
    // All at once, so that the test waits once.
    for (n, stage) in [Stage::Greeting, Stage::Recipient, Stage::End].into_iter().enumerate() {
        smtp.once(Hangs(stage));
        invite(&app, &format!("u{n}")).await;
    }
    send(&app).await;
    assert_eq!(states(&app).await, ["waiting 1"; 3]);
    assert!(app.text("SELECT last_error FROM mails LIMIT 1").await.contains("no answer within 2s"));
    // Once it has said that it has a mail, its good-bye is not needed.
    smtp.always(Hangs(Stage::Farewell));
    app.app.clock.set(noon() + TimeDelta::seconds(30));
    send(&app).await;
    assert_eq!((states(&app).await, smtp.taken().len()), (vec!["sent 2".to_owned(); 3], 3));
}

#[tokio::test]
async fn an_account_of_the_server_that_does_not_work_loses_nothing() {
    let smtp = FakeSmtp::start().await;
    let mail = smtp.settings_with_account();
    let app = TestApp::with(|setup| setup.settings.mail = Some(mail)).await;
    smtp.once(Says(Stage::Auth, "535 wrong password"));
    invite(&app, "Bea").await;
    send(&app).await;
    assert_eq!(states(&app).await, ["waiting 1"]);
    assert!(app.text("SELECT last_error FROM mails").await.contains("535"));
    app.app.clock.set(noon() + TimeDelta::seconds(30));
    send(&app).await;
    assert_eq!(states(&app).await, ["sent 2"]);
    let Some(Way::Smtp(server)) = app.app.settings.mail.clone().map(|mail| mail.way) else { panic!("by SMTP") };
    server.check().await.unwrap();
    smtp.once(Says(Stage::Auth, "535 wrong password"));
    assert!(server.check().await.unwrap_err().contains("535"), "the doctor says so");
}

#[tokio::test]
async fn without_the_tls_that_was_asked_for_nothing_is_said() {
    let smtp = FakeSmtp::start().await;
    let mail = smtp.settings_with_tls();
    let app = TestApp::with(|setup| setup.settings.mail = Some(mail)).await;
    // It would be told the password otherwise, and so would whoever stands in its place.
    smtp.always(Says(Stage::Auth, "535 heard"));
    invite(&app, "Bea").await;
    send(&app).await;
    assert_eq!((states(&app).await, smtp.met()), (vec!["waiting 1".to_owned()], 1));
    assert!(app.text("SELECT last_error FROM mails").await.contains("STARTTLS"));
}

#[tokio::test]
async fn tries_become_rarer_for_a_day_and_somebody_may_begin_anew() {
    let smtp = FakeSmtp::start().await;
    let app = smtp.app().await;
    smtp.always(Says(Stage::Greeting, "421 too busy"));
    invite(&app, "Bea").await;
    send(&app).await;
    for (n, seconds) in [30, 150, 750, 4_350, 25_950, 47_550, 69_150].into_iter().enumerate() {
        app.app.clock.set(noon() + TimeDelta::seconds(seconds - 1));
        send(&app).await;
        assert_eq!(smtp.met(), n + 1, "not yet after {seconds} s");
        app.app.clock.set(noon() + TimeDelta::seconds(seconds));
        send(&app).await;
        assert_eq!(smtp.met(), n + 2, "after {seconds} s");
    }
    assert_eq!(states(&app).await, ["given_up 8"]);
    let id = app.text("SELECT id::text FROM mails").await;
    let again = async || gate::post(&app, &app.cookie, "/admin/mail", &[("do", "again"), ("mail", &id)]).await.status().as_u16();
    // The admin of the test has been idle for longer than a session lasts.
    app.as_owner("UPDATE sessions SET last_seen_at = '2026-11-21T07:00:00Z'").await;
    assert_eq!(again().await, 200);
    assert_eq!(again().await, 404, "it waits already");
    smtp.always(Takes);
    send(&app).await;
    assert_eq!((states(&app).await, smtp.taken().len()), (vec!["sent 1".to_owned()], 1));
    assert_eq!(again().await, 404, "it has arrived");
    assert_eq!(
        app.text("SELECT concat_ws(' ', actor, subject_kind) FROM journal WHERE event = 'mail_queued_again'").await,
        "Test admin mail"
    );
}

#[tokio::test]
async fn a_link_that_has_ended_or_was_replaced_is_not_sent() {
    let smtp = FakeSmtp::start().await;
    let app = smtp.app().await;
    gate::ana(&app, Role::Sales).await;
    let ana = account::find_by_email(&app.ctx(), "ana@ngx.com").await.unwrap();
    let last = async || {
        app.text("SELECT concat_ws(' ', state, last_error, sealed_link IS NULL) FROM mails ORDER BY id DESC LIMIT 1").await
    };
    // Nobody sent it for an hour.
    account::link_by_mail(&app.ctx(), ana.id).await.unwrap();
    app.app.clock.set(noon() + TimeDelta::hours(1));
    send(&app).await;
    assert_eq!((last().await.as_str(), smtp.met()), ("given_up expired f", 0));
    // Another link, by hand or by mail, and the end of all links.
    account::link_by_mail(&app.ctx(), ana.id).await.unwrap();
    account::link(&app.ctx(), ana.id).await.unwrap();
    assert_eq!(last().await, "given_up withdrawn t");
    account::link_by_mail(&app.ctx(), ana.id).await.unwrap();
    let change = account::Change { id: ana.id, version: ana.version, name: "Ana", role: Role::Sales, team: None, enabled: false };
    account::change(&app.ctx(), &change).await.unwrap();
    assert_eq!(last().await, "given_up withdrawn t");
    send(&app).await;
    assert_eq!(smtp.met(), 0);
    let id = app.text("SELECT id::text FROM mails ORDER BY id DESC LIMIT 1").await;
    let again = gate::post(&app, &app.cookie, "/admin/mail", &[("do", "again"), ("mail", &id)]).await;
    assert_eq!(again.status(), 404, "a link that does not work is of no use");
}

#[tokio::test]
async fn another_key_gives_up_what_it_cannot_open() {
    let smtp = FakeSmtp::start().await;
    let app = smtp.app().await;
    invite(&app, "Bea").await;
    app.as_owner("UPDATE mails SET sealed_link = sealed_link || '\\x00'").await;
    send(&app).await;
    assert_eq!(app.text("SELECT concat_ws(' ', state, last_error) FROM mails").await, "given_up sealed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_the_work_and_send_nothing_twice() {
    let smtp = FakeSmtp::start().await;
    let one = smtp.app().await;
    let mail = smtp.settings();
    let two = TestApp::on(one.db.clone(), |setup| {
        setup.clock = one.app.clock.clone();
        setup.settings.mail = Some(mail);
    })
    .await;
    for n in 0..30 {
        invite(&one, &format!("u{n}")).await;
    }
    let (one_ctx, two_ctx) = (one.ctx(), two.ctx());
    let (first, second) = tokio::join!(
        tokio::spawn(async move { mail::once(&one_ctx).await }),
        tokio::spawn(async move { mail::once(&two_ctx).await })
    );
    first.unwrap().unwrap();
    second.unwrap().unwrap();
    let addresses: Vec<_> = smtp.taken().into_iter().map(|mail| mail.to).collect();
    assert_eq!((addresses.len(), addresses.into_iter().collect::<HashSet<_>>().len()), (30, 30));
    assert_eq!(states(&one).await, ["sent 1"; 30]);
}

/// How many of the server's sessions with the database are so; they are told to its own role alone.
async fn sessions(app: &TestApp, what: &str) -> i64 {
    let mut connection = app.db.connect("nexus_app").await;
    let sql =
        format!("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user AND {what}");
    let count = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    count
}

fn begin_to_send(ctx: Ctx) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move { mail::once(&ctx).await.unwrap() })
}

#[tokio::test]
async fn what_a_dead_process_was_sending_another_sends() {
    let smtp = FakeSmtp::start().await;
    let app = smtp.app().await;
    smtp.once(Hangs(Stage::Data));
    invite(&app, "Bea").await;
    let dying = begin_to_send(app.ctx());
    until("the server is spoken with", async || smtp.met() == 1).await;
    assert_eq!(sessions(&app, "state LIKE 'idle in transaction%'").await, 0, "nothing of the database is held meanwhile");
    dying.abort();
    send(&app).await;
    assert_eq!(smtp.met(), 1, "it is somebody else's for a while");
    app.app.clock.set(noon() + TimeDelta::minutes(10));
    send(&app).await;
    assert_eq!((states(&app).await, smtp.taken().len()), (vec!["sent 2".to_owned()], 1));
}

/// Holds back that a mail is noted as sent, until the connection ends.
async fn hold_notes(app: &TestApp) -> PgConnection {
    app.as_owner(
        "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NEW; END';
         CREATE TRIGGER hold BEFORE UPDATE ON mails FOR EACH ROW WHEN (NEW.state = 'sent') EXECUTE FUNCTION hold()",
    )
    .await;
    let mut holder = app.db.connect("nexus_owner").await;
    sqlx::query("SELECT pg_advisory_lock(42)").execute(&mut holder).await.unwrap();
    holder
}

#[tokio::test]
async fn the_same_mail_twice_has_the_same_id() {
    let smtp = FakeSmtp::start().await;
    let app = smtp.app().await;
    invite(&app, "Bea").await;
    let holder = hold_notes(&app).await;
    let dying = begin_to_send(app.ctx());
    until("the server has it", async || smtp.taken().len() == 1).await;
    until("it is to be noted", async || sessions(&app, "wait_event_type = 'Lock'").await == 1).await;
    dying.abort();
    holder.close().await.unwrap();
    assert_eq!(states(&app).await, ["waiting 1"]);
    app.app.clock.set(noon() + TimeDelta::minutes(10));
    until("another process sends it", async || {
        send(&app).await;
        states(&app).await == ["sent 2"]
    })
    .await;
    let taken = smtp.taken();
    assert_eq!(taken.len(), 2);
    assert_eq!(taken[0].header("Message-ID"), taken[1].header("Message-ID"));
    assert_eq!(taken[0].link(), taken[1].link());
}

#[tokio::test]
async fn a_database_that_goes_away_does_not_have_a_mail_sent_twice() {
    let smtp = FakeSmtp::start().await;
    let app = smtp.app().await;
    invite(&app, "Bea").await;
    let holder = hold_notes(&app).await;
    let sending = begin_to_send(app.ctx());
    for _ in 0..2 {
        until("it is to be noted", async || sessions(&app, "wait_event_type = 'Lock'").await == 1).await;
        app.db.disconnect_app().await;
    }
    holder.close().await.unwrap();
    sending.await.unwrap();
    assert_eq!(states(&app).await, ["sent 1"]);
    app.app.clock.set(noon() + TimeDelta::days(1));
    send(&app).await;
    assert_eq!((smtp.met(), smtp.taken().len()), (1, 1));
}

#[tokio::test]
async fn the_job_sends_what_comes_and_outlives_the_databases_absence() {
    let smtp = FakeSmtp::start().await;
    let app = smtp.app().await;
    let job = tokio::spawn(mail::run(app.app.clone()));
    for n in 0..2 {
        invite(&app, &format!("u{n}")).await;
        until("the mail leaves", async || smtp.taken().len() == n + 1).await;
        app.db.disconnect_app().await;
    }
    app.app.stop.cancel();
    job.await.unwrap();
}

#[tokio::test]
async fn without_mail_nothing_waits_and_all_works_as_by_hand() {
    let app = TestApp::start().await;
    assert!(!is_offered(&app.ctx()));
    mail::run(app.app.clone()).await;
    gate::ana(&app, Role::Sales).await;
    let session = gate::cookie(&gate::sign_in(&app, "ana@ngx.com", gate::PASSWORD).await);
    let changed = [("do", "password"), ("current", gate::PASSWORD), ("password", "otra frase muy larga")];
    assert_eq!(gate::post(&app, &session, "/account", &changed).await.status(), 200);
    let invitation = Invitation { email: "bea@ngx.com", name: "Bea", role: Role::Sales, team: None };
    account::invite_by_mail(&app.ctx(), &invitation).await.unwrap_err();
    account::invite(&app.ctx(), &invitation).await.unwrap();
    assert_eq!(app.count("mails").await, 0);
}
