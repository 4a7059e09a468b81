//! How many requests a key, a person and an address may make, so that nobody takes what others need.
//!
//! Each has a bucket that is refilled at a steady rate (GCRA, by `governor`), in the memory of this process. A known caller is counted
//! for the key (that of a token too) or the person; whoever is not known, for the address. An address that has shown wrong keys until
//! its bucket was empty is not even looked up for a moment, or its answers would tell a right guess from a wrong one at any speed.
//!
//! Callers are told by `RateLimit-Policy` and `RateLimit` as draft-ietf-httpapi-ratelimit-headers-10 says.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::{
    Quota, RateLimiter, clock::Clock as GovernorClock, middleware::StateInformationMiddleware, state::keyed::DashMapStateStore,
};

use crate::{
    domain::{
        AppError, AppResult,
        people::{KeyId, UserId},
    },
    platform::{
        address::household,
        clock::Clock,
        config::Settings,
        ctx::{Actor, Ctx},
    },
};

/// What a caller is told of its bucket: which it is, how large, and how fast it is refilled.
pub const POLICY_HEADER: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What a caller is told of its bucket: what is left in it.
pub const LIMIT_HEADER: HeaderName = HeaderName::from_static("ratelimit");

/// Whether requests to a path are counted: REST, the pages' server functions, and the opening of a socket. Pages and health are not.
pub fn is_counted(path: &str) -> bool {
    ["/agent-usage/", "/api/"].iter().any(|folder| path.starts_with(folder))
        || ["/usage/export.csv", "/metrics", "/.well-known/jwks.json"].contains(&path)
}

/// The clock of the buckets: one that never goes back, which tests can set.
#[derive(Clone, Debug)]
struct Elapsed(Clock);

impl GovernorClock for Elapsed {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Whose bucket it is, of those who are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Caller {
    Key(KeyId),
    Person(UserId),
}

/// Buckets of one size.
#[derive(Debug)]
struct Buckets<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, DashMapStateStore<K>, Elapsed, StateInformationMiddleware>,
    clock: Elapsed,
    rate: NonZeroU32,
    burst: NonZeroU32,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    fn new(rate: u32, burst: u32, clock: &Elapsed) -> Self {
        let (rate, burst) = (NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN), NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN));
        let quota = Quota::per_second(rate).allow_burst(burst);
        let limiter = RateLimiter::new(quota, DashMapStateStore::default(), clock.clone());
        Self { limiter, clock: clock.clone(), rate, burst }
    }

    /// Takes one request out of a bucket, if there is one left.
    fn take(&self, key: &K, policy: &'static str) -> Standing {
        let (left, wait) = match self.limiter.check_key(key) {
            Ok(snapshot) => (Some(snapshot.remaining_burst_capacity()), Duration::ZERO),
            Err(until) => (None, until.wait_time_from(self.clock.now())),
        };
        Standing { policy, rate: self.rate, burst: self.burst, left, wait }
    }

    fn forget(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

/// How a bucket stands after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    policy: &'static str,
    rate: NonZeroU32,
    burst: NonZeroU32,
    /// Requests that may still come at once; none when this one came too many.
    left: Option<u32>,
    /// How long one that came too many has to wait.
    wait: Duration,
}

impl Standing {
    /// Holds that the request did not come too many.
    ///
    /// # Errors
    /// `RateLimited` when it did.
    pub fn check(&self) -> AppResult<()> {
        if self.left.is_some() {
            return Ok(());
        }
        metrics::counter!("nexus_rate_limited_total", "by" => self.policy).increment(1);
        Err(AppError::RateLimited { retry_after_s: self.reset_s() })
    }

    /// Whole seconds until the bucket is full; for a request that came too many, until another may come.
    fn reset_s(&self) -> u32 {
        match self.left {
            Some(left) => self.burst.get().saturating_sub(left).div_ceil(self.rate.get()),
            None => u32::try_from(self.wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX).max(1),
        }
    }

    /// Tells the caller.
    pub fn tell(&self, headers: &mut HeaderMap) {
        let window = self.burst.get().div_ceil(self.rate.get());
        let policy = format!("\"{}\";q={};w={window}", self.policy, self.burst);
        let limit = format!("\"{}\";r={};t={}", self.policy, self.left.unwrap_or_default(), self.reset_s());
        for (name, value) in [(POLICY_HEADER, policy), (LIMIT_HEADER, limit)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
    }
}

/// All buckets of this process.
#[derive(Debug)]
pub struct Limits {
    callers: Buckets<Caller>,
    addresses: Buckets<IpAddr>,
    /// Addresses that have shown too many wrong keys, and until when they are not looked up.
    shut: Mutex<HashMap<IpAddr, Duration>>,
    clock: Elapsed,
    loopback: bool,
}

impl Limits {
    /// Buckets of the sizes that the settings say, all full.
    pub fn new(settings: &Settings, clock: &Clock) -> Self {
        let clock = Elapsed(clock.clone());
        Self {
            callers: Buckets::new(settings.rest_rate, settings.rest_burst, &clock),
            addresses: Buckets::new(settings.address_rate, settings.address_burst, &clock),
            shut: Mutex::default(),
            clock,
            loopback: settings.rate_limit_loopback,
        }
    }

    /// A request that has come in from an address, if it is to be counted at all.
    pub fn visit(&self, address: Option<IpAddr>, path: &str, shows_key: bool) -> Option<Visit<'_>> {
        let is_exempt = address.is_some_and(|address| address.is_loopback()) && !self.loopback;
        let is_counted = is_counted(path);
        (!is_exempt && (is_counted || shows_key)).then(|| Visit {
            limits: self,
            address: address.map(household),
            is_counted,
            shows_key,
            standing: None,
        })
    }

    /// Forgets buckets that are full again.
    pub fn forget(&self) {
        self.callers.forget();
        self.addresses.forget();
        let now = self.clock.now();
        let mut shut = self.shut.lock().unwrap_or_else(PoisonError::into_inner);
        shut.retain(|_, until| *until > now);
        shut.shrink_to_fit();
    }
}

/// A request on its way through a door.
#[derive(Debug)]
pub struct Visit<'a> {
    limits: &'a Limits,
    address: Option<IpAddr>,
    is_counted: bool,
    shows_key: bool,
    standing: Option<Standing>,
}

impl Visit<'_> {
    /// Holds that the address may show a key at all.
    ///
    /// # Errors
    /// `RateLimited` while it may not.
    pub fn may_ask(&mut self) -> AppResult<()> {
        let Some(address) = self.address.filter(|_| self.shows_key) else { return Ok(()) };
        let until = self.limits.shut.lock().unwrap_or_else(PoisonError::into_inner).get(&address).copied();
        let Some(wait) = until.and_then(|until| until.checked_sub(self.limits.clock.now())).filter(|wait| !wait.is_zero()) else {
            return Ok(());
        };
        let addresses = &self.limits.addresses;
        self.refuse(Standing { policy: "address", rate: addresses.rate, burst: addresses.burst, left: None, wait })
    }

    /// Counts the request for whom it is from, once that has been asked.
    ///
    /// # Errors
    /// `RateLimited` when it comes too many.
    pub fn count(&mut self, found: &AppResult<Ctx>) -> AppResult<()> {
        let caller = match found {
            Ok(ctx) => match &ctx.actor {
                Actor::Program(program) => Some(Caller::Key(program.id)),
                Actor::Person(person) => Some(Caller::Person(person.id)),
                _ => None,
            },
            Err(AppError::Unauthenticated) => None,
            // It is not known whom to count it for.
            Err(_) => return Ok(()),
        };
        match caller {
            _ if !self.is_counted && found.is_ok() => Ok(()),
            Some(caller) => {
                let policy = if matches!(caller, Caller::Key(_)) { "key" } else { "person" };
                let standing = self.limits.callers.take(&caller, policy);
                self.standing = Some(standing);
                standing.check()
            }
            None => self.count_address(self.shows_key && found.is_err()),
        }
    }

    fn count_address(&mut self, wrong_key: bool) -> AppResult<()> {
        let Some(address) = self.address else { return Ok(()) };
        let standing = self.limits.addresses.take(&address, "address");
        if wrong_key && standing.left.unwrap_or_default() == 0 {
            let until = self.limits.clock.now() + standing.wait.max(Duration::from_secs(1) / standing.rate.get());
            self.limits.shut.lock().unwrap_or_else(PoisonError::into_inner).insert(address, until);
        }
        if standing.left.is_some() { Ok(()) } else { self.refuse(standing) }
    }

    fn refuse(&mut self, standing: Standing) -> AppResult<()> {
        self.standing = Some(standing);
        standing.check()
    }

    /// Tells the caller how it stands.
    pub fn tell(&self, headers: &mut HeaderMap) {
        if let Some(standing) = &self.standing {
            standing.tell(headers);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    fn settings(pairs: &'static [(&str, &str)]) -> Settings {
        let all = [("DATABASE_URL", "postgres://a@b/c"), ("GENESIS_WEBHOOK_SECRET", "0123456789abcdef")];
        let find = |name: &str| all.iter().chain(pairs).find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        Settings::read(&find).unwrap()
    }

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let clock = Clock::fixed(DateTime::UNIX_EPOCH);
        let buckets = Buckets::new(2, 5, &Elapsed(clock.clone()));
        let left = |key: u8| buckets.take(&key, "key").left;
        assert_eq!([(); 6].map(|()| left(1)), [Some(4), Some(3), Some(2), Some(1), Some(0), None]);
        assert_eq!(left(2), Some(4), "another's bucket is full");
        clock.set(DateTime::UNIX_EPOCH + TimeDelta::milliseconds(499));
        assert_eq!(left(1), None);
        clock.set(DateTime::UNIX_EPOCH + TimeDelta::milliseconds(1_000));
        assert_eq!([left(1), left(1), left(1)], [Some(1), Some(0), None]);
        clock.set(DateTime::UNIX_EPOCH + TimeDelta::hours(1));
        assert_eq!(left(1), Some(4), "no more than its size");
        clock.set(DateTime::UNIX_EPOCH + TimeDelta::hours(2));
        buckets.forget();
        assert!(buckets.limiter.is_empty(), "full buckets are forgotten");
    }

    #[test]
    fn callers_are_told_in_structured_fields() {
        let (rate, burst) = (NonZeroU32::new(50).unwrap(), NonZeroU32::new(220).unwrap());
        let told = |left, wait_ms| {
            let mut headers = HeaderMap::new();
            Standing { policy: "key", rate, burst, left, wait: Duration::from_millis(wait_ms) }.tell(&mut headers);
            assert_eq!(headers[POLICY_HEADER], "\"key\";q=220;w=5");
            headers[LIMIT_HEADER].to_str().unwrap().to_owned()
        };
        assert_eq!(told(Some(219), 0), "\"key\";r=219;t=1");
        assert_eq!(told(Some(0), 0), "\"key\";r=0;t=5");
        assert_eq!(told(None, 20), "\"key\";r=0;t=1");
        assert_eq!(told(None, 1_001), "\"key\";r=0;t=2");
    }

    #[test]
    fn an_address_that_shows_wrong_keys_is_not_looked_up_for_a_moment() {
        let clock = Clock::fixed(DateTime::UNIX_EPOCH);
        let settings = settings(&[("NEXUS_CRM_ADDRESS_RATE", "2"), ("NEXUS_CRM_ADDRESS_BURST", "3")]);
        let limits = Limits::new(&settings, &clock);
        let address = Some("198.51.100.7".parse().unwrap());
        let ask = |path: &str| {
            let mut visit = limits.visit(address, path, true).unwrap();
            visit.may_ask().map_err(|_| "not looked up")?;
            visit.count(&Err(AppError::Unauthenticated)).map_err(|_| "too many")
        };
        // On whatever path: a key is a key.
        assert_eq!(["/usage", "/metrics", "/usage", "/metrics"].map(ask), [Ok(()), Ok(()), Ok(()), Err("not looked up")]);
        clock.set(DateTime::UNIX_EPOCH + TimeDelta::milliseconds(500));
        assert_eq!(["/usage", "/metrics"].map(ask), [Ok(()), Err("not looked up")]);
        assert!(limits.visit(address, "/metrics", false).unwrap().may_ask().is_ok(), "whoever shows none");
        clock.set(DateTime::UNIX_EPOCH + TimeDelta::seconds(60));
        limits.forget();
        assert!(limits.shut.lock().unwrap().is_empty() && limits.addresses.limiter.is_empty());
    }

    #[test]
    fn pages_health_and_whoever_is_exempt_are_not_counted() {
        let clock = Clock::fixed(DateTime::UNIX_EPOCH);
        let far = Some("198.51.100.7".parse().unwrap());
        let limits = Limits::new(&settings(&[]), &clock);
        for path in ["/usage", "/sign-in", "/health/ready", "/pkg/x.js", "/admin/keys"] {
            assert!(limits.visit(far, path, false).is_none(), "{path}");
        }
        for path in ["/agent-usage/stats/ana", "/agent-usage/live", "/api/usage/dashboard", "/api/auth/token", "/usage/export.csv"]
        {
            assert!(limits.visit(far, path, false).is_some(), "{path}");
        }
        let loopback = Some("127.0.0.1".parse().unwrap());
        assert!(limits.visit(loopback, "/metrics", true).is_some());
        let limits = Limits::new(&settings(&[("NEXUS_CRM_RATE_LIMIT_LOOPBACK", "off")]), &clock);
        assert!(limits.visit(loopback, "/metrics", true).is_none() && limits.visit(far, "/metrics", true).is_some());
    }
}
