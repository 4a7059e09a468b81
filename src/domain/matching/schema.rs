//! What the columns of a table are: by their headers, in several languages, and else by what stands in them.

use super::{compare::Kind, normal, text};

/// A field that records are compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is called: a role such as `given_name`, or the header's words.
    pub name: String,
    /// What its values are.
    pub kind: Kind,
}

/// A column with its role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its place in the table.
    pub at: usize,
    /// The field.
    pub field: Field,
}

/// A table as it was read: every row as long as the headers.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The headers.
    pub headers: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

/// Roles: the name, the kind, and headers as they are written. A role stands once in a table; the first header wins.
const ROLES: [(&str, Kind, &str); 30] = [
    (
        "given_name",
        Kind::Given,
        "given_name givenname first_name firstname fname name_first forename nombre_de_pila nombres prenom vorname first primer_nombre",
    ),
    (
        "surname",
        Kind::Family,
        "surname last_name lastname lname name_last family_name apellido apellidos apellido_1 apellido1 primer_apellido nachname last nom_de_famille",
    ),
    ("second_surname", Kind::Family, "second_surname apellido_2 apellido2 segundo_apellido"),
    (
        "full_name",
        Kind::FullName,
        "full_name fullname nombre_completo nombre_y_apellidos contact_name contact contacto person persona customer_name cliente",
    ),
    (
        "company",
        Kind::Company,
        "company empresa organization organisation organizacion employer account_name account compania company_name razon_social firma firm unternehmen",
    ),
    ("email", Kind::Email, "email e_mail mail correo correo_electronico email_address e_mail_address email_1"),
    (
        "phone",
        Kind::Phone,
        "phone telephone tel telefono phone_number phonenumber telephone_number work_phone home_phone phone_1 telefono_1",
    ),
    ("mobile", Kind::Phone, "mobile movil celular cell mobile_phone telefono_movil mobile_number cell_phone"),
    (
        "date_of_birth",
        Kind::Date,
        "date_of_birth dob birthday birth_date birthdate fecha_nacimiento fecha_de_nacimiento nacimiento cumpleanos",
    ),
    ("street_number", Kind::House, "street_number house_number house_no housenumber numero_calle num_calle street_no"),
    (
        "address_1",
        Kind::Street,
        "address_1 address address1 addr addr1 addr_1 street direccion calle street_address domicilio street_name address_line_1 strasse",
    ),
    ("address_2", Kind::Street, "address_2 address2 addr2 addr_2 address_line_2"),
    ("city", Kind::City, "suburb city town ciudad localidad municipio poblacion place_name ville ort stadt"),
    ("postcode", Kind::Postcode, "postcode post_code zip zipcode zip_code postal_code cp codigo_postal plz"),
    ("state", Kind::Region, "state province region provincia estado county"),
    ("country", Kind::Region, "country pais land"),
    (
        "code",
        Kind::Code,
        "soc_sec_id ssn social_security_number nif dni nie tax_id cif vat vat_number passport curp rfc national_id nhs_number",
    ),
    ("product_code", Kind::Code, "isbn ean upc gtin sku mpn asin modelno model_number model_no part_number"),
    ("website", Kind::Code, "website web url domain dominio sitio_web homepage"),
    ("title", Kind::Title, "title titulo product product_name item item_name producto name nombre nom label paper_title article"),
    ("description", Kind::Text, "description descripcion desc details detalle abstract summary text beschreibung"),
    ("manufacturer", Kind::Category, "manufacturer brand maker marca fabricante vendor hersteller brand_name"),
    ("venue", Kind::Category, "venue journal conference booktitle publisher editorial revista"),
    ("type", Kind::Category, "type tipo category categoria cuisine genre sector industry"),
    ("class", Kind::Category, "class clase"),
    ("price", Kind::Number, "price precio cost amount importe preis list_price"),
    ("year", Kind::Year, "year ano anio jahr publication_year pub_year birth_year yob"),
    ("authors", Kind::People, "authors author autores autor writers artists artist"),
    ("sex", Kind::Category, "sex gender sexo genero"),
    ("age", Kind::Number, "age edad"),
];

/// Headers of what tells rows apart and says nothing about them.
const IDS: [&str; 9] = ["id", "rec_id", "record_id", "recid", "_id", "row_id", "uid", "contact_id", "unique_id"];

/// A header as it is looked up.
fn header(text: &str) -> String {
    // "firstName" is two words.
    let mut parted = String::new();
    let mut was_lower = false;
    for c in text.trim().trim_start_matches('\u{feff}').chars() {
        if c.is_uppercase() && was_lower {
            parted.push(' ');
        }
        was_lower = c.is_lowercase();
        parted.push(c);
    }
    let words = text::words(&parted).join("_");
    if text.trim().starts_with('_') { format!("_{words}") } else { words }
}

/// The column that names the rows: one that is called so, else the first whose values all differ.
pub fn id_column(table: &Table) -> Option<usize> {
    let headers: Vec<_> = table.headers.iter().map(|h| header(h)).collect();
    IDS.iter().find_map(|id| headers.iter().position(|h| h == id)).or_else(|| {
        (0..headers.len()).find(|at| {
            let mut values: Vec<_> = column(table, *at).collect();
            let rows = values.len();
            values.sort_unstable();
            values.dedup();
            values.len() == rows && rows == table.rows.len()
        })
    })
}

/// The values of a column that are not empty.
fn column(table: &Table, at: usize) -> impl Iterator<Item = &str> {
    table.rows.iter().filter_map(move |row| row.get(at)).map(|value| value.trim()).filter(|value| !value.is_empty())
}

/// The columns that rows are compared by, but for the one that names them.
pub fn columns(table: &Table, id: Option<usize>) -> Vec<Column> {
    let mut found: Vec<Column> = Vec::new();
    let headers: Vec<_> = table.headers.iter().map(|h| header(h)).collect();
    let has = |role: &str| {
        ROLES.iter().any(|(name, _, written)| *name == role && headers.iter().any(|h| written.split(' ').any(|w| w == h)))
    };
    let of_people = has("surname") || has("given_name") || has("full_name");
    for (at, name) in headers.iter().enumerate().filter(|(at, _)| Some(*at) != id) {
        let role = match name.as_str() {
            // Beside a surname a name is a given name; beside people's names a title is what they do.
            "name" | "nombre" if has("surname") && !has("given_name") => Some(("given_name", Kind::Given)),
            "name" | "nombre" | "nom" if (has("email") || has("date_of_birth")) && !of_people => {
                Some(("full_name", Kind::FullName))
            }
            "title" | "titulo" | "label" if of_people || has("email") || headers.iter().any(|h| h == "name") && has("email") => {
                Some(("job", Kind::Category))
            }
            name => {
                ROLES.iter().find(|(_, _, written)| written.split(' ').any(|w| w == name)).map(|(role, kind, _)| (*role, *kind))
            }
        };
        let field = match role {
            Some((role, kind)) if found.iter().all(|c| c.field.name != role) => Some(Field { name: role.to_owned(), kind }),
            Some((_, kind)) => Some(Field { name: name.clone(), kind }),
            None => by_content(table, at).map(|kind| Field { name: name.clone(), kind }),
        };
        if let Some(field) = field
            && column(table, at).next().is_some()
        {
            found.push(Column { at, field });
        }
    }
    found
}

/// What a column's values are, as far as they show it; nothing for a row's number.
fn by_content(table: &Table, at: usize) -> Option<Kind> {
    const LOOKED_AT: usize = 2_000;
    let values: Vec<&str> = column(table, at).take(LOOKED_AT).collect();
    let count = values.len();
    if count == 0 {
        return None;
    }
    let share = |is: &dyn Fn(&str) -> bool| values.iter().filter(|v| is(v)).count() as f64 / count as f64;
    let mut distinct: Vec<_> = values.iter().map(|v| text::fold(v)).collect();
    distinct.sort();
    distinct.dedup();
    let words = values.iter().map(|v| v.split_whitespace().count()).sum::<usize>() as f64 / count as f64;
    if share(&|v| v.contains('@') && normal::email(v).is_some()) > 0.8 {
        return Some(Kind::Email);
    }
    let dated = |v: &str| {
        v.len() >= 8
            && v.contains(['-', '/', '.'])
            && normal::date(v).is_some_and(|d| d.len() == 8 && (d.starts_with("19") || d.starts_with("20")))
    };
    if share(&dated) > 0.8 {
        return Some(Kind::Date);
    }
    let is_whole = |v: &str| v.len() < 10 && v.parse::<i64>().is_ok();
    if share(&|v| v.strip_suffix(".0").unwrap_or(v).parse::<i32>().is_ok_and(|year| (1800..2100).contains(&year))) > 0.9 {
        return Some(Kind::Year);
    }
    let is_numbered = values.iter().enumerate().all(|(row, v)| v.parse::<usize>().is_ok_and(|n| n == row || n == row + 1));
    if is_numbered && count > 3 {
        return None;
    }
    if share(&|v| normal::phone(v).is_some_and(|p| p.len() >= 8) && v.contains(['+', '(', '-', ' ', '/'])) > 0.8 {
        return Some(Kind::Phone);
    }
    if share(&|v| normal::number(v).is_some()) > 0.9 {
        let long = share(&|v| is_whole(v) && v.len() >= 5);
        return Some(if long > 0.8 && distinct.len() * 2 > count { Kind::Code } else { Kind::Number });
    }
    if words > 12.0 {
        return Some(Kind::Text);
    }
    if distinct.len() <= 30.max(count / 50) {
        return Some(Kind::Category);
    }
    let coded = |v: &str| !v.contains(' ') && v.contains(|c: char| c.is_ascii_digit());
    Some(if share(&coded) > 0.8 { Kind::Code } else { Kind::Title })
}

/// The fields that two tables share, with the column of each in the one and in the other: by role, then by kind where each table has
/// one of that kind left.
pub fn shared(a: &[Column], b: &[Column]) -> Vec<(Field, usize, usize)> {
    let mut found: Vec<(Field, usize, usize)> = Vec::new();
    for column in a {
        if let Some(other) = b.iter().find(|other| other.field.name == column.field.name) {
            // A role by its header has one kind; what was seen in values may differ from table to table.
            let kind = if column.field.kind == other.field.kind { column.field.kind } else { Kind::Title };
            found.push((Field { name: column.field.name.clone(), kind }, column.at, other.at));
        }
    }
    let left =
        |columns: &[Column], used: &[usize]| -> Vec<Column> { columns.iter().filter(|c| !used.contains(&c.at)).cloned().collect() };
    let (left_a, left_b) =
        (left(a, &found.iter().map(|f| f.1).collect::<Vec<_>>()), left(b, &found.iter().map(|f| f.2).collect::<Vec<_>>()));
    for column in &left_a {
        let of_kind = |columns: &[Column]| columns.iter().filter(|c| c.field.kind == column.field.kind).count() == 1;
        if of_kind(&left_a)
            && of_kind(&left_b)
            && let Some(other) = left_b.iter().find(|c| c.field.kind == column.field.kind)
        {
            found.push((column.field.clone(), column.at, other.at));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(headers: &[&str], rows: &[&[&str]]) -> Table {
        Table {
            headers: headers.iter().map(|h| (*h).to_owned()).collect(),
            rows: rows.iter().map(|r| r.iter().map(|v| (*v).to_owned()).collect()).collect(),
        }
    }

    fn kinds(headers: &[&str], rows: &[&[&str]]) -> Vec<Kind> {
        let table = table(headers, rows);
        columns(&table, id_column(&table)).into_iter().map(|c| c.field.kind).collect()
    }

    #[test]
    fn headers_say_what_columns_are_in_several_languages() {
        assert_eq!(
            kinds(&["rec_id", " given_name", " surname", " date_of_birth", " soc_sec_id"], &[&["r1", "a", "b", "19800101", "1"]]),
            [Kind::Given, Kind::Family, Kind::Date, Kind::Code]
        );
        assert_eq!(
            kinds(
                &["id", "Nombre", "Apellidos", "Correo electrónico", "Teléfono", "título"],
                &[&["1", "a", "b", "c@d.es", "6", "x"]]
            ),
            [Kind::Given, Kind::Family, Kind::Email, Kind::Phone, Kind::Category]
        );
        assert_eq!(kinds(&["id", "firstName", "LastName"], &[&["1", "a", "b"]]), [Kind::Given, Kind::Family]);
        assert_eq!(kinds(&["id", "name", "addr", "city"], &[&["1", "a", "b", "c"]]), [Kind::Title, Kind::Street, Kind::City]);
        assert_eq!(
            kinds(&["id", "title", "authors", "venue", "year"], &[&["1", "a", "b", "c", "1999"]]),
            [Kind::Title, Kind::People, Kind::Category, Kind::Year]
        );
    }

    #[test]
    fn without_a_known_header_the_values_say_it() {
        let rows: Vec<Vec<String>> = (0..50)
            .map(|i| {
                vec![
                    format!("k{i}"),
                    format!("p{i}@x.es"),
                    format!("20{:02}-01-02", i % 30),
                    format!("{}.5", i * 7),
                    format!("some words {i}"),
                    "red".into(),
                    i.to_string(),
                ]
            })
            .collect();
        let rows: Vec<Vec<&str>> = rows.iter().map(|r| r.iter().map(String::as_str).collect()).collect();
        let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
        assert_eq!(
            kinds(&["key", "c1", "c2", "c3", "c4", "c5", "c6"], &rows),
            [Kind::Email, Kind::Date, Kind::Number, Kind::Title, Kind::Category],
            "the key names the rows, and their number says nothing"
        );
    }

    #[test]
    fn tables_with_other_headers_share_fields() {
        let a = table(&["id", "title", "manufacturer", "price"], &[&["1", "a", "b", "3"]]);
        let b = table(&["id", "name", "description", "price"], &[&["1", "a", "b", "3"]]);
        let fields = shared(&columns(&a, Some(0)), &columns(&b, Some(0)));
        assert_eq!(fields.iter().map(|f| (f.0.kind, f.1, f.2)).collect::<Vec<_>>(), [(Kind::Title, 1, 1), (Kind::Number, 3, 3)]);
    }
}
