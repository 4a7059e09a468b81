//! The rules by which a profile is made. Each looks at what was captured and says nothing where it finds nothing.

use chrono::{DateTime, Datelike, Utc};

use super::{
    CompanySize, LeadData, budget, customer,
    profile::{
        BuyingSignal, Decision, Evidence, Field, Fit, Industry, Level, Pain, Persona, Profile, Research, Revenue, Segment, Signal,
        Stage, Statement, Strength, Timeline, Unknown,
    },
    source::{self, SourceKind},
    text::{Range, Words, folded},
    vocabulary as words,
};
use crate::domain::{format::Lang, tier::TierLimits};

/// A year's revenue for each person of a company, in US dollars: from, to. A rule of thumb, so what follows from it is an estimate.
const REVENUE_USD: [i64; 2] = [40_000, 100_000];
/// The fewest and the most people that a company is believed to have.
const EMPLOYEES: std::ops::RangeInclusive<u64> = 1..=2_000_000;
/// A visit that is long, in seconds.
const LONG_VISIT_S: u32 = 300;

/// Says what can be said of a lead. `tiers` are those that are sold, for what a customer could have next.
pub fn enrich(lead: &LeadData, tiers: &[TierLimits], now: DateTime<Utc>) -> Profile {
    let message = Words::read(&lead.message);
    let mut profile = Profile {
        language: language(lead),
        industry: industry(lead, &message),
        employees: employees(lead, &message),
        pains: pains(lead),
        attribution: attribution(lead),
        customer: lead.facts.customer.as_ref().map(|facts| customer::analyse(facts, tiers)),
        ..Profile::default()
    };
    profile.size = size(lead, &message, &profile);
    profile.revenue = revenue(&profile);
    profile.timeline = timeline(&message, &profile, now);
    profile.budget = budget::find(&lead.message)
        .map(|(value, range, confidence)| Statement::new(value, confidence, in_message(&message, range)));
    profile.persona = persona(lead, &message, &profile);
    profile.signals = signals(lead, &message, &profile);
    profile.stage = stage(lead, &profile);
    profile.tech = tech(lead, &message, &profile);
    behave(lead, &mut profile);
    profile.segments = segments(lead, &profile);
    profile.fit = fit(lead, &profile);
    profile.unknowns = unknowns(&profile);
    profile
}

fn in_message(words: &Words<'_>, range: Range) -> Evidence {
    Evidence::part(Field::Message, words.at(range), range)
}

/// What is said in the message by one of these phrases.
fn said<T: Copy>(words: &Words<'_>, table: &[(&str, T)], confidence: f64) -> Option<Statement<T>> {
    table.iter().find_map(|(phrase, value)| {
        let whole = phrase.strip_prefix('@').map(|rest| format!("{}{rest}", words::INTRODUCTION));
        let range = words.find(whole.as_deref().unwrap_or(phrase))?;
        Some(Statement::new(*value, confidence, in_message(words, range)))
    })
}

fn language(lead: &LeadData) -> Option<Statement<Lang>> {
    let mut hits: [Vec<Evidence>; 2] = Default::default();
    let mut counts = [0_u32; 2];
    for (field, text) in lead.texts() {
        let read = Words::read(text);
        for word in read.iter() {
            for ((list, hits), count) in words::LANGUAGE.iter().zip(&mut hits).zip(&mut counts) {
                if list.contains(&word.text.as_str()) {
                    *count += 1;
                    if hits.len() < 3 {
                        hits.push(Evidence::part(field, read.at((word.start, word.end)), (word.start, word.end)));
                    }
                }
            }
        }
        // Signs that English does not have.
        for (at, sign) in text.char_indices().filter(|(_, c)| matches!(c, 'ñ' | '¿' | '¡' | 'Ñ')).take(3) {
            counts[0] += 2;
            if hits[0].len() < 3 {
                hits[0].push(Evidence::part(field, &sign.to_string(), (at, at + sign.len_utf8())));
            }
        }
    }
    let [spanish, english] = counts;
    let [es, en] = hits;
    let (lang, most, least, evidence) =
        if spanish >= english { (Lang::Es, spanish, english, es) } else { (Lang::En, english, spanish, en) };
    if most >= 2 && most > least {
        let share = f64::from(most - least) / f64::from(most + least);
        return Some(Statement { value: lang, confidence: (0.5 + share * 0.45).min(0.95), evidence });
    }
    // Where somebody lives is a hint at what they speak, no more.
    let places = [&lead.country, &lead.city, &lead.facts.demographics.location];
    let place = places.into_iter().find(|place| {
        let place = folded(place);
        words::SPANISH_PLACES.iter().any(|(name, _)| place.contains(name))
    });
    if let Some(place) = place {
        return Some(Statement::new(Lang::Es, 0.4, Evidence::of(Field::Location, place.clone())));
    }
    let phone = lead.phone.as_ref()?;
    let digits: String = phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    let code = words::SPANISH_PLACES.iter().find(|(_, code)| digits.starts_with(code))?.1;
    Some(Statement::new(Lang::Es, 0.3, Evidence::of(Field::Phone, code)))
}

/// The name of an address's host, if it is a company's own: `techcorp` of `maria@techcorp.com`.
fn own_host(lead: &LeadData) -> Option<&str> {
    let host = lead.email.as_deref()?.split_once('@')?.1;
    let name = host.split('.').next()?;
    (!words::FREE_MAIL.contains(&name)).then_some(name)
}

fn industry(lead: &LeadData, message: &Words<'_>) -> Option<Statement<Industry>> {
    if let Some(said) = said(message, words::INDUSTRY_SAID, 0.85) {
        return Some(said);
    }
    let by_name = |name: &str| {
        let name = Words::read(name);
        words::INDUSTRY_NAME.iter().find(|(phrase, _)| name.find(phrase).is_some()).map(|(_, industry)| *industry)
    };
    let host = own_host(lead);
    if let Some(value) = by_name(&lead.company) {
        let mut found = Statement::new(value, 0.6, Evidence::of(Field::Company, lead.company.clone()));
        if host.and_then(by_name) == Some(value) {
            found.confidence = 0.7;
            found.evidence.extend(lead.email.clone().map(|email| Evidence::of(Field::Email, email)));
        }
        return Some(found);
    }
    if let (Some(value), Some(email)) = (host.and_then(by_name), &lead.email) {
        return Some(Statement::new(value, 0.5, Evidence::of(Field::Email, email.clone())));
    }
    lead.facts.demographics.interests.iter().find_map(|interest| {
        let name = plain(interest);
        let (_, value) = words::INDUSTRY_INTERESTS.iter().find(|(part, _)| name.contains(part))?;
        Some(Statement::new(*value, 0.4, Evidence::of(Field::Interests, interest.clone())))
    })
}

/// A tag such as `small_business` as words: `small business`.
fn plain(tag: &str) -> String {
    folded(tag).replace(['_', '-'], " ")
}

fn employees(lead: &LeadData, message: &Words<'_>) -> Option<Statement<u32>> {
    if let Some(count) = lead.facts.employees {
        return Some(Statement::new(count, 1.0, Evidence::of(Field::Employees, count.to_string())));
    }
    words::EMPLOYEES.iter().find_map(|(phrase, confidence)| {
        let (range, word) = message.find_number(phrase)?;
        let count = word.number.filter(|count| EMPLOYEES.contains(count))?;
        Some(Statement::new(u32::try_from(count).ok()?, *confidence, in_message(message, range)))
    })
}

fn size(lead: &LeadData, message: &Words<'_>, profile: &Profile) -> Option<Statement<CompanySize>> {
    if let Some(size) = lead.facts.company_size {
        return Some(Statement::new(size, 1.0, Evidence::of(Field::Size, size.as_str())));
    }
    if let Some(employees) = &profile.employees {
        return Some(employees.then(CompanySize::of(employees.value), employees.confidence));
    }
    let table = [
        ("pyme|pymes|microempresa|freelance|autonomo|autonoma", CompanySize::Smb),
        ("@ small business|company", CompanySize::Smb),
        ("pequena|pequeno empresa|negocio", CompanySize::Smb),
        ("@ multinacional|multinational|corporation|corporacion", CompanySize::Enterprise),
        ("empresa|compania mediana", CompanySize::MidMarket),
    ];
    said(message, &table, 0.7).or_else(|| {
        owner_interest(lead).map(|interest| Statement::new(CompanySize::Smb, 0.4, Evidence::of(Field::Interests, interest)))
    })
}

/// An interest of one who owns a small company or begins one.
fn owner_interest(lead: &LeadData) -> Option<&str> {
    lead.facts.demographics.interests.iter().map(String::as_str).find(|interest| {
        let name = plain(interest);
        words::OWNER_INTERESTS.iter().any(|part| name.contains(part))
    })
}

fn revenue(profile: &Profile) -> Option<Statement<Revenue>> {
    let employees = profile.employees.as_ref().filter(|employees| employees.value >= 5)?;
    let [from, to] = REVENUE_USD.map(|each| each * i64::from(employees.value));
    Some(employees.then(Revenue { from_usd: from, to_usd: to }, 0.3))
}

/// When something is to be decided that is so many months off; 0 for the current one.
const fn within_months(months: u32) -> Timeline {
    match months {
        0 | 1 => Timeline::Month,
        2 | 3 => Timeline::Quarter,
        4..=6 => Timeline::HalfYear,
        _ => Timeline::Year,
    }
}

fn timeline(message: &Words<'_>, profile: &Profile, now: DateTime<Utc>) -> Option<Statement<Timeline>> {
    for (phrase, value, confidence) in words::TIMELINES {
        if let Some(range) = message.find(phrase) {
            return Some(Statement::new(*value, *confidence, in_message(message, range)));
        }
    }
    if let Some(range) = words::YEAR_END.iter().find_map(|phrase| message.find(phrase)) {
        return Some(Statement::new(within_months(12 - now.month()), 0.8, in_message(message, range)));
    }
    for (phrase, days) in words::SPANS {
        if let Some((range, word)) = message.find_number(phrase)
            && let Some(count) = word.number.filter(|count| (1..=365).contains(&count.saturating_mul(*days)))
        {
            let months = u32::try_from((count * days).div_ceil(30)).unwrap_or(12);
            // A month from now is over after a month; one that is begun counts as nearer.
            return Some(Statement::new(within_months(months), 0.8, in_message(message, range)));
        }
    }
    for months in words::MONTHS {
        for (number, month) in (1..).zip(months) {
            let found = words::BY_MONTH.iter().find_map(|(phrase, confidence)| {
                let range = message.find(&phrase.replace('%', month))?;
                // `may` and `march` are months only with a capital.
                let is_month = !matches!(month, "may" | "march")
                    || message.at(range).split(' ').next_back().is_some_and(|word| word.starts_with(char::is_uppercase));
                is_month.then_some((range, *confidence))
            });
            if let Some((range, confidence)) = found {
                return Some(Statement::new(
                    within_months((number + 12 - now.month()) % 12),
                    confidence,
                    in_message(message, range),
                ));
            }
        }
    }
    // What is usual for the size.
    let size = profile.size.as_ref()?;
    let usual = match size.value {
        CompanySize::Smb => Timeline::Quarter,
        CompanySize::MidMarket => Timeline::HalfYear,
        CompanySize::Enterprise => Timeline::Year,
    };
    Some(size.then(usual, 0.3))
}

fn persona(lead: &LeadData, message: &Words<'_>, profile: &Profile) -> Option<Statement<Persona>> {
    if let Some(customer) = &lead.facts.customer {
        let told = if customer.plan.is_empty() { &customer.customer_id } else { &customer.plan };
        return Some(Statement::new(Persona::Customer, 1.0, Evidence::of(Field::Plan, told.clone())));
    }
    let title = Words::read(&lead.title);
    if let Some((_, value)) = words::PERSONAS.iter().find(|(phrase, _)| title.find(phrase).is_some()) {
        return Some(Statement::new(*value, 0.9, Evidence::of(Field::Title, lead.title.clone())));
    }
    for (phrase, value) in words::PERSONAS {
        for before in ["soy|como el|la|un|una", "soy", "am the|a|an", "am", "as the|a"] {
            if let Some(range) = message.find(&format!("{before} {phrase}")) {
                return Some(Statement::new(*value, 0.85, in_message(message, range)));
            }
        }
    }
    if let Some(interest) = owner_interest(lead) {
        return Some(Statement::new(Persona::Owner, 0.5, Evidence::of(Field::Interests, interest)));
    }
    // Whoever asks for such things mostly has them to do with; an estimate.
    let technical = profile.industry.as_ref().filter(|industry| industry.value == Industry::Technology && industry.is_likely());
    let need = |pains: &[Pain]| profile.pains.iter().find(|pain| pains.contains(&pain.value));
    if let (Some(industry), Some(pain)) = (technical, need(&[Pain::Manual, Pain::Integration, Pain::Scale, Pain::Security])) {
        let mut found = industry.then(Persona::Technical, 0.35);
        found.evidence.extend(pain.evidence.clone());
        return Some(found);
    }
    need(&[Pain::Manual, Pain::Billing, Pain::Efficiency])
        .map(|pain| pain.then(Persona::Operations, 0.35))
        .or_else(|| need(&[Pain::Sales]).map(|pain| pain.then(Persona::Commercial, 0.35)))
}

fn pains(lead: &LeadData) -> Vec<Statement<Pain>> {
    let mut found: Vec<Statement<Pain>> = Vec::new();
    let mut open_ended = None;
    for (field, text) in lead.texts() {
        let read = Words::read(text);
        for (phrase, pain, confidence) in words::PAINS {
            let Some(range) = read.find(phrase) else { continue };
            if !found.iter().any(|each| each.value == *pain) {
                let evidence = Evidence::part(field, read.at(range), range);
                if *pain == Pain::Volume && evidence.text.contains('+') {
                    open_ended = Some(evidence.clone());
                }
                found.push(Statement::new(*pain, *confidence, evidence));
            }
        }
    }
    let has = |found: &[Statement<Pain>], pain| found.iter().any(|each| each.value == pain);
    // Work by hand takes time; a number that is only a lower bound goes on to rise.
    if !has(&found, Pain::Efficiency)
        && let Some(manual) = found.iter().find(|each| each.value == Pain::Manual).map(|manual| manual.then(Pain::Efficiency, 0.5))
    {
        found.push(manual);
    }
    if !has(&found, Pain::Scale)
        && let Some(evidence) = open_ended
    {
        found.push(Statement::new(Pain::Scale, 0.4, evidence));
    }
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    found
}

fn signals(lead: &LeadData, message: &Words<'_>, profile: &Profile) -> Vec<Statement<BuyingSignal>> {
    let mut found: Vec<Statement<BuyingSignal>> = Vec::new();
    let mut add = |signal, strength, confidence, evidence: Vec<Evidence>| {
        if !found.iter().any(|each| each.value.signal == signal) {
            found.push(Statement { value: BuyingSignal { signal, strength }, confidence, evidence });
        }
    };
    if let Some(range) = words::QUANTIFIED.iter().find_map(|phrase| message.find(phrase)) {
        add(Signal::Quantified, Strength::High, 0.9, vec![in_message(message, range)]);
    }
    if let Some(budget) = &profile.budget {
        add(Signal::BudgetNamed, Strength::High, budget.confidence, budget.evidence.clone());
    }
    for (phrase, signal, strength, confidence) in words::SIGNALS {
        if let Some(range) = message.find(phrase) {
            add(*signal, *strength, *confidence, vec![in_message(message, range)]);
        }
    }
    if let Some(timeline) = profile.timeline.as_ref().filter(|timeline| timeline.is_likely()) {
        let strength = if timeline.value == Timeline::Month { Strength::High } else { Strength::Medium };
        add(Signal::Deadline, strength, timeline.confidence, timeline.evidence.clone());
    }
    if let Some(size) = profile.known_size().filter(|size| size.value != CompanySize::Smb) {
        add(Signal::Budget, Strength::Medium, 0.5, size.evidence.clone());
    }
    let decides = |persona: &&Statement<Persona>| persona.value != Persona::Customer && persona.confidence >= 0.8;
    if let Some(persona) = profile.persona.as_ref().filter(decides) {
        add(Signal::Decides, Strength::Medium, persona.confidence, persona.evidence.clone());
    }
    let behavior = &lead.behavior;
    if let Some(page) = behavior.pricing_page().or_else(|| behavior.visited_pricing.then_some("visited_pricing")) {
        add(Signal::PricingVisit, Strength::High, 0.8, vec![Evidence::of(Field::Pages, page)]);
    }
    let compares =
        |file: &&String| ["compar", "versus", "vs"].iter().any(|part| plain(file).split(' ').any(|word| word.starts_with(part)));
    if let Some(file) = behavior.downloads.iter().find(compares) {
        add(Signal::Comparing, Strength::Medium, 0.7, vec![Evidence::of(Field::Downloads, file.clone())]);
    }
    if let Some(file) =
        behavior.downloads.first().map(String::as_str).or_else(|| behavior.downloaded.then_some("downloaded_content"))
    {
        add(Signal::Download, Strength::Medium, 0.7, vec![Evidence::of(Field::Downloads, file)]);
    }
    if behavior.time_on_site_s > LONG_VISIT_S {
        add(Signal::LongVisit, Strength::Medium, 0.6, vec![Evidence::of(Field::Time, behavior.time_on_site_s.to_string())]);
    }
    if !lead.utm.campaign.is_empty() {
        add(Signal::Campaign, Strength::Low, 0.6, vec![Evidence::of(Field::Campaign, lead.utm.campaign.clone())]);
    }
    found.sort_by(|a, b| b.value.strength.cmp(&a.value.strength).then(b.confidence.total_cmp(&a.confidence)));
    found
}

fn stage(lead: &LeadData, profile: &Profile) -> Option<Statement<Stage>> {
    if let Some(growing) = profile.signal(Signal::Growing) {
        return Some(growing.then(Stage::Growing, 0.7));
    }
    if let Some(employees) = profile.employees.as_ref().filter(|employees| employees.value >= 50) {
        return Some(employees.then(Stage::Established, 0.4));
    }
    owner_interest(lead).map(|interest| Statement::new(Stage::Early, 0.4, Evidence::of(Field::Interests, interest)))
}

fn tech(lead: &LeadData, message: &Words<'_>, profile: &Profile) -> Option<Statement<Level>> {
    if let Some(persona) = profile.persona.as_ref().filter(|persona| persona.value == Persona::Technical && persona.is_likely()) {
        return Some(persona.then(Level::High, 0.7));
    }
    if let Some(range) = message.find("api|apis|webhook*|sso|sdk|graphql|rest") {
        return Some(Statement::new(Level::High, 0.6, in_message(message, range)));
    }
    if let Some(industry) = profile.industry.as_ref().filter(|industry| industry.value == Industry::Technology) {
        return Some(industry.then(Level::MediumHigh, 0.4));
    }
    let feature =
        lead.behavior.pages.iter().find(|page| page.contains("feature") || page.contains("funciones") || page.contains("docs"));
    feature.map(|page| Statement::new(Level::Medium, 0.4, Evidence::of(Field::Pages, page.clone())))
}

/// Whether a campaign ends on a day and offers a discount.
pub fn is_sales_campaign(lead: &LeadData) -> bool {
    let campaign = plain(&lead.utm.campaign);
    words::SALES_CAMPAIGNS.iter().any(|name| campaign.contains(name))
}

/// What can be said by what they did.
fn behave(lead: &LeadData, profile: &mut Profile) {
    let behavior = &lead.behavior;
    let pages = || Evidence::of(Field::Pages, behavior.pages.join(" "));
    let mut did: Vec<Evidence> = Vec::new();
    for signal in [Signal::LongVisit, Signal::Download, Signal::PricingVisit] {
        did.extend(profile.signal(signal).into_iter().flat_map(|signal| signal.evidence.clone()));
    }
    if behavior.pages.len() >= 3 {
        did.push(pages());
    }
    let level = [None, Some(Level::Low), Some(Level::Medium), Some(Level::MediumHigh), Some(Level::High)];
    profile.engagement =
        level.get(did.len()).copied().flatten().map(|value| Statement { value, confidence: 0.7, evidence: did.clone() });

    let strong: Vec<_> = profile.signals.iter().filter(|signal| signal.value.strength == Strength::High).collect();
    let interested = profile.signal(Signal::PricingVisit).is_some()
        && (profile.signal(Signal::Download).is_some() || profile.signal(Signal::LongVisit).is_some());
    profile.intent = match strong.as_slice() {
        [first, second, ..] => {
            let mut found = first.then(Level::High, 0.7);
            found.evidence.extend(second.evidence.clone());
            Some(found)
        }
        [_] if interested => Some(Statement { value: Level::MediumHigh, confidence: 0.6, evidence: did }),
        [one] => Some(one.then(Level::MediumHigh, 0.6)),
        [] => {
            let medium = profile.signals.iter().find(|signal| signal.value.strength == Strength::Medium);
            medium.map(|signal| signal.then(Level::Medium, 0.5))
        }
    };

    let by =
        |profile: &Profile, signals: &[Signal]| profile.signals.iter().find(|each| signals.contains(&each.value.signal)).cloned();
    profile.research = by(profile, &[Signal::Demo, Signal::BudgetNamed, Signal::Price])
        .map(|signal| signal.then(Research::Deciding, 0.6))
        .or_else(|| {
            by(profile, &[Signal::Comparing, Signal::PricingVisit, Signal::Searching]).map(|s| s.then(Research::Evaluating, 0.6))
        })
        .or_else(|| (behavior.pages.len() >= 2).then(|| Statement::new(Research::Exploring, 0.5, pages())));

    let campaign = || Evidence::of(Field::Campaign, lead.utm.campaign.clone());
    let sale = is_sales_campaign(lead);
    profile.price_sensitivity = profile
        .pain(Pain::Cost)
        .map(|pain| pain.then(Level::High, 0.6))
        .or_else(|| sale.then(|| Statement::new(Level::High, 0.5, campaign())));

    let stated = profile.timeline.clone().filter(Statement::is_likely);
    profile.decision = match (&stated, by(profile, &[Signal::Comparing])) {
        (Some(timeline), _) if timeline.value == Timeline::Month => Some(timeline.then(Decision::Quick, 0.6)),
        (_, Some(comparing)) => Some(comparing.then(Decision::Research, 0.6)),
        _ => (behavior.pages.len() >= 3).then(|| Statement::new(Decision::Research, 0.5, pages())),
    };
    profile.urgency = match &stated {
        Some(timeline) if timeline.value == Timeline::Month => Some(timeline.then(Level::High, 0.8)),
        Some(timeline) if timeline.value == Timeline::Quarter => Some(timeline.then(Level::Medium, 0.7)),
        Some(timeline) => Some(timeline.then(Level::Low, 0.6)),
        None => sale.then(|| Statement::new(Level::Medium, 0.5, campaign())),
    };
}

fn attribution(lead: &LeadData) -> Option<Statement<String>> {
    let source = if lead.source.is_empty() { &lead.utm.source } else { &lead.source };
    let evidence = [(Field::Source, source), (Field::Campaign, &lead.utm.campaign)];
    let evidence: Vec<_> =
        evidence.into_iter().filter(|(_, text)| !text.is_empty()).map(|(field, text)| Evidence::of(field, text.clone())).collect();
    let value = evidence.iter().map(|each| each.text.as_str()).collect::<Vec<_>>().join(" · ");
    (!evidence.is_empty()).then_some(Statement { value, confidence: 1.0, evidence })
}

fn segments(lead: &LeadData, profile: &Profile) -> Vec<Statement<Segment>> {
    let owner = profile.persona.as_ref().filter(|persona| persona.value == Persona::Owner);
    let technology = profile.industry.as_ref().filter(|industry| industry.value == Industry::Technology);
    let main = match (&profile.customer, &profile.size, owner) {
        (Some(_), ..) => profile.persona.as_ref().map(|persona| persona.then(Segment::Expansion, 0.9)),
        (_, Some(size), _) if size.value == CompanySize::Enterprise => Some(size.then(Segment::Enterprise, size.confidence)),
        (_, Some(size), _) if size.value == CompanySize::MidMarket => Some(match technology {
            Some(industry) => {
                let mut both = size.then(Segment::MidMarketTech, size.confidence.min(industry.confidence));
                both.evidence.extend(industry.evidence.clone());
                both
            }
            None => size.then(Segment::MidMarket, size.confidence),
        }),
        (_, _, Some(owner)) => Some(owner.then(Segment::Entrepreneurs, owner.confidence)),
        (_, Some(size), None) => Some(size.then(Segment::Smb, size.confidence)),
        (None, None, None) => None,
    };
    let growing = profile.signal(Signal::Growing).map(|signal| signal.then(Segment::Growing, 0.7));
    let growing =
        growing.or_else(|| profile.pain(Pain::Volume).or(profile.pain(Pain::Scale)).map(|pain| pain.then(Segment::Growing, 0.5)));
    let automation = profile.pain(Pain::Manual).map(|pain| pain.then(Segment::Automation, pain.confidence));
    let paid = source::kind(lead) == SourceKind::Paid;
    let campaign = profile.signal(Signal::Campaign).filter(|_| paid).map(|signal| signal.then(Segment::Campaign, 0.8));
    let comparing = profile.signal(Signal::Comparing).map(|signal| signal.then(Segment::Comparing, signal.confidence));
    [main, growing, automation, campaign, comparing].into_iter().flatten().collect()
}

/// How well somebody fits: a need that is said, a company of some size, an address of its own, a strong signal.
fn fit(lead: &LeadData, profile: &Profile) -> Option<Statement<Fit>> {
    let mut evidence = Vec::new();
    evidence.extend(profile.pains.first().and_then(|pain| pain.evidence.first().cloned()));
    evidence
        .extend(profile.known_size().filter(|size| size.value != CompanySize::Smb).and_then(|size| size.evidence.first().cloned()));
    evidence.extend(own_host(lead).and(lead.email.clone()).map(|email| Evidence::of(Field::Email, email)));
    let strong = profile.signals.iter().find(|signal| signal.value.strength == Strength::High);
    evidence.extend(strong.and_then(|signal| signal.evidence.first().cloned()));
    let value = match evidence.len() {
        0 => return None,
        1 => Fit::D,
        2 => Fit::C,
        3 => Fit::B,
        _ => Fit::A,
    };
    Some(Statement { value, confidence: 0.6, evidence })
}

fn unknowns(profile: &Profile) -> Vec<Unknown> {
    let known = [
        (Unknown::Need, !profile.pains.is_empty() || profile.customer.is_some()),
        (Unknown::Timeline, profile.timeline.as_ref().is_some_and(Statement::is_likely)),
        (Unknown::DecisionMaker, profile.persona.as_ref().is_some_and(|p| p.value != Persona::Customer && p.confidence >= 0.8)),
        (Unknown::Budget, profile.signal(Signal::BudgetNamed).is_some()),
        (Unknown::Size, profile.known_size().is_some() || profile.customer.is_some()),
    ];
    known.into_iter().filter(|(_, known)| !known).map(|(unknown, _)| unknown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(message: &str) -> Profile {
        let mut lead = LeadData { message: message.into(), ..LeadData::default() };
        lead.facts.employees = Some(500);
        enrich(&lead, &[], "2026-11-20T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_stated_deadline_beats_what_is_usual_for_the_size() {
        for (message, timeline, evidence) in [
            ("Necesitamos comprar antes de fin de mes", Timeline::Month, "fin de mes"),
            ("Para finales de este mes", Timeline::Month, "finales de este mes"),
            ("lo queremos este mes", Timeline::Month, "este mes"),
            ("esta semana decidimos", Timeline::Month, "esta semana"),
            ("We decide by the end of the month", Timeline::Month, "end of the month"),
            ("by end of month please", Timeline::Month, "end of month"),
            ("compramos este trimestre", Timeline::Quarter, "este trimestre"),
            ("before the end of this quarter", Timeline::Quarter, "this quarter"),
            ("this quarter", Timeline::Quarter, "this quarter"),
            ("antes de diciembre", Timeline::Month, "antes de diciembre"),
            ("Antes de finales de enero", Timeline::Quarter, "Antes de finales de enero"),
            ("by March", Timeline::HalfYear, "by March"),
            ("before the end of May", Timeline::HalfYear, "before the end of May"),
            ("para julio", Timeline::Year, "para julio"),
            ("antes de fin de año", Timeline::Month, "fin de año"),
            ("end of the year", Timeline::Month, "end of the year"),
            ("queremos decidir en 2 meses", Timeline::Quarter, "decidir en 2 meses"),
            ("within 3 weeks", Timeline::Month, "within 3 weeks"),
            ("dentro de 5 meses", Timeline::HalfYear, "dentro de 5 meses"),
        ] {
            let found = profile(message).timeline.unwrap();
            assert_eq!((found.value, found.evidence[0].text.as_str()), (timeline, evidence), "{message}");
            assert!(found.is_likely(), "{message}");
            assert!(!profile(message).unknowns.contains(&Unknown::Timeline), "{message}");
        }
    }

    #[test]
    fn what_only_sounds_like_a_deadline_is_none() {
        for message in [
            "In case we may need it",
            "in march formation",
            "No antes de marzo",
            "Desde marzo usamos Excel",
            "We are in 30 countries",
            "a fin de mejorar",
            "Crecimos mucho en 3 meses",
            "En marzo tuvimos un evento",
            "Abrimos el fin de semana",
            "This year we grew",
        ] {
            let found = profile(message).timeline.unwrap();
            assert!(!found.is_likely() && found.value == Timeline::Year, "{message}: {found:?}");
        }
    }

    #[test]
    fn deadline_and_budget_are_read_from_one_message() {
        let found = profile("Necesitamos comprar antes de fin de mes; tenemos presupuesto aprobado por US$ 50.000");
        let budget = found.budget.unwrap();
        assert_eq!((budget.value.amount, budget.value.currency.as_deref()), (50_000, Some("USD")));
        assert_eq!(budget.evidence[0].text, "presupuesto aprobado por US$ 50.000");
        assert_eq!(found.timeline.unwrap().value, Timeline::Month);
        assert!(!found.unknowns.iter().any(|each| matches!(each, Unknown::Timeline | Unknown::Budget)));
        assert_eq!(found.urgency.unwrap().value, Level::High);
    }
}
