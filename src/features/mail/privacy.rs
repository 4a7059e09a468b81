//! What the outbox holds about people, and how it forgets.

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

/// The outbox's part. It forgets before the accounts do: an inviter is found by the name.
#[derive(Debug)]
pub struct Mails;

impl Holder for Mails {
    fn held(&self, kind: PersonKind) -> &'static [Held] {
        match kind {
            PersonKind::Metered | PersonKind::Contact => &[],
            PersonKind::Account => &privacy::HELD,
        }
    }

    fn erase<'a>(&'a self, _ctx: &'a Ctx, tx: &'a mut PgConnection, erasure: &'a Erasure<'a>) -> BoxFuture<'a, AppResult<Counts>> {
        Box::pin(async {
            if erasure.subject.kind != PersonKind::Account {
                return Ok(Counts::new());
            }
            let user: Uuid = erasure.subject.id.parse().map_err(|_| AppError::NotFound)?;
            Ok(vec![("mails", privacy::erase(tx, user).await.map_err(to_app)?)])
        })
    }

    fn returned<'a>(&'a self, tx: &'a mut PgConnection, _tombstones: &'a Tombstones) -> BoxFuture<'a, AppResult<Vec<Subject>>> {
        Box::pin(async {
            let accounts = privacy::find_returned(tx).await.map_err(to_app)?;
            Ok(accounts.into_iter().map(|id| Subject { kind: PersonKind::Account, id: id.to_string() }).collect())
        })
    }
}
