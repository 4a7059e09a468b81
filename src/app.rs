//! The whole: shell, routes, and what every page shares.

use leptos::{prelude::*, server::SharedValue, task::spawn_local};
use leptos_i18n::context::CookieOptions;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Redirect, Route, Router, Routes},
    path,
};

use crate::{
    domain::people::Me,
    pages::{
        frame::{Help, Overlays, Palette, Sidebar, TabBar, listen},
        not_found::NotFoundPage,
        usage::{UsagePage, api::load_zone},
        user::UserPage,
        users::UsersPage,
        written::WrittenPage,
    },
    ui::{
        clock::Clock,
        dom,
        i18n::{I18nContextProvider, Locale, t, use_lang},
        me::Whoami,
        prefs::{LANG_COOKIE, Preferences, Settings, ZONE_COOKIE},
    },
};

/// A year, in milliseconds.
const YEAR_MS: i64 = 365 * 86_400 * 1_000;

/// The document around the app, drawn by the server.
#[cfg(feature = "ssr")]
pub fn shell(options: LeptosOptions) -> impl IntoView {
    use leptos_meta::{HashedStylesheet, MetaTags};
    let theme = use_context::<Preferences>().unwrap_or_default().theme;
    view! {
        <!DOCTYPE html>
        <html data-theme=theme.as_str()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"/>
                <meta name="color-scheme" content="dark light"/>
                <meta name="robots" content="noindex"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="preload" href="/fonts/inter-latin.woff2" r#as="font" type="font/woff2" crossorigin="anonymous"/>
                <link rel="preload" href="/fonts/josefin-sans-latin.woff2" r#as="font" type="font/woff2" crossorigin="anonymous"/>
                <HashedStylesheet id="leptos" options=options.clone()/>
                <AutoReload options=options.clone()/>
                <HydrationScripts options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The app.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let preferences = SharedValue::new(|| use_context::<Preferences>().unwrap_or_default()).into_inner();
    let settings = Settings::provide(&preferences);
    provide_context(Whoami(SharedValue::new(use_context::<Me>).into_inner()));
    Clock::provide();
    Overlays::provide();
    if !preferences.zone_fixed {
        tell_zone(settings, preferences.zone_known);
    }
    let cookie = CookieOptions::<Locale>::default().path("/").max_age(YEAR_MS);
    view! {
        <I18nContextProvider cookie_name=LANG_COOKIE cookie_options=cookie>
            <Frame/>
        </I18nContextProvider>
    }
}

/// Tells the server the browser's time zone when it does not know it yet or knows another, and takes the new one into use.
fn tell_zone(settings: Settings, known: bool) {
    Effect::new(move || {
        let Some(name) = dom::zone_name() else { return };
        if known && settings.zone.with_untracked(|zone| zone.name == name) {
            return;
        }
        dom::set_cookie(ZONE_COOKIE, &name);
        spawn_local(async move {
            if let Ok(zone) = load_zone(name).await {
                settings.zone.set(zone);
            }
        });
    });
}

/// A title without what could end the element that it stands in: it is written there as it is.
fn plain_title(title: &str) -> String {
    title.replace('<', "‹")
}

/// Sidebar, page, tab bar, and what may lie over them.
#[component]
fn Frame() -> impl IntoView {
    let lang = use_lang();
    view! {
        <Title formatter=|title: String| if title.is_empty() { "NexusCRM".to_owned() } else { format!("{} · NexusCRM", plain_title(&title)) }/>
        <Router>
            <Listener/>
            <a class="skip" href="#main" rel="external">{t!(lang, nav.skip)}</a>
            <div class="frame">
                <Sidebar/>
                <main id="main" tabindex="-1">
                    <Routes fallback=|| view! { <NotFoundPage/> }>
                        <Route path=path!("/") view=|| view! { <Redirect path="/usage"/> }/>
                        <Route path=path!("/usage") view=UsagePage ssr=SsrMode::Async/>
                        <Route path=path!("/usage/users") view=UsersPage ssr=SsrMode::Async/>
                        <Route path=path!("/usage/users/:id") view=UserPage ssr=SsrMode::Async/>
                        <Route path=path!("/contacts") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/contacts/:id") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/duplicates") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/duplicates/merge") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/companies") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/companies/:id") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/admin/fields") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/leads") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/leads/new") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/leads/:id") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/admin/scorecard") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/account") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/admin/people") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/admin/sessions") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/admin/settings") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/admin/limits") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/admin/ingest") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/admin/keys") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/admin/webhooks") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/admin/mail") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/admin/journal") view=WrittenPage ssr=SsrMode::Async/>
                        <Route path=path!("/admin/privacy") view=WrittenPage ssr=SsrMode::Async/>
                    </Routes>
                </main>
                <TabBar/>
            </div>
            <Palette/>
            <Help/>
        </Router>
    }
    .into_any()
}

/// Listens to the keyboard once the page is awake, and says that it is.
#[component]
fn Listener() -> impl IntoView {
    let overlays = crate::pages::frame::use_overlays();
    Effect::new(move || {
        listen(overlays);
        set_timeout(|| dom::set_root_attribute("data-hydrated", "true"), std::time::Duration::ZERO);
    });
}
