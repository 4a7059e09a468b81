//! Pages: they compose the widgets of the features.

pub mod frame;
pub mod not_found;
pub mod usage;
pub mod user;
pub mod users;
