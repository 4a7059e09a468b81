//! Tables as CSV (RFC 4180), that spreadsheets may open.

/// What Excel knows UTF-8 by.
pub const BOM: &str = "\u{feff}";

/// One line. A text that a spreadsheet would take for a formula gets an apostrophe before it, which makes it a text there
/// ([OWASP: CSV injection](https://owasp.org/www-community/attacks/CSV_Injection)).
pub fn line<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let fields = fields.into_iter().map(|field| {
        let plain = field.parse::<f64>().is_ok_and(f64::is_finite);
        if !plain && field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{field}") } else { field.to_owned() }
    });
    // Writing into memory cannot fail.
    let written = writer.write_record(fields).ok().and_then(|()| writer.into_inner().ok()).unwrap_or_default();
    String::from_utf8(written).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be_and_formulas_are_texts() {
        assert_eq!(line(["a", "b,c", "say \"hi\"", "two\nlines", ""]), "a,\"b,c\",\"say \"\"hi\"\"\",\"two\nlines\",\r\n");
        assert_eq!(line(["=1+1", "@SUM(A1)", "-3.5", "-x", "+34 600", "\tx"]), "'=1+1,'@SUM(A1),-3.5,'-x,'+34 600,'\tx\r\n");
    }
}
