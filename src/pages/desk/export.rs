//! The columns of records that are taken out as files, and what stands in them.
//!
//! One rule for all: the id and the name, then the columns that the list shows, in their order, then every other field, then the fields
//! that admins have added. What is reckoned rather than stored (the use of the month, the number of contacts) is there where the list
//! shows it.

use serde_json::Value;

use super::words;
use crate::{
    domain::{
        contact::custom::{CustomField, FieldKind},
        format::Lang,
        people::UserId,
    },
    platform::tables::write,
    ui::i18n::s,
};

/// Contacts, as they stand in files.
pub const CONTACTS: Records = Records {
    first: &["id", "first_name", "last_name"],
    fields: &[
        "email",
        "phone",
        "title",
        "company",
        "city",
        "country",
        "lifecycle",
        "source",
        "birthday",
        "owner",
        "tags",
        "usage_user_id",
        "other_emails",
        "other_phones",
        "language",
        "notes",
        "created",
        "updated",
    ],
    reckoned: "usage",
};
/// Companies.
pub const COMPANIES: Records = Records {
    first: &["id", "name"],
    fields: &[
        "domain",
        "industry",
        "employees",
        "phone",
        "website",
        "address",
        "city",
        "country",
        "organization_id",
        "owner",
        "tags",
        "notes",
        "created",
        "updated",
    ],
    reckoned: "contacts",
};
/// Leads.
pub const LEADS: Records = Records {
    first: &["id", "first_name", "last_name"],
    fields: &[
        "email",
        "phone",
        "company",
        "title",
        "city",
        "country",
        "message",
        "source",
        "status",
        "lost_reason",
        "score",
        "band",
        "segment",
        "owner",
        "tags",
        "contact_id",
        "converted_at",
        "utm",
        "behavior",
        "facts",
        "created",
        "updated",
    ],
    reckoned: "",
};

/// What a file of records has, by name.
#[derive(Debug)]
pub struct Records {
    first: &'static [&'static str],
    fields: &'static [&'static str],
    reckoned: &'static str,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    name: String,
    /// What stands above it: for fields that the import knows, what it knows them by.
    pub head: String,
    custom: Option<CustomField>,
}

impl Records {
    /// The columns of a file, where the list shows these; and whether what is reckoned is among them.
    pub fn columns(&self, shown: &str, custom: &[CustomField], lang: Lang) -> (Vec<Column>, bool) {
        let known = |name: &&str| {
            self.fields.contains(name) || *name == self.reckoned && !name.is_empty() || custom.iter().any(|f| f.name() == *name)
        };
        let mut names: Vec<String> = self.first.iter().map(|name| (*name).to_owned()).collect();
        let own: Vec<String> = custom.iter().map(CustomField::name).collect();
        for name in shown.split(',').filter(known).chain(self.fields.iter().copied()).chain(own.iter().map(String::as_str)) {
            if !names.iter().any(|it| it == name) {
                names.push(name.to_owned());
            }
        }
        let reckoned = names.iter().any(|name| name == self.reckoned);
        let column = |name: String| {
            let custom = custom.iter().find(|field| field.name() == name).cloned();
            let head = custom.as_ref().map_or_else(|| head(&name, lang).to_owned(), |field| field.label.clone());
            Column { name, head, custom }
        };
        (names.into_iter().map(column).collect(), reckoned)
    }
}

fn head(name: &str, lang: Lang) -> &'static str {
    match name {
        "id" => s!(lang, imports.f_id),
        "first_name" => s!(lang, imports.f_first_name),
        "last_name" => s!(lang, imports.f_last_name),
        "name" => s!(lang, imports.f_name),
        "status" => s!(lang, leads.status),
        "score" => s!(lang, leads.score),
        "band" => s!(lang, leads.band),
        "segment" => s!(lang, leads.segment),
        "message" => s!(lang, exports.message),
        "lost_reason" => s!(lang, exports.lost_reason),
        "contact_id" => s!(lang, exports.contact),
        "converted_at" => s!(lang, exports.converted),
        "utm" => s!(lang, exports.utm),
        "behavior" => s!(lang, exports.behavior),
        "facts" => s!(lang, exports.facts),
        name => words::field(name, lang),
    }
}

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
}

impl<'a> From<&'a Cell> for write::Value<'a> {
    fn from(cell: &'a Cell) -> Self {
        match cell {
            Cell::Text(text) if text.is_empty() => Self::Empty,
            Cell::Text(text) => Self::Text(text),
            Cell::Integer(n) => Self::Integer(*n),
        }
    }
}

impl Column {
    /// What stands in it for a record.
    pub fn cell(&self, record: &Value, owners: &[(UserId, String)]) -> Cell {
        let stored = match self.name.as_str() {
            "created" => "created_at",
            "updated" => "updated_at",
            name => name,
        };
        let value = match &self.custom {
            Some(field) => record.get("custom").and_then(|custom| custom.get(&field.key)),
            None => record.get(stored),
        };
        let Some(value) = value else { return Cell::Text(String::new()) };
        if let Some(field) = &self.custom {
            let text = field.text(value);
            let owner = (field.kind == FieldKind::Person).then(|| owners.iter().find(|(id, _)| id.to_string() == text)).flatten();
            return Cell::Text(owner.map_or(text, |(_, name)| name.clone()));
        }
        Cell::Text(match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Number(number) => match number.as_i64() {
                Some(n) => return Cell::Integer(n),
                None => number.to_string(),
            },
            Value::Array(all) => {
                // Numbers may have commas in them.
                let between = if stored == "tags" { ", " } else { "; " };
                all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(between)
            }
            Value::Object(fields) if fields.is_empty() => String::new(),
            other => other.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field() -> CustomField {
        CustomField {
            id: uuid::Uuid::nil(),
            key: "plan".into(),
            label: "Plan".into(),
            kind: FieldKind::Text,
            choices: Vec::new(),
            currency: None,
            retired: false,
            version: 1,
        }
    }

    #[test]
    fn the_columns_of_the_view_come_first_and_none_is_missing() {
        let (columns, reckoned) = COMPANIES.columns("tags,unheard,custom.plan,city,tags", &[field()], Lang::En);
        let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names[..6], ["id", "name", "tags", "custom.plan", "city", "domain"]);
        assert_eq!(names.len(), 2 + COMPANIES.fields.len() + 1);
        assert!(!reckoned && COMPANIES.columns("contacts", &[], Lang::En).1);
        let other = s!(Lang::En, fields.other);
        for records in [CONTACTS, COMPANIES, LEADS] {
            assert!(records.columns("usage,contacts", &[], Lang::En).0.iter().all(|c| c.head != other));
        }
    }

    #[test]
    fn cells_say_what_is_stored() {
        let record = serde_json::json!({"tags": ["a", "b"], "employees": 7, "custom": {"plan": "x"}, "utm": {}, "email": null});
        let cell = |name: &str, custom| Column { name: name.into(), head: String::new(), custom }.cell(&record, &[]);
        assert_eq!(cell("tags", None), Cell::Text("a, b".into()));
        assert_eq!(cell("employees", None), Cell::Integer(7));
        assert_eq!(cell("custom.plan", Some(field())), Cell::Text("x".into()));
        assert_eq!(write::Value::from(&cell("utm", None)), write::Value::Empty);
    }
}
