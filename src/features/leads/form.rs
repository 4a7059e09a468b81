//! The public form: whether it is open, where it may be shown, and what keeps machines from filling it in.
//!
//! It takes no cookies and knows nobody, so a page of any site may send it. A field that people do not see tells machines that fill in
//! everything. A token, signed and made when the form is written, tells how long it took; what comes without a good one (such as from a
//! form that stands on another site) is not refused but shown once more, to be sent from our own page.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use ring::hmac;
use serde_json::{Map, Value, json};
use url::Url;

pub use super::store::settings::FormSettings;
use super::{
    capture::{self, Way},
    store::{captures, settings},
};
use crate::{
    domain::{
        AppError, AppResult,
        lead::{Consent, capture as reading},
        people::{Faults, Permission},
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
    },
};

/// The shortest time in which people fill in a form.
const LEAST: TimeDelta = TimeDelta::seconds(3);
/// How long a form may stay open.
const MOST: TimeDelta = TimeDelta::hours(24);
/// The field that people do not see.
pub const HONEYPOT: &str = "fax_extension";
/// The version of the text that is agreed to.
pub const WORDING: &str = "lead-form-1";
/// What a lead's source is when the address of the form does not say.
pub const SOURCE: &str = "website_contact_form";
/// The fields that go from the form, and from its address, into a lead.
pub const FIELDS: [&str; 11] = [
    "name",
    "email",
    "phone",
    "company",
    "message",
    "source",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
];
/// The most sites that may show the form in a frame.
const MAX_ORIGINS: usize = 20;

/// The form's settings, for whoever asks for it.
///
/// # Errors
/// `NotFound` while it is not open; when the database is away.
pub async fn open(ctx: &Ctx) -> AppResult<FormSettings> {
    let mut tx = ctx.as_system("lead form").begin().await.map_err(to_app)?;
    let form = settings::find_form(&mut tx).await.map_err(to_app)?;
    if form.on { Ok(form) } else { Err(AppError::NotFound) }
}

/// A token for a form that is written now.
///
/// # Errors
/// When the database is away.
pub async fn token(ctx: &Ctx) -> AppResult<String> {
    let key = key(ctx).await?;
    let mut token = ctx.now().timestamp().to_be_bytes().to_vec();
    token.extend(rand::random::<[u8; 16]>());
    let tag = hmac::sign(&key, &token);
    token.extend_from_slice(tag.as_ref());
    Ok(BASE64_URL_SAFE_NO_PAD.encode(token))
}

async fn key(ctx: &Ctx) -> AppResult<hmac::Key> {
    let mut tx = ctx.as_system("lead form").begin().await.map_err(to_app)?;
    let key = captures::form_key(&mut tx).await.map_err(to_app)?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &key))
}

/// Whether a token is ours, and the form was open for as long as people need.
async fn is_good(ctx: &Ctx, token: &str) -> AppResult<bool> {
    let Ok(bytes) = BASE64_URL_SAFE_NO_PAD.decode(token) else { return Ok(false) };
    let Some((body, tag)) = bytes.split_at_checked(24) else { return Ok(false) };
    if hmac::verify(&key(ctx).await?, body, tag).is_err() {
        return Ok(false);
    }
    let written = body.first_chunk::<8>().map_or(0, |at| i64::from_be_bytes(*at));
    let open_for = TimeDelta::seconds(ctx.now().timestamp().saturating_sub(written));
    Ok((LEAST..=MOST).contains(&open_for))
}

/// What came of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// Thank you.
    Taken,
    /// To be looked at and sent once more, from our own page.
    Confirm,
}

/// Takes in a form that somebody sent.
///
/// # Errors
/// `NotFound` while it is not open; `Invalid` for each field, and when something else was sent from the same form before; when the
/// database is away.
pub async fn submit(ctx: &Ctx, field: impl Fn(&str) -> String) -> AppResult<Submitted> {
    open(ctx).await?;
    if !field(HONEYPOT).is_empty() {
        metrics::counter!("nexus_lead_form_refused_total").increment(1);
        // A machine is told nothing.
        return Ok(Submitted::Taken);
    }
    let mut sent: Map<String, Value> =
        FIELDS.iter().map(|name| ((*name).to_owned(), Value::from(field(name)))).filter(|(_, value)| value != "").collect();
    sent.entry("source").or_insert_with(|| SOURCE.into());
    let mut faults = Faults::default();
    let captured = faults.take(reading::parse(&Value::Object(sent)))?;
    if field("consent") != "yes" {
        faults.add("/consent", "required", "must be agreed to");
    }
    faults.check()?;
    let Some(mut captured) = captured else { return Ok(Submitted::Confirm) };
    let token = field("token");
    if !is_good(ctx, &token).await? {
        return Ok(Submitted::Confirm);
    }
    captured.lead.facts.consent = Some(Consent { wording: WORDING.into(), at: ctx.now() });
    captured.lead.behavior.form_fills = 1;
    // Sent twice by a double click, it is one.
    let way = Way { caller: "form", key: Some(&token), kind: "form", owner: None };
    capture::capture(ctx, captured.lead, &way).await?;
    Ok(Submitted::Taken)
}

/// The form's settings, for admins.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn find(ctx: &Ctx) -> AppResult<FormSettings> {
    ctx.require(Permission::ManageCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    settings::find_form(&mut tx).await.map_err(to_app)
}

/// Changes them.
///
/// # Errors
/// `Forbidden`; `Invalid` at `/origins`; `Conflict` when somebody else changed them meanwhile; when the database is away.
pub async fn change(ctx: &Ctx, on: bool, origins: &str, version: i32) -> AppResult<()> {
    ctx.require(Permission::ManageCrm)?;
    let origins =
        origins.split([',', ' ', '\n', '\r']).filter(|text| !text.is_empty()).map(origin).collect::<AppResult<Vec<_>>>()?;
    if origins.len() > MAX_ORIGINS {
        return Err(AppError::invalid("/origins", "too_many", format!("at most {MAX_ORIGINS}")));
    }
    let after = FormSettings { on, origins, version };
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let before = settings::find_form(&mut tx).await.map_err(to_app)?;
    if !settings::update_form(&mut tx, &after).await.map_err(to_app)? {
        return Err(AppError::Conflict { detail: "somebody else changed it meanwhile".into() });
    }
    let facts = |form: &FormSettings| json!({"on": form.on, "origins": form.origins});
    let body = json!({"before": facts(&before), "after": facts(&after)});
    let entry = Entry { event: "lead_form_changed", subject_kind: "lead_settings", subject_id: String::new(), body };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}

/// A site, as browsers name it: scheme and host alone.
fn origin(text: &str) -> AppResult<String> {
    let bad = || AppError::invalid("/origins", "origin", "must be addresses such as https://www.example.com");
    let url = Url::parse(text).map_err(|_| bad())?;
    let plain = matches!(url.scheme(), "https" | "http") && url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !plain || !url.username().is_empty() || url.password().is_some() {
        return Err(bad());
    }
    Ok(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_schemes_and_hosts_alone() {
        for (text, stored) in [
            ("https://www.example.com", Some("https://www.example.com")),
            ("https://EXAMPLE.com:443/", Some("https://example.com")),
            ("http://localhost:3000", Some("http://localhost:3000")),
            ("https://example.com/form", None),
            ("https://user@example.com", None),
            ("javascript:alert(1)", None),
            ("*", None),
            ("https://a.com;script-src *", None),
        ] {
            assert_eq!(origin(text).ok().as_deref(), stored, "{text}");
        }
    }
}
