//! What can be done for privacy.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use super::store;
use crate::{
    domain::{
        AppError, AppResult,
        people::{self, Faults, Permission},
        privacy::{self, PersonKind, Purpose, Subject},
    },
    platform::{
        ctx::Ctx,
        db::{self, to_app},
        hub::{self, LiveBody},
        journal::{self, Entry},
        person::{Counts, Erasure, Extent, Held},
        tombstones::{self, Tombstones},
    },
};

/// Whatever writes about a person by their id (an erasure, an export's entry, a consent) is one at a time.
const LOCK: &str = "privacy";
/// Tombstones on one page.
const PAGE: i64 = 50;

/// That somebody was erased. It leads back to nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// The id.
    pub id: Uuid,
    /// What kind of person it was.
    pub kind: PersonKind,
    /// When.
    pub erased_at: DateTime<Utc>,
    /// By whom, as they are called now; none for the command line.
    pub erased_by: Option<String>,
    /// Why.
    pub reason: String,
    /// Since when the person may come back.
    pub lifted_at: Option<DateTime<Utc>>,
    /// Who said so.
    pub lifted_by: Option<String>,
}

/// What somebody agreed to, or does not agree to any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// What for.
    pub purpose: Purpose,
    /// Whether it was given or withdrawn.
    pub given: bool,
    /// When.
    pub at: DateTime<Utc>,
    /// Where it was said.
    pub source: String,
    /// The version of the text that was agreed to.
    pub wording: String,
    /// Who wrote it down; none for the command line.
    pub recorded_by: Option<String>,
}

/// A person, with how much is held.
#[derive(Debug)]
pub struct Profile {
    /// Who.
    pub subject: Subject,
    /// What people know them by: GENESIS's id, or the account's address.
    pub name: String,
    /// How much is held, by table.
    pub held: Vec<(&'static Held, Extent)>,
    /// What they agreed to, the latest first.
    pub consents: Vec<Consent>,
    /// Whether a tombstone keeps them out.
    pub erased: bool,
}

impl Profile {
    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.held.iter().all(|(_, extent)| extent.rows == 0)
    }
}

/// All places where something may be held about a kind of person.
pub(super) fn held(ctx: &Ctx, kind: PersonKind) -> impl Iterator<Item = &'static Held> {
    ctx.app.holders.iter().flat_map(move |holder| holder.held(kind))
}

/// A transaction of the system, for an actor who may.
async fn begin(ctx: &Ctx) -> AppResult<Transaction<'static, Postgres>> {
    ctx.require(Permission::ManagePrivacy)?;
    ctx.as_system("privacy").begin().await.map_err(to_app)
}

/// The persons whom a text names: one of GENESIS's users by id, somebody who can sign in by address. The former is there even when
/// nothing is held, to be erased beforehand. Spaces around the text belong to the id when somebody is known by it so.
///
/// # Errors
/// `Forbidden`; `Invalid` at `/id` for what can be no id; when the database is away.
pub async fn find(ctx: &Ctx, text: &str) -> AppResult<Vec<Profile>> {
    let mut tx = begin(ctx).await?;
    store::take_time(&mut tx).await.map_err(to_app)?;
    let metered = Subject::new(PersonKind::Metered, text)?;
    let mut found = profile(ctx, &mut tx, metered, text.to_owned()).await?;
    let trimmed = text.trim();
    if found.is_empty() && !found.erased && trimmed != text {
        found = profile(ctx, &mut tx, Subject::new(PersonKind::Metered, trimmed)?, trimmed.to_owned()).await?;
    }
    let mut profiles = vec![found];
    if let Ok(email) = people::email(text, "/id")
        && let Some(id) = store::find_account(&mut tx, &email).await.map_err(to_app)?
    {
        let account = Subject { kind: PersonKind::Account, id: id.to_string() };
        profiles.push(profile(ctx, &mut tx, account, email).await?);
    }
    for id in store::find_contacts(&mut tx, &trimmed.to_lowercase(), trimmed.parse().ok()).await.map_err(to_app)? {
        let contact = Subject { kind: PersonKind::Contact, id: id.to_string() };
        let name = store::find_contact_name(&mut tx, &contact.id).await.map_err(to_app)?.unwrap_or_default();
        profiles.push(profile(ctx, &mut tx, contact, name).await?);
    }
    Ok(profiles)
}

async fn profile(ctx: &Ctx, tx: &mut PgConnection, subject: Subject, name: String) -> AppResult<Profile> {
    let held = extents(ctx, tx, &subject).await?;
    let consents = store::list_consents(tx, &subject).await.map_err(to_app)?;
    let erased = Tombstones::load(tx).await.map_err(to_app)?.hold(subject.kind, &name);
    Ok(Profile { subject, name, held, consents, erased })
}

pub(super) async fn extents(ctx: &Ctx, tx: &mut PgConnection, subject: &Subject) -> AppResult<Vec<(&'static Held, Extent)>> {
    let mut extents = Vec::new();
    for held in held(ctx, subject.kind) {
        extents.push((held, held.extent(tx, &subject.id).await.map_err(to_app)?));
    }
    Ok(extents)
}

/// What people call a person: the id, or the account's address.
///
/// # Errors
/// `Forbidden`; `NotFound` for an account that is none; when the database is away.
pub async fn name(ctx: &Ctx, subject: &Subject) -> AppResult<String> {
    let mut tx = begin(ctx).await?;
    match subject.kind {
        PersonKind::Metered => Ok(subject.id.clone()),
        PersonKind::Account => store::find_email(&mut tx, &subject.id).await.map_err(to_app)?.ok_or(AppError::NotFound),
        PersonKind::Contact => store::find_contact_name(&mut tx, &subject.id).await.map_err(to_app)?.ok_or(AppError::NotFound),
    }
}

/// What an erasure did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Rows that were changed or deleted, by table.
    pub counts: Counts,
}

/// Erases a person: everywhere a pseudonym takes their place, or what was theirs is deleted, and a tombstone keeps them out. Sums,
/// counts and the journal's entries stay. May be repeated.
///
/// # Errors
/// `Forbidden`; `NotFound` for an account that is none; `Invalid` at `/reason`, and at `/confirm` for oneself and for the last active
/// admin; when the database is away: nothing is changed then.
pub async fn erase(ctx: &Ctx, subject: &Subject, reason: &str) -> AppResult<Erased> {
    let mut tx = begin(ctx).await?;
    store::take_time(&mut tx).await.map_err(to_app)?;
    db::lock(&mut tx, LOCK).await.map_err(to_app)?;
    let mut names = Vec::new();
    for holder in ctx.app.holders {
        names.extend(holder.names(&mut tx, subject).await?);
    }
    let called = match subject.kind {
        PersonKind::Metered => None,
        PersonKind::Account => store::find_display_name(&mut tx, &subject.id).await.map_err(to_app)?,
        PersonKind::Contact => store::find_contact_display_name(&mut tx, &subject.id).await.map_err(to_app)?,
    };
    let told: Vec<_> = names.iter().cloned().chain(called).collect();
    let reason = privacy::reason(reason, &told)?;
    let counts = forget(ctx, &mut tx, subject).await?;
    let keys = Tombstones::load(&mut tx).await.map_err(to_app)?;
    let id = Uuid::now_v7();
    for (n, name) in names.iter().enumerate() {
        let Some(hash) = keys.hash(subject.kind, name) else { continue };
        let tombstone = Tombstone {
            // The erasure goes by the first.
            id: if n == 0 { id } else { Uuid::now_v7() },
            kind: subject.kind,
            erased_at: ctx.now(),
            erased_by: None,
            reason: reason.clone(),
            lifted_at: None,
            lifted_by: None,
        };
        store::insert_tombstone(&mut tx, &tombstone, &hash, ctx.actor.user()).await.map_err(to_app)?;
    }
    tombstones::change_stamp(&mut tx).await.map_err(to_app)?;
    // Neither the id nor how much it was: by that somebody could tell which pseudonym it is.
    let (subject_kind, subject_id) = match subject.kind {
        PersonKind::Metered | PersonKind::Contact => ("tombstone", id.to_string()),
        PersonKind::Account => ("user", subject.id.clone()),
    };
    let entry = Entry { event: "person_erased", subject_kind, subject_id, body: json!({"kind": subject.kind, "reason": reason}) };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tell(&mut tx, subject).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(Erased { counts })
}

/// Lets all holders forget.
async fn forget(ctx: &Ctx, tx: &mut PgConnection, subject: &Subject) -> AppResult<Counts> {
    let pseudonym = pseudonym();
    let erasure = Erasure { subject, pseudonym: &pseudonym };
    let mut counts = Counts::new();
    let mut add = |more: Counts| {
        for (table, rows) in more {
            match counts.iter_mut().find(|(t, _)| *t == table) {
                Some((_, sum)) => *sum += rows,
                None => counts.push((table, rows)),
            }
        }
    };
    for holder in ctx.app.holders {
        add(holder.prepare(tx, &erasure).await?);
    }
    for holder in ctx.app.holders {
        add(holder.erase(ctx, tx, &erasure).await?);
    }
    Ok(counts)
}

/// Eighty random bits.
fn pseudonym() -> String {
    let bits: [u8; 10] = rand::random();
    bits.iter().fold("erased-".to_owned(), |word, byte| format!("{word}{byte:02x}"))
}

/// Lets the screens load again, as the last act of a transaction: they may show who was erased.
async fn tell(tx: &mut PgConnection, subject: &Subject) -> AppResult<()> {
    if subject.kind == PersonKind::Metered {
        hub::publish_all(tx, &[LiveBody::Reload]).await.map_err(to_app)?;
    }
    Ok(())
}

/// Erases again what stands of erased people all the same: an older process, or a request that was under way, has written it. Gives of
/// how many there was something.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn sweep(ctx: &Ctx) -> AppResult<usize> {
    let mut tx = begin(ctx).await?;
    let tombstones = Tombstones::load(&mut tx).await.map_err(to_app)?;
    if tombstones.is_empty() {
        return Ok(0);
    }
    let mut returned = Vec::new();
    for holder in ctx.app.holders {
        returned.extend(holder.returned(&mut tx, &tombstones).await?);
    }
    tx.commit().await.map_err(to_app)?;
    for subject in &returned {
        let mut tx = begin(ctx).await?;
        store::take_time(&mut tx).await.map_err(to_app)?;
        db::lock(&mut tx, LOCK).await.map_err(to_app)?;
        forget(ctx, &mut tx, subject).await?;
        tell(&mut tx, subject).await?;
        tx.commit().await.map_err(to_app)?;
    }
    Ok(returned.len())
}

/// The latest tombstones, before one; and whether there are more.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list(ctx: &Ctx, before: Option<Uuid>) -> AppResult<(Vec<Tombstone>, bool)> {
    ctx.require(Permission::ManagePrivacy)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let mut found = store::list_tombstones(&mut tx, before, PAGE + 1).await.map_err(to_app)?;
    let more = found.len() as i64 > PAGE;
    found.truncate(usize::try_from(PAGE).unwrap_or_default());
    Ok((found, more))
}

/// Lifts a tombstone: what comes of the person from now on is taken in. What was erased stays so.
///
/// # Errors
/// `Forbidden`; `NotFound` when there is none that holds; when the database is away.
pub async fn lift(ctx: &Ctx, id: Uuid) -> AppResult<()> {
    let mut tx = begin(ctx).await?;
    if !store::lift(&mut tx, id, ctx.actor.user(), ctx.now()).await.map_err(to_app)? {
        return Err(AppError::NotFound);
    }
    tombstones::change_stamp(&mut tx).await.map_err(to_app)?;
    let entry = Entry { event: "tombstone_lifted", subject_kind: "tombstone", subject_id: id.to_string(), body: json!({}) };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}

/// A consent as it is written down.
#[derive(Debug)]
pub struct NewConsent<'a> {
    /// The word of the purpose.
    pub purpose: &'a str,
    /// Whether it is given or withdrawn.
    pub given: bool,
    /// When; now when it is not said.
    pub at: Option<DateTime<Utc>>,
    /// Where it was said.
    pub source: &'a str,
    /// The version of the text that was agreed to.
    pub wording: &'a str,
}

fn line(text: &str, pointer: &str, most: usize) -> AppResult<String> {
    let text = text.trim();
    match () {
        () if text.is_empty() => Err(AppError::invalid(pointer, "required", "is missing")),
        () if text.chars().count() > most => {
            Err(AppError::invalid(pointer, "too_long", format!("must have at most {most} characters")))
        }
        () if text.chars().any(char::is_control) => {
            Err(AppError::invalid(pointer, "characters", "holds characters that cannot be seen"))
        }
        () => Ok(text.to_owned()),
    }
}

/// Writes down what somebody agrees to, or does not any more.
///
/// # Errors
/// `Forbidden`; `NotFound` for an account that is none; `Conflict` for somebody who was erased; `Invalid` for each field.
pub async fn consent(ctx: &Ctx, subject: &Subject, new: &NewConsent<'_>) -> AppResult<()> {
    let mut tx = begin(ctx).await?;
    let mut faults = Faults::default();
    let purpose = Purpose::parse(new.purpose).ok_or_else(|| AppError::invalid("/purpose", "unknown", "is no purpose"));
    let purpose = faults.take(purpose)?;
    let source = faults.take(line(new.source, "/source", 200))?;
    let wording = faults.take(line(new.wording, "/wording", 100))?;
    let at = new.at.unwrap_or_else(|| ctx.now());
    let in_time = if at > ctx.now() { Err(AppError::invalid("/at", "out_of_range", "lies in the future")) } else { Ok(at) };
    let at = faults.take(in_time)?;
    faults.check()?;
    let (Some(purpose), Some(source), Some(wording), Some(at)) = (purpose, source, wording, at) else {
        return Err(AppError::NotFound);
    };
    // After it, whoever is being erased is.
    db::lock(&mut tx, LOCK).await.map_err(to_app)?;
    let name = match subject.kind {
        PersonKind::Metered => subject.id.clone(),
        PersonKind::Account => store::find_email(&mut tx, &subject.id).await.map_err(to_app)?.ok_or(AppError::NotFound)?,
        PersonKind::Contact => store::find_contact_name(&mut tx, &subject.id).await.map_err(to_app)?.ok_or(AppError::NotFound)?,
    };
    if Tombstones::load(&mut tx).await.map_err(to_app)?.hold(subject.kind, &name) {
        return Err(AppError::Conflict { detail: "the person was erased".into() });
    }
    let consent = Consent { purpose, given: new.given, at, source, wording, recorded_by: None };
    store::insert_consent(&mut tx, subject, &consent, ctx.actor.user(), ctx.now()).await.map_err(to_app)?;
    let entry = Entry {
        event: "consent_recorded",
        subject_kind: subject.kind.journal_kind(),
        subject_id: subject.id.clone(),
        body: json!({"purpose": consent.purpose, "given": consent.given, "at": consent.at, "source": consent.source,
            "wording": consent.wording}),
    };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}

/// Writes down that what is held about a person is handed out.
///
/// # Errors
/// `Forbidden`; `NotFound` for somebody who was erased, and for an account that is none; when the database is away.
pub(super) async fn note_export(ctx: &Ctx, subject: &Subject) -> AppResult<()> {
    let mut tx = begin(ctx).await?;
    db::lock(&mut tx, LOCK).await.map_err(to_app)?;
    // After the lock, whoever is being erased is; an erased account keeps its id, by which nobody is known.
    let known = match subject.kind {
        PersonKind::Metered => !Tombstones::load(&mut tx).await.map_err(to_app)?.hold(subject.kind, &subject.id),
        PersonKind::Account => store::find_email(&mut tx, &subject.id).await.map_err(to_app)?.is_some(),
        PersonKind::Contact => store::find_contact_name(&mut tx, &subject.id).await.map_err(to_app)?.is_some(),
    };
    if !known {
        return Err(AppError::NotFound);
    }
    let entry = Entry {
        event: "person_exported",
        subject_kind: subject.kind.journal_kind(),
        subject_id: subject.id.clone(),
        body: json!({}),
    };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}
