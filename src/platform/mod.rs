//! The machine room: settings, database, clock, actor, journal, outbox of mails, live hub, signatures, telemetry.
//!
//! It knows nothing of the business; only the server build has it.

pub mod address;
pub mod buffer;
pub mod clock;
pub mod config;
pub mod csv;
pub mod ctx;
pub mod db;
pub mod hub;
pub mod journal;
pub mod jws;
pub mod mail;
pub mod memo;
pub mod password;
pub mod person;
pub mod secret;
pub mod signature;
pub mod smtp;
pub mod tables;
pub mod telemetry;
pub mod token;
pub mod tombstones;
pub mod vault;
pub mod wire;
pub mod zone;
