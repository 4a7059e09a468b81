//! NexusCRM, the command centre of NGX: it meters the use of AI agents from signed webhooks, alerts the right person, and
//! carries the sale.
//!
//! The floors, from the ground up; imports run strictly downward (see `docs/ARCHITECTURE.md`, held by
//! `src/tests/architecture.rs`):
//!
//! | floor | modules | what |
//! |---|---|---|
//! | 0 | [`domain`] | types and rules, pure, in both builds |
//! | 1 | `platform`, [`ui`] | the machine room; plain components |
//! | 2 | [`features`] | one folder a business capability, peers |
//! | 3 | `flows`, [`pages`] | what crosses features |
//! | 4 | [`app`], `server`, `cli` | assembly |

#![recursion_limit = "512"]

#[cfg(feature = "ssr")]
pub mod cli;
pub mod domain;
pub mod features;
#[cfg(feature = "ssr")]
pub mod flows;
#[cfg(feature = "ssr")]
pub mod platform;
#[cfg(feature = "ssr")]
pub mod server;
