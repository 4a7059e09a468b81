//! Calendars as RFC 5545 has them: as far as tasks need it.

use chrono::{DateTime, Days, NaiveDate, Utc};

/// The longest line, in bytes, before it is folded (section 3.1).
const MAX_LINE: usize = 75;

/// What a calendar's entry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is known by, always the same.
    pub uid: String,
    /// When it was last changed.
    pub stamp: DateTime<Utc>,
    /// The day.
    pub day: NaiveDate,
    /// The instant, if it has a time; then it lasts half an hour.
    pub at: Option<DateTime<Utc>>,
    /// What it is called.
    pub summary: String,
    /// More about it.
    pub description: String,
    /// Where it stands.
    pub url: String,
    /// How often it was changed.
    pub sequence: i32,
}

/// A text as a property holds it (section 3.3.11).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            c if c.is_control() && c != '\t' => {}
            c => out.push(c),
        }
    }
    out
}

/// Adds a line, folded where it is too long: never within a character.
fn line(out: &mut String, text: &str) {
    let mut length = 0;
    for c in text.chars() {
        if length + c.len_utf8() > MAX_LINE {
            out.push_str("\r\n ");
            length = 1;
        }
        out.push(c);
        length += c.len_utf8();
    }
    out.push_str("\r\n");
}

fn utc(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// Writes a calendar.
pub fn calendar(name: &str, entries: &[Entry]) -> String {
    let mut out = String::new();
    for text in ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//NGX//NexusCRM//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"] {
        line(&mut out, text);
    }
    line(&mut out, &format!("X-WR-CALNAME:{}", escaped(name)));
    for entry in entries {
        line(&mut out, "BEGIN:VEVENT");
        line(&mut out, &format!("UID:{}", escaped(&entry.uid)));
        line(&mut out, &format!("DTSTAMP:{}", utc(entry.stamp)));
        line(&mut out, &format!("SEQUENCE:{}", entry.sequence));
        if let Some(at) = entry.at {
            line(&mut out, &format!("DTSTART:{}", utc(at)));
            line(&mut out, "DURATION:PT30M");
        } else {
            // The end is the first day that is not part of it (section 3.6.1).
            let end = entry.day.checked_add_days(Days::new(1)).unwrap_or(entry.day);
            line(&mut out, &format!("DTSTART;VALUE=DATE:{}", entry.day.format("%Y%m%d")));
            line(&mut out, &format!("DTEND;VALUE=DATE:{}", end.format("%Y%m%d")));
            line(&mut out, "TRANSP:TRANSPARENT");
        }
        line(&mut out, &format!("SUMMARY:{}", escaped(&entry.summary)));
        if !entry.description.is_empty() {
            line(&mut out, &format!("DESCRIPTION:{}", escaped(&entry.description)));
        }
        line(&mut out, &format!("URL:{}", entry.url));
        line(&mut out, "END:VEVENT");
    }
    line(&mut out, "END:VCALENDAR");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_lines_are_folded_and_days_are_days() {
        let entry = Entry {
            uid: "1@x".into(),
            stamp: "2026-11-20T12:00:00Z".parse().unwrap(),
            day: "2026-12-31".parse().unwrap(),
            at: None,
            summary: format!("Ana; \"Luz\", S.A. \\ {}\nEND:VEVENT\r\u{7}", "ñ".repeat(60)),
            description: String::new(),
            url: "https://crm.example/tasks".into(),
            sequence: 2,
        };
        let timed = Entry { at: Some("2026-03-29T00:30:00Z".parse().unwrap()), description: "x".into(), ..entry.clone() };
        let text = calendar("Tareas", &[entry, timed]);
        assert!(text.lines().all(|line| line.len() <= 75) && text.ends_with("END:VCALENDAR\r\n"), "{text}");
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        let unfolded = text.replace("\r\n ", "");
        assert!(
            unfolded.contains(&format!("SUMMARY:Ana\\; \"Luz\"\\, S.A. \\\\ {}\\nEND:VEVENT\r\n", "ñ".repeat(60))),
            "{unfolded}"
        );
        assert!(unfolded.contains("DTSTART;VALUE=DATE:20261231\r\nDTEND;VALUE=DATE:20270101\r\n"));
        assert!(unfolded.contains("DTSTART:20260329T003000Z\r\nDURATION:PT30M\r\n"));
        assert_eq!(unfolded.matches("BEGIN:VEVENT").count(), 2);
    }
}
