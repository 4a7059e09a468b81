//! The fields that admins add to contacts, companies and leads.

use leptos::prelude::*;
use uuid::Uuid;

use super::words;
use crate::{
    domain::{
        AppError, AppResult,
        contact::custom::{CustomField, FieldKind},
    },
    features::contacts::fields::{self, NewField},
    pages::written::{
        form::Sent,
        parts::{Choice, Field, Reader, fault_text, field, in_textarea, notice, problem, select},
        render::{Place, head},
        tables::{Column, table},
    },
    platform::ctx::Ctx,
    ui::{
        i18n::{fill, s},
        icon::{Icon, icon},
    },
};

/// Does what a form of the page asks for.
///
/// # Errors
/// Those of the use-cases; `NotFound` for a form that there is not.
pub async fn take(ctx: &Ctx, sent: &mut Sent) -> AppResult<()> {
    match sent.verb() {
        "add" => {
            let new = NewField {
                entity: sent.value("entity"),
                label: sent.value("label"),
                kind: sent.value("kind"),
                choices: sent.value("choices"),
                currency: sent.value("currency"),
            };
            let made = fields::create(ctx, &new).await?;
            (sent.done, sent.name) = (Some("made"), made.label);
        }
        "change" => {
            let id: Uuid = sent.value("field").parse().map_err(|_| AppError::NotFound)?;
            let version = sent.value("version").parse().map_err(|_| AppError::NotFound)?;
            let retired = sent.value("asked") != "on";
            fields::change(ctx, sent.value("entity"), id, sent.value("label"), sent.value("choices"), retired, version).await?;
            (sent.done, sent.name) = (Some("changed"), sent.value("label").to_owned());
        }
        _ => return Err(AppError::NotFound),
    }
    Ok(())
}

fn entity_name(entity: &str, reader: &Reader) -> &'static str {
    match entity {
        fields::COMPANY => s!(reader.lang, desk.companies),
        fields::LEAD => s!(reader.lang, desk.leads),
        _ => s!(reader.lang, desk.contacts),
    }
}

/// Writes the page.
///
/// # Errors
/// Those of the use-cases.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let refused = (reader.sent.error().is_some() && reader.sent.verb() == "change").then(|| reader.sent.value("field"));
    let open = refused.unwrap_or_else(|| place.get("field")).to_owned();
    let said = reader.sent.done.map(|done| match done {
        "made" => fill(s!(lang, fields.made), &[&reader.sent.name]),
        _ => fill(s!(lang, fields.changed), &[&reader.sent.name]),
    });
    let mut sections = Vec::new();
    for entity in fields::ENTITIES {
        let all = fields::list(ctx, entity, true).await?;
        let none = all.is_empty();
        let columns = [
            Column::Text(s!(lang, fields.label)),
            Column::Text(s!(lang, fields.kind)),
            Column::Text(s!(lang, fields.key)),
            Column::Action(s!(lang, desk.edit)),
        ];
        let rows = all.into_iter().map(|it| row(reader, entity, &it, open == it.id.to_string())).collect_view();
        let list = (!none).then(|| table(reader, "", &columns, rows));
        sections.push(view! {
            <section class="office-section">
                <h3>{entity_name(entity, reader)}</h3>
                {none.then(|| view! { <p class="office-help">{s!(lang, fields.none)}</p> })}
                {list}
            </section>
        });
    }
    let kinds = FieldKind::ALL.map(|kind| (kind.as_str().to_owned(), words::kind(kind, lang).to_owned(), None)).to_vec();
    let entities: Vec<Choice> =
        fields::ENTITIES.map(|entity| (entity.to_owned(), entity_name(entity, reader).to_owned(), None)).to_vec();
    let view = view! {
        {head(s!(lang, office.fields), s!(lang, fields.help), None)}
        {problem(reader)}
        {said.map(|text| notice("notice-ok", Icon::Check, "status", &text))}
        <section class="office-section" aria-labelledby="new-field">
            <h3 id="new-field">{s!(lang, fields.new)}</h3>
            <form class="form form-wide" method="post" action="/admin/fields">
                <input type="hidden" name="do" value="add"/>
                {select(reader, "add", "entity", s!(lang, fields.entity), fields::CONTACT, entities)}
                {field(reader, "add", &Field::text("label", s!(lang, fields.label)))}
                {select(reader, "add", "kind", s!(lang, fields.kind), FieldKind::Text.as_str(), kinds)}
                {field(reader, "add", &Field { required: false, help: Some(s!(lang, fields.currency_help)), ..Field::text("currency", s!(lang, fields.currency)) })}
                {choices_field(reader, "add", "")}
                <div class="form-actions"><button class="button button-primary">{icon(Icon::Plus)}{s!(lang, fields.add)}</button></div>
            </form>
        </section>
        {sections}
    };
    Ok(view.into_any())
}

fn choices_field(reader: &Reader, form: &str, begin: &str) -> AnyView {
    let lang = reader.lang;
    let here = reader.sent.verb() == form;
    let fault = here.then(|| reader.sent.fault("choices")).flatten().map(|code| fault_text(code, lang));
    let text = if here { reader.sent.again("choices", begin) } else { begin };
    let id = format!("{form}-choices");
    view! {
        <div class="field field-wide">
            <label for=id.clone()>{s!(lang, fields.choices)}</label>
            <textarea id=id class="input" name="choices" rows="3" aria-invalid=fault.map(|_| "true") inner_html=in_textarea(text)></textarea>
            {fault.map(|text| view! { <p class="field-fault">{icon(Icon::Warning)}{text}</p> })}
            <p class="field-help">{s!(lang, fields.choices_help)}</p>
        </div>
    }
    .into_any()
}

fn row(reader: &Reader, entity: &'static str, it: &CustomField, open: bool) -> AnyView {
    let lang = reader.lang;
    let id = it.id.to_string();
    let choices = it.choices.join("\n");
    let has_choices = matches!(it.kind, FieldKind::Choice | FieldKind::Choices);
    let form = open.then(|| {
        view! {
            <tr class="row-open">
                <td colspan="4">
                    <form class="form form-wide" method="post" action="/admin/fields">
                        <input type="hidden" name="do" value="change"/>
                        <input type="hidden" name="entity" value=entity/>
                        <input type="hidden" name="field" value=id.clone()/>
                        <input type="hidden" name="version" value=reader.sent.version(it.version)/>
                        {field(reader, "change", &Field { begin: &it.label, ..Field::text("label", s!(lang, fields.label)) })}
                        {has_choices.then(|| choices_field(reader, "change", &choices))}
                        <label class="check"><input type="checkbox" name="asked" value="on" checked=!it.retired/>{s!(lang, fields.asked)}</label>
                        <div class="form-actions">
                            <button class="button button-primary">{s!(lang, desk.save)}</button>
                            <a class="button" href="/admin/fields">{s!(lang, desk.cancel)}</a>
                        </div>
                    </form>
                </td>
            </tr>
        }
    });
    view! {
        <tr>
            <th scope="row">
                <span class="cell-1">{it.label.clone()}</span>
                {it.retired.then(|| view! { <span class="cell-2">{s!(lang, fields.retired)}</span> })}
            </th>
            <td>{words::kind(it.kind, lang)}{it.currency.clone().map(|currency| format!(" ({currency})"))}</td>
            <td><code>{it.key.clone()}</code></td>
            <td class="cell-action"><a class="button" href=format!("/admin/fields?field={id}")>{s!(lang, desk.edit)}</a></td>
        </tr>
        {form}
    }
    .into_any()
}
