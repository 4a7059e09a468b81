//! What can be said of a lead: statements, each with what it rests on.

use serde::{Deserialize, Serialize};

use super::{CompanySize, budget::Budget, text::Range, words};
use crate::domain::{format::Lang, tier::Tier};

words! {
    /// A field that evidence stands in.
    Field {
        /// The address.
        Email = "email",
        /// The phone.
        Phone = "phone",
        /// The company's name.
        Company = "company",
        /// What somebody does there.
        Title = "title",
        /// City, country, or a place that was told.
        Location = "location",
        /// What they wrote.
        Message = "message",
        /// Where they come from.
        Source = "source",
        /// The campaign.
        Campaign = "campaign",
        /// The pages that were visited.
        Pages = "pages",
        /// Time on the site.
        Time = "time_on_site",
        /// What was downloaded.
        Downloads = "downloads",
        /// Interests.
        Interests = "interests",
        /// The number of employees, as it was told.
        Employees = "employees",
        /// The size of the company, as it was told.
        Size = "company_size",
        /// A customer's plan.
        Plan = "plan",
        /// A customer's use.
        Usage = "usage",
        /// What a customer asked support.
        Tickets = "tickets",
        /// How often a customer signs in.
        Logins = "logins",
        /// People who joined a customer's team.
        Members = "new_members",
        /// How long somebody has been a customer.
        Age = "account_age",
    }
}

/// What a statement rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Where it stands.
    pub field: Field,
    /// The words themselves.
    pub text: String,
    /// Where they stand in the field, in bytes; only in a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
}

impl Evidence {
    /// A whole field.
    pub fn of(field: Field, text: impl Into<String>) -> Self {
        Self { field, text: text.into(), range: None }
    }

    /// A part of a field.
    pub fn part(field: Field, text: &str, range: Range) -> Self {
        Self { field, text: text.to_owned(), range: (field == Field::Message).then_some(range) }
    }
}

/// Something that is said of a lead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement<T> {
    /// What.
    pub value: T,
    /// How sure it is, from 0 to 1; below [`LIKELY`] it is an estimate.
    pub confidence: f64,
    /// What it rests on; never empty.
    pub evidence: Vec<Evidence>,
}

/// From this confidence on a statement counts as known: a score may rest on it.
pub const LIKELY: f64 = 0.5;

impl<T> Statement<T> {
    /// A statement that rests on one thing.
    pub fn new(value: T, confidence: f64, evidence: Evidence) -> Self {
        Self { value, confidence, evidence: vec![evidence] }
    }

    /// Another statement that rests on the same.
    pub fn then<U>(&self, value: U, confidence: f64) -> Statement<U> {
        Statement { value, confidence, evidence: self.evidence.clone() }
    }

    /// Whether it is more than an estimate.
    pub fn is_likely(&self) -> bool {
        self.confidence >= LIKELY
    }
}

words! {
    /// What a company does.
    Industry {
        /// Software and technology.
        Technology = "technology",
        /// Shops, on the net and elsewhere.
        Retail = "retail",
        /// Banks, insurance, accounting.
        Finance = "finance",
        /// Health and wellness.
        Health = "health",
        /// Schools and courses.
        Education = "education",
        /// Advice.
        Consulting = "consulting",
        /// Factories.
        Manufacturing = "manufacturing",
        /// Transport and storage.
        Logistics = "logistics",
        /// Hotels, restaurants, travel.
        Hospitality = "hospitality",
        /// Property and building.
        RealEstate = "real_estate",
        /// Agencies and media.
        Marketing = "marketing",
        /// Law.
        Legal = "legal",
    }
}

words! {
    /// What hurts.
    Pain {
        /// Work by hand.
        Manual = "manual_processes",
        /// Invoices and payments.
        Billing = "billing",
        /// More customers than can be looked after.
        Volume = "customer_volume",
        /// Time that is lost.
        Efficiency = "efficiency",
        /// What does not grow along.
        Scale = "scalability",
        /// Reports and figures.
        Reporting = "reporting",
        /// Systems that do not know each other.
        Integration = "integration",
        /// What it costs.
        Cost = "cost",
        /// Customers who wait.
        Support = "support",
        /// Selling more.
        Sales = "sales",
        /// Data that is lost or open.
        Security = "security",
        /// Limits of the plan.
        Limits = "plan_limits",
    }
}

words! {
    /// What says that somebody is about to buy.
    Signal {
        /// A problem in numbers.
        Quantified = "quantified_problem",
        /// Looks for a solution now.
        Searching = "active_search",
        /// Large enough to pay for it.
        Budget = "company_with_budget",
        /// Speaks of a budget.
        BudgetNamed = "budget_named",
        /// Asks for prices.
        Price = "asks_price",
        /// Asks to see it.
        Demo = "asks_demo",
        /// Says when.
        Deadline = "deadline",
        /// Decides.
        Decides = "decision_maker",
        /// Grows.
        Growing = "growing",
        /// Compares with others.
        Comparing = "comparing",
        /// Looked at the prices.
        PricingVisit = "visited_pricing",
        /// Took something along.
        Download = "downloaded",
        /// Stayed for long.
        LongVisit = "long_visit",
        /// Comes by a campaign.
        Campaign = "campaign",
    }
}

words! {
    /// How strong a signal is.
    Strength {
        /// Hardly.
        Low = "low",
        /// Somewhat.
        Medium = "medium",
        /// Very.
        High = "high",
    }
}

words! {
    /// When somebody is going to decide.
    Timeline {
        /// Within a month.
        Month = "month",
        /// In one to three months.
        Quarter = "quarter",
        /// In three to six months.
        HalfYear = "half_year",
        /// In six to twelve months.
        Year = "year",
    }
}

words! {
    /// Who somebody is in the decision.
    Persona {
        /// Runs the company.
        Executive = "executive",
        /// Decides about technology.
        Technical = "technical",
        /// Runs the daily work.
        Operations = "operations",
        /// Sells and advertises.
        Commercial = "commercial",
        /// Pays.
        Financial = "financial",
        /// Owns a small company, or begins one.
        Owner = "owner",
        /// Is a customer already.
        Customer = "customer",
    }
}

words! {
    /// How far a company is.
    Stage {
        /// Begins.
        Early = "early",
        /// Grows.
        Growing = "growing",
        /// Stands.
        Established = "established",
    }
}

words! {
    /// How far, or how much.
    Level {
        /// Little.
        Low = "low",
        /// Some.
        Medium = "medium",
        /// Between some and much.
        MediumHigh = "medium_high",
        /// Much.
        High = "high",
    }
}

words! {
    /// How somebody decides.
    Decision {
        /// Reads and compares first.
        Research = "research",
        /// Wants it soon.
        Quick = "quick",
    }
}

words! {
    /// Where somebody stands on the way to buy.
    Research {
        /// Learns what there is.
        Exploring = "exploring",
        /// Compares.
        Evaluating = "evaluating",
        /// Is about to choose.
        Deciding = "deciding",
    }
}

words! {
    /// A group that somebody belongs to.
    Segment {
        /// Large companies.
        Enterprise = "enterprise",
        /// Middle companies of technology.
        MidMarketTech = "mid_market_tech",
        /// Middle companies.
        MidMarket = "mid_market",
        /// Small companies.
        Smb = "smb",
        /// Owners of small companies, and those who begin one.
        Entrepreneurs = "smb_entrepreneurs",
        /// Customers who can have more.
        Expansion = "expansion",
        /// Nothing is known.
        Unknown = "unknown",
        /// Companies with more and more to do.
        Growing = "growing_companies",
        /// Those who want to do less by hand.
        Automation = "automation_seekers",
        /// Those who came by a campaign.
        Campaign = "campaign",
        /// Those who compare.
        Comparing = "comparing",
    }
}

words! {
    /// How well somebody fits what is sold.
    Fit {
        /// Very well.
        A = "A",
        /// Well.
        B = "B",
        /// Somewhat.
        C = "C",
        /// Hardly, as far as is known.
        D = "D",
    }
}

words! {
    /// Where a lead stands between marketing and sales.
    Lifecycle {
        /// Somebody who left an address.
        Lead = "lead",
        /// Showed interest enough for marketing.
        Marketing = "marketing_qualified",
        /// Wants to be spoken with.
        Sales = "sales_qualified",
        /// Is a customer.
        Customer = "customer",
    }
}

words! {
    /// What should be asked, for nothing says it.
    Unknown {
        /// How large the company is.
        Size = "company_size",
        /// When they want to decide.
        Timeline = "timeline",
        /// Who decides.
        DecisionMaker = "decision_maker",
        /// What they can spend.
        Budget = "budget",
        /// What they need.
        Need = "need",
    }
}

/// A signal that somebody is about to buy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuyingSignal {
    /// Which.
    pub signal: Signal,
    /// How strong it is.
    pub strength: Strength,
}

/// A company's revenue in a year, estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revenue {
    /// From, in whole US dollars.
    pub from_usd: i64,
    /// To, in whole US dollars.
    pub to_usd: i64,
}

/// What can be said of a lead. What nothing supports is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// The language they write or speak.
    pub language: Option<Statement<Lang>>,
    /// What the company does.
    pub industry: Option<Statement<Industry>>,
    /// How many people it has.
    pub employees: Option<Statement<u32>>,
    /// How large it is.
    pub size: Option<Statement<CompanySize>>,
    /// What it earns in a year: always an estimate.
    pub revenue: Option<Statement<Revenue>>,
    /// How far it is.
    pub stage: Option<Statement<Stage>>,
    /// How much they know of technology.
    pub tech: Option<Statement<Level>>,
    /// When they decide.
    pub timeline: Option<Statement<Timeline>>,
    /// What they say that they can spend.
    pub budget: Option<Statement<Budget>>,
    /// Who they are in the decision.
    pub persona: Option<Statement<Persona>>,
    /// How they decide.
    pub decision: Option<Statement<Decision>>,
    /// Where they stand on the way to buy.
    pub research: Option<Statement<Research>>,
    /// How much they look at what it costs.
    pub price_sensitivity: Option<Statement<Level>>,
    /// How much they did.
    pub engagement: Option<Statement<Level>>,
    /// How much they want to buy.
    pub intent: Option<Statement<Level>>,
    /// How soon.
    pub urgency: Option<Statement<Level>>,
    /// What hurts, in the order in which it is most sure.
    pub pains: Vec<Statement<Pain>>,
    /// What says that they are about to buy, the strongest first.
    pub signals: Vec<Statement<BuyingSignal>>,
    /// The groups they belong to, the main one first.
    pub segments: Vec<Statement<Segment>>,
    /// How well they fit.
    pub fit: Option<Statement<Fit>>,
    /// Where they came from: the source and the campaign.
    pub attribution: Option<Statement<String>>,
    /// Of a customer: how they grow, and what they are ready for.
    pub customer: Option<Customer>,
    /// What should be asked.
    pub unknowns: Vec<Unknown>,
}

impl Profile {
    /// The main group.
    pub fn segment(&self) -> Segment {
        self.segments.first().map_or(Segment::Unknown, |segment| segment.value)
    }

    /// The size, if it is more than an estimate.
    pub fn known_size(&self) -> Option<&Statement<CompanySize>> {
        self.size.as_ref().filter(|size| size.is_likely())
    }

    /// How many signals of a strength there are.
    pub fn signals_of(&self, strength: Strength) -> usize {
        self.signals.iter().filter(|signal| signal.value.strength == strength).count()
    }

    /// The statement about a pain.
    pub fn pain(&self, pain: Pain) -> Option<&Statement<Pain>> {
        self.pains.iter().find(|each| each.value == pain)
    }

    /// The statement about a signal.
    pub fn signal(&self, signal: Signal) -> Option<&Statement<BuyingSignal>> {
        self.signals.iter().find(|each| each.value.signal == signal)
    }
}

words! {
    /// How a customer grows.
    Growth {
        /// More people.
        Team = "team_grew",
        /// More use of something.
        Usage = "usage_grew",
        /// Signs in more often.
        Logins = "logins_up",
        /// Asks for more than the plan has.
        Advanced = "asks_advanced",
        /// Has reached what the plan allows.
        Limits = "hits_limits",
    }
}

/// What can be said of a customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Customer {
    /// How long they have been one, in months.
    pub months: Option<Statement<u32>>,
    /// How they grow; each with the points that it adds to `readiness`.
    pub growth: Vec<Statement<(Growth, u8)>>,
    /// How ready they are for more, from 0 to 100: the sum of the points.
    pub readiness: u8,
    /// How well they use what they have.
    pub adoption: Option<Statement<Level>>,
    /// How likely they are to leave.
    pub churn: Option<Statement<Level>>,
    /// What they pay in a month, in cents of US dollars.
    pub pays_cents: Option<Statement<i64>>,
    /// The tier that would fit next.
    pub recommended: Option<Recommended>,
}

/// A tier that would fit next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommended {
    /// The tier.
    pub tier: Tier,
    /// Its price in cents of US dollars: a month, or once for a program.
    pub price_cents: i64,
    /// What it would bring more in a month; none for a program, and where it is not known what they pay.
    pub more_cents: Option<i64>,
    /// Within how many days to propose it.
    pub within_days: u16,
}
