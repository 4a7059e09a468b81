//! What crosses features.

pub mod mail;
pub mod maintenance;
pub mod usage_watch;
