//! Contacts and companies: what they are, and what may be said of them.

pub mod custom;
pub mod query;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};

use super::{
    AppResult,
    crm::{self, CompanyId, ContactId, Lifecycle},
    crm_edit::{self, Texts},
    people::{self, Faults, UserId},
};
use custom::CustomField;

/// Somebody whom we know.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// The id.
    pub id: ContactId,
    /// What is known.
    pub fields: ContactFields,
    /// The company's name.
    pub company: Option<String>,
    /// The owner's name.
    pub owner: Option<String>,
    /// Counts the changes.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was put into the bin.
    pub deleted_at: Option<DateTime<Utc>>,
    /// The contact that it was merged into.
    pub merged_into: Option<ContactId>,
}

/// What is known about somebody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContactFields {
    /// First names; may be empty.
    pub first_name: String,
    /// Last names; may be empty.
    pub last_name: String,
    /// The e-mail address, in lower case.
    pub email: Option<String>,
    /// The telephone number, as it was written.
    pub phone: Option<String>,
    /// More e-mail addresses.
    pub other_emails: Vec<String>,
    /// More telephone numbers.
    pub other_phones: Vec<String>,
    /// What they do.
    pub title: Option<String>,
    /// Where they do it.
    pub company_id: Option<CompanyId>,
    /// The city.
    pub city: Option<String>,
    /// The country.
    pub country: Option<String>,
    /// The language to write in: `es` or `en`.
    pub language: Option<String>,
    /// The birthday.
    pub birthday: Option<NaiveDate>,
    /// How far they have come with us.
    pub lifecycle: Option<Lifecycle>,
    /// Where they came from.
    pub source: Option<String>,
    /// Notes.
    pub notes: Option<String>,
    /// The user as GENESIS calls it.
    pub usage_user_id: Option<String>,
    /// Whose contact it is; nobody's without.
    pub owner: Option<UserId>,
    /// Tags.
    pub tags: Vec<String>,
    /// The values of custom fields, by key.
    pub custom: Map<String, Value>,
}

impl Contact {
    /// The name, or what stands for one.
    pub fn name(&self) -> String {
        display_name(&self.fields.first_name, &self.fields.last_name, self.fields.email.as_deref(), self.fields.phone.as_deref())
    }

    /// The contact as its form shows it.
    pub fn texts(&self, custom: &[CustomField]) -> Texts {
        let mut texts = self.fields.texts(custom);
        texts.insert("company".into(), self.company.clone().unwrap_or_default());
        texts
    }
}

/// A name to show: the names, else the address, else the number.
pub fn display_name(first: &str, last: &str, email: Option<&str>, phone: Option<&str>) -> String {
    let name = format!("{first} {last}");
    match name.trim() {
        "" => email.or(phone).unwrap_or_default().to_owned(),
        name => name.to_owned(),
    }
}

impl ContactFields {
    /// The fields as a form shows them, but for the company, of which only the id is known here.
    pub fn texts(&self, custom: &[CustomField]) -> Texts {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let mut texts: Texts = [
            ("first_name", self.first_name.clone()),
            ("last_name", self.last_name.clone()),
            ("email", text(&self.email)),
            ("phone", text(&self.phone)),
            ("other_emails", self.other_emails.join(", ")),
            ("other_phones", self.other_phones.join(", ")),
            ("title", text(&self.title)),
            ("city", text(&self.city)),
            ("country", text(&self.country)),
            ("language", text(&self.language)),
            ("birthday", self.birthday.map(|day| day.to_string()).unwrap_or_default()),
            ("lifecycle", self.lifecycle.unwrap_or(Lifecycle::Prospect).as_str().to_owned()),
            ("source", text(&self.source)),
            ("notes", text(&self.notes)),
            ("usage_user_id", text(&self.usage_user_id)),
            ("owner", self.owner.map(|owner| owner.to_string()).unwrap_or_default()),
            ("tags", self.tags.join(", ")),
        ]
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text))
        .collect();
        texts.extend(custom::texts(&self.custom, custom));
        texts
    }

    /// The fields from a form's texts; the company is found by its name elsewhere.
    ///
    /// # Errors
    /// `Invalid` for each field that breaks its rule, and at `/first_name` where nothing says who it is.
    pub fn parse(texts: &Texts, custom: &[CustomField]) -> AppResult<Self> {
        let get = |name: &str| texts.get(name).map(String::as_str).unwrap_or_default();
        let mut faults = Faults::default();
        let mut line = |name: &str, most: usize| faults.take(crm::line(get(name), most, &format!("/{name}"))).map(Option::flatten);
        let (first_name, last_name) = (line("first_name", 100)?, line("last_name", 100)?);
        let (title, city, country) = (line("title", 200)?, line("city", 100)?, line("country", 100)?);
        let (source, usage_user_id) = (line("source", 100)?, line("usage_user_id", 255)?);
        let fields = Self {
            email: faults.take(optional_email(get("email"), "/email"))?.flatten(),
            phone: faults.take(crm::phone(get("phone"), "/phone"))?.flatten(),
            other_emails: faults
                .take(each(get("other_emails"), "/other_emails", |text| optional_email(text, "/other_emails")))?
                .unwrap_or_default(),
            other_phones: faults
                .take(each(get("other_phones"), "/other_phones", |text| crm::phone(text, "/other_phones")))?
                .unwrap_or_default(),
            title,
            company_id: None,
            city,
            country,
            language: faults.take(one_of(get("language"), &["es", "en"], "/language"))?.flatten(),
            birthday: faults.take(birthday(get("birthday")))?.flatten(),
            lifecycle: faults.take(lifecycle(get("lifecycle")))?.flatten(),
            source,
            notes: faults.take(crm::prose(get("notes"), 10_000, "/notes"))?.flatten(),
            usage_user_id,
            owner: faults.take(owner(get("owner")))?.flatten(),
            tags: faults.take(crm::tags(get("tags"), "/tags"))?.unwrap_or_default(),
            custom: faults.take(custom::parse(texts, custom))?.unwrap_or_default(),
            first_name: first_name.unwrap_or_default(),
            last_name: last_name.unwrap_or_default(),
        };
        faults.take(crm::line(get("company"), 200, "/company"))?;
        let nameless = [&fields.first_name, &fields.last_name].iter().all(|name| name.is_empty());
        if nameless && ["email", "phone"].iter().all(|name| get(name).trim().is_empty()) {
            faults.add("/first_name", "nameless", "needs a name, an e-mail address or a telephone number");
        }
        faults.check()?;
        Ok(fields)
    }
}

impl ContactFields {
    /// The fields of an edit; see [`crm_edit::admit`].
    ///
    /// # Errors
    /// As [`parse`](Self::parse), for what the edit changes.
    pub fn parse_edit(before: &Texts, after: &Texts, stored: &Self, custom: &[CustomField]) -> AppResult<Self> {
        crm_edit::admit(
            before,
            after,
            |texts| Self::parse(texts, custom),
            |fields, name| match name {
                "email" => fields.email.clone_from(&stored.email),
                "phone" => fields.phone.clone_from(&stored.phone),
                "other_emails" => fields.other_emails.clone_from(&stored.other_emails),
                "other_phones" => fields.other_phones.clone_from(&stored.other_phones),
                "birthday" => fields.birthday = stored.birthday,
                "tags" => fields.tags.clone_from(&stored.tags),
                name => custom::keep(&mut fields.custom, &stored.custom, name),
            },
        )
    }
}

/// A company.
#[derive(Clone, Debug, PartialEq)]
pub struct Company {
    /// The id.
    pub id: CompanyId,
    /// What is known.
    pub fields: CompanyFields,
    /// The owner's name.
    pub owner: Option<String>,
    /// Counts the changes.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was put into the bin.
    pub deleted_at: Option<DateTime<Utc>>,
}

/// What is known about a company.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompanyFields {
    /// The name.
    pub name: String,
    /// The domain of its addresses, such as `ngx.com`.
    pub domain: Option<String>,
    /// What it does.
    pub industry: Option<String>,
    /// How many work there.
    pub employees: Option<i32>,
    /// The telephone number.
    pub phone: Option<String>,
    /// The website.
    pub website: Option<String>,
    /// The address.
    pub address: Option<String>,
    /// The city.
    pub city: Option<String>,
    /// The country.
    pub country: Option<String>,
    /// The organization as GENESIS calls it.
    pub organization_id: Option<String>,
    /// Notes.
    pub notes: Option<String>,
    /// Whose it is; nobody's without.
    pub owner: Option<UserId>,
    /// Tags.
    pub tags: Vec<String>,
    /// The values of custom fields, by key.
    pub custom: Map<String, Value>,
}

impl CompanyFields {
    /// The fields as a form shows them.
    pub fn texts(&self, custom: &[CustomField]) -> Texts {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let mut texts: Texts = [
            ("name", self.name.clone()),
            ("domain", text(&self.domain)),
            ("industry", text(&self.industry)),
            ("employees", self.employees.map(|n| n.to_string()).unwrap_or_default()),
            ("phone", text(&self.phone)),
            ("website", text(&self.website)),
            ("address", text(&self.address)),
            ("city", text(&self.city)),
            ("country", text(&self.country)),
            ("organization_id", text(&self.organization_id)),
            ("notes", text(&self.notes)),
            ("owner", self.owner.map(|owner| owner.to_string()).unwrap_or_default()),
            ("tags", self.tags.join(", ")),
        ]
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text))
        .collect();
        texts.extend(custom::texts(&self.custom, custom));
        texts
    }

    /// The fields from a form's texts.
    ///
    /// # Errors
    /// `Invalid` for each field that breaks its rule.
    pub fn parse(texts: &Texts, custom: &[CustomField]) -> AppResult<Self> {
        let get = |name: &str| texts.get(name).map(String::as_str).unwrap_or_default();
        let mut faults = Faults::default();
        let mut line = |name: &str, most: usize| faults.take(crm::line(get(name), most, &format!("/{name}"))).map(Option::flatten);
        let (name, industry, address) = (line("name", 200)?, line("industry", 100)?, line("address", 500)?);
        let (city, country, organization_id) = (line("city", 100)?, line("country", 100)?, line("organization_id", 255)?);
        let fields = Self {
            domain: faults.take(domain(get("domain")))?.flatten(),
            industry,
            employees: faults.take(employees(get("employees")))?.flatten(),
            phone: faults.take(crm::phone(get("phone"), "/phone"))?.flatten(),
            website: faults.take(custom::link(get("website"), "/website"))?.flatten(),
            address,
            city,
            country,
            organization_id,
            notes: faults.take(crm::prose(get("notes"), 10_000, "/notes"))?.flatten(),
            owner: faults.take(owner(get("owner")))?.flatten(),
            tags: faults.take(crm::tags(get("tags"), "/tags"))?.unwrap_or_default(),
            custom: faults.take(custom::parse(texts, custom))?.unwrap_or_default(),
            name: name.unwrap_or_default(),
        };
        if get("name").trim().is_empty() {
            faults.add("/name", "required", "is missing");
        }
        faults.check()?;
        Ok(fields)
    }
}

impl CompanyFields {
    /// The fields of an edit; see [`crm_edit::admit`].
    ///
    /// # Errors
    /// As [`parse`](Self::parse), for what the edit changes.
    pub fn parse_edit(before: &Texts, after: &Texts, stored: &Self, custom: &[CustomField]) -> AppResult<Self> {
        crm_edit::admit(
            before,
            after,
            |texts| Self::parse(texts, custom),
            |fields, name| match name {
                "domain" => fields.domain.clone_from(&stored.domain),
                "employees" => fields.employees = stored.employees,
                "phone" => fields.phone.clone_from(&stored.phone),
                "website" => fields.website.clone_from(&stored.website),
                "tags" => fields.tags.clone_from(&stored.tags),
                name => custom::keep(&mut fields.custom, &stored.custom, name),
            },
        )
    }
}

fn optional_email(text: &str, pointer: &str) -> AppResult<Option<String>> {
    if text.trim().is_empty() { Ok(None) } else { people::email(text, pointer).map(Some) }
}

/// The most further addresses, and the most further numbers, of a contact.
pub const MAX_OTHERS: usize = 20;

/// The parts of a list that is written with commas or semicolons between them, each once.
fn each(text: &str, pointer: &str, part: impl Fn(&str) -> AppResult<Option<String>>) -> AppResult<Vec<String>> {
    let mut all: Vec<String> = Vec::new();
    for text in text.split([',', ';']) {
        if let Some(value) = part(text)?
            && !all.contains(&value)
        {
            all.push(value);
        }
        if all.len() > MAX_OTHERS {
            return invalid(pointer, "too_many", &format!("at most {MAX_OTHERS}"));
        }
    }
    Ok(all)
}

fn invalid<T>(pointer: &str, code: &str, detail: &str) -> AppResult<T> {
    Err(super::AppError::invalid(pointer, code, detail))
}

fn one_of(text: &str, words: &[&str], pointer: &str) -> AppResult<Option<String>> {
    match text.trim() {
        "" => Ok(None),
        word if words.contains(&word) => Ok(Some(word.to_owned())),
        _ => invalid(pointer, "unknown", "is none of the choices"),
    }
}

fn lifecycle(text: &str) -> AppResult<Option<Lifecycle>> {
    match text.trim() {
        "" => Ok(None),
        word => {
            Lifecycle::parse(word).map_or_else(|| invalid("/lifecycle", "unknown", "is none of the choices"), |it| Ok(Some(it)))
        }
    }
}

/// A birthday, ISO 8601.
///
/// # Errors
/// `Invalid` for what is no date, and for one before 1880.
pub(crate) fn birthday(text: &str) -> AppResult<Option<NaiveDate>> {
    match custom::date(text, "/birthday")? {
        Some(day) if day.years_since(NaiveDate::from_ymd_opt(1880, 1, 1).unwrap_or_default()).is_none() => {
            invalid("/birthday", "out_of_range", "is too long ago")
        }
        day => Ok(day),
    }
}

fn owner(text: &str) -> AppResult<Option<UserId>> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map_or_else(|_| invalid("/owner", "unknown", "is nobody"), |id| Ok(Some(UserId(id)))),
    }
}

fn employees(text: &str) -> AppResult<Option<i32>> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if text.is_empty() {
        return Ok(None);
    }
    // Points and commas stand between thousands only: 12.5 is not 125.
    let mut groups = text.split(['.', ',']);
    let first = groups.next().unwrap_or_default();
    let plain = groups.clone().next().is_none();
    let digits: String = if plain || first.len() <= 3 && groups.clone().all(|group| group.len() == 3) {
        text.split(['.', ',']).collect()
    } else {
        String::new()
    };
    match digits.parse() {
        Ok(n) if (0..=10_000_000).contains(&n) => Ok(Some(n)),
        Ok(_) => invalid("/employees", "out_of_range", "must be 0 to 10,000,000"),
        Err(_) => invalid("/employees", "number", "is no whole number"),
    }
}

/// A domain as people paste it: without scheme, `www.` and path.
///
/// # Errors
/// `Invalid` for what is none.
pub(crate) fn domain(text: &str) -> AppResult<Option<String>> {
    let text = text.trim().to_lowercase();
    let host = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    if host.is_empty() {
        return Ok(None);
    }
    let good = host.contains('.')
        && host.len() <= 253
        && host.split('.').all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-'));
    if good { Ok(Some(host.to_owned())) } else { invalid("/domain", "domain", "is no domain") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::AppError;

    fn texts(pairs: &[(&str, &str)]) -> Texts {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn what_a_form_shows_is_read_back_as_it_was() {
        let sent = texts(&[
            ("first_name", " María José "),
            ("last_name", "de la Cruz"),
            ("email", "Maria@NGX.com"),
            ("other_emails", "b@ngx.com; a@ngx.com, b@ngx.com"),
            ("phone", "+57 300 123 4567"),
            ("birthday", "1988-02-29"),
            ("lifecycle", "customer"),
            ("tags", "vip, Clínica"),
            ("notes", "a\r\nb"),
        ]);
        let fields = ContactFields::parse(&sent, &[]).unwrap();
        assert_eq!((fields.first_name.as_str(), fields.email.as_deref()), ("María José", Some("maria@ngx.com")));
        assert_eq!(fields.other_emails, ["b@ngx.com", "a@ngx.com"]);
        assert_eq!(fields.birthday, NaiveDate::from_ymd_opt(1988, 2, 29));
        assert_eq!(ContactFields::parse(&fields.texts(&[]), &[]).unwrap(), fields);
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let sent = texts(&[("email", "no"), ("phone", "x"), ("birthday", "1988-02-30"), ("lifecycle", "friend"), ("owner", "me")]);
        let Err(AppError::Invalid { fields }) = ContactFields::parse(&sent, &[]) else { panic!() };
        let pointers: Vec<_> = fields.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/email", "/phone", "/birthday", "/lifecycle", "/owner"]);
        let Err(AppError::Invalid { fields }) = ContactFields::parse(&Texts::new(), &[]) else { panic!() };
        assert_eq!(fields[0].code, "nameless");
    }

    #[test]
    fn domains_are_taken_as_people_paste_them() {
        for (text, stored) in [("https://www.NGX.com/about", "ngx.com"), ("ngx.com", "ngx.com"), ("www.año.es?x", "año.es")] {
            assert_eq!(domain(text).unwrap().as_deref(), Some(stored));
        }
        assert!(domain("ngx").is_err());
        assert!(domain("n gx.com").is_err());
        for (text, stored) in [("1.200", Some(1200)), ("1,200,000", Some(1_200_000)), (" 12 000 ", Some(12_000)), (" ", None)] {
            assert_eq!(employees(text).unwrap(), stored);
        }
        for bad in ["12.5", "1.2000", "a", "-1", "1200.000", "99999999"] {
            assert!(employees(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_an_edit_leaves_stays_even_where_no_rule_admits_it_today() {
        let field = |choices: &[&str]| CustomField {
            id: uuid::Uuid::nil(),
            key: "colour".into(),
            label: "Colour".into(),
            kind: custom::FieldKind::Choice,
            choices: choices.iter().map(|choice| (*choice).to_owned()).collect(),
            currency: None,
            retired: false,
            version: 1,
        };
        let many: Vec<_> = (0..40).map(|n| format!("t{n}")).collect();
        let stored = ContactFields {
            first_name: "Ana".into(),
            tags: many,
            custom: [("colour".to_owned(), Value::from("red"))].into_iter().collect(),
            ..ContactFields::default()
        };
        let now = [field(&["blue"])];
        let before = stored.texts(&now);
        let mut after = before.clone();
        after.insert("city".into(), "Cali".into());
        let fields = ContactFields::parse_edit(&before, &after, &stored, &now).unwrap();
        assert_eq!((fields.city.as_deref(), fields.tags.len(), &fields.custom), (Some("Cali"), 40, &stored.custom));
        after.insert("tags".into(), format!("{},new", stored.tags.join(",")));
        let Err(AppError::Invalid { fields }) = ContactFields::parse_edit(&before, &after, &stored, &now) else { panic!() };
        assert_eq!(fields.iter().map(|fault| fault.pointer.as_str()).collect::<Vec<_>>(), ["/tags"]);
    }

    #[test]
    fn nothing_of_a_long_list_is_passed_over() {
        let mails: Vec<_> = (0..21).map(|n| format!("a{n}@ngx.com")).collect();
        let sent = texts(&[("first_name", "Ana"), ("other_emails", &mails.join(", "))]);
        let Err(AppError::Invalid { fields }) = ContactFields::parse(&sent, &[]) else { panic!() };
        assert_eq!((fields[0].pointer.as_str(), fields[0].code.as_str()), ("/other_emails", "too_many"));
    }
}
