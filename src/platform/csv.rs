//! Tables as CSV (RFC 4180), that spreadsheets may open.

use std::borrow::Cow;

/// What Excel knows UTF-8 by.
pub const BOM: &str = "\u{feff}";

/// One line.
pub fn line(fields: impl IntoIterator<Item = impl AsRef<[u8]>>) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).buffer_capacity(512).from_writer(Vec::new());
    // Writing into memory cannot fail.
    let written = writer.write_record(fields).ok().and_then(|()| writer.into_inner().ok()).unwrap_or_default();
    String::from_utf8(written).unwrap_or_default()
}

/// Whether a text is a telephone number or a number, and nothing that could be a formula's name or another cell.
fn is_number(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '.' | '-' | '(' | ')'))
        && text.contains(|c: char| c.is_ascii_digit())
}

/// A text of somebody's: one that a spreadsheet would take for a formula gets an apostrophe before it, which makes it a text there
/// ([OWASP: CSV injection](https://owasp.org/www-community/attacks/CSV_Injection)). Of figures and the signs of telephone numbers alone
/// nothing can be made that does harm: they stay as they are.
pub fn text(text: &str) -> Cow<'_, str> {
    if !is_number(text) && text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be_and_formulas_are_texts() {
        assert_eq!(line(["a", "b,c", "say \"hi\"", "two\nlines", ""]), "a,\"b,c\",\"say \"\"hi\"\"\",\"two\nlines\",\r\n");
        let texts = ["=1+1", "@SUM(A1)", "-x", "+34 600", "+1 (2) 3.4-5", "+1+cmd", "-", "\tx", "＝1", "a=b", ""];
        assert_eq!(
            line(texts.map(|t| text(t).into_owned())),
            "'=1+1,'@SUM(A1),'-x,+34 600,+1 (2) 3.4-5,'+1+cmd,'-,'\tx,'＝1,a=b,\r\n"
        );
    }
}
