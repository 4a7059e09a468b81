//! A line the size of a word.

use std::fmt::Write;

use leptos::prelude::*;

/// Width and height of the drawing, in pixels.
const BOX: (i64, i64) = (68, 26);

/// Draws the course of a figure; nothing when there are fewer than two points. It decorates: the figures stand beside it.
pub fn spark(values: &[i64]) -> Option<impl IntoView + use<>> {
    let (min, max) = (values.iter().min().copied()?, values.iter().max().copied()?);
    let last = i64::try_from(values.len()).ok()? - 1;
    if last < 1 {
        return None;
    }
    let span = (max - min).max(1);
    let mut path = String::with_capacity(values.len() * 6);
    let mut end = (0, 0);
    for (i, value) in values.iter().enumerate() {
        let x = 2 + i64::try_from(i).unwrap_or_default() * (BOX.0 - 6) / last;
        let y = if max == min {
            BOX.1 / 2
        } else {
            BOX.1 - 3 - i64::try_from(i128::from(value - min) * i128::from(BOX.1 - 6) / i128::from(span)).unwrap_or_default()
        };
        end = (x, y);
        let _ = write!(path, "{}{x} {y}", if i == 0 { 'M' } else { 'L' });
    }
    Some(view! {
        <svg class="spark" viewBox="0 0 68 26" aria-hidden="true">
            <path d=path></path>
            <circle cx=end.0.to_string() cy=end.1.to_string() r="2.25"></circle>
        </svg>
    })
}
