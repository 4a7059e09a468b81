//! Values made comparable, each kind in its way. Nothing here judges whether a value is valid: what cannot be read is compared as it is.

use chrono::NaiveDate;

use super::text::{digits, fold, words};

/// Legal forms of companies, which come and go.
const LEGAL_FORMS: [&str; 66] = [
    "sa",
    "sl",
    "slu",
    "slp",
    "sas",
    "srl",
    "sc",
    "scp",
    "sau",
    "cv",
    "sapi",
    "spa",
    "eirl",
    "ltda",
    "limitada",
    "anonima",
    "sociedad",
    "cia",
    "compania",
    "inc",
    "incorporated",
    "corp",
    "corporation",
    "co",
    "company",
    "ltd",
    "limited",
    "llc",
    "llp",
    "lp",
    "plc",
    "pty",
    "gmbh",
    "mbh",
    "ag",
    "kg",
    "ohg",
    "ug",
    "ev",
    "se",
    "sarl",
    "sasu",
    "eurl",
    "snc",
    "bv",
    "nv",
    "vof",
    "ab",
    "oy",
    "oyj",
    "as",
    "aps",
    "sro",
    "doo",
    "kft",
    "zrt",
    "sp",
    "zoo",
    "lda",
    "ltee",
    "bhd",
    "sdn",
    "pte",
    "kk",
    "holding",
    "group",
];

/// Words of streets, with what they are written as.
const STREET_WORDS: [(&str, &str); 62] = [
    ("street", "st"),
    ("saint", "st"),
    ("str", "st"),
    ("avenue", "ave"),
    ("av", "ave"),
    ("avenida", "ave"),
    ("avda", "ave"),
    ("boulevard", "blvd"),
    ("boul", "blvd"),
    ("bulevar", "blvd"),
    ("road", "rd"),
    ("drive", "dr"),
    ("place", "pl"),
    ("plaza", "pl"),
    ("pza", "pl"),
    ("plza", "pl"),
    ("court", "ct"),
    ("crescent", "cres"),
    ("cr", "cres"),
    ("lane", "ln"),
    ("square", "sq"),
    ("terrace", "tce"),
    ("ter", "tce"),
    ("highway", "hwy"),
    ("parkway", "pkwy"),
    ("circuit", "cct"),
    ("close", "cl"),
    ("grove", "gr"),
    ("north", "n"),
    ("south", "s"),
    ("east", "e"),
    ("west", "w"),
    ("norte", "n"),
    ("sur", "s"),
    ("este", "e"),
    ("oeste", "w"),
    ("calle", "c"),
    ("cl", "c"),
    ("carretera", "ctra"),
    ("camino", "cno"),
    ("paseo", "po"),
    ("pso", "po"),
    ("suite", "ste"),
    ("apartment", "apt"),
    ("apartamento", "apt"),
    ("apto", "apt"),
    ("floor", "fl"),
    ("piso", "fl"),
    ("planta", "fl"),
    ("numero", "no"),
    ("num", "no"),
    ("colonia", "col"),
    ("strasse", "st"),
    ("first", "1st"),
    ("second", "2nd"),
    ("third", "3rd"),
    ("fourth", "4th"),
    ("fifth", "5th"),
    ("sixth", "6th"),
    ("seventh", "7th"),
    ("eighth", "8th"),
    ("ninth", "9th"),
];

/// Mail providers that take `a.b+c@` for `ab@`.
const DOTLESS: [&str; 2] = ["gmail.com", "googlemail.com"];

/// What stands before the @ where it is nobody's own.
const ROLES: [&str; 30] = [
    "info",
    "contact",
    "contacto",
    "sales",
    "ventas",
    "admin",
    "administracion",
    "hello",
    "hola",
    "office",
    "oficina",
    "support",
    "soporte",
    "help",
    "ayuda",
    "billing",
    "facturacion",
    "accounts",
    "contabilidad",
    "compras",
    "rrhh",
    "hr",
    "jobs",
    "marketing",
    "mail",
    "team",
    "noreply",
    "webmaster",
    "recepcion",
    "gerencia",
];

/// Country calling codes of one to three digits that are taken off a number written with `+` or `00`.
const CALLING_CODES: [&str; 60] = [
    "1", "7", "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49", "51",
    "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86", "90", "91", "212",
    "351", "352", "353", "358", "359", "370", "371", "372", "380", "420", "421", "502", "503", "504", "506", "507", "591", "593",
];

/// An e-mail address: lower case; where the provider does so, without dots and without what follows a plus.
pub fn email(text: &str) -> Option<String> {
    let folded = text.trim().trim_start_matches("mailto:").trim_matches(['<', '>', '"']).to_lowercase();
    let (local, domain) = folded.rsplit_once('@')?;
    if local.is_empty() || !domain.contains('.') || folded.contains(char::is_whitespace) {
        return None;
    }
    let local = local.split('+').next().filter(|l| !l.is_empty()).unwrap_or(local);
    Some(if DOTLESS.contains(&domain) { format!("{}@gmail.com", local.replace('.', "")) } else { format!("{local}@{domain}") })
}

/// Whether an address is a place's and not a person's, such as `info@`.
pub fn is_role(address: &str) -> bool {
    address.split('@').next().is_some_and(|local| ROLES.contains(&local))
}

/// A telephone number's national digits: no extension, no country calling code, no leading zero.
pub fn phone(text: &str) -> Option<String> {
    let folded = fold(text);
    let end = ["ext", " x", ";", "#", "anexo", "int."].iter().filter_map(|mark| folded.find(mark)).min().unwrap_or(folded.len());
    let number = folded.get(..end).unwrap_or(&folded);
    let all = digits(number);
    let international = if number.trim_start().starts_with('+') {
        Some(all.as_str())
    } else {
        all.strip_prefix("00").or_else(|| all.strip_prefix("011"))
    };
    let national = match international {
        Some(rest) => {
            let code = (1..=3).rev().filter_map(|n| rest.get(..n)).find(|code| CALLING_CODES.contains(code)).unwrap_or_default();
            let rest = rest.get(code.len()..).unwrap_or_default();
            // Mexico's and Argentina's mobile digit.
            match code {
                "52" if rest.len() == 11 => rest.strip_prefix('1').unwrap_or(rest),
                "54" if rest.len() == 11 => rest.strip_prefix('9').unwrap_or(rest),
                _ => rest,
            }
        }
        None if all.len() == 11 && all.starts_with('1') => all.get(1..).unwrap_or_default(),
        None if all.len() == 11 && all.starts_with("34") => all.get(2..).unwrap_or_default(),
        None => &all,
    };
    let national = national.trim_start_matches('0');
    (national.len() >= 5).then(|| national.to_owned())
}

/// A company's name: words without legal forms; a name that is nothing but those stays.
pub fn company(text: &str) -> Vec<String> {
    // "S.A. de C.V." is three letters with dots.
    let undotted: String = fold(text).replace('&', " and ").replace('.', "");
    let all = words(&undotted);
    let kept: Vec<_> = all
        .iter()
        .filter(|w| !LEGAL_FORMS.contains(&w.as_str()) && !matches!(w.as_str(), "de" | "the" | "and" | "y"))
        .cloned()
        .collect();
    if kept.is_empty() { all } else { kept }
}

/// The words of an address, as they are abbreviated.
pub fn street(text: &str) -> Vec<String> {
    words(text)
        .into_iter()
        .map(|word| STREET_WORDS.iter().find(|(long, _)| *long == word).map_or(word, |(_, short)| (*short).to_owned()))
        .collect()
}

/// Whether a word of an address only says what kind of street it is.
pub fn is_street_word(word: &str) -> bool {
    word.len() < 2 || STREET_WORDS.iter().any(|(_, short)| *short == word)
}

/// A postcode or another code: letters and digits without case.
pub fn code(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// A number, whatever signs of money, thousands and decimals it is written with.
pub fn number(text: &str) -> Option<f64> {
    let kept: String = text.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '-')).collect();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if letters > 3 || !kept.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let plain = match (kept.rfind('.'), kept.rfind(',')) {
        (Some(point), Some(comma)) if comma > point => kept.replace('.', "").replace(',', "."),
        (None, Some(comma)) if kept.matches(',').count() == 1 && kept.len() - comma != 4 => kept.replace(',', "."),
        (_, Some(_)) => kept.replace(',', ""),
        _ => kept,
    };
    plain.parse().ok()
}

/// How dates are written.
const DATES: [&str; 7] = ["%Y-%m-%d", "%Y/%m/%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d"];

/// A date as eight digits, year first. Digits that are no date, as a typing error makes them, stay as they are.
pub fn date(text: &str) -> Option<String> {
    let text = text.trim();
    let day = text.split(['T', ' ']).next().unwrap_or(text);
    if let Some(date) = DATES.iter().find_map(|form| NaiveDate::parse_from_str(day, form).ok())
        && day.len() >= 8
    {
        return Some(date.format("%Y%m%d").to_string());
    }
    let digits = digits(text);
    (digits.len() >= 6).then_some(digits)
}

/// What looks like a maker's number for a thing: letters with digits, or five digits and more; without signs.
pub fn models(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut found = Vec::new();
    for word in folded.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '"')) {
        let bare: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
        let figures = bare.chars().filter(char::is_ascii_digit).count();
        let letters = bare.len() - figures;
        if (figures >= 1 && letters >= 1 && bare.len() >= 4 && figures + letters == bare.chars().count() && !is_measure(&bare))
            || (letters == 0 && figures >= 5)
        {
            found.push(bare);
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Units of measure and ranks, as they follow a number without a space.
const UNITS: [&str; 48] = [
    "gb", "mb", "tb", "kb", "in", "inch", "ft", "mm", "cm", "m", "w", "watt", "v", "hz", "ghz", "mhz", "mp", "x", "k", "ct", "pk",
    "pack", "oz", "lb", "lbs", "kg", "g", "ml", "l", "st", "nd", "rd", "th", "p", "i", "d", "way", "mah", "user", "users", "port",
    "speed", "piece", "pc", "bit", "ch", "hr", "yr",
];

/// Whether a word is a number with its unit, as `40gb` or `12mm`, or a rank, as `21st`.
fn is_measure(word: &str) -> bool {
    let unit = word.trim_start_matches(|c: char| c.is_ascii_digit());
    unit.len() < word.len() && UNITS.contains(&unit)
}

/// The plain numbers in a text, as versions and sizes.
pub fn figures(text: &str) -> Vec<String> {
    let mut found: Vec<String> = fold(text)
        .split(|c: char| !c.is_alphanumeric() && c != '.')
        .map(|word| word.trim_matches('.'))
        .filter(|word| {
            word.len() <= 6
                && word.starts_with(|c: char| c.is_ascii_digit())
                && word.chars().all(|c| c.is_ascii_digit() || c == '.')
        })
        .map(|word| word.strip_suffix(".0").unwrap_or(word).to_owned())
        .collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_is_written_in_many_ways() {
        let same = ["Ana.Rojas+crm@GMail.com", "anarojas@googlemail.com", " <anarojas@gmail.com>", "mailto:a.n.a.rojas@gmail.com"];
        assert!(same.iter().all(|text| email(text).as_deref() == Some("anarojas@gmail.com")), "{:?}", same.map(email));
        assert_eq!(email("A.Rojas+x@Acme.es").as_deref(), Some("a.rojas@acme.es"));
        assert!(["", "x", "a@b", "@acme.es", "a b@acme.es"].iter().all(|text| email(text).is_none()));
        assert!(is_role("info@acme.es") && !is_role("ana@acme.es"));
    }

    #[test]
    fn one_number_is_written_in_many_ways() {
        for text in ["+34 612 34 56 78", "0034612345678", "612-345-678", "34612345678", "612345678 ext. 12", "+34 612345678 x9"] {
            assert_eq!(phone(text).as_deref(), Some("612345678"), "{text}");
        }
        for text in ["310/246-1501", "(310) 246 1501", "1-310-246-1501", "+1 310 246 1501"] {
            assert_eq!(phone(text).as_deref(), Some("3102461501"), "{text}");
        }
        assert_eq!(phone("+52 1 55 1234 5678"), phone("55 1234 5678"));
        assert_eq!(phone("020 7946 0958"), phone("+44 20 7946 0958"));
        assert_eq!(phone("none"), None);
    }

    #[test]
    fn legal_forms_and_street_words_come_and_go() {
        for text in ["Acme S.A. de C.V.", "ACME, Inc.", "Acme GmbH & Co. KG", "acme s.l.", "The Acme Company Ltd"] {
            assert_eq!(company(text), ["acme"], "{text}");
        }
        assert_eq!(company("S.A."), ["sa"]);
        assert_eq!(street("12224 Ventura Boulevard"), street("12224 ventura blvd."));
        assert_eq!(street("Avda. del Sur"), street("avenida del s"));
    }

    #[test]
    fn numbers_and_dates_are_read_as_they_are_written() {
        for (text, value) in
            [("$1,234.50", 1_234.5), ("1.234,50 €", 1_234.5), ("12,5", 12.5), ("1,234", 1_234.0), ("149.00", 149.0), ("-3", -3.0)]
        {
            assert_eq!(number(text), Some(value), "{text}");
        }
        assert_eq!(number("Chicago 60"), None);
        for text in ["1999-03-04", "04/03/1999", "19990304", "1999-03-04T00:00:00Z", "4.3.1999"] {
            assert_eq!(date(text).as_deref(), Some("19990304"), "{text}");
        }
        assert_eq!(date("19993304").as_deref(), Some("19993304"), "a typing error");
        assert_eq!(date("spring"), None);
    }

    #[test]
    fn makers_numbers_and_versions_are_found_in_titles() {
        assert_eq!(models("Sony Bravia Theater Micro System - DAV-IS50/B 40gb"), ["davis50b"]);
        assert_eq!(models("Sony DAVIS50B (2-pack)"), ["davis50b"]);
        assert_eq!(models("plain words 12"), Vec::<String>::new());
        assert_eq!(figures("adobe photoshop 5.0 for windows 2007"), ["2007", "5"]);
    }
}
