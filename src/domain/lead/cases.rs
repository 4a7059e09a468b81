//! The document's three cases, as they are sent. Each part of the documented output that can rest on what was sent is there.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    CompanySize, LeadData, Profile, Score, Scorecard,
    actions::{self, Action, ActionKind, Cadence, Content, Mail, Metric, Offer, Strategy, TalkingPoint, Tone},
    capture,
    profile::{
        Decision, Field, Fit, Growth, Industry, Level, Lifecycle, Pain, Persona, Research, Revenue, Segment, Signal, Stage,
        Statement, Strength, Timeline, Unknown,
    },
    score::{Band, ScoreRule},
};
use crate::domain::{
    format::Lang,
    tier::{Tier, TierLimits},
};

fn tiers() -> Vec<TierLimits> {
    [(Tier::Essential, 7_900, None), (Tier::Pro, 14_900, None), (Tier::Elite, 19_900, None), (Tier::Prime, 399_700, Some(20))]
        .map(|(tier, price_cents, program_weeks)| TierLimits {
            tier,
            price_cents,
            currency: "USD".into(),
            program_weeks,
            tokens_per_month: 0,
            interactions_per_day: 0,
            agents: None,
        })
        .into()
}

struct Case {
    lead: LeadData,
    profile: Profile,
    score: Score,
    actions: Vec<Action>,
    strategy: Strategy,
    lifecycle: Lifecycle,
}

fn case(sent: &Value, card: &Scorecard) -> Case {
    let now: DateTime<Utc> = "2024-11-11T10:30:00Z".parse().unwrap();
    let captured = capture::parse(sent).unwrap();
    assert!(captured.ignored.is_empty(), "{:?}", captured.ignored);
    let lead = captured.lead;
    let profile = super::enrich(&lead, &tiers(), now);
    // What is stored is read back as it was.
    assert_eq!(serde_json::from_value::<Profile>(serde_json::to_value(&profile).unwrap()).unwrap(), profile);
    let score = super::score(card, &lead, &profile);
    Case {
        actions: super::recommend(card, &score, &lead, &profile),
        strategy: super::strategy(card, &score, &lead, &profile),
        lifecycle: actions::lifecycle(card, &score, &profile),
        lead,
        profile,
        score,
    }
}

/// A statement's value and the words that it rests on first.
fn says<T: Copy>(statement: Option<&Statement<T>>) -> Option<(T, &str)> {
    statement.map(|statement| (statement.value, statement.evidence[0].text.as_str()))
}

fn kinds(case: &Case) -> Vec<(ActionKind, u8, i64)> {
    case.actions.iter().map(|action| (action.kind, action.priority, action.within_min / 60)).collect()
}

fn b2b() -> Value {
    json!({
        "name": "María García",
        "email": "maria.garcia@techcorp.com",
        "company": "TechCorp Solutions",
        "phone": "+57 300 123 4567",
        "message": "Necesitamos una solución para automatizar nuestros procesos de facturación. Somos una empresa de 50 empleados y manejamos 200+ clientes mensuales.",
        "source": "website_contact_form",
        "timestamp": "2024-11-11T10:30:00Z"
    })
}

#[test]
fn a_lead_of_business_software() {
    let case = case(&b2b(), &Scorecard::default());
    let profile = &case.profile;
    assert_eq!(says(profile.language.as_ref()).map(|(lang, _)| lang), Some(Lang::Es));
    assert_eq!(says(profile.industry.as_ref()), Some((Industry::Technology, "TechCorp Solutions")));
    assert_eq!(says(profile.employees.as_ref()), Some((50, "50 empleados")));
    assert_eq!(says(profile.size.as_ref()), Some((CompanySize::MidMarket, "50 empleados")));
    let revenue = profile.revenue.as_ref().unwrap();
    assert_eq!(revenue.value, Revenue { from_usd: 2_000_000, to_usd: 5_000_000 });
    assert!(!revenue.is_likely(), "an estimate, and it says so");
    assert_eq!(says(profile.stage.as_ref()), Some((Stage::Established, "50 empleados")));
    assert_eq!(says(profile.tech.as_ref()), Some((Level::MediumHigh, "TechCorp Solutions")));
    let timeline = profile.timeline.as_ref().unwrap();
    assert_eq!((timeline.value, timeline.is_likely()), (Timeline::HalfYear, false));
    let pains: Vec<_> = profile.pains.iter().filter_map(|pain| says(Some(pain))).collect();
    assert_eq!(
        pains,
        [
            (Pain::Manual, "automatizar nuestros procesos"),
            (Pain::Billing, "facturación"),
            (Pain::Volume, "200+ clientes"),
            (Pain::Efficiency, "automatizar nuestros procesos"),
            (Pain::Scale, "200+ clientes"),
        ]
    );
    let signals: Vec<_> = profile.signals.iter().map(|s| (s.value.signal, s.value.strength, s.evidence[0].text.as_str())).collect();
    assert_eq!(
        signals,
        [
            (Signal::Quantified, Strength::High, "200+ clientes"),
            (Signal::Searching, Strength::High, "Necesitamos una solución"),
            (Signal::Budget, Strength::Medium, "50 empleados"),
        ]
    );
    let segments: Vec<_> = profile.segments.iter().map(|segment| segment.value).collect();
    assert_eq!(segments, [Segment::MidMarketTech, Segment::Growing, Segment::Automation]);
    assert_eq!(profile.fit.as_ref().map(|fit| fit.value), Some(Fit::A));
    assert_eq!(profile.intent.as_ref().map(|intent| intent.value), Some(Level::High));
    assert_eq!(profile.unknowns, [Unknown::Timeline, Unknown::DecisionMaker, Unknown::Budget]);
    assert!(profile.customer.is_none() && profile.engagement.is_none(), "nothing tells");

    // The documented table knows neither the source nor Spanish: 20 for the size, and nothing else.
    let added: Vec<_> = case.score.contributions.iter().map(|each| (each.rule, each.points)).collect();
    assert_eq!((case.score.points, added), (20, vec![(ScoreRule::MidMarket, 20)]));
    assert_eq!(case.lifecycle, Lifecycle::Sales, "it sounds well all the same");
    assert_eq!(
        kinds(&case),
        [
            (ActionKind::QualificationCall, 1, 24),
            (ActionKind::CaseStudy, 2, 4),
            (ActionKind::Nurturing, 2, 0),
            (ActionKind::PersonalDemo, 3, 168)
        ]
    );
    assert_eq!(
        case.actions[0].points,
        [
            TalkingPoint::Explore(Pain::Manual),
            TalkingPoint::Explore(Pain::Billing),
            TalkingPoint::Explore(Pain::Volume),
            TalkingPoint::Quantify,
            TalkingPoint::Ask(Unknown::Timeline),
            TalkingPoint::Ask(Unknown::DecisionMaker),
            TalkingPoint::Ask(Unknown::Budget),
        ]
    );
    assert_eq!(case.actions[3].focus, [Pain::Manual, Pain::Billing, Pain::Volume]);
    let strategy = &case.strategy;
    assert_eq!(strategy.persona, Some(Persona::Technical));
    assert_eq!(strategy.tone, [Tone::Direct, Tone::Data, Tone::Roi]);
    assert_eq!(strategy.content, [Content::Cases, Content::Demos, Content::Guides]);
    assert_eq!((strategy.cadence, strategy.cycle_months), (Cadence::Close, Some((3, 6))));

    // With what strong signals are worth to this team, the documented call within two hours.
    let edited = super::cases::case(&b2b(), &Scorecard { strong_signal: 30, ..Scorecard::default() });
    assert_eq!(edited.score.points, 80);
    assert_eq!(kinds(&edited)[0], (ActionKind::ImmediateCall, 1, 2));
}

fn b2c() -> Value {
    json!({
        "name": "Carlos Mendoza",
        "email": "carlos.mendoza@gmail.com",
        "phone": "+57 310 987 6543",
        "source": "facebook_ads_campaign",
        "utm_campaign": "black_friday_2024",
        "behavior_data": {
            "pages_visited": ["/pricing", "/features", "/testimonials"],
            "time_on_site": "8 minutes 23 seconds",
            "downloads": ["feature_comparison.pdf"],
            "form_fills": 1
        },
        "demographics": {
            "age_range": "35-44",
            "location": "Bogotá, Colombia",
            "interests": ["entrepreneurship", "small_business", "e-commerce"]
        }
    })
}

#[test]
fn a_lead_of_a_campaign() {
    let case = case(&b2c(), &Scorecard::default());
    let profile = &case.profile;
    assert_eq!(case.lead.behavior.time_on_site_s, 503);
    assert_eq!(says(profile.language.as_ref()), Some((Lang::Es, "Bogotá, Colombia")));
    assert_eq!(says(profile.persona.as_ref()), Some((Persona::Owner, "entrepreneurship")));
    assert_eq!(says(profile.industry.as_ref()), Some((Industry::Retail, "e-commerce")));
    assert_eq!(says(profile.stage.as_ref()), Some((Stage::Early, "entrepreneurship")));
    assert_eq!(says(profile.tech.as_ref()), Some((Level::Medium, "/features")));
    assert_eq!(says(profile.price_sensitivity.as_ref()), Some((Level::High, "black_friday_2024")));
    assert_eq!(says(profile.decision.as_ref()), Some((Decision::Research, "feature_comparison.pdf")));
    assert_eq!(profile.engagement.as_ref().map(|each| (each.value, each.evidence.len())), Some((Level::High, 4)));
    assert_eq!(profile.intent.as_ref().map(|each| each.value), Some(Level::MediumHigh));
    assert_eq!(profile.research.as_ref().map(|each| each.value), Some(Research::Evaluating));
    assert_eq!(says(profile.urgency.as_ref()), Some((Level::Medium, "black_friday_2024")));
    assert_eq!(profile.attribution.as_ref().map(|each| each.value.as_str()), Some("facebook_ads_campaign · black_friday_2024"));
    assert_eq!(profile.segment(), Segment::Entrepreneurs);
    let size = profile.size.as_ref().unwrap();
    assert_eq!((size.value, size.is_likely()), (CompanySize::Smb, false), "an interest is no company");
    assert!(profile.pains.is_empty() && profile.employees.is_none(), "nothing tells");

    let added: Vec<_> =
        case.score.contributions.iter().map(|each| (each.rule, each.points, each.evidence[0].text.as_str())).collect();
    assert_eq!(
        added,
        [
            (ScoreRule::VisitedPricing, 25, "/pricing"),
            (ScoreRule::Downloaded, 15, "feature_comparison.pdf"),
            (ScoreRule::TimeOnSite, 10, "503"),
            (ScoreRule::Paid, 10, "facebook_ads_campaign"),
        ]
    );
    assert_eq!((case.score.points, case.lifecycle), (60, Lifecycle::Marketing));
    assert_eq!(
        kinds(&case),
        [
            (ActionKind::PersonalEmail, 1, 24),
            (ActionKind::Nurturing, 2, 0),
            (ActionKind::Retargeting, 2, 1),
            (ActionKind::SoftCall, 3, 168)
        ]
    );
    assert_eq!(
        case.actions[1].mails,
        [(0, Mail::Welcome), (2, Mail::Features), (5, Mail::Offer), (8, Mail::Proof), (12, Mail::LastChance)]
    );
    let strategy = &case.strategy;
    assert_eq!(strategy.tone, [Tone::Friendly, Tone::Educational, Tone::Gentle]);
    assert_eq!(strategy.content, [Content::Ease, Content::Setup, Content::Savings]);
    assert_eq!(
        (strategy.offer, strategy.metrics.as_slice()),
        (Some(Offer::Discount), [Metric::TimeToValue, Metric::Roi].as_slice())
    );
}

fn customer() -> Value {
    json!({
        "customer_id": "CUST-2023-0456",
        "name": "Ana Rodríguez",
        "company": "Verde Consulting",
        "current_plan": "Professional ($99/mes)",
        "account_age": "14 meses",
        "recent_activity": {
            "feature_usage_spike": "Analytics dashboard +340% last month",
            "support_tickets": ["¿Cómo exportar reportes avanzados?", "Límites en número de usuarios en plan actual"],
            "login_frequency": "Daily (increased from 3x/week)",
            "new_team_members": 3
        }
    })
}

#[test]
fn a_customer_who_grows() {
    let case = case(&customer(), &Scorecard::default());
    let profile = &case.profile;
    let found = profile.customer.as_ref().unwrap();
    let growth: Vec<_> = found.growth.iter().map(|each| (each.value.0, each.value.1, each.evidence[0].text.as_str())).collect();
    assert_eq!(
        growth,
        [
            (Growth::Limits, 30, "Límites en número de usuarios en plan actual"),
            (Growth::Usage, 25, "Analytics dashboard +340% last month"),
            (Growth::Advanced, 15, "¿Cómo exportar reportes avanzados?"),
            (Growth::Team, 15, "3"),
            (Growth::Logins, 10, "Daily (increased from 3x/week)"),
        ]
    );
    assert_eq!(
        (found.readiness, says(found.months.as_ref()), says(found.pays_cents.as_ref())),
        (95, Some((14, "14 meses")), Some((9_900, "Professional ($99/mes)")))
    );
    assert_eq!(found.adoption.as_ref().map(|each| each.value), Some(Level::High));
    assert_eq!(found.churn.as_ref().map(|each| each.value), Some(Level::Low));
    // Of our tiers the next that costs more than they pay.
    let next = found.recommended.unwrap();
    assert_eq!((next.tier, next.price_cents, next.more_cents, next.within_days), (Tier::Pro, 14_900, Some(5_000), 15));
    assert_eq!(says(profile.industry.as_ref()), Some((Industry::Consulting, "Verde Consulting")));
    assert_eq!(profile.pains.iter().map(|pain| pain.value).collect::<Vec<_>>(), [Pain::Limits, Pain::Reporting]);
    assert!(profile.pains.iter().all(|pain| pain.evidence[0].field == Field::Tickets));
    assert_eq!((profile.segment(), case.lifecycle), (Segment::Expansion, Lifecycle::Customer));
    assert_eq!(profile.unknowns, [Unknown::Timeline, Unknown::DecisionMaker, Unknown::Budget], "what the document calls risks");
    assert_eq!(case.score.points, 0, "the documented table knows no customers");
    assert_eq!(actions::rank(&Scorecard::default(), &case.score, profile), Band::High, "but the readiness counts");
    assert_eq!(
        kinds(&case),
        [(ActionKind::SuccessCall, 1, 24), (ActionKind::PlanDemo, 2, 168), (ActionKind::UpgradeOffer, 3, 360)]
    );
    assert_eq!(
        case.actions[0].points,
        [
            TalkingPoint::Recognise(Growth::Limits),
            TalkingPoint::Recognise(Growth::Usage),
            TalkingPoint::Recognise(Growth::Advanced),
            TalkingPoint::Recognise(Growth::Team),
            TalkingPoint::Recognise(Growth::Logins),
            TalkingPoint::Introduce(Tier::Pro),
            TalkingPoint::Ask(Unknown::Budget),
            TalkingPoint::Ask(Unknown::DecisionMaker),
        ]
    );
    assert_eq!((case.strategy.persona, case.strategy.cadence), (Some(Persona::Customer), Cadence::Quarterly));
}

#[test]
fn an_english_lead_says_as_much() {
    let sent = json!({"name": "John Doe", "email": "john@acme.io", "title": "CTO",
        "message": "We are a software company with a team of 120. We need a tool to automate our billing workflows before March, and would like a demo. Budget approved."});
    let case = case(&sent, &Scorecard::default());
    let profile = &case.profile;
    assert_eq!(says(profile.language.as_ref()).map(|(lang, _)| lang), Some(Lang::En));
    assert_eq!(says(profile.industry.as_ref()), Some((Industry::Technology, "software company")));
    assert_eq!(says(profile.employees.as_ref()), Some((120, "team of 120")));
    assert_eq!(says(profile.persona.as_ref()), Some((Persona::Technical, "CTO")));
    assert_eq!(says(profile.timeline.as_ref()), Some((Timeline::HalfYear, "before March")));
    assert_eq!(profile.unknowns, []);
    for signal in [Signal::Searching, Signal::Demo, Signal::BudgetNamed, Signal::Deadline, Signal::Decides, Signal::Budget] {
        assert!(profile.signal(signal).is_some(), "{signal:?}");
    }
    // mid-market 20 and "demo" 15.
    assert_eq!(case.score.points, 35);
}

#[test]
fn what_nothing_supports_is_absent() {
    for message in ["", "Hola", "asdf qwer 123", "No necesitamos nada. No somos una empresa.", "<script>alert(1)</script>", "¿?¡!"]
    {
        let case = case(&json!({"name": "X", "email": "x@gmail.com", "message": message}), &Scorecard::default());
        let profile = &case.profile;
        assert_eq!(
            (&profile.industry, &profile.size, &profile.persona, &profile.timeline),
            (&None, &None, &None, &None),
            "{message}"
        );
        assert!(profile.pains.is_empty() && profile.signals.is_empty() && profile.segments.is_empty(), "{message}: {profile:?}");
        assert_eq!(case.score.points, 0);
    }
}

proptest::proptest! {
    #[test]
    fn every_statement_names_words_of_the_message(words in proptest::collection::vec(proptest::sample::select(vec![
        "necesitamos", "una", "solución", "somos", "50", "200+", "empleados", "clientes", "equipo", "de", "urgente", "demo", "precio", "API",
        "we", "need", "a", "tool", "ñandú", "😀", ".", "reportes", "en", "marzo", "facturación", "no", "compañía", "1.200", "people",
    ]), 0..25)) {
        let message = words.join(" ");
        let case = case(&json!({"name": "X", "email": "x@gmail.com", "message": message.clone()}), &Scorecard::default());
        let text = serde_json::to_value(&case.profile).unwrap();
        let mut open = vec![&text];
        while let Some(value) = open.pop() {
            if let (Some(range), Some(words)) = (value.get("range").and_then(Value::as_array), value.get("text")) {
                let at = |n: usize| usize::try_from(range[n].as_u64().unwrap()).unwrap();
                proptest::prop_assert_eq!(case.lead.message.get(at(0)..at(1)), words.as_str());
            }
            if let Some(evidence) = value.get("evidence") {
                proptest::prop_assert!(!evidence.as_array().unwrap().is_empty());
                let sure = value["confidence"].as_f64().unwrap();
                proptest::prop_assert!(sure > 0.0 && sure <= 1.0);
            }
            match value {
                Value::Object(fields) => open.extend(fields.values()),
                Value::Array(items) => open.extend(items),
                _ => {}
            }
        }
    }
}
