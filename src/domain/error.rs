//! The one error that crosses the wire, from a use-case to a page, a REST client or a tool.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The result of a use-case.
pub type AppResult<T> = Result<T, AppError>;

/// What is wrong with one field of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) to the field, from the root of what was sent; `""` is the whole.
    pub pointer: String,
    /// A stable word for the rule that was broken, such as `required` or `out_of_range`.
    pub code: String,
    /// The rule in English, for developers and logs; pages translate by `code`.
    pub detail: String,
}

impl FieldError {
    /// Says that the field at `pointer` breaks the rule `code`.
    pub fn new(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.to_owned(), detail: detail.into() }
    }
}

/// Why a use-case refused or failed.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AppError {
    /// Nobody is signed in, or the credentials are not valid.
    #[error("sign in first")]
    Unauthenticated,
    /// The actor is known and may not do this.
    #[error("not allowed")]
    Forbidden,
    /// There is no such record, or the actor may not know that there is.
    #[error("not found")]
    NotFound,
    /// The command breaks rules, field by field.
    #[error("invalid: {}", fields.iter().map(|f| format!("{} {}", f.pointer, f.detail)).collect::<Vec<_>>().join("; "))]
    Invalid {
        /// Each broken rule.
        fields: Vec<FieldError>,
    },
    /// The record changed meanwhile, or the same key was used for other content.
    #[error("conflict: {detail}")]
    Conflict {
        /// What clashed.
        detail: String,
    },
    /// Too many requests.
    #[error("too many requests, retry in {retry_after_s} s")]
    RateLimited {
        /// Seconds to wait before the next try.
        retry_after_s: u32,
    },
    /// A system that the product depends on did not answer as it should.
    #[error("{system} did not answer")]
    Upstream {
        /// The name of that system.
        system: String,
    },
    /// The product cannot serve this now: database down, queue full, shutting down.
    #[error("unavailable, retry in {retry_after_s} s")]
    Unavailable {
        /// Seconds to wait before the next try.
        retry_after_s: u32,
    },
    /// A fault of the product's own; the details are in the log under the incident's id.
    #[error("internal error, incident {incident}")]
    Internal {
        /// What a person quotes to support, and an operator searches for in the log.
        incident: String,
    },
}

impl AppError {
    /// One broken rule.
    pub fn invalid(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        Self::Invalid { fields: vec![FieldError::new(pointer, code, detail)] }
    }

    /// The HTTP status that says the same.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Invalid { .. } => 422,
            Self::Conflict { .. } => 409,
            Self::RateLimited { .. } => 429,
            Self::Upstream { .. } => 502,
            Self::Unavailable { .. } => 503,
            Self::Internal { .. } => 500,
        }
    }
}
