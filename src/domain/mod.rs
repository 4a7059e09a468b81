//! The pure floor: ids, errors, and each feature's types and rules.
//!
//! Nothing here does I/O or reads a clock: a rule takes data, settings and `now`, so it is tested
//! without a database and runs the same in the server and in the browser.

pub mod alert;
pub mod error;
mod error_wire;
pub mod format;
pub mod histogram;
pub mod live;
pub mod mail;
pub mod people;
pub mod privacy;
pub mod tier;
pub mod time;
pub mod usage;

pub use error::{AppError, AppResult, FieldError};
