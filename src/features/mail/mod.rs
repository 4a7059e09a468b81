//! Mail: the outbox, from the row that a feature has put there ([`crate::platform::mail::enqueue`]) to the mail server's word that it
//! has the mail.
//!
//! Table: `mails`.
//!
//! Invariants: a mail is delivered at least once, whatever dies meanwhile, and a second time only when a process dies, or the database
//! stays away for longer than [`usecase::LEASE`], between the mail server's word and the commit that notes it, or when the line to the
//! server breaks before that word: it has the same `Message-ID` then. No transaction is open while the mail server is spoken with. The
//! secret of a link is sealed as long as the mail waits, erased once it is sent, and on no page.

mod compose;
pub mod privacy;
mod store;
pub mod usecase;
