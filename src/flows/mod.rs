//! What crosses features.

pub mod maintenance;
pub mod privacy;
pub mod usage_watch;
