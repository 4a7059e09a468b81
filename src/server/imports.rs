//! Files that people send to be imported, and the rows of them that could not be.

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{Multipart, Path},
    http::{Method, header},
    response::{IntoResponse, Redirect, Response},
};
use futures_util::stream;
use uuid::Uuid;

use super::problem::{self, Problem};
use crate::{
    domain::{AppError, import::Kind},
    features::imports::usecase::{self, MAX_FILE, NotTaken},
    platform::{ctx::Ctx, tables::Refused},
};

/// The largest body of an upload: the file, and what stands around it.
pub const MAX_UPLOAD: usize = MAX_FILE + 64 * 1024;

/// `POST /import/upload`: takes a file in, and leads to its page.
///
/// # Errors
/// Those of the use-case. What is wrong with the file is told on the page of imports.
pub async fn upload(Extension(ctx): Extension<Ctx>, mut form: Multipart) -> Result<Response, Problem> {
    let (mut kind, mut name, mut content) = (Kind::Contacts, String::new(), None);
    loop {
        let field = match form.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => break,
            Err(error) => return unread(&error),
        };
        match field.name() {
            Some("kind") => match field.text().await {
                Ok(word) => {
                    kind = Kind::parse(&word).ok_or_else(|| AppError::invalid("/kind", "unknown", "is no kind of records"))?;
                }
                Err(error) => return unread(&error),
            },
            Some("file") => {
                name = field.file_name().unwrap_or_default().to_owned();
                match field.bytes().await {
                    Ok(bytes) => content = Some(bytes.to_vec()),
                    Err(error) => return unread(&error),
                }
            }
            _ => {}
        }
    }
    let back = |why: &str| Ok(Redirect::to(&format!("/import?kind={}&why={why}", kind.as_str())).into_response());
    let Some(content) = content.filter(|_| !name.is_empty()) else { return back("missing") };
    if content.len() > MAX_FILE {
        return back("too_large");
    }
    match usecase::take_in(&ctx, kind, &name, content).await {
        Ok(id) => Ok(Redirect::to(&format!("/import/{id}")).into_response()),
        Err(NotTaken::App(error)) => Err(error.into()),
        Err(NotTaken::Unfinished(_)) => back("unfinished"),
        Err(NotTaken::File(refused)) => back(match refused {
            Refused::Empty => "empty",
            Refused::Binary => "binary",
            Refused::OldExcel => "old_excel",
            Refused::Encrypted => "encrypted",
            Refused::Bomb => "bomb",
            Refused::Other(_) => "other",
            Refused::Wide => "wide",
            Refused::TooLarge => "too_large",
            Refused::Damaged(_) | Refused::Io(_) => "damaged",
        }),
    }
}

/// An upload that could not be read to its end: because it is too large, or is no form.
fn unread(error: &axum::extract::multipart::MultipartError) -> Result<Response, Problem> {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        return Ok(Redirect::to("/import?why=too_large").into_response());
    }
    Err(AppError::invalid("", "arguments", "is no form with a file").into())
}

/// `GET /import/{id}/problems.csv`: the rows that could not be read whole, to be mended and sent again.
///
/// # Errors
/// Those of the use-case.
pub async fn problems_csv(method: Method, Extension(ctx): Extension<Ctx>, Path(id): Path<String>) -> Result<Response, Problem> {
    if method == Method::HEAD {
        return Err(problem::method_not_allowed().await);
    }
    let id: Uuid = id.parse().map_err(|_| AppError::NotFound)?;
    let (first, next) = usecase::problems_csv(&ctx, id, None, ctx.lang).await?;
    let parts = stream::try_unfold((Some(first), next), move |(part, next)| {
        let ctx = ctx.clone();
        async move {
            match (part, next) {
                (Some(part), next) => Ok::<_, AppError>(Some((Bytes::from(part), (None, next)))),
                (None, Some(after)) => {
                    let (part, next) = usecase::problems_csv(&ctx, id, Some(after), ctx.lang).await?;
                    Ok(Some((Bytes::from(part), (None, next))))
                }
                (None, None) => Ok(None),
            }
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"problems.csv\"".to_owned()),
    ];
    Ok((headers, Body::from_stream(parts)).into_response())
}
