//! Usage: how much customers use their agents, and what is left of what they pay for.

pub mod api;
pub mod view;
