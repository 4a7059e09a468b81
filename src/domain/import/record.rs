//! A row of a file as a record, and what is wrong with it. What cannot be read is left out and told; the rest of the row stays.

use chrono::{Datelike, NaiveDate};
use serde_json::{Map, Value, json};

use super::{
    column::{Cell, CellKind},
    dates,
    mapping::Mapping,
    money, names,
    problem::{Fault, Problem},
    reach,
    survey::{Survey, title},
    targets::{Kind, Shape, Target},
    words::{fold, is_nothing, is_nothing_here, line, lines, short, unquoted},
};
use crate::domain::format::Lang;

/// The longest field, in bytes.
pub const MAX_FIELD: usize = 32 * 1024;

/// What is known besides the file.
#[derive(Clone, Copy, Debug)]
pub struct Given {
    /// The language, by which days, names and numbers are read where the file does not tell.
    pub lang: Lang,
    /// Today, for years of two figures.
    pub today: Option<NaiveDate>,
    /// The currency of amounts that name none.
    pub currency: Option<&'static str>,
    /// The order of day and month, where somebody says so; else it is found by the column.
    pub order: Option<dates::Order>,
    /// What stands before decimals, where somebody says so; else it is found by the column.
    pub point: Option<char>,
    /// Whether rows of another width than the headers are at fault. In a spreadsheet they are not.
    pub strict_width: bool,
}

/// Reads the rows of one file.
#[derive(Debug)]
pub struct RowReader<'a> {
    kind: Kind,
    mapping: &'a Mapping,
    survey: &'a Survey,
    given: Given,
    orders: Vec<Option<dates::Order>>,
    titles: Vec<String>,
    folded_headers: Vec<String>,
    header_currency: Option<&'static str>,
}

/// What became of a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// The record, by the names of its fields; none for a row that is no record.
    pub record: Option<Map<String, Value>>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// The fields of which something could not be read.
    pub unread: Vec<&'static str>,
}

/// Fields that each record of a kind has, if only with `null`.
fn always(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Contacts => &["first_name", "last_name", "email", "phone", "company", "city", "notes"],
        Kind::Companies => &["name", "domain", "industry", "phone", "website", "city", "country", "notes"],
        Kind::Leads => &["first_name", "last_name", "email", "phone", "company", "message"],
        Kind::Deals => &["title", "value", "currency", "stage", "close_date"],
        Kind::Interactions => &["kind", "direction", "at", "subject", "body", "contact"],
        Kind::Tasks => &["title", "due", "priority", "owner", "contact", "notes"],
    }
}

/// What is gathered from the cells of a row before it becomes a record.
#[derive(Default)]
struct Gathered {
    first: Vec<String>,
    last: Vec<String>,
    full: Option<(usize, String)>,
    last_first: Option<String>,
    emails: Vec<String>,
    phones: Vec<String>,
    tags: Vec<String>,
    amount: Option<(usize, money::Amount)>,
    currency: Option<&'static str>,
    record: Map<String, Value>,
    extra: Map<String, Value>,
    problems: Vec<Problem>,
    unread: Vec<&'static str>,
    line: u64,
}

impl Gathered {
    fn fault(&mut self, column: &str, fault: Fault, value: &str) {
        self.problems.push(Problem { row: self.line, column: column.to_owned(), fault, value: short(value, 80) });
    }

    fn set(&mut self, name: &str, text: String) {
        if !text.is_empty() {
            self.record.insert(name.to_owned(), Value::String(text));
        }
    }
}

impl<'a> RowReader<'a> {
    /// For the rows of a file that is like this.
    pub fn new(kind: Kind, mapping: &'a Mapping, survey: &'a Survey, given: Given) -> Self {
        let value = mapping.columns.iter().position(|c| c.is_some_and(|t| t.shape == Shape::Money));
        Self {
            kind,
            mapping,
            survey,
            given,
            orders: match given.order {
                Some(order) => vec![Some(order); survey.columns.len()],
                None => survey.orders(given.lang),
            },
            titles: survey.titles(),
            folded_headers: survey.headers.iter().map(|h| fold(h)).collect(),
            header_currency: value.and_then(|at| survey.headers.get(at)).and_then(|h| money::currency_within(h)),
        }
    }

    /// Reads the row that begins on this line. Rows without anything are nothing.
    pub fn read(&self, line: u64, cells: &[Cell]) -> Read {
        let width = cells.iter().rposition(|c| !c.text.trim().is_empty()).map_or(0, |at| at + 1);
        if width == 0 || self.survey.header_line.is_some_and(|header| line <= header) {
            return Read::default();
        }
        let mut gathered = Gathered { line, ..Gathered::default() };
        if let Some(fault) = self.no_record(cells) {
            gathered.fault("", fault, &first_text(cells));
            return Read { problems: gathered.problems, ..Read::default() };
        }
        let joined = self.widths(cells, width, &mut gathered);
        let cells = joined.as_deref().unwrap_or(cells);
        for (at, cell) in cells.iter().enumerate() {
            let before = gathered.problems.len();
            self.gather(at, cell, &mut gathered);
            if gathered.problems.len() > before {
                gathered.unread.extend(self.mapping.columns.get(at).copied().flatten().map(|target| target.name));
            }
        }
        self.finish(gathered)
    }

    fn title(&self, at: usize) -> String {
        self.titles.get(at).cloned().unwrap_or_else(|| title(String::new(), at, Lang::En))
    }

    /// Lines of totals, and headers that come again where files were put together.
    fn no_record(&self, cells: &[Cell]) -> Option<Fault> {
        let filled: Vec<String> = cells.iter().map(|c| fold(&line(&c.text))).filter(|t| !t.is_empty()).collect();
        let same = |headers: &[String]| headers.iter().filter(|h| !h.is_empty()).eq(filled.iter());
        if filled.len() > 1 && self.survey.header_line.is_some() && same(&self.folded_headers) {
            return Some(Fault::HeadersAgain);
        }
        // `Total: 12`
        let first = filled.first()?.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, ':' | '.' | ',' | ' '));
        let total = matches!(
            first,
            "total" | "totals" | "totales" | "subtotal" | "grand total" | "total general" | "gran total" | "sum" | "suma"
        );
        (total && !filled.iter().any(|t| t.contains('@'))).then_some(Fault::Total)
    }

    /// Tells of a row that is wider or narrower than the headers. A cell too many that begins with a space was cut off the one before
    /// by a separator in its text; then the cells are put together again.
    fn widths(&self, cells: &[Cell], width: usize, gathered: &mut Gathered) -> Option<Vec<Cell>> {
        let headers = self.survey.headers.iter().rposition(|h| !h.is_empty()).map_or(0, |at| at + 1);
        if !self.given.strict_width || headers == 0 {
            return None;
        }
        if cells.len() < headers && cells.len() < self.survey.headers.len() {
            gathered.fault("", Fault::Narrow, &format!("{}/{headers}", cells.len()));
        }
        if width <= headers {
            return None;
        }
        let cut = |cell: &Cell| cell.text.starts_with(' ') && !cell.text.trim().is_empty();
        let usual = |at: usize| self.survey.columns.get(at).is_some_and(|c| c.filled * 2 >= self.survey.rows);
        let is_cut = cells.iter().take(width).skip(1).filter(|c| cut(c)).count() == width - headers;
        if is_cut || !(headers..width).all(usual) {
            gathered.fault("", Fault::Wide, &format!("{width}/{headers}"));
        }
        if !is_cut {
            return None;
        }
        let mut joined: Vec<Cell> = Vec::with_capacity(headers);
        for cell in cells.iter().take(width) {
            match joined.last_mut() {
                Some(last) if cut(cell) => {
                    last.text.push(',');
                    last.text.push_str(&cell.text);
                }
                _ => joined.push(cell.clone()),
            }
        }
        Some(joined)
    }

    fn gather(&self, at: usize, cell: &Cell, g: &mut Gathered) {
        let target: Option<&Target> = self.mapping.columns.get(at).copied().flatten();
        let raw = unquoted(cell.text.trim());
        if raw.is_empty() {
            return;
        }
        let title = self.title(at);
        if raw.len() > MAX_FIELD {
            return g.fault(&title, Fault::TooLong, raw);
        }
        let Some(target) = target else {
            g.extra.insert(title, Value::String(lines(raw)));
            return;
        };
        if cell.kind == CellKind::Broken {
            return g.fault(&title, Fault::Broken, raw);
        }
        let free =
            matches!(target.shape, Shape::Name | Shape::FullName | Shape::LastFirst | Shape::Line | Shape::Text | Shape::Tags);
        if is_nothing(raw) || (!free && is_nothing_here(raw)) {
            return;
        }
        match target.shape {
            Shape::Name if target.name == "first_name" => g.first.push(line(raw)),
            Shape::Name => g.last.push(line(raw)),
            Shape::FullName => g.full = Some((at, line(raw))),
            Shape::LastFirst => g.last_first = Some(line(raw)),
            Shape::Line => line_cell(target, &title, raw, g),
            Shape::Text => {
                let text = match g.record.get(target.name).and_then(Value::as_str) {
                    Some(before) => format!("{before}\n{}", lines(raw)),
                    None => lines(raw),
                };
                g.set(target.name, text);
            }
            Shape::Email => {
                let (good, bad) = reach::emails(raw);
                for email in good {
                    push_new(&mut g.emails, email);
                }
                for text in &bad {
                    g.fault(&title, Fault::Email, text);
                }
            }
            Shape::Phone if reach::is_cut(raw) => g.fault(&title, Fault::Cut, raw),
            Shape::Phone => {
                let (good, bad) = reach::phones(raw);
                for phone in good {
                    push_new(&mut g.phones, phone);
                }
                for text in &bad {
                    g.fault(&title, Fault::Phone, text);
                }
            }
            Shape::Tags => {
                let text = raw.replace(":::", ";");
                let tags = text.split([',', ';', '|', '\n']).map(|t| line(t.trim().trim_start_matches("* ")));
                tags.filter(|t| !t.is_empty()).for_each(|t| push_new(&mut g.tags, t));
            }
            Shape::Date | Shape::Moment => self.date_cell(at, target, &title, cell, g),
            Shape::Money | Shape::Count => {
                let point = match cell.kind {
                    CellKind::Number => Some('.'),
                    _ => self.given.point.or_else(|| self.survey.columns.get(at).and_then(|c| c.decimals.point())),
                };
                match money::parse(raw, point) {
                    Ok(amount) if target.shape == Shape::Money => g.amount = Some((at, amount)),
                    Ok(amount) if amount.scale == 0 && amount.digits >= 0 && amount.digits <= 10_000_000 => {
                        g.record.insert(target.name.into(), json!(i64::try_from(amount.digits).unwrap_or(0)));
                    }
                    Ok(_) => g.fault(&title, Fault::Count, raw),
                    Err(_) if target.shape == Shape::Count => g.fault(&title, Fault::Count, raw),
                    Err(_) => g.fault(&title, Fault::Money, raw),
                }
            }
            Shape::Currency => match money::currency(raw) {
                Some(code) => g.currency = Some(code),
                None => g.fault(&title, Fault::Currency, raw),
            },
        }
    }

    fn date_cell(&self, at: usize, target: &Target, title: &str, cell: &Cell, g: &mut Gathered) {
        let raw = cell.text.trim();
        // `0000-00-00` is how some databases write that there is none.
        if raw.bytes().any(|b| b.is_ascii_digit()) && raw.bytes().all(|b| matches!(b, b'0' | b'-' | b'/' | b'.' | b':' | b' ')) {
            return;
        }
        let order = match cell.kind {
            CellKind::Date => Some(dates::Order::DayFirst),
            _ => self.orders.get(at).copied().unwrap_or(None),
        };
        let read = if cell.kind == CellKind::Number {
            let moment = raw.parse().ok().and_then(|days| dates::serial(days, false));
            moment.map(|m| dates::Moment { date: m.date(), time: Some(m.time()), zone: None }).ok_or(dates::NoDate::Unreadable)
        } else {
            dates::parse(raw, order, self.given.today)
        };
        match read {
            Ok(moment) if target.shape == Shape::Moment => g.set(target.name, moment.iso()),
            Ok(mut moment) => {
                // Nobody is born in the future: the year had two figures.
                if target.name == "birthday"
                    && self.given.today.is_some_and(|today| moment.date > today)
                    && !raw.contains(&moment.date.year().to_string())
                    && let Some(date) = moment.date.with_year(moment.date.year() - 100)
                {
                    moment.date = date;
                }
                g.set(target.name, moment.date.to_string());
            }
            Err(why) => g.fault(title, Fault::Date(why), raw),
        }
    }

    fn finish(&self, mut g: Gathered) -> Read {
        self.name(&mut g);
        self.money(&mut g);
        let mut several = |name: &str, others: &str, values: Vec<String>| {
            let mut values = values.into_iter();
            if let Some(first) = values.next() {
                g.record.insert(name.into(), Value::String(first));
            }
            let rest: Vec<Value> = values.map(Value::String).collect();
            if !rest.is_empty() {
                g.record.insert(others.into(), Value::Array(rest));
            }
        };
        several("email", "other_emails", std::mem::take(&mut g.emails));
        several("phone", "other_phones", std::mem::take(&mut g.phones));
        if !g.tags.is_empty() {
            g.record.insert("tags".into(), json!(std::mem::take(&mut g.tags)));
        }
        let needed: &[&str] = match self.kind {
            Kind::Contacts | Kind::Leads => &["first_name", "last_name", "email", "phone"],
            Kind::Companies => &["name"],
            Kind::Deals | Kind::Tasks => &["title"],
            Kind::Interactions => &["at"],
        };
        // A row of which nothing was read is told of by its problems alone.
        let anything = g.record.keys().any(|k| self.mapping.has(k) || needed.contains(&k.as_str()));
        if !needed.iter().any(|name| g.record.contains_key(*name)) {
            let fault = match self.kind {
                Kind::Contacts | Kind::Leads => Fault::Nobody,
                Kind::Companies => Fault::NoName,
                Kind::Deals | Kind::Tasks => Fault::NoTitle,
                Kind::Interactions => Fault::NoTime,
            };
            g.fault("", fault, "");
            if !anything {
                return Read { record: None, problems: g.problems, unread: g.unread };
            }
        }
        for name in always(self.kind) {
            g.record.entry(*name).or_insert(Value::Null);
        }
        if !g.extra.is_empty() {
            g.record.insert("extra".into(), Value::Object(g.extra));
        }
        g.record.insert("row".into(), json!(g.line));
        Read { record: Some(g.record), problems: g.problems, unread: g.unread }
    }

    fn name(&self, g: &mut Gathered) {
        let (mut first, mut last) = (g.first.join(" "), g.last.join(" "));
        if let Some(text) = g.last_first.take()
            && first.is_empty()
            && last.is_empty()
        {
            let name = names::split_last_first(&text, self.given.lang);
            (first, last) = (name.first, name.last);
        }
        if let Some((at, full)) = g.full.take() {
            match (first.is_empty(), last.is_empty()) {
                (true, true) => {
                    let name = names::split(&full, self.given.lang);
                    (first, last) = (name.first, name.last);
                    g.set("name_prefix", name.prefix);
                    g.set("name_suffix", name.suffix);
                }
                (true, false) => first = without(&full, &last),
                (false, true) => last = without(&full, &first),
                (false, false) => {
                    let parts = fold(&format!("{first} {last}"));
                    if !fold(&full).split([' ', ',']).all(|word| parts.contains(word)) {
                        g.extra.insert(self.title(at), Value::String(full));
                    }
                }
            }
        }
        // `Name` beside `Surname` may hold both.
        if first.contains(' ') && !last.is_empty() && fold(&first).ends_with(&format!(" {}", fold(&last))) {
            first = without(&first, &last);
        }
        g.set("first_name", first);
        g.set("last_name", last);
    }

    fn money(&self, g: &mut Gathered) {
        let Some((at, amount)) = g.amount.take() else {
            if let Some(code) = g.currency {
                g.set("currency", code.to_owned());
            }
            return;
        };
        let number = match amount.decimal().parse::<i64>() {
            Ok(whole) => json!(whole),
            Err(_) => json!(amount.decimal().parse::<f64>().unwrap_or_default()),
        };
        g.record.insert("value".into(), number);
        let said = amount.currency.filter(|_| !amount.plain_dollar);
        if let (Some(said), Some(column)) = (said, g.currency)
            && said != column
        {
            g.fault(&self.title(at), Fault::TwoCurrencies, &format!("{said}, {column}"));
        }
        let code = g.currency.or(said).or(self.header_currency).or(self.given.currency).or(amount.currency);
        if let Some(code) = code {
            g.set("currency", code.to_owned());
        }
    }
}

/// A text on one line; of several columns the first that is filled.
fn line_cell(target: &Target, title: &str, raw: &str, g: &mut Gathered) {
    let text = line(raw);
    match g.record.get(target.name).and_then(Value::as_str) {
        Some(before) if before == text => {}
        // The field is taken by a column before: this one is kept by its own name.
        Some(_) => {
            g.extra.insert(title.to_owned(), Value::String(text));
        }
        None => g.set(target.name, text),
    }
}

fn first_text(cells: &[Cell]) -> String {
    cells.iter().map(|c| c.text.trim()).find(|t| !t.is_empty()).unwrap_or_default().to_owned()
}

fn push_new(list: &mut Vec<String>, text: String) {
    if !list.contains(&text) {
        list.push(text);
    }
}

/// A full name without the part that is known, at its end or its beginning.
fn without(full: &str, part: &str) -> String {
    let words: Vec<&str> = full.split([' ', ',']).filter(|w| !w.is_empty()).collect();
    let known: Vec<String> = fold(part).split(' ').map(str::to_owned).collect();
    let folded: Vec<String> = words.iter().map(|w| fold(w)).collect();
    let rest = if folded.ends_with(&known) {
        words.get(..words.len() - known.len())
    } else if folded.starts_with(&known) {
        words.get(known.len()..)
    } else {
        None
    };
    rest.map_or_else(|| full.to_owned(), |rest| rest.join(" "))
}

#[cfg(test)]
mod tests;
