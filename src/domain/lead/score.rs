//! The lead's score: points by a card that admins edit. The default card is the documented table, and nothing else.

use serde::{Deserialize, Serialize};

use super::{
    CompanySize, LeadData, Profile,
    profile::{Evidence, Field, Strength},
    source::{self, SourceKind},
    words,
};

words! {
    /// A rule that adds points.
    ScoreRule {
        /// A large company.
        Enterprise = "company_enterprise",
        /// A middle one.
        MidMarket = "company_mid_market",
        /// A small one.
        Smb = "company_smb",
        /// Looked at the prices.
        VisitedPricing = "visited_pricing",
        /// Downloaded something.
        Downloaded = "downloaded_content",
        /// Stayed for long.
        TimeOnSite = "time_on_site",
        /// Wrote a word of one who wants to buy.
        Intent = "intent_keyword",
        /// Was sent by somebody.
        Referral = "source_referral",
        /// Found us by searching.
        Organic = "source_organic_search",
        /// Came by an advertisement.
        Paid = "source_paid_ads",
        /// For each strong buying signal.
        StrongSignal = "strong_signal",
    }
}

/// The highest score.
pub const MAX_SCORE: i32 = 100;
/// The most points that a rule may add or take.
pub const MAX_POINTS: i32 = 100;
/// The most words of intent in a language.
pub const MAX_WORDS: usize = 50;
/// The longest of them, in characters.
pub const MAX_WORD: usize = 40;

/// What each thing is worth. Words are found anywhere in the message in lower case, also within other words, as is documented.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scorecard {
    /// A company of 250 people and more.
    pub enterprise: i32,
    /// One of 50 to 249.
    pub mid_market: i32,
    /// A smaller one.
    pub smb: i32,
    /// Having looked at the prices.
    pub visited_pricing: i32,
    /// Having downloaded something.
    pub downloaded: i32,
    /// Having stayed for more than `long_visit_s`.
    pub time_on_site: i32,
    /// The length of a long visit, in seconds.
    pub long_visit_s: u32,
    /// A word of intent; counts once.
    pub intent: i32,
    /// The words of intent that are documented, which are English.
    pub words: Vec<String>,
    /// Words of intent in Spanish; count where `spanish` says so.
    pub spanish_words: Vec<String>,
    /// Whether they do. Off in the default card, for the documented table does not know them.
    pub spanish: bool,
    /// Somebody sent them.
    pub referral: i32,
    /// Found us by searching.
    pub organic: i32,
    /// Came by an advertisement.
    pub paid: i32,
    /// Each strong buying signal in the message, three at the most. None in the default card, for the same reason.
    pub strong_signal: i32,
    /// From this score on a lead is hot: a senior's.
    pub high: i32,
    /// From this score on it is warm: a mid-level's.
    pub medium: i32,
}

impl Default for Scorecard {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            enterprise: 30,
            mid_market: 20,
            smb: 10,
            visited_pricing: 25,
            downloaded: 15,
            time_on_site: 10,
            long_visit_s: 300,
            intent: 15,
            words: words(&["buy", "purchase", "pricing", "demo", "trial"]),
            spanish_words: words(&["comprar", "contratar", "precio", "cotiza", "prueba"]),
            spanish: false,
            referral: 20,
            organic: 15,
            paid: 10,
            strong_signal: 0,
            high: 80,
            medium: 60,
        }
    }
}

words! {
    /// What a score means for who takes a lead, and how soon.
    Band {
        /// A call within two hours, by a senior.
        High = "high",
        /// A personal mail within a day, by a mid-level.
        Medium = "medium",
        /// Nurturing, by nobody yet.
        Low = "low",
    }
}

/// Points that a rule has added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// The rule.
    pub rule: ScoreRule,
    /// The points.
    pub points: i32,
    /// What for.
    pub evidence: Vec<Evidence>,
}

/// A score and how it came about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Score {
    /// From 0 to 100.
    pub points: i32,
    /// What added to it. Their sum is the score, unless it is below 0 or above 100.
    pub contributions: Vec<Contribution>,
}

impl Score {
    /// What the rules add up to, which may be more than the score.
    pub fn sum(&self) -> i32 {
        self.contributions.iter().map(|each| each.points).sum()
    }
}

impl Scorecard {
    /// The points of a rule.
    pub const fn points(&self, rule: ScoreRule) -> i32 {
        match rule {
            ScoreRule::Enterprise => self.enterprise,
            ScoreRule::MidMarket => self.mid_market,
            ScoreRule::Smb => self.smb,
            ScoreRule::VisitedPricing => self.visited_pricing,
            ScoreRule::Downloaded => self.downloaded,
            ScoreRule::TimeOnSite => self.time_on_site,
            ScoreRule::Intent => self.intent,
            ScoreRule::Referral => self.referral,
            ScoreRule::Organic => self.organic,
            ScoreRule::Paid => self.paid,
            ScoreRule::StrongSignal => self.strong_signal,
        }
    }

    /// The same, to be changed.
    pub const fn points_mut(&mut self, rule: ScoreRule) -> &mut i32 {
        match rule {
            ScoreRule::Enterprise => &mut self.enterprise,
            ScoreRule::MidMarket => &mut self.mid_market,
            ScoreRule::Smb => &mut self.smb,
            ScoreRule::VisitedPricing => &mut self.visited_pricing,
            ScoreRule::Downloaded => &mut self.downloaded,
            ScoreRule::TimeOnSite => &mut self.time_on_site,
            ScoreRule::Intent => &mut self.intent,
            ScoreRule::Referral => &mut self.referral,
            ScoreRule::Organic => &mut self.organic,
            ScoreRule::Paid => &mut self.paid,
            ScoreRule::StrongSignal => &mut self.strong_signal,
        }
    }

    /// What a score means.
    pub const fn band(&self, points: i32) -> Band {
        if points >= self.high {
            Band::High
        } else if points >= self.medium {
            Band::Medium
        } else {
            Band::Low
        }
    }

    /// The first word of intent in a message, and where it stands.
    fn intent_in(&self, message: &str) -> Option<Evidence> {
        let lower = message.to_lowercase();
        let spanish = if self.spanish { self.spanish_words.as_slice() } else { &[] };
        let word = self.words.iter().chain(spanish).find(|word| !word.is_empty() && lower.contains(&word.to_lowercase()))?;
        let at = place_of(message, &word.to_lowercase());
        Some(at.map_or_else(
            || Evidence::of(Field::Message, word.clone()),
            |(start, end)| Evidence::part(Field::Message, message.get(start..end).unwrap_or_default(), (start, end)),
        ))
    }
}

impl Scorecard {
    /// Spanish words of intent in a message that add nothing, because the card does not count them; none where another word is counted
    /// already, for words count once.
    pub fn uncounted_words(&self, message: &str) -> Vec<&str> {
        if self.spanish || self.intent_in(message).is_some() {
            return Vec::new();
        }
        let lower = message.to_lowercase();
        let words = self.spanish_words.iter().map(String::as_str);
        words.filter(|word| !word.is_empty() && lower.contains(&word.to_lowercase())).collect()
    }
}

/// Where a text in lower case stands in another. Lower case may have another length, so it is looked for from each character on.
fn place_of(text: &str, lower: &str) -> Option<(usize, usize)> {
    text.char_indices().find_map(|(start, _)| {
        let mut rest = lower;
        for (at, c) in text.get(start..)?.char_indices() {
            let one: String = c.to_lowercase().collect();
            rest = rest.strip_prefix(one.as_str())?;
            if rest.is_empty() {
                return Some((start, start + at + c.len_utf8()));
            }
        }
        None
    })
}

/// Adds up what a lead is worth. What the profile only estimates does not count.
pub fn score(card: &Scorecard, lead: &LeadData, profile: &Profile) -> Score {
    let mut found: Vec<(ScoreRule, i32, Vec<Evidence>)> = Vec::new();
    if let Some(size) = profile.known_size() {
        let rule = match size.value {
            CompanySize::Enterprise => ScoreRule::Enterprise,
            CompanySize::MidMarket => ScoreRule::MidMarket,
            CompanySize::Smb => ScoreRule::Smb,
        };
        found.push((rule, 1, size.evidence.clone()));
    }
    let behavior = &lead.behavior;
    if let Some(page) = behavior.pricing_page().or_else(|| behavior.visited_pricing.then_some("visited_pricing")) {
        found.push((ScoreRule::VisitedPricing, 1, vec![Evidence::of(Field::Pages, page)]));
    }
    if behavior.downloaded || !behavior.downloads.is_empty() {
        let what = behavior.downloads.first().map_or("downloaded_content", String::as_str);
        found.push((ScoreRule::Downloaded, 1, vec![Evidence::of(Field::Downloads, what)]));
    }
    if behavior.time_on_site_s > card.long_visit_s {
        found.push((ScoreRule::TimeOnSite, 1, vec![Evidence::of(Field::Time, behavior.time_on_site_s.to_string())]));
    }
    if let Some(evidence) = card.intent_in(&lead.message) {
        found.push((ScoreRule::Intent, 1, vec![evidence]));
    }
    let rule = match source::kind(lead) {
        SourceKind::Referral => Some(ScoreRule::Referral),
        SourceKind::Organic => Some(ScoreRule::Organic),
        SourceKind::Paid => Some(ScoreRule::Paid),
        _ => None,
    };
    if let Some(rule) = rule {
        let told = [&lead.source, &lead.utm.medium, &lead.utm.source].into_iter().find(|text| source::of_text(text).is_some());
        found.push((rule, 1, vec![Evidence::of(Field::Source, told.cloned().unwrap_or_default())]));
    }
    let strong: Vec<_> = profile.signals.iter().filter(|signal| signal.value.strength == Strength::High).take(3).collect();
    if !strong.is_empty() {
        let evidence = strong.iter().flat_map(|signal| signal.evidence.clone()).collect();
        found.push((ScoreRule::StrongSignal, i32::try_from(strong.len()).unwrap_or(3), evidence));
    }
    let contributions: Vec<_> = found
        .into_iter()
        .map(|(rule, times, evidence)| Contribution { rule, points: card.points(rule) * times, evidence })
        .filter(|each| each.points != 0)
        .collect();
    let mut score = Score { points: 0, contributions };
    score.points = score.sum().clamp(0, MAX_SCORE);
    score
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::lead::{Behavior, Facts, enrich};

    #[test]
    fn spanish_words_that_are_not_counted_are_named() {
        let card = Scorecard::default();
        for (message, words) in
            [("Queremos COMPRAR y un precio", vec!["comprar", "precio"]), ("comprar, con demo", vec![]), ("Hola", vec![])]
        {
            assert_eq!(card.uncounted_words(message), words, "{message}");
        }
        let counting = Scorecard { spanish: true, ..card };
        assert!(counting.uncounted_words("Queremos comprar").is_empty());
    }

    /// The documented function, line by line.
    struct ContactData<'a> {
        company_size: &'a str,
        visited_pricing: bool,
        downloaded_content: bool,
        time_on_site: u32,
        message: &'a str,
        source: &'a str,
    }

    fn calculate_lead_score(contact_data: &ContactData<'_>) -> i32 {
        let mut score = 0;
        if contact_data.company_size == "enterprise" {
            score += 30;
        } else if contact_data.company_size == "mid-market" {
            score += 20;
        } else if contact_data.company_size == "smb" {
            score += 10;
        }
        if contact_data.visited_pricing {
            score += 25;
        }
        if contact_data.downloaded_content {
            score += 15;
        }
        if contact_data.time_on_site > 300 {
            score += 10;
        }
        let message = contact_data.message.to_lowercase();
        for keyword in ["buy", "purchase", "pricing", "demo", "trial"] {
            if message.contains(keyword) {
                score += 15;
                break;
            }
        }
        if contact_data.source == "referral" {
            score += 20;
        } else if contact_data.source == "organic_search" {
            score += 15;
        } else if contact_data.source == "paid_ads" {
            score += 10;
        }
        score.min(100)
    }

    fn scored(data: &ContactData<'_>) -> Score {
        let lead = LeadData {
            message: data.message.into(),
            source: data.source.into(),
            behavior: Behavior {
                visited_pricing: data.visited_pricing,
                downloaded: data.downloaded_content,
                time_on_site_s: data.time_on_site,
                ..Behavior::default()
            },
            facts: Facts { company_size: CompanySize::parse(data.company_size), ..Facts::default() },
            ..LeadData::default()
        };
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        score(&Scorecard::default(), &lead, &enrich(&lead, &[], now))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn the_default_card_is_the_documented_function(
            company_size in prop::sample::select(vec!["", "smb", "mid-market", "enterprise", "Enterprise", "huge"]),
            visited_pricing: bool,
            downloaded_content: bool,
            time_on_site in prop_oneof![0_u32..=600, Just(300), Just(301)],
            words in prop::collection::vec(prop::sample::select(vec![
                "buy", "BUYER", "Purchase", "pricing", "demo", "demócrata", "DEMOGRAPHIC", "trial", "industrial", "comprar", "precio", "hola",
                "need a tool", "İstanbul", "a", "ß", "no", "urgente", ".", "queremos contratar",
            ]), 0..6),
            source in prop::sample::select(vec!["referral", "organic_search", "paid_ads", "website", "walk_in", ""]),
        ) {
            let message = words.join(" ");
            let data = ContactData { company_size, visited_pricing, downloaded_content, time_on_site, message: &message, source };
            let ours = scored(&data);
            prop_assert_eq!(ours.points, calculate_lead_score(&data));
            prop_assert_eq!(ours.points, ours.sum().min(100));
            for part in &ours.contributions {
                prop_assert!(!part.evidence.is_empty());
                for evidence in &part.evidence {
                    if let Some((start, end)) = evidence.range {
                        prop_assert_eq!(message.get(start..end), Some(evidence.text.as_str()));
                    }
                }
            }
        }
    }

    #[test]
    fn all_rules_together_stop_at_a_hundred() {
        let all = ContactData {
            company_size: "enterprise",
            visited_pricing: true,
            downloaded_content: true,
            time_on_site: 301,
            message: "We want a DEMO and a trial",
            source: "referral",
        };
        let score = scored(&all);
        assert_eq!((score.points, score.sum(), score.contributions.len()), (100, 115, 6));
        let intent = score.contributions.iter().find(|each| each.rule == ScoreRule::Intent).unwrap();
        assert_eq!((intent.evidence[0].text.as_str(), intent.evidence[0].range), ("DEMO", Some((10, 14))));
    }

    #[test]
    fn an_edited_card_counts_spanish_words_and_strong_signals() {
        let lead = LeadData { message: "Queremos comprar una solución. ¿Qué PRECIO tiene?".into(), ..LeadData::default() };
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        let profile = enrich(&lead, &[], now);
        let points = |card: &Scorecard| score(card, &lead, &profile).points;
        assert_eq!(points(&Scorecard::default()), 0);
        assert_eq!(points(&Scorecard { spanish: true, ..Scorecard::default() }), 15);
        assert_eq!(points(&Scorecard { spanish: true, strong_signal: 10, ..Scorecard::default() }), 25);
        assert_eq!(points(&Scorecard { strong_signal: -10, ..Scorecard::default() }), 0, "never below 0");
    }

    #[test]
    fn bands_begin_where_they_say() {
        let card = Scorecard::default();
        for (points, band) in
            [(0, Band::Low), (59, Band::Low), (60, Band::Medium), (79, Band::Medium), (80, Band::High), (100, Band::High)]
        {
            assert_eq!(card.band(points), band, "{points}");
        }
        assert_eq!(card.words.iter().map(String::as_str).collect::<Vec<_>>(), ["buy", "purchase", "pricing", "demo", "trial"]);
    }

    #[test]
    fn words_are_found_where_lower_case_is_longer() {
        for (text, lower, place) in [("İX BUY", "buy", Some((4, 7))), ("Ångström", "ström", Some((4, 10))), ("abc", "x", None)]
        {
            assert_eq!(place_of(text, lower), place, "{text}");
        }
    }
}
