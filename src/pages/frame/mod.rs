//! What stands around every page: sidebar, top bar, tab bar, command palette, shortcuts.

pub mod find;
mod help;
mod palette;
mod settings;
mod shortcuts;
mod sidebar;
mod topbar;

pub use help::Help;
pub use palette::Palette;
pub use settings::{SettingsForms, set_lang, set_theme};
pub use shortcuts::listen;
pub use sidebar::{Sidebar, TabBar};
pub use topbar::{LiveMark, LostBanner, TopBar};

use leptos::prelude::*;

/// What may lie over a page.
#[derive(Clone, Copy)]
pub struct Overlays {
    /// The command palette.
    pub palette: RwSignal<bool>,
    /// The list of shortcuts.
    pub help: RwSignal<bool>,
}

impl Overlays {
    /// Makes them, closed, and hands them to everything below.
    pub fn provide() -> Self {
        let overlays = Self { palette: RwSignal::new(false), help: RwSignal::new(false) };
        provide_context(overlays);
        overlays
    }
}

/// What may lie over the page.
pub fn use_overlays() -> Overlays {
    use_context().unwrap_or_else(Overlays::provide)
}
