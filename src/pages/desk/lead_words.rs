//! The codes of leads in words.

use crate::{
    domain::{
        format::Lang,
        lead::{
            Band, CompanySize, LeadStatus,
            actions::{ActionKind, Cadence, Content, Mail, Metric, Offer, Reason, TalkingPoint, Tone},
            assign::Seniority,
            profile::{
                Decision, Field, Growth, Industry, Level, Lifecycle, Pain, Persona, Research, Segment, Signal, Stage, Strength,
                Timeline, Unknown,
            },
            score::ScoreRule,
        },
    },
    ui::i18n::{fill, s},
};

macro_rules! words {
    ($($name:ident: $type:ty { $($variant:ident => $key:ident),+ $(,)? })+) => {$(
        #[doc = concat!("A `", stringify!($type), "` in words.")]
        pub fn $name(code: $type, lang: Lang) -> &'static str {
            match code {
                $(<$type>::$variant => s!(lang, lead_words.$key)),+
            }
        }
    )+};
}

words! {
    status: LeadStatus { New => s_new, Contacted => s_contacted, Qualified => s_qualified, Converted => s_converted, Lost => s_lost }
    band: Band { High => b_high, Medium => b_medium, Low => b_low }
    size: CompanySize { Smb => z_smb, MidMarket => z_mid, Enterprise => z_enterprise }
    industry: Industry {
        Technology => i_technology, Retail => i_retail, Finance => i_finance, Health => i_health, Education => i_education,
        Consulting => i_consulting, Manufacturing => i_manufacturing, Logistics => i_logistics, Hospitality => i_hospitality,
        RealEstate => i_real_estate, Marketing => i_marketing, Legal => i_legal,
    }
    pain: Pain {
        Manual => p_manual, Billing => p_billing, Volume => p_volume, Efficiency => p_efficiency, Scale => p_scale,
        Reporting => p_reporting, Integration => p_integration, Cost => p_cost, Support => p_support, Sales => p_sales,
        Security => p_security, Limits => p_limits,
    }
    signal: Signal {
        Quantified => g_quantified, Searching => g_searching, Budget => g_budget, BudgetNamed => g_budget_named, Price => g_price,
        Demo => g_demo, Deadline => g_deadline, Decides => g_decides, Growing => g_growing, Comparing => g_comparing,
        PricingVisit => g_pricing_visit, Download => g_download, LongVisit => g_long_visit, Campaign => g_campaign,
    }
    strength: Strength { Low => t_low, Medium => t_medium, High => t_high }
    timeline: Timeline { Month => d_month, Quarter => d_quarter, HalfYear => d_half_year, Year => d_year }
    persona: Persona {
        Executive => o_executive, Technical => o_technical, Operations => o_operations, Commercial => o_commercial,
        Financial => o_financial, Owner => o_owner, Customer => o_customer,
    }
    stage: Stage { Early => h_early, Growing => h_growing, Established => h_established }
    level: Level { Low => l_low, Medium => l_medium, MediumHigh => l_medium_high, High => l_high }
    decision: Decision { Research => c_research, Quick => c_quick }
    research: Research { Exploring => r_exploring, Evaluating => r_evaluating, Deciding => r_deciding }
    segment: Segment {
        Enterprise => m_enterprise, MidMarketTech => m_mid_tech, MidMarket => m_mid, Smb => m_smb, Entrepreneurs => m_entrepreneurs,
        Expansion => m_expansion, Unknown => m_unknown, Growing => m_growing, Automation => m_automation, Campaign => m_campaign,
        Comparing => m_comparing,
    }
    lifecycle: Lifecycle { Lead => y_lead, Marketing => y_marketing, Sales => y_sales, Customer => y_customer }
    unknown: Unknown { Size => u_size, Timeline => u_timeline, DecisionMaker => u_decision, Budget => u_budget, Need => u_need }
    growth: Growth { Team => w_team, Usage => w_usage, Logins => w_logins, Advanced => w_advanced, Limits => w_limits }
    action: ActionKind {
        ImmediateCall => a_call, PersonalEmail => a_email, Nurturing => a_nurturing, QualificationCall => a_qualify, CaseStudy => a_case,
        PersonalDemo => a_demo, Retargeting => a_retargeting, SoftCall => a_soft, SuccessCall => a_success, PlanDemo => a_plan_demo,
        UpgradeOffer => a_upgrade,
    }
    reason: Reason {
        High => n_high, Medium => n_medium, Low => n_low, Signals => n_signals, Similar => n_similar, Need => n_need,
        Visited => n_visited, Silent => n_silent, Growth => n_growth, Limits => n_limits, Loyal => n_loyal,
    }
    mail: Mail {
        Welcome => x_welcome, Features => x_features, Offer => x_offer, Case => x_case, Proof => x_proof, LastChance => x_last,
        CheckIn => x_check,
    }
    tone: Tone {
        Direct => v_direct, Data => v_data, Roi => v_roi, Friendly => v_friendly, Educational => v_educational, Gentle => v_gentle,
        Consultative => v_consultative, Appreciative => v_appreciative,
    }
    content: Content {
        Cases => f_cases, Demos => f_demos, Guides => f_guides, Ease => f_ease, Setup => f_setup, Savings => f_savings, Tour => f_tour,
        Reckoning => f_reckoning, Advanced => f_advanced, Tiers => f_tiers,
    }
    cadence: Cadence { Close => j_close, Weekly => j_weekly, Loose => j_loose, Quarterly => j_quarterly }
    offer: Offer { Discount => k_discount, Loyalty => k_loyalty, Trial => k_trial }
    metric: Metric { TimeToValue => e_value, Roi => e_roi, Hours => e_hours, Adoption => e_adoption }
    rule: ScoreRule {
        Enterprise => rule_enterprise, MidMarket => rule_mid, Smb => rule_smb, VisitedPricing => rule_pricing,
        Downloaded => rule_download, TimeOnSite => rule_time, Intent => rule_intent, Referral => rule_referral,
        Organic => rule_organic, Paid => rule_paid, StrongSignal => rule_signal,
    }
    seniority: Seniority { Senior => senior, Mid => mid }
    field: Field {
        Email => fld_email, Phone => fld_phone, Company => fld_company, Title => fld_title, Location => fld_location,
        Message => fld_message, Source => fld_source, Campaign => fld_campaign, Pages => fld_pages, Time => fld_time,
        Downloads => fld_downloads, Interests => fld_interests, Employees => fld_employees, Size => fld_size, Plan => fld_plan,
        Usage => fld_usage, Tickets => fld_tickets, Logins => fld_logins, Members => fld_members, Age => fld_age,
    }
}

/// Something to speak about, in words.
pub fn talking_point(point: TalkingPoint, lang: Lang) -> String {
    match point {
        TalkingPoint::Explore(about) => fill(s!(lang, lead_words.q_explore), &[pain(about, lang)]),
        TalkingPoint::Quantify => s!(lang, lead_words.q_quantify).to_owned(),
        TalkingPoint::Ask(about) => unknown(about, lang).to_owned(),
        TalkingPoint::Recognise(about) => fill(s!(lang, lead_words.q_recognise), &[growth(about, lang)]),
        TalkingPoint::Introduce(tier) => fill(s!(lang, lead_words.q_introduce), &[tier.label()]),
    }
}
