//! What crosses features.

pub mod conversion;
pub mod duplicates;
pub mod leads;
pub mod mail;
pub mod maintenance;
pub mod privacy;
pub mod usage_watch;
