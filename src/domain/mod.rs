//! The pure floor: ids, errors, and each feature's types and rules.
//!
//! Nothing here does I/O or reads a clock: a rule takes data, settings and `now`, so it is tested
//! without a database and runs the same in the server and in the browser.

/// Declares an id, a UUIDv7.
macro_rules! id {
    ($(#[$doc:meta] $name:ident),+ $(,)?) => {$(
        #[$doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

pub mod alert;
pub mod contact;
pub mod crm;
pub mod crm_edit;
pub mod error;
mod error_wire;
pub mod format;
pub mod histogram;
pub mod lead;
pub mod live;
pub mod mail;
#[cfg(feature = "ssr")]
pub mod matching;
pub mod people;
pub mod privacy;
pub mod tier;
pub mod time;
pub mod usage;

pub use error::{AppError, AppResult, FieldError};
