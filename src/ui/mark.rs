//! Marks: the shapes of tiers, severities and agents. A colour never says something alone; its shape says it too.

use leptos::prelude::*;

use crate::domain::{alert::Severity, tier::Tier};

/// The class that gives a tier's colour.
pub const fn tier_class(tier: Tier) -> &'static str {
    match tier {
        Tier::Essential => "tier-essential",
        Tier::Pro => "tier-pro",
        Tier::Elite => "tier-elite",
        Tier::Prime => "tier-prime",
        Tier::Longevity => "tier-longevity",
    }
}

/// The shape of a tier: ring, half-disc, diamond, triangle, infinity.
pub fn tier_mark(tier: Tier) -> impl IntoView {
    let shape = match tier {
        Tier::Essential => r#"<circle cx="8" cy="8" r="4.75" fill="none" stroke="currentColor" stroke-width="1.75"/>"#,
        Tier::Pro => {
            r#"<circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M8 3a5 5 0 0 1 0 10Z" fill="currentColor"/>"#
        }
        Tier::Elite => r#"<path d="m8 1.75 6 6.25-6 6.25L2 8Z" fill="currentColor"/>"#,
        Tier::Prime => {
            r#"<path d="M8 2.75 14 13.5H2Z" fill="currentColor" stroke="currentColor" stroke-width="1" stroke-linejoin="round"/>"#
        }
        Tier::Longevity => {
            r#"<path d="M4.2 10.9c3.4 0 4.3-5.8 7.6-5.8a2.9 2.9 0 0 1 0 5.8c-3.3 0-4.2-5.8-7.6-5.8a2.9 2.9 0 1 0 0 5.8Z" fill="none" stroke="currentColor" stroke-width="1.75"/>"#
        }
    };
    let class = match tier {
        Tier::Essential => "mark tier-essential",
        Tier::Pro => "mark tier-pro",
        Tier::Elite => "mark tier-elite",
        Tier::Prime => "mark tier-prime",
        Tier::Longevity => "mark tier-longevity",
    };
    view! { <svg class=class viewBox="0 0 16 16" aria-hidden="true" inner_html=shape></svg> }
}

/// A tier by its shape and name.
pub fn tier_name(tier: Tier) -> impl IntoView {
    view! { <span class="tier">{tier_mark(tier)}{tier.label()}</span> }
}

/// The sign of a severity: a filled square, then three, two and one bars.
pub fn severity_mark(severity: Severity) -> impl IntoView {
    let (class, shape) = match severity {
        Severity::Critical => (
            "mark severity-critical",
            r#"<rect x="2" y="2" width="12" height="12" rx="3" fill="currentColor"/><path d="M8 4.8v4" stroke="var(--canvas)" stroke-width="1.8" stroke-linecap="round"/><circle cx="8" cy="11.3" r="1.1" fill="var(--canvas)"/>"#,
        ),
        Severity::High => (
            "mark severity-high",
            r#"<rect x="2" y="9" width="3" height="5" rx=".75" fill="currentColor"/><rect x="6.5" y="6" width="3" height="8" rx=".75" fill="currentColor"/><rect x="11" y="2.5" width="3" height="11.5" rx=".75" fill="currentColor"/>"#,
        ),
        Severity::Medium => (
            "mark severity-medium",
            r#"<rect x="2" y="9" width="3" height="5" rx=".75" fill="currentColor"/><rect x="6.5" y="6" width="3" height="8" rx=".75" fill="currentColor"/><rect x="11" y="2.5" width="3" height="11.5" rx=".75" fill="var(--track)"/>"#,
        ),
        Severity::Low => (
            "mark severity-low",
            r#"<rect x="2" y="9" width="3" height="5" rx=".75" fill="currentColor"/><rect x="6.5" y="6" width="3" height="8" rx=".75" fill="var(--track)"/><rect x="11" y="2.5" width="3" height="11.5" rx=".75" fill="var(--track)"/>"#,
        ),
    };
    view! { <svg class=class viewBox="0 0 16 16" aria-hidden="true" inner_html=shape></svg> }
}

/// The shapes of an agent's mark; agents that are not known here share one. Most are from Lucide.
fn agent_shapes(agent: &str) -> &'static str {
    match agent {
        "NEXUS" => {
            r#"<circle cx="12" cy="5" r="2.5"/><circle cx="5" cy="18" r="2.5"/><circle cx="19" cy="18" r="2.5"/><path d="m10.8 7.2-4.6 8.6M13.2 7.2l4.6 8.6M7.5 18h9"/>"#
        }
        "BLAZE" => {
            r#"<path d="M15.914 4a1.5 1.5 0 00-2.474-1.561l-9 9A1.5 1.5 0 005.5 14h4.002a.5.5 0 01.471.666L8.086 20a1.5 1.5 0 002.475 1.56l9-9A1.5 1.5 0 0018.5 10h-3.997a.5.5 0 01-.472-.667z"/>"#
        }
        "SAGE" => {
            r#"<path d="M11 20a10 10 0 0010-10 25.9 25.9 0 00-1.04-7.281 1 1 0 00-1.755-.325C15.833 5.5 13 5.5 9.8 6.1A7 7 0 0011 20"/><path d="M2 21a5 5 0 012.911-4.544C7.613 15.212 8.351 15.24 11 13"/>"#
        }
        "ARIA" => {
            r#"<path d="M2 10v3"/><path d="M6 6v11"/><path d="M10 3v18"/><path d="M14 8v7"/><path d="M18 5v13"/><path d="M22 10v3"/>"#
        }
        "QUANTUM" => {
            r#"<circle cx="12" cy="12" r="1"/><path d="M20.2 20.2c2.04-2.03.02-7.36-4.5-11.9-4.54-4.52-9.87-6.54-11.9-4.5-2.04 2.03-.02 7.36 4.5 11.9 4.54 4.52 9.87 6.54 11.9 4.5Z"/><path d="M15.7 15.7c4.52-4.54 6.54-9.87 4.5-11.9-2.03-2.04-7.36-.02-11.9 4.5-4.52 4.54-6.54 9.87-4.5 11.9 2.03 2.04 7.36.02 11.9-4.5Z"/>"#
        }
        "NOVA" => {
            r#"<path d="M11.017 2.814a1 1 0 0 1 1.966 0l1.051 5.558a2 2 0 0 0 1.594 1.594l5.558 1.051a1 1 0 0 1 0 1.966l-5.558 1.051a2 2 0 0 0-1.594 1.594l-1.051 5.558a1 1 0 0 1-1.966 0l-1.051-5.558a2 2 0 0 0-1.594-1.594l-5.558-1.051a1 1 0 0 1 0-1.966l5.558-1.051a2 2 0 0 0 1.594-1.594z"/><path d="M20 2v4"/><path d="M22 4h-4"/><circle cx="4" cy="20" r="2"/>"#
        }
        "FLUX" => {
            r#"<path d="M2 12q2.5 2 5 0t5 0 5 0 5 0"/><path d="M2 19q2.5 2 5 0t5 0 5 0 5 0"/><path d="M2 5q2.5 2 5 0t5 0 5 0 5 0"/>"#
        }
        "HELIX" => {
            r#"<path d="m10 16 1.5 1.5"/><path d="m14 8-1.5-1.5"/><path d="M15 2c-1.798 1.998-2.518 3.995-2.807 5.993"/><path d="m16.5 10.5 1 1"/><path d="m17 6-2.891-2.891"/><path d="M2 15c6.667-6 13.333 0 20-6"/><path d="m20 9 .891.891"/><path d="M3.109 14.109 4 15"/><path d="m6.5 12.5 1 1"/><path d="m7 18 2.891 2.891"/><path d="M9 22c1.798-1.998 2.518-3.995 2.807-5.993"/>"#
        }
        "CIPHER" => {
            r#"<rect x="3" y="4" width="6" height="6" rx="1"/><rect x="14" y="14" width="6" height="6" rx="1"/><path d="M14 7h7M17.5 3.5v7M3 17h6M6 14v.01M6 20v.01"/>"#
        }
        "ECHO" => {
            r#"<circle cx="5.5" cy="12" r="2" fill="currentColor"/><path d="M11 7.5a6.5 6.5 0 0 1 0 9M15.5 4a11.5 11.5 0 0 1 0 16"/>"#
        }
        "VERTEX" => r#"<path d="M12 3 3 20h18Z"/><path d="M12 3v17"/>"#,
        _ => r#"<path d="M12 3 4 7.5v9L12 21l8-4.5v-9Z"/><path d="M12 12h.01"/>"#,
    }
}

/// The mark of an agent.
pub fn agent_mark(agent: &str) -> impl IntoView + use<> {
    view! { <svg class="icon agent-mark" viewBox="0 0 24 24" aria-hidden="true" inner_html=agent_shapes(agent)></svg> }
}
