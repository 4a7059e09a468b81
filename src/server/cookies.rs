//! Cookies: reading them, and the one of the session.

use axum::http::{HeaderMap, HeaderValue, header};
use chrono::{DateTime, Utc};

use crate::platform::{config::Settings, secret::Secret};

/// The session's cookie where the product is reached by https: no other host and no path can set one of this name (RFC 6265bis).
const SECURE_NAME: &str = "__Host-nexus_session";
/// The same for development by plain http, where browsers refuse the former.
const PLAIN_NAME: &str = "nexus_session";

/// Whether people reach the product by https.
pub fn is_secure(settings: &Settings) -> bool {
    settings.base_url.starts_with("https://")
}

fn name(settings: &Settings) -> &'static str {
    if is_secure(settings) { SECURE_NAME } else { PLAIN_NAME }
}

/// A cookie's value, by the cookie's whole name.
pub fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('=').map(decode))
}

/// Undoes the percent-encoding that scripts give to a cookie's slashes.
fn decode(value: &str) -> String {
    value.replace("%2F", "/").replace("%2f", "/")
}

/// The secret of the session that a request comes with.
pub fn session(headers: &HeaderMap, settings: &Settings) -> Option<String> {
    read(headers, name(settings)).filter(|secret| !secret.is_empty())
}

fn line(settings: &Settings, value: &str, seconds: i64) -> Option<HeaderValue> {
    let secure = if is_secure(settings) { "; Secure" } else { "" };
    let line = format!("{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", name(settings));
    HeaderValue::try_from(line).ok()
}

/// Gives a browser the secret of its session.
pub fn keep(headers: &mut HeaderMap, settings: &Settings, secret: &Secret, expires_at: DateTime<Utc>, now: DateTime<Utc>) {
    if let Some(line) = line(settings, secret.expose(), (expires_at - now).num_seconds().max(0)) {
        headers.append(header::SET_COOKIE, line);
    }
}

/// A year, in seconds.
const YEAR_S: u32 = 31_536_000;

/// Keeps a choice of a reader's for a year, where the page's scripts see it too. The value is one that was checked.
pub fn choose(headers: &mut HeaderMap, settings: &Settings, name: &str, value: &str) {
    let secure = if is_secure(settings) { "; Secure" } else { "" };
    if let Ok(line) = HeaderValue::try_from(format!("{name}={value}; Path=/; Max-Age={YEAR_S}; SameSite=Lax{secure}")) {
        headers.append(header::SET_COOKIE, line);
    }
}

/// Takes it away again.
pub fn forget(headers: &mut HeaderMap, settings: &Settings) {
    if let Some(line) = line(settings, "", 0) {
        headers.append(header::SET_COOKIE, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("x_nexus_zone=no; nexus_zone=America%2FBogota; nexus_theme=light"));
        assert_eq!(read(&headers, "nexus_zone").as_deref(), Some("America/Bogota"));
        assert_eq!(read(&headers, "nexus_theme").as_deref(), Some("light"));
        assert_eq!(read(&headers, "nexus_lang"), None);
    }
}
