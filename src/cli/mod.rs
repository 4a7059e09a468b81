//! The binary's subcommands.

pub mod doctor;
pub mod eval;
pub mod import;
pub mod key;
pub mod migrate;
pub mod privacy;
pub mod recount;
pub mod serve;
pub mod simulate;
pub mod user;

use std::{process::ExitCode, sync::Arc};

use anyhow::Context;
use clap::{Parser, Subcommand};
use tokio_util::sync::CancellationToken;

use crate::{
    flows,
    platform::{
        clock::Clock,
        config::Settings,
        ctx::{Actor, App, Ctx},
        db, telemetry,
    },
};

/// NexusCRM, the command centre of NGX.
#[derive(Debug, Parser)]
#[command(name = "nexus-crm", version, about, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves pages, webhook, socket and REST.
    Serve,
    /// Brings the database's schema up to this build.
    Migrate,
    /// Checks settings, database, migrations, clock, disk and secrets, and says how to mend what is wrong.
    Doctor,
    /// Acts as GENESIS: sends signed usage events over HTTP.
    Simulate(Box<simulate::Simulate>),
    /// People who can sign in.
    #[command(subcommand)]
    User(user::UserCommand),
    /// API keys of programs.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// What is held about a person: to hand out, and to erase.
    #[command(subcommand)]
    Privacy(privacy::PrivacyCommand),
    /// Reads a file of contacts, companies, leads, deals, interactions or tasks; or any table.
    Import(import::Import),
    /// Metering.
    #[command(subcommand)]
    Usage(UsageCommand),
    /// Measures the product's own judgement on files.
    #[command(subcommand)]
    Eval(eval::EvalCommand),
}

#[derive(Debug, Subcommand)]
enum UsageCommand {
    /// Rebuilds the rollups from the raw events and reports any difference.
    Recount(recount::Recount),
}

/// Runs what the command line says. Every failure is one clear line on standard error.
pub fn run() -> ExitCode {
    // A missing .env is no fault; one that cannot be read is.
    if let Err(error) = dotenvy::dotenv()
        && !error.not_found()
    {
        return complain(&anyhow::anyhow!(".env cannot be read: {error}"));
    }
    let cli = Cli::parse();
    telemetry::init_logs();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error.into()),
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Serve => serve::run().await,
            Command::Migrate => migrate::run().await,
            Command::Doctor => doctor::run().await,
            Command::Simulate(options) => options.run().await,
            Command::User(command) => command.run().await,
            Command::Key(command) => command.run().await,
            Command::Privacy(command) => command.run().await,
            Command::Import(options) => options.run().await,
            Command::Usage(UsageCommand::Recount(options)) => options.run().await,
            Command::Eval(command) => command.run(),
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error),
    }
}

#[expect(clippy::print_stderr, reason = "the one place where the command line complains")]
fn complain(error: &anyhow::Error) -> ExitCode {
    for line in format!("{error:#}").lines() {
        eprintln!("nexus-crm: {line}");
    }
    ExitCode::FAILURE
}

/// The product without its jobs, for a command that does one thing; acts as the system by this name.
fn ctx(job: &'static str) -> anyhow::Result<Ctx> {
    let settings = settings()?;
    let app = App {
        db: db::pool(settings.database_url.expose(), 3).context("DATABASE_URL")?,
        settings: Arc::new(settings),
        hub: Arc::default(),
        clock: Clock::system(),
        memo: Arc::default(),
        holders: flows::privacy::HOLDERS,
        stop: CancellationToken::new(),
    };
    Ok(Ctx::new(app, Actor::System(job)))
}

/// The settings, or every fault of them.
fn settings() -> anyhow::Result<Settings> {
    Ok(Settings::from_env()?)
}
