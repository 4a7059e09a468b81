//! Amounts of money as people write them.

use super::words::fold;

/// An amount, exactly as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount {
    /// The amount without its point: 1234.5 is 12345 with a scale of 1.
    pub digits: i128,
    /// How many of the digits stand after the point.
    pub scale: u32,
    /// The currency by its code (ISO 4217), where one is said.
    pub currency: Option<&'static str>,
    /// Whether it is said by a dollar sign alone, which may be anybody's dollars or pesos.
    pub plain_dollar: bool,
}

impl Amount {
    /// As a plain decimal number: `-1234.5`.
    pub fn decimal(&self) -> String {
        let digits = self.digits.unsigned_abs().to_string();
        let scale = self.scale as usize;
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        let fraction = fraction.trim_end_matches('0');
        let sign = if self.digits < 0 { "-" } else { "" };
        if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }
}

/// What stands before the decimals in a column: `'.'` or `','`.
pub type Point = char;

/// What a column's texts say about their decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Texts whose decimals follow a full stop.
    pub point: u64,
    /// Texts whose decimals follow a comma.
    pub comma: u64,
}

impl Evidence {
    /// Looks at one more text.
    pub fn look(&mut self, text: &str) {
        match mark(text) {
            Some('.') => self.point += 1,
            Some(',') => self.comma += 1,
            _ => {}
        }
    }

    /// What stands before the decimals, where the texts agree.
    pub fn point(&self) -> Option<Point> {
        match (self.point, self.comma) {
            (0, 1..) => Some(','),
            (1.., 0) => Some('.'),
            _ => None,
        }
    }
}

/// The sign that can only stand before decimals in this text, if any.
fn mark(text: &str) -> Option<char> {
    let last = text.rfind(['.', ','])?;
    let sign = text.get(last..)?.chars().next()?;
    let other = if sign == '.' { ',' } else { '.' };
    let after = text.get(last + 1..)?.chars().take_while(char::is_ascii_digit).count();
    let alone = text.matches(sign).count() == 1;
    (after > 0 && alone && (after != 3 || text.contains(other))).then_some(sign)
}

/// Signs and words of currencies, as they stand in amounts; longer ones first.
const SIGNS: [(&str, &str); 58] = [
    ("us dollars", "USD"),
    ("dolares", "USD"),
    ("dollars", "USD"),
    ("dolar", "USD"),
    ("dollar", "USD"),
    ("euros", "EUR"),
    ("euro", "EUR"),
    ("soles", "PEN"),
    ("reais", "BRL"),
    ("libras", "GBP"),
    ("pounds", "GBP"),
    ("us$", "USD"),
    ("u$s", "USD"),
    ("usd$", "USD"),
    ("u$d", "USD"),
    ("mx$", "MXN"),
    ("mex$", "MXN"),
    ("col$", "COP"),
    ("cop$", "COP"),
    ("mxn$", "MXN"),
    ("ar$", "ARS"),
    ("clp$", "CLP"),
    ("cl$", "CLP"),
    ("ca$", "CAD"),
    ("cad$", "CAD"),
    ("c$", "CAD"),
    ("au$", "AUD"),
    ("a$", "AUD"),
    ("nz$", "NZD"),
    ("hk$", "HKD"),
    ("rd$", "DOP"),
    ("r$", "BRL"),
    ("$u", "UYU"),
    ("s/.", "PEN"),
    ("s/", "PEN"),
    ("usd", "USD"),
    ("eur", "EUR"),
    ("gbp", "GBP"),
    ("mxn", "MXN"),
    ("cop", "COP"),
    ("ars", "ARS"),
    ("clp", "CLP"),
    ("pen", "PEN"),
    ("brl", "BRL"),
    ("uyu", "UYU"),
    ("cad", "CAD"),
    ("aud", "AUD"),
    ("chf", "CHF"),
    ("jpy", "JPY"),
    ("cny", "CNY"),
    ("inr", "INR"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("¥", "JPY"),
    ("₹", "INR"),
    ("₡", "CRC"),
    ("₲", "PYG"),
    ("$", "USD"),
];
/// Codes of currencies that stand for themselves.
const CODES: [&str; 46] = [
    "USD", "EUR", "GBP", "MXN", "COP", "ARS", "CLP", "PEN", "BRL", "UYU", "PYG", "BOB", "VES", "CRC", "GTQ", "HNL", "NIO", "PAB",
    "DOP", "CUP", "CAD", "AUD", "NZD", "CHF", "JPY", "CNY", "INR", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "TRY", "ZAR",
    "KRW", "SGD", "HKD", "ILS", "AED", "SAR", "EGP", "MAD", "THB", "PHP",
];

/// A currency by its code, sign or name: `usd`, `US$`, `euros`.
pub fn currency(text: &str) -> Option<&'static str> {
    let folded = fold(text.trim());
    let bare = folded.trim_matches(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '.'));
    CODES
        .iter()
        .find(|code| code.eq_ignore_ascii_case(bare))
        .or_else(|| SIGNS.iter().find(|(sign, _)| *sign == folded || *sign == bare).map(|(_, code)| code))
        .copied()
}

/// The currency that a text such as a header names among its other words: `Importe (EUR)`, `Valor US$`. A dollar sign alone does not tell
/// whose.
pub fn currency_within(text: &str) -> Option<&'static str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '_' | '-' | ':' | ','))
        .filter(|w| *w != "$")
        .find_map(currency)
}

/// Reads an amount. `point` says what stands before decimals where the text alone does not; without it, three digits after a lone sign
/// are thousands.
///
/// # Errors
/// In English, to stand after the value.
pub fn parse(text: &str, point: Option<Point>) -> Result<Amount, &'static str> {
    const NONE: &str = "is not an amount";
    let mut text = fold(text.trim()).replace('−', "-");
    let mut negative = false;
    if let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        negative = true;
        text = inner.trim().to_owned();
    }
    // Currency, sign and currency in any order around the figures: `-$5`, `$-5`, `5- EUR`.
    let start = text.find(|c: char| c.is_ascii_digit()).ok_or(NONE)?;
    // `.50`
    let start = if text.get(..start).is_some_and(|t| t.ends_with(['.', ',']) && !t.ends_with("s/.")) { start - 1 } else { start };
    let end = text.rfind(|c: char| c.is_ascii_digit()).ok_or(NONE)? + 1;
    let (before, figures, after) =
        (text.get(..start).ok_or(NONE)?, text.get(start..end).ok_or(NONE)?, text.get(end..).ok_or(NONE)?);
    let mut found = None;
    let mut plain_dollar = false;
    let mut power = 0;
    for (around, is_before) in [(before, true), (after, false)] {
        let mut rest = around.trim();
        while !rest.is_empty() {
            let (sign, code, length) = word(rest, is_before).ok_or(NONE)?;
            match sign {
                Word::Minus if negative => return Err(NONE),
                Word::Minus => negative = true,
                Word::Power(p) if power == 0 => power = p,
                Word::Power(_) => return Err(NONE),
                // `$ 100 MXN`: the code says whose dollars.
                Word::Currency if found.is_none() || plain_dollar => {
                    plain_dollar = rest.starts_with('$') && length == 1;
                    found = Some(code);
                }
                Word::Currency if found != Some(code) && !(rest.starts_with('$') && length == 1) => {
                    return Err("names two currencies");
                }
                Word::Plus | Word::Currency => {}
            }
            rest = rest.get(length..).unwrap_or_default().trim_start();
        }
    }
    let (digits, scale) = figures_of(figures, point).ok_or(NONE)?;
    let (mut digits, mut scale) = (digits, scale);
    let shift = power.min(scale);
    scale -= shift;
    digits = digits.checked_mul(10_i128.pow(power - shift)).ok_or("is too large")?;
    if digits > 10_i128.pow(16 + scale) {
        return Err("is too large");
    }
    Ok(Amount { digits: if negative { -digits } else { digits }, scale, currency: found, plain_dollar })
}

enum Word {
    Minus,
    Plus,
    Power(u32),
    Currency,
}

/// The sign or word at the front, with its currency and its length in bytes.
fn word(text: &str, before: bool) -> Option<(Word, &'static str, usize)> {
    if text.starts_with('-') {
        return Some((Word::Minus, "", 1));
    }
    if text.starts_with('+') {
        return Some((Word::Plus, "", 1));
    }
    // A price without cents: `100,-`, `100.`
    if !before && let Some(length) = [",-", ".-", "."].iter().find(|end| text.starts_with(**end)).map(|end| end.len()) {
        return Some((Word::Plus, "", length));
    }
    let letters = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    let whole = text.get(..letters)?;
    if !before {
        let power = match whole {
            "k" | "mil" | "thousand" => Some(3),
            "m" | "mm" | "mio" | "mill" | "million" | "millones" | "millon" | "millions" => Some(6),
            "b" | "bn" | "billion" => Some(9),
            _ => None,
        };
        if let Some(power) = power {
            return Some((Word::Power(power), "", letters));
        }
    }
    // `12k€`, `US$`, `S/.`
    if let Some((sign, code)) = SIGNS.iter().find(|(sign, _)| {
        text.starts_with(sign)
            && (!sign.ends_with(char::is_alphabetic)
                || text.get(sign.len()..).is_none_or(|rest| !rest.starts_with(char::is_alphabetic)))
    }) {
        return Some((Word::Currency, code, sign.len()));
    }
    CODES.iter().find(|code| code.eq_ignore_ascii_case(whole)).map(|code| (Word::Currency, *code, letters))
}

/// The digits and how many of them are decimals.
fn figures_of(figures: &str, point: Option<Point>) -> Option<(i128, u32)> {
    let figures: String = figures.chars().filter(|c| !matches!(c, '\'' | '’' | '_') && !c.is_whitespace()).collect();
    if !figures.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',')) {
        return None;
    }
    let last = figures.rfind(['.', ',']);
    let decimal = match last {
        None => None,
        Some(at) => {
            let sign = figures.get(at..)?.chars().next()?;
            let after = figures.len() - at - 1;
            let (whole, alone) = (figures.get(..at)?, figures.matches(sign).count() == 1);
            let other = figures.contains(if sign == '.' { ',' } else { '.' });
            let thousands = after == 3 && !other && !whole.is_empty() && whole.len() <= 3 && !whole.starts_with('0');
            match (alone, thousands) {
                (false, _) => None,
                (true, true) if point != Some(sign) => None,
                _ => Some(at),
            }
        }
    };
    let (whole, fraction) = match decimal {
        Some(at) => (figures.get(..at)?, figures.get(at + 1..)?),
        None => (figures.as_str(), ""),
    };
    // Groups of three, but for the first; of two before the last in India.
    let mark = whole.chars().find(|c| !c.is_ascii_digit());
    if let Some(mark) = mark {
        let groups: Vec<&str> = whole.split(mark).collect();
        let (first, rest) = groups.split_first()?;
        let (last, middle) = rest.split_last()?;
        let fits = |n: usize| middle.iter().all(|g| g.len() == n && g.bytes().all(|b| b.is_ascii_digit()));
        if first.is_empty()
            || first.len() > 3
            || last.len() != 3
            || !last.bytes().all(|b| b.is_ascii_digit())
            || !(fits(3) || fits(2))
        {
            return None;
        }
    }
    let digits: String = whole.chars().chain(fraction.chars()).filter(char::is_ascii_digit).collect();
    if fraction.contains(['.', ',']) || digits.len() > 30 {
        return None;
    }
    Some((digits.parse().ok()?, u32::try_from(fraction.len()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match parse(text, None) {
            Ok(a) => format!("{} {}", a.decimal(), a.currency.unwrap_or("-")),
            Err(why) => why.into(),
        }
    }

    #[test]
    fn amounts_are_read_as_they_are_meant() {
        let cases = [
            ("1.234,56", "1234.56 -"),
            ("1,234.56", "1234.56 -"),
            ("€1 234,56", "1234.56 EUR"),
            ("1\u{a0}234,56 €", "1234.56 EUR"),
            ("1\u{202f}234\u{202f}567", "1234567 -"),
            ("US$ 3,997", "3997 USD"),
            ("3.997", "3997 -"),
            ("(123.45)", "-123.45 -"),
            ("-$5.00", "-5 USD"),
            ("$-5", "-5 USD"),
            ("123-", "-123 -"),
            ("−7,5", "-7.5 -"),
            ("12k", "12000 -"),
            ("1.5M", "1500000 -"),
            ("2,75 millones", "2750000 -"),
            ("12k€", "12000 EUR"),
            ("15 mil", "15000 -"),
            ("$ 100 MXN", "100 MXN"),
            ("MXN $1,500.00", "1500 MXN"),
            ("S/. 1,500.00", "1500 PEN"),
            ("R$ 1.500,00", "1500 BRL"),
            ("1'234'567.89", "1234567.89 -"),
            ("1,23,456.00", "123456 -"),
            ("1.234.567", "1234567 -"),
            ("0.500", "0.5 -"),
            ("1234.567", "1234.567 -"),
            ("0", "0 -"),
            (".5", "0.5 -"),
            ("100,-", "100 -"),
            ("3500 dólares", "3500 USD"),
            ("1.234.56", "is not an amount"),
            ("1,23.4,5", "is not an amount"),
            ("10-20k", "is not an amount"),
            ("12%", "is not an amount"),
            ("TBD", "is not an amount"),
            ("1e5", "is not an amount"),
            ("99999999999999999999", "is too large"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), expected, "{text}");
        }
        assert_eq!(parse("1.234", Some('.')).unwrap().decimal(), "1.234");
    }

    #[test]
    fn a_column_says_what_its_decimals_follow() {
        let point = |texts: &[&str]| {
            let mut evidence = Evidence::default();
            for text in texts {
                evidence.look(text);
            }
            evidence.point()
        };
        assert_eq!(point(&["1.234", "5,5"]), Some(','));
        assert_eq!(point(&["1,234.50"]), Some('.'));
        assert_eq!(point(&["1.234", "1.234.567"]), None);
        assert_eq!(
            (currency("us$"), currency("Euros"), currency("gtq"), currency("?")),
            (Some("USD"), Some("EUR"), Some("GTQ"), None)
        );
        assert_eq!(currency_within("Importe (EUR)"), Some("EUR"));
        assert_eq!(currency_within("Monto $"), None);
    }
}
