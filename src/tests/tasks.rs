//! Tasks, what was said, templates and calendars, as their use-cases and pages have them.

use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};
use futures_util::future::join_all;
use leptos::prelude::RenderHtml;
use nexus_crm::{
    domain::{
        AppError,
        crm::{ContactId, TaskId},
        format::Lang,
        people::{Role, SessionId, TeamId, UserId},
        tasks::{Priority, Recurrence, Remind, Target},
        time::Zone,
    },
    features::tasks::{
        interactions::{self, InteractionKind, Said},
        reminders,
        usecase::{self, Owners, Part, Wanted},
    },
    flows,
    pages::{
        desk::parts,
        written::{form::Sent, parts::Reader, render::Place},
    },
    platform::{
        clock::Clock,
        ctx::{Actor, Ctx, Person},
        mail::{MailSettings, Way},
    },
};
use reqwest::Response;
use uuid::Uuid;

use crate::support::{
    TestApp,
    gate::post,
    http::plain,
    noon,
    people::{self, Somebody},
};

const MADRID: &str = "Europe/Madrid";

fn of(app: &TestApp, role: Role, somebody: &Somebody, team: Option<Uuid>) -> Ctx {
    let person = Person {
        id: UserId(somebody.id),
        name: "Test".into(),
        email: "test@test.example".into(),
        role,
        team: team.map(TeamId),
        session: SessionId(somebody.session),
        zone: None,
    };
    Ctx::new(app.app.clone(), Actor::Person(Arc::new(person)))
}

pub async fn sales(app: &TestApp) -> (Ctx, Somebody) {
    let somebody = people::sign_in(app, Role::Sales).await;
    (of(app, Role::Sales, &somebody, None), somebody)
}

pub fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn task(ctx: &Ctx, title: &str, due_on: Option<NaiveDate>) -> Wanted {
    Wanted { title: title.into(), due_on, owner: ctx.actor.user(), ..Wanted::default() }
}

async fn make(ctx: &Ctx, wanted: &Wanted) -> TaskId {
    usecase::create(ctx, wanted, "UTC").await.unwrap()
}

pub async fn contact(app: &TestApp, first_name: &str, owner: Option<Uuid>) -> Target {
    let id = Uuid::now_v7();
    let owner = owner.map_or("NULL".to_owned(), |id| format!("'{id}'"));
    app.as_owner(&format!(
        "INSERT INTO contacts (id, first_name, last_name, city, owner_id, created_at, updated_at)
         VALUES ('{id}', '{first_name}', 'Peña', 'Cali', {owner}, now(), now())"
    ))
    .await;
    Target::Contact(ContactId(id))
}

fn titles(tasks: &[usecase::Task]) -> Vec<&str> {
    tasks.iter().map(|task| task.title.as_str()).collect()
}

async fn listed(ctx: &Ctx, part: Part, zone: &Zone) -> Vec<String> {
    let (tasks, _) = usecase::list(ctx, part, Owners::All, zone, None).await.unwrap();
    titles(&tasks).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_list_has_the_tasks_of_the_readers_day() {
    let app = TestApp::start().await;
    let (ctx, _) = sales(&app).await;
    // A Friday, noon UTC; in Kiritimati it is Saturday already, on the Baker island still Friday at midnight.
    for (title, due) in
        [("old", "2026-11-19"), ("now", "2026-11-20"), ("sat", "2026-11-21"), ("sun", "2026-11-22"), ("mon", "2026-11-23")]
    {
        make(&ctx, &task(&ctx, title, Some(date(due)))).await;
    }
    make(&ctx, &task(&ctx, "some day", None)).await;
    let late = Wanted { time: Some("11:00:00".parse().unwrap()), ..task(&ctx, "at eleven", Some(date("2026-11-20"))) };
    make(&ctx, &late).await;
    let soon = Wanted { time: Some("23:30:00".parse().unwrap()), ..task(&ctx, "at night", Some(date("2026-11-20"))) };
    make(&ctx, &soon).await;
    let zone = |name: &str| nexus_crm::platform::zone::zone(name, noon()).unwrap();
    let utc = zone("UTC");
    assert_eq!(listed(&ctx, Part::Overdue, &utc).await, ["old", "at eleven"]);
    assert_eq!(listed(&ctx, Part::Today, &utc).await, ["at eleven", "at night", "now"]);
    assert_eq!(listed(&ctx, Part::Week, &utc).await, ["at eleven", "at night", "now", "sat", "sun"]);
    assert_eq!(listed(&ctx, Part::All, &utc).await, ["old", "at eleven", "at night", "now", "sat", "sun", "mon", "some day"]);
    let kiritimati = zone("Pacific/Kiritimati");
    assert_eq!(
        listed(&ctx, Part::Today, &kiritimati).await,
        ["at eleven", "at night", "sat"],
        "half past eleven at night in UTC is on Saturday there"
    );
    assert_eq!(listed(&ctx, Part::Overdue, &kiritimati).await, ["old", "at eleven", "now"]);
    let baker = zone("Etc/GMT+12");
    assert_eq!(listed(&ctx, Part::Today, &baker).await, ["at night", "now"]);
}

#[tokio::test]
async fn a_long_list_is_paged_by_key_without_a_gap() {
    let app = TestApp::start().await;
    let (ctx, somebody) = sales(&app).await;
    app.as_owner(&format!(
        "INSERT INTO tasks (id, title, due_on, due_at, owner_id, created_at, updated_at, done_at)
         SELECT gen_random_uuid(), 't' || n, CASE WHEN n % 5 = 0 THEN NULL ELSE date '2026-11-21' + n % 7 END,
            CASE WHEN n % 5 = 1 THEN (date '2026-11-21' + n % 7)::timestamptz + interval '9 hours' END, '{0}', now(), now(),
            CASE WHEN n > 130 THEN now() + n % 3 * interval '1 minute' END
         FROM generate_series(1, 260) n",
        somebody.id
    ))
    .await;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let (page, more) = usecase::list(&ctx, Part::All, Owners::One(somebody.id), &Zone::utc(), after).await.unwrap();
        after = page.last().map(usecase::Task::open_place);
        seen.extend(page.iter().map(|task| task.id.0));
        if !more {
            break;
        }
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((seen.len(), all), (130, 130));
    let (mut done, mut after) = (Vec::new(), None);
    loop {
        let (page, more) = usecase::list_done(&ctx, Owners::All, after).await.unwrap();
        after = page.last().map(|task| (task.done_at.unwrap(), task.id.0));
        done.extend(page.iter().map(|task| task.id.0));
        if !more {
            break;
        }
    }
    done.sort();
    done.dedup();
    assert_eq!(done.len(), 130);
}

#[tokio::test]
async fn what_comes_again_follows_once_however_many_finish_it() {
    let app = TestApp::start().await;
    let (ctx, _) = sales(&app).await;
    let wanted = Wanted {
        recurrence: Some(Recurrence::Monthly),
        remind: Some(Remind::Day),
        time: Some("10:00:00".parse().unwrap()),
        priority: Priority::High,
        ..task(&ctx, "invoice", Some(date("2027-01-31")))
    };
    let first = usecase::create(&ctx, &wanted, MADRID).await.unwrap();
    let done = join_all((0..4).map(|_| usecase::finish(&ctx, first, MADRID))).await;
    let next: Vec<_> = done.into_iter().filter_map(|next| next.unwrap()).collect();
    assert_eq!(next.len(), 1, "one of them made it");
    usecase::reopen(&ctx, first).await.unwrap();
    assert_eq!(usecase::finish(&ctx, first, MADRID).await.unwrap(), None, "it is there already");
    let second = usecase::find(&ctx, next[0]).await.unwrap();
    assert_eq!((second.due.unwrap().on, second.priority), (date("2027-02-28"), Priority::High));
    assert_eq!(second.due.unwrap().at.unwrap().to_rfc3339(), "2027-02-28T09:00:00+00:00");
    assert_eq!(app.text(&format!("SELECT remind_at::text FROM tasks WHERE id = '{}'", second.id)).await, "2027-02-27 09:00:00+00");
    let third = usecase::finish(&ctx, second.id, MADRID).await.unwrap().unwrap();
    assert_eq!(usecase::find(&ctx, third).await.unwrap().due.unwrap().on, date("2027-03-31"), "a 31st is one again");
    let third = usecase::find(&ctx, third).await.unwrap();
    assert_eq!(third.due.unwrap().at.unwrap().to_rfc3339(), "2027-03-31T08:00:00+00:00", "ten o'clock, in summer too");
    assert_eq!(app.number("SELECT count(*) FROM journal WHERE event = 'task_done'").await, 3);
    assert_eq!(app.count("tasks").await, 3);
}

#[tokio::test]
async fn a_change_that_knows_nothing_of_another_is_refused_and_names_what_differs() {
    let app = TestApp::start().await;
    let (ctx, _) = sales(&app).await;
    let id = make(&ctx, &task(&ctx, "call Ana", Some(date("2026-11-20")))).await;
    let mine = Wanted { notes: "mine".into(), ..task(&ctx, "call Ana", Some(date("2026-11-20"))) };
    let theirs = Wanted { priority: Priority::Urgent, ..task(&ctx, "call Ana María", Some(date("2026-11-20"))) };
    usecase::change(&ctx, id, 1, &theirs, "UTC").await.unwrap();
    let refused = usecase::change(&ctx, id, 1, &mine, "UTC").await;
    assert_eq!(refused, Err(AppError::Conflict { detail: "title, notes, priority".into() }));
    assert_eq!(usecase::find(&ctx, id).await.unwrap().title, "call Ana María");
    for (wanted, pointer) in [
        (Wanted { title: " ".into(), ..mine.clone() }, "/title"),
        (Wanted { title: "x".repeat(201), ..mine.clone() }, "/title"),
        (Wanted { due_on: None, recurrence: Some(Recurrence::Daily), ..mine.clone() }, "/due_on"),
        (Wanted { due_on: Some(date("1999-12-31")), ..mine.clone() }, "/due_on"),
        (Wanted { owner: Some(UserId(Uuid::nil())), ..mine.clone() }, "/owner"),
    ] {
        match usecase::change(&ctx, id, 2, &wanted, "UTC").await {
            Err(AppError::Invalid { fields }) => assert_eq!(fields[0].pointer, pointer),
            other => panic!("{pointer}: {other:?}"),
        }
    }
    usecase::change(&ctx, id, 2, &mine, "UTC").await.unwrap();
    let journal = "SELECT string_agg(body->'before'->>'title' || '>' || (body->'after'->>'title'), ' ' ORDER BY id) FROM journal WHERE event = 'task_changed'";
    assert_eq!(app.text(journal).await, "call Ana>call Ana María call Ana María>call Ana");
    usecase::set_deleted(&ctx, id, true).await.unwrap();
    assert_eq!(usecase::change(&ctx, id, 4, &mine, "UTC").await, Err(AppError::NotFound));
    assert_eq!(usecase::finish(&ctx, id, "UTC").await, Err(AppError::NotFound));
    usecase::set_deleted(&ctx, id, false).await.unwrap();
    usecase::set_deleted(&ctx, id, false).await.unwrap();
    assert_eq!(app.number("SELECT count(*) FROM journal WHERE event = 'task_restored'").await, 1);
}

#[tokio::test]
async fn everybody_sees_and_changes_the_tasks_of_their_scope() {
    let app = TestApp::start().await;
    let team = Uuid::now_v7();
    app.as_owner(&format!("INSERT INTO teams (id, name) VALUES ('{team}', 'North')")).await;
    let ((ana, ana_id), (eva, eva_id)) = (sales(&app).await, sales(&app).await);
    let boss = people::sign_in(&app, Role::Manager).await;
    app.as_owner(&format!("UPDATE users SET team_id = '{team}' WHERE id IN ('{}', '{}')", ana_id.id, boss.id)).await;
    let manager = of(&app, Role::Manager, &boss, Some(team));
    let viewer = people::sign_in(&app, Role::Viewer).await;
    let viewer = of(&app, Role::Viewer, &viewer, None);
    let anas = make(&ana, &task(&ana, "ana's", None)).await;
    make(&eva, &task(&eva, "eva's", None)).await;
    make(&eva, &Wanted { owner: None, ..task(&eva, "nobody's", None) }).await;
    for (ctx, seen) in [
        (&ana, vec!["ana's", "nobody's"]),
        (&eva, vec!["eva's", "nobody's"]),
        (&manager, vec!["ana's", "nobody's"]),
        (&viewer, vec!["ana's", "eva's", "nobody's"]),
    ] {
        assert_eq!(listed(ctx, Part::All, &Zone::utc()).await, seen, "{:?}", ctx.actor);
    }
    assert_eq!(usecase::finish(&eva, anas, "UTC").await, Err(AppError::NotFound));
    assert_eq!(usecase::finish(&viewer, anas, "UTC").await, Err(AppError::Forbidden));
    assert_eq!(usecase::create(&viewer, &task(&viewer, "x", None), "UTC").await, Err(AppError::Forbidden));
    // Handed over to somebody whose tasks one does not see.
    let handed = make(&ana, &Wanted { owner: Some(UserId(eva_id.id)), ..task(&ana, "for eva", None) }).await;
    assert_eq!(usecase::find(&ana, handed).await.err(), Some(AppError::NotFound));
    assert_eq!(usecase::find(&eva, handed).await.unwrap().title, "for eva");
    // About somebody who is not one's own.
    let theirs = contact(&app, "Luz", Some(eva_id.id)).await;
    let about = Wanted { target: Some(theirs), ..task(&ana, "about Luz", None) };
    assert_eq!(usecase::create(&ana, &about, "UTC").await, Err(AppError::NotFound));
    assert_eq!(
        interactions::record(&ana, theirs, &Said { body: "hola".into(), ..Said::default() }, "UTC").await,
        Err(AppError::NotFound)
    );
    interactions::record(&eva, theirs, &Said { body: "hola".into(), ..Said::default() }, "UTC").await.unwrap();
    assert_eq!(interactions::list_of(&ana, theirs, None).await.unwrap().0.len(), 0);
    assert_eq!(interactions::list_of(&eva, theirs, None).await.unwrap().0.len(), 1);
}

#[tokio::test]
async fn an_interaction_says_how_it_was_meant_and_is_followed_up() {
    let app = TestApp::start().await;
    let (ctx, somebody) = sales(&app).await;
    let luz = contact(&app, "Luz", Some(somebody.id)).await;
    let body = "Ñandú: el cliente está encantado, pero el envío fue un desastre y muy lento.";
    let said = Said {
        kind: InteractionKind::Call,
        subject: "Pedido".into(),
        body: body.into(),
        minutes: Some(12),
        follow_up: Some(3),
        ..Said::default()
    };
    interactions::record(&ctx, luz, &said, "UTC").await.unwrap();
    let (found, _) = interactions::list_of(&ctx, luz, None).await.unwrap();
    let mood = found[0].mood.clone().unwrap();
    let words: Vec<_> = mood.evidence.iter().map(|e| &body[e.start..e.end]).collect();
    assert_eq!((mood.label.as_str(), words), ("negative", vec!["encantado", "desastre", "lento"]));
    assert_eq!((found[0].duration_s, found[0].by.as_deref()), (Some(720), Some("Test sales")));
    let tasks = usecase::list_of(&ctx, luz).await.unwrap();
    // From a Friday, three working days on is a Wednesday.
    assert_eq!((tasks[0].title.as_str(), tasks[0].due.unwrap().on), ("Follow up: Pedido", date("2026-11-25")));
    interactions::follow_up(&ctx, found[0].id, 1, "UTC").await.unwrap();
    assert_eq!(titles(&usecase::list_of(&ctx, luz).await.unwrap()).len(), 2);
    for (said, pointer) in [
        (Said::default(), "/body"),
        (Said { body: "x".into(), minutes: Some(-1), ..Said::default() }, "/minutes"),
        (Said { body: "x".into(), at: Some(noon() + TimeDelta::hours(1)), ..Said::default() }, "/at"),
        (Said { body: "x".into(), follow_up: Some(61), ..Said::default() }, "/follow_up"),
    ] {
        match interactions::record(&ctx, luz, &said, "UTC").await {
            Err(AppError::Invalid { fields }) => assert_eq!(fields[0].pointer, pointer),
            other => panic!("{pointer}: {other:?}"),
        }
    }
    assert_eq!(app.count("interactions").await, 1, "nothing half done");
    interactions::set_deleted(&ctx, found[0].id, true).await.unwrap();
    assert_eq!(interactions::set_deleted(&ctx, found[0].id, true).await, Err(AppError::NotFound));
    assert_eq!(interactions::list_of(&ctx, luz, None).await.unwrap().0.len(), 0);
    let told = app.text("SELECT string_agg(event, ' ' ORDER BY id) FROM journal WHERE subject_kind = 'interaction'").await;
    assert_eq!(told, "interaction_recorded interaction_deleted");
    assert_eq!(
        app.number("SELECT count(*) FROM journal WHERE body::text LIKE '%encantado%'").await,
        0,
        "what was said is not in the journal"
    );
}

fn with_mail(app: &mut crate::support::Setup) {
    app.settings.mail = Some(MailSettings {
        from: "crm@ngx.com".parse().unwrap(),
        way: Way::Folder(std::env::temp_dir().join("nexus-crm-test-mail")),
    });
}

#[tokio::test]
async fn an_owner_is_reminded_once() {
    let app = TestApp::with(with_mail).await;
    let two = TestApp::on(app.db.clone(), with_mail).await;
    let (ctx, somebody) = sales(&app).await;
    app.as_owner(&format!("UPDATE users SET language = 'es', time_zone = 'America/Bogota' WHERE id = '{}'", somebody.id)).await;
    let timed = Wanted {
        time: Some("15:00:00".parse().unwrap()),
        remind: Some(Remind::Hour),
        ..task(&ctx, "llamar", Some(date("2026-11-20")))
    };
    let id = usecase::create(&ctx, &timed, "America/Bogota").await.unwrap();
    let done = make(&ctx, &Wanted { remind: Some(Remind::OnTime), ..task(&ctx, "done", Some(date("2026-11-20"))) }).await;
    usecase::finish(&ctx, done, "UTC").await.unwrap();
    let sent = async || app.texts("SELECT about FROM mails WHERE kind = 'task_reminder' ORDER BY created_at").await;
    reminders::remind(&app.ctx()).await.unwrap();
    assert!(sent().await.is_empty(), "not before its time");
    let at = "2026-11-20T19:00:00Z".parse().unwrap();
    for app in [&app, &two] {
        app.app.clock.set(at);
    }
    let (one_ctx, two_ctx) = (app.ctx(), two.ctx());
    let (a, b) = tokio::join!(reminders::remind(&one_ctx), reminders::remind(&two_ctx));
    assert_eq!(a.unwrap() + b.unwrap(), 1);
    flows::mail::once(&app.ctx()).await.unwrap();
    assert_eq!(sent().await, ["llamar (20 nov 2026, 15:00)"]);
    // Another time is another reminder.
    let later = Wanted { time: Some("18:00:00".parse().unwrap()), ..timed };
    usecase::change(&ctx, id, 1, &later, "America/Bogota").await.unwrap();
    assert_eq!(reminders::remind(&app.ctx()).await.unwrap(), 0);
    app.app.clock.set("2026-11-20T22:00:00Z".parse().unwrap());
    assert_eq!(reminders::remind(&app.ctx()).await.unwrap(), 1);
    let mail = app.text("SELECT name || ' ' || language FROM mails WHERE kind = 'task_reminder' LIMIT 1").await;
    assert_eq!(mail, "Test sales es");
}

pub async fn send(app: &TestApp, fields: &[(&str, &str)]) -> Response {
    post(app, &app.cookie, "/tasks", fields).await
}

fn goes_to(response: &Response) -> &str {
    assert_eq!(response.status(), 303);
    response.headers()["location"].to_str().unwrap()
}

#[tokio::test]
async fn the_page_adds_finishes_changes_and_takes_back() {
    let app = TestApp::start().await;
    let added = send(
        &app,
        &[("do", "task_create"), ("view", "today"), ("owner", "me"), ("title", "<b>Call</b> Ana"), ("due_on", "2026-11-20")],
    )
    .await;
    assert_eq!(goes_to(&added), "/tasks?view=today&did=created");
    let page = app.get("/tasks").await.text;
    assert!(page.contains("&lt;b&gt;Call&lt;/b&gt; Ana") && page.contains("Today") && !page.contains("<b>Call"), "{page}");
    let id = app.text("SELECT id::text FROM tasks").await;
    let edit = app.get(&format!("/tasks?edit={id}")).await.text;
    assert!(edit.contains("name=\"version\" value=\"1\"") && edit.contains("value=\"2026-11-20\""), "{edit}");
    let change = |version: &'static str, title: &'static str, time: &'static str| {
        let id = id.clone();
        let app = &app;
        async move {
            let fields = [
                ("do", "task_change"),
                ("id", &*id),
                ("version", version),
                ("owner", "me"),
                ("title", title),
                ("due_on", "2026-11-20"),
                ("time", time),
                ("priority", "urgent"),
            ];
            send(app, &fields).await
        }
    };
    assert_eq!(goes_to(&change("1", "Call Eva", "09:30").await), format!("/tasks?view=today&did=changed&task={id}"));
    let conflict = change("1", "Call Luz", "10:30").await;
    assert_eq!(conflict.status(), 409);
    let page = plain(&conflict.text().await.unwrap());
    assert!(page.contains("value=\"Call Luz\"") && page.contains("<dd>Call Eva</dd>") && page.contains("<dd>09:30</dd>"), "{page}");
    assert!(page.contains("name=\"version\" value=\"2\""), "saving again is knowing of it: {page}");
    let bad = change("2", "Call Luz", "25:99").await;
    assert_eq!(bad.status(), 422);
    assert!(bad.text().await.unwrap().contains("This is no time."));
    let finished = send(&app, &[("do", "task_finish"), ("id", &id), ("view", "all"), ("whose", "all")]).await;
    assert_eq!(goes_to(&finished), format!("/tasks?view=all&whose=all&did=done&task={id}"));
    let after = app.get(&format!("/tasks?view=all&whose=all&did=done&task={id}")).await.text;
    assert!(after.contains("value=\"task_reopen\""), "{after}");
    assert!(app.get("/tasks?view=done&whose=all").await.text.contains("Call Eva"));
    assert_eq!(
        goes_to(&send(&app, &[("do", "task_delete"), ("id", &id)]).await),
        format!("/tasks?view=today&did=deleted&task={id}")
    );
    assert!(!app.get("/tasks?view=done&whose=all").await.text.contains("Call Eva"));
    assert_eq!(send(&app, &[("do", "nonsense")]).await.status(), 404);
    assert_eq!(app.get(&format!("/tasks?edit={id}")).await.status, 200, "an old link shows the list");
    let viewer = people::sign_in(&app, Role::Viewer).await;
    let page = app.client_with(&viewer.cookie).get(app.url("/tasks")).send().await.unwrap().text().await.unwrap();
    assert!(!page.contains("task_create"), "{page}");
    let refused = post(&app, &viewer.cookie, "/tasks", &[("do", "task_create"), ("owner", "me"), ("title", "x")]).await;
    assert_eq!(refused.status(), 403);
}

#[tokio::test]
async fn the_calendar_shows_a_month_and_programs_read_it_by_its_secret_alone() {
    let app = TestApp::start().await;
    for (title, due, time) in [("Plan; all, \\ of it", "2026-12-31", ""), ("Ana", "2026-12-01", "10:00")] {
        send(&app, &[("do", "task_create"), ("owner", "me"), ("title", title), ("due_on", due), ("time", time)]).await;
    }
    let page = app.get("/tasks?view=calendar&month=2026-12").await.text;
    assert!(page.contains("December 2026") && page.contains("Plan; all") && page.contains("10:00"), "{page}");
    assert!(page.contains("month=2026-11") && page.contains("month=2027-01"));
    assert!(!page.contains("calendar.ics?key="));
    let renewed = send(&app, &[("do", "feed_renew"), ("view", "calendar")]).await.text().await.unwrap();
    let key = |page: &str| page.split_once("calendar.ics?key=").unwrap().1.split('"').next().unwrap().to_owned();
    let first = key(&renewed);
    let read = async |key: &str| app.client_with("").get(app.url(&format!("/tasks/calendar.ics?key={key}"))).send().await.unwrap();
    let calendar = read(&first).await;
    assert_eq!(
        (calendar.status().as_u16(), calendar.headers()["content-type"].to_str().unwrap()),
        (200, "text/calendar; charset=utf-8")
    );
    let text = calendar.text().await.unwrap().replace("\r\n ", "");
    assert!(text.contains("SUMMARY:Plan\\; all\\, \\\\ of it\r\n") && text.contains("DTSTART;VALUE=DATE:20261231\r\n"), "{text}");
    assert!(text.contains("DTSTART:20261201T100000Z\r\n"));
    assert_eq!(
        app.number(&format!("SELECT count(*) FROM task_feeds WHERE encode(token_hash, 'escape') LIKE '%{first}%'")).await,
        0
    );
    let second = key(&send(&app, &[("do", "feed_renew"), ("view", "calendar")]).await.text().await.unwrap());
    assert_eq!((read(&first).await.status().as_u16(), read(&second).await.status().as_u16()), (404, 200));
    for bad in ["", "x", &"x".repeat(500), "%00"] {
        assert_eq!(read(bad).await.status(), 404, "{bad}");
    }
    app.as_owner("UPDATE users SET status = 'disabled' WHERE id = (SELECT user_id FROM task_feeds)").await;
    assert_eq!(read(&second).await.status(), 404);
    app.as_owner("UPDATE users SET status = 'active'").await;
    assert_eq!(send(&app, &[("do", "feed_end"), ("view", "calendar")]).await.status(), 200);
    assert_eq!(read(&second).await.status(), 404);
}

#[tokio::test]
async fn templates_are_filled_in_and_one_with_a_hole_is_not_saved() {
    let app = TestApp::with(|setup| setup.clock = Clock::fixed(noon())).await;
    let save = async |cookie: &str, fields: &[(&str, &str)]| {
        let common = [("do", "save"), ("kind", "email"), ("language", "es"), ("stage", "customer")];
        let fields: Vec<_> = common.into_iter().chain(fields.iter().copied()).collect();
        post(&app, cookie, "/tasks/templates", &fields).await
    };
    let refused =
        save(&app.cookie, &[("name", "Hola"), ("subject", "Hola {{nombre}}"), ("body", "{{first_name}} {{compny}}")]).await;
    assert_eq!(refused.status(), 422);
    let page = refused.text().await.unwrap();
    assert!(page.contains("{{nombre}}, {{compny}}") && page.contains("Ana {{compny}}"), "{page}");
    assert_eq!(
        save(
            &app.cookie,
            &[("name", "Hola"), ("subject", "Hola {{first_name}}"), ("body", "De {{owner}}, {{ company }}: {{today}}")]
        )
        .await
        .status(),
        303
    );
    assert_eq!(save(&app.cookie, &[("name", "hola"), ("body", "x")]).await.status(), 422, "the name is taken");
    let id = app.text("SELECT id::text FROM templates").await;
    let page = app.get("/tasks/templates").await.text;
    assert!(page.contains("De Test admin, Clínica Luz: 20 nov 2026"), "{page}");
    let again = [("id", &*id), ("name", "Hola 2"), ("body", "x")];
    assert_eq!(save(&app.cookie, &[&again[..], &[("version", "1")]].concat()).await.status(), 303);
    let stale = save(&app.cookie, &[&again[..], &[("version", "1")]].concat()).await;
    assert_eq!(stale.status(), 409);
    let (_, somebody) = sales(&app).await;
    assert_eq!(save(&somebody.cookie, &[("name", "mine"), ("body", "x")]).await.status(), 403);
    let manager = people::sign_in(&app, Role::Manager).await;
    assert_eq!(save(&manager.cookie, &[("name", "mine"), ("body", "x")]).await.status(), 303);
    assert_eq!(app.number("SELECT count(*) FROM journal WHERE event = 'template_saved'").await, 3);
    let delete = [("do", "delete"), ("id", &*id)];
    assert_eq!(post(&app, &app.cookie, "/tasks/templates", &delete).await.status(), 303);
    assert_eq!(app.count("templates").await, 1);
}

#[tokio::test]
async fn the_page_of_somebody_shows_their_tasks_and_what_was_said_and_takes_both() {
    let app = TestApp::start().await;
    let (ctx, somebody) = sales(&app).await;
    let luz = contact(&app, "Luz", Some(somebody.id)).await;
    let save =
        [("do", "save"), ("kind", "call"), ("language", "es"), ("name", "Hola"), ("body", "Hola {{first_name}} de {{company}}")];
    assert_eq!(post(&app, &app.cookie, "/tasks/templates", &save).await.status(), 303);
    let template = app.text("SELECT id::text FROM templates").await;
    let reader = |sent: Sent| Reader { lang: Lang::En, zone: Zone::utc(), now: noon(), sent };
    let (kind, id) = (luz.as_str(), luz.id().to_string());
    let form = |fields: &[(&str, &str)]| {
        let about = [("about", kind), ("about_id", id.as_str())];
        Sent::new(about.iter().chain(fields).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    };
    let empty = reader(Sent::default());
    let mut added = form(&[("do", "task_create"), ("owner", "me"), ("title", "Send the offer"), ("due_on", "2026-11-19")]);
    parts::take(&ctx, &empty, &mut added).await.unwrap().unwrap();
    assert_eq!(added.go.as_deref(), Some(format!("/contacts/{id}#tasks").as_str()));
    let mut said = form(&[
        ("do", "interaction_record"),
        ("kind", "email"),
        ("direction", "in"),
        ("body", "Muchas gracias por el <b>excelente</b> servicio"),
        ("at", "2026-11-19T10:00"),
    ]);
    parts::take(&ctx, &empty, &mut said).await.unwrap().unwrap();
    let mut bad = form(&[("do", "interaction_record"), ("body", ""), ("minutes", "x")]);
    let fault = parts::take(&ctx, &empty, &mut bad).await.unwrap().unwrap_err();
    assert!(matches!(fault, AppError::Invalid { .. }));
    assert!(parts::take(&ctx, &empty, &mut form(&[("do", "change")])).await.is_none(), "the page's own");
    let tasks = plain(&parts::tasks_of(&ctx, &empty, luz).await.unwrap().to_html());
    assert!(tasks.contains("Send the offer") && tasks.contains("Overdue: Yesterday"), "{tasks}");
    let list = plain(&parts::interactions_of(&ctx, &empty, luz).await.unwrap().to_html());
    assert!(list.contains(">gracias</mark>") && list.contains(">excelente</mark>") && list.contains("positive"), "{list}");
    assert!(list.contains("&lt;b&gt;") && list.contains("3 working days"), "{list}");
    let address = format!("/contacts/{id}?template={template}");
    let composer = plain(&parts::composer(&ctx, &empty, &Place::parse(&address), luz).await.unwrap().to_html());
    assert!(composer.contains("Hola Luz de {{company}}") && composer.contains("Nothing is known for {{company}}"), "{composer}");
    let viewer = people::sign_in(&app, Role::Viewer).await;
    let viewer = of(&app, Role::Viewer, &viewer, None);
    let seen = plain(&parts::tasks_of(&viewer, &empty, luz).await.unwrap().to_html());
    assert!(seen.contains("Send the offer") && !seen.contains("<form"), "{seen}");
}
