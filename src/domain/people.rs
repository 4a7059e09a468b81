//! People who use the product: what their role lets them do, and what their names, addresses and passwords may be.

use serde::{Deserialize, Serialize};

use super::{AppError, AppResult, FieldError};

id! {
    /// The id of somebody who can sign in.
    UserId,
    /// The id of a team.
    TeamId,
    /// The id of a session, which is not its secret.
    SessionId,
    /// The id of an API key, which is not its secret.
    KeyId,
}

/// What somebody is to the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Runs it: people, limits, keys, audit.
    Admin,
    /// Leads a team.
    Manager,
    /// Sells: own records and those of nobody.
    Sales,
    /// Reads.
    Viewer,
}

/// Something that not everybody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See usage, limits and alerts.
    ReadUsage,
    /// Take usage out as a file.
    ExportUsage,
    /// Read the product's own figures, `/metrics`.
    ReadMetrics,
    /// See the people of one's scope.
    ReadPeople,
    /// Invite, change and disable people; make teams.
    ManagePeople,
    /// Change what the tiers include, and when alerts are raised.
    ManageLimits,
    /// Make and revoke API keys.
    ManageKeys,
    /// See how ingest does, and what stands in quarantine.
    ManageIngest,
    /// Read the journal of one's scope.
    ReadJournal,
    /// Change what holds for everybody.
    ManageWorkspace,
    /// Hand out and erase what is held about a person; record what they agree to.
    ManagePrivacy,
    /// See the contacts, companies, leads and tasks of one's scope.
    ReadCrm,
    /// Change them.
    WriteCrm,
    /// Take them out as a file.
    ExportCrm,
    /// Bring them in as a file.
    ImportCrm,
    /// Change the fields that they have, and how leads are scored and shared out.
    ManageCrm,
    /// Hand in leads.
    CaptureLeads,
}

impl Permission {
    /// All.
    pub const ALL: [Self; 17] = [
        Self::ReadUsage,
        Self::ExportUsage,
        Self::ReadMetrics,
        Self::ReadPeople,
        Self::ManagePeople,
        Self::ManageLimits,
        Self::ManageKeys,
        Self::ManageIngest,
        Self::ReadJournal,
        Self::ManageWorkspace,
        Self::ManagePrivacy,
        Self::ReadCrm,
        Self::WriteCrm,
        Self::ExportCrm,
        Self::ImportCrm,
        Self::ManageCrm,
        Self::CaptureLeads,
    ];
}

impl Role {
    /// All, the mightiest first.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Manager, Self::Sales, Self::Viewer];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Sales => "sales",
            Self::Viewer => "viewer",
        }
    }

    /// The role with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// Whether the role lets somebody do it.
    pub const fn may(self, permission: Permission) -> bool {
        match permission {
            Permission::ReadUsage | Permission::ReadCrm => true,
            Permission::ExportUsage
            | Permission::WriteCrm
            | Permission::ExportCrm
            | Permission::ImportCrm
            | Permission::CaptureLeads => !matches!(self, Self::Viewer),
            Permission::ReadPeople | Permission::ReadJournal => matches!(self, Self::Admin | Self::Manager),
            Permission::ReadMetrics
            | Permission::ManagePeople
            | Permission::ManageLimits
            | Permission::ManageKeys
            | Permission::ManageIngest
            | Permission::ManageWorkspace
            | Permission::ManagePrivacy
            | Permission::ManageCrm => matches!(self, Self::Admin),
        }
    }
}

/// What a program may do with an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyScope {
    /// Read usage, limits and alerts, and listen to the live stream.
    #[serde(rename = "usage:read")]
    UsageRead,
    /// Read the product's own figures.
    #[serde(rename = "metrics:read")]
    MetricsRead,
    /// Read contacts, companies, leads and tasks, and take them out.
    #[serde(rename = "crm:read")]
    CrmRead,
    /// Hand in leads.
    #[serde(rename = "leads:write")]
    LeadsWrite,
}

impl KeyScope {
    /// All.
    pub const ALL: [Self; 4] = [Self::UsageRead, Self::MetricsRead, Self::CrmRead, Self::LeadsWrite];

    /// The word of the scope.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UsageRead => "usage:read",
            Self::MetricsRead => "metrics:read",
            Self::CrmRead => "crm:read",
            Self::LeadsWrite => "leads:write",
        }
    }

    /// The scope with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }

    /// Whether the scope lets a program do it.
    pub const fn may(self, permission: Permission) -> bool {
        match self {
            Self::UsageRead => matches!(permission, Permission::ReadUsage | Permission::ExportUsage),
            Self::MetricsRead => matches!(permission, Permission::ReadMetrics),
            Self::CrmRead => matches!(permission, Permission::ReadCrm | Permission::ExportCrm),
            Self::LeadsWrite => matches!(permission, Permission::CaptureLeads),
        }
    }
}

/// How an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserStatus {
    /// Has been asked in, and has no password yet.
    Invited,
    /// May sign in.
    Active,
    /// May not.
    Disabled,
}

impl UserStatus {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    /// The status with this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Invited, Self::Active, Self::Disabled].into_iter().find(|status| status.as_str() == word)
    }
}

/// Who is signed in, as their own pages know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// The id.
    pub id: UserId,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// What the person is to the product.
    pub role: Role,
}

impl Me {
    /// Up to two letters that stand for the name.
    pub fn initials(&self) -> String {
        initials(&self.name)
    }
}

/// Up to two letters that stand for a name: of its first word and its last.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    let first = words.next().into_iter();
    first.chain(words.next_back()).flat_map(char::to_uppercase).collect()
}

/// The longest e-mail address, in characters (RFC 5321).
pub const MAX_EMAIL: usize = 254;
/// The longest name, in characters.
pub const MAX_NAME: usize = 100;
/// The shortest password, in characters: NIST SP 800-63B-4, 3.1.1.2, where it is the only factor.
pub const MIN_PASSWORD: usize = 15;
/// The longest password, in characters; NIST asks for 64 at the least.
pub const MAX_PASSWORD: usize = 256;

/// An e-mail address as it is stored: trimmed, in lower case.
///
/// # Errors
/// `Invalid` at `pointer` for what can be no address.
pub fn email(text: &str, pointer: &str) -> AppResult<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(AppError::invalid(pointer, "required", "is missing"));
    }
    let good = text.split_once('@').is_some_and(|(local, host)| {
        let part = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '@' | '<' | '>' | '"' | ',' | ';' | '\\');
        let label = |label: &str| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        !local.is_empty() && local.len() <= 64 && local.chars().all(part) && host.contains('.') && host.split('.').all(label)
    });
    if !good || text.chars().count() > MAX_EMAIL {
        return Err(AppError::invalid(pointer, "email", "is not an e-mail address"));
    }
    Ok(text.to_lowercase())
}

/// A name as it is stored: trimmed.
///
/// # Errors
/// `Invalid` at `pointer` for one that is empty, too long or holds characters that nobody sees.
pub fn name(text: &str, pointer: &str) -> AppResult<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(AppError::invalid(pointer, "required", "is missing"));
    }
    if text.chars().count() > MAX_NAME {
        return Err(AppError::invalid(pointer, "too_long", format!("must have at most {MAX_NAME} characters")));
    }
    if text.chars().any(|c| c.is_control() || is_invisible(c)) {
        return Err(AppError::invalid(pointer, "characters", "holds characters that cannot be seen"));
    }
    Ok(text.to_owned())
}

/// Characters that change how the text around them reads without showing themselves.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Gathers the faults of several fields.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    /// The value of a field, or its fault kept.
    ///
    /// # Errors
    /// Those that are no fault of a field.
    pub fn take<T>(&mut self, result: AppResult<T>) -> AppResult<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(AppError::Invalid { fields }) => {
                self.0.extend(fields);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Keeps the fault of a field.
    pub fn add(&mut self, pointer: &str, code: &str, detail: impl Into<String>) {
        self.0.push(FieldError::new(pointer, code, detail));
    }

    /// All faults at once, if there are any.
    ///
    /// # Errors
    /// `Invalid` with all of them.
    pub fn check(self) -> AppResult<()> {
        if self.0.is_empty() { Ok(()) } else { Err(AppError::Invalid { fields: self.0 }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_what_is_none() {
        for (text, stored) in
            [("Ana@NGX.com ", "ana@ngx.com"), ("a.b+c@x-y.example.co", "a.b+c@x-y.example.co"), ("ñ@año.es", "ñ@año.es")]
        {
            assert_eq!(email(text, "").unwrap(), stored);
        }
        for text in [
            "",
            "ana",
            "ana@",
            "@ngx.com",
            "ana@ngx",
            "a b@ngx.com",
            "a@b@c.com",
            "a@-x.com",
            "a@x..com",
            "<a@x.com>",
            "a\r\nb@x.com",
        ] {
            assert!(email(text, "").is_err(), "{text:?}");
        }
    }

    #[test]
    fn names_are_what_they_look_like() {
        assert_eq!(name("  Ana María Peña ", "").unwrap(), "Ana María Peña");
        assert!(name("<script>alert(1)</script>", "").is_ok(), "pages escape it");
        for bad in ["", "   ", "a\u{202e}b", "a\nb", &"x".repeat(101)] {
            assert!(name(bad, "").is_err(), "{bad:?}");
        }
    }

    #[test]
    fn initials_are_of_the_first_and_the_last_name() {
        assert_eq!(initials("Ana María Peña"), "AP");
        assert_eq!(initials("élodie"), "É");
    }

    #[test]
    fn a_mightier_role_may_all_that_a_lesser_one_may() {
        for pair in Role::ALL.windows(2) {
            let [mighty, lesser] = pair else { continue };
            for permission in Permission::ALL {
                assert!(mighty.may(permission) || !lesser.may(permission), "{mighty:?} {permission:?}");
            }
        }
    }

    #[test]
    fn every_word_is_read_back() {
        assert!(Role::ALL.into_iter().all(|role| Role::parse(role.as_str()) == Some(role)));
        assert!(KeyScope::ALL.into_iter().all(|scope| KeyScope::parse(scope.as_str()) == Some(scope)));
        assert_eq!(Role::parse("root"), None);
    }
}
