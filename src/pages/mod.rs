//! Pages: they compose the widgets of the features.

#[cfg(feature = "ssr")]
pub mod desk;
pub mod frame;
#[cfg(feature = "ssr")]
pub mod gate;
#[cfg(feature = "ssr")]
pub mod lead_form;
pub mod not_found;
#[cfg(feature = "ssr")]
pub mod office;
pub mod usage;
pub mod user;
pub mod users;
pub mod written;
