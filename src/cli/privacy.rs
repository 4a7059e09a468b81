//! `nexus-crm privacy`: what is held about a person, from the command line.

use std::{fs::OpenOptions, io::Write, path::PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};

use super::user::explain;
use crate::{
    domain::{
        AppError,
        privacy::{PersonKind, Subject},
    },
    features::{
        auth::account,
        privacy::{export, usecase},
    },
    platform::ctx::Ctx,
};

/// What is held about a person.
#[derive(Debug, Subcommand)]
pub enum PrivacyCommand {
    /// Writes everything about a person into a ZIP of JSON and CSV.
    Export {
        /// Who it is.
        #[command(flatten)]
        who: Who,
        /// The file; it must not be there yet.
        #[arg(long)]
        out: PathBuf,
    },
    /// Erases a person for good: sums stay, and a tombstone keeps them from coming back.
    Erase {
        /// Who it is.
        #[command(flatten)]
        who: Who,
        /// Why; it is kept, and must not name the person.
        #[arg(long)]
        reason: String,
    },
}

/// A person.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Who {
    /// One of GENESIS's users, by id.
    #[arg(long)]
    user: Option<String>,
    /// Somebody who can sign in, by address.
    #[arg(long)]
    account: Option<String>,
}

impl Who {
    async fn find(&self, ctx: &Ctx) -> anyhow::Result<Subject> {
        let subject = match (&self.user, &self.account) {
            (Some(user), _) => Subject::new(PersonKind::Metered, user),
            (None, email) => {
                let found = account::find_by_email(ctx, email.as_deref().unwrap_or_default()).await.map_err(explain)?;
                Subject::new(PersonKind::Account, &found.id.to_string())
            }
        };
        subject.map_err(explain)
    }
}

impl PrivacyCommand {
    /// Does it.
    ///
    /// # Errors
    /// When the database is away, the file cannot be written, or the use-case refuses.
    #[expect(clippy::print_stdout, reason = "what the command is asked for")]
    pub async fn run(self) -> anyhow::Result<()> {
        let ctx = super::ctx("command line")?;
        match self {
            Self::Export { who, out } => {
                let subject = who.find(&ctx).await?;
                let mut options = OpenOptions::new();
                options.write(true).create_new(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                let mut pieces = export::export(&ctx, &subject).await.map_err(|error| match error {
                    AppError::NotFound => anyhow::anyhow!("nothing is held about this person"),
                    error => explain(error),
                })?;
                let mut file = options.open(&out).with_context(|| out.display().to_string())?;
                while let Some(piece) = pieces.recv().await {
                    file.write_all(&piece.map_err(explain)?).with_context(|| out.display().to_string())?;
                }
                println!("{}", out.display());
            }
            Self::Erase { who, reason } => {
                let subject = who.find(&ctx).await?;
                let erased = usecase::erase(&ctx, &subject, &reason).await.map_err(explain)?;
                for (table, rows) in erased.counts.iter().filter(|(_, rows)| *rows > 0) {
                    println!("{table:<22} {rows:>9}");
                }
                println!("erased, and kept from coming back");
            }
        }
        ctx.app.db.close().await;
        Ok(())
    }
}
