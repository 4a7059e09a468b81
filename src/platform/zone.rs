//! Time zones: the offsets of a zone over the years that a page may show.

use chrono::{DateTime, Offset, TimeDelta, TimeZone, Utc};
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
}
