//! Subscription tiers and what each one includes.

use serde::{Deserialize, Serialize};

/// What a customer pays for. The set is part of the contract with GENESIS; the limits of each tier
/// are rows of `usage_tier_limits` that admins edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// The entry subscription.
    Essential,
    /// The middle subscription.
    Pro,
    /// The top subscription.
    Elite,
    /// The PRIME program of 20 weeks.
    Prime,
    /// The LONGEVITY program of 20 weeks.
    Longevity,
}

impl Tier {
    /// All tiers, from the smallest to the largest.
    pub const ALL: [Self; 5] = [Self::Essential, Self::Pro, Self::Elite, Self::Prime, Self::Longevity];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Essential => "essential",
            Self::Pro => "pro",
            Self::Elite => "elite",
            Self::Prime => "prime",
            Self::Longevity => "longevity",
        }
    }

    /// The name that people read; the same in every language.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Essential => "Essential",
            Self::Pro => "Pro",
            Self::Elite => "Elite",
            Self::Prime => "Prime",
            Self::Longevity => "Longevity",
        }
    }

    /// Its place in [`Tier::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The tier with this word on the wire.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == word)
    }
}

/// What a tier includes, as the admins have set it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierLimits {
    /// The tier.
    pub tier: Tier,
    /// Price in minor units of `currency`, a month or once (see `program_weeks`).
    pub price_cents: i64,
    /// ISO 4217.
    pub currency: String,
    /// Set for a program that is paid once: how many weeks it runs.
    pub program_weeks: Option<i32>,
    /// Tokens in a calendar month (UTC).
    pub tokens_per_month: i64,
    /// Interactions in a calendar day (UTC).
    pub interactions_per_day: i64,
    /// The agents included; none listed means all.
    pub agents: Option<Vec<String>>,
}

impl TierLimits {
    /// Whether the tier includes the agent.
    pub fn includes(&self, agent: &str) -> bool {
        self.agents.as_ref().is_none_or(|list| list.iter().any(|a| a == agent))
    }
}

/// The agents that NGX sells today, in the order in which tiers add them. The list is open: an agent
/// that is not in it is stored and shown all the same.
pub const KNOWN_AGENTS: [&str; 11] =
    ["NEXUS", "BLAZE", "SAGE", "ARIA", "CIPHER", "ECHO", "QUANTUM", "NOVA", "FLUX", "VERTEX", "HELIX"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_places_agree() {
        for (i, tier) in Tier::ALL.into_iter().enumerate() {
            assert_eq!(Tier::parse(tier.as_str()), Some(tier));
            assert_eq!(tier.index(), i);
        }
        assert_eq!(Tier::parse("Pro"), None);
    }

    #[test]
    fn a_tier_without_a_list_includes_every_agent() {
        let mut limits = TierLimits {
            tier: Tier::Essential,
            price_cents: 7900,
            currency: "USD".into(),
            program_weeks: None,
            tokens_per_month: 50_000,
            interactions_per_day: 100,
            agents: Some(vec!["NEXUS".into()]),
        };
        assert!(limits.includes("NEXUS"));
        assert!(!limits.includes("SAGE"));
        limits.agents = None;
        assert!(limits.includes("AN_AGENT_OF_TOMORROW"));
    }
}
