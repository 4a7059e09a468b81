//! Lists that are taken out as files: all that they hold, in their order, part by part.

use serde_json::Value;
use uuid::Uuid;

use super::{super::store::export as rows, Kind, asker};
use crate::{
    domain::{
        AppResult,
        contact::query::{ListQuery, Sort},
        people::Permission,
        time::{Zone, month_start},
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
    },
};

/// Records of one part.
const PART: usize = 1_000;

/// Writes down that a list is taken out.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn begin(ctx: &Ctx, kind: Kind, query: &ListQuery) -> AppResult<()> {
    ctx.require(Permission::ExportCrm)?;
    // A program writes nothing into the journal itself.
    let mut tx = ctx.as_system("export").begin().await.map_err(to_app)?;
    let event = match kind {
        Kind::Contacts => "contacts_exported",
        Kind::Companies => "companies_exported",
    };
    let body = serde_json::json!({"query": query.to_query()});
    let entry = Entry { event, subject_kind: "export", subject_id: kind.table().to_owned(), body };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}

/// A part of a list, from where the query begins: records as objects by the names of their columns; and where the next part begins, if
/// there is one. `reckoned`: with what is reckoned from other tables, the use of this month or the number of contacts.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn part(
    ctx: &Ctx,
    kind: Kind,
    query: &ListQuery,
    zone: &Zone,
    reckoned: bool,
) -> AppResult<(Vec<Value>, Option<(String, Uuid)>)> {
    ctx.require(Permission::ExportCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let (asker, limit) = (asker(ctx, zone), PART as i64);
    let records = match kind {
        Kind::Contacts => {
            let month = reckoned.then(|| month_start(ctx.now().date_naive()));
            rows::contacts(&mut tx, query, asker, month, limit).await
        }
        Kind::Companies => rows::companies(&mut tx, query, asker, reckoned, limit).await,
    };
    let records = records.map_err(to_app)?;
    tx.rollback().await.map_err(to_app)?;
    let next = records.last().filter(|_| records.len() == PART).and_then(|last| key(query, last));
    Ok((records, next))
}

/// Where a list goes on after a record.
fn key(query: &ListQuery, record: &Value) -> Option<(String, Uuid)> {
    let column = match query.sort {
        _ if query.bin => "deleted_at",
        Sort::Name | Sort::NameDown => "sort_name",
        Sort::Updated => "updated_at",
        Sort::Created => "created_at",
    };
    Some((record.get(column)?.as_str()?.to_owned(), record.get("id")?.as_str()?.parse().ok()?))
}
