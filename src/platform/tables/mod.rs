//! Files that hold tables: CSV and its kin, XLSX and vCard. What a file is, its content tells, not its name.
//!
//! Rows are handed on one by one, so that a file of any length needs little memory; a file can be read more than once.

mod cards;
mod delimited;
mod encoding;
mod sheet;
mod sniff;
pub mod write;

use std::{
    fs::File,
    io::{self, Cursor, Read, Seek},
    path::PathBuf,
    sync::Arc,
};

use crate::domain::{format::Lang, import::Cell};

/// The most columns of a file that is read as records.
pub const MAX_COLUMNS: usize = 500;

/// Where a file's bytes are.
#[derive(Clone, Debug)]
pub enum Source {
    /// On the disk.
    File(PathBuf),
    /// In memory.
    Bytes(Arc<[u8]>),
}

/// What can be read from anywhere.
trait Bytes: Read + Seek {}
impl<T: Read + Seek> Bytes for T {}

impl Source {
    fn open(&self) -> io::Result<Box<dyn Bytes>> {
        Ok(match self {
            Self::File(path) => Box::new(File::open(path)?),
            Self::Bytes(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        })
    }
}

/// A row of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The line on which it begins, or a sheet's row: the file's first is 1. The headers of a vCard, which no line has, are on 0.
    pub line: u64,
    /// What stands in it.
    pub cells: Vec<Cell>,
    /// Whether a quote was opened and never closed.
    pub bad_quote: bool,
    /// Whether it is a card that is never ended.
    pub unended: bool,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// CSV or its kin.
    Delimited {
        /// How its letters are written.
        encoding: encoding::Encoding,
        /// How its fields are told apart.
        dialect: delimited::Dialect,
    },
    /// A sheet of an Excel workbook.
    Sheet {
        /// The sheet's name.
        name: String,
    },
    /// vCards.
    Cards {
        /// How their letters are written.
        encoding: encoding::Encoding,
    },
}

impl FileKind {
    /// The usual end of such a file's name.
    pub const fn extensions(&self) -> &'static [&'static str] {
        match self {
            Self::Delimited { .. } => &["csv", "tsv", "txt", "tab"],
            Self::Sheet { .. } => &["xlsx", "xlsm"],
            Self::Cards { .. } => &["vcf", "vcard"],
        }
    }
}

/// Why a file cannot be read as a table.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is no text, and no format that is known.
    #[error("the file holds no text: it is none of CSV, XLSX and vCard")]
    Binary,
    /// Excel before 2007.
    #[error("the file is an old Excel workbook (.xls): open it and save it as .xlsx or CSV")]
    OldExcel,
    /// A workbook with a password.
    #[error("the workbook is locked with a password: save it without one")]
    Encrypted,
    /// It would inflate to more than anybody's table.
    #[error("the workbook inflates to far more than its size: it is not read")]
    Bomb,
    /// A format that is no table, or another one.
    #[error("the file is {0}, which cannot be read: save it as CSV or XLSX")]
    Other(&'static str),
    /// It says that it is a workbook, and is damaged.
    #[error("the workbook is damaged: {0}")]
    Damaged(String),
    /// It has more columns than anybody could look through.
    #[error("the table has more than {MAX_COLUMNS} columns: it is not read")]
    Wide,
    /// It is larger than what is read.
    #[error("the table is larger than can be read")]
    TooLarge,
    /// The disk fails.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Refused {
    /// The same for a person.
    pub fn message(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Self::Empty => "el archivo está vacío".into(),
            Self::Binary => "el archivo no contiene texto: no es CSV, XLSX ni vCard".into(),
            Self::OldExcel => "el archivo es un libro de Excel antiguo (.xls): ábrelo y guárdalo como .xlsx o CSV".into(),
            Self::Encrypted => "el libro está protegido con contraseña: guárdalo sin ella".into(),
            Self::Bomb => "el libro ocupa mucho más de lo que aparenta: no se lee".into(),
            Self::Other(what) => format!("el archivo no se puede leer ({what}): guárdalo como CSV o XLSX"),
            Self::Damaged(detail) => format!("el libro está dañado: {detail}"),
            Self::Wide => format!("la tabla tiene más de {MAX_COLUMNS} columnas: no se lee"),
            Self::TooLarge => "la tabla es más grande de lo que se puede leer".into(),
            Self::Io(error) => error.to_string(),
        }
    }
}

/// A file whose kind is known.
#[derive(Clone, Debug)]
pub struct Table {
    source: Source,
    /// What it is.
    pub kind: FileKind,
}

impl Table {
    /// Finds out what a file is. All of it is read once.
    ///
    /// # Errors
    /// When it is no table, or the disk fails.
    pub fn open(source: Source) -> Result<Self, Refused> {
        let kind = sniff::kind(&source)?;
        Ok(Self { source, kind })
    }

    /// Hands on each row in turn, until there are no more or `take` says that it is enough.
    ///
    /// # Errors
    /// When the disk fails or the file is damaged; and what `take` says.
    pub fn rows<E: From<Refused>>(&self, mut take: impl FnMut(Row) -> Result<Go, E>) -> Result<(), E> {
        // What `take` says travels beside, so that the readers know of one error only.
        let mut stopped = None;
        let mut step = |row| match take(row) {
            Ok(go) => go,
            Err(error) => {
                stopped = Some(error);
                Go::Stop
            }
        };
        let read = match &self.kind {
            FileKind::Delimited { encoding, dialect } => {
                delimited::rows(self.source.open().map_err(Refused::Io)?, *encoding, *dialect, &mut step)
            }
            FileKind::Sheet { name } => sheet::rows(self.source.open().map_err(Refused::Io)?, name, &mut step),
            FileKind::Cards { encoding } => cards::rows(self.source.open().map_err(Refused::Io)?, *encoding, &mut step),
        };
        match (stopped, read) {
            (Some(error), _) => Err(error),
            (None, Err(refused)) => Err(refused.into()),
            (None, Ok(())) => Ok(()),
        }
    }

    /// Whether a file of this name is usually something else.
    pub fn is_misnamed(&self, name: &str) -> bool {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase());
        extension.is_some_and(|e| {
            ["csv", "tsv", "tab", "xlsx", "xlsm", "xls", "vcf", "vcard", "pdf", "json", "ods"].contains(&e.as_str())
                && !self.kind.extensions().contains(&e.as_str())
        })
    }
}

/// Whether more rows are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// The next one.
    On,
    /// No more.
    Stop,
}

#[cfg(test)]
mod tests;
