//! What crosses features.

pub mod imports;
pub mod mail;
pub mod maintenance;
pub mod privacy;
pub mod usage_watch;
