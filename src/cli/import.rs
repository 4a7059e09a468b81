//! `nexus-crm import`: a file as records, or as a plain table.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use chrono::Utc;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::user::explain;
use crate::{
    domain::{
        format::Lang,
        import::{Kind, money},
    },
    features::imports::{
        reading::{Reading, Said},
        run,
        usecase::{self as imports, NotTaken, Settings},
    },
    platform::tables::{Go, Refused, Source, Table},
};

/// How often it is looked whether another process is done with it.
const LOOK: Duration = Duration::from_millis(500);

/// What a file's rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    Contacts,
    Companies,
    Leads,
    Deals,
    Interactions,
    Tasks,
    /// Any table, written as plain CSV.
    Table,
}

impl What {
    const fn kind(self) -> Option<Kind> {
        Some(match self {
            Self::Contacts => Kind::Contacts,
            Self::Companies => Kind::Companies,
            Self::Leads => Kind::Leads,
            Self::Deals => Kind::Deals,
            Self::Interactions => Kind::Interactions,
            Self::Tasks => Kind::Tasks,
            Self::Table => return None,
        })
    }
}

/// Options of `nexus-crm import`.
///
/// A file may be CSV (any encoding, separator and quoting), XLSX or vCard; what it is, its content tells. Encoding, separator,
/// the row of the headers and what the columns are, are found by themselves; the layouts of `HubSpot`, Salesforce, Pipedrive, Google
/// and Outlook are known, in English and Spanish.
#[derive(Debug, Args)]
pub struct Import {
    /// What the rows are. `table` needs no database: it writes any readable file as UTF-8 CSV (RFC 4180), with all its rows and columns.
    #[arg(long, value_enum)]
    kind: What,
    /// Without it, contacts and companies are imported: matched by e-mail or name, updated where they are there. With it, changes nothing and needs no database: writes {"records": […], "problems": [{"row", "column", "message"}]}. A row is the line of
    /// the file on which the record begins, counted as a person would: the first line is 1, headers included. What cannot be read is a
    /// problem of its row and column and left out (null); columns that are no field stand in the record's "extra".
    #[arg(long)]
    dry_run: bool,
    /// Where to write to; without it, to standard output.
    #[arg(long)]
    out: Option<PathBuf>,
    /// The language by which days, numbers and names are read where the file itself does not tell: es (day first) or en (month first).
    #[arg(long, value_parser = lang)]
    lang: Option<Lang>,
    /// The currency of amounts that name none, by its code.
    #[arg(long, value_parser = currency)]
    currency: Option<&'static str>,
    /// The file.
    file: PathBuf,
}

fn lang(word: &str) -> Result<Lang, String> {
    Lang::parse(word).ok_or_else(|| "es or en".into())
}

fn currency(word: &str) -> Result<&'static str, String> {
    money::currency(word).ok_or_else(|| "not a currency".into())
}

impl Import {
    /// Does it.
    ///
    /// # Errors
    /// When the file cannot be read, or its output not be written.
    pub async fn run(self) -> anyhow::Result<()> {
        let Some(kind) = self.kind.kind() else { return self.table() };
        if !self.dry_run {
            return self.import(kind).await;
        }
        let open = || Reading::open(Table::open(Source::File(self.file.clone()))?, kind, self.said());
        match open() {
            Ok(reading) => {
                self.warn(&reading.table);
                let mut out = self.output()?;
                dry_run(&reading, &mut out).and_then(|()| Ok(out.flush()?)).with_context(|| self.file.display().to_string())
            }
            Err(refused) => {
                // Whoever reads the output is told as well.
                if !matches!(refused, Refused::Io(_)) {
                    let problem = json!({"row": 1, "column": "", "message": refused.to_string()});
                    let mut out = self.output()?;
                    writeln!(out, "{}", json!({"records": [], "problems": [problem]}))?;
                    out.flush()?;
                }
                Err(refused).with_context(|| self.file.display().to_string())
            }
        }
    }

    /// Imports as the page does, with what is guessed, as the product itself.
    #[expect(clippy::print_stdout, reason = "what the command is asked for")]
    async fn import(&self, kind: Kind) -> anyhow::Result<()> {
        anyhow::ensure!(imports::KINDS.contains(&kind), "{} can only be read, with --dry-run", kind.as_str());
        let content = std::fs::read(&self.file).with_context(|| self.file.display().to_string())?;
        anyhow::ensure!(content.len() <= imports::MAX_FILE, "{}: larger than {} MiB", self.file.display(), imports::MAX_FILE >> 20);
        let ctx = super::ctx("command line")?;
        let id = imports::take_in(&ctx, kind, &name(&self.file), content).await.map_err(|error| match error {
            NotTaken::App(error) => explain(error),
            NotTaken::Unfinished(name) => anyhow::anyhow!("too many uploads are not finished, such as {name}"),
            NotTaken::File(refused) => anyhow::Error::new(refused).context(self.file.display().to_string()),
        })?;
        let import = imports::find(&ctx, id, Lang::En).await.map_err(explain)?.import;
        let settings = Settings {
            mapping: import.mapping.clone(),
            match_key: &import.match_key,
            on_match: &import.on_match,
            ..Settings::default()
        };
        imports::begin(&ctx, id, &settings, false).await.map_err(explain)?;
        // A server beside may take it as well; either way it is waited for.
        let whole = loop {
            while run::once(&ctx).await.map_err(explain)? {}
            let whole = imports::find(&ctx, id, Lang::En).await.map_err(explain)?;
            if whole.import.state != "running" || !ctx.app.goes_on_after(LOOK).await {
                break whole;
            }
        };
        let i = &whole.import;
        println!("{}: {} of {} rows", i.state, i.done_rows, i.total_rows);
        println!(
            "created {}, updated {}, unchanged {}, skipped {}, refused {}",
            i.created, i.updated, i.unchanged, i.skipped, i.refused
        );
        for (line, _, problems) in &whole.wrong {
            for (column, what) in problems {
                println!("line {line}: {column}{}{what}", if column.is_empty() { "" } else { ": " });
            }
        }
        if whole.wrong_rows > whole.wrong.len() as i64 {
            println!("and {} more rows with problems, on the page /import/{id}", whole.wrong_rows - whole.wrong.len() as i64);
        }
        ctx.app.db.close().await;
        anyhow::ensure!(i.state == "done", "{}", i.failure.as_deref().unwrap_or("the import did not end"));
        Ok(())
    }

    fn said(&self) -> Said {
        Said { lang: self.lang, today: Some(Utc::now().date_naive()), currency: self.currency, ..Said::default() }
    }

    fn table(&self) -> anyhow::Result<()> {
        let table = Table::open(Source::File(self.file.clone())).with_context(|| self.file.display().to_string())?;
        self.warn(&table);
        let mut out = self.output()?;
        plain(&table, &mut out).and_then(|()| Ok(out.flush()?)).with_context(|| self.file.display().to_string())
    }

    fn output(&self) -> anyhow::Result<Box<dyn Write>> {
        Ok(match &self.out {
            Some(path) => Box::new(BufWriter::new(File::create(path).with_context(|| path.display().to_string())?)),
            None => Box::new(BufWriter::new(io::stdout())),
        })
    }

    #[expect(clippy::print_stderr, reason = "a warning for whoever runs the command")]
    fn warn(&self, table: &Table) {
        if table.is_misnamed(&name(&self.file)) {
            eprintln!(
                "nexus-crm: {}: by its content the file is {}",
                self.file.display(),
                table.kind.extensions().first().unwrap_or(&"a table")
            );
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Writes the records one by one, and then what is wrong.
fn dry_run(reading: &Reading, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut problems: Vec<Value> = Vec::new();
    write!(out, "{{\"records\":[")?;
    let mut first = true;
    reading.records::<anyhow::Error>(0, |_, read, _| {
        if let Some(record) = read.record {
            write!(out, "{}{}", if std::mem::take(&mut first) { "\n" } else { ",\n" }, Value::Object(record))?;
        }
        problems.extend(read.problems.iter().map(|p| json!({"row": p.row, "column": p.column, "message": p.message(Lang::En)})));
        Ok(Go::On)
    })?;
    writeln!(out, "\n],\"problems\":{}}}", Value::Array(problems))?;
    Ok(())
}

/// The largest table that is written, in cells: a single cell in a far corner of a sheet makes many of nothing.
const MOST_CELLS: u64 = 200_000_000;

/// Writes every row with as many fields as the widest has. The data stay as they are.
fn plain(table: &Table, out: &mut dyn Write) -> anyhow::Result<()> {
    let (mut width, mut rows) = (0, 0_u64);
    table.rows::<Refused>(|row| {
        width = width.max(row.cells.len());
        rows += 1;
        Ok(Go::On)
    })?;
    if rows.saturating_mul(width as u64) > MOST_CELLS {
        return Err(Refused::TooLarge.into());
    }
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    table.rows::<anyhow::Error>(|row| {
        let blank = width - row.cells.len();
        writer.write_record(row.cells.iter().map(|c| c.text.as_str()).chain(std::iter::repeat_n("", blank)))?;
        Ok(Go::On)
    })?;
    writer.flush()?;
    Ok(())
}
