//! What is held about a contact, and how it is forgotten: the contact goes, with those that were merged into it, and with everything
//! that was written about the person.

use futures_util::future::BoxFuture;
use sqlx::PgConnection;
use uuid::Uuid;

use super::store::privacy;
use crate::{
    domain::{
        AppError, AppResult,
        contact::ContactFields,
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

/// Holds that addresses are nobody's who was erased as a contact. Takes a connection of its own: to be asked before a transaction.
///
/// # Errors
/// As [`hold_back_within`].
pub async fn hold_back(ctx: &Ctx, fields: &ContactFields) -> AppResult<()> {
    if fields.email.is_none() && fields.other_emails.is_empty() {
        return Ok(());
    }
    let mut tx = ctx.as_system("contacts").begin().await.map_err(to_app)?;
    hold_back_within(&mut tx, fields).await
}

/// Holds the same within a transaction of the system.
///
/// # Errors
/// `Invalid` at `/email` or `/other_emails` for an address of somebody who was erased; when the database is away.
pub async fn hold_back_within(tx: &mut PgConnection, fields: &ContactFields) -> AppResult<()> {
    let tombstones = Tombstones::load(tx).await.map_err(to_app)?;
    let is_held = |email: &String| tombstones.hold(PersonKind::Contact, &email.to_lowercase());
    let erased = |pointer| Err(AppError::invalid(pointer, "erased", "belongs to somebody who was erased"));
    if fields.email.as_ref().is_some_and(is_held) {
        return erased("/email");
    }
    if fields.other_emails.iter().any(is_held) {
        return erased("/other_emails");
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

    fn returned<'a>(&'a self, tx: &'a mut PgConnection, tombstones: &'a Tombstones) -> BoxFuture<'a, AppResult<Vec<Subject>>> {
        Box::pin(async {
            let found = privacy::find_returned(tx, tombstones).await.map_err(to_app)?;
            Ok(found.into_iter().map(|id| Subject { kind: PersonKind::Contact, id: id.to_string() }).collect())
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
