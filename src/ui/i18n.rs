//! The texts of the product in its languages, from `locales/*.json`, checked when it is compiled.
//!
//! The language of a page never changes while it is open (choosing another loads the page again), so texts are plain strings
//! and not signals. Placeholders are `{0}`, `{1}`; a test holds that both languages have the same.

use leptos::prelude::*;
use leptos_i18n::I18nContext;

use crate::domain::format::Lang;

#[allow(missing_docs, unused, clippy::all, clippy::pedantic, clippy::unwrap_used, clippy::expect_used, reason = "generated code")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/i18n.rs"));
}

pub use generated::i18n::{I18nContextProvider, Locale};

/// The texts that only the server writes, from `locales/office/*.json`.
#[cfg(feature = "ssr")]
#[allow(missing_docs, unused, clippy::all, clippy::pedantic, clippy::unwrap_used, clippy::expect_used, reason = "generated code")]
mod office {
    include!(concat!(env!("OUT_DIR"), "/office.rs"));
}

/// The locale of the generated code for a language, for [`s!`].
#[cfg(feature = "ssr")]
pub const fn office_locale(lang: Lang) -> office::i18n::Locale {
    match lang {
        Lang::Es => office::i18n::Locale::es,
        Lang::En => office::i18n::Locale::en,
    }
}

/// A text that only the server writes, by its key: `s!(lang, people.invite)`.
#[cfg(feature = "ssr")]
macro_rules! s {
    ($lang:expr, $($key:tt)+) => {
        ::leptos_i18n::td_string!($crate::ui::i18n::office_locale($lang), $($key)+)
    };
}
#[cfg(feature = "ssr")]
pub(crate) use s;

/// The language of the page.
pub fn use_lang() -> Lang {
    match use_context::<I18nContext<Locale>>().map(I18nContext::get_locale_untracked) {
        Some(Locale::es) => Lang::Es,
        _ => Lang::En,
    }
}

/// The locale of the generated code for a language.
pub const fn locale(lang: Lang) -> Locale {
    match lang {
        Lang::Es => Locale::es,
        Lang::En => Locale::en,
    }
}

/// A text by its key: `t!(lang, usage.title)`.
macro_rules! t {
    ($lang:expr, $($key:tt)+) => {
        ::leptos_i18n::td_string!($crate::ui::i18n::locale($lang), $($key)+)
    };
}
pub(crate) use t;

/// A text with its placeholders filled in.
pub fn fill(text: &str, values: &[&str]) -> String {
    let mut out = text.to_owned();
    for (place, value) in ["{0}", "{1}", "{2}", "{3}"].into_iter().zip(values) {
        out = out.replace(place, value);
    }
    out
}

/// The form of a text that goes with a count; Spanish and English agree on when that is the singular.
pub const fn plural<'a>(n: i64, one: &'a str, many: &'a str) -> &'a str {
    if n == 1 { one } else { many }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn texts(prefix: &str, value: &Value, out: &mut Vec<(String, String)>) {
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| texts(&format!("{prefix}.{key}"), value, out)),
            Value::String(text) => out.push((prefix.to_owned(), text.clone())),
            other => panic!("{prefix}: {other}"),
        }
    }

    #[test]
    fn both_languages_have_the_same_keys_and_placeholders() {
        let read = |json: &str| {
            let mut out = Vec::new();
            texts("", &serde_json::from_str(json).unwrap(), &mut out);
            out.sort();
            out
        };
        for (en, es) in [
            (include_str!("../../locales/en.json"), include_str!("../../locales/es.json")),
            (include_str!("../../locales/office/en.json"), include_str!("../../locales/office/es.json")),
        ] {
            compare(&read(en), &read(es));
        }
    }

    fn compare(en: &[(String, String)], es: &[(String, String)]) {
        let keys = |texts: &[(String, String)]| texts.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
        assert_eq!(keys(en), keys(es));
        for ((key, en), (_, es)) in en.iter().zip(es) {
            for place in ["{0}", "{1}", "{2}", "{3}"] {
                assert_eq!(en.contains(place), es.contains(place), "{key} {place}");
            }
        }
    }

    #[test]
    fn placeholders_are_filled_in() {
        assert_eq!(fill("{1} of {0}", &["10", "3"]), "3 of 10");
        assert_eq!(plural(1, "user", "users"), "user");
        assert_eq!(plural(0, "user", "users"), "users");
    }
}
