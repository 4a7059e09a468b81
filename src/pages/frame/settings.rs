//! Language and theme. They are forms, so that they work without JavaScript; with it, the theme changes in place.

use leptos::{ev, prelude::*};
use leptos_router::hooks::use_location;

use crate::{
    domain::format::Lang,
    ui::{
        dom,
        i18n::{t, use_lang},
        icon::{Icon, icon},
        prefs::{LANG_COOKIE, Settings, THEME_COOKIE, Theme, use_settings},
    },
};

/// Changes the theme at once, and for a year.
pub fn set_theme(settings: Settings, theme: Theme) {
    settings.theme.set(theme);
    dom::set_root_attribute("data-theme", theme.as_str());
    dom::set_cookie(THEME_COOKIE, theme.as_str());
}

/// Changes the language for a year; the page is loaded again in it.
pub fn set_lang(lang: Lang) {
    dom::set_cookie(LANG_COOKIE, lang.as_str());
    dom::reload();
}

/// The name of a theme, and its picture.
pub(super) fn theme_name(theme: Theme, lang: Lang) -> (Icon, &'static str) {
    match theme {
        Theme::System => (Icon::Monitor, t!(lang, theme.system)),
        Theme::Light => (Icon::Sun, t!(lang, theme.light)),
        Theme::Dark => (Icon::Moon, t!(lang, theme.dark)),
    }
}

/// The switches of language and theme.
#[component]
pub fn SettingsForms() -> impl IntoView {
    let lang = use_lang();
    let settings = use_settings();
    let location = use_location();
    let back = Memo::new(move |_| {
        let (path, search) = (location.pathname.get(), location.search.get());
        if search.is_empty() { path } else { format!("{path}?{search}") }
    });
    let languages = [(Lang::Es, "Español", "ES"), (Lang::En, "English", "EN")];
    view! {
        <div class="settings">
            <form method="post" action="/preferences">
                <input type="hidden" name="back" value=back/>
                <div class="segments" role="group" aria-label=t!(lang, settings.language)>
                {languages
                    .into_iter()
                    .map(|(each, name, short)| {
                        view! {
                            <button
                                type="submit"
                                name="lang"
                                value=each.as_str()
                                lang=each.as_str()
                                title=name
                                aria-label=name
                                aria-pressed=(each == lang).to_string()
                            >
                                {short}
                            </button>
                        }
                    })
                    .collect_view()}
                </div>
            </form>
            <form method="post" action="/preferences">
                <input type="hidden" name="back" value=back/>
                <div class="segments" role="group" aria-label=t!(lang, settings.theme)>
                {Theme::ALL
                    .into_iter()
                    .map(|theme| {
                        let (picture, name) = theme_name(theme, lang);
                        view! {
                            <button
                                type="submit"
                                name="theme"
                                value=theme.as_str()
                                title=name
                                aria-label=name
                                aria-pressed=move || (settings.theme.get() == theme).to_string()
                                on:click=move |event: ev::MouseEvent| {
                                    event.prevent_default();
                                    set_theme(settings, theme);
                                }
                            >
                                {icon(picture)}
                            </button>
                        }
                    })
                    .collect_view()}
                </div>
            </form>
        </div>
    }
    .into_any()
}
