//! Workbooks of Excel since 2007 (XLSX).

use std::io::{self, Read, Seek};

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxError};
use chrono::NaiveTime;
use zip::ZipArchive;

use super::{Go, Refused, Row};
use crate::domain::import::{Cell, CellKind, dates};

/// What all parts of a workbook may inflate to together, in bytes.
const MOST_INFLATED: u64 = 1 << 30;
/// What the table of texts, which is held in memory, may inflate to.
const MOST_TEXTS: u64 = 128 << 20;
/// How many times its size a part may inflate to, once it is large. Tables of figures reach 30.
const MOST_RATIO: u64 = 200;
const LARGE: u64 = 8 << 20;
/// Parts that a workbook may have.
const MOST_PARTS: usize = 5_000;
/// Blank rows that are handed on between two others; more are left out.
const MOST_BLANK: u32 = 10_000;

/// Inflates every part once, without keeping anything: what a part says of its size is not to be believed.
pub fn guard<R: Read + Seek>(zip: &mut ZipArchive<R>) -> Result<(), Refused> {
    let damaged = |e: zip::result::ZipError| Refused::Damaged(e.to_string());
    if zip.len() > MOST_PARTS {
        return Err(Refused::Bomb);
    }
    let mut total = 0;
    for at in 0..zip.len() {
        let mut part = match zip.by_index(at) {
            Ok(part) => part,
            Err(zip::result::ZipError::UnsupportedArchive(zip::result::ZipError::PASSWORD_REQUIRED)) => {
                return Err(Refused::Encrypted);
            }
            Err(error) => return Err(damaged(error)),
        };
        let texts = part.name().is_ok_and(|name| name.ends_with("sharedStrings.xml"));
        let packed = part.compressed_size().max(1);
        let room = MOST_INFLATED - total;
        let most = room.min(LARGE.max(packed.saturating_mul(MOST_RATIO)));
        if part.size() > most {
            return Err(Refused::Bomb);
        }
        let inflated = io::copy(&mut part.by_ref().take(most + 1), &mut io::sink()).map_err(|e| Refused::Damaged(e.to_string()))?;
        if inflated > most {
            return Err(Refused::Bomb);
        }
        if texts && inflated > MOST_TEXTS {
            return Err(Refused::TooLarge);
        }
        total += inflated;
    }
    Ok(())
}

fn damaged(error: XlsxError) -> Refused {
    match error {
        XlsxError::Password => Refused::Encrypted,
        error => Refused::Damaged(error.to_string()),
    }
}

/// The first sheet that anybody sees and that holds something; else the first that holds something.
pub fn first_with_data<R: Read + Seek>(file: R) -> Result<String, Refused> {
    let mut book: Xlsx<_> = Xlsx::new(file).map_err(damaged)?;
    let mut sheets: Vec<_> = book.sheets_metadata().iter().filter(|s| s.typ == SheetType::WorkSheet).cloned().collect();
    sheets.sort_by_key(|s| s.visible != SheetVisible::Visible);
    for sheet in sheets {
        let mut cells = book.worksheet_cells_reader(&sheet.name).map_err(damaged)?;
        while let Some(cell) = cells.next_cell().map_err(damaged)? {
            if !text_of(cell.get_value(), false).text.trim().is_empty() {
                return Ok(sheet.name);
            }
        }
    }
    Err(Refused::Empty)
}

/// Hands on each row of a sheet.
pub fn rows<R: Read + Seek>(file: R, sheet: &str, take: &mut dyn FnMut(Row) -> Go) -> Result<(), Refused> {
    let mut book: Xlsx<_> = Xlsx::new(file).map_err(damaged)?;
    let since_1904 = book.has_1904_epoch();
    let mut cells = book.worksheet_cells_reader(sheet).map_err(damaged)?;
    let mut row = Row { line: 1, ..Row::default() };
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        let (at, column) = cell.get_position();
        let line = u64::from(at) + 1;
        if line != row.line {
            if line < row.line {
                return Err(Refused::Damaged("its rows are out of order".into()));
            }
            let (last, blank) = (row.line, line - row.line - 1);
            if take(std::mem::replace(&mut row, Row { line, ..Row::default() })) == Go::Stop {
                return Ok(());
            }
            for between in 1..=blank.min(MOST_BLANK.into()) {
                if take(Row { line: last + between, ..Row::default() }) == Go::Stop {
                    return Ok(());
                }
            }
        }
        let value = text_of(cell.get_value(), since_1904);
        let column = column as usize;
        if value.text.is_empty() && row.cells.len() <= column {
            continue;
        }
        if row.cells.len() <= column {
            row.cells.resize_with(column + 1, Cell::default);
        }
        if let Some(place) = row.cells.get_mut(column) {
            *place = value;
        }
    }
    take(row);
    Ok(())
}

/// A cell as text.
fn text_of(value: &DataRef<'_>, since_1904: bool) -> Cell {
    let cell = |text: String, kind| Cell { text, kind };
    match value {
        DataRef::Empty => Cell::default(),
        DataRef::String(text) | DataRef::DurationIso(text) => cell(text.clone(), CellKind::Text),
        DataRef::SharedString(text) => cell((*text).to_owned(), CellKind::Text),
        DataRef::Int(n) => cell(n.to_string(), CellKind::Number),
        DataRef::Float(n) => cell(number(*n), CellKind::Number),
        DataRef::Bool(yes) => cell(if *yes { "TRUE" } else { "FALSE" }.into(), CellKind::Text),
        DataRef::DateTimeIso(text) => cell(text.clone(), CellKind::Date),
        DataRef::DateTime(at) => day(at, since_1904),
        DataRef::Error(error) => cell(error.to_string(), CellKind::Broken),
    }
}

/// A number with the 15 digits that Excel holds to be right, never with an exponent.
fn number(n: f64) -> String {
    let rounded = format!("{n:.14e}").parse::<f64>().unwrap_or(n);
    format!("{rounded}")
}

/// A day, a time of day or a length of time, in ISO 8601.
fn day(at: &ExcelDateTime, since_1904: bool) -> Cell {
    let value = at.as_f64();
    #[expect(clippy::cast_possible_truncation, reason = "hours of a few centuries")]
    let hours = |value: f64| {
        let seconds = (value * 86_400.0).round() as i64;
        format!(
            "{}{:02}:{:02}:{:02}",
            if seconds < 0 { "-" } else { "" },
            seconds.abs() / 3_600,
            seconds.abs() / 60 % 60,
            seconds.abs() % 60
        )
    };
    if at.is_duration() || (0.0..1.0).contains(&value) && value != 0.0 {
        return Cell { text: hours(value), kind: CellKind::Text };
    }
    match dates::serial(value, since_1904) {
        Some(moment) if moment.time() == NaiveTime::MIN => Cell { text: moment.date().to_string(), kind: CellKind::Date },
        Some(moment) => Cell { text: moment.format("%Y-%m-%dT%H:%M:%S").to_string(), kind: CellKind::Date },
        None => Cell { text: number(value), kind: CellKind::Number },
    }
}
