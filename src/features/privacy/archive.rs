//! A ZIP archive that is read while it is written, so that it needs little memory whatever its size; and rows as CSV for spreadsheets.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use bytes::Bytes;
use serde_json::{Map, Value};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::platform::{buffer::Buffer, csv};

/// The archive.
pub struct Archive {
    zip: ZipWriter<zip::write::StreamWriter<Buffer>>,
    options: SimpleFileOptions,
    written: Buffer,
}

impl Archive {
    /// An empty one; `large` when a file may have more than 4 GiB, which not every program can read.
    pub fn new(large: bool) -> Self {
        let written = Buffer::default();
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(large);
        Self { zip: ZipWriter::new_stream(written.clone()), options: options.unix_permissions(0o600), written }
    }

    /// Begins a file; the one before is at its end.
    pub fn file(&mut self, name: &str) -> io::Result<()> {
        Ok(self.zip.start_file(name, self.options)?)
    }

    /// Writes into the file at hand.
    pub fn write(&mut self, text: &str) -> io::Result<()> {
        self.zip.write_all(text.as_bytes())
    }

    /// Takes out what the archive has so far.
    pub fn take(&mut self) -> Bytes {
        self.written.take()
    }

    /// Ends the archive, and takes out the rest.
    pub fn finish(self) -> io::Result<Bytes> {
        let written = self.written.clone();
        self.zip.finish()?;
        Ok(written.take())
    }
}

/// The cells of a row, in the order of the columns. A text that a spreadsheet would take for a formula has an apostrophe before it.
pub fn cells<'a>(
    row: &'a Map<String, Value>,
    columns: impl Iterator<Item = &'static str> + 'a,
) -> impl Iterator<Item = Cow<'a, str>> {
    columns.map(|column| match row.get(column) {
        None | Some(Value::Null) => "".into(),
        Some(Value::String(text)) => csv::text(text),
        Some(other) => other.to_string().into(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_is_a_line_that_no_spreadsheet_runs() {
        let row =
            json!({"a": "=1+1", "b": "say \"hi\", Ana", "c": -5, "d": null, "e": {"x": "=2"}, "f": "two\r\nlines", "g": true});
        let Value::Object(row) = row else { panic!() };
        let line = csv::line(cells(&row, ["a", "b", "c", "d", "e", "f", "g", "h"].into_iter()).map(Cow::into_owned));
        assert_eq!(line, "'=1+1,\"say \"\"hi\"\", Ana\",-5,,\"{\"\"x\"\":\"\"=2\"\"}\",\"two\r\nlines\",true,\r\n");
    }
}
