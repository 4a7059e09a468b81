//! Who takes a lead: by its score, by who has room, and in turn.

use super::{score::Band, words};
use crate::domain::people::UserId;

words! {
    /// How long somebody has done this.
    Seniority {
        /// Long: takes what is hot.
        Senior = "senior",
        /// For a while: takes what is warm.
        Mid = "mid",
    }
}

/// The most open leads that anybody can be set to have.
pub const MAX_CAPACITY: i32 = 10_000;

/// Somebody who takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub user: UserId,
    /// How long they have done this.
    pub seniority: Seniority,
    /// How many open leads they may have.
    pub capacity: i64,
    /// How many they have.
    pub open: i64,
    /// Which lead in the order of all that were handed out was the last that they were given; 0 for none.
    pub turn: i64,
}

/// Who takes a lead of a band: of those who have room the one who has waited longest for the last. What is hot goes to a senior, and
/// when no senior has room to a mid-level; what is warm the other way round; the rest to nobody, for it is nurtured first.
pub fn choose(band: Band, candidates: &[Candidate]) -> Option<UserId> {
    let order = match band {
        Band::High => [Seniority::Senior, Seniority::Mid],
        Band::Medium => [Seniority::Mid, Seniority::Senior],
        Band::Low => return None,
    };
    order.into_iter().find_map(|seniority| {
        let free = candidates.iter().filter(|each| each.seniority == seniority && each.open < each.capacity);
        free.min_by_key(|each| (each.turn, each.user)).map(|each| each.user)
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn candidate(id: u128, seniority: Seniority, open: i64, turn: i64) -> Candidate {
        Candidate { user: UserId(Uuid::from_u128(id)), seniority, capacity: 2, open, turn }
    }

    fn chosen(band: Band, candidates: &[Candidate]) -> Option<u128> {
        choose(band, candidates).map(|user| user.0.as_u128())
    }

    #[test]
    fn each_band_has_its_people_and_they_take_turns() {
        use Seniority::{Mid, Senior};
        let all = [
            candidate(1, Senior, 0, 20),
            candidate(2, Senior, 1, 10),
            candidate(3, Senior, 2, 0),
            candidate(4, Mid, 0, 30),
            candidate(5, Mid, 0, 0),
        ];
        assert_eq!(chosen(Band::High, &all), Some(2), "has waited longest, of those who have room");
        assert_eq!(chosen(Band::Medium, &all), Some(5), "never had one");
        assert_eq!(chosen(Band::Low, &all), None);
        assert_eq!(chosen(Band::High, &all[2..]), Some(5), "no senior has room");
        assert_eq!(chosen(Band::Medium, &all[..3]), Some(2), "no mid-level takes part");
        assert_eq!(chosen(Band::High, &all[2..3]), None);
    }
}
