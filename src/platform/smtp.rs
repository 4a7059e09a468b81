//! The mail server that mails are handed to, by SMTP.

use std::{borrow::Cow, net::IpAddr, time::Duration};

use lettre::{
    Address,
    transport::smtp::{
        Error,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailParameter},
    },
};
use percent_encoding::percent_decode_str;
use url::Url;

use super::secret::Secret;

/// How long a mail may take, from the first byte to the server's word that it has it.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long the server may take to say good-bye; whether it does changes nothing.
const FAREWELL: Duration = Duration::from_secs(1);

/// How the line is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS after `STARTTLS`, or not at all.
    StartTls,
    /// None, within one machine.
    Plain,
}

/// A mail server.
#[derive(Clone, Debug)]
pub struct Server {
    host: String,
    port: u16,
    security: Security,
    account: Option<(String, Secret)>,
    hello: ClientId,
    /// How long a mail may take.
    pub timeout: Duration,
}

/// Why the server did not take a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It may take it later: it did not answer, was busy, or would not talk with us at all.
    Later(String),
    /// It will never take this mail for this recipient.
    Never(String),
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn later(error: Error) -> Refusal {
    Refusal::Later(error.to_string())
}

/// An answer about the recipient, or about the mail itself: one for good is for good.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn about_the_mail(error: Error) -> Refusal {
    if error.is_permanent() { Refusal::Never(error.to_string()) } else { Refusal::Later(error.to_string()) }
}

impl Server {
    /// Reads an address such as `smtps://user:password@mail.example.com:465`, or `smtp://…:587?tls=required` for a server that begins
    /// TLS by `STARTTLS`. Plain `smtp://` is for this machine itself alone. A path is the name to say hello by.
    ///
    /// # Errors
    /// What is wrong with it, without the address itself, which holds a password.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "must be an address such as smtps://user:password@mail.example.com:465 or smtp://user:password@mail.example.com:587?tls=required";
        let url = Url::parse(text).map_err(|_| FORM)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(FORM)?.trim_matches(['[', ']']).to_owned();
        let query: Vec<_> = url.query_pairs().collect();
        let required = match query.as_slice() {
            [] => false,
            [(key, value)] if key == "tls" && value == "required" => true,
            _ => return Err("may only have tls=required after the question mark"),
        };
        let (security, port) = match (url.scheme(), required) {
            ("smtps", _) => (Security::Tls, 465),
            ("smtp", true) => (Security::StartTls, 587),
            ("smtp", false) if is_loopback(&host) => (Security::Plain, 25),
            ("smtp", false) => {
                return Err("must begin with smtps:// or end with ?tls=required: without TLS others could read the links");
            }
            _ => return Err(FORM),
        };
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(Cow::into_owned).map_err(|_| FORM);
        let account = match (url.username(), url.password()) {
            ("", None) => None,
            (user, Some(password)) if !user.is_empty() => Some((decoded(user)?, Secret::new(decoded(password)?))),
            _ => return Err("must have both a user and a password, or neither"),
        };
        let hello = match url.path().trim_matches('/') {
            "" => ClientId::default(),
            name if name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')) => ClientId::Domain(name.to_owned()),
            _ => return Err("may only have a host's name as its path"),
        };
        Ok(Self { host, port: url.port().unwrap_or(port), security, account, hello, timeout: TIMEOUT })
    }

    /// Where it is, and how it is spoken with: without the account.
    pub fn place(&self) -> String {
        let how = match self.security {
            Security::Tls => "TLS",
            Security::StartTls => "STARTTLS",
            Security::Plain => "without TLS",
        };
        format!("{}:{}, {how}", self.host, self.port)
    }

    /// A line to the server, secured and signed in.
    async fn open(&self) -> Result<AsyncSmtpConnection, Error> {
        let tls = || TlsParameters::new(self.host.clone());
        let wrapped = if self.security == Security::Tls { Some(tls()?) } else { None };
        let to = (self.host.as_str(), self.port);
        let mut line = AsyncSmtpConnection::connect_tokio1(to, None, &self.hello, wrapped, None).await?;
        if self.security == Security::StartTls {
            line.starttls(tls()?, &self.hello).await?;
        }
        if let Some((user, password)) = &self.account {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            line.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await?;
        }
        Ok(line)
    }

    async fn converse(&self, from: &Address, to: &Address, mail: &[u8]) -> Result<AsyncSmtpConnection, Refusal> {
        let mut line = self.open().await.map_err(later)?;
        let mut parameters = Vec::new();
        if !AsRef::<str>::as_ref(to).is_ascii() {
            if !line.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(Refusal::Never("the mail server takes no addresses beyond ASCII (SMTPUTF8)".into()));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        line.command(Mail::new(Some(from.clone()), parameters)).await.map_err(later)?;
        line.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(about_the_mail)?;
        line.command(Data).await.map_err(later)?;
        line.message(mail).await.map_err(about_the_mail)?;
        Ok(line)
    }

    /// Hands over a mail, in ASCII. Once this is done the server has it; whatever happens to the line afterwards.
    ///
    /// # Errors
    /// Why not. After `Later` the server may have it all the same, when the line broke before its last word.
    pub async fn send(&self, from: &Address, to: &Address, mail: &[u8]) -> Result<(), Refusal> {
        let silent = || Refusal::Later(format!("no answer within {:?}", self.timeout));
        let mut line = tokio::time::timeout(self.timeout, self.converse(from, to, mail)).await.unwrap_or_else(|_| Err(silent()))?;
        let _ = tokio::time::timeout(FAREWELL, line.quit()).await;
        Ok(())
    }

    /// Whether the server answers, TLS holds and the account is good.
    ///
    /// # Errors
    /// Why not.
    pub async fn check(&self) -> Result<(), String> {
        match tokio::time::timeout(self.timeout, self.open()).await {
            Ok(Ok(mut line)) => {
                let _ = tokio::time::timeout(FAREWELL, line.quit()).await;
                Ok(())
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {:?}", self.timeout)),
        }
    }
}

/// Whether a host is this machine itself.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_as_lettre_writes_them() {
        let read = |text: &str| {
            Server::parse(text)
                .map(|s| (s.host, s.port, s.security, s.account.map(|(user, secret)| (user, secret.expose().to_owned()))))
        };
        let account = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(
            read("smtps://ana%40ngx.com:p%2Fw+1@mail.ngx.com"),
            Ok(("mail.ngx.com".into(), 465, Security::Tls, account("ana@ngx.com", "p/w+1")))
        );
        assert_eq!(read("smtp://mail.ngx.com?tls=required"), Ok(("mail.ngx.com".into(), 587, Security::StartTls, None)));
        assert_eq!(read("smtp://127.0.0.1:2525"), Ok(("127.0.0.1".into(), 2525, Security::Plain, None)));
        assert_eq!(read("smtp://[::1]"), Ok(("::1".into(), 25, Security::Plain, None)));
        let named = Server::parse("smtps://mail.ngx.com/crm.ngx.com").unwrap();
        assert_eq!(named.hello, ClientId::Domain("crm.ngx.com".into()));
    }

    #[test]
    fn a_server_that_others_could_listen_to_is_refused() {
        for bad in [
            "",
            "mail.ngx.com",
            "https://mail.ngx.com",
            "smtp://mail.ngx.com",
            "smtp://mail.ngx.com:587",
            "smtp://10.0.0.1:25",
            "smtp://127.0.0.1.ngx.com",
            "smtp://mail.ngx.com?tls=opportunistic",
            "smtp://mail.ngx.com?tls=required&x=1",
            "smtps://ana@mail.ngx.com",
            "smtps://:secret@mail.ngx.com",
            "smtps://mail.ngx.com/crm%0d%0aMAIL",
        ] {
            assert!(Server::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_printed_server_holds_no_password() {
        let server = Server::parse("smtps://ana:hidden@mail.ngx.com").unwrap();
        assert!(!format!("{server:?} {}", server.place()).contains("hidden"));
    }
}
