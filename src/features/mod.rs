//! The business, one folder a capability. Features are peers: none imports another.

pub mod alerts;
pub mod usage;
