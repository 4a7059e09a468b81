//! A mail server of a test's own, as good or as bad as the test wants it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use nexus_crm::platform::{
    mail::{MailSettings, Way},
    smtp::Server,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::TestApp;

/// Where a conversation stands: what the server answers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The connection.
    Greeting,
    /// `EHLO`.
    Hello,
    /// `AUTH`.
    Auth,
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA`.
    Data,
    /// The end of the mail.
    End,
    /// `QUIT`.
    Farewell,
}

/// How the server meets a client.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    /// It takes the mail.
    Takes,
    /// It answers so at a stage.
    Says(Stage, &'static str),
    /// It does not answer at a stage.
    Hangs(Stage),
    /// It closes the line in place of an answer at a stage.
    Leaves(Stage),
}

/// A mail that the server has said that it has.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Whom it is from, by the envelope.
    pub from: String,
    /// Whom it is to, by the envelope.
    pub to: String,
    /// The mail as it came.
    pub mail: String,
}

impl Taken {
    /// A header, unfolded.
    pub fn header(&self, name: &str) -> String {
        let (head, _) = self.mail.split_once("\r\n\r\n").unwrap();
        let head = head.replace("\r\n ", " ");
        let prefix = format!("{name}: ");
        head.split("\r\n").find_map(|line| line.strip_prefix(&prefix)).unwrap_or_else(|| panic!("{name} in {head}")).to_owned()
    }

    /// The plain text, decoded.
    pub fn text(&self) -> String {
        let (_, part) = self.mail.split_once("Content-Type: text/plain").unwrap();
        let (head, body) = part.split_once("\r\n\r\n").unwrap();
        let body = body.split("\r\n--").next().unwrap();
        if head.contains("base64") {
            String::from_utf8(BASE64_STANDARD.decode(body.replace("\r\n", "")).unwrap()).unwrap()
        } else if head.contains("quoted-printable") {
            quoted_printable(body)
        } else {
            body.to_owned()
        }
    }

    /// The link in it.
    pub fn link(&self) -> String {
        let text = self.text();
        let line = text.lines().find(|line| line.starts_with("http")).unwrap_or_else(|| panic!("a link in {text}"));
        line.trim_end().to_owned()
    }
}

fn quoted_printable(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut parts = joined.split('=');
    bytes.extend(parts.next().unwrap().bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(part[2..].bytes());
    }
    String::from_utf8(bytes).unwrap()
}

#[derive(Default)]
struct State {
    next: VecDeque<Manner>,
    otherwise: Option<Manner>,
    met: usize,
    taken: Vec<Taken>,
}

/// The server.
pub struct FakeSmtp {
    port: u16,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl FakeSmtp {
    /// A server that takes every mail.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            loop {
                let (line, _) = listener.accept().await.unwrap();
                let manner = {
                    let mut state = shared.lock().unwrap();
                    state.met += 1;
                    let otherwise = state.otherwise.unwrap_or(Manner::Takes);
                    state.next.pop_front().unwrap_or(otherwise)
                };
                // An ended line is the client's affair.
                tokio::spawn(meet(line, manner, Arc::clone(&shared)));
            }
        });
        Self { port, state, task }
    }

    /// Meets the next client so that has no manner yet.
    pub fn once(&self, manner: Manner) {
        self.state.lock().unwrap().next.push_back(manner);
    }

    /// Meets all others so from now on.
    pub fn always(&self, manner: Manner) {
        self.state.lock().unwrap().otherwise = Some(manner);
    }

    /// How many clients came.
    pub fn met(&self) -> usize {
        self.state.lock().unwrap().met
    }

    /// The mails that it has.
    pub fn taken(&self) -> Vec<Taken> {
        self.state.lock().unwrap().taken.clone()
    }

    /// The latest mail to an address.
    pub fn last_to(&self, address: &str) -> Taken {
        let taken = self.taken();
        taken.iter().rev().find(|mail| mail.to == address).unwrap_or_else(|| panic!("no mail to {address}: {taken:?}")).clone()
    }

    /// Settings by which mails go to it.
    pub fn settings(&self) -> MailSettings {
        settings(&format!("smtp://127.0.0.1:{}", self.port))
    }

    /// The same, if it begins TLS, which it does not know how to.
    pub fn settings_with_tls(&self) -> MailSettings {
        settings(&format!("smtp://crm:hidden@127.0.0.1:{}?tls=required", self.port))
    }

    /// The same with an account.
    pub fn settings_with_account(&self) -> MailSettings {
        settings(&format!("smtp://crm:hidden@127.0.0.1:{}", self.port))
    }

    /// A product that sends its mails to it.
    pub async fn app(&self) -> TestApp {
        let mail = self.settings();
        TestApp::with(|setup| setup.settings.mail = Some(mail)).await
    }
}

impl Drop for FakeSmtp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Settings by which mails go to a server.
pub fn settings(url: &str) -> MailSettings {
    MailSettings { from: "NexusCRM <crm@ngx.com>".parse().unwrap(), way: Way::Smtp(Server::parse(url).unwrap()) }
}

/// The same, for a server that is not waited for long.
pub fn impatient(mut settings: MailSettings, timeout: Duration) -> MailSettings {
    if let Way::Smtp(server) = &mut settings.way {
        server.timeout = timeout;
    }
    settings
}

/// An answer by the server's manner; nothing when it leaves.
async fn answer(line: &mut BufReader<TcpStream>, manner: Manner, stage: Stage, usual: &str) -> Option<bool> {
    let (text, good) = match manner {
        Manner::Says(at, text) if at == stage => (text, text.starts_with(['2', '3'])),
        Manner::Hangs(at) if at == stage => std::future::pending().await,
        Manner::Leaves(at) if at == stage => return None,
        _ => (usual, true),
    };
    line.get_mut().write_all(format!("{text}\r\n").as_bytes()).await.ok()?;
    Some(good)
}

async fn meet(line: TcpStream, manner: Manner, state: Arc<Mutex<State>>) -> Option<()> {
    let mut line = BufReader::new(line);
    answer(&mut line, manner, Stage::Greeting, "220 test ESMTP").await?;
    let (mut from, mut to) = (String::new(), String::new());
    loop {
        let mut command = String::new();
        if line.read_line(&mut command).await.ok()? == 0 {
            return None;
        }
        let command = command.trim_end().to_owned();
        let within = || command.split_once('<').unwrap().1.split('>').next().unwrap().to_owned();
        match command.split([' ', ':']).next().unwrap() {
            "EHLO" => {
                answer(&mut line, manner, Stage::Hello, "250-test\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN").await?;
            }
            "AUTH" => {
                answer(&mut line, manner, Stage::Auth, "235 welcome").await?;
            }
            "MAIL" => {
                from = within();
                answer(&mut line, manner, Stage::Sender, "250 ok").await?;
            }
            "RCPT" => {
                to = within();
                answer(&mut line, manner, Stage::Recipient, "250 ok").await?;
            }
            "DATA" => {
                if !answer(&mut line, manner, Stage::Data, "354 go on").await? {
                    continue;
                }
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") {
                    if line.read_line(&mut mail).await.ok()? == 0 {
                        return None;
                    }
                }
                let mail = mail.trim_end_matches(".\r\n").replace("\r\n..", "\r\n.");
                let taken = Taken { from: from.clone(), to: to.clone(), mail };
                let good = !matches!(manner, Manner::Says(Stage::End, text) if !text.starts_with('2'))
                    && !matches!(manner, Manner::Hangs(Stage::End) | Manner::Leaves(Stage::End));
                if good {
                    // Before the answer: whoever has heard it may look.
                    state.lock().unwrap().taken.push(taken);
                }
                answer(&mut line, manner, Stage::End, "250 taken").await?;
            }
            "QUIT" => {
                answer(&mut line, manner, Stage::Farewell, "221 bye").await?;
                return Some(());
            }
            _ => {
                line.get_mut().write_all(b"500 what\r\n").await.ok()?;
            }
        }
    }
}
