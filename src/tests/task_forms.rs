//! Forms of tasks: by whose clock they are read, what they are about, and what is sent twice or cannot be.

use futures_util::future::join_all;
use nexus_crm::{
    domain::people::Role,
    features::tasks::usecase::{self, Wanted},
    pages::desk::parts,
};
use uuid::Uuid;

use super::tasks::{contact, date, sales, send, task};
use crate::support::{TestApp, gate::post, http::plain, people};

#[tokio::test]
async fn who_hands_a_task_over_leaves_it_at_its_instant() {
    let app = TestApp::start().await;
    let (sara, who) = sales(&app).await;
    let mario = people::sign_in(&app, Role::Sales).await;
    app.as_owner(&format!("UPDATE users SET time_zone = 'America/Bogota' WHERE id = '{}'", who.id)).await;
    app.as_owner(&format!("UPDATE users SET time_zone = 'Europe/Madrid' WHERE id = '{}'", mario.id)).await;
    let at = async || app.text("SELECT to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' ' || due_on FROM tasks").await;
    let timed = Wanted { time: Some("20:00:00".parse().unwrap()), ..task(&sara, "call", Some(date("2026-11-20"))) };
    let id = usecase::create(&sara, &timed, "America/Bogota").await.unwrap();
    assert_eq!(at().await, "2026-11-21 01:00 2026-11-20");
    // The page shows Sara's clock and sends it along; only the owner changes.
    let path = format!("/tasks?edit={id}");
    let shown = app.get(&path).await.text;
    assert!(shown.contains(r#"name="zone" value="America/Bogota""#) && shown.contains(r#"value="20:00""#), "{shown}");
    let id = id.to_string();
    let owner = mario.id.to_string();
    let change = async |version: &str, more: &[(&str, &str)]| {
        let all = [("do", "task_change"), ("id", &id), ("version", version), ("title", "call"), ("owner", &owner)];
        send(&app, &[&all, more].concat()).await
    };
    let same = [("due_on", "2026-11-20"), ("time", "20:00"), ("zone", "America/Bogota")];
    assert_eq!(change("1", &same).await.status(), 303);
    assert_eq!(at().await, "2026-11-21 01:00 2026-11-21", "the same instant, on the day of whose it is now");
    let version = app.text("SELECT version::text FROM tasks").await;
    assert_eq!(change(&version, &[("due_on", "2026-11-20"), ("time", "21:00"), ("zone", "America/Bogota")]).await.status(), 303);
    assert_eq!(at().await, "2026-11-21 02:00 2026-11-21", "what was typed is read by the clock that was shown");
    let version = app.text("SELECT version::text FROM tasks").await;
    assert_eq!(change(&version, &[("due_on", "2026-11-21"), ("time", "04:00"), ("zone", "Mars/Base")]).await.status(), 303);
    assert_eq!(at().await, "2026-11-21 03:00 2026-11-21", "an unknown clock is the owner's");
}

#[tokio::test]
async fn many_tasks_for_somebody_else_wait_for_no_second_connection() {
    let app = TestApp::start().await;
    let mario = people::sign_in(&app, Role::Sales).await;
    let owner = mario.id.to_string();
    let each = async |n: usize| {
        let title = format!("t{n}");
        let fields = [
            ("do", "task_create"),
            ("owner", owner.as_str()),
            ("title", &title),
            ("due_on", "2026-11-20"),
            ("recurrence", "daily"),
        ];
        send(&app, &fields).await.status().as_u16()
    };
    let all = join_all((0..64).map(each)).await;
    assert!(all.iter().all(|status| *status == 303), "{all:?}");
    let ids = app.texts("SELECT id::text FROM tasks").await;
    let done = join_all(ids.iter().map(async |id| send(&app, &[("do", "task_finish"), ("id", id)]).await.status().as_u16())).await;
    assert!(done.iter().all(|status| *status == 303), "{done:?}");
    assert_eq!(app.count("tasks").await, 128);
}

#[tokio::test]
async fn a_task_is_about_whom_its_form_names() {
    let app = TestApp::start().await;
    let (ana, _) = (contact(&app, "Ana", None).await, contact(&app, "Eva", None).await);
    contact(&app, "Eva", None).await;
    let add = async |about: &str| {
        send(
            &app,
            &[("do", "task_create"), ("view", "all"), ("full", "1"), ("owner", "me"), ("title", "Call"), ("about_name", about)],
        )
        .await
    };
    let form = app.get("/tasks?new=1").await.text;
    assert!(form.contains(r#"name="about_name""#) && form.contains(r#"data-key="c""#) && form.contains("Ana Peña"), "{form}");
    assert_eq!(add("ana pena").await.status(), 303);
    assert_eq!(app.text("SELECT contact_id::text FROM tasks").await, ana.id().to_string());
    for wrong in ["Eva Peña", "Nobody"] {
        let refused = add(wrong).await;
        assert_eq!(refused.status(), 422);
        let page = plain(&refused.text().await.unwrap());
        assert!(page.contains(&format!(r#"value="{wrong}""#)) && page.contains(r#"value="Call""#), "{page}");
    }
    assert_eq!(add("").await.status(), 303);
    assert_eq!(app.count("tasks").await, 2);
}

#[tokio::test]
async fn places_that_cannot_be_are_the_first_page() {
    let app = TestApp::start().await;
    let id = Uuid::nil();
    for path in [
        format!("/tasks?view=all&after=-262143-01-01~~{id}"),
        format!("/tasks?view=all&after=~-8000000000000000000~{id}"),
        format!("/tasks?view=done&after=-8000000000000000000~{id}"),
        format!("/tasks?view=done&after=253402300800000000~{id}"),
        format!("/leads?sort=newest&after=-8000000000000000000~{id}"),
        format!("/leads?after=-8000000000000000000~{id}"),
    ] {
        assert_eq!(app.get(&path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_form_that_is_sent_three_times_makes_one() {
    let app = TestApp::start().await;
    let once = Uuid::now_v7().to_string();
    let add = async |title: &str| {
        send(&app, &[("do", "task_create"), ("view", "all"), ("owner", "me"), ("once", &once), ("title", title)]).await.status()
    };
    let all = join_all((0..3).map(async |_| add("Call").await)).await;
    assert!(all.iter().all(|status| *status == 303), "{all:?}");
    assert_eq!((app.count("tasks").await, app.count("journal WHERE event = 'task_created'").await), (1, 1));
    // From the page before, with another text, it is another.
    assert_eq!(add("Write").await, 303);
    assert_eq!(app.count("tasks").await, 2);
    let ana = contact(&app, "Ana", None).await;
    let (path, about) = (parts::path_of(ana), ana.id().to_string());
    let note = async |body: &str| {
        let fields = [
            ("do", "interaction_record"),
            ("about", "contact"),
            ("about_id", about.as_str()),
            ("kind", "note"),
            ("once", &once),
            ("body", body),
            ("follow_up", "2"),
        ];
        post(&app, &app.cookie, &path, &fields).await.status()
    };
    let all = join_all((0..3).map(async |_| note("Hola").await)).await;
    assert!(all.iter().all(|status| *status == 303), "{all:?}");
    assert_eq!((app.count("interactions").await, app.count("tasks").await), (1, 3));
    note("Adiós").await;
    assert_eq!(app.count("interactions").await, 2);
    let lead = async |name: &str, email: &str| {
        let fields = [("do", "new"), ("once", once.as_str()), ("first_name", name), ("email", email), ("message", "Hola")];
        post(&app, &app.cookie, "/leads/new", &fields).await.status()
    };
    join_all((0..3).map(async |_| lead("Eva", "eva@x.example").await)).await;
    assert_eq!((app.count("leads").await, app.count("journal WHERE event = 'lead_merged'").await), (1, 0));
    lead("Luis", "luis@x.example").await;
    assert_eq!(app.count("leads").await, 2);
}
