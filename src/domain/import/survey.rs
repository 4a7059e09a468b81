//! A first look at a whole file: where its headers stand, how wide it is, and what its columns hold.

use std::collections::{HashMap, HashSet};

use super::{
    column::{Cell, Column},
    dates,
    mapping::{Mapping, headers_among},
    targets::Kind,
    words::{fold, line, tokens},
};
use crate::domain::format::Lang;

/// How many rows are looked at for headers.
const LEAD: usize = 40;

/// A file's rows as they are looked at, one by one.
#[derive(Debug)]
pub struct Surveyor {
    kind: Kind,
    lead: Vec<(u64, Vec<Cell>)>,
    survey: Survey,
    decided: bool,
}

/// What a file is like.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// The line on which the headers stand; none if there are none.
    pub header_line: Option<u64>,
    /// The headers, one for each column; empty where there is none.
    pub headers: Vec<String>,
    /// What the columns hold.
    pub columns: Vec<Column>,
    /// Rows below the headers that hold something.
    pub rows: u64,
    /// The language of the headers.
    pub lang: Option<Lang>,
}

impl Surveyor {
    /// Begins to look at a file of this kind.
    pub fn new(kind: Kind) -> Self {
        Self { kind, lead: Vec::new(), survey: Survey::default(), decided: false }
    }

    /// Looks at one more row, which begins on this line.
    pub fn look(&mut self, line: u64, cells: Vec<Cell>) {
        if cells.iter().all(|c| c.text.trim().is_empty()) {
            return;
        }
        if self.decided {
            self.survey.count(&cells);
            return;
        }
        self.lead.push((line, cells));
        if self.lead.len() == LEAD {
            self.decide();
        }
    }

    /// What the file is like.
    pub fn finish(mut self) -> Survey {
        if !self.decided {
            self.decide();
        }
        let width = self.survey.columns.len().max(self.survey.headers.len());
        self.survey.columns.resize_with(width, Column::default);
        self.survey.headers.resize_with(width, String::new);
        self.survey
    }

    fn decide(&mut self) {
        self.decided = true;
        let lead = std::mem::take(&mut self.lead);
        let header = find_header(self.kind, &lead);
        for (at, (number, cells)) in lead.into_iter().enumerate() {
            match header {
                Some(h) if at < h => {}
                Some(h) if at == h => {
                    self.survey.header_line = Some(number);
                    self.survey.headers = cells.iter().map(|c| line(&c.text)).collect();
                    while self.survey.headers.last().is_some_and(String::is_empty) {
                        self.survey.headers.pop();
                    }
                    self.survey.lang = language(&self.survey.headers);
                }
                _ => self.survey.count(&cells),
            }
        }
    }
}

impl Survey {
    fn count(&mut self, cells: &[Cell]) {
        self.rows += 1;
        let width = cells.iter().rposition(|c| !c.text.trim().is_empty()).map_or(0, |at| at + 1);
        if self.columns.len() < width {
            self.columns.resize_with(width, Column::default);
        }
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.look(cell);
        }
    }

    /// The mapping that headers and contents suggest.
    pub fn guess(&self, kind: Kind) -> Mapping {
        Mapping::guess(kind, &self.headers, &self.columns)
    }

    /// The names of the columns: of each its header, with a number where it comes again; empty where there is none.
    pub fn names(&self) -> Vec<String> {
        let mut times: HashMap<&str, usize> = HashMap::new();
        let headers = self.headers.iter().map(String::as_str).chain(std::iter::repeat("")).take(self.columns.len());
        headers
            .map(|header| {
                let time = times.entry(header).or_default();
                *time += 1;
                if *time == 1 || header.is_empty() { header.to_owned() } else { format!("{header} ({time})") }
            })
            .collect()
    }

    /// The names of the columns, and the numbers of those without one: `Column 3`.
    pub fn titles(&self) -> Vec<String> {
        self.names().into_iter().enumerate().map(|(at, name)| title(name, at, Lang::En)).collect()
    }

    /// The order of day and month in each column, where it can be read both ways: by the column, else by the other columns of the file,
    /// else by the language.
    pub fn orders(&self, lang: Lang) -> Vec<Option<dates::Order>> {
        let all = self.columns.iter().fold(dates::Evidence::default(), |all, c| all.with(c.dates));
        let usual = if lang == Lang::Es { dates::Order::DayFirst } else { dates::Order::MonthFirst };
        let usual = all.order(usual).unwrap_or(usual);
        self.columns.iter().map(|c| c.dates.order(usual)).collect()
    }
}

/// The name of a column, or its number where it has none.
pub fn title(name: String, at: usize, lang: Lang) -> String {
    if name.is_empty() { format!("{} {}", lang.pick("Columna", "Column"), at + 1) } else { name }
}

/// Which of the first rows has the headers.
fn find_header(kind: Kind, lead: &[(u64, Vec<Cell>)]) -> Option<usize> {
    let filled = |cells: &[Cell]| cells.iter().filter(|c| !c.text.trim().is_empty()).count();
    let mut widths: Vec<usize> = lead.iter().map(|(_, cells)| filled(cells)).collect();
    widths.sort_unstable();
    let usual = widths.get(widths.len() / 2).copied().unwrap_or(0);
    let known = lead.iter().enumerate().map(|(at, (_, cells))| {
        let data = cells.iter().filter(|c| is_data(&c.text)).count();
        let found = headers_among(kind, cells.iter().map(|c| c.text.as_str()));
        (at, if data * 2 > filled(cells) || data > 0 && found < 2 { 0 } else { found })
    });
    let (at, most) = known.max_by_key(|(at, found)| (*found, std::cmp::Reverse(*at)))?;
    let (_, cells) = lead.get(at)?;
    if most >= 2 || most == 1 && filled(cells) <= usual.max(2) && (usual <= 2 || filled(cells) > 1) {
        return Some(at);
    }
    // No word is known: a row of different texts above rows that hold figures or addresses in the same places.
    let (at, (_, cells)) = lead.iter().enumerate().find(|(_, (_, cells))| filled(cells) * 10 >= usual * 8 && filled(cells) > 0)?;
    let mut texts = HashSet::new();
    let different = cells.iter().map(|c| fold(c.text.trim())).filter(|t| !t.is_empty()).all(|t| texts.insert(t));
    let below = lead.get(at + 1..)?;
    let data_below = (0..cells.len()).any(|i| {
        let column: Vec<&str> =
            below.iter().filter_map(|(_, c)| c.get(i)).map(|c| c.text.trim()).filter(|t| !t.is_empty()).collect();
        !column.is_empty() && column.iter().filter(|t| is_data(t)).count() * 10 >= column.len() * 7
    });
    (different && data_below && !cells.iter().any(|c| is_data(&c.text))).then_some(at)
}

/// Whether a text is rather a value than a header.
fn is_data(text: &str) -> bool {
    let text = text.trim();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    text.contains('@') || digits * 2 > text.chars().count() || text.chars().count() > 80
}

/// The language that headers are in, by the words that only one has.
fn language(headers: &[String]) -> Option<Lang> {
    const ES: [&str; 34] = [
        "nombre",
        "nombres",
        "apellido",
        "apellidos",
        "correo",
        "telefono",
        "movil",
        "celular",
        "empresa",
        "ciudad",
        "pais",
        "fecha",
        "notas",
        "cargo",
        "puesto",
        "valor",
        "importe",
        "monto",
        "moneda",
        "etapa",
        "cierre",
        "titulo",
        "negocio",
        "tipo",
        "asunto",
        "tarea",
        "estado",
        "propietario",
        "responsable",
        "nacimiento",
        "direccion",
        "observaciones",
        "comentarios",
        "cliente",
    ];
    const EN: [&str; 27] = [
        "name", "first", "last", "phone", "mobile", "company", "city", "country", "date", "notes", "title", "value", "amount",
        "currency", "stage", "close", "deal", "type", "subject", "task", "status", "owner", "birthday", "address", "comments",
        "customer", "account",
    ];
    let words: Vec<String> = headers.iter().flat_map(|h| tokens(h)).collect();
    let count = |list: &[&str]| words.iter().filter(|w| list.contains(&w.as_str())).count();
    match (count(&ES), count(&EN)) {
        (es, en) if es > en => Some(Lang::Es),
        (es, en) if en > es => Some(Lang::En),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(rows: &[&str]) -> Survey {
        let mut surveyor = Surveyor::new(Kind::Contacts);
        for (at, row) in rows.iter().enumerate() {
            surveyor.look(at as u64 + 1, row.split(',').map(Cell::from).collect());
        }
        surveyor.finish()
    }

    #[test]
    fn headers_are_found_below_titles() {
        let s = survey(&["Contactos 2026,,", ",,", "Exportado el 01/02/2026,,", "Nombre,Correo,Ciudad", "Ana,ana@x.com,Lima"]);
        assert_eq!((s.header_line, s.rows, s.lang), (Some(4), 1, Some(Lang::Es)));
        assert_eq!(s.headers, ["Nombre", "Correo", "Ciudad"]);
    }

    #[test]
    fn a_file_without_headers_is_known_by_what_it_holds() {
        let s = survey(&["Ana Ruiz,ana@x.com,+34 600 111 222", "Luis Gil,luis@x.com,+34 600 111 333"]);
        assert_eq!((s.header_line, s.rows), (None, 2));
        assert_eq!(s.guess(Kind::Contacts).names(), ["full_name", "email", "phone"]);
        assert_eq!(s.titles(), ["Column 1", "Column 2", "Column 3"]);
    }

    #[test]
    fn headers_that_come_again_are_told_apart() {
        let s = survey(&["Nombre,Correo,,Correo,Correo", "Ana,ana@x.com,1,,"]);
        assert_eq!(s.titles(), ["Nombre", "Correo", "Column 3", "Correo (2)", "Correo (3)"]);
        assert_eq!(title(String::new(), 2, Lang::Es), "Columna 3");
    }

    #[test]
    fn many_columns_take_no_longer_each() {
        let headers = (0..200_000).map(|n| format!("h{}", n % 70_000)).collect();
        let survey = Survey { headers, columns: vec![Column::default(); 200_000], ..Survey::default() };
        assert_eq!(survey.titles().last().map(String::as_str), Some("h59999 (3)"));
    }

    #[test]
    fn headers_of_other_languages_are_told_by_what_is_below() {
        let s = survey(&["Vorname,Erreichbar", "Ana,ana@x.com", "Luis,luis@x.com"]);
        assert_eq!(s.header_line, Some(1));
        assert_eq!(s.guess(Kind::Contacts).names(), ["", "email"]);
    }
}
