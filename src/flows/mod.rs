//! What crosses features.

pub mod maintenance;
pub mod usage_watch;
