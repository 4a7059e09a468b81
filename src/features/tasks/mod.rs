//! What is to be done, and what was said: tasks, interactions, and the texts that they begin from.
//!
//! Tables: `tasks`, `interactions`, `templates`, `task_feeds`.
//!
//! Invariants: a task that comes again is followed by one task, however often it is done; its owner is reminded of it once; a change
//! that was made without knowing of another is refused, and loses nothing.

#[cfg(feature = "ssr")]
pub mod feed;
#[cfg(feature = "ssr")]
pub mod interactions;
#[cfg(feature = "ssr")]
pub mod privacy;
#[cfg(feature = "ssr")]
pub mod reminders;
#[cfg(feature = "ssr")]
mod store;
#[cfg(feature = "ssr")]
pub mod templates;
#[cfg(feature = "ssr")]
pub mod usecase;
