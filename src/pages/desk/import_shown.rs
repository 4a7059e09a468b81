//! What an import shows of records: how they would be stored, and which it has made and changed.

use leptos::prelude::*;

use super::words;
use crate::{
    domain::{
        crm::Lifecycle,
        format::{self, Lang},
        import::Kind,
    },
    features::imports::{
        preview::{Fate, Shown},
        usecase::{self as imports, Import, Whole},
    },
    pages::written::{
        parts::Reader,
        tables::{Column, table},
    },
    ui::i18n::{fill, s},
};

/// The first records as they would be stored.
pub fn preview(reader: &Reader, import: &Import, shown: &[Shown]) -> AnyView {
    let lang = reader.lang;
    let place = if import.kind == Kind::Companies.as_str() { "companies" } else { "contacts" };
    let columns =
        [Column::Number(s!(lang, imports.line)), Column::Text(s!(lang, imports.becomes)), Column::Text(s!(lang, imports.record))];
    let rows = shown.iter().map(|record| {
        let (class, word) = match record.fate {
            Fate::Create => ("chip chip-ok", s!(lang, imports.p_create)),
            Fate::Update if record.fields.iter().all(|field| field.was.is_none()) => ("chip", s!(lang, imports.p_unchanged)),
            Fate::Update => ("chip chip-warn", s!(lang, imports.p_update)),
            Fate::Skip => ("chip", s!(lang, imports.p_skip)),
        };
        let fields = record.fields.iter().map(|field| {
            let was = field.was.as_ref().map(|was| view! { <s class="faint">{shown_value(&field.name, was, lang)}</s>" → " });
            view! { <div><dt>{words::field(&field.name, lang)}</dt><dd>{was}{shown_value(&field.name, &field.now, lang)}</dd></div> }
        });
        let word = match record.id {
            Some(id) => view! { <a href=format!("/{place}/{id}")>{word}</a> }.into_any(),
            None => word.into_any(),
        };
        view! {
            <tr>
                <th scope="row" class="num">{record.line.to_string()}</th>
                <td><span class=class>{word}</span></td>
                <td class="cell-wrap"><dl class="import-record">{fields.collect_view()}</dl></td>
            </tr>
        }
    });
    view! {
        <section aria-labelledby="preview">
            <h3 id="preview">{s!(lang, imports.preview)}</h3>
            <p class="office-help">{s!(lang, imports.preview_help)}</p>
            {table(reader, "import-preview", &columns, rows.collect_view())}
        </section>
    }
    .into_any()
}

/// A stored text as people read it.
fn shown_value(name: &str, text: &str, lang: Lang) -> String {
    match name {
        _ if text.is_empty() => "—".to_owned(),
        "birthday" => text.parse().map_or_else(|_| text.to_owned(), |day| format::date_long(day, lang)),
        "lifecycle" => Lifecycle::parse(text).map_or_else(|| text.to_owned(), |it| words::lifecycle(it, lang).to_owned()),
        "employees" => text.parse().map_or_else(|_| text.to_owned(), |n| format::integer(n, lang)),
        _ => text.to_owned(),
    }
}

/// The first records that it has made or changed.
pub fn records(whole: &Whole, lang: Lang) -> AnyView {
    let shown = whole.records.len() as i64;
    let all = whole.import.created + whole.import.updated;
    let first = (shown < all && shown == imports::SHOWN_RECORDS).then(|| {
        let text = fill(s!(lang, imports.first_problems), &[&format::integer(shown, lang), &format::integer(all, lang)]);
        view! { <p class="faint">{text}</p> }
    });
    let links = whole.records.iter().map(|(is_company, id, name, was_created)| {
        let place = if *is_company { "companies" } else { "contacts" };
        let name = if name.is_empty() { id.to_string() } else { name.clone() };
        let word = if *was_created { s!(lang, imports.p_created) } else { s!(lang, imports.p_updated) };
        view! { <li><a href=format!("/{place}/{id}")>{name}</a>" "<span class="faint">{word}</span></li> }
    });
    view! {
        <section aria-labelledby="records">
            <h3 id="records">{s!(lang, imports.records)}</h3>
            <ul class="import-records">{links.collect_view()}</ul>
            {first}
        </section>
    }
    .into_any()
}
