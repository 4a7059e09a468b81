//! Leads that are taken out as a file: all that a list holds, in its order, part by part.

use serde_json::Value;
use sqlx::{Postgres, QueryBuilder};

use super::{After, Filter, Sort, restrict};
use crate::{
    domain::{AppResult, people::Permission},
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
    },
};

/// Leads of one part.
const PART: usize = 1_000;

/// Writes down that leads are taken out; `query` is what the list's address asks for.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn begin(ctx: &Ctx, query: &[(String, String)]) -> AppResult<()> {
    ctx.require(Permission::ExportCrm)?;
    // A program writes nothing into the journal itself.
    let mut tx = ctx.as_system("export").begin().await.map_err(to_app)?;
    let body = serde_json::json!({"query": query});
    let entry = Entry { event: "leads_exported", subject_kind: "export", subject_id: "leads".to_owned(), body };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}

/// A part of a list, from where the filter begins: leads as objects by the names of their columns, with their owners' names; and where
/// the next part begins, if there is one.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn part(ctx: &Ctx, filter: &Filter<'_>) -> AppResult<(Vec<Value>, Option<After>)> {
    ctx.require(Permission::ExportCrm)?;
    let mut query = QueryBuilder::<Postgres>::new(
        "SELECT to_jsonb(l) - 'search' || jsonb_build_object('owner', (SELECT n.name FROM crm_names n WHERE n.id = l.owner_id)) \
         FROM seen_leads l WHERE l.deleted_at IS NULL",
    );
    restrict(&mut query, filter);
    query.push(match filter.sort {
        Sort::Score => " ORDER BY l.score DESC, l.id DESC LIMIT ",
        Sort::Newest => " ORDER BY l.created_at DESC, l.id DESC LIMIT ",
    });
    query.push_bind(PART as i64);
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let leads: Vec<Value> = query.build_query_scalar().fetch_all(&mut *tx).await.map_err(to_app)?;
    tx.rollback().await.map_err(to_app)?;
    let next = leads.last().filter(|_| leads.len() == PART).and_then(|last| {
        let at = match filter.sort {
            Sort::Score => last.get("score")?.as_i64()?,
            Sort::Newest => {
                let at: chrono::DateTime<chrono::Utc> = last.get("created_at")?.as_str()?.parse().ok()?;
                at.timestamp_micros()
            }
        };
        Some(After { at, id: last.get("id")?.as_str()?.parse().ok()? })
    });
    Ok((leads, next))
}
