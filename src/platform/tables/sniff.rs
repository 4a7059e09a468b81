//! What a file is, by its content.

use std::io::{Read, Seek, SeekFrom};

use zip::ZipArchive;

use super::{
    Bytes, FileKind, Refused, Source,
    delimited::Dialect,
    encoding::{Seen, Text},
    sheet,
};

/// Formats that are no tables, by how they begin.
const OTHERS: [(&[u8], &str); 11] = [
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "compressed (gzip)"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"7z\xbc\xaf", "an archive (7z)"),
    (b"Rar!", "an archive (RAR)"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"SQLite format", "a database"),
    (b"\x7fELF", "a program"),
    (b"PAR1", "a Parquet file"),
];

/// What a file is. All of it is read once.
pub fn kind(source: &Source) -> Result<FileKind, Refused> {
    let mut file = source.open()?;
    let mut start = Vec::new();
    file.by_ref().take(4096).read_to_end(&mut start)?;
    if start.is_empty() {
        return Err(Refused::Empty);
    }
    if start.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Err(compound(file));
    }
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return archive(file);
    }
    if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Err(Refused::Other(what));
    }
    file.seek(SeekFrom::Start(0))?;
    text(file, source)
}

/// An OLE file: an old Excel workbook, or a new one with a password.
fn compound(mut file: Box<dyn Bytes>) -> Refused {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut start = Vec::new();
    // Its directory stands within the first megabytes, or at the end of a large file.
    let mut found = file.seek(SeekFrom::Start(0)).is_ok()
        && file.by_ref().take(4 << 20).read_to_end(&mut start).is_ok()
        && holds(&start, &name);
    if !found {
        start.clear();
        let length = file.seek(SeekFrom::End(0)).unwrap_or(0);
        found = file.seek(SeekFrom::Start(length.saturating_sub(4 << 20))).is_ok()
            && file.read_to_end(&mut start).is_ok()
            && holds(&start, &name);
    }
    if found { Refused::Encrypted } else { Refused::OldExcel }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn archive(file: Box<dyn Bytes>) -> Result<FileKind, Refused> {
    let mut zip = ZipArchive::new(file).map_err(|e| Refused::Damaged(e.to_string()))?;
    let has = |name: &str| zip.file_names().flatten().any(|n| n.eq_ignore_ascii_case(name));
    if has("xl/workbook.xml") {
        sheet::guard(&mut zip)?;
        return Ok(FileKind::Sheet { name: sheet::first_with_data(zip.into_inner())? });
    }
    Err(Refused::Other(if has("xl/workbook.bin") {
        "a binary Excel workbook (.xlsb)"
    } else if has("content.xml") && has("mimetype") {
        "an OpenDocument file"
    } else if has("word/document.xml") {
        "a Word document"
    } else if has("Index/Document.iwa") {
        "a Numbers document"
    } else {
        "an archive (ZIP)"
    }))
}

fn text(mut file: Box<dyn Bytes>, source: &Source) -> Result<FileKind, Refused> {
    let mut seen = Seen::default();
    let mut piece = vec![0; 256 << 10];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            break;
        }
        seen.look(piece.get(..read).unwrap_or_default());
    }
    let encoding = seen.encoding().ok_or(Refused::Binary)?;
    let mut text = Text::new(source.open()?, encoding);
    let mut start = String::new();
    let mut more = true;
    while more && start.len() < 256 << 10 {
        more = text.read(128 << 10, &mut start)?;
    }
    // Only blanks, so far as is looked.
    let trimmed = start.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
    if trimmed.is_empty() {
        return Err(Refused::Empty);
    }
    let low = trimmed.chars().take(64).collect::<String>().to_lowercase();
    if low.starts_with("begin:vcard") {
        return Ok(FileKind::Cards { encoding });
    }
    for (mark, what) in [
        ("<!doctype", "a web page"),
        ("<html", "a web page"),
        ("<table", "a web page"),
        ("<?xml", "XML"),
        ("{\"", "JSON"),
        ("[{", "JSON"),
        ("begin:vcalendar", "a calendar"),
    ] {
        if low.starts_with(mark) {
            return Err(Refused::Other(what));
        }
    }
    Ok(FileKind::Delimited { encoding, dialect: Dialect::of(&start, !more) })
}
