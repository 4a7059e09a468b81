//! Going through the gate.

use nexus_crm::{
    domain::people::Role,
    features::auth::account::{self, Invitation},
    platform::secret::Secret,
};
use reqwest::Response;

use super::TestApp;

/// The password of whoever is made here.
pub const PASSWORD: &str = "una lluvia sin paraguas";

/// The cookie that an answer sets.
pub fn cookie(response: &Response) -> String {
    let line = response.headers()["set-cookie"].to_str().unwrap();
    assert!(line.contains("HttpOnly") && line.contains("SameSite=Lax") && line.contains("Path=/"), "{line}");
    line.split(';').next().unwrap().to_owned()
}

/// Sends a form with a cookie.
pub async fn post(app: &TestApp, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Response {
    app.client_with(cookie).post(app.url(path)).form(fields).send().await.unwrap()
}

/// Sends the form of the sign-in page.
pub async fn sign_in(app: &TestApp, email: &str, password: &str) -> Response {
    post(app, "", "/sign-in", &[("email", email), ("password", password)]).await
}

/// Whether a cookie is a session that runs.
pub async fn runs(app: &TestApp, cookie: &str) -> bool {
    app.client_with(cookie).get(app.url("/agent-usage/analytics/summary")).send().await.unwrap().status() == 200
}

/// Makes Ana.
pub async fn ana(app: &TestApp, role: Role) {
    let invitation = Invitation { email: "Ana@NGX.com", name: "Ana Peña", role, team: None };
    account::create(&app.ctx(), &invitation, &Secret::new(PASSWORD)).await.unwrap();
}

/// The secret of a link.
pub fn token(link: &str) -> &str {
    link.split_once("token=").unwrap().1
}
