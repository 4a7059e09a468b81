//! What lists of the office are made of: a search, a table, the way to the next page.

use leptos::prelude::*;

use super::parts::Reader;
use crate::ui::{
    i18n::s,
    icon::{Icon, icon},
};

/// The head of a column.
#[derive(Clone, Copy, Debug)]
pub enum Column<'a> {
    /// Of texts.
    Text(&'a str),
    /// Of numbers, which stand to the right.
    Number(&'a str),
    /// Of what can be done; its name is only read out.
    Action(&'a str),
}

/// A table that is scrolled sideways where the screen is too narrow for it.
pub fn table(reader: &Reader, class: &str, columns: &[Column<'_>], rows: impl IntoView + 'static) -> AnyView {
    let heads = columns.iter().map(|column| match column {
        Column::Text(name) => view! { <th scope="col">{(*name).to_owned()}</th> }.into_any(),
        Column::Number(name) => view! { <th scope="col" class="num">{(*name).to_owned()}</th> }.into_any(),
        Column::Action(name) => view! { <th scope="col"><span class="sr-only">{(*name).to_owned()}</span></th> }.into_any(),
    });
    view! {
        <div class="table-wide" tabindex="0" role="group" aria-label=s!(reader.lang, office.table)>
            <table class=format!("table {class}")>
                <thead>
                    <tr>{heads.collect_view()}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// The field of a search.
pub fn search_field(label: &str, most: u16, begin: &str) -> AnyView {
    view! {
        <label class="search">
            {icon(Icon::Search)}
            <input
                type="search"
                name="q"
                maxlength=most.to_string()
                autocomplete="off"
                value=begin.to_owned()
                placeholder=label.to_owned()
                aria-label=label.to_owned()
            />
        </label>
    }
    .into_any()
}

/// The search of a page: what is looked for stands in its address.
pub fn search_bar(path: &'static str, label: &str, begin: &str) -> AnyView {
    view! { <form class="office-bar" method="get" action=path role="search">{search_field(label, 100, begin)}</form> }.into_any()
}

/// The ways to the first page and to the next. There are none where all is on one page.
pub fn pager(is_first: bool, first: (&'static str, &str), next: (Option<String>, &str)) -> Option<AnyView> {
    let (next, label) = next;
    if is_first && next.is_none() {
        return None;
    }
    let next = next.map(|href| view! { <a class="button" rel="next" href=href>{label.to_owned()}{icon(Icon::ChevronRight)}</a> });
    Some(view! { <nav class="pager"><a class="button" href=first.0>{first.1.to_owned()}</a>{next}</nav> }.into_any())
}
