//! What to do next, and how to speak with somebody.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    LeadData, Profile, Score, Scorecard,
    customer::READY,
    enrich::is_sales_campaign,
    profile::{Growth, Level, Lifecycle, Pain, Persona, Signal, Statement, Strength, Timeline, Unknown},
    score::Band,
    source::{self, SourceKind},
    words,
};
use crate::domain::tier::Tier;

words! {
    /// Something to do.
    ActionKind {
        /// A call at once, as is documented from 80 points on.
        ImmediateCall = "immediate_call",
        /// A personal mail, as is documented from 60 points on.
        PersonalEmail = "personal_email",
        /// Mails that are sent by themselves, as is documented below that.
        Nurturing = "nurturing_sequence",
        /// A call to find out more: little is known, and it sounds well.
        QualificationCall = "qualification_call",
        /// A case like theirs.
        CaseStudy = "case_study",
        /// A demonstration of what they asked for.
        PersonalDemo = "personal_demo",
        /// Advertisements of what they looked at.
        Retargeting = "retargeting",
        /// A call that asks nothing of them.
        SoftCall = "soft_call",
        /// A call to a customer who grows.
        SuccessCall = "success_call",
        /// A demonstration of the next tier.
        PlanDemo = "plan_demo",
        /// An offer of the next tier.
        UpgradeOffer = "upgrade_offer",
    }
}

words! {
    /// Why it is to be done.
    Reason {
        /// The score is high.
        High = "score_high",
        /// The score is in the middle.
        Medium = "score_medium",
        /// The score is low.
        Low = "score_low",
        /// Strong signals.
        Signals = "strong_signals",
        /// There are others like them.
        Similar = "similar_profile",
        /// They said what they need.
        Need = "specific_need",
        /// They looked at pages.
        Visited = "visited_pages",
        /// They asked nothing themselves.
        Silent = "asked_nothing",
        /// They grow.
        Growth = "growth",
        /// They have reached their limits.
        Limits = "limits",
        /// They have stayed.
        Loyal = "loyalty",
    }
}

words! {
    /// A mail of a sequence.
    Mail {
        /// Who we are, and whom we have helped.
        Welcome = "welcome",
        /// What the product does for what they looked at.
        Features = "features",
        /// What costs less for a while.
        Offer = "offer",
        /// A case like theirs.
        Case = "case",
        /// What others say.
        Proof = "proof",
        /// The offer ends.
        LastChance = "last_chance",
        /// Whether there is anything to answer.
        CheckIn = "check_in",
    }
}

/// Something to speak about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TalkingPoint {
    /// How they deal now with what hurts.
    Explore(Pain),
    /// What it costs them, in time and money.
    Quantify,
    /// What is not known yet.
    Ask(Unknown),
    /// That they have grown.
    Recognise(Growth),
    /// What the next tier has.
    Introduce(Tier),
}

/// Something to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What.
    pub kind: ActionKind,
    /// 1 is first.
    pub priority: u8,
    /// Within how many minutes from the capture; 0 is at once, by itself.
    pub within_min: i64,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What to speak about.
    pub points: Vec<TalkingPoint>,
    /// What to show.
    pub focus: Vec<Pain>,
    /// Mails of a sequence: the day, and what it is.
    pub mails: Vec<(i64, Mail)>,
}

impl Action {
    const fn new(kind: ActionKind, priority: u8, within_min: i64) -> Self {
        Self { kind, priority, within_min, reasons: Vec::new(), points: Vec::new(), focus: Vec::new(), mails: Vec::new() }
    }

    /// Until when it is to be done.
    pub fn deadline(&self, captured_at: DateTime<Utc>) -> DateTime<Utc> {
        captured_at + TimeDelta::minutes(self.within_min)
    }
}

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// What a lead counts as when it is handed out and acted upon: its score, or of a customer the readiness for more if that is higher.
pub fn rank(card: &Scorecard, score: &Score, profile: &Profile) -> Band {
    let readiness = profile.customer.as_ref().map_or(0, |customer| i32::from(customer.readiness));
    card.band(score.points.max(readiness))
}

/// What to do next, the first first. By the score alone as is documented; what else there is rests on the profile.
pub fn recommend(card: &Scorecard, score: &Score, lead: &LeadData, profile: &Profile) -> Vec<Action> {
    if let Some(customer) = profile.customer.as_ref().filter(|customer| customer.readiness >= READY) {
        return for_customer(customer);
    }
    let mut actions = Vec::new();
    let points = talking_points(profile);
    let focus: Vec<_> = profile.pains.iter().take(3).map(|pain| pain.value).collect();
    let strong = profile.signals_of(Strength::High) >= 2;
    let band = card.band(score.points);
    match band {
        Band::High => {
            let mut reasons = vec![Reason::High];
            reasons.extend(strong.then_some(Reason::Signals));
            actions.push(Action { reasons, points: points.clone(), ..Action::new(ActionKind::ImmediateCall, 1, 2 * HOUR) });
        }
        Band::Medium => {
            actions.push(Action {
                reasons: vec![Reason::Medium],
                points: points.clone(),
                ..Action::new(ActionKind::PersonalEmail, 1, DAY)
            });
        }
        Band::Low => {}
    }
    let reachable = lead.phone.is_some() || lead.email.is_some();
    if band != Band::High && strong && reachable && !lead.message.is_empty() {
        actions.push(Action { reasons: vec![Reason::Signals], points, ..Action::new(ActionKind::QualificationCall, 1, DAY) });
    }
    let alike = profile.industry.is_some() || profile.size.is_some();
    if !focus.is_empty() && alike {
        actions.push(Action {
            reasons: vec![Reason::Similar],
            focus: focus.clone(),
            ..Action::new(ActionKind::CaseStudy, 2, 4 * HOUR)
        });
    }
    let asks = profile.signal(Signal::Searching).or(profile.signal(Signal::Demo)).is_some();
    if !focus.is_empty() && asks {
        actions.push(Action { reasons: vec![Reason::Need], focus, ..Action::new(ActionKind::PersonalDemo, 3, 7 * DAY) });
    }
    if band == Band::Low || lead.message.is_empty() && band == Band::Medium {
        let reason = if band == Band::Low { Reason::Low } else { Reason::Silent };
        actions.push(Action { reasons: vec![reason], mails: mails(lead), ..Action::new(ActionKind::Nurturing, 2, 0) });
    }
    if source::kind(lead) == SourceKind::Paid && !lead.behavior.pages.is_empty() {
        actions.push(Action { reasons: vec![Reason::Visited], ..Action::new(ActionKind::Retargeting, 2, HOUR) });
    }
    if band != Band::High && lead.message.is_empty() && lead.phone.is_some() {
        actions.push(Action { reasons: vec![Reason::Silent], ..Action::new(ActionKind::SoftCall, 3, 7 * DAY) });
    }
    actions.sort_by_key(|action| action.priority);
    actions
}

fn for_customer(customer: &super::profile::Customer) -> Vec<Action> {
    let mut points: Vec<_> = customer.growth.iter().map(|growth| TalkingPoint::Recognise(growth.value.0)).collect();
    points.extend(customer.recommended.map(|next| TalkingPoint::Introduce(next.tier)));
    points.push(TalkingPoint::Ask(Unknown::Budget));
    points.push(TalkingPoint::Ask(Unknown::DecisionMaker));
    let mut reasons = vec![Reason::Growth];
    if customer.growth.iter().any(|growth| growth.value.0 == Growth::Limits) {
        reasons.push(Reason::Limits);
    }
    let mut actions = vec![Action { reasons, points, ..Action::new(ActionKind::SuccessCall, 1, DAY) }];
    if let Some(next) = customer.recommended {
        let points = vec![TalkingPoint::Introduce(next.tier)];
        actions.push(Action { reasons: vec![Reason::Growth], points, ..Action::new(ActionKind::PlanDemo, 2, 7 * DAY) });
        let within = i64::from(next.within_days) * DAY;
        actions.push(Action { reasons: vec![Reason::Loyal], ..Action::new(ActionKind::UpgradeOffer, 3, within) });
    }
    actions
}

/// What to speak about: what hurts, what it costs, and what is not known.
fn talking_points(profile: &Profile) -> Vec<TalkingPoint> {
    let mut points: Vec<_> = profile.pains.iter().take(3).map(|pain| TalkingPoint::Explore(pain.value)).collect();
    if !points.is_empty() {
        points.push(TalkingPoint::Quantify);
    }
    points.extend(profile.unknowns.iter().map(|unknown| TalkingPoint::Ask(*unknown)));
    points
}

fn mails(lead: &LeadData) -> Vec<(i64, Mail)> {
    let sale = is_sales_campaign(lead);
    let (fifth, last) = if sale { (Mail::Offer, Mail::LastChance) } else { (Mail::Case, Mail::CheckIn) };
    vec![(0, Mail::Welcome), (2, Mail::Features), (5, fifth), (8, Mail::Proof), (12, last)]
}

/// Where a lead stands between marketing and sales.
pub fn lifecycle(card: &Scorecard, score: &Score, profile: &Profile) -> Lifecycle {
    let interested = |level: &Statement<Level>| level.value >= Level::MediumHigh;
    if profile.customer.is_some() {
        Lifecycle::Customer
    } else if card.band(score.points) == Band::High || profile.signals_of(Strength::High) >= 2 && !profile.pains.is_empty() {
        Lifecycle::Sales
    } else if card.band(score.points) == Band::Medium || profile.engagement.as_ref().is_some_and(interested) {
        Lifecycle::Marketing
    } else {
        Lifecycle::Lead
    }
}

words! {
    /// How to speak.
    Tone {
        /// Without detours.
        Direct = "direct",
        /// With figures.
        Data = "data_driven",
        /// About what comes back.
        Roi = "roi",
        /// As with a friend.
        Friendly = "friendly",
        /// Explaining.
        Educational = "educational",
        /// Without pressing.
        Gentle = "no_pressure",
        /// Asking and advising.
        Consultative = "consultative",
        /// Grateful for what they do.
        Appreciative = "appreciative",
    }
}

words! {
    /// What to send.
    Content {
        /// Cases.
        Cases = "case_studies",
        /// Demonstrations in depth.
        Demos = "technical_demos",
        /// How to set it up.
        Guides = "implementation_guides",
        /// How easy it is.
        Ease = "ease_of_use",
        /// How soon it works.
        Setup = "quick_setup",
        /// What it saves.
        Savings = "cost_effectiveness",
        /// A walk through the product.
        Tour = "product_tour",
        /// What comes back, reckoned.
        Reckoning = "roi_reckoning",
        /// What more there is.
        Advanced = "advanced_features",
        /// Tiers beside each other.
        Tiers = "tier_comparison",
    }
}

words! {
    /// How often to follow up.
    Cadence {
        /// Every three to five days.
        Close = "every_3_5_days",
        /// Every week.
        Weekly = "weekly",
        /// Every two weeks.
        Loose = "every_2_weeks",
        /// Every three months.
        Quarterly = "every_90_days",
    }
}

words! {
    /// What to offer.
    Offer {
        /// A discount for a while.
        Discount = "limited_discount",
        /// A thank-you for staying.
        Loyalty = "loyalty",
        /// A trial.
        Trial = "trial",
    }
}

words! {
    /// What to measure success by.
    Metric {
        /// How soon it is of use.
        TimeToValue = "time_to_value",
        /// What comes back in the first three months.
        Roi = "roi_3_months",
        /// Hours that are saved.
        Hours = "hours_saved",
        /// How well it is used.
        Adoption = "adoption",
    }
}

/// How to speak with somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strategy {
    /// Who they are; none where nothing tells.
    pub persona: Option<Persona>,
    /// How to speak.
    pub tone: Vec<Tone>,
    /// What to send.
    pub content: Vec<Content>,
    /// How often.
    pub cadence: Cadence,
    /// How long it takes from here to a decision: from, to, in months.
    pub cycle_months: Option<(u8, u8)>,
    /// What to offer.
    pub offer: Option<Offer>,
    /// What to measure success by.
    pub metrics: Vec<Metric>,
}

/// How to speak with a lead.
pub fn strategy(card: &Scorecard, score: &Score, lead: &LeadData, profile: &Profile) -> Strategy {
    let persona = profile.persona.as_ref().map(|persona| persona.value);
    let (tone, content, metrics) = match persona {
        Some(Persona::Customer) => (
            vec![Tone::Appreciative, Tone::Consultative],
            vec![Content::Advanced, Content::Tiers],
            vec![Metric::Adoption, Metric::Hours],
        ),
        Some(Persona::Technical) => (
            vec![Tone::Direct, Tone::Data, Tone::Roi],
            vec![Content::Cases, Content::Demos, Content::Guides],
            vec![Metric::Hours, Metric::Roi],
        ),
        Some(Persona::Executive | Persona::Financial) => {
            (vec![Tone::Direct, Tone::Roi], vec![Content::Cases, Content::Reckoning], vec![Metric::Roi, Metric::Hours])
        }
        Some(Persona::Owner) => (
            vec![Tone::Friendly, Tone::Educational, Tone::Gentle],
            vec![Content::Ease, Content::Setup, Content::Savings],
            vec![Metric::TimeToValue, Metric::Roi],
        ),
        Some(Persona::Operations | Persona::Commercial) => {
            (vec![Tone::Consultative, Tone::Data], vec![Content::Cases, Content::Tour], vec![Metric::Hours, Metric::TimeToValue])
        }
        None => (vec![Tone::Friendly, Tone::Consultative], vec![Content::Tour, Content::Cases], vec![Metric::TimeToValue]),
    };
    let intent = profile.intent.as_ref().map(|intent| intent.value);
    let cadence = match (persona, card.band(score.points), intent) {
        (Some(Persona::Customer), ..) => Cadence::Quarterly,
        (_, Band::High, _) | (_, _, Some(Level::High)) => Cadence::Close,
        (_, Band::Medium, _) | (_, _, Some(Level::MediumHigh | Level::Medium)) => Cadence::Weekly,
        _ => Cadence::Loose,
    };
    let cycle_months = profile.timeline.as_ref().map(|timeline| match timeline.value {
        Timeline::Month => (0, 1),
        Timeline::Quarter => (1, 3),
        Timeline::HalfYear => (3, 6),
        Timeline::Year => (6, 12),
    });
    let offer = if profile.customer.as_ref().is_some_and(|customer| customer.recommended.is_some()) {
        Some(Offer::Loyalty)
    } else if is_sales_campaign(lead) {
        Some(Offer::Discount)
    } else {
        profile.signal(Signal::Demo).map(|_| Offer::Trial)
    };
    Strategy { persona, tone, content, cadence, cycle_months, offer, metrics }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documented function: the action, its priority, and within how many hours; none is by itself.
    fn generate_recommendations(lead_score: i32) -> (&'static str, u8, Option<i64>) {
        if lead_score >= 80 {
            ("immediate_call", 1, Some(2))
        } else if lead_score >= 60 {
            ("personal_email", 1, Some(24))
        } else {
            ("nurturing_sequence", 2, None)
        }
    }

    #[test]
    fn the_score_alone_recommends_what_is_documented() {
        for points in 0..=100 {
            let score = Score { points, contributions: Vec::new() };
            let lead = LeadData { message: "x".into(), ..LeadData::default() };
            let actions = recommend(&Scorecard::default(), &score, &lead, &Profile::default());
            let [action] = actions.as_slice() else { panic!("{actions:?}") };
            let hours = Some(action.within_min / HOUR).filter(|hours| *hours > 0);
            assert_eq!((action.kind.as_str(), action.priority, hours), generate_recommendations(points), "{points}");
        }
    }
}
