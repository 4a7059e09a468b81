//! Secrets that the product makes itself: sessions, links, keys. They are random, so a plain hash keeps them; see `password.rs` for
//! those that people make.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::secret::Secret;

/// The longest text that is looked at as a token; none of ours comes near.
pub const MAX: usize = 128;

/// A new secret of 256 bits, in 43 characters that go into an address as they are.
pub fn new() -> Secret {
    Secret::new(BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
}

/// What is stored of a secret. Equal time is not needed: whoever does not know the secret cannot choose its hash.
pub fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let (a, b) = (new(), new());
        assert_eq!(a.expose().len(), 43);
        assert_ne!(a, b);
        assert!(a.expose().chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        assert_eq!(hash("abc"), hash("abc"));
    }
}
