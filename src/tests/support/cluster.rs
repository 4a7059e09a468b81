//! Database clusters that a test may stop and kill.

use std::{path::PathBuf, process::Stdio, sync::Arc};

use tokio::process::Command;
use uuid::Uuid;

use super::database::TestDb;

/// A cluster of a test's own; goes with this value.
pub struct Cluster {
    dir: PathBuf,
}

fn tool() -> String {
    std::env::var("NEXUS_CRM_PG_TOOL").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/script/postgres").into())
}

impl Cluster {
    /// Makes one and starts it.
    pub async fn start() -> Self {
        let parent = std::env::var("NEXUS_CRM_TEST_DIR").map_or_else(|_| std::env::temp_dir(), PathBuf::from);
        let cluster = Self { dir: parent.join(format!("nxt-{}", Uuid::now_v7().simple())) };
        cluster.run("start", &[]).await;
        cluster
    }

    /// Runs a command of `script/postgres`; gives what it prints.
    pub async fn run(&self, command: &str, more: &[&str]) -> String {
        let output = Command::new(tool())
            .arg(command)
            .arg(&self.dir)
            .args(more)
            .env("NEXUS_CRM_PG_SCRATCH", "1")
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        assert!(output.status.success(), "script/postgres {command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The address of its database for a role: `app`, `owner` or `super`.
    pub async fn url(&self, role: &str) -> String {
        self.run("url", &[role]).await
    }

    /// Its database, with the schema.
    pub async fn database(&self) -> Arc<TestDb> {
        TestDb::at(self.url("owner").await.parse().unwrap()).await
    }

    /// Kills the postmaster as the machine's sudden end would.
    pub async fn kill(&self) {
        let pid = self.run("pid", &[]).await;
        kill_9(&pid).await;
    }
}

/// Kills a process at once.
pub async fn kill_9(pid: &str) {
    assert!(pid.parse::<u32>().is_ok_and(|pid| pid > 1), "{pid}");
    let status = Command::new("kill").args(["-9", pid]).status().await.unwrap();
    assert!(status.success());
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ =
            std::process::Command::new(tool()).arg("destroy").arg(&self.dir).stdin(Stdio::null()).stderr(Stdio::null()).status();
    }
}
