//! What a list of contacts or companies shows: a search, conditions, an order. It stands in the list's address, so that a link shows a
//! colleague the same thing.

use chrono::NaiveDate;

/// The most conditions of a list.
pub const MAX_CONDITIONS: usize = 20;
/// The longest search, in characters.
pub const MAX_SEARCH: usize = 100;

/// What a condition asks about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// A column of texts.
    Text(&'static str),
    /// A column with one of several words.
    Word(&'static str),
    /// Whose it is: an account's id, `me` or `nobody`.
    Owner,
    /// One of its tags.
    Tag,
    /// A column with a date.
    Day(&'static str),
    /// A column with a time.
    Time(&'static str),
    /// A column with a whole number.
    Number(&'static str),
    /// A custom field, by its key.
    Custom(String),
}

/// How a condition compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Is this.
    Is,
    /// Is not this.
    IsNot,
    /// Contains this.
    Has,
    /// Holds nothing.
    Empty,
    /// Holds something.
    Filled,
    /// Is before this day, or less.
    Under,
    /// Is after this day, or more.
    Over,
}

impl Op {
    /// All.
    pub const ALL: [Self; 7] = [Self::Is, Self::IsNot, Self::Has, Self::Empty, Self::Filled, Self::Under, Self::Over];

    /// The word in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Is => "is",
            Self::IsNot => "not",
            Self::Has => "has",
            Self::Empty => "empty",
            Self::Filled => "filled",
            Self::Under => "under",
            Self::Over => "over",
        }
    }

    /// The one with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.as_str() == word)
    }

    /// Whether it compares with a value.
    pub const fn needs_value(self) -> bool {
        !matches!(self, Self::Empty | Self::Filled)
    }
}

/// The fields of a list that conditions may ask about, by the words of addresses.
pub type Fields = &'static [(&'static str, Field)];

/// Those of contacts.
pub const CONTACT_FIELDS: Fields = &[
    ("first_name", Field::Text("first_name")),
    ("last_name", Field::Text("last_name")),
    ("email", Field::Text("email")),
    ("phone", Field::Text("phone")),
    ("company", Field::Text("company")),
    ("title", Field::Text("title")),
    ("city", Field::Text("city")),
    ("country", Field::Text("country")),
    ("source", Field::Text("source")),
    ("usage_user_id", Field::Text("usage_user_id")),
    ("lifecycle", Field::Word("lifecycle")),
    ("language", Field::Word("language")),
    ("owner", Field::Owner),
    ("tag", Field::Tag),
    ("birthday", Field::Day("birthday")),
    ("created", Field::Time("created_at")),
    ("updated", Field::Time("updated_at")),
];

/// Those of companies.
pub const COMPANY_FIELDS: Fields = &[
    ("name", Field::Text("name")),
    ("domain", Field::Text("domain")),
    ("industry", Field::Text("industry")),
    ("city", Field::Text("city")),
    ("country", Field::Text("country")),
    ("organization_id", Field::Text("organization_id")),
    ("employees", Field::Number("employees")),
    ("owner", Field::Owner),
    ("tag", Field::Tag),
    ("created", Field::Time("created_at")),
    ("updated", Field::Time("updated_at")),
];

/// What something must be to stand in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Conditions of one group stand in for each other; of each group one must hold.
    pub group: u8,
    /// The word of the field in addresses.
    pub name: String,
    /// What it asks about.
    pub field: Field,
    /// How it compares.
    pub op: Op,
    /// With what.
    pub value: String,
}

impl Condition {
    /// A condition as it stands in an address: `group~field~op~value`.
    pub fn to_word(&self) -> String {
        format!("{}~{}~{}~{}", self.group, self.name, self.op.as_str(), self.value)
    }

    /// The condition that a word of an address means; none for one that means nothing here.
    pub fn parse(word: &str, fields: Fields) -> Option<Self> {
        let mut parts = word.splitn(4, '~');
        let group = parts.next()?.parse().ok()?;
        let name = parts.next()?;
        let field = match name.strip_prefix("custom.") {
            Some(key) if !key.is_empty() && key.len() <= 50 && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
                Field::Custom(key.to_owned())
            }
            Some(_) => return None,
            None => fields.iter().find(|(word, _)| *word == name)?.1.clone(),
        };
        let op = Op::parse(parts.next()?)?;
        let value: String = parts.next().unwrap_or_default().trim().chars().filter(|c| !c.is_control()).take(MAX_SEARCH).collect();
        if !field.takes(op) || op.needs_value() && value.is_empty() || !field.reads(op, &value) {
            return None;
        }
        Some(Self { group, name: name.to_owned(), field, op, value: if op.needs_value() { value } else { String::new() } })
    }
}

impl Field {
    /// The ways in which it can be compared.
    pub const fn ops(&self) -> &'static [Op] {
        match self {
            Self::Text(_) => &[Op::Has, Op::Is, Op::IsNot, Op::Empty, Op::Filled],
            Self::Custom(_) => &[Op::Has, Op::Is, Op::IsNot, Op::Empty, Op::Filled, Op::Under, Op::Over],
            Self::Word(_) | Self::Owner | Self::Tag => &[Op::Is, Op::IsNot, Op::Empty, Op::Filled],
            Self::Day(_) | Self::Time(_) | Self::Number(_) => &[Op::Is, Op::Under, Op::Over, Op::Empty, Op::Filled],
        }
    }

    fn takes(&self, op: Op) -> bool {
        self.ops().contains(&op)
    }

    /// Whether it can be compared with a value.
    fn reads(&self, op: Op, value: &str) -> bool {
        match self {
            _ if !op.needs_value() => true,
            Self::Day(_) | Self::Time(_) => {
                value.parse::<NaiveDate>().is_ok_and(|day| (1000..=9999).contains(&chrono::Datelike::year(&day)))
            }
            Self::Number(_) => value.parse::<i32>().is_ok(),
            Self::Owner => matches!(value, "me" | "nobody") || uuid::Uuid::try_parse(value).is_ok(),
            _ => true,
        }
    }
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By name, A first.
    #[default]
    Name,
    /// By name, Z first.
    NameDown,
    /// The latest change first.
    Updated,
    /// The newest first.
    Created,
}

impl Sort {
    /// All.
    pub const ALL: [Self; 4] = [Self::Name, Self::NameDown, Self::Updated, Self::Created];

    /// The word in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::NameDown => "-name",
            Self::Updated => "updated",
            Self::Created => "created",
        }
    }

    /// The order with this word, else by name.
    pub fn parse(word: &str) -> Self {
        Self::ALL.into_iter().find(|sort| sort.as_str() == word).unwrap_or_default()
    }
}

/// A list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// What is looked for in names, addresses and numbers.
    pub search: String,
    /// What must hold.
    pub conditions: Vec<Condition>,
    /// The order.
    pub sort: Sort,
    /// Where the page begins: the sort key and the id of the last one before it.
    pub after: Option<(String, uuid::Uuid)>,
    /// Whether the bin is shown in place of what is there.
    pub bin: bool,
}

impl ListQuery {
    /// The list of an address; what means nothing in it is passed over.
    pub fn parse(fields: Fields, query: &[(String, String)]) -> Self {
        let get = |name: &str| query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str()).unwrap_or_default();
        let after = get("after").rsplit_once('~').and_then(|(key, id)| Some((key.to_owned(), id.parse().ok()?)));
        Self {
            search: get("q").chars().filter(|c| !c.is_control()).take(MAX_SEARCH).collect::<String>().trim().to_owned(),
            conditions: query
                .iter()
                .filter(|(name, _)| name == "if")
                .filter_map(|(_, word)| Condition::parse(word, fields))
                .take(MAX_CONDITIONS)
                .collect(),
            sort: Sort::parse(get("sort")),
            after: after.filter(|(key, _)| key.len() <= 1000 && !key.contains('\0')),
            bin: get("bin") == "1",
        }
    }

    /// The list as it stands in an address, but for where its page begins.
    pub fn to_query(&self) -> Vec<(&'static str, String)> {
        let mut query = Vec::new();
        if !self.search.is_empty() {
            query.push(("q", self.search.clone()));
        }
        query.extend(self.conditions.iter().map(|condition| ("if", condition.to_word())));
        if self.sort != Sort::default() {
            query.push(("sort", self.sort.as_str().to_owned()));
        }
        if self.bin {
            query.push(("bin", "1".to_owned()));
        }
        query
    }

    /// Whether anything is left out of it.
    pub fn is_narrowed(&self) -> bool {
        !self.search.is_empty() || !self.conditions.is_empty()
    }

    /// The groups of conditions, in their order.
    pub fn groups(&self) -> Vec<(u8, Vec<&Condition>)> {
        let mut groups: Vec<(u8, Vec<&Condition>)> = Vec::new();
        for condition in &self.conditions {
            match groups.iter_mut().find(|(group, _)| *group == condition.group) {
                Some((_, all)) => all.push(condition),
                None => groups.push((condition.group, vec![condition])),
            }
        }
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(query: &[(&str, &str)]) -> Vec<(String, String)> {
        query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_list_is_read_back_from_its_address() {
        let query = pairs(&[
            ("q", " solís "),
            ("if", "0~city~is~Bogotá"),
            ("if", "0~city~has~Cali~del~mar"),
            ("if", "1~created~over~2026-01-31"),
            ("if", "2~custom.seats~over~3"),
            ("sort", "-name"),
        ]);
        let list = ListQuery::parse(CONTACT_FIELDS, &query);
        assert_eq!((list.search.as_str(), list.conditions.len(), list.sort), ("solís", 4, Sort::NameDown));
        assert_eq!(list.conditions[1].value, "Cali~del~mar");
        assert_eq!(list.groups().iter().map(|(group, all)| (*group, all.len())).collect::<Vec<_>>(), [(0, 2), (1, 1), (2, 1)]);
        let again = list.to_query().into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Vec<_>>();
        assert_eq!(ListQuery::parse(CONTACT_FIELDS, &again), list);
    }

    #[test]
    fn what_means_nothing_is_passed_over() {
        for word in [
            "",
            "0~city~is",
            "0~city~is~ ",
            "x~city~is~a",
            "0~secret~is~a",
            "0~city~under~a",
            "0~created~is~soon",
            "0~created~over~+262142-01-01",
            "0~owner~is~anybody",
            "0~custom.a'b~is~1",
            "256~city~is~a",
        ] {
            assert_eq!(Condition::parse(word, CONTACT_FIELDS), None, "{word}");
        }
        let list = ListQuery::parse(CONTACT_FIELDS, &pairs(&[("after", "x"), ("after", "x~y"), ("sort", "?"), ("q", "a\0b")]));
        assert_eq!(list, ListQuery { search: "ab".into(), ..ListQuery::default() });
    }
}
