//! Forms in which several people may change one record: beside each field stands what it was when the form was opened.

use leptos::prelude::*;

use crate::{
    domain::{
        contact::custom::{CustomField, FieldKind},
        crm::Lifecycle,
        crm_edit::{CHANGED, Edit, Texts},
        format::Lang,
        people::UserId,
    },
    pages::{
        desk::words,
        written::{
            form::Sent,
            parts::{Reader, fault_text, in_textarea},
        },
    },
    ui::{
        i18n::{fill, s},
        icon::{Icon, icon},
    },
};

/// What a field is filled in with.
pub enum Input {
    /// A line, of a kind that the browser knows.
    Line(&'static str),
    /// A line, with words to choose from.
    Offer(Vec<String>),
    /// Several lines.
    Area,
    /// One of several: value and label.
    Select(Vec<(String, String)>),
}

/// What a form asks for, from how it was sent.
pub fn edit(sent: &Sent) -> Edit {
    let mut edit = Edit::default();
    for (name, value) in sent.fields() {
        match name.strip_prefix("was.") {
            Some(name) => edit.was.insert(name.to_owned(), value.to_owned()),
            None if !matches!(name, "do") => edit.now.insert(name.to_owned(), value.to_owned()),
            None => None,
        };
    }
    // Of several choices each is sent by itself.
    for name in edit.was.keys().filter(|name| name.starts_with("custom.")) {
        let all: Vec<_> = sent.all(name).filter(|value| !value.is_empty()).collect();
        edit.now.insert(name.clone(), all.join(", "));
    }
    edit
}

/// A field of a record's form. `stored` is the record as it stands; `form` is the form's verb.
pub fn field(reader: &Reader, form: &str, stored: &Texts, name: &str, label: &str, input: Input) -> AnyView {
    let lang = reader.lang;
    // A form of one field, which was refused, says nothing of the others.
    let refused = reader.sent.verb() == form && reader.sent.error().is_some();
    let sent = Some(&reader.sent).filter(|sent| refused && sent.fields().any(|(sent, _)| sent == name));
    let stands = stored.get(name).cloned().unwrap_or_default();
    let broken = sent.and_then(|sent| sent.broken(name));
    let now = sent.map_or_else(|| stands.clone(), |sent| sent.value(name).to_owned());
    let was = match (broken, sent) {
        // Whoever sends the form again has seen this.
        (Some((CHANGED, current)), _) => current.to_owned(),
        (_, Some(sent)) => sent.value(&format!("was.{name}")).to_owned(),
        _ => stands,
    };
    let fault = broken.map(|(code, detail)| match code {
        CHANGED if detail.is_empty() => s!(lang, desk.emptied_meanwhile).to_owned(),
        CHANGED => fill(s!(lang, desk.changed_meanwhile), &[detail]),
        code => fault_text(code, lang).to_owned(),
    });
    let id = format!("{form}-{}", name.replace('.', "-"));
    let (about, invalid) = (fault.as_ref().map(|_| format!("{id}-fault")), fault.as_ref().map(|_| "true"));
    let control = match input {
        Input::Line(kind) => {
            view! { <input id=id.clone() class="input" type=kind name=name.to_owned() value=now autocomplete="off" aria-invalid=invalid aria-describedby=about/> }
                .into_any()
        }
        Input::Offer(words) => {
            let list = format!("{id}-list");
            view! {
                <input id=id.clone() class="input" type="text" name=name.to_owned() value=now autocomplete="off" list=list.clone() aria-invalid=invalid aria-describedby=about/>
                <datalist id=list>{words.into_iter().map(|word| view! { <option value=word></option> }).collect_view()}</datalist>
            }
                .into_any()
        }
        Input::Area => {
            view! {
                <textarea id=id.clone() class="input" name=name.to_owned() rows="5" aria-invalid=invalid aria-describedby=about inner_html=in_textarea(&now)></textarea>
            }
                .into_any()
        }
        Input::Select(mut choices) => {
            // Whoever has left, or a choice that was taken away, stays until somebody chooses something else.
            if !now.is_empty() && !choices.iter().any(|(value, _)| *value == now) {
                let is_person = now.parse::<uuid::Uuid>().is_ok();
                choices.push((now.clone(), if is_person { s!(lang, desk.somebody_gone).to_owned() } else { now.clone() }));
            }
            let chosen: Vec<_> = now.split(", ").map(str::to_owned).collect();
            view! {
                <select id=id.clone() class="input" name=name.to_owned() aria-invalid=invalid aria-describedby=about>
                    {choices
                        .into_iter()
                        .map(|(value, label)| {
                            let selected = chosen.contains(&value);
                            view! { <option value=value selected=selected>{label}</option> }
                        })
                        .collect_view()}
                </select>
            }
                .into_any()
        }
    };
    let class = if name == "notes" { "field field-wide" } else { "field" };
    view! {
        <div class=class>
            <label for=id.clone()>{label.to_owned()}</label>
            <input type="hidden" name=format!("was.{name}") value=was/>
            {control}
            {matches!(name, "other_emails" | "other_phones" | "tags").then(|| view! { <p class="field-hint">{s!(lang, desk.with_commas)}</p> })}
            {fault.map(|text| view! { <p class="field-fault" id=format!("{id}-fault")>{icon(Icon::Warning)}{text}</p> })}
        </div>
    }
    .into_any()
}

/// The fields that admins have added.
pub fn custom_fields(
    reader: &Reader,
    form: &str,
    stored: &Texts,
    fields: &[CustomField],
    owners: &[(UserId, String)],
) -> Vec<AnyView> {
    let lang = reader.lang;
    let none = || (String::new(), "—".to_owned());
    fields
        .iter()
        .map(|it| {
            let input = match it.kind {
                FieldKind::Text | FieldKind::Number | FieldKind::Money => Input::Line("text"),
                FieldKind::Date => Input::Line("date"),
                FieldKind::Link => Input::Line("url"),
                FieldKind::Choice => {
                    Input::Select([none()].into_iter().chain(it.choices.iter().map(|c| (c.clone(), c.clone()))).collect())
                }
                FieldKind::YesNo => {
                    Input::Select(vec![none(), ("yes".into(), s!(lang, desk.yes).into()), ("no".into(), s!(lang, desk.no).into())])
                }
                FieldKind::Person => {
                    let people = owners.iter().map(|(id, name)| (id.to_string(), name.clone()));
                    Input::Select([none()].into_iter().chain(people).collect())
                }
                FieldKind::Choices => return choices(reader, form, stored, it),
            };
            let label = match &it.currency {
                Some(currency) => format!("{} ({currency})", it.label),
                None => it.label.clone(),
            };
            field(reader, form, stored, &it.name(), &label, input)
        })
        .collect()
}

/// Several choices, each with a box.
fn choices(reader: &Reader, form: &str, stored: &Texts, it: &CustomField) -> AnyView {
    let sent = (reader.sent.verb() == form && reader.sent.error().is_some()).then_some(&reader.sent);
    let name = it.name();
    let stands = stored.get(&name).cloned().unwrap_or_default();
    let chosen: Vec<String> = match sent {
        Some(sent) => sent.all(&name).map(str::to_owned).collect(),
        None => stands.split(", ").map(str::to_owned).collect(),
    };
    let was = sent.map_or(stands, |sent| sent.value(&format!("was.{name}")).to_owned());
    // What was chosen before the choice was taken away stays until somebody takes it out.
    let gone = chosen.iter().filter(|choice| !choice.is_empty() && !it.choices.contains(choice));
    view! {
        <fieldset class="field">
            <legend>{it.label.clone()}</legend>
            <input type="hidden" name=format!("was.{name}") value=was/>
            {it
                .choices
                .iter()
                .chain(gone)
                .map(|choice| {
                    view! {
                        <label class="check">
                            <input type="checkbox" name=name.clone() value=choice.clone() checked=chosen.contains(choice)/>
                            {choice.clone()}
                        </label>
                    }
                })
                .collect_view()}
        </fieldset>
    }
    .into_any()
}

/// Whose a record is to be.
pub fn owner_choices(owners: &[(UserId, String)], lang: Lang) -> Input {
    let nobody = (String::new(), s!(lang, desk.nobody).to_owned());
    Input::Select([nobody].into_iter().chain(owners.iter().map(|(id, name)| (id.to_string(), name.clone()))).collect())
}

/// How far somebody has come with us.
pub fn lifecycle_choices(lang: Lang) -> Input {
    Input::Select(Lifecycle::ALL.into_iter().map(|it| (it.as_str().to_owned(), words::lifecycle(it, lang).to_owned())).collect())
}

/// The languages that somebody may be written to in.
pub fn language_choices() -> Input {
    Input::Select(vec![(String::new(), "—".into()), ("es".into(), "Español".into()), ("en".into(), "English".into())])
}

/// A form that is folded away until somebody opens it, or until it was refused.
pub fn folded(summary: &str, open: bool, form: AnyView) -> AnyView {
    view! {
        <details class="desk-fold" open=open>
            <summary>{icon(Icon::Plus)}{summary.to_owned()}</summary>
            {form}
        </details>
    }
    .into_any()
}
