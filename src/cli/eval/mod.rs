//! `nexus-crm eval`: runs the product's own judgement over files, without a database, so that it can be measured.

pub mod dedupe;
pub mod sentiment;

use clap::Subcommand;

/// What can be measured.
#[derive(Debug, Subcommand)]
pub enum EvalCommand {
    /// Finds the records of a table, or of two, that are likely one.
    Dedupe(dedupe::Dedupe),
    /// Judges how texts are meant.
    Sentiment(sentiment::Sentiment),
}

impl EvalCommand {
    /// Does it.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Dedupe(options) => options.run(),
            Self::Sentiment(options) => options.run(),
        }
    }
}
