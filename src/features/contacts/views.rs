//! Saved views: a list's search, conditions, order and columns under a name, for oneself or for everybody.

use uuid::Uuid;

use super::store;
use crate::{
    domain::{
        AppError, AppResult, crm,
        people::{Permission, UserId},
    },
    platform::{ctx::Ctx, db::to_app},
};

/// A view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// The id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// The query of the list's address.
    pub query: String,
    /// Whose it is.
    pub owner: UserId,
    /// Whether everybody has it.
    pub shared: bool,
}

/// The most views of one person and list.
const MOST: usize = 50;

/// The views of a list that the actor may see.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn list(ctx: &Ctx, entity: &str) -> AppResult<Vec<SavedView>> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    store::views::list(&mut tx, entity).await.map_err(to_app)
}

/// Saves a view. Whoever only reads keeps it for themselves.
///
/// # Errors
/// `Forbidden`; `Invalid` at `/name`; when the database is away.
pub async fn save(ctx: &Ctx, entity: &str, name: &str, query: &str, shared: bool) -> AppResult<SavedView> {
    ctx.require(Permission::ReadCrm)?;
    if shared {
        ctx.require(Permission::WriteCrm)?;
    }
    let owner = ctx.person()?.id;
    let name = crm::line(name, 100, "/name")?.ok_or_else(|| AppError::invalid("/name", "required", "is missing"))?;
    if query.chars().count() > 4000 || query.chars().any(char::is_control) {
        return Err(AppError::invalid("/query", "too_long", "must have at most 4000 characters"));
    }
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let own = store::views::list(&mut tx, entity).await.map_err(to_app)?;
    let own: Vec<_> = own.into_iter().filter(|view| view.owner == owner).collect();
    if own.iter().any(|view| view.name.to_lowercase() == name.to_lowercase()) {
        return Err(AppError::invalid("/name", "taken", "is taken"));
    }
    if own.len() >= MOST {
        return Err(AppError::invalid("/name", "too_many", format!("at most {MOST}")));
    }
    let view = SavedView { id: Uuid::now_v7(), name, query: query.to_owned(), owner, shared };
    store::views::insert(&mut tx, entity, &view, ctx.now()).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok(view)
}

/// Deletes a view of one's own, or, as an admin, a shared one.
///
/// # Errors
/// `NotFound`; when the database is away.
pub async fn delete(ctx: &Ctx, id: Uuid) -> AppResult<()> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    if !store::views::delete(&mut tx, id).await.map_err(to_app)? {
        return Err(AppError::NotFound);
    }
    tx.commit().await.map_err(to_app)
}
