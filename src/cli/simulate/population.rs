//! Made-up customers that behave like real ones: mornings and weekends, heavy and light users, slow and quick agents.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc, Weekday};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use crate::domain::{
    tier::{KNOWN_AGENTS, Tier},
    time::midnight,
};

const FIRST: [&str; 48] = [
    "valentina",
    "mateo",
    "lucia",
    "diego",
    "camila",
    "andres",
    "sofia",
    "tomas",
    "paula",
    "ignacio",
    "natalia",
    "hugo",
    "mariana",
    "emilio",
    "renata",
    "joel",
    "laura",
    "oscar",
    "elena",
    "javier",
    "carmen",
    "pablo",
    "ines",
    "alvaro",
    "julia",
    "martin",
    "clara",
    "bruno",
    "irene",
    "samuel",
    "noelia",
    "gael",
    "aitana",
    "leo",
    "olivia",
    "marco",
    "daniela",
    "sergio",
    "abril",
    "raul",
    "vera",
    "ivan",
    "nora",
    "adrian",
    "alma",
    "felipe",
    "ruth",
    "esteban",
];
const LAST: [&str; 40] = [
    "rojas",
    "herrera",
    "ferrer",
    "castaneda",
    "ospina",
    "quintero",
    "belmonte",
    "iriarte",
    "arango",
    "larrea",
    "velez",
    "villalba",
    "solis",
    "saenz",
    "duarte",
    "arias",
    "benitez",
    "lemus",
    "prado",
    "molina",
    "cano",
    "pena",
    "luna",
    "vidal",
    "torres",
    "nunez",
    "campos",
    "ibarra",
    "mora",
    "reyes",
    "salas",
    "vega",
    "rios",
    "pardo",
    "gil",
    "soto",
    "leon",
    "cruz",
    "mejia",
    "bravo",
];
const ORGANIZATIONS: [&str; 32] = [
    "clinica-aurora",
    "logistica-andina",
    "estudio-norte",
    "grupo-parral",
    "vitalis-labs",
    "cumbre-seguros",
    "belmonte-abogados",
    "hotel-mirador",
    "banco-sur-digital",
    "constructora-alba",
    "agencia-faro",
    "clinica-santa-lucia",
    "optica-lumen",
    "farma-centro",
    "tienda-clara",
    "libreria-agora",
    "transportes-calima",
    "colegio-abierto",
    "energia-delta",
    "cafe-origen",
    "taller-once",
    "inmobiliaria-sol",
    "nexo-consultores",
    "viajes-itaca",
    "puerto-foods",
    "marea-studio",
    "raiz-cosmetica",
    "red-dental",
    "tejidos-prisma",
    "vino-y-monte",
    "norte-motor",
    "cielo-media",
];

/// Mean tokens of an interaction.
const MEAN_TOKENS: f64 = 170.0;

/// One customer.
#[derive(Clone, Debug)]
pub struct Customer {
    user_id: String,
    organization_id: String,
    tier: Tier,
    /// Interactions on an average day.
    daily: f64,
    agents: Vec<(&'static str, f64)>,
    /// The middle of the working day, hours UTC.
    noon: f64,
}

/// A crowd of customers, the same for the same seed.
#[derive(Debug)]
pub struct Population {
    customers: Vec<Customer>,
    /// Running sums of the customers' activity, for drawing one.
    reach: Vec<f64>,
    rng: StdRng,
}

fn pick(words: &[&'static str], i: usize) -> &'static str {
    words.get(i % words.len()).copied().unwrap_or_default()
}

fn normal(rng: &mut StdRng) -> f64 {
    // Box and Muller (1958).
    let (u, v): (f64, f64) = (rng.random_range(f64::MIN_POSITIVE..1.0), rng.random());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

fn poisson(rng: &mut StdRng, mean: f64) -> u32 {
    if mean > 30.0 {
        let n = (mean + mean.sqrt() * normal(rng)).round().max(0.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and interactions a day")]
        return n as u32;
    }
    // Knuth (1969).
    let limit = (-mean).exp();
    let (mut n, mut product) = (0, rng.random::<f64>());
    while product > limit {
        n += 1;
        product *= rng.random::<f64>();
    }
    n
}

impl Population {
    /// So many customers; `seed` makes the crowd, `what_they_do` the events.
    pub fn new(users: usize, seed: u64, what_they_do: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let customers: Vec<_> = (0..users).map(|i| Customer::new(i, &mut rng)).collect();
        let mut sum = 0.0;
        let reach = customers
            .iter()
            .map(|c| {
                sum += c.daily;
                sum
            })
            .collect();
        Self { customers, reach, rng: StdRng::seed_from_u64(what_they_do) }
    }

    /// Interactions of all on an average day.
    pub fn daily(&self) -> f64 {
        self.reach.last().copied().unwrap_or_default()
    }

    /// One event at a time, by someone drawn by activity.
    pub fn event(&mut self, at: DateTime<Utc>) -> Option<Value> {
        let target = self.rng.random::<f64>() * self.daily();
        let i = self.reach.partition_point(|sum| *sum < target);
        let customer = self.customers.get(i)?;
        Some(customer.event(at, &mut self.rng))
    }

    /// A day's events in their order, `factor` times as many as usual, none after `until`.
    pub fn day(&mut self, date: NaiveDate, factor: f64, until: DateTime<Utc>) -> Vec<Value> {
        let weekday = match date.weekday() {
            Weekday::Sat => 0.5,
            Weekday::Sun => 0.4,
            Weekday::Mon => 1.15,
            Weekday::Fri => 1.1,
            _ => 1.25,
        };
        let mut events = Vec::new();
        for customer in &self.customers {
            for _ in 0..poisson(&mut self.rng, customer.daily * weekday * factor) {
                let hour = (customer.noon + 3.2 * normal(&mut self.rng)).clamp(0.0, 23.99);
                #[expect(clippy::cast_possible_truncation, reason = "milliseconds of a day")]
                let at = midnight(date) + TimeDelta::milliseconds((hour * 3_600_000.0) as i64);
                if at < until {
                    events.push((at, customer.event(at, &mut self.rng)));
                }
            }
        }
        events.sort_by_key(|(at, _)| *at);
        events.into_iter().map(|(_, event)| event).collect()
    }
}

impl Customer {
    fn new(i: usize, rng: &mut StdRng) -> Self {
        let (first, last) = (pick(&FIRST, i), pick(&LAST, i / FIRST.len() + i * 7));
        let round = i / (FIRST.len() * LAST.len());
        let user_id = if round == 0 { format!("{first}.{last}") } else { format!("{first}.{last}{}", round + 1) };
        let (tier, tokens) = match rng.random_range(0..100) {
            0..46 => (Tier::Essential, 50_000.0),
            46..82 => (Tier::Pro, 150_000.0),
            82..95 => (Tier::Elite, 500_000.0),
            95..98 => (Tier::Prime, 1_000_000.0),
            _ => (Tier::Longevity, 1_000_000.0),
        };
        let share = 0.45 * (0.5 * normal(rng)).exp();
        let included = match tier {
            Tier::Essential => 2,
            Tier::Pro => 4,
            Tier::Elite => 6,
            Tier::Prime | Tier::Longevity => KNOWN_AGENTS.len(),
        };
        // One in thirty tries an agent that the tier does not have.
        let reach = if rng.random_range(0..30) == 0 { included + 1 } else { included }.min(KNOWN_AGENTS.len());
        let agents =
            KNOWN_AGENTS.iter().take(reach).enumerate().map(|(k, a)| (*a, rng.random_range(0.2..1.0) / (1.0 + k as f64 * 0.45)));
        Self {
            user_id,
            organization_id: pick(&ORGANIZATIONS, i * 13 + i / 3).to_owned(),
            tier,
            daily: tokens * share / MEAN_TOKENS / 30.0,
            agents: agents.collect(),
            noon: rng.random_range(11.0..17.5),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "clamped and rounded before")]
    fn event(&self, at: DateTime<Utc>, rng: &mut StdRng) -> Value {
        let total: f64 = self.agents.iter().map(|(_, w)| w).sum();
        let mut target = rng.random::<f64>() * total;
        let agent = self.agents.iter().find(|(_, weight)| {
            target -= weight;
            target <= 0.0
        });
        let agent = agent.map_or("NEXUS", |(a, _)| a);
        let (median_ms, spread) = match agent {
            "BLAZE" => (410.0, 0.55),
            "NEXUS" => (820.0, 0.5),
            "ECHO" => (610.0, 0.5),
            "CIPHER" => (1_780.0, 0.62),
            "SAGE" => (1_340.0, 0.5),
            _ => (1_000.0, 0.55),
        };
        let ms = (median_ms * (spread * normal(rng)).exp()).clamp(40.0, 60_000.0).round();
        // The mean of a log-normal is the median times exp(s^2 / 2).
        let tokens = (MEAN_TOKENS / 1.377 * (0.8 * normal(rng)).exp()).clamp(1.0, 20_000.0).round();
        json!({
            "event_id": uuid::Builder::from_random_bytes(rng.random()).into_uuid().to_string(),
            "user_id": self.user_id,
            "agent_id": agent,
            "session_id": format!("s_{:010x}", rng.random::<u64>() >> 24),
            "tokens_used": tokens as i64,
            "response_time_ms": ms as i64,
            "timestamp": at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            "subscription_tier": self.tier.as_str(),
            "organization_id": self.organization_id,
            "context": {"channel": if rng.random_range(0..4) == 0 { "mobile" } else { "web" }, "lang": "es"},
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_the_same_for_the_same_seed_and_its_events_are_valid() {
        let now: DateTime<Utc> = "2026-11-20T12:00:00Z".parse().unwrap();
        let day = |seed| Population::new(60, seed, 1).day("2026-11-19".parse().unwrap(), 1.0, now);
        let events = day(7);
        assert_eq!(events, day(7));
        assert_ne!(events, day(8));
        assert!(events.len() > 60, "{}", events.len());
        for event in events {
            let oldest = now - TimeDelta::days(35);
            crate::domain::usage::UsageEvent::from_json(event, "", now, oldest).unwrap();
        }
    }

    #[test]
    fn nobody_shares_an_id() {
        let crowd = Population::new(5_000, 1, 1);
        let ids: std::collections::HashSet<_> = crowd.customers.iter().map(|c| &c.user_id).collect();
        assert_eq!(ids.len(), 5_000);
    }
}
