//! Probabilistic matching after Fellegi and Sunter, "A Theory for Record Linkage", JASA 64 (1969): each field that agrees or differs
//! adds evidence in bits, log2(m/u), where m and u are how likely that level of agreement is among pairs that are the same and among
//! others. Prior odds and evidence make the probability that two records are one.

use std::collections::HashMap;

use super::{
    Record,
    compare::{Kind, Value},
    schema::Field,
};

/// The level of a field that one of the two lacks: no evidence.
pub const ABSENT: u8 = 15;
/// Fields at the most: a pattern has 4 bits for each.
pub const MOST_FIELDS: usize = 16;

/// The levels of all fields, 4 bits each.
pub type Pattern = u64;

/// How far a field agrees, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The same.
    Same,
    /// But for a typing error, a short form or the like.
    Close,
    /// Something in common.
    Similar,
    /// Nothing in common.
    Different,
    /// One of the two lacks it.
    Absent,
}

/// What a field says.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The field.
    pub field: Field,
    /// How far it agrees.
    pub agreement: Agreement,
    /// For (above 0) or against (below) the two being one, in bits.
    pub bits: f64,
}

/// What is known of a field.
#[derive(Clone, Debug)]
pub struct Weights {
    /// The probability of each level among pairs that are the same.
    pub m: Vec<f64>,
    /// Among others.
    pub u: Vec<f64>,
    /// How many records have each value that more than one has.
    pub common: HashMap<String, u32>,
    /// Records that have any.
    pub filled: u32,
}

impl Weights {
    /// What is taken for granted.
    pub fn of(kind: Kind) -> Self {
        let (m, u) = kind.defaults();
        Self { m: m.to_vec(), u: u.to_vec(), common: HashMap::new(), filled: 0 }
    }

    /// The evidence of a level, in bits.
    pub fn bits(&self, level: usize) -> f64 {
        match (self.m.get(level), self.u.get(level)) {
            (Some(m), Some(u)) => (m / u).log2(),
            _ => 0.0,
        }
    }
}

/// The model of one kind of record.
#[derive(Clone, Debug)]
pub struct Model {
    /// What records are compared by.
    pub fields: Vec<Field>,
    /// What is known of each field.
    pub weights: Vec<Weights>,
    /// How likely two records at random are one, 0..1.
    pub prior: f64,
    of_people: bool,
    is_named: bool,
}

impl Model {
    /// A model with what is taken for granted, for a prior that is above 0 and below 1.
    pub fn new(mut fields: Vec<Field>, prior: f64) -> Self {
        fields.truncate(MOST_FIELDS);
        let weights = fields.iter().map(|field| Weights::of(field.kind)).collect();
        let of_people = fields.iter().any(|f| matches!(f.kind, Kind::Given | Kind::Family | Kind::FullName));
        let is_named = of_people || fields.iter().any(|f| matches!(f.kind, Kind::Title | Kind::Company));
        Self { fields, weights, prior: prior.clamp(1e-12, 0.5), of_people, is_named }
    }

    /// Learns how common values are.
    pub fn count<'a>(&mut self, records: impl Iterator<Item = &'a Record>) {
        let mut counts: Vec<HashMap<&str, u32>> = self.fields.iter().map(|_| HashMap::new()).collect();
        let mut filled = vec![0_u32; self.fields.len()];
        for record in records {
            for (((value, counts), filled), field) in record.iter().zip(&mut counts).zip(&mut filled).zip(&self.fields) {
                if let Some(value) = value
                    && field.kind.has_common_values()
                {
                    *filled += 1;
                    *counts.entry(&value.whole).or_default() += 1;
                }
            }
        }
        for ((weights, counts), filled) in self.weights.iter_mut().zip(counts).zip(filled) {
            weights.common =
                counts.into_iter().filter(|(_, count)| *count > 1).map(|(value, count)| (value.to_owned(), count)).collect();
            weights.filled = filled;
        }
    }

    /// The level of each field.
    pub fn levels(&self, a: &Record, b: &Record) -> Vec<u8> {
        let mut levels: Vec<u8> = self
            .fields
            .iter()
            .zip(a.iter().zip(b))
            .map(|(field, (a, b))| match (a, b) {
                (Some(a), Some(b)) => u8::try_from(field.kind.level(a, b)).unwrap_or(ABSENT),
                _ => ABSENT,
            })
            .collect();
        for (one, other) in [(Kind::Given, Kind::Family), (Kind::Street, Kind::Street)] {
            self.unswap(&mut levels, a, b, one, other);
        }
        levels
    }

    /// Two fields whose contents are the wrong way round nearly agree; where each record lacks one of them, the one that is there
    /// may stand in the other's place.
    fn unswap(&self, levels: &mut [u8], a: &Record, b: &Record, one: Kind, other: Kind) {
        let Some(first) = self.fields.iter().position(|f| f.kind == one) else { return };
        let Some(second) = self.fields.iter().enumerate().position(|(at, f)| f.kind == other && at != first) else { return };
        if [first, second].iter().any(|at| levels.get(*at).is_none_or(|level| *level < 2)) {
            return;
        }
        let (both, alone) = (&[first, second][..], &[first][..]);
        let agreeing = match (two(a, first, second), two(b, first, second)) {
            ([Some(a1), Some(a2)], [Some(b1), Some(b2)]) if other.level(a1, b2) + one.level(b1, a2) <= 2 => both,
            ([Some(a1), None], [None, Some(b2)]) if a1.whole == b2.whole => alone,
            ([None, Some(a2)], [Some(b1), None]) if a2.whole == b1.whole => alone,
            _ => &[],
        };
        for at in agreeing {
            if let Some(level) = levels.get_mut(*at) {
                *level = 1;
            }
        }
    }

    /// Levels as one number.
    pub fn pack(levels: &[u8]) -> Pattern {
        levels.iter().rev().fold(0, |pattern, level| pattern << 4 | u64::from(*level))
    }

    /// The levels of a pattern.
    pub fn unpack(&self, pattern: Pattern) -> impl Iterator<Item = u8> {
        (0..self.fields.len()).map(move |at| u8::try_from(pattern >> (4 * at) & 15).unwrap_or(ABSENT))
    }

    /// The evidence of a pattern alone, however common the values are, in bits, of each field.
    pub fn bits_of(&self, pattern: Pattern) -> Vec<f64> {
        self.unpack(pattern)
            .zip(&self.weights)
            .map(|(level, weights)| if level == ABSENT { 0.0 } else { weights.bits(usize::from(level)) })
            .collect()
    }

    /// The evidence of each field, in bits.
    pub fn bits(&self, levels: &[u8], a: &Record, b: &Record) -> Vec<f64> {
        let mut all = Vec::with_capacity(levels.len());
        for (((level, weights), field), (a, b)) in levels.iter().zip(&self.weights).zip(&self.fields).zip(a.iter().zip(b)) {
            let mut bits = if *level == ABSENT { 0.0 } else { weights.bits(usize::from(*level)) };
            if let (0, true, Some(a), Some(b)) = (*level, field.kind.has_common_values() && weights.filled > 1, a, b) {
                let count = |value: &Value| weights.common.get(&value.whole).copied().unwrap_or(1);
                // The two themselves have it; how many others of all others do says how much it is worth.
                let others = (count(a).max(count(b)).saturating_sub(1)).max(1);
                let common = f64::from(others) / f64::from(weights.filled - 1);
                let usual = weights.u.first().copied().unwrap_or(common);
                bits = (bits + (usual / common).log2().clamp(-8.0, 5.0) * COMMON_COUNTS).max(0.2);
            }
            all.push(bits);
        }
        all
    }

    /// The sum of the evidence in bits, with what goes together counted once.
    ///
    /// Whatever says *where* is shared by colleagues, families and neighbours: alone it never makes two records one, and where it has
    /// said its all, a surname hardly adds to it.
    pub fn total(&self, bits: &[f64]) -> f64 {
        let (mut place, mut family, mut rest) = (0.0, 0.0, 0.0);
        for (bits, field) in bits.iter().zip(&self.fields) {
            match field.kind {
                // A company is where people are, and who it is itself.
                kind if kind.is_place() && (self.of_people || kind != Kind::Company) => place += bits,
                Kind::Family => family += bits,
                // Numbers within a title agree where the title does; they only tell apart.
                Kind::Figures => rest += bits.min(0.5),
                _ => rest += bits,
            }
        }
        let most =
            if self.is_named { (-(self.prior / (1.0 - self.prior)).log2() - PLACE_SHORT_OF_EVEN).max(0.0) } else { f64::INFINITY };
        let together = place.min(most) + family;
        rest + if family > 0.0 { together.min(most + FAMILY_AT_A_PLACE) } else { together }
    }

    /// The odds that two records are one, from the evidence in bits.
    pub fn odds(&self, total: f64) -> f64 {
        (self.prior / (1.0 - self.prior)) * total.clamp(-200.0, 200.0).exp2()
    }

    /// The probability that two records are one, 0..1.
    pub fn score(&self, a: &Record, b: &Record) -> f64 {
        let odds = self.odds(self.total(&self.bits(&self.levels(a, b), a, b)));
        odds / (1.0 + odds)
    }

    /// What each field says.
    pub fn explain(&self, a: &Record, b: &Record) -> Vec<Evidence> {
        let levels = self.levels(a, b);
        let bits = self.bits(&levels, a, b);
        let agreement = |level: u8, of: usize| match usize::from(level) {
            0 => Agreement::Same,
            _ if level == ABSENT => Agreement::Absent,
            level if level + 1 >= of => Agreement::Different,
            1 => Agreement::Close,
            _ => Agreement::Similar,
        };
        self.fields
            .iter()
            .zip(levels)
            .zip(bits)
            .map(|((field, level), bits)| Evidence { field: field.clone(), agreement: agreement(level, field.kind.levels()), bits })
            .collect()
    }
}

/// Two values of a record.
fn two(record: &Record, first: usize, second: usize) -> [Option<&Value>; 2] {
    [first, second].map(|at| record.get(at)?.as_ref())
}

/// How much of what a value's frequency says counts: frequencies in a table are themselves uncertain.
const COMMON_COUNTS: f64 = 0.8;
/// Bits by which all that says where stays short of even odds.
const PLACE_SHORT_OF_EVEN: f64 = 2.0;
/// Bits of a surname that agrees where the place does.
const FAMILY_AT_A_PLACE: f64 = 2.0;
