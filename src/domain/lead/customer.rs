//! Customers: how they grow, and what they are ready for.

use super::{
    CustomerFacts,
    profile::{Customer, Evidence, Field, Growth, Level, Recommended, Statement},
    text::{Words, folded},
};
use crate::domain::tier::{Tier, TierLimits};

/// What each sign of growth adds to the readiness for more.
const POINTS: [(Growth, u8); 5] =
    [(Growth::Limits, 30), (Growth::Usage, 25), (Growth::Advanced, 15), (Growth::Team, 15), (Growth::Logins, 10)];
/// From this readiness on the next tier is proposed.
pub const READY: u8 = 40;
/// A growth of use that counts, in percent.
const GROWN_PERCENT: u64 = 20;

const LIMITS: &[&str] =
    &["limite*|tope*|maximo ~ plan|usuario*|cuenta*|tokens", "limit*|cap|maximum ~ plan|user*|seat*|account*|tokens"];
const ADVANCED: &[&str] =
    &["avanzad*|advanced|premium|enterprise|prioritari*|priority", "exportar|export|api|integr* ~ reporte*|report*|datos|data"];
const OFTENER: &[&str] = &["increas*|up|more|aument*|subio|mas|crecio|daily|diari*"];

/// Says what can be said of a customer.
pub fn analyse(facts: &CustomerFacts, tiers: &[TierLimits]) -> Customer {
    let growth: Vec<_> = POINTS
        .into_iter()
        .filter_map(|(growth, points)| {
            let (confidence, evidence) = sign(facts, growth)?;
            Some(Statement::new((growth, points), confidence, evidence))
        })
        .collect();
    let readiness = growth.iter().map(|each| each.value.1).sum::<u8>().min(100);
    let used = growth.iter().find(|each| matches!(each.value.0, Growth::Usage | Growth::Logins));
    let adoption = used.map(|each| each.then(Level::High, 0.7));
    let churn = (growth.len() >= 2).then(|| Statement {
        value: Level::Low,
        confidence: 0.5,
        evidence: growth.iter().flat_map(|each| each.evidence.clone()).collect(),
    });
    let pays_cents =
        monthly_cents(&facts.plan).map(|cents| Statement::new(cents, 0.9, Evidence::of(Field::Plan, facts.plan.clone())));
    let recommended = (readiness >= READY).then(|| next_tier(facts, pays_cents.as_ref().map(|pays| pays.value), tiers)).flatten();
    let within_days = if growth.iter().any(|each| each.value.0 == Growth::Limits) { 15 } else { 30 };
    Customer {
        months: months(&facts.account_age)
            .map(|months| Statement::new(months, 0.9, Evidence::of(Field::Age, facts.account_age.clone()))),
        recommended: recommended.map(|recommended| Recommended { within_days, ..recommended }),
        growth,
        readiness,
        adoption,
        churn,
        pays_cents,
    }
}

fn sign(facts: &CustomerFacts, growth: Growth) -> Option<(f64, Evidence)> {
    let ticket = |phrases: &[&str]| {
        facts.tickets.iter().find(|ticket| {
            let words = Words::read(ticket);
            phrases.iter().any(|phrase| words.find(phrase).is_some())
        })
    };
    match growth {
        Growth::Limits => ticket(LIMITS).map(|ticket| (0.8, Evidence::of(Field::Tickets, ticket.clone()))),
        Growth::Advanced => ticket(ADVANCED).map(|ticket| (0.7, Evidence::of(Field::Tickets, ticket.clone()))),
        Growth::Team => (facts.new_members > 0).then(|| (0.95, Evidence::of(Field::Members, facts.new_members.to_string()))),
        Growth::Usage => {
            let grown = |told: &&String| {
                let falls = told.contains('-') || told.contains('−');
                Words::read(told).iter().any(|w| w.sign == Some('%') && w.number.is_some_and(|n| n >= GROWN_PERCENT)) && !falls
            };
            facts.usage.iter().find(grown).map(|told| (0.9, Evidence::of(Field::Usage, told.clone())))
        }
        Growth::Logins => {
            let words = Words::read(&facts.logins);
            OFTENER
                .iter()
                .any(|phrase| words.find(phrase).is_some())
                .then(|| (0.8, Evidence::of(Field::Logins, facts.logins.clone())))
        }
    }
}

/// What is paid in a month, as it was told: `$99/mes`, `USD 1,188 a year`.
fn monthly_cents(plan: &str) -> Option<i64> {
    let words = Words::read(plan);
    let told = plan.contains('$') || words.find("usd|dolares|dollars").is_some();
    let amount = words.iter().find_map(|word| word.number).filter(|_| told)?;
    let cents = i64::try_from(amount).ok()?.checked_mul(100)?;
    let yearly = words.find("ano|anual|year|yearly|annual|annually|yr").is_some();
    Some(if yearly { cents / 12 } else { cents })
}

/// A length of time as it was told, in months: `14 meses`, `2 years`.
fn months(told: &str) -> Option<u32> {
    let words = Words::read(told);
    let of = |phrase: &str| words.find_number(phrase).and_then(|(_, word)| u32::try_from(word.number?).ok());
    let years = of("# ano*|year*").and_then(|years| years.checked_mul(12));
    match (years, of("# mes*|month*")) {
        (Some(years), months) => years.checked_add(months.unwrap_or_default()),
        (None, months) => months,
    }
}

/// The next of our tiers: after the one that the plan is called by, else the cheapest subscription that costs more than they pay. After
/// the last subscription comes the first program.
fn next_tier(facts: &CustomerFacts, pays_cents: Option<i64>, tiers: &[TierLimits]) -> Option<Recommended> {
    let name = folded(&facts.plan);
    let current = Tier::ALL.into_iter().find(|tier| name.split(|c: char| !c.is_alphanumeric()).any(|word| word == tier.as_str()));
    let pays = pays_cents.or_else(|| tiers.iter().find(|row| Some(row.tier) == current).map(|row| row.price_cents));
    let dearer = || {
        let pays = pays?;
        let subscriptions = tiers.iter().filter(|row| row.program_weeks.is_none() && row.price_cents > pays);
        subscriptions.min_by_key(|row| row.price_cents).or_else(|| tiers.iter().find(|row| row.program_weeks.is_some()))
    };
    let next = current.map_or_else(dearer, |tier| tiers.iter().find(|row| row.tier > tier))?;
    let more_cents = if next.program_weeks.is_some() { None } else { pays.map(|pays| next.price_cents - pays) };
    Some(Recommended { tier: next.tier, price_cents: next.price_cents, more_cents, within_days: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiers() -> Vec<TierLimits> {
        let row = |tier, price_cents, program_weeks| TierLimits {
            tier,
            price_cents,
            currency: "USD".into(),
            program_weeks,
            tokens_per_month: 0,
            interactions_per_day: 0,
            agents: None,
        };
        vec![
            row(Tier::Essential, 7_900, None),
            row(Tier::Pro, 14_900, None),
            row(Tier::Elite, 19_900, None),
            row(Tier::Prime, 399_700, Some(20)),
            row(Tier::Longevity, 399_700, Some(20)),
        ]
    }

    #[test]
    fn the_next_tier_is_one_of_ours() {
        for (plan, next) in [
            ("Professional ($99/mes)", Some((Tier::Pro, Some(5_000)))),
            ("Pro", Some((Tier::Elite, Some(5_000)))),
            ("essential ($79)", Some((Tier::Pro, Some(7_000)))),
            ("Elite", Some((Tier::Prime, None))),
            ("Enterprise ($299/month)", Some((Tier::Prime, None))),
            ("Longevity", None),
            ("Gold", None),
            ("$1,188 a year", Some((Tier::Pro, Some(5_000)))),
        ] {
            let facts = CustomerFacts { plan: plan.into(), ..CustomerFacts::default() };
            let found = next_tier(&facts, monthly_cents(plan), &tiers());
            assert_eq!(found.map(|found| (found.tier, found.more_cents)), next, "{plan}");
        }
    }

    #[test]
    fn nothing_is_proposed_to_whom_does_not_grow() {
        let facts = CustomerFacts {
            plan: "Pro".into(),
            usage: vec!["Analytics -40%".into(), "Reports +5%".into()],
            tickets: vec!["No puedo entrar".into()],
            ..CustomerFacts::default()
        };
        let customer = analyse(&facts, &tiers());
        assert_eq!((customer.readiness, customer.recommended, customer.churn), (0, None, None));
    }

    #[test]
    fn lengths_of_time_are_read() {
        for (told, read) in
            [("14 meses", Some(14)), ("2 años", Some(24)), ("1 year 3 months", Some(15)), ("mucho", None), ("", None)]
        {
            assert_eq!(months(told), read, "{told}");
        }
    }
}
