//! Settings: from the environment and `.env`, each checked once, each fault one clear line.

use std::{fmt::Display, str::FromStr, sync::Arc, time::Duration};

use super::{mail::MailSettings, secret::Secret, signature::Key, vault::Vault};

/// All settings of the server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `DATABASE_URL`: PostgreSQL, as the server's own role.
    pub database_url: Secret,
    /// `DATABASE_OWNER_URL`: PostgreSQL, as the role that owns the schema; only migrations use it.
    pub database_owner_url: Option<Secret>,
    /// `NEXUS_CRM_DATABASE_POOL`: connections at the most, 3 to 500.
    pub database_pool: u32,
    /// `GENESIS_WEBHOOK_SECRET`, `GENESIS_WEBHOOK_SECRET_PREVIOUS` and `GENESIS_IMPORT_SECRET`, in this order.
    pub webhook_keys: Vec<Key>,
    /// `NEXUS_CRM_BASE_URL`: where people reach the product, without a slash at the end.
    pub base_url: String,
    /// `NEXUS_CRM_INGEST_QUEUE`: events that may wait for their commit; beyond, 503.
    pub ingest_queue: u32,
    /// `NEXUS_CRM_INGEST_GROUP`: events in one commit at the most.
    pub ingest_group: usize,
    /// Writers of events; each user belongs to one.
    pub ingest_writers: usize,
    /// `NEXUS_CRM_INGEST_LINGER_MS`: how long a commit waits for company, 0 to 100 ms.
    pub ingest_linger: Duration,
    /// `NEXUS_CRM_INGEST_RATE`: webhook requests a second from one address, with twice as many at once; beyond, 429.
    pub ingest_rate: u32,
    /// `NEXUS_CRM_REST_RATE`: requests of one API key or person a second, 1 to 1,000,000; beyond, 429.
    pub rest_rate: u32,
    /// `NEXUS_CRM_REST_BURST`: how many of these may come at once, 1 to 1,000,000.
    pub rest_burst: u32,
    /// `NEXUS_CRM_ADDRESS_RATE`: requests a second from one address by nobody who is known, 1 to 1,000,000; beyond, 429.
    pub address_rate: u32,
    /// `NEXUS_CRM_ADDRESS_BURST`: how many of these may come at once, 1 to 1,000,000.
    pub address_burst: u32,
    /// `NEXUS_CRM_CORS_ORIGINS`: origins whose pages may use REST by a key or a token; none unless set.
    pub cors_origins: Vec<String>,
    /// `NEXUS_CRM_RATE_LIMIT_LOOPBACK`: whether these limits also hold for this machine itself.
    pub rate_limit_loopback: bool,
    /// `NEXUS_CRM_BODY_TIMEOUT_MS`: how long a request's body may take to arrive; beyond, 408.
    pub body_timeout: Duration,
    /// `NEXUS_CRM_RETENTION_DAYS`: how long raw events are kept; 0 keeps them for ever. Rollups stay.
    pub retention_days: u32,
    /// `NEXUS_CRM_SESSION_IDLE_HOURS`: a session that is not used for so long ends, 1 to 720 hours.
    pub session_idle: chrono::TimeDelta,
    /// `NEXUS_CRM_SESSION_DAYS`: every session ends after so long, 1 to 90 days.
    pub session_life: chrono::TimeDelta,
    /// `NEXUS_CRM_TRUSTED_PROXIES`: the reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// `NEXUS_CRM_TLS_CERTIFICATE` and `NEXUS_CRM_TLS_KEY`: PEM files; with both the server speaks TLS itself.
    pub tls: Option<(String, String)>,
    /// `NEXUS_CRM_SECRET_KEY`: seals in the database what must be read again (second factors, webhook secrets, the keys that sign
    /// tokens, the links of waiting mails); without it none of these is offered.
    pub vault: Option<Arc<Vault>>,
    /// `NEXUS_CRM_SMTP_URL`, `NEXUS_CRM_MAIL_FROM` and `NEXUS_CRM_MAIL_DIR`: how mails leave; without them none do.
    pub mail: Option<MailSettings>,
    /// `NEXUS_CRM_TIME_ZONE`: the zone shown until the browser has told its own.
    pub time_zone: String,
}

/// Every fault of the settings, a line each.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct SettingsError(pub Vec<String>);

/// Shorter secrets are refused; the doctor asks for more.
const MIN_SECRET: usize = 8;

/// Reads settings from a look-up, and collects what is wrong with them.
struct Reader<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    faults: Vec<String>,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> Option<String> {
        (self.get)(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty())
    }

    fn number<T: FromStr + PartialOrd + Display + Copy>(&mut self, name: &str, default: T, min: T, max: T) -> T {
        let Some(text) = self.text(name) else { return default };
        match text.parse::<T>() {
            Ok(n) if n >= min && n <= max => n,
            _ => {
                self.faults.push(format!("{name} must be a whole number from {min} to {max}"));
                default
            }
        }
    }

    fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.text(name).as_deref() {
            None => default,
            Some("on" | "true" | "1") => true,
            Some("off" | "false" | "0") => false,
            Some(_) => {
                self.faults.push(format!("{name} must be on or off"));
                default
            }
        }
    }

    /// Origins as browsers write them (RFC 6454, 6.1), by commas.
    fn origins(&mut self, name: &str) -> Vec<String> {
        let texts: Vec<_> =
            self.text(name).unwrap_or_default().split(',').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect();
        let is_origin = |text: &str| {
            let url = reqwest::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            !text.contains('*') && url.is_some_and(|url| url.origin().ascii_serialization() == text)
        };
        if !texts.iter().all(|text| is_origin(text)) {
            self.faults.push(format!(
                "{name} must be origins, such as https://app.example.com, separated by commas: no path, no slash at the end, no *"
            ));
        }
        texts
    }

    fn key(&mut self, name: &str, value: &str, import: bool, keys: &mut Vec<Key>) {
        if value.len() < MIN_SECRET {
            self.faults
                .push(format!("{name} is too short: use {MIN_SECRET} characters or more, such as `openssl rand -hex 32` gives"));
            return;
        }
        match Key::new(Secret::new(value), import) {
            Ok(key) => keys.push(key),
            Err(why) => self.faults.push(format!("{name} {why}")),
        }
    }

    fn database(&mut self, name: &str) -> Option<Secret> {
        let url = self.text(name)?;
        if url.parse::<sqlx::postgres::PgConnectOptions>().is_err() || !url.starts_with("postgres") {
            self.faults.push(format!("{name} must be a PostgreSQL address, such as postgres://user:password@host/database"));
        }
        Some(Secret::new(url))
    }
}

impl Settings {
    /// Reads all settings from the environment.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(&|name| std::env::var(name).ok())
    }

    /// Reads all settings by a look-up of names.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut r = Reader { get, faults: Vec::new() };
        let database_url = r.database("DATABASE_URL");
        if database_url.is_none() {
            r.faults
                .push("DATABASE_URL is missing: set it, or start with script/server, which brings a database of its own".into());
        }
        let database_owner_url = r.database("DATABASE_OWNER_URL");
        let mut webhook_keys = Vec::new();
        match r.text("GENESIS_WEBHOOK_SECRET") {
            Some(secret) => r.key("GENESIS_WEBHOOK_SECRET", &secret, false, &mut webhook_keys),
            // With a key to seal them they can be made in the app.
            None if r.text("NEXUS_CRM_SECRET_KEY").is_some() => {}
            None => r.faults.push(
                "GENESIS_WEBHOOK_SECRET is missing: the secret that GENESIS signs its webhooks with; or set NEXUS_CRM_SECRET_KEY, and make one in the app".into(),
            ),
        }
        for secret in
            r.text("GENESIS_WEBHOOK_SECRET_PREVIOUS").unwrap_or_default().split(',').map(str::trim).filter(|s| !s.is_empty())
        {
            r.key("GENESIS_WEBHOOK_SECRET_PREVIOUS", secret, false, &mut webhook_keys);
        }
        if let Some(secret) = r.text("GENESIS_IMPORT_SECRET") {
            r.key("GENESIS_IMPORT_SECRET", &secret, true, &mut webhook_keys);
        }
        let base_url = r.text("NEXUS_CRM_BASE_URL").unwrap_or_else(|| "http://127.0.0.1:8000".into());
        let base_url = base_url.trim_end_matches('/').to_owned();
        if !base_url.starts_with("http://") && !base_url.starts_with("https://") {
            r.faults.push("NEXUS_CRM_BASE_URL must begin with http:// or https://".into());
        }
        let time_zone = r.text("NEXUS_CRM_TIME_ZONE").unwrap_or_else(|| "UTC".into());
        if time_zone.parse::<chrono_tz::Tz>().is_err() {
            r.faults.push("NEXUS_CRM_TIME_ZONE must be an IANA time zone, such as Europe/Madrid".into());
        }
        let vault = r.text("NEXUS_CRM_SECRET_KEY").and_then(|hex| {
            let vault = Vault::new(&hex);
            if vault.is_none() {
                r.faults.push("NEXUS_CRM_SECRET_KEY must be 64 hexadecimal digits, such as `openssl rand -hex 32` gives".into());
            }
            vault.map(Arc::new)
        });
        let mail = MailSettings::read(&|name| r.text(name)).unwrap_or_else(|faults| {
            r.faults.extend(faults);
            None
        });
        let tls = match (r.text("NEXUS_CRM_TLS_CERTIFICATE"), r.text("NEXUS_CRM_TLS_KEY")) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => {
                r.faults.push("NEXUS_CRM_TLS_CERTIFICATE and NEXUS_CRM_TLS_KEY belong together: set both, or none".into());
                None
            }
        };
        let mut trusted_proxies = Vec::new();
        for text in r.text("NEXUS_CRM_TRUSTED_PROXIES").unwrap_or_default().split(',').map(str::trim).filter(|s| !s.is_empty()) {
            match text.parse().or_else(|_| text.parse::<std::net::IpAddr>().map(ipnet::IpNet::from)) {
                Ok(net) => trusted_proxies.push(net),
                Err(_) => {
                    r.faults.push("NEXUS_CRM_TRUSTED_PROXIES must be addresses or networks, such as 10.0.0.0/8,127.0.0.1".into());
                }
            }
        }
        let settings = Self {
            database_url: database_url.unwrap_or_else(|| Secret::new("")),
            database_owner_url,
            database_pool: r.number("NEXUS_CRM_DATABASE_POOL", 16, 3, 500),
            webhook_keys,
            base_url,
            ingest_queue: r.number("NEXUS_CRM_INGEST_QUEUE", 20_000, 1_000, 1_000_000),
            ingest_group: r.number("NEXUS_CRM_INGEST_GROUP", 2_000, 1, 10_000),
            ingest_writers: r.number("NEXUS_CRM_INGEST_WRITERS", 3, 1, 32),
            ingest_linger: Duration::from_millis(r.number("NEXUS_CRM_INGEST_LINGER_MS", 1, 0, 100)),
            ingest_rate: r.number("NEXUS_CRM_INGEST_RATE", 5_000, 1, 1_000_000),
            rest_rate: r.number("NEXUS_CRM_REST_RATE", 50, 1, 1_000_000),
            rest_burst: r.number("NEXUS_CRM_REST_BURST", 200, 1, 1_000_000),
            address_rate: r.number("NEXUS_CRM_ADDRESS_RATE", 20, 1, 1_000_000),
            address_burst: r.number("NEXUS_CRM_ADDRESS_BURST", 100, 1, 1_000_000),
            cors_origins: r.origins("NEXUS_CRM_CORS_ORIGINS"),
            rate_limit_loopback: r.flag("NEXUS_CRM_RATE_LIMIT_LOOPBACK", true),
            body_timeout: Duration::from_millis(r.number("NEXUS_CRM_BODY_TIMEOUT_MS", 10_000, 100, 120_000)),
            retention_days: r.number("NEXUS_CRM_RETENTION_DAYS", 0, 0, 36_500),
            session_idle: chrono::TimeDelta::hours(r.number("NEXUS_CRM_SESSION_IDLE_HOURS", 12, 1, 720)),
            session_life: chrono::TimeDelta::days(r.number("NEXUS_CRM_SESSION_DAYS", 14, 1, 90)),
            trusted_proxies,
            tls,
            vault,
            mail,
            time_zone,
        };
        if (1..42).contains(&settings.retention_days) {
            r.faults.push("NEXUS_CRM_RETENTION_DAYS must be 0 or at least 42, as events may arrive 35 days late".into());
        }
        if r.faults.is_empty() { Ok(settings) } else { Err(SettingsError(r.faults)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::read(&|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    const GOOD: [(&str, &str); 2] =
        [("DATABASE_URL", "postgres://app:pw@localhost/nexus"), ("GENESIS_WEBHOOK_SECRET", "0123456789abcdef")];

    #[test]
    fn two_settings_are_enough() {
        let settings = read(&GOOD).unwrap();
        assert_eq!((settings.ingest_queue, settings.webhook_keys.len()), (20_000, 1));
    }

    #[test]
    fn every_fault_is_one_line_and_shows_no_secret() {
        let error = read(&[
            ("GENESIS_WEBHOOK_SECRET", "short"),
            ("GENESIS_IMPORT_SECRET", "whsec_***not base64***"),
            ("NEXUS_CRM_INGEST_QUEUE", "many"),
            ("NEXUS_CRM_RATE_LIMIT_LOOPBACK", "maybe"),
            ("NEXUS_CRM_BASE_URL", "crm.ngx.com"),
            ("NEXUS_CRM_TIME_ZONE", "Mars"),
            ("NEXUS_CRM_RETENTION_DAYS", "7"),
            ("NEXUS_CRM_TRUSTED_PROXIES", "everybody"),
            ("NEXUS_CRM_SECRET_KEY", "***"),
        ])
        .unwrap_err()
        .to_string();
        assert_eq!(error.lines().count(), 10, "{error}");
        assert!(!error.contains("short\n") && !error.contains("***"), "{error}");
    }

    #[test]
    fn origins_are_named_one_by_one() {
        let origins = |text: &str| {
            let set = [("NEXUS_CRM_CORS_ORIGINS", text)];
            read(&[&GOOD[..], &set].concat()).map(|settings| settings.cors_origins).map_err(|error| error.to_string())
        };
        assert_eq!(origins("").unwrap(), Vec::<String>::new());
        let two = origins("https://app.example.com, http://127.0.0.1:3000,").unwrap();
        assert_eq!(two, ["https://app.example.com", "http://127.0.0.1:3000"]);
        for bad in [
            "*",
            "null",
            "app.example.com",
            "https://*.example.com",
            "https://app.example.com/",
            "https://app.example.com/page",
            "https://app.example.com:443",
            "https://App.example.com",
            "https://user@app.example.com",
            "file:///etc",
            "https://app.example.com https://b.example.com",
        ] {
            let error = origins(bad).unwrap_err();
            assert!(error.starts_with("NEXUS_CRM_CORS_ORIGINS must be") && error.lines().count() == 1, "{bad}: {error}");
        }
    }

    #[test]
    fn printed_settings_hold_no_secret() {
        let printed = format!("{:?}", read(&GOOD).unwrap());
        assert!(!printed.contains("0123456789abcdef") && !printed.contains(":pw@"), "{printed}");
    }
}
