//! `nexus-crm user`: people from the command line, for the first steps and for emergencies.

use std::io::Read;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use crate::{
    domain::{AppError, people::Role},
    features::auth::account::{self, Change, Invitation},
    platform::{ctx::Ctx, secret::Secret, token},
};

/// People who can sign in.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Makes an account, and prints the link by which its person chooses a password.
    Create(Create),
    /// Prints a link by which a person chooses a new password.
    Reset {
        /// The address of the account.
        email: String,
    },
    /// Takes an account's access away, at once.
    Disable {
        /// The address of the account.
        email: String,
    },
    /// Makes one account for each role with a new password, and prints how to sign in. Refuses where real people have accounts.
    Demo,
}

/// An account to be made.
#[derive(Debug, Args)]
pub struct Create {
    /// The address.
    #[arg(long)]
    email: String,
    /// The name.
    #[arg(long)]
    name: String,
    /// What the person is to the product: admin, manager, sales or viewer.
    #[arg(long, value_parser = parse_role)]
    role: Role,
    /// Reads the password from standard input, instead of printing a link.
    #[arg(long)]
    password_stdin: bool,
}

fn parse_role(word: &str) -> Result<Role, String> {
    Role::parse(word).ok_or_else(|| "admin, manager, sales or viewer".to_owned())
}

/// What went wrong, with the fields named.
pub(super) fn explain(error: AppError) -> anyhow::Error {
    match error {
        AppError::Invalid { fields } => {
            let lines = fields.iter().map(|fault| format!("{} {}", fault.pointer.trim_start_matches('/'), fault.detail));
            anyhow::anyhow!(lines.collect::<Vec<_>>().join("\n"))
        }
        AppError::NotFound => anyhow::anyhow!("there is no such account, or it may not sign in"),
        other => other.into(),
    }
}

impl UserCommand {
    /// Does it.
    ///
    /// # Errors
    /// When the database is away, or the use-case refuses.
    pub async fn run(self) -> anyhow::Result<()> {
        let ctx = super::ctx("command line")?;
        let result = self.act(&ctx).await;
        ctx.app.db.close().await;
        result
    }

    #[expect(clippy::print_stdout, reason = "what the command is asked for")]
    async fn act(self, ctx: &Ctx) -> anyhow::Result<()> {
        match self {
            Self::Create(Create { email, name, role, password_stdin }) => {
                let invitation = Invitation { email: &email, name: &name, role, team: None };
                if password_stdin {
                    let mut password = String::new();
                    std::io::stdin().read_to_string(&mut password).context("standard input")?;
                    let secret = Secret::new(password.trim_end_matches(['\r', '\n']));
                    let account = account::create(ctx, &invitation, &secret).await.map_err(explain)?;
                    println!("{} can sign in at {}", account.email, ctx.app.settings.base_url);
                } else {
                    let (_, link) = account::invite(ctx, &invitation).await.map_err(explain)?;
                    println!("{link}");
                }
            }
            Self::Reset { email } => {
                let found = account::find_by_email(ctx, &email).await.map_err(explain)?;
                println!("{}", account::link(ctx, found.id).await.map_err(explain)?);
            }
            Self::Disable { email } => {
                let found = account::find_by_email(ctx, &email).await.map_err(explain)?;
                let change = Change {
                    id: found.id,
                    version: found.version,
                    name: &found.name,
                    role: found.role,
                    team: found.team,
                    enabled: false,
                };
                account::change(ctx, &change).await.map_err(explain)?;
                println!("{} may not sign in any more, and is signed out everywhere", found.email);
            }
            Self::Demo => {
                let secret = token::new();
                let accounts = match account::demo(ctx, &secret).await {
                    Err(AppError::Conflict { .. }) => bail!("real people have accounts here: the demo makes none beside them"),
                    result => result.map_err(explain)?,
                };
                println!("Sign in at {} with the password {}", ctx.app.settings.base_url, secret.expose());
                for account in accounts {
                    println!("  {:<22} {}", account.email, account.role.as_str());
                }
            }
        }
        Ok(())
    }
}
