//! What the cells of a column have in common.

use super::{dates, money, reach, targets::Shape, words::is_nothing_here};

/// How a cell came out of its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CellKind {
    /// As a text.
    #[default]
    Text,
    /// As a number, with a full stop before its decimals.
    Number,
    /// As a day or time, in ISO 8601.
    Date,
    /// As a spreadsheet's error, such as `#REF!`.
    Broken,
}

/// One cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// What stands in it.
    pub text: String,
    /// How it came out of its file.
    pub kind: CellKind,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), kind: CellKind::Text }
    }
}

/// The most cells that are kept to show what a column holds.
const SAMPLES: usize = 3;

/// What the cells of a column have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Cells that hold something.
    pub filled: u64,
    /// Of these, e-mail addresses.
    pub emails: u64,
    /// Phone numbers that look like nothing else: with a plus or signs between.
    pub marked_phones: u64,
    /// What may be a phone number.
    pub phones: u64,
    /// Two to five words of letters alone.
    pub names: u64,
    /// In which order days and months stand.
    pub dates: dates::Evidence,
    /// What stands before decimals.
    pub decimals: money::Evidence,
    /// Some of them, each once.
    pub samples: Vec<String>,
}

impl Column {
    /// Looks at one more cell.
    pub fn look(&mut self, cell: &Cell) {
        let text = cell.text.trim();
        if is_nothing_here(text) {
            return;
        }
        self.filled += 1;
        if self.samples.len() < SAMPLES && !self.samples.iter().any(|s| s == text) {
            self.samples.push(super::words::short(text, 40));
        }
        if text.len() > 100 || cell.kind != CellKind::Text {
            return;
        }
        if text.contains('@') {
            self.emails += u64::from(!reach::emails(text).0.is_empty());
        } else if text.bytes().any(|b| b.is_ascii_digit()) {
            if reach::is_phone(text) {
                self.phones += 1;
                let marked = text.contains(['(', ' ']) || text.matches('-').count() > 1;
                let other = || dates::parse(text, Some(dates::Order::DayFirst), None).is_ok() || money::parse(text, None).is_ok();
                self.marked_phones += u64::from(text.starts_with('+') || marked && !other());
            }
            if text.len() <= 40 {
                self.dates.look(text);
                self.decimals.look(text);
            }
        } else {
            let words = text.split_whitespace().count();
            let letters = text.chars().all(|c| c.is_alphabetic() || c.is_whitespace() || matches!(c, '.' | ',' | '-' | '\''));
            self.names += u64::from(letters && (2..=5).contains(&words));
        }
    }

    /// Whether this many are most of what the column holds.
    pub fn mostly(&self, count: u64) -> bool {
        self.filled > 0 && count * 10 >= self.filled * 6
    }

    /// Whether the column holds hardly anything of this shape.
    pub fn contradicts(&self, shape: Option<Shape>) -> bool {
        let count = match shape {
            Some(Shape::Email) => self.emails,
            Some(Shape::Phone) => self.phones,
            _ => return false,
        };
        self.filled >= 3 && count * 10 < self.filled
    }

    /// Whether the column holds addresses although its header says that it holds names of people.
    pub fn is_about_emails(&self, shape: Option<Shape>) -> bool {
        matches!(shape, Some(Shape::Name | Shape::FullName | Shape::Phone)) && self.mostly(self.emails)
    }
}
