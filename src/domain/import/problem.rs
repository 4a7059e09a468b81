//! What is wrong with a row of a file.

use serde::{Deserialize, Serialize};

use super::dates::NoDate;
use crate::domain::format::Lang;

/// What is wrong with a row, or with one of its cells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The line on which the row begins, as a person counts them: the file's first is 1.
    pub row: u64,
    /// The column's header, or `Column 3`; empty for the whole row.
    pub column: String,
    /// The rule that is broken.
    pub fault: Fault,
    /// What stood there, shortened.
    pub value: String,
}

/// A rule that a row breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Not an e-mail address.
    Email,
    /// Not a phone number.
    Phone,
    /// A long number that a spreadsheet has cut: `3,46E+10`.
    Cut,
    /// Not a day.
    Date(NoDate),
    /// Not an amount of money.
    Money,
    /// Not a currency.
    Currency,
    /// The amount names one currency, its column another.
    TwoCurrencies,
    /// Not a whole number.
    Count,
    /// More than a field may hold.
    TooLong,
    /// A spreadsheet's error.
    Broken,
    /// More cells than headers.
    Wide,
    /// Fewer cells than headers.
    Narrow,
    /// The headers once more.
    HeadersAgain,
    /// A line of totals.
    Total,
    /// Neither name nor e-mail nor phone.
    Nobody,
    /// A company without a name.
    NoName,
    /// No title.
    NoTitle,
    /// No day or time.
    NoTime,
    /// A quote that is never closed.
    Quote,
    /// A word that is none of those that the field may have.
    Word,
    /// Nobody of this name may own a record.
    Owner,
    /// Several records are meant by the same key.
    Several,
    /// Taken by another record.
    Taken,
    /// What the row is matched by cannot be read.
    Key,
    /// Not an address of the web.
    Link,
    /// Not a domain.
    Domain,
    /// A birthday of nobody who lives.
    LongAgo,
    /// More than a record may have.
    TooMany,
    /// A card that is never ended.
    Unended,
    /// The database takes it not.
    Database,
}

impl Problem {
    /// What is wrong, in words, with what stood there.
    pub fn message(&self, lang: Lang) -> String {
        let value = &self.value;
        let (read, wide) = value.split_once('/').unwrap_or((value, ""));
        let es = lang == Lang::Es;
        let cell = |es_text: &str, en_text: &str| {
            if es { format!("«{value}» {es_text}") } else { format!("\"{value}\" {en_text}") }
        };
        match self.fault {
            Fault::Email => cell("no es una dirección de correo", "is not an e-mail address"),
            Fault::Phone => cell("no es un número de teléfono", "is not a phone number"),
            Fault::Cut => cell("es un número que una hoja de cálculo ha recortado", "is a number that a spreadsheet has cut short"),
            Fault::Date(why) => cell(
                match why {
                    NoDate::Unreadable => "no es una fecha",
                    NoDate::NoSuchDay => "no es un día del calendario",
                    NoDate::Ambiguous => "puede ser día/mes o mes/día: la columna tiene ambos",
                    NoDate::Incomplete => "no es una fecha completa: faltan el día, el mes o el año",
                },
                why.why(),
            ),
            Fault::Money => cell("no es un importe", "is not an amount of money"),
            Fault::Currency => cell("no es una moneda", "is not a currency"),
            Fault::TwoCurrencies => cell(
                "son dos monedas para un importe; vale la de la columna",
                "are two currencies for one amount; the column's holds",
            ),
            Fault::Count => cell("no es un número entero", "is not a whole number"),
            Fault::TooLong => cell("es demasiado largo para un campo; se deja fuera", "is too long for a field; it is left out"),
            Fault::Broken => cell("es un error de la hoja de cálculo", "is a spreadsheet's error"),
            Fault::Wide if es => format!("la fila tiene {read} celdas y los encabezados son {wide}"),
            Fault::Wide => format!("the row has {read} cells where there are {wide} headers"),
            Fault::Narrow if es => format!("la fila solo tiene {read} celdas y los encabezados son {wide}"),
            Fault::Narrow => format!("the row has only {read} cells where there are {wide} headers"),
            Fault::HeadersAgain => {
                lang.pick("los encabezados otra vez; no es un registro", "the headers once more; not a record").into()
            }
            Fault::Total => {
                lang.pick("parece una línea de totales; no es un registro", "looks like a line of totals; not a record").into()
            }
            Fault::Nobody => lang.pick("no tiene nombre, correo ni teléfono", "has no name, no e-mail and no phone").into(),
            Fault::NoName => lang.pick("no tiene nombre", "has no name").into(),
            Fault::NoTitle => lang.pick("no tiene título", "has no title").into(),
            Fault::NoTime => lang.pick("no tiene fecha", "has no date").into(),
            Fault::Quote => lang.pick("unas comillas que no se cierran", "a quote that is never closed").into(),
            Fault::Word => cell("no es una palabra que el campo conozca", "is no word that the field knows"),
            Fault::Owner => cell("no es nadie que pueda ser responsable", "is nobody who could own it"),
            Fault::Several => cell("corresponde a varios registros", "fits several records"),
            Fault::Taken => cell("ya es de otro registro", "belongs to another record already"),
            Fault::Key => lang
                .pick(
                    "no se puede leer, y por este campo se busca el registro: la fila no se importa",
                    "cannot be read, and the record is looked for by it: the row is not imported",
                )
                .into(),
            Fault::Link => cell("no es una dirección web", "is not an address of the web"),
            Fault::Domain => cell("no es un dominio", "is not a domain"),
            Fault::LongAgo => cell("queda demasiado lejos en el pasado", "is too long ago"),
            Fault::TooMany => {
                cell("y los que siguen son demasiados; se dejan fuera", "and those after it are too many; they are left out")
            }
            Fault::Unended => lang
                .pick(
                    "la tarjeta no termina (falta END:VCARD): puede faltarle algo",
                    "the card does not end (no END:VCARD): some of it may be missing",
                )
                .into(),
            Fault::Database => lang.pick("la base de datos no lo acepta", "the database does not take it").into(),
        }
    }

    /// Whether the row is no record at all, or none that could be kept.
    pub const fn is_fatal(&self) -> bool {
        matches!(
            self.fault,
            Fault::Nobody
                | Fault::NoName
                | Fault::NoTitle
                | Fault::NoTime
                | Fault::HeadersAgain
                | Fault::Total
                | Fault::Several
                | Fault::Taken
                | Fault::Key
                | Fault::Database
        )
    }
}
