//! Handing out what is held about a person.

use axum::{
    Extension,
    body::Body,
    extract::Query,
    http::{Method, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde::Deserialize;

use super::problem::{self, Problem};
use crate::{
    domain::{
        AppError,
        privacy::{PersonKind, Subject},
    },
    features::privacy::export,
    platform::ctx::Ctx,
};

/// The query of an export.
#[derive(Debug, Deserialize)]
pub struct ExportQuery {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    id: String,
}

/// `GET /admin/privacy/export?kind=metered|account&id=`: a ZIP, sent while it is written. `HEAD` is not offered: an export is written
/// down, and nothing would be handed out.
///
/// # Errors
/// Those of the use-case.
pub async fn export(method: Method, Extension(ctx): Extension<Ctx>, Query(query): Query<ExportQuery>) -> Result<Response, Problem> {
    if method == Method::HEAD {
        return Err(problem::method_not_allowed().await);
    }
    let kind = PersonKind::parse(&query.kind)
        .ok_or_else(|| AppError::invalid("/kind", "unknown", "must be metered, account or contact"))?;
    let subject = Subject::new(kind, &query.id)?;
    let pieces = export::export(&ctx, &subject).await?;
    let body = Body::from_stream(stream::unfold(pieces, async |mut pieces| pieces.recv().await.map(|piece| (piece, pieces))));
    let name = format!("attachment; filename=\"person-{}.zip\"", ctx.now().format("%Y-%m-%d"));
    Ok(([(header::CONTENT_TYPE, "application/zip".to_owned()), (header::CONTENT_DISPOSITION, name)], body).into_response())
}
