//! From tables to pairs: makes records, finds candidates, learns the model and scores.

use std::collections::{BTreeMap, HashMap};

use super::{
    Record,
    blocking::{candidates, keys},
    compare::Kind,
    em::{Candidate, Data, Learnt, learn},
    model::{MOST_FIELDS, Model, Pattern},
    schema::{Field, Table, columns, id_column, shared},
};

/// Counterparts of a record that are compared at the most.
const MOST_CANDIDATES: usize = 25;
/// Pairs at random to learn from, for each record, and at the most.
const SAMPLE: (usize, usize) = (40, 150_000);
/// The score below which a pair is not worth a look.
const WORTH_A_LOOK: f64 = 0.02;
/// The lowest probability that may count as even.
const LOWEST_BORDER: f64 = 0.15;
/// Bits beyond even odds from which a counterpart counts as one.
const SURE_BITS: f64 = 3.0;
/// The share of the best counterpart's evidence from which another is nearly as good.
const NEARLY_AS_GOOD: f64 = 0.7;
/// The share of records with such another up to which a record has one counterpart at the most.
const FREE_OF_DUPLICATES: f64 = 0.15;

/// Two records that are likely one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The row of the one, in the first table.
    pub a: usize,
    /// The row of the other, in the second table, or in the same.
    pub b: usize,
    /// How sure it is that they are one, 0..1; from 0.5 on it pays, on balance, to take them for one.
    pub score: f64,
}

/// What was found.
#[derive(Debug)]
pub struct Outcome {
    /// The pairs worth a look, the likeliest first.
    pub pairs: Vec<Pair>,
    /// Pairs that were compared.
    pub compared: usize,
    /// How learning went.
    pub learnt: Learnt,
    /// Whether each record has one counterpart at the most.
    pub one_to_one: bool,
    /// What was learnt.
    pub model: Model,
}

/// The pairs within a table.
pub fn dedupe(table: &Table) -> Outcome {
    let id = id_column(table);
    let fields: Vec<_> = columns(table, id).into_iter().map(|c| (c.field, c.at, c.at)).collect();
    let (fields, records) = records(&fields, &[table]);
    let count = records.len();
    let mut work = Work::new(fields, records, None);
    let found = work.candidates(MOST_CANDIDATES, |_, _| true);
    let pairs = count as f64 * (count as f64 - 1.0) / 2.0;
    let learnt = work.learn(&found, pairs, count as f64 * 3.0, 0.1 * count as f64, false);
    let pairs = work.score(&found);
    Outcome { pairs: work.rows(pairs), compared: found.len(), learnt, one_to_one: false, model: work.model }
}

/// The pairs across two tables.
pub fn link(a: &Table, b: &Table) -> Outcome {
    let fields = shared(&columns(a, id_column(a)), &columns(b, id_column(b)));
    let (fields, records) = records(&fields, &[a, b]);
    let split = u32::try_from(a.rows.len()).unwrap_or(u32::MAX);
    let mut work = Work::new(fields, records, Some(split));
    let found = work.candidates(MOST_CANDIDATES, |x, y| (x < split) != (y < split));
    let pairs = a.rows.len() as f64 * b.rows.len() as f64;
    let fewer = a.rows.len().min(b.rows.len()) as f64;
    let mut learnt = work.learn(&found, pairs, 2.0 * fewer.max(1.0), 0.3 * fewer, false);
    let one_to_one = work.is_free_of_duplicates(&found, split);
    if one_to_one {
        learnt = work.learn(&found, pairs, fewer.max(1.0), 0.3 * fewer, true);
    }
    let mut pairs = work.score(&found);
    if one_to_one {
        pairs = assign(pairs);
    }
    Outcome { pairs: work.rows(pairs), compared: found.len(), learnt, one_to_one, model: work.model }
}

/// The records of tables one after the other, with fields derived from titles, and the words of titles weighed.
fn records(fields: &[(Field, usize, usize)], tables: &[&Table]) -> (Vec<Field>, Vec<Record>) {
    let mut kept: Vec<(Field, usize, usize)> = fields.iter().take(MOST_FIELDS).cloned().collect();
    let of_people = kept.iter().any(|(field, _, _)| matches!(field.kind, Kind::Given | Kind::Family | Kind::FullName));
    if !of_people && let Some((title, x, y)) = kept.iter().find(|(field, _, _)| field.kind == Kind::Title).cloned() {
        for kind in [Kind::Models, Kind::Figures] {
            if kept.len() < MOST_FIELDS {
                kept.push((Field { name: title.name.clone(), kind }, x, y));
            }
        }
    }
    let mut records: Vec<Record> = Vec::new();
    for (number, table) in tables.iter().enumerate() {
        for row in &table.rows {
            let read = |(field, x, y): &(Field, usize, usize)| {
                row.get(if number == 0 { *x } else { *y }).and_then(|text| field.kind.read(text))
            };
            records.push(kept.iter().map(read).collect());
        }
    }
    for (at, (field, _, _)) in kept.iter().enumerate() {
        if matches!(field.kind, Kind::Title | Kind::Text) {
            weigh_words(&mut records, at);
        }
    }
    (kept.into_iter().map(|(field, _, _)| field).collect(), records)
}

/// Gives the words of a field their weights: the rarer, the more (term frequency by inverse document frequency, of length 1).
fn weigh_words(records: &mut [Record], at: usize) {
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let mut seen: Vec<u32> = Vec::new();
    for record in records.iter() {
        let Some(Some(value)) = record.get(at) else { continue };
        let mut parts: Vec<&String> = value.parts.iter().collect();
        parts.sort_unstable();
        parts.dedup();
        for part in parts {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            let number = *numbers.entry(part.clone()).or_insert(next);
            if number == next {
                seen.push(0);
            }
            if let Some(seen) = seen.get_mut(number as usize) {
                *seen += 1;
            }
        }
    }
    let all = records.len() as f64;
    for record in records {
        let Some(Some(value)) = record.get_mut(at) else { continue };
        let mut vector: Vec<(u32, f64)> = Vec::new();
        for part in &value.parts {
            let Some(number) = numbers.get(part) else { continue };
            let seen = f64::from(seen.get(*number as usize).copied().unwrap_or(1));
            vector.push((*number, (1.0 + all / seen).ln()));
        }
        vector.sort_unstable_by_key(|entry| entry.0);
        vector.dedup_by_key(|entry| entry.0);
        let length = vector.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        #[expect(clippy::cast_possible_truncation, reason = "weights of 0 to 1")]
        let scaled = vector.into_iter().map(|(number, weight)| (number, (weight / length) as f32)).collect();
        value.vector = scaled;
    }
}

/// What is under way.
struct Work {
    model: Model,
    records: Vec<Record>,
    split: Option<u32>,
}

impl Work {
    fn new(fields: Vec<Field>, records: Vec<Record>, split: Option<u32>) -> Self {
        let mut model = Model::new(fields, 0.01);
        model.count(records.iter());
        Self { model, records, split }
    }

    fn candidates(&self, most: usize, may: impl Fn(u32, u32) -> bool) -> Vec<Candidate> {
        let keys: Vec<_> = self.records.iter().map(|record| keys(&self.model.fields, record)).collect();
        let pattern = |a, b| self.pattern(a, b);
        candidates(&keys, most, may).into_iter().map(|(a, b)| Candidate { a, b, pattern: pattern(a, b) }).collect()
    }

    fn pattern(&self, a: u32, b: u32) -> Pattern {
        match (self.records.get(a as usize), self.records.get(b as usize)) {
            (Some(a), Some(b)) => Model::pack(&self.model.levels(a, b)),
            _ => Pattern::MAX,
        }
    }

    /// Pairs at random that are no candidates; the same ones at each run.
    fn sample(&self, found: &[Candidate]) -> BTreeMap<Pattern, u32> {
        let count = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        let mut sample = BTreeMap::new();
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut draw = |from: u32, to: u32| {
            // SplitMix64.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            from + u32::try_from((z ^ (z >> 31)) % u64::from((to - from).max(1))).unwrap_or_default()
        };
        if count < 2 || self.split.is_some_and(|split| split == 0 || split >= count) {
            return sample;
        }
        for _ in 0..(self.records.len() * SAMPLE.0).min(SAMPLE.1) {
            let (x, y) = match self.split {
                Some(split) => (draw(0, split), draw(split, count)),
                None => (draw(0, count), draw(0, count)),
            };
            let (a, b) = (x.min(y), x.max(y));
            if a != b && found.binary_search_by_key(&(a, b), |c| (c.a, c.b)).is_err() {
                *sample.entry(self.pattern(a, b)).or_default() += 1;
            }
        }
        sample
    }

    fn learn(&mut self, found: &[Candidate], pairs: f64, most: f64, expected: f64, one_to_one: bool) -> Learnt {
        let sample = self.sample(found);
        let pairs = pairs.max(1.0);
        let mut fresh = Model::new(self.model.fields.clone(), expected.max(1.0) / pairs.max(2.0));
        for (weights, counted) in fresh.weights.iter_mut().zip(&mut self.model.weights) {
            weights.common = std::mem::take(&mut counted.common);
            weights.filled = counted.filled;
        }
        self.model = fresh;
        let data = Data { candidates: found, sample: &sample, pairs, most, records: self.records.len(), one_to_one };
        learn(&mut self.model, &data)
    }

    /// Whether records have one counterpart rather than several: on either side, hardly any has a second that is nearly as good as
    /// the first.
    fn is_free_of_duplicates(&self, found: &[Candidate], split: u32) -> bool {
        let mut best: HashMap<u32, (f64, f64)> = HashMap::new();
        for (candidate, bits) in found.iter().zip(self.bits(found)) {
            for record in [candidate.a, candidate.b] {
                let (first, second) = best.entry(record).or_insert((0.0, 0.0));
                *second = second.max(bits.min(*first));
                *first = first.max(bits);
            }
        }
        let sure = SURE_BITS - (self.model.prior / (1.0 - self.model.prior)).log2();
        [true, false].into_iter().all(|left| {
            let matched = || best.iter().filter(move |(record, (first, _))| (**record < split) == left && *first > sure);
            let several = matched().filter(|(_, (first, second))| *second > sure && *second > NEARLY_AS_GOOD * first).count();
            several as f64 <= FREE_OF_DUPLICATES * matched().count() as f64
        })
    }

    /// The evidence of pairs, in bits.
    fn bits(&self, found: &[Candidate]) -> impl Iterator<Item = f64> {
        found.iter().map(|candidate| match (self.records.get(candidate.a as usize), self.records.get(candidate.b as usize)) {
            (Some(a), Some(b)) => {
                let levels: Vec<u8> = self.model.unpack(candidate.pattern).collect();
                self.model.total(&self.model.bits(&levels, a, b))
            }
            _ => 0.0,
        })
    }

    fn score(&self, found: &[Candidate]) -> Vec<(u32, u32, f64)> {
        let scores = self.bits(found).map(|bits| self.model.odds(bits)).map(|odds| odds / (1.0 + odds));
        found.iter().zip(scores).map(|(candidate, score)| (candidate.a, candidate.b, score)).collect()
    }

    /// Pairs worth a look by their rows, the likeliest first.
    fn rows(&self, mut pairs: Vec<(u32, u32, f64)>) -> Vec<Pair> {
        let split = self.split.unwrap_or_default();
        balance(&mut pairs);
        let mut pairs: Vec<_> = pairs
            .into_iter()
            .filter(|(_, _, score)| *score >= WORTH_A_LOOK)
            .map(|(a, b, score)| Pair { a: a as usize, b: (b - split) as usize, score })
            .collect();
        pairs.sort_by(|x, y| y.score.total_cmp(&x.score).then((x.a, x.b).cmp(&(y.a, y.b))));
        pairs
    }
}

/// Gives each record one counterpart at the most, the likeliest first; what is left over is as likely as that the better pair is
/// wrong.
fn assign(mut pairs: Vec<(u32, u32, f64)>) -> Vec<(u32, u32, f64)> {
    pairs.sort_by(|x, y| y.2.total_cmp(&x.2).then((x.0, x.1).cmp(&(y.0, y.1))));
    let mut taken: HashMap<u32, f64> = HashMap::new();
    for (a, b, score) in &mut pairs {
        let better = taken.get(a).copied().unwrap_or_default().max(taken.get(b).copied().unwrap_or_default());
        if better > 0.0 {
            *score = score.min(0.49) * (1.0 - better).max(0.1);
        } else {
            taken.insert(*a, *score);
            taken.insert(*b, *score);
        }
    }
    pairs
}

/// Turns probabilities into scores for which 0.5 is where taking pairs for one pays on balance: where precision and recall together,
/// as F1, are expected to be the best. That is at even odds where pairs are told apart well, and below where they are not.
fn balance(pairs: &mut [(u32, u32, f64)]) {
    let mut probabilities: Vec<f64> = pairs.iter().map(|pair| pair.2).collect();
    probabilities.sort_by(|x, y| y.total_cmp(x));
    let all: f64 = probabilities.iter().sum();
    let (mut taken, mut best, mut border) = (0.0, 0.0, 0.5);
    for (count, probability) in probabilities.iter().enumerate() {
        taken += probability;
        let expected = 2.0 * taken / (count as f64 + 1.0 + all);
        if expected > best {
            (best, border) = (expected, *probability);
        }
    }
    let border = border.clamp(LOWEST_BORDER, 0.5);
    for pair in pairs {
        let odds = pair.2 / (1.0 - pair.2).max(1e-15) * (1.0 - border) / border;
        pair.2 = odds / (1.0 + odds);
    }
}
