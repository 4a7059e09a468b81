//! Whom a request comes from where reverse proxies stand in between.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The client's address: the peer's, unless that is a proxy of ours; then the last address in `X-Forwarded-For` that is not one. What
/// stands before it was written by the client and could be anything.
pub fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_ours = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut client = peer.to_canonical();
    let forwarded: Vec<_> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in forwarded.into_iter().rev() {
        if !is_ours(&client) {
            break;
        }
        // A proxy of ours that forwards rubbish is itself the client.
        let Ok(hop) = hop.trim().parse::<IpAddr>() else { break };
        client = hop.to_canonical();
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_proxies_are_believed() {
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "127.0.0.1/32"].map(|net| net.parse().unwrap()).to_vec();
        let ask = |peer: &str, forwarded: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append("x-forwarded-for", axum::http::HeaderValue::from_static(value));
            }
            client(peer.parse().unwrap(), &headers, &trusted).to_string()
        };
        assert_eq!(ask("203.0.113.9", &["198.51.100.1"]), "203.0.113.9", "no proxy of ours");
        assert_eq!(ask("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(ask("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(ask("127.0.0.1", &["1.2.3.4, 198.51.100.1", "10.0.0.2"]), "198.51.100.1", "the client wrote 1.2.3.4");
        assert_eq!(ask("10.0.0.1", &["1.2.3.4, rubbish"]), "10.0.0.1");
        assert_eq!(ask("::ffff:10.0.0.1", &["2001:db8::1"]), "2001:db8::1");
    }
}
