//! The SQL of the workspace.

use sqlx::PgConnection;

use super::Workspace;

pub async fn find(tx: &mut PgConnection) -> Result<Workspace, sqlx::Error> {
    sqlx::query_as!(Workspace, "SELECT name, time_zone AS zone, journal_retention_days AS journal_days, version FROM workspace")
        .fetch_one(tx)
        .await
}

/// Changes it if it still has the version given; says whether it had.
pub async fn update(tx: &mut PgConnection, workspace: &Workspace) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE workspace SET name = $1, time_zone = $2, journal_retention_days = $3, version = version + 1 WHERE version = $4",
        workspace.name,
        workspace.zone,
        workspace.journal_days,
        workspace.version
    );
    Ok(done.execute(tx).await?.rows_affected() == 1)
}
