//! Texts with places in them that are filled in for somebody: `Hello {{first_name}}`.

/// The names that may stand in a text, in the order in which they are offered.
pub const VARIABLES: [&str; 9] = ["first_name", "last_name", "full_name", "email", "company", "title", "city", "owner", "today"];

/// A text that was filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// The text. What is not known stands in it as it was written.
    pub text: String,
    /// Names that are none of ours, each once, in their order.
    pub unknown: Vec<String>,
    /// Names that are ours, and that nothing is known for, each once, in their order.
    pub empty: Vec<String>,
}

/// A piece of a text: what stands there, or the name of what is to be filled in with how it is written.
enum Piece<'a> {
    Text(&'a str),
    Name { name: &'a str, written: &'a str },
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(open) = rest.find("{{") else { return Some(Piece::Text(std::mem::take(&mut rest))) };
        if open > 0 {
            let (before, after) = rest.split_at(open);
            rest = after;
            return Some(Piece::Text(before));
        }
        // A brace that is never closed, or not on the same line, is a brace.
        let close = rest.find("}}").filter(|close| !rest.get(..*close).is_some_and(|inside| inside.contains('\n')));
        let Some(close) = close else {
            let (brace, after) = rest.split_at(2);
            rest = after;
            return Some(Piece::Text(brace));
        };
        let (written, after) = rest.split_at(close + 2);
        rest = after;
        Some(Piece::Name { name: written.trim_matches(['{', '}']).trim(), written })
    })
}

fn once(list: &mut Vec<String>, name: &str) {
    if !list.iter().any(|known| known == name) {
        list.push(name.to_owned());
    }
}

/// Fills a text in. `value` gives what is known for one of [`VARIABLES`]; what it gives is not looked at for places again.
pub fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> Filled {
    let mut filled = Filled::default();
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => filled.text.push_str(text),
            Piece::Name { name, written } if !VARIABLES.contains(&name) => {
                once(&mut filled.unknown, name);
                filled.text.push_str(written);
            }
            Piece::Name { name, written } => {
                if let Some(value) = value(name).filter(|value| !value.is_empty()) {
                    filled.text.push_str(&value);
                } else {
                    once(&mut filled.empty, name);
                    filled.text.push_str(written);
                }
            }
        }
    }
    filled
}

/// The names in a text that are none of ours.
pub fn unknown(text: &str) -> Vec<String> {
    fill(text, |_| None).unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_in_and_what_is_not_known_is_named() {
        let value = |name: &str| match name {
            "first_name" => Some("Ana {{owner}}".to_owned()),
            "company" => Some(String::new()),
            _ => None,
        };
        let filled = fill("Hola {{ first_name }}, de {{company}} y {{compny}} {{compny}}: {{", value);
        assert_eq!(filled.text, "Hola Ana {{owner}}, de {{company}} y {{compny}} {{compny}}: {{");
        assert_eq!((filled.unknown, filled.empty), (vec!["compny".to_owned()], vec!["company".to_owned()]));
        assert_eq!(fill("", value), Filled::default());
        assert_eq!(fill("{{first_name\n}} {a} {{}}", value).unknown, [""]);
    }
}
