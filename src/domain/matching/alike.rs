//! How alike words and texts are.

use std::cmp::Ordering;

use strsim::osa_distance;

use super::{Value, names};

/// How many letters were typed wrong, left out, put in or swapped with their neighbour; 4 stands for many.
pub fn edits(a: &str, b: &str) -> usize {
    // Each edit changes the set of letters by two at the most.
    if a.len().abs_diff(b.len()) > 3 || (letters(a) ^ letters(b)).count_ones() > 6 { 4 } else { osa_distance(a, b).min(4) }
}

/// Jaro's and Winkler's likeness of two words, 0 to 1.
pub fn jaro_winkler(a: &str, b: &str) -> f64 {
    // Few letters in common: whatever their order, they are not alike.
    if (letters(a) & letters(b)).count_ones() <= 1 && a.len().min(b.len()) > 2 { 0.0 } else { strsim::jaro_winkler(a, b) }
}

/// The set of a word's letters and digits, a bit for each.
fn letters(word: &str) -> u64 {
    word.bytes().fold(0, |set, byte| set | 1 << (byte & 63))
}

/// Whether the one is the initial of the other.
pub fn is_initial(a: &str, b: &str) -> bool {
    (a.len() == 1 && b.starts_with(a)) || (b.len() == 1 && a.starts_with(b))
}

/// How far two lists of words are the same, 0 to 1, whatever their order: each word of the shorter is paired with its likest, and
/// words left over count a little. `people` lets short forms and initials of names stand for them.
pub fn token_set(a: &[String], b: &[String], people: bool) -> f64 {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.is_empty() {
        return 0.0;
    }
    let mut free: Vec<&String> = long.iter().collect();
    let (mut sum, mut weight) = (0.0, 0.0);
    for word in short {
        let alike = |other: &String| match () {
            () if word == other => 1.0,
            () if people && names::are_forms_of_one(word, other) => 0.95,
            () if people && is_initial(word, other) => 0.85,
            () => Some(jaro_winkler(word, other)).filter(|s| *s >= 0.85 && word.len() > 2).unwrap_or(0.0),
        };
        let likest =
            free.iter().enumerate().map(|(at, other)| (at, alike(other))).max_by(|x, y| x.1.total_cmp(&y.1).then(y.0.cmp(&x.0)));
        let size = word.chars().count().min(8) as f64;
        weight += size;
        if let Some((at, likeness)) = likest.filter(|l| l.1 > 0.0) {
            free.remove(at);
            sum += likeness * size;
        }
    }
    let left_over: f64 = free.iter().map(|word| word.chars().count().min(8) as f64).sum();
    // Words of the longer that the shorter lacks count for a third of those that differ.
    let penalty = if people { 0.25 } else { 0.4 };
    sum / (weight + penalty * left_over)
}

/// How alike two texts are, 0 to 1: by their words, each the more the rarer it is, and by their trigrams for what is spelt otherwise.
pub fn likeness(a: &Value, b: &Value) -> f64 {
    if a.vector.is_empty() || b.vector.is_empty() {
        return token_set(&a.parts, &b.parts, false);
    }
    let by_words = cosine(&a.vector, &b.vector);
    let short = a.whole.len().max(b.whole.len()) <= 120;
    if short && by_words < 0.98 && by_words > 0.2 { by_words.max(soft(a, b)) } else { by_words }
}

fn cosine(a: &[(u32, f32)], b: &[(u32, f32)]) -> f64 {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut sum = 0.0;
    while let (Some((word, weight)), Some((other, other_weight))) = (a.peek(), b.peek()) {
        match word.cmp(other) {
            Ordering::Less => drop(a.next()),
            Ordering::Greater => drop(b.next()),
            Ordering::Equal => {
                sum += f64::from(*weight) * f64::from(*other_weight);
                a.next();
                b.next();
            }
        }
    }
    sum.min(1.0)
}

/// Dice's coefficient of the trigrams of two texts without their spaces.
fn soft(a: &Value, b: &Value) -> f64 {
    let grams = |value: &Value| {
        let letters: Vec<char> = value.parts.concat().chars().collect();
        let mut grams: Vec<[char; 3]> = letters.windows(3).filter_map(|w| w.try_into().ok()).collect();
        grams.sort_unstable();
        grams
    };
    let (a, b) = (grams(a), grams(b));
    let total = a.len() + b.len();
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut shared = 0;
    while let (Some(gram), Some(other)) = (a.peek(), b.peek()) {
        match gram.cmp(other) {
            Ordering::Less => drop(a.next()),
            Ordering::Greater => drop(b.next()),
            Ordering::Equal => {
                shared += 2;
                a.next();
                b.next();
            }
        }
    }
    if total == 0 { 0.0 } else { f64::from(shared) / total as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn edits_are_counted_up_to_four() {
        for (a, b, expected) in
            [("rojas", "rojas", 0), ("rojas", "rojsa", 1), ("rojas", "roja", 1), ("rojas", "vega", 4), ("", "abcdefgh", 4)]
        {
            assert_eq!(edits(a, b), expected, "{a}, {b}");
        }
    }

    #[test]
    fn words_are_paired_whatever_their_order() {
        assert!((token_set(&parts("ana rojas"), &parts("rojas ana"), false) - 1.0).abs() < 1e-9);
        assert!(token_set(&parts("bob smith"), &parts("robert smith"), true) > 0.9);
        assert!(token_set(&parts("bob smith"), &parts("robert smith"), false) < 0.7);
        assert!(token_set(&parts("acme"), &parts("initech"), false) < 1e-9);
        assert!(token_set(&[], &parts("x"), false) < 1e-9);
    }
}
