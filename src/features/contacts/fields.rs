//! The fields that admins add to contacts and companies.

use serde_json::json;
use uuid::Uuid;

use super::store;
use crate::{
    domain::{
        AppError, AppResult,
        contact::custom::{CustomField, FieldKind},
        crm,
        people::{Faults, Permission},
    },
    platform::{
        ctx::Ctx,
        db::{is_away, to_app},
        journal::{self, Entry},
    },
};

/// The entity of contacts' fields.
pub const CONTACT: &str = "contact";
/// The entity of companies' fields.
pub const COMPANY: &str = "company";
/// The entity of leads' fields.
pub const LEAD: &str = "lead";
/// All.
pub const ENTITIES: [&str; 3] = [CONTACT, COMPANY, LEAD];
/// The most fields of an entity.
const MOST: usize = 50;

/// The fields of an entity, in their order; retired ones at the end, where asked for.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list(ctx: &Ctx, entity: &str, with_retired: bool) -> AppResult<Vec<CustomField>> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::fields::list(&mut tx, entity, with_retired).await.map_err(to_app)
}

/// A field to be added.
#[derive(Debug)]
pub struct NewField<'a> {
    /// Of what.
    pub entity: &'a str,
    /// What it is called.
    pub label: &'a str,
    /// What it holds.
    pub kind: &'a str,
    /// What there is to choose from, a line each.
    pub choices: &'a str,
    /// The currency of an amount.
    pub currency: &'a str,
}

/// Adds a field. Its key is made of its label and never changes.
///
/// # Errors
/// `Forbidden`; `Invalid` for each; when the database is away.
pub async fn create(ctx: &Ctx, new: &NewField<'_>) -> AppResult<CustomField> {
    ctx.require(Permission::ManageCrm)?;
    let mut faults = Faults::default();
    if !ENTITIES.contains(&new.entity) {
        faults.add("/entity", "unknown", "is none of the choices");
    }
    let label = faults.take(label(new.label))?.unwrap_or_default();
    let kind = FieldKind::parse(new.kind);
    if kind.is_none() {
        faults.add("/kind", "unknown", "is none of the choices");
    }
    let kind = kind.unwrap_or(FieldKind::Text);
    let choices = faults.take(choices(kind, new.choices))?.unwrap_or_default();
    let currency = new.currency.trim().to_uppercase();
    if kind == FieldKind::Money && !(currency.len() == 3 && currency.chars().all(|c| c.is_ascii_uppercase())) {
        faults.add("/currency", "currency", "is no code of a currency");
    }
    faults.check()?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let there = store::fields::list(&mut tx, new.entity, true).await.map_err(to_app)?;
    if there.len() >= MOST {
        return Err(AppError::invalid("/label", "too_many", format!("at most {MOST}")));
    }
    if there.iter().any(|field| field.label.to_lowercase() == label.to_lowercase()) {
        return Err(AppError::invalid("/label", "taken", "is taken"));
    }
    let field = CustomField {
        id: Uuid::now_v7(),
        key: key(&label, &there),
        label,
        kind,
        choices,
        currency: (kind == FieldKind::Money).then_some(currency),
        retired: false,
        version: 1,
    };
    store::fields::insert(&mut tx, new.entity, &field, ctx.now()).await.map_err(twice)?;
    record(ctx, &mut tx, "field_created", &field, new.entity).await?;
    tx.commit().await.map_err(to_app)?;
    Ok(field)
}

/// Changes what a field is called, what there is to choose from, and whether it is still asked for.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` when somebody else has changed it; `Invalid`; when the database is away.
pub async fn change(
    ctx: &Ctx,
    entity: &str,
    id: Uuid,
    new_label: &str,
    new_choices: &str,
    retired: bool,
    version: i32,
) -> AppResult<()> {
    ctx.require(Permission::ManageCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let all = store::fields::list(&mut tx, entity, true).await.map_err(to_app)?;
    let mut field = all.iter().find(|field| field.id == id).cloned().ok_or(AppError::NotFound)?;
    field.label = label(new_label)?;
    if all.iter().any(|other| other.id != id && other.label.to_lowercase() == field.label.to_lowercase()) {
        return Err(AppError::invalid("/label", "taken", "is taken"));
    }
    if matches!(field.kind, FieldKind::Choice | FieldKind::Choices) {
        field.choices = choices(field.kind, new_choices)?;
    }
    let retired_at = retired.then(|| ctx.now());
    if !store::fields::update(&mut tx, id, &field.label, &field.choices, retired_at, version).await.map_err(to_app)? {
        return Err(AppError::Conflict { detail: "the field has changed meanwhile".into() });
    }
    record(ctx, &mut tx, "field_changed", &field, entity).await?;
    tx.commit().await.map_err(to_app)
}

fn label(text: &str) -> AppResult<String> {
    crm::line(text, 100, "/label")?.ok_or_else(|| AppError::invalid("/label", "required", "is missing"))
}

fn choices(kind: FieldKind, text: &str) -> AppResult<Vec<String>> {
    if !matches!(kind, FieldKind::Choice | FieldKind::Choices) {
        return Ok(Vec::new());
    }
    let mut all: Vec<String> = Vec::new();
    for text in text.lines() {
        // Values of several choices are written with commas between them.
        if let Some(choice) = crm::line(&text.replace(',', " "), 100, "/choices")?
            && !all.contains(&choice)
        {
            all.push(choice);
        }
    }
    match all.len() {
        0 => Err(AppError::invalid("/choices", "required", "are missing")),
        1..=100 => Ok(all),
        _ => Err(AppError::invalid("/choices", "too_many", "at most 100")),
    }
}

/// A key for a label: its letters and digits, and a number where another field has it.
fn key(label: &str, there: &[CustomField]) -> String {
    use unicode_normalization::UnicodeNormalization;
    let mut key: String =
        label.nfkd().filter(char::is_ascii).map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    key.truncate(40);
    let key = key.trim_matches('_');
    let key = if key.starts_with(|c: char| c.is_ascii_lowercase()) { key.to_owned() } else { format!("f_{key}") };
    let taken = |key: &str| there.iter().any(|field| field.key == key);
    (1..=there.len() + 1).map(|n| if n == 1 { key.clone() } else { format!("{key}_{n}") }).find(|key| !taken(key)).unwrap_or(key)
}

fn twice(error: sqlx::Error) -> AppError {
    if !is_away(&error) && error.as_database_error().and_then(|e| e.constraint()) == Some("custom_fields_key") {
        return AppError::Conflict { detail: "another field was added meanwhile".into() };
    }
    to_app(error)
}

async fn record(ctx: &Ctx, tx: &mut sqlx::PgConnection, event: &str, field: &CustomField, entity: &str) -> AppResult<()> {
    let body =
        json!({"entity": entity, "key": field.key, "label": field.label, "kind": field.kind.as_str(), "choices": field.choices});
    let entry = Entry { event, subject_kind: "field", subject_id: field.id.to_string(), body };
    journal::record(tx, ctx, &entry).await.map_err(to_app)
}
