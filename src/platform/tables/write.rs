//! Tables as CSV and XLSX, piece by piece: what is written can be taken out at once, so a table of any length needs little memory.

use std::io::{self, Write};

use bytes::Bytes;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::platform::{buffer::Buffer, csv};

/// The format of a written table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// CSV (RFC 4180) in UTF-8, with the mark that Excel knows it by.
    Csv,
    /// An Excel workbook of one sheet.
    Xlsx,
}

impl Format {
    /// The end of such a file's name.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    /// The format with this extension.
    pub fn parse(extension: &str) -> Option<Self> {
        [Self::Csv, Self::Xlsx].into_iter().find(|f| f.extension() == extension)
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// A cell to write.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// A text, which no spreadsheet takes for a formula.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// Nothing.
    Empty,
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::Empty, Self::Text)
    }
}

/// What Excel takes into one cell, in characters of UTF-16.
const MOST_IN_CELL: usize = 32_767;
/// What Excel takes into one sheet, in rows.
const MOST_ROWS: u64 = 1_048_576;

/// Writes a table.
pub struct TableWriter {
    written: Buffer,
    sheet: Option<Box<ZipWriter<zip::write::StreamWriter<Buffer>>>>,
    line: String,
    rows: u64,
}

impl TableWriter {
    /// A table of this format, whose first row will be its headers.
    ///
    /// # Errors
    /// None that memory does not give.
    pub fn new(format: Format) -> io::Result<Self> {
        let written = Buffer::default();
        let mut writer = Self { written: written.clone(), sheet: None, line: String::new(), rows: 0 };
        match format {
            Format::Csv => writer.written.write_all(csv::BOM.as_bytes())?,
            Format::Xlsx => {
                let mut zip = ZipWriter::new_stream(written);
                let options =
                    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).compression_level(Some(3));
                for (name, content) in PARTS {
                    zip.start_file(name, options)?;
                    zip.write_all(content.as_bytes())?;
                }
                zip.start_file("xl/worksheets/sheet1.xml", options)?;
                zip.write_all(SHEET_START.as_bytes())?;
                writer.sheet = Some(Box::new(zip));
            }
        }
        Ok(writer)
    }

    /// Writes a row.
    ///
    /// # Errors
    /// When a workbook has no room for more rows.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = Value<'a>>) -> io::Result<()> {
        self.rows += 1;
        let Some(zip) = &mut self.sheet else {
            let fields = cells.into_iter().map(|cell| match cell {
                Value::Text(text) => csv::text(text).into_owned(),
                Value::Integer(n) => n.to_string(),
                Value::Empty => String::new(),
            });
            return self.written.write_all(csv::line(fields).as_bytes());
        };
        if self.rows > MOST_ROWS {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "a workbook has room for 1,048,576 rows"));
        }
        let line = &mut self.line;
        line.clear();
        line.push_str("<row>");
        for cell in cells {
            match cell {
                // A text in its own words: a formula is only what stands in <f>.
                Value::Text(text) => {
                    line.push_str("<c t=\"inlineStr\"><is><t xml:space=\"preserve\">");
                    escape(text, line);
                    line.push_str("</t></is></c>");
                }
                Value::Integer(n) => {
                    line.push_str("<c><v>");
                    line.push_str(&n.to_string());
                    line.push_str("</v></c>");
                }
                Value::Empty => line.push_str("<c/>"),
            }
        }
        line.push_str("</row>");
        zip.write_all(line.as_bytes())
    }

    /// Takes out what has been written so far.
    pub fn take(&mut self) -> Bytes {
        self.written.take()
    }

    /// Ends the table, and takes out the rest.
    ///
    /// # Errors
    /// None that memory does not give.
    pub fn finish(mut self) -> io::Result<Bytes> {
        if let Some(mut zip) = self.sheet.take() {
            zip.write_all(SHEET_END.as_bytes())?;
            zip.finish()?;
        }
        Ok(self.written.take())
    }
}

/// A text within XML. Signs that XML has no place for are left out, and what Excel has no room for.
fn escape(text: &str, into: &mut String) {
    let mut room = MOST_IN_CELL;
    for c in text.chars() {
        if room < c.len_utf16() {
            break;
        }
        room -= c.len_utf16();
        match c {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '\r' => into.push_str("&#13;"),
            '\n' | '\t' => into.push(c),
            c if c.is_control() && u32::from(c) < 32 || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => into.push(c),
        }
    }
}

const PARTS: [(&str, &str); 4] = [
    (
        "[Content_Types].xml",
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#,
    ),
    (
        "_rels/.rels",
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="NexusCRM" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
    ),
];
/// The first row, the headers, stays in sight.
const SHEET_START: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>"#;
const SHEET_END: &str = "</sheetData></worksheet>";
