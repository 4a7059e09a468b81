//! Makes contacts of leads.
use crate::{domain::{AppResult, AppError, crm::{ContactId, LeadId}}, platform::ctx::Ctx};
/// x
///
/// # Errors
/// x
pub async fn convert(_: &Ctx, _: LeadId) -> AppResult<ContactId> { Err(AppError::NotFound) }
