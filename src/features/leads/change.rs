//! Changing leads: what is known of them, and how they stand.

use serde_json::{Map, Value, json};

use super::{
    assign::MAX_BULK,
    scoring,
    store::{self, Lead},
};
use crate::{
    domain::{
        AppError, AppResult,
        crm::{self, LeadId},
        lead::{
            LeadData, LeadStatus,
            capture::{MAX_LINE, MAX_MESSAGE, MAX_NAME, MAX_PLACE},
        },
        people::{self, Faults, Permission},
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
    },
};

/// The longest reason for a loss, in characters.
pub const MAX_REASON: usize = 500;

/// What is to be known of a lead, as somebody typed it.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'a> {
    /// The first name.
    pub first_name: &'a str,
    /// The last name.
    pub last_name: &'a str,
    /// The address.
    pub email: &'a str,
    /// The telephone number.
    pub phone: &'a str,
    /// The company.
    pub company: &'a str,
    /// What they do there.
    pub title: &'a str,
    /// The city.
    pub city: &'a str,
    /// The country.
    pub country: &'a str,
    /// What they wrote.
    pub message: &'a str,
    /// Where they come from.
    pub source: &'a str,
}

impl Wanted<'_> {
    /// The data with these fields in it.
    fn over(&self, before: &LeadData) -> AppResult<LeadData> {
        let mut faults = Faults::default();
        let mut line = |text: &str, most: usize, pointer: &str| -> AppResult<String> {
            Ok(faults.take(crm::line(text, most, pointer))?.flatten().unwrap_or_default())
        };
        let mut data = LeadData {
            first_name: line(self.first_name, MAX_NAME, "/first_name")?,
            last_name: line(self.last_name, MAX_NAME, "/last_name")?,
            company: line(self.company, MAX_LINE, "/company")?,
            title: line(self.title, MAX_LINE, "/title")?,
            city: line(self.city, MAX_PLACE, "/city")?,
            country: line(self.country, MAX_PLACE, "/country")?,
            source: line(self.source, MAX_PLACE, "/source")?,
            ..before.clone()
        };
        data.email = match self.email.trim() {
            "" => None,
            text => faults.take(people::email(text, "/email"))?,
        };
        data.phone = faults.take(crm::phone(self.phone, "/phone"))?.flatten();
        // What several captures wrote may be longer than one may be.
        let most = MAX_MESSAGE.max(before.message.chars().count());
        data.message = faults.take(crm::prose(self.message, most, "/message"))?.flatten().unwrap_or_default();
        if data.first_name.is_empty() && data.last_name.is_empty() {
            faults.add("/first_name", "required", "must have a name");
        }
        faults.check()?;
        Ok(data)
    }
}

/// What is different, as the journal tells of it.
fn differences(before: &LeadData, after: &LeadData) -> (Map<String, Value>, Map<String, Value>) {
    let facts = |data: &LeadData| match serde_json::to_value(data) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let (mut before, mut after) = (facts(before), facts(after));
    let same: Vec<String> =
        before.iter().filter(|(key, value)| after.get(*key) == Some(value)).map(|(key, _)| key.clone()).collect();
    for key in same {
        before.remove(&key);
        after.remove(&key);
    }
    (before, after)
}

/// Changes what is known of a lead, and scores it anew; `version` is the one that was seen.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` for each field; `Conflict` when somebody else changed it meanwhile; when the database is away.
pub async fn edit(ctx: &Ctx, id: LeadId, version: i32, wanted: &Wanted<'_>) -> AppResult<()> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let mut lead = store::lock_lead(&mut tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)?;
    let data = wanted.over(&lead.data)?;
    if lead.version != version {
        return Err(AppError::Conflict { detail: "somebody else changed the lead meanwhile".into() });
    }
    if data == lead.data {
        return Ok(());
    }
    store::update_data(&mut tx, id, &data, ctx.now()).await.map_err(to_app)?;
    let (mut before, mut after) = differences(&lead.data, &data);
    lead.data = data;
    let judged = scoring::judge(&mut tx, ctx, &lead).await.map_err(to_app)?;
    if judged.score.points != lead.score.points {
        before.insert("score".into(), lead.score.points.into());
        after.insert("score".into(), judged.score.points.into());
    }
    record(&mut tx, ctx, "lead_changed", id, json!({"before": before, "after": after})).await?;
    tx.commit().await.map_err(to_app)
}

async fn record(tx: &mut sqlx::PgConnection, ctx: &Ctx, event: &str, id: LeadId, body: Value) -> AppResult<()> {
    let entry = Entry { event, subject_kind: "lead", subject_id: id.to_string(), body };
    journal::record(tx, ctx, &entry).await.map_err(to_app)
}

/// Sets how leads stand; gives how many changed. Those that cannot become it, or are not the actor's to change, stay as they are.
///
/// # Errors
/// `Forbidden`; `NotFound` for what is no status to set; `Invalid` at `/reason` where a loss has none, at `/ids` for too many; when the
/// database is away.
pub async fn set_status(ctx: &Ctx, ids: &[LeadId], status: LeadStatus, reason: &str) -> AppResult<i64> {
    ctx.require(Permission::WriteCrm)?;
    if status == LeadStatus::Converted {
        return Err(AppError::NotFound);
    }
    if ids.len() > MAX_BULK {
        return Err(AppError::invalid("/ids", "too_many", format!("at most {MAX_BULK} at once")));
    }
    let reason = crm::line(reason, MAX_REASON, "/reason")?.filter(|_| status == LeadStatus::Lost);
    if status == LeadStatus::Lost && reason.is_none() {
        return Err(AppError::invalid("/reason", "required", "is missing"));
    }
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let mut changed = 0;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    for id in ids {
        let Some(Lead { status: before, .. }) = store::lock_lead(&mut tx, id).await.map_err(to_app)? else { continue };
        if !before.may_become(status) {
            continue;
        }
        store::update_status(&mut tx, id, status, reason.as_deref(), ctx.now()).await.map_err(to_app)?;
        let body = json!({"before": {"status": before}, "after": {"status": status, "reason": reason}});
        record(&mut tx, ctx, "lead_status_changed", id, body).await?;
        changed += 1;
    }
    tx.commit().await.map_err(to_app)?;
    Ok(changed)
}

/// Puts a lead into the bin, or takes it out again. Where it is there already, nothing happens.
///
/// # Errors
/// `Forbidden`; `NotFound` for one that is not the actor's to change; when the database is away.
pub async fn set_deleted(ctx: &Ctx, id: LeadId, deleted: bool) -> AppResult<()> {
    ctx.require(Permission::WriteCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    if !store::set_deleted(&mut tx, id, deleted, ctx.now()).await.map_err(to_app)? {
        return if store::is_seen(&mut tx, id).await.map_err(to_app)? { Ok(()) } else { Err(AppError::NotFound) };
    }
    record(&mut tx, ctx, if deleted { "lead_deleted" } else { "lead_restored" }, id, json!({})).await?;
    tx.commit().await.map_err(to_app)
}
