//! Whether a text in Spanish or English is meant well, by a lexicon.
//!
//! Each word of the lexicon has a weight from -4 to 4, which the words around it turn round ("not"), strengthen ("very") or weaken
//! ("a bit"), as do capitals, exclamation marks and what comes after a "but". The sum is brought to [-1, 1] by `s / sqrt(s² + 15)`.
//! The rules and the constants of emphasis follow Hutto and Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis
//! of Social Media Text" (2014); the lexicons are our own. The words that the result rests on are given with it.

mod lexicon;
mod tokens;

use self::{
    lexicon::{Lexicon, fold},
    tokens::{Kind, Token, tokens},
};
use super::format::Lang;

/// How a text is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Badly.
    Negative,
    /// Neither way.
    Neutral,
    /// Well.
    Positive,
}

impl Label {
    /// All, from bad to good.
    pub const ALL: [Self; 3] = [Self::Negative, Self::Neutral, Self::Positive];

    /// The word in the database and in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Negative => "negative",
            Self::Neutral => "neutral",
            Self::Positive => "positive",
        }
    }

    /// The label with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|label| label.as_str() == word)
    }
}

/// A part of the text that the result rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
    /// Its weight with what the words around it do to it: above 0 for good.
    pub weight: f64,
}

/// How a text is meant, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentiment {
    /// The language that it was read in.
    pub lang: Lang,
    /// The result.
    pub label: Label,
    /// From -1 to 1.
    pub score: f64,
    /// The words that it rests on, in their order.
    pub evidence: Vec<Evidence>,
}

/// From this score on a text is meant well; tweets that only tell something often hold a friendly word.
const POSITIVE_FROM: f64 = 0.32;
/// Down from this score on it is meant badly.
const NEGATIVE_FROM: f64 = -0.27;
/// What brings sums to scores: the larger, the more words a high score takes.
const ALPHA: f64 = 15.0;
/// How much a "very" adds to a word's weight.
const BOOST: f64 = 0.3;
/// How much capitals add among words in small letters.
const SHOUT: f64 = 0.6;
/// How much each exclamation mark adds, up to three.
const EXCLAIM: f64 = 0.25;
/// What a "not" makes of good words, and of bad ones: "not bad" is not as good as "not good" is bad.
const NOT_GOOD: f64 = -0.9;
const NOT_BAD: f64 = -0.4;
/// How many words before a word may turn it round or strengthen it.
const REACH: usize = 3;

/// Judges a text, in a language or in the one that it seems to be in. A text without words of the lexicon is neutral.
pub fn analyse(text: &str, lang: Option<Lang>) -> Sentiment {
    let tokens = tokens(text);
    let words: Vec<String> = tokens.iter().map(|token| fold(token.text(text))).collect();
    let lang = lang.unwrap_or_else(|| language(text, &words));
    let reading = Reading { text, tokens: &tokens, words: &words, lexicon: Lexicon::of(lang) };
    let evidence = reading.evidence();
    // Not `sum`, which begins at minus zero.
    let mut sum = evidence.iter().fold(0.0, |sum, e| sum + e.weight);
    let shouts = tokens.iter().filter(|t| t.kind == Kind::Exclaim).count().min(3) as f64;
    if sum != 0.0 {
        sum += shouts * EXCLAIM * sum.signum();
    }
    let score = sum / sum.mul_add(sum, ALPHA).sqrt();
    let label = match score {
        s if s >= POSITIVE_FROM => Label::Positive,
        s if s <= NEGATIVE_FROM => Label::Negative,
        _ => Label::Neutral,
    };
    Sentiment { lang, label, score, evidence }
}

/// The language that a text seems to be in, by its small words and letters; by the words of the lexicons where it has none of these.
fn language(text: &str, words: &[String]) -> Lang {
    const ES: [&str; 66] = [
        "de", "la", "que", "el", "en", "y", "los", "del", "se", "las", "por", "un", "para", "con", "una", "su", "al", "lo", "como",
        "mas", "pero", "sus", "le", "ya", "o", "este", "si", "porque", "esta", "entre", "cuando", "muy", "sin", "sobre", "tambien",
        "hasta", "hay", "donde", "quien", "desde", "todo", "nos", "uno", "es", "son", "mi", "te", "yo", "eso", "ser", "fue", "ha",
        "he_de", "gracias", "hoy", "bien", "tu", "nada", "mucho", "dia", "hola", "est", "estoy", "tengo", "asi", "q",
    ];
    const EN: [&str; 62] = [
        "the", "be", "to", "of", "and", "that", "have", "it", "for", "not", "on", "with", "you", "do", "at", "this", "but", "his",
        "by", "from", "they", "we", "say", "her", "she", "or", "an", "will", "my", "one", "all", "would", "there", "their", "what",
        "so", "up", "out", "if", "about", "who", "get", "which", "go", "when", "was", "is", "are", "i", "i'm", "it's", "your",
        "just", "can", "how", "in", "too", "now", "been", "were", "has", "don't",
    ];
    let of = |list: &[&str]| words.iter().filter(|word| list.contains(&word.as_str())).count();
    let letters = text.chars().filter(|c| "ñáéíóúüÑÁÉÍÓÚÜ¿¡".contains(*c)).count();
    let (es, en) = (of(&ES) + letters.min(2), of(&EN));
    match es.cmp(&en) {
        std::cmp::Ordering::Greater => Lang::Es,
        std::cmp::Ordering::Less => Lang::En,
        std::cmp::Ordering::Equal => {
            let known = |lang| words.iter().filter(|word| Lexicon::of(lang).weight(word).is_some()).count();
            if known(Lang::Es) > known(Lang::En) { Lang::Es } else { Lang::En }
        }
    }
}

struct Reading<'a> {
    text: &'a str,
    tokens: &'a [Token],
    words: &'a [String],
    lexicon: &'static Lexicon,
}

impl Reading<'_> {
    fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    fn word(&self, at: usize) -> &str {
        self.words.get(at).map(String::as_str).unwrap_or_default()
    }

    fn evidence(&self) -> Vec<Evidence> {
        let mut found: Vec<(usize, Evidence)> = Vec::new();
        let shouted = self.is_mixed();
        let mut at = 0;
        while at < self.tokens.len() {
            let Some((length, weight)) = self.weight(at) else {
                at += 1;
                continue;
            };
            let (Some(first), Some(last)) = (self.tokens.get(at), self.tokens.get(at + length - 1)) else { break };
            let mut weight = weight;
            if weight != 0.0 && first.kind == Kind::Word {
                weight = self.strengthened(at, weight);
                let word = first.text(self.text);
                if shouted && word.chars().count() > 2 && word.chars().all(|c| !c.is_lowercase()) {
                    weight += SHOUT * weight.signum();
                }
                // A saying says itself whether it is meant.
                if self.is_negated(at) && !(length > 1 && self.lexicon.is_negation(self.word(at))) {
                    weight *= if weight > 0.0 { NOT_GOOD } else { NOT_BAD };
                }
            }
            if weight != 0.0 {
                found.push((at, Evidence { start: first.start, end: last.end, weight }));
            }
            at += length;
        }
        self.turn(&mut found);
        found.into_iter().map(|(_, evidence)| evidence).collect()
    }

    /// The weight of the longest saying that begins here, and how many words it has.
    fn weight(&self, at: usize) -> Option<(usize, f64)> {
        match self.kind(at)? {
            Kind::Sign => return lexicon::sign(self.tokens.get(at)?.text(self.text)).map(|weight| (1, weight)),
            Kind::Word => {}
            _ => return None,
        }
        for length in (2..=4).rev() {
            if (at..at + length).all(|i| self.kind(i) == Some(Kind::Word)) {
                let saying: Vec<_> = (at..at + length).map(|i| self.word(i)).collect();
                if let Some(weight) = self.lexicon.saying(&saying.join("_")) {
                    return Some((length, weight));
                }
            }
        }
        self.lexicon.weight(self.word(at)).map(|weight| (1, weight))
    }

    /// The words before one, as far as they reach it: no further than the last stop or "but".
    fn before(&self, at: usize) -> impl Iterator<Item = (usize, &str)> {
        (0..at)
            .rev()
            .take_while(|i| self.kind(*i) == Some(Kind::Word) && !self.lexicon.is_contrast(self.word(*i)))
            .take(REACH)
            .enumerate()
            .map(|(distance, i)| (distance, self.word(i)))
    }

    fn is_negated(&self, at: usize) -> bool {
        self.before(at).any(|(_, word)| self.lexicon.is_negation(word))
    }

    fn strengthened(&self, at: usize, weight: f64) -> f64 {
        let boost: f64 =
            self.before(at).take(2).map(|(distance, word)| self.lexicon.boost(word) * if distance == 0 { 1.0 } else { 0.85 }).sum();
        let strengthened = weight + boost * BOOST * weight.signum();
        // A "hardly" makes little of a word, and never its opposite.
        if strengthened * weight > 0.0 { strengthened } else { 0.0 }
    }

    /// What comes after the last "but" counts more than what comes before it.
    fn turn(&self, found: &mut [(usize, Evidence)]) {
        let Some(turn) = (0..self.tokens.len()).rev().find(|i| self.lexicon.is_contrast(self.word(*i))) else { return };
        let after = found.iter().any(|(at, _)| *at > turn);
        for (at, evidence) in found.iter_mut().filter(|_| after) {
            evidence.weight *= if *at < turn { 0.5 } else { 1.3 };
        }
    }

    /// Whether capitals mean something: some words are in small letters.
    fn is_mixed(&self) -> bool {
        self.tokens.iter().any(|t| t.kind == Kind::Word && t.text(self.text).chars().any(char::is_lowercase))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(text: &str) -> Label {
        analyse(text, None).label
    }

    #[test]
    fn plain_words_are_judged_in_both_languages() {
        for text in [
            "I love this product, it is amazing!",
            "Muchas gracias, me encanta el servicio",
            "Can't wait to see you all tomorrow :)",
            "¡Qué maravilla de equipo! Felicidades a todos",
            "The demo went great, they were very happy with the results",
            "Quedaron muy contentos con la propuesta",
            "no está nada mal",
            "Not bad at all, I really like it",
            "jajajaja que risa, genial",
            "happy birthday!! hope you have a great day",
        ] {
            assert_eq!(label(text), Label::Positive, "{text}: {:?}", analyse(text, None));
        }
        for text in [
            "This is the worst support I have ever had",
            "No me gusta nada, es una mierda",
            "I'm so tired of this, nothing works and nobody cares",
            "Estoy harto, el pedido llegó roto y no contestan",
            "I don't like it at all",
            "no estoy contento con el servicio",
            "El cliente está muy molesto por el retraso y amenaza con irse",
            "ugh my phone crashed again :(",
            "qué asco de día 😡",
        ] {
            assert_eq!(label(text), Label::Negative, "{text}: {:?}", analyse(text, None));
        }
        for text in [
            "",
            "The meeting is on Tuesday at 10 in the main office",
            "Mañana a las 8 hay reunión en la sala 3",
            "Se envió la propuesta por correo el lunes",
            "Watching the news with my brother http://t.co/abc",
            "Buenos días a todos",
            "good morning everyone",
        ] {
            assert_eq!(label(text), Label::Neutral, "{text}: {:?}", analyse(text, None));
        }
    }

    #[test]
    fn the_language_is_found_by_itself() {
        for (text, lang) in [
            ("El servicio fue bueno", Lang::Es),
            ("The service was good", Lang::En),
            ("Excelente", Lang::Es),
            ("Excellent", Lang::En),
            ("¡Vamos!", Lang::Es),
            ("no", Lang::En),
            ("", Lang::En),
        ] {
            assert_eq!(analyse(text, None).lang, lang, "{text}");
        }
        assert_eq!(analyse("terrible", Some(Lang::Es)).label, Label::Negative);
    }

    #[test]
    fn words_around_a_word_change_it() {
        let score = |text: &str| analyse(text, Some(Lang::En)).score;
        assert!(score("very good") > score("good") && score("good") > score("slightly good"));
        assert!(score("GOOD stuff") > score("good stuff") && score("good!!!") > score("good"));
        assert!(score("not good") < 0.0 && score("not bad") > 0.0 && score("not bad") < score("good"));
        assert!(score("isn't it good") < 0.0 || score("it isn't good") < 0.0);
        assert!(score("good, but terrible") < score("terrible, but good"));
        assert!(score("sooooo gooooood") > score("good"));
        assert!(score("not on Monday. Good work") > 0.0, "a stop ends a negation");
        let es = |text: &str| analyse(text, Some(Lang::Es)).score;
        assert!(es("muy bueno") > es("bueno") && es("no es bueno") < 0.0 && es("nunca es bueno") < 0.0);
        assert!(es("bueno pero horrible") < 0.0 && es("un poco malo") > es("malo"));
        assert!((es("pésimo") - es("pesimo")).abs() < 1e-9, "accents do not matter");
    }

    #[test]
    fn evidence_points_at_the_words_themselves() {
        let text = "Ñandú: ¡me ENCANTA 😍 pero qué asco!";
        let found = analyse(text, Some(Lang::Es));
        let words: Vec<_> = found.evidence.iter().map(|e| &text[e.start..e.end]).collect();
        assert_eq!(words, ["me ENCANTA", "😍", "qué asco"]);
        assert!(found.evidence[0].weight > 0.0 && found.evidence[2].weight < 0.0);
    }

    #[test]
    fn whatever_comes_the_score_stays_within_its_bounds_and_evidence_within_the_text() {
        let long = "excelente ".repeat(5_000);
        for text in
            [long.as_str(), "😡😡😡😡", "\u{0}\u{200d}\u{fe0f}", "a\u{301}", "@ana #feliz https://x.y/:( <3 </3", "''''", "n't"]
        {
            for lang in [None, Some(Lang::Es), Some(Lang::En)] {
                let found = analyse(text, lang);
                assert!((-1.0..=1.0).contains(&found.score), "{text}");
                for e in found.evidence {
                    assert!(text.get(e.start..e.end).is_some_and(|t| !t.is_empty()), "{text}");
                }
            }
        }
    }
}
