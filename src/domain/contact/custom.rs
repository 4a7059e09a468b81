//! Custom fields: what admins have added to contacts, companies and leads.

use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::query::Op;
use crate::domain::{AppError, AppResult, FieldError, crm, crm_edit::Texts};

/// What a custom field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A line of text.
    Text,
    /// A number, with decimals.
    Number,
    /// An amount in the field's currency, stored in its hundredths.
    Money,
    /// A date.
    Date,
    /// One of the choices.
    Choice,
    /// Some of the choices.
    Choices,
    /// Yes or no.
    YesNo,
    /// An address of the web.
    Link,
    /// Somebody of the team.
    Person,
}

impl FieldKind {
    /// All.
    pub const ALL: [Self; 9] =
        [Self::Text, Self::Number, Self::Money, Self::Date, Self::Choice, Self::Choices, Self::YesNo, Self::Link, Self::Person];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Money => "money",
            Self::Date => "date",
            Self::Choice => "choice",
            Self::Choices => "choices",
            Self::YesNo => "yes_no",
            Self::Link => "link",
            Self::Person => "person",
        }
    }

    /// The kind with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A field that an admin has added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomField {
    /// The id.
    pub id: Uuid,
    /// Its key, which never changes.
    pub key: String,
    /// What it is called.
    pub label: String,
    /// What it holds.
    pub kind: FieldKind,
    /// What there is to choose from.
    pub choices: Vec<String>,
    /// The currency of an amount, ISO 4217.
    pub currency: Option<String>,
    /// Whether it is still asked for.
    pub retired: bool,
    /// Counts the changes.
    pub version: i32,
}

impl CustomField {
    /// The name of its input in a form.
    pub fn name(&self) -> String {
        format!("custom.{}", self.key)
    }

    /// A stored value as the form shows it.
    pub fn text(&self, value: &Value) -> String {
        match (self.kind, value) {
            (FieldKind::Money, Value::Number(cents)) => {
                let cents = cents.as_i64().unwrap_or_default();
                format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
            }
            (FieldKind::YesNo, Value::Bool(yes)) => if *yes { "yes" } else { "no" }.to_owned(),
            (_, Value::String(text)) => text.clone(),
            (_, Value::Array(all)) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            (_, Value::Null) => String::new(),
            (_, other) => other.to_string(),
        }
    }

    /// The ways in which conditions can compare it.
    pub const fn ops(&self) -> &'static [Op] {
        match self.kind {
            FieldKind::Text | FieldKind::Link => &[Op::Has, Op::Is, Op::IsNot, Op::Empty, Op::Filled],
            FieldKind::Number | FieldKind::Money | FieldKind::Date => &[Op::Is, Op::Under, Op::Over, Op::Empty, Op::Filled],
            FieldKind::Choices => &[Op::Has, Op::Empty, Op::Filled],
            FieldKind::Choice | FieldKind::YesNo | FieldKind::Person => &[Op::Is, Op::IsNot, Op::Empty, Op::Filled],
        }
    }

    /// A value as it is stored; null for an empty one.
    ///
    /// # Errors
    /// `Invalid` at the field's input.
    pub fn parse(&self, text: &str) -> AppResult<Value> {
        let pointer = format!("/{}", self.name());
        let text = text.trim();
        if text.is_empty() {
            return Ok(Value::Null);
        }
        let unknown = || AppError::invalid(pointer.clone(), "unknown", "is none of the choices");
        Ok(match self.kind {
            FieldKind::Text => json!(crm::line(text, 1000, &pointer)?),
            FieldKind::Number => json!(number(text).ok_or_else(|| AppError::invalid(pointer, "number", "is no number"))?),
            FieldKind::Money => json!(cents(text).ok_or_else(|| AppError::invalid(pointer, "number", "is no amount"))?),
            FieldKind::Date => json!(date(text, &pointer)?.map(|day| day.to_string())),
            FieldKind::Choice if self.choices.iter().any(|choice| choice == text) => json!(text),
            FieldKind::Choices => {
                let chosen: Vec<_> = text.split(',').map(str::trim).filter(|text| !text.is_empty()).collect();
                if chosen.iter().any(|text| !self.choices.iter().any(|choice| choice == text)) {
                    return Err(unknown());
                }
                json!(self.choices.iter().filter(|choice| chosen.contains(&choice.as_str())).collect::<Vec<_>>())
            }
            FieldKind::YesNo if matches!(text, "yes" | "no") => json!(text == "yes"),
            FieldKind::Link => json!(link(text, &pointer)?),
            FieldKind::Person => json!(text.parse::<Uuid>().map_err(|_| unknown())?.to_string()),
            FieldKind::Choice | FieldKind::YesNo => return Err(unknown()),
        })
    }
}

/// A number as people write it: a comma or a point before decimals, spaces between thousands.
pub fn number(text: &str) -> Option<f64> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (commas, points) = (text.matches(',').count(), text.matches('.').count());
    let last = text.rfind([',', '.']).and_then(|at| text.chars().nth(text[..at].chars().count()));
    let plain = match (commas, points) {
        (0, 0 | 1) => text,
        (1, 0) => text.replace(',', "."),
        // Both: the last one stands before the decimals.
        (1.., 1..) if last == Some(',') => text.replace('.', "").replacen(',', ".", 1),
        (1.., 1..) => text.replace(',', ""),
        _ => text.replace([',', '.'], ""),
    };
    plain.parse().ok().filter(|n: &f64| n.is_finite() && n.abs() < 1e15)
}

/// An amount in hundredths.
pub fn cents(text: &str) -> Option<i64> {
    let amount = number(text)?;
    let cents = (amount * 100.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "below 2^53 here")]
    (cents.abs() < 9e15 && (amount * 100.0 - cents).abs() < 1e-6 * cents.abs().max(1.0)).then_some(cents as i64)
}

/// A date as browsers send it, ISO 8601.
///
/// # Errors
/// `Invalid` at `pointer` for what is none, or lies outside the years 1000 to 9999.
pub fn date(text: &str, pointer: &str) -> AppResult<Option<NaiveDate>> {
    use chrono::Datelike;
    match text.trim() {
        "" => Ok(None),
        text => match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            Ok(day) if (1000..=9999).contains(&day.year()) => Ok(Some(day)),
            _ => Err(AppError::invalid(pointer, "date", "is no date")),
        },
    }
}

/// An address of the web: http or https, so that a click on it never runs anything here.
///
/// # Errors
/// `Invalid` at `pointer` for any other.
pub fn link(text: &str, pointer: &str) -> AppResult<Option<String>> {
    let Some(text) = crm::line(text, 500, pointer)? else { return Ok(None) };
    let whole = if text.contains("://") { text } else { format!("https://{text}") };
    let rest = whole.strip_prefix("https://").or_else(|| whole.strip_prefix("http://"));
    match rest {
        Some(rest)
            if rest.split('/').next().is_some_and(|host| host.contains('.') || host.starts_with("localhost"))
                && !whole.contains(char::is_whitespace)
                && whole.chars().count() <= 500 =>
        {
            Ok(Some(whole))
        }
        _ => Err(AppError::invalid(pointer, "link", "is no address of the web")),
    }
}

/// Values as forms show them.
pub fn texts(values: &Map<String, Value>, fields: &[CustomField]) -> Texts {
    let text = |field: &CustomField| values.get(&field.key).map(|value| field.text(value)).unwrap_or_default();
    fields.iter().map(|field| (field.name(), text(field))).collect()
}

/// Sets the value of a field, by its input's name, back to what is stored.
pub fn keep(values: &mut Map<String, Value>, stored: &Map<String, Value>, name: &str) {
    if let Some((key, value)) = name.strip_prefix("custom.").and_then(|key| stored.get_key_value(key)) {
        values.insert(key.clone(), value.clone());
    }
}

/// Values from a form's texts. Retired fields keep what they have as long as the form says so.
///
/// # Errors
/// `Invalid` for each.
pub fn parse(texts: &Texts, fields: &[CustomField]) -> AppResult<Map<String, Value>> {
    let mut values = Map::new();
    let mut faults: Vec<FieldError> = Vec::new();
    for field in fields {
        match field.parse(texts.get(&field.name()).map(String::as_str).unwrap_or_default()) {
            Ok(Value::Null) => {}
            Ok(value) => {
                values.insert(field.key.clone(), value);
            }
            Err(AppError::Invalid { fields }) => faults.extend(fields),
            Err(error) => return Err(error),
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(AppError::Invalid { fields: faults }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: FieldKind) -> CustomField {
        CustomField {
            id: Uuid::nil(),
            key: "x".into(),
            label: "X".into(),
            kind,
            choices: vec!["red".into(), "blue".into()],
            currency: Some("USD".into()),
            retired: false,
            version: 1,
        }
    }

    #[test]
    fn values_of_every_kind_are_read_and_shown_alike() {
        for (kind, text, shown) in [
            (FieldKind::Text, " a b ", "a b"),
            (FieldKind::Number, "1.234,5", "1234.5"),
            (FieldKind::Money, "3 997", "3997.00"),
            (FieldKind::Money, "-0,05", "-0.05"),
            (FieldKind::Date, "2028-02-29", "2028-02-29"),
            (FieldKind::Choice, "red", "red"),
            (FieldKind::Choices, "blue, red", "red, blue"),
            (FieldKind::YesNo, "no", "no"),
            (FieldKind::Link, "ngx.com/a", "https://ngx.com/a"),
            (FieldKind::Person, "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000001"),
        ] {
            let field = field(kind);
            let value = field.parse(text).unwrap();
            assert_eq!(field.text(&value), shown, "{kind:?}");
            assert_eq!(field.parse(&field.text(&value)).unwrap(), value);
            assert_eq!(field.parse("  ").unwrap(), Value::Null);
        }
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for (kind, text) in [
            (FieldKind::Number, "a"),
            (FieldKind::Number, "1e400"),
            (FieldKind::Money, "1.005"),
            (FieldKind::Date, "2027-02-29"),
            (FieldKind::Choice, "green"),
            (FieldKind::Choices, "red, green"),
            (FieldKind::YesNo, "maybe"),
            (FieldKind::Link, "javascript:alert(1)"),
            (FieldKind::Link, "javascript://a.b/%0aalert(1)"),
            (FieldKind::Person, "me"),
        ] {
            assert!(field(kind).parse(text).is_err(), "{kind:?} {text}");
        }
    }

    #[test]
    fn numbers_are_read_as_both_halves_of_the_world_write_them() {
        for (text, n) in
            [("1.234,56", 1234.56), ("1,234.56", 1234.56), ("1,5", 1.5), ("1.5", 1.5), ("1.234.567", 1_234_567.0), ("-3", -3.0)]
        {
            assert_eq!(number(text), Some(n), "{text}");
        }
        assert_eq!((number("1,2,3x"), cents("0.07")), (None, Some(7)));
    }
}
