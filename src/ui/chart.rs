//! The arithmetic of charts: scales, ticks and paths, in whole numbers.
//!
//! A chart is drawn in a box of [`SIZE`] by [`SIZE`] that the page stretches (`preserveAspectRatio="none"`, strokes that do not
//! scale), so it needs to know neither its width nor any style; what must not be stretched is placed by percent.

use std::fmt::Write;

/// The side of the box that charts are drawn in.
pub const SIZE: i64 = 1_000;

/// The top of an axis from zero and its ticks: three or four round steps that `max` fits under.
pub fn ticks(max: i64) -> (i64, Vec<i64>) {
    let max = max.max(1);
    let mut magnitude = 1_i64;
    loop {
        for step in [magnitude, magnitude.saturating_mul(2), magnitude.saturating_mul(5)] {
            for steps in [3, 4] {
                let top = step.saturating_mul(steps);
                if top >= max {
                    return (top, (0..=steps).map(|i| step.saturating_mul(i)).collect());
                }
            }
        }
        if magnitude > i64::MAX / 100 {
            return (max, vec![0, max]);
        }
        magnitude *= 10;
    }
}

/// Where `value` lies on an axis that ends at `top`, from the bottom of the box.
pub fn height(value: i64, top: i64) -> i64 {
    i64::try_from(i128::from(value) * i128::from(SIZE) / i128::from(top.max(1))).unwrap_or(SIZE)
}

/// Where the `i`th of `n` points lies, from the left of the box.
pub fn place(i: usize, n: usize) -> i64 {
    if n < 2 { SIZE / 2 } else { i64::try_from(i).unwrap_or_default() * SIZE / (i64::try_from(n).unwrap_or(1) - 1) }
}

/// A place in the box as a percentage of it: `63.7%`.
pub fn percent(place: i64) -> String {
    format!("{}.{}%", place / 10, (place % 10).abs())
}

/// The same from the top, as SVG counts: `percent_down(250)` is `75.0%`.
pub fn percent_down(height: i64) -> String {
    percent(SIZE - height)
}

/// A line through points of the box (left, height).
pub fn line(points: &[(i64, i64)]) -> String {
    let mut out = String::with_capacity(points.len() * 9);
    for (i, (x, y)) in points.iter().enumerate() {
        let _ = write!(out, "{}{x} {}", if i == 0 { 'M' } else { 'L' }, SIZE - y);
    }
    out
}

/// The area between a line and another one under it.
pub fn area(upper: &[(i64, i64)], lower: &[(i64, i64)]) -> String {
    if upper.is_empty() {
        return String::new();
    }
    let mut out = line(upper);
    for (x, y) in lower.iter().rev() {
        let _ = write!(out, "L{x} {}", SIZE - y);
    }
    out.push('Z');
    out
}

/// Which of `n` points get a label when about `wanted` fit: every so many, counted back from the last.
pub fn labelled(n: usize, wanted: usize) -> Vec<usize> {
    if n == 0 {
        return Vec::new();
    }
    let step = n.div_ceil(wanted.max(1)).max(1);
    let mut places: Vec<usize> = (0..n).rev().step_by(step).collect();
    places.reverse();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_three_or_four_round_steps() {
        let cases: [(i64, i64, &[i64]); 6] = [
            (0, 3, &[0, 1, 2, 3]),
            (4, 4, &[0, 1, 2, 3, 4]),
            (95, 150, &[0, 50, 100, 150]),
            (2_310_000, 3_000_000, &[0, 1_000_000, 2_000_000, 3_000_000]),
            (3_200_000, 4_000_000, &[0, 1_000_000, 2_000_000, 3_000_000, 4_000_000]),
            (150_000, 150_000, &[0, 50_000, 100_000, 150_000]),
        ];
        for (max, top, all) in cases {
            assert_eq!(ticks(max), (top, all.to_vec()), "{max}");
        }
        assert!(ticks(i64::MAX).0 >= i64::MAX / 2);
    }

    #[test]
    fn paths_are_drawn_from_the_bottom() {
        assert_eq!(line(&[(0, 0), (1_000, 250)]), "M0 1000L1000 750");
        assert_eq!(area(&[(0, 10), (9, 20)], &[(0, 0), (9, 0)]), "M0 990L9 980L9 1000L0 1000Z");
        assert_eq!((place(0, 30), place(29, 30), place(0, 1)), (0, 1_000, 500));
        assert_eq!((height(5, 10), percent(637), percent_down(250)), (500, "63.7%".into(), "75.0%".into()));
    }

    #[test]
    fn the_last_point_always_has_its_label() {
        assert_eq!(labelled(30, 8), [1, 5, 9, 13, 17, 21, 25, 29]);
        assert_eq!(labelled(1, 8), [0]);
        assert!(labelled(0, 8).is_empty());
    }
}
