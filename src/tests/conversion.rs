//! Leads that become contacts who are there already, who change meanwhile, whom the actor does not see, or who were erased.

use nexus_crm::{
    domain::{
        AppError,
        crm::{ContactId, LeadId},
        people::Role,
        privacy::{PersonKind, Subject},
    },
    features::{duplicates::merge, leads::capture, privacy::usecase as privacy},
    flows::conversion,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    duplicates::{chosen, contact, ctx},
    support::{TestApp, people::sign_in},
};

async fn captured(app: &TestApp, sent: &Value) -> LeadId {
    capture::receive(&app.ctx(), sent, None).await.unwrap().id
}

#[tokio::test]
async fn a_contact_that_is_merged_meanwhile_is_followed() {
    let app = TestApp::start().await;
    let admin = sign_in(&app, Role::Admin).await;
    let admin = ctx(&app, Role::Admin, &admin);
    for round in 0..6 {
        let winner = contact(&app, &format!("ana{round}"), "Rojas", "", &[]).await;
        let loser = contact(&app, &format!("anna{round}"), "Rojas", &format!("ana{round}@acme.es"), &[]).await;
        let lead = captured(&app, &json!({"name": "Ana Rojas", "email": format!("ana{round}@acme.es"), "job_title": "CTO"})).await;
        let merging = chosen(&app, winner, loser, &[]).await;
        let ctx = app.ctx();
        let (merged, converted) = tokio::join!(merge::merge(&admin, &merging), conversion::convert(&ctx, lead));
        // The merge may come second, and then finds the loser changed.
        assert!(merged.is_ok() || matches!(merged, Err(AppError::Conflict { .. })), "{merged:?}");
        let contact = converted.unwrap();
        let standing = if merged.is_ok() { winner } else { loser };
        let stands = app.text(&format!("SELECT contact_standing('{contact}')::text")).await;
        assert_eq!(stands, standing.to_string());
        assert_eq!(
            app.count(&format!("leads l JOIN contacts c ON c.id = l.contact_id WHERE l.id = '{lead}' AND c.deleted_at IS NULL"))
                .await,
            1
        );
    }
}

#[tokio::test]
async fn who_does_not_see_a_contact_writes_nothing_into_it() {
    let app = TestApp::start().await;
    let (owner, sales) = (sign_in(&app, Role::Sales).await, sign_in(&app, Role::Sales).await);
    let hidden = contact(&app, "Ana", "Rojas", "ana@acme.es", &[("owner_id", &owner.id.to_string())]).await;
    let lead =
        captured(&app, &json!({"name": "Ana Rojas", "email": "ana@acme.es", "phone": "+34 911 222 333", "city": "Elsewhere"}))
            .await;
    let sales = ctx(&app, Role::Sales, &sales);
    assert_eq!(conversion::convert(&sales, lead).await, Ok(ContactId(hidden)));
    assert_eq!(app.text("SELECT concat_ws('|', first_name, phone, city) FROM contacts").await, "Ana");
    let seen = captured(&app, &json!({"name": "Ana", "email": "ana@acme.es", "phone": "+34 911 222 333", "city": "Madrid"})).await;
    assert_eq!(conversion::convert(&ctx(&app, Role::Sales, &owner), seen).await, Ok(ContactId(hidden)));
    assert_eq!(app.text("SELECT concat_ws('|', first_name, phone, city) FROM contacts").await, "Ana|+34 911 222 333|Madrid");
}

#[tokio::test]
async fn two_people_with_one_telephone_number_are_two_contacts() {
    let app = TestApp::start().await;
    let alice = contact(&app, "Alice", "Rey", "alice@acme.es", &[("phone", "+34 911 222 333")]).await;
    let bob = captured(&app, &json!({"name": "Bob", "email": "bob@acme.es", "phone": "+34911222333"})).await;
    let bob = conversion::convert(&app.ctx(), bob).await.unwrap();
    assert_ne!(bob, ContactId(alice));
    assert_eq!(app.count("contacts").await, 2);
}

#[tokio::test]
async fn a_lead_of_somebody_who_has_left_is_converted_by_who_is_here() {
    let app = TestApp::start().await;
    let gone = sign_in(&app, Role::Sales).await;
    let admin = sign_in(&app, Role::Admin).await;
    let lead = captured(&app, &json!({"name": "Ana Rojas", "email": "ana@acme.es", "company": "Acme"})).await;
    app.as_owner(&format!(
        "UPDATE leads SET owner_id = '{0}' WHERE id = '{lead}'; UPDATE users SET status = 'disabled' WHERE id = '{0}'",
        gone.id
    ))
    .await;
    conversion::convert(&ctx(&app, Role::Admin, &admin), lead).await.unwrap();
    assert_eq!(app.count(&format!("contacts WHERE owner_id = '{}'", admin.id)).await, 1);
    assert_eq!(app.count(&format!("companies WHERE owner_id = '{}'", admin.id)).await, 1);
}

#[tokio::test]
async fn who_was_erased_does_not_come_back_by_a_lead() {
    let app = TestApp::start().await;
    let ana = contact(&app, "Ana", "Rojas", "ana@acme.es", &[]).await;
    let open = captured(&app, &json!({"name": "Ana Rojas", "email": "ana@acme.es", "message": "Hola"})).await;
    let subject = Subject::new(PersonKind::Contact, &ana.to_string()).unwrap();
    privacy::erase(&app.ctx(), &subject, "Asked by letter").await.unwrap();
    assert_eq!(app.count("leads").await, 0, "an open lead of theirs goes with them");
    assert_eq!(conversion::convert(&app.ctx(), open).await, Err(AppError::NotFound));
    // Whoever writes to us again is a lead; only an admin who lifts the tombstone makes a contact of them.
    let again = captured(&app, &json!({"name": "Ana Rojas", "email": "ana@acme.es"})).await;
    let Err(AppError::Invalid { fields }) = conversion::convert(&app.ctx(), again).await else { panic!() };
    assert_eq!((fields[0].pointer.as_str(), fields[0].code.as_str()), ("/email", "erased"));
    let tombstone: Uuid = app.text("SELECT id::text FROM erased_persons").await.parse().unwrap();
    privacy::lift(&app.ctx(), tombstone).await.unwrap();
    assert!(conversion::convert(&app.ctx(), again).await.is_ok());
}
