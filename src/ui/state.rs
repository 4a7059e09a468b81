//! What stands in the place of data: loading, nothing, an error.

use leptos::prelude::*;

use super::{
    dom, href,
    i18n::{fill, t, use_lang},
    icon::{Icon, icon},
};
use crate::domain::{AppError, format::Lang};

/// What happened and what to do, in the reader's words.
pub fn error_text(error: &AppError, lang: Lang) -> (String, String) {
    let (title, help) = match error {
        AppError::NotFound => (t!(lang, error.not_found), t!(lang, error.not_found_help)),
        AppError::Unauthenticated => (t!(lang, error.session), t!(lang, error.session_help)),
        AppError::Forbidden => (t!(lang, error.forbidden), t!(lang, error.forbidden_help)),
        AppError::Invalid { .. } => (t!(lang, error.invalid), t!(lang, error.invalid_help)),
        AppError::RateLimited { retry_after_s } | AppError::Unavailable { retry_after_s } => {
            let seconds = retry_after_s.to_string();
            return (t!(lang, error.unavailable).to_owned(), fill(t!(lang, error.unavailable_help), &[&seconds]));
        }
        AppError::Conflict { .. } | AppError::Upstream { .. } | AppError::Internal { .. } => {
            (t!(lang, error.internal), t!(lang, error.internal_help))
        }
    };
    (title.to_owned(), help.to_owned())
}

/// What stands where data could not be read.
#[component]
pub fn ErrorPanel(
    /// What went wrong.
    error: AppError,
    /// The address to load again, for a page without JavaScript.
    #[prop(into)]
    href: String,
    /// Tries again.
    #[prop(into)]
    retry: Callback<()>,
) -> impl IntoView {
    let lang = use_lang();
    let (title, help) = error_text(&error, lang);
    let href: String = href;
    let sign_in = error == AppError::Unauthenticated;
    let href = if sign_in { format!("/sign-in?next={}", href::encode(&href)) } else { href };
    // Asking again helps where something was in the way; not where nothing is, or where it is not allowed.
    let again = !matches!(error, AppError::Forbidden | AppError::NotFound);
    let incident = match error {
        AppError::Internal { incident } => Some(incident),
        _ => None,
    };
    view! {
        <div class="state" role="alert">
            <span class="state-icon bad">{icon(Icon::Warning)}</span>
            <p class="state-title">{title}</p>
            <p class="state-help">{help}</p>
            <div class="state-actions">
                {again
                    .then(|| {
                        view! {
                            <a
                                class="button"
                                href=href
                                rel="external"
                                on:click=move |event| {
                                    if !sign_in {
                                        event.prevent_default();
                                        retry.run(());
                                    }
                                }
                            >
                                {icon(if sign_in { Icon::User } else { Icon::Refresh })}
                                {if sign_in { t!(lang, error.sign_in) } else { t!(lang, error.retry) }}
                            </a>
                        }
                    })}
                {incident.map(|incident| view! { <Incident incident/> })}
            </div>
        </div>
    }
    .into_any()
}

/// The id of an incident, to quote to support.
#[component]
fn Incident(incident: String) -> impl IntoView {
    let lang = use_lang();
    let text = incident.clone();
    view! {
        <button
            class="incident"
            type="button"
            title=t!(lang, error.copy)
            aria-label=format!("{} {incident}", t!(lang, error.copy))
            on:click=move |_| dom::copy(&text)
        >
            {incident.clone()}
            {icon(Icon::Copy)}
        </button>
    }
}

/// What stands where there is nothing yet.
#[component]
pub fn EmptyPanel(
    /// Its picture.
    picture: Icon,
    /// What there is not.
    #[prop(into)]
    title: String,
    /// What it would be, and how it comes.
    #[prop(into)]
    help: String,
    /// What to do.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="state">
            <span class="state-icon">{icon(picture)}</span>
            <p class="state-title">{title}</p>
            <p class="state-help">{help}</p>
            {children.map(|children| view! { <div class="state-actions">{children()}</div> })}
        </div>
    }
    .into_any()
}

/// Grey bars in the place of a list that is being loaded.
pub fn skeleton_rows(rows: usize, two_lines: bool) -> impl IntoView {
    let class = if two_lines { "skeleton-row skeleton-row-2" } else { "skeleton-row" };
    (0..rows)
        .map(|_| {
            view! {
                <div class=class>
                    <span class="bone bone-a"></span>
                    <span class="bone bone-b"></span>
                    <span class="bone bone-c"></span>
                </div>
            }
        })
        .collect_view()
}
