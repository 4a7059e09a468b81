//! What can be done with tasks.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::store::{self, TaskRow, TaskValues};
pub use super::store::{OpenPlace, Owners};
use crate::{
    domain::{
        AppError, AppResult,
        crm::{CompanyId, ContactId, LeadId, TaskId, line, prose},
        people::{Faults, Permission, UserId},
        tasks::{Due, Priority, Recurrence, Remind, Target, TaskKind, week_end},
        time::Zone,
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
        zone,
    },
};

/// The longest title, in characters.
pub const MAX_TITLE: usize = 200;
/// The longest notes, in characters.
pub const MAX_NOTES: usize = 10_000;
/// Tasks on one page.
pub const PAGE: i64 = 50;
/// Tasks in a month of the calendar at the most.
const MONTH: i64 = 500;
/// Tasks on a record's page.
const OF_TARGET: i64 = 50;

/// A task.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// What is to be done, in a line.
    pub title: String,
    /// More about it; may be empty.
    pub notes: String,
    /// Of what kind it is.
    pub kind: TaskKind,
    /// How much it presses.
    pub priority: Priority,
    /// When it is due, if anybody has said.
    pub due: Option<Due>,
    /// How it comes again.
    pub recurrence: Option<Recurrence>,
    /// The first day of its series.
    series_start: Option<NaiveDate>,
    /// When its owner is reminded.
    pub remind: Option<Remind>,
    /// Whose it is: id and name.
    pub owner: Option<(UserId, String)>,
    /// What it is about, with its name as far as the actor may see it.
    pub target: Option<(Target, Option<String>)>,
    /// When it was done.
    pub done_at: Option<DateTime<Utc>>,
    /// When it was put into the bin.
    pub deleted_at: Option<DateTime<Utc>>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts its changes.
    pub version: i32,
}

impl From<TaskRow> for Task {
    fn from(row: TaskRow) -> Self {
        let contact = row.contact_id.map(|id| (Target::Contact(ContactId(id)), row.contact_name));
        let company = row.company_id.map(|id| (Target::Company(CompanyId(id)), row.company_name));
        let lead = row.lead_id.map(|id| (Target::Lead(LeadId(id)), row.lead_name));
        Self {
            id: TaskId(row.id),
            title: row.title,
            notes: row.notes.unwrap_or_default(),
            kind: TaskKind::parse(&row.kind).unwrap_or_default(),
            priority: Priority::of_number(row.priority),
            due: row.due_on.map(|on| Due { on, at: row.due_at }),
            recurrence: row.recurrence.as_deref().and_then(Recurrence::parse),
            series_start: row.series_start,
            remind: row.remind.as_deref().and_then(Remind::parse),
            owner: row.owner_id.map(|id| (UserId(id), row.owner_name.unwrap_or_default())),
            target: contact.or(lead).or(company),
            done_at: row.done_at,
            deleted_at: row.deleted_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl Task {
    /// Its place in a list of what is not done.
    pub fn open_place(&self) -> OpenPlace {
        (self.due.map(|due| due.on), self.due.and_then(|due| due.at), self.id.0)
    }

    /// As the journal tells of it.
    fn facts(&self) -> Value {
        json!({"title": self.title, "notes": self.notes, "kind": self.kind, "priority": self.priority,
            "due_on": self.due.map(|due| due.on), "due_at": self.due.and_then(|due| due.at), "recurrence": self.recurrence,
            "remind": self.remind, "owner": self.owner.as_ref().map(|(id, _)| id),
            "about": self.target.as_ref().map(|(target, _)| json!({"kind": target.as_str(), "id": target.id()}))})
    }
}

/// A task as somebody wants it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What is to be done, in a line.
    pub title: String,
    /// More about it.
    pub notes: String,
    /// Of what kind it is.
    pub kind: TaskKind,
    /// How much it presses.
    pub priority: Priority,
    /// The day that it is due on: with a time by the clock of `zone`, else in its owner's calendar.
    pub due_on: Option<NaiveDate>,
    /// The time of that day.
    pub time: Option<NaiveTime>,
    /// The zone whose clock day and time are read by; without, that of whoever owned it until now, or is to own a new one.
    pub zone: Option<String>,
    /// How it comes again.
    pub recurrence: Option<Recurrence>,
    /// When its owner is reminded.
    pub remind: Option<Remind>,
    /// Whose it is to be; nobody's without.
    pub owner: Option<UserId>,
    /// What it is about; only read when it is made.
    pub target: Option<Target>,
    /// What the form that asks for a new one is known by: sent again, it makes no second one.
    pub once: Option<Uuid>,
}

impl Wanted {
    /// What is there, as if somebody wanted it so, by the clock of a zone.
    pub fn of(task: &Task, zone_name: &str) -> Self {
        let local = task.due.and_then(|due| zone::wall_clock(zone_name, due.at?));
        Self {
            title: task.title.clone(),
            notes: task.notes.clone(),
            kind: task.kind,
            priority: task.priority,
            due_on: local.map(|local| local.date()).or(task.due.map(|due| due.on)),
            time: local.map(|local| local.time()),
            zone: Some(zone_name.to_owned()),
            recurrence: task.recurrence,
            remind: task.remind,
            owner: task.owner.as_ref().map(|(id, _)| *id),
            target: task.target.as_ref().map(|(target, _)| *target),
            once: None,
        }
    }

    /// Day and time to the minute, as forms have them.
    fn due_to_the_minute(&self) -> (Option<NaiveDate>, Option<NaiveTime>) {
        (self.due_on, self.time.and_then(|time| time.with_second(0)?.with_nanosecond(0)))
    }

    /// The fields, by the names of forms, that are otherwise than in another.
    pub fn differing(&self, other: &Self) -> Vec<&'static str> {
        let same = [
            ("title", self.title.trim() == other.title.trim()),
            ("notes", self.notes.replace("\r\n", "\n").trim() == other.notes.replace("\r\n", "\n").trim()),
            ("kind", self.kind == other.kind),
            ("priority", self.priority == other.priority),
            ("due_on", self.due_on == other.due_on),
            ("time", self.time == other.time),
            ("recurrence", self.recurrence == other.recurrence),
            ("remind", self.remind == other.remind),
            ("owner", self.owner == other.owner),
        ];
        same.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
    }
}

/// A task as it is written, with what it holds checked.
struct Checked {
    title: String,
    notes: Option<String>,
    due: Option<Due>,
    remind_at: Option<DateTime<Utc>>,
}

/// The years that a task may be due in.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2199;

/// What a task's day and time are worked out by.
struct Clocks<'a> {
    /// The zone by whose clock they were typed.
    typed: &'a str,
    /// The owner's.
    owner: &'a str,
    /// The instant that stays, where nobody has touched them.
    kept: Option<DateTime<Utc>>,
}

fn check(wanted: &Wanted, clocks: &Clocks<'_>) -> AppResult<Checked> {
    let mut faults = Faults::default();
    let title = faults.take(line(&wanted.title, MAX_TITLE, "/title"))?.flatten();
    if title.is_none() && !wanted.title.chars().any(|c| !c.is_whitespace()) {
        faults.add("/title", "required", "is missing");
    }
    let notes = faults.take(prose(&wanted.notes, MAX_NOTES, "/notes"))?.flatten();
    if wanted.due_on.is_some_and(|on| !YEARS.contains(&on.year())) {
        faults.add("/due_on", "out_of_range", "must lie between 2000 and 2199");
    }
    if wanted.due_on.is_none() && (wanted.time.is_some() || wanted.recurrence.is_some() || wanted.remind.is_some()) {
        faults.add("/due_on", "required", "is needed for a time, a repetition or a reminder");
    }
    faults.check()?;
    let instant = |zone, on: NaiveDate, time| zone::instant(zone, on.and_time(time)).unwrap_or_else(|| on.and_time(time).and_utc());
    let due = wanted.due_on.map(|on| {
        let at = wanted.time.map(|time| clocks.kept.unwrap_or_else(|| instant(clocks.typed, on, time)));
        let day = at.and_then(|at| zone::wall_clock(clocks.owner, at)).map_or(on, |local| local.date());
        Due { on: day, at }
    });
    let remind_at =
        wanted.remind.zip(due).and_then(|(remind, due)| remind.at(due, |on| instant(clocks.owner, on, Remind::morning())));
    Ok(Checked { title: title.unwrap_or_default(), notes, due, remind_at })
}

impl Checked {
    fn values<'a>(&'a self, wanted: &Wanted, series_start: Option<NaiveDate>) -> TaskValues<'a> {
        TaskValues {
            title: &self.title,
            notes: self.notes.as_deref(),
            kind: wanted.kind.as_str(),
            priority: wanted.priority.number(),
            due_on: self.due.map(|due| due.on),
            due_at: self.due.and_then(|due| due.at),
            recurrence: wanted.recurrence.map(Recurrence::as_str),
            series_start,
            remind: wanted.remind.map(Remind::as_str),
            remind_at: self.remind_at,
        }
    }
}

/// The zone that an owner's days and times are of: the one that the owner has settled on, else that of whoever acts, which is `here`.
///
/// # Errors
/// When the database is away.
pub async fn zone_of(ctx: &Ctx, owner: Option<UserId>, here: &str) -> AppResult<String> {
    if owner.is_none() || owner == ctx.actor.user() {
        return Ok(here.to_owned());
    }
    let mut tx = ctx.begin().await.map_err(to_app)?;
    zone_in(ctx, &mut tx, owner, here).await
}

/// The same in a transaction: a second connection beside it could wait for others that wait for theirs.
async fn zone_in(ctx: &Ctx, tx: &mut PgConnection, owner: Option<UserId>, here: &str) -> AppResult<String> {
    let own = match owner.filter(|owner| ctx.actor.user() != Some(*owner)) {
        Some(owner) => store::find_zone(tx, owner.0).await.map_err(to_app)?,
        None => None,
    };
    Ok(own.filter(|name| is_zone(ctx, name)).unwrap_or_else(|| here.to_owned()))
}

/// Whether there is a zone of that name.
pub fn is_zone(ctx: &Ctx, name: &str) -> bool {
    zone::zone(name, ctx.now()).is_some()
}

async fn record(ctx: &Ctx, tx: &mut PgConnection, event: &'static str, id: TaskId, body: Value) -> AppResult<()> {
    journal::record(tx, ctx, &Entry { event, subject_kind: "task", subject_id: id.to_string(), body }).await.map_err(to_app)
}

/// Nobody who could own it.
fn no_owner(error: sqlx::Error) -> AppError {
    match &error {
        sqlx::Error::Database(e) if e.code().as_deref() == Some("23503") => {
            AppError::invalid("/owner", "unknown", "is nobody who could own it")
        }
        _ => to_app(error),
    }
}

/// Makes a task. Its days and times are of its owner's zone, else of `here`, the zone of whoever acts.
///
/// # Errors
/// `Forbidden`; `Invalid` for each field; `NotFound` when what it is about is not there; when the database is away.
pub async fn create(ctx: &Ctx, wanted: &Wanted, here: &str) -> AppResult<TaskId> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let id = create_in(ctx, &mut tx, wanted, here).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(id)
}

/// The same in a transaction of the actor's, for what makes a task along with something else.
///
/// # Errors
/// As [`create`].
pub async fn create_in(ctx: &Ctx, tx: &mut PgConnection, wanted: &Wanted, here: &str) -> AppResult<TaskId> {
    ctx.require(Permission::WriteCrm)?;
    let owner_zone = zone_in(ctx, tx, wanted.owner, here).await?;
    let typed = wanted.zone.as_deref().filter(|name| is_zone(ctx, name)).unwrap_or(&owner_zone);
    let checked = check(wanted, &Clocks { typed, owner: &owner_zone, kept: None })?;
    let target = store::links(wanted.target);
    if wanted.target.is_some() && !store::sees(tx, target).await.map_err(to_app)? {
        return Err(AppError::NotFound);
    }
    let (mut id, now, actor) = (TaskId(wanted.once.unwrap_or_else(Uuid::now_v7)), ctx.now(), ctx.actor.user());
    let values = checked.values(wanted, wanted.recurrence.and(checked.due.map(|due| due.on)));
    // Whoever may not see others' tasks may still hand one over, but not make it theirs outright.
    let first = wanted.owner.map(|owner| actor.unwrap_or(owner).0);
    let people = (first, actor.map(|id| id.0));
    if !store::insert_task(tx, id.0, &values, people, target, None, now).await.map_err(no_owner)? {
        // Sent again, it is the first one; another that was typed into the same form is one of its own.
        if store::is_again(tx, id.0, &checked.title, people.1).await.map_err(to_app)? {
            return Ok(id);
        }
        id = TaskId(Uuid::now_v7());
        store::insert_task(tx, id.0, &values, people, target, None, now).await.map_err(no_owner)?;
    }
    let facts = json!({"title": checked.title, "due_on": checked.due.map(|due| due.on), "owner": wanted.owner});
    record(ctx, tx, "task_created", id, facts).await?;
    let owner = wanted.owner.map(|id| id.0);
    if owner != first {
        store::assign(tx, id.0, owner, now).await.map_err(no_owner)?;
    }
    Ok(id)
}

/// A task, also one in the bin.
///
/// # Errors
/// `Forbidden`; `NotFound`; when the database is away.
pub async fn find(ctx: &Ctx, id: TaskId) -> AppResult<Task> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    store::find_task(&mut tx, id.0).await.map_err(to_app)?.map(Task::from).ok_or(AppError::NotFound)
}

/// Holds a task for a change.
async fn lock(tx: &mut PgConnection, id: TaskId) -> AppResult<Task> {
    store::lock_task(tx, id.0).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    store::find_task(tx, id.0).await.map_err(to_app)?.map(Task::from).ok_or(AppError::NotFound)
}

/// Changes a task; `version` is the one that was seen.
///
/// # Errors
/// `Forbidden`; `Invalid` for each field; `NotFound`; `Conflict` when somebody else changed it meanwhile, which names the fields that
/// are otherwise now than they are wanted; when the database is away.
pub async fn change(ctx: &Ctx, id: TaskId, version: i32, wanted: &Wanted, here: &str) -> AppResult<()> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let before = lock(&mut tx, id).await?;
    if before.deleted_at.is_some() {
        return Err(AppError::NotFound);
    }
    let typed = match wanted.zone.as_deref().filter(|name| is_zone(ctx, name)) {
        Some(name) => name.to_owned(),
        None => zone_in(ctx, &mut tx, before.owner.as_ref().map(|(id, _)| *id), here).await?,
    };
    let owner_zone = zone_in(ctx, &mut tx, wanted.owner, here).await?;
    let stands = Wanted::of(&before, &typed);
    // Whoever hands a task over leaves it at its instant, whatever the clock of the next owner says.
    let is_untouched = stands.due_to_the_minute() == wanted.due_to_the_minute();
    let kept = before.due.and_then(|due| due.at).filter(|_| is_untouched);
    let checked = check(wanted, &Clocks { typed: &typed, owner: &owner_zone, kept })?;
    if before.version != version {
        return Err(AppError::Conflict { detail: wanted.differing(&stands).join(", ") });
    }
    let now = ctx.now();
    let day = checked.due.map(|due| due.on);
    // As long as day and way stay, the series goes on from its own first day.
    let same_series = before.recurrence == wanted.recurrence && before.due.map(|due| due.on) == day;
    let start = if same_series { before.series_start.or(day) } else { day };
    let values = checked.values(wanted, wanted.recurrence.and(start));
    if !store::update_task(&mut tx, (id.0, version), &values, now).await.map_err(to_app)? {
        return Err(AppError::NotFound);
    }
    let after = store::find_task(&mut tx, id.0).await.map_err(to_app)?.map(Task::from).ok_or(AppError::NotFound)?;
    let body =
        json!({"before": before.facts(), "after": Task { owner: wanted.owner.map(|id| (id, String::new())), ..after }.facts()});
    record(ctx, &mut tx, "task_changed", id, body).await?;
    if before.owner.as_ref().map(|(id, _)| *id) != wanted.owner {
        store::assign(&mut tx, id.0, wanted.owner.map(|id| id.0), now).await.map_err(no_owner)?;
    }
    tx.commit().await.map_err(to_app)
}

/// Marks a task as done; one that comes again is followed by its next, once. One that is done already stays so. Gives the next one.
///
/// # Errors
/// `Forbidden`; `NotFound`; when the database is away.
pub async fn finish(ctx: &Ctx, id: TaskId, here: &str) -> AppResult<Option<TaskId>> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let task = lock(&mut tx, id).await?;
    if task.deleted_at.is_some() {
        return Err(AppError::NotFound);
    }
    if task.done_at.is_some() {
        return Ok(None);
    }
    let now = ctx.now();
    store::set_done(&mut tx, id.0, Some((now, ctx.actor.user().map(|id| id.0))), now).await.map_err(to_app)?;
    let next = follow(ctx, &mut tx, &task, here).await?;
    record(ctx, &mut tx, "task_done", id, json!({"title": task.title, "next": next})).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(next)
}

/// Makes the task that follows one of a series.
async fn follow(ctx: &Ctx, tx: &mut PgConnection, task: &Task, here: &str) -> AppResult<Option<TaskId>> {
    let Some((recurrence, due)) = task.recurrence.zip(task.due) else { return Ok(None) };
    let zone_name = zone_in(ctx, tx, task.owner.as_ref().map(|(id, _)| *id), here).await?;
    let now = ctx.now();
    let today = zone::wall_clock(&zone_name, now).unwrap_or_else(|| now.naive_utc()).date();
    let start = task.series_start.unwrap_or(due.on);
    let Some(on) = recurrence.next(start, due.on, today) else { return Ok(None) };
    let wanted = Wanted { due_on: Some(on), ..Wanted::of(task, &zone_name) };
    let checked = check(&wanted, &Clocks { typed: &zone_name, owner: &zone_name, kept: None })?;
    let id = TaskId(Uuid::now_v7());
    let owners = (task.owner.as_ref().map(|(id, _)| id.0), ctx.actor.user().map(|id| id.0));
    let target = store::links(wanted.target);
    let values = checked.values(&wanted, Some(start));
    let added = store::insert_task(tx, id.0, &values, owners, target, Some(task.id.0), now).await.map_err(to_app)?;
    Ok(added.then_some(id))
}

/// Marks a task as not done. Of a series, the one that followed it stays.
///
/// # Errors
/// `Forbidden`; `NotFound`; when the database is away.
pub async fn reopen(ctx: &Ctx, id: TaskId) -> AppResult<()> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let task = lock(&mut tx, id).await?;
    if task.done_at.is_none() {
        return Ok(());
    }
    store::set_done(&mut tx, id.0, None, ctx.now()).await.map_err(to_app)?;
    record(ctx, &mut tx, "task_reopened", id, json!({"title": task.title})).await?;
    tx.commit().await.map_err(to_app)
}

/// Puts a task into the bin, or takes it out again. Where it is there already, nothing happens.
///
/// # Errors
/// `Forbidden`; `NotFound`; when the database is away.
pub async fn set_deleted(ctx: &Ctx, id: TaskId, deleted: bool) -> AppResult<()> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let task = lock(&mut tx, id).await?;
    if task.deleted_at.is_some() == deleted {
        return Ok(());
    }
    store::set_deleted(&mut tx, id.0, deleted, ctx.now()).await.map_err(to_app)?;
    let event = if deleted { "task_deleted" } else { "task_restored" };
    record(ctx, &mut tx, event, id, json!({"title": task.title})).await?;
    tx.commit().await.map_err(to_app)
}

/// Which tasks of a list are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Those due today, for the reader.
    Today,
    /// Those whose day or time is over.
    Overdue,
    /// Those due from today to the end of the week.
    Week,
    /// All that are not done.
    All,
}

/// The days from one to another, as instants of a zone.
fn days(first: NaiveDate, last: NaiveDate, zone_name: &str) -> store::Days {
    let begin = |day: NaiveDate| {
        let midnight = day.and_time(NaiveTime::MIN);
        zone::instant(zone_name, midnight).unwrap_or_else(|| midnight.and_utc())
    };
    store::Days { first, last, from: begin(first), to: begin(last + TimeDelta::days(1)) }
}

/// A page of tasks that are not done, the nearest first; and whether there are more.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list(ctx: &Ctx, part: Part, owners: Owners, zone: &Zone, after: Option<OpenPlace>) -> AppResult<(Vec<Task>, bool)> {
    ctx.require(Permission::ReadCrm)?;
    let now = ctx.now();
    let today = zone.local(now).date();
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let rows = match part {
        Part::Overdue => store::list_overdue(&mut tx, owners, (today, now), after, PAGE + 1).await,
        Part::Today => store::list_open(&mut tx, owners, Some(days(today, today, &zone.name)), after, PAGE + 1).await,
        Part::Week => store::list_open(&mut tx, owners, Some(days(today, week_end(today), &zone.name)), after, PAGE + 1).await,
        Part::All => store::list_open(&mut tx, owners, None, after, PAGE + 1).await,
    };
    Ok(page(rows.map_err(to_app)?))
}

fn page(mut rows: Vec<TaskRow>) -> (Vec<Task>, bool) {
    let more = rows.len() as i64 > PAGE;
    rows.truncate(usize::try_from(PAGE).unwrap_or_default());
    (rows.into_iter().map(Task::from).collect(), more)
}

/// A page of tasks that are done, the latest first; and whether there are more.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list_done(ctx: &Ctx, owners: Owners, after: Option<(DateTime<Utc>, Uuid)>) -> AppResult<(Vec<Task>, bool)> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    Ok(page(store::list_done(&mut tx, owners, after, PAGE + 1).await.map_err(to_app)?))
}

/// Tasks of days that are not done, for a calendar; at most 500, the earliest.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list_days(ctx: &Ctx, first: NaiveDate, last: NaiveDate, owners: Owners, zone: &Zone) -> AppResult<Vec<Task>> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let rows = store::list_open(&mut tx, owners, Some(days(first, last, &zone.name)), None, MONTH).await.map_err(to_app)?;
    Ok(rows.into_iter().map(Task::from).collect())
}

/// The tasks about something: at most 50, those that are not done first.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list_of(ctx: &Ctx, target: Target) -> AppResult<Vec<Task>> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let rows = store::list_of(&mut tx, store::links(Some(target)), OF_TARGET).await.map_err(to_app)?;
    Ok(rows.into_iter().map(Task::from).collect())
}

/// What a task is to be about, by its name or its e-mail address as somebody typed it; nothing for an empty text.
///
/// # Errors
/// `Forbidden`; `Invalid` at `/about_name` with `unknown` where nothing that the actor sees is called so, with `ambiguous` where more
/// than one is; when the database is away.
pub async fn find_called(ctx: &Ctx, text: &str) -> AppResult<Option<Target>> {
    ctx.require(Permission::ReadCrm)?;
    let Some(text) = line(text, MAX_TITLE, "/about_name")? else { return Ok(None) };
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let found = store::find_called(&mut tx, &text).await.map_err(to_app)?;
    match found.as_slice() {
        [] => Err(AppError::invalid("/about_name", "unknown", "is nothing that is there")),
        [(kind, id)] => Ok(Target::parse(kind, &id.to_string())),
        _ => Err(AppError::invalid("/about_name", "ambiguous", "is more than one")),
    }
}

/// What a task is most likely about: what each is found by, and its name.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn latest(ctx: &Ctx) -> AppResult<Vec<(String, String)>> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    store::list_latest(&mut tx).await.map_err(to_app)
}

/// Who can own a task: id and name, by name.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn owners(ctx: &Ctx) -> AppResult<Vec<(Uuid, String)>> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    store::list_owners(&mut tx).await.map_err(to_app)
}
