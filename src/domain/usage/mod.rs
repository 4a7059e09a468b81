//! Metering: what a usage event is, what it adds up to, and when it matters.

pub mod dashboard;
pub mod delta;
pub mod event;
pub mod limits;

pub use dashboard::{
    AgentUsage, DayUsage, EventPage, Point, TierUsage, Totals, UsageDashboard, UsageFilter, UserDetail, UserPage, UserQuery,
    UserSort,
};
pub use delta::{Cell, RecentEvent, UsageDelta, UserMove};
pub use event::{UsageEvent, flags};
pub use limits::{Breach, Projection, UserStanding, evaluate, project, share_bp};
