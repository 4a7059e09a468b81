use super::*;
use crate::domain::import::Surveyor;

/// The records of some rows, and what is wrong: row, column, fault.
type Read = (Vec<Map<String, Value>>, Vec<(u64, String, Fault)>);

fn read(kind: Kind, rows: &[&str]) -> Read {
    let rows: Vec<(u64, Vec<Cell>)> =
        rows.iter().zip(1..).map(|(row, at)| (at, row.split(';').map(Cell::from).collect())).collect();
    let mut surveyor = Surveyor::new(kind);
    for (at, cells) in &rows {
        surveyor.look(*at, cells.clone());
    }
    let survey = surveyor.finish();
    let mapping = survey.guess(kind);
    let given = Given {
        order: None,
        point: None,
        lang: survey.lang.unwrap_or(Lang::Es),
        today: NaiveDate::from_ymd_opt(2026, 11, 21),
        currency: None,
        strict_width: true,
    };
    let reader = RowReader::new(kind, &mapping, &survey, given);
    let (mut records, mut problems) = (Vec::new(), Vec::new());
    for (at, cells) in rows {
        let read = reader.read(at, &cells);
        records.extend(read.record);
        problems.extend(read.problems.into_iter().map(|p| (p.row, p.column, p.fault)));
    }
    (records, problems)
}

fn one(kind: Kind, headers: &str, row: &str) -> Map<String, Value> {
    read(kind, &[headers, row]).0.pop().unwrap()
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_stays() {
    let (records, problems) = read(
        Kind::Contacts,
        &["Nombre;Correo;Teléfono;Nacimiento;Notas", "Ana Ruiz;no;3,4E+10;31/02/1990;N/A", ";;;;", "-;-;-;-;-", "Total;;;;1"],
    );
    assert_eq!(records.len(), 1);
    assert_eq!(
        (&records[0]["first_name"], &records[0]["email"], &records[0]["notes"]),
        (&json!("Ana"), &Value::Null, &Value::Null)
    );
    let faults: Vec<_> = problems.iter().map(|(row, column, fault)| (*row, column.as_str(), *fault)).collect();
    let expected = [
        (2, "Correo", Fault::Email),
        (2, "Teléfono", Fault::Cut),
        (2, "Nacimiento", Fault::Date(dates::NoDate::NoSuchDay)),
        (4, "", Fault::Nobody),
        (5, "", Fault::Total),
    ];
    assert_eq!(faults, expected);
}

#[test]
fn columns_aside_and_columns_together_keep_their_values() {
    let record = one(
        Kind::Contacts,
        "Nombre;Apellido paterno;Apellido materno;Email;Email;Ciudad;Business City;Notas;Notas;Talla",
        "Ana;Ruiz;Soto;a@x.com;B@x.com;;Lima;uno;dos;XL",
    );
    assert_eq!((&record["first_name"], &record["last_name"]), (&json!("Ana"), &json!("Ruiz Soto")));
    assert_eq!((&record["email"], &record["other_emails"]), (&json!("a@x.com"), &json!(["b@x.com"])));
    assert_eq!(
        (&record["city"], &record["notes"], &record["extra"]),
        (&json!("Lima"), &json!("uno\ndos"), &json!({"Talla": "XL"}))
    );
}

#[test]
fn a_full_name_fills_what_the_parts_leave_open() {
    let name = |headers, row| {
        let record = one(Kind::Contacts, headers, row);
        (record["first_name"].as_str().unwrap_or("").to_owned(), record["last_name"].as_str().unwrap_or("").to_owned())
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(name("Nombre;Apellidos;Correo", "Juan Carlos;Pérez;a@x.com"), pair("Juan Carlos", "Pérez"));
    assert_eq!(name("Name;Surname;Email", "Ana Ruiz;Ruiz;a@x.com"), pair("Ana", "Ruiz"));
    assert_eq!(name("Name;First Name;Last Name;Email", "A. Ruiz;Ana;Ruiz;a@x.com"), pair("Ana", "Ruiz"));
    assert_eq!(name("Apellidos y nombre;Correo", "García López, Ana;a@x.com"), pair("Ana", "García López"));
}

#[test]
fn deals_have_exact_values_and_their_currency() {
    let deal = |headers, row| {
        let record = one(Kind::Deals, headers, row);
        format!("{} {} {}", record["value"], record["currency"], record["close_date"])
    };
    assert_eq!(deal("Negocio;Importe;Cierre", "X;1.234,56 €;05/03/2024"), r#"1234.56 "EUR" "2024-03-05""#);
    assert_eq!(deal("Deal;Amount;Close date", "X;$3,997;03/05/2024"), r#"3997 "USD" "2024-03-05""#);
    assert_eq!(deal("Deal;Amount;Currency;Close date", "X;$3,997;mxn;2024-03-05T23:59:00-12:00"), r#"3997 "MXN" "2024-03-05""#);
    assert_eq!(deal("Negocio;Monto (COP);Cierre", "X;$ 1.500.000;45356"), r#"1500000 "COP" "2024-03-05""#);
    assert_eq!(deal("Deal;Amount;Close date", "X;12k;"), "12000 null null");
}

#[test]
fn a_row_that_a_separator_cut_is_put_together() {
    let (records, problems) = read(Kind::Contacts, &["Name;Email;Company;City", "Ana Ruiz;a@x.com;ACME; S.L.;Lima"]);
    assert_eq!((&records[0]["company"], &records[0]["city"]), (&json!("ACME, S.L."), &json!("Lima")));
    assert_eq!(problems, [(2, String::new(), Fault::Wide)]);
}

#[test]
fn a_field_that_is_too_long_is_told_of() {
    let row = format!("Ana Ruiz;a@x.com;{}", "x".repeat(1_000_000));
    let (records, problems) = read(Kind::Contacts, &["Name;Email;Notes", &row]);
    assert_eq!((&records[0]["email"], &records[0]["notes"]), (&json!("a@x.com"), &Value::Null));
    assert_eq!(problems, [(2, "Notes".to_owned(), Fault::TooLong)]);
}
