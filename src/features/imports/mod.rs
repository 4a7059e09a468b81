//! Files of others become records here: read, matched with what is there, written in the background, and undone as a whole.

pub mod reading;
