//! `nexus-crm eval sentiment`: how the texts of a file are meant, by the code that looks at interactions.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use crate::domain::{
    format::Lang,
    sentiment::{Label, analyse},
};

/// Options of `nexus-crm eval sentiment`.
#[derive(Clone, Debug, Args)]
pub struct Sentiment {
    /// A CSV file with the columns `id` and `text`, in UTF-8.
    #[arg(long)]
    input: PathBuf,
    /// The language of the texts: `es`, `en`, or `auto` to find it for each.
    #[arg(long, default_value = "auto")]
    lang: String,
    /// Where the results go: `id,label,score`, with a score from -1 to 1.
    #[arg(long)]
    out: PathBuf,
}

impl Sentiment {
    /// Reads, judges, and writes.
    ///
    /// # Errors
    /// When a file cannot be read or written, or a column is missing.
    pub fn run(self) -> anyhow::Result<()> {
        let lang = match self.lang.as_str() {
            "auto" => None,
            word => Some(Lang::parse(word).with_context(|| format!("--lang must be es, en or auto, not {word}"))?),
        };
        let mut reader = csv::Reader::from_path(&self.input).with_context(|| format!("{} cannot be read", self.input.display()))?;
        let heads = reader.headers().context("the heads of the columns cannot be read")?.clone();
        let column = |name: &str| {
            let found = heads.iter().position(|head| head.trim().trim_start_matches('\u{feff}').eq_ignore_ascii_case(name));
            found.with_context(|| format!("{} has no column {name}", self.input.display()))
        };
        let (id, text) = (column("id")?, column("text")?);
        let mut writer = csv::Writer::from_path(&self.out).with_context(|| format!("{} cannot be written", self.out.display()))?;
        writer.write_record(["id", "label", "score"])?;
        let mut counts: BTreeMap<&str, usize> = Label::ALL.iter().map(|label| (label.as_str(), 0)).collect();
        for (row, record) in reader.records().enumerate() {
            let record = record.with_context(|| format!("row {}", row + 2))?;
            let (Some(id), Some(text)) = (record.get(id), record.get(text)) else { bail!("row {} lacks a column", row + 2) };
            let found = analyse(text, lang);
            writer.write_record([id, found.label.as_str(), &format!("{:.4}", found.score)])?;
            *counts.entry(found.label.as_str()).or_default() += 1;
        }
        writer.flush()?;
        for (label, n) in counts {
            println!("{label}: {n}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_a_file_are_judged_each_under_its_id() {
        let folder = std::env::temp_dir().join(format!("nexus-crm-sentiment-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&folder).unwrap();
        let (input, out) = (folder.join("in.csv"), folder.join("out.csv"));
        std::fs::write(&input, "\u{feff}id,text\n1,\"I love it,\nreally\"\n2,Qué asco\n3,the table\n").unwrap();
        let run = |lang: &str| Sentiment { input: input.clone(), lang: lang.into(), out: out.clone() }.run();
        run("auto").unwrap();
        let lines = std::fs::read_to_string(&out).unwrap();
        let lines: Vec<_> = lines.lines().collect();
        assert_eq!((lines[0], lines[3]), ("id,label,score", "3,neutral,0.0000"));
        assert!(lines[1].starts_with("1,positive,0.") && lines[2].starts_with("2,negative,-0."), "{lines:?}");
        assert!(run("de").is_err());
        std::fs::write(&input, "id,words\n1,x\n").unwrap();
        assert!(run("es").unwrap_err().to_string().contains("no column text"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
