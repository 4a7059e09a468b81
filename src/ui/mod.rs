//! Plain components, themes, texts, and the live line of a page. Nothing here knows a feature.

pub mod chart;
pub mod clock;
pub mod dom;
pub mod href;
pub mod i18n;
pub mod icon;
pub mod live;
pub mod mark;
pub mod me;
pub mod menu;
pub mod meter;
pub mod prefs;
#[cfg(feature = "hydrate")]
pub mod socket;
pub mod spark;
pub mod state;
