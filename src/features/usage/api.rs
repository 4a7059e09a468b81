//! The server functions of usage.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::usecase;
use crate::domain::{
    AppResult,
    usage::{EventPage, UserPage, UserQuery},
};
#[cfg(feature = "ssr")]
use crate::platform::wire;

/// One page of users of this month.
///
/// # Errors
/// Those of the use-case.
#[server(prefix = "/api", endpoint = "usage/users", input = server_fn::codec::Json)]
pub async fn load_users(
    /// Which users, in which order.
    query: UserQuery,
) -> AppResult<UserPage> {
    let ctx = wire::ctx()?;
    wire::respond(usecase::users(&ctx, &query).await)
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
    let ctx = wire::ctx()?;
    wire::respond(usecase::user_events(&ctx, &user_id, after.as_deref()).await)
}
