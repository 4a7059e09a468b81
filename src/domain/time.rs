//! Dates, periods and the reader's time zone.
//!
//! Metering counts days and months in UTC, so that a limit means the same for everyone. Instants are
//! shown in the reader's zone, by a [`Zone`] that the server works out once and sends with the page.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// A time zone as the list of its offsets over the years that a page may show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// IANA name, such as `America/Bogota`.
    pub name: String,
    /// From each instant (Unix seconds, rising) on, the offset from UTC in seconds.
    pub offsets: Vec<(i64, i32)>,
}

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self { name: "UTC".into(), offsets: vec![(i64::MIN, 0)] }
    }

    /// The wall clock of the zone at an instant.
    pub fn local(&self, at: DateTime<Utc>) -> chrono::NaiveDateTime {
        let seconds = at.timestamp();
        let offset = self.offsets.iter().rev().find(|(from, _)| *from <= seconds).or(self.offsets.first()).map_or(0, |(_, o)| *o);
        at.naive_utc() + TimeDelta::seconds(i64::from(offset))
    }
}

/// An instant as addresses hold it, RFC 3339, in the years 1 to 9999, which every part of the product can tell.
pub fn instant(text: &str) -> Option<DateTime<Utc>> {
    let at = text.parse::<DateTime<Utc>>().ok()?;
    (1..=9999).contains(&at.year()).then_some(at)
}

/// The first day of the month of a date.
pub fn month_start(date: NaiveDate) -> NaiveDate {
    date.with_day(1).unwrap_or(date)
}

/// The first day of the month after that of a date.
pub fn next_month(date: NaiveDate) -> NaiveDate {
    let (year, month) = if date.month() == 12 { (date.year() + 1, 1) } else { (date.year(), date.month() + 1) };
    NaiveDate::from_ymd_opt(year, month, 1).unwrap_or(date)
}

/// Midnight UTC at the start of a date.
pub fn midnight(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(NaiveTime::MIN).and_utc()
}

/// How much time one point of a chart stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// An hour.
    Hour,
    /// A day, in UTC.
    Day,
    /// A week from Monday, in UTC.
    Week,
    /// A calendar month, in UTC.
    Month,
}

impl Grain {
    /// The start of the point that an instant falls in.
    pub fn floor(self, at: DateTime<Utc>) -> DateTime<Utc> {
        let date = at.date_naive();
        match self {
            Self::Hour => DateTime::from_timestamp(at.timestamp().div_euclid(3600) * 3600, 0).unwrap_or(at),
            Self::Day => midnight(date),
            Self::Week => midnight(date - Days::new(u64::from(date.weekday().num_days_from_monday()))),
            Self::Month => midnight(month_start(date)),
        }
    }

    /// The start of the point after the one that starts at `start`.
    pub fn next(self, start: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Hour => start + TimeDelta::hours(1),
            Self::Day => start + TimeDelta::days(1),
            Self::Week => start + TimeDelta::days(7),
            Self::Month => midnight(next_month(start.date_naive())),
        }
    }
}

/// The span of time that a page shows, as its address says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", try_from = "SentPeriod")]
pub enum Period {
    /// Today, by hour, against yesterday up to the same hour.
    Today,
    /// Seven days with today.
    Days7,
    /// Thirty days with today.
    #[default]
    Days30,
    /// The calendar month so far, against as many days of the month before.
    Month,
    /// From one date to another, both included.
    Custom {
        /// The first day.
        from: NaiveDate,
        /// The last day.
        to: NaiveDate,
    },
}

/// The longest custom period, in days.
pub const MAX_CUSTOM_DAYS: i64 = 731;
/// The years that a custom period may lie in.
pub const CUSTOM_YEARS: std::ops::RangeInclusive<i32> = 2000..=2199;

/// A [`Period`] as it is read, before its dates are looked at.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum SentPeriod {
    Today,
    Days7,
    Days30,
    Month,
    Custom { from: NaiveDate, to: NaiveDate },
}

impl TryFrom<SentPeriod> for Period {
    type Error = &'static str;

    fn try_from(sent: SentPeriod) -> Result<Self, Self::Error> {
        match sent {
            SentPeriod::Today => Ok(Self::Today),
            SentPeriod::Days7 => Ok(Self::Days7),
            SentPeriod::Days30 => Ok(Self::Days30),
            SentPeriod::Month => Ok(Self::Month),
            SentPeriod::Custom { from, to } => Self::custom(from, to).ok_or("a custom period of impossible dates"),
        }
    }
}

/// A [`Period`] worked out for a day: what to show and what to compare it with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodRange {
    /// First day shown.
    pub from: NaiveDate,
    /// Last day shown.
    pub to: NaiveDate,
    /// First day of the comparison.
    pub previous_from: NaiveDate,
    /// Last day of the comparison.
    pub previous_to: NaiveDate,
    /// One point of the chart.
    pub grain: Grain,
}

impl PeriodRange {
    /// How many days are shown.
    pub fn days(&self) -> i64 {
        (self.to - self.from).num_days() + 1
    }

    /// Where each point of the chart starts, in order.
    pub fn points(&self) -> Vec<DateTime<Utc>> {
        let end = midnight(self.to) + TimeDelta::days(1);
        let first = self.grain.floor(midnight(self.from));
        std::iter::successors(Some(first), |start| Some(self.grain.next(*start))).take_while(|start| *start < end).collect()
    }
}

impl Period {
    /// The word in an address; a custom period has its dates beside it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Days7 => "7d",
            Self::Days30 => "30d",
            Self::Month => "month",
            Self::Custom { .. } => "custom",
        }
    }

    /// Reads an address; anything that makes no sense is the default period, so that an old link works.
    pub fn parse(word: Option<&str>, from: Option<&str>, to: Option<&str>) -> Self {
        match word {
            Some("today") => Self::Today,
            Some("7d") => Self::Days7,
            Some("month") => Self::Month,
            Some("custom") => match (from.and_then(|d| d.parse().ok()), to.and_then(|d| d.parse().ok())) {
                (Some(from), Some(to)) => Self::custom(from, to).unwrap_or_default(),
                _ => Self::default(),
            },
            _ => Self::default(),
        }
    }

    /// From one date to another, if that is a period that can be shown.
    pub fn custom(from: NaiveDate, to: NaiveDate) -> Option<Self> {
        let possible = CUSTOM_YEARS.contains(&from.year()) && CUSTOM_YEARS.contains(&to.year());
        (possible && from <= to && (to - from).num_days() < MAX_CUSTOM_DAYS).then_some(Self::Custom { from, to })
    }

    /// What to show on `today` (UTC), and what to compare it with.
    pub fn resolve(self, today: NaiveDate) -> PeriodRange {
        let days = |n: i64| TimeDelta::days(n);
        let (from, to) = match self {
            Self::Today => (today, today),
            Self::Days7 => (today - days(6), today),
            Self::Days30 => (today - days(29), today),
            Self::Month => (month_start(today), today),
            Self::Custom { from, to } => (from, to),
        };
        let length = (to - from).num_days() + 1;
        let (previous_from, previous_to) = if self == Self::Month {
            let start = month_start(from - days(1));
            (start, (start + days(length - 1)).min(from - days(1)))
        } else {
            (from - days(length), from - days(1))
        };
        let grain = match length {
            ..=1 => Grain::Hour,
            2..=92 => Grain::Day,
            93..=366 => Grain::Week,
            _ => Grain::Month,
        };
        PeriodRange { from, to, previous_from, previous_to, grain }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(s: &str) -> NaiveDate {
        s.parse().unwrap()
    }

    #[test]
    fn periods_resolve_with_their_comparison() {
        let today = date("2026-11-20");
        let cases = [
            (Period::Today, "2026-11-20", "2026-11-20", "2026-11-19", "2026-11-19", Grain::Hour, 24),
            (Period::Days7, "2026-11-14", "2026-11-20", "2026-11-07", "2026-11-13", Grain::Day, 7),
            (Period::Days30, "2026-10-22", "2026-11-20", "2026-09-22", "2026-10-21", Grain::Day, 30),
            (Period::Month, "2026-11-01", "2026-11-20", "2026-10-01", "2026-10-20", Grain::Day, 20),
        ];
        for (period, from, to, pfrom, pto, grain, points) in cases {
            let range = period.resolve(today);
            let want = PeriodRange { from: date(from), to: date(to), previous_from: date(pfrom), previous_to: date(pto), grain };
            assert_eq!(range, want, "{period:?}");
            assert_eq!(range.points().len(), points, "{period:?}");
        }
    }

    #[test]
    fn the_month_before_a_longer_one_is_not_overrun() {
        let range = Period::Month.resolve(date("2026-03-31"));
        assert_eq!((range.previous_from, range.previous_to), (date("2026-02-01"), date("2026-02-28")));
    }

    #[test]
    fn long_custom_periods_have_coarser_points() {
        let range = Period::parse(Some("custom"), Some("2026-01-01"), Some("2026-06-30")).resolve(date("2026-11-20"));
        assert_eq!(range.grain, Grain::Week);
        assert_eq!(range.points().first().copied(), Some(midnight(date("2025-12-29"))));
        assert_eq!(Period::parse(Some("custom"), Some("2026-02-02"), Some("2026-01-01")), Period::Days30);
        for (from, to) in [
            ("0001-01-01", "9999-01-01"),
            ("-262143-01-01", "-262143-01-02"),
            ("+262142-12-29", "+262142-12-29"),
            ("-4713-01-01", "-4712-01-01"),
            ("1999-12-31", "2000-01-01"),
        ] {
            assert_eq!(Period::parse(Some("custom"), Some(from), Some(to)), Period::Days30, "{from}");
            let sent = serde_json::json!({"custom": {"from": from, "to": to}});
            assert!(serde_json::from_value::<Period>(sent.clone()).is_err(), "{sent}");
        }
        let custom = Period::custom(date("2026-01-01"), date("2026-01-31")).unwrap();
        for period in [Period::Today, Period::Days7, Period::Days30, Period::Month, custom] {
            assert_eq!(serde_json::from_str::<Period>(&serde_json::to_string(&period).unwrap()).unwrap(), period);
        }
    }

    #[test]
    fn a_zone_shifts_by_the_offset_in_force() {
        let madrid = Zone { name: "Europe/Madrid".into(), offsets: vec![(0, 7200), (1_792_890_000, 3600)] };
        let summer = DateTime::from_timestamp(1_792_889_999, 0).unwrap();
        assert_eq!(madrid.local(summer), summer.naive_utc() + TimeDelta::hours(2));
        assert_eq!(madrid.local(summer + TimeDelta::seconds(1)), summer.naive_utc() + TimeDelta::seconds(3601));
    }
}
