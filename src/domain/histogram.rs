//! Response times as an exponential histogram, so that percentiles of any period come from rollups.
//!
//! The buckets are those of OpenTelemetry's exponential histogram at scale 3 (OpenTelemetry Metrics
//! Data Model, "`ExponentialHistogram`"): bucket `i` holds `(b^i, b^(i+1)]` with `b = 2^(1/8)`, so a
//! value read back is within 9% of the true one. Bucket 0 here holds everything up to 1 ms.

use serde::{Deserialize, Serialize};

/// Buckets to the octave, `2^scale`.
const PER_OCTAVE: f64 = 8.0;

/// One more than the bucket of the largest response time that the contract allows (86,400,000 ms).
pub const BUCKETS: usize = 212;

/// The bucket of a response time in milliseconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..BUCKETS first")]
pub fn bucket(ms: u32) -> usize {
    if ms <= 1 {
        return 0;
    }
    let i = (f64::from(ms).log2() * PER_OCTAVE - 1e-9).ceil();
    (i.clamp(0.0, (BUCKETS - 1) as f64)) as usize
}

/// The bounds of a bucket in milliseconds: above the first, up to the second.
fn bounds(bucket: usize) -> (f64, f64) {
    let upper = (bucket as f64 / PER_OCTAVE).exp2();
    let lower = if bucket == 0 { 0.0 } else { ((bucket - 1) as f64 / PER_OCTAVE).exp2() };
    (lower, upper)
}

/// Counts of response times by [`bucket`]; as long as its highest bucket in use. It travels as pairs of bucket and count, since a
/// message holds many of them and most of their buckets are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(u8, i64)>", into = "Vec<(u8, i64)>")]
pub struct Histogram(pub Vec<i64>);

impl From<Vec<(u8, i64)>> for Histogram {
    fn from(pairs: Vec<(u8, i64)>) -> Self {
        let mut histogram = Self::default();
        for (bucket, n) in pairs {
            histogram.add_at(usize::from(bucket), n);
        }
        histogram
    }
}

impl From<Histogram> for Vec<(u8, i64)> {
    fn from(histogram: Histogram) -> Self {
        (0..).zip(histogram.0).filter(|(_, n)| *n != 0).collect()
    }
}

impl Histogram {
    /// Adds one response time in milliseconds.
    pub fn record(&mut self, ms: u32) {
        self.add_at(bucket(ms), 1);
    }

    /// Adds `n` to a bucket; one beyond the last counts in the last.
    pub fn add_at(&mut self, bucket: usize, n: i64) {
        let bucket = bucket.min(BUCKETS - 1);
        if self.0.len() <= bucket {
            self.0.resize(bucket + 1, 0);
        }
        if let Some(slot) = self.0.get_mut(bucket) {
            *slot += n;
        }
    }

    /// Adds all of another's counts.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, n) in other.0.iter().enumerate().filter(|(_, n)| **n != 0) {
            self.add_at(bucket, *n);
        }
    }

    /// The counts as bytes, 32 bits each, big-endian: as the database keeps them.
    pub fn pack(&self) -> Vec<u8> {
        self.0.iter().flat_map(|n| u32::try_from(*n).unwrap_or(u32::MAX).to_be_bytes()).collect()
    }

    /// Adds counts that were packed.
    pub fn add_packed(&mut self, bytes: &[u8]) {
        for (bucket, count) in bytes.as_chunks().0.iter().enumerate() {
            match u32::from_be_bytes(*count) {
                0 => {}
                n => self.add_at(bucket, i64::from(n)),
            }
        }
    }

    /// How many response times were recorded.
    pub fn count(&self) -> i64 {
        self.0.iter().sum()
    }

    /// The response time in milliseconds below which the share `q` (0 to 1) of all lie, interpolated
    /// inside its bucket; nothing when nothing was recorded.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "counts and milliseconds far below 2^53")]
    pub fn quantile(&self, q: f64) -> Option<i64> {
        let total = self.count();
        if total == 0 {
            return None;
        }
        let rank = (q.clamp(0.0, 1.0) * total as f64).max(1.0);
        let mut seen = 0_i64;
        for (i, n) in self.0.iter().enumerate().filter(|(_, n)| **n > 0) {
            let before = seen as f64;
            seen += n;
            if seen as f64 >= rank {
                let (lower, upper) = bounds(i);
                return Some((lower + (upper - lower) * ((rank - before) / *n as f64)).round() as i64);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_allowed_value_has_a_bucket_that_holds_it() {
        for ms in (0..200_000).chain([1_000_000, 86_399_999, 86_400_000]) {
            let i = bucket(ms);
            let (lower, upper) = bounds(i);
            assert!(i < BUCKETS, "{ms}");
            assert!(ms <= 1 || (f64::from(ms) > lower - 1e-6 && f64::from(ms) <= upper + 1e-6), "{ms} in {i}: {lower}..{upper}");
        }
        assert_eq!(bucket(86_400_000), BUCKETS - 1);
    }

    #[test]
    fn quantiles_are_within_nine_percent() {
        let mut h = Histogram::default();
        for ms in 1..=10_000 {
            h.record(ms);
        }
        for (q, truth) in [(0.5, 5_000.0), (0.95, 9_500.0), (0.99, 9_900.0)] {
            let got = h.quantile(q).unwrap() as f64;
            assert!((got - truth).abs() / truth < 0.09, "{q}: {got}");
        }
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn a_histogram_is_read_as_it_was_written() {
        let mut h = Histogram::default();
        for ms in [0, 3, 3, 900, 86_400_000] {
            h.record(ms);
        }
        let json = serde_json::to_string(&h).unwrap();
        assert_eq!(json, "[[0,1],[13,2],[79,1],[211,1]]");
        assert_eq!(serde_json::from_str::<Histogram>(&json).unwrap(), h);
        assert_eq!(serde_json::from_str::<Histogram>("[]").unwrap(), Histogram::default());
        let mut twice = h.clone();
        twice.add_packed(&h.pack());
        h.merge(&h.clone());
        assert_eq!(twice, h);
    }

    #[test]
    fn merging_equals_recording_together() {
        let (mut a, mut b, mut both) = (Histogram::default(), Histogram::default(), Histogram::default());
        for ms in [0, 1, 7, 900] {
            a.record(ms);
            both.record(ms);
        }
        for ms in [3, 86_400_000] {
            b.record(ms);
            both.record(ms);
        }
        a.merge(&b);
        assert_eq!(a, both);
    }
}
