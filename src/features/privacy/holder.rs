//! What privacy itself holds about a person: what they agreed to; and the journal about GENESIS's users.

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

/// Privacy's own part. It must forget before the alerts do, by which it finds their journal.
#[derive(Debug)]
pub struct Records;

impl Holder for Records {
    fn held(&self, kind: PersonKind) -> &'static [Held] {
        match kind {
            PersonKind::Metered => &store::METERED,
            PersonKind::Account => &store::ACCOUNT,
            PersonKind::Contact => &store::CONTACT,
        }
    }

    fn erase<'a>(&'a self, _ctx: &'a Ctx, tx: &'a mut PgConnection, erasure: &'a Erasure<'a>) -> BoxFuture<'a, AppResult<Counts>> {
        Box::pin(async {
            let [consents, journal] = store::erase(tx, erasure.subject, erasure.pseudonym).await.map_err(to_app)?;
            Ok(vec![("consents", consents), ("journal", journal)])
        })
    }
}
