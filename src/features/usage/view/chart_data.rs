//! What the chart of usage draws, worked out from the dashboard.

use chrono::{DateTime, Utc};

use crate::{
    domain::{
        format::{self, Lang},
        tier::Tier,
        time::Grain,
        usage::UsageDashboard,
    },
    ui::{
        chart::{self, SIZE},
        i18n::t,
    },
};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// Tokens used.
    Tokens,
    /// Interactions.
    Interactions,
}

impl Measure {
    /// Turns to the other one.
    pub fn flip(&mut self) {
        *self = if *self == Self::Tokens { Self::Interactions } else { Self::Tokens };
    }
}

/// The chart's points and scale.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ChartData {
    /// How much time a point stands for.
    pub grain: Grain,
    /// Where each point starts.
    pub starts: Vec<DateTime<Utc>>,
    /// Values by tier of the points so far; tiers that are switched off are zero.
    pub values: Vec<[i64; 5]>,
    /// The period before, at the same places.
    pub previous: Vec<Option<i64>>,
    /// Whether the last point so far is still going on.
    pub partial: bool,
    /// Whether the last of all points is now.
    pub ends_now: bool,
    /// The end of the axis.
    pub top: i64,
    /// The axis.
    pub ticks: Vec<i64>,
}

impl ChartData {
    /// Reads the dashboard; `hidden` tiers are left out.
    pub fn new(d: &UsageDashboard, measure: Measure, hidden: [bool; 5]) -> Self {
        let grain = d.range.grain;
        let so_far = d.points.iter().take_while(|p| p.start <= d.as_of);
        let values: Vec<[i64; 5]> = so_far
            .map(|p| {
                let mut values = if measure == Measure::Tokens { p.tokens } else { p.interactions };
                for (value, hidden) in values.iter_mut().zip(hidden) {
                    if hidden {
                        *value = 0;
                    }
                }
                values
            })
            .collect();
        let whole = !hidden.iter().any(|h| *h);
        let previous: Vec<Option<i64>> = d
            .points
            .iter()
            .map(|p| if measure == Measure::Tokens { p.previous_tokens } else { p.previous_interactions }.filter(|_| whole))
            .collect();
        let highest = values.iter().map(|v| v.iter().sum()).chain(previous.iter().flatten().copied()).max().unwrap_or_default();
        let (top, ticks) = chart::ticks(highest);
        let partial = d.points.get(values.len().wrapping_sub(1)).is_some_and(|p| grain.next(p.start) > d.as_of);
        let ends_now = values.len() == d.points.len() && partial;
        Self { grain, starts: d.points.iter().map(|p| p.start).collect(), values, previous, partial, ends_now, top, ticks }
    }

    /// From the left, where a point lies.
    pub fn x(&self, i: usize) -> i64 {
        chart::place(i, self.starts.len())
    }

    /// The top line of each tier, from the lowest: its height at each point so far, those below included.
    pub fn stack(&self) -> [Vec<(i64, i64)>; 6] {
        let mut lines: [Vec<(i64, i64)>; 6] = Default::default();
        for (i, values) in self.values.iter().enumerate() {
            let x = self.x(i);
            let mut sum = 0;
            for (line, value) in lines.iter_mut().zip(std::iter::once(&0).chain(values)) {
                sum += value;
                line.push((x, chart::height(sum, self.top)));
            }
        }
        lines
    }

    /// The period before, as a line; it may begin late or end early.
    pub fn previous_line(&self) -> String {
        let points: Vec<_> =
            self.previous.iter().enumerate().filter_map(|(i, v)| v.map(|v| (self.x(i), chart::height(v, self.top)))).collect();
        chart::line(&points)
    }

    /// The point nearest to a place from 0 (left) to 1, among those so far.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a small index")]
    pub fn nearest(&self, fraction: f64) -> Option<usize> {
        let last = self.values.len().checked_sub(1)?;
        let span = self.starts.len().saturating_sub(1).max(1);
        Some(((fraction * span as f64).round() as usize).min(last))
    }

    /// What a point is called in the tooltip.
    pub fn name(&self, i: usize, lang: Lang) -> String {
        let Some(start) = self.starts.get(i) else { return String::new() };
        let date = start.date_naive();
        match self.grain {
            Grain::Hour => format!("{} – {} UTC", format::hour(*start), format::hour(self.grain.next(*start))),
            Grain::Day => format::date_weekday(date, lang),
            Grain::Week => format!("{} {}", t!(lang, chart.week_of), format::date_short(date, lang)),
            Grain::Month => format!("{} {}", format::month_name(date, lang), chrono::Datelike::year(&date)),
        }
    }

    /// The labels under the chart: where, what, and whether it says "today" or "now".
    pub fn labels(&self, lang: Lang) -> Vec<(i64, String, bool)> {
        chart::labelled(self.starts.len(), 8)
            .into_iter()
            .filter_map(|i| {
                let start = self.starts.get(i)?;
                let date = start.date_naive();
                let now = self.ends_now && i + 1 == self.starts.len();
                let text = match self.grain {
                    Grain::Hour => format::hour(*start),
                    Grain::Day if now => t!(lang, chart.today).to_owned(),
                    Grain::Day | Grain::Week => format::date_short(date, lang),
                    Grain::Month => format::month_short(date, lang).to_owned(),
                };
                Some((self.x(i), text, now))
            })
            .collect()
    }

    /// A point in one sentence, for a screen reader.
    pub fn sentence(&self, i: usize, lang: Lang) -> String {
        let Some(values) = self.values.get(i) else { return String::new() };
        let mut out = format!("{}: {}", self.name(i, lang), format::short(values.iter().sum(), lang));
        for (tier, value) in Tier::ALL.iter().zip(values).filter(|(_, v)| **v > 0) {
            out.push_str(", ");
            out.push_str(tier.label());
            out.push(' ');
            out.push_str(&format::short(*value, lang));
        }
        out
    }

    /// The dots of a point: tier and height, from the lowest.
    pub fn dots(&self, i: usize) -> Vec<(Tier, i64)> {
        let mut sum = 0;
        let values = self.values.get(i).copied().unwrap_or_default();
        Tier::ALL
            .into_iter()
            .zip(values)
            .filter_map(|(tier, value)| {
                sum += value;
                (value > 0).then(|| (tier, chart::height(sum, self.top).min(SIZE)))
            })
            .collect()
    }
}
