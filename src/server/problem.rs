//! Errors as RFC 9457 problem details.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use crate::domain::{AppError, FieldError};

/// A problem, as `application/problem+json`.
#[derive(Clone, Debug)]
pub struct Problem {
    status: u16,
    title: String,
    detail: Option<String>,
    retry_after_s: Option<u32>,
    more: Map<String, Value>,
}

impl Problem {
    /// A problem with its status and what it is in a few words.
    pub fn new(status: u16, title: impl Into<String>) -> Self {
        Self { status, title: title.into(), detail: None, retry_after_s: None, more: Map::new() }
    }

    /// Says more of this occurrence.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The status.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Asks to wait before the next try.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Names each broken rule.
    #[must_use]
    pub fn errors(self, errors: &[FieldError]) -> Self {
        self.with("errors", json!(errors))
    }

    /// Adds a member of the problem's own.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }
}

impl From<Problem> for Response {
    fn from(problem: Problem) -> Self {
        let mut body = problem.more;
        body.insert("type".into(), json!("about:blank"));
        body.insert("title".into(), json!(problem.title));
        body.insert("status".into(), json!(problem.status));
        if let Some(detail) = problem.detail {
            body.insert("detail".into(), json!(detail));
        }
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = problem.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.into()
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let problem = Self::new(error.status(), title(&error));
        match error {
            AppError::Invalid { fields } => problem.errors(&fields),
            AppError::Conflict { detail } => problem.detail(detail),
            AppError::RateLimited { retry_after_s } | AppError::Unavailable { retry_after_s } => problem.retry_after(retry_after_s),
            AppError::Internal { incident } => problem.with("incident", json!(incident)),
            AppError::Unauthenticated | AppError::Forbidden | AppError::NotFound | AppError::Upstream { .. } => problem,
        }
    }
}

const fn title(error: &AppError) -> &'static str {
    match error {
        AppError::Unauthenticated => "Sign in first",
        AppError::Forbidden => "Not allowed",
        AppError::NotFound => "Not found",
        AppError::Invalid { .. } => "Not valid",
        AppError::Conflict { .. } => "Conflict",
        AppError::RateLimited { .. } => "Too many requests",
        AppError::Upstream { .. } => "A system we depend on did not answer",
        AppError::Unavailable { .. } => "Not available now",
        AppError::Internal { .. } => "Internal error",
    }
}

/// The answer to a method that a route does not have.
pub async fn method_not_allowed() -> Problem {
    Problem::new(405, "The method is not allowed here")
}
