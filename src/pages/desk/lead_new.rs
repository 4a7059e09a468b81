//! A lead that is written down by hand.

use leptos::prelude::*;
use serde_json::{Map, Value};

use super::parts;
use crate::{
    domain::{
        AppError, AppResult,
        people::{Permission, UserId},
    },
    features::leads::{
        capture::{self, Outcome},
        read,
    },
    pages::written::{
        form::Sent,
        parts::{Field, Reader, fault_text, field, in_textarea, problem, select},
    },
    platform::ctx::Ctx,
    ui::{
        i18n::s,
        icon::{Icon, icon},
    },
};

/// The fields that go into a lead as they are typed.
const FIELDS: [&str; 10] =
    ["first_name", "last_name", "email", "phone", "company", "title", "city", "country", "message", "source"];

/// Does what the form of the page asks for.
pub async fn take(ctx: &Ctx, sent: &mut Sent) -> AppResult<()> {
    let mut fields: Map<String, Value> = FIELDS
        .iter()
        .map(|name| ((*name).to_owned(), Value::from(sent.value(name).trim())))
        .filter(|(_, value)| value != "")
        .collect();
    if !sent.value("employees").trim().is_empty() {
        let count: u32 =
            sent.value("employees").trim().parse().map_err(|_| AppError::invalid("/employees", "number", "is no number"))?;
        fields.insert("employees".to_owned(), count.into());
    }
    let owner = match sent.value("owner") {
        "auto" | "" => None,
        id => Some(UserId(id.parse().map_err(|_| AppError::invalid("/owner", "unknown", "is nobody"))?)),
    };
    let receipt = capture::write_down(ctx, &Value::Object(fields), owner, parts::once(sent)).await?;
    let merged = receipt.outcome == Outcome::Merged;
    sent.go = Some(match read::find(ctx, receipt.id).await {
        Ok(_) => format!("/leads/{}?done={}", receipt.id, if merged { "merged" } else { "made" }),
        // It is somebody else's by now.
        Err(AppError::NotFound) => format!("/leads?done={}", if merged { "merged" } else { "made" }),
        Err(error) => return Err(error),
    });
    Ok(())
}

/// A field of several lines.
pub fn message_field(reader: &Reader, form: &str, begin: &str) -> AnyView {
    let lang = reader.lang;
    let empty = Sent::default();
    let sent = if reader.sent.verb() == form { &reader.sent } else { &empty };
    let fault = sent.fault("message").map(|code| fault_text(code, lang));
    let id = format!("{form}-message");
    let about = if fault.is_some() { format!("{id}-help {id}-fault") } else { format!("{id}-help") };
    let text = in_textarea(sent.again("message", begin));
    view! {
        <div class="field field-whole">
            <label for=id.clone()>{s!(lang, leads.message)}</label>
            <textarea id=id.clone() class="input input-tall" name="message" rows="5" aria-describedby=about aria-invalid=fault.map(|_| "true") inner_html=text></textarea>
            {fault.map(|text| view! { <p class="field-fault" id=format!("{id}-fault")>{icon(Icon::Warning)}{text}</p> })}
            <p class="field-help" id=format!("{id}-help")>{s!(lang, leads.message_help)}</p>
        </div>
    }
    .into_any()
}

/// Writes the page.
pub async fn page(ctx: &Ctx, reader: &Reader) -> AppResult<AnyView> {
    ctx.require(Permission::WriteCrm)?;
    let lang = reader.lang;
    let owners = read::owners(ctx).await?;
    let mut choices = vec![("auto".to_owned(), s!(lang, leads.owner_auto).to_owned(), None)];
    choices.extend(owners.into_iter().map(|(id, name)| (id.to_string(), name, None)));
    let line =
        |name: &'static str, label: &'static str| field(reader, "new", &Field { required: false, ..Field::text(name, label) });
    let first = Field { required: true, ..Field::text("first_name", s!(lang, leads.first_name)) };
    let email = Field { kind: "email", required: false, ..Field::text("email", s!(lang, leads.email)) };
    let phone = Field { kind: "tel", required: false, ..Field::text("phone", s!(lang, leads.phone)) };
    let employees = Field {
        help: Some(s!(lang, leads.employees_help)),
        required: false,
        ..Field::text("employees", s!(lang, leads.employees))
    };
    let view = view! {
        {problem(reader)}
        <section class="office-section">
            <p class="office-help">{s!(lang, leads.new_help)}</p>
            <form class="form form-wide" method="post" action="/leads/new">
                <input type="hidden" name="do" value="new"/>
                {parts::once_field()}
                {field(reader, "new", &first)}
                {line("last_name", s!(lang, leads.last_name))}
                {field(reader, "new", &email)}
                {field(reader, "new", &phone)}
                {line("company", s!(lang, leads.company))}
                {line("title", s!(lang, leads.job))}
                {line("city", s!(lang, leads.city))}
                {line("country", s!(lang, leads.country))}
                {line("source", s!(lang, leads.source))}
                {field(reader, "new", &employees)}
                {message_field(reader, "new", "")}
                {select(reader, "new", "owner", s!(lang, leads.owner), "auto", choices)}
                <div class="form-actions">
                    <button class="button button-primary">{s!(lang, leads.create)}</button>
                    <a class="button" href="/leads">{s!(lang, leads.cancel)}</a>
                </div>
            </form>
        </section>
    };
    Ok(view.into_any())
}
