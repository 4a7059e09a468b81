//! Leads: what is known of somebody who may buy, what can be concluded from it, and what to do next.
//!
//! Everything here is a rule over what was captured: a [`LeadData`] goes in, a [`Profile`] comes out whose every statement names the
//! words that it rests on. What nothing supports is absent. Texts for people are codes that the pages put into words.

pub mod actions;
pub mod assign;
pub mod budget;
pub mod capture;
#[cfg(test)]
mod cases;
pub mod customer;
pub mod enrich;
pub mod merge;
pub mod profile;
pub mod score;
pub mod source;
pub mod text;
mod vocabulary;

pub use actions::{Action, Strategy, recommend, strategy};
pub use enrich::enrich;
pub use profile::{Profile, Statement};
pub use score::{Band, Score, Scorecard, score};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Declares an enum whose variants are words in the database and on the wire.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$each])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// All.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that stands for it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The one with this word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|each| each.as_str() == word)
            }
        }
    };
}
use words;

words! {
    /// How a lead stands.
    LeadStatus {
        /// Nobody has spoken with them yet.
        New = "new",
        /// Somebody has.
        Contacted = "contacted",
        /// Fits, and wants something.
        Qualified = "qualified",
        /// Is a contact by now.
        Converted = "converted",
        /// Will not buy; says why.
        Lost = "lost",
    }
}

impl LeadStatus {
    /// Whether somebody is still to do something about it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Contacted | Self::Qualified)
    }

    /// Whether somebody may set it by hand: converting is a step of its own, and what was converted stays so.
    pub fn may_become(self, next: Self) -> bool {
        self != Self::Converted && next != Self::Converted && self != next
    }
}

words! {
    /// How large a company is, by its people: the bounds of the European Commission's Recommendation 2003/361/EC.
    CompanySize {
        /// Fewer than 50.
        Smb = "smb",
        /// 50 to 249.
        MidMarket = "mid-market",
        /// 250 and more.
        Enterprise = "enterprise",
    }
}

impl CompanySize {
    /// The size of a company with so many people.
    pub const fn of(employees: u32) -> Self {
        match employees {
            0..50 => Self::Smb,
            50..250 => Self::MidMarket,
            _ => Self::Enterprise,
        }
    }
}

/// What came with the link that led somebody here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Utm {
    /// `utm_source`.
    pub source: String,
    /// `utm_medium`.
    pub medium: String,
    /// `utm_campaign`.
    pub campaign: String,
    /// `utm_term`.
    pub term: String,
    /// `utm_content`.
    pub content: String,
}

/// What somebody did on the site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Behavior {
    /// The paths of the pages that were visited.
    pub pages: Vec<String>,
    /// Whether the page with the prices was visited, where that alone is known.
    pub visited_pricing: bool,
    /// Time on the site, in seconds.
    pub time_on_site_s: u32,
    /// What was downloaded.
    pub downloads: Vec<String>,
    /// Whether something was downloaded, where that alone is known.
    pub downloaded: bool,
    /// How many forms were filled in.
    pub form_fills: u32,
}

impl Behavior {
    /// The page with the prices, if it was visited: one with such a word as a step of its path.
    pub fn pricing_page(&self) -> Option<&str> {
        const PRICES: [&str; 7] = ["pricing", "prices", "precios", "tarifas", "planes", "plans", "checkout"];
        self.pages.iter().map(String::as_str).find(|page| {
            let path = page.split(['?', '#']).next().unwrap_or_default().to_lowercase();
            path.split('/').any(|step| PRICES.contains(&step.split('.').next().unwrap_or_default()))
        })
    }
}

/// Who somebody says to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Demographics {
    /// A range of ages.
    pub age_range: String,
    /// A place.
    pub location: String,
    /// Interests.
    pub interests: Vec<String>,
}

/// What is known of somebody who is a customer already.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomerFacts {
    /// The customer's id.
    pub customer_id: String,
    /// The plan, as it was told: `Professional ($99/mes)`.
    pub plan: String,
    /// How long they have been customers, as it was told: `14 meses`.
    pub account_age: String,
    /// Features that are used more than before, as they were told: `Analytics dashboard +340% last month`.
    pub usage: Vec<String>,
    /// What they asked support.
    pub tickets: Vec<String>,
    /// How often they sign in, as it was told: `Daily (increased from 3x/week)`.
    pub logins: String,
    /// How many people joined their team.
    pub new_members: u32,
}

/// Everything that is known of a lead, as it was captured and put in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LeadData {
    /// The first name.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// The address, in lower case.
    pub email: Option<String>,
    /// The phone, as it was written.
    pub phone: Option<String>,
    /// The company.
    pub company: String,
    /// What they do there.
    pub title: String,
    /// The city.
    pub city: String,
    /// The country.
    pub country: String,
    /// What they wrote.
    pub message: String,
    /// Where they come from, as it was told; see [`source`].
    pub source: String,
    /// What came with the link.
    pub utm: Utm,
    /// What they did on the site.
    pub behavior: Behavior,
    /// What else was told.
    pub facts: Facts,
}

/// What was told beside the fields that every lead has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// How many people the company has, if it was told as a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employees: Option<u32>,
    /// How large the company is, if it was told as a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_size: Option<CompanySize>,
    /// Who they say to be.
    pub demographics: Demographics,
    /// Of somebody who is a customer already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerFacts>,
    /// What they agreed to: the version of the text, and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
}

/// What somebody agreed to on the public form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The version of the text.
    pub wording: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl LeadData {
    /// The whole name.
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }

    /// What they wrote together with what they asked support, for rules that look at either.
    pub fn texts(&self) -> impl Iterator<Item = (profile::Field, &str)> {
        let tickets = self.facts.customer.iter().flat_map(|customer| customer.tickets.iter());
        [(profile::Field::Message, self.message.as_str())]
            .into_iter()
            .chain(tickets.map(|ticket| (profile::Field::Tickets, ticket.as_str())))
            .filter(|(_, text)| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_begin_where_they_say() {
        for (employees, size) in [
            (1, CompanySize::Smb),
            (49, CompanySize::Smb),
            (50, CompanySize::MidMarket),
            (249, CompanySize::MidMarket),
            (250, CompanySize::Enterprise),
        ] {
            assert_eq!(CompanySize::of(employees), size, "{employees}");
        }
    }

    #[test]
    fn the_page_with_the_prices_is_told_from_others() {
        let page = |path: &str| Behavior { pages: vec![path.into()], ..Behavior::default() }.pricing_page().is_some();
        for path in ["/pricing", "/es/precios?utm=x", "https://ngx.com/planes/", "/Pricing.html"] {
            assert!(page(path), "{path}");
        }
        for path in ["/", "/features", "/repricing", "/blog?next=/pricing"] {
            assert!(!page(path), "{path}");
        }
    }

    #[test]
    fn what_is_converted_stays_so() {
        assert!(LeadStatus::New.may_become(LeadStatus::Lost) && LeadStatus::Lost.may_become(LeadStatus::New));
        assert!(LeadStatus::ALL.iter().all(|next| !LeadStatus::Converted.may_become(*next)));
        assert!(LeadStatus::ALL.iter().all(|status| !status.may_become(LeadStatus::Converted)));
    }
}
