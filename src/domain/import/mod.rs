//! What the rows of somebody's file mean: which column is which field, and how days, amounts, names and numbers in it are read.
//!
//! Nothing is lost and nothing invented: what cannot be read is a [`Problem`] of its row and column, and the rest of the row stays.

mod column;
pub mod dates;
mod mapping;
pub mod money;
pub mod names;
mod problem;
pub mod reach;
mod record;
mod survey;
mod targets;
pub mod words;

pub use column::{Cell, CellKind, Column};
pub use mapping::Mapping;
pub use problem::{Fault, Problem};
pub use record::{Given, MAX_FIELD, Read, RowReader};
pub use survey::{Survey, Surveyor, title};
pub use targets::{Kind, Shape, Target};
