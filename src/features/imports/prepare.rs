//! A record of a file as a row of our tables: what fits, whom it is matched by, whose it is.

use std::collections::HashMap;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::domain::{
    crm::{MAX_TAG, MAX_TAGS},
    format::Lang,
    import::{
        Fault, Kind, Problem, Read,
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
const MAX_OTHERS: usize = 20;

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
    };
    let mut record = read.record.unwrap_or_default();
    let id = take_text(&mut record, "id");
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
    row.key = row.match_key(kind, match_key, id);
    row
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
                let fits = |tag: &Value| tag.as_str().is_some_and(|t| t.chars().count() <= MAX_TAG);
                if tags.len() > MAX_TAGS || !tags.iter().all(fits) {
                    self.fault(name, Fault::TooLong, &tags.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "));
                }
                Value::Array(tags.into_iter().filter(fits).take(MAX_TAGS).collect())
            }
            ("other_emails" | "other_phones", Value::Array(mut more)) => {
                let each = if name == "other_emails" { "email" } else { "phone" };
                more.retain(|text| text.as_str().is_some_and(|t| t.chars().count() <= most(each)));
                more.truncate(MAX_OTHERS);
                Value::Array(more)
            }
            (_, Value::String(text)) => {
                if !self.fits(name, &text) {
                    return;
                }
                Value::String(text)
            }
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

/// What a problem says, from how it is kept.
pub fn said(problems: &Value, lang: Lang) -> Vec<(String, String)> {
    let problems: Vec<Problem> = serde_json::from_value(problems.clone()).unwrap_or_default();
    problems.iter().map(|p| (p.column.clone(), p.message(lang))).collect()
}
