//! vCards 2.1, 3.0 and 4.0 (RFC 2426, RFC 6350) as a table: a card a row, a property a column.

use std::{collections::HashMap, io::Read};

use encoding_rs::Encoding as Charset;

use super::{
    Go, Refused, Row,
    encoding::{Encoding, Text},
};
use crate::domain::import::{Cell, CellKind};

/// The largest file that is read: its cards are held in memory, as any of them may bring a column.
const MOST: usize = 64 << 20;
/// Longer values of these are pictures and sounds, which no table holds.
const BINARY: [&str; 4] = ["PHOTO", "LOGO", "SOUND", "KEY"];

/// Columns in the order in which they stand, whatever the order of the properties. Others come after, as they come.
const COLUMNS: [&str; 24] = [
    "Prefix",
    "First name",
    "Middle name",
    "Last name",
    "Suffix",
    "Full name",
    "Email",
    "Phone",
    "Company",
    "Department",
    "Job title",
    "PO box",
    "Extended address",
    "Street",
    "City",
    "Region",
    "Postal code",
    "Country",
    "Birthday",
    "Website",
    "Categories",
    "Nickname",
    "Role",
    "Notes",
];

/// A property of a card.
struct Property {
    name: String,
    parameters: Vec<(String, String)>,
    value: String,
}

impl Property {
    fn has(&self, parameter: &str, value: &str) -> bool {
        self.parameters.iter().any(|(p, v)| p == parameter && v.split(',').any(|v| v.trim_matches('"').eq_ignore_ascii_case(value)))
    }

    /// How much it is preferred: less is more.
    fn rank(&self) -> u32 {
        let said = self.parameters.iter().find(|(p, _)| p == "PREF").and_then(|(_, v)| v.parse().ok());
        said.unwrap_or(if self.has("TYPE", "pref") { 1 } else { 101 })
    }
}

/// A card's values by the names of their columns, with the place among those of the same name.
type Card = Vec<((String, usize), String)>;

/// Hands on the headers, and each card.
pub fn rows(bytes: impl Read, encoding: Encoding, take: &mut dyn FnMut(Row) -> Go) -> Result<(), Refused> {
    let mut text = String::new();
    let mut reader = Text::new(bytes, encoding);
    while reader.read(1 << 20, &mut text)? {
        if text.len() > MOST {
            return Err(Refused::TooLarge);
        }
    }
    let cards = cards(&text);
    if cards.iter().all(|read| read.card.is_empty()) {
        return Err(Refused::Empty);
    }
    let mut places: HashMap<&(String, usize), usize> = HashMap::new();
    let mut columns: Vec<&(String, usize)> = Vec::new();
    for (key, _) in cards.iter().flat_map(|read| &read.card) {
        places.entry(key).or_insert_with(|| {
            columns.push(key);
            columns.len()
        });
    }
    // Those of one name stand together; among addresses, those of one address.
    let place = |key: &(String, usize)| COLUMNS.iter().position(|c| *c == key.0).unwrap_or(COLUMNS.len());
    columns.sort_by_key(|key| (place(key), if place(key) == COLUMNS.len() { places.get(key).copied() } else { None }, key.1));
    let title = |(name, nth): &(String, usize)| if *nth == 1 { name.clone() } else { format!("{name} {nth}") };
    let header = columns.iter().map(|key| Cell { text: title(key), kind: CellKind::Text }).collect();
    if take(Row { cells: header, ..Row::default() }) == Go::Stop {
        return Ok(());
    }
    let at: HashMap<&(String, usize), usize> = columns.iter().enumerate().map(|(at, key)| (*key, at)).collect();
    for read in &cards {
        let mut cells = vec![Cell::default(); columns.len()];
        for (key, value) in &read.card {
            if let Some(cell) = at.get(key).and_then(|at| cells.get_mut(*at)) {
                cell.text.clone_from(value);
            }
        }
        if take(Row { line: read.line, cells, unended: read.unended, ..Row::default() }) == Go::Stop {
            return Ok(());
        }
    }
    Ok(())
}

/// A card as it was read.
struct ReadCard {
    line: u64,
    card: Card,
    unended: bool,
}

/// The cards of a file. One that is not ended goes as far as the next one, or the file.
fn cards(text: &str) -> Vec<ReadCard> {
    let mut cards: Vec<ReadCard> = Vec::new();
    let mut open: Option<(u64, Vec<Property>)> = None;
    let mut end = |open: &mut Option<(u64, Vec<Property>)>, unended| {
        cards.extend(open.take().map(|(line, properties)| ReadCard { line, card: card(properties), unended }));
    };
    // A card within a card is somebody else's: it stands below AGENT.
    let mut within = 0;
    for (line, logical) in unfolded(text) {
        let Some(property) = property(&logical) else { continue };
        let is_card = property.value.trim().eq_ignore_ascii_case("VCARD");
        let is_agents =
            within > 0 || open.as_ref().and_then(|(_, properties)| properties.last()).is_some_and(|last| last.name == "AGENT");
        match property.name.as_str() {
            "BEGIN" if is_card && is_agents => within += 1,
            "BEGIN" if is_card => {
                end(&mut open, true);
                open = Some((line, Vec::new()));
            }
            "END" if is_card && within > 0 => within -= 1,
            "END" if is_card => end(&mut open, false),
            _ if within > 0 => {}
            _ => {
                if let Some((_, properties)) = &mut open {
                    properties.push(property);
                }
            }
        }
    }
    end(&mut open, true);
    cards
}

/// The logical lines with the line on which each begins: a line that begins with a blank goes on with the one before, as does one after
/// a soft line break of quoted-printable.
fn unfolded(text: &str) -> Vec<(u64, String)> {
    let mut lines: Vec<(u64, String)> = Vec::new();
    let mut soft = false;
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    for (at, line) in text.split('\n').enumerate() {
        match lines.last_mut() {
            Some((_, last)) if soft => {
                last.pop();
                last.push_str(line);
            }
            Some((_, last)) if line.starts_with([' ', '\t']) => last.push_str(line.get(1..).unwrap_or_default()),
            _ => lines.push((at as u64 + 1, line.to_owned())),
        }
        soft = lines.last().is_some_and(|(_, last)| {
            last.ends_with('=')
                && last.split_once(':').is_some_and(|(head, _)| head.to_ascii_uppercase().contains("QUOTED-PRINTABLE"))
        });
    }
    lines
}

/// `item1.EMAIL;TYPE=work:ana@example.com`
fn property(line: &str) -> Option<Property> {
    let mut quoted = false;
    let colon = line.find(|c| {
        quoted ^= c == '"';
        c == ':' && !quoted
    })?;
    let (head, value) = (line.get(..colon)?, line.get(colon + 1..)?);
    let mut parts = head.split(';');
    let name = parts.next()?.trim();
    let name = name.rsplit_once('.').map_or(name, |(_, name)| name).to_ascii_uppercase();
    let parameters = parts
        .map(|part| match part.split_once('=') {
            Some((name, value)) => (name.trim().to_ascii_uppercase(), value.trim().to_owned()),
            // vCard 2.1 leaves the names of parameters out.
            None if part.eq_ignore_ascii_case("QUOTED-PRINTABLE") || part.eq_ignore_ascii_case("BASE64") => {
                ("ENCODING".into(), part.to_owned())
            }
            None => ("TYPE".into(), part.trim().to_owned()),
        })
        .collect();
    let mut property = Property { name, parameters, value: value.to_owned() };
    if property.has("ENCODING", "QUOTED-PRINTABLE") {
        let charset = property.parameters.iter().find(|(p, _)| p == "CHARSET").map(|(_, v)| v.clone());
        property.value = printable(&property.value, charset.as_deref());
    }
    Some(property)
}

/// Decodes quoted-printable. Bytes of no stated charset are UTF-8 if they can be, else Windows-1252.
fn printable(text: &str, charset: Option<&str>) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let hex = (*first == b'=').then(|| after.get(..2)).flatten().and_then(|h| std::str::from_utf8(h).ok());
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => bytes.push(*first),
        }
    }
    let said = charset.and_then(|label| Charset::for_label(label.as_bytes()));
    match (said, String::from_utf8(bytes)) {
        (Some(charset), Ok(text)) if charset != encoding_rs::UTF_8 => {
            charset.decode_without_bom_handling(text.as_bytes()).0.into_owned()
        }
        (_, Ok(text)) => text,
        (said, Err(error)) => {
            let charset = said.filter(|c| *c != encoding_rs::UTF_8).unwrap_or(encoding_rs::WINDOWS_1252);
            charset.decode_without_bom_handling(error.as_bytes()).0.into_owned()
        }
    }
}

/// A value split at a sign that no backslash stands before, with each part unescaped.
fn split(value: &str, sign: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        let Some(part) = parts.last_mut() else { break };
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => part.push('\n'),
                Some(c @ ('\\' | ',' | ';' | ':' | '"')) => part.push(c),
                // Not an escape: a path of Windows, say.
                Some(c) => part.extend(['\\', c]),
                None => part.push('\\'),
            },
            c if c == sign => parts.push(String::new()),
            c => part.push(c),
        }
    }
    parts
}

fn card(mut properties: Vec<Property>) -> Card {
    properties.sort_by_key(Property::rank);
    let mut card = Card::new();
    let mut counts: HashMap<String, usize> = HashMap::new();
    for property in &properties {
        // The same place for the parts of one property.
        let nth = *counts.entry(property.name.clone()).and_modify(|n| *n += 1).or_insert(1);
        let mut put = |name: &str, value: &str| {
            if !value.trim().is_empty() {
                card.push(((name.to_owned(), nth), value.trim().to_owned()));
            }
        };
        let whole = || split(&property.value, '\0').concat();
        match property.name.as_str() {
            "VERSION" | "PRODID" => {}
            "N" => {
                let names = ["Last name", "First name", "Middle name", "Prefix", "Suffix"];
                names.iter().zip(split(&property.value, ';')).for_each(|(name, value)| put(name, &value));
            }
            "ORG" => {
                let mut parts = split(&property.value, ';').into_iter();
                put("Company", &parts.next().unwrap_or_default());
                put("Department", &parts.filter(|p| !p.trim().is_empty()).collect::<Vec<_>>().join(", "));
            }
            "ADR" => {
                let names = ["PO box", "Extended address", "Street", "City", "Region", "Postal code", "Country"];
                names.iter().zip(split(&property.value, ';')).for_each(|(name, value)| put(name, &value));
            }
            "FN" => put("Full name", &whole()),
            "EMAIL" => put("Email", &whole()),
            "TEL" => {
                let value = whole();
                put("Phone", value.strip_prefix("tel:").unwrap_or(&value));
            }
            "TITLE" => put("Job title", &whole()),
            "ROLE" => put("Role", &whole()),
            "BDAY" => put("Birthday", &whole()),
            "URL" => put("Website", &whole()),
            "CATEGORIES" => put("Categories", &whole()),
            "NICKNAME" => put("Nickname", &whole()),
            "NOTE" => put("Notes", &whole()),
            name if BINARY.contains(&name) && property.value.len() > 1_000 => {}
            name => put(name, &whole()),
        }
    }
    card
}
