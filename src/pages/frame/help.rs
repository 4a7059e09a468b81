//! The list of shortcuts.

use leptos::prelude::*;

use super::use_overlays;
use crate::ui::{
    dom,
    i18n::{t, use_lang},
    icon::{Icon, icon},
};

/// The id of the dialog.
const ID: &str = "shortcuts";

/// The dialog that lists the shortcuts.
#[component]
pub fn Help() -> impl IntoView {
    let lang = use_lang();
    let open = use_overlays().help;
    Effect::new(move || dom::show_dialog(ID, open.get()));
    let rows: [(&[&str], &str); 15] = [
        (&["Ctrl", "K"], t!(lang, help.palette)),
        (&["G", "C"], t!(lang, nav.contacts)),
        (&["G", "L"], t!(lang, nav.leads)),
        (&["G", "T"], t!(lang, nav.tasks)),
        (&["G", "B"], t!(lang, nav.companies)),
        (&["G", "U"], t!(lang, help.usage)),
        (&["G", "S"], t!(lang, help.users)),
        (&["/"], t!(lang, help.search)),
        (&["J", "K"], t!(lang, help.rows)),
        (&["Enter"], t!(lang, help.enter)),
        (&["X"], t!(lang, help.choose)),
        (&["C"], t!(lang, help.create)),
        (&["E"], t!(lang, help.edit)),
        (&["?"], t!(lang, help.help)),
        (&["Esc"], t!(lang, help.escape)),
    ];
    view! {
        <dialog
            id=ID
            class="dialog"
            aria-labelledby="shortcuts-title"
            on:close=move |_| open.set(false)
            on:click=move |event| {
                if dom::is_backdrop(&event) {
                    open.set(false);
                }
            }
        >
            <div class="dialog-body">
                <header class="dialog-head">
                    <h2 id="shortcuts-title">{t!(lang, help.title)}</h2>
                    <button class="icon-button" type="button" aria-label=t!(lang, help.close) on:click=move |_| open.set(false)>
                        {icon(Icon::Close)}
                    </button>
                </header>
                <dl class="shortcuts">
                    {rows
                        .into_iter()
                        .map(|(keys, text)| {
                            view! {
                                <div>
                                    <dt>{text}</dt>
                                    <dd class="keys">{keys.iter().map(|key| view! { <kbd>{*key}</kbd> }).collect_view()}</dd>
                                </div>
                            }
                        })
                        .collect_view()}
                </dl>
            </div>
        </dialog>
    }
    .into_any()
}
