//! `nexus-crm eval dedupe`: which records of a file are likely one, by the code that looks at contacts.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, ensure};
use clap::Args;

use crate::domain::matching::{
    Table,
    link::{Outcome, dedupe, link},
    schema::id_column,
};

/// Options of `nexus-crm eval dedupe`.
#[derive(Clone, Debug, Args)]
pub struct Dedupe {
    /// A CSV file whose own records are compared with each other.
    #[arg(long, required_unless_present = "a", conflicts_with = "a")]
    input: Option<PathBuf>,
    /// A CSV file whose records are compared with those of `--b`.
    #[arg(long, requires = "b")]
    a: Option<PathBuf>,
    /// The other file.
    #[arg(long, requires = "a")]
    b: Option<PathBuf>,
    /// Where the pairs go: `id_a,id_b,score`, the likeliest first; from 0.5 on they are taken for one.
    #[arg(long)]
    out: PathBuf,
}

impl Dedupe {
    /// Reads, compares, and writes.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn run(self) -> anyhow::Result<()> {
        let begun = Instant::now();
        let first = self.input.as_deref().or(self.a.as_deref()).context("--input, or --a and --b")?;
        let a = read(first)?;
        let b = self.b.as_deref().map(read).transpose()?;
        let outcome = b.as_ref().map_or_else(|| dedupe(&a), |b| link(&a, b));
        write(&self.out, &outcome, &a, b.as_ref().unwrap_or(&a))?;
        print(&outcome, a.rows.len(), b.as_ref().map(|b| b.rows.len()));
        println!("{:.1} s", begun.elapsed().as_secs_f64());
        Ok(())
    }
}

/// A table from a CSV file: UTF-8 with or without BOM, else Latin-1; separated by commas, semicolons or tabs.
fn read(path: &Path) -> anyhow::Result<Table> {
    let bytes = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let text = String::from_utf8(bytes).unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect());
    let text = text.trim_start_matches('\u{feff}');
    let head = text.lines().next().unwrap_or_default();
    let separator = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|separator| (head.bytes().filter(|b| b == separator).count(), *separator == b','));
    let mut reader = csv::ReaderBuilder::new().flexible(true).delimiter(separator.unwrap_or(b',')).from_reader(text.as_bytes());
    let headers: Vec<String> =
        reader.headers().with_context(|| format!("{}", path.display()))?.iter().map(|h| h.trim().to_owned()).collect();
    ensure!(!headers.is_empty(), "{} has no header", path.display());
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.with_context(|| format!("{}", path.display()))?;
        rows.push((0..headers.len()).map(|at| row.get(at).unwrap_or_default().trim().to_owned()).collect());
    }
    Ok(Table { headers, rows })
}

/// The name of a row: its id, else its number from 1.
fn name(table: &Table, id: Option<usize>, row: usize) -> String {
    let named = id.and_then(|id| table.rows.get(row)?.get(id)).filter(|name| !name.is_empty());
    named.cloned().unwrap_or_else(|| (row + 1).to_string())
}

fn write(path: &Path, outcome: &Outcome, a: &Table, b: &Table) -> anyhow::Result<()> {
    let unwritable = || format!("{} cannot be written", path.display());
    let (id_a, id_b) = (id_column(a), id_column(b));
    let mut writer = csv::Writer::from_path(path).with_context(unwritable)?;
    writer.write_record(["id_a", "id_b", "score"]).with_context(unwritable)?;
    for pair in &outcome.pairs {
        let record = [name(a, id_a, pair.a), name(b, id_b, pair.b), format!("{:.6}", pair.score)];
        writer.write_record(record).with_context(unwritable)?;
    }
    writer.flush().with_context(unwritable)
}

/// The summary: what was compared, and what was learnt of each field.
fn print(outcome: &Outcome, records: usize, others: Option<usize>) {
    let taken = outcome.pairs.iter().filter(|pair| pair.score >= 0.5).count();
    match others {
        Some(others) => println!("{records} records and {others}"),
        None => println!("{records} records"),
    }
    println!("{} pairs compared, {} worth a look, {taken} taken for one", outcome.compared, outcome.pairs.len());
    let learnt = outcome.learnt;
    println!(
        "learnt in {} rounds: {:.0} pairs are one as expected, {:e} of all",
        learnt.rounds, learnt.matches, outcome.model.prior
    );
    if outcome.one_to_one {
        println!("neither file has duplicates of its own: each record has one counterpart at the most");
    }
    for (field, weights) in outcome.model.fields.iter().zip(&outcome.model.weights) {
        let bits: Vec<String> = (0..weights.m.len()).map(|level| format!("{:+.1}", weights.bits(level))).collect();
        println!("  {} ({:?}): {} bits, from the same to different", field.name, field.kind, bits.join(" "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, bytes: &[u8]) -> PathBuf {
        let path = std::env::temp_dir().join(format!("nexus-crm-dedupe-{}-{name}", std::process::id()));
        fs::write(&path, bytes).unwrap();
        path
    }

    #[test]
    fn a_file_is_read_as_it_comes_and_pairs_are_written() {
        let input = file("in.csv", b"\xef\xbb\xbfid;nombre;apellidos;correo\r\n7;Ana;Rojas;ana.rojas@acme.es\r\n8;Luis;\r\n9;ANA;Rojas Vega;Ana.Rojas@acme.es\r\n");
        let out = file("out.csv", b"");
        Dedupe { input: Some(input.clone()), a: None, b: None, out: out.clone() }.run().unwrap();
        let written = fs::read_to_string(&out).unwrap();
        let mut lines = written.lines();
        assert_eq!(lines.next(), Some("id_a,id_b,score"));
        assert!(lines.next().unwrap().starts_with("7,9,0.9"), "{written}");
        Dedupe { input: None, a: Some(input.clone()), b: Some(input.clone()), out: out.clone() }.run().unwrap();
        assert!(fs::read_to_string(&out).unwrap().contains("8,8,") || fs::read_to_string(&out).unwrap().contains("7,7,"));
        let latin = read(&file("latin.csv", b"id,name\n1,Mu\xf1oz\n")).unwrap();
        assert_eq!(latin.rows, [["1", "Muñoz"]]);
        assert!(Dedupe { input: Some(PathBuf::from("/nowhere.csv")), a: None, b: None, out }.run().is_err());
    }
}
