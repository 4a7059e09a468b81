//! The business, one folder a capability. Features are peers: none imports another.

pub mod alerts;
#[cfg(feature = "ssr")]
pub mod auth;
#[cfg(feature = "ssr")]
pub mod contacts;
#[cfg(feature = "ssr")]
pub mod duplicates;
#[cfg(feature = "ssr")]
pub mod leads;
#[cfg(feature = "ssr")]
pub mod mail;
#[cfg(feature = "ssr")]
pub mod privacy;
pub mod usage;
#[cfg(feature = "ssr")]
pub mod workspace;
