//! Contacts and companies: whom we know.
//!
//! Tables: `contacts`, `companies`, `custom_fields`, `saved_views`, `bulk_changes`. Invariants: a contact has a name, an address or a
//! number; one user of GENESIS is one contact at most; nothing is lost when two people change one record; what was deleted stays in
//! the bin until it is erased for good.

pub mod bulk;
pub mod companies;
pub mod fields;
pub mod find;
pub mod list;
pub mod privacy;
pub mod record;
pub(crate) mod store;
pub mod timeline;
pub mod usecase;
pub mod views;
