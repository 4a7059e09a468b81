//! Learning a model from the data at hand, without anybody saying which pairs are the same: expectation maximisation after Winkler,
//! "Using the EM Algorithm for Weight Computation in the Fellegi-Sunter Model of Record Linkage" (1988), drawn towards what is taken
//! for granted where there is little data.
//!
//! Pairs are of two strata: all candidates, and a sample of the rest, which stands for them. So u is that of pairs at random though
//! candidates are anything but.

use std::collections::BTreeMap;

use super::model::{ABSENT, Model, Pattern};

/// Rounds at the most.
const ROUNDS: usize = 40;
/// What is taken for granted counts as so many pairs that are the same.
const GRANTED_M: f64 = 12.0;
/// And as so many others.
const GRANTED_U: f64 = 2.0;

/// The share of records that have no counterpart, at the least.
const LEAST_WITHOUT: f64 = 0.05;

/// A candidate with its pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The one record.
    pub a: u32,
    /// The other.
    pub b: u32,
    /// How they agree.
    pub pattern: Pattern,
}

/// What is learnt from.
#[derive(Debug)]
pub struct Data<'a> {
    /// All candidates.
    pub candidates: &'a [Candidate],
    /// Patterns of pairs that are none, drawn at random, with how often each was drawn.
    pub sample: &'a BTreeMap<Pattern, u32>,
    /// All pairs there are.
    pub pairs: f64,
    /// Pairs that can be the same at the most.
    pub most: f64,
    /// Records.
    pub records: usize,
    /// Whether a record has one counterpart at the most.
    pub one_to_one: bool,
}

/// How learning went.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Learnt {
    /// Rounds until nothing moved any more.
    pub rounds: usize,
    /// Pairs that are the same, as expected.
    pub matches: f64,
}

/// Learns m, u and the prior.
pub fn learn(model: &mut Model, data: &Data<'_>) -> Learnt {
    let mut counts: BTreeMap<Pattern, f64> = BTreeMap::new();
    for candidate in data.candidates {
        *counts.entry(candidate.pattern).or_default() += 1.0;
    }
    let drawn: f64 = data.sample.values().map(|n| f64::from(*n)).sum();
    let scale = if drawn > 0.0 { (data.pairs - data.candidates.len() as f64).max(0.0) / drawn } else { 0.0 };
    let mut learnt = Learnt { rounds: 0, matches: model.prior * data.pairs };
    for round in 1..=ROUNDS {
        let odds: BTreeMap<Pattern, f64> =
            counts.keys().map(|pattern| (*pattern, model.odds(model.total(&model.bits_of(*pattern))))).collect();
        let same = expected(&odds, &counts, data);
        let matches = same.values().sum::<f64>().min(data.most);
        maximise(model, &counts, &same, data.sample, scale);
        model.prior = prior(matches, data);
        let moved = (matches - learnt.matches).abs();
        learnt = Learnt { rounds: round, matches };
        if round > 5 && moved < 0.001 * matches.max(1.0) {
            break;
        }
    }
    learnt
}

/// The probability that a pair at random is the same, before its evidence.
fn prior(matches: f64, data: &Data<'_>) -> f64 {
    let share = (matches + 1.0) / (data.pairs + 2.0);
    if data.one_to_one {
        // Of a record it is asked which counterpart it has, or none: the more have one, the less speaks for none.
        let without = (1.0 - matches / data.most.max(1.0)).max(LEAST_WITHOUT);
        (share / without).clamp(1e-12, 0.5)
    } else {
        share.clamp(1e-12, 0.5)
    }
}

/// How many pairs of each pattern are expected to be the same.
fn expected(odds: &BTreeMap<Pattern, f64>, counts: &BTreeMap<Pattern, f64>, data: &Data<'_>) -> BTreeMap<Pattern, f64> {
    if !data.one_to_one {
        return odds
            .iter()
            .map(|(pattern, odds)| (*pattern, counts.get(pattern).copied().unwrap_or_default() * odds / (1.0 + odds)))
            .collect();
    }
    // Counterparts compete: a record's probabilities add up to 1 at the most.
    let of = |candidate: &Candidate| odds.get(&candidate.pattern).copied().unwrap_or_default();
    let mut sums = vec![0.0_f64; data.records];
    for candidate in data.candidates {
        for record in [candidate.a, candidate.b] {
            if let Some(sum) = sums.get_mut(record as usize) {
                *sum += of(candidate);
            }
        }
    }
    let mut same: BTreeMap<Pattern, f64> = BTreeMap::new();
    for candidate in data.candidates {
        let sum = |record: u32| sums.get(record as usize).copied().unwrap_or_default();
        *same.entry(candidate.pattern).or_default() += of(candidate) / (1.0 + sum(candidate.a).max(sum(candidate.b)));
    }
    same
}

fn maximise(
    model: &mut Model,
    counts: &BTreeMap<Pattern, f64>,
    same: &BTreeMap<Pattern, f64>,
    sample: &BTreeMap<Pattern, u32>,
    scale: f64,
) {
    let mut totals: Vec<(Vec<f64>, Vec<f64>)> =
        model.fields.iter().map(|f| (vec![0.0; f.kind.levels()], vec![0.0; f.kind.levels()])).collect();
    let mut add = |pattern: Pattern, same: f64, other: f64| {
        for (at, (m, u)) in totals.iter_mut().enumerate() {
            let level = u8::try_from(pattern >> (4 * at) & 15).unwrap_or(ABSENT);
            if let (Some(m), Some(u)) = (m.get_mut(usize::from(level)), u.get_mut(usize::from(level))) {
                *m += same;
                *u += other;
            }
        }
    };
    for (pattern, count) in counts {
        let same = same.get(pattern).copied().unwrap_or_default();
        add(*pattern, same, (count - same).max(0.0));
    }
    for (pattern, count) in sample {
        add(*pattern, 0.0, f64::from(*count) * scale);
    }
    for ((weights, field), (m, u)) in model.weights.iter_mut().zip(&model.fields).zip(totals) {
        let (granted_m, granted_u) = field.kind.defaults();
        weights.m = drawn_towards(&m, granted_m, GRANTED_M + field.kind.trust() * m.iter().sum::<f64>());
        weights.u = drawn_towards(&u, granted_u, GRANTED_U);
        fall_apart(&mut weights.m, &weights.u, &m);
    }
}

/// Shares of counts, with what is taken for granted counted in.
fn drawn_towards(counts: &[f64], granted: &[f64], weight: f64) -> Vec<f64> {
    let total: f64 = counts.iter().sum::<f64>() + weight;
    counts.iter().zip(granted).map(|(count, share)| (count + share * weight) / total).collect()
}

/// Better agreement is never worse evidence: neighbouring levels for which it would be are taken together (isotonic regression).
fn fall_apart(m: &mut [f64], u: &[f64], counts: &[f64]) {
    // Pools: log ratio, weight, levels.
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for ((m, u), count) in m.iter().zip(u).zip(counts) {
        pools.push(((m / u).ln(), count + 1.0, 1));
        while let [.., before, last] = pools.as_slice()
            && before.0 < last.0
        {
            let weight = before.1 + last.1;
            let pooled = ((before.0 * before.1 + last.0 * last.1) / weight, weight, before.2 + last.2);
            pools.truncate(pools.len() - 2);
            pools.push(pooled);
        }
    }
    let ratios = pools.into_iter().flat_map(|(ratio, _, levels)| std::iter::repeat_n(ratio, levels));
    for ((m, u), ratio) in m.iter_mut().zip(u).zip(ratios) {
        *m = u * ratio.exp();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_agreement_is_never_worse_evidence() {
        let u = [0.1, 0.2, 0.3, 0.4];
        let mut m = [0.2, 0.6, 0.1, 0.1];
        fall_apart(&mut m, &u, &[20.0, 60.0, 10.0, 10.0]);
        let ratios: Vec<_> = m.iter().zip(u).map(|(m, u)| m / u).collect();
        assert!(ratios.is_sorted_by(|a, b| *a >= *b - 1e-9), "{ratios:?}");
    }

    #[test]
    fn little_data_hardly_moves_what_is_taken_for_granted() {
        let shares = drawn_towards(&[1.0, 0.0], &[0.9, 0.1], 12.0);
        assert!((shares[0] - 0.908).abs() < 0.001 && (shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }
}
