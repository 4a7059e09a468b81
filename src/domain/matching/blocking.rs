//! Which pairs are worth comparing: those that share keys, the rarer the better. Comparing all with all would take for ever.

use std::collections::HashMap;

use super::{
    Record,
    compare::Kind,
    normal::{is_role, is_street_word},
    schema::Field,
    text::sound,
};

/// A key as it is kept in a table or in memory; equal keys make a block.
pub type Key = String;

/// Words of a long text that are looked at, the rarest first.
const RARE_WORDS: usize = 6;

/// The keys of a record. Two records that are likely the same share some of them, whatever typing errors the rest has.
pub fn keys(fields: &[Field], record: &Record) -> Vec<Key> {
    let mut keys = Vec::new();
    let of =
        |kind: Kind| fields.iter().zip(record).filter(move |(field, _)| field.kind == kind).find_map(|(_, value)| value.as_ref());
    let heard = |kind: Kind| of(kind).and_then(|v| v.parts.first()).map(|word| sound(word)).filter(|s| !s.is_empty());
    let (given, family) = (heard(Kind::Given), heard(Kind::Family));
    let whole = |kind: Kind| of(kind).map(|v| v.whole.as_str());
    let (postcode, city, born) = (whole(Kind::Postcode), whole(Kind::City), whole(Kind::Date));
    if let (Some(given), Some(family)) = (&given, &family) {
        // In either order: they are swapped often.
        keys.push(if given <= family { format!("n:{given}|{family}") } else { format!("n:{family}|{given}") });
    }
    for name in [&given, &family].into_iter().flatten() {
        let year = born.and_then(|b| b.get(..4)).map(|y| format!("y:{name}|{y}"));
        let day = born.and_then(|b| b.get(4..8)).map(|d| format!("y:{name}|{d}"));
        let places = [postcode, city].into_iter().flatten().map(|place| format!("a:{name}|{place}"));
        keys.extend(places.chain(year).chain(day));
    }
    if let (Some(company), Some(name)) = (of(Kind::Company).and_then(|v| v.parts.first()), family.as_ref().or(given.as_ref())) {
        keys.push(format!("o:{company}|{name}"));
    }
    let house = whole(Kind::House);
    for (at, (field, value)) in fields.iter().zip(record).enumerate() {
        let Some(value) = value else { continue };
        match field.kind {
            Kind::Email => {
                for address in value.parts.iter().filter(|a| !is_role(a)) {
                    keys.push(format!("e:{address}"));
                    keys.extend(address.split('@').next().filter(|local| local.len() >= 5).map(|local| format!("l:{local}")));
                }
                keys.extend(value.parts.iter().filter(|a| is_role(a)).map(|a| format!("e:{a}")));
            }
            Kind::Phone => keys.extend(
                value.parts.iter().map(|phone| format!("p:{}", phone.get(phone.len().saturating_sub(9)..).unwrap_or(phone))),
            ),
            Kind::Code => keys.push(format!("c{at}:{}", value.whole)),
            Kind::Date => keys.push(format!("d:{}", value.whole)),
            Kind::Given | Kind::Family => keys.extend(value.parts.iter().filter(|p| p.len() > 2).map(|part| format!("w:{part}"))),
            Kind::FullName | Kind::Company | Kind::Title => words(&mut keys, &value.parts),
            Kind::Text => rare(&mut keys, &value.parts, 't'),
            Kind::Street => {
                let named: Vec<_> = value.parts.iter().filter(|part| !is_street_word(part)).collect();
                for part in &named {
                    let beside = [
                        house.map(|h| format!("h:{part}|{h}")),
                        postcode.map(|p| format!("h:{part}|{p}")),
                        city.map(|c| format!("h:{part}|{c}")),
                    ];
                    keys.extend(beside.into_iter().flatten());
                }
                keys.push(format!("r:{}", named.iter().map(|p| p.as_str()).collect::<Vec<_>>().join(" ")));
            }
            Kind::Postcode => keys.extend(house.map(|house| format!("z:{}|{house}", value.whole))),
            Kind::People => keys.push(format!("q:{}", value.whole)),
            Kind::Models => keys.extend(value.parts.iter().map(|model| format!("k:{model}"))),
            Kind::House | Kind::City | Kind::Region | Kind::Number | Kind::Year | Kind::Category | Kind::Figures => {}
        }
    }
    if keys.is_empty() {
        keys.extend(
            fields.iter().zip(record).filter_map(|(field, value)| value.as_ref().map(|v| format!("v:{}:{}", field.name, v.whole))),
        );
    }
    keys.sort();
    keys.dedup();
    keys
}

/// Words of a name, how they sound, their beginnings, and words beside each other.
fn words(keys: &mut Vec<Key>, parts: &[String]) {
    if parts.len() > 12 {
        rare(keys, parts, 'w');
    } else {
        keys.extend(parts.iter().filter(|p| p.len() > 1).map(|part| format!("w:{part}")));
        keys.extend(
            parts.iter().filter(|p| p.len() > 3 && p.chars().all(char::is_alphabetic)).map(|part| format!("s:{}", sound(part))),
        );
    }
    keys.extend(parts.windows(2).map(|pair| format!("b:{}", pair.concat())));
    let joined = parts.concat();
    keys.extend(joined.char_indices().nth(8).and_then(|(end, _)| joined.get(..end)).map(|start| format!("x:{start}")));
}

/// The longest words, which are mostly the rarest.
fn rare(keys: &mut Vec<Key>, parts: &[String], mark: char) {
    let mut parts: Vec<_> = parts.iter().filter(|p| p.len() > 3).collect();
    parts.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
    parts.dedup();
    keys.extend(parts.into_iter().take(RARE_WORDS * 2).map(|part| format!("{mark}:{part}")));
}

/// The pairs of records worth comparing, ascending: for each record the `most` others with which it shares the most and rarest keys.
/// `may` says which records may be paired at all. A key that too many records have says nothing and is left out.
pub fn candidates(keys: &[Vec<Key>], most: usize, may: impl Fn(u32, u32) -> bool) -> Vec<(u32, u32)> {
    let count = keys.len();
    let cap = (count / 20).clamp(60, 400);
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut blocks: Vec<Vec<u32>> = Vec::new();
    let mut of_record: Vec<Vec<u32>> = Vec::with_capacity(count);
    for (record, keys) in (0_u32..).zip(keys) {
        let mut mine = Vec::with_capacity(keys.len());
        for key in keys {
            let next = u32::try_from(blocks.len()).unwrap_or(u32::MAX);
            let number = *numbers.entry(key).or_insert(next);
            if number == next {
                blocks.push(Vec::new());
            }
            if let Some(block) = blocks.get_mut(number as usize) {
                block.push(record);
            }
            mine.push(number);
        }
        of_record.push(mine);
    }
    let rarity: Vec<f32> =
        blocks.iter().map(|block| if block.len() > cap { 0.0 } else { (count as f32 / block.len() as f32).ln_1p() }).collect();
    let mut found: Vec<(u32, u32)> = Vec::new();
    let mut shared: Vec<f32> = vec![0.0; count];
    let mut met: Vec<u32> = Vec::new();
    for (record, mine) in (0_u32..).zip(&of_record) {
        for number in mine {
            let (Some(block), Some(rarity)) = (blocks.get(*number as usize), rarity.get(*number as usize)) else { continue };
            if *rarity <= 0.0 || block.len() < 2 {
                continue;
            }
            for other in block.iter().copied().filter(|other| *other != record && may(record, *other)) {
                if let Some(sum) = shared.get_mut(other as usize) {
                    if *sum <= 0.0 {
                        met.push(other);
                    }
                    *sum += rarity;
                }
            }
        }
        let weight = |other: &u32| shared.get(*other as usize).copied().unwrap_or_default();
        if met.len() > most {
            met.sort_unstable_by(|a, b| weight(b).total_cmp(&weight(a)).then(a.cmp(b)));
            for other in met.get(most..).unwrap_or_default() {
                if let Some(sum) = shared.get_mut(*other as usize) {
                    *sum = 0.0;
                }
            }
            met.truncate(most);
        }
        for other in met.drain(..) {
            found.push((record.min(other), record.max(other)));
            if let Some(sum) = shared.get_mut(other as usize) {
                *sum = 0.0;
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rarest_shared_keys_find_the_pairs() {
        let keys: Vec<Vec<Key>> = (0..300).map(|i| vec!["all".to_owned(), format!("own{i}"), format!("pair{}", i / 2)]).collect();
        let found = candidates(&keys, 5, |_, _| true);
        assert_eq!(found.len(), 150, "a key that all have makes no pair");
        assert!(found.iter().all(|(a, b)| a / 2 == b / 2 && a < b));
        assert!(candidates(&keys, 5, |a, b| a % 2 == b % 2).is_empty());
    }

    #[test]
    fn swapped_names_share_a_key() {
        let fields = [Field { name: "given_name".into(), kind: Kind::Given }, Field { name: "surname".into(), kind: Kind::Family }];
        let record = |given: &str, family: &str| vec![Kind::Given.read(given), Kind::Family.read(family)];
        let (a, b) = (keys(&fields, &record("Ana", "González")), keys(&fields, &record("gonsales", "ana")));
        assert!(a.iter().any(|key| b.contains(key)), "{a:?} {b:?}");
    }
}
