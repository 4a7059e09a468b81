//! Integration tests, by what they show, against a real database; see `script/test` for what they need.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod architecture;
mod crash;
mod doors;
mod live;
mod metering;
mod office;
mod privacy;
mod privacy_person;
mod properties;
mod rest;
mod scope;
mod second_factor;
mod sign_in;
mod support;
mod watch;
mod webhook_answers;
mod webhook_gate;
