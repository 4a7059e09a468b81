//! The first records of a dry run, as they would be stored.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

pub use super::prepare::Fate;
use super::{
    apply::How,
    prepare::Prepared,
    store::{companies, contacts},
};
use crate::domain::import::{Kind, words::short};

/// How many are shown.
pub const SHOWN: usize = 20;
/// The longest text of a field, in characters.
const LONGEST: usize = 200;

/// A record as a dry run would have left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The line of the file.
    pub line: u64,
    /// What becomes of the row.
    pub fate: Fate,
    /// The record that is there already.
    pub id: Option<Uuid>,
    /// What stands in its fields.
    pub fields: Vec<FieldShown>,
}

/// A field of such a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldShown {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub now: String,
    /// What it held before, where that was something else.
    pub was: Option<String>,
}

/// The fields that are shown, in their order.
fn fields(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Companies => &[
            "name",
            "domain",
            "industry",
            "employees",
            "phone",
            "website",
            "address",
            "city",
            "country",
            "organization_id",
            "owner",
            "tags",
            "notes",
        ],
        _ => &[
            "first_name",
            "last_name",
            "email",
            "other_emails",
            "phone",
            "other_phones",
            "title",
            "company",
            "city",
            "country",
            "language",
            "birthday",
            "lifecycle",
            "source",
            "owner",
            "tags",
            "usage_user_id",
            "notes",
        ],
    }
}

/// The first of these rows as they stand in the transaction that is about to be taken back, at most `most`.
pub(super) async fn of(tx: &mut PgConnection, how: &How, rows: &[Prepared], most: usize) -> Result<Vec<Shown>, sqlx::Error> {
    let rows: Vec<(u64, Fate, Uuid)> = rows
        .iter()
        .filter(|row| !row.is_refused())
        .filter_map(|row| row.fate.map(|(fate, id)| (row.line, fate, id)))
        .take(most)
        .collect();
    let ids: Vec<Uuid> = rows.iter().map(|(.., id)| *id).collect();
    let stand = match how.kind {
        Kind::Companies => companies::stand(tx, how.id, &ids).await?,
        _ => contacts::stand(tx, how.id, &ids).await?,
    };
    let shown = rows.into_iter().filter_map(|(line, fate, id)| {
        let (_, now, was) = stand.iter().find(|(it, ..)| *it == id)?;
        let field = |name: &&str| {
            let (now, was) = (text(now.get(*name)), was.as_ref().map(|was| text(was.get(*name))));
            let was = was.filter(|was| *was != now && fate == Fate::Update);
            (!now.is_empty() || was.is_some()).then(|| FieldShown { name: (*name).to_owned(), now, was })
        };
        let fields = fields(how.kind).iter().filter_map(field).collect();
        Some(Shown { line, fate, id: (fate != Fate::Create).then_some(id), fields })
    });
    Ok(shown.collect())
}

fn text(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => return String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        Some(other) => other.to_string(),
    };
    short(&text, LONGEST)
}
