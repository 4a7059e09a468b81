//! Figures.

use super::{Lang, SPACE, THIN};

/// What stands between groups of three digits.
const fn group(lang: Lang) -> char {
    match lang {
        Lang::Es => '.',
        Lang::En => ',',
    }
}

/// What stands before the decimals.
const fn point(lang: Lang) -> char {
    match lang {
        Lang::Es => ',',
        Lang::En => '.',
    }
}

/// A whole number in groups of three: `96.440`, `96,440`. Columns of figures line up only if four digits are grouped too.
pub fn integer(n: i64, lang: Lang) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3 + 1);
    if n < 0 {
        out.push('−');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(group(lang));
        }
        out.push(digit);
    }
    out
}

/// `n` over `10^scale` with `decimals` of them shown, rounded half away from zero: `decimal(1_406, 3, 2)` is `1,41`.
pub fn decimal(n: i64, scale: u32, decimals: u32, lang: Lang) -> String {
    let drop = 10_i128.pow(scale.saturating_sub(decimals));
    let keep = 10_i128.pow(decimals);
    let magnitude = (i128::from(n).abs() + drop / 2) / drop;
    let whole = i64::try_from(magnitude / keep).unwrap_or(i64::MAX);
    let mut out = String::new();
    if n < 0 && magnitude > 0 {
        out.push('−');
    }
    out.push_str(&integer(whole, lang));
    if decimals > 0 {
        let fraction = (magnitude % keep).to_string();
        out.push(point(lang));
        for _ in fraction.len()..decimals as usize {
            out.push('0');
        }
        out.push_str(&fraction);
    }
    out
}

/// A number with its sign: `+4`, `−2`, `0`.
pub fn signed(n: i64, lang: Lang) -> String {
    if n > 0 { format!("+{}", integer(n, lang)) } else { integer(n, lang) }
}

/// The unit that a big number is shown in: its exponent of ten and its letter. Spanish has no letter for 10^9.
fn unit(n: i64, lang: Lang) -> Option<(u32, &'static str)> {
    match n.unsigned_abs() {
        0..=9_999 => None,
        10_000..=999_499 => Some((3, "k")),
        999_500..=999_949_999 => Some((6, "M")),
        _ if lang == Lang::Es => Some((6, "M")),
        _ => Some((9, "B")),
    }
}

/// A big number in three digits or so: `9.870`, `798 k`, `55,1 M`. The exact one belongs in its title.
pub fn short(n: i64, lang: Lang) -> String {
    match unit(n, lang) {
        None => integer(n, lang),
        Some((3, letter)) => format!("{}{SPACE}{letter}", decimal(n, 3, 0, lang)),
        Some((scale, letter)) => format!("{}{SPACE}{letter}", decimal(n, scale, 1, lang)),
    }
}

/// A number on an axis: as short as it can be without a loss: `0`, `250`, `1,5 k`, `2 M`.
pub fn axis(n: i64, lang: Lang) -> String {
    let (scale, letter) = match n.unsigned_abs() {
        0..=999 => return integer(n, lang),
        1_000..=999_999 => (3, "k"),
        1_000_000..=999_999_999 => (6, "M"),
        _ if lang == Lang::Es => (6, "M"),
        _ => (9, "B"),
    };
    let mut decimals = 0;
    while decimals < 2 && n % 10_i64.pow(scale - decimals) != 0 {
        decimals += 1;
    }
    format!("{}{SPACE}{letter}", decimal(n, scale, decimals, lang))
}

/// Basis points as a percentage: `11,8 %`, `11.8%`.
pub fn percent(bp: i64, decimals: u32, lang: Lang) -> String {
    let figure = decimal(bp, 2, decimals, lang);
    match lang {
        Lang::Es => format!("{figure}{THIN}%"),
        Lang::En => format!("{figure}%"),
    }
}

/// A share of a limit in whole percent, rounded down as limits are: 79.99% is not yet 80%.
pub fn share(bp: i64, lang: Lang) -> String {
    percent(bp - bp.rem_euclid(100), 0, lang)
}

/// By how much `now` is above `before`, in basis points of `before`; nothing when there is nothing to compare with.
pub fn change_bp(now: i64, before: i64) -> Option<i64> {
    if before <= 0 {
        return None;
    }
    i64::try_from((i128::from(now) - i128::from(before)) * 10_000 / i128::from(before)).ok()
}

/// `n` over `by`, rounded; nothing over nothing.
pub fn per(n: i64, by: i64) -> Option<i64> {
    (by > 0).then(|| (n + by / 2) / by)
}

/// Milliseconds as seconds without their unit: `0,82`, `12,4`, `1.440`.
pub fn seconds_plain(ms: i64, lang: Lang) -> String {
    let decimals = match ms {
        ..10_000 => 2,
        10_000..100_000 => 1,
        _ => 0,
    };
    decimal(ms, 3, decimals, lang)
}

/// Milliseconds as seconds: `1,41 s`.
pub fn seconds(ms: i64, lang: Lang) -> String {
    format!("{}{SPACE}s", seconds_plain(ms, lang))
}

/// Minor units of a currency: `US$ 3.997`, `US$ 79,50`; other currencies by their code.
pub fn money(cents: i64, currency: &str, lang: Lang) -> String {
    let symbol = if currency == "USD" { "US$" } else { currency };
    let decimals = if cents % 100 == 0 { 0 } else { 2 };
    format!("{symbol}{SPACE}{}", decimal(cents, 2, decimals, lang))
}

#[cfg(test)]
mod tests {
    use super::{Lang::*, *};

    #[test]
    fn whole_numbers_are_grouped() {
        let cases = [(0, "0", "0"), (999, "999", "999"), (3_215, "3.215", "3,215"), (96_440, "96.440", "96,440")];
        for (n, es, en) in cases {
            assert_eq!((integer(n, Es).as_str(), integer(n, En).as_str()), (es, en));
        }
        assert_eq!(integer(-1_000_000, Es), "−1.000.000");
        assert_eq!(integer(i64::MIN, En), "−9,223,372,036,854,775,808");
    }

    #[test]
    fn big_numbers_are_short() {
        let cases = [
            (571, "571", "571"),
            (9_999, "9.999", "9,999"),
            (49_610, "50 k", "50 k"),
            (798_400, "798 k", "798 k"),
            (999_499, "999 k", "999 k"),
            (999_500, "1,0 M", "1.0 M"),
            (55_063_000, "55,1 M", "55.1 M"),
            (999_949_999, "999,9 M", "999.9 M"),
            (1_250_000_000, "1.250,0 M", "1.3 B"),
        ];
        for (n, es, en) in cases {
            assert_eq!((short(n, Es).replace(SPACE, " "), short(n, En).replace(SPACE, " ")), (es.into(), en.into()), "{n}");
        }
    }

    #[test]
    fn an_axis_wastes_no_digits() {
        let cases = [(0, "0"), (250, "250"), (1_500, "1,5 k"), (50_000, "50 k"), (2_000_000, "2 M"), (1_250_000, "1,25 M")];
        for (n, es) in cases {
            assert_eq!(axis(n, Es).replace(SPACE, " "), es);
        }
    }

    #[test]
    fn shares_and_changes() {
        assert_eq!(percent(1_180, 1, Es), "11,8\u{202f}%");
        assert_eq!(percent(1_180, 1, En), "11.8%");
        assert_eq!(percent(-5, 1, En), "−0.1%");
        assert_eq!(share(9_999, En), "99%");
        assert_eq!(share(15_200, En), "152%");
        assert_eq!(change_bp(112, 100), Some(1_200));
        assert_eq!(change_bp(1, 0), None);
        assert_eq!(per(10, 4), Some(3));
        assert_eq!(per(10, 0), None);
    }

    #[test]
    fn seconds_and_money() {
        let cases = [(0, "0,00"), (1_406, "1,41"), (5_620, "5,62"), (9_999, "10,00"), (12_440, "12,4"), (1_440_000, "1.440")];
        for (ms, es) in cases {
            assert_eq!(seconds_plain(ms, Es), es);
        }
        assert_eq!(seconds(1_410, En), "1.41\u{a0}s");
        assert_eq!(money(399_700, "USD", Es), "US$\u{a0}3.997");
        assert_eq!(money(7_950, "EUR", En), "EUR\u{a0}79.50");
    }
}
