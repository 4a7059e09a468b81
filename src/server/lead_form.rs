//! The public form, `/form`. Pages of any site may send it, so it takes no cookies: whoever it is is not even asked.

use axum::{
    Extension, Form,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use super::{ServerState, reader};
use crate::{
    domain::{AppError, format::Lang},
    features::leads::form::{self, FormSettings, Submitted},
    pages::{
        lead_form::{LeadForm, page},
        written::form::Sent,
    },
    platform::ctx::Ctx,
    ui::{href, prefs::Theme},
};

/// The fields of an address or a form.
type Fields = Vec<(String, String)>;

/// What is shown, and where it may be: in frames of the sites that admins have named. Browsers that know this pass over the older
/// `X-Frame-Options`, which knows no sites.
fn policy(settings: Option<&FormSettings>) -> String {
    let sites = settings.map(|settings| settings.origins.join(" ")).filter(|sites| !sites.is_empty());
    let sites = sites.unwrap_or_else(|| "'none'".to_owned());
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {sites}"
    )
}

fn answer(state: &ServerState, headers: &HeaderMap, shown: &LeadForm<'_>, sent: Sent, settings: Option<&FormSettings>) -> Response {
    let chosen = Lang::parse(sent.value("lang"));
    let theme = Theme::parse(sent.value("theme")).unwrap_or_else(|| reader::theme(headers));
    let status = match (shown, sent.error()) {
        (LeadForm::Shut, None) => 404,
        (_, Some(error)) => error.status(),
        (_, None) => 200,
    };
    let mut reader = reader::of(headers, state, None, sent);
    reader.lang = chosen.unwrap_or(reader.lang);
    let html = page(&state.leptos, theme, &reader, &state.workspace.get().name, shown);
    let mut response = (StatusCode::from_u16(status).unwrap_or(StatusCode::OK), html).into_response();
    let answered = response.headers_mut();
    answered.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    answered.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(policy) = HeaderValue::try_from(policy(settings)) {
        answered.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// `GET /form`. Fields of its address (`source`, `utm_…`) are kept with the lead; `lang` and `theme` choose how it looks.
pub async fn show(
    State(state): State<ServerState>,
    Extension(ctx): Extension<Ctx>,
    Query(query): Query<Fields>,
    headers: HeaderMap,
) -> Response {
    let sent = Sent::new(query);
    match form::open(&ctx).await {
        Ok(settings) if sent.value("sent") == "1" => answer(&state, &headers, &LeadForm::Thanks, sent, Some(&settings)),
        Ok(settings) => write(&state, &ctx, &headers, sent, &settings, None).await,
        Err(error) => refuse(&state, &headers, sent, error),
    }
}

/// The form with a token of its own.
async fn write(
    state: &ServerState,
    ctx: &Ctx,
    headers: &HeaderMap,
    sent: Sent,
    settings: &FormSettings,
    said: Option<&'static str>,
) -> Response {
    match form::token(ctx).await {
        Ok(token) => answer(state, headers, &LeadForm::Open { token: &token, said }, sent, Some(settings)),
        Err(error) => refuse(state, headers, sent, error),
    }
}

fn refuse(state: &ServerState, headers: &HeaderMap, mut sent: Sent, error: AppError) -> Response {
    if error == AppError::NotFound {
        return answer(state, headers, &LeadForm::Shut, sent, None);
    }
    sent.refuse(error);
    answer(state, headers, &LeadForm::Away, sent, None)
}

/// `POST /form`.
pub async fn send(
    State(state): State<ServerState>,
    Extension(ctx): Extension<Ctx>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let mut sent = Sent::new(fields);
    let settings = match form::open(&ctx).await {
        Ok(settings) => settings,
        Err(error) => return refuse(&state, &headers, sent, error),
    };
    match form::submit(&ctx, |name| sent.value(name).to_owned()).await {
        Ok(Submitted::Taken) => {
            let kept = ["lang", "theme"].map(|name| (name, sent.value(name).to_owned()));
            let fields: Vec<_> =
                [("sent", "1".to_owned())].into_iter().chain(kept).filter(|(_, value)| !value.is_empty()).collect();
            Redirect::to(&href::with_query("/form", &fields)).into_response()
        }
        Ok(Submitted::Confirm) => write(&state, &ctx, &headers, sent, &settings, Some("confirm")).await,
        Err(AppError::Invalid { fields }) if fields.iter().any(|fault| fault.code == "conflict") => {
            write(&state, &ctx, &headers, sent, &settings, Some("sent_other")).await
        }
        Err(error @ AppError::Invalid { .. }) => {
            sent.refuse(error);
            write(&state, &ctx, &headers, sent, &settings, None).await
        }
        Err(error) => refuse(&state, &headers, sent, error),
    }
}
