//! The words that sentiment is found by.

use std::{collections::HashMap, sync::LazyLock};

use super::{super::format::Lang, tokens::EMOTICONS};

/// The words of a language.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    words: HashMap<&'static str, f64>,
    /// By what they begin with.
    stems: HashMap<&'static str, f64>,
    sayings: HashMap<&'static str, f64>,
    saying_stems: HashMap<&'static str, f64>,
    negations: &'static [&'static str],
    contrasts: &'static [&'static str],
    boosters: &'static [&'static str],
    dampers: &'static [&'static str],
}

/// The shortest stem, in bytes.
const SHORTEST_STEM: usize = 3;

static ES: LazyLock<Lexicon> = LazyLock::new(|| Lexicon {
    negations: &["no", "nunca", "jamas", "ni", "sin", "tampoco", "nada", "nadie", "ningun", "ninguna", "ninguno"],
    contrasts: &["pero", "aunque", "sino", "embargo"],
    boosters: &[
        "muy",
        "mucho",
        "mucha",
        "muchos",
        "muchas",
        "muchisimo",
        "super",
        "tan",
        "tanto",
        "tanta",
        "demasiado",
        "bastante",
        "mas",
        "re",
        "mega",
        "ultra",
        "totalmente",
        "completamente",
        "absolutamente",
        "realmente",
        "verdaderamente",
        "increiblemente",
        "sumamente",
        "extremadamente",
        "que",
        "puto",
        "puta",
        "jodidamente",
        "menudo",
        "menuda",
        "vaya",
    ],
    dampers: &["poco", "algo", "casi", "apenas", "ligeramente", "relativamente", "medio"],
    ..Lexicon::read(include_str!("es.txt"))
});

static EN: LazyLock<Lexicon> = LazyLock::new(|| Lexicon {
    negations: &[
        "no", "not", "never", "nobody", "nothing", "none", "neither", "nor", "without", "hardly", "barely", "rarely", "seldom",
        "cannot", "dont", "cant", "wont", "isnt", "aint", "didnt", "doesnt", "wasnt", "werent", "couldnt", "shouldnt", "wouldnt",
        "havent", "hasnt",
    ],
    contrasts: &["but", "however", "although", "though", "yet"],
    boosters: &[
        "very",
        "so",
        "really",
        "totally",
        "absolutely",
        "completely",
        "extremely",
        "incredibly",
        "super",
        "such",
        "too",
        "much",
        "most",
        "highly",
        "truly",
        "deeply",
        "especially",
        "insanely",
        "fucking",
        "fuckin",
        "damn",
        "freaking",
        "hella",
        "seriously",
        "utterly",
        "quite",
        "more",
        "way",
        "mega",
    ],
    dampers: &["slightly", "somewhat", "kinda", "sorta", "little", "bit", "almost", "fairly", "partly", "less", "barely", "hardly"],
    ..Lexicon::read(include_str!("en.txt"))
});

/// Emoji and their weights.
const EMOJI: [(&str, f64); 22] = [
    ("😍🥰🤩", 2.8),
    ("❤♥💖💗💕💓💞💘💝", 2.3),
    ("🥳🎉🎊😘😻", 2.2),
    ("💙💚💛💜🧡💋🤗", 1.9),
    ("😊☺😇🙌👏🏆😁😄😃😀👍💯", 1.8),
    ("😎😋😌💪✌👌🌟😸", 1.4),
    ("😆🤣😉😂✨🌹🍀☀🔥🎂", 1.0),
    ("😜😝😛🙂😺🙏🎶🎁", 0.9),
    ("😅😏🤔", 0.1),
    ("😐😶😬🤨😳", -0.5),
    ("😭😪😓😮‍💨", -0.8),
    ("😑😥🙁😕😟😧", -1.2),
    ("😩😫😣😖🤦🙄😒😤", -1.5),
    ("😢😞😔☹😿😰😨", -1.8),
    ("👎💩🤒🤕😷", -1.7),
    ("💔😱☠💀", -1.6),
    ("😠🤢", -2.2),
    ("😡🤮🖕", -2.6),
    ("🤬👿😾", -2.7),
    ("⚠", -0.6),
    ("🤡", -1.6),
    ("🐍", -0.8),
];

static SIGNS: LazyLock<HashMap<char, f64>> = LazyLock::new(|| {
    let joiners = ['\u{200d}', '\u{fe0f}'];
    let emoji = EMOJI.iter().flat_map(|(signs, weight)| signs.chars().map(|c| (c, *weight)));
    emoji.filter(|(c, _)| !joiners.contains(c)).collect()
});

/// The weight of an emoji or an emoticon.
pub(super) fn sign(text: &str) -> Option<f64> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(only), None) => SIGNS.get(&only).copied(),
        _ => EMOTICONS.iter().find(|(sign, _)| *sign == text).map(|(_, weight)| *weight),
    }
}

/// A word as it stands in the lexicons: in small letters, without accents, with plain apostrophes.
pub(super) fn fold(word: &str) -> String {
    word.chars()
        .filter(|c| !matches!(c, '\u{300}'..='\u{36f}'))
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'á' | 'à' | 'â' | 'ä' | 'ã' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'í' | 'ì' | 'î' | 'ï' => 'i',
            'ó' | 'ò' | 'ô' | 'ö' | 'õ' => 'o',
            'ú' | 'ù' | 'û' | 'ü' => 'u',
            'ñ' => 'n',
            'ç' => 'c',
            '’' => '\'',
            other => other,
        })
        .collect()
}

/// A word with no letter more than so often in a row; nothing when it has none.
fn shortened(word: &str, most: usize) -> Option<String> {
    let mut out = String::with_capacity(word.len());
    let (mut last, mut run) = ('\0', 0);
    for c in word.chars() {
        run = if c == last { run + 1 } else { 1 };
        last = c;
        if run <= most {
            out.push(c);
        }
    }
    (out != word).then_some(out)
}

impl Lexicon {
    /// The words of a language.
    pub fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::Es => &ES,
            Lang::En => &EN,
        }
    }

    /// Reads the words: lines of a weight, a colon, and words of that weight.
    fn read(text: &'static str) -> Self {
        let mut lexicon = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((weight, words)) = line.split_once(':') else { continue };
            let Ok(weight) = weight.parse::<f64>() else { continue };
            for word in words.split_whitespace() {
                let (stem, is_saying) = (word.strip_suffix('*'), word.contains('_'));
                let list = match (stem, is_saying) {
                    (Some(_), true) => &mut lexicon.saying_stems,
                    (Some(_), false) => &mut lexicon.stems,
                    (None, true) => &mut lexicon.sayings,
                    (None, false) => &mut lexicon.words,
                };
                list.insert(stem.unwrap_or(word), weight);
            }
        }
        lexicon
    }

    /// The weight of a word, if it is known: of itself, else of the longest stem that it begins with. Letters that are drawn out for
    /// emphasis are taken for fewer.
    pub fn weight(&self, word: &str) -> Option<f64> {
        if let Some(weight) = longest(word, &self.words, &self.stems) {
            return Some(weight);
        }
        // "Sooo" and "goooood": three of a letter are no word's.
        shortened(word, 2)?;
        [2, 1].into_iter().find_map(|most| {
            let word = shortened(word, most)?;
            longest(&word, &self.words, &self.stems).map(|weight| weight * 1.25)
        })
    }

    /// The weight of words that are a saying together, with underscores between them.
    pub fn saying(&self, words: &str) -> Option<f64> {
        longest(words, &self.sayings, &self.saying_stems)
    }

    /// Whether a word turns round those after it.
    pub fn is_negation(&self, word: &str) -> bool {
        self.negations.contains(&word) || word.ends_with("n't")
    }

    /// Whether what comes after a word counts more than what comes before it.
    pub fn is_contrast(&self, word: &str) -> bool {
        self.contrasts.contains(&word)
    }

    /// What a word does to the one after it: 1 strengthens it, -1 weakens it.
    pub fn boost(&self, word: &str) -> f64 {
        let word = shortened(word, 2).and_then(|_| shortened(word, 1)).unwrap_or_else(|| word.to_owned());
        if self.dampers.contains(&word.as_str()) {
            return -1.0;
        }
        f64::from(u8::from(self.boosters.contains(&word.as_str())))
    }
}

/// The weight of a text itself, else of the longest beginning of it that is a stem.
fn longest(text: &str, whole: &HashMap<&str, f64>, stems: &HashMap<&str, f64>) -> Option<f64> {
    if let Some(weight) = whole.get(text) {
        return Some(*weight);
    }
    (SHORTEST_STEM..=text.len()).rev().find_map(|end| stems.get(text.get(..end)?)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_lexicons_is_read() {
        for (lexicon, text) in [(&*ES, include_str!("es.txt")), (&*EN, include_str!("en.txt"))] {
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                let (weight, words) = line.split_once(':').unwrap();
                let weight: f64 = weight.parse().unwrap();
                assert!((-4.0..=4.0).contains(&weight), "{line}");
                for word in words.split_whitespace() {
                    let stem = word.strip_suffix('*').unwrap_or(word);
                    assert!(stem.len() >= if word.ends_with('*') { SHORTEST_STEM } else { 2 }, "{word}");
                    assert!(!stem.contains('*') && stem == fold(stem), "{word}");
                    let known = if word.contains('_') { lexicon.saying(stem) } else { lexicon.weight(stem) };
                    assert!(known.is_some(), "{word}");
                }
            }
            let count = lexicon.words.len() + lexicon.stems.len() + lexicon.sayings.len() + lexicon.saying_stems.len();
            assert!(count > 400, "{count}");
        }
    }

    #[test]
    fn stems_and_drawn_out_letters_are_known() {
        let es = Lexicon::of(Lang::Es);
        assert_eq!(es.weight("encantadisimo"), Some(2.8));
        assert_eq!(es.weight("tambien"), None);
        assert!(es.weight("buenooooo") > es.weight("bueno"));
        assert_eq!(Lexicon::of(Lang::En).weight("table"), None);
        assert_eq!((sign("😍"), sign(":("), sign("x")), (Some(2.8), Some(-1.6), None));
        assert_eq!(fold("PÉSIMO"), "pesimo");
    }
}
