//! Leads: captured, scored, handed out, worked on, and converted.
//!
//! Tables: `leads`; `lead_captures` (what was sent under a key), `lead_assignees` (who takes leads), `lead_settings` (scorecard and
//! public form), `lead_form_key`. A capture also writes down that somebody filled in a form (`interactions`).
//!
//! - Whoever is captured again while their lead is open (the same address; else the same customer or telephone number, where no two
//!   addresses differ) is added to that lead. Nobody but who works on it says who it is.
//! - A lead's profile, score and band are always those of its data by the scorecard of its `card_version`; [`scoring::pass`] follows a
//!   new scorecard.
//! - By their score leads go to those who have room; nobody is given more than their capacity by it.
//! - What is converted has a contact, and stays so.

pub mod assign;
pub mod capture;
pub mod change;
pub mod convert;
pub mod form;
pub mod read;
pub mod scorecard;
pub mod scoring;
mod store;

pub use store::Lead;
