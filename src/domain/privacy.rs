//! Persons as privacy sees them: who somebody is, and what they can agree to.

use serde::{Deserialize, Serialize};

use super::{AppError, AppResult};

/// The kinds of persons that the product knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PersonKind {
    /// Somebody whose use of the agents is metered, by GENESIS's `user_id`.
    Metered,
    /// Somebody who can sign in here, by the account's id.
    Account,
    /// Somebody whom we know or would like to sell to, by the contact's id.
    Contact,
}

impl PersonKind {
    /// All.
    pub const ALL: [Self; 3] = [Self::Metered, Self::Account, Self::Contact];

    /// The word in the database and in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Metered => "metered",
            Self::Account => "account",
            Self::Contact => "contact",
        }
    }

    /// The kind with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What the journal calls such a person.
    pub const fn journal_kind(self) -> &'static str {
        match self {
            Self::Metered => "person",
            Self::Account => "user",
            Self::Contact => "contact",
        }
    }
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Subject {
    /// The kind.
    pub kind: PersonKind,
    /// The id that the kind is known by.
    pub id: String,
}

impl Subject {
    /// The longest id, in characters: as long as GENESIS may send one.
    pub const MAX_ID: usize = 255;

    /// A person by kind and id.
    ///
    /// # Errors
    /// `Invalid` at `/id` for what can be no id.
    pub fn new(kind: PersonKind, id: &str) -> AppResult<Self> {
        if id.is_empty() {
            return Err(AppError::invalid("/id", "required", "is missing"));
        }
        if id.chars().count() > Self::MAX_ID {
            return Err(AppError::invalid("/id", "too_long", "must have at most 255 characters"));
        }
        if id.chars().any(char::is_control) {
            return Err(AppError::invalid("/id", "characters", "holds characters that cannot be seen"));
        }
        if kind == PersonKind::Account && uuid::Uuid::try_parse(id).is_err() {
            return Err(AppError::invalid("/id", "unknown", "is no account"));
        }
        if kind == PersonKind::Contact && uuid::Uuid::try_parse(id).is_err() {
            return Err(AppError::invalid("/id", "unknown", "is no contact"));
        }
        Ok(Self { kind, id: id.to_owned() })
    }
}

/// What somebody's data may be used for, if they agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Counting the use of agents.
    Metering,
    /// Being written to with offers.
    Marketing,
    /// Judging from behaviour what somebody may want.
    Profiling,
}

impl Purpose {
    /// All.
    pub const ALL: [Self; 3] = [Self::Metering, Self::Marketing, Self::Profiling];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Metering => "metering",
            Self::Marketing => "marketing",
            Self::Profiling => "profiling",
        }
    }

    /// The purpose with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == word)
    }
}

/// The longest reason of an erasure, in characters.
pub const MAX_REASON: usize = 500;

/// Why somebody is erased, as it is kept for ever: so it must not name them.
///
/// # Errors
/// `Invalid` at `/reason` for one that is missing, too long, or holds one of the person's names.
pub fn reason(text: &str, names: &[String]) -> AppResult<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(AppError::invalid("/reason", "required", "is missing"));
    }
    if text.chars().count() > MAX_REASON {
        return Err(AppError::invalid("/reason", "too_long", format!("must have at most {MAX_REASON} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(AppError::invalid("/reason", "characters", "holds characters that cannot be seen"));
    }
    let lower = text.to_lowercase();
    if names.iter().any(|name| !name.is_empty() && lower.contains(&name.to_lowercase())) {
        return Err(AppError::invalid("/reason", "names_person", "must not name the person: it is kept"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_as_they_are_and_nonsense_is_not() {
        assert_eq!(Subject::new(PersonKind::Metered, " Ana ").unwrap().id, " Ana ");
        for (kind, id) in [
            (PersonKind::Metered, String::new()),
            (PersonKind::Metered, "a\nb".into()),
            (PersonKind::Metered, "x".repeat(256)),
            (PersonKind::Account, "ana".into()),
            (PersonKind::Contact, "ana".into()),
        ] {
            assert!(Subject::new(kind, &id).is_err(), "{id:?}");
        }
    }

    #[test]
    fn a_reason_tells_why_and_not_who() {
        let names = ["Ana.Rojas".to_owned()];
        assert_eq!(reason(" Asked by letter ", &names).unwrap(), "Asked by letter");
        for bad in ["", "  ", "ana.rojas asked", "a\u{7}", &"x".repeat(501)] {
            assert!(reason(bad, &names).is_err(), "{bad:?}");
        }
    }
}
