//! What a text is made of, as far as its sentiment goes.

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word, without the mark of a hashtag.
    Word,
    /// An emoji or an emoticon.
    Sign,
    /// An exclamation mark.
    Exclaim,
    /// What ends a clause.
    Stop,
}

/// A piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    /// In bytes.
    pub start: usize,
    pub end: usize,
}

impl Token {
    /// The text itself.
    pub fn text<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// Emoticons with their weights; the longer ones come before those that they begin with.
pub(super) const EMOTICONS: [(&str, f64); 36] = [
    (":'-(", -1.9),
    (":'(", -1.9),
    (":'-)", 1.8),
    (":')", 1.8),
    (">:(", -2.2),
    (":-))", 2.0),
    (":-)", 1.6),
    (":-D", 2.1),
    (":-(", -1.6),
    (":-/", -1.1),
    (":-P", 1.2),
    (":-*", 1.9),
    (";-)", 1.3),
    ("(:", 1.4),
    ("):", -1.4),
    (":))", 2.0),
    (":)", 1.6),
    (":D", 2.1),
    (":((", -2.0),
    (":(", -1.6),
    (":/", -1.0),
    (":P", 1.1),
    (":p", 1.1),
    (":*", 1.9),
    (";)", 1.3),
    (";D", 1.6),
    ("=)", 1.6),
    ("=D", 2.0),
    ("=(", -1.6),
    ("</3", -2.1),
    ("<3", 2.2),
    ("^_^", 1.7),
    ("^^", 1.2),
    ("-_-", -1.3),
    ("T_T", -1.5),
    ("D:", -1.4),
];

fn is_word(c: char) -> bool {
    // Combining accents belong to their letter.
    c.is_alphanumeric() || matches!(c, '\u{300}'..='\u{36f}')
}

/// Takes a text apart. Addresses and mentions are passed over: they say nothing themselves.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let begins = !text.get(..at).and_then(|before| before.chars().next_back()).is_some_and(is_word);
        if begins && ["http://", "https://", "www."].iter().any(|mark| rest.starts_with(mark)) {
            at += rest.find(char::is_whitespace).unwrap_or(rest.len());
            continue;
        }
        if let Some((sign, _)) = EMOTICONS.iter().find(|(sign, _)| rest.starts_with(sign) && ends(sign, rest, begins)) {
            tokens.push(Token { kind: Kind::Sign, start: at, end: at + sign.len() });
            at += sign.len();
            continue;
        }
        let Some(c) = rest.chars().next() else { break };
        let end = at + c.len_utf8();
        match c {
            '@' if begins => {
                at = end + rest.get(1..).map_or(0, |name| name.find(|c: char| !is_word(c) && c != '_').unwrap_or(name.len()));
                continue;
            }
            _ if is_word(c) => {
                let end = at + word_length(rest);
                tokens.push(Token { kind: Kind::Word, start: at, end });
                at = end;
                continue;
            }
            '!' => tokens.push(Token { kind: Kind::Exclaim, start: at, end }),
            '.' | ',' | ';' | ':' | '?' | '\n' | '(' | ')' | '…' => tokens.push(Token { kind: Kind::Stop, start: at, end }),
            _ if super::lexicon::sign(rest.get(..c.len_utf8()).unwrap_or_default()).is_some() => {
                tokens.push(Token { kind: Kind::Sign, start: at, end });
            }
            _ => {}
        }
        at = end;
    }
    tokens
}

/// Whether an emoticon stands there by itself: one with a letter at an edge may be the beginning or the end of a word.
fn ends(sign: &str, rest: &str, begins: bool) -> bool {
    let after = rest.get(sign.len()..).and_then(|after| after.chars().next());
    let letter_first = sign.chars().next().is_some_and(char::is_alphabetic);
    let letter_last = sign.chars().next_back().is_some_and(char::is_alphanumeric);
    let begins_a_word = letter_first && !begins;
    let ends_a_word = letter_last && after.is_some_and(is_word);
    let is_of_an_address = sign.ends_with('/') && after == Some('/');
    !begins_a_word && !ends_a_word && !is_of_an_address
}

/// The length of the word at the beginning of a text, in bytes: apostrophes within it belong to it.
fn word_length(text: &str) -> usize {
    let mut end = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let joins = matches!(c, '\'' | '’' | '_') && chars.peek().is_some_and(|(_, next)| is_word(*next));
        if !is_word(c) && !joins {
            break;
        }
        end = at + c.len_utf8();
    }
    end
}
