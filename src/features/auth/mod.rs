//! People: signing in and out, sessions, one-time links, API keys, accounts and teams, and what is told about them by mail.
//!
//! Tables: `users`, `teams`, `sessions`, `user_links`, `api_keys`, `token_signing_keys`, `recovery_codes`,
//! `sign_in_attempts`, `password_asks`.
//!
//! Invariants: a secret (session, link, key) is stored as its hash only and shown once; a link works once; an active account has a
//! password; there is always an active admin once there was one; an erased account stays shut, and its address out; every change stands in the journal.

pub mod account;
mod attempts;
pub mod forgotten;
pub mod journal;
pub mod keys;
pub mod links;
pub mod privacy;
pub mod second_factor;
pub mod sessions;
pub mod sign_in;
mod store;
pub mod tokens;
