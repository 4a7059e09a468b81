//! Generates the modules of translations: `i18n.rs` from `locales/*.json`, for both builds, and `office.rs` from
//! `locales/office/*.json`, whose texts only the server writes.
//!
//! The parser and the code generator of `leptos_i18n` are called directly: `leptos_i18n_build` would do the same and bring an
//! ICU data builder that this product has no use for.

use std::{env, error::Error, fs, path::PathBuf};

use leptos_i18n_parser::parse_locales::{options::Config, parse_locales};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    generate("locales", "i18n.rs")?;
    generate("locales/office", "office.rs")
}

fn generate(folder: &'static str, file: &str) -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let parsed = parse_locales(Some(root), Config::new("en")?.add_locale("es")?.locales_path(folder))?;
    for path in parsed.tracked_files.iter().flatten() {
        println!("cargo::rerun-if-changed={path}");
    }
    for warning in parsed.diag.warnings().iter() {
        println!("cargo::warning={warning}");
    }
    let code = leptos_i18n_codegen::gen_code(&parsed, None, false, None, false)?;
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join(file), code.to_string())?;
    Ok(())
}
