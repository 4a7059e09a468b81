//! Signed requests and their answers.

use reqwest::{RequestBuilder, header::HeaderMap};
use serde_json::Value;

use super::{SECRET, TestApp, key};

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, without what only hydration needs of a page.
    pub text: String,
    /// The body as JSON, or null.
    pub json: Value,
}

/// HTML as a reader sees it: without the marks by which hydration finds texts and places again.
pub fn plain(html: &str) -> String {
    html.replace("<!>", "")
}

impl Answer {
    /// Reads an answer to its end.
    pub async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = plain(&response.text().await.unwrap());
        let json = serde_json::from_str(&text).unwrap_or_default();
        Self { status, headers, text, json }
    }

    /// A header.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// The answer is a problem with this status, says so in its body, and reveals nothing.
    #[track_caller]
    pub fn problem(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        assert_eq!(self.json["status"], status, "{}", self.text);
        assert!(self.json["title"].is_string() && self.json["type"].is_string(), "{}", self.text);
        for secret in [SECRET, super::PREVIOUS_SECRET, super::IMPORT_SECRET, "postgres://", "sqlx"] {
            assert!(!self.text.contains(secret), "{}", self.text);
        }
        self
    }

    /// The answer is 200; gives its body.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json
    }

    /// What a batch says of each item.
    pub fn statuses(&self) -> Vec<&str> {
        self.json["results"].as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap()).collect()
    }
}

impl TestApp {
    /// A webhook request without a signature.
    pub fn webhook(&self, body: impl Into<Vec<u8>>) -> RequestBuilder {
        self.client.post(self.url("/agent-usage/events")).header("content-type", "application/json").body(body.into())
    }

    /// Posts, signed GENESIS's own way.
    pub async fn post(&self, body: &Value) -> Answer {
        self.post_bytes(body.to_string().into_bytes()).await
    }

    /// Posts bytes, signed GENESIS's own way.
    pub async fn post_bytes(&self, body: impl Into<Vec<u8>>) -> Answer {
        self.post_with(SECRET, body).await
    }

    /// Posts bytes, signed GENESIS's own way with one of the secrets.
    pub async fn post_with(&self, secret: &str, body: impl Into<Vec<u8>>) -> Answer {
        let body = body.into();
        let signature = key(secret).sign_genesis(&body);
        send(self.webhook(body).header("x-genesis-signature", signature)).await
    }

    /// Posts, signed as Standard Webhooks says.
    pub async fn post_standard(&self, id: &str, body: &Value) -> Answer {
        let body = body.to_string().into_bytes();
        let at = self.app.clock.now().timestamp();
        let signature = key(SECRET).sign_standard(id, at, &body);
        let request = self.webhook(body).header("webhook-id", id).header("webhook-timestamp", at.to_string());
        send(request.header("webhook-signature", signature)).await
    }

    /// Gets a path.
    pub async fn get(&self, path: &str) -> Answer {
        send(self.client.get(self.url(path))).await
    }
}

/// Sends a request and reads the answer.
pub async fn send(request: RequestBuilder) -> Answer {
    Answer::read(request.send().await.unwrap()).await
}
