//! What alerts hold about one of GENESIS's users, and how they are forgotten: open ones are resolved, for there is nobody to call any
//! more; all are kept under the pseudonym.

use futures_util::future::BoxFuture;
use sqlx::PgConnection;

use super::store;
use crate::{
    domain::{AppResult, privacy::PersonKind},
    platform::{
        ctx::Ctx,
        db::to_app,
        person::{Counts, Erasure, Held, Holder},
    },
};

/// The alerts' part.
#[derive(Debug)]
pub struct Alerts;

impl Holder for Alerts {
    fn held(&self, kind: PersonKind) -> &'static [Held] {
        match kind {
            PersonKind::Metered => &store::HELD,
            PersonKind::Account | PersonKind::Contact => &[],
        }
    }

    fn erase<'a>(&'a self, _ctx: &'a Ctx, tx: &'a mut PgConnection, erasure: &'a Erasure<'a>) -> BoxFuture<'a, AppResult<Counts>> {
        Box::pin(async {
            let Erasure { subject, pseudonym } = erasure;
            if subject.kind != PersonKind::Metered {
                return Ok(Counts::new());
            }
            let erased = store::erase_user(tx, &subject.id, pseudonym).await.map_err(to_app)?;
            Ok(vec![("usage_alerts", erased)])
        })
    }
}
