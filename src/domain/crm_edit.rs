//! How two people change one record without either losing a word.
//!
//! A form says of each field what stood there when it was opened and what stands there now. What somebody has not touched is left as it
//! is, whatever became of it meanwhile; what two have changed is given back to the later one, who sees both.

use std::collections::BTreeMap;

use super::{AppError, AppResult, FieldError};

/// A record as its form shows it: fields by name, as text.
pub type Texts = BTreeMap<String, String>;

/// What a form asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// The fields as they were when the form was opened.
    pub was: Texts,
    /// The fields as they were sent.
    pub now: Texts,
}

/// The code of a field that somebody else has changed meanwhile; the detail is what stands there now.
pub const CHANGED: &str = "changed_meanwhile";

/// The record with an edit taken over.
///
/// # Errors
/// `Invalid` with [`CHANGED`] for each field that somebody else has changed to something else since the form was opened.
pub fn merge(current: &Texts, edit: &Edit) -> AppResult<Texts> {
    let mut merged = current.clone();
    let mut faults = Vec::new();
    for (name, now) in &edit.now {
        let now = plain(now);
        let stands = current.get(name).map(|text| plain(text)).unwrap_or_default();
        let was = edit.was.get(name).map_or_else(|| stands.clone(), |text| plain(text));
        if now == was || now == stands {
            continue;
        }
        if was != stands {
            faults.push(FieldError::new(format!("/{name}"), CHANGED, stands));
            continue;
        }
        merged.insert(name.clone(), now);
    }
    if faults.is_empty() { Ok(merged) } else { Err(AppError::Invalid { fields: faults }) }
}

/// Reads an edited record: what the edit leaves as it was stays, even where no rule would admit it today (a choice that was taken away, a
/// list that grew in a merge). `parse` reads texts; `keep` sets a field back to what is stored.
///
/// # Errors
/// `Invalid` for each field that the edit changes and that breaks its rule; those of `parse`.
pub fn admit<T>(
    before: &Texts,
    after: &Texts,
    parse: impl Fn(&Texts) -> AppResult<T>,
    keep: impl Fn(&mut T, &str),
) -> AppResult<T> {
    let faults = match parse(after) {
        Err(AppError::Invalid { fields }) => fields,
        other => return other,
    };
    let name = |fault: &FieldError| fault.pointer.trim_start_matches('/').to_owned();
    let (old, new): (Vec<_>, Vec<_>) = faults.into_iter().partition(|fault| before.get(&name(fault)) == after.get(&name(fault)));
    if !new.is_empty() {
        return Err(AppError::Invalid { fields: new });
    }
    let mut texts = after.clone();
    texts.retain(|known, _| !old.iter().any(|fault| name(fault) == *known));
    let mut record = parse(&texts)?;
    for fault in &old {
        keep(&mut record, &name(fault));
    }
    Ok(record)
}

/// As browsers and people write the same text: line breaks of one kind, nothing around it.
fn plain(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

/// The fields in which two records differ, with what each has.
pub fn differences(before: &Texts, after: &Texts) -> BTreeMap<String, [String; 2]> {
    let names = before.keys().chain(after.keys());
    let of = |texts: &Texts, name: &String| texts.get(name).cloned().unwrap_or_default();
    names.map(|name| (name.clone(), [of(before, name), of(after, name)])).filter(|(_, [before, after])| before != after).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(pairs: &[(&str, &str)]) -> Texts {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn two_people_change_two_fields_and_both_stand() {
        let opened = texts(&[("city", "Bogotá"), ("title", "CEO")]);
        let current = texts(&[("city", "Medellín"), ("title", "CEO")]);
        let edit = Edit { was: opened, now: texts(&[("city", "Bogotá"), ("title", "CTO")]) };
        assert_eq!(merge(&current, &edit).unwrap(), texts(&[("city", "Medellín"), ("title", "CTO")]));
    }

    #[test]
    fn of_two_changes_of_one_field_the_later_is_told() {
        let current = texts(&[("city", "Medellín")]);
        let edit = Edit { was: texts(&[("city", "Bogotá")]), now: texts(&[("city", "Cali")]) };
        let Err(AppError::Invalid { fields }) = merge(&current, &edit) else { panic!() };
        assert_eq!(
            (fields[0].pointer.as_str(), fields[0].code.as_str(), fields[0].detail.as_str()),
            ("/city", CHANGED, "Medellín")
        );
        // Whoever has seen that may insist.
        let again = Edit { was: current.clone(), now: texts(&[("city", "Cali")]) };
        assert_eq!(merge(&current, &again).unwrap(), texts(&[("city", "Cali")]));
        // Both wanted the same.
        let same = Edit { was: texts(&[("city", "Bogotá")]), now: texts(&[("city", "Medellín")]) };
        assert_eq!(merge(&current, &same).unwrap(), current);
    }

    #[test]
    fn line_breaks_of_a_browser_are_no_change() {
        let current = texts(&[("notes", "a\nb")]);
        let edit = Edit { was: texts(&[("notes", "a\r\nb")]), now: texts(&[("notes", "a\r\nb\r\n")]) };
        assert_eq!(merge(&current, &edit).unwrap(), current);
    }

    #[test]
    fn differences_name_what_changed() {
        let found = differences(&texts(&[("a", "1"), ("b", "2")]), &texts(&[("a", "1"), ("b", "3"), ("c", "4")]));
        assert_eq!(found.keys().collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(found["b"], ["2".to_owned(), "3".to_owned()]);
    }
}
