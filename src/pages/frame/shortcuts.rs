//! What the keyboard does anywhere.

use chrono::{DateTime, TimeDelta, Utc};
use leptos::{ev, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::Overlays;
use crate::{
    domain::people::Permission,
    pages::users::SEARCH_ID,
    ui::{dom, me::use_me},
};

/// How long after `g` the second key may come, in milliseconds.
const PAIR_MS: i64 = 1_500;

/// Listens to the keyboard and to clicks that close menus. To be called in the browser, once.
pub fn listen(overlays: Overlays) {
    let navigate = use_navigate();
    let manages = use_me().is_some_and(|me| me.role.may(Permission::ReadPeople));
    let go_at = StoredValue::new(None::<DateTime<Utc>>);
    let keys = window_event_listener(ev::keydown, move |event| {
        let key = event.key();
        if key.eq_ignore_ascii_case("k") && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            overlays.palette.update(|open| *open = !*open);
            return;
        }
        if key == "Escape" {
            let busy = overlays.palette.get_untracked() || overlays.help.get_untracked();
            if dom::close_menus(None) || !busy && dom::press("Escape") {
                event.prevent_default();
            }
            return;
        }
        let busy = overlays.palette.get_untracked() || overlays.help.get_untracked();
        if key == "Enter" && (event.ctrl_key() || event.meta_key()) && dom::submit_form(&event) {
            event.prevent_default();
            return;
        }
        if busy || dom::is_typing(&event) || event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let pair = go_at.get_value().is_some_and(|at| dom::clock() - at < TimeDelta::milliseconds(PAIR_MS));
        go_at.set_value(None);
        let place = match key.as_str() {
            "u" if pair => Some("/usage"),
            "s" if pair => Some("/usage/users"),
            "c" if pair => Some("/contacts"),
            "l" if pair => Some("/leads"),
            "t" if pair => Some("/tasks"),
            "b" if pair => Some("/companies"),
            "o" if pair => Some(if manages { "/admin/people" } else { "/account" }),
            _ => None,
        };
        match key.as_str() {
            _ if place.is_some() => navigate(place.unwrap_or_default(), NavigateOptions::default()),
            "g" => {
                go_at.set_value(Some(dom::clock()));
                return;
            }
            "/" => {
                if !dom::focus(SEARCH_ID) {
                    overlays.palette.set(true);
                }
            }
            "?" => overlays.help.set(true),
            "j" => dom::move_row(1),
            "k" => dom::move_row(-1),
            "x" if dom::choose_row() => {}
            key if key.len() == 1 && dom::press(key) => {}
            _ => return,
        }
        event.prevent_default();
    });
    let clicks = window_event_listener(ev::click, |event| {
        dom::close_menus(Some(&event));
    });
    on_cleanup(move || {
        keys.remove();
        clicks.remove();
    });
}
