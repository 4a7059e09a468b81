//! Signed tokens in JWS compact serialization (RFC 7515), by `EdDSA` with Ed25519 (RFC 8037) and by nothing else: whatever a token
//! says of itself, no other algorithm can be chosen.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The longest token that is looked at, in bytes; ours are some hundred.
pub const MAX: usize = 4_096;
/// The length of a public key, in bytes.
pub const PUBLIC_KEY: usize = 32;
const ALGORITHM: &str = "EdDSA";

/// A key that signs, with its id.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    id: String,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// A new key as a PKCS #8 document, which is a secret.
    pub fn generate() -> Option<Vec<u8>> {
        Some(Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok()?.as_ref().to_vec())
    }

    /// The key of a PKCS #8 document; nothing when it is none of Ed25519.
    pub fn from_pkcs8(document: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(document).ok()?;
        let id = thumbprint(pair.public_key().as_ref());
        Some(Self { pair, id })
    }

    /// The thumbprint of the public key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The public key, [`PUBLIC_KEY`] bytes.
    pub fn public_key(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// Signs claims as a token of a type. Nothing when they cannot be written as JSON.
    pub fn sign(&self, kind: &str, claims: &impl Serialize) -> Option<String> {
        let header = Header { alg: ALGORITHM.into(), kid: self.id.clone(), typ: kind.into() };
        let part = |json: Vec<u8>| BASE64_URL_SAFE_NO_PAD.encode(json);
        let signed = format!("{}.{}", part(serde_json::to_vec(&header).ok()?), part(serde_json::to_vec(claims).ok()?));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.pair.sign(signed.as_bytes()));
        Some(format!("{signed}.{signature}"))
    }
}

/// A public key as a JSON Web Key that is told to others (RFC 7517, RFC 8037).
pub fn jwk(id: &str, public_key: &[u8]) -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "alg": ALGORITHM, "use": "sig", "kid": id, "x": BASE64_URL_SAFE_NO_PAD.encode(public_key)})
}

/// The SHA-256 thumbprint of a public key (RFC 7638), which is its id.
fn thumbprint(public_key: &[u8]) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, BASE64_URL_SAFE_NO_PAD.encode(public_key));
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(members))
}

fn is_thumbprint(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Exactly what our own tokens say of themselves: one with more, such as `crit`, `jwk` or `x5u`, is none of them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
}

/// A token that looks like one of ours; nothing in it is to be believed before [`Unverified::verify`].
#[derive(Debug)]
pub struct Unverified<'a> {
    /// The id of the key that it says to be signed with.
    pub key_id: String,
    signed: &'a str,
    claims: &'a str,
    signature: Vec<u8>,
}

impl<'a> Unverified<'a> {
    /// Takes a token of a type apart; nothing for whatever cannot be one.
    pub fn parse(token: &'a str, kind: &str) -> Option<Self> {
        if token.len() > MAX {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Header = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        if header.alg != ALGORITHM || header.typ != kind || !is_thumbprint(&header.kid) {
            return None;
        }
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Self { key_id: header.kid, signed, claims, signature })
    }

    /// The claims, when this public key's owner has signed them.
    pub fn verify<T: DeserializeOwned>(&self, public_key: &[u8]) -> Option<T> {
        UnparsedPublicKey::new(&ED25519, public_key).verify(self.signed.as_bytes(), &self.signature).ok()?;
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(self.claims).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The public key of RFC 8037, appendix A.2.
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn key() -> SigningKey {
        SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap()
    }

    #[test]
    fn keys_are_named_and_signatures_verified_as_rfc_8037_does() {
        let public_key = BASE64_URL_SAFE_NO_PAD.decode(X).unwrap();
        assert_eq!(thumbprint(&public_key), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "A.3");
        let signed = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert!(UnparsedPublicKey::new(&ED25519, &public_key).verify(signed.as_bytes(), &signature).is_ok(), "A.4");
        assert_eq!(jwk("a", &public_key)["x"], X);
    }

    #[test]
    fn a_token_is_read_back_by_its_key_alone() {
        let (key, other) = (key(), key());
        let token = key.sign("at+jwt", &json!({"sub": "ana"})).unwrap();
        let unverified = Unverified::parse(&token, "at+jwt").unwrap();
        assert_eq!(unverified.key_id, key.id());
        assert_eq!(unverified.verify::<Value>(key.public_key()), Some(json!({"sub": "ana"})));
        assert_eq!(unverified.verify::<Value>(other.public_key()), None);
        assert_eq!(unverified.verify::<Value>(b"short"), None);
        assert!(Unverified::parse(&token, "JWT").is_none(), "another type");
    }

    #[test]
    fn no_byte_of_a_token_can_be_changed() {
        let key = key();
        let token = key.sign("at+jwt", &json!({"sub": "ana"})).unwrap();
        for at in 0..token.len() {
            for other in [b'A', b'B', b'.', b'='] {
                let mut bytes = token.clone().into_bytes();
                if bytes[at] == other {
                    continue;
                }
                bytes[at] = other;
                let altered = String::from_utf8(bytes).unwrap();
                let read = Unverified::parse(&altered, "at+jwt").and_then(|token| token.verify::<Value>(key.public_key()));
                assert_eq!(read, None, "{altered}");
            }
        }
        for altered in [format!("{token}="), format!("{token}."), format!("{token}A"), format!(" {token}"), token[1..].to_owned()] {
            let read = Unverified::parse(&altered, "at+jwt").and_then(|token| token.verify::<Value>(key.public_key()));
            assert_eq!(read, None, "{altered}");
        }
    }

    #[test]
    fn no_other_algorithm_can_be_asked_for() {
        let key = key();
        let id = key.id();
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = part(&json!({"sub": "ana"}));
        for header in [
            json!({"alg": "none", "kid": id, "typ": "at+jwt"}),
            json!({"alg": "HS256", "kid": id, "typ": "at+jwt"}),
            json!({"alg": "eddsa", "kid": id, "typ": "at+jwt"}),
            json!({"alg": "EdDSA", "kid": id, "typ": "at+jwt", "crit": ["exp"]}),
            json!({"alg": "EdDSA", "kid": id, "typ": "at+jwt", "jwk": jwk(id, key.public_key())}),
            json!({"alg": "EdDSA", "kid": "\0", "typ": "at+jwt"}),
            json!({"alg": "EdDSA", "typ": "at+jwt"}),
            json!({"alg": "EdDSA", "kid": id}),
            json!([]),
        ] {
            let signed = format!("{}.{claims}", part(&header));
            // Rightly signed, but for what it says of itself; and not signed at all.
            let signature = BASE64_URL_SAFE_NO_PAD.encode(key.pair.sign(signed.as_bytes()));
            assert!(Unverified::parse(&format!("{signed}.{signature}"), "at+jwt").is_none(), "{header}");
            assert!(Unverified::parse(&format!("{signed}."), "at+jwt").is_none(), "{header}");
        }
        assert!(Unverified::parse(&"A".repeat(MAX + 1), "at+jwt").is_none());
    }
}
