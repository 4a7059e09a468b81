//! Words as they are compared: without case, accents and marks.

/// The letter without its accent, in lower case; `None` for a mark that only stands on another letter.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'é' | 'è' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'í' | 'ì' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' | 'ø' | 'ō' | 'ő' => "o",
        'ú' | 'ù' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' => "u",
        'ñ' | 'ń' | 'ň' => "n",
        'ç' | 'ć' | 'č' => "c",
        'ý' | 'ÿ' => "y",
        'š' | 'ś' | 'ş' | 'ș' => "s",
        'ž' | 'ź' | 'ż' => "z",
        'ł' => "l",
        'ř' => "r",
        'ť' | 'ț' => "t",
        'ď' | 'đ' => "d",
        'ğ' => "g",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        _ => return None,
    })
}

/// A text without case and accents: `Núñez` and `NUÑEZ` are both `nunez`.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match plain(c) {
            Some(letters) => folded.push_str(letters),
            // A combining mark.
            None if ('\u{300}'..='\u{36f}').contains(&c) => {}
            None => folded.push(c),
        }
    }
    folded
}

/// The folded words of a text, without what stands between them. `E-mail` is one word, and `firstName` two.
pub fn tokens(text: &str) -> Vec<String> {
    let mut split = String::with_capacity(text.len() + 4);
    let mut before = ' ';
    for c in text.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            split.push(' ');
        }
        split.push(c);
        before = c;
    }
    let mut words: Vec<String> = Vec::new();
    for word in fold(&split).split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        match words.last_mut() {
            Some(last) if last == "e" && word.starts_with("mail") => last.push_str(word),
            _ => words.push(word.to_owned()),
        }
    }
    words
}

/// How many letters must be put in, taken out, changed or swapped with their neighbour to make one word of the other
/// (optimal string alignment).
pub fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX - 1);
            let mut least = (at(&row, j + 1) + 1).min(at(&next, j) + 1).min(at(&row, j) + usize::from(x != y));
            if i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x) {
                least = least.min(at(&before, j - 1) + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(0)
}

/// A text on one line: trimmed, with single spaces, and without characters that nobody sees.
pub fn line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() {
            if !line.is_empty() && !line.ends_with(' ') {
                line.push(' ');
            }
        } else if !unseen(c) {
            line.push(c);
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// A text of several lines: trimmed at its ends, its lines ended by `\n` alone.
pub fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !unseen(*c)).collect::<String>().trim().to_owned()
}

/// Characters that are not shown: controls, the byte order mark, marks of direction and of width.
fn unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{feff}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{ad}')
}

/// Whether a text stands for nothing, whatever its column: a dash, `N/A`, a spreadsheet's own word for a missing value.
/// Words that are somebody's name somewhere (`None`, `Null`, `NA`) do not.
pub fn is_nothing(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().all(|c| matches!(c, '-' | '–' | '—' | '−' | '_')) || text.is_empty() || {
        let low = text.to_lowercase();
        matches!(low.as_str(), "n/a" | "n/d" | "s/d" | "n.a." | "#n/a" | "#n/d" | "(empty)" | "(vacío)" | "(blank)" | "(en blanco)")
    }
}

/// Whether a text stands for nothing in a column that holds no free words, such as e-mails or dates.
pub fn is_nothing_here(text: &str) -> bool {
    is_nothing(text) || {
        let low = fold(text.trim());
        matches!(
            low.as_str(),
            "na" | "nd"
                | "nan"
                | "nat"
                | "null"
                | "none"
                | "nil"
                | "ninguno"
                | "ninguna"
                | "no tiene"
                | "sin datos"
                | "sin dato"
                | "no disponible"
                | "not available"
                | "undefined"
                | "vacio"
                | "empty"
        )
    }
}

/// A text as it was before it was made harmless for spreadsheets: without the apostrophe before what looks like a formula.
pub fn unquoted(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) => rest,
        _ => text,
    }
}

/// The beginning of a text, for messages: at most `most` characters.
pub fn short(text: &str, most: usize) -> String {
    let text = line(text);
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_marks_do_not_count() {
        assert_eq!(fold("NÚÑEZ Straße Ångström"), "nunez strasse angstrom");
        assert_eq!(fold("Jose\u{301}"), "jose");
        assert_eq!(tokens("E-mail 1 - Value"), ["email", "1", "value"]);
        assert_eq!(tokens("firstName"), ["first", "name"]);
        assert_eq!(tokens("País/región"), ["pais", "region"]);
        assert_eq!(tokens(" -- "), Vec::<String>::new());
    }

    #[test]
    fn slips_of_the_finger_are_counted() {
        let cases =
            [("telefono", "telefno", 1), ("email", "emial", 1), ("company", "company", 0), ("", "abc", 3), ("stage", "state", 1)];
        for (a, b, expected) in cases {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn texts_are_trimmed_of_what_nobody_sees() {
        assert_eq!(line(" \u{feff}Ana\u{a0}\n  María\u{200b} "), "Ana María");
        assert_eq!(lines(" a\r\nb\rc\0 \n"), "a\nb\nc");
        assert_eq!(unquoted("'+34 600"), "+34 600");
        assert_eq!(unquoted("'Neil"), "'Neil");
        assert_eq!(short("abcdef", 3), "abc…");
    }

    #[test]
    fn only_what_clearly_is_nothing_is_nothing() {
        for text in ["", "-", "—", "N/A", "n/a", "#N/A", " -- "] {
            assert!(is_nothing(text), "{text}");
        }
        for text in ["NA", "Null", "None", "0", "No"] {
            assert!(!is_nothing(text), "{text}");
        }
        assert!(is_nothing_here("null") && is_nothing_here("NA") && !is_nothing_here("0"));
    }
}
