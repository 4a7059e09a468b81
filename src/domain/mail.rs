//! Mail: what is told by e-mail, how a mail stands, and when it is tried again.

use chrono::{DateTime, TimeDelta, Utc};

/// What a mail tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// Somebody is asked in, by a link.
    Invitation,
    /// An admin made a link for a new password.
    Reset,
    /// The person asked for a link for a new password.
    ResetAsked,
    /// The password is another now.
    PasswordChanged,
    /// The person turned the second factor off.
    SecondFactorOff,
    /// An admin took the second factor away.
    SecondFactorRemoved,
    /// A task is to be done.
    TaskReminder,
}

impl MailKind {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::Invitation,
        Self::Reset,
        Self::ResetAsked,
        Self::PasswordChanged,
        Self::SecondFactorOff,
        Self::SecondFactorRemoved,
        Self::TaskReminder,
    ];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reset => "reset",
            Self::ResetAsked => "reset_asked",
            Self::PasswordChanged => "password_changed",
            Self::SecondFactorOff => "second_factor_off",
            Self::SecondFactorRemoved => "second_factor_removed",
            Self::TaskReminder => "task_reminder",
        }
    }

    /// The kind with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// How a mail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailState {
    /// It is still to be sent.
    Waiting,
    /// The mail server has taken it.
    Sent,
    /// It is not tried any more.
    GivenUp,
}

impl MailState {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::GivenUp => "given_up",
        }
    }

    /// The state with this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Waiting, Self::Sent, Self::GivenUp].into_iter().find(|state| state.as_str() == word)
    }
}

/// How long a mail is tried.
const TRIED_FOR: TimeDelta = TimeDelta::days(1);

/// When a mail is tried again after its `tries`-th failure, the first being 1: after 30 s, 2 min, 10 min, 1 h, then every 6 h. Never
/// when that lies more than a day after `queued_at`, or after `good_until`, when its link has ended.
pub fn next_try(
    tries: i32,
    queued_at: DateTime<Utc>,
    good_until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let wait = match tries {
        ..=1 => TimeDelta::seconds(30),
        2 => TimeDelta::minutes(2),
        3 => TimeDelta::minutes(10),
        4 => TimeDelta::hours(1),
        _ => TimeDelta::hours(6),
    };
    let next = now + wait;
    (next <= queued_at + TRIED_FOR && good_until.is_none_or(|end| next < end)).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds after the first try at which a mail is tried again, if every try fails at once.
    fn tries(good_for: Option<TimeDelta>) -> Vec<i64> {
        let begin = DateTime::UNIX_EPOCH;
        let (mut now, mut seconds) = (begin, Vec::new());
        while let Some(next) = next_try(i32::try_from(seconds.len()).unwrap() + 1, begin, good_for.map(|time| begin + time), now) {
            now = next;
            seconds.push((now - begin).num_seconds());
        }
        seconds
    }

    #[test]
    fn a_mail_is_tried_for_about_a_day_ever_more_rarely() {
        assert_eq!(tries(None), [30, 150, 750, 4_350, 25_950, 47_550, 69_150]);
        assert_eq!(tries(Some(TimeDelta::days(7))), tries(None));
    }

    #[test]
    fn a_mail_is_not_tried_once_its_link_has_ended() {
        assert_eq!(tries(Some(TimeDelta::hours(1))), [30, 150, 750]);
        assert_eq!(tries(Some(TimeDelta::seconds(30))), [0_i64; 0]);
    }

    #[test]
    fn every_word_is_read_back() {
        assert!(MailKind::ALL.into_iter().all(|kind| MailKind::parse(kind.as_str()) == Some(kind)));
        for state in [MailState::Waiting, MailState::Sent, MailState::GivenUp] {
            assert_eq!(MailState::parse(state.as_str()), Some(state));
        }
        assert_eq!(MailKind::parse("not_found"), None);
    }
}
