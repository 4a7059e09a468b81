//! Metering: usage events come in, rollups come out.
//!
//! Tables: `agent_usage_events`, `usage_event_keys`, `agent_usage_daily`, `agent_usage_monthly`, `agent_usage_totals_daily`,
//! `agent_usage_totals_hourly`, `agent_usage_active_daily`, `usage_users`, `usage_moves`, `usage_quarantine`, `usage_tier_limits`,
//! `webhook_secrets`, `ingest_minutes`.
//!
//! Invariants: an event that was acknowledged is stored, once; every rollup of a user equals a recount of the stored events,
//! whatever the order in which they came; of erased users nothing is taken in; the totals of all users with what still stands in `usage_moves` do too; every user
//! whose rollup moved stands in `usage_moves` until evaluated.

pub mod api;
#[cfg(feature = "ssr")]
pub mod copy;
#[cfg(feature = "ssr")]
pub mod group;
#[cfg(feature = "ssr")]
pub mod ingest;
#[cfg(feature = "ssr")]
pub mod keyring;
#[cfg(feature = "ssr")]
pub mod limits;
#[cfg(feature = "ssr")]
pub mod moves;
#[cfg(feature = "ssr")]
pub mod privacy;
#[cfg(feature = "ssr")]
pub mod quarantine;
#[cfg(feature = "ssr")]
pub mod read;
#[cfg(feature = "ssr")]
pub mod recount;
#[cfg(feature = "ssr")]
pub mod secrets;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(feature = "ssr")]
pub mod tally;
#[cfg(feature = "ssr")]
pub mod usecase;
pub mod view;
#[cfg(feature = "ssr")]
mod writer;
