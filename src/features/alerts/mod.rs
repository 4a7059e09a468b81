//! Alerts: raised once for each kind, metric, user and period; they resolve themselves when their cause is gone.
//!
//! Tables: `usage_alerts`, `usage_alert_rules`.

#[cfg(feature = "ssr")]
pub mod privacy;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(feature = "ssr")]
pub mod usecase;
pub mod view;
