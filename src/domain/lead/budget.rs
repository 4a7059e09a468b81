//! Reading what somebody says that they can spend: an amount with what makes it a budget before it, in the same sentence. A price, a
//! turnover or any other amount is none, and a currency that is not told is not guessed.

use serde::{Deserialize, Serialize};

use super::text::{Range, Word, Words};

/// What somebody can spend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// How much, in whole units of the currency.
    pub amount: i64,
    /// The currency: its code, or a sign or word that several share (`$`, `pesos`); none where it is not told.
    pub currency: Option<String>,
}

/// What makes an amount a budget when it stands before it.
const CUES: &[&str] = &[
    "presupuesto",
    "presupuestado",
    "presupuestamos",
    "budget",
    "budgeted",
    "invertir",
    "inversion",
    "invest",
    "investment",
    "gastar",
    "spend",
    "destinar",
    "destinamos",
    "asignamos",
    "disponemos",
    "allocated",
];
/// How many words may stand between that and an amount.
const REACH: usize = 8;
/// Words that deny it.
const NEGATIONS: [&str; 8] = ["no", "not", "sin", "without", "dont", "cannot", "cant", "nunca"];
/// Words that may follow an amount without a currency: whatever else does is what is counted.
const AFTER: [&str; 24] = [
    "a",
    "al",
    "anual",
    "anuales",
    "annually",
    "aprobado",
    "approved",
    "de",
    "each",
    "en",
    "este",
    "for",
    "in",
    "la",
    "mensual",
    "mensuales",
    "monthly",
    "para",
    "per",
    "por",
    "this",
    "to",
    "y",
    "and",
];
/// Signs right before an amount, the longest first.
const SIGNS: [(&str, &str); 12] = [
    ("us$", "USD"),
    ("usd$", "USD"),
    ("u$s", "USD"),
    ("cop$", "COP"),
    ("mx$", "MXN"),
    ("mxn$", "MXN"),
    ("ar$", "ARS"),
    ("clp$", "CLP"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("s/", "PEN"),
    ("$", "$"),
];
/// Codes and words beside an amount.
const NAMES: [(&str, &str); 21] = [
    ("usd", "USD"),
    ("eur", "EUR"),
    ("gbp", "GBP"),
    ("cop", "COP"),
    ("mxn", "MXN"),
    ("ars", "ARS"),
    ("clp", "CLP"),
    ("pen", "PEN"),
    ("brl", "BRL"),
    ("dolares", "USD"),
    ("dolar", "USD"),
    ("dollars", "USD"),
    ("euros", "EUR"),
    ("euro", "EUR"),
    ("libras", "GBP"),
    ("pounds", "GBP"),
    ("soles", "PEN"),
    ("reales", "BRL"),
    ("reais", "BRL"),
    ("pesos", "pesos"),
    ("bucks", "USD"),
];
/// Whose pesos they are.
const PESOS: [(&str, &str); 8] = [
    ("colombianos", "COP"),
    ("mexicanos", "MXN"),
    ("argentinos", "ARS"),
    ("chilenos", "CLP"),
    ("colombian", "COP"),
    ("mexican", "MXN"),
    ("argentine", "ARS"),
    ("chilean", "CLP"),
];
/// The largest amount that is believed.
const MOST: i64 = 1_000_000_000_000;

/// An amount in a text.
struct Amount {
    budget: Budget,
    /// Whether it was written as money: with a currency, or in thousands or millions.
    is_round: bool,
    range: Range,
    /// The word behind it.
    next: usize,
}

/// The first budget that is named, where it stands, and how sure it is one: less so without a currency.
pub fn find(text: &str) -> Option<(Budget, Range, f64)> {
    let read = Words::read(text);
    let words: Vec<&Word> = read.iter().collect();
    (0..words.len()).filter(|at| words.get(*at).is_some_and(|word| word.number.is_some())).find_map(|at| {
        let amount = amount(text, &words, at)?;
        let cue = cue(&words, at)?;
        let told = amount.budget.currency.is_some();
        if !(told || amount.is_round && ends(&words, &amount)) {
            return None;
        }
        let start = words.get(cue)?.start;
        Some((amount.budget, (start, amount.range.1), if told { 0.9 } else { 0.7 }))
    })
}

/// What makes the amount at a word a budget: the nearest of such words before it that is not denied.
fn cue(words: &[&Word], at: usize) -> Option<usize> {
    let sentence = words.get(at)?.sentence;
    let from = at.saturating_sub(REACH);
    let found = (from..at)
        .rev()
        .find(|n| words.get(*n).is_some_and(|word| word.sentence == sentence && CUES.contains(&word.text.as_str())))?;
    let denied = words.get(found.saturating_sub(3)..at)?;
    (!denied.iter().any(|word| word.sentence == sentence && NEGATIONS.contains(&word.text.as_str()))).then_some(found)
}

/// Whether nothing that would be counted follows.
fn ends(words: &[&Word], amount: &Amount) -> bool {
    let Some(next) = words.get(amount.next) else { return true };
    let last = amount.next.checked_sub(1).and_then(|last| words.get(last));
    last.is_none_or(|last| last.sentence != next.sentence) || AFTER.contains(&next.text.as_str())
}

fn amount(text: &str, words: &[&Word], at: usize) -> Option<Amount> {
    let word = words.get(at)?;
    let mut start = word.start;
    let (mut units, mut tenths, mut scale) = (i64::try_from(word.number?).ok()?, 0_i64, 1_i64);
    if word.sign == Some('%') {
        return None;
    }
    let mut next = at + 1;
    let mut end = word.end;
    // `1.5` and `2,5` are read as two numbers.
    if let Some(rest) = words.get(next)
        && let Some(fraction) = rest.number.filter(|_| rest.end - rest.start <= 2)
        && matches!(text.get(end..rest.start), Some("." | ","))
    {
        (tenths, scale) = (i64::try_from(fraction).ok()?, if rest.text.len() == 1 { 10 } else { 100 });
        (next, end) = (next + 1, rest.end);
    }
    // A fraction's dot ends no sentence, but what comes behind it is counted as the next one.
    let mut sentence = words.get(next.checked_sub(1)?)?.sentence;
    let mut times = 1_i64;
    while let Some(word) = words.get(next).filter(|word| word.sentence == sentence && beside(text, end, word.start)) {
        let by = match word.text.as_str() {
            "k" | "mil" | "thousand" => 1_000,
            "m" | "mm" | "millon" | "millones" | "million" | "millions" => 1_000_000,
            _ => break,
        };
        times = times.checked_mul(by).filter(|times| *times <= 1_000_000_000)?;
        (next, end, sentence) = (next + 1, word.end, word.sentence);
    }
    units = units.checked_mul(times)?.checked_add(tenths.checked_mul(times)?.checked_div(scale)?)?;
    if !(1..=MOST).contains(&units) {
        return None;
    }
    let before = text.get(..start)?.trim_end().to_lowercase();
    let mut currency = SIGNS.iter().find(|(sign, _)| before.ends_with(sign)).map(|(sign, code)| {
        start = text.get(..start).map_or(start, |text| text.trim_end().len()).saturating_sub(sign.len());
        (*code).to_owned()
    });
    let code = |word: &Word| NAMES.iter().find(|(name, _)| *name == word.text).map(|(_, code)| (*code).to_owned());
    if currency.as_deref().is_none_or(|sign| sign == "$")
        && let Some(named) =
            at.checked_sub(1).and_then(|before| words.get(before)).filter(|before| before.sentence == word.sentence)
        && let Some(code) = code(named)
    {
        (currency, start) = (Some(code), named.start);
    }
    // `20 millones de pesos colombianos`.
    let of = usize::from(times > 1 && words.get(next).is_some_and(|word| matches!(word.text.as_str(), "de" | "of")));
    if let Some(name) = words.get(next + of).filter(|word| word.sentence == sentence)
        && let Some(named) =
            code(name).or_else(|| (name.text == "us" && text.get(name.end..)?.starts_with('$')).then(|| "USD".to_owned()))
    {
        (next, end) = (next + of + 1, name.end);
        let whose = words.get(next).filter(|word| word.sentence == sentence);
        let whose = whose.and_then(|word| Some((word.end, PESOS.iter().find(|(name, _)| *name == word.text)?.1)));
        match whose.filter(|_| named == "pesos") {
            Some((to, code)) => (currency, next, end) = (Some(code.to_owned()), next + 1, to),
            None if currency.as_deref().is_none_or(|sign| sign == "$") => currency = Some(named),
            None => {}
        }
    }
    if currency.is_none() && text.get(end..).is_some_and(|rest| rest.trim_start().starts_with('€')) {
        currency = Some("EUR".to_owned());
        end += text.get(end..)?.find('€')? + '€'.len_utf8();
    }
    Some(Amount { is_round: times > 1 || units >= 1_000, budget: Budget { amount: units, currency }, range: (start, end), next })
}

/// Whether only spaces stand between two places.
fn beside(text: &str, from: usize, to: usize) -> bool {
    text.get(from..to).is_some_and(|between| between.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn budgets_are_read_as_they_are_written() {
        for (text, amount, currency, evidence) in [
            ("Tenemos presupuesto aprobado por US$ 50.000.", 50_000, Some("USD"), "presupuesto aprobado por US$ 50.000"),
            ("Our budget is $50,000 for this", 50_000, Some("$"), "budget is $50,000"),
            ("Budget: 50k", 50_000, None, "Budget: 50k"),
            ("presupuesto de 50 mil dólares", 50_000, Some("USD"), "presupuesto de 50 mil dólares"),
            ("Presupuesto: 20 millones de pesos", 20_000_000, Some("pesos"), "Presupuesto: 20 millones de pesos"),
            (
                "presupuesto de 20 millones de pesos colombianos",
                20_000_000,
                Some("COP"),
                "presupuesto de 20 millones de pesos colombianos",
            ),
            ("we can spend up to USD 1.5 million", 1_500_000, Some("USD"), "spend up to USD 1.5 million"),
            ("podemos invertir 2,5 millones de euros", 2_500_000, Some("EUR"), "invertir 2,5 millones de euros"),
            ("a budget of 30.000 € this year", 30_000, Some("EUR"), "budget of 30.000 €"),
            ("presupuesto: COP 80.000.000", 80_000_000, Some("COP"), "presupuesto: COP 80.000.000"),
            ("budget of £12k", 12_000, Some("GBP"), "budget of £12k"),
            ("presupuesto mensual de $1.500 USD", 1_500, Some("USD"), "presupuesto mensual de $1.500 USD"),
            ("We have a budget of 8,000 per month", 8_000, None, "budget of 8,000"),
        ] {
            let found = find(text);
            let told =
                found.as_ref().map(|(budget, range, _)| (budget.amount, budget.currency.as_deref(), &text[range.0..range.1]));
            assert_eq!(told, Some((amount, currency, evidence)), "{text}");
            assert_eq!(found.map(|(.., sure)| sure), Some(if currency.is_some() { 0.9 } else { 0.7 }), "{text}");
        }
    }

    #[test]
    fn other_amounts_are_no_budget() {
        for text in [
            "Facturamos US$ 2 millones al año",
            "Su plan de $99 me gusta",
            "No tenemos presupuesto de US$ 50.000",
            "We don't have a budget of $50,000",
            "Presupuesto para 1.200 usuarios",
            "presupuesto para 50 personas",
            "Budget approved for 2027 projects",
            "presupuesto aprobado. Somos 5.000",
            "subir el presupuesto un 20%",
            "presupuesto",
            "budget of $0",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn places_are_in_the_text(text in "(presupuesto|budget|[0-9]{1,20}|[.,$€ ]|k|mil|millones|de|pesos|ñ|US){0,30}") {
            if let Some((budget, (start, end), _)) = find(&text) {
                prop_assert!(text.get(start..end).is_some() && (1..=MOST).contains(&budget.amount));
            }
        }
    }
}
