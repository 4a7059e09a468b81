//! What the browser adds to pages that the server has written: lists are searched while somebody types, and a box at the head of a
//! column chooses all below it. Without it the same forms are sent by hand.

use std::time::Duration;

use leptos::{ev, prelude::*, task::spawn_local};

use super::api::load_page;
use crate::ui::dom;

/// How long after a key the list is asked for, in milliseconds.
const PAUSE_MS: u64 = 150;

/// Takes notice of what somebody types or chooses.
pub fn input(event: &ev::Event) {
    dom::choose_all(event);
    let Some(place) = dom::live_place(event) else { return };
    let asked = place.clone();
    set_timeout(
        move || {
            // Whoever has typed on has asked for something else.
            if dom::live_place_now().as_ref() != Some(&asked) {
                return;
            }
            spawn_local(async move {
                let Ok(page) = load_page(place.clone()).await else { return };
                if dom::live_place_now().as_ref() == Some(&place) {
                    dom::show_results(&page.html, &place);
                }
            });
        },
        Duration::from_millis(PAUSE_MS),
    );
}
