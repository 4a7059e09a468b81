//! A contact as a person: what is held, handed out, and forgotten.

use nexus_crm::{
    domain::{
        AppError,
        contact::ContactFields,
        crm_edit::Texts,
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
}
