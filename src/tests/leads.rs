//! Leads: captured by programs and by hand, merged, scored, handed out, worked on and converted.

use chrono::TimeDelta;
use nexus_crm::{
    domain::{
        AppError,
        crm::LeadId,
        lead::{LeadStatus, Scorecard, assign::Seniority},
        people::{KeyScope, Role, UserId},
    },
    features::leads::{assign, capture, change, read, scorecard},
    flows::{self, conversion},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    TestApp,
    http::{Answer, send},
    noon,
    people::{self, Somebody},
    with,
};

/// A lead of business software.
fn maria() -> Value {
    json!({
        "name": "María García",
        "email": "maria.garcia@techcorp.com",
        "company": "TechCorp Solutions",
        "phone": "+57 300 123 4567",
        "message": "Necesitamos una solución para automatizar nuestros procesos de facturación. Somos una empresa de 50 empleados y manejamos 200+ clientes mensuales.",
        "source": "website_contact_form",
        "timestamp": "2024-11-11T10:30:00Z"
    })
}

/// Somebody whom the default scorecard gives so many points.
fn scored(name: &str, points: i32) -> Value {
    let lead = json!({"name": name, "email": format!("{name}@x.example"), "visited_pricing": true, "downloaded_content": true, "source": "referral"});
    match points {
        60 => lead,
        80 => with(lead, json!({"company_size": "mid-market"})),
        _ => json!({"name": name, "email": format!("{name}@x.example")}),
    }
}

async fn post(app: &TestApp, key: &str, idempotency: Option<&str>, body: impl Into<String>) -> Answer {
    let mut request = reqwest::Client::new()
        .post(app.url("/api/leads/capture"))
        .bearer_auth(key)
        .header("content-type", "application/json")
        .body(body.into());
    if let Some(idempotency) = idempotency {
        request = request.header("idempotency-key", idempotency);
    }
    send(request).await
}

async fn captured(app: &TestApp, sent: &Value) -> LeadId {
    capture::receive(&app.ctx(), sent, None).await.unwrap().id
}

async fn seller(app: &TestApp, seniority: Seniority, capacity: i32) -> Somebody {
    let somebody = people::sign_in(app, Role::Sales).await;
    assign::set_part(&app.ctx(), UserId(somebody.id), Some((seniority, capacity))).await.unwrap();
    somebody
}

#[tokio::test]
async fn a_program_captures_a_lead_once() {
    let app = TestApp::start().await;
    let key = people::key(&app, &[KeyScope::LeadsWrite]).await;
    let first = post(&app, &key, Some("a-1"), maria().to_string()).await;
    assert_eq!(first.status, 201, "{}", first.text);
    assert_eq!(
        (&first.json["status"], &first.json["score"], &first.json["priority"], &first.json["segment"]),
        (&json!("created"), &json!(20), &json!("low"), &json!("mid_market_tech"))
    );
    let again = post(&app, &key, Some("a-1"), maria().to_string()).await;
    assert_eq!((again.status, &again.json["status"], &again.json["id"]), (200, &json!("duplicate"), &first.json["id"]));
    let other = post(&app, &key, Some("a-1"), with(maria(), json!({"company": "Other"})).to_string()).await.problem(422);
    assert_eq!(other.json["errors"][0]["code"], "conflict");
    // The same by a field of its own; another key of another program is another.
    let own = with(json!({"id": "form-7"}), json!({"name": "Eva", "phone": "3001112233"}));
    let ids: Vec<_> = [post(&app, &key, None, own.to_string()).await, post(&app, &key, None, own.to_string()).await]
        .iter()
        .map(|answer| answer.json["id"].clone())
        .collect();
    assert_eq!(ids[0], ids[1]);
    assert_eq!(app.count("leads").await, 2);
    assert_eq!(app.count("interactions WHERE kind = 'form' AND direction = 'in'").await, 2);
    assert_eq!(app.count("journal WHERE event = 'lead_captured'").await, 2);
    let passed = post(&app, &key, None, json!({"name": "Luis", "email": "luis@x.example", "shoe_size": 42}).to_string()).await;
    assert_eq!(passed.json["ignored"], json!(["/shoe_size"]));
}

#[tokio::test]
async fn bad_captures_are_told_what_is_wrong() {
    let app = TestApp::start().await;
    let key = people::key(&app, &[KeyScope::LeadsWrite]).await;
    let bad = post(&app, &key, None, json!({"name": "", "email": "x", "time_on_site": "soon"}).to_string()).await.problem(422);
    let pointers: Vec<_> = bad.json["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/email", "/time_on_site", "/name"]);
    post(&app, &key, None, "{").await.problem(400);
    post(&app, &key, None, "[]").await.problem(422);
    post(&app, &key, None, format!("\"{}\"", "x".repeat(70_000))).await.problem(413);
    post(&app, &key, Some(&"k".repeat(256)), maria().to_string()).await.problem(422);
    let plain = reqwest::Client::new().post(app.url("/api/leads/capture")).bearer_auth(&key).body("x");
    send(plain).await.problem(415);
    let reader = people::key(&app, &[KeyScope::UsageRead]).await;
    post(&app, &reader, None, maria().to_string()).await.problem(403);
    post(&app, "nxs_nothing", None, maria().to_string()).await.problem(401);
    assert_eq!(app.count("leads").await, 0);
}

#[tokio::test]
async fn of_many_at_once_there_is_one() {
    let app = TestApp::start().await;
    let key = people::key(&app, &[KeyScope::LeadsWrite]).await;
    let body = maria().to_string();
    let same = futures_util::future::join_all((0..8).map(|_| post(&app, &key, Some("k"), body.clone()))).await;
    assert_eq!(same.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(same.iter().all(|answer| answer.json["id"] == same[0].json["id"]), "{same:?}");
    // The same person in other words: by the address, and by the number where no address tells them apart.
    let others = futures_util::future::join_all((0..8).map(|n| {
        let sent = match n % 4 {
            0 => json!({"name": format!("M{n}"), "email": "Eva@X.example", "message": format!("Mensaje {n}")}),
            2 => json!({"name": format!("M{n}"), "email": "eva@x.example", "message": format!("Mensaje {n}")}),
            1 => json!({"name": format!("M{n}"), "phone": "0057 310 555 1212", "message": format!("Mensaje {n}")}),
            _ => json!({"name": format!("M{n}"), "phone": "+57 (310) 555-1212", "message": format!("Mensaje {n}")}),
        };
        post(&app, &key, None, sent.to_string())
    }))
    .await;
    assert_eq!(others.iter().filter(|answer| answer.status == 201).count(), 2, "{others:?}");
    assert_eq!(app.count("leads").await, 3);
    for (which, parity) in [("email = 'eva@x.example'", 0), ("phone_key = '573105551212'", 1)] {
        assert_eq!(app.count(&format!("interactions i JOIN leads l ON l.id = i.lead_id WHERE l.{which}")).await, 4);
        let message = app.text(&format!("SELECT message FROM leads WHERE {which}")).await;
        assert!((0..8).filter(|n| n % 2 == parity).all(|n| message.contains(&format!("Mensaje {n}"))), "{message}");
    }
}

#[tokio::test]
async fn people_who_share_a_telephone_stay_two() {
    let app = TestApp::start().await;
    let alice = captured(&app, &json!({"name": "Alice", "email": "alice@x.example", "phone": "+34911222333"})).await;
    let bob = captured(&app, &json!({"name": "Bob", "title": "CTO", "email": "bob@x.example", "phone": "+34 911 222 333"})).await;
    assert_ne!(alice, bob);
    assert_eq!(
        app.texts("SELECT concat_ws('|', first_name, email, title) FROM leads ORDER BY 1").await,
        ["Alice|alice@x.example", "Bob|bob@x.example|CTO"]
    );
}

#[tokio::test]
async fn a_stranger_says_nothing_of_who_a_lead_is() {
    let app = TestApp::start().await;
    let key = people::key(&app, &[KeyScope::LeadsWrite]).await;
    let id = captured(&app, &json!({"name": "Ana", "phone": "+57 300 111 2233"})).await;
    let sent = json!({"name": "Eve", "email": "eve@evil.example", "phone": "+573001112233", "company": "Evil", "title": "CEO", "message": "Hola"});
    let merged = post(&app, &key, None, sent.to_string()).await;
    assert_eq!((merged.status, &merged.json["id"]), (200, &json!(id)));
    assert_eq!(
        app.text("SELECT concat_ws('|', first_name, email, phone, company, title, message) FROM leads").await,
        "Ana|+57 300 111 2233|Hola"
    );
    let told = app.text("SELECT body FROM interactions WHERE body IS NOT NULL").await;
    for word in ["Hola", "Eve", "eve@evil.example", "Evil", "CEO"] {
        assert!(told.contains(word), "{told}");
    }
    assert!(!app.text("SELECT string_agg(body::text, ' ') FROM journal WHERE event = 'lead_merged'").await.contains("eve@"));
    // By hand, by somebody who works on it, what is empty is filled.
    let form = [("do", "new"), ("first_name", "Ana"), ("last_name", "Paz"), ("email", "ana@x.example"), ("phone", "573001112233")];
    assert!(send(app.client.post(app.url("/leads/new")).form(&form)).await.header("location").ends_with("?done=merged"));
    assert_eq!(app.text("SELECT concat_ws('|', first_name, email) FROM leads").await, "Ana|ana@x.example");
}

#[tokio::test]
async fn a_customer_is_one_lead() {
    let app = TestApp::start().await;
    let sent = json!({"name": "Luz", "customer_id": "cus_4711", "current_plan": "Pro"});
    let id = captured(&app, &sent).await;
    assert_eq!(captured(&app, &with(sent.clone(), json!({"current_plan": "Elite"}))).await, id);
    assert_eq!(captured(&app, &with(sent.clone(), json!({"email": "luz@x.example"}))).await, id);
    assert_eq!(app.text("SELECT facts->'customer'->>'plan' FROM leads").await, "Pro", "the latest that was told");
    assert_ne!(captured(&app, &with(sent, json!({"customer_id": "cus_4712"}))).await, id);
}

#[tokio::test]
async fn who_comes_back_is_added_to_the_open_lead_and_scored_anew() {
    let app = TestApp::start().await;
    let id = captured(&app, &scored("ana", 0)).await;
    let again = json!({"name": "Ana Peña", "email": "ANA@x.example", "phone": "300 111 2233", "message": "I want a demo", "visited_pricing": true, "source": "referral"});
    let receipt = capture::receive(&app.ctx(), &again, None).await.unwrap();
    // Where she came from first stays; it was not said, so it is filled.
    assert_eq!((receipt.id, receipt.outcome, receipt.score), (id, capture::Outcome::Merged, 60));
    let (lead, history) = read::find(&app.ctx(), id).await.unwrap();
    assert_eq!((lead.data.first_name.as_str(), lead.data.phone.as_deref(), lead.version), ("ana", None, 2));
    assert!(history.iter().any(|each| each.text.contains("300 111 2233") && each.text.contains("Ana Peña")), "{history:?}");
    assert_eq!(history.iter().filter(|each| each.is_interaction).count(), 2);
    // What is lost or converted is over: a new lead begins.
    change::set_status(&app.ctx(), &[id], LeadStatus::Lost, "too small").await.unwrap();
    assert_ne!(captured(&app, &again).await, id);
}

#[tokio::test]
async fn leads_go_to_those_who_have_room_in_turn() {
    let app = TestApp::start().await;
    let (one, two) = (seller(&app, Seniority::Senior, 3).await, seller(&app, Seniority::Senior, 2).await);
    let mid = seller(&app, Seniority::Mid, 1).await;
    let mine = async |id: Uuid| app.count(&format!("leads WHERE owner_id = '{id}'")).await;
    let sent: Vec<_> = (0..9).map(|n| scored(&format!("hot{n}"), 80)).collect();
    let ctx = app.ctx();
    let all = futures_util::future::join_all(sent.iter().map(|lead| capture::receive(&ctx, lead, None))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!([mine(one.id).await, mine(two.id).await, mine(mid.id).await], [3, 2, 1], "nobody above their capacity");
    assert_eq!(app.count("leads WHERE owner_id IS NULL").await, 3);
    assert_eq!(app.count("journal WHERE event = 'lead_assigned'").await, 6);
    // Low ones stay nobody's, whoever has room.
    let newcomer = seller(&app, Seniority::Mid, 5).await;
    captured(&app, &scored("cold", 0)).await;
    assert_eq!(mine(newcomer.id).await, 0);
    captured(&app, &scored("warm", 60)).await;
    assert_eq!(mine(newcomer.id).await, 1);
    // Who cannot sign in any more is given nothing.
    app.as_owner(&format!("UPDATE users SET status = 'disabled' WHERE id = '{}'", newcomer.id)).await;
    captured(&app, &scored("warm2", 60)).await;
    assert_eq!(mine(newcomer.id).await, 1);
}

#[tokio::test]
async fn a_new_scorecard_is_followed_by_all_open_leads() {
    let app = TestApp::start().await;
    let senior = seller(&app, Seniority::Senior, 5).await;
    let id = captured(&app, &maria()).await;
    let lost = captured(&app, &scored("gone", 0)).await;
    change::set_status(&app.ctx(), &[lost], LeadStatus::Lost, "no answer").await.unwrap();
    let card = Scorecard { strong_signal: 30, ..Scorecard::default() };
    let preview = scorecard::preview(&app.ctx(), &card).await.unwrap();
    assert_eq!((preview.looked_at, preview.rescored, preview.moved), (1, 1, 1));
    assert_eq!((preview.before, preview.after), ([0, 0, 1], [1, 0, 0]));
    assert_eq!(app.number("SELECT score::bigint FROM leads WHERE status = 'new'").await, 20, "only looked at");
    scorecard::change(&app.ctx(), &card, 1).await.unwrap();
    assert!(matches!(scorecard::change(&app.ctx(), &card, 1).await, Err(AppError::Conflict { .. })));
    flows::leads::once(&app.ctx()).await.unwrap();
    let (lead, _) = read::find(&app.ctx(), id).await.unwrap();
    assert_eq!((lead.score.points, lead.card_version, lead.owner), (80, 2, Some(UserId(senior.id))), "and it is handed out");
    assert_eq!(app.number(&format!("SELECT card_version::bigint FROM leads WHERE id = '{lost}'")).await, 1, "what is over is left");
    let (stored, version, history) = scorecard::find(&app.ctx()).await.unwrap();
    assert_eq!((stored, version, history.len()), (card, 2, 1));
    for bad in [
        Scorecard { smb: 101, ..Scorecard::default() },
        Scorecard { high: 60, ..Scorecard::default() },
        Scorecard { medium: 0, ..Scorecard::default() },
        Scorecard { words: vec!["x".into()], ..Scorecard::default() },
    ] {
        assert!(matches!(scorecard::change(&app.ctx(), &bad, 2).await, Err(AppError::Invalid { .. })), "{bad:?}");
    }
    // What came without a score, such as from a file, gets one.
    app.as_owner("INSERT INTO leads (id, first_name, message, created_at, updated_at) VALUES (gen_random_uuid(), 'File', 'We need a tool', now(), now())").await;
    flows::leads::once(&app.ctx()).await.unwrap();
    assert_eq!(app.count("leads WHERE first_name = 'File' AND card_version = 2 AND profile <> '{}'").await, 1);
}

#[tokio::test]
async fn a_lead_becomes_one_contact_however_often_it_is_converted() {
    let app = TestApp::start().await;
    let id = captured(&app, &maria()).await;
    let ctx = app.ctx();
    let both = futures_util::future::join_all((0..6).map(|_| conversion::convert(&ctx, id))).await;
    let contact = both[0].clone().unwrap();
    assert!(both.iter().all(|each| each.as_ref() == Ok(&contact)), "{both:?}");
    assert_eq!((app.count("contacts").await, app.count("companies").await), (1, 1));
    assert_eq!(app.count("journal WHERE event = 'lead_converted'").await, 1);
    assert_eq!(
        app.text("SELECT concat_ws('|', first_name, last_name, email, phone, language, source) FROM contacts").await,
        "María|García|maria.garcia@techcorp.com|+57 300 123 4567|es|website_contact_form"
    );
    assert_eq!(app.count(&format!("interactions WHERE contact_id = '{contact}'")).await, 1);
    // Somebody with the same address later is the same contact, and nothing that stands there is lost.
    let later = with(maria(), json!({"name": "M. García", "phone": "+57 301 000 0000", "company": "techcorp SOLUTIONS"}));
    let later = captured(&app, &later).await;
    assert_eq!(conversion::convert(&ctx, later).await, Ok(contact));
    assert_eq!(
        app.text("SELECT concat_ws('|', first_name, phone, other_phones) FROM contacts").await,
        "María|+57 300 123 4567|{\"+57 301 000 0000\"}"
    );
    assert_eq!((app.count("contacts").await, app.count("companies").await), (1, 1));
    // Two people of a new company at once.
    let (a, b) = (
        captured(&app, &json!({"name": "A", "email": "a@new.example", "company": "New Co"})).await,
        captured(&app, &json!({"name": "B", "email": "b@new.example", "company": "new co"})).await,
    );
    let (a, b) = tokio::join!(conversion::convert(&ctx, a), conversion::convert(&ctx, b));
    assert!(a.is_ok() && b.is_ok() && a != b);
    assert_eq!((app.count("contacts").await, app.count("companies").await), (3, 2));
    // What is converted stays so, what is lost is not converted.
    assert_eq!(change::set_status(&ctx, &[id], LeadStatus::New, "").await, Ok(0));
    let lost = captured(&app, &scored("lost", 0)).await;
    change::set_status(&ctx, &[lost], LeadStatus::Lost, "no budget").await.unwrap();
    assert!(matches!(conversion::convert(&ctx, lost).await, Err(AppError::Conflict { .. })));
}

#[tokio::test]
async fn everybody_works_on_the_leads_of_their_scope() {
    let app = TestApp::start().await;
    let (sales, other, viewer) = (
        people::sign_in(&app, Role::Sales).await,
        people::sign_in(&app, Role::Sales).await,
        people::sign_in(&app, Role::Viewer).await,
    );
    let (open, others) = (captured(&app, &maria()).await, captured(&app, &scored("theirs", 0)).await);
    assign::assign(&app.ctx(), &[others], Some(UserId(other.id))).await.unwrap();
    let page = async |who: &Somebody, path: &str| send(app.client_with(&who.cookie).get(app.url(path))).await;
    let form = async |who: &Somebody, path: &str, fields: &[(&str, &str)]| {
        send(app.client_with(&who.cookie).post(app.url(path)).form(fields)).await
    };
    let list = page(&sales, "/leads").await;
    assert!(list.text.contains("María García") && !list.text.contains("theirs"), "{}", list.text);
    assert!(page(&viewer, "/leads").await.text.contains("theirs"));
    let hidden = format!("/leads/{others}");
    assert!(!page(&sales, &hidden).await.text.contains("theirs@x.example"));
    for fields in [
        [("do", "status"), ("to", "contacted"), ("reason", "")],
        [("do", "edit"), ("version", "2"), ("first_name", "Mine")],
        [("do", "assign"), ("owner", ""), ("x", "")],
    ] {
        form(&sales, &hidden, &fields).await;
        assert_eq!(form(&viewer, &hidden, &fields).await.status, 403);
    }
    assert_eq!(form(&sales, &format!("{hidden}/convert"), &[]).await.status, 404);
    assert_eq!(form(&viewer, &format!("{hidden}/convert"), &[]).await.status, 403);
    assert_eq!(
        app.text(&format!("SELECT concat_ws(' ', first_name, status, owner_id) FROM leads WHERE id = '{others}'")).await,
        format!("theirs new {}", other.id)
    );
    // One's own and nobody's can be worked on, converted, and given away.
    let path = format!("/leads/{open}");
    let ready = captured(&app, &scored("ready", 0)).await;
    let converted = form(&sales, &format!("/leads/{ready}/convert"), &[]).await;
    assert_eq!((converted.status, converted.header("location")), (303, format!("/leads/{ready}?done=converted").as_str()));
    assert!(page(&sales, &format!("/leads/{ready}")).await.text.contains("href=\"/contacts/"));
    assert_eq!(form(&sales, &path, &[("do", "status"), ("to", "contacted")]).await.status, 303);
    let given = form(&sales, &path, &[("do", "assign"), ("owner", &other.id.to_string())]).await;
    assert_eq!((given.status, given.header("location")), (303, "/leads?done=assigned&n=1"), "it is not seen any more");
    assert_eq!(app.count("journal WHERE event IN ('lead_assigned', 'lead_status_changed') AND actor = 'Test sales'").await, 2);
    for place in ["/admin/scorecard"] {
        assert_eq!(page(&sales, place).await.status, 403);
    }
}

#[tokio::test]
async fn what_two_people_change_at_once_is_not_lost() {
    let app = TestApp::start().await;
    let id = captured(&app, &maria()).await;
    let path = format!("/leads/{id}");
    let edit = async |version: &str, fields: &[(&str, &str)]| {
        let all =
            [&[("do", "edit"), ("version", version), ("first_name", "María"), ("email", "maria.garcia@techcorp.com")], fields]
                .concat();
        send(app.client.post(app.url(&path)).form(&all)).await
    };
    assert_eq!(edit("1", &[("message", "Quiero una demo para 300 empleados")]).await.status, 303);
    let (lead, _) = read::find(&app.ctx(), id).await.unwrap();
    // enterprise 30 and "demo" 15.
    assert_eq!((lead.version, lead.score.points, lead.data.last_name.as_str()), (2, 45, ""));
    let late = edit("1", &[("message", "Other")]).await;
    assert_eq!(late.status, 409);
    assert!(late.text.contains("Quiero una demo") && late.text.contains(r#"name="version" value="2""#), "{}", late.text);
    assert!(late.text.contains("Other</textarea>"), "what was typed is there again: {}", late.text);
    let bad = edit("2", &[("email", "nobody"), ("phone", "x")]).await;
    assert_eq!(bad.status, 422);
    let journal = app
        .text("SELECT body->'before'->>'message' || ' > ' || (body->'after'->>'score') FROM journal WHERE event = 'lead_changed'")
        .await;
    assert!(journal.starts_with("Necesitamos") && journal.ends_with("> 45"), "{journal}");
    let page = app.get(&path).await.text;
    assert!(page.contains("<mark>300 empleados</mark>") && page.contains("demo"), "{page}");
}

#[tokio::test]
async fn leads_are_written_down_found_and_listed() {
    let app = TestApp::start().await;
    let form = async |fields: &[(&str, &str)]| send(app.client.post(app.url("/leads/new")).form(fields)).await;
    let made = form(&[
        ("do", "new"),
        ("first_name", "José"),
        ("last_name", "Núñez"),
        ("email", "jose@acme.io"),
        ("company", "Acme"),
        ("owner", "auto"),
    ])
    .await;
    assert_eq!(made.status, 303, "{}", made.text);
    let refused = form(&[("do", "new"), ("first_name", "José"), ("email", "no"), ("employees", "many")]).await;
    assert!(refused.status == 422 && refused.text.contains(r#"value="José""#), "{}", refused.text);
    let twice = form(&[("do", "new"), ("first_name", "Pepe"), ("email", "jose@acme.io"), ("message", "Llamó otra vez")]).await;
    assert!(twice.header("location").ends_with("?done=merged"));
    for (query, found) in [("jose%20nunez", true), ("ACME", true), ("nuñes", true), ("zzz", false), ("%25", false), ("%00", true)]
    {
        let list = app.get(&format!("/leads?q={query}")).await;
        assert_eq!((list.status, list.text.contains("José Núñez")), (200, found), "{query}");
    }
    // Pages by key, in both orders, without a gap or a repetition.
    for n in 0..70 {
        captured(&app, &scored(&format!("n{n:02}"), if n % 3 == 0 { 60 } else { 0 })).await;
        app.app.clock.set(noon() + TimeDelta::seconds(n));
    }
    for sort in ["score", "newest"] {
        let mut seen = Vec::new();
        let mut place = format!("/leads?sort={sort}");
        loop {
            let page = app.get(&place).await.text;
            let names: Vec<_> = page
                .match_indices(r#"href="/leads/"#)
                .filter_map(|(at, text)| page.get(at + text.len()..at + text.len() + 36))
                .filter(|id| uuid::Uuid::try_parse(id).is_ok())
                .map(str::to_owned)
                .collect();
            assert!(names.len() <= read::PAGE);
            seen.extend(names);
            let Some(at) = page.find(r#"rel="next" href=""#) else { break };
            let rest = &page[at + r#"rel="next" href=""#.len()..];
            place = rest[..rest.find('"').unwrap()].replace("&amp;", "&");
        }
        let all = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((all, seen.len()), (71, 71), "{sort}");
    }
    let warm = app.get("/leads?band=medium&status=new").await.text;
    assert!(warm.contains("n00") && !warm.contains("n01"));
    for odd in ["after=x~y", "after=1~", "owner=%F0%9F%92%A5", "status=gone&band=x&sort=x", "source=%27"] {
        assert_eq!(app.get(&format!("/leads?{odd}")).await.status, 200, "{odd}");
    }
    let ids = app.texts("SELECT id::text FROM leads WHERE first_name IN ('n00', 'n01')").await;
    let bulk =
        [("do", "status"), ("to", "lost"), ("reason", "old"), ("id", &ids[0]), ("id", &ids[1]), ("id", "x"), ("query", "q=n0")];
    let done = send(app.client.post(app.url("/leads")).form(&bulk)).await;
    assert_eq!((done.status, done.header("location")), (303, "/leads?q=n0&done=status_set&n=2"));
    let no_reason = [("do", "status"), ("to", "lost"), ("id", ids[0].as_str())];
    assert_eq!(send(app.client.post(app.url("/leads")).form(&no_reason)).await.status, 422);
}

#[tokio::test]
async fn what_they_say_themselves_stands_on_their_page() {
    let app = TestApp::start().await;
    let message = "Necesitamos comprar antes de fin de mes. Presupuesto aprobado por US$ 50.000. Somos 500 empleados.";
    let id = captured(&app, &json!({"name": "Ada", "email": "ada@x.example", "message": message})).await;
    let page = async |cookie: &str| {
        send(app.client_with(cookie).get(app.url(&format!("/leads/{id}"))).header("accept-language", "es")).await.text
    };
    let text = page(&app.cookie).await;
    for word in
        ["<mark>fin de mes</mark>", "US$ 50.000</mark>", "50.000 USD", r#"href="/admin/scorecard" class="link""#, "«comprar»"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!text.contains("Para cuándo lo quieren"), "{text}");
    let sales = people::sign_in(&app, Role::Sales).await;
    let theirs = page(&sales.cookie).await;
    assert!(theirs.contains("«comprar»") && !theirs.contains("/admin/scorecard\" class=\"link"), "{theirs}");
}

#[tokio::test]
async fn a_lead_that_is_deleted_can_be_taken_back() {
    let app = TestApp::start().await;
    let (sales, viewer) = (people::sign_in(&app, Role::Sales).await, people::sign_in(&app, Role::Viewer).await);
    let id = captured(&app, &maria()).await;
    let path = format!("/leads/{id}");
    let post =
        async |who: &Somebody, verb: &str| send(app.client_with(&who.cookie).post(app.url(&path)).form(&[("do", verb)])).await;
    assert_eq!(post(&viewer, "delete").await.status, 403);
    let gone = post(&sales, "delete").await;
    assert_eq!((gone.status, gone.header("location")), (303, format!("/leads?done=deleted&lead={id}").as_str()));
    let list = send(app.client_with(&sales.cookie).get(app.url(gone.header("location")))).await.text;
    assert!(!list.contains("María García") && list.contains(&format!(r#"action="{path}""#)), "{list}");
    assert!(!app.get(&path).await.text.contains("maria.garcia@"));
    assert_eq!(post(&sales, "delete").await.status, 303, "once more changes nothing");
    assert_eq!(post(&sales, "restore").await.status, 303);
    assert!(app.get("/leads").await.text.contains("María García"));
    assert_eq!(app.count("journal WHERE event IN ('lead_deleted', 'lead_restored')").await, 2);
    let theirs = captured(&app, &scored("theirs", 0)).await;
    assign::assign(&app.ctx(), &[theirs], Some(UserId(people::sign_in(&app, Role::Sales).await.id))).await.unwrap();
    let hidden = send(app.client_with(&sales.cookie).post(app.url(&format!("/leads/{theirs}"))).form(&[("do", "delete")])).await;
    assert_eq!((hidden.status, app.count("leads WHERE deleted_at IS NOT NULL").await), (404, 0));
}

#[tokio::test]
async fn a_lead_says_whom_it_would_join() {
    let app = TestApp::start().await;
    let ctx = app.ctx();
    let contact = conversion::convert(&ctx, captured(&app, &maria()).await).await.unwrap();
    let (sales, other) = (people::sign_in(&app, Role::Sales).await, people::sign_in(&app, Role::Sales).await);
    let again = captured(&app, &with(maria(), json!({"phone": "+57 1"}))).await;
    let path = format!("/leads/{again}");
    let link = format!(r#"href="/contacts/{contact}""#);
    let page =
        async |who: &Somebody| send(app.client_with(&who.cookie).get(app.url(&path)).header("accept-language", "es")).await.text;
    let seen = page(&sales).await;
    assert!(seen.contains("Ya es contacto:") && seen.contains(&link) && seen.contains("TechCorp Solutions</a>"), "{seen}");
    app.as_owner(&format!("UPDATE contacts SET owner_id = '{}'", other.id)).await;
    let hidden = page(&sales).await;
    assert!(!hidden.contains(&link) && !hidden.contains("Ya es contacto"), "{hidden}");
    assert!(hidden.contains("sugerida") && !hidden.contains("automático"), "{hidden}");
    // The same telephone with another address is somebody else.
    let luis = captured(&app, &json!({"name": "Luis", "email": "luis@x.example", "phone": "+573001234567"})).await;
    assert_ne!(conversion::convert(&ctx, luis).await.unwrap(), contact);
}

#[tokio::test]
async fn whatever_people_send_stays_text() {
    let app = TestApp::start().await;
    let evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'";
    let sent = json!({"name": evil, "email": "evil@x.example", "company": evil, "title": evil, "source": evil, "utm_campaign": evil,
        "message": format!("{evil} necesitamos una solución {evil} 50 empleados"), "demographics": {"interests": [evil, "small_business"]},
        "behavior": {"pages_visited": [format!("/pricing/{evil}")], "downloads": [evil]}});
    let id = captured(&app, &sent).await;
    for path in
        ["/leads".to_owned(), format!("/leads/{id}"), format!("/leads/{id}?edit=1"), format!("/leads?q={}", "%3Cscript%3Ealert(1)")]
    {
        let page = app.get(&path).await;
        assert_eq!(page.status, 200);
        assert!(!page.text.contains("<script>alert") && !page.text.contains("<img src=x"), "{path}: {}", page.text);
    }
    let page = app.get(&format!("/leads/{id}")).await.text;
    assert!(page.contains("<mark>50 empleados</mark>") && page.contains("&lt;script&gt;"), "{page}");
}

#[tokio::test]
async fn a_lead_shows_all_that_is_said_of_it_in_both_languages() {
    let app = TestApp::start().await;
    let id = captured(&app, &maria()).await;
    for (lang, words) in [
        (
            "es",
            [
                "Tecnología y software",
                "2\u{a0}M USD a 5\u{a0}M USD",
                "Procesos manuales",
                "Llamada de calificación",
                "Decisor técnico",
                "Empresa mediana",
            ],
        ),
        (
            "en",
            [
                "Technology and software",
                "2\u{a0}M USD to 5\u{a0}M USD",
                "Work done by hand",
                "Qualification call",
                "Technical decision maker",
                "Mid-market company",
            ],
        ),
    ] {
        let page = send(app.client.get(app.url(&format!("/leads/{id}"))).header("accept-language", lang)).await.text;
        for word in words {
            assert!(page.contains(word), "{word}: {page}");
        }
        for mark in ["automatizar nuestros procesos", "50 empleados", "200+ clientes"] {
            assert!(page.contains(mark) && page.contains("<mark>"), "{mark}");
        }
    }
    let admin = app.get("/admin/scorecard").await;
    assert!(
        admin.status == 200 && admin.text.contains(r#"name="visited_pricing""#) && admin.text.contains("&lt;iframe"),
        "{}",
        admin.text
    );
    let before = app.number("SELECT card_version::bigint FROM lead_settings").await;
    let defaults = send(app.client.post(app.url("/admin/scorecard")).form(&[("do", "defaults"), ("version", "1")])).await;
    assert_eq!((defaults.status, app.number("SELECT card_version::bigint FROM lead_settings").await), (200, before + 1));
    let bad = send(app.client.post(app.url("/admin/scorecard")).form(&[("do", "card"), ("version", "2"), ("high", "x")])).await;
    assert_eq!(bad.status, 422);
}
