//! Changing many records at once, and taking that back.

use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    list::{self, Kind},
    record::fault,
    store,
};
use crate::{
    domain::{
        AppError, AppResult,
        contact::query::ListQuery,
        crm::{self, Lifecycle},
        people::{Permission, UserId},
        time::Zone,
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
    },
};

/// The most records of one change.
pub const MOST: i64 = 10_000;
/// How long a change can be taken back.
const UNDONE_WITHIN: TimeDelta = TimeDelta::days(7);

/// What is done to each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Given to somebody, or to nobody.
    Assign(Option<UserId>),
    /// Given a tag.
    Tag(String),
    /// Rid of a tag.
    Untag(String),
    /// Said to have come so far with us. Contacts only.
    Lifecycle(Lifecycle),
    /// Put into the bin.
    Delete,
    /// Taken out of the bin.
    Restore,
}

impl Change {
    /// What a form asks for.
    ///
    /// # Errors
    /// `Invalid` at the field of the form that says what.
    pub fn parse(kind: Kind, what: &str, owner: &str, tag: &str, lifecycle: &str) -> AppResult<Self> {
        let unknown = |pointer| AppError::invalid(pointer, "unknown", "is none of the choices");
        let tag = || {
            let tag = crm::line(&tag.replace(',', " "), crm::MAX_TAG, "/tag")?;
            tag.ok_or_else(|| AppError::invalid("/tag", "required", "is missing"))
        };
        Ok(match what {
            "assign" if owner == "nobody" => Self::Assign(None),
            "assign" => Self::Assign(Some(UserId(owner.parse().map_err(|_| unknown("/owner"))?))),
            "tag" => Self::Tag(tag()?),
            "untag" => Self::Untag(tag()?),
            "lifecycle" if kind == Kind::Contacts => {
                Self::Lifecycle(Lifecycle::parse(lifecycle).ok_or_else(|| unknown("/lifecycle"))?)
            }
            "delete" => Self::Delete,
            "restore" => Self::Restore,
            _ => return Err(unknown("/what")),
        })
    }

    /// The word in the database.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Assign(_) => "assign",
            Self::Tag(_) => "tag",
            Self::Untag(_) => "untag",
            Self::Lifecycle(_) => "lifecycle",
            Self::Delete => "delete",
            Self::Restore => "restore",
        }
    }

    /// The text that it is about, if any.
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Tag(tag) | Self::Untag(tag) => Some(tag),
            Self::Lifecycle(lifecycle) => Some(lifecycle.as_str()),
            Self::Assign(_) | Self::Delete | Self::Restore => None,
        }
    }
}

/// Which records.
#[derive(Clone, Debug)]
pub enum Which<'a> {
    /// These.
    These(Vec<Uuid>),
    /// All of a list, with the time zone that its days are in.
    All(&'a ListQuery, &'a Zone),
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// By which it is taken back; nothing where nothing changed.
    pub id: Option<Uuid>,
    /// How many records changed.
    pub count: usize,
}

/// Changes records that the actor may change, all of them or none; those that are so already are left.
///
/// # Errors
/// `Forbidden`; `Invalid` for none, or for more than [`MOST`]; when the database is away.
pub async fn change(ctx: &Ctx, kind: Kind, which: &Which<'_>, change: &Change) -> AppResult<Done> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let ids = match which {
        Which::These(ids) => ids.clone(),
        Which::All(query, zone) => list::ids(ctx, &mut tx, kind, query, zone, MOST + 1).await?,
    };
    if ids.is_empty() {
        return Err(AppError::invalid("/ids", "none_chosen", "none is chosen"));
    }
    if ids.len() as i64 > MOST {
        return Err(AppError::invalid("/ids", "too_many_records", format!("at most {MOST}")));
    }
    let mut rows = store::bulk::lock(&mut tx, kind, change, &ids).await.map_err(to_app)?;
    let id = |row: &Value| row.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok());
    let mut ids: Vec<Uuid> = rows.iter().filter_map(id).collect();
    if let Change::Assign(owner) = change {
        ids = store::record::assign(&mut tx, kind, &ids, *owner, ctx.now()).await.map_err(fault)?;
        let changed: std::collections::HashSet<_> = ids.iter().copied().collect();
        rows.retain(|row| id(row).is_some_and(|id| changed.contains(&id)));
    } else {
        store::bulk::change(&mut tx, kind, change, &ids, ctx.now()).await.map_err(fault)?;
    }
    if ids.is_empty() {
        return Ok(Done { id: None, count: 0 });
    }
    let count = ids.len();
    let done = Uuid::now_v7();
    let by = ctx.actor.user().map(|id| id.0);
    store::bulk::keep(&mut tx, done, kind, change.as_str(), &Value::Array(rows), by, ctx.now()).await.map_err(to_app)?;
    let what = json!({"what": change.as_str(), "value": match change {
        Change::Assign(owner) => owner.map(|id| id.to_string()),
        change => change.word().map(str::to_owned),
    }, "bulk": done});
    let entry = Entry { event: event(kind, change), subject_kind: kind.subject(), subject_id: String::new(), body: what };
    journal::record_each(&mut tx, ctx, &entry, &ids).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok(Done { id: Some(done), count })
}

/// Takes a change back, where nobody has changed the record since; gives how many were and how many were not.
///
/// # Errors
/// `NotFound` for a change that the actor did not make, or that was taken back already; when the database is away.
pub async fn undo(ctx: &Ctx, id: Uuid) -> AppResult<(usize, usize)> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let (table, of) = store::bulk::find(&mut tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    let ids = store::bulk::undo(&mut tx, id, ctx.now()).await.map_err(fault)?;
    let kind = if table == Kind::Companies.table() { Kind::Companies } else { Kind::Contacts };
    let entry =
        Entry { event: "change_undone", subject_kind: kind.subject(), subject_id: String::new(), body: json!({ "bulk": id }) };
    journal::record_each(&mut tx, ctx, &entry, &ids).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok((ids.len(), usize::try_from(of).unwrap_or_default().saturating_sub(ids.len())))
}

/// Forgets what can no longer be taken back.
///
/// # Errors
/// When the database is away.
pub async fn forget(ctx: &Ctx) -> AppResult<u64> {
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let forgotten = store::bulk::forget(&mut tx, ctx.now() - UNDONE_WITHIN).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok(forgotten)
}

const fn event(kind: Kind, change: &Change) -> &'static str {
    match (kind, change) {
        (Kind::Contacts, Change::Delete) => "contact_deleted",
        (Kind::Companies, Change::Delete) => "company_deleted",
        (Kind::Contacts, Change::Restore) => "contact_restored",
        (Kind::Companies, Change::Restore) => "company_restored",
        (_, Change::Assign(_)) => "record_assigned",
        (Kind::Contacts, _) => "contact_changed",
        (Kind::Companies, _) => "company_changed",
    }
}
