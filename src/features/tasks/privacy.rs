//! What tasks hold about people who can sign in, and how they forget.

use futures_util::future::BoxFuture;
use sqlx::PgConnection;
use uuid::Uuid;

use super::store::{feed, privacy};
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

/// The part of the tasks. They are the business's and stay, under an account that says nothing of anybody any more; the secret address
/// of the calendar goes.
#[derive(Debug)]
pub struct Tasks;

impl Holder for Tasks {
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
            let deleted = feed::delete_feed(tx, user).await.map_err(to_app)?;
            Ok(vec![("task_feeds", u64::from(deleted))])
        })
    }

    fn returned<'a>(&'a self, tx: &'a mut PgConnection, _tombstones: &'a Tombstones) -> BoxFuture<'a, AppResult<Vec<Subject>>> {
        Box::pin(async {
            let accounts = privacy::find_returned(tx).await.map_err(to_app)?;
            Ok(accounts.into_iter().map(|id| Subject { kind: PersonKind::Account, id: id.to_string() }).collect())
        })
    }
}
