//! Duplicates: found, decided, merged, and taken apart again.

use std::sync::Arc;

use nexus_crm::{
    domain::{
        AppError,
        crm::ContactId,
        matching::{Agreement, contact::Contact},
        people::{Role, SessionId, TeamId, UserId},
    },
    features::duplicates::{
        look::{look, similar},
        merge::{self, Merge},
        usecase::{self as duplicates, Pair},
    },
    platform::ctx::{Actor, Ctx, Person},
};
use uuid::Uuid;

use crate::support::{
    TestApp, noon,
    people::{Somebody, sign_in},
};

pub fn ctx(app: &TestApp, role: Role, somebody: &Somebody) -> Ctx {
    let person = Person {
        id: UserId(somebody.id),
        name: "Test".into(),
        email: "test@test.example".into(),
        role,
        team: None::<TeamId>,
        session: SessionId(somebody.session),
        zone: None,
    };
    Ctx::new(app.app.clone(), Actor::Person(Arc::new(person)))
}

async fn admin(app: &TestApp) -> Ctx {
    let somebody = sign_in(app, Role::Admin).await;
    ctx(app, Role::Admin, &somebody)
}

/// A contact; `more` are further columns with their values.
pub async fn contact(app: &TestApp, first: &str, last: &str, email: &str, more: &[(&str, &str)]) -> Uuid {
    let id = Uuid::now_v7();
    let columns = more.iter().fold(String::new(), |all, (column, _)| all + ", " + column);
    let values = more.iter().fold(String::new(), |all, (_, value)| format!("{all}, '{value}'"));
    let email = if email.is_empty() { "NULL".to_owned() } else { format!("'{email}'") };
    app.as_owner(&format!(
        "INSERT INTO contacts (id, first_name, last_name, email, created_at, updated_at{columns}) VALUES ('{id}', '{first}', '{last}', {email}, now(), now(){values})"
    ))
    .await;
    id
}

async fn look_at_all(app: &TestApp) {
    while look(&app.ctx()).await.unwrap() > 0 {}
}

async fn queue(ctx: &Ctx) -> Vec<Pair> {
    duplicates::queue(ctx, None).await.unwrap().0
}

/// A merge of two contacts as they stand now.
pub async fn chosen(app: &TestApp, winner: Uuid, loser: Uuid, takes: &[&str]) -> Merge {
    let version =
        async |id| i32::try_from(app.number(&format!("SELECT version::bigint FROM contacts WHERE id = '{id}'")).await).unwrap();
    Merge {
        winner: ContactId(winner),
        winner_version: version(winner).await,
        loser: ContactId(loser),
        loser_version: version(loser).await,
        takes: takes.iter().map(|field| (*field).to_owned()).collect(),
    }
}

/// A task, an interaction and a lead of a contact; the task is somebody's.
async fn relations(app: &TestApp, id: Uuid, owner: Uuid) {
    app.as_owner(&format!(
        "INSERT INTO tasks (id, title, owner_id, contact_id, created_at, updated_at) VALUES (gen_random_uuid(), 'Call', '{owner}', '{id}', now(), now());
         INSERT INTO interactions (id, kind, at, contact_id, created_at, updated_at) VALUES (gen_random_uuid(), 'note', now(), '{id}', now(), now());
         INSERT INTO leads (id, first_name, status, contact_id, created_at, updated_at) VALUES (gen_random_uuid(), 'Ana', 'converted', '{id}', now(), now())"
    ))
    .await;
}

async fn hanging(app: &TestApp, id: Uuid) -> i64 {
    let of = |table: &str| format!("(SELECT count(*) FROM {table} WHERE contact_id = '{id}')");
    app.number(&format!("SELECT {} + {} + {}", of("tasks"), of("interactions"), of("leads"))).await
}

#[tokio::test]
async fn what_is_likely_one_waits_with_what_speaks_for_it() {
    let app = TestApp::start().await;
    let admin = admin(&app).await;
    let ana = contact(&app, "Ana", "Rojas", "ana.rojas@acme.es", &[("phone", "+34 612 345 678")]).await;
    let same = contact(&app, "ANA", "Rojas Vega", "", &[("phone", "612345678"), ("city", "Madrid")]).await;
    contact(&app, "Luis", "Vega", "luis@acme.es", &[]).await;
    assert!(queue(&admin).await.is_empty(), "nobody has looked yet");
    look_at_all(&app).await;
    let pairs = queue(&admin).await;
    assert_eq!(pairs.len(), 1, "{pairs:?}");
    assert_eq!((pairs[0].a.id, pairs[0].b.id), (ana.min(same), ana.max(same)));
    assert!(pairs[0].score > 0.9 && pairs[0].score <= 1.0);
    let of = |field: &str| pairs[0].evidence.iter().find(|e| e.field.name == field).unwrap();
    assert_eq!((of("first_name").agreement, of("last_name").agreement), (Agreement::Same, Agreement::Close));
    assert_eq!((of("phone").agreement, of("email").agreement), (Agreement::Same, Agreement::Absent));

    // Nothing was lost when somebody is looked at again; a pair goes when it is none any more.
    assert_eq!(look(&app.ctx()).await.unwrap(), 0);
    app.as_owner(&format!(
        "UPDATE contacts SET first_name = 'Pedro', last_name = 'Gil', phone = '699999999', email = NULL WHERE id = '{ana}'"
    ))
    .await;
    look_at_all(&app).await;
    assert!(queue(&admin).await.is_empty());
    app.as_owner(&format!("UPDATE contacts SET first_name = 'Ana', last_name = 'Rojas', phone = '612 345 678' WHERE id = '{ana}'"))
        .await;
    look_at_all(&app).await;
    assert_eq!(queue(&admin).await.len(), 1);
    app.as_owner(&format!("UPDATE contacts SET deleted_at = now() WHERE id = '{ana}'")).await;
    look_at_all(&app).await;
    assert!(queue(&admin).await.is_empty());
}

#[tokio::test]
async fn somebody_who_is_being_typed_is_recognised_by_who_may_see_them() {
    let app = TestApp::start().await;
    let (sales, other) = (sign_in(&app, Role::Sales).await, sign_in(&app, Role::Sales).await);
    let owner = sales.id.to_string();
    let ana = contact(&app, "Ana", "Rojas", "ana.rojas@acme.es", &[("owner_id", &owner)]).await;
    look_at_all(&app).await;
    let typed = Contact {
        first_name: "ana".into(),
        last_name: "rojas".into(),
        emails: vec!["Ana.Rojas@acme.es".into()],
        ..Contact::default()
    };
    let found = similar(&ctx(&app, Role::Sales, &sales), &typed).await.unwrap();
    assert_eq!(found.iter().map(|it| it.id.0).collect::<Vec<_>>(), [ana]);
    assert_eq!(found[0].name, "Ana Rojas");
    assert!(similar(&ctx(&app, Role::Sales, &other), &typed).await.unwrap().is_empty(), "nothing is told of whom they do not see");
    let viewer = sign_in(&app, Role::Viewer).await;
    assert_eq!(similar(&ctx(&app, Role::Viewer, &viewer), &typed).await, Err(AppError::Forbidden));
    let nobody = Contact { first_name: "Zoe".into(), last_name: "Zimmermann".into(), ..Contact::default() };
    assert!(similar(&ctx(&app, Role::Sales, &sales), &nobody).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_was_called_two_is_not_found_again_and_what_was_put_off_comes_back() {
    let app = TestApp::start().await;
    let admin = admin(&app).await;
    let ana = contact(&app, "Ana", "Rojas", "ana.rojas@acme.es", &[]).await;
    contact(&app, "Ana", "Rojas", "ana.rojas@acme.es", &[("city", "Madrid")]).await;
    look_at_all(&app).await;
    let id = queue(&admin).await[0].id;
    duplicates::put_off(&admin, id).await.unwrap();
    assert!(queue(&admin).await.is_empty());
    app.app.clock.set(noon() + chrono::TimeDelta::days(8));
    assert_eq!(queue(&admin).await.len(), 1);
    duplicates::keep_apart(&admin, id).await.unwrap();
    app.as_owner(&format!("UPDATE contacts SET city = 'Madrid' WHERE id = '{ana}'")).await;
    look_at_all(&app).await;
    assert!(queue(&admin).await.is_empty());
    assert_eq!(duplicates::keep_apart(&admin, id).await, Err(AppError::NotFound), "it is decided");
    assert_eq!(app.count("journal WHERE event = 'duplicate_dismissed'").await, 1);
}

#[tokio::test]
async fn a_merge_takes_over_everything_and_its_undoing_gives_it_back() {
    let app = TestApp::start().await;
    let admin = admin(&app).await;
    let colleague = sign_in(&app, Role::Sales).await;
    let ana = contact(&app, "Ana", "Rojas", "ana@acme.es", &[("phone", "612345678"), ("tags", "{vip}")]).await;
    let anna = contact(
        &app,
        "Anna",
        "Rojas Vega",
        "anna@home.es",
        &[
            ("phone", "+34 612 345 678"),
            ("city", "Madrid"),
            ("tags", "{VIP,beta}"),
            ("usage_user_id", "ana.rojas"),
            ("custom", "{\"size\": 3}"),
        ],
    )
    .await;
    relations(&app, ana, colleague.id).await;
    relations(&app, anna, colleague.id).await;
    let before = app.texts("SELECT (to_jsonb(c) - ARRAY['version', 'updated_at'])::text FROM contacts c ORDER BY id").await;
    let id = merge::merge(&admin, &chosen(&app, ana, anna, &["last_name", "city", "usage_user_id"]).await).await.unwrap();
    assert_eq!(
        app.text(&format!(
            "SELECT concat_ws('|', first_name, last_name, email, other_emails, phone, other_phones, city, usage_user_id, tags, custom) FROM contacts WHERE id = '{ana}'"
        ))
        .await,
        "Ana|Rojas Vega|ana@acme.es|{anna@home.es}|612345678|{}|Madrid|ana.rojas|{vip,beta}|{\"size\": 3}"
    );
    assert_eq!((hanging(&app, ana).await, hanging(&app, anna).await), (6, 0));
    assert_eq!(duplicates::stands_for(&admin, ContactId(anna)).await.unwrap(), ContactId(ana));
    assert_eq!(app.count(&format!("contacts WHERE id = '{anna}' AND deleted_at IS NOT NULL AND merged_into = '{ana}'")).await, 1);
    let done = merge::latest(&admin).await.unwrap();
    assert_eq!((done.len(), done[0].winner_name.as_str(), done[0].loser_name.as_str()), (1, "Ana Rojas Vega", "Anna Rojas Vega"));

    let undone = merge::undo(&admin, id).await.unwrap();
    assert_eq!((undone.kept.len(), undone.left, undone.unlinked), (0, 0, false));
    assert_eq!((hanging(&app, ana).await, hanging(&app, anna).await), (3, 3));
    let after = app.texts("SELECT (to_jsonb(c) - ARRAY['version', 'updated_at'])::text FROM contacts c ORDER BY id").await;
    assert_eq!(before, after);
    assert!(matches!(merge::undo(&admin, id).await, Err(AppError::Conflict { .. })), "once");
    look_at_all(&app).await;
    assert!(queue(&admin).await.is_empty(), "they are two from now on");
    assert_eq!(
        app.texts("SELECT event FROM journal WHERE subject_kind = 'contact' ORDER BY id").await,
        ["contact_merged", "merge_undone"]
    );
}

#[tokio::test]
async fn an_undoing_leaves_what_was_changed_since_and_says_so() {
    let app = TestApp::start().await;
    let admin = admin(&app).await;
    let colleague = sign_in(&app, Role::Sales).await;
    let ana = contact(&app, "Ana", "Rojas", "ana@acme.es", &[]).await;
    let anna = contact(&app, "Anna", "Rojas", "", &[("city", "Madrid"), ("title", "CEO"), ("usage_user_id", "ana")]).await;
    relations(&app, anna, colleague.id).await;
    let id = merge::merge(&admin, &chosen(&app, ana, anna, &["city", "title"]).await).await.unwrap();
    let else_where = contact(&app, "Luis", "Vega", "", &[("usage_user_id", "ana")]).await;
    app.as_owner(&format!(
        "UPDATE contacts SET city = 'Toledo', notes = 'New' WHERE id = '{ana}'; UPDATE tasks SET contact_id = '{else_where}' WHERE contact_id = '{ana}'"
    ))
    .await;
    let undone = merge::undo(&admin, id).await.unwrap();
    assert_eq!((undone.kept.as_slice(), undone.left, undone.unlinked), (["city"].as_slice(), 1, true));
    assert_eq!(
        app.text(&format!("SELECT concat_ws('|', city, title, notes) FROM contacts WHERE id = '{ana}'")).await,
        "Toledo|New"
    );
    assert_eq!((hanging(&app, ana).await, hanging(&app, anna).await, hanging(&app, else_where).await), (0, 2, 1));
    assert_eq!(app.count(&format!("contacts WHERE id = '{anna}' AND deleted_at IS NULL AND usage_user_id IS NULL")).await, 1);
}

#[tokio::test]
async fn of_two_merges_at_once_one_stands() {
    let app = TestApp::start().await;
    let admin = admin(&app).await;
    for round in 0..5 {
        let [a, b, c] = [0, 1, 2].map(|n| format!("ana{round}{n}"));
        let (a, b, c) = (
            contact(&app, &a, "Rojas", "", &[]).await,
            contact(&app, &b, "Rojas", "", &[]).await,
            contact(&app, &c, "Rojas", "", &[]).await,
        );
        let (first, second) = (chosen(&app, a, b, &[]).await, chosen(&app, b, c, &[]).await);
        let (first, second) = tokio::join!(merge::merge(&admin, &first), merge::merge(&admin, &second));
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        assert!(matches!(first.and(second), Err(AppError::Conflict { .. })));
        let (third, fourth) = (contact(&app, "x", "Rojas", "", &[]).await, contact(&app, "y", "Rojas", "", &[]).await);
        let (there, back) = (chosen(&app, third, fourth, &[]).await, chosen(&app, fourth, third, &[]).await);
        let (there, back) = tokio::join!(merge::merge(&admin, &there), merge::merge(&admin, &back));
        assert!(there.is_ok() != back.is_ok(), "neither swallows the other");
    }
    assert_eq!(app.count("contacts WHERE merged_into IS NOT NULL").await, 10);
    assert_eq!(app.count("contact_merges").await, 10);
    assert_eq!(app.count("contacts c JOIN contacts w ON w.id = c.merged_into WHERE w.deleted_at IS NOT NULL").await, 0);
}

#[tokio::test]
async fn who_does_not_see_both_decides_nothing() {
    let app = TestApp::start().await;
    let (sales, other) = (sign_in(&app, Role::Sales).await, sign_in(&app, Role::Sales).await);
    let (own, their) = (sales.id.to_string(), other.id.to_string());
    let ana = contact(&app, "Ana", "Rojas", "ana.rojas@acme.es", &[("owner_id", &own)]).await;
    let anna = contact(&app, "Ana", "Rojas", "ana.rojas@acme.es", &[("owner_id", &their)]).await;
    look_at_all(&app).await;
    let admin = admin(&app).await;
    let pair = queue(&admin).await[0].id;
    let sales = ctx(&app, Role::Sales, &sales);
    assert!(queue(&sales).await.is_empty());
    assert_eq!(duplicates::pair(&sales, pair).await, Err(AppError::NotFound));
    assert_eq!(duplicates::keep_apart(&sales, pair).await, Err(AppError::NotFound));
    let merge = chosen(&app, ana, anna, &[]).await;
    assert_eq!(merge::merge(&sales, &merge).await, Err(AppError::NotFound));
    let viewer = sign_in(&app, Role::Viewer).await;
    assert_eq!(merge::merge(&ctx(&app, Role::Viewer, &viewer), &merge).await, Err(AppError::Forbidden));
    let id = merge::merge(&admin, &merge).await.unwrap();
    assert_eq!(merge::undo(&sales, id).await, Err(AppError::NotFound));
    let seen = app.count("contact_keys").await;
    assert!(seen > 0);
    let mut tx = sales.begin().await.unwrap();
    let keys: i64 = sqlx::query_scalar("SELECT count(*) FROM contact_keys").fetch_one(&mut *tx).await.unwrap();
    assert_eq!(keys, 0, "keys are the system's");
}

#[tokio::test]
async fn a_merge_of_what_was_changed_meanwhile_is_refused() {
    let app = TestApp::start().await;
    let admin = admin(&app).await;
    let (ana, anna) = (contact(&app, "Ana", "Rojas", "", &[]).await, contact(&app, "Anna", "Rojas", "", &[]).await);
    let merge = chosen(&app, ana, anna, &[]).await;
    app.as_owner(&format!("UPDATE contacts SET version = version + 1 WHERE id = '{anna}'")).await;
    assert!(matches!(merge::merge(&admin, &merge).await, Err(AppError::Conflict { .. })));
    let oneself = chosen(&app, ana, ana, &[]).await;
    assert!(matches!(merge::merge(&admin, &oneself).await, Err(AppError::Invalid { .. })));
    assert_eq!(app.count("contact_merges").await, 0);
}

#[tokio::test]
async fn the_pages_show_merge_and_undo_without_a_script() {
    let app = TestApp::start().await;
    let admin = sign_in(&app, Role::Admin).await;
    contact(&app, "Ana", "Rojas", "ana.rojas@acme.es", &[("city", "<b>Madrid</b>")]).await;
    let anna = contact(&app, "Anna", "Rojas", "ana.rojas@acme.es", &[]).await;
    look_at_all(&app).await;
    let client = app.client_with(&admin.cookie);
    let get = async |path: &str| client.get(app.url(path)).send().await.unwrap().text().await.unwrap();
    let page = get("/duplicates").await;
    assert!(page.contains("Ana Rojas") && page.contains("Anna Rojas") && page.contains("&lt;b&gt;Madrid"), "{page}");
    let id = app.text("SELECT id::text FROM duplicate_pairs").await;
    let page = get(&format!("/duplicates/merge?pair={id}&keep={anna}")).await;
    assert!(page.contains("name=\"winner_version\"") && page.contains("name=\"first_name\""), "{page}");
    let post = async |path: &str, fields: &[(&str, &str)]| {
        client.post(app.url(path)).header("sec-fetch-site", "same-origin").form(&fields.to_vec()).send().await.unwrap()
    };
    let keep = anna.to_string();
    let form = [
        ("do", "merge"),
        ("pair", &id),
        ("keep", &keep),
        ("winner_version", "1"),
        ("loser_version", "1"),
        ("city", "loser"),
        ("first_name", "winner"),
    ];
    // The one who stays is one of the two.
    let stranger = contact(&app, "Zoe", "Gil", "", &[]).await.to_string();
    let mut wrong = form;
    wrong[2].1 = &stranger;
    assert_eq!(post("/duplicates/merge", &wrong).await.status(), 404);
    let answer = post(&format!("/duplicates/merge?pair={id}&keep={anna}"), &form).await;
    assert!(answer.status().is_success() || answer.status().is_redirection(), "{}", answer.status());
    assert_eq!(
        app.text(&format!("SELECT first_name || ' ' || city FROM contacts WHERE id = '{anna}'")).await,
        "Anna <b>Madrid</b>"
    );
    let merged = app.text("SELECT id::text FROM contact_merges").await;
    let page = get(&format!("/duplicates?merged={merged}")).await;
    assert!(page.contains("name=\"merge\""), "{page}");
    let answer = post("/duplicates", &[("do", "undo"), ("merge", &merged)]).await;
    assert!(answer.status().is_success(), "{}", answer.status());
    assert_eq!(app.count("contacts WHERE deleted_at IS NULL").await, 3);
}
