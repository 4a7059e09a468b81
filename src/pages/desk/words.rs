//! What the desk's things are called.

use leptos::prelude::*;

use crate::{
    domain::{
        contact::{custom::FieldKind, query::Op},
        crm::Lifecycle,
        format::Lang,
    },
    ui::i18n::s,
};

/// How far somebody has come with us.
pub fn lifecycle(lifecycle: Lifecycle, lang: Lang) -> &'static str {
    match lifecycle {
        Lifecycle::Prospect => s!(lang, lifecycle.prospect),
        Lifecycle::Trial => s!(lang, lifecycle.trial),
        Lifecycle::Customer => s!(lang, lifecycle.customer),
        Lifecycle::Former => s!(lang, lifecycle.former),
    }
}

/// The same, with its mark.
pub fn lifecycle_chip(word: &str, lang: Lang) -> AnyView {
    let Some(it) = Lifecycle::parse(word) else { return ().into_any() };
    let class = match it {
        Lifecycle::Customer => "status status-on",
        Lifecycle::Trial => "status status-waits",
        Lifecycle::Prospect | Lifecycle::Former => "status",
    };
    view! { <span class=class>{lifecycle(it, lang)}</span> }.into_any()
}

/// A field of a contact or a company, by its name in forms and addresses.
pub fn field(name: &str, lang: Lang) -> &'static str {
    match name {
        "name" => s!(lang, fields.name),
        "first_name" => s!(lang, fields.first_name),
        "last_name" => s!(lang, fields.last_name),
        "email" => s!(lang, fields.email),
        "phone" => s!(lang, fields.phone),
        "other_emails" => s!(lang, fields.other_emails),
        "other_phones" => s!(lang, fields.other_phones),
        "title" => s!(lang, fields.title),
        "company" => s!(lang, fields.company),
        "city" => s!(lang, fields.city),
        "country" => s!(lang, fields.country),
        "language" => s!(lang, fields.language),
        "birthday" => s!(lang, fields.birthday),
        "lifecycle" => s!(lang, fields.lifecycle),
        "source" => s!(lang, fields.source),
        "notes" => s!(lang, fields.notes),
        "usage_user_id" => s!(lang, fields.usage_user_id),
        "owner" => s!(lang, fields.owner),
        "tags" | "tag" => s!(lang, fields.tags),
        "domain" => s!(lang, fields.domain),
        "industry" => s!(lang, fields.industry),
        "employees" => s!(lang, fields.employees),
        "website" => s!(lang, fields.website),
        "address" => s!(lang, fields.address),
        "organization_id" => s!(lang, fields.organization_id),
        "contacts" => s!(lang, desk.contacts),
        "usage" => s!(lang, fields.usage),
        "created" => s!(lang, fields.created),
        "updated" => s!(lang, fields.updated),
        _ => s!(lang, fields.other),
    }
}

/// How a condition compares.
pub fn op(op: Op, lang: Lang) -> &'static str {
    match op {
        Op::Is => s!(lang, op.is),
        Op::IsNot => s!(lang, op.is_not),
        Op::Has => s!(lang, op.has),
        Op::Empty => s!(lang, op.empty),
        Op::Filled => s!(lang, op.filled),
        Op::Under => s!(lang, op.under),
        Op::Over => s!(lang, op.over),
    }
}

/// What a custom field holds.
pub fn kind(kind: FieldKind, lang: Lang) -> &'static str {
    match kind {
        FieldKind::Text => s!(lang, kind.text),
        FieldKind::Number => s!(lang, kind.number),
        FieldKind::Money => s!(lang, kind.money),
        FieldKind::Date => s!(lang, kind.date),
        FieldKind::Choice => s!(lang, kind.choice),
        FieldKind::Choices => s!(lang, kind.choices),
        FieldKind::YesNo => s!(lang, kind.yes_no),
        FieldKind::Link => s!(lang, kind.link),
        FieldKind::Person => s!(lang, kind.person),
    }
}
