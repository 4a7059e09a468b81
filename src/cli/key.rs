//! `nexus-crm key`: API keys from the command line.

use clap::Subcommand;

use crate::{domain::people::KeyScope, features::auth::keys};

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
        let Self::Create { name, scopes, days } = self;
        let made = keys::create(&ctx, &name, &scopes, days).await;
        ctx.app.db.close().await;
        println!("{}", made?.1.expose());
        Ok(())
    }
}
