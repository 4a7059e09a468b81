//! Everything about a person, as a ZIP of JSON and CSV. It is read from the database, packed and sent a piece at a time.

use std::{borrow::Cow, fmt::Write as _, time::Duration};

use bytes::Bytes;
use chrono::SecondsFormat;
use futures_util::TryStreamExt;
use serde_json::{Map, Value, json};
use sqlx::{PgConnection, Postgres, Transaction};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout, timeout_at},
};

use super::{
    archive::{Archive, cells},
    store, usecase,
};
use crate::{
    domain::{AppError, AppResult, format::Lang, people::Permission, privacy::Subject},
    platform::{
        csv,
        ctx::Ctx,
        db::{self, to_app},
        person::{Extent, Held},
    },
    ui::i18n::{fill, s},
};

/// Rows are packed when they have so many bytes.
const PIECE: usize = 64 * 1024;
/// From so many rows on a file may have more than 4 GiB.
const LARGE: i64 = 1_000_000;
/// Pieces that wait for the reader.
const WAITING: usize = 4;
/// A reader that takes nothing for so long is gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// Exports that run at once, in all processes: each holds a connection and an instant of the database.
const AT_ONCE: i32 = 2;
/// Seconds after which it may be tried again when there are so many.
const RETRY_AFTER_S: u32 = 30;
/// An export that takes longer is given up.
const DEADLINE: Duration = Duration::from_secs(600);

/// The pieces of an archive, in order. An error is the last of them: the archive is not whole then.
pub type Pieces = mpsc::Receiver<AppResult<Bytes>>;

/// What is held about a person, by table.
type Extents = Vec<(&'static Held, Extent)>;

/// Hands out everything about a person, as it was before it was written down that it is.
///
/// # Errors
/// `Forbidden`; `NotFound` when nothing is held; `Unavailable` while others are handed out, after too long a time, and when the
/// database is away.
pub async fn export(ctx: &Ctx, subject: &Subject) -> AppResult<Pieces> {
    ctx.require(Permission::ManagePrivacy)?;
    let deadline = Instant::now() + DEADLINE;
    let (tx, extents) = timeout_at(deadline, begin(ctx, subject)).await.unwrap_or_else(|_| Err(later()))?;
    let (sender, pieces) = mpsc::channel(WAITING);
    let (ctx, subject) = (ctx.clone(), subject.clone());
    tokio::spawn(async move {
        let written = timeout_at(deadline, write(&ctx, tx, &subject, &extents, &sender)).await;
        if let Err(error) = written.unwrap_or_else(|_| Err(later())) {
            // Whoever reads may be gone; else they are told that something is missing.
            let _ = timeout(PATIENCE, sender.send(Err(error))).await;
        }
    });
    Ok(pieces)
}

const fn later() -> AppError {
    AppError::Unavailable { retry_after_s: RETRY_AFTER_S }
}

/// Takes a place and looks at what there is, then writes down that it is handed out.
async fn begin(ctx: &Ctx, subject: &Subject) -> AppResult<(Transaction<'static, Postgres>, Extents)> {
    let mut tx = ctx.as_system("privacy").snapshot().await.map_err(to_app)?;
    store::take_time(&mut tx).await.map_err(to_app)?;
    if !store::take_place(&mut tx, AT_ONCE).await.map_err(to_app)? {
        return Err(later());
    }
    let extents = usecase::extents(ctx, &mut tx, subject).await?;
    if extents.iter().all(|(_, extent)| extent.rows == 0) {
        return Err(AppError::NotFound);
    }
    usecase::note_export(ctx, subject).await?;
    Ok((tx, extents))
}

/// An archive that is being sent.
struct Sending<'a> {
    archive: Archive,
    text: String,
    sender: &'a mpsc::Sender<AppResult<Bytes>>,
}

impl Sending<'_> {
    /// Packs what has been written, and sends what has been packed.
    async fn flush(&mut self) -> AppResult<()> {
        self.archive.write(&self.text).map_err(|error| db::internal(&error))?;
        self.text.clear();
        let packed = self.archive.take();
        if packed.is_empty() { Ok(()) } else { self.send(packed).await }
    }

    async fn flush_if_full(&mut self) -> AppResult<()> {
        if self.text.len() >= PIECE { self.flush().await } else { Ok(()) }
    }

    async fn file(&mut self, name: &str) -> AppResult<()> {
        self.flush().await?;
        self.archive.file(name).map_err(|error| db::internal(&error))
    }

    async fn send(&self, bytes: Bytes) -> AppResult<()> {
        match timeout(PATIENCE, self.sender.send(Ok(bytes))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(AppError::Unavailable { retry_after_s: 1 }),
        }
    }
}

async fn write(
    ctx: &Ctx,
    mut tx: Transaction<'static, Postgres>,
    subject: &Subject,
    extents: &[(&'static Held, Extent)],
    sender: &mpsc::Sender<AppResult<Bytes>>,
) -> AppResult<()> {
    let large = extents.iter().any(|(_, extent)| extent.rows >= LARGE);
    let mut sending = Sending { archive: Archive::new(large), text: String::new(), sender };
    sending.archive.file("README.txt").map_err(|error| db::internal(&error))?;
    sending.text = readme(subject, &ctx.now().to_rfc3339_opts(SecondsFormat::Secs, true), extents);
    sending.file("person.json").await?;
    let head = json!({"kind": subject.kind, "id": subject.id, "exported_at": ctx.now()}).to_string();
    // Its last brace closes the whole.
    sending.text = format!("{},\"tables\":{{", head.strip_suffix('}').unwrap_or(&head));
    for (place, (held, _)) in extents.iter().enumerate() {
        let comma = if place > 0 { "," } else { "" };
        let _ = write!(sending.text, "{comma}\n\"{}\":[", held.table);
        json_rows(&mut tx, held, subject, &mut sending).await?;
        sending.text.push(']');
    }
    sending.text.push_str("}}\n");
    for (held, _) in extents {
        sending.file(&format!("{}.csv", held.table)).await?;
        sending.text.push_str(csv::BOM);
        sending.text.push_str(&csv::line(held.columns()));
        csv_rows(&mut tx, held, subject, &mut sending).await?;
    }
    sending.flush().await?;
    let rest = sending.archive.finish().map_err(|error| db::internal(&error))?;
    match timeout(PATIENCE, sender.send(Ok(rest))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(AppError::Unavailable { retry_after_s: 1 }),
    }
}

async fn json_rows(tx: &mut PgConnection, held: &Held, subject: &Subject, sending: &mut Sending<'_>) -> AppResult<()> {
    let mut rows = held.rows(tx, &subject.id);
    let mut first = true;
    while let Some(row) = rows.try_next().await.map_err(to_app)? {
        let comma = if std::mem::take(&mut first) { "" } else { "," };
        let _ = write!(sending.text, "{comma}\n{row}");
        sending.flush_if_full().await?;
    }
    Ok(())
}

async fn csv_rows(tx: &mut PgConnection, held: &Held, subject: &Subject, sending: &mut Sending<'_>) -> AppResult<()> {
    let mut rows = held.rows(tx, &subject.id);
    while let Some(row) = rows.try_next().await.map_err(to_app)? {
        let row: Map<String, Value> = serde_json::from_str(&row).map_err(|error| db::internal(&error))?;
        sending.text.push_str(&csv::line(cells(&row, held.columns()).map(Cow::into_owned)));
        sending.flush_if_full().await?;
    }
    Ok(())
}

/// Says in both languages what each file is. Lines end as Windows wants them.
fn readme(subject: &Subject, at: &str, extents: &[(&'static Held, Extent)]) -> String {
    let mut text = csv::BOM.to_owned();
    for lang in [Lang::En, Lang::Es] {
        let _ = write!(text, "{}\r\n\r\n", fill(s!(lang, privacy.readme), &[&subject.id, at]));
        let _ = write!(text, "  person.json  {}\r\n", s!(lang, privacy.readme_json));
        for (held, extent) in extents {
            let _ = write!(text, "  {}.csv ({})  {}\r\n", held.table, extent.rows, (held.about)(lang));
        }
        let _ = write!(text, "\r\n{}\r\n\r\n", s!(lang, privacy.readme_more));
    }
    text
}
