//! CSV and its kin (RFC 4180 and what people make of it): separators, quotes and line ends as they come.

use std::io::Read;

use super::{
    Go, Refused, Row,
    encoding::{Encoding, Text},
};
use crate::domain::import::{Cell, CellKind};

/// How the fields of a file are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// What stands between fields.
    pub separator: u8,
    /// Whether a quote within quotes may have a backslash before it.
    pub backslash: bool,
    /// Whether the first line only names the separator (`sep=;`).
    pub named: bool,
    /// How many fields most records have.
    pub width: usize,
    /// Whether each line as a whole stands in quotes, as some programs leave it: `"a,b,c"`.
    pub wrapped: bool,
}

/// The longest record, in bytes: a quote that is not closed by then never is.
const LONGEST: usize = 16 << 20;
const PIECE: usize = 64 << 10;

impl Dialect {
    /// How the fields of a file with this beginning are told apart; `whole` when there is no more than this.
    pub fn of(start: &str, whole: bool) -> Self {
        let first = start.lines().next().unwrap_or_default().trim().trim_matches('"');
        let named = first.get(..4).filter(|p| p.eq_ignore_ascii_case("sep=")).and_then(|_| first.get(4..)).map(str::as_bytes);
        let candidates: Vec<u8> = match named {
            Some([separator]) if separator.is_ascii() => vec![*separator],
            // `sep=` and a tab that was trimmed away.
            Some([]) => vec![b'\t'],
            _ => vec![b'\t', b';', b'|', b','],
        };
        let named = candidates.len() == 1;
        let mut best = (Self { separator: b',', backslash: false, named, width: 0, wrapped: false }, -1.0);
        for separator in candidates {
            let backslash = start.match_indices("\\\"").any(|(at, _)| {
                start.as_bytes().get(at + 2).is_some_and(|next| *next != separator && !matches!(next, b'\r' | b'\n'))
            });
            let dialect = Self { separator, backslash, named, width: 0, wrapped: false };
            let (width, share) = dialect.usual_width(start, whole);
            #[expect(clippy::cast_precision_loss, reason = "a few fields")]
            let score = if width > 1 { share * (1.0 - 1.0 / width as f64) } else { 0.0 };
            if score > best.1 + 1e-9 || named {
                best = (Self { width, ..dialect }, score);
            }
        }
        if best.1 <= 0.0 && !named {
            best.0.separator = b',';
            if let Some(inner) = best.0.unwrapped(start, whole) {
                return inner;
            }
        }
        best.0
    }

    /// How the fields within lines are told apart that stand in quotes as a whole, if they do.
    fn unwrapped(self, start: &str, whole: bool) -> Option<Self> {
        if !start.trim_start().starts_with('"') {
            return None;
        }
        let (mut inner, mut rest, mut lines) = (String::new(), start, 0);
        while lines < 200
            && let Some(record) = self.record(rest, whole && !rest.is_empty())
        {
            let [line] = record.cells.as_slice() else { return None };
            inner.push_str(line);
            inner.push('\n');
            lines += 1;
            rest = rest.get(record.length..).unwrap_or_default();
        }
        let dialect = Self::of(&inner, true);
        let (width, share) = dialect.usual_width(&inner, true);
        let first = dialect.record(&inner, true)?.cells.len();
        (width > 2 && first == width && share > 0.9 && !dialect.wrapped).then_some(Self { wrapped: true, named: false, ..dialect })
    }

    /// How many fields most records have, and what share of the records has as many.
    fn usual_width(self, start: &str, whole: bool) -> (usize, f64) {
        let mut widths = Vec::new();
        let mut rest = start;
        while widths.len() < 200
            && let Some(record) = self.record(rest, whole && !rest.is_empty())
        {
            if record.cells.len() > 1 || !record.cells.iter().all(|c| c.trim().is_empty()) {
                widths.push(record.cells.len());
            }
            rest = rest.get(record.length..).unwrap_or_default();
        }
        let count = |width: usize| widths.iter().filter(|w| **w == width).count();
        let usual = widths.iter().copied().filter(|w| *w > 1).max_by_key(|w| (count(*w), *w)).unwrap_or(1);
        #[expect(clippy::cast_precision_loss, reason = "200 at most")]
        let share = if widths.is_empty() { 0.0 } else { count(usual) as f64 / widths.len() as f64 };
        (usual, share)
    }

    /// The first record of a text, if all of it is there; at the end of a file it is.
    fn record(self, text: &str, end: bool) -> Option<Record> {
        if text.is_empty() {
            return None;
        }
        let record = self.read(text, end, usize::MAX)?;
        // A quote that closes nowhere, or far away in somebody else's field, is a sign like any other.
        let Some(doubtful) = record.doubtful else { return Some(record) };
        let other = self.read(text, end, doubtful)?;
        let unclosed = record.unclosed;
        if unclosed || (other.cells.len() == self.width && record.cells.len() != self.width) {
            return Some(Record { bad_quote: true, ..other });
        }
        Some(record)
    }

    /// Reads a record; the quote before the field `plain` is a sign like any other.
    fn read(self, text: &str, end: bool, plain: usize) -> Option<Record> {
        let bytes = text.as_bytes();
        let mut record = Record::default();
        let mut at = 0;
        loop {
            let spaces = if self.separator == b' ' { 0 } else { bytes.get(at..)?.iter().take_while(|b| **b == b' ').count() };
            let mut field = None;
            if bytes.get(at + spaces) == Some(&b'"') && record.cells.len() != plain {
                match self.quoted(text, at + spaces + 1, end) {
                    Quoted::More => return None,
                    // After spaces a quote only counts if it is a right one.
                    Quoted::Closed { odd, .. } if spaces > 0 && odd => {}
                    Quoted::Closed { text, next, odd, lines } => {
                        if odd && lines > 0 && record.doubtful.is_none() {
                            record.doubtful = Some(record.cells.len());
                        }
                        record.lines += lines;
                        field = Some((text, next));
                    }
                    Quoted::Unclosed => {
                        record.doubtful = record.doubtful.or(Some(record.cells.len()));
                        record.unclosed = true;
                    }
                }
            }
            let (field, next) = if let Some(found) = field {
                found
            } else {
                let length = bytes.get(at..)?.iter().position(|b| *b == self.separator || matches!(b, b'\n' | b'\r'));
                let length = match length {
                    Some(length) => length,
                    None if end => bytes.len() - at,
                    None => return None,
                };
                (text.get(at..at + length)?.to_owned(), at + length)
            };
            record.cells.push(field);
            at = next;
            match bytes.get(at) {
                Some(b) if *b == self.separator => at += 1,
                Some(b'\r') => {
                    if bytes.len() == at + 1 && !end {
                        return None;
                    }
                    record.length = at + if bytes.get(at + 1) == Some(&b'\n') { 2 } else { 1 };
                    record.lines += 1;
                    return Some(record);
                }
                Some(_) => {
                    record.length = at + 1;
                    record.lines += 1;
                    return Some(record);
                }
                None if end => {
                    record.length = at;
                    return Some(record);
                }
                None => return None,
            }
        }
    }

    /// Reads a quoted field from behind its opening quote. A quote that neither stands twice nor ends the field is a sign of the text.
    fn quoted(self, text: &str, from: usize, end: bool) -> Quoted {
        let bytes = text.as_bytes();
        let mut field = String::new();
        let (mut at, mut copied, mut odd) = (from, from, false);
        let copy = |field: &mut String, from: usize, to: usize| field.push_str(text.get(from..to).unwrap_or_default());
        loop {
            let Some(step) = bytes.get(at..).and_then(|rest| rest.iter().position(|b| *b == b'"')) else {
                return if end { Quoted::Unclosed } else { Quoted::More };
            };
            at += step;
            if self.backslash && at > from && bytes.get(at - 1) == Some(&b'\\') {
                copy(&mut field, copied, at - 1);
                copied = at;
                at += 1;
                continue;
            }
            let spaces = bytes.get(at + 1..).map_or(0, |rest| rest.iter().take_while(|b| **b == b' ').count());
            match (bytes.get(at + 1), bytes.get(at + 1 + spaces)) {
                (Some(b'"'), _) => {
                    copy(&mut field, copied, at + 1);
                    at += 2;
                    copied = at;
                }
                (_, None) if !end => return Quoted::More,
                (_, after) if after.is_none_or(|b| *b == self.separator || matches!(b, b'\r' | b'\n')) => {
                    copy(&mut field, copied, at);
                    let raw = text.get(from..at).unwrap_or_default();
                    return Quoted::Closed { lines: line_ends(raw), text: field, next: at + 1 + spaces, odd };
                }
                _ => {
                    odd = true;
                    at += 1;
                }
            }
        }
    }
}

/// How many lines end in a text, whichever way they do.
fn line_ends(text: &str) -> u64 {
    let (all, pairs) = (text.bytes().filter(|b| matches!(b, b'\r' | b'\n')).count(), text.matches("\r\n").count());
    (all - pairs) as u64
}

enum Quoted {
    /// The text ends before the field does.
    More,
    Unclosed,
    Closed {
        text: String,
        /// Where what follows the field begins.
        next: usize,
        /// Whether it has quotes that stand alone.
        odd: bool,
        /// Lines that end within.
        lines: u64,
    },
}

#[derive(Default)]
struct Record {
    cells: Vec<String>,
    length: usize,
    lines: u64,
    /// The first field whose quotes are not right.
    doubtful: Option<usize>,
    unclosed: bool,
    bad_quote: bool,
}

/// Hands on each record.
pub fn rows(bytes: impl Read, encoding: Encoding, dialect: Dialect, take: &mut dyn FnMut(Row) -> Go) -> Result<(), Refused> {
    let mut text = Text::new(bytes, encoding);
    let (mut buffer, mut at, mut line) = (String::new(), 0, 1);
    let mut more = true;
    let mut piece = PIECE;
    let mut skip = dialect.named;
    loop {
        let rest = buffer.get(at..).unwrap_or_default();
        if let Some(record) = dialect.record(rest, !more || rest.len() > LONGEST) {
            at += record.length;
            let lines = record.lines;
            let record = match record.cells.as_slice() {
                [whole] if dialect.wrapped => dialect.record(whole, true).unwrap_or(record),
                _ => record,
            };
            let row = Row {
                line,
                cells: record.cells.into_iter().map(|text| Cell { text, kind: CellKind::Text }).collect(),
                bad_quote: record.bad_quote,
                unended: false,
            };
            line += lines;
            piece = PIECE;
            if !std::mem::take(&mut skip) && take(row) == Go::Stop {
                return Ok(());
            }
            continue;
        }
        if !more {
            return Ok(());
        }
        buffer.drain(..at);
        at = 0;
        more = text.read(piece, &mut buffer)?;
        // A long record is read again from its beginning: ever larger pieces keep that rare.
        piece = (piece * 2).min(LONGEST);
    }
}
