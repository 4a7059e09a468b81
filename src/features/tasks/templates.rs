//! Texts that mails, calls, meetings and notes begin from.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    interactions::{InteractionKind, MAX_SUBJECT},
    store::{self, templates::TemplateRow},
};
use crate::{
    domain::{
        AppError, AppResult,
        crm::{line, prose},
        format::{self, Lang},
        people::{Faults, Permission},
        tasks::Target,
        templates::{self, Filled},
        time::Zone,
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
    },
};

/// The longest name, in characters.
const MAX_NAME: usize = 100;
/// The longest text, in characters.
const MAX_BODY: usize = 10_000;
/// Stages of leads and contacts that a template may be for.
pub const STAGES: [&str; 7] = ["new", "contacted", "qualified", "prospect", "trial", "customer", "former"];

/// A template.
#[derive(Clone, Debug)]
pub struct Template {
    /// Its id; none for one that is to be made.
    pub id: Option<Uuid>,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub kind: InteractionKind,
    /// The stage that it is for, one of [`STAGES`]; any without.
    pub stage: Option<String>,
    /// Its language.
    pub language: Lang,
    /// The subject; may be empty.
    pub subject: String,
    /// The text.
    pub body: String,
    /// Counts its changes; 0 for one that is to be made.
    pub version: i32,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl From<TemplateRow> for Template {
    fn from(row: TemplateRow) -> Self {
        Self {
            id: Some(row.id),
            name: row.name,
            kind: InteractionKind::parse(&row.kind).unwrap_or_default(),
            stage: row.stage,
            language: Lang::parse(&row.language).unwrap_or(Lang::En),
            subject: row.subject.unwrap_or_default(),
            body: row.body,
            version: row.version,
            updated_at: row.updated_at,
        }
    }
}

impl Template {
    /// The names in it that are none of ours.
    pub fn unknown(&self) -> Vec<String> {
        templates::unknown(&format!("{}\n{}", self.subject, self.body))
    }

    fn facts(&self) -> Value {
        json!({"name": self.name, "kind": self.kind, "stage": self.stage, "language": self.language, "subject": self.subject,
            "body": self.body})
    }
}

/// All templates, by kind, language and name; at most 500.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list(ctx: &Ctx) -> AppResult<Vec<Template>> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    Ok(store::templates::list_templates(&mut tx).await.map_err(to_app)?.into_iter().map(Template::from).collect())
}

/// A template.
///
/// # Errors
/// `Forbidden`; `NotFound`; when the database is away.
pub async fn find(ctx: &Ctx, id: Uuid) -> AppResult<Template> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    store::templates::find_template(&mut tx, id).await.map_err(to_app)?.map(Template::from).ok_or(AppError::NotFound)
}

/// Makes a template, or changes it from the version that was seen. One with names that are none of ours is refused, so that none goes
/// out with a hole in it.
///
/// # Errors
/// `Forbidden`; `Invalid` for each field, with the names that are not known; `Conflict` when somebody else changed it meanwhile;
/// `NotFound`; when the database is away.
pub async fn save(ctx: &Ctx, wanted: &Template) -> AppResult<Uuid> {
    ctx.require(Permission::ManageTemplates)?;
    let mut faults = Faults::default();
    let name = faults.take(line(&wanted.name, MAX_NAME, "/name"))?.flatten();
    let subject = faults.take(line(&wanted.subject, MAX_SUBJECT, "/subject"))?.flatten();
    let body = faults.take(prose(&wanted.body, MAX_BODY, "/body"))?.flatten();
    for (pointer, is_empty) in [("/name", wanted.name.trim().is_empty()), ("/body", wanted.body.trim().is_empty())] {
        if is_empty {
            faults.add(pointer, "required", "is missing");
        }
    }
    for (pointer, text) in [("/subject", &wanted.subject), ("/body", &wanted.body)] {
        let unknown = templates::unknown(text);
        if !unknown.is_empty() {
            faults.add(pointer, "unknown_variable", unknown.join(", "));
        }
    }
    if !InteractionKind::BY_HAND.contains(&wanted.kind) {
        faults.add("/kind", "unknown", "is none of the choices");
    }
    if wanted.stage.as_deref().is_some_and(|stage| !STAGES.contains(&stage)) {
        faults.add("/stage", "unknown", "is none of the choices");
    }
    faults.check()?;
    let now = ctx.now();
    let row = TemplateRow {
        id: wanted.id.unwrap_or_else(Uuid::now_v7),
        name: name.unwrap_or_default(),
        kind: wanted.kind.as_str().to_owned(),
        stage: wanted.stage.clone(),
        language: wanted.language.as_str().to_owned(),
        subject,
        body: body.unwrap_or_default(),
        version: if wanted.id.is_some() { wanted.version } else { 0 },
        updated_at: now,
    };
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let before = match wanted.id {
        Some(id) => Some(
            store::templates::find_template(&mut tx, id).await.map_err(to_app)?.map(Template::from).ok_or(AppError::NotFound)?,
        ),
        None => None,
    };
    let saved = store::templates::upsert_template(&mut tx, &row, ctx.actor.user().map(|id| id.0), now).await;
    let saved = saved.map_err(|error| match &error {
        sqlx::Error::Database(e) if e.constraint() == Some("templates_name") => {
            AppError::invalid("/name", "taken", "is the name of another one of this kind and language")
        }
        _ => to_app(error),
    })?;
    if !saved {
        return Err(AppError::Conflict { detail: "the template was changed meanwhile".into() });
    }
    let id = row.id;
    let body = json!({"before": before.map(|template| template.facts()), "after": Template::from(row).facts()});
    let entry = Entry { event: "template_saved", subject_kind: "template", subject_id: id.to_string(), body };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok(id)
}

/// Deletes a template; the journal keeps it.
///
/// # Errors
/// `Forbidden`; `NotFound`; when the database is away.
pub async fn delete(ctx: &Ctx, id: Uuid) -> AppResult<()> {
    ctx.require(Permission::ManageTemplates)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let before =
        store::templates::find_template(&mut tx, id).await.map_err(to_app)?.map(Template::from).ok_or(AppError::NotFound)?;
    if !store::templates::delete_template(&mut tx, id).await.map_err(to_app)? {
        return Err(AppError::NotFound);
    }
    let body = json!({"before": before.facts()});
    let entry = Entry { event: "template_deleted", subject_kind: "template", subject_id: id.to_string(), body };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}

/// Fills a text in for somebody, in a language, by the clock of a zone. For nobody it is filled in with made-up words, as a preview.
///
/// # Errors
/// `Forbidden`; `NotFound` when there is nobody of that id; when the database is away.
pub async fn fill(ctx: &Ctx, text: &str, lang: Lang, target: Option<Target>, zone: &Zone) -> AppResult<Filled> {
    ctx.require(Permission::ReadCrm)?;
    let owner = ctx.person().map(|person| person.name.clone()).unwrap_or_default();
    let today = format::date_long(zone.local(ctx.now()).date(), lang);
    let known = match target {
        Some(target) => {
            let mut tx = ctx.snapshot().await.map_err(to_app)?;
            store::templates::find_known(&mut tx, store::links(Some(target))).await.map_err(to_app)?.ok_or(AppError::NotFound)?
        }
        None => store::templates::KnownRow {
            first_name: Some("Ana".into()),
            last_name: Some("Rojas".into()),
            email: Some("ana.rojas@example.com".into()),
            company: Some("Clínica Luz".into()),
            title: Some(lang.pick("Directora", "Director").into()),
            city: Some("Bogotá".into()),
        },
    };
    let full = [known.first_name.as_deref(), known.last_name.as_deref()];
    let full = full.into_iter().flatten().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" ");
    Ok(templates::fill(text, |name| match name {
        "first_name" => known.first_name.clone(),
        "last_name" => known.last_name.clone(),
        "full_name" => Some(full.clone()),
        "email" => known.email.clone(),
        "company" => known.company.clone(),
        "title" => known.title.clone(),
        "city" => known.city.clone(),
        "owner" => Some(owner.clone()),
        "today" => Some(today.clone()),
        _ => None,
    }))
}
