//! What pages ask of the browser. In the server's build each of these does nothing, so that a component reads the same in both.

use chrono::{DateTime, Utc};

/// The reader's own clock; in the server's build, the server's.
pub fn clock() -> DateTime<Utc> {
    #[cfg(feature = "hydrate")]
    {
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 are far below 2^53")]
        DateTime::from_timestamp_millis(js_sys::Date::now() as i64).unwrap_or_default()
    }
    #[cfg(all(feature = "ssr", not(feature = "hydrate")))]
    {
        Utc::now()
    }
    #[cfg(not(any(feature = "ssr", feature = "hydrate")))]
    {
        DateTime::default()
    }
}

#[cfg(not(feature = "hydrate"))]
mod absent {
    use leptos::ev;

    /// Sets an attribute of `<html>`.
    pub fn set_root_attribute(_name: &str, _value: &str) {}
    /// Keeps a cookie for a year.
    pub fn set_cookie(_name: &str, _value: &str) {}
    /// The IANA name of the browser's time zone.
    pub fn zone_name() -> Option<String> {
        None
    }
    /// Whether the page can be seen.
    pub fn is_visible() -> bool {
        false
    }
    /// Loads the page again.
    pub fn reload() {}
    /// Goes to sign in, and comes back to this page then.
    pub fn go_to_sign_in() {}
    /// Where in its element, from 0 (left) to 1, the pointer is.
    pub fn pointer_fraction(_event: &ev::PointerEvent) -> Option<f64> {
        None
    }
    /// Puts the focus on the element with an id; says whether there is one.
    pub fn focus(_id: &str) -> bool {
        false
    }
    /// Brings the element with an id into view, if it is not.
    pub fn reveal(_id: &str) {}
    /// Moves the focus by `step` among the rows of the page.
    pub fn move_row(_step: i32) {}
    /// Opens or closes the dialog with an id.
    pub fn show_dialog(_id: &str, _open: bool) {}
    /// Closes the menus that are open, except one that the event came from.
    pub fn close_menus(_event: Option<&ev::MouseEvent>) -> bool {
        false
    }
    /// Whether an event came from a place where people type.
    pub fn is_typing(_event: &ev::KeyboardEvent) -> bool {
        false
    }
    /// Whether a click on a dialog fell beside what it shows.
    pub fn is_backdrop(_event: &ev::MouseEvent) -> bool {
        false
    }
    /// Whether an event happened where people type several lines.
    pub fn submit_form(_event: &ev::KeyboardEvent) -> bool {
        false
    }
    /// Presses what a key is for on this page; says whether there is such a thing.
    pub fn press(_key: &str) -> bool {
        false
    }
    /// Chooses the row that has the focus, or no longer.
    pub fn choose_row() -> bool {
        false
    }
    /// Where a box chooses all boxes of a name, chooses them.
    pub fn choose_all(_event: &ev::Event) {}
    /// The address that a form asks for which is sent while somebody types in it.
    pub fn live_place(_event: &ev::Event) -> Option<String> {
        None
    }
    /// The same, of the form as it stands now.
    pub fn live_place_now() -> Option<String> {
        None
    }
    /// Puts a page's results in place of those that are there, under their address.
    pub fn show_results(_html: &str, _place: &str) {}
    /// Copies a text.
    pub fn copy(_text: &str) {}
    /// Calls back when one of these events happens to the window, for as long as the page lives.
    pub fn on_window(_names: &[&'static str], _call: impl Fn() + Clone + 'static) {}
}
#[cfg(not(feature = "hydrate"))]
pub use absent::*;

#[cfg(feature = "hydrate")]
mod present {
    use leptos::{ev, prelude::*};
    use wasm_bindgen::JsCast;
    use web_sys::{Element, HtmlDialogElement, HtmlElement, HtmlInputElement};

    /// Sets an attribute of `<html>`.
    pub fn set_root_attribute(name: &str, value: &str) {
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute(name, value);
        }
    }

    /// Keeps a cookie for a year.
    pub fn set_cookie(name: &str, value: &str) {
        let secure = if window().location().protocol().is_ok_and(|p| p == "https:") { "; Secure" } else { "" };
        let cookie = format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax{secure}");
        let _ = js_sys::Reflect::set(&document(), &"cookie".into(), &cookie.into());
    }

    /// The IANA name of the browser's time zone.
    pub fn zone_name() -> Option<String> {
        let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
        js_sys::Reflect::get(&format.resolved_options(), &"timeZone".into()).ok()?.as_string()
    }

    /// Whether the page can be seen.
    pub fn is_visible() -> bool {
        document().visibility_state() == web_sys::VisibilityState::Visible
    }

    /// Goes to sign in, and comes back to this page then.
    pub fn go_to_sign_in() {
        let location = window().location();
        let here = format!("{}{}", location.pathname().unwrap_or_default(), location.search().unwrap_or_default());
        let _ = location.assign(&format!("/sign-in?next={}", crate::ui::href::encode(&here)));
    }

    /// Loads the page again.
    pub fn reload() {
        let _ = window().location().reload();
    }

    /// Where in its element, from 0 (left) to 1, the pointer is.
    pub fn pointer_fraction(event: &ev::PointerEvent) -> Option<f64> {
        let rect = event.current_target()?.dyn_into::<Element>().ok()?.get_bounding_client_rect();
        (rect.width() > 0.0).then(|| ((f64::from(event.client_x()) - rect.left()) / rect.width()).clamp(0.0, 1.0))
    }

    fn element(id: &str) -> Option<HtmlElement> {
        document().get_element_by_id(id)?.dyn_into().ok()
    }

    /// Puts the focus on the element with an id; says whether there is one.
    pub fn focus(id: &str) -> bool {
        element(id).is_some_and(|e| e.focus().is_ok())
    }

    /// Brings the element with an id into view, if it is not.
    pub fn reveal(id: &str) {
        if let Some(element) = element(id) {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            element.scroll_into_view_with_scroll_into_view_options(&options);
        }
    }

    fn all(selector: &str) -> Vec<HtmlElement> {
        let Ok(list) = document().query_selector_all(selector) else { return Vec::new() };
        (0..list.length()).filter_map(|i| list.item(i)?.dyn_into().ok()).collect()
    }

    /// Moves the focus by `step` among the rows of the page.
    pub fn move_row(step: i32) {
        let rows: Vec<_> = all("main [data-row]").into_iter().filter(|row| row.offset_parent().is_some()).collect();
        let active = document().active_element();
        let current = rows.iter().position(|row| active.as_ref().is_some_and(|a| row.contains(Some(a))));
        let next = match current {
            None => 0,
            Some(i) => i.saturating_add_signed(step as isize).min(rows.len().saturating_sub(1)),
        };
        if let Some(row) = rows.get(next) {
            let _ = row.focus();
        }
    }

    /// Opens or closes the dialog with an id.
    pub fn show_dialog(id: &str, open: bool) {
        let Some(dialog) = element(id).and_then(|e| e.dyn_into::<HtmlDialogElement>().ok()) else { return };
        if open && !dialog.open() {
            let _ = dialog.show_modal();
        } else if !open && dialog.open() {
            dialog.close();
        }
    }

    /// Closes the menus that are open, except one whose inside was clicked (but for a link, which chooses); without an event,
    /// all of them, and the focus goes back to the button. Says whether one was open.
    pub fn close_menus(event: Option<&ev::MouseEvent>) -> bool {
        let target = event.and_then(|event| event.target()).and_then(|t| t.dyn_into::<Element>().ok());
        let chosen = target.as_ref().is_some_and(|t| t.closest("a").ok().flatten().is_some());
        let mut any = false;
        for menu in all("details.menu[open]") {
            if !chosen && target.as_ref().is_some_and(|t| menu.contains(Some(t))) {
                continue;
            }
            any = true;
            let _ = menu.remove_attribute("open");
            let inside = document().active_element().is_some_and(|a| menu.contains(Some(&a)));
            if inside && let Ok(Some(button)) = menu.query_selector("summary") {
                let _ = button.unchecked_into::<HtmlElement>().focus();
            }
        }
        any
    }

    /// Whether an event came from a place where people type.
    pub fn is_typing(event: &ev::KeyboardEvent) -> bool {
        event
            .target()
            .and_then(|t| t.dyn_into::<Element>().ok())
            .and_then(|e| e.closest("input, textarea, select, [contenteditable]").ok().flatten())
            .is_some()
    }

    /// Whether a click on a dialog fell beside what it shows.
    pub fn is_backdrop(event: &ev::MouseEvent) -> bool {
        event.target().is_some_and(|t| t.dyn_ref::<HtmlDialogElement>().is_some())
    }

    /// Sends the form that an event happened in, as its first button would.
    pub fn submit_form(event: &ev::KeyboardEvent) -> bool {
        let target = event.target().and_then(|t| t.dyn_into::<Element>().ok());
        let form = target.and_then(|t| t.closest("form").ok().flatten());
        let button = form.and_then(|form| form.query_selector(".button-primary").ok().flatten());
        button.and_then(|button| button.dyn_into::<HtmlElement>().ok()).inspect(HtmlElement::click).is_some()
    }

    /// Presses what a key is for on this page; says whether there is such a thing.
    pub fn press(key: &str) -> bool {
        if !key.chars().all(char::is_alphanumeric) {
            return false;
        }
        all(&format!("main [data-key=\"{key}\"]")).first().inspect(|it| it.click()).is_some()
    }

    /// Chooses the row that has the focus, or no longer.
    pub fn choose_row() -> bool {
        let row = document().active_element().and_then(|it| it.closest("tr").ok().flatten());
        let found = row.and_then(|row| row.query_selector("input[type=checkbox]").ok().flatten());
        found.and_then(|it| it.dyn_into::<HtmlElement>().ok()).inspect(HtmlElement::click).is_some()
    }

    /// Where a box chooses all boxes of a name, chooses them.
    pub fn choose_all(event: &ev::Event) {
        let Some(whole) = event.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok()) else { return };
        let Some(name) = whole.get_attribute("data-all") else { return };
        for one in all(&format!("main input[type=checkbox][name=\"{name}\"]")) {
            one.unchecked_into::<HtmlInputElement>().set_checked(whole.checked());
        }
    }

    fn place_of(form: &Element) -> Option<String> {
        let fields = form.query_selector_all("[name]").ok()?;
        let pairs = (0..fields.length()).filter_map(|i| {
            let field = fields.item(i)?.dyn_into::<HtmlInputElement>().ok()?;
            let value = field.value();
            (!value.is_empty()).then(|| format!("{}={}", field.name(), crate::ui::href::encode(&value)))
        });
        let query = pairs.collect::<Vec<_>>().join("&");
        let path = form.get_attribute("action")?;
        Some(if query.is_empty() { path } else { format!("{path}?{query}") })
    }

    /// The address that a form asks for which is sent while somebody types in it.
    pub fn live_place(event: &ev::Event) -> Option<String> {
        let target = event.target()?.dyn_into::<Element>().ok()?;
        place_of(&target.closest("form[data-live]").ok().flatten()?)
    }

    /// The same, of the form as it stands now.
    pub fn live_place_now() -> Option<String> {
        place_of(&document().query_selector("form[data-live]").ok().flatten()?)
    }

    /// Puts a page's results in place of those that are there, under their address.
    pub fn show_results(html: &str, place: &str) {
        let Ok(page) = document().create_element("template") else { return };
        page.set_inner_html(html);
        let content = page.unchecked_ref::<web_sys::HtmlTemplateElement>().content();
        let (Ok(Some(new)), Some(old)) = (content.query_selector("[data-results]"), all("main [data-results]").into_iter().next())
        else {
            return;
        };
        old.set_inner_html(&new.inner_html());
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&history.state().unwrap_or_default(), "", Some(place));
        }
    }

    /// Copies a text.
    pub fn copy(text: &str) {
        let _ = window().navigator().clipboard().write_text(text);
    }

    /// Calls back when one of these events happens to the window, for as long as the page lives.
    pub fn on_window(names: &[&'static str], call: impl Fn() + Clone + 'static) {
        for name in names {
            let call = call.clone();
            let listener = StoredValue::new_local(Some(window_event_listener_untyped(name, move |_| call())));
            on_cleanup(move || {
                if let Some(listener) = listener.try_update_value(Option::take).flatten() {
                    listener.remove();
                }
            });
        }
    }
}
#[cfg(feature = "hydrate")]
pub use present::*;
