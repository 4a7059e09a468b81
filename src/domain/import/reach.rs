//! E-mail addresses and phone numbers in a cell, of which there may be several.

use crate::domain::people;

use super::words::{line, unquoted};

/// The addresses in a text, in lower case, and what in it is none.
pub fn emails(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    let text = unquoted(text.trim()).replace(":::", ";");
    for part in parts(&text, &[';', ',', '|', '\n']) {
        let part = line(part);
        // `Ana Ruiz <ana@example.com>`
        let part = match (part.rfind('<'), part.rfind('>')) {
            (Some(from), Some(to)) if from < to => part.get(from + 1..to).unwrap_or(&part),
            _ => part.as_str(),
        };
        let words: Vec<&str> = part.split(' ').collect();
        // `a@example.com b@example.com`, `a@example.com / b@example.com`
        let several = words.iter().filter(|w| w.contains('@')).count() > 1;
        for word in if several { words } else { vec![part] } {
            let word = word.trim_matches(|c: char| {
                c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | '(' | ')' | '[' | ']' | ',' | ';')
            });
            let word = word.get(..7).filter(|p| p.eq_ignore_ascii_case("mailto:")).map_or(word, |_| word.get(7..).unwrap_or(word));
            let word = word.strip_suffix('.').unwrap_or(word);
            if word.is_empty() || (several && matches!(word, "/" | "y" | "o" | "and" | "or" | "-" | "&")) {
                continue;
            }
            match people::email(word, "") {
                Ok(email) if good.contains(&email) => {}
                Ok(email) => good.push(email),
                Err(_) => bad.push(word.to_owned()),
            }
        }
    }
    (good, bad)
}

/// The phone numbers in a text, each as it is written, and what in it is none.
pub fn phones(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    let text = text.trim().replace(":::", ";");
    for part in parts(&text, &[';', '|', '\n']) {
        let part = line(unquoted(part.trim()));
        // A comma or a stroke stands between numbers only if both sides are whole ones.
        let pieces: Vec<&str> = part.split([',', '/']).map(str::trim).collect();
        let whole = pieces.len() > 1 && pieces.iter().all(|p| digits(p) >= 7 && is_phone(p));
        for phone in if whole { pieces } else { vec![part.as_str()] } {
            let phone =
                phone.get(..4).filter(|p| p.eq_ignore_ascii_case("tel:")).map_or(phone, |_| phone.get(4..).unwrap_or(phone));
            if phone.is_empty() || good.iter().any(|g| g == phone) {
                continue;
            }
            if is_phone(phone) { good.push(phone.to_owned()) } else { bad.push(phone.to_owned()) }
        }
    }
    (good, bad)
}

fn parts<'a>(text: &'a str, marks: &'a [char]) -> impl Iterator<Item = &'a str> {
    text.split(marks).map(str::trim).filter(|p| !p.is_empty())
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// Whether a spreadsheet has cut a long number down: `3,46E+10`.
pub fn is_cut(text: &str) -> bool {
    let text = text.trim().to_ascii_uppercase();
    text.split_once("E+").is_some_and(|(mantissa, power)| {
        !mantissa.is_empty()
            && mantissa.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'-'))
            && !power.is_empty()
            && power.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Whether a text is a phone number: 5 to 15 digits, with signs between, perhaps an extension, or letters of a vanity number.
pub fn is_phone(text: &str) -> bool {
    let low = text.trim().to_lowercase();
    if is_cut(&low) {
        return false;
    }
    let main = ["extension", "ext.", "ext", "int.", "anexo", "x", "#"]
        .iter()
        .find_map(|mark| {
            let at = low.rfind(mark)?;
            let extension = low.get(at + mark.len()..)?.trim_start_matches([':', '.', ' ']);
            (at > 4 && (1..=8).contains(&extension.len()) && extension.bytes().all(|b| b.is_ascii_digit()))
                .then(|| low.get(..at))
                .flatten()
        })
        .unwrap_or(&low)
        .trim_end_matches([',', ' ', ';']);
    let count = digits(main);
    let signs = |c: char| {
        c.is_ascii_digit()
            || matches!(c, '+' | '-' | '.' | '(' | ')' | '/' | '\u{2010}'..='\u{2013}' | '*' | '#')
            || c.is_whitespace()
    };
    let plus_leads =
        main.rfind('+').is_none_or(|at| main.get(..at).is_some_and(|before| before.trim_matches(['(', ' ']).is_empty()));
    let vanity = || {
        main.split_once('-').is_some_and(|(first, rest)| {
            digits(first) > 0
                && signs_only(first)
                && rest.len() >= 7
                && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                && digits(rest) >= 3
        })
    };
    plus_leads && ((5..=15).contains(&count) && main.chars().all(signs) || vanity())
}

fn signs_only(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '(' | ')' | ' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_out_of_what_stands_around_them() {
        let cases: [(&str, &[&str], &[&str]); 9] = [
            (" Ana@Example.COM ", &["ana@example.com"], &[]),
            ("mailto:ana@example.com", &["ana@example.com"], &[]),
            ("Ana Ruiz <ana@example.com>", &["ana@example.com"], &[]),
            ("a@x.com; b@x.com,c@x.com", &["a@x.com", "b@x.com", "c@x.com"], &[]),
            ("a@x.com / b@x.com A@x.com", &["a@x.com", "b@x.com"], &[]),
            ("a@x.com ::: b@x.com", &["a@x.com", "b@x.com"], &[]),
            ("ana(at)x.com", &[], &["ana(at)x.com"]),
            ("ana@@x.com", &[], &["ana@@x.com"]),
            ("ana@x", &[], &["ana@x"]),
        ];
        for (text, good, bad) in cases {
            let found = emails(text);
            assert_eq!(
                (found.0.as_slice(), found.1.as_slice()),
                (
                    &good.iter().map(ToString::to_string).collect::<Vec<_>>()[..],
                    &bad.iter().map(ToString::to_string).collect::<Vec<_>>()[..]
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn numbers_stay_as_they_are_written() {
        let cases: [(&str, &[&str], usize); 14] = [
            ("+34 600 111 222", &["+34 600 111 222"], 0),
            ("0034600111222", &["0034600111222"], 0),
            ("'+34600111222", &["+34600111222"], 0),
            ("(+57) 300-123.4567", &["(+57) 300-123.4567"], 0),
            ("600111222 / 910000000", &["600111222", "910000000"], 0),
            ("91/123 45 67", &["91/123 45 67"], 0),
            ("+1 415 555 0100 ext. 22", &["+1 415 555 0100 ext. 22"], 0),
            ("415-555-0100 x5; 415 555 0101", &["415-555-0100 x5", "415 555 0101"], 0),
            ("1-800-FLOWERS", &["1-800-FLOWERS"], 0),
            ("tel:+34600111222", &["+34600111222"], 0),
            ("3,46E+10", &[], 1),
            ("call me", &[], 1),
            ("12", &[], 1),
            ("+34600111222 ::: +34600111333", &["+34600111222", "+34600111333"], 0),
        ];
        for (text, good, bad) in cases {
            let found = phones(text);
            assert_eq!(found.0, good, "{text}");
            assert_eq!(found.1.len(), bad, "{text}");
        }
    }
}
