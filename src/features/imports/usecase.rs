//! Imports as people handle them: sending a file, settling how, checking, starting, stopping, undoing.

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use super::store::ImportRow as Import;
use super::{
    prepare,
    preview::Shown,
    reading::{Reading, Said},
    store::{self, NewImport},
};
use crate::{
    domain::{
        AppError, AppResult,
        format::Lang,
        import::{Kind, title, words},
        people::Permission,
    },
    platform::{
        csv,
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
        tables::{Refused, Source, Table},
    },
};

/// The kinds that can be imported; the others can be read on the command line.
pub const KINDS: [Kind; 2] = [Kind::Contacts, Kind::Companies];
/// The largest file, in bytes.
pub const MAX_FILE: usize = 25 << 20;
/// What rows may be matched by.
pub const MATCH_KEYS: [&str; 5] = ["email", "phone", "name", "id", "none"];
/// What may become of a row that matches.
pub const ON_MATCH: [&str; 3] = ["update", "skip", "create"];
/// Imports on the page.
const LISTED: i64 = 30;
/// Rows with problems on the page.
pub const SHOWN_PROBLEMS: i64 = 100;
/// The order in which days and months may stand; empty: it is found by the file.
pub const DAY_ORDERS: [&str; 3] = ["", "day_first", "month_first"];
/// What may stand before decimals; empty: it is found by the file.
pub const DECIMALS: [&str; 3] = ["", "comma", "point"];
/// Uploads of one person that are not finished, at most.
pub const MAX_UNFINISHED: i64 = 10;
/// Records that an import has changed, on its page.
pub const SHOWN_RECORDS: i64 = 100;
/// For how long an upload waits to be started.
const WAITS: chrono::TimeDelta = chrono::TimeDelta::days(1);
/// For how long an import can be looked at and undone.
const KEPT: chrono::TimeDelta = chrono::TimeDelta::days(90);

/// Why a file was not taken.
#[derive(Debug)]
pub enum NotTaken {
    /// The use-case refuses.
    App(AppError),
    /// The file is no table.
    File(Refused),
    /// Whoever sends it has too many that are not finished; one of them has this name.
    Unfinished(String),
}

impl From<AppError> for NotTaken {
    fn from(error: AppError) -> Self {
        Self::App(error)
    }
}

/// Takes a file in, and guesses what its columns are; nothing is imported yet.
///
/// # Errors
/// When the actor may not, the file is no table, or the database is away.
pub async fn take_in(ctx: &Ctx, kind: Kind, file_name: &str, content: Vec<u8>) -> Result<Uuid, NotTaken> {
    ctx.require(Permission::ImportCrm)?;
    if !KINDS.contains(&kind) {
        return Err(AppError::invalid("/kind", "unknown", "cannot be imported").into());
    }
    let by = ctx.actor.user().map(|id| id.0);
    if let Some(user) = by {
        let mut tx = ctx.begin().await.map_err(to_app)?;
        let (count, oldest) = store::unfinished(&mut tx, user).await.map_err(to_app)?;
        tx.rollback().await.map_err(to_app)?;
        if count >= MAX_UNFINISHED {
            return Err(NotTaken::Unfinished(oldest.unwrap_or_default()));
        }
    }
    let content: Arc<[u8]> = content.into();
    let bytes = Arc::clone(&content);
    let said = Said { today: Some(ctx.now().date_naive()), ..Said::default() };
    let reading = tokio::task::spawn_blocking(move || Reading::open(Table::open(Source::Bytes(bytes))?, kind, said))
        .await
        .map_err(|_| AppError::Unavailable { retry_after_s: 5 })?
        .map_err(NotTaken::File)?;
    let survey = &reading.survey;
    let headers = survey.names();
    let mut hash = Sha256::new();
    for header in &survey.headers {
        hash.update(words::fold(header));
        hash.update([0]);
    }
    let header_key = hash.finalize().to_vec();
    let samples = Value::Array(
        survey.columns.iter().map(|c| json!(c.samples.iter().map(|s| s.replace('\0', "")).collect::<Vec<_>>())).collect(),
    );
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let remembered = match by {
        Some(user) => store::find_mapping(&mut tx, user, kind.as_str(), &header_key).await.map_err(to_app)?,
        None => None,
    };
    let guessed = || reading.mapping.names().into_iter().map(str::to_owned).collect();
    let mapping: Vec<String> = remembered.filter(|m| m.len() == headers.len()).unwrap_or_else(guessed);
    let has = |name: &str| mapping.iter().any(|m| m == name);
    let match_key = match kind {
        Kind::Companies => "name",
        _ if has("email") => "email",
        _ if has("phone") => "phone",
        _ => "name",
    };
    let file_name: String = words::line(file_name).chars().take(255).collect();
    let id = Uuid::now_v7();
    let new = NewImport {
        id,
        kind: kind.as_str(),
        file_name: if file_name.is_empty() { "-" } else { &file_name },
        header_key: &header_key,
        headers: &headers.iter().map(|h| h.replace('\0', "")).collect::<Vec<_>>(),
        samples: &samples,
        mapping: &mapping,
        match_key,
        on_match: "update",
        by,
        total_rows: i64::try_from(survey.rows).unwrap_or(i64::MAX),
        at: ctx.now(),
    };
    store::insert(&mut tx, &new, &content).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok(id)
}

/// The latest imports that the actor may see.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list(ctx: &Ctx) -> AppResult<Vec<Import>> {
    ctx.require(Permission::ImportCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let rows = store::list(&mut tx, LISTED).await.map_err(to_app)?;
    tx.rollback().await.map_err(to_app)?;
    Ok(rows)
}

/// A row with problems: its line, whether nothing of it was kept, and each column with what is wrong.
pub type Wrong = (i64, bool, Vec<(String, String)>);

/// An import in full.
#[derive(Debug)]
pub struct Whole {
    /// How it stands.
    pub import: Import,
    /// The first rows with problems.
    pub wrong: Vec<Wrong>,
    /// How many rows have problems.
    pub wrong_rows: i64,
    /// Records that an undo left as they are: whether it is a company, id and name.
    pub kept: Vec<(bool, Uuid, String)>,
    /// The first records that it has made or changed and that are there: whether it is a company, id, name and whether it was made.
    pub records: Vec<(bool, Uuid, String, bool)>,
    /// The first records as a dry run would have left them.
    pub preview: Vec<Shown>,
}

/// An import in full.
///
/// # Errors
/// `Forbidden`; `NotFound`; when the database is away.
pub async fn find(ctx: &Ctx, id: Uuid, lang: Lang) -> AppResult<Whole> {
    ctx.require(Permission::ImportCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let import = store::find(&mut tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    let wrong = store::problems(&mut tx, id, -1, SHOWN_PROBLEMS).await.map_err(to_app)?;
    let wrong_rows = store::count_problems(&mut tx, id).await.map_err(to_app)?;
    let kept = store::list_kept(&mut tx, id, SHOWN_PROBLEMS).await.map_err(to_app)?;
    let has_ended = matches!(import.state.as_str(), "done" | "cancelled" | "failed");
    let records = if has_ended { store::list_changed(&mut tx, id, SHOWN_RECORDS).await.map_err(to_app)? } else { Vec::new() };
    tx.rollback().await.map_err(to_app)?;
    Ok(Whole {
        wrong: wrong.into_iter().map(|row| (row.line, row.refused, said(&import, &row.problems, lang))).collect(),
        wrong_rows,
        kept: kept.into_iter().map(|(entity, id, name)| (entity == "company", id, name)).collect(),
        records,
        preview: serde_json::from_value(import.preview.clone()).unwrap_or_default(),
        import,
    })
}

fn said(import: &Import, problems: &Value, lang: Lang) -> Vec<(String, String)> {
    prepare::said(problems, &import.headers, &import.mapping, lang)
}

impl Import {
    /// The names of the columns; numbers where they have none.
    pub fn titles(&self, lang: Lang) -> Vec<String> {
        self.headers.iter().enumerate().map(|(at, header)| title(header.clone(), at, lang)).collect()
    }
}

/// How an import is to be done.
#[derive(Clone, Debug, Default)]
pub struct Settings<'a> {
    /// The field of each column.
    pub mapping: Vec<String>,
    /// What rows are matched by.
    pub match_key: &'a str,
    /// What becomes of a row that matches.
    pub on_match: &'a str,
    /// The order of day and month; empty: it is found by the file.
    pub day_order: &'a str,
    /// What stands before decimals; empty: it is found by the file.
    pub decimals: &'a str,
}

/// Settles how an import is to be done, and lets it begin: a dry run, or the import itself.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` for each setting; `Conflict` when it has begun already; when the database is away.
pub async fn begin(ctx: &Ctx, id: Uuid, settings: &Settings<'_>, dry: bool) -> AppResult<()> {
    ctx.require(Permission::ImportCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let import = store::find(&mut tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    let kind = Kind::parse(&import.kind).ok_or(AppError::NotFound)?;
    let known = |name: &String| name.is_empty() || kind.target(name).is_some();
    if settings.mapping.len() != import.headers.len() || !settings.mapping.iter().all(known) {
        return Err(AppError::invalid("/mapping", "unknown", "names a field that there is not"));
    }
    if settings.mapping.iter().all(String::is_empty) {
        return Err(AppError::invalid("/mapping", "required", "names no field"));
    }
    for (at, name) in settings.mapping.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        let again = settings.mapping.iter().take(at).any(|other| other == name);
        if again && kind.target(name).is_some_and(|t| !t.takes_many()) {
            return Err(AppError::invalid(format!("/c{at}"), "taken", "is another column's already"));
        }
    }
    if !MATCH_KEYS.contains(&settings.match_key)
        || !ON_MATCH.contains(&settings.on_match)
        || kind == Kind::Companies && settings.match_key == "email"
    {
        return Err(AppError::invalid("/match", "unknown", "is not offered"));
    }
    if !DAY_ORDERS.contains(&settings.day_order) || !DECIMALS.contains(&settings.decimals) {
        return Err(AppError::invalid("/day_order", "unknown", "is not offered"));
    }
    let conflict = || AppError::Conflict { detail: "the import has begun already".into() };
    if !store::settle(&mut tx, id, settings).await.map_err(to_app)? {
        return Err(conflict());
    }
    let (now, by) = (ctx.now(), ctx.actor.user().map(|id| id.0));
    if let Some(user) = by {
        store::keep_mapping(&mut tx, id, user, now).await.map_err(to_app)?;
    }
    if !store::begin(&mut tx, id, &["draft"], if dry { "checking" } else { "running" }, by, now).await.map_err(to_app)? {
        return Err(conflict());
    }
    if !dry {
        let body = json!({"file": import.file_name, "kind": import.kind, "rows": import.total_rows});
        record(ctx, &mut tx, "import_started", id, body).await?;
    }
    tx.commit().await.map_err(to_app)
}

/// Stops an import: what it has done stays, and can be undone. A dry run goes back to where it was.
///
/// # Errors
/// `Forbidden`; `Conflict` when it does not run; when the database is away.
pub async fn cancel(ctx: &Ctx, id: Uuid) -> AppResult<()> {
    ctx.require(Permission::ImportCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let now = ctx.now();
    let stopped = store::end(&mut tx, id, "running", "cancelled", None, now).await.map_err(to_app)?;
    if stopped {
        record(ctx, &mut tx, "import_ended", id, json!({"state": "cancelled"})).await?;
    } else if !store::end(&mut tx, id, "checking", "draft", None, now).await.map_err(to_app)? {
        return Err(AppError::Conflict { detail: "it does not run".into() });
    }
    tx.commit().await.map_err(to_app)
}

/// Lets a whole import be undone, by the job: what it made goes into the bin, and what it changed gets its earlier values, where nobody
/// has changed it since.
///
/// # Errors
/// `Forbidden`; `Conflict` when there is nothing to undo; when the database is away.
pub async fn undo(ctx: &Ctx, id: Uuid) -> AppResult<()> {
    ctx.require(Permission::ImportCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let by = ctx.actor.user().map(|id| id.0);
    if !store::begin(&mut tx, id, &["done", "cancelled", "failed"], "undoing", by, ctx.now()).await.map_err(to_app)? {
        return Err(AppError::Conflict { detail: "there is nothing to undo".into() });
    }
    tx.commit().await.map_err(to_app)
}

/// Forgets a file of which nothing was imported.
///
/// # Errors
/// `Forbidden`; `Conflict` when it has begun already; when the database is away.
pub async fn discard(ctx: &Ctx, id: Uuid) -> AppResult<()> {
    ctx.require(Permission::ImportCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    if !store::discard(&mut tx, id).await.map_err(to_app)? {
        return Err(AppError::Conflict { detail: "the import has begun already".into() });
    }
    tx.commit().await.map_err(to_app)
}

/// Rows with problems as lines of CSV, from below a line on: the cells as they were, and what is wrong with them, to be mended and sent
/// again. The first part begins with the headers. Gives where the next part begins.
///
/// # Errors
/// `Forbidden`; `NotFound`; when the database is away.
pub async fn problems_csv(ctx: &Ctx, id: Uuid, after: Option<i64>, lang: Lang) -> AppResult<(String, Option<i64>)> {
    const PART: i64 = 500;
    ctx.require(Permission::ImportCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let import = store::find(&mut tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    let rows = store::problems(&mut tx, id, after.unwrap_or(-1), PART).await.map_err(to_app)?;
    tx.rollback().await.map_err(to_app)?;
    let mut text = String::new();
    if after.is_none() {
        let problem = lang.pick("Problema", "Problem").to_owned();
        let titles = import.titles(lang);
        text = format!("{}{}", csv::BOM, csv::line(titles.iter().map(|h| csv::text(h).into_owned()).chain([problem])));
    }
    for row in &rows {
        let said: Vec<String> = said(&import, &row.problems, lang)
            .into_iter()
            .map(|(column, what)| if column.is_empty() { what } else { format!("{column}: {what}") })
            .collect();
        let blank = import.headers.len().saturating_sub(row.cells.len());
        let cells = row.cells.iter().map(|c| csv::text(c).into_owned()).chain(std::iter::repeat_n(String::new(), blank));
        text.push_str(&csv::line(cells.chain([csv::text(&said.join("; ")).into_owned()])));
    }
    Ok((text, rows.last().filter(|_| rows.len() as i64 == PART).map(|row| row.line)))
}

/// Forgets imports of more than 90 days ago, with their files, and uploads that nobody has started for a day.
///
/// # Errors
/// When the database is away.
pub async fn trim(ctx: &Ctx) -> AppResult<()> {
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::trim(&mut tx, ctx.now() - KEPT, ctx.now() - WAITS).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}

async fn record(ctx: &Ctx, tx: &mut sqlx::PgConnection, event: &'static str, id: Uuid, body: Value) -> AppResult<()> {
    let entry = Entry { event, subject_kind: "import", subject_id: id.to_string(), body };
    journal::record(tx, ctx, &entry).await.map_err(to_app)
}
