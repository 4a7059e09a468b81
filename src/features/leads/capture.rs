//! Capturing leads: by a program, by the public form, by hand.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    assign, scoring,
    store::{self, Lead, captures},
};
use crate::{
    domain::{
        AppError, AppResult,
        crm::LeadId,
        format::Lang,
        lead::{
            Band, LeadData, capture as reading,
            merge::{Identity, Left, Teller},
        },
        people::{Permission, UserId},
    },
    platform::{
        ctx::{Actor, Ctx},
        db::to_app,
        journal::{self, Entry},
    },
    ui::i18n::{fill, s},
};

/// What came of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is a new lead.
    Created,
    /// It was added to the open lead of the same person.
    Merged,
    /// The same was sent before, under the same key.
    Duplicate,
}

impl Outcome {
    /// The word in an answer.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Merged => "merged",
            Self::Duplicate => "duplicate",
        }
    }
}

/// What whoever captured a lead is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// The lead.
    pub id: LeadId,
    /// What came of it.
    pub outcome: Outcome,
    /// The lead's score.
    pub score: i32,
    /// What that means.
    pub band: Band,
    /// The group it belongs to.
    pub segment: String,
    /// Pointers to fields that are not known, and were passed over.
    pub ignored: Vec<String>,
}

/// How a lead was captured.
pub(super) struct Way<'a> {
    /// Whose key it is.
    pub caller: &'a str,
    /// What the capture is known by when it is sent again.
    pub key: Option<&'a str>,
    /// The kind of interaction that is written down: a form, or a note.
    pub kind: &'static str,
    /// Whose it is to be; nobody: by its score.
    pub owner: Option<UserId>,
}

/// Captures what a program has sent. `key` is what it calls the capture, if not by the field `id`.
///
/// # Errors
/// `Forbidden`; `Invalid` with a pointer for each fault, with the code `conflict` when other content was sent under the same key; when
/// the database is away.
pub async fn receive(ctx: &Ctx, sent: &Value, key: Option<&str>) -> AppResult<Receipt> {
    ctx.require(Permission::CaptureLeads)?;
    if key.is_some_and(|key| key.is_empty() || key.chars().count() > reading::MAX_KEY || key.chars().any(char::is_control)) {
        return Err(AppError::invalid(
            "",
            "idempotency_key",
            format!("Idempotency-Key must have 1 to {} characters", reading::MAX_KEY),
        ));
    }
    let captured = reading::parse(sent)?;
    let caller = match &ctx.actor {
        Actor::Program(program) => format!("key:{}", program.id),
        Actor::Person(person) => format!("user:{}", person.id),
        other => format!("system:{}", other.name()),
    };
    let way = Way { caller: &caller, key: key.or(captured.id.as_deref()), kind: "form", owner: None };
    let receipt = capture(ctx, captured.lead, &way).await?;
    Ok(Receipt { ignored: captured.ignored, ..receipt })
}

/// Captures what somebody writes down by hand; `owner` is whose it is to be, nobody for whom its score says. `once` is what their form
/// is known by: sent again, it is the first one.
///
/// # Errors
/// `Forbidden`; `Invalid` for each field; when the database is away.
pub async fn write_down(ctx: &Ctx, sent: &Value, owner: Option<UserId>, once: Option<Uuid>) -> AppResult<Receipt> {
    ctx.require(Permission::WriteCrm)?;
    let captured = reading::parse(sent)?;
    if let Some(owner) = owner {
        let mut tx = ctx.begin().await.map_err(to_app)?;
        let found = store::assignees::find_assignee(&mut tx, owner.0).await.map_err(to_app)?;
        found.ok_or_else(|| AppError::invalid("/owner", "unknown", "is nobody who could own it"))?;
    }
    let caller = ctx.actor.user().map_or_else(|| "hand".to_owned(), |id| format!("hand:{id}"));
    let once = once.map(|once| once.to_string());
    let way = Way { caller: &caller, key: once.as_deref(), kind: "note", owner };
    match capture(ctx, captured.lead.clone(), &way).await {
        // Somebody else who was typed into the same form.
        Err(AppError::Invalid { fields }) if fields.iter().any(|fault| fault.code == "conflict") => {
            capture(ctx, captured.lead, &Way { key: None, ..way }).await
        }
        done => done,
    }
}

/// Captures a lead: into the open one of the same person, else as a new one; scores it and hands it out, in one transaction. It is the
/// system's, for whoever captures need not see the lead of the same person; the journal says who it was.
pub(super) async fn capture(ctx: &Ctx, data: LeadData, way: &Way<'_>) -> AppResult<Receipt> {
    let now = ctx.now();
    let mut print = data.clone();
    // When somebody agreed is told by the clock, not by what was sent.
    print.facts.consent = None;
    let print = serde_json::to_vec(&print).map_err(|error| crate::platform::db::internal(&error))?;
    let fingerprint = Sha256::digest(print).to_vec();
    let mut tx = ctx.as_system("leads").begin().await.map_err(to_app)?;
    if let Some(key) = way.key
        && let Some(known) = captures::lock_capture(&mut tx, way.caller, key).await.map_err(to_app)?
    {
        if known.fingerprint != fingerprint {
            return Err(AppError::invalid("", "conflict", "other content was sent under this key before"));
        }
        return again(&mut tx, known.lead).await;
    }
    let (email, phone) = (data.email.clone(), data.phone.clone());
    let customer = data.facts.customer.as_ref().map(|customer| customer.customer_id.clone());
    store::lock_person(&mut tx, email.as_deref(), phone.as_deref()).await.map_err(to_app)?;
    if let Some(customer) = &customer {
        store::lock_customer(&mut tx, customer).await.map_err(to_app)?;
    }
    let twin = store::lock_twin(&mut tx, email.as_deref(), phone.as_deref(), customer.as_deref()).await.map_err(to_app)?;
    let (message, source) = (data.message.clone(), data.source.clone());
    let merged = twin.is_some();
    let (lead, left) = match twin {
        Some(twin) => absorb(&mut tx, ctx, twin, data, way).await.map_err(to_app)?,
        None => (insert(&mut tx, ctx, data, way.owner).await.map_err(to_app)?, Left::new()),
    };
    let told = [message, not_taken(&left, ctx.lang)].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n");
    if way.kind == "form" || merged && !told.is_empty() {
        let told = (source.as_str(), told.as_str());
        captures::insert_interaction(&mut tx, lead.id, way.kind, told, ctx.actor.user(), now).await.map_err(to_app)?;
    }
    let judged = scoring::judge(&mut tx, ctx, &lead).await.map_err(to_app)?;
    if lead.owner.is_none() {
        assign::by_score(&mut tx, ctx, lead.id, judged.band).await.map_err(to_app)?;
    }
    if let Some(key) = way.key {
        captures::insert_capture(&mut tx, (way.caller, key), &fingerprint, lead.id, merged, now).await.map_err(to_app)?;
    }
    tx.commit().await.map_err(to_app)?;
    metrics::counter!("nexus_leads_captured_total", "outcome" => if merged { "merged" } else { "created" }).increment(1);
    Ok(Receipt {
        id: lead.id,
        outcome: if merged { Outcome::Merged } else { Outcome::Created },
        score: judged.score.points,
        band: judged.band,
        segment: judged.segment.as_str().to_owned(),
        ignored: Vec::new(),
    })
}

/// The answer to what was sent before.
async fn again(tx: &mut PgConnection, id: LeadId) -> AppResult<Receipt> {
    let lead = store::find_lead(tx, id).await.map_err(to_app)?;
    let lead = lead.ok_or(AppError::Conflict { detail: "the lead that it became was deleted".into() })?;
    Ok(Receipt {
        id,
        outcome: Outcome::Duplicate,
        score: lead.score.points,
        band: lead.band,
        segment: lead.profile.map(|profile| profile.segment().as_str().to_owned()).unwrap_or_default(),
        ignored: Vec::new(),
    })
}

async fn insert(tx: &mut PgConnection, ctx: &Ctx, data: LeadData, owner: Option<UserId>) -> Result<Lead, sqlx::Error> {
    let id = LeadId(Uuid::now_v7());
    store::insert_lead(tx, id, &data, owner, ctx.actor.user(), ctx.now()).await?;
    let body = json!({"after": {"name": data.name(), "source": data.source}});
    journal::record(tx, ctx, &Entry { event: "lead_captured", subject_kind: "lead", subject_id: id.to_string(), body }).await?;
    store::find_lead(tx, id).await?.ok_or(sqlx::Error::RowNotFound)
}

async fn absorb(
    tx: &mut PgConnection,
    ctx: &Ctx,
    mut twin: Lead,
    data: LeadData,
    way: &Way<'_>,
) -> Result<(Lead, Left), sqlx::Error> {
    // By hand, who could have changed the lead as well may say who it is.
    let works_on_it = twin.owner.is_none_or(|owner| ctx.actor.user() == Some(owner)) || ctx.actor.may(Permission::ManageCrm);
    let teller = if way.kind == "note" && works_on_it { Teller::Known } else { Teller::Anybody };
    let source = data.source.clone();
    let left = twin.data.absorb(data, teller);
    // The values themselves stand in the interaction: the journal outlives what people ask to be forgotten.
    let names: Vec<_> = left.iter().map(|(what, _)| what.as_str()).collect();
    let body = json!({"after": {"source": source}, "not_taken": names});
    store::update_data(tx, twin.id, &twin.data, ctx.now()).await?;
    journal::record(tx, ctx, &Entry { event: "lead_merged", subject_kind: "lead", subject_id: twin.id.to_string(), body }).await?;
    Ok((twin, left))
}

/// What a lead did not take over, in words, for whoever works on it to judge.
fn not_taken(left: &Left, lang: Lang) -> String {
    if left.is_empty() {
        return String::new();
    }
    let each = left.iter().map(|(what, value)| {
        let name = match what {
            Identity::Name => s!(lang, leads.name),
            Identity::Email => s!(lang, leads.email),
            Identity::Phone => s!(lang, leads.phone),
            Identity::Company => s!(lang, leads.company),
            Identity::Title => s!(lang, leads.job),
            Identity::Customer => s!(lang, leads.customer_id),
            Identity::Consent => s!(lang, leads.consent),
        };
        format!("{name}: {value}")
    });
    fill(s!(lang, leads.not_taken), &[&each.collect::<Vec<_>>().join(" · ")])
}
