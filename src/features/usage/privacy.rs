//! What metering holds about one of GENESIS's users, and how it forgets: a pseudonym takes the id's place, so that every sum, every
//! count of active users and every recount stays what it was; texts that no rollup needs are emptied.

use futures_util::future::BoxFuture;
use sqlx::PgConnection;

use super::{
    moves::{self, WATCH_LOCK},
    store::{self, privacy},
};
use crate::{
    domain::{
        AppResult,
        privacy::{PersonKind, Subject},
    },
    platform::{
        ctx::Ctx,
        db::{self, to_app},
        hub,
        person::{Counts, Erasure, Held, Holder},
        tombstones::Tombstones,
    },
};

/// Metering's part.
#[derive(Debug)]
pub struct Metering;

impl Holder for Metering {
    fn held(&self, kind: PersonKind) -> &'static [Held] {
        match kind {
            PersonKind::Metered => &privacy::HELD,
            PersonKind::Account | PersonKind::Contact => &[],
        }
    }

    fn names<'a>(&'a self, _tx: &'a mut PgConnection, subject: &'a Subject) -> BoxFuture<'a, AppResult<Vec<String>>> {
        Box::pin(async { Ok(if subject.kind == PersonKind::Metered { vec![subject.id.clone()] } else { Vec::new() }) })
    }

    fn prepare<'a>(&'a self, tx: &'a mut PgConnection, erasure: &'a Erasure<'a>) -> BoxFuture<'a, AppResult<Counts>> {
        Box::pin(async {
            if erasure.subject.kind != PersonKind::Metered {
                return Ok(Counts::new());
            }
            let events = privacy::erase_events(tx, &erasure.subject.id, erasure.pseudonym).await.map_err(to_app)?;
            Ok(vec![("agent_usage_events", events)])
        })
    }

    fn erase<'a>(&'a self, _ctx: &'a Ctx, tx: &'a mut PgConnection, erasure: &'a Erasure<'a>) -> BoxFuture<'a, AppResult<Counts>> {
        Box::pin(async {
            if erasure.subject.kind != PersonKind::Metered {
                return Ok(Counts::new());
            }
            run(tx, &erasure.subject.id, erasure.pseudonym).await.map_err(to_app)
        })
    }

    fn returned<'a>(&'a self, tx: &'a mut PgConnection, tombstones: &'a Tombstones) -> BoxFuture<'a, AppResult<Vec<Subject>>> {
        Box::pin(async {
            let users = privacy::find_returned(tx, tombstones).await.map_err(to_app)?;
            Ok(users.into_iter().map(|id| Subject { kind: PersonKind::Metered, id }).collect())
        })
    }
}

async fn run(tx: &mut PgConnection, user_id: &str, pseudonym: &str) -> Result<Counts, sqlx::Error> {
    // From here on writers wait. One that had begun has ended, and its events are found below; one that begins looks at the tombstones
    // after it has waited.
    privacy::lock_writers(tx).await?;
    // The watch neither raises an alert of who is just being erased, nor tells the screens of them.
    db::lock(tx, WATCH_LOCK).await?;
    forget_moves(tx, user_id).await?;
    let mut counts = vec![("agent_usage_events", privacy::erase_events(tx, user_id, pseudonym).await?)];
    counts.extend(privacy::erase_rollups(tx, user_id, pseudonym).await?);
    hub::forget(tx, user_id).await?;
    Ok(counts)
}

/// Adds what stands in `usage_moves` to the totals, since it names users, and leaves word of the other users again. The screens are not
/// told of it: they load again.
async fn forget_moves(tx: &mut PgConnection, user_id: &str) -> Result<(), sqlx::Error> {
    let mut users = std::collections::HashSet::new();
    loop {
        let taken = moves::take(tx).await?;
        users.extend(taken.users);
        if !taken.more {
            break;
        }
    }
    users.remove(user_id);
    if !users.is_empty() {
        store::insert_moves(tx, &users.into_iter().collect::<Vec<_>>()).await?;
    }
    Ok(())
}
