//! Which records are one: values made comparable, compared by levels, weighed, and the weights learnt.
//!
//! The same code looks at what is typed into a form, at all contacts in the background, and at files by the command line.

pub mod alike;
pub mod blocking;
pub mod compare;
pub mod contact;
pub mod em;
pub mod link;
pub mod model;
pub mod names;
pub mod normal;
pub mod schema;
pub mod text;

#[cfg(test)]
mod tests;

pub use compare::{Kind, Value};
pub use model::{Agreement, Evidence, Model};
pub use schema::{Field, Table};

/// The values of a record in the order of its fields; nothing where it has none.
pub type Record = Vec<Option<Value>>;
