//! `nexus-crm usage recount`.

use std::time::Instant;

use anyhow::bail;
use clap::Args;

use crate::features::usage::recount;

/// Options of `nexus-crm usage recount`.
#[derive(Clone, Debug, Args)]
pub struct Recount {
    /// Only report; change nothing, and fail when there is a difference.
    #[arg(long)]
    check: bool,
    /// Report as JSON.
    #[arg(long)]
    json: bool,
}

impl Recount {
    /// Compares, rebuilds and reports.
    ///
    /// # Errors
    /// When the database is away, or `--check` finds a difference.
    pub async fn run(&self) -> anyhow::Result<()> {
        let ctx = super::ctx("recount")?;
        let begun = Instant::now();
        let findings = recount::recount(&ctx, !self.check).await?;
        let exact = findings.iter().all(recount::Finding::is_exact);
        if self.json {
            println!("{}", serde_json::to_string(&findings)?);
        } else {
            for f in &findings {
                println!("{:<26} {:>10} rows  {:>6} missing or wrong  {:>6} not called for", f.table, f.rows, f.missing, f.extra);
            }
            let verdict = match (exact, self.check) {
                (true, _) => "every rollup equals its events",
                (false, true) => "rollups differ from their events",
                (false, false) => "rollups differed, and were rebuilt",
            };
            println!("{verdict} ({:.1} s)", begun.elapsed().as_secs_f64());
        }
        if self.check && !exact {
            bail!("rollups differ from their events: `nexus-crm usage recount` rebuilds them");
        }
        Ok(())
    }
}
