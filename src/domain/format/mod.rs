//! Figures and dates as people read them, the same in the server and in the browser.
//!
//! Written by hand, a few lines a format: a general formatter would bring the rules of every language into the page.

mod dates;
mod numbers;

pub use dates::{
    age, ago, clock, clock_seconds, date_long, date_short, date_time, date_weekday, duration, hour, month_name, month_short, range,
};
pub use numbers::{axis, change_bp, decimal, integer, money, per, percent, seconds, seconds_plain, share, short, signed};

use serde::{Deserialize, Serialize};

/// A language of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Spanish.
    Es,
    /// English.
    En,
}

impl Lang {
    /// The word in a cookie and in `lang` attributes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es => "es",
            Self::En => "en",
        }
    }

    /// The language with this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Es, Self::En].into_iter().find(|lang| lang.as_str() == word)
    }

    /// The first text in Spanish, the second in English.
    pub const fn pick<'a>(self, es: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Es => es,
            Self::En => en,
        }
    }
}

/// A space at which a line never breaks, between a figure and its unit.
pub const SPACE: char = '\u{a0}';
/// A narrow one, before a percent sign.
pub const THIN: char = '\u{202f}';
