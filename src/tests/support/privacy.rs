//! Looking for people in all of a database, and into what is handed out about them.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
};

use super::TestApp;

/// The tables in which a text stands, whatever column it is in, with the number of rows.
pub async fn traces(app: &TestApp, text: &str) -> BTreeMap<String, i64> {
    let tables = app
        .texts("SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace")
        .await;
    assert!(tables.len() > 20, "{tables:?}");
    let mut found = BTreeMap::new();
    for table in tables {
        let rows = app.number(&format!("SELECT count(*) FROM {table} AS t WHERE strpos(t::text, '{text}') > 0")).await;
        if rows > 0 {
            found.insert(table, rows);
        }
    }
    found
}

/// The files of a ZIP, as texts.
pub fn unzip(bytes: &[u8]) -> BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|place| {
            let mut file = archive.by_index(place).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            (file.name().unwrap().into_owned(), text)
        })
        .collect()
}
