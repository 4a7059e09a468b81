//! Files of others become records here: read, matched with what is there, written in the background, and undone as a whole.
//!
//! Tables: `imports`, `import_files`, `import_problems`, `import_changes`, `import_mappings`. Invariants: each row of a file is done
//! once, also when the process dies in the middle; the job has the rights of whoever started it; what an import did can be taken back
//! as long as nobody has changed it since; a dry run changes nothing.

mod apply;
mod prepare;
pub mod preview;
pub mod reading;
pub mod run;
mod store;
pub mod usecase;
