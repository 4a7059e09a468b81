//! API keys that are rotated: two that work for a while, then one.

use chrono::{DateTime, TimeDelta, Utc};
use nexus_crm::{
    domain::{
        AppError,
        people::{KeyId, KeyScope, Role},
    },
    features::auth::keys::{self, ApiKey},
};

use crate::support::{
    TestApp,
    http::{Answer, send},
    noon, people,
};

async fn works(app: &TestApp, key: &str) -> bool {
    send(reqwest::Client::new().get(app.url("/metrics")).bearer_auth(key)).await.status == 200
}

async fn made(app: &TestApp, days: Option<i64>) -> (ApiKey, String) {
    let (key, secret) = keys::create(&app.ctx(), "Grafana", &[KeyScope::MetricsRead], days).await.unwrap();
    (key, secret.expose().to_owned())
}

/// An admin who has just signed in: the clock is moved by weeks here.
async fn admin(app: &TestApp) -> reqwest::Client {
    app.client_with(&people::sign_in(app, Role::Admin).await.cookie)
}

async fn form(app: &TestApp, fields: &[(&str, &str)]) -> Answer {
    send(admin(app).await.post(app.url("/admin/keys")).form(fields)).await
}

async fn page(app: &TestApp, path: &str) -> String {
    send(admin(app).await.get(app.url(path))).await.text
}

/// The key that a page shows once.
fn shown(page: &str) -> String {
    let at = page.match_indices("nxs_").map(|(at, _)| &page[at..]).find(|text| text.as_bytes()[12] == b'_').unwrap();
    at.chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect()
}

fn conflict(result: &Result<(ApiKey, impl Sized), AppError>) -> bool {
    matches!(result, Err(AppError::Conflict { .. }))
}

#[tokio::test]
async fn both_keys_work_for_the_overlap_and_then_the_new_one_alone() {
    let app = TestApp::start().await;
    let (key, old) = made(&app, Some(90)).await;
    app.app.clock.set(noon() + TimeDelta::days(80));
    let now = app.app.clock.now();
    let id = key.id.to_string();
    let chosen = page(&app, &format!("/admin/keys?rotate={id}")).await;
    assert!(chosen.contains(r#"<option value="24" selected"#), "{chosen}");
    let answer = form(&app, &[("do", "rotate"), ("key", &id), ("overlap", "24")]).await;
    assert_eq!(answer.status, 200);
    let new = shown(&answer.text);
    assert!(works(&app, &old).await && works(&app, &new).await);
    let page = page(&app, "/admin/keys").await;
    assert!(!page.contains(&new), "shown once");
    assert!(page.contains(&format!("replaces {}", &old[..12])) && page.contains(&format!("replaced by {}", &new[..12])), "{page}");
    assert!(page.contains("stops in 1"), "{page}");
    assert!(self::page(&app, "/admin/journal").await.contains("rotated an API key"));
    let all = keys::list(&app.ctx()).await.unwrap();
    let successor = all.iter().find(|k| k.prefix == new[..12]).unwrap();
    assert_eq!((successor.name.as_str(), &successor.scopes), ("Grafana", &key.scopes));
    assert_eq!((successor.created_at, successor.expires_at), (now, Some(now + TimeDelta::days(90))), "as long a life, begun anew");
    let entry = app.text("SELECT concat_ws(' ', actor, subject_id, body->'before'->>'prefix', body->'after'->>'prefix') FROM journal WHERE event = 'key_rotated'").await;
    assert_eq!(entry, format!("Test admin {id} {} {}", &old[..12], &new[..12]));
    assert!(!app.texts("SELECT body::text FROM journal").await.join("").contains(&new[13..]));
    app.app.clock.set(now + TimeDelta::hours(24) - TimeDelta::microseconds(1));
    assert!(works(&app, &old).await);
    app.app.clock.set(now + TimeDelta::hours(24));
    assert!(!works(&app, &old).await && works(&app, &new).await);
    // The successor can be rotated in its turn; the old one cannot again.
    assert_eq!(form(&app, &[("do", "rotate"), ("key", &id), ("overlap", "24")]).await.status, 409);
    let next = form(&app, &[("do", "rotate"), ("key", &successor.id.to_string()), ("overlap", "0")]).await;
    assert!(works(&app, &shown(&next.text)).await && !works(&app, &new).await, "without an overlap the old one stops at once");
}

#[tokio::test]
async fn an_overlap_never_puts_the_end_off() {
    let app = TestApp::start().await;
    let expiry = async |id: KeyId| -> Option<DateTime<Utc>> {
        keys::list(&app.ctx()).await.unwrap().into_iter().find(|key| key.id == id).unwrap().expires_at
    };
    for (days, overlap, ends) in
        [(Some(1), 168, TimeDelta::days(1)), (Some(30), 1, TimeDelta::hours(1)), (None, 168, TimeDelta::days(7))]
    {
        let (key, _) = made(&app, days).await;
        let (new, _) = keys::rotate(&app.ctx(), key.id, overlap).await.unwrap();
        assert_eq!(expiry(key.id).await, Some(noon() + ends));
        assert_eq!(new.expires_at, days.map(|days| noon() + TimeDelta::days(days)));
    }
    let (key, secret) = made(&app, None).await;
    for bad in [-1, 169, i64::MAX] {
        assert!(matches!(keys::rotate(&app.ctx(), key.id, bad).await, Err(AppError::Invalid { .. })), "{bad}");
    }
    let refused = form(&app, &[("do", "rotate"), ("key", &key.id.to_string()), ("overlap", "many")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains(r#"aria-describedby="rotate-overlap-fault""#), "the row stays open: {}", refused.text);
    assert!(works(&app, &secret).await && expiry(key.id).await.is_none());
}

#[tokio::test]
async fn of_two_admins_at_once_one_rotates() {
    let app = TestApp::start().await;
    for _ in 0..5 {
        let (key, _) = made(&app, None).await;
        let ctx = app.ctx();
        let (one, other) = tokio::join!(keys::rotate(&ctx, key.id, 24), keys::rotate(&ctx, key.id, 0));
        assert!(one.is_ok() && conflict(&other) || conflict(&one) && other.is_ok(), "{one:?} {other:?}");
    }
    assert_eq!((app.count("api_keys").await, app.count("journal WHERE event = 'key_rotated'").await), (10, 5));
}

#[tokio::test]
async fn what_does_not_work_is_not_rotated() {
    let app = TestApp::start().await;
    let (revoked, _) = made(&app, None).await;
    keys::revoke(&app.ctx(), revoked.id).await.unwrap();
    let (expired, _) = made(&app, Some(1)).await;
    app.app.clock.set(noon() + TimeDelta::days(1));
    for id in [revoked.id, expired.id, KeyId(uuid::Uuid::nil())] {
        assert!(matches!(keys::rotate(&app.ctx(), id, 24).await, Err(AppError::NotFound)));
        assert_eq!(form(&app, &[("do", "rotate"), ("key", &id.to_string()), ("overlap", "24")]).await.status, 404);
    }
    // By what it begins with, as the command line names it.
    let (key, _) = made(&app, None).await;
    for prefix in [key.prefix.as_str(), &key.prefix[4..]] {
        assert_eq!(keys::find_by_prefix(&app.ctx(), prefix).await, Ok(key.id));
    }
    for prefix in ["", "nxs_", "nxs_%", &key.prefix[..11]] {
        assert_eq!(keys::find_by_prefix(&app.ctx(), prefix).await, Err(AppError::NotFound), "{prefix}");
    }
    let nobody = people::key(&app, &KeyScope::ALL).await;
    let by_key = reqwest::Client::new().post(app.url("/admin/keys")).bearer_auth(nobody).form(&[("do", "rotate")]);
    assert_eq!(send(by_key).await.status, 403);
}
