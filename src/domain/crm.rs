//! Records of the CRM: their ids, and the words that contacts, companies, leads and tasks share.

use super::{AppError, AppResult};

id! {
    /// The id of a contact.
    ContactId,
    /// The id of a company.
    CompanyId,
    /// The id of a lead.
    LeadId,
    /// The id of a task.
    TaskId,
    /// The id of an interaction.
    InteractionId,
}

/// How far somebody has come with us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lifecycle {
    /// Has bought nothing yet.
    Prospect,
    /// Tries it out.
    Trial,
    /// Pays.
    Customer,
    /// Paid once.
    Former,
}

impl Lifecycle {
    /// All, in their order.
    pub const ALL: [Self; 4] = [Self::Prospect, Self::Trial, Self::Customer, Self::Former];

    /// The word in the database and in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prospect => "prospect",
            Self::Trial => "trial",
            Self::Customer => "customer",
            Self::Former => "former",
        }
    }

    /// The one with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

/// The most tags of a record.
pub const MAX_TAGS: usize = 30;
/// The longest tag, in characters.
pub const MAX_TAG: usize = 50;

/// A line of text as it is stored: trimmed; none for an empty one.
///
/// # Errors
/// `Invalid` at `pointer` for one that is too long or holds control characters.
pub fn line(text: &str, most: usize, pointer: &str) -> AppResult<Option<String>> {
    checked(text, most, pointer, char::is_control)
}

/// A text of several lines as it is stored: trimmed, with line breaks alone; none for an empty one.
///
/// # Errors
/// `Invalid` at `pointer` for one that is too long or holds other control characters than tabs.
pub fn prose(text: &str, most: usize, pointer: &str) -> AppResult<Option<String>> {
    let text = text.replace("\r\n", "\n");
    checked(&text, most, pointer, |c| c.is_control() && !matches!(c, '\n' | '\t'))
}

fn checked(text: &str, most: usize, pointer: &str, is_bad: impl Fn(char) -> bool) -> AppResult<Option<String>> {
    let text = text.trim();
    if text.chars().count() > most {
        return Err(AppError::invalid(pointer, "too_long", format!("must have at most {most} characters")));
    }
    if text.chars().any(is_bad) {
        return Err(AppError::invalid(pointer, "characters", "holds characters that cannot be seen"));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// A telephone number as it is stored: as it was written, if it can be one (3 to 20 digits, and what stands between them).
///
/// # Errors
/// `Invalid` at `pointer` for what can be none.
pub fn phone(text: &str, pointer: &str) -> AppResult<Option<String>> {
    let Some(text) = line(text, 50, pointer)? else { return Ok(None) };
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let good = (3..=20).contains(&digits) && text.chars().all(|c| c.is_ascii_alphanumeric() || " +-().,/#*:;".contains(c));
    if good { Ok(Some(text)) } else { Err(AppError::invalid(pointer, "phone", "is not a telephone number")) }
}

/// Tags as they are stored: trimmed, each once whatever its case, in their order; written with commas between them.
///
/// # Errors
/// `Invalid` at `pointer` for too many, or one that is too long.
pub fn tags(text: &str, pointer: &str) -> AppResult<Vec<String>> {
    let mut tags: Vec<String> = Vec::new();
    for tag in text.split(',') {
        let Some(tag) = line(tag, MAX_TAG, pointer)? else { continue };
        if !tags.iter().any(|known| known.to_lowercase() == tag.to_lowercase()) {
            tags.push(tag);
        }
    }
    if tags.len() > MAX_TAGS {
        return Err(AppError::invalid(pointer, "too_many", format!("at most {MAX_TAGS}")));
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_trimmed_and_held_to_their_length() {
        assert_eq!(line("  Ana ", 3, "/x").unwrap().as_deref(), Some("Ana"));
        assert_eq!(line(" \t ", 3, "/x").unwrap(), None);
        assert!(line("Anas", 3, "/x").is_err());
        assert!(line("a\nb", 9, "/x").is_err());
        assert_eq!(prose("a\r\nb\tc", 9, "/x").unwrap().as_deref(), Some("a\nb\tc"));
        assert!(prose("a\u{0}b", 9, "/x").is_err());
    }

    #[test]
    fn telephone_numbers_are_told_from_what_is_none() {
        for good in ["+57 300 123 4567", "(01) 234-5678 ext. 9", "112"] {
            assert_eq!(phone(good, "/phone").unwrap().as_deref(), Some(good));
        }
        for bad in ["12", "call me", "<b>123</b>", "123456789012345678901"] {
            assert!(phone(bad, "/phone").is_err(), "{bad}");
        }
    }

    #[test]
    fn a_tag_stands_once() {
        assert_eq!(tags(" VIP, clínica ,vip,, Clínica", "/tags").unwrap(), ["VIP", "clínica"]);
        assert!(tags(&(0..31).map(|n| n.to_string()).collect::<Vec<_>>().join(","), "/tags").is_err());
    }
}
