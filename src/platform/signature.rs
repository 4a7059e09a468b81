//! Signatures of incoming webhooks, over the raw bytes and in constant time.
//!
//! Two schemes: [Standard Webhooks 1.0.0](https://www.standardwebhooks.com/) and GENESIS's own. A request that carries any
//! `webhook-*` header must pass the first, so that an attacker cannot choose the weaker one.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::secret::Secret;

pub mod diagnosis;

/// How far a signed timestamp may be from our clock, in seconds.
pub const TOLERANCE_S: i64 = 300;

/// A key that signs webhooks.
#[derive(Clone)]
pub struct Key {
    /// As it was configured; GENESIS's own scheme uses its bytes.
    secret: Secret,
    /// The bytes that Standard Webhooks uses: what follows `whsec_`, decoded; else the secret's own bytes.
    standard: Vec<u8>,
    /// Whether events signed with it may lie further back than usual.
    import: bool,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("import", &self.import).finish_non_exhaustive()
    }
}

impl Key {
    /// A key from its setting.
    ///
    /// # Errors
    /// When it begins with `whsec_` and the rest is not base64, or when it is empty.
    pub fn new(secret: Secret, import: bool) -> Result<Self, &'static str> {
        if secret.expose().is_empty() {
            return Err("must not be empty");
        }
        let standard = match secret.expose().strip_prefix("whsec_") {
            Some(encoded) => BASE64.decode(encoded).map_err(|_| "must be base64 after `whsec_`")?,
            None => secret.expose().as_bytes().to_vec(),
        };
        Ok(Self { secret, standard, import })
    }

    /// Whether it is made of this secret.
    pub fn is_same(&self, secret: &str) -> bool {
        mac(secret.as_bytes(), &[]).verify_slice(&mac(self.secret.expose().as_bytes(), &[]).finalize().into_bytes()).is_ok()
    }

    /// Whether events signed with it may lie further back than usual.
    pub const fn is_import(&self) -> bool {
        self.import
    }

    /// Signs as Standard Webhooks says: the value of `webhook-signature`.
    pub fn sign_standard(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let tag = mac(&self.standard, &[id.as_bytes(), b".", timestamp.to_string().as_bytes(), b".", body]);
        format!("v1,{}", BASE64.encode(tag.finalize().into_bytes()))
    }

    /// Signs as GENESIS does: the value of `X-Genesis-Signature`.
    pub fn sign_genesis(&self, body: &[u8]) -> String {
        let tag = mac(self.secret.expose().as_bytes(), &[body]).finalize().into_bytes();
        format!("sha256={}", hex(&tag))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        use std::fmt::Write;
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    // HMAC takes keys of any length; the error cannot happen, and an empty key would only fail to verify.
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::<Sha256>::new(&hmac::digest::Key::<Hmac<Sha256>>::default()));
    for part in parts {
        mac.update(part);
    }
    mac
}

/// The headers that carry a signature, as they came.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignatureHeaders<'a> {
    /// `webhook-id`.
    pub webhook_id: Option<&'a str>,
    /// `webhook-timestamp`.
    pub webhook_timestamp: Option<&'a str>,
    /// `webhook-signature`.
    pub webhook_signature: Option<&'a str>,
    /// Whether there is any other header whose name begins with `webhook-`.
    pub other_webhook_header: bool,
    /// `X-Genesis-Signature`.
    pub genesis_signature: Option<&'a str>,
    /// `X-Genesis-Timestamp`.
    pub genesis_timestamp: Option<&'a str>,
}

/// A request whose signature holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The `webhook-id`, if the request came by Standard Webhooks.
    pub webhook_id: Option<String>,
    /// Whether it was signed with an import key.
    pub import: bool,
    /// The place of the key among those that were tried.
    pub key: usize,
}

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureError {
    /// A header is missing or makes no sense; names it.
    Header(&'static str),
    /// The signature or its time is not good. Which key was tried is not revealed.
    Rejected,
}

/// Checks a request's signature.
///
/// # Errors
/// See [`SignatureError`].
pub fn verify<'k>(
    headers: &SignatureHeaders<'_>,
    body: &[u8],
    keys: impl IntoIterator<Item = &'k Key>,
    now: DateTime<Utc>,
) -> Result<Verified, SignatureError> {
    let keys = keys.into_iter().enumerate();
    let h = headers;
    if h.other_webhook_header || h.webhook_id.is_some() || h.webhook_timestamp.is_some() || h.webhook_signature.is_some() {
        return verify_standard(h, body, keys, now);
    }
    let signature = h.genesis_signature.ok_or(SignatureError::Header("X-Genesis-Signature"))?;
    if let Some(timestamp) = h.genesis_timestamp {
        fresh(timestamp, "X-Genesis-Timestamp", now)?;
    }
    let tag = signature.strip_prefix("sha256=").and_then(decode_hex).ok_or(SignatureError::Rejected)?;
    find(keys, |key| mac(key.secret.expose().as_bytes(), &[body]).verify_slice(&tag).is_ok(), None)
}

fn find<'k>(
    mut keys: impl Iterator<Item = (usize, &'k Key)>,
    good: impl Fn(&Key) -> bool,
    webhook_id: Option<&str>,
) -> Result<Verified, SignatureError> {
    keys.find(|(_, key)| good(key))
        .map(|(place, key)| Verified { webhook_id: webhook_id.map(str::to_owned), import: key.import, key: place })
        .ok_or(SignatureError::Rejected)
}

fn verify_standard<'k>(
    h: &SignatureHeaders<'_>,
    body: &[u8],
    keys: impl Iterator<Item = (usize, &'k Key)>,
    now: DateTime<Utc>,
) -> Result<Verified, SignatureError> {
    let id = h.webhook_id.filter(|id| !id.is_empty() && id.len() <= 255).ok_or(SignatureError::Header("webhook-id"))?;
    let timestamp = h.webhook_timestamp.ok_or(SignatureError::Header("webhook-timestamp"))?;
    let signatures = h.webhook_signature.ok_or(SignatureError::Header("webhook-signature"))?;
    fresh(timestamp, "webhook-timestamp", now)?;
    let tags: Vec<_> = signatures.split(' ').filter_map(|s| s.strip_prefix("v1,")).filter_map(|s| BASE64.decode(s).ok()).collect();
    let good = |key: &Key| {
        let tag = mac(&key.standard, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body]);
        tags.iter().any(|sent| tag.clone().verify_slice(sent).is_ok())
    };
    find(keys, good, Some(id))
}

fn fresh(timestamp: &str, header: &'static str, now: DateTime<Utc>) -> Result<(), SignatureError> {
    let seconds: i64 = timestamp.parse().map_err(|_| SignatureError::Header(header))?;
    if now.timestamp().abs_diff(seconds) > TOLERANCE_S.unsigned_abs() {
        return Err(SignatureError::Rejected);
    }
    Ok(())
}

fn decode_hex(hex: &str) -> Option<Vec<u8>> {
    if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    (0..hex.len()).step_by(2).map(|i| hex.get(i..i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn key(secret: &str) -> Key {
        Key::new(Secret::new(secret), false).unwrap()
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_614_265_330, 0).unwrap()
    }

    fn standard<'a>(timestamp: &'a str, signature: &'a str) -> SignatureHeaders<'a> {
        SignatureHeaders {
            webhook_id: Some(ID),
            webhook_timestamp: Some(timestamp),
            webhook_signature: Some(signature),
            ..SignatureHeaders::default()
        }
    }

    #[test]
    fn the_published_vector_holds_both_ways() {
        let key = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        assert_eq!(key.sign_standard(ID, 1_614_265_330, BODY), SIGNATURE);
        let verified = verify(&standard("1614265330", SIGNATURE), BODY, &[key], now()).unwrap();
        assert_eq!(verified, Verified { webhook_id: Some(ID.into()), import: false, key: 0 });
    }

    #[test]
    fn standard_webhooks_answers() {
        let keys = [key("whsec_bmV3IGtleQ=="), key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")];
        let many = format!("v1a,abc v1,bm90IHRoaXMgb25l {SIGNATURE}");
        assert!(verify(&standard("1614265330", &many), BODY, &keys, now()).is_ok(), "several signatures, an older key");
        assert!(verify(&standard("1614265030", SIGNATURE), BODY, &keys, now()).is_err(), "the time is signed too");
        let cases = [
            (standard("1614265029", SIGNATURE), BODY, SignatureError::Rejected),
            (standard("1614265631", SIGNATURE), BODY, SignatureError::Rejected),
            (standard("1614265330", SIGNATURE), b"{}".as_slice(), SignatureError::Rejected),
            (standard("1614265330", "v2,abc"), BODY, SignatureError::Rejected),
            (standard("soon", SIGNATURE), BODY, SignatureError::Header("webhook-timestamp")),
            (SignatureHeaders { webhook_id: None, ..standard("1", "") }, BODY, SignatureError::Header("webhook-id")),
            (SignatureHeaders { webhook_signature: None, ..standard("1", "") }, BODY, SignatureError::Header("webhook-signature")),
        ];
        for (headers, body, error) in cases {
            assert_eq!(verify(&headers, body, &keys, now()), Err(error), "{headers:?}");
        }
    }

    #[test]
    fn any_webhook_header_rules_out_the_other_scheme() {
        let key = key("plain");
        let signature = key.sign_genesis(BODY);
        let good = SignatureHeaders { genesis_signature: Some(&signature), ..SignatureHeaders::default() };
        assert!(verify(&good, BODY, std::slice::from_ref(&key), now()).is_ok());
        let mixed = SignatureHeaders { other_webhook_header: true, ..good };
        assert_eq!(verify(&mixed, BODY, &[key], now()), Err(SignatureError::Header("webhook-id")));
    }

    #[test]
    fn genesis_answers() {
        // openssl: printf '{"test": 2432232314}' | openssl dgst -sha256 -hmac plain
        let key = key("plain");
        let signature = key.sign_genesis(BODY);
        assert_eq!(signature, "sha256=ce0f2b4f4b4db0392eb4869a20feb96c9d0288e19bcd196751f34dc616c78c40");
        let keys = [key];
        let with = |signature: &'static str, timestamp: Option<&'static str>| {
            let h = SignatureHeaders { genesis_signature: Some(signature), genesis_timestamp: timestamp, ..Default::default() };
            verify(&h, BODY, &keys, now())
        };
        let good: &'static str = Box::leak(signature.into_boxed_str());
        assert!(with(good, None).is_ok());
        assert!(with(good, Some("1614265630")).is_ok());
        assert_eq!(with(good, Some("1614265631")), Err(SignatureError::Rejected));
        assert_eq!(with(good, Some("today")), Err(SignatureError::Header("X-Genesis-Timestamp")));
        assert_eq!(with("sha256=zz", None), Err(SignatureError::Rejected));
        assert_eq!(with("md5=00", None), Err(SignatureError::Rejected));
        assert_eq!(verify(&SignatureHeaders::default(), BODY, &keys, now()), Err(SignatureError::Header("X-Genesis-Signature")));
    }

    #[test]
    fn a_key_never_prints_itself() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "[redacted]");
        assert_eq!(format!("{:?}", key("hunter2")), "Key { import: false, .. }");
    }
}
