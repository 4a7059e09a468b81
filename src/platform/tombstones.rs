//! Whom the product must not take in again: keyed hashes of people who were erased, as they are known at one instant.
//!
//! The hash's key is made by the database, once, and read by the system alone; without it nobody can try out whom a tombstone is of.
//! While nobody is erased, nothing is hashed.

use std::{collections::HashSet, fmt};

use ring::hmac;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::privacy::PersonKind;

/// The bytes of a hash.
const HASH: usize = 32;

/// The tombstones that hold.
pub struct Tombstones {
    stamp: Uuid,
    key: hmac::Key,
    hashes: HashSet<[u8; HASH]>,
}

impl fmt::Debug for Tombstones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tombstones", self.hashes.len())
    }
}

impl Tombstones {
    /// All that hold now; the transaction must be one of the system.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn load(tx: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let row = sqlx::query!(
            r#"SELECT salt, stamp, (SELECT coalesce(array_agg(hash), '{}') FROM erased_persons WHERE lifted_at IS NULL) AS "hashes!"
               FROM erasure_key"#
        )
        .fetch_one(tx)
        .await?;
        Ok(Self {
            stamp: row.stamp,
            key: hmac::Key::new(hmac::HMAC_SHA256, &row.salt),
            hashes: row.hashes.into_iter().filter_map(|hash| hash.try_into().ok()).collect(),
        })
    }

    /// Changes with each erasure and each lifting.
    pub const fn stamp(&self) -> Uuid {
        self.stamp
    }

    /// Whether nobody is erased.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Whether somebody is erased: by GENESIS's id, or by an account's address.
    pub fn hold(&self, kind: PersonKind, name: &str) -> bool {
        !self.is_empty() && self.hash(kind, name).is_some_and(|hash| self.hashes.contains(&hash))
    }

    /// The hash of somebody; there always is one.
    pub fn hash(&self, kind: PersonKind, name: &str) -> Option<[u8; HASH]> {
        let tag = hmac::sign(&self.key, format!("{}\0{name}", kind.as_str()).as_bytes());
        tag.as_ref().try_into().ok()
    }
}

/// The stamp as a transaction of the system sees it.
///
/// # Errors
/// When the database is away.
pub async fn stamp(tx: &mut PgConnection) -> Result<Uuid, sqlx::Error> {
    sqlx::query_scalar!("SELECT stamp FROM erasure_key").fetch_one(tx).await
}

/// Says that the tombstones have changed, as one of the last acts of a transaction of the system.
///
/// # Errors
/// When the database is away.
pub async fn change_stamp(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE erasure_key SET stamp = gen_random_uuid()").execute(tx).await?;
    Ok(())
}
