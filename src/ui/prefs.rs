//! What a reader has chosen: theme, language and time zone. Each is a cookie, so that the first byte of a page is already right.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::domain::time::Zone;

/// The cookie of the theme: `dark`, `light` or `system`.
pub const THEME_COOKIE: &str = "nexus_theme";
/// The cookie of the language: `es` or `en`.
pub const LANG_COOKIE: &str = "nexus_lang";
/// The cookie of the time zone, by its IANA name.
pub const ZONE_COOKIE: &str = "nexus_zone";

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the reader's system says.
    System,
    /// Dark.
    #[default]
    Dark,
    /// Light.
    Light,
}

impl Theme {
    /// All, as the switch offers them.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The word in the cookie and in `data-theme`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }

    /// The theme with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == word)
    }
}

/// What the server knows of its reader when it draws a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// Light or dark.
    pub theme: Theme,
    /// The reader's time zone, or UTC.
    pub zone: Zone,
    /// Whether the reader's browser has told its zone yet.
    pub zone_known: bool,
    /// Whether the reader has settled on a zone, whatever the browser's is.
    pub zone_fixed: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { theme: Theme::default(), zone: Zone::utc(), zone_known: false, zone_fixed: false }
    }
}

/// The reader's settings as signals, for the whole page.
#[derive(Clone, Copy)]
pub struct Settings {
    /// Light or dark.
    pub theme: RwSignal<Theme>,
    /// The zone that times are shown in.
    pub zone: RwSignal<Zone>,
}

impl Settings {
    /// Makes the signals and hands them to everything below.
    pub fn provide(preferences: &Preferences) -> Self {
        let settings = Self { theme: RwSignal::new(preferences.theme), zone: RwSignal::new(preferences.zone.clone()) };
        provide_context(settings);
        settings
    }
}

/// The reader's settings.
pub fn use_settings() -> Settings {
    use_context().unwrap_or_else(|| Settings::provide(&Preferences::default()))
}

/// The zone that times are shown in.
pub fn use_zone() -> RwSignal<Zone> {
    use_settings().zone
}
