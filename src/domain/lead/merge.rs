//! Adding a capture to the lead of the same person.

use super::{Behavior, Demographics, LeadData, Utm, text::folded, words};

words! {
    /// What tells who somebody is.
    Identity {
        /// The name.
        Name = "name",
        /// The address.
        Email = "email",
        /// The telephone number.
        Phone = "phone",
        /// The company.
        Company = "company",
        /// What they do there.
        Title = "title",
        /// What they are known by as a customer.
        Customer = "customer_id",
        /// What they agreed to.
        Consent = "consent",
    }
}

/// Whether whoever tells something of a lead may say who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Teller {
    /// Somebody who works on it: what is empty is filled.
    Known,
    /// Anybody: knowing an address or a number is no proof of being its owner.
    Anybody,
}

/// What a capture tells of who somebody is, and the lead did not take.
pub type Left = Vec<(Identity, String)>;

/// The longest message of a lead, in characters: those of several captures.
pub const MAX_MESSAGES: usize = 10_000;
/// The most pages and downloads that are kept.
const MAX_KEPT: usize = 200;

fn fill(own: &mut String, other: String) {
    if own.is_empty() {
        *own = other;
    }
}

fn unite(own: &mut Vec<String>, other: Vec<String>) {
    for item in other {
        if own.len() < MAX_KEPT && !own.contains(&item) {
            own.push(item);
        }
    }
}

impl LeadData {
    /// Adds what another capture tells: what they wrote and did is added, what was empty is filled as far as the teller may, and nothing
    /// that stood there is lost. Where they came from first stays. Gives what was not taken.
    pub fn absorb(&mut self, other: Self, teller: Teller) -> Left {
        let mut left = Left::new();
        let fills = teller == Teller::Known;
        let mut keep = |what, own: &mut String, other: String| {
            if fills && own.is_empty() {
                *own = other;
            } else if !other.is_empty() && folded(own) != folded(&other) {
                left.push((what, other));
            }
        };
        let mut name = self.name();
        let is_nameless = name.is_empty();
        keep(Identity::Name, &mut name, other.name());
        if is_nameless && fills {
            (self.first_name, self.last_name) = (other.first_name, other.last_name);
        }
        let Self { email, phone, company, title, city, country, message, source, utm, behavior, facts, .. } = other;
        for (what, own, other) in [(Identity::Email, &mut self.email, email), (Identity::Phone, &mut self.phone, phone)] {
            let mut text = own.take().unwrap_or_default();
            keep(what, &mut text, other.unwrap_or_default());
            *own = Some(text).filter(|text| !text.is_empty());
        }
        keep(Identity::Company, &mut self.company, company);
        keep(Identity::Title, &mut self.title, title);
        fill(&mut self.city, city);
        fill(&mut self.country, country);
        fill(&mut self.source, source);
        if self.utm == Utm::default() {
            self.utm = utm;
        }
        if !message.is_empty() && !self.message.contains(&message) {
            let both = if self.message.is_empty() { message } else { format!("{}\n\n{message}", self.message) };
            if both.chars().count() <= MAX_MESSAGES {
                self.message = both;
            }
        }
        self.behavior.absorb(behavior);
        let own = &mut self.facts;
        own.employees = own.employees.or(facts.employees);
        own.company_size = own.company_size.or(facts.company_size);
        own.demographics.absorb(facts.demographics);
        match (&mut own.customer, facts.customer) {
            (Some(known), Some(other)) if known.customer_id != other.customer_id => {
                left.push((Identity::Customer, other.customer_id));
            }
            // What a customer does changes: the latest counts.
            (known, Some(other)) => *known = Some(other),
            (_, None) => {}
        }
        match (&mut own.consent, facts.consent) {
            (own, Some(other)) if fills => *own = Some(other),
            (own, Some(other)) if own.as_ref().is_none_or(|own| own.wording != other.wording) => {
                left.push((Identity::Consent, other.wording));
            }
            _ => {}
        }
        left
    }
}

impl Behavior {
    fn absorb(&mut self, other: Self) {
        unite(&mut self.pages, other.pages);
        unite(&mut self.downloads, other.downloads);
        self.visited_pricing |= other.visited_pricing;
        self.downloaded |= other.downloaded;
        self.time_on_site_s = self.time_on_site_s.max(other.time_on_site_s);
        self.form_fills = self.form_fills.saturating_add(other.form_fills);
    }
}

impl Demographics {
    fn absorb(&mut self, other: Self) {
        fill(&mut self.age_range, other.age_range);
        fill(&mut self.location, other.location);
        unite(&mut self.interests, other.interests);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_and_what_was_empty_is_filled() {
        let mut lead = LeadData {
            first_name: "Ana".into(),
            email: Some("ana@x.com".into()),
            message: "Hola".into(),
            source: "referral".into(),
            ..LeadData::default()
        };
        let mut again = LeadData {
            first_name: "Anita".into(),
            phone: Some("+57 300 1234567".into()),
            message: "Quiero una demo".into(),
            source: "paid_ads".into(),
            behavior: Behavior { pages: vec!["/pricing".into()], time_on_site_s: 400, form_fills: 1, ..Behavior::default() },
            ..LeadData::default()
        };
        again.facts.employees = Some(12);
        lead.absorb(again.clone(), Teller::Known);
        let left = lead.absorb(again, Teller::Known);
        assert_eq!(left, [(Identity::Name, "Anita".to_owned())], "and what is not taken is told");
        assert_eq!((lead.first_name.as_str(), lead.source.as_str()), ("Ana", "referral"));
        assert_eq!((lead.email.as_deref(), lead.phone.as_deref()), (Some("ana@x.com"), Some("+57 300 1234567")));
        assert_eq!(lead.message, "Hola\n\nQuiero una demo", "what was said twice stands once");
        assert_eq!((lead.behavior.pages.len(), lead.behavior.time_on_site_s, lead.behavior.form_fills), (1, 400, 2));
        assert_eq!(lead.facts.employees, Some(12));
    }

    #[test]
    fn a_stranger_adds_words_and_no_identity() {
        let mut lead = LeadData { first_name: "Ana".into(), phone: Some("+57 300 1234567".into()), ..LeadData::default() };
        let mut other = LeadData {
            first_name: "ANA".into(),
            email: Some("evil@x.com".into()),
            phone: Some("3001234567".into()),
            company: "Evil".into(),
            title: "CEO".into(),
            city: "Cali".into(),
            message: "Call me".into(),
            ..LeadData::default()
        };
        other.facts.employees = Some(9_000);
        let before = lead.clone();
        let left = lead.absorb(other, Teller::Anybody);
        let told = |each: &(Identity, String)| format!("{} {}", each.0.as_str(), each.1);
        assert_eq!(
            left.iter().map(told).collect::<Vec<_>>(),
            ["email evil@x.com", "phone 3001234567", "company Evil", "title CEO"]
        );
        assert_eq!((&lead.name(), &lead.email, &lead.phone), (&before.name(), &None, &before.phone));
        assert_eq!((lead.company.as_str(), lead.title.as_str(), lead.city.as_str()), ("", "", "Cali"));
        assert_eq!(lead.message, "Call me");
    }
}
