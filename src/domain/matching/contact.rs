//! Contacts and companies as records.

use super::{Field, Kind, Model, Record, Value};

/// What a contact is compared by, as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// The given name.
    pub first_name: String,
    /// The surname.
    pub last_name: String,
    /// All addresses.
    pub emails: Vec<String>,
    /// All numbers.
    pub phones: Vec<String>,
    /// The company's name.
    pub company: String,
    /// The city.
    pub city: String,
    /// The country.
    pub country: String,
    /// The birthday, as `2026-11-21`.
    pub birthday: String,
}

/// The fields of a contact, in the order of its record.
pub fn fields() -> Vec<Field> {
    let field = |name: &str, kind| Field { name: name.to_owned(), kind };
    vec![
        field("first_name", Kind::Given),
        field("last_name", Kind::Family),
        field("email", Kind::Email),
        field("phone", Kind::Phone),
        field("company", Kind::Company),
        field("city", Kind::City),
        field("country", Kind::Region),
        field("birthday", Kind::Date),
    ]
}

/// A contact made comparable.
pub fn record(contact: &Contact) -> Record {
    let read = |kind: Kind, text: &str| -> Option<Value> { kind.read(text) };
    vec![
        read(Kind::Given, &contact.first_name),
        read(Kind::Family, &contact.last_name),
        read(Kind::Email, &contact.emails.join(";")),
        read(Kind::Phone, &contact.phones.join(";")),
        read(Kind::Company, &contact.company),
        read(Kind::City, &contact.city),
        read(Kind::Region, &contact.country),
        read(Kind::Date, &contact.birthday),
    ]
}

/// The model of contacts, with what is taken for granted, where there are so many: one in ten is there twice.
pub fn model(contacts: u64) -> Model {
    let contacts = contacts.max(100) as f64;
    Model::new(fields(), 0.1 * contacts / (contacts * (contacts - 1.0) / 2.0))
}

/// The keys by which likely duplicates of a contact are found.
pub fn keys(record: &Record) -> Vec<String> {
    super::blocking::keys(&fields(), record)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::Agreement, *};

    fn contact(first: &str, last: &str, email: &str, phone: &str, company: &str) -> Contact {
        let several = |text: &str| text.split(';').filter(|t| !t.is_empty()).map(str::to_owned).collect();
        Contact {
            first_name: first.into(),
            last_name: last.into(),
            emails: several(email),
            phones: several(phone),
            company: company.into(),
            city: "Madrid".into(),
            country: "España".into(),
            ..Contact::default()
        }
    }

    fn score(a: &Contact, b: &Contact) -> f64 {
        model(50_000).score(&record(a), &record(b))
    }

    #[test]
    fn the_same_person_written_otherwise_is_found() {
        let ana = contact("Ana María", "Rojas Vega", "ana.rojas@acme.es", "+34 612 345 678", "Acme S.L.");
        for (other, why) in [
            (contact("ANA MARIA", "ROJAS VEGA", "ana.rojas@acme.es", "", ""), "case and accents"),
            (contact("Ana", "Rojas", "", "612345678", "ACME"), "half of each name, the number, the company"),
            (contact("Rojas", "Ana", "ana.rojas@acme.es", "", "Acme"), "the wrong way round"),
            (contact("Anna", "Rojas", "ana.rojas@gmail.com;ana.rojas@acme.es", "", ""), "one of two addresses"),
        ] {
            assert!(score(&ana, &other) > 0.9, "{why}: {}", score(&ana, &other));
        }
    }

    #[test]
    fn colleagues_and_families_are_not_one() {
        let ana = contact("Ana", "Rojas", "ana@acme.es", "+34 911 234 567", "Acme");
        for (other, why) in [
            (contact("Luis", "Vega", "luis@acme.es", "+34 911 234 567", "Acme"), "colleagues with a switchboard"),
            (contact("Pedro", "Rojas", "pedro@acme.es", "+34 911 234 567", "Acme"), "a family's company"),
            (contact("Luis", "Vega", "", "", "Acme"), "colleagues"),
            (contact("Ana", "", "", "", ""), "a common name alone"),
        ] {
            assert!(score(&ana, &other) < 0.3, "{why}: {}", score(&ana, &other));
        }
        let (a, b) = (contact("Ana", "Rojas", "info@acme.es", "", "Acme"), contact("Luis", "Vega", "info@acme.es", "", "Acme"));
        assert!(score(&a, &b) < 0.1, "an address that is the company's");
    }

    #[test]
    fn each_field_says_what_it_adds() {
        let (a, b) =
            (contact("Paco", "García", "", "612345678", "Acme"), contact("Francisco", "Garcia", "f@x.es", "612345679", "Initech"));
        let evidence = model(1_000).explain(&record(&a), &record(&b));
        let of = |name: &str| evidence.iter().find(|e| e.field.name == name).unwrap();
        assert_eq!(of("first_name").agreement, Agreement::Close);
        assert_eq!(of("last_name").agreement, Agreement::Same);
        assert_eq!((of("email").agreement, of("email").bits), (Agreement::Absent, 0.0));
        assert_eq!(of("phone").agreement, Agreement::Close);
        assert_eq!(of("company").agreement, Agreement::Different);
        assert!(of("last_name").bits > 0.0 && of("company").bits < 0.0);
    }

    fn any_contact() -> impl Strategy<Value = Contact> {
        let word = || "[a-zA-Záéñ .'-]{0,12}";
        (
            word(),
            word(),
            proptest::option::of("[a-z.]{1,8}@[a-z]{1,6}\\.(es|com)"),
            proptest::option::of("\\+?[0-9 -]{5,14}"),
            word(),
            word(),
        )
            .prop_map(|(first_name, last_name, email, phone, company, city)| Contact {
                first_name,
                last_name,
                emails: email.into_iter().collect(),
                phones: phone.into_iter().collect(),
                company,
                city,
                ..Contact::default()
            })
    }

    proptest! {
        #[test]
        fn a_score_is_a_probability_and_the_same_from_both_sides(a in any_contact(), b in any_contact()) {
            let (there, back) = (score(&a, &b), score(&b, &a));
            prop_assert!((0.0..=1.0).contains(&there));
            prop_assert!((there - back).abs() < 1e-12, "{there} and {back}");
        }

        #[test]
        fn whoever_is_written_alike_scores_high(first in "[A-Z][a-z]{3,9}", last in "[A-Z][a-z]{4,9}", number in 600_000_000_u32..700_000_000) {
            let one = contact(&first, &last, &format!("{last}{number}@acme.es"), &number.to_string(), "Acme");
            prop_assert!(score(&one, &one) > 0.999);
            prop_assert!(!keys(&record(&one)).is_empty());
        }
    }
}
