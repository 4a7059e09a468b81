//! Privacy: what is held about a person is handed out and erased; who was erased does not come back; what people agreed to.
//!
//! Tables: `erased_persons`, `erasure_key`, `consents`; the owner's functions `privacy_erase_…`.
//!
//! Invariants: a tombstone holds a keyed hash and nothing that leads to a person or to what was theirs; erasing changes no sum and no
//! count; once it has committed, nothing new is written about the person. What other features hold they offer themselves, as holders
//! (`platform::person`); the list of them is `flows::privacy::HOLDERS`.

mod archive;
pub mod export;
pub mod holder;
mod store;
pub mod usecase;
