//! A person's full name in its two parts.

use super::words::{fold, line};
use crate::domain::format::Lang;

/// A name in its parts; what is not there is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// The given names.
    pub first: String,
    /// The surnames, with their particles.
    pub last: String,
    /// A form of address before it, such as `Dr.`
    pub prefix: String,
    /// What follows it, such as `Jr.`
    pub suffix: String,
}

const PREFIXES: [&str; 25] = [
    "mr", "mrs", "ms", "miss", "mx", "dr", "dra", "prof", "sir", "sr", "sra", "srta", "don", "dona", "ing", "lic", "licda",
    "licdo", "arq", "abg", "mtro", "mtra", "cp", "rev", "doctor",
];
const SUFFIXES: [&str; 14] = ["jr", "junior", "ii", "iii", "iv", "phd", "md", "mba", "esq", "cpa", "dds", "msc", "bsc", "dvm"];
const PARTICLES: [&str; 34] = [
    "de", "del", "la", "las", "los", "da", "das", "do", "dos", "di", "della", "du", "des", "van", "von", "der", "den", "ter",
    "ten", "zu", "zur", "af", "av", "le", "el", "al", "bin", "ibn", "ben", "st", "san", "santa", "mac", "y",
];
/// Given names that begin with a particle, and follow another given name.
const DEVOTIONS: [&str; 26] = [
    "del carmen",
    "del pilar",
    "del rosario",
    "del mar",
    "del socorro",
    "del rocio",
    "del sol",
    "del valle",
    "del cielo",
    "del refugio",
    "del consuelo",
    "del milagro",
    "de los angeles",
    "de los milagros",
    "de los dolores",
    "de lourdes",
    "de jesus",
    "de fatima",
    "de guadalupe",
    "de la luz",
    "de la paz",
    "de la concepcion",
    "de las mercedes",
    "de las nieves",
    "de la caridad",
    "de la o",
];
/// Given names that often stand second, so that what follows is one surname.
const SECOND: [&str; 92] = [
    "maria",
    "jose",
    "luis",
    "carlos",
    "antonio",
    "manuel",
    "juan",
    "miguel",
    "angel",
    "angeles",
    "jesus",
    "francisco",
    "javier",
    "alberto",
    "alejandro",
    "alejandra",
    "fernando",
    "fernanda",
    "eduardo",
    "enrique",
    "ignacio",
    "pablo",
    "pedro",
    "andres",
    "felipe",
    "david",
    "daniel",
    "daniela",
    "alfonso",
    "ramon",
    "rafael",
    "ricardo",
    "roberto",
    "sebastian",
    "santiago",
    "guillermo",
    "gabriel",
    "gabriela",
    "esteban",
    "ernesto",
    "arturo",
    "armando",
    "camilo",
    "camila",
    "mauricio",
    "augusto",
    "ivan",
    "elena",
    "isabel",
    "carmen",
    "pilar",
    "luisa",
    "teresa",
    "cristina",
    "beatriz",
    "victoria",
    "sofia",
    "paola",
    "paula",
    "andrea",
    "patricia",
    "cecilia",
    "eugenia",
    "guadalupe",
    "fatima",
    "lucia",
    "ines",
    "mercedes",
    "belen",
    "soledad",
    "dolores",
    "rosa",
    "ana",
    "laura",
    "julia",
    "marcela",
    "catalina",
    "carolina",
    "valentina",
    "natalia",
    "alicia",
    "veronica",
    "adriana",
    "claudia",
    "monica",
    "susana",
    "raquel",
    "emilia",
    "jorge",
    "cesar",
    "hugo",
    "mario",
];
/// Surnames that tell that a name is Spanish, besides those in -ez.
const SPANISH: [&str; 62] = [
    "garcia",
    "moreno",
    "romero",
    "ruiz",
    "torres",
    "navarro",
    "ramos",
    "serrano",
    "molina",
    "morales",
    "ortega",
    "delgado",
    "castro",
    "ortiz",
    "rubio",
    "marin",
    "iglesias",
    "medina",
    "cortes",
    "castillo",
    "garrido",
    "santos",
    "guerrero",
    "lozano",
    "cano",
    "cruz",
    "mendoza",
    "reyes",
    "rojas",
    "vargas",
    "silva",
    "herrera",
    "flores",
    "rivera",
    "aguilar",
    "leon",
    "soto",
    "contreras",
    "guzman",
    "salazar",
    "rios",
    "cardenas",
    "pena",
    "vega",
    "campos",
    "fuentes",
    "carrasco",
    "cabrera",
    "nieto",
    "aguirre",
    "acosta",
    "mejia",
    "ochoa",
    "correa",
    "zapata",
    "salas",
    "quintero",
    "restrepo",
    "arango",
    "bravo",
    "vidal",
    "blanco",
];

/// Splits a full name: `María del Carmen García López`, `van Dyke, Dick`, `Dr. John Smith Jr.`. Where the number of surnames is open,
/// the names themselves decide, else the language.
pub fn split(full: &str, lang: Lang) -> Name {
    let full = line(full);
    // `Juan "El Rápido" Pérez`: what they are called is a given name.
    if let Some((before, nickname, after)) = nickname(&full) {
        let mut name = split(&format!("{before} {after}"), lang);
        name.first = format!("{} {nickname}", name.first);
        return name;
    }
    let mut name = Name::default();
    let mut parts: Vec<&str> = full.split(',').map(str::trim).filter(|p| !p.is_empty()).collect();
    // `Smith, John, Jr.` and `John Smith, PhD`.
    while parts.len() > 1 && parts.last().is_some_and(|p| is_suffix(p)) {
        push_front(&mut name.suffix, parts.pop().unwrap_or_default());
    }
    match parts.as_slice() {
        [last, first @ ..] if !first.is_empty() => {
            let mut words: Vec<&str> = first.iter().flat_map(|p| p.split(' ')).collect();
            take_prefix(&mut words, &mut name, lang);
            name.first = words.join(" ");
            let mut words: Vec<&str> = last.split(' ').collect();
            take_prefix(&mut words, &mut name, lang);
            name.last = words.join(" ");
        }
        _ => {
            let mut words: Vec<&str> = parts.iter().flat_map(|p| p.split(' ')).collect();
            take_prefix(&mut words, &mut name, lang);
            while words.len() > 2 && words.last().is_some_and(|w| is_suffix(w)) {
                push_front(&mut name.suffix, words.pop().unwrap_or_default());
            }
            let given = given_names(&words, lang);
            name.first = words.iter().take(given).copied().collect::<Vec<_>>().join(" ");
            name.last = words.iter().skip(given).copied().collect::<Vec<_>>().join(" ");
        }
    }
    name
}

/// Splits a full name whose surnames stand first, without a comma between: `García López Ana`.
pub fn split_last_first(full: &str, lang: Lang) -> Name {
    let text = line(full);
    if text.contains(',') {
        return split(&text, lang);
    }
    let words: Vec<&str> = text.split(' ').collect();
    let groups = groups(&words, 0);
    let surnames = if lang == Lang::Es && groups.len() > 2 { 2 } else { 1 };
    let at: usize = if groups.len() < 2 { 0 } else { groups.iter().take(surnames).sum() };
    let (last, first) = words.split_at(at.min(words.len()));
    Name { first: first.join(" "), last: last.join(" "), ..Name::default() }
}

/// What stands in quotes or brackets within a name, with the signs, and what stands before and after.
fn nickname(full: &str) -> Option<(&str, &str, &str)> {
    [('"', '"'), ('“', '”'), ('«', '»'), ('(', ')')].iter().find_map(|(open, close)| {
        let from = full.find(*open)?;
        let inside = full.get(from + open.len_utf8()..)?;
        let to = from + open.len_utf8() + inside.find(*close)? + close.len_utf8();
        let (before, after) = (full.get(..from)?.trim(), full.get(to..)?.trim());
        (!before.is_empty() && !after.is_empty()).then_some((before, full.get(from..to)?, after))
    })
}

fn push_front(text: &mut String, word: &str) {
    *text = if text.is_empty() { word.to_owned() } else { format!("{word} {text}") };
}

fn bare(word: &str) -> String {
    fold(word).replace('.', "")
}

fn is_suffix(word: &str) -> bool {
    SUFFIXES.contains(&bare(word).as_str())
}

/// Takes forms of address off the front.
fn take_prefix(words: &mut Vec<&str>, name: &mut Name, lang: Lang) {
    let is_prefix = |word: &&str| {
        let bare = bare(word);
        // Don is a given name in English.
        PREFIXES.contains(&bare.as_str()) && (lang == Lang::Es || !bare.starts_with("don"))
    };
    while words.len() > 1 && words.first().is_some_and(is_prefix) {
        let word = words.remove(0);
        name.prefix = if name.prefix.is_empty() { word.to_owned() } else { format!("{} {word}", name.prefix) };
    }
}

/// How many words each group has: a particle goes with what follows, if it stands at `from` or later, and `y` ties two surnames.
fn groups(words: &[&str], from: usize) -> Vec<usize> {
    let mut groups: Vec<usize> = Vec::new();
    let mut open = 0;
    for (at, word) in words.iter().enumerate() {
        let folded = fold(word);
        let ties = matches!(folded.as_str(), "y" | "e" | "i") && at > 0 && at + 1 < words.len();
        if ties && let Some(last) = groups.pop() {
            open += last + 1;
        } else if PARTICLES.contains(&folded.as_str()) && at + 1 < words.len() && at >= from {
            open += 1;
        } else {
            groups.push(open + 1);
            open = 0;
        }
    }
    if open > 0 {
        groups.push(open);
    }
    groups
}

/// How many of the words are given names.
fn given_names(words: &[&str], lang: Lang) -> usize {
    let sizes = groups(words, 1);
    let folded: Vec<String> = words.iter().map(|w| fold(w)).collect();
    // Each group with where it begins.
    let mut at = 0;
    let groups: Vec<(usize, usize)> = sizes
        .iter()
        .map(|size| {
            at += size;
            (at - size, *size)
        })
        .collect();
    let text = |(at, size): (usize, usize)| folded.iter().skip(at).take(size).cloned().collect::<Vec<_>>().join(" ");
    let given_until = |count: usize| sizes.iter().take(count).sum::<usize>();
    if groups.len() < 2 {
        return words.len();
    }
    // A particle after the first name begins the surnames, unless it begins a given name such as `del Carmen`.
    let mut given = 1;
    while given + 1 < groups.len() && groups.get(given).is_some_and(|g| DEVOTIONS.contains(&text(*g).as_str())) {
        given += 1;
    }
    let devout = given > 1;
    if let Some(at) = (given..groups.len()).find(|i| groups.get(*i).is_some_and(|g| g.1 > 1)) {
        // `Juan Carlos de la Torre`: what stands before are given names, but a surname may: `Ana Ruiz de la Torre`.
        let surname_before =
            at >= 2 && groups.get(at - 1).is_some_and(|g| !SECOND.contains(&text(*g).as_str()) && looks_spanish(&text(*g)));
        return given_until(if surname_before { at - 1 } else { at });
    }
    if devout {
        return given_until(given);
    }
    let second_is_given = groups.get(1).is_some_and(|g| SECOND.contains(&text(*g).as_str()));
    let spanish = lang == Lang::Es || groups.iter().skip(1).any(|g| looks_spanish(&text(*g)));
    let middle = groups.get(1).map(|g| text(*g)).unwrap_or_default();
    match groups.len() {
        3 if second_is_given || !spanish || !may_be_surname(lang, &middle) => given_until(2),
        2 | 3 => given_until(1),
        n if spanish => given_until(n - 2),
        n => given_until(n - 1),
    }
}

/// Whether the middle one of three may be a surname: in Spanish text always, else if it looks like a Spanish one.
fn may_be_surname(lang: Lang, middle: &str) -> bool {
    // An initial is never a surname.
    middle.trim_end_matches('.').chars().count() > 1 && (lang == Lang::Es || looks_spanish(middle))
}

fn looks_spanish(word: &str) -> bool {
    SPANISH.contains(&word) || (word.len() > 3 && (word.ends_with("ez") || word.ends_with("iz")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_as_their_bearers_would() {
        let cases = [
            ("Ana García", "Ana", "García"),
            ("María García López", "María", "García López"),
            ("Juan Carlos Pérez", "Juan Carlos", "Pérez"),
            ("Juan Carlos Pérez Gómez", "Juan Carlos", "Pérez Gómez"),
            ("María del Carmen Ruiz", "María del Carmen", "Ruiz"),
            ("María de los Ángeles Ruiz Soto", "María de los Ángeles", "Ruiz Soto"),
            ("Juan Carlos de la Torre", "Juan Carlos", "de la Torre"),
            ("Ana Ruiz de la Torre", "Ana", "Ruiz de la Torre"),
            ("José Ortega y Gasset", "José", "Ortega y Gasset"),
            ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
            ("João da Silva Santos", "João", "da Silva Santos"),
            ("Pérez García, Juan", "Juan", "Pérez García"),
            ("Smith, John, Jr.", "John", "Smith"),
            ("John Smith, PhD", "John", "Smith"),
            ("Dr. John Smith Jr.", "John", "Smith"),
            ("Madonna", "Madonna", ""),
            ("Juan \"El Rápido\" Pérez", "Juan \"El Rápido\"", "Pérez"),
            ("", "", ""),
            ("  ana   maría  lopez ", "ana maría", "lopez"),
        ];
        for (full, first, last) in cases {
            let name = split(full, Lang::Es);
            assert_eq!((name.first.as_str(), name.last.as_str()), (first, last), "{full}");
        }
    }

    #[test]
    fn english_names_have_one_surname() {
        let cases = [
            ("Mary Ann Smith", "Mary Ann", "Smith"),
            ("John F. Kennedy", "John F.", "Kennedy"),
            ("Ana García López", "Ana", "García López"),
            ("Vincent van Gogh", "Vincent", "van Gogh"),
            ("Van Morrison", "Van", "Morrison"),
            ("Mary Jane Watson Parker", "Mary Jane Watson", "Parker"),
        ];
        for (full, first, last) in cases {
            let name = split(full, Lang::En);
            assert_eq!((name.first.as_str(), name.last.as_str()), (first, last), "{full}");
        }
    }

    #[test]
    fn forms_of_address_are_kept_apart() {
        let name = split("Sra. Dra. Ana Ruiz", Lang::Es);
        assert_eq!((name.prefix.as_str(), name.first.as_str()), ("Sra. Dra.", "Ana"));
        assert_eq!(split("John Smith III", Lang::En).suffix, "III");
        assert_eq!(split_last_first("García López Ana María", Lang::Es).first, "Ana María");
        assert_eq!(split_last_first("de la Cruz Soto Ana", Lang::Es).last, "de la Cruz Soto");
        assert_eq!(split_last_first("Smith John", Lang::En).first, "John");
    }
}
