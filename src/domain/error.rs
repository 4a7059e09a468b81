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
#[serde(tag = "kind", rename_all = "snake_case", from = "Sent")]
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

/// An [`AppError`] as it is read: serde's own reading of a tagged enum would double the code that the browser loads.
#[derive(Deserialize)]
struct Sent {
    kind: String,
    #[serde(default)]
    fields: Vec<FieldError>,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    system: String,
    #[serde(default)]
    incident: String,
    #[serde(default)]
    retry_after_s: u32,
}

impl From<Sent> for AppError {
    fn from(sent: Sent) -> Self {
        let Sent { kind, fields, detail, system, incident, retry_after_s } = sent;
        match kind.as_str() {
            "unauthenticated" => Self::Unauthenticated,
            "forbidden" => Self::Forbidden,
            "not_found" => Self::NotFound,
            "invalid" => Self::Invalid { fields },
            "conflict" => Self::Conflict { detail },
            "rate_limited" => Self::RateLimited { retry_after_s },
            "upstream" => Self::Upstream { system },
            "internal" => Self::Internal { incident },
            // An error that a newer server knows: all that can be done is to try again.
            _ => Self::Unavailable { retry_after_s: retry_after_s.max(1) },
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_read_as_it_was_written() {
        for error in [
            AppError::Unauthenticated,
            AppError::Forbidden,
            AppError::NotFound,
            AppError::invalid("/name", "required", "is missing"),
            AppError::Conflict { detail: "changed meanwhile".into() },
            AppError::RateLimited { retry_after_s: 3 },
            AppError::Upstream { system: "Slack".into() },
            AppError::Unavailable { retry_after_s: 2 },
            AppError::Internal { incident: "INC-1".into() },
        ] {
            let json = serde_json::to_string(&error).unwrap();
            assert_eq!(serde_json::from_str::<AppError>(&json).unwrap(), error, "{json}");
        }
    }
}
