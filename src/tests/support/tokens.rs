//! Tokens of programs: good ones, and forged ones.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use nexus_crm::platform::jws::SigningKey;
use serde_json::{Value, json};

use super::{
    TestApp,
    http::{Answer, send},
    with,
};

/// Asks for a token with a key or whatever stands in its place.
pub async fn ask(app: &TestApp, key: &str, wish: &Value) -> Answer {
    let request = reqwest::Client::new().post(app.url("/api/auth/token")).bearer_auth(key);
    send(request.header("content-type", "application/json").body(wish.to_string())).await
}

/// A token of a key, for as long and with as much as there may be.
pub async fn token(app: &TestApp, key: &str) -> String {
    ask(app, key, &json!({})).await.ok()["access_token"].as_str().unwrap().to_owned()
}

/// One part of a token, read.
pub fn part(token: &str, at: usize) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(at).unwrap()).unwrap()).unwrap()
}

/// JSON as a part of a token.
pub fn encode(part: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(part.to_string())
}

/// The latest key that signs, taken out of the database with the settings' own secret.
pub async fn signing_key(app: &TestApp) -> SigningKey {
    let row = app.text("SELECT id || ' ' || encode(sealed, 'hex') FROM token_signing_keys ORDER BY signs_until DESC LIMIT 1").await;
    let (id, hex) = row.split_once(' ').unwrap();
    let sealed: Vec<_> = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    let vault = app.app.settings.vault.as_ref().unwrap();
    SigningKey::from_pkcs8(&vault.open(&format!("token signing key {id}"), &sealed).unwrap()).unwrap()
}

/// A good token made anew with other claims, rightly signed.
pub fn resigned(signing: &SigningKey, token: &str, claims: Value) -> String {
    signing.sign("at+jwt", &with(part(token, 1), claims)).unwrap()
}

/// Tokens that look like a good one of a key and are not, each with what is wrong with it.
pub async fn forged(app: &TestApp, key: &str) -> Vec<(&'static str, String)> {
    let good = token(app, key).await;
    let signing = signing_key(app).await;
    let now = app.app.clock.now().timestamp();
    let parts: Vec<_> = good.split('.').collect();
    let signature = parts[2];
    let with_header = |header: Value| format!("{}.{}", encode(&with(part(&good, 0), header)), parts[1]);
    let hs256 = {
        // The public key is no secret: whoever takes it for one is fooled by this.
        let hmac_key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, signing.public_key());
        let signed = with_header(json!({"alg": "HS256"}));
        let tag = ring::hmac::sign(&hmac_key, signed.as_bytes());
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
    };
    let another = SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap();
    let signed_by_another = resigned(&another, &good, json!({}));
    let under_our_id = {
        let parts: Vec<_> = signed_by_another.split('.').collect();
        format!("{}.{}.{}", good.split('.').next().unwrap(), parts[1], parts[2])
    };
    let altered = encode(&with(part(&good, 1), json!({"scope": "usage:read metrics:read"})));
    vec![
        ("alg none", format!("{}.", with_header(json!({"alg": "none"})))),
        ("alg none, with the signature", format!("{}.{signature}", with_header(json!({"alg": "none"})))),
        ("HS256 with the public key", hs256),
        ("signed by another key, which is unknown", signed_by_another),
        ("signed by another key, under our id", under_our_id),
        ("altered", format!("{}.{altered}.{signature}", parts[0])),
        ("without its signature", format!("{}.{}.", parts[0], parts[1])),
        ("over", resigned(&signing, &good, json!({"iat": now - 900, "exp": now}))),
        ("not begun", resigned(&signing, &good, json!({"iat": now + 60, "exp": now + 120}))),
        ("not before later", resigned(&signing, &good, json!({"nbf": now + 60}))),
        ("of another issuer", resigned(&signing, &good, json!({"iss": "https://evil.example"}))),
        ("for another audience", resigned(&signing, &good, json!({"aud": "https://evil.example"}))),
        ("of no key", resigned(&signing, &good, json!({"sub": uuid::Uuid::nil(), "client_id": uuid::Uuid::nil()}))),
        ("another type", signing.sign("JWT", &part(&good, 1)).unwrap()),
        ("huge", resigned(&signing, &good, json!({"jti": "x".repeat(5_000)}))),
    ]
}
