//! The server function of written pages.

use leptos::prelude::*;

use super::WrittenView;
#[cfg(feature = "ssr")]
use super::render;
use crate::domain::AppResult;
#[cfg(feature = "ssr")]
use crate::platform::wire;

/// A page.
///
/// # Errors
/// Those of the use-cases.
#[server(prefix = "/api", endpoint = "page", input = server_fn::codec::Json)]
pub async fn load_page(
    /// Its address: path and query.
    place: String,
) -> AppResult<WrittenView> {
    let ctx = wire::ctx()?;
    wire::respond(render::page(&ctx, &render::reader(&ctx), &place).await)
}
