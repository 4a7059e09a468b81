//! The pages of the office as the server writes them, and the parts that the gate's pages share with them.

mod account;
pub mod form;
mod ingest;
pub mod journal;
mod keys;
mod limits;
mod mail;
pub mod parts;
mod people;
mod privacy;
pub mod render;
mod sessions;
mod settings;
mod tables;
mod webhooks;
