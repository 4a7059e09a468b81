//! The business, one folder a capability. Features are peers: none imports another.

pub mod alerts;
#[cfg(feature = "ssr")]
pub mod auth;
pub mod usage;
#[cfg(feature = "ssr")]
pub mod workspace;
