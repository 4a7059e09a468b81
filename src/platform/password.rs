//! Passwords: the rules of NIST SP 800-63B-4 (length and no known ones; no rules about kinds of characters), and argon2id.

use std::sync::LazyLock;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

use super::{db, secret::Secret};
use crate::domain::{
    AppError, AppResult,
    people::{MAX_PASSWORD, MIN_PASSWORD},
};

/// Guesses, as a power of ten, below which a password counts as known: an attacker with lists and patterns has it within hours.
const FEWEST_GUESSES_LOG10: f64 = 10.0;
/// Hashes that are worked out at once: each takes a core and 19 MiB.
static AT_ONCE: Semaphore = Semaphore::const_new(2);
/// Hashes that may wait; beyond, whoever asks is told to come back.
static WAITING: Semaphore = Semaphore::const_new(64);

/// Memory, passes and lanes as OWASP's cheat sheet has them for argon2id: 19 MiB, 2, 1.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

/// Unicode has several spellings of one character, and keyboards differ in which they type (NIST asks for NFKC or NFKD).
fn normalized(password: &str) -> String {
    password.nfkc().collect()
}

/// Holds the rules for a new password. `known` are words that an attacker would try first: the person's name and address.
///
/// # Errors
/// `Invalid` at `pointer`.
pub fn check(password: &str, known: &[&str], pointer: &str) -> AppResult<()> {
    let password = normalized(password);
    let length = password.chars().count();
    if length < MIN_PASSWORD {
        return Err(AppError::invalid(pointer, "too_short", format!("must have at least {MIN_PASSWORD} characters")));
    }
    if length > MAX_PASSWORD {
        return Err(AppError::invalid(pointer, "too_long", format!("must have at most {MAX_PASSWORD} characters")));
    }
    let mut words: Vec<&str> = vec!["nexus", "nexuscrm", "ngx", "genesis"];
    for text in known {
        words.push(text);
        words.extend(text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 2));
    }
    if zxcvbn::zxcvbn(&password, &words).guesses_log10() < FEWEST_GUESSES_LOG10 {
        return Err(AppError::invalid(pointer, "known_password", "is among those that are tried first"));
    }
    Ok(())
}

async fn work<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> AppResult<T> {
    let _waiting = WAITING.try_acquire().map_err(|_| AppError::RateLimited { retry_after_s: 2 })?;
    let _turn = AT_ONCE.acquire().await.map_err(|error| db::internal(&error))?;
    tokio::task::spawn_blocking(work).await.map_err(|error| db::internal(&error))
}

/// What is stored of a password.
///
/// # Errors
/// `RateLimited` when too many wait already.
pub async fn hash(password: &Secret) -> AppResult<String> {
    let password = normalized(password.expose());
    let hashed = work(move || argon2().hash_password(password.as_bytes()).map(|hash| hash.to_string())).await?;
    hashed.map_err(|error| db::internal(&error))
}

/// Whether it is the password. Without a hash to compare with it takes as long, and is not.
///
/// # Errors
/// `RateLimited` when too many wait already.
pub async fn verify(password: &Secret, stored: Option<String>) -> AppResult<bool> {
    static NOBODYS: LazyLock<String> =
        LazyLock::new(|| argon2().hash_password(b"the password of nobody").map(|hash| hash.to_string()).unwrap_or_default());
    let password: String = normalized(password.expose()).chars().take(MAX_PASSWORD + 1).collect();
    work(move || {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| NOBODYS.clone());
        PasswordHash::new(&stored).is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok()) && known
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_in_any_spelling() {
        let stored = hash(&Secret::new("contraseña de café largo")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify(&Secret::new("contrasen\u{303}a de cafe\u{301} largo"), Some(stored.clone())).await.unwrap());
        assert!(!verify(&Secret::new("contrasena de cafe largo"), Some(stored)).await.unwrap());
        assert!(!verify(&Secret::new("the password of nobody"), None).await.unwrap());
    }

    #[test]
    fn short_and_known_passwords_are_refused() {
        let refused = |password: &str| match check(password, &["Ana Peña", "ana.pena@ngx.com"], "/password") {
            Err(AppError::Invalid { fields }) => fields[0].code.clone(),
            other => format!("{other:?}"),
        };
        assert_eq!(refused("corta"), "too_short");
        assert_eq!(refused(&"x".repeat(MAX_PASSWORD + 1)), "too_long");
        for known in [
            "aaaaaaaaaaaaaaaa",
            "passwordpassword",
            "1234567890123456",
            "qwertyuiopasdfghjkl",
            "ana.pena@ngx.com",
            "abcabcabcabcabcabc",
        ] {
            assert_eq!(refused(known), "known_password", "{known}");
        }
        for good in ["correo lento del martes", "xK9!vQ2#pL7@mN4$", "una lluvia sin paraguas"] {
            assert!(check(good, &[], "").is_ok(), "{good}");
        }
    }
}
