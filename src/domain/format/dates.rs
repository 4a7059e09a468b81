//! Dates, times of day and how long ago something was.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};

use super::{Lang, SPACE};
use crate::domain::time::Zone;

const MONTHS_ES: [&str; 12] =
    ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"];
const MONTHS_EN: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const DAYS_ES: [&str; 7] = ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"];
const DAYS_EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The name of a date's month: `noviembre`, `November`.
pub fn month_name(date: NaiveDate, lang: Lang) -> &'static str {
    let names = if lang == Lang::Es { &MONTHS_ES } else { &MONTHS_EN };
    names.get(date.month0() as usize).copied().unwrap_or_default()
}

/// The first three letters of a date's month: `nov`, `Nov`.
pub fn month_short(date: NaiveDate, lang: Lang) -> &'static str {
    month_name(date, lang).get(..3).unwrap_or_default()
}

/// A day of a year that is plain from the context: `20 nov`, `Nov 20`.
pub fn date_short(date: NaiveDate, lang: Lang) -> String {
    match lang {
        Lang::Es => format!("{} {}", date.day(), month_short(date, lang)),
        Lang::En => format!("{} {}", month_short(date, lang), date.day()),
    }
}

/// A day with its year: `20 nov 2026`, `Nov 20, 2026`.
pub fn date_long(date: NaiveDate, lang: Lang) -> String {
    format!("{}{}{}", date_short(date, lang), lang.pick(" ", ", "), date.year())
}

/// A day with its day of the week: `jueves 12 nov`, `Thu, Nov 12`.
pub fn date_weekday(date: NaiveDate, lang: Lang) -> String {
    let names = if lang == Lang::Es { &DAYS_ES } else { &DAYS_EN };
    let name = names.get(date.weekday().num_days_from_monday() as usize).copied().unwrap_or_default();
    format!("{name}{}{}", lang.pick(" ", ", "), date_short(date, lang))
}

/// From one day to another: `22 oct – 20 nov`, with the years when they differ.
pub fn range(from: NaiveDate, to: NaiveDate, lang: Lang) -> String {
    if from == to {
        date_short(from, lang)
    } else if from.year() == to.year() {
        format!("{} – {}", date_short(from, lang), date_short(to, lang))
    } else {
        format!("{} – {}", date_long(from, lang), date_long(to, lang))
    }
}

/// The hour at which a point starts: `14:00`.
pub fn hour(at: DateTime<Utc>) -> String {
    format!("{:02}:00", at.hour())
}

/// The time of day in a zone: `14:32`.
pub fn clock(at: DateTime<Utc>, zone: &Zone) -> String {
    let t = zone.local(at);
    format!("{:02}:{:02}", t.hour(), t.minute())
}

/// The time of day in a zone, with its seconds: `14:32:07`.
pub fn clock_seconds(at: DateTime<Utc>, zone: &Zone) -> String {
    let t = zone.local(at);
    format!("{:02}:{:02}:{:02}", t.hour(), t.minute(), t.second())
}

/// An instant in full, for titles: `20 nov 2026, 14:32 (Bogota)`.
pub fn date_time(at: DateTime<Utc>, zone: &Zone, lang: Lang) -> String {
    let place = zone.name.rsplit('/').next().unwrap_or_default().replace('_', " ");
    format!("{}, {} ({place})", date_long(zone.local(at).date(), lang), clock_seconds(at, zone))
}

/// A length of time by its largest unit: `45 s`, `8 min`, `2 h`, `3 d`.
pub fn duration(seconds: i64) -> String {
    let s = seconds.max(0);
    match s {
        0..60 => format!("{s}{SPACE}s"),
        60..3_600 => format!("{}{SPACE}min", s / 60),
        3_600..86_400 => format!("{}{SPACE}h", s / 3_600),
        _ => format!("{}{SPACE}d", s / 86_400),
    }
}

/// How old something is that happened at `then`: `8 min`; at least a second, as nothing is shown before it happened.
pub fn age(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    duration((now - then).num_seconds().max(1))
}

/// How long ago something happened: `hace 8 min`, `8 min ago`.
pub fn ago(then: DateTime<Utc>, now: DateTime<Utc>, lang: Lang) -> String {
    match lang {
        Lang::Es => format!("hace {}", age(then, now)),
        Lang::En => format!("{} ago", age(then, now)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Lang::*, *};

    fn date(s: &str) -> NaiveDate {
        s.parse().unwrap()
    }

    fn at(s: &str) -> DateTime<Utc> {
        s.parse().unwrap()
    }

    #[test]
    fn days_in_both_languages() {
        let d = date("2026-11-12");
        assert_eq!((date_short(d, Es).as_str(), date_short(d, En).as_str()), ("12 nov", "Nov 12"));
        assert_eq!((date_long(d, Es).as_str(), date_long(d, En).as_str()), ("12 nov 2026", "Nov 12, 2026"));
        assert_eq!((date_weekday(d, Es).as_str(), date_weekday(d, En).as_str()), ("jueves 12 nov", "Thu, Nov 12"));
        for month in 1..=12 {
            let d = NaiveDate::from_ymd_opt(2026, month, 1).unwrap();
            assert_eq!(month_short(d, Es).len(), 3);
            assert_eq!(month_short(d, En).len(), 3);
        }
    }

    #[test]
    fn ranges_name_the_year_only_when_they_must() {
        assert_eq!(range(date("2026-10-22"), date("2026-11-20"), Es), "22 oct – 20 nov");
        assert_eq!(range(date("2025-12-22"), date("2026-01-20"), En), "Dec 22, 2025 – Jan 20, 2026");
        assert_eq!(range(date("2026-11-20"), date("2026-11-20"), En), "Nov 20");
    }

    #[test]
    fn times_of_day_are_of_the_zone() {
        let bogota = Zone { name: "America/Bogota".into(), offsets: vec![(0, -18_000)] };
        assert_eq!(clock_seconds(at("2026-11-20T02:32:07Z"), &bogota), "21:32:07");
        assert_eq!(clock(at("2026-11-20T19:32:07Z"), &bogota), "14:32");
        assert_eq!(date_time(at("2026-11-20T02:32:07Z"), &bogota, Es), "19 nov 2026, 21:32:07 (Bogota)");
    }

    #[test]
    fn ages_by_their_largest_unit() {
        let cases = [(-5, "0 s"), (59, "59 s"), (60, "1 min"), (3_599, "59 min"), (7_200, "2 h"), (200_000, "2 d")];
        for (seconds, text) in cases {
            assert_eq!(duration(seconds).replace(SPACE, " "), text);
        }
        let now = at("2026-11-20T12:00:00Z");
        assert_eq!(ago(at("2026-11-20T11:52:00Z"), now, Es).replace(SPACE, " "), "hace 8 min");
        assert_eq!(ago(at("2026-11-20T11:52:00Z"), now, En).replace(SPACE, " "), "8 min ago");
    }
}
