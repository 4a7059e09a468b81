//! Bars that say how much of something is used.

use leptos::prelude::*;

/// The class of a share in basis points: calm, amber from 80%, red from 95%.
pub const fn level(bp: i64) -> &'static str {
    match bp {
        9_500.. => "bad",
        8_000.. => "warn",
        _ => "calm",
    }
}

/// A share in basis points as the width of a bar, at most all of it.
pub fn width(bp: i64) -> String {
    let bp = bp.clamp(0, 10_000);
    format!("{}.{:02}%", bp / 100, bp % 100)
}

/// A bar of a share in basis points, with a mark at the pace where it would be if use were even. The figures stand beside it, so
/// it says nothing to a screen reader.
pub fn meter(bp: i64, pace_bp: Option<i64>) -> impl IntoView {
    let class = match level(bp) {
        "bad" => "meter meter-bad",
        "warn" => "meter meter-warn",
        _ => "meter",
    };
    view! {
        <svg class=class aria-hidden="true">
            <rect class="meter-track" y="4" width="100%" height="4" rx="2"></rect>
            <rect class="meter-fill" y="4" width=width(bp) height="4" rx="2"></rect>
            {pace_bp.map(|pace| {
                let x = width(pace);
                view! { <line class="meter-pace" x1=x.clone() x2=x y1="1" y2="11"></line> }
            })}
        </svg>
    }
}

/// A bar of `n` beside others of which the largest is `max`.
pub fn bar(n: i64, max: i64) -> impl IntoView {
    let bp = if max > 0 { n.saturating_mul(10_000) / max } else { 0 };
    let bp = if n > 0 { bp.max(200) } else { 0 };
    view! {
        <svg class="bar" aria-hidden="true">
            <rect width=width(bp) y="0" height="4" rx="2"></rect>
        </svg>
    }
}
