//! A file read as records: the same for a dry run on the command line, the preview and the import itself.

use crate::{
    domain::{
        format::Lang,
        import::{Fault, Given, Kind, Mapping, Problem, Read, RowReader, Survey, Surveyor, dates},
    },
    platform::tables::{Go, MAX_COLUMNS, Refused, Table},
};

/// What is said about a file besides the file itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said {
    /// The language, where somebody says so; else that of the headers, else Spanish.
    pub lang: Option<Lang>,
    /// Today.
    pub today: Option<chrono::NaiveDate>,
    /// The currency of amounts that name none.
    pub currency: Option<&'static str>,
    /// The order of day and month, where somebody says so.
    pub order: Option<dates::Order>,
    /// What stands before decimals, where somebody says so.
    pub point: Option<char>,
}

/// A file, looked at once, with what its columns are.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What its rows are.
    pub kind: Kind,
    /// The file.
    pub table: Table,
    /// What it is like.
    pub survey: Survey,
    /// Which column is which field.
    pub mapping: Mapping,
    given: Given,
}

impl Reading {
    /// Looks at a whole file, and guesses what its columns are.
    ///
    /// # Errors
    /// When the file cannot be read, or holds nothing.
    pub fn open(table: Table, kind: Kind, said: Said) -> Result<Self, Refused> {
        let mut surveyor = Surveyor::new(kind);
        table.rows::<Refused>(|row| {
            if row.cells.iter().rposition(|c| !c.text.trim().is_empty()).is_some_and(|last| last >= MAX_COLUMNS) {
                return Err(Refused::Wide);
            }
            surveyor.look(row.line, row.cells);
            Ok(Go::On)
        })?;
        let survey = surveyor.finish();
        if survey.rows == 0 && survey.header_line.is_none() {
            return Err(Refused::Empty);
        }
        let mapping = survey.guess(kind);
        let given = Given {
            lang: said.lang.or(survey.lang).unwrap_or(Lang::Es),
            today: said.today,
            currency: said.currency,
            order: said.order,
            point: said.point,
            strict_width: matches!(table.kind, crate::platform::tables::FileKind::Delimited { .. }),
        };
        Ok(Self { kind, table, survey, mapping, given })
    }

    /// Hands on what became of each row that holds something, from below the line `after`, and its cells where something is wrong.
    ///
    /// # Errors
    /// When the file cannot be read; and what `take` says.
    pub fn records<E: From<Refused>>(
        &self,
        after: u64,
        mut take: impl FnMut(u64, Read, Vec<String>) -> Result<Go, E>,
    ) -> Result<(), E> {
        let reader = RowReader::new(self.kind, &self.mapping, &self.survey, self.given);
        self.table.rows(|row| {
            if row.line <= after {
                return Ok(Go::On);
            }
            let mut cells = row.cells;
            if row.bad_quote {
                // The quote that was opened and not closed is none of the text.
                for text in cells.iter_mut().map(|c| &mut c.text).filter(|t| t.starts_with('"') && t.matches('"').count() % 2 == 1)
                {
                    text.remove(0);
                }
            }
            let mut read = reader.read(row.line, &cells);
            for (is_so, fault) in [(row.bad_quote, Fault::Quote), (row.unended, Fault::Unended)] {
                if is_so {
                    read.problems.insert(0, Problem { row: row.line, column: String::new(), fault, value: String::new() });
                }
            }
            if read.record.is_none() && read.problems.is_empty() {
                return Ok(Go::On);
            }
            // The row as it stands, where it is to be mended.
            let as_it_stands = if read.problems.is_empty() { Vec::new() } else { cells.into_iter().map(|c| c.text).collect() };
            take(row.line, read, as_it_stands)
        })
    }
}
