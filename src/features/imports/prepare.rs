//! A record of a file as a row of our tables: what fits, whom it is matched by, whose it is.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::domain::{
    AppError, AppResult, contact,
    crm::{self, MAX_TAG, MAX_TAGS},
    format::Lang,
    import::{
        Fault, Kind, Problem, Read, title,
        words::{fold, short},
    },
};

/// A row that can be written.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The line of the file.
    pub line: u64,
    /// The columns.
    pub fields: Map<String, Value>,
    /// What it is matched by, as the database compares it.
    pub key: Option<String>,
    /// Whose it is to be, where the file says so.
    pub owner: Option<Uuid>,
    /// The company's name.
    pub company: Option<String>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// Its cells, where something is.
    pub cells: Vec<String>,
    /// Whether it is a record at all.
    pub is_record: bool,
    /// What becomes of it, and of which record.
    pub fate: Option<(Fate, Uuid)>,
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It makes a record.
    Create,
    /// It says more of one.
    Update,
    /// There is one, and it stays.
    Skip,
}

/// The longest texts of the columns, in characters.
fn most(name: &str) -> usize {
    match name {
        "first_name" | "last_name" | "city" | "country" | "source" | "industry" => 100,
        "phone" => 50,
        "email" => 254,
        "domain" => 253,
        "usage_user_id" | "organization_id" => 255,
        "website" | "address" => 500,
        "notes" => 10_000,
        _ => 200,
    }
}

/// How many addresses and numbers a contact has besides the first.
pub const MAX_OTHERS: usize = 20;

/// Makes a row of our tables out of what was read.
pub fn prepare(
    kind: Kind,
    match_key: &str,
    owners: &HashMap<String, Option<Uuid>>,
    line: u64,
    read: Read,
    cells: Vec<String>,
) -> Prepared {
    let mut row = Prepared {
        line,
        fields: Map::new(),
        key: None,
        owner: None,
        company: None,
        problems: read.problems,
        cells,
        is_record: read.record.is_some(),
        fate: None,
    };
    let mut record = read.record.unwrap_or_default();
    let id = take_text(&mut record, "id");
    let mut unread = read.unread;
    let said: Vec<String> = record.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name.clone()).collect();
    if let Some(owner) = take_text(&mut record, "owner") {
        match owners.get(&fold(&owner)) {
            Some(Some(id)) => row.owner = Some(*id),
            Some(None) => row.fault("owner", Fault::Several, &owner),
            None => row.fault("owner", Fault::Owner, &owner),
        }
    }
    for (name, words) in [("lifecycle", lifecycle as fn(&str) -> Option<&'static str>), ("language", language)] {
        if let Some(text) = take_text(&mut record, name) {
            match words(&fold(&text)) {
                Some(word) => drop(record.insert(name.into(), word.into())),
                None => row.fault(name, Fault::Word, &text),
            }
        }
    }
    let company = if kind == Kind::Contacts { take_text(&mut record, "company") } else { None };
    for (name, value) in record {
        row.column(&name, value);
    }
    row.company = company.filter(|name| row.fits("company", name));
    let has_id = id.is_some();
    row.key = row.match_key(kind, match_key, id);
    if row.key.is_none() {
        // What was read and then not taken has not been read either.
        let is_there = |name: &str| row.fields.contains_key(name) || name == "company" && row.company.is_some();
        let is_lost = |name: &str| said.iter().any(|it| it == name) && !is_there(name);
        unread.extend(key_fields(match_key).iter().filter(|name| is_lost(name)));
        let missing = if match_key == "id" { has_id.then_some("id") } else { None };
        if let Some(name) = missing.or_else(|| key_fields(match_key).iter().find(|name| unread.contains(name)).copied()) {
            row.fault(name, Fault::Key, "");
        }
    }
    row
}

/// The fields that make the key.
fn key_fields(match_key: &str) -> &'static [&'static str] {
    match match_key {
        "email" => &["email"],
        "phone" => &["phone"],
        "name" => &["name", "full_name", "last_first", "first_name", "last_name", "company"],
        _ => &[],
    }
}

/// The fault of a text that a form would not take, or its text as the form stores it.
fn as_in_forms(name: &str, text: &str) -> Result<Option<String>, Fault> {
    let taken = |read: AppResult<Option<String>>, fault: Fault| {
        read.map_err(|error| match error {
            AppError::Invalid { fields } if fields.iter().any(|f| f.code == "too_long") => Fault::TooLong,
            _ => fault,
        })
    };
    match name {
        "website" => taken(contact::custom::link(text, ""), Fault::Link),
        "domain" => taken(contact::domain(text), Fault::Domain),
        // Dashes of other lengths are dashes.
        "phone" => taken(crm::phone(&text.replace(['\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}'], "-"), ""), Fault::Phone),
        "birthday" => match contact::birthday(text) {
            Ok(day) => Ok(day.map(|day| day.to_string())),
            Err(_) => Err(Fault::LongAgo),
        },
        "notes" => taken(crm::prose(text, most(name), ""), Fault::TooLong),
        _ => taken(crm::line(text, most(name), ""), Fault::TooLong),
    }
}

fn take_text(record: &mut Map<String, Value>, name: &str) -> Option<String> {
    match record.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn lifecycle(word: &str) -> Option<&'static str> {
    Some(match word {
        "prospect"
        | "prospecto"
        | "lead"
        | "subscriber"
        | "suscriptor"
        | "opportunity"
        | "oportunidad"
        | "marketing qualified lead"
        | "sales qualified lead" => "prospect",
        "trial" | "prueba" | "en prueba" => "trial",
        "customer" | "cliente" | "client" | "evangelist" => "customer",
        "former" | "former customer" | "excliente" | "ex cliente" | "antiguo cliente" | "churned" => "former",
        _ => return None,
    })
}

fn language(word: &str) -> Option<&'static str> {
    Some(match word {
        _ if word.starts_with("es-") || word.starts_with("es_") => "es",
        _ if word.starts_with("en-") || word.starts_with("en_") => "en",
        "es" | "spa" | "spanish" | "espanol" | "castellano" => "es",
        "en" | "eng" | "english" | "ingles" => "en",
        _ => return None,
    })
}

impl Prepared {
    /// Tells of a fault.
    pub fn fault(&mut self, column: &str, fault: Fault, value: &str) {
        self.problems.push(Problem { row: self.line, column: column.to_owned(), fault, value: short(value, 80) });
    }

    /// Whether nothing of the row can be kept.
    pub fn is_refused(&self) -> bool {
        !self.is_record || self.problems.iter().any(Problem::is_fatal)
    }

    fn fits(&mut self, name: &str, text: &str) -> bool {
        let fits = text.chars().count() <= most(name);
        if !fits {
            self.fault(name, Fault::TooLong, text);
        }
        fits
    }

    fn column(&mut self, name: &str, value: Value) {
        let kept = match (name, value) {
            ("row" | "extra" | "name_prefix" | "name_suffix", _) | (_, Value::Null) => return,
            ("tags", Value::Array(tags)) => {
                let mut kept = Vec::new();
                for tag in tags.iter().filter_map(Value::as_str) {
                    if tag.chars().count() > MAX_TAG {
                        self.fault(name, Fault::TooLong, tag);
                    } else if !unite(&mut kept, tag.into(), MAX_TAGS) {
                        self.fault(name, Fault::TooMany, tag);
                        break;
                    }
                }
                Value::Array(kept)
            }
            ("other_emails" | "other_phones", Value::Array(more)) => {
                let each = if name == "other_emails" { "email" } else { "phone" };
                let mut kept = Vec::new();
                for text in more.iter().filter_map(Value::as_str) {
                    match as_in_forms(each, text) {
                        Ok(Some(text)) => {
                            if !unite(&mut kept, Value::String(text.clone()), MAX_OTHERS) {
                                self.fault(each, Fault::TooMany, &text);
                                break;
                            }
                        }
                        Ok(None) => {}
                        Err(fault) => self.fault(each, fault, text),
                    }
                }
                Value::Array(kept)
            }
            (_, Value::String(text)) => match as_in_forms(name, &text) {
                Ok(Some(text)) => Value::String(text),
                Ok(None) => return,
                Err(fault) => return self.fault(name, fault, &text),
            },
            (_, other) => other,
        };
        self.fields.insert(name.to_owned(), kept);
    }

    fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn match_key(&self, kind: Kind, match_key: &str, id: Option<String>) -> Option<String> {
        let key = match (match_key, kind) {
            ("id", _) => id?.parse::<Uuid>().ok()?.to_string(),
            ("email", _) => self.text("email").to_owned(),
            ("phone", _) => {
                let digits: Vec<char> = self.text("phone").chars().filter(char::is_ascii_digit).collect();
                // Fewer stand for too many.
                digits.get(digits.len().saturating_sub(9)..).filter(|d| d.len() >= 7)?.iter().collect()
            }
            ("name", Kind::Companies) => self.text("name").to_owned(),
            ("name", _) => {
                let name = format!("{} {}", self.text("first_name"), self.text("last_name"));
                let company = self.company.as_deref()?;
                if name.trim().is_empty() { String::new() } else { format!("{}\n{company}", name.trim()) }
            }
            _ => String::new(),
        };
        (!key.is_empty()).then_some(key)
    }
}

/// Adds a text to a list in which each stands once, whatever its case; says whether there was room for it.
pub fn unite(list: &mut Vec<Value>, text: Value, most: usize) -> bool {
    let lower = |value: &Value| value.as_str().unwrap_or_default().to_lowercase();
    let is_there = list.iter().any(|it| lower(it) == lower(&text));
    let has_room = is_there || list.len() < most;
    if !is_there && has_room {
        list.push(text);
    }
    has_room
}

/// Who may own a record, by the folded name; `None` where several have it.
pub fn owners(list: Vec<(Uuid, String)>) -> HashMap<String, Option<Uuid>> {
    let mut owners = HashMap::new();
    for (id, name) in list {
        owners.entry(fold(name.trim())).and_modify(|it| *it = None).or_insert(Some(id));
    }
    owners
}

/// The rows with problems, as they are kept.
pub fn problem_rows(rows: &[Prepared]) -> Value {
    let with = rows.iter().filter(|row| !row.problems.is_empty());
    with.map(|row| {
        // What PostgreSQL has no place for in a text.
        let cells: Vec<String> = row.cells.iter().map(|c| c.replace('\0', "")).collect();
        serde_json::json!({"line": row.line, "refused": row.is_refused(), "problems": row.problems, "cells": cells})
    })
    .collect()
}

/// What problems say, from how they are kept, with the headers of their columns. A column without a header is its number, and a field
/// is told by the column that it comes from.
pub fn said(problems: &Value, headers: &[String], mapping: &[String], lang: Lang) -> Vec<(String, String)> {
    let problems: Vec<Problem> = serde_json::from_value(problems.clone()).unwrap_or_default();
    let column = |name: &str| {
        let at = match headers.iter().position(|header| header == name && !name.is_empty()) {
            Some(_) => None,
            None => mapping.iter().position(|field| field == name && !name.is_empty()).or_else(|| {
                let nameless = |at: &usize| headers.get(*at).is_none_or(String::is_empty);
                name.strip_prefix("Column ").and_then(|n| n.parse::<usize>().ok()?.checked_sub(1)).filter(nameless)
            }),
        };
        at.map_or_else(|| name.to_owned(), |at| title(headers.get(at).cloned().unwrap_or_default(), at, lang))
    };
    problems.iter().map(|p| (column(&p.column), p.message(lang))).collect()
}
