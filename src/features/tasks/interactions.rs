//! What was said: mails, calls, meetings, notes.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    store::{self, interactions::InteractionRow, interactions::InteractionValues},
    usecase::{self, Wanted},
};
use crate::{
    domain::{
        AppError, AppResult,
        crm::{CompanyId, ContactId, InteractionId, LeadId, TaskId, line, prose},
        people::{Faults, Permission},
        sentiment::{self, Label},
        tasks::{Target, TaskKind, after_working_days},
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
        zone,
    },
    ui::i18n::{fill, s},
};

/// Interactions on one page.
pub const PAGE: i64 = 20;
/// The longest subject, outcome and text, in characters.
pub const MAX_SUBJECT: usize = 300;
/// The longest outcome, in characters.
pub const MAX_OUTCOME: usize = 100;
/// The longest text, in characters.
pub const MAX_BODY: usize = 20_000;
/// The longest duration, in minutes.
pub const MAX_MINUTES: i32 = 1_440;
/// The most working days until a follow-up.
const MAX_FOLLOW_UP: u32 = 60;

/// How it was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InteractionKind {
    /// A mail.
    Email,
    /// A call.
    Call,
    /// A meeting.
    Meeting,
    /// Something written down.
    #[default]
    Note,
    /// A form that was filled in.
    Form,
}

impl InteractionKind {
    /// All.
    pub const ALL: [Self; 5] = [Self::Email, Self::Call, Self::Meeting, Self::Note, Self::Form];
    /// Those that people record themselves.
    pub const BY_HAND: [Self; 4] = [Self::Note, Self::Call, Self::Email, Self::Meeting];

    /// The word in the database and in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Call => "call",
            Self::Meeting => "meeting",
            Self::Note => "note",
            Self::Form => "form",
        }
    }

    /// The one with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

/// Who began it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// They did.
    In,
    /// We did.
    Out,
}

impl Direction {
    /// The word in the database and in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }

    /// The one with this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::In, Self::Out].into_iter().find(|it| it.as_str() == word)
    }
}

/// A word that a sentiment rests on: where it stands in the text, in bytes, and its weight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// Above 0 for good.
    pub weight: f64,
}

/// How the text of an interaction is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Mood {
    /// In a word.
    pub label: Label,
    /// From -1 to 1.
    pub score: f32,
    /// The words that it rests on.
    pub evidence: Vec<Evidence>,
}

/// An interaction.
#[derive(Clone, Debug)]
pub struct Interaction {
    /// Its id.
    pub id: InteractionId,
    /// How it was said.
    pub kind: InteractionKind,
    /// Who began it, where that makes sense.
    pub direction: Option<Direction>,
    /// When.
    pub at: DateTime<Utc>,
    /// How long it took, in seconds.
    pub duration_s: Option<i32>,
    /// What came of it.
    pub outcome: Option<String>,
    /// What it was about, in a line.
    pub subject: Option<String>,
    /// What was said.
    pub body: Option<String>,
    /// How that was meant; nothing where nothing was said.
    pub mood: Option<Mood>,
    /// With whom.
    pub target: Option<Target>,
    /// Who wrote it down.
    pub by: Option<String>,
    /// When it was put into the bin.
    pub deleted_at: Option<DateTime<Utc>>,
}

impl From<InteractionRow> for Interaction {
    fn from(row: InteractionRow) -> Self {
        let label = row.sentiment.as_deref().and_then(Label::parse);
        let evidence = row.evidence.and_then(|json| serde_json::from_value(json).ok()).unwrap_or_default();
        let contact = row.contact_id.map(|id| Target::Contact(ContactId(id)));
        Self {
            id: InteractionId(row.id),
            kind: InteractionKind::parse(&row.kind).unwrap_or_default(),
            direction: row.direction.as_deref().and_then(Direction::parse),
            at: row.at,
            duration_s: row.duration_s,
            outcome: row.outcome,
            subject: row.subject,
            body: row.body,
            mood: label.map(|label| Mood { label, score: row.sentiment_score.unwrap_or_default(), evidence }),
            target: contact
                .or(row.lead_id.map(|id| Target::Lead(LeadId(id))))
                .or(row.company_id.map(|id| Target::Company(CompanyId(id)))),
            by: row.by_name,
            deleted_at: row.deleted_at,
        }
    }
}

/// An interaction as somebody writes it down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// How it was said.
    pub kind: InteractionKind,
    /// Who began it; passed over for a note.
    pub direction: Option<Direction>,
    /// When; now without.
    pub at: Option<DateTime<Utc>>,
    /// How long it took, in minutes.
    pub minutes: Option<i32>,
    /// What came of it.
    pub outcome: String,
    /// What it was about, in a line.
    pub subject: String,
    /// What was said.
    pub body: String,
    /// In how many working days there is something to be done about it.
    pub follow_up: Option<u32>,
    /// What the form that says so is known by: sent again, it writes nothing down a second time.
    pub once: Option<Uuid>,
}

/// How a text is meant, as it is stored.
fn mood(body: &str) -> Mood {
    let found = sentiment::analyse(body, None);
    let evidence = found.evidence.iter().map(|e| Evidence { start: e.start, end: e.end, weight: e.weight }).collect();
    #[expect(clippy::cast_possible_truncation, reason = "from -1 to 1")]
    let score = found.score as f32;
    Mood { label: found.label, score, evidence }
}

/// Writes an interaction down, with how it was meant; and makes the task of its follow-up, if one is wanted. `here` is the zone of
/// whoever acts.
///
/// # Errors
/// `Forbidden`; `Invalid` for each field; `NotFound` when there is nobody of that id; when the database is away.
pub async fn record(ctx: &Ctx, target: Target, said: &Said, here: &str) -> AppResult<InteractionId> {
    ctx.require(Permission::WriteCrm)?;
    let mut faults = Faults::default();
    let outcome = faults.take(line(&said.outcome, MAX_OUTCOME, "/outcome"))?.flatten();
    let subject = faults.take(line(&said.subject, MAX_SUBJECT, "/subject"))?.flatten();
    let body = faults.take(prose(&said.body, MAX_BODY, "/body"))?.flatten();
    if subject.is_none() && body.is_none() && said.subject.trim().is_empty() && said.body.trim().is_empty() {
        faults.add("/body", "required", "is missing");
    }
    if said.minutes.is_some_and(|n| !(0..=MAX_MINUTES).contains(&n)) {
        faults.add("/minutes", "out_of_range", format!("must be from 0 to {MAX_MINUTES}"));
    }
    let now = ctx.now();
    let at = said.at.unwrap_or(now);
    // A clock that goes a little before ours is no fault.
    if at > now + TimeDelta::minutes(5) || at < now - TimeDelta::days(36_500) {
        faults.add("/at", "out_of_range", "must not lie in the future");
    }
    faults.check()?;
    let mood = body.as_deref().map(mood);
    let values = InteractionValues {
        kind: said.kind.as_str(),
        direction: said.direction.filter(|_| said.kind != InteractionKind::Note).map(Direction::as_str),
        at,
        duration_s: said.minutes.map(|n| n * 60),
        outcome: outcome.as_deref(),
        subject: subject.as_deref(),
        body: body.as_deref(),
        sentiment: mood.as_ref().map(|mood| mood.label.as_str()),
        sentiment_score: mood.as_ref().map(|mood| mood.score),
        evidence: mood.as_ref().map(|mood| json!(mood.evidence)),
    };
    let mut id = InteractionId(said.once.unwrap_or_else(Uuid::now_v7));
    let links = store::links(Some(target));
    let mut tx = ctx.begin().await.map_err(to_app)?;
    if !store::sees(&mut tx, links).await.map_err(to_app)? {
        return Err(AppError::NotFound);
    }
    let by = ctx.actor.user().map(|id| id.0);
    if !store::interactions::insert_interaction(&mut tx, id.0, &values, links, by, now).await.map_err(to_app)? {
        let told = (subject.as_deref(), body.as_deref());
        if store::interactions::is_again(&mut tx, id.0, told, by).await.map_err(to_app)? {
            return Ok(id);
        }
        // Something else that was typed into the same form.
        id = InteractionId(Uuid::now_v7());
        store::interactions::insert_interaction(&mut tx, id.0, &values, links, by, now).await.map_err(to_app)?;
    }
    // What was said stays out of the journal, which outlives it.
    record_event(ctx, &mut tx, "interaction_recorded", id, target, json!({"kind": said.kind, "at": at})).await?;
    if let Some(days) = said.follow_up {
        let wanted = follow_up_task(ctx, said.kind, subject.as_deref(), target, days, here)?;
        usecase::create_in(ctx, &mut tx, &wanted, here).await?;
    }
    tx.commit().await.map_err(to_app)?;
    Ok(id)
}

async fn record_event(
    ctx: &Ctx,
    tx: &mut PgConnection,
    event: &'static str,
    id: InteractionId,
    target: Target,
    mut body: Value,
) -> AppResult<()> {
    if let Some(body) = body.as_object_mut() {
        body.insert("about".into(), json!({"kind": target.as_str(), "id": target.id()}));
    }
    let entry = Entry { event, subject_kind: "interaction", subject_id: id.to_string(), body };
    journal::record(tx, ctx, &entry).await.map_err(to_app)
}

/// The task of a follow-up.
fn follow_up_task(
    ctx: &Ctx,
    kind: InteractionKind,
    subject: Option<&str>,
    target: Target,
    working_days: u32,
    here: &str,
) -> AppResult<Wanted> {
    if !(1..=MAX_FOLLOW_UP).contains(&working_days) {
        return Err(AppError::invalid("/follow_up", "out_of_range", format!("must be from 1 to {MAX_FOLLOW_UP}")));
    }
    let now = ctx.now();
    let today = zone::wall_clock(here, now).unwrap_or_else(|| now.naive_utc()).date();
    let (kind, said) = match kind {
        InteractionKind::Email => (TaskKind::Email, s!(ctx.lang, tasks.kind_email)),
        InteractionKind::Call => (TaskKind::Call, s!(ctx.lang, tasks.kind_call)),
        InteractionKind::Meeting => (TaskKind::Call, s!(ctx.lang, tasks.kind_meeting)),
        InteractionKind::Note | InteractionKind::Form => (TaskKind::ToDo, s!(ctx.lang, tasks.kind_note)),
    };
    let title = fill(s!(ctx.lang, tasks.follow_up_title), &[subject.unwrap_or(said)]);
    Ok(Wanted {
        title: title.chars().take(usecase::MAX_TITLE).collect(),
        kind,
        due_on: Some(after_working_days(today, working_days)),
        owner: ctx.actor.user(),
        target: Some(target),
        ..Wanted::default()
    })
}

/// Makes a task to follow an interaction up, so many working days from today, for whoever acts.
///
/// # Errors
/// `Forbidden`; `Invalid` at `/follow_up`; `NotFound`; when the database is away.
pub async fn follow_up(ctx: &Ctx, id: InteractionId, working_days: u32, here: &str) -> AppResult<TaskId> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let found = store::interactions::find_interaction(&mut tx, id.0).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    let found = Interaction::from(found);
    let target = found.target.filter(|_| found.deleted_at.is_none()).ok_or(AppError::NotFound)?;
    let wanted = follow_up_task(ctx, found.kind, found.subject.as_deref(), target, working_days, here)?;
    let task = usecase::create_in(ctx, &mut tx, &wanted, here).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(task)
}

/// Interactions with somebody, the latest first, before a place; and whether there are more.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list_of(ctx: &Ctx, target: Target, before: Option<(DateTime<Utc>, Uuid)>) -> AppResult<(Vec<Interaction>, bool)> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let rows = store::interactions::list_of(&mut tx, store::links(Some(target)), before, PAGE + 1).await.map_err(to_app)?;
    let more = rows.len() as i64 > PAGE;
    Ok((rows.into_iter().take(usize::try_from(PAGE).unwrap_or_default()).map(Interaction::from).collect(), more))
}

/// Puts an interaction into the bin, or takes it out again.
///
/// # Errors
/// `Forbidden`; `NotFound`, also where it is there already; when the database is away.
pub async fn set_deleted(ctx: &Ctx, id: InteractionId, deleted: bool) -> AppResult<()> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let found = store::interactions::find_interaction(&mut tx, id.0).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    let target = Interaction::from(found).target.ok_or(AppError::NotFound)?;
    if !store::interactions::set_deleted(&mut tx, id.0, deleted, ctx.now()).await.map_err(to_app)? {
        return Err(AppError::NotFound);
    }
    let event = if deleted { "interaction_deleted" } else { "interaction_restored" };
    record_event(ctx, &mut tx, event, id, target, json!({})).await?;
    tx.commit().await.map_err(to_app)
}
