//! How far two values of a kind agree: a small number of levels, 0 for the same.

use super::{
    alike::{edits, is_initial, jaro_winkler, likeness, token_set},
    names, normal, text,
};

/// What a value is, which says how it is made comparable and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A person's given name.
    Given,
    /// A person's surname.
    Family,
    /// A person's whole name.
    FullName,
    /// A company's name.
    Company,
    /// An e-mail address, or several.
    Email,
    /// A telephone number, or several.
    Phone,
    /// A day, such as a birthday.
    Date,
    /// Street, with or without its number.
    Street,
    /// A house's number.
    House,
    /// A town or a part of one.
    City,
    /// A postcode.
    Postcode,
    /// A state, province or country.
    Region,
    /// A number or word that stands for one thing, such as one given by the state.
    Code,
    /// A short text that names something.
    Title,
    /// A long text.
    Text,
    /// A list of people.
    People,
    /// An amount.
    Number,
    /// A year.
    Year,
    /// One of a few words.
    Category,
    /// Makers' numbers within a title.
    Models,
    /// Plain numbers within a title.
    Figures,
}

/// A value made comparable.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Value {
    /// The whole: values with the same are the same.
    pub whole: String,
    /// Its words, or the several values.
    pub parts: Vec<String>,
    /// The amount, of a number.
    pub amount: f64,
    /// Word numbers in a corpus and their weights, ascending, of length 1; empty without a corpus.
    pub vector: Vec<(u32, f32)>,
}

/// The probability of each level among pairs of the same, and among others.
pub type Levels = (&'static [f64], &'static [f64]);

impl Kind {
    /// What is taken for granted of this kind before any data are seen: the probabilities of each level among pairs that are the
    /// same (m) and among pairs that are not (u).
    pub const fn defaults(self) -> Levels {
        match self {
            Self::Given => (&[0.78, 0.13, 0.03, 0.06], &[0.006, 0.008, 0.02, 0.966]),
            Self::Family => (&[0.82, 0.11, 0.03, 0.04], &[0.002, 0.004, 0.01, 0.984]),
            Self::FullName => (&[0.6, 0.25, 0.09, 0.06], &[0.000_1, 0.001, 0.01, 0.988_9]),
            Self::Company => (&[0.7, 0.15, 0.05, 0.1], &[0.002, 0.003, 0.005, 0.99]),
            Self::Email => (&[0.65, 0.1, 0.1, 0.15], &[0.000_01, 0.000_1, 0.01, 0.989_89]),
            Self::Phone => (&[0.7, 0.08, 0.22], &[0.000_02, 0.000_2, 0.999_78]),
            Self::Date => (&[0.85, 0.09, 0.03, 0.03], &[0.000_1, 0.002, 0.02, 0.977_9]),
            Self::Street => (&[0.6, 0.2, 0.08, 0.12], &[0.000_5, 0.001, 0.01, 0.988_5]),
            Self::House => (&[0.8, 0.08, 0.12], &[0.01, 0.05, 0.94]),
            Self::City => (&[0.75, 0.1, 0.05, 0.1], &[0.02, 0.005, 0.01, 0.965]),
            Self::Postcode => (&[0.75, 0.1, 0.15], &[0.003, 0.01, 0.987]),
            Self::Region => (&[0.88, 0.12], &[0.2, 0.8]),
            Self::Code => (&[0.88, 0.08, 0.04], &[0.000_01, 0.000_1, 0.999_89]),
            Self::Title => (&[0.4, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03], &[0.000_1, 0.000_1, 0.000_3, 0.001, 0.003, 0.01, 0.985_5]),
            Self::Text => (&[0.1, 0.12, 0.15, 0.17, 0.17, 0.15, 0.14], &[0.000_1, 0.000_2, 0.000_5, 0.001, 0.004, 0.02, 0.974_2]),
            Self::People => (&[0.7, 0.18, 0.06, 0.06], &[0.000_5, 0.001, 0.01, 0.988_5]),
            Self::Number => (&[0.45, 0.2, 0.2, 0.15], &[0.01, 0.04, 0.1, 0.85]),
            Self::Year => (&[0.88, 0.07, 0.05], &[0.08, 0.12, 0.8]),
            Self::Category => (&[0.7, 0.1, 0.2], &[0.1, 0.05, 0.85]),
            Self::Models => (&[0.8, 0.2], &[0.001, 0.999]),
            Self::Figures => (&[0.7, 0.15, 0.07, 0.08], &[0.02, 0.03, 0.05, 0.9]),
        }
    }

    /// How many levels there are.
    pub const fn levels(self) -> usize {
        self.defaults().0.len()
    }

    /// Whether a common value says less than a rare one.
    pub const fn has_common_values(self) -> bool {
        matches!(
            self,
            Self::Given
                | Self::Family
                | Self::FullName
                | Self::Company
                | Self::City
                | Self::Postcode
                | Self::Region
                | Self::Street
                | Self::House
                | Self::Category
                | Self::Date
                | Self::Title
                | Self::Phone
        )
    }

    /// How much of what is learnt is still drawn towards what is taken for granted, by the pairs that are the same: much for what
    /// tells things apart, lest a mere likeness of many others passes for being the same.
    pub const fn trust(self) -> f64 {
        match self {
            Self::Region | Self::Number | Self::Category | Self::Text | Self::House | Self::City | Self::Year => 0.1,
            _ => 1.0,
        }
    }

    /// Whether it tells where somebody is rather than who, so that colleagues and families share it.
    pub const fn is_place(self) -> bool {
        matches!(self, Self::Company | Self::Phone | Self::Street | Self::House | Self::City | Self::Postcode | Self::Region)
    }

    /// A text made comparable; nothing when it says nothing.
    pub fn read(self, text: &str) -> Option<Value> {
        let text = text.trim();
        if text.is_empty() || matches!(text.to_lowercase().as_str(), "null" | "none" | "nan" | "n/a" | "na" | "-" | "?") {
            return None;
        }
        let several = |texts: Vec<String>| {
            let mut texts = texts;
            texts.sort();
            texts.dedup();
            Value { whole: texts.join(" "), parts: texts, ..Value::default() }
        };
        let worded = |parts: Vec<String>| Value { whole: parts.join(" "), parts, ..Value::default() };
        let value = match self {
            Self::Given => worded(names::given(text)),
            Self::Family => worded(names::family(text)),
            Self::FullName => worded(names::full(text)),
            Self::Company => worded(normal::company(text)),
            Self::Email => several(text.split([',', ';', ' ', '|']).filter_map(normal::email).collect()),
            Self::Phone => several(text.split([',', ';', '|']).filter_map(normal::phone).collect()),
            Self::Date => Value { whole: normal::date(text)?, ..Value::default() },
            Self::Street => worded(normal::street(text)),
            Self::City | Self::Region | Self::Category | Self::Title | Self::Text => worded(text::words(text)),
            Self::House | Self::Postcode | Self::Code => Value { whole: normal::code(text), ..Value::default() },
            Self::People => several(people(text)),
            Self::Number | Self::Year => {
                let amount = normal::number(text)?;
                Value { whole: amount.to_string(), amount, ..Value::default() }
            }
            Self::Models => several(normal::models(text)),
            Self::Figures => several(normal::figures(text)),
        };
        (!value.whole.is_empty()).then_some(value)
    }

    /// The level to which two values agree, from 0 for the same up to [`Self::levels`] less one for different.
    pub fn level(self, a: &Value, b: &Value) -> usize {
        if a.whole == b.whole {
            // An address such as info@ is a place's.
            let of_place = matches!(self, Self::Email) && a.parts.iter().all(|address| normal::is_role(address));
            return if of_place { 2 } else { 0 };
        }
        // Likeness is reckoned greedily, and may differ by the side that it begins on: it always begins on the same.
        let (a, b) = if a.whole < b.whole { (a, b) } else { (b, a) };
        match self {
            Self::Given => given(a, b),
            Self::Family => family(a, b),
            Self::FullName => steps(1.0 - token_set(&a.parts, &b.parts, true), &[0.001, 0.2, 0.35]),
            Self::Company => steps(1.0 - company(a, b), &[0.001, 0.15, 0.3]),
            Self::Email => best(a, b, email),
            Self::Phone => best(a, b, |a, b| match edits(a, b) {
                0 => 0,
                _ if a.len().min(b.len()) >= 7 && (a.ends_with(b) || b.ends_with(a)) => 0,
                1 => 1,
                _ => 2,
            }),
            Self::Date => date(&a.whole, &b.whole),
            Self::Street => steps(1.0 - street(a, b), &[0.001, 0.15, 0.35]),
            Self::House => house(&a.whole, &b.whole),
            Self::City => {
                steps(1.0 - jaro_winkler(&a.whole, &b.whole).max(token_set(&a.parts, &b.parts, false) * 0.95), &[0.001, 0.1, 0.2])
            }
            Self::Postcode => usize::from(!(edits(&a.whole, &b.whole) == 1 || shares_start(&a.whole, &b.whole, 5))) + 1,
            Self::Region => usize::from(jaro_winkler(&a.whole, &b.whole) < 0.95),
            Self::Code => edits(&a.whole, &b.whole).min(2),
            Self::Title | Self::Text => steps(1.0 - likeness(a, b), &[0.02, 0.15, 0.3, 0.45, 0.6, 0.75]),
            Self::People => steps(1.0 - shared_people(a, b), &[0.001, 0.4, 0.75]),
            Self::Number => steps((a.amount - b.amount).abs() / a.amount.abs().max(b.amount.abs()).max(1e-9), &[0.002, 0.05, 0.2]),
            Self::Year => steps((a.amount - b.amount).abs(), &[0.1, 1.1]),
            Self::Category => match token_set(&a.parts, &b.parts, false) {
                same if same > 0.999 => 0,
                alike if alike >= 0.5 => 1,
                _ => 2,
            },
            Self::Models => usize::from(!a.parts.iter().any(|a| {
                b.parts
                    .iter()
                    .any(|b| a == b || (a.len().min(b.len()) >= 5 && (a.starts_with(b.as_str()) || b.starts_with(a.as_str()))))
            })),
            Self::Figures => {
                let shared = a.parts.iter().filter(|part| b.parts.contains(part)).count();
                if shared == a.parts.len().min(b.parts.len()) { 1 } else { 3 - usize::from(shared > 0) }
            }
        }
    }
}

/// How many of the bounds a distance is beyond.
fn steps(distance: f64, bounds: &[f64]) -> usize {
    bounds.iter().filter(|bound| distance > **bound).count()
}

/// The best level of any two of several values.
fn best(a: &Value, b: &Value, level: impl Fn(&str, &str) -> usize) -> usize {
    a.parts.iter().flat_map(|a| b.parts.iter().map(move |b| (a, b))).map(|(a, b)| level(a, b)).min().unwrap_or(0)
}

fn shares_start(a: &str, b: &str, letters: usize) -> bool {
    a.len() >= letters && b.len() >= letters && a.get(..letters) == b.get(..letters)
}

fn given(a: &Value, b: &Value) -> usize {
    let (Some(first), Some(other)) = (a.parts.first(), b.parts.first()) else { return 3 };
    let alike = jaro_winkler(&a.whole, &b.whole);
    if first == other && (a.parts.len() == 1 || b.parts.len() == 1) || names::are_forms_of_one(first, other) || alike >= 0.93 {
        return 1;
    }
    // A name of two words may be known by its second.
    let known_by_other =
        a.parts.iter().skip(1).any(|a| a.len() > 2 && a == other) || b.parts.iter().skip(1).any(|b| b.len() > 2 && b == first);
    if alike >= 0.85
        || is_initial(first, other)
        || known_by_other
        || (edits(&a.whole, &b.whole) <= 2 && a.whole.len().min(b.whole.len()) >= 5)
    {
        return 2;
    }
    if text::sound(first) == text::sound(other) && jaro_winkler(first, other) >= 0.75 { 2 } else { 3 }
}

fn family(a: &Value, b: &Value) -> usize {
    let (Some(first), Some(other)) = (a.parts.first(), b.parts.first()) else { return 3 };
    let alike = jaro_winkler(&a.whole, &b.whole);
    // Who has two surnames often writes one.
    if (first == other && (a.parts.len() == 1 || b.parts.len() == 1)) || alike >= 0.93 || a.parts.concat() == b.parts.concat() {
        return 1;
    }
    let shared = a.parts.iter().any(|part| part.len() > 2 && b.parts.contains(part));
    if alike >= 0.86
        || (shared && a.parts.len() != b.parts.len())
        || is_initial(first, other)
        || (first.len().min(other.len()) >= 4 && edits(first, other) == 1)
        || (text::sound(first) == text::sound(other) && jaro_winkler(first, other) >= 0.75)
    {
        2
    } else {
        3
    }
}

fn company(a: &Value, b: &Value) -> f64 {
    let joined = jaro_winkler(&a.parts.concat(), &b.parts.concat());
    // "Acme Ibérica" may be Acme; two that share a part of their words less so.
    token_set(&a.parts, &b.parts, false).max(if joined >= 0.9 { joined } else { 0.0 })
}

fn email(a: &str, b: &str) -> usize {
    if a == b {
        return if normal::is_role(a) { 2 } else { 0 };
    }
    let (Some((local, domain)), Some((other_local, other_domain))) = (a.rsplit_once('@'), b.rsplit_once('@')) else { return 3 };
    if (edits(a, b) == 1 && local.len() > 3) || (local == other_local && edits(domain, other_domain) <= 2) {
        return 1;
    }
    if local == other_local && local.len() > 5 && !normal::is_role(a) { 2 } else { 3 }
}

fn date(a: &str, b: &str) -> usize {
    match edits(a, b) {
        0 => 0,
        1 => 1,
        // Day and month the wrong way round.
        _ if a.len() == 8 && b.len() == 8 && a.get(..4) == b.get(..4) && a.get(4..6) == b.get(6..) && a.get(6..) == b.get(4..6) => {
            1
        }
        2 => 2,
        _ => 3,
    }
}

fn street(a: &Value, b: &Value) -> f64 {
    let is_number = |part: &&String| part.chars().all(|c| c.is_ascii_digit());
    let numbers = |value: &Value| -> Vec<String> { value.parts.iter().filter(is_number).cloned().collect() };
    let named = |value: &Value| -> Vec<String> {
        let named: Vec<_> = value.parts.iter().filter(|p| !normal::is_street_word(p) && !is_number(p)).cloned().collect();
        if named.is_empty() { value.parts.clone() } else { named }
    };
    let alike = token_set(&named(a), &named(b), false).max(jaro_winkler(&a.parts.concat(), &b.parts.concat()) * 0.95 - 0.02);
    let (first, other) = (numbers(a), numbers(b));
    if first.is_empty() || other.is_empty() || first.first() == other.first() {
        alike
    } else if first.iter().any(|n| other.contains(n)) {
        alike * 0.9
    } else {
        // The same street, another house.
        alike * 0.7
    }
}

fn house(a: &str, b: &str) -> usize {
    let figures = |text: &str| text::digits(text);
    if edits(a, b) == 1 && a.len().max(b.len()) > 1 || (!figures(a).is_empty() && figures(a) == figures(b)) { 1 } else { 2 }
}

/// The surnames of a list of people, each with nothing else.
fn people(text: &str) -> Vec<String> {
    text.replace(" and ", ",").split([',', ';', '&', '|']).filter_map(|one| names::full(one).pop()).collect()
}

fn shared_people(a: &Value, b: &Value) -> f64 {
    let is_one = |a: &str, b: &str| a == b || jaro_winkler(a, b) >= 0.92;
    let shared = a.parts.iter().filter(|a| b.parts.iter().any(|b| is_one(a, b))).count() as f64;
    let (short, long) = (a.parts.len().min(b.parts.len()).max(1) as f64, a.parts.len().max(b.parts.len()).max(1) as f64);
    (0.7 * shared / short + 0.3 * shared / long).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(kind: Kind, a: &str, b: &str) -> usize {
        let (a, b) = (kind.read(a).unwrap(), kind.read(b).unwrap());
        let level = kind.level(&a, &b);
        assert_eq!(level, kind.level(&b, &a), "the same from both sides");
        assert!(level < kind.levels());
        level
    }

    proptest::proptest! {
        #[test]
        fn it_is_the_same_from_both_sides(a in "[a-c ]{1,9}", b in "[a-c ]{1,9}") {
            for kind in [Kind::Given, Kind::Family, Kind::FullName, Kind::Company, Kind::Street, Kind::City] {
                if let (Some(a), Some(b)) = (kind.read(&a), kind.read(&b)) {
                    proptest::prop_assert_eq!(kind.level(&a, &b), kind.level(&b, &a));
                }
            }
        }
    }

    #[test]
    fn each_kind_agrees_as_people_would_say() {
        let cases = [
            (Kind::Given, "María", "maria", 0),
            (Kind::Given, "Paco", "Francisco", 1),
            (Kind::Given, "José Luis", "José", 1),
            (Kind::Given, "J.", "José", 2),
            (Kind::Given, "Ana", "Pedro", 3),
            (Kind::Family, "de la Cruz", "Cruz", 0),
            (Kind::Family, "García López", "García", 1),
            (Kind::Family, "Gonzalez", "Gonsalez", 1),
            (Kind::Family, "Lanyon", "Bruhn", 3),
            (Kind::FullName, "Rojas, Ana", "Ana Rojas", 1),
            (Kind::FullName, "Bob Smith", "Robert Smith", 1),
            (Kind::FullName, "Ana Rojas", "Luis Vega", 3),
            (Kind::Company, "Acme S.A.", "ACME", 0),
            (Kind::Company, "Acme Software", "AcmeSoftware GmbH", 1),
            (Kind::Company, "Acme", "Initech", 3),
            (Kind::Email, "a.rojas@gmail.com", "arojas@gmail.com", 0),
            (Kind::Email, "arojas@gmial.com", "arojas@gmail.com", 1),
            (Kind::Email, "ana@acme.es", "luis@acme.es", 3),
            (Kind::Phone, "+34 612 345 678", "612345678", 0),
            (Kind::Phone, "612345678; 911234567", "+34911234567", 0),
            (Kind::Phone, "612345678", "612345687", 1),
            (Kind::Date, "1980-03-04", "1980-04-03", 1),
            (Kind::Date, "1980-03-04", "1980-03-05", 1),
            (Kind::Date, "1980-03-04", "1961-11-29", 3),
            (Kind::Street, "Calle Mayor 5", "C/ Mayor, 5", 0),
            (Kind::Street, "435 s. la cienega blv.", "435 s. la cienega blvd.", 1),
            (Kind::Street, "12 Oak Street", "98 Pine Road", 3),
            (Kind::City, "San Sebastián", "San Sebastian", 0),
            (Kind::City, "Barcelona", "Barcelone", 1),
            (Kind::Code, "5316228", "5361228", 1),
            (Kind::Number, "$100.00", "102", 1),
            (Kind::Year, "1999.0", "1999", 0),
            (Kind::People, "Viswanath Poosala, Yannis E. Ioannidis", "Y. Ioannidis and V. Poosala", 0),
            (Kind::Category, "american (new)", "american", 1),
            (Kind::Models, "Sony DAV-IS50/B", "bravia davis50b theatre", 0),
            (Kind::Figures, "office 2007", "office 2003", 3),
        ];
        for (kind, a, b, expected) in cases {
            let found = level(kind, a, b);
            assert!(found == expected || (expected == 1 && found == 0), "{kind:?}: {a} and {b} are {found}, not {expected}");
        }
        assert!(Kind::Email.read("none").is_none() && Kind::City.read(" - ").is_none());
    }

    #[test]
    fn the_defaults_are_probabilities_that_fall_apart_as_they_should() {
        use Kind::*;
        for kind in [
            Given, Family, FullName, Company, Email, Phone, Date, Street, House, City, Postcode, Region, Code, Title, Text, People,
            Number, Year, Category, Models, Figures,
        ] {
            let (m, u) = kind.defaults();
            assert_eq!(m.len(), u.len());
            for all in [m, u] {
                assert!((all.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{kind:?}");
            }
            let bits: Vec<_> = m.iter().zip(u).map(|(m, u)| (m / u).log2()).collect();
            assert!(bits.is_sorted_by(|a, b| a >= b), "{kind:?}: {bits:?}");
        }
    }
}
