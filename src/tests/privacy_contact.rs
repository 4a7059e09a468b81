//! A contact as a person: what is held, handed out, and forgotten.

use nexus_crm::{
    domain::{
        AppError,
        contact::ContactFields,
        crm_edit::{Edit, Texts},
        privacy::{PersonKind, Subject},
    },
    features::{contacts::usecase as contacts, privacy::usecase as privacy},
};
use uuid::Uuid;

use crate::support::{
    TestApp,
    privacy::{traces, unzip},
};

async fn a_contact(app: &TestApp, email: &str) -> Uuid {
    let (id, lead) = (Uuid::now_v7(), Uuid::now_v7());
    app.as_owner(&format!(
        "INSERT INTO contacts (id, first_name, last_name, email, notes, created_at, updated_at) VALUES ('{id}', 'Quilla', 'Tupac', '{email}', 'Met Quilla', now(), now());
         INSERT INTO leads (id, first_name, email, message, status, contact_id, created_at, updated_at) VALUES ('{lead}', 'Quilla', '{email}', 'Call Quilla', 'converted', '{id}', now(), now());
         INSERT INTO tasks (id, title, contact_id, created_at, updated_at) VALUES (gen_random_uuid(), 'Ask Quilla', '{id}', now(), now());
         INSERT INTO interactions (id, kind, at, body, lead_id, created_at, updated_at) VALUES (gen_random_uuid(), 'note', now(), 'Quilla said yes', '{lead}', now(), now());
         INSERT INTO journal (actor, event, subject_kind, subject_id, body) VALUES ('x', 'contact_changed', 'contact', '{id}', '{{\"fields\": {{\"first_name\": [\"\", \"Quilla\"]}}}}')"
    ))
    .await;
    id
}

#[tokio::test]
async fn a_contact_is_handed_out_with_all_that_hangs_on_it() {
    let app = TestApp::start().await;
    let id = a_contact(&app, "quilla@acme.es").await;
    let found = privacy::find(&app.ctx(), " Quilla@acme.es").await.unwrap();
    let profile = found.iter().find(|it| it.subject.kind == PersonKind::Contact).unwrap();
    assert_eq!((profile.subject.id.clone(), profile.name.as_str()), (id.to_string(), "quilla@acme.es"));
    let rows: Vec<_> = profile.held.iter().filter(|(_, extent)| extent.rows > 0).map(|(held, _)| held.table).collect();
    assert_eq!(rows, ["contacts", "interactions", "tasks", "leads", "journal"]);
    let answer = app.client.get(app.url(&format!("/admin/privacy/export?kind=contact&id={id}"))).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let files = unzip(&answer.bytes().await.unwrap());
    assert!(files.values().any(|text| text.contains("Quilla said yes")) && files.values().any(|text| text.contains("Met Quilla")));
}

#[tokio::test]
async fn of_an_erased_contact_nothing_is_left_and_it_is_not_added_again() {
    let app = TestApp::start().await;
    let id = a_contact(&app, "quilla@acme.es").await;
    let merged = a_contact(&app, "quilla@home.es").await;
    app.as_owner(&format!("UPDATE contacts SET merged_into = '{id}', deleted_at = now() WHERE id = '{merged}'")).await;
    let subject = Subject::new(PersonKind::Contact, &id.to_string()).unwrap();
    assert!(privacy::erase(&app.ctx(), &subject, "Quilla Tupac asked").await.is_err(), "the reason must not name the person");
    privacy::erase(&app.ctx(), &subject, "Asked by letter").await.unwrap();
    let left = traces(&app, "Quilla").await;
    assert!(left.is_empty(), "{left:?}");
    let left = traces(&app, "quilla@").await;
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(
        app.count("contacts").await + app.count("leads").await + app.count("tasks").await + app.count("interactions").await,
        0
    );
    assert_eq!(app.count("journal WHERE event = 'contact_changed' AND body = '{}'").await, 2, "that something happened stays");
    assert_eq!(app.count("erased_persons WHERE kind = 'contact'").await, 2, "one for each address");
    let texts: Texts = [("first_name", "Quilla"), ("email", "quilla@home.es"), ("lifecycle", "prospect")]
        .map(|(k, v)| (k.into(), v.into()))
        .into();
    assert!(ContactFields::parse(&texts, &[]).is_ok());
    assert!(matches!(contacts::create(&app.ctx(), &texts).await, Err(AppError::Invalid { .. })));
    assert_eq!(privacy::erase(&app.ctx(), &subject, "Again").await, Err(AppError::NotFound));
    // Nor by a change of somebody else, nor by another way in.
    let other: Texts = [("first_name", "Other"), ("lifecycle", "prospect")].map(|(k, v)| (k.into(), v.into())).into();
    let other = contacts::create(&app.ctx(), &other).await.unwrap();
    let now: Texts = [("other_emails".into(), "Quilla@Home.es".into())].into();
    let refused = contacts::change(&app.ctx(), other, &Edit { was: Texts::new(), now }).await;
    assert!(matches!(refused, Err(AppError::Invalid { .. })), "{refused:?}");
    a_contact(&app, "quilla@acme.es").await;
    assert_eq!(privacy::sweep(&app.ctx()).await, Ok(1));
    assert_eq!((app.count("contacts").await, app.count("leads").await), (1, 0));
    assert_eq!(privacy::sweep(&app.ctx()).await, Ok(0));
}

#[tokio::test]
async fn whoever_was_merged_is_found_and_erased_as_one_person() {
    let app = TestApp::start().await;
    let (top, merged) = (a_contact(&app, "quilla@acme.es").await, a_contact(&app, "quilla@home.es").await);
    app.as_owner(&format!(
        "UPDATE contacts SET merged_into = '{top}', deleted_at = now() WHERE id = '{merged}';
         UPDATE contacts SET other_emails = '{{quilla@home.es}}' WHERE id = '{top}'"
    ))
    .await;
    for text in ["quilla@home.es", "quilla@acme.es", &merged.to_string()] {
        let found = privacy::find(&app.ctx(), text).await.unwrap();
        let found: Vec<_> =
            found.iter().filter(|it| it.subject.kind == PersonKind::Contact).map(|it| it.subject.id.clone()).collect();
        assert_eq!(found, [top.to_string()], "{text}");
    }
    let subject = Subject::new(PersonKind::Contact, &merged.to_string()).unwrap();
    privacy::erase(&app.ctx(), &subject, "Asked by letter").await.unwrap();
    assert_eq!(app.count("contacts").await + app.count("interactions").await, 0);
    assert!(traces(&app, "quilla@").await.is_empty());
}

#[tokio::test]
async fn many_who_add_contacts_at_once_wait_for_each_other_and_not_forever() {
    let app = TestApp::start().await;
    let ctx = app.ctx();
    let add = |n: usize| {
        let email = format!("c{n}@acme.es");
        let texts: Texts =
            [("first_name", "Ana"), ("email", &email), ("lifecycle", "prospect")].map(|(k, v)| (k.into(), v.into())).into();
        let ctx = &ctx;
        async move { contacts::create(ctx, &texts).await }
    };
    let made = futures_util::future::join_all((0..64).map(add)).await;
    assert!(made.iter().all(Result::is_ok), "{made:?}");
}
