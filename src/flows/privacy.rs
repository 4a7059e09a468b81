//! Who holds something about people.

use crate::{
    features::{
        alerts::privacy::Alerts, auth::privacy::Accounts, contacts::privacy::Contacts, mail::privacy::Mails,
        privacy::holder::Records, tasks::privacy::Tasks, usage::privacy::Metering,
    },
    platform::person::Holders,
};

/// All features that do, in the order in which they forget. Metering is the first: it keeps others from writing meanwhile, and takes
/// the locks in the order in which everybody does. Whoever finds what to forget by the rows of another stands before it.
pub const HOLDERS: Holders = &[&Metering, &Records, &Alerts, &Mails, &Tasks, &Accounts, &Contacts];
