//! What is wrong with a signed request that was refused: for whoever sets up the sender.

use base64::Engine;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::Mac;

use super::{BASE64, Key, SignatureHeaders, TOLERANCE_S, hex, mac};

/// A scheme of signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Standard Webhooks.
    Standard,
    /// GENESIS's own.
    Genesis,
}

/// How a body that matches the signature differs from the one that was pasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyChange {
    /// It has no line break at its end.
    NoLastBreak,
    /// It has a line break at its end.
    LastBreak,
    /// Its lines end as on Windows.
    WindowsBreaks,
    /// It is the same JSON without spaces: somebody between has written it anew.
    Compact,
}

/// How a signature that matches was made otherwise than the scheme says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherWay {
    /// With the text of the secret, where what follows `whsec_` is to be decoded.
    SecretAsText,
    /// Over the body alone, without id and time.
    BodyAlone,
    /// Written in hexadecimal digits, where base64 is asked for.
    Hexadecimal,
    /// Written in base64, where hexadecimal digits are asked for.
    Base64,
    /// With what follows `whsec_` decoded, where the whole text is the key.
    SecretDecoded,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// There is no header of a signature.
    NoSignature,
    /// Headers of both schemes came: the first must hold.
    BothSchemes,
    /// A header is missing.
    Missing(&'static str),
    /// A header makes no sense.
    Unreadable(&'static str),
    /// The time is further from ours than is let in: the sender's minus ours.
    Skewed(TimeDelta),
    /// The time is near enough: the sender's minus ours.
    Timely(TimeDelta),
    /// The signature holds, by the secret of this name.
    SignedWith(String),
    /// It holds by a secret that is over.
    SignedWithEnded(String),
    /// It holds for another body.
    OtherBody(BodyChange, String),
    /// It would hold if it had been made as the scheme says.
    MadeOtherwise(OtherWay, String),
    /// It holds by none of our secrets: another secret, or another body.
    NoMatch,
}

impl Finding {
    /// Whether it keeps the request out.
    pub fn is_fault(&self) -> bool {
        !matches!(self, Self::Timely(_) | Self::SignedWith(_) | Self::BothSchemes)
    }
}

/// A secret that may have signed.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What it is called.
    pub name: String,
    /// The secret.
    pub key: Key,
    /// Whether it is let in now.
    pub live: bool,
}

/// Headers as somebody pastes them: `name: value`, a line each.
pub fn parse_headers(text: &str) -> Vec<(String, String)> {
    let pair = |line: &str| {
        let line = line.trim().trim_start_matches("-H ").trim_matches(['\'', '"', '\\', ' ']);
        let (name, value) = line.split_once(':')?;
        let name = name.trim().to_ascii_lowercase();
        (!name.is_empty() && !name.contains(' ')).then(|| (name, value.trim().to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

/// The headers of a signature among pasted ones.
pub fn signature_headers(headers: &[(String, String)]) -> SignatureHeaders<'_> {
    let get = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    SignatureHeaders {
        webhook_id: get("webhook-id"),
        webhook_timestamp: get("webhook-timestamp"),
        webhook_signature: get("webhook-signature"),
        other_webhook_header: headers.iter().any(|(name, _)| name.starts_with("webhook-")),
        genesis_signature: get("x-genesis-signature"),
        genesis_timestamp: get("x-genesis-timestamp"),
    }
}

/// The scheme by which a request is looked at, if any, and all that can be said of it. `body` is as a form sends it: with `\r\n` for
/// each line break.
pub fn diagnose(
    h: &SignatureHeaders<'_>,
    body: &str,
    candidates: &[Candidate],
    now: DateTime<Utc>,
) -> (Option<Scheme>, Vec<Finding>) {
    let standard =
        h.other_webhook_header || h.webhook_id.is_some() || h.webhook_timestamp.is_some() || h.webhook_signature.is_some();
    let mut findings = Vec::new();
    if standard {
        if h.genesis_signature.is_some() {
            findings.push(Finding::BothSchemes);
        }
        let (id, time) = (h.webhook_id.filter(|id| !id.is_empty()), h.webhook_timestamp);
        time_finding("webhook-timestamp", time, true, now, &mut findings);
        if id.is_none() {
            findings.push(Finding::Missing("webhook-id"));
        }
        match (id, time, h.webhook_signature) {
            (Some(id), Some(time), Some(signature)) => findings.push(match_standard(id, time, signature, body, candidates)),
            (_, _, None) => findings.push(Finding::Missing("webhook-signature")),
            _ => {}
        }
        return (Some(Scheme::Standard), findings);
    }
    let Some(signature) = h.genesis_signature else { return (None, vec![Finding::NoSignature]) };
    time_finding("X-Genesis-Timestamp", h.genesis_timestamp, false, now, &mut findings);
    findings.push(match_genesis(signature, body, candidates));
    (Some(Scheme::Genesis), findings)
}

fn time_finding(name: &'static str, text: Option<&str>, required: bool, now: DateTime<Utc>, findings: &mut Vec<Finding>) {
    let Some(text) = text else {
        if required {
            findings.push(Finding::Missing(name));
        }
        return;
    };
    let at = text.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    findings.push(match at.map(|at| TimeDelta::seconds(at.timestamp() - now.timestamp())) {
        None => Finding::Unreadable(name),
        Some(apart) if apart.num_seconds().abs() > TOLERANCE_S => Finding::Skewed(apart),
        Some(apart) => Finding::Timely(apart),
    });
}

/// The bodies that may have been signed, the likeliest first.
fn bodies(pasted: &str) -> Vec<(Option<BodyChange>, String)> {
    let plain = pasted.replace("\r\n", "\n");
    let trimmed = plain.trim_end_matches('\n').to_owned();
    let compact = serde_json::from_str::<serde_json::Value>(&plain).map(|value| value.to_string()).unwrap_or_default();
    let mut bodies: Vec<(Option<BodyChange>, String)> = Vec::new();
    let all = [
        (None, plain.clone()),
        (Some(BodyChange::NoLastBreak), trimmed.clone()),
        (Some(BodyChange::LastBreak), format!("{trimmed}\n")),
        (Some(BodyChange::WindowsBreaks), plain.replace('\n', "\r\n")),
        (Some(BodyChange::Compact), compact),
    ];
    for (change, body) in all {
        if !bodies.iter().any(|(_, other)| *other == body) {
            bodies.push((change, body));
        }
    }
    bodies
}

fn tag(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    mac(key, parts).finalize().into_bytes().into()
}

fn matched(change: Option<BodyChange>, candidate: &Candidate) -> Finding {
    let name = candidate.name.clone();
    match change {
        Some(change) => Finding::OtherBody(change, name),
        None if candidate.live => Finding::SignedWith(name),
        None => Finding::SignedWithEnded(name),
    }
}

fn match_standard(id: &str, time: &str, signature: &str, body: &str, candidates: &[Candidate]) -> Finding {
    let sent: Vec<&str> = signature.split(' ').filter_map(|part| part.strip_prefix("v1,")).collect();
    if sent.is_empty() {
        return Finding::Unreadable("webhook-signature");
    }
    let bodies = bodies(body);
    for (change, body) in &bodies {
        let signed = [id.as_bytes(), b".", time.as_bytes(), b".", body.as_bytes()];
        for candidate in candidates {
            if sent.contains(&BASE64.encode(tag(&candidate.key.standard, &signed)).as_str()) {
                return matched(*change, candidate);
            }
        }
    }
    for (_, body) in &bodies {
        let signed = [id.as_bytes(), b".", time.as_bytes(), b".", body.as_bytes()];
        for Candidate { name, key, .. } in candidates {
            let text = key.secret.expose().as_bytes();
            let ways = [
                (OtherWay::SecretAsText, BASE64.encode(tag(text, &signed))),
                (OtherWay::BodyAlone, BASE64.encode(tag(&key.standard, &[body.as_bytes()]))),
                (OtherWay::Hexadecimal, hex(&tag(&key.standard, &signed))),
            ];
            if let Some((way, _)) = ways.iter().find(|(_, tag)| sent.contains(&tag.as_str())) {
                return Finding::MadeOtherwise(*way, name.clone());
            }
        }
    }
    Finding::NoMatch
}

fn match_genesis(signature: &str, body: &str, candidates: &[Candidate]) -> Finding {
    let Some(sent) = signature.strip_prefix("sha256=") else { return Finding::Unreadable("X-Genesis-Signature") };
    let lower = sent.to_ascii_lowercase();
    let bodies = bodies(body);
    for (change, body) in &bodies {
        for candidate in candidates {
            if hex(&tag(candidate.key.secret.expose().as_bytes(), &[body.as_bytes()])) == lower {
                return matched(*change, candidate);
            }
        }
    }
    for (_, body) in &bodies {
        for Candidate { name, key, .. } in candidates {
            let text = key.secret.expose().as_bytes();
            if BASE64.encode(tag(text, &[body.as_bytes()])) == sent {
                return Finding::MadeOtherwise(OtherWay::Base64, name.clone());
            }
            if hex(&tag(&key.standard, &[body.as_bytes()])) == lower {
                return Finding::MadeOtherwise(OtherWay::SecretDecoded, name.clone());
            }
        }
    }
    Finding::NoMatch
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::secret::Secret;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &str = "{\r\n  \"a\": 1\r\n}";
    const SENT: &str = "{\n  \"a\": 1\n}";

    fn candidates() -> Vec<Candidate> {
        let of = |name: &str, secret: &str, live| Candidate {
            name: name.into(),
            key: Key::new(Secret::new(secret), false).unwrap(),
            live,
        };
        vec![of("new", SECRET, true), of("old", "an older secret of plain text", false)]
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_614_265_330, 0).unwrap()
    }

    fn look(headers: &str) -> Vec<Finding> {
        let headers = parse_headers(headers);
        diagnose(&signature_headers(&headers), BODY, &candidates(), now()).1
    }

    fn standard(time: i64, signature: &str) -> Vec<Finding> {
        look(&format!("Webhook-Id: msg_1\nwebhook-timestamp: {time}\nWEBHOOK-SIGNATURE: {signature}"))
    }

    fn genesis(signature: &str) -> Finding {
        look(&format!("x-genesis-signature: {signature}")).pop().unwrap()
    }

    #[test]
    fn a_good_signature_names_its_secret_and_a_skewed_clock_is_told() {
        let [new, old] = &candidates()[..] else { unreachable!() };
        let time = now().timestamp();
        let good = new.key.sign_standard("msg_1", time, SENT.as_bytes());
        assert_eq!(standard(time, &good), [Finding::Timely(TimeDelta::zero()), Finding::SignedWith("new".into())]);
        let late = new.key.sign_standard("msg_1", time - 400, SENT.as_bytes());
        assert_eq!(standard(time - 400, &late), [Finding::Skewed(TimeDelta::seconds(-400)), Finding::SignedWith("new".into())]);
        let ended = old.key.sign_standard("msg_1", time, SENT.as_bytes());
        assert_eq!(standard(time, &ended)[1], Finding::SignedWithEnded("old".into()));
        assert_eq!(genesis(&new.key.sign_genesis(SENT.as_bytes())), Finding::SignedWith("new".into()));
    }

    #[test]
    fn an_altered_body_is_told_from_a_wrong_secret() {
        let new = &candidates()[0];
        let time = now().timestamp();
        for (body, change) in
            [("{\"a\":1}", BodyChange::Compact), (BODY, BodyChange::WindowsBreaks), ("{\n  \"a\": 1\n}\n", BodyChange::LastBreak)]
        {
            let signature = new.key.sign_standard("msg_1", time, body.as_bytes());
            assert_eq!(standard(time, &signature)[1], Finding::OtherBody(change, "new".into()));
            assert_eq!(genesis(&new.key.sign_genesis(body.as_bytes())), Finding::OtherBody(change, "new".into()));
        }
        let other = Key::new(Secret::new("nobody knows this one"), false).unwrap();
        assert_eq!(standard(time, &other.sign_standard("msg_1", time, SENT.as_bytes()))[1], Finding::NoMatch);
        assert_eq!(genesis(&other.sign_genesis(SENT.as_bytes())), Finding::NoMatch);
    }

    #[test]
    fn the_usual_mistakes_of_senders_are_recognised() {
        let key = &candidates()[0].key;
        let time = now().timestamp();
        let signed = [b"msg_1".as_slice(), b".", time.to_string().as_bytes(), b".", SENT.as_bytes()].concat();
        let made = |way| Finding::MadeOtherwise(way, "new".into());
        let as_text = format!("v1,{}", BASE64.encode(tag(SECRET.as_bytes(), &[&signed])));
        assert_eq!(standard(time, &as_text)[1], made(OtherWay::SecretAsText));
        let alone = format!("v1,{}", BASE64.encode(tag(&key.standard, &[SENT.as_bytes()])));
        assert_eq!(standard(time, &alone)[1], made(OtherWay::BodyAlone));
        assert_eq!(standard(time, &format!("v1,{}", hex(&tag(&key.standard, &[&signed]))))[1], made(OtherWay::Hexadecimal));
        assert_eq!(
            genesis(&format!("sha256={}", BASE64.encode(tag(SECRET.as_bytes(), &[SENT.as_bytes()])))),
            made(OtherWay::Base64)
        );
        assert_eq!(genesis(&format!("sha256={}", hex(&tag(&key.standard, &[SENT.as_bytes()])))), made(OtherWay::SecretDecoded));
    }

    #[test]
    fn what_is_missing_or_makes_no_sense_is_named() {
        assert_eq!(look("content-type: application/json"), [Finding::NoSignature]);
        assert_eq!(look("webhook-id: 1"), [Finding::Missing("webhook-timestamp"), Finding::Missing("webhook-signature")]);
        assert_eq!(standard(1, "v2,x").pop().unwrap(), Finding::Unreadable("webhook-signature"));
        let mixed = look("webhook-id: \nwebhook-timestamp: soon\nwebhook-signature: v1,x\nx-genesis-signature: sha256=0");
        assert_eq!(mixed, [Finding::BothSchemes, Finding::Unreadable("webhook-timestamp"), Finding::Missing("webhook-id")]);
        assert_eq!(genesis("md5=0"), Finding::Unreadable("X-Genesis-Signature"));
        assert_eq!(parse_headers("-H 'Webhook-Id: a:b' \\\nPOST /x HTTP/1.1"), [("webhook-id".into(), "a:b".into())]);
    }
}
