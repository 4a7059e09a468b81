//! The whole way, from tables to pairs, on people, restaurants and products that are made up.

use std::collections::HashSet;

use super::{
    Table,
    link::{Outcome, dedupe, link},
};

/// Numbers that look random and are the same at each run.
struct Dice(u64);

impl Dice {
    fn upto(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn happens(&mut self, percent: usize) -> bool {
        self.upto(100) < percent
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.upto(all.len())]
    }
}

const GIVEN: &str = "jack emily joshua sophie lachlan olivia thomas chloe james jessica benjamin ella samuel isabella daniel mia matthew georgia \
    ryan charlotte harrison maria jose lucia carlos elena pablo carmen diego laura sergio marta bruno noa hugo alba";
const ROOTS: &str = "white clarke camp ryan webb green gonz rodr fern lop mart sanch per gom ruiz hern jim mor alv rom nav torr dom vazq ram gil serr \
    blanc mol cast ort rub del mar sanz iglesias med gar";
const ENDS: &str = "er son ley ton field man ez alez igues andez ino illo ado os ero ones well ford worth by";
const STREETS: &str = "tullaroop giblin kitchener wattle pinkerton stanley edkins macgregor ashley carnegie duffy hibberson mayor serrano goya velazquez";
const KINDS: &str = "street place circuit crescent avenue close";
const TOWNS: &str =
    "bittern kellerberrin cleveland marsden richlands windermere toowoomba footscray hobart maitland sorrento belmont";

fn words(text: &'static str) -> Vec<&'static str> {
    text.split_whitespace().collect()
}

/// A typing error: a letter left out, put in, changed, or swapped with the next; or it is written by ear.
fn mistyped(dice: &mut Dice, word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() < 2 {
        return word.to_owned();
    }
    let at = dice.upto(letters.len() - 1);
    match dice.upto(5) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letters[at]),
        2 => letters.swap(at, at + 1),
        3 => letters[at] = char::from(b'a' + u8::try_from(dice.upto(26)).unwrap()),
        _ => return word.replace('z', "s").replace('v', "b").replace("ck", "k").replace("ph", "f"),
    }
    letters.into_iter().collect()
}

fn person(dice: &mut Dice) -> Vec<String> {
    let (given, roots, ends) = (words(GIVEN), words(ROOTS), words(ENDS));
    vec![
        dice.of(&given).to_owned(),
        format!("{}{}", dice.of(&roots), dice.of(&ends)),
        (1 + dice.upto(200)).to_string(),
        format!("{} {}", dice.of(&words(STREETS)), dice.of(&words(KINDS))),
        dice.of(&words(TOWNS)).to_owned(),
        (2_000 + dice.upto(900)).to_string(),
        dice.of(&["nsw", "vic", "qld", "wa"]).to_owned(),
        format!("19{:02}{:02}{:02}", 10 + dice.upto(89), 1 + dice.upto(12), 1 + dice.upto(28)),
    ]
}

/// People, some of them once or twice more with up to four errors; and the pairs that are one.
fn people(count: usize, seed: u64) -> (Table, HashSet<(usize, usize)>) {
    let mut dice = Dice(seed);
    let headers = ["rec_id", "given_name", "surname", "street_number", "address_1", "suburb", "postcode", "state", "date_of_birth"];
    let mut rows: Vec<(usize, Vec<String>)> = Vec::new();
    for one in 0..count {
        let original = person(&mut dice);
        for _ in 0..[0, 0, 0, 1, 1, 2][dice.upto(6)] {
            let mut copy = original.clone();
            for _ in 0..=dice.upto(4) {
                let at = dice.upto(copy.len());
                copy[at] = if dice.happens(15) { String::new() } else { mistyped(&mut dice, &copy[at]) };
            }
            if dice.happens(8) {
                copy.swap(0, 1);
            }
            rows.push((one, copy));
        }
        rows.push((one, original));
    }
    for at in (1..rows.len()).rev() {
        rows.swap(at, dice.upto(at + 1));
    }
    let same = rows
        .iter()
        .enumerate()
        .flat_map(|(a, x)| rows.iter().enumerate().skip(a + 1).filter(move |(_, y)| x.0 == y.0).map(move |(b, _)| (a, b)));
    let same = same.collect();
    let rows = rows.into_iter().enumerate().map(|(row, (_, fields))| [vec![format!("rec-{row}")], fields].concat()).collect();
    (Table { headers: headers.map(str::to_owned).to_vec(), rows }, same)
}

fn f1(outcome: &Outcome, same: &HashSet<(usize, usize)>) -> f64 {
    let taken: Vec<_> = outcome.pairs.iter().filter(|p| p.score >= 0.5).map(|p| (p.a, p.b)).collect();
    let right = taken.iter().filter(|pair| same.contains(pair)).count() as f64;
    2.0 * right / (taken.len() + same.len()) as f64
}

fn table(text: &str) -> Table {
    let mut lines = text.trim().lines().map(|line| line.trim().split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
    Table { headers: lines.next().unwrap(), rows: lines.collect() }
}

#[test]
fn people_with_errors_are_found_again() {
    let (table, same) = people(500, 11);
    let outcome = dedupe(&table);
    let reached = f1(&outcome, &same);
    assert!(reached >= 0.95, "F1 is {reached}");
    assert!(outcome.compared < table.rows.len() * 30, "by far not all pairs were compared");
    let expected = same.len() as f64;
    assert!((outcome.learnt.matches - expected).abs() < 0.1 * expected, "{:?} of {expected}", outcome.learnt);
    for (field, weights) in outcome.model.fields.iter().zip(&outcome.model.weights) {
        assert!(weights.bits(0) > 0.0 && weights.bits(weights.m.len() - 1) < 0.0, "{}: {weights:?}", field.name);
    }
    assert_eq!(dedupe(&table).pairs, outcome.pairs, "the same at each run");
}

#[test]
fn two_tables_are_linked_one_to_one_only_where_they_have_no_duplicates() {
    let (all, same) = people(300, 5);
    let (mut first, mut second) =
        (Table { headers: all.headers.clone(), rows: vec![] }, Table { headers: all.headers.clone(), rows: vec![] });
    // Of each pair, the one goes here and the other there; then the second table has some people twice.
    let copies: HashSet<usize> = same.iter().map(|pair| pair.1).collect();
    let mut place = Vec::new();
    for (row, fields) in all.rows.iter().enumerate() {
        let to = if copies.contains(&row) { &mut second } else { &mut first };
        place.push(to.rows.len());
        to.rows.push(fields.clone());
    }
    let across: HashSet<_> =
        same.iter().filter(|(a, b)| !copies.contains(a) && copies.contains(b)).map(|(a, b)| (place[*a], place[*b])).collect();
    let outcome = link(&first, &second);
    assert!(f1(&outcome, &across) >= 0.95, "F1 is {}", f1(&outcome, &across));

    let mut taken = HashSet::new();
    let single: HashSet<_> = across.iter().filter(|(a, _)| across.iter().filter(|(x, _)| x == a).count() == 1).copied().collect();
    second.rows = across
        .iter()
        .filter(|(a, _)| single.iter().any(|(x, _)| x == a) && taken.insert(*a))
        .map(|(_, b)| second.rows[*b].clone())
        .collect();
    assert!(link(&first, &second).one_to_one);
}

#[test]
fn restaurants_are_known_by_name_and_not_by_their_house_alone() {
    let a = table(
        "id|name|addr|city|phone|type
        1|arnie morton's of chicago|435 s. la cienega blv.|los angeles|310/246-1501|american
        2|art's delicatessen|12224 ventura blvd.|studio city|818/762-1221|american
        3|campanile|624 s. la brea ave.|los angeles|213/938-1447|american
        4|fenix|8358 sunset blvd.|west hollywood|213/848-6677|american
        5|golden nugget hotel|129 e. fremont st.|las vegas|702/385-7111|buffets
        6|granita|23725 w. malibu rd.|malibu|310/456-0488|californian
        7|locanda veneta|3rd st.|los angeles|310/274-1893|italian",
    );
    let b = table(
        "id|name|addr|city|phone|type
        1|arnie morton's of chicago|435 s. la cienega blvd.|los angeles|310-246-1501|steakhouses
        2|art's deli|12224 ventura blvd.|studio city|818-762-1221|delis
        3|campanile|624 s. la brea ave.|los angeles|213-938-1447|californian
        4|stefano's|129 fremont st.|las vegas|702-385-7111|italian
        5|granita|23725 w. malibu rd.|malibu|310-456-0488|californian
        6|locanda|8638 w. third st.|los angeles|310-274-1893|italian
        7|apple pan, the|10801 w. pico blvd.|west la|310-475-3585|american",
    );
    let outcome = link(&a, &b);
    let mut taken: Vec<_> = outcome.pairs.iter().filter(|p| p.score >= 0.5).map(|p| (p.a, p.b)).collect();
    taken.sort_unstable();
    assert_eq!(taken, [(0, 0), (1, 1), (2, 2), (5, 4), (6, 5)]);
}

#[test]
fn products_are_told_apart_by_their_makers_numbers() {
    let a = table(
        "id|name|description|price
        1|Sony Bravia Theater Micro System - DAVIS50B|Sony Bravia Theater Micro System - DAVIS50B/ 5.1 channel/ Black|$598.00
        2|Linksys EtherFast 8-Port 10/100 Switch - EZXS88W|Linksys EtherFast 8-Port Switch/ New Workgroup|$44.00
        3|Linksys EtherFast 5-Port 10/100 Switch - EZXS55W|Linksys EtherFast 5-Port Switch/ New Workgroup|$34.00
        4|Netgear ProSafe 5-Port Gigabit Switch - GS105NA|Netgear ProSafe Desktop Switch|
        5|Bose Acoustimass 5 Series III Speaker System - AM53BK|Bose Acoustimass/ Black Finish|$399.00
        6|Canon Black Ink Tank - CLI8BK|Canon ink for iP4200|$14.99",
    );
    let b = table(
        "id|name|description|manufacturer|price
        1|Sony DAV-IS50/B Home Theater System|5.1 channel|SONY|$549.99
        2|Linksys EtherFast EZXS88W Ethernet Switch|8 x 10/100Base-TX LAN|LINKSYS|
        3|Linksys EZXS55W EtherFast 5-Port Switch||LINKSYS|$29.00
        4|NETGEAR GS105NA ProSafe 5-Port Desktop Switch||Netgear|$59.00
        5|Bose Acoustimass 5 Speaker System - 21725||BOSE|$399.00
        6|Canon CLI-8BK Black Ink Tank 0620B002||CANON|$13.00
        7|Canon CLI-8C Cyan Ink Tank 0621B002||CANON|$13.00",
    );
    let outcome = link(&a, &b);
    let taken: Vec<_> = outcome.pairs.iter().filter(|p| p.score >= 0.5).map(|p| (p.a, p.b)).collect();
    assert!(taken.iter().all(|(a, b)| a == b), "{taken:?}");
    assert!(taken.len() >= 5, "{taken:?}");
}

#[test]
fn odd_tables_do_no_harm() {
    for text in ["id|name", "id|name\n1|a", "a\n1\n2", "id|name|city\n1||\n2||\n3||", "name\nx\nx\nx"] {
        let table = table(text);
        let outcome = dedupe(&table);
        assert!(outcome.pairs.iter().all(|p| p.a < p.b && (0.0..=1.0).contains(&p.score)), "{text}");
        assert!(link(&table, &table).pairs.iter().all(|p| (0.0..=1.0).contains(&p.score)), "{text}");
        assert!(link(&table, &Table::default()).pairs.is_empty());
    }
}
