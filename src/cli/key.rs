//! `nexus-crm key`: API keys from the command line.

use clap::Subcommand;

use crate::{
    domain::{AppError, people::KeyScope},
    features::auth::keys::{self, ApiKey},
    platform::{ctx::Ctx, secret::Secret},
};

/// API keys of programs.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Makes a key and prints it; it is not shown again.
    Create {
        /// What it is for.
        #[arg(long)]
        name: String,
        /// What it may do: usage:read or metrics:read; can be given several times.
        #[arg(long = "scope", value_parser = parse_scope, required = true)]
        scopes: Vec<KeyScope>,
        /// Days after which it stops working.
        #[arg(long)]
        days: Option<i64>,
    },
    /// Makes a successor of a key with the same name and scopes, and prints it; it is not shown again. The old one stops by itself.
    Rotate {
        /// What the key begins with, as the list of keys shows it.
        prefix: String,
        /// Hours that the old key goes on working, 0 to 168.
        #[arg(long, default_value_t = 24)]
        overlap_hours: i64,
    },
}

fn parse_scope(word: &str) -> Result<KeyScope, String> {
    KeyScope::parse(word).ok_or_else(|| KeyScope::ALL.map(KeyScope::as_str).join(" or "))
}

impl KeyCommand {
    /// Does it.
    ///
    /// # Errors
    /// When the database is away, or the use-case refuses.
    #[expect(clippy::print_stdout, reason = "what the command is asked for")]
    pub async fn run(self) -> anyhow::Result<()> {
        let ctx = super::ctx("command line")?;
        let made = self.make(&ctx).await;
        ctx.app.db.close().await;
        println!("{}", made?.1.expose());
        Ok(())
    }

    async fn make(self, ctx: &Ctx) -> anyhow::Result<(ApiKey, Secret)> {
        match self {
            Self::Create { name, scopes, days } => Ok(keys::create(ctx, &name, &scopes, days).await?),
            Self::Rotate { prefix, overlap_hours } => {
                let rotated = match keys::find_by_prefix(ctx, &prefix).await {
                    Ok(id) => keys::rotate(ctx, id, overlap_hours).await,
                    Err(error) => Err(error),
                };
                rotated.map_err(|error| match error {
                    AppError::NotFound => anyhow::anyhow!("there is no key {prefix} that works"),
                    other => other.into(),
                })
            }
        }
    }
}
