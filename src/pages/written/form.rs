//! What came of a form that was sent.

use crate::domain::{AppError, format::Lang};

/// A form as it was sent: what was typed, and what came of it.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    values: Vec<(String, String)>,
    error: Option<AppError>,
    /// What was done, as a word of the page's own.
    pub done: Option<&'static str>,
    /// Something that is shown only once: a link, a key.
    pub shown: Option<String>,
    /// A language that was chosen: the page begins anew in it.
    pub language: Option<Lang>,
    /// Where to go on, such as to what was just made.
    pub go: Option<String>,
    /// How many things were done, of each kind.
    pub counts: Vec<i64>,
    /// What the done thing is called.
    pub name: String,
}

/// Fields that are never written into a page again.
const SECRET: [&str; 3] = ["password", "current", "own"];

impl Sent {
    /// Takes in the fields of a form.
    pub fn new(values: Vec<(String, String)>) -> Self {
        Self { values, ..Self::default() }
    }

    /// A field's value; empty when it was not sent.
    pub fn value(&self, name: &str) -> &str {
        self.values.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// Whether a field has this among its values.
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.values.iter().any(|(n, v)| n == name && v == value)
    }

    /// All values of a field.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// What to write into a field again: what was typed when the form was refused, else what it is to begin with.
    pub fn again<'a>(&'a self, name: &str, begin: &'a str) -> &'a str {
        match &self.error {
            // Of what somebody else changed meanwhile, the page shows how it stands now.
            Some(AppError::Conflict { .. }) | None => begin,
            Some(_) if !SECRET.contains(&name) => self.value(name),
            _ => begin,
        }
    }

    /// The version to go on from: the one that was seen, as long as it is not known to be over.
    pub fn version(&self, stored: i32) -> String {
        match &self.error {
            None | Some(AppError::Conflict { .. }) => stored.to_string(),
            Some(_) => self.value("version").to_owned(),
        }
    }

    /// Says why the form was refused.
    pub fn refuse(&mut self, error: AppError) {
        self.error = Some(error);
    }

    /// Why it was refused, if it was.
    pub const fn error(&self) -> Option<&AppError> {
        self.error.as_ref()
    }

    /// All fields, by name, as they were sent.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The rule that a field breaks, and more about it.
    pub fn broken(&self, name: &str) -> Option<(&str, &str)> {
        match &self.error {
            Some(AppError::Invalid { fields }) => {
                let fault = fields.iter().find(|fault| fault.pointer.strip_prefix('/') == Some(name));
                fault.map(|fault| (fault.code.as_str(), fault.detail.as_str()))
            }
            _ => None,
        }
    }

    /// The rule that a field breaks.
    pub fn fault(&self, name: &str) -> Option<&str> {
        match &self.error {
            Some(AppError::Invalid { fields }) => {
                fields.iter().find(|fault| fault.pointer.strip_prefix('/') == Some(name)).map(|fault| fault.code.as_str())
            }
            _ => None,
        }
    }

    /// The same form under another name, for one that several buttons send.
    #[must_use]
    pub fn called(mut self, verb: &str) -> Self {
        self.values.retain(|(name, _)| name != "do");
        self.values.push(("do".to_owned(), verb.to_owned()));
        self
    }

    /// The form's own name: several stand on one page.
    pub fn verb(&self) -> &str {
        self.value("do")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_form_gives_back_what_was_typed_but_no_secret() {
        let mut sent = Sent::new(vec![("email".into(), "ana@".into()), ("password".into(), "hidden".into())]);
        assert_eq!(sent.again("email", "begin"), "begin");
        sent.refuse(AppError::invalid("/email", "email", "is none"));
        assert_eq!((sent.again("email", "begin"), sent.again("password", "")), ("ana@", ""));
        assert_eq!((sent.fault("email"), sent.fault("name")), (Some("email"), None));
    }
}
