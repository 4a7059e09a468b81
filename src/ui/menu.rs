//! A button that opens a list of links. It is a `<details>`, so it works without JavaScript; with it, a click outside and `Esc`
//! close it (see [`super::dom::close_menus`]).

use leptos::prelude::*;

use super::icon::{Icon, icon};

/// One choice of a [`Menu`].
pub struct Choice {
    /// Where it leads.
    pub href: String,
    /// What it shows.
    pub label: AnyView,
    /// Whether it is what is chosen now.
    pub chosen: bool,
}

/// A menu of links: what is chosen, and what else there is.
#[component]
pub fn Menu(
    /// What is being chosen: "Plan".
    #[prop(into)]
    name: String,
    /// What is chosen now, in words.
    #[prop(into)]
    value: Signal<String>,
    /// Whether that is other than the default.
    #[prop(into)]
    active: Signal<bool>,
    /// All there is to choose from.
    choices: impl Fn() -> Vec<Choice> + Send + Sync + 'static,
) -> impl IntoView {
    view! {
        <details class="menu">
            <summary class="button" class:is-active=active>
                <span class="menu-name">{name}</span>
                <span class="menu-value">{value}</span>
                {icon(Icon::ChevronDown)}
            </summary>
            <ul class="menu-list">
                {move || {
                    choices()
                        .into_iter()
                        .map(|choice| {
                            view! {
                                <li>
                                    <a href=choice.href data-noscroll="" aria-current=choice.chosen.then_some("true")>
                                        {choice.label}
                                        {choice.chosen.then(|| icon(Icon::Check))}
                                    </a>
                                </li>
                            }
                        })
                        .collect_view()
                }}
            </ul>
        </details>
    }
    .into_any()
}
