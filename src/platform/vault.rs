//! Secrets that must be read again, sealed before they go into the database: ChaCha20-Poly1305 (RFC 8439) with a key of the settings.

use std::fmt;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// Seals and opens.
pub struct Vault(LessSafeKey);

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Vault {
    /// A vault with a key of 32 bytes in hexadecimal digits.
    pub fn new(hex: &str) -> Option<Self> {
        let bytes: Option<Vec<u8>> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect();
        Some(Self(LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &bytes?).ok()?)))
    }

    /// Seals a secret for one purpose: under another name it cannot be opened.
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Option<Vec<u8>> {
        // A random nonce of 96 bits is safe for far more secrets than there will be.
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut sealed = secret.to_vec();
        self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose), &mut sealed).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what was sealed for this purpose; nothing when it was altered, or sealed with another key.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut secret = sealed.to_vec();
        let opened = self.0.open_in_place(nonce, Aad::from(purpose), &mut secret).ok()?;
        Some(opened.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_purpose_with_its_key_alone() {
        let vault = Vault::new(&"0f".repeat(32)).unwrap();
        let sealed = vault.seal("totp ana", b"secret").unwrap();
        assert_eq!(vault.open("totp ana", &sealed).as_deref(), Some(b"secret".as_slice()));
        assert_eq!(vault.open("totp bea", &sealed), None);
        assert_eq!(Vault::new(&"0e".repeat(32)).unwrap().open("totp ana", &sealed), None);
        let mut altered = sealed.clone();
        *altered.last_mut().unwrap() ^= 1;
        assert_eq!(vault.open("totp ana", &altered), None);
        assert_eq!(vault.open("totp ana", b"short"), None);
        assert_ne!(vault.seal("totp ana", b"secret").unwrap(), sealed, "another nonce each time");
        for bad in ["", "0f", "zz", &"0f".repeat(31), &"0f".repeat(33), &"ñ".repeat(32)] {
            assert!(Vault::new(bad).is_none(), "{bad}");
        }
    }
}
