//! What an account holds about its person, and how it forgets: the account stays, under a pseudonym and shut for good, because the
//! journal refers to it.

use futures_util::future::BoxFuture;
use sqlx::PgConnection;

use super::{
    account::Account,
    store::{self, privacy},
};
use crate::{
    domain::{
        AppError, AppResult,
        people::UserId,
        privacy::{PersonKind, Subject},
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        person::{Counts, Erasure, Held, Holder},
        tombstones::Tombstones,
    },
};

/// The accounts' part.
#[derive(Debug)]
pub struct Accounts;

async fn account(tx: &mut PgConnection, subject: &Subject) -> AppResult<Account> {
    let id = UserId(subject.id.parse().map_err(|_| AppError::NotFound)?);
    store::find_account(tx, id).await.map_err(to_app)?.ok_or(AppError::NotFound)
}

impl Holder for Accounts {
    fn held(&self, kind: PersonKind) -> &'static [Held] {
        match kind {
            PersonKind::Metered | PersonKind::Contact => &[],
            PersonKind::Account => &privacy::HELD,
        }
    }

    fn names<'a>(&'a self, tx: &'a mut PgConnection, subject: &'a Subject) -> BoxFuture<'a, AppResult<Vec<String>>> {
        Box::pin(async {
            if subject.kind != PersonKind::Account {
                return Ok(Vec::new());
            }
            let account = account(tx, subject).await?;
            if privacy::is_erased(tx, account.id).await.map_err(to_app)? {
                return Ok(Vec::new());
            }
            Ok(vec![account.email])
        })
    }

    fn erase<'a>(&'a self, ctx: &'a Ctx, tx: &'a mut PgConnection, erasure: &'a Erasure<'a>) -> BoxFuture<'a, AppResult<Counts>> {
        Box::pin(async {
            if erasure.subject.kind != PersonKind::Account {
                return Ok(Counts::new());
            }
            store::lock_users(tx).await.map_err(to_app)?;
            let account = account(tx, erasure.subject).await?;
            if ctx.actor.user() == Some(account.id) {
                return Err(AppError::invalid("/confirm", "oneself", "is oneself"));
            }
            // One that is erased keeps the pseudonym that it has.
            let was_erased = privacy::is_erased(tx, account.id).await.map_err(to_app)?;
            let pseudonym = if was_erased { account.name.as_str() } else { erasure.pseudonym };
            let had_admin = store::count_active_admins(tx).await.map_err(to_app)? > 0;
            let counts = privacy::erase_account(tx, account.id, &account.email, pseudonym, ctx.now()).await.map_err(to_app)?;
            if had_admin && store::count_active_admins(tx).await.map_err(to_app)? == 0 {
                return Err(AppError::invalid("/confirm", "last_admin", "there must be an active admin"));
            }
            Ok(counts)
        })
    }

    fn returned<'a>(&'a self, tx: &'a mut PgConnection, tombstones: &'a Tombstones) -> BoxFuture<'a, AppResult<Vec<Subject>>> {
        Box::pin(async {
            let accounts = privacy::find_returned(tx, tombstones).await.map_err(to_app)?;
            Ok(accounts.into_iter().map(|id| Subject { kind: PersonKind::Account, id: id.to_string() }).collect())
        })
    }
}
