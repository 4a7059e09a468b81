//! Time zones: the offsets of a zone over the years that a page may show.

use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::domain::time::Zone;

/// How far back and ahead of now the offsets reach, in days.
const REACH_DAYS: i64 = 800;

/// The zone of an IANA name around `now`; nothing when there is no such zone.
pub fn zone(name: &str, now: DateTime<Utc>) -> Option<Zone> {
    let tz: Tz = name.parse().ok()?;
    let offset = |at: DateTime<Utc>| tz.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc();
    let mut at = now - TimeDelta::days(REACH_DAYS);
    let end = now + TimeDelta::days(REACH_DAYS);
    let mut current = offset(at);
    let mut offsets = vec![(i64::MIN, current)];
    while at < end {
        let next = at + TimeDelta::days(1);
        let after = offset(next);
        if after != current {
            // Somewhere within this day: halve until the second is found.
            let (mut low, mut high) = (at.timestamp(), next.timestamp());
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                let at_middle = DateTime::from_timestamp(middle, 0).map_or(after, offset);
                if at_middle == current { low = middle } else { high = middle }
            }
            offsets.push((high, after));
            current = after;
        }
        at = next;
    }
    Some(Zone { name: tz.name().to_owned(), offsets })
}

/// The instant at which the clocks of a zone show a time. The earlier one, where they show it twice; where they leap over it, the
/// one as far behind the leap as the time is. Nothing when there is no such zone.
pub fn instant(name: &str, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    let tz: Tz = name.parse().ok()?;
    let found = tz.from_local_datetime(&local).earliest();
    let found = found.map(|at| at.with_timezone(&Utc)).or_else(|| {
        // By the offset that held before the leap, it comes out after it.
        let before = tz.from_local_datetime(&(local - TimeDelta::hours(3))).earliest()?;
        Some(before.with_timezone(&Utc) + TimeDelta::hours(3))
    });
    Some(found.unwrap_or_else(|| local.and_utc()))
}

/// The wall clock of a zone at an instant, however far that is; nothing when there is no such zone.
pub fn wall_clock(name: &str, at: DateTime<Utc>) -> Option<NaiveDateTime> {
    let tz: Tz = name.parse().ok()?;
    Some(tz.from_utc_datetime(&at.naive_utc()).naive_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_change_at_the_very_second() {
        let now: DateTime<Utc> = "2026-11-20T12:00:00Z".parse().unwrap();
        let madrid = zone("Europe/Madrid", now).unwrap();
        let winter: DateTime<Utc> = "2026-10-25T01:00:00Z".parse().unwrap();
        assert_eq!(madrid.local(winter - TimeDelta::seconds(1)).to_string(), "2026-10-25 02:59:59");
        assert_eq!(madrid.local(winter).to_string(), "2026-10-25 02:00:00");
        assert_eq!(zone("America/Bogota", now).unwrap().offsets, vec![(i64::MIN, -18_000)]);
        assert_eq!(zone("Middle/Earth", now), None);
    }

    #[test]
    fn a_time_of_day_is_an_instant_in_every_zone() {
        for (name, local, utc) in [
            ("Etc/GMT+12", "2026-11-20T00:00:00", "2026-11-20T12:00:00Z"),
            ("Pacific/Kiritimati", "2026-11-20T00:00:00", "2026-11-19T10:00:00Z"),
            ("America/Bogota", "2026-11-20T23:30:00", "2026-11-21T04:30:00Z"),
            // Twice, and not at all.
            ("Europe/Madrid", "2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),
            ("Europe/Madrid", "2026-03-29T02:30:00", "2026-03-29T01:30:00Z"),
            ("Europe/Madrid", "2036-07-01T10:00:00", "2036-07-01T08:00:00Z"),
        ] {
            let at = instant(name, local.parse().unwrap()).unwrap();
            assert_eq!(at, utc.parse::<DateTime<Utc>>().unwrap(), "{name} {local}");
        }
        let leapt = wall_clock("Europe/Madrid", "2026-03-29T01:30:00Z".parse().unwrap()).unwrap();
        assert_eq!(leapt.to_string(), "2026-03-29 03:30:00");
        assert_eq!(instant("Middle/Earth", NaiveDateTime::default()), None);
    }
}
