//! The way from a server function to a use-case.

use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use super::ctx::Ctx;
use crate::domain::{AppError, AppResult};

/// The context that the server has provided for the request at hand.
///
/// # Errors
/// `Unauthenticated` when there is none.
pub fn ctx() -> AppResult<Ctx> {
    use_context::<Ctx>().ok_or(AppError::Unauthenticated)
}

/// Lets the answer's status say the same as the result, whether it is a page or a server function.
///
/// # Errors
/// The error given.
pub fn respond<T>(result: AppResult<T>) -> AppResult<T> {
    if let Err(error) = &result
        && let Some(response) = use_context::<ResponseOptions>()
        && let Ok(status) = axum::http::StatusCode::from_u16(error.status())
    {
        response.set_status(status);
    }
    result
}
