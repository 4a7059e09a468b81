//! Contacts and companies: lists, forms, scopes, and what two people do at once.

use nexus_crm::{
    domain::{
        contact::query::{CONTACT_FIELDS, ListQuery},
        people::Role,
        time::Zone,
    },
    features::contacts::list,
};
use reqwest::Response;
use uuid::Uuid;

use crate::support::{
    TestApp, event,
    http::Answer,
    people::{Somebody, sign_in},
};

async fn send(app: &TestApp, who: Option<&Somebody>, path: &str, fields: &[(&str, &str)]) -> Response {
    let client = who.map_or_else(|| app.client.clone(), |who| app.client_with(&who.cookie));
    client.post(app.url(path)).form(fields).send().await.unwrap()
}

async fn page(app: &TestApp, who: Option<&Somebody>, path: &str) -> String {
    let client = who.map_or_else(|| app.client.clone(), |who| app.client_with(&who.cookie));
    let response = client.get(app.url(path)).header("accept", "text/html").send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.text().await.unwrap()
}

/// Adds a contact; gives its address.
async fn add(app: &TestApp, who: Option<&Somebody>, fields: &[(&str, &str)]) -> String {
    let fields: Vec<_> = [("do", "create")].iter().chain(fields).copied().collect();
    let made = send(app, who, "/contacts/new", &fields).await;
    let place = went(&made);
    place.split('?').next().unwrap().to_owned()
}

/// Where a form that was taken leads.
fn went(response: &Response) -> String {
    assert_eq!(response.status(), 303);
    response.headers()["location"].to_str().unwrap().to_owned()
}

/// The ids of the lines of a list, in their order.
fn lines(page: &str) -> Vec<&str> {
    page.split("data-full=\"/contacts/").skip(1).map(|part| &part[..36]).collect()
}

/// Where the next page of a list is.
fn next(page: &str) -> Option<String> {
    let (_, link) = page.split_once("rel=\"next\" href=\"")?;
    Some(link.split('"').next()?.replace("&amp;", "&"))
}

fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

#[tokio::test]
async fn a_contact_is_added_with_its_company_and_told_of() {
    let app = TestApp::start().await;
    let fields = [
        ("first_name", " Mariana "),
        ("last_name", "Solís"),
        ("email", "Mariana@CentroSol.co"),
        ("phone", "+57 310 555 0148"),
        ("company", "Centro Sol"),
        ("birthday", "1988-02-29"),
        ("tags", "VIP, clínica, vip"),
        ("notes", "<script>alert(1)</script>\nsegunda línea"),
    ];
    let path = add(&app, None, &fields).await;
    let stored = app
        .text("SELECT concat_ws('|', first_name, last_name, email, birthday, lifecycle, k.tags, c.name) FROM contacts k JOIN companies c ON c.id = k.company_id")
        .await;
    assert_eq!(stored, "Mariana|Solís|mariana@centrosol.co|1988-02-29|prospect|{VIP,clínica}|Centro Sol");
    let shown = page(&app, None, &path).await;
    assert!(shown.contains("Mariana Solís") && shown.contains("&lt;script&gt;alert(1)"), "{shown}");
    assert!(!shown.contains("<script>alert(1)"));
    assert!(shown.contains("Feb 29, 1988") || shown.contains("29"), "the day does not shift");
    // The same company, whatever its case and accents.
    add(&app, None, &[("first_name", "José"), ("company", "CENTRO SÓL")]).await;
    assert_eq!(app.count("companies").await, 1);
    let events = app.texts("SELECT event FROM journal WHERE event LIKE 'co%_created' ORDER BY id").await;
    assert_eq!(events, ["company_created", "contact_created", "contact_created"]);
}

#[tokio::test]
async fn bad_input_names_each_field_and_keeps_what_was_typed() {
    let app = TestApp::start().await;
    let fields = [
        ("do", "create"),
        ("first_name", "Ana"),
        ("email", "no"),
        ("phone", "call me"),
        ("birthday", "2027-02-29"),
        ("notes", "long\ntext"),
    ];
    let refused = send(&app, None, "/contacts/new", &fields).await;
    assert_eq!(refused.status(), 422);
    let shown = refused.text().await.unwrap();
    for name in ["email", "phone", "birthday"] {
        assert!(shown.contains(&format!("create-{name}-fault")), "{name}");
    }
    assert!(shown.contains(r#"value="call me""#) && shown.contains("long\ntext"));
    assert_eq!(app.count("contacts").await, 0);
    for (field, value) in [("owner", Uuid::now_v7().to_string()), ("custom.none", "1".into()), ("first_name", "a\u{0}b".into())] {
        let sent = send(&app, None, "/contacts/new", &[("do", "create"), ("last_name", "X"), (field, &value)]).await;
        assert!(sent.status() == 422 || field.starts_with("custom"), "{field}: {}", sent.status());
    }
}

#[tokio::test]
async fn two_people_change_one_contact_and_neither_loses_a_word() {
    let app = TestApp::start().await;
    let path = add(&app, None, &[("first_name", "Ana"), ("city", "Bogotá"), ("title", "CEO"), ("notes", "uno")]).await;
    let opened = [("was.city", "Bogotá"), ("was.title", "CEO"), ("was.notes", "uno"), ("do", "change")];
    let edit = |changes: &[(&'static str, &'static str)]| opened.iter().copied().chain(changes.iter().copied()).collect::<Vec<_>>();
    let first = edit(&[("city", "Medellín"), ("title", "CEO"), ("notes", "uno")]);
    assert_eq!(send(&app, None, &path, &first).await.status(), 303);
    // The second has the form of before open, and changes something else: both stand.
    let second = edit(&[("city", "Bogotá"), ("title", "CTO"), ("notes", "uno")]);
    assert_eq!(send(&app, None, &path, &second).await.status(), 303);
    assert_eq!(app.text("SELECT concat_ws(' ', city, title) FROM contacts").await, "Medellín CTO");
    // The third changes what the first changed: told, with both words, and nothing of the form is lost.
    let third = edit(&[("city", "Cali"), ("title", "CEO"), ("notes", "uno y dos")]);
    let refused = send(&app, None, &path, &third).await;
    assert_eq!(refused.status(), 422);
    let shown = refused.text().await.unwrap();
    assert!(shown.contains("Medellín") && shown.contains(r#"value="Cali""#) && shown.contains("uno y dos"), "{shown}");
    assert!(shown.contains(r#"name="was.city" value="Medellín""#), "sent again, it stands");
    assert_eq!(app.text("SELECT concat_ws(' ', city, title, notes) FROM contacts").await, "Medellín CTO uno");
    let again = [("do", "change"), ("was.city", "Medellín"), ("city", "Cali"), ("was.notes", "uno"), ("notes", "uno y dos")];
    assert_eq!(send(&app, None, &path, &again).await.status(), 303);
    assert_eq!(app.text("SELECT concat_ws(' ', city, notes) FROM contacts").await, "Cali uno y dos");
    let told = app
        .text("SELECT (body->'fields'->'city')::text FROM journal WHERE event = 'contact_changed' ORDER BY id DESC LIMIT 1")
        .await;
    assert_eq!(told, r#"["Medellín", "Cali"]"#);
}

#[tokio::test]
async fn a_list_finds_across_accents_beginnings_and_mistakes() {
    let app = TestApp::start().await;
    let solis = add(
        &app,
        None,
        &[("first_name", "Mariana"), ("last_name", "Solís"), ("company", "Centro Sol"), ("phone", "+57 310 555-0148")],
    )
    .await;
    let zuniga = add(&app, None, &[("first_name", "Íñigo"), ("last_name", "Zúñiga"), ("email", "izuniga@norte.example")]).await;
    for (search, found) in [
        ("solis", &solis),
        ("MARIANA sol", &solis),
        ("centro", &solis),
        ("3105550148", &solis),
        ("zúñ", &zuniga),
        ("in", &zuniga),
        ("norte.example", &zuniga),
        ("marriana", &solis),
        ("Zuñgia", &zuniga),
    ] {
        let shown = page(&app, None, &format!("/contacts?q={}", search.replace(' ', "+"))).await;
        assert_eq!(lines(&shown), [id(found)], "{search}");
    }
    for search in ["%25", "_", "%5C", "%27%3B--", "xyzxyz"] {
        assert!(lines(&page(&app, None, &format!("/contacts?q={search}")).await).is_empty(), "{search}");
    }
}

#[tokio::test]
async fn conditions_stand_in_for_each_other_in_a_group_and_add_up_across_groups() {
    let app = TestApp::start().await;
    let add = |name: &'static str, city: &'static str, lifecycle: &'static str, tags: &'static str| {
        let app = &app;
        async move {
            add(
                app,
                None,
                &[("first_name", name), ("city", city), ("lifecycle", lifecycle), ("tags", tags), ("birthday", "1990-06-15")],
            )
            .await
        }
    };
    let ana = add("Ana", "Bogotá", "customer", "VIP").await;
    let bea = add("Bea", "Cali", "prospect", "").await;
    let eva = add("Eva", "Bogotá", "prospect", "").await;
    let (ana, bea, eva) = (id(&ana), id(&bea), id(&eva));
    let cases: [(&str, &[&str]); 11] = [
        ("if=0~city~is~bogota", &[ana, eva]),
        ("if=0~city~is~Bogotá&if=1~lifecycle~is~customer", &[ana]),
        ("if=0~city~is~Cali&if=0~tag~is~VIP", &[ana, bea]),
        ("if=0~tag~empty", &[bea, eva]),
        ("if=0~city~not~Cali&if=1~tag~not~VIP", &[eva]),
        ("if=0~owner~is~me", &[]),
        ("if=0~owner~is~nobody", &[ana, bea, eva]),
        ("if=0~birthday~under~1990-06-16&if=1~birthday~over~1990-06-14", &[ana, bea, eva]),
        ("if=0~birthday~is~1990-06-14", &[]),
        ("if=0~created~over~2199-01-01", &[]),
        ("field=lifecycle&op=is&value=Customer&group=0", &[ana]),
    ];
    for (query, found) in cases {
        assert_eq!(lines(&page(&app, None, &format!("/contacts?{query}")).await), found, "{query}");
    }
    let odd = page(&app, None, "/contacts?if=0~secret~is~1").await;
    assert!(odd.contains("makes no sense") && lines(&odd).len() == 3, "what means nothing is said to");
}

#[tokio::test]
async fn a_filter_is_made_by_what_it_is_about_and_no_address_breaks_a_list() {
    let app = TestApp::start().await;
    add(&app, None, &[("first_name", "Ana"), ("lifecycle", "customer")]).await;
    let menu = page(&app, None, "/contacts?q=ana&pick=lifecycle").await;
    assert!(menu.contains(r#"<option value="customer">"#) && !menu.contains(r#"<option value="under">"#), "{menu}");
    assert!(page(&app, None, "/contacts?pick=birthday").await.contains(r#"type="date" name="value""#));
    assert!(!page(&app, None, "/contacts?pick=password").await.contains(r#"name="value""#));
    let once = page(&app, None, "/contacts?cols=email,email,city,email").await;
    assert_eq!(once.matches("<th scope=\"col\"").count(), 4, "the box, the name and two columns: {once}");
    let far = Uuid::nil();
    for place in [
        format!("/contacts?sort=created&after=-262143-01-01T00:00:00Z~{far}"),
        format!("/contacts?bin=1&after=-9999-01-01T00:00:00Z~{far}"),
        format!("/companies?sort=updated&after=%2B262142-12-31T00:00:00Z~{far}"),
        format!("/contacts?after={}~{far}", "%E5%A5%BD".repeat(200)),
    ] {
        page(&app, None, &place).await;
    }
}

#[tokio::test]
async fn the_palette_finds_what_one_sees() {
    let app = TestApp::start().await;
    let (sales, other) = (sign_in(&app, Role::Sales).await, sign_in(&app, Role::Sales).await);
    let owner = sales.id.to_string();
    let path =
        add(&app, Some(&sales), &[("first_name", "Mariana"), ("last_name", "Solís"), ("company", "Sol & Mar"), ("owner", &owner)])
            .await;
    app.as_owner(&format!("UPDATE companies SET owner_id = '{owner}'")).await;
    app.meter(&event("marisol")).await;
    let find = async |who: &Somebody, text: &str| {
        let body = serde_json::json!({ "text": text }).to_string();
        let request = app.client_with(&who.cookie).post(app.url("/api/find")).header("content-type", "application/json").body(body);
        let answer = Answer::read(request.send().await.unwrap()).await.ok();
        let found = answer.as_array().unwrap().clone();
        found.iter().map(|it| format!("{} {}", it["kind"].as_str().unwrap(), it["href"].as_str().unwrap())).collect::<Vec<_>>()
    };
    let company = app.text("SELECT id::text FROM companies").await;
    assert_eq!(find(&sales, "SOLIS").await, [format!("c {path}")]);
    assert_eq!(
        find(&sales, "sol").await,
        [format!("c {path}"), format!("b /companies/{company}"), "u /usage/users/marisol".to_owned()]
    );
    assert_eq!(find(&other, "sol").await, ["u /usage/users/marisol"]);
    for nothing in [" ", "%", "\0", &"x".repeat(101)] {
        assert_eq!(find(&sales, nothing).await.iter().filter(|it| !it.starts_with('u')).count(), 0, "{nothing:?}");
    }
}

#[tokio::test]
async fn a_long_list_is_read_page_by_page_without_a_gap() {
    let app = TestApp::start().await;
    app.as_owner("INSERT INTO contacts (id, first_name, created_at, updated_at) SELECT gen_random_uuid(), 'n' || g % 7, now() - g % 5 * interval '1 day', now() - g % 3 * interval '1 day' FROM generate_series(1, 120) g").await;
    for sort in ["name", "-name", "updated", "created"] {
        let mut seen = Vec::new();
        let mut place = format!("/contacts?sort={sort}");
        loop {
            let shown = page(&app, None, &place).await;
            seen.extend(lines(&shown).into_iter().map(str::to_owned));
            let Some(next) = next(&shown) else { break };
            place = next;
        }
        let all: std::collections::HashSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), all.len()), (120, 120), "{sort}");
    }
}

#[tokio::test]
async fn many_are_changed_at_once_and_back() {
    let app = TestApp::start().await;
    let mut ids = Vec::new();
    for name in ["Ana", "Bea", "Eva"] {
        ids.push(id(&add(&app, None, &[("first_name", name), ("tags", "old")]).await).to_owned());
    }
    let undo_of = |response: &Response| went(response).split("undo=").nth(1).map(|rest| rest[..36].to_owned());
    let tagged =
        send(&app, None, "/contacts", &[("do", "bulk"), ("what", "tag"), ("tag", "new"), ("id", &ids[0]), ("id", &ids[1])]).await;
    let undo = undo_of(&tagged).unwrap();
    assert_eq!(app.texts("SELECT tags::text FROM contacts ORDER BY first_name").await, ["{old,new}", "{old,new}", "{old}"]);
    // One of them is changed meanwhile; it keeps that.
    send(&app, None, &format!("/contacts/{}", ids[1]), &[("do", "change"), ("was.tags", "old, new"), ("tags", "old, new, third")])
        .await;
    let undone = send(&app, None, "/contacts", &[("do", "undo"), ("change", &undo)]).await;
    assert!(went(&undone).contains("undone=1&kept=1"));
    assert_eq!(app.texts("SELECT tags::text FROM contacts ORDER BY first_name").await, ["{old}", "{old,new,third}", "{old}"]);
    assert_eq!(send(&app, None, "/contacts", &[("do", "undo"), ("change", &undo)]).await.status(), 404, "once");

    let deleted = send(&app, None, "/contacts", &[("do", "bulk"), ("what", "delete"), ("all", "1"), ("query", "sort=-name")]).await;
    assert_eq!(app.number("SELECT count(*) FROM contacts WHERE deleted_at IS NOT NULL").await, 3);
    assert!(lines(&page(&app, None, "/contacts").await).is_empty());
    assert_eq!(lines(&page(&app, None, "/contacts?bin=1").await).len(), 3);
    send(&app, None, "/contacts", &[("do", "undo"), ("change", &undo_of(&deleted).unwrap())]).await;
    assert_eq!(lines(&page(&app, None, "/contacts").await).len(), 3);

    // From the bin, some at once, and back into it.
    send(&app, None, "/contacts", &[("do", "bulk"), ("what", "delete"), ("all", "1"), ("query", "")]).await;
    let restore = [("do", "bulk"), ("what", "restore"), ("id", &ids[0]), ("id", &ids[2]), ("query", "bin=1")];
    let restored = send(&app, None, "/contacts", &restore).await;
    assert!(went(&restored).contains("did=restore&n=2"));
    assert_eq!(app.texts("SELECT first_name FROM contacts WHERE deleted_at IS NULL ORDER BY 1").await, ["Ana", "Eva"]);
    send(&app, None, "/contacts", &[("do", "undo"), ("change", &undo_of(&restored).unwrap())]).await;
    assert_eq!(app.number("SELECT count(*) FROM contacts WHERE deleted_at IS NOT NULL").await, 3);
    send(&app, None, "/contacts", &[("do", "bulk"), ("what", "restore"), ("all", "1"), ("query", "bin=1")]).await;

    for (fields, code) in [
        (vec![("what", "delete")], "none"),
        (vec![("what", "tag"), ("id", ids[0].as_str()), ("tag", " ")], "required"),
        (vec![("what", "assign"), ("id", ids[0].as_str()), ("owner", "somebody")], "unknown"),
        (vec![("what", "explode"), ("id", ids[0].as_str())], "unknown"),
    ] {
        let fields: Vec<_> = [("do", "bulk")].into_iter().chain(fields).collect();
        assert_eq!(send(&app, None, "/contacts", &fields).await.status(), 422, "{code}");
    }
}

#[tokio::test]
async fn sales_people_see_and_change_what_is_theirs_or_nobodys() {
    let app = TestApp::start().await;
    let (sales, other, viewer) =
        (sign_in(&app, Role::Sales).await, sign_in(&app, Role::Sales).await, sign_in(&app, Role::Viewer).await);
    let (mine, others) = (sales.id.to_string(), other.id.to_string());
    let own = add(&app, Some(&sales), &[("first_name", "Own"), ("owner", &mine)]).await;
    let free = add(&app, Some(&sales), &[("first_name", "Free"), ("owner", "")]).await;
    let theirs = add(&app, None, &[("first_name", "Theirs"), ("owner", &others), ("company", "Shared")]).await;
    assert_eq!(lines(&page(&app, Some(&sales), "/contacts").await), [id(&free), id(&own)]);
    assert_eq!(lines(&page(&app, Some(&other), "/contacts").await), [id(&free), id(&theirs)]);
    assert_eq!(lines(&page(&app, Some(&viewer), "/contacts").await).len(), 3);
    let there = app.client_with(&sales.cookie).get(app.url(&theirs)).header("accept", "text/html").send().await.unwrap();
    assert!(!there.text().await.unwrap().contains("Theirs"));
    assert_eq!(send(&app, Some(&sales), &theirs, &[("do", "delete")]).await.status(), 404);
    let bulk = [("do", "bulk"), ("what", "delete"), ("id", id(&theirs))];
    send(&app, Some(&sales), "/contacts", &bulk).await;
    assert_eq!(app.number("SELECT count(*) FROM contacts WHERE deleted_at IS NOT NULL").await, 0);
    assert_eq!(send(&app, Some(&viewer), &own, &[("do", "delete")]).await.status(), 403);
    assert_eq!(send(&app, Some(&viewer), "/contacts", &[("do", "bulk"), ("what", "delete"), ("id", id(&own))]).await.status(), 403);
    // Handed over to somebody whose contacts one does not see.
    let given = send(&app, Some(&sales), &own, &[("do", "change"), ("was.owner", &mine), ("owner", &others)]).await;
    assert!(went(&given).starts_with("/contacts?"));
    assert_eq!(lines(&page(&app, Some(&sales), "/contacts").await), [id(&free)]);
    assert_eq!(app.text("SELECT owner_id::text FROM contacts WHERE first_name = 'Own'").await, others);
}

#[tokio::test]
async fn fields_of_ones_own_are_asked_for_checked_shown_and_filtered_by() {
    let app = TestApp::start().await;
    for (label, kind, choices, currency) in [
        ("Sedes", "number", "", ""),
        ("Presupuesto", "money", "", "usd"),
        ("Plan", "choice", "Básico\nPleno", ""),
        ("Activo", "yes_no", "", ""),
    ] {
        let fields =
            [("do", "add"), ("entity", "contact"), ("label", label), ("kind", kind), ("choices", choices), ("currency", currency)];
        assert_eq!(send(&app, None, "/admin/fields", &fields).await.status(), 200, "{label}");
    }
    assert_eq!(app.texts("SELECT key FROM custom_fields ORDER BY position").await, ["sedes", "presupuesto", "plan", "activo"]);
    let twice = [("do", "add"), ("entity", "contact"), ("label", "SEDES"), ("kind", "text"), ("choices", ""), ("currency", "")];
    assert_eq!(send(&app, None, "/admin/fields", &twice).await.status(), 422);
    let values = [
        ("first_name", "Ana"),
        ("custom.sedes", "2,5"),
        ("custom.presupuesto", "3.997,50"),
        ("custom.plan", "Pleno"),
        ("custom.activo", "yes"),
    ];
    let path = add(&app, None, &values).await;
    assert_eq!(
        app.text("SELECT custom::text FROM contacts").await,
        r#"{"plan": "Pleno", "sedes": 2.5, "activo": true, "presupuesto": 399750}"#
    );
    let shown = page(&app, None, &path).await;
    assert!(shown.contains("3,997.50") && shown.contains("Sedes"), "{shown}");
    for (query, found) in [
        ("if=0~custom.sedes~over~2", 1),
        ("if=0~custom.sedes~over~3", 0),
        ("if=0~custom.plan~is~Pleno", 1),
        ("if=0~custom.activo~is~yes", 1),
        ("if=0~custom.activo~is~no", 0),
        ("field=custom.presupuesto&op=over&value=3.000&group=0", 1),
        ("if=0~custom.plan~empty", 0),
    ] {
        assert_eq!(lines(&page(&app, None, &format!("/contacts?{query}")).await).len(), found, "{query}");
    }
    let bad = [("do", "change"), ("was.custom.plan", "Pleno"), ("custom.plan", "Otro")];
    assert_eq!(send(&app, None, &path, &bad).await.status(), 422);
    // A retired field is no longer asked for, and keeps what it has.
    let field = app.text("SELECT id::text FROM custom_fields WHERE key = 'sedes'").await;
    let retire =
        [("do", "change"), ("entity", "contact"), ("field", field.as_str()), ("version", "1"), ("label", "Sedes"), ("choices", "")];
    assert_eq!(send(&app, None, "/admin/fields", &retire).await.status(), 200);
    assert_eq!(send(&app, None, &path, &[("do", "change"), ("was.city", ""), ("city", "Cali")]).await.status(), 303);
    assert_eq!(app.text("SELECT custom->>'sedes' FROM contacts").await, "2.5");
    let sales = sign_in(&app, Role::Sales).await;
    assert_eq!(send(&app, Some(&sales), "/admin/fields", &twice).await.status(), 403);
}

#[tokio::test]
async fn a_view_is_saved_for_oneself_or_for_everybody() {
    let app = TestApp::start().await;
    let (sales, other) = (sign_in(&app, Role::Sales).await, sign_in(&app, Role::Sales).await);
    let view = |name: &'static str, shared: bool| {
        let mut fields = vec![("do", "view"), ("name", name), ("query", "if=0~city~is~Cali&cols=city")];
        fields.extend(shared.then_some(("shared", "on")));
        fields
    };
    assert_eq!(send(&app, Some(&sales), "/contacts", &view("Caleños", false)).await.status(), 303);
    assert_eq!(send(&app, Some(&sales), "/contacts", &view("De todos", true)).await.status(), 303);
    assert_eq!(send(&app, Some(&sales), "/contacts", &view("caleños", false)).await.status(), 422, "the name is taken");
    let (own, others) = (page(&app, Some(&sales), "/contacts").await, page(&app, Some(&other), "/contacts").await);
    assert!(own.contains("Caleños") && own.contains("De todos"));
    assert!(!others.contains("Caleños") && others.contains("De todos"));
    let id = app.text("SELECT id::text FROM saved_views WHERE shared").await;
    assert_eq!(send(&app, Some(&other), "/contacts", &[("do", "forget_view"), ("view", &id)]).await.status(), 404);
    assert_eq!(send(&app, Some(&sales), "/contacts", &[("do", "forget_view"), ("view", &id)]).await.status(), 303);
    assert_eq!(app.count("saved_views").await, 1);
}

#[tokio::test]
async fn a_contact_is_linked_to_the_user_who_goes_by_its_address() {
    let app = TestApp::start().await;
    app.meter(&event("Ana@ngx.example")).await;
    let path = add(&app, None, &[("first_name", "Ana"), ("email", "ana@ngx.example")]).await;
    add(&app, None, &[("first_name", "Double"), ("email", "ana@ngx.example")]).await;
    nexus_crm::flows::maintenance::once(&app.ctx()).await.unwrap();
    assert_eq!(
        app.texts("SELECT first_name FROM contacts WHERE usage_user_id = 'Ana@ngx.example'").await,
        ["Ana"],
        "the first, and no other"
    );
    let shown = page(&app, None, &path).await;
    assert!(shown.contains("/usage/users/Ana%40ngx.example"), "{shown}");
    let taken = [("do", "create"), ("first_name", "Third"), ("usage_user_id", "Ana@ngx.example")];
    assert_eq!(send(&app, None, "/contacts/new", &taken).await.status(), 422);
}

#[tokio::test]
async fn the_timeline_tells_of_everything_in_its_order() {
    let app = TestApp::start().await;
    app.meter(&event("ana")).await;
    let path = add(&app, None, &[("first_name", "Ana"), ("usage_user_id", "ana")]).await;
    let ana = id(&path);
    app.as_owner(&format!(
        "INSERT INTO interactions (id, kind, direction, at, duration_s, subject, body, sentiment, contact_id, created_at, updated_at)
         SELECT gen_random_uuid(), (ARRAY['call', 'email', 'note'])[1 + g % 3], 'out', now() - g * interval '1 hour', 60, 'Nr ' || g, '<b>bold</b>', 'positive', '{ana}', now(), now()
         FROM generate_series(1, 90) g"
    ))
    .await;
    let mut seen = 0;
    let mut place = path.clone();
    loop {
        let shown = page(&app, None, &place).await;
        assert!(!shown.contains("<b>bold"));
        seen += shown.matches("class=\"moment-mark").count();
        let Some(next) = next(&shown) else { break };
        place = next;
    }
    // 90 interactions, the contact's making, its first use of an agent.
    assert_eq!(seen, 92);
    let calls = page(&app, None, &format!("{path}?part=calls")).await;
    assert_eq!(calls.matches("class=\"moment-mark").count(), 30);
    for far in ["-262143-01-01T00:00:00Z~x", "+262142-01-01T00:00:00Z~x", "x"] {
        page(&app, None, &format!("{path}?before={far}")).await;
    }
    // A company's tells of its people.
    let made = went(&send(&app, None, "/companies/new", &[("do", "create"), ("name", "Acme")]).await);
    let company = id(made.split('?').next().unwrap());
    app.as_owner(&format!("UPDATE contacts SET company_id = '{company}' WHERE id = '{ana}'")).await;
    let notes = page(&app, None, &format!("/companies/{company}?part=notes")).await;
    assert_eq!(notes.matches("class=\"moment-mark").count(), 30);
    assert!(notes.contains(&format!("href=\"/contacts/{ana}\"")));
}

#[tokio::test]
async fn no_list_reads_a_whole_table() {
    let app = TestApp::start().await;
    app.as_owner(
        "INSERT INTO contacts (id, first_name, last_name, email, city, tags, created_at, updated_at)
         SELECT gen_random_uuid(), 'Name' || g % 997, 'Last' || g, 'k' || g || '@x' || g % 991 || '.example', 'City' || g % 50,
             CASE WHEN g % 1000 = 0 THEN ARRAY['rare'] ELSE '{}' END, now() - g * interval '1 minute', now() - g * interval '1 minute'
         FROM generate_series(1, 100000) g;
         ANALYZE contacts",
    )
    .await;
    let sales = sign_in(&app, Role::Sales).await;
    for who in [None, Some(&sales)] {
        let ctx = match who {
            None => app.ctx(),
            Some(who) => crate::scope::ctx(&app, Role::Sales, who, None),
        };
        for query in [
            "",
            "q=last54321",
            "q=la+k5432",
            "q=ab",
            "if=0~tag~is~rare",
            "sort=-name",
            "sort=updated",
            "sort=created",
            "if=0~owner~is~me",
            "bin=1",
        ] {
            let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
            let list = ListQuery::parse(CONTACT_FIELDS, &pairs);
            let plan = list::contacts_plan(&ctx, &list, &Zone::utc()).await.unwrap();
            // Nothing is read where nothing can be: a program owns no contact.
            if plan.iter().any(|line| line.contains("One-Time Filter: false")) {
                continue;
            }
            let whole: Vec<_> = plan.iter().filter(|line| line.contains("Seq Scan on contacts")).collect();
            // Counting stops after ten thousand, and reads whatever lies first.
            let counted = plan.iter().position(|line| line.starts_with("Aggregate")).unwrap_or(plan.len());
            let listed = plan.iter().take(counted).any(|line| line.contains("Seq Scan on contacts"));
            assert!(!listed && whole.len() <= usize::from(!list.is_narrowed()), "{query}: {}", plan.join("\n"));
        }
    }
}
