//! The widgets of usage.

mod activity;
mod agents;
mod chart;
mod chart_data;
mod days;
mod events;
mod figures;
mod limits;
mod month;
mod nearest;
mod plot;
mod user_agents;
mod users;

pub use activity::Activity;
pub use agents::Agents;
pub use chart::UsageChart;
pub use days::DaysChart;
pub use events::EventsTable;
pub use figures::Figures;
pub use limits::TierLimitsPanel;
pub use month::{DayMeter, MonthMeter};
pub use nearest::Nearest;
pub use user_agents::UserAgents;
pub use users::{UsersTable, user_href};

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::{
    domain::{
        format::{self, Lang, SPACE},
        usage::{UserStanding, project},
    },
    ui::i18n::t,
};

/// Above this an agent is slow, in milliseconds.
pub const SLOW_MS: i64 = 5_000;

/// `used` and `limit` in short, without saying the same unit twice: `5,8` and `10,6 M`.
fn short_pair(used: i64, limit: i64, lang: Lang) -> (String, String) {
    let (used, limit) = (format::short(used, lang), format::short(limit, lang));
    let unit = |text: &str| text.rsplit_once(SPACE).map(|(_, unit)| unit.to_owned());
    match (unit(&used), unit(&limit)) {
        (Some(a), Some(b)) if a == b => (used.split(SPACE).next().unwrap_or_default().to_owned(), limit),
        _ => (used, limit),
    }
}

/// When the month's tokens run out at this pace, and which share of them will be used at its end: "21 nov", "149 %".
fn outlook(standing: &UserStanding, now: DateTime<Utc>, lang: Lang) -> (String, String) {
    let projection = project(standing.month_tokens, standing.token_limit, now);
    let end = crate::domain::usage::share_bp(projection.at_end, standing.token_limit);
    let hits = match projection.hits_on {
        _ if projection.reached => t!(lang, user.reached).to_owned(),
        None => "—".to_owned(),
        Some(day) if day == now.date_naive() => t!(lang, chart.today).to_owned(),
        Some(day) => format::date_short(day, lang),
    };
    (hits, format::share(end, lang))
}

/// A user by id and organization, as a link to its page.
fn user_cell(user_id: &str, organization: Option<&str>) -> impl IntoView + use<> {
    let organization = organization.map(str::to_owned);
    view! {
        <a class="who" href=crate::ui::href::user(user_id) data-row="" title=user_id.to_owned()>
            <span class="who-id">{user_id.to_owned()}</span>
            {organization.map(|organization| view! { <span class="who-org">{organization}</span> })}
        </a>
    }
}
