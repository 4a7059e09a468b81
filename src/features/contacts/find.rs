//! Finding contacts and companies from anywhere.

use uuid::Uuid;

use super::store;
use crate::{
    domain::{AppResult, people::Permission},
    platform::{ctx::Ctx, db::to_app},
};

/// The longest text that is looked for, in characters.
const LONGEST: usize = 100;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The id.
    pub id: Uuid,
    /// The name.
    pub name: String,
    /// What tells it from others: a contact's company or address, a company's domain.
    pub note: Option<String>,
}

/// Contacts and companies that hold a text, those that changed last first; `limit` of each. Nothing for an empty text.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn find(ctx: &Ctx, text: &str, limit: i64) -> AppResult<(Vec<Named>, Vec<Named>)> {
    ctx.require(Permission::ReadCrm)?;
    let text = text.trim();
    if text.is_empty() || text.contains('\0') || text.chars().count() > LONGEST {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let contacts = store::find::contacts(&mut tx, text, limit).await.map_err(to_app)?;
    let companies = store::find::companies(&mut tx, text, limit).await.map_err(to_app)?;
    Ok((contacts, companies))
}
