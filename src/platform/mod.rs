//! The machine room: settings, database, clock, actor, journal, live hub, signatures, telemetry.
//!
//! It knows nothing of the business; only the server build has it.

pub mod clock;
pub mod config;
pub mod ctx;
pub mod db;
pub mod hub;
pub mod journal;
pub mod memo;
pub mod password;
pub mod secret;
pub mod signature;
pub mod telemetry;
pub mod token;
pub mod vault;
pub mod wire;
pub mod zone;

/// The addresses that one household can choose from: a whole IPv4 address, the first half of an IPv6 address.
pub fn household(address: std::net::IpAddr) -> std::net::IpAddr {
    match address {
        std::net::IpAddr::V4(_) => address,
        std::net::IpAddr::V6(v6) => std::net::IpAddr::from((u128::from(v6) & !u128::from(u64::MAX)).to_be_bytes()),
    }
}
