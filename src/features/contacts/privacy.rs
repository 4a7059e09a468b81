//! What is held about a contact, and how it is forgotten: the contact goes, with those that were merged into it, and with everything
//! that was written about the person.

use futures_util::future::BoxFuture;
use sqlx::PgConnection;
use uuid::Uuid;

use super::store::privacy;
use crate::{
    domain::{
        AppError, AppResult,
        privacy::{PersonKind, Subject},
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        person::{Counts, Erasure, Held, Holder},
        tombstones::Tombstones,
    },
};

/// The contacts' part.
#[derive(Debug)]
pub struct Contacts;

/// Holds that an address is nobody's who was erased as a contact.
///
/// # Errors
/// `Invalid` at `/email` for one that is; when the database is away.
pub async fn hold_back(ctx: &Ctx, email: Option<&str>) -> AppResult<()> {
    let Some(email) = email else { return Ok(()) };
    let mut tx = ctx.as_system("contacts").begin().await.map_err(to_app)?;
    let tombstones = Tombstones::load(&mut tx).await.map_err(to_app)?;
    tx.rollback().await.map_err(to_app)?;
    if tombstones.hold(PersonKind::Contact, email) {
        return Err(AppError::invalid("/email", "erased", "belongs to somebody who was erased"));
    }
    Ok(())
}

fn id_of(subject: &Subject) -> AppResult<Uuid> {
    subject.id.parse().map_err(|_| AppError::NotFound)
}

impl Holder for Contacts {
    fn held(&self, kind: PersonKind) -> &'static [Held] {
        match kind {
            PersonKind::Metered | PersonKind::Account => &[],
            PersonKind::Contact => &privacy::HELD,
        }
    }

    fn names<'a>(&'a self, tx: &'a mut PgConnection, subject: &'a Subject) -> BoxFuture<'a, AppResult<Vec<String>>> {
        Box::pin(async {
            if subject.kind != PersonKind::Contact {
                return Ok(Vec::new());
            }
            privacy::find_addresses(tx, id_of(subject)?).await.map_err(to_app)?.ok_or(AppError::NotFound)
        })
    }

    fn erase<'a>(&'a self, _ctx: &'a Ctx, tx: &'a mut PgConnection, erasure: &'a Erasure<'a>) -> BoxFuture<'a, AppResult<Counts>> {
        Box::pin(async {
            if erasure.subject.kind != PersonKind::Contact {
                return Ok(Counts::new());
            }
            privacy::erase(tx, id_of(erasure.subject)?, erasure.pseudonym).await.map_err(to_app)
        })
    }
}
