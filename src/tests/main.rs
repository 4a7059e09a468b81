//! Integration tests, by what they show, against a real database; see `script/test` for what they need.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod admin;
mod architecture;
mod contacts;
mod conversion;
mod crash;
mod doors;
mod duplicates;
mod forgotten;
mod imports;
mod imports_rules;
mod ingest_health;
mod keys;
mod lead_form;
mod leads;
mod limits;
mod live;
mod mail;
mod mail_pages;
mod metering;
mod office;
mod privacy;
mod privacy_contact;
mod privacy_person;
mod properties;
mod rest;
mod scope;
mod second_factor;
mod secrets;
mod sign_in;
mod support;
mod task_forms;
mod tasks;
mod tokens;
mod watch;
mod webhook_answers;
mod webhook_gate;
