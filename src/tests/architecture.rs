//! The house's rules, read from the source itself: imports run strictly downward, SQL stands where it belongs, files stay short.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Source files by their path under `src/`, such as `features/usage/store.rs`.
type Sources = BTreeMap<String, String>;

/// Files longer than [`MOST_LINES`], each with why.
const LONG: [(&str, &str); 0] = [];
/// Lines that a file may have at the most.
const MOST_LINES: usize = 600;

/// The floor of a module, and the unit within it whose insides are its own.
fn place(path: &str) -> Option<(u8, String)> {
    let mut parts = path.split("::");
    let top = parts.next()?;
    let floor = match top {
        "domain" => 0,
        "platform" | "ui" => 1,
        "features" => 2,
        "flows" | "pages" | "mcp" => 3,
        "app" | "server" | "cli" => 4,
        _ => return None,
    };
    let unit = match (top, parts.next()) {
        ("features", Some(slice)) => format!("features::{slice}"),
        _ => top.to_owned(),
    };
    Some((floor, unit))
}

/// The source without comments and the contents of its strings.
fn code(source: &str) -> String {
    let mut code = String::new();
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => {
                for c in chars.by_ref() {
                    if c == '\n' {
                        break;
                    }
                }
                code.push('\n');
            }
            '\'' => {
                // A character such as '"' would look like the beginning of a string; a lifetime is let through.
                let rest: String = chars.clone().take(3).collect();
                let length = if rest.starts_with('\\') { 3 } else { 2 };
                if rest.chars().nth(length - 1) == Some('\'') {
                    chars.by_ref().take(length).for_each(drop);
                }
            }
            'r' if matches!(chars.peek(), Some('"' | '#')) && !code.ends_with(|c: char| c.is_alphanumeric() || c == '_') => {
                let hashes = chars.clone().take_while(|c| *c == '#').count();
                if chars.clone().nth(hashes) != Some('"') {
                    code.push(c);
                    continue;
                }
                chars.by_ref().take(hashes + 1).for_each(drop);
                let end = format!("\"{}", "#".repeat(hashes));
                let rest: String = chars.clone().collect();
                let length = rest.find(&end).map_or(rest.chars().count(), |at| rest[..at].chars().count() + end.len());
                chars.by_ref().take(length).for_each(drop);
                code.push_str("\"\"");
            }
            '"' => {
                code.push_str("\"\"");
                while let Some(c) = chars.next() {
                    match c {
                        '\\' => drop(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            _ => code.push(c),
        }
    }
    code
}

/// The module of a file: `features/usage/store.rs` is `features::usage::store`.
fn module(file: &str) -> String {
    let stem = file.trim_end_matches(".rs").trim_end_matches("/mod");
    stem.replace('/', "::")
}

/// Every path that is named from a root, with groups written out: `crate::{a::b, c::{d, e}}` are `a::b`, `c::d` and `c::e`.
fn paths(code: &str, root: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(root) {
        if !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '$') {
            expand("", &mut code[at + root.len()..].chars().filter(|c| !c.is_whitespace()).peekable(), &mut found);
        }
    }
    found
}

fn expand(prefix: &str, chars: &mut std::iter::Peekable<impl Iterator<Item = char>>, found: &mut Vec<String>) {
    let mut path = prefix.to_owned();
    while let Some(c) = chars.peek().copied() {
        match c {
            '{' => {
                chars.next();
                // White space is gone, so ` as ` only lengthens a path's last name.
                loop {
                    expand(&path, chars, found);
                    if chars.next() != Some(',') {
                        return;
                    }
                }
            }
            c if c.is_alphanumeric() || matches!(c, '_' | ':' | '*') => path.push(c),
            _ => break,
        }
        chars.next();
    }
    if path != prefix {
        found.push(path);
    }
}

/// The modules that a file reaches, from the root of the crate.
fn imports(file: &str, source: &str) -> Vec<String> {
    let code = code(source);
    let mut found = paths(&code, "crate::");
    found.extend(paths(&code, "nexus_crm::"));
    // `super::super::` and the like, from where the file's module stands.
    for (at, _) in code.match_indices("super::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[at..];
        let ups = rest.split("super::").take_while(|part| part.is_empty()).count();
        let module = module(file);
        let parts: Vec<_> = module.split("::").collect();
        let Some(kept) = parts.len().checked_sub(ups) else { continue };
        let mut tails = Vec::new();
        expand("", &mut rest[ups * "super::".len()..].chars().filter(|c| !c.is_whitespace()).peekable(), &mut tails);
        found.extend(
            tails.into_iter().map(|tail| parts[..kept].iter().chain([&tail.as_str()]).copied().collect::<Vec<_>>().join("::")),
        );
    }
    found
}

fn is_slice(sources: &Sources, unit: &str) -> bool {
    let folder = format!("{}/", unit.replace("::", "/"));
    sources.keys().any(|file| file.starts_with(&folder))
}

/// Imports that do not run downward.
fn climbing(sources: &Sources) -> Vec<String> {
    let mut breaches = Vec::new();
    for (file, source) in sources {
        let Some((floor, unit)) = place(&module(file)) else { continue };
        for path in imports(file, source) {
            let Some((other_floor, other)) = place(&path) else { continue };
            // An inline module adds a step that the file's name does not show: then a `super::super::` seems to name a slice that is none.
            if other_floor == 2 && !is_slice(sources, &other) {
                continue;
            }
            // The assembly's own parts know each other.
            let peers = other_floor == floor && floor < 4;
            if other != unit && (other_floor > floor || peers) {
                breaches.push(format!("{file} (floor {floor}) reaches {path} (floor {other_floor})"));
            }
        }
    }
    breaches
}

/// Whether SQL may stand in a file.
fn may_have_sql(file: &str) -> bool {
    let parts: Vec<_> = file.split('/').collect();
    match parts.as_slice() {
        ["platform", ..] | ["cli", "migrate.rs" | "doctor.rs"] => true,
        ["features", _, rest @ ..] => {
            matches!(rest, ["store.rs" | "read.rs" | "recount.rs"] | ["store" | "read", _])
        }
        _ => false,
    }
}

/// SQL that stands where it does not belong.
fn stray_sql(sources: &Sources) -> Vec<String> {
    let marks =
        ["sqlx::query", "sqlx::raw_sql", "query!(", "query_as!(", "query_scalar!(", "QueryBuilder", "copy_in_raw", "copy_out_raw"];
    sources
        .iter()
        .filter(|(file, _)| !may_have_sql(file))
        .filter_map(|(file, source)| {
            let code = code(source);
            let mark = marks.iter().find(|mark| code.contains(**mark))?;
            Some(format!("{file} has SQL ({mark})"))
        })
        .collect()
}

/// Use of the database driver in the pure floor, or of the server's machinery in plain components.
fn impure(sources: &Sources) -> Vec<String> {
    let driver = ["sqlx::", "tokio::", "axum::", "std::fs", "std::env", "Utc::now", "reqwest::"];
    sources
        .iter()
        .filter(|(file, _)| file.starts_with("domain"))
        .filter_map(|(file, source)| {
            let code = code(source);
            let mark = driver.iter().find(|mark| code.contains(**mark))?;
            Some(format!("{file} does I/O ({mark})"))
        })
        .collect()
}

fn too_long(sources: &Sources) -> Vec<String> {
    let long = sources.iter().filter(|(file, source)| source.lines().count() > MOST_LINES && LONG.iter().all(|(f, _)| f != file));
    long.map(|(file, source)| format!("{file} has {} lines", source.lines().count())).collect()
}

fn read(folder: &Path, under: &str, sources: &mut Sources) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let name = format!("{under}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            // The tests reach everywhere.
            if name != "tests" {
                read(&path, &format!("{name}/"), sources);
            }
        } else if path.extension().is_some_and(|e| e == "rs") {
            sources.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
}

fn ours() -> Sources {
    let mut sources = Sources::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut sources);
    assert!(sources.len() > 40, "the source was found");
    sources
}

fn planted(file: &str, source: &str) -> Sources {
    let mut sources = ours();
    sources.insert(file.into(), source.into());
    sources
}

#[test]
fn imports_run_strictly_downward() {
    assert_eq!(climbing(&ours()), Vec::<String>::new());
}

#[test]
fn every_module_has_its_floor() {
    let without: Vec<_> =
        ours().into_keys().filter(|file| place(&module(file)).is_none() && file != "lib.rs" && file != "main.rs").collect();
    assert_eq!(without, Vec::<String>::new());
}

#[test]
fn sql_stands_only_in_stores() {
    assert_eq!(stray_sql(&ours()), Vec::<String>::new());
}

#[test]
fn the_domain_does_no_io() {
    assert_eq!(impure(&ours()), Vec::<String>::new());
}

#[test]
fn files_stay_short() {
    let sources = ours();
    assert_eq!(too_long(&sources), Vec::<String>::new());
    for (file, why) in LONG {
        let lines = sources.get(file).map_or(0, |s| s.lines().count());
        assert!(lines > MOST_LINES && !why.is_empty(), "{file} is short by now: take it off the list");
    }
}

#[test]
fn a_planted_breach_is_found() {
    let cases = [
        ("domain/breach.rs", "use crate::platform::db;"),
        ("domain/breach.rs", "fn f() -> crate::features::usage::Thing { todo!() }"),
        ("platform/breach.rs", "use crate::{domain::AppError, ui::button::Button};"),
        ("ui/breach.rs", "use crate::platform::db;"),
        ("ui/breach.rs", "pub use crate::{\n    domain::tier,\n    pages::{\n        usage::board,\n    },\n};"),
        (
            "features/usage/breach.rs",
            "use crate::{\n    domain::{AppError, tier::Tier},\n    features::{alerts::store, usage::read},\n};",
        ),
        ("features/usage/breach.rs", "use super::super::alerts::store;"),
        ("features/usage/view/breach.rs", "use super::super::super::alerts::view;"),
        ("features/usage/breach.rs", "use crate::flows::usage_watch;"),
        ("features/usage/breach.rs", "let quote = '\"'; crate::server::router(state)"),
        ("flows/breach.rs", "use crate::server::ServerState as State;"),
        ("flows/breach.rs", "use crate::pages::usage;"),
        ("pages/breach.rs", "use crate::flows::usage_watch;"),
        ("mcp/breach.rs", "use crate::app::shell;"),
    ];
    for (file, source) in cases {
        let breaches = climbing(&planted(file, source));
        assert_eq!(breaches.len(), 1, "{file}: {source}: {breaches:?}");
    }
    for (file, source) in [
        ("features/usage/usecase_more.rs", "sqlx::query!(\"SELECT 1\")"),
        ("server/breach.rs", "let x = sqlx::query_as::<_, Row>(text);"),
        ("flows/breach.rs", "use sqlx::query_scalar;"),
        ("cli/serve_more.rs", "sqlx::raw_sql(text)"),
    ] {
        assert_eq!(stray_sql(&planted(file, source)).len(), 1, "{file}: {source}");
    }
    assert_eq!(impure(&planted("domain/breach.rs", "let now = Utc::now();")).len(), 1);
    assert_eq!(too_long(&planted("ui/breach.rs", &"\n".repeat(MOST_LINES + 1))).len(), 1);
}

#[test]
fn what_only_looks_like_a_breach_is_let_through() {
    for (file, source) in [
        ("domain/fine.rs", "// use crate::platform::db;\n/// See `crate::server`.\nlet text = \"crate::features::usage\";"),
        ("features/usage/fine.rs", "use crate::features::usage::store; let raw = r#\"crate::server::x \"quoted\" \"#;"),
        ("features/usage/fine.rs", "use super::store; mod tests { use super::super::store; }"),
        ("flows/fine.rs", "use crate::{domain::AppError, features::{alerts, usage::usecase as usage}, platform::ctx};"),
        ("server/fine.rs", "use crate::{app::shell, cli::settings, pages::home}; fn f<'a>(x: &'a str) {}"),
    ] {
        assert_eq!(climbing(&planted(file, source)), Vec::<String>::new(), "{file}: {source}");
    }
    assert_eq!(stray_sql(&planted("server/fine.rs", "// sqlx::query!\nlet text = \"sqlx::query\";")), Vec::<String>::new());
}
