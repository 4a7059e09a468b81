//! Who reads: language, theme and time zone, from cookies and what the browser says of itself.

use axum::http::{HeaderMap, header};

use super::{ServerState, cookies};
use crate::{
    domain::{format::Lang, time::Zone},
    pages::written::{form::Sent, parts::Reader},
    platform::{ctx::Ctx, zone},
    ui::prefs::{LANG_COOKIE, THEME_COOKIE, Theme, ZONE_COOKIE},
};

/// The theme that was chosen.
pub fn theme(headers: &HeaderMap) -> Theme {
    cookies::read(headers, THEME_COOKIE).and_then(|word| Theme::parse(&word)).unwrap_or_default()
}

/// The zone that the browser has told.
pub fn told_zone(headers: &HeaderMap, state: &ServerState) -> Option<Zone> {
    cookies::read(headers, ZONE_COOKIE).and_then(|name| zone::zone(&name, state.app.clock.now()))
}

/// The zone that somebody has settled on.
pub fn own_zone(state: &ServerState, ctx: Option<&Ctx>) -> Option<Zone> {
    let name = ctx?.person().ok()?.zone.as_deref()?;
    zone::zone(name, state.app.clock.now())
}

/// The zone to show times in: one's own, else that of the browser, of the workspace, of the server's settings.
pub fn zone(headers: &HeaderMap, state: &ServerState, ctx: Option<&Ctx>) -> Zone {
    let of = |name: &str| zone::zone(name, state.app.clock.now());
    own_zone(state, ctx)
        .or_else(|| told_zone(headers, state))
        .or_else(|| of(state.workspace.get().zone.as_deref()?))
        .or_else(|| of(&state.app.settings.time_zone))
        .unwrap_or_else(Zone::utc)
}

/// The language that was chosen, else the first of ours that the browser asks for, else English.
pub fn lang(headers: &HeaderMap) -> Lang {
    if let Some(lang) = cookies::read(headers, LANG_COOKIE).as_deref().and_then(Lang::parse) {
        return lang;
    }
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut asked: Vec<_> = asked
        .split(',')
        .filter_map(|item| {
            let (tag, weight) = item.split_once(";q=").unwrap_or((item, "1"));
            let lang = match tag.trim().split('-').next()? {
                "es" => Lang::Es,
                "en" => Lang::En,
                _ => return None,
            };
            Some((weight.trim().parse::<f32>().unwrap_or(0.0), lang))
        })
        .collect();
    asked.sort_by(|a, b| b.0.total_cmp(&a.0));
    asked.first().map_or(Lang::En, |(_, lang)| *lang)
}

/// Who reads a page that the server alone writes.
pub fn of(headers: &HeaderMap, state: &ServerState, ctx: Option<&Ctx>, sent: Sent) -> Reader {
    Reader { lang: lang(headers), zone: zone(headers, state, ctx), now: state.app.clock.now(), sent }
}

/// Where to go after what was asked for: only a place of our own.
pub fn back(asked: Option<&str>) -> String {
    let ours = |path: &str| {
        path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains('\\')
            && path.is_ascii()
            && !path.chars().any(char::is_control)
    };
    asked.filter(|path| ours(path)).unwrap_or("/usage").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_own_places_are_gone_back_to() {
        assert_eq!(back(Some("/usage?tier=pro")), "/usage?tier=pro");
        for other in
            [None, Some("https://evil.example"), Some("//evil.example"), Some("/\\evil.example"), Some("/a\r\nb"), Some("")]
        {
            assert_eq!(back(other), "/usage", "{other:?}");
        }
    }

    #[test]
    fn the_language_is_the_chosen_one_else_the_first_that_is_asked_for() {
        let ask = |cookie: &'static str, accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(cookie));
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(accept));
            lang(&headers)
        };
        assert_eq!(ask("", "es-CO,es;q=0.9,en;q=0.8"), Lang::Es);
        assert_eq!(ask("", "fr,en;q=0.5,es;q=0.7"), Lang::Es);
        assert_eq!(ask("nexus_lang=en", "es"), Lang::En);
        assert_eq!(ask("", "de"), Lang::En);
    }
}
