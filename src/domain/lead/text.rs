//! Reading what people write: words without case and accents, each with its place in the text, and phrases made of them.

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word in lower case, without accents; of a number, its digits.
    pub text: String,
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends, in bytes: with the `+` or `%` behind a number.
    pub end: usize,
    /// Its value, if it is a whole number.
    pub number: Option<u64>,
    /// What stands behind the number.
    pub sign: Option<char>,
    /// The sentence that it is in, counted from 0.
    pub sentence: usize,
}

/// A place in a text, in bytes.
pub type Range = (usize, usize);

/// A text as words.
#[derive(Clone, Debug)]
pub struct Words<'a> {
    source: &'a str,
    words: Vec<Word>,
}

/// A character in lower case and without its accent, as far as Spanish and its neighbours have any.
pub fn fold(c: char) -> char {
    let c = c.to_lowercase().next().unwrap_or(c);
    match c {
        'á' | 'à' | 'ä' | 'â' | 'ã' => 'a',
        'é' | 'è' | 'ë' | 'ê' => 'e',
        'í' | 'ì' | 'ï' | 'î' => 'i',
        'ó' | 'ò' | 'ö' | 'ô' | 'õ' => 'o',
        'ú' | 'ù' | 'ü' | 'û' => 'u',
        'ñ' => 'n',
        'ç' => 'c',
        other => other,
    }
}

/// A text in lower case and without accents.
pub fn folded(text: &str) -> String {
    text.chars().map(fold).collect()
}

/// Words before what would say the opposite.
const NEGATIONS: [&str; 9] = ["no", "not", "dont", "doesnt", "wont", "sin", "without", "never", "nunca"];
/// How many words a gap in a phrase may have.
const GAP: usize = 3;

impl<'a> Words<'a> {
    /// Reads a text.
    pub fn read(source: &'a str) -> Self {
        let mut words: Vec<Word> = Vec::new();
        let mut sentence = 0;
        let mut chars = source.char_indices().peekable();
        while let Some((start, c)) = chars.next() {
            if !c.is_alphanumeric() {
                sentence += usize::from(matches!(c, '.' | '?' | '!' | ';' | '\n' | '…'));
                continue;
            }
            let is_number = c.is_ascii_digit();
            let (mut text, mut end) = (String::from(fold(c)), start + c.len_utf8());
            while let Some((at, c)) = chars.peek().copied() {
                if is_number && matches!(c, '.' | ',') && is_thousand(source.get(at + 1..).unwrap_or_default()) {
                    chars.next();
                    continue;
                }
                // `don't` is one word.
                if !is_number
                    && matches!(c, '\'' | '’')
                    && source.get(at + c.len_utf8()..).is_some_and(|rest| rest.starts_with(char::is_alphabetic))
                {
                    chars.next();
                    continue;
                }
                // A number ends before a letter, so that `50k` and `3x` are no words of their own.
                if !c.is_alphanumeric() || is_number && !c.is_ascii_digit() {
                    break;
                }
                text.push(fold(c));
                end = at + c.len_utf8();
                chars.next();
            }
            let number = if is_number { text.parse().ok() } else { None };
            let sign = chars.peek().map(|(_, c)| *c).filter(|c| number.is_some() && matches!(c, '+' | '%'));
            if sign.is_some() {
                chars.next();
                end += 1;
            }
            words.push(Word { text, start, end, number, sign, sentence });
        }
        Self { source, words }
    }

    /// All words, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Word> {
        self.words.iter()
    }

    /// The text at a place.
    pub fn at(&self, (start, end): Range) -> &'a str {
        self.source.get(start..end).unwrap_or_default()
    }

    /// Where a phrase stands first and is not denied. A phrase is made of steps with spaces between them: a word, the beginning of
    /// one (`automatiz*`), several to choose from (`necesit*|need*`), a number (`#`), or up to three words whatever they are (`~`).
    pub fn find(&self, phrase: &str) -> Option<Range> {
        self.find_numbers(phrase).map(|(range, _)| range)
    }

    /// The same, with the last number in it.
    pub fn find_number(&self, phrase: &str) -> Option<(Range, &Word)> {
        let (range, number) = self.find_numbers(phrase)?;
        Some((range, number?))
    }

    fn find_numbers(&self, phrase: &str) -> Option<(Range, Option<&Word>)> {
        let steps: Vec<&str> = phrase.split(' ').collect();
        (0..self.words.len()).find_map(|from| {
            let is_denied = self.before(from).is_some_and(|word| NEGATIONS.contains(&word.text.as_str()));
            let last = if is_denied { None } else { self.matches(&steps, from, from) }?;
            let number = self.words.get(from..=last)?.iter().rfind(|word| word.number.is_some());
            Some(((self.words.get(from)?.start, self.words.get(last)?.end), number))
        })
    }

    /// The word before another one of the same sentence.
    fn before(&self, at: usize) -> Option<&Word> {
        let word = self.words.get(at)?;
        self.words.get(at.checked_sub(1)?).filter(|before| before.sentence == word.sentence)
    }

    /// The last word of a phrase that goes on here.
    fn matches(&self, steps: &[&str], from: usize, at: usize) -> Option<usize> {
        let (step, rest) = steps.split_first()?;
        if *step == "~" {
            return (at..=at + GAP).find_map(|next| self.matches(rest, from, next));
        }
        let word = self.words.get(at)?;
        if word.sentence != self.words.get(from)?.sentence || !fits(step, word) {
            return None;
        }
        if rest.is_empty() { Some(at) } else { self.matches(rest, from, at + 1) }
    }
}

fn fits(step: &str, word: &Word) -> bool {
    step.split('|').any(|choice| match choice.strip_suffix('*') {
        Some(begin) => word.text.starts_with(begin),
        None if choice == "#" => word.number.is_some(),
        None => word.text == choice,
    })
}

/// Whether what follows a separator is three digits and no more.
fn is_thousand(rest: &str) -> bool {
    rest.len() >= 3
        && rest.bytes().take(3).all(|byte| byte.is_ascii_digit())
        && !rest.as_bytes().get(3).is_some_and(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found<'a>(text: &'a str, phrase: &str) -> Option<&'a str> {
        let words = Words::read(text);
        words.find(phrase).map(|range| words.at(range))
    }

    #[test]
    fn phrases_are_found_without_case_and_accents() {
        let text = "Necesitamos una SOLUCIÓN para automatizar procesos. ¿Límites de usuarios?";
        for (phrase, there) in [
            ("necesit* una solucion", Some("Necesitamos una SOLUCIÓN")),
            ("automatiz* ~ procesos", Some("automatizar procesos")),
            ("solucion ~ automatiz*", Some("SOLUCIÓN para automatizar")),
            ("limite*|tope* ~ usuario*", Some("Límites de usuarios")),
            ("procesos limites", None),
            ("procesos ~ limites", None),
            ("proceso", None),
        ] {
            assert_eq!(found(text, phrase), there, "{phrase}");
        }
    }

    #[test]
    fn what_is_denied_is_not_said() {
        assert_eq!(found("No necesitamos nada", "necesit*"), None);
        assert_eq!(found("we don't need it", "need*"), None);
        assert_eq!(found("No. Necesitamos ayuda", "necesit*"), Some("Necesitamos"));
    }

    #[test]
    fn numbers_keep_their_signs_and_thousands() {
        let words = Words::read("200+ clientes, 1.250 empleados, 12,000 users, +340% y 3x, 1.5");
        let numbers: Vec<_> =
            words.iter().filter_map(|word| Some((word.number?, word.sign, words.at((word.start, word.end))))).collect();
        assert_eq!(
            numbers,
            [
                (200, Some('+'), "200+"),
                (1250, None, "1.250"),
                (12000, None, "12,000"),
                (340, Some('%'), "340%"),
                (3, None, "3"),
                (1, None, "1"),
                (5, None, "5")
            ]
        );
        assert_eq!(words.find_number("# empleado*").and_then(|(_, word)| word.number), Some(1250));
    }

    proptest! {
        #[test]
        fn places_are_in_the_text(text in "[ -~áéñ¿€İß.\\n0-9]{0,200}") {
            let words = Words::read(&text);
            for word in words.iter() {
                prop_assert!(text.is_char_boundary(word.start) && text.is_char_boundary(word.end) && word.start < word.end);
            }
            if let Some(range) = words.find("a* ~ e*|#") {
                prop_assert!(!words.at(range).is_empty());
            }
        }
    }
}
