//! What a merge makes of two contacts, and what its undoing gives back.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::store::Row;
use crate::domain::{AppError, AppResult, matching::normal};

/// The fields of which one or the other wins, in the order in which they are shown.
pub const CHOSEN: [&str; 16] = [
    "first_name",
    "last_name",
    "email",
    "phone",
    "title",
    "company_id",
    "city",
    "country",
    "language",
    "birthday",
    "lifecycle",
    "source",
    "usage_user_id",
    "owner_id",
    "notes",
    "custom",
];
/// The fields that are united.
const UNITED: [&str; 3] = ["other_emails", "other_phones", "tags"];

/// A contact's fields by their names.
///
/// # Errors
/// When it cannot be written as JSON, which does not happen.
pub fn fields(row: &Row) -> AppResult<Map<String, Value>> {
    match serde_json::to_value(row) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(AppError::NotFound),
    }
}

fn row(fields: Map<String, Value>) -> AppResult<Row> {
    serde_json::from_value(Value::Object(fields))
        .map_err(|_| AppError::Conflict { detail: "the contact is of another version".into() })
}

/// Whether a field says nothing.
pub fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Object(fields)) => fields.is_empty(),
        Some(Value::Array(all)) => all.is_empty(),
        Some(_) => false,
    }
}

/// Whether the loser's value wins when nobody chooses: where the winner has none, and of how far somebody has come the further.
pub fn loser_wins(field: &str, winner: &Map<String, Value>, loser: &Map<String, Value>) -> bool {
    if field == "lifecycle" {
        let rank = |fields: &Map<String, Value>| match fields.get(field).and_then(Value::as_str) {
            Some("customer") => 3,
            Some("former") => 2,
            Some("trial") => 1,
            _ => 0,
        };
        return rank(loser) > rank(winner);
    }
    is_empty(winner.get(field)) && !is_empty(loser.get(field))
}

/// Which of two contacts stays when nobody chooses: the one that uses the product, else the one of which more is known, else the older.
pub fn stays<'a>(a: &'a Row, b: &'a Row) -> &'a Row {
    let known = |row: &Row| fields(row).map_or(0, |fields| CHOSEN.iter().filter(|field| !is_empty(fields.get(**field))).count());
    let worth = |row: &Row| (row.usage_user_id.is_some(), known(row));
    match worth(a).cmp(&worth(b)) {
        Ordering::Less => b,
        Ordering::Equal if b.id < a.id => b,
        Ordering::Equal | Ordering::Greater => a,
    }
}

/// The winner with what it takes over: each field that `takes` names from the loser, else its own; addresses, numbers and tags of both;
/// custom fields of both, those of the chosen one before the other's.
///
/// # Errors
/// `Invalid` where what would come out cannot be stored.
pub fn merged(winner: &Row, loser: &Row, takes: impl Fn(&str) -> bool) -> AppResult<Row> {
    let (mut result, other) = (fields(winner)?, fields(loser)?);
    for field in CHOSEN.into_iter().filter(|field| *field != "custom" && takes(field)) {
        result.insert(field.to_owned(), other.get(field).cloned().unwrap_or_default());
    }
    let mut merged = row(result)?;
    let (first, second) = if takes("custom") { (loser, winner) } else { (winner, loser) };
    if let (Value::Object(chosen), Value::Object(rest)) = (&first.custom, &second.custom) {
        let all = rest.iter().chain(chosen.iter()).map(|(key, value)| (key.clone(), value.clone()));
        merged.custom = Value::Object(all.collect());
    }
    let emails = [winner, loser].into_iter().flat_map(|row| row.email.iter().chain(&row.other_emails));
    merged.other_emails = united(emails, merged.email.as_deref(), |email| normal::email(email).unwrap_or_else(|| email.to_owned()));
    let phones = [winner, loser].into_iter().flat_map(|row| row.phone.iter().chain(&row.other_phones));
    merged.other_phones = united(phones, merged.phone.as_deref(), |phone| normal::phone(phone).unwrap_or_else(|| phone.to_owned()));
    merged.tags = united(winner.tags.iter().chain(&loser.tags), None, str::to_lowercase);
    let named = [&merged.first_name, &merged.last_name].iter().any(|name| !name.is_empty())
        || merged.email.is_some()
        || merged.phone.is_some();
    if named {
        Ok(merged)
    } else {
        Err(AppError::invalid("/first_name", "required", "a contact needs a name, an address or a number"))
    }
}

/// Each of the texts once, but for one that stands elsewhere already.
fn united<'a>(texts: impl Iterator<Item = &'a String>, but: Option<&str>, same: impl Fn(&str) -> String) -> Vec<String> {
    let mut seen: Vec<String> = but.into_iter().map(&same).collect();
    let mut all = Vec::new();
    for text in texts {
        let key = same(text);
        if !seen.contains(&key) {
            seen.push(key);
            all.push(text.clone());
        }
    }
    all
}

/// The winner as it was before a merge, wherever nobody has changed since what the merge made of it; and the fields that somebody has,
/// which stay.
///
/// # Errors
/// When what was kept cannot be read.
pub fn restored(now: &Row, before: &Value, after: &Value) -> AppResult<(Row, Vec<&'static str>)> {
    let mut result = fields(now)?;
    let mut kept = Vec::new();
    for field in CHOSEN.into_iter().chain(UNITED) {
        let (was, made) = (before.get(field), after.get(field));
        if was == made {
            continue;
        }
        if result.get(field) == made {
            result.insert(field.to_owned(), was.cloned().unwrap_or_default());
        } else {
            kept.push(field);
        }
    }
    Ok((row(result)?, kept))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn contact(number: u128, name: &str) -> Row {
        let fields = json!({
            "id": Uuid::from_u128(number), "first_name": name, "last_name": "", "other_emails": [], "other_phones": [], "lifecycle": "prospect",
            "tags": [], "custom": {}, "version": 1
        });
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn nothing_of_either_is_lost_and_what_is_chosen_wins() {
        let mut ana = contact(1, "Ana");
        ana.email = Some("ana@acme.es".into());
        ana.phone = Some("+34 612345678".into());
        ana.tags = vec!["VIP".into()];
        ana.custom = json!({"size": 3, "colour": "red"});
        let mut anna = contact(2, "Anna");
        anna.email = Some("anna@home.es".into());
        anna.phone = Some("612 345 678".into());
        anna.city = Some("Madrid".into());
        anna.tags = vec!["vip".into(), "clínica".into()];
        anna.custom = json!({"size": 4, "since": 2020});
        let one = merged(&ana, &anna, |field| ["city", "email"].contains(&field)).unwrap();
        assert_eq!((one.id, one.first_name.as_str(), one.city.as_deref()), (ana.id, "Ana", Some("Madrid")));
        assert_eq!((one.email.as_deref(), one.other_emails), (Some("anna@home.es"), vec!["ana@acme.es".to_owned()]));
        assert_eq!(one.other_phones, Vec::<String>::new(), "the same number, written otherwise");
        assert_eq!(one.tags, ["VIP", "clínica"]);
        assert_eq!(one.custom, json!({"size": 3, "colour": "red", "since": 2020}));
        let nothing = contact(3, "");
        assert!(merged(&ana, &nothing, |_| true).is_err());
    }

    #[test]
    fn undoing_leaves_what_somebody_has_changed_since() {
        let before = contact(1, "Ana");
        let mut after = before.clone();
        (after.city, after.title, after.tags) = (Some("Madrid".into()), Some("CEO".into()), vec!["vip".into()]);
        let mut now = after.clone();
        (now.city, now.last_name, now.version) = (Some("Toledo".into()), "Rojas".into(), 9);
        let (back, kept) = restored(&now, &json!(before), &json!(after)).unwrap();
        assert_eq!((back.city.as_deref(), back.title, back.tags), (Some("Toledo"), None, vec![]));
        assert_eq!((back.last_name.as_str(), kept), ("Rojas", vec!["city"]));
    }

    #[test]
    fn whoever_uses_the_product_stays() {
        let (mut a, b) = (contact(2, "Ana"), contact(1, "Ana"));
        assert_eq!(stays(&a, &b).id, b.id, "the older");
        a.city = Some("Madrid".into());
        assert_eq!(stays(&a, &b).id, a.id, "more is known");
        assert!(
            loser_wins("city", &fields(&b).unwrap(), &fields(&a).unwrap())
                && !loser_wins("city", &fields(&a).unwrap(), &fields(&b).unwrap())
        );
    }
}
