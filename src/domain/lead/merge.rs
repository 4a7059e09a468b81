//! Adding a capture to the lead of the same person.

use super::{Behavior, Demographics, LeadData, Utm};

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
    /// Adds what another capture tells: what was empty is filled, what they wrote and did is added, and nothing that stood there is lost.
    /// Where they came from first stays.
    pub fn absorb(&mut self, other: Self) {
        let Self { first_name, last_name, email, phone, company, title, city, country, message, source, utm, behavior, facts } =
            other;
        if self.first_name.is_empty() && self.last_name.is_empty() {
            (self.first_name, self.last_name) = (first_name, last_name);
        }
        self.email = self.email.take().or(email);
        self.phone = self.phone.take().or(phone);
        fill(&mut self.company, company);
        fill(&mut self.title, title);
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
        own.employees = facts.employees.or(own.employees);
        own.company_size = facts.company_size.or(own.company_size);
        own.customer = facts.customer.or(own.customer.take());
        own.consent = facts.consent.or(own.consent.take());
        own.demographics.absorb(facts.demographics);
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
        lead.absorb(again.clone());
        lead.absorb(again);
        assert_eq!((lead.first_name.as_str(), lead.source.as_str()), ("Ana", "referral"));
        assert_eq!((lead.email.as_deref(), lead.phone.as_deref()), (Some("ana@x.com"), Some("+57 300 1234567")));
        assert_eq!(lead.message, "Hola\n\nQuiero una demo", "what was said twice stands once");
        assert_eq!((lead.behavior.pages.len(), lead.behavior.time_on_site_s, lead.behavior.form_fills), (1, 400, 2));
        assert_eq!(lead.facts.employees, Some(12));
    }
}
