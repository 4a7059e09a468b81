//! Messy files of every kind.

use std::fmt::Write as _;

use std::io::Write;

use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;

fn table(bytes: impl Into<Vec<u8>>) -> Result<Table, Refused> {
    Table::open(Source::Bytes(bytes.into().into()))
}

fn lines(bytes: impl Into<Vec<u8>>) -> Vec<(u64, Vec<String>)> {
    let mut rows = Vec::new();
    let table = table(bytes).unwrap();
    table
        .rows::<Refused>(|row| {
            rows.push((row.line, row.cells.into_iter().map(|c| c.text).collect()));
            Ok(Go::On)
        })
        .unwrap();
    rows
}

fn rows(bytes: impl Into<Vec<u8>>) -> Vec<Vec<String>> {
    lines(bytes).into_iter().map(|(_, cells)| cells).collect()
}

fn refused(bytes: impl Into<Vec<u8>>) -> String {
    table(bytes).map_or_else(|e| e.to_string(), |t| format!("{:?}", t.kind))
}

/// A workbook with these parts beside what every one has.
fn workbook(parts: &[(&str, String)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook with these sheets, of which each is the inside of `sheetData`.
fn sheets(settings: &str, sheets: &[&str]) -> Vec<u8> {
    let ns = r#"xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships""#;
    let relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let (mut list, mut relations) = (String::new(), String::new());
    let mut parts = Vec::new();
    for (at, data) in sheets.iter().enumerate() {
        let _ = write!(list, r#"<sheet name="S{at}" sheetId="{}" r:id="rId{at}"/>"#, at + 1);
        let _ = write!(relations, r#"<Relationship Id="rId{at}" Type="{relation}/worksheet" Target="worksheets/sheet{at}.xml"/>"#);
        parts.push((format!("xl/worksheets/sheet{at}.xml"), format!("<worksheet {ns}><sheetData>{data}</sheetData></worksheet>")));
    }
    let _ = write!(relations, r#"<Relationship Id="rIdS" Type="{relation}/styles" Target="styles.xml"/>"#);
    let styles = format!(
        r#"<styleSheet {ns}><numFmts count="1"><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/></numFmts><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="164" applyNumberFormat="1"/></cellXfs></styleSheet>"#
    );
    parts.push(("xl/styles.xml".into(), styles));
    parts.push(("xl/workbook.xml".into(), format!("<workbook {ns}>{settings}<sheets>{list}</sheets></workbook>")));
    let package = r#"xmlns="http://schemas.openxmlformats.org/package/2006/relationships""#;
    parts.push(("xl/_rels/workbook.xml.rels".into(), format!("<Relationships {package}>{relations}</Relationships>")));
    let root = format!(
        r#"<Relationships {package}><Relationship Id="rId1" Type="{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
    );
    parts.push(("_rels/.rels".into(), root));
    let parts: Vec<(&str, String)> = parts.iter().map(|(name, content)| (name.as_str(), content.clone())).collect();
    workbook(&parts)
}

#[test]
fn encodings_are_found_by_themselves() {
    let text = "nombre;ciudad\nJosé Núñez;Logroño\n";
    let expected = [["nombre", "ciudad"], ["José Núñez", "Logroño"]];
    let wide = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    let mut forms = vec![text.as_bytes().to_vec(), [b"\xef\xbb\xbf", text.as_bytes()].concat()];
    forms.extend([wide(u16::to_le_bytes), wide(u16::to_be_bytes)]);
    forms.extend([[vec![0xff, 0xfe], wide(u16::to_le_bytes)].concat(), [vec![0xfe, 0xff], wide(u16::to_be_bytes)].concat()]);
    forms.push(encoding_rs::WINDOWS_1252.encode(text).0.into_owned());
    // One line of another program among UTF-8.
    forms.push([text.as_bytes(), b"Mar\xeda;M\xe9rida \xe9\n", "Ñandú;Ávila óóó\n".as_bytes()].concat());
    for form in forms {
        let read = rows(form.clone());
        assert_eq!(read[..2], expected, "{form:?}");
    }
    let mixed = rows([text.as_bytes(), b"Mar\xeda;x\n", "Ñandú;Ávila\n".as_bytes()].concat());
    assert_eq!(mixed[2..], [["María", "x"], ["Ñandú", "Ávila"]]);
}

#[test]
fn separators_and_line_ends_are_found_by_themselves() {
    for separator in [",", ";", "\t", "|"] {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["Clientes", "a#b#c", "1#2,5;x#3", "\"p#q\"#é#", ""]
                .join(end)
                .replace(if separator == "," || separator == ";" { "2,5;x" } else { "\0" }, "2");
            let read = rows(text.replace('#', separator));
            assert_eq!(read[1], ["a", "b", "c"], "{separator:?} {end:?}");
            assert_eq!(read[3][0], format!("p{separator}q"));
            assert_eq!(read.len(), 4);
        }
    }
    assert_eq!(lines("sep=|\r\na|b\r\n1|2\r\n")[0], (2, vec!["a".into(), "b".into()]));
    assert_eq!(rows("nombre;importe\nAna;1,5\nLuis;2,5\n")[2], ["Luis", "2,5"]);
    assert_eq!(rows("one column\nAna\n"), [["one column"], ["Ana"]]);
}

#[test]
fn quotes_are_read_as_they_are_meant() {
    let read = lines("a,b\n\"x\r\ny\",\"say \"\"hi\"\"\"\nnext,\"Juan \"El Rápido\" Pérez\"\n12\" pipe, \"p, q\"\n\"\",\"\"\n");
    let expected = [
        (1, ["a", "b"]),
        (2, ["x\r\ny", "say \"hi\""]),
        (4, ["next", "Juan \"El Rápido\" Pérez"]),
        (5, ["12\" pipe", "p, q"]),
        (6, ["", ""]),
    ];
    assert_eq!(read, expected.map(|(line, cells)| (line, cells.map(str::to_owned).to_vec())));
    assert_eq!(rows("\"a,b,c\"\n\"1,\"\"2,5\"\",3\"\n"), [["a", "b", "c"], ["1", "2,5", "3"]]);
    assert_eq!(rows("a,b\n\"say \\\"hi\\\", she said\",x\n")[1], ["say \"hi\", she said", "x"]);
}

#[test]
fn a_quote_that_is_never_closed_costs_nobody_else_their_row() {
    for rest in ["", "p@x.com,\"a, b\",z\n"] {
        let text = format!("a,b,c\n\"open,1,2\nnext,3,4\n{rest}");
        let mut read = Vec::new();
        table(text)
            .unwrap()
            .rows::<Refused>(|row| {
                read.push((row.line, row.cells.len(), row.bad_quote));
                Ok(Go::On)
            })
            .unwrap();
        assert_eq!(read[..3], [(1, 3, false), (2, 3, true), (3, 3, false)], "{rest}");
    }
}

#[test]
fn rows_are_ragged_and_cells_long() {
    let long = "x".repeat(1_000_000);
    let read = rows(format!("a,b,c\n1\n1,2,3,4\n\n\"{long}\",2,3\n"));
    assert_eq!(read.iter().map(Vec::len).collect::<Vec<_>>(), [3, 1, 4, 1, 3]);
    assert_eq!(read[4][0].len(), 1_000_000);
}

#[test]
fn what_is_no_table_is_told_clearly() {
    let cases: [(Vec<u8>, &str); 9] = [
        (vec![], "empty"),
        (b"\n \r\n\t\n".to_vec(), "empty"),
        ((0..=255).cycle().take(5_000).collect(), "no text"),
        (b"%PDF-1.7 \n".to_vec(), "a PDF"),
        (b"<!DOCTYPE html><table>".to_vec(), "a web page"),
        (b"[{\"a\": 1}]".to_vec(), "JSON"),
        ([b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), vec![0; 600]].concat(), ".xls"),
        (
            [
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(),
                vec![0; 600],
                "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect(),
            ]
            .concat(),
            "password",
        ),
        (workbook(&[("word/document.xml", String::new())]), "a Word document"),
    ];
    for (bytes, part) in cases {
        let said = refused(bytes);
        assert!(said.contains(part), "{said}");
    }
    assert!(refused(b"PK\x03\x04 and then nothing".to_vec()).contains("damaged"));
    assert!(refused(sheets("", &[""])).contains("empty"));
}

#[test]
fn a_workbook_that_would_fill_the_memory_is_refused() {
    let bomb = workbook(&[("xl/workbook.xml", "<workbook/>".into()), ("xl/worksheets/sheet1.xml", " ".repeat(40 << 20))]);
    assert!(bomb.len() < 1 << 20);
    assert!(refused(bomb).contains("inflates"));
    // A cell in the far corner makes no million rows of it.
    let far = sheets("", &[r#"<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>"#]);
    let read = lines(far);
    assert_eq!(read.last().map(|(line, cells)| (*line, cells.len())), Some((1_048_576, 16_384)));
    assert!(read.len() < 20_000);
}

#[test]
fn a_sheet_is_read_as_it_is_shown() {
    let text = |t: &str| format!(r#"<c t="inlineStr"><is><t>{t}</t></is></c>"#);
    let data = format!(
        r#"<row r="3"><c r="A3" t="str"><f>1+1</f><v>two</v></c><c r="B3"><v>34600111222</v></c><c r="C3" s="1"><v>45356</v></c><c r="D3" s="1"><v>45356.5</v></c><c r="E3"><v>0.30000000000000004</v></c><c r="F3" t="e"><v>#REF!</v></c><c r="G3" t="b"><v>1</v></c></row><row r="4">{}</row>"#,
        text("00123"),
    );
    let read = lines(sheets("", &["", &data]));
    let cells = ["two", "34600111222", "2024-03-05", "2024-03-05T12:00:00", "0.3", "#REF!", "TRUE"];
    assert_eq!(read.iter().find(|(line, _)| *line == 3), Some(&(3, cells.map(str::to_owned).to_vec())));
    assert_eq!(read.last().unwrap().1[0], "00123");
    let mac = sheets(r#"<workbookPr date1904="1"/>"#, &[r#"<row r="1"><c r="A1" s="1"><v>43894</v></c></row>"#]);
    assert_eq!(rows(mac), [["2024-03-05"]]);
}

#[test]
fn cards_of_all_versions_are_rows() {
    let text = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:N=FA=F1ez;Ana=\r\n Mar=EDa\r\nTEL;CELL:+34600\r\n 111222\r\nEND:VCARD\r\n\
        BEGIN:VCARD\nVERSION:3.0\nFN:Luis Gil\nitem1.EMAIL;TYPE=home:h@x.com\nEMAIL;TYPE=work,pref:w@x.com\nORG:ACME\\, Inc.;Sales\nNOTE:a\\nb\nEND:VCARD\n\
        begin:vcard\nversion:4.0\nFN:Eva\nTEL;VALUE=uri;PREF=2:tel:+2\nTEL;PREF=1:+1\nADR:;;Calle 1;Lima;;15001;Perú\nBDAY:19850412\n";
    let read = lines(text);
    assert_eq!(read.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [0, 1, 8, 16]);
    let get = |row: usize, name: &str| {
        let at = read[0].1.iter().position(|header| header == name).unwrap();
        read[row].1[at].clone()
    };
    assert_eq!(
        (get(1, "Last name"), get(1, "First name"), get(1, "Phone")),
        ("Núñez".into(), "Ana María".into(), "+34600111222".into())
    );
    assert_eq!((get(2, "Email"), get(2, "Email 2"), get(2, "Company")), ("w@x.com".into(), "h@x.com".into(), "ACME, Inc.".into()));
    assert_eq!((get(2, "Notes"), get(3, "Phone"), get(3, "Phone 2")), ("a\nb".into(), "+1".into(), "+2".into()));
    assert_eq!((get(3, "City"), get(3, "Country"), get(3, "Birthday")), ("Lima".into(), "Perú".into(), "19850412".into()));
}

#[test]
fn a_name_that_promises_something_else_is_noticed() {
    let csv = table("a,b\n1,2\n").unwrap();
    assert!(csv.is_misnamed("x.XLSX") && !csv.is_misnamed("x.csv") && !csv.is_misnamed("x.dat") && !csv.is_misnamed("x"));
}

#[test]
fn what_is_written_is_read_again() {
    use write::{Format, TableWriter, Value};
    for format in [Format::Csv, Format::Xlsx] {
        let mut writer = TableWriter::new(format).unwrap();
        writer.row(["name", "note", "n"].map(Value::Text)).unwrap();
        let mut bytes = writer.take().to_vec();
        writer.row([Value::Text("=1+1"), Value::Text("a \"b\", <c> & d\ne"), Value::Integer(-5)]).unwrap();
        writer.row([Value::Text("+34 600"), Value::Empty, Value::Integer(7)]).unwrap();
        bytes.extend(writer.finish().unwrap());
        let read = rows(bytes);
        // In CSV an apostrophe keeps a spreadsheet from running it; a workbook says itself that it is a text.
        let mark = if format == Format::Csv { "'" } else { "" };
        assert_eq!(read[1], [format!("{mark}=1+1"), "a \"b\", <c> & d\ne".into(), "-5".into()], "{format:?}");
        assert_eq!(read[2], ["+34 600", "", "7"]);
    }
}
