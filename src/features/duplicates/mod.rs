//! Contacts that are likely one: found in the background and while somebody types, looked through, merged, and taken apart again.
//!
//! Tables: `contact_changes` (whom to look at; a trigger writes it), `contact_keys`, `duplicate_pairs`, `contact_merges`. A merge and its
//! undoing also write `contacts` and, by `contact_move`, what hangs on them: all in one transaction, which is why they stand here.
//!
//! Invariants: a merge changes two contacts that nobody changed since they were looked at, and both are locked in the order of their ids,
//! so that of two merges of the same contact one finds the other's work. The loser stays, deleted, with `merged_into`. What a merge
//! changed is undone as far as nobody has changed it since. What somebody called no duplicate is not found again.

pub mod look;
pub mod merge;
pub mod plan;
mod store;
pub mod usecase;
