//! Tasks: when they are due, which of them come now, and which one follows when one is done.
//!
//! A task is due on a day of its owner's calendar, which is the same day wherever it is read. It may have a time too, which is an
//! instant; then each reader sees it at the day and time of their own zone.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, Utc, Weekday};
use serde::{Deserialize, Serialize};

use super::{
    crm::{CompanyId, ContactId, LeadId},
    time::Zone,
};

/// What a task or an interaction is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A contact.
    Contact(ContactId),
    /// A company.
    Company(CompanyId),
    /// A lead.
    Lead(LeadId),
}

impl Target {
    /// The word in forms and in the journal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contact(_) => "contact",
            Self::Company(_) => "company",
            Self::Lead(_) => "lead",
        }
    }

    /// The id, whatever it is of.
    pub const fn id(self) -> uuid::Uuid {
        match self {
            Self::Contact(id) => id.0,
            Self::Company(id) => id.0,
            Self::Lead(id) => id.0,
        }
    }

    /// The one of a word and an id.
    pub fn parse(word: &str, id: &str) -> Option<Self> {
        let id = id.parse().ok()?;
        match word {
            "contact" => Some(Self::Contact(ContactId(id))),
            "company" => Some(Self::Company(CompanyId(id))),
            "lead" => Some(Self::Lead(LeadId(id))),
            _ => None,
        }
    }
}

/// How much a task presses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// When there is time.
    Low,
    /// As any other.
    #[default]
    Normal,
    /// Before others.
    High,
    /// Before all others.
    Urgent,
}

impl Priority {
    /// All, the least pressing first: their places are their numbers in the database.
    pub const ALL: [Self; 4] = [Self::Low, Self::Normal, Self::High, Self::Urgent];

    /// The word in forms and in the journal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }

    /// The one with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    /// The number in the database.
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// The one with this number; one that is none is normal.
    pub fn of_number(number: i16) -> Self {
        Self::ALL.into_iter().find(|it| it.number() == number).unwrap_or_default()
    }
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Anything.
    #[default]
    ToDo,
    /// A call.
    Call,
    /// A mail.
    Email,
    /// A meeting.
    Meeting,
}

impl TaskKind {
    /// All, in their order.
    pub const ALL: [Self; 4] = [Self::ToDo, Self::Call, Self::Email, Self::Meeting];

    /// The word in the database and in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ToDo => "to_do",
            Self::Call => "call",
            Self::Email => "email",
            Self::Meeting => "meeting",
        }
    }

    /// The one with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

/// How a task comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recurrence {
    /// Each day.
    Daily,
    /// Each day from Monday to Friday.
    Weekdays,
    /// Each week on the same day.
    Weekly,
    /// Each month on the same day, or on the last of a month that does not have it.
    Monthly,
    /// Each year on the same day; of February 29, on the 28th where there is no other.
    Yearly,
}

impl Recurrence {
    /// All, the most frequent first.
    pub const ALL: [Self; 5] = [Self::Daily, Self::Weekdays, Self::Weekly, Self::Monthly, Self::Yearly];

    /// The word in the database and in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekdays => "weekdays",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Yearly => "yearly",
        }
    }

    /// The one with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    /// The day of the task that follows one that was due on `due` and is done on `today`: the first after `due` that is not over. It
    /// is counted from the first day of the whole series, so that what is due on a 31st is again after a shorter month. Nothing beyond
    /// the end of the calendar.
    pub fn next(self, series_start: NaiveDate, due: NaiveDate, today: NaiveDate) -> Option<NaiveDate> {
        let from = today.max(due.succ_opt()?);
        match self {
            Self::Daily => Some(from),
            Self::Weekdays => from.checked_add_days(Days::new(match from.weekday() {
                Weekday::Sat => 2,
                Weekday::Sun => 1,
                _ => 0,
            })),
            Self::Weekly => {
                let over = u64::try_from((from - series_start).num_days().rem_euclid(7)).ok()?;
                from.checked_add_days(Days::new((7 - over) % 7))
            }
            Self::Monthly => nth(series_start, from, 1),
            Self::Yearly => nth(series_start, from, 12),
        }
    }
}

/// The first day from `from` on that is some whole number of steps, each of so many months, after `start`.
fn nth(start: NaiveDate, from: NaiveDate, months: u32) -> Option<NaiveDate> {
    let between = (from.year() - start.year()) * 12 + from.month0().cast_signed() - start.month0().cast_signed();
    let steps = u32::try_from(between.max(0)).ok()? / months;
    (steps..=steps + 1).filter_map(|n| start.checked_add_months(Months::new(n * months))).find(|day| *day >= from)
}

/// When somebody is reminded of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remind {
    /// When it is due; where it has no time, at nine in the morning of its day.
    OnTime,
    /// A quarter of an hour before; where it has no time, as [`Remind::OnTime`].
    Quarter,
    /// An hour before; where it has no time, as [`Remind::OnTime`].
    Hour,
    /// A day before; where it has no time, at nine in the morning of the day before.
    Day,
}

/// The hour at which somebody is reminded of what has no time.
const MORNING: u32 = 9;

impl Remind {
    /// All, the latest first.
    pub const ALL: [Self; 4] = [Self::OnTime, Self::Quarter, Self::Hour, Self::Day];

    /// The word in the database and in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OnTime => "on_time",
            Self::Quarter => "quarter",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// The one with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    /// When that is. `at_morning` tells the instant of nine in the morning of a day in the owner's zone.
    pub fn at(self, due: Due, at_morning: impl Fn(NaiveDate) -> DateTime<Utc>) -> Option<DateTime<Utc>> {
        match (due.at, self) {
            (Some(at), Self::OnTime) => Some(at),
            (Some(at), Self::Quarter) => at.checked_sub_signed(TimeDelta::minutes(15)),
            (Some(at), Self::Hour) => at.checked_sub_signed(TimeDelta::hours(1)),
            (Some(at), Self::Day) => at.checked_sub_signed(TimeDelta::days(1)),
            (None, Self::Day) => due.on.pred_opt().map(at_morning),
            (None, _) => Some(at_morning(due.on)),
        }
    }

    /// The time of day of reminders of what has no time.
    pub fn morning() -> chrono::NaiveTime {
        chrono::NaiveTime::from_hms_opt(MORNING, 0, 0).unwrap_or_default()
    }
}

/// When a task is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The day in its owner's calendar.
    pub on: NaiveDate,
    /// The instant, if it has a time of day.
    pub at: Option<DateTime<Utc>>,
}

impl Due {
    /// The day in a reader's calendar.
    pub fn day(self, zone: &Zone) -> NaiveDate {
        self.at.map_or(self.on, |at| zone.local(at).date())
    }
}

/// Which part of a list a task belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bucket {
    /// Its day is over, or its time.
    Overdue,
    /// It is due today.
    Today,
    /// It is due by the end of the week, which is a Sunday.
    Week,
    /// It is due after that, or nobody knows when.
    Later,
    /// It is done.
    Done,
}

/// Where a task that is not done stands for a reader at `now`.
pub fn bucket(due: Option<Due>, zone: &Zone, now: DateTime<Utc>) -> Bucket {
    let Some(due) = due else { return Bucket::Later };
    let (day, today) = (due.day(zone), zone.local(now).date());
    if day < today || due.at.is_some_and(|at| at < now) {
        Bucket::Overdue
    } else if day == today {
        Bucket::Today
    } else if day <= week_end(today) {
        Bucket::Week
    } else {
        Bucket::Later
    }
}

/// The Sunday of a day's week.
pub fn week_end(day: NaiveDate) -> NaiveDate {
    day + Days::new(6 - u64::from(day.weekday().num_days_from_monday()))
}

/// The day that comes so many working days, Monday to Friday, after another.
pub fn after_working_days(day: NaiveDate, working_days: u32) -> NaiveDate {
    let mut day = day;
    for _ in 0..working_days.min(366) {
        day = day + Days::new(1);
        while matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            day = day + Days::new(1);
        }
    }
    day
}

/// The days that a calendar shows for a month: whole weeks from Monday to Sunday.
pub fn month_grid(month: NaiveDate) -> Vec<NaiveDate> {
    let first = super::time::month_start(month);
    let from = first - Days::new(u64::from(first.weekday().num_days_from_monday()));
    let to = week_end(super::time::next_month(first) - Days::new(1));
    from.iter_days().take_while(|day| *day <= to).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn date(s: &str) -> NaiveDate {
        s.parse().unwrap()
    }

    fn fixed(hours: i32) -> Zone {
        Zone { name: format!("UTC{hours:+}"), offsets: vec![(i64::MIN, hours * 3_600)] }
    }

    #[test]
    fn what_is_done_comes_again_on_its_day() {
        for (recurrence, start, due, today, next) in [
            (Recurrence::Daily, "2026-11-20", "2026-11-20", "2026-11-20", "2026-11-21"),
            (Recurrence::Daily, "2026-11-01", "2026-11-10", "2026-11-20", "2026-11-20"),
            (Recurrence::Weekdays, "2026-11-20", "2026-11-20", "2026-11-20", "2026-11-23"),
            (Recurrence::Weekdays, "2026-11-19", "2026-11-19", "2026-11-19", "2026-11-20"),
            (Recurrence::Weekdays, "2026-11-19", "2026-11-19", "2026-11-22", "2026-11-23"),
            (Recurrence::Weekly, "2026-11-20", "2026-11-20", "2026-11-18", "2026-11-27"),
            (Recurrence::Weekly, "2026-11-20", "2026-11-20", "2026-12-09", "2026-12-11"),
            (Recurrence::Monthly, "2026-01-31", "2026-01-31", "2026-01-31", "2026-02-28"),
            (Recurrence::Monthly, "2026-01-31", "2026-02-28", "2026-02-28", "2026-03-31"),
            (Recurrence::Monthly, "2026-01-31", "2026-03-31", "2026-03-31", "2026-04-30"),
            (Recurrence::Monthly, "2026-01-31", "2026-01-31", "2026-05-31", "2026-05-31"),
            (Recurrence::Monthly, "2026-01-15", "2026-12-15", "2026-12-16", "2027-01-15"),
            (Recurrence::Yearly, "2024-02-29", "2024-02-29", "2024-02-29", "2025-02-28"),
            (Recurrence::Yearly, "2024-02-29", "2027-02-28", "2027-02-28", "2028-02-29"),
            (Recurrence::Yearly, "2026-12-31", "2026-12-31", "2026-12-30", "2027-12-31"),
        ] {
            assert_eq!(recurrence.next(date(start), date(due), date(today)), Some(date(next)), "{recurrence:?} {due} {today}");
        }
        assert_eq!(Recurrence::Daily.next(NaiveDate::MAX, NaiveDate::MAX, NaiveDate::MAX), None);
    }

    proptest! {
        #[test]
        fn the_next_day_is_after_the_last_and_not_over(start in 0_i32..20_000, step in 0_i64..400, late in -40_i64..400, which in 0_usize..5) {
            let start = NaiveDate::from_num_days_from_ce_opt(730_000 + start).unwrap();
            let recurrence = Recurrence::ALL[which];
            let due = recurrence.next(start, start + TimeDelta::days(step), start).unwrap();
            let today = due + TimeDelta::days(late);
            let next = recurrence.next(start, due, today).unwrap();
            prop_assert!(next > due && next >= today);
            let longest = match recurrence { Recurrence::Daily => 1, Recurrence::Weekdays => 3, Recurrence::Weekly => 7, Recurrence::Monthly => 31, Recurrence::Yearly => 366 };
            prop_assert!((next - due.max(today)).num_days() <= longest);
        }

        #[test]
        fn a_day_is_the_same_day_in_every_zone(day in 0_i32..40_000, hours in -12_i32..=14, second in 0_i64..86_400) {
            let on = NaiveDate::from_num_days_from_ce_opt(720_000 + day).unwrap();
            let zone = fixed(hours);
            let now = on.and_hms_opt(0, 0, 0).unwrap().and_utc() + TimeDelta::seconds(second) - TimeDelta::hours(i64::from(hours));
            let due = Due { on, at: None };
            prop_assert_eq!(due.day(&zone), on);
            prop_assert_eq!(bucket(Some(due), &zone, now), Bucket::Today);
            prop_assert_eq!(bucket(Some(Due { on: on.pred_opt().unwrap(), at: None }), &zone, now), Bucket::Overdue);
        }
    }

    #[test]
    fn a_list_has_its_parts() {
        let bogota = fixed(-5);
        // A Friday, still Thursday evening in Bogota.
        let now: DateTime<Utc> = "2026-11-20T02:00:00Z".parse().unwrap();
        let day = |on: &str| Some(Due { on: date(on), at: None });
        let time = |at: &str| at.parse().ok().map(|at: DateTime<Utc>| Due { on: at.date_naive(), at: Some(at) });
        for (due, want) in [
            (None, Bucket::Later),
            (day("2026-11-18"), Bucket::Overdue),
            (day("2026-11-19"), Bucket::Today),
            (day("2026-11-20"), Bucket::Week),
            (day("2026-11-22"), Bucket::Week),
            (day("2026-11-23"), Bucket::Later),
            (time("2026-11-20T01:59:59Z"), Bucket::Overdue),
            (time("2026-11-20T02:30:00Z"), Bucket::Today),
            (time("2026-11-20T05:00:00Z"), Bucket::Week),
        ] {
            assert_eq!(bucket(due, &bogota, now), want, "{due:?}");
        }
    }

    #[test]
    fn a_day_with_a_change_of_the_clock_is_one_day() {
        // Madrid, October 25 of 2026: 25 hours.
        let change = date("2026-10-25").and_hms_opt(1, 0, 0).unwrap().and_utc().timestamp();
        let madrid = Zone { name: "Europe/Madrid".into(), offsets: vec![(i64::MIN, 7_200), (change, 3_600)] };
        let due = Some(Due { on: date("2026-10-25"), at: None });
        for (now, want) in [
            ("2026-10-24T21:59:59Z", Bucket::Week),
            ("2026-10-24T22:00:00Z", Bucket::Today),
            ("2026-10-25T22:59:59Z", Bucket::Today),
            ("2026-10-25T23:00:00Z", Bucket::Overdue),
        ] {
            assert_eq!(bucket(due, &madrid, now.parse().unwrap()), want, "{now}");
        }
    }

    #[test]
    fn reminders_come_before_their_time_or_in_the_morning() {
        let at: DateTime<Utc> = "2026-11-20T15:00:00Z".parse().unwrap();
        let timed = Due { on: date("2026-11-20"), at: Some(at) };
        let morning = |day: NaiveDate| day.and_time(Remind::morning()).and_utc();
        let told = |remind: Remind, due| remind.at(due, morning).unwrap().to_rfc3339();
        assert_eq!(told(Remind::Quarter, timed), "2026-11-20T14:45:00+00:00");
        assert_eq!(told(Remind::Day, timed), "2026-11-19T15:00:00+00:00");
        let plain = Due { at: None, ..timed };
        assert_eq!(told(Remind::Hour, plain), "2026-11-20T09:00:00+00:00");
        assert_eq!(told(Remind::Day, plain), "2026-11-19T09:00:00+00:00");
    }

    #[test]
    fn working_days_pass_over_the_weekend() {
        for (from, days, to) in [
            ("2026-11-20", 0, "2026-11-20"),
            ("2026-11-20", 1, "2026-11-23"),
            ("2026-11-18", 3, "2026-11-23"),
            ("2026-11-21", 1, "2026-11-23"),
            ("2026-11-20", 5, "2026-11-27"),
        ] {
            assert_eq!(after_working_days(date(from), days), date(to), "{from} {days}");
        }
    }

    #[test]
    fn a_calendar_has_whole_weeks() {
        let grid = month_grid(date("2026-02-10"));
        assert_eq!((grid.len(), grid[0], grid[grid.len() - 1]), (35, date("2026-01-26"), date("2026-03-01")));
        assert!(month_grid(date("2027-02-28")).len() == 28);
        for month in 1..=12 {
            assert_eq!(month_grid(NaiveDate::from_ymd_opt(2026, month, 5).unwrap()).len() % 7, 0);
        }
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for priority in Priority::ALL {
            assert_eq!((Priority::parse(priority.as_str()), Priority::of_number(priority.number())), (Some(priority), priority));
        }
        for kind in TaskKind::ALL {
            assert_eq!(TaskKind::parse(kind.as_str()), Some(kind));
        }
        for recurrence in Recurrence::ALL {
            assert_eq!(Recurrence::parse(recurrence.as_str()), Some(recurrence));
        }
        for remind in Remind::ALL {
            assert_eq!(Remind::parse(remind.as_str()), Some(remind));
        }
    }
}
