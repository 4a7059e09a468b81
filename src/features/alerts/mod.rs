//! Alerts: what needs somebody's attention.

pub mod view;
