//! Days and times as people write them. A day is the one that stands there: no zone ever moves it.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use serde::{Deserialize, Serialize};

use super::words::fold;

/// In which order a day and a month of figures alone stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `31/12/2026`.
    DayFirst,
    /// `12/31/2026`.
    MonthFirst,
}

/// What a text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The day, as it is written.
    pub date: NaiveDate,
    /// The time of day, where there is one.
    pub time: Option<NaiveTime>,
    /// The zone's distance from UTC, where it is said.
    pub zone: Option<FixedOffset>,
}

impl Moment {
    /// The instant in RFC 3339, or the day and time without a zone (ISO 8601), or the day alone.
    pub fn iso(&self) -> String {
        match (self.time, self.zone) {
            (Some(time), Some(zone)) => match self.date.and_time(time).and_local_timezone(zone).single() {
                Some(at) => DateTime::<FixedOffset>::to_rfc3339_opts(&at, chrono::SecondsFormat::AutoSi, true),
                None => self.date.to_string(),
            },
            (Some(time), None) => self.date.and_time(time).format("%Y-%m-%dT%H:%M:%S").to_string(),
            (None, _) => self.date.to_string(),
        }
    }
}

/// Why a text is no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoDate {
    /// It does not read like one.
    Unreadable,
    /// There is no such day, as 31 February.
    NoSuchDay,
    /// Day and month could be either way round, and nothing says which.
    Ambiguous,
    /// It has no year, or no day.
    Incomplete,
}

impl NoDate {
    /// In English, to stand after the value.
    pub const fn why(self) -> &'static str {
        match self {
            Self::Unreadable => "is not a date",
            Self::NoSuchDay => "is not a day of the calendar",
            Self::Ambiguous => "may be day/month or month/day: the column has both",
            Self::Incomplete => "is not a whole date: it needs day, month and year",
        }
    }
}

/// What a column's texts say about the order of day and month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Texts that can only be read with the day first.
    pub day_first: u64,
    /// Texts that can only be read with the month first.
    pub month_first: u64,
    /// Texts that can be read both ways.
    pub open: u64,
}

impl Evidence {
    /// Looks at one more text.
    pub fn look(&mut self, text: &str) {
        let words: Vec<Part<'_>> = split(text.trim()).collect();
        let [Part::Figures(x), Part::Sign('-' | '/' | '.'), Part::Figures(y), Part::Sign('-' | '/' | '.'), Part::Figures(_), ..] =
            words.as_slice()
        else {
            return;
        };
        match (small(x), small(y)) {
            (Some(13..=31), Some(1..=12)) => self.day_first += 1,
            (Some(1..=12), Some(13..=31)) => self.month_first += 1,
            (Some(a @ 1..=12), Some(b @ 1..=12)) if a != b => self.open += 1,
            _ => {}
        }
    }

    /// The order that holds for the texts that can be read both ways: by these, else `otherwise`. `None` where the texts contradict
    /// each other.
    pub fn order(&self, otherwise: Order) -> Option<Order> {
        match (self.day_first, self.month_first) {
            (0, 0) => Some(otherwise),
            (_, 0) => Some(Order::DayFirst),
            (0, _) => Some(Order::MonthFirst),
            _ => None,
        }
    }

    /// Adds up two columns.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            day_first: self.day_first + other.day_first,
            month_first: self.month_first + other.month_first,
            open: self.open + other.open,
        }
    }
}

/// Months by their first letters, in English and Spanish; `ene` and `jan` and so on.
const MONTHS: [(&str, u32); 24] = [
    ("january", 1),
    ("enero", 1),
    ("february", 2),
    ("febrero", 2),
    ("march", 3),
    ("marzo", 3),
    ("april", 4),
    ("abril", 4),
    ("may", 5),
    ("mayo", 5),
    ("june", 6),
    ("junio", 6),
    ("july", 7),
    ("julio", 7),
    ("august", 8),
    ("agosto", 8),
    ("september", 9),
    ("septiembre", 9),
    ("setiembre", 9),
    ("october", 10),
    ("octubre", 10),
    ("november", 11),
    ("noviembre", 11),
    ("december", 12),
];

fn month(word: &str) -> Option<u32> {
    if word.len() < 3 {
        return None;
    }
    if let Some(number) = [("dic", 12), ("diciembre", 12), ("sept", 9), ("sep", 9), ("set", 9)].iter().find(|(w, _)| *w == word) {
        return Some(number.1);
    }
    MONTHS.iter().find(|(name, _)| *name == word || (word.len() == 3 || word.len() == 4) && name.starts_with(word)).map(|(_, n)| *n)
}

fn is_weekday(word: &str) -> bool {
    const DAYS: [&str; 14] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "lunes",
        "martes",
        "miercoles",
        "jueves",
        "viernes",
        "sabado",
        "domingo",
    ];
    word.len() >= 3 && DAYS.iter().any(|day| day.starts_with(word) && (*day == word || word.len() <= 4))
}

/// Reads a day, with a time and a zone if there are any. `today` says in which century a year of two figures lies: never more than 20
/// years ahead. Without it, 69 and later are the twentieth.
///
/// # Errors
/// What is wrong with the text. `order` of `None` means that a text which can be read both ways is not.
pub fn parse(text: &str, order: Option<Order>, today: Option<NaiveDate>) -> Result<Moment, NoDate> {
    let text = fold(text.trim());
    if let Some(moment) = number(&text) {
        return moment;
    }
    let words: Vec<Part<'_>> = split(&text).collect();
    let (day, rest) = day(&words, order, today)?;
    let (time, zone) = time(rest).ok_or(NoDate::Unreadable)?;
    Ok(Moment { date: day, time, zone })
}

/// A part of a text: figures, letters, or a single sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part<'a> {
    Figures(&'a str),
    Letters(&'a str),
    Sign(char),
}

fn split(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let first = rest.chars().next()?;
        let until = |test: fn(char) -> bool| rest.find(|c| !test(c)).unwrap_or(rest.len());
        let (part, length) = if first.is_ascii_digit() {
            let end = until(|c| c.is_ascii_digit());
            (Part::Figures(rest.get(..end)?), end)
        } else if first.is_alphabetic() {
            let end = until(char::is_alphabetic);
            (Part::Letters(rest.get(..end)?), end)
        } else {
            (Part::Sign(first), first.len_utf8())
        };
        rest = rest.get(length..)?;
        Some(part)
    })
}

/// A day as one number: `20260305`, a spreadsheet's serial, or seconds or milliseconds since 1970.
fn number(text: &str) -> Option<Result<Moment, NoDate>> {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) || (fraction.is_empty()) {
        return None;
    }
    let n: i64 = whole.parse().ok()?;
    let of = |date, time| Ok(Moment { date, time, zone: None });
    match (whole.len(), fraction) {
        (8, "0") if !text.contains(['.', ',']) => {
            let date = NaiveDate::from_ymd_opt(
                i32::try_from(n / 10_000).ok()?,
                u32::try_from(n / 100 % 100).ok()?,
                u32::try_from(n % 100).ok()?,
            );
            Some(date.ok_or(NoDate::NoSuchDay).and_then(|date| of(date, None)))
        }
        (5, _) => {
            let at = serial(format!("{whole}.{fraction}").parse().ok()?, false)?;
            Some(of(at.date(), (at.time() != NaiveTime::MIN).then(|| at.time())))
        }
        (10 | 13, "0") => {
            let at = DateTime::from_timestamp_millis(if whole.len() == 10 { n * 1000 } else { n })?;
            let zone = FixedOffset::east_opt(0);
            Some(Ok(Moment { date: at.date_naive(), time: Some(at.time()), zone }))
        }
        _ => None,
    }
}

/// The day and time of a spreadsheet's serial number: days since the end of 1899, or since the beginning of 1904.
pub fn serial(days: f64, since_1904: bool) -> Option<NaiveDateTime> {
    if !(0.0..2_958_466.0).contains(&days) {
        return None;
    }
    let epoch = if since_1904 { NaiveDate::from_ymd_opt(1904, 1, 1)? } else { NaiveDate::from_ymd_opt(1899, 12, 30)? };
    // Excel believes that there was a 29 February 1900, so days before March of that year lie one later.
    let days = if !since_1904 && days < 60.0 { days + 1.0 } else { days };
    // To the second: a serial is not exact to more.
    #[expect(clippy::cast_possible_truncation, reason = "it lies within four million days")]
    let seconds = (days * 86_400.0).round() as i64;
    epoch.and_hms_opt(0, 0, 0)?.checked_add_signed(TimeDelta::seconds(seconds))
}

fn year(figures: &str, today: Option<NaiveDate>) -> Option<i32> {
    let n: i32 = figures.parse().ok()?;
    match figures.len() {
        4 => Some(n),
        2 => {
            let latest = today.map_or(2068, |t| chrono::Datelike::year(&t) + 20);
            let year = latest - latest % 100 + n;
            Some(if year > latest { year - 100 } else { year })
        }
        _ => None,
    }
}

fn small(figures: &str) -> Option<u32> {
    (figures.len() <= 2).then(|| figures.parse().ok()).flatten()
}

fn make(year: Option<i32>, month: u32, day: u32) -> Result<NaiveDate, NoDate> {
    let year = year.ok_or(NoDate::Unreadable)?;
    if !(1000..=9999).contains(&year) {
        return Err(NoDate::NoSuchDay);
    }
    NaiveDate::from_ymd_opt(year, month, day).ok_or(NoDate::NoSuchDay)
}

/// Whether `mar` before these words is March, and not Tuesday: no other month follows, nor a day of figures alone.
fn is_month_here(rest: &[Part<'_>]) -> bool {
    use Part::{Figures, Letters, Sign};
    let figures = rest.iter().position(|p| matches!(p, Figures(_))).and_then(|at| rest.get(at..));
    !rest.iter().any(|p| matches!(p, Letters(w) if month(w).is_some()))
        && !matches!(figures, Some([Figures(_), Sign(a), Figures(_), Sign(b), Figures(_), ..]) if a == b)
}

/// The day at the front, and what follows it.
fn day<'a, 'b>(
    words: &'a [Part<'b>],
    order: Option<Order>,
    today: Option<NaiveDate>,
) -> Result<(NaiveDate, &'a [Part<'b>]), NoDate> {
    use Part::{Figures, Letters, Sign};
    let mut words = words;
    // `Tuesday, `
    if let [Letters(day), rest @ ..] = words
        && is_weekday(day)
        && !(month(day).is_some() && is_month_here(rest))
    {
        words = rest;
        while let [Sign(',' | '.'), rest @ ..] = words {
            words = rest;
        }
    }
    match words {
        // 2026-03-05
        [Figures(y), Sign(a @ ('-' | '/' | '.')), Figures(m), Sign(b), Figures(d), rest @ ..] if y.len() == 4 && a == b => {
            let (Some(m), Some(d)) = (small(m), small(d)) else { return Err(NoDate::Unreadable) };
            Ok((make(year(y, today), m, d)?, rest))
        }
        // 05/03/2026
        [Figures(x), Sign(a @ ('-' | '/' | '.')), Figures(y), Sign(b), Figures(z), rest @ ..] if a == b => {
            let (Some(x), Some(y)) = (small(x), small(y)) else { return Err(NoDate::Unreadable) };
            let z = year(z, today);
            let (day_first, month_first) = (make(z, y, x), make(z, x, y));
            let date = match (day_first, month_first, order) {
                (Ok(d), Ok(m), _) if d == m => Ok(d),
                (Ok(d), Ok(_), Some(Order::DayFirst)) | (Ok(d), Err(_), _) => Ok(d),
                (Ok(_), Ok(m), Some(Order::MonthFirst)) | (Err(_), Ok(m), _) => Ok(m),
                (Ok(_), Ok(_), None) => Err(NoDate::Ambiguous),
                (Err(error), Err(_), _) => Err(error),
            };
            Ok((date?, rest))
        }
        _ => named(words, today),
    }
}

/// A day whose month is a word.
fn named<'a, 'b>(words: &'a [Part<'b>], today: Option<NaiveDate>) -> Result<(NaiveDate, &'a [Part<'b>]), NoDate> {
    use Part::{Figures, Letters};
    let mut rest = words;
    let (mut figures, mut named): (Vec<&str>, Option<u32>) = (Vec::new(), None);
    while let [word, after @ ..] = rest {
        match word {
            Figures(n) if figures.len() < 2 => figures.push(n),
            Letters(w) if named.is_none() && month(w).is_some() => named = month(w),
            Letters("de" | "del" | "of" | "the" | "el" | "st" | "nd" | "rd" | "th" | "er" | "ro" | "o" | "a" | "º" | "ª")
            | Part::Sign(',' | '.' | '-' | '/' | '°' | '\'' | '’') => {}
            _ => break,
        }
        rest = after;
        if figures.len() == 2 && named.is_some() {
            break;
        }
    }
    match (figures.as_slice(), named) {
        // `2026 March 5` and `5 March 2026`.
        ([y, d], Some(m)) if y.len() == 4 => Ok((make(year(y, today), m, small(d).ok_or(NoDate::Unreadable)?)?, rest)),
        ([d, y], Some(m)) => Ok((make(year(y, today), m, small(d).ok_or(NoDate::Unreadable)?)?, rest)),
        ([_], Some(_)) => Err(NoDate::Incomplete),
        // `2026-03`, `03/2026`.
        ([a, b], None) if rest.is_empty() && a.len() + b.len() == 6 => Err(NoDate::Incomplete),
        _ => Err(NoDate::Unreadable),
    }
}

/// The time of day and the zone after a day; `None` if it is neither.
fn time(words: &[Part<'_>]) -> Option<(Option<NaiveTime>, Option<FixedOffset>)> {
    use Part::{Figures, Letters, Sign};
    let mut words = words;
    while let [Sign(',' | '-' | '.') | Letters("t" | "at" | "a" | "las" | "la"), rest @ ..] = words {
        words = rest;
    }
    let [Figures(hour), rest @ ..] = words else { return words.is_empty().then_some((None, None)) };
    let mut hour = small(hour)?;
    let (mut minute, mut second, mut nanos) = (0, 0, 0);
    let mut rest = rest;
    if let [Sign(':') | Letters("h"), Figures(m), after @ ..] = rest {
        minute = small(m)?;
        rest = after;
        if let [Sign(':'), Figures(s), after @ ..] = rest {
            second = small(s)?;
            rest = after;
            if let [Sign('.' | ','), Figures(f), after @ ..] = rest {
                nanos = format!("{:0<9}", f.get(..f.len().min(9))?).parse().ok()?;
                rest = after;
            }
        }
    } else if !matches!(rest, [Letters("am" | "pm" | "a" | "p" | "h" | "hs" | "hrs"), ..]) {
        return None;
    }
    if let [Letters("h" | "hs" | "hrs"), after @ ..] = rest {
        rest = after;
    }
    let half = match rest {
        [Letters("am" | "pm"), ..] | [Letters("a" | "p"), Sign('.'), Letters("m"), ..] | [Letters("a" | "p"), Letters("m"), ..] => {
            let Some(Letters(word)) = rest.first() else { return None };
            while let [Letters("am" | "pm" | "a" | "p" | "m") | Sign('.'), after @ ..] = rest {
                rest = after;
            }
            Some(word.starts_with('p'))
        }
        _ => None,
    };
    if let Some(afternoon) = half {
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + if afternoon { 12 } else { 0 };
    }
    let time = NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)?;
    Some((Some(time), zone(rest)?))
}

/// A zone by its distance from UTC; `None` if it is no zone. Other zones by name are not read, as their letters mean more than one.
#[expect(clippy::option_option, reason = "the outer says whether it could be read, the inner whether there is one")]
fn zone(words: &[Part<'_>]) -> Option<Option<FixedOffset>> {
    use Part::{Figures, Letters, Sign};
    let rest = match words {
        [] | [Sign('['), Letters(_), Sign('/'), Letters(_), Sign(']')] => return Some(None),
        [Letters("z" | "utc" | "gmt")] => return Some(FixedOffset::east_opt(0)),
        _ => words.strip_prefix(&[Letters("utc")]).or_else(|| words.strip_prefix(&[Letters("gmt")])).unwrap_or(words),
    };
    let (sign, rest) = match rest {
        [Sign('+'), rest @ ..] => (1, rest),
        [Sign('-' | '−'), rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes, rest) = match rest {
        [Figures(h), Sign(':'), Figures(m), rest @ ..] => (small(h)?, small(m)?, rest),
        [Figures(hm), rest @ ..] if hm.len() == 4 => (small(hm.get(..2)?)?, small(hm.get(2..)?)?, rest),
        [Figures(h), rest @ ..] => (small(h)?, 0, rest),
        _ => return None,
    };
    if !(rest.is_empty() || matches!(rest, [Sign('('), .., Sign(')')])) || hours > 14 || minutes > 59 {
        return None;
    }
    FixedOffset::east_opt(sign * i32::try_from(hours * 3_600 + minutes * 60).ok()?).map(Some)
}

#[cfg(test)]
mod tests;
