//! The features, one folder each. They are peers and never import one another; pages and flows combine them.

pub mod alerts;
pub mod usage;
