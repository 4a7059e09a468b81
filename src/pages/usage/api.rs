//! The server functions of the dashboard and of one user's page, which need usage and alerts.

#![cfg_attr(feature = "ssr", expect(clippy::unused_async, reason = "a server function is asynchronous for its caller"))]

use leptos::prelude::*;

use super::DashboardData;
#[cfg(feature = "ssr")]
use super::load;
use crate::domain::{
    AppResult,
    time::Zone,
    usage::{UsageFilter, UserDetail},
};
#[cfg(feature = "ssr")]
use crate::platform::wire;

/// All that the dashboard shows.
///
/// # Errors
/// Those of the use-cases.
#[server(prefix = "/api", endpoint = "usage/dashboard", input = server_fn::codec::Json)]
pub async fn load_dashboard(
    /// What it is narrowed to.
    filter: UsageFilter,
) -> AppResult<DashboardData> {
    let ctx = wire::ctx()?;
    wire::respond(load::dashboard(&ctx, filter).await)
}

/// The page of one user.
///
/// # Errors
/// `NotFound` for a user that GENESIS has never spoken of, and those of the use-cases.
#[server(prefix = "/api", endpoint = "usage/user", input = server_fn::codec::Json)]
pub async fn load_user(
    /// Whose.
    user_id: String,
) -> AppResult<UserDetail> {
    let ctx = wire::ctx()?;
    wire::respond(load::user(&ctx, &user_id).await)
}

/// A time zone by its IANA name.
///
/// # Errors
/// `Invalid` for a name that is not one.
#[server(prefix = "/api", endpoint = "zone", input = server_fn::codec::Json)]
pub async fn load_zone(
    /// The name, such as `America/Bogota`.
    name: String,
) -> AppResult<Zone> {
    let ctx = wire::ctx()?;
    wire::respond(load::zone(&ctx, &name))
}
