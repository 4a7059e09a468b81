//! `POST /api/auth/token` and `GET /.well-known/jwks.json`: tokens for programs, and what others verify them with.

use axum::{
    Extension, Json,
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::problem::Problem;
use crate::{
    domain::{AppError, AppResult},
    features::auth::tokens::{self, Wish},
    platform::ctx::Ctx,
};

/// The path of [`issue`].
pub const PATH: &str = "/api/auth/token";
/// The largest body, in bytes.
pub const MAX_BODY: usize = 4 * 1024;

/// `POST /api/auth/token`: a token for the program that shows its key. The answer is that of RFC 6749, 5.1; errors are problems.
///
/// # Errors
/// Those of the use-case; 400 and 415 for a body that cannot be read; 404 where no tokens are offered.
pub async fn issue(Extension(ctx): Extension<Ctx>, headers: HeaderMap, body: Bytes) -> Result<Response, Problem> {
    if !tokens::is_offered(&ctx) {
        return Err(Problem::new(404, "No tokens are offered here").detail("NEXUS_CRM_SECRET_KEY is not set on the server"));
    }
    let issued = tokens::issue(&ctx, &wish(&fields(&headers, &body)?)?).await?;
    let answer = json!({
        "access_token": issued.token.expose(),
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "scope": issued.scope,
    });
    Ok(([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(answer)).into_response())
}

/// `GET /.well-known/jwks.json`: the public keys, as a JSON Web Key set.
///
/// # Errors
/// Those of the use-case.
pub async fn key_set(Extension(ctx): Extension<Ctx>) -> Result<Response, Problem> {
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
    ];
    Ok((headers, tokens::key_set(&ctx).await?.to_string()).into_response())
}

/// The fields of a body: a form or a JSON object; none in an empty one.
fn fields(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, Problem> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/json" => {
            serde_json::from_slice(body).map_err(|error| Problem::new(400, "The body is no JSON object").detail(error.to_string()))
        }
        "application/x-www-form-urlencoded" => {
            let pairs: Vec<(String, String)> =
                serde_urlencoded::from_bytes(body).map_err(|_| Problem::new(400, "The body is no form"))?;
            let mut fields = Map::new();
            for (name, value) in pairs {
                // RFC 6749, 3.2: not more than once.
                if fields.insert(name, Value::String(value)).is_some() {
                    return Err(Problem::new(400, "The form has a field more than once"));
                }
            }
            Ok(fields)
        }
        _ => Err(Problem::new(415, "The body must be application/json or application/x-www-form-urlencoded")),
    }
}

/// What the fields ask for; those that are not known are passed over, as RFC 6749, 3.2 says.
fn wish(fields: &Map<String, Value>) -> AppResult<Wish> {
    let scope = match fields.get("scope") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(_) => return Err(AppError::invalid("/scope", "type", "must be a string")),
    };
    let number = match fields.get("expires_in") {
        None | Some(Value::Null) => return Ok(Wish { scope, expires_in: None }),
        Some(Value::Number(number)) => number.as_i64(),
        // In a form all is text.
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
    };
    let expires_in = number.ok_or_else(|| AppError::invalid("/expires_in", "type", "must be a whole number of seconds"))?;
    Ok(Wish { scope, expires_in: Some(expires_in) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: &'static str, body: &str) -> Option<Wish> {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
        wish(&fields(&headers, body.as_bytes()).ok()?).ok()
    }

    #[test]
    fn wishes_come_as_json_or_as_a_form() {
        const FORM: &str = "application/x-www-form-urlencoded";
        const JSON: &str = "application/json; charset=utf-8";
        let narrow = || Some(Wish { scope: Some("usage:read".into()), expires_in: Some(60) });
        assert_eq!(read(JSON, r#"{"scope":"usage:read","expires_in":60,"grant_type":"client_credentials"}"#), narrow());
        assert_eq!(read(FORM, "scope=usage%3Aread&expires_in=60&grant_type=client_credentials"), narrow());
        for nothing in
            [read(JSON, ""), read("text/plain", ""), read(JSON, "{}"), read(JSON, r#"{"scope":null}"#), read(FORM, "a=b")]
        {
            assert_eq!(nothing, Some(Wish::default()));
        }
        for (kind, bad) in [
            (JSON, "[]"),
            (JSON, "{"),
            (JSON, r#"{"scope":["usage:read"]}"#),
            (JSON, r#"{"expires_in":60.5}"#),
            (JSON, r#"{"expires_in":"soon"}"#),
            (FORM, "expires_in=60&expires_in=900"),
            ("text/plain", "scope=usage:read"),
        ] {
            assert_eq!(read(kind, bad), None, "{bad}");
        }
    }
}
