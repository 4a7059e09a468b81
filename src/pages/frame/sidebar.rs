//! The places of the product: at the side of a desktop, at the foot of a phone.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{SettingsForms, use_overlays};
use crate::{
    domain::{
        format::Lang,
        people::{Me, Permission},
    },
    ui::{
        i18n::{t, use_lang},
        icon::{Icon, icon},
        me::use_me,
    },
};

/// A place: address, picture, name.
struct Place {
    href: &'static str,
    picture: Icon,
    name: &'static str,
    keys: &'static str,
    /// Whether it stands in the bar of a phone itself, and not under more.
    near: bool,
}

fn places(lang: Lang, me: Option<&Me>) -> Vec<Place> {
    let mut places = vec![
        Place { href: "/contacts", picture: Icon::Contact, name: t!(lang, nav.contacts), keys: "G C", near: true },
        Place { href: "/companies", picture: Icon::Building, name: t!(lang, nav.companies), keys: "G B", near: false },
        Place { href: "/leads", picture: Icon::Flag, name: t!(lang, nav.leads), keys: "G L", near: true },
        Place { href: "/tasks", picture: Icon::Check, name: t!(lang, nav.tasks), keys: "G T", near: true },
        Place { href: "/usage", picture: Icon::Activity, name: t!(lang, nav.usage), keys: "G U", near: true },
        Place { href: "/usage/users", picture: Icon::Users, name: t!(lang, nav.users), keys: "G S", near: false },
    ];
    if me.is_some_and(|me| me.role.may(Permission::ReadPeople)) {
        places.push(Place { href: "/admin/people", picture: Icon::Shield, name: t!(lang, nav.office), keys: "G O", near: false });
    }
    places
}

/// The place that an address belongs to: the longest that it begins with.
fn is_here(path: &str, href: &str) -> bool {
    match href {
        "/usage" => path == "/usage" || path == "/",
        "/admin/people" => path.starts_with("/admin/"),
        _ => path.starts_with(href),
    }
}

/// The sidebar.
#[component]
pub fn Sidebar() -> impl IntoView {
    let lang = use_lang();
    let path = use_location().pathname;
    let overlays = use_overlays();
    let me = use_me();
    view! {
        <header class="sidebar">
            <a class="brand" href="/usage">
                <svg viewBox="0 0 24 24" aria-hidden="true">
                    <rect width="24" height="24" rx="6"></rect>
                    <path d="M7.5 17V7l9 10V7"></path>
                </svg>
                <span>"NexusCRM"</span>
            </a>
            <nav aria-label=t!(lang, nav.label)>
                <ul>
                    {places(lang, me.as_ref())
                        .into_iter()
                        .map(|place| {
                            let current = move || path.with(|path| is_here(path, place.href)).then_some("page");
                            view! {
                                <li>
                                    <a class="place" href=place.href aria-current=current title=place.name>
                                        {icon(place.picture)}
                                        <span>{place.name}</span>
                                        <kbd aria-hidden="true">{place.keys}</kbd>
                                    </a>
                                </li>
                            }
                        })
                        .collect_view()}
                </ul>
            </nav>
            <div class="sidebar-foot">
                <button class="place js-only" type="button" title=t!(lang, help.title) on:click=move |_| overlays.help.set(true)>
                    {icon(Icon::Keyboard)}
                    <span>{t!(lang, help.title)}</span>
                    <kbd aria-hidden="true">"?"</kbd>
                </button>
                <SettingsForms/>
                <MyAccount/>
            </div>
        </header>
    }
    .into_any()
}

/// Who is signed in, and the way out.
#[component]
fn MyAccount() -> impl IntoView {
    let lang = use_lang();
    use_me().map(|me| {
        view! {
            <div class="me">
                <a class="me-who" href="/account" title=me.email.clone()>
                    <span class="avatar" aria-hidden="true">{me.initials()}</span>
                    <span class="me-name">{me.name.clone()}</span>
                </a>
                <form method="post" action="/sign-out">
                    <button class="icon-button" type="submit" title=t!(lang, nav.sign_out) aria-label=t!(lang, nav.sign_out)>{icon(Icon::LogOut)}</button>
                </form>
            </div>
        }
    })
}

/// The bar at the foot of a phone.
#[component]
pub fn TabBar() -> impl IntoView {
    let lang = use_lang();
    let path = use_location().pathname;
    let all = StoredValue::new(places(lang, use_me().as_ref()));
    let tabs = move |near: bool, class: &'static str| {
        let link = |place: &Place| {
            let (href, picture, name) = (place.href, place.picture, place.name);
            let current = move || path.with(|path| is_here(path, href)).then_some("page");
            view! { <a class=class href=href aria-current=current>{icon(picture)}<span>{name}</span></a> }
        };
        all.with_value(|all| all.iter().filter(|place| place.near == near).map(link).collect_view())
    };
    view! {
        <nav class="tabbar" aria-label=t!(lang, nav.label_phone)>
            {tabs(true, "tab")}
            <details class="menu sheet">
                <summary class="tab">
                    {icon(Icon::Menu)}
                    <span>{t!(lang, nav.more)}</span>
                </summary>
                <div class="sheet-body">
                    <div class="sheet-places">{tabs(false, "place")}</div>
                    <SettingsForms/>
                    <MyAccount/>
                </div>
            </details>
        </nav>
    }
    .into_any()
}
