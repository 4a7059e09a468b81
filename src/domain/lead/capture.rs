//! Reading a capture: the JSON that forms, programs and integrations send, with every fault by its place.

use serde_json::{Map, Value};

use super::{Behavior, CompanySize, CustomerFacts, Demographics, Facts, LeadData, Utm, text::Words};
use crate::domain::{
    AppError, AppResult, crm,
    people::{self, Faults},
};

/// The longest first or last name, in characters.
pub const MAX_NAME: usize = 100;
/// The longest line, in characters: company, title, campaign.
pub const MAX_LINE: usize = 200;
/// The longest place and source, in characters.
pub const MAX_PLACE: usize = 100;
/// The longest message, in characters.
pub const MAX_MESSAGE: usize = 5_000;
/// The most items in a list.
pub const MAX_ITEMS: usize = 50;
/// The longest item of a list, in characters.
pub const MAX_ITEM: usize = 500;
/// The longest key by which a capture is known, in characters.
pub const MAX_KEY: usize = 255;

/// Names of fields that say the same, the first the one that faults point at when all are missing.
const FIELDS: &[&str] = &[
    "id",
    "name",
    "first_name",
    "last_name",
    "email",
    "phone",
    "company",
    "title",
    "city",
    "country",
    "message",
    "source",
    "timestamp",
    "utm",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "behavior",
    "behavior_data",
    "demographics",
    "company_size",
    "employees",
    "visited_pricing",
    "downloaded_content",
    "time_on_site",
    "customer_id",
    "current_plan",
    "account_age",
    "recent_activity",
];

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// The lead.
    pub lead: LeadData,
    /// The sender's own id of the capture.
    pub id: Option<String>,
    /// Pointers to fields that are not known, and were passed over.
    pub ignored: Vec<String>,
}

/// Reads a capture.
///
/// # Errors
/// `Invalid` with a JSON pointer for each fault.
pub fn parse(value: &Value) -> AppResult<Captured> {
    let Value::Object(root) = value else { return Err(AppError::invalid("", "type", "must be an object")) };
    let mut reader = Reader::default();
    let empty = Map::new();
    let mut captured = Captured {
        id: Some(reader.line(root, "", "id", MAX_KEY)).filter(|id| !id.is_empty()),
        ignored: root.keys().filter(|key| !FIELDS.contains(&key.as_str())).map(|key| pointer("", key)).collect(),
        ..Captured::default()
    };
    let lead = &mut captured.lead;
    (lead.first_name, lead.last_name) = reader.names(root);
    let email = reader.line(root, "", "email", people::MAX_EMAIL);
    if !email.is_empty() {
        lead.email = reader.faults.take(people::email(&email, "/email"))?;
    }
    let phone = reader.line(root, "", "phone", MAX_LINE);
    lead.phone = reader.faults.take(crm::phone(&phone, "/phone"))?.flatten();
    lead.company = reader.line(root, "", "company", MAX_LINE);
    lead.title = reader.line(root, "", "title", MAX_LINE);
    lead.city = reader.line(root, "", "city", MAX_PLACE);
    lead.country = reader.line(root, "", "country", MAX_PLACE);
    lead.message = reader.text(root, "", "message", MAX_MESSAGE, true);
    lead.source = reader.line(root, "", "source", MAX_PLACE);
    lead.utm = reader.utm(root, &empty);
    lead.behavior = reader.behavior(root, &empty);
    lead.facts = reader.facts(root, &empty);
    let is_known = !email.is_empty() || !phone.is_empty() || lead.facts.customer.is_some();
    if !is_known {
        reader.faults.add("/email", "required", "must have an email, a phone or a customer_id");
    }
    if lead.first_name.is_empty() && reader.is_good("/name") && reader.is_good("/first_name") {
        reader.faults.add("/name", "required", "is missing");
    }
    reader.faults.check()?;
    Ok(captured)
}

/// A name in two: its first word, and the rest.
pub fn split_name(name: &str) -> (String, String) {
    let mut words = name.split_whitespace();
    (words.next().unwrap_or_default().to_owned(), words.collect::<Vec<_>>().join(" "))
}

fn pointer(base: &str, key: &str) -> String {
    format!("{base}/{}", key.replace('~', "~0").replace('/', "~1"))
}

#[derive(Default)]
struct Reader {
    faults: Faults,
    faulty: Vec<String>,
}

impl Reader {
    fn fault(&mut self, pointer: &str, code: &str, detail: &str) {
        self.faults.add(pointer, code, detail);
        self.faulty.push(pointer.to_owned());
    }

    fn is_good(&self, pointer: &str) -> bool {
        !self.faulty.iter().any(|each| each == pointer)
    }

    /// A text; empty where there is none.
    fn text(&mut self, from: &Map<String, Value>, base: &str, key: &str, most: usize, lines: bool) -> String {
        match from.get(key) {
            None | Some(Value::Null) => String::new(),
            Some(value) => self.checked(value, &pointer(base, key), most, lines),
        }
    }

    fn line(&mut self, from: &Map<String, Value>, base: &str, key: &str, most: usize) -> String {
        self.text(from, base, key, most, false)
    }

    fn checked(&mut self, value: &Value, pointer: &str, most: usize, lines: bool) -> String {
        let Value::String(text) = value else {
            self.fault(pointer, "type", "must be a string");
            return String::new();
        };
        let text = text.trim();
        if text.chars().count() > most {
            self.fault(pointer, "too_long", &format!("must have at most {most} characters"));
        } else if text.chars().any(|c| c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t'))) {
            self.fault(pointer, "characters", "holds characters that cannot be seen");
        } else {
            return text.to_owned();
        }
        String::new()
    }

    fn list(&mut self, from: &Map<String, Value>, base: &str, key: &str) -> Vec<String> {
        let at = pointer(base, key);
        match from.get(key) {
            None | Some(Value::Null) => Vec::new(),
            Some(one @ Value::String(_)) => {
                Some(self.checked(one, &at, MAX_ITEM, false)).filter(|text| !text.is_empty()).into_iter().collect()
            }
            Some(Value::Array(items)) if items.len() <= MAX_ITEMS => {
                let items = items.iter().enumerate().map(|(n, item)| self.checked(item, &format!("{at}/{n}"), MAX_ITEM, false));
                items.filter(|text| !text.is_empty()).collect()
            }
            Some(Value::Array(_)) => {
                self.fault(&at, "too_many", &format!("must have at most {MAX_ITEMS} items"));
                Vec::new()
            }
            Some(_) => {
                self.fault(&at, "type", "must be a list of strings");
                Vec::new()
            }
        }
    }

    fn count(&mut self, from: &Map<String, Value>, base: &str, key: &str) -> Option<u32> {
        let value = from.get(key).filter(|value| !value.is_null())?;
        let count = value.as_u64().and_then(|count| u32::try_from(count).ok()).filter(|count| *count <= 2_000_000_000);
        if count.is_none() {
            self.fault(&pointer(base, key), "out_of_range", "must be a whole number from 0 to 2000000000");
        }
        count
    }

    fn flag(&mut self, from: &Map<String, Value>, base: &str, key: &str) -> bool {
        match from.get(key) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.fault(&pointer(base, key), "type", "must be true or false");
                false
            }
        }
    }

    fn object<'a>(&mut self, from: &'a Map<String, Value>, key: &str, empty: &'a Map<String, Value>) -> &'a Map<String, Value> {
        match from.get(key) {
            None | Some(Value::Null) => empty,
            Some(Value::Object(object)) => object,
            Some(_) => {
                self.fault(&pointer("", key), "type", "must be an object");
                empty
            }
        }
    }

    fn names(&mut self, root: &Map<String, Value>) -> (String, String) {
        let first = self.line(root, "", "first_name", MAX_NAME);
        let last = self.line(root, "", "last_name", MAX_NAME);
        let whole = self.line(root, "", "name", 2 * MAX_NAME);
        if !first.is_empty() {
            return (first, last);
        }
        let (first, rest) = split_name(&whole);
        if first.chars().count() > MAX_NAME || rest.chars().count() > MAX_NAME {
            self.fault("/name", "too_long", &format!("each name must have at most {MAX_NAME} characters"));
            return (String::new(), String::new());
        }
        (first, if last.is_empty() { rest } else { last })
    }

    fn utm(&mut self, root: &Map<String, Value>, empty: &Map<String, Value>) -> Utm {
        let inner = self.object(root, "utm", empty);
        let mut one = |name: &str| {
            let flat = self.line(root, "", &format!("utm_{name}"), MAX_LINE);
            if flat.is_empty() { self.line(inner, "/utm", name, MAX_LINE) } else { flat }
        };
        Utm { source: one("source"), medium: one("medium"), campaign: one("campaign"), term: one("term"), content: one("content") }
    }

    fn behavior(&mut self, root: &Map<String, Value>, empty: &Map<String, Value>) -> Behavior {
        let key = if root.contains_key("behavior") { "behavior" } else { "behavior_data" };
        let base = format!("/{key}");
        let inner = self.object(root, key, empty);
        let pages = self.list(inner, &base, "pages_visited");
        let downloads = self.list(inner, &base, "downloads");
        let inner_time = self.time(inner, &base);
        Behavior {
            visited_pricing: self.flag(root, "", "visited_pricing") || self.flag(inner, &base, "visited_pricing"),
            downloaded: self.flag(root, "", "downloaded_content") || self.flag(inner, &base, "downloaded_content"),
            time_on_site_s: self.time(root, "").max(inner_time),
            form_fills: self.count(inner, &base, "form_fills").unwrap_or_default(),
            pages,
            downloads,
        }
    }

    /// A length of time in seconds: a number, or words such as `8 minutes 23 seconds`.
    fn time(&mut self, from: &Map<String, Value>, base: &str) -> u32 {
        let Some(value) = from.get("time_on_site").filter(|value| !value.is_null()) else { return 0 };
        let read = match value {
            Value::Number(number) => {
                number.as_f64().filter(|n| (0.0..=1e9).contains(n)).and_then(|n| format!("{n:.0}").parse().ok())
            }
            Value::String(text) => seconds(text),
            _ => None,
        };
        if read.is_none() {
            self.fault(&pointer(base, "time_on_site"), "duration", "must be seconds, or a time as `8 minutes 23 seconds`");
        }
        read.unwrap_or_default()
    }

    fn facts(&mut self, root: &Map<String, Value>, empty: &Map<String, Value>) -> Facts {
        let size = self.line(root, "", "company_size", 40);
        let company_size = CompanySize::parse(&size.to_lowercase().replace([' ', '_'], "-"));
        if company_size.is_none() && !size.is_empty() {
            self.fault("/company_size", "unknown", "must be smb, mid-market or enterprise");
        }
        let people = self.object(root, "demographics", empty);
        let demographics = Demographics {
            age_range: self.line(people, "/demographics", "age_range", 40),
            location: self.line(people, "/demographics", "location", MAX_LINE),
            interests: self.list(people, "/demographics", "interests"),
        };
        let employees = self.count(root, "", "employees");
        Facts { employees, company_size, demographics, customer: self.customer(root, empty), consent: None }
    }

    fn customer(&mut self, root: &Map<String, Value>, empty: &Map<String, Value>) -> Option<CustomerFacts> {
        let customer_id = self.line(root, "", "customer_id", MAX_LINE);
        let plan = self.line(root, "", "current_plan", MAX_LINE);
        let account_age = self.line(root, "", "account_age", MAX_LINE);
        let inner = self.object(root, "recent_activity", empty);
        let base = "/recent_activity";
        let facts = CustomerFacts {
            usage: self.list(inner, base, "feature_usage_spike"),
            tickets: self.list(inner, base, "support_tickets"),
            logins: self.line(inner, base, "login_frequency", MAX_LINE),
            new_members: self.count(inner, base, "new_team_members").unwrap_or_default(),
            plan,
            account_age,
            customer_id,
        };
        (!facts.customer_id.is_empty()).then_some(facts)
    }
}

/// A time in words, in seconds: `8 minutes 23 seconds`, `8 min`, `8:23`, `1 hora`.
fn seconds(text: &str) -> Option<u32> {
    let words = Words::read(text);
    let mut numbers: Vec<(u64, u64)> = Vec::new();
    for word in words.iter() {
        if let Some(number) = word.number {
            numbers.push((number, 0));
            continue;
        }
        let unit = match word.text.as_str() {
            "h" | "hr" | "hour" | "hours" | "hora" | "horas" => 3_600,
            "m" | "min" | "mins" | "minute" | "minutes" | "minuto" | "minutos" => 60,
            "s" | "sec" | "secs" | "second" | "seconds" | "seg" | "segundo" | "segundos" => 1,
            "y" | "and" | "con" => continue,
            _ => return None,
        };
        numbers.last_mut().filter(|(_, have)| *have == 0)?.1 = unit;
    }
    if text.contains(':') && numbers.iter().all(|(_, unit)| *unit == 0) && (2..=3).contains(&numbers.len()) {
        let total = numbers.iter().try_fold(0_u64, |sum, (number, _)| sum.checked_mul(60)?.checked_add(*number))?;
        return u32::try_from(total).ok();
    }
    if let [(number, 0)] = numbers.as_slice() {
        return u32::try_from(*number).ok();
    }
    if numbers.is_empty() || numbers.iter().any(|(_, unit)| *unit == 0) {
        return None;
    }
    let total = numbers.iter().try_fold(0_u64, |sum, (number, unit)| sum.checked_add(number.checked_mul(*unit)?))?;
    u32::try_from(total).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(value: &Value) -> Vec<(String, String)> {
        match parse(value) {
            Err(AppError::Invalid { fields }) => fields.into_iter().map(|fault| (fault.pointer, fault.code)).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let bad = json!({
            "name": 5, "email": "nobody", "phone": "call me", "company": "x".repeat(201), "message": "a\u{0}b", "company_size": "huge",
            "employees": -1, "time_on_site": "long", "visited_pricing": "yes", "utm": [], "demographics": {"interests": [1]},
            "behavior_data": {"pages_visited": vec!["/"; 51], "form_fills": 1.5}
        });
        let mut found = faults(&bad);
        found.sort();
        let told: Vec<_> = found.iter().map(|(pointer, code)| (pointer.as_str(), code.as_str())).collect();
        assert_eq!(
            told,
            [
                ("/behavior_data/form_fills", "out_of_range"),
                ("/behavior_data/pages_visited", "too_many"),
                ("/company", "too_long"),
                ("/company_size", "unknown"),
                ("/demographics/interests/0", "type"),
                ("/email", "email"),
                ("/employees", "out_of_range"),
                ("/message", "characters"),
                ("/name", "type"),
                ("/phone", "phone"),
                ("/time_on_site", "duration"),
                ("/utm", "type"),
                ("/visited_pricing", "type"),
            ]
        );
        assert_eq!(faults(&json!([])), [(String::new(), "type".to_owned())]);
        assert_eq!(faults(&json!({})), [("/email".into(), "required".into()), ("/name".into(), "required".into())]);
    }

    #[test]
    fn what_is_not_known_is_passed_over_and_told() {
        let captured = parse(&json!({"name": " Ana  María Peña ", "email": "Ana@X.com", "a/b": 1, "id": "7"})).unwrap();
        assert_eq!(captured.ignored, ["/a~1b"]);
        assert_eq!((captured.lead.first_name.as_str(), captured.lead.last_name.as_str()), ("Ana", "María Peña"));
        assert_eq!((captured.lead.email.as_deref(), captured.id.as_deref()), (Some("ana@x.com"), Some("7")));
    }

    #[test]
    fn times_are_read_as_they_are_told() {
        for (text, read) in [
            ("8 minutes 23 seconds", Some(503)),
            ("8 minutos y 23 segundos", Some(503)),
            ("8m 23s", Some(503)),
            ("8:23", Some(503)),
            ("1:00:01", Some(3_601)),
            ("301", Some(301)),
            ("1 hora", Some(3_600)),
            ("", None),
            ("soon", None),
            ("8 23", None),
            ("99999999999 hours", None),
        ] {
            assert_eq!(seconds(text), read, "{text:?}");
        }
    }
}
