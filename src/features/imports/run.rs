//! The job: takes an import that waits, and does it batch by batch with the rights of whoever started it.

use std::{collections::HashSet, sync::Arc};

use chrono::TimeDelta;
use serde_json::json;
use sqlx::Acquire;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    apply::{How, apply},
    prepare::{self, Prepared, prepare},
    preview,
    reading::{Reading, Said},
    store::{self, Counts, ImportRow},
};
use crate::{
    domain::{
        AppResult,
        import::{Fault, Kind, Mapping, dates::Order, words::fold},
        people::{Role, SessionId, TeamId, UserId},
    },
    platform::{
        ctx::{Actor, Ctx, Person},
        db::{self, to_app},
        journal::{self, Entry},
        tables::{Go, Refused, Source, Table},
    },
};

/// For how long a process has an import for itself; each batch prolongs it. If the process dies, another goes on after this.
pub const LEASE: TimeDelta = TimeDelta::minutes(2);
/// Rows of one transaction.
const BATCH: usize = 500;
/// Records of one transaction of an undo.
const UNDO_BATCH: i64 = 1_000;

/// Does one import that waits, to its end; says whether there was one. Several processes may do so at once.
///
/// # Errors
/// When the database is away: the import is gone on with later, from where it is.
pub async fn once(ctx: &Ctx) -> AppResult<bool> {
    let lease = Uuid::now_v7();
    let now = ctx.now();
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let due = store::take_due(&mut tx, lease, now, now + LEASE).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    let Some(id) = due else { return Ok(false) };
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let row = store::find(&mut tx, id).await.map_err(to_app)?;
    let acting = match row.as_ref().and_then(|r| r.acts_as) {
        None => Some(ctx.clone()),
        Some(user) => store::person(&mut tx, user).await.map_err(to_app)?.and_then(|p| acting(ctx, p)),
    };
    let content = store::content(&mut tx, id).await.map_err(to_app)?;
    tx.rollback().await.map_err(to_app)?;
    let Some(row) = row else { return Ok(true) };
    let Some(acting) = acting else {
        finish(ctx, &row, "failed", Some("account")).await?;
        return Ok(true);
    };
    let job = Job { ctx: &acting, row: &row, lease };
    if row.state == "undoing" {
        job.undo().await?;
    } else {
        let content: Arc<[u8]> = content.unwrap_or_default().into();
        job.read(content).await?;
    }
    Ok(true)
}

/// The context of somebody who may still do it.
fn acting(ctx: &Ctx, row: store::PersonRow) -> Option<Ctx> {
    let person = Person {
        id: UserId(row.id),
        name: row.name,
        email: row.email,
        role: Role::parse(&row.role)?,
        team: row.team_id.map(TeamId),
        session: SessionId(Uuid::nil()),
        zone: None,
    };
    let acting = Ctx { actor: Actor::Person(Arc::new(person)), ..ctx.clone() };
    acting.require(crate::domain::people::Permission::ImportCrm).is_ok().then_some(acting)
}

/// Ends an import in its state, and writes that down.
async fn finish(ctx: &Ctx, row: &ImportRow, to: &str, failure: Option<&str>) -> AppResult<()> {
    let mut tx = ctx.begin().await.map_err(to_app)?;
    if store::end(&mut tx, row.id, &row.state, to, failure, ctx.now()).await.map_err(to_app)? && to != "checked" {
        let now = store::find(&mut tx, row.id).await.map_err(to_app)?;
        let body = now.map_or_else(
            || json!({}),
            |n| json!({"file": n.file_name, "state": to, "created": n.created, "updated": n.updated, "refused": n.refused, "undone": n.undone}),
        );
        let event = if to == "undone" { "import_undone" } else { "import_ended" };
        let entry = Entry { event, subject_kind: "import", subject_id: row.id.to_string(), body };
        journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    }
    tx.commit().await.map_err(to_app)
}

/// What came of a batch.
enum Went {
    On(Vec<String>),
    /// Somebody cancelled it, or another process has it.
    Lost,
}

struct Job<'a> {
    ctx: &'a Ctx,
    row: &'a ImportRow,
    lease: Uuid,
}

impl Job<'_> {
    async fn undo(&self) -> AppResult<()> {
        loop {
            let now = self.ctx.now();
            let mut tx = self.ctx.begin().await.map_err(to_app)?;
            store::alone(&mut tx).await.map_err(to_app)?;
            if !store::hold(&mut tx, self.row.id, self.lease, &self.row.state, now + LEASE).await.map_err(to_app)? {
                return Ok(());
            }
            let more = store::undo_some(&mut tx, self.row.id, UNDO_BATCH, now).await.map_err(to_app)?.is_some();
            tx.commit().await.map_err(to_app)?;
            if !more {
                return finish(self.ctx, self.row, "undone", None).await;
            }
        }
    }

    async fn read(&self, content: Arc<[u8]>) -> AppResult<()> {
        let Some(kind) = Kind::parse(&self.row.kind) else { return finish(self.ctx, self.row, "failed", Some("kind")).await };
        let mut tx = self.ctx.begin().await.map_err(to_app)?;
        let owners = prepare::owners(store::owners(&mut tx).await.map_err(to_app)?);
        tx.rollback().await.map_err(to_app)?;
        let dry = self.row.state == "checking";
        let how = How { id: self.row.id, kind, match_key: self.row.match_key.clone(), on_match: self.row.on_match.clone() };
        let (sender, mut batches) = mpsc::channel::<Vec<Prepared>>(2);
        // Where everything is new, nothing is looked for.
        let match_key = if how.on_match == "create" { "none".to_owned() } else { how.match_key.clone() };
        let (mapping, after) = (self.row.mapping.clone(), self.row.after_line);
        let said = Said {
            today: Some(self.ctx.now().date_naive()),
            order: match self.row.day_order.as_str() {
                "day_first" => Some(Order::DayFirst),
                "month_first" => Some(Order::MonthFirst),
                _ => None,
            },
            point: match self.row.decimals.as_str() {
                "comma" => Some(','),
                "point" => Some('.'),
                _ => None,
            },
            ..Said::default()
        };
        let reader = tokio::task::spawn_blocking(move || -> Result<(), Refused> {
            let mut reading = Reading::open(Table::open(Source::Bytes(content))?, kind, said)?;
            reading.mapping = Mapping::named(kind, &mapping);
            let mut batch = Vec::with_capacity(BATCH);
            reading.records::<Refused>(u64::try_from(after).unwrap_or(0), |line, read, cells| {
                batch.push(prepare(kind, &match_key, &owners, line, read, cells));
                if batch.len() == BATCH && sender.blocking_send(std::mem::take(&mut batch)).is_err() {
                    return Ok(Go::Stop);
                }
                Ok(Go::On)
            })?;
            if !batch.is_empty() {
                // Nobody listens to one that was cancelled.
                let _ = sender.blocking_send(batch);
            }
            Ok(())
        });
        let mut made = HashSet::new();
        // Whoever goes on where another has died shows what that one has kept.
        let mut room = if self.row.after_line == 0 { preview::SHOWN } else { 0 };
        while let Some(batch) = batches.recv().await {
            if self.ctx.app.stop.is_cancelled() {
                return Ok(());
            }
            match self.batch(&how, dry, batch, &made, &mut room).await? {
                Went::Lost => return Ok(()),
                Went::On(keys) if dry => made.extend(keys),
                Went::On(_) => {}
            }
        }
        match reader.await {
            Ok(Ok(())) => finish(self.ctx, self.row, if dry { "checked" } else { "done" }, None).await,
            Ok(Err(refused)) => finish(self.ctx, self.row, "failed", Some(&refused.to_string())).await,
            Err(_) => finish(self.ctx, self.row, "failed", Some("internal")).await,
        }
    }

    /// Writes a batch. If the database refuses one of its rows, each is tried alone, so that one does not take the others with it. Of a
    /// dry run `room` is for how many more records are shown.
    async fn batch(
        &self,
        how: &How,
        dry: bool,
        mut rows: Vec<Prepared>,
        made: &HashSet<String>,
        room: &mut usize,
    ) -> AppResult<Went> {
        let now = self.ctx.now();
        let mut tx = self.ctx.begin().await.map_err(to_app)?;
        store::alone(&mut tx).await.map_err(to_app)?;
        if !store::hold(&mut tx, how.id, self.lease, &self.row.state, now + LEASE).await.map_err(to_app)? {
            return Ok(Went::Lost);
        }
        let (mut counts, mut shown) = (Counts::default(), Vec::new());
        let mut within = tx.begin().await.map_err(to_app)?;
        let whole = apply(self.ctx, &mut within, how, &mut rows, made).await;
        match whole {
            Ok(all) => {
                counts = all;
                if dry && *room > 0 {
                    shown = preview::of(&mut within, how, &rows, *room).await.map_err(to_app)?;
                    *room -= shown.len();
                }
                if dry { within.rollback().await } else { within.commit().await }.map_err(to_app)?;
            }
            Err(error) if db::is_away(&error) => return Err(to_app(error)),
            Err(error) => {
                tracing::warn!(%error, import = %how.id, "a batch was refused; its rows are tried one by one");
                within.rollback().await.map_err(to_app)?;
                for row in &mut rows {
                    let mut within = tx.begin().await.map_err(to_app)?;
                    match apply(self.ctx, &mut within, how, std::slice::from_mut(row), made).await {
                        Ok(one) => {
                            counts = sum(counts, one);
                            if dry { within.rollback().await } else { within.commit().await }.map_err(to_app)?;
                        }
                        Err(error) if db::is_away(&error) => return Err(to_app(error)),
                        Err(_) => {
                            within.rollback().await.map_err(to_app)?;
                            row.fault("", Fault::Database, "");
                            counts = sum(counts, Counts { rows: 1, refused: 1, ..Counts::default() });
                        }
                    }
                }
            }
        }
        let problems = prepare::problem_rows(&rows);
        if problems.as_array().is_some_and(|p| !p.is_empty()) {
            store::keep_problems(&mut tx, how.id, &problems).await.map_err(to_app)?;
        }
        if !shown.is_empty() {
            store::keep_preview(&mut tx, how.id, &json!(shown)).await.map_err(to_app)?;
        }
        let last = rows.last().map_or(0, |row| i64::try_from(row.line).unwrap_or(i64::MAX));
        store::progress(&mut tx, how.id, last, counts).await.map_err(to_app)?;
        tx.commit().await.map_err(to_app)?;
        let keys = rows.iter().filter(|r| !r.is_refused()).filter_map(|r| r.key.as_ref()).map(|key| fold(key));
        Ok(Went::On(if dry { keys.collect() } else { Vec::new() }))
    }
}

fn sum(a: Counts, b: Counts) -> Counts {
    Counts {
        rows: a.rows + b.rows,
        created: a.created + b.created,
        updated: a.updated + b.updated,
        unchanged: a.unchanged + b.unchanged,
        skipped: a.skipped + b.skipped,
        refused: a.refused + b.refused,
    }
}
