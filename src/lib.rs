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

pub mod app;
#[cfg(feature = "ssr")]
pub mod cli;
pub mod domain;
pub mod features;
#[cfg(feature = "ssr")]
pub mod flows;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod platform;
#[cfg(feature = "ssr")]
pub mod server;
pub mod ui;

/// Wakes up the page that the server has drawn.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
