//! The server function of the office.

use leptos::prelude::*;

use super::OfficeView;
#[cfg(feature = "ssr")]
use super::written::render;
use crate::domain::AppResult;
#[cfg(feature = "ssr")]
use crate::platform::wire;

/// A page of the office.
///
/// # Errors
/// Those of the use-cases.
#[server(prefix = "/api", endpoint = "office", input = server_fn::codec::Json)]
pub async fn load_office(
    /// Its address: path and query.
    place: String,
) -> AppResult<OfficeView> {
    let ctx = wire::ctx()?;
    wire::respond(render::page(&ctx, &render::reader(&ctx), &place).await)
}
