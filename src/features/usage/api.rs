//! The server functions of usage.

use leptos::prelude::*;

use crate::domain::{
    AppResult,
    usage::{EventPage, UserPage, UserQuery},
};

/// One page of users of this month.
///
/// # Errors
/// Those of the use-case.
#[server(prefix = "/api", endpoint = "usage/users", input = server_fn::codec::Json)]
pub async fn load_users(
    /// Which users, in which order.
    query: UserQuery,
) -> AppResult<UserPage> {
    let _ = query;
    Err(crate::domain::AppError::Unavailable { retry_after_s: 1 })
}

/// One page of a user's events, after the one that ended at `after`.
///
/// # Errors
/// Those of the use-case.
#[server(prefix = "/api", endpoint = "usage/user_events", input = server_fn::codec::Json)]
pub async fn load_user_events(
    /// Whose.
    user_id: String,
    /// Where the page before ended, as it said in [`EventPage::next`].
    after: Option<String>,
) -> AppResult<EventPage> {
    let _ = (user_id, after);
    Err(crate::domain::AppError::Unavailable { retry_after_s: 1 })
}
