//! The journal.

use leptos::prelude::*;

use crate::{
    domain::{
        AppResult,
        format::{self, Lang},
    },
    features::auth::journal::{self, Found},
    pages::written::{
        parts::Reader,
        render::{Place, head},
        tables::{Column, pager, search_bar, table},
    },
    platform::ctx::Ctx,
    ui::{
        href,
        i18n::s,
        icon::{Icon, icon},
    },
};

/// Writes the page.
///
/// # Errors
/// Those of the use-case.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let search = place.get("q");
    let before = place.get("before").parse().ok();
    let (rows, more) = journal::list(ctx, search, &events(search, lang), before).await?;
    let older = more
        .then(|| rows.last())
        .flatten()
        .map(|last| href::with_query("/admin/journal", &[("q", search.to_owned()), ("before", last.id.to_string())]));
    let none = rows.is_empty();
    let view = view! {
        {head(s!(lang, office.journal), s!(lang, journal.help), Some(export(search, lang)))}
        {search_bar("/admin/journal", s!(lang, journal.search), search)}
        {table(reader, "table-2 journal", &[Column::Text(s!(lang, journal.when)), Column::Text(s!(lang, journal.who)), Column::Text(s!(lang, journal.what)), Column::Text(s!(lang, journal.subject)), Column::Text(s!(lang, journal.from))], rows.into_iter().map(|found| row(reader, found)).collect_view())}
        {none.then(|| view! { <p class="office-none">{s!(lang, journal.none)}</p> })}
        {pager(before.is_none(), ("/admin/journal", s!(lang, journal.newest)), (older, s!(lang, journal.older)))}
    };
    Ok(view.into_any())
}

/// The way to the entries as a file: all that the search finds.
fn export(search: &str, lang: Lang) -> AnyView {
    let query = if search.is_empty() { Vec::new() } else { vec![("q", search.to_owned())] };
    let href = href::with_query("/admin/journal/export.csv", &query);
    view! { <a class="button" href=href rel="external" download="">{icon(Icon::Download)}{s!(lang, journal.export)}</a> }.into_any()
}

fn row(reader: &Reader, found: Found) -> AnyView {
    let whole = format::date_time(found.at, &reader.zone, reader.lang);
    let details = (found.body != "{}").then(|| {
        view! { <details class="journal-details"><summary>{s!(reader.lang, journal.details)}</summary><pre>{found.body.clone()}</pre></details> }
    });
    view! {
        <tr>
            <td><time datetime=found.at.to_rfc3339() title=format::ago(found.at, reader.now, reader.lang)>{whole}</time></td>
            <td>{actor(&found, reader.lang)}</td>
            <td><span title=found.event.clone()>{event(&found.event, reader.lang)}</span>{details}</td>
            <td><span class="cell-1">{subject(&found.subject_kind, reader.lang)}</span><span class="cell-2" title=found.subject_id.clone()>
                    {if found.subject_name.is_empty() { found.subject_id.clone() } else { found.subject_name }}
                </span></td>
            <td>{found.address}</td>
        </tr>
    }
    .into_any()
}

/// The events that the product writes.
const EVENTS: &[&str] = &[
    "lead_captured",
    "lead_deleted",
    "lead_restored",
    "lead_merged",
    "lead_changed",
    "lead_status_changed",
    "lead_assigned",
    "lead_converted",
    "lead_scored",
    "scorecard_changed",
    "assignment_changed",
    "lead_form_changed",
    "signed_in",
    "signed_out",
    "sign_in_failed",
    "session_ended",
    "sessions_ended",
    "set_up",
    "user_joined",
    "password_reset",
    "password_changed",
    "user_invited",
    "user_created",
    "user_changed",
    "link_made",
    "key_created",
    "key_rotated",
    "signing_key_made",
    "key_revoked",
    "team_created",
    "team_renamed",
    "limits_changed",
    "second_factor_on",
    "second_factor_off",
    "second_factor_removed",
    "second_factor_failed",
    "recovery_codes_made",
    "password_asked",
    "mail_queued_again",
    "contacts_exported",
    "companies_exported",
    "leads_exported",
    "import_started",
    "import_ended",
    "import_undone",
    "password_wrong",
    "profile_changed",
    "workspace_changed",
    "journal_exported",
    "secret_created",
    "secret_ended",
    "item_replayed",
    "item_discarded",
    "person_erased",
    "person_exported",
    "consent_recorded",
    "tombstone_lifted",
    "alert_raised",
    "alert_resolved",
    "task_created",
    "task_changed",
    "task_done",
    "task_reopened",
    "task_deleted",
    "task_restored",
    "interaction_recorded",
    "interaction_deleted",
    "interaction_restored",
    "template_saved",
    "template_deleted",
    "calendar_renewed",
    "calendar_ended",
    "contact_created",
    "contact_changed",
    "contact_deleted",
    "contact_restored",
    "contact_linked",
    "contact_merged",
    "merge_undone",
    "duplicate_dismissed",
    "company_created",
    "company_changed",
    "company_deleted",
    "company_restored",
    "record_assigned",
    "change_undone",
    "field_created",
    "field_changed",
];

/// The events whose words hold a text.
pub fn events(search: &str, lang: Lang) -> Vec<&'static str> {
    let search = search.trim().to_lowercase();
    if search.is_empty() {
        Vec::new()
    } else {
        EVENTS.iter().copied().filter(|code| event(code, lang).to_lowercase().contains(&search)).collect()
    }
}

/// What happened, in words; what a newer version of the product writes stands as it is.
pub fn event(event: &str, lang: Lang) -> String {
    let text = match event {
        "lead_captured" => s!(lang, journal.e_lead_captured),
        "lead_deleted" => s!(lang, journal.e_lead_deleted),
        "lead_restored" => s!(lang, journal.e_lead_restored),
        "lead_merged" => s!(lang, journal.e_lead_merged),
        "lead_changed" => s!(lang, journal.e_lead_changed),
        "lead_status_changed" => s!(lang, journal.e_lead_status_changed),
        "lead_assigned" => s!(lang, journal.e_lead_assigned),
        "lead_converted" => s!(lang, journal.e_lead_converted),
        "lead_scored" => s!(lang, journal.e_lead_scored),
        "scorecard_changed" => s!(lang, journal.e_scorecard_changed),
        "assignment_changed" => s!(lang, journal.e_assignment_changed),
        "lead_form_changed" => s!(lang, journal.e_lead_form_changed),
        "signed_in" => s!(lang, journal.e_signed_in),
        "signed_out" => s!(lang, journal.e_signed_out),
        "sign_in_failed" => s!(lang, journal.e_sign_in_failed),
        "session_ended" => s!(lang, journal.e_session_ended),
        "sessions_ended" => s!(lang, journal.e_sessions_ended),
        "set_up" => s!(lang, journal.e_set_up),
        "user_joined" => s!(lang, journal.e_user_joined),
        "password_reset" => s!(lang, journal.e_password_reset),
        "password_changed" => s!(lang, journal.e_password_changed),
        "user_invited" => s!(lang, journal.e_user_invited),
        "user_created" => s!(lang, journal.e_user_created),
        "user_changed" => s!(lang, journal.e_user_changed),
        "link_made" => s!(lang, journal.e_link_made),
        "key_created" => s!(lang, journal.e_key_created),
        "key_rotated" => s!(lang, journal.e_key_rotated),
        "signing_key_made" => s!(lang, journal.e_signing_key_made),
        "key_revoked" => s!(lang, journal.e_key_revoked),
        "team_created" => s!(lang, journal.e_team_created),
        "team_renamed" => s!(lang, journal.e_team_renamed),
        "limits_changed" => s!(lang, journal.e_limits_changed),
        "second_factor_on" => s!(lang, journal.e_second_factor_on),
        "second_factor_off" => s!(lang, journal.e_second_factor_off),
        "second_factor_removed" => s!(lang, journal.e_second_factor_removed),
        "second_factor_failed" => s!(lang, journal.e_second_factor_failed),
        "recovery_codes_made" => s!(lang, journal.e_recovery_codes_made),
        "password_asked" => s!(lang, journal.e_password_asked),
        "mail_queued_again" => s!(lang, journal.e_mail_queued_again),
        "contacts_exported" => s!(lang, journal.e_contacts_exported),
        "companies_exported" => s!(lang, journal.e_companies_exported),
        "leads_exported" => s!(lang, journal.e_leads_exported),
        "import_started" => s!(lang, journal.e_import_started),
        "import_ended" => s!(lang, journal.e_import_ended),
        "import_undone" => s!(lang, journal.e_import_undone),
        "password_wrong" => s!(lang, journal.e_password_wrong),
        "profile_changed" => s!(lang, journal.e_profile_changed),
        "workspace_changed" => s!(lang, journal.e_workspace_changed),
        "journal_exported" => s!(lang, journal.e_journal_exported),
        "secret_created" => s!(lang, journal.e_secret_created),
        "secret_ended" => s!(lang, journal.e_secret_ended),
        "item_replayed" => s!(lang, journal.e_item_replayed),
        "item_discarded" => s!(lang, journal.e_item_discarded),
        "person_erased" => s!(lang, journal.e_person_erased),
        "person_exported" => s!(lang, journal.e_person_exported),
        "consent_recorded" => s!(lang, journal.e_consent_recorded),
        "tombstone_lifted" => s!(lang, journal.e_tombstone_lifted),
        "alert_raised" => s!(lang, journal.e_alert_raised),
        "alert_resolved" => s!(lang, journal.e_alert_resolved),
        "task_created" => s!(lang, tasks.e_task_created),
        "task_changed" => s!(lang, tasks.e_task_changed),
        "task_done" => s!(lang, tasks.e_task_done),
        "task_reopened" => s!(lang, tasks.e_task_reopened),
        "task_deleted" => s!(lang, tasks.e_task_deleted),
        "task_restored" => s!(lang, tasks.e_task_restored),
        "interaction_recorded" => s!(lang, tasks.e_interaction_recorded),
        "interaction_deleted" => s!(lang, tasks.e_interaction_deleted),
        "interaction_restored" => s!(lang, tasks.e_interaction_restored),
        "template_saved" => s!(lang, tasks.e_template_saved),
        "template_deleted" => s!(lang, tasks.e_template_deleted),
        "calendar_renewed" => s!(lang, tasks.e_calendar_renewed),
        "calendar_ended" => s!(lang, tasks.e_calendar_ended),
        "contact_created" => s!(lang, journal.e_contact_created),
        "contact_changed" => s!(lang, journal.e_contact_changed),
        "contact_deleted" => s!(lang, journal.e_contact_deleted),
        "contact_restored" => s!(lang, journal.e_contact_restored),
        "contact_linked" => s!(lang, journal.e_contact_linked),
        "contact_merged" => s!(lang, journal.e_contact_merged),
        "merge_undone" => s!(lang, journal.e_merge_undone),
        "duplicate_dismissed" => s!(lang, journal.e_duplicate_dismissed),
        "company_created" => s!(lang, journal.e_company_created),
        "company_changed" => s!(lang, journal.e_company_changed),
        "company_deleted" => s!(lang, journal.e_company_deleted),
        "company_restored" => s!(lang, journal.e_company_restored),
        "record_assigned" => s!(lang, journal.e_record_assigned),
        "change_undone" => s!(lang, journal.e_change_undone),
        "field_created" => s!(lang, journal.e_field_created),
        "field_changed" => s!(lang, journal.e_field_changed),
        other => other,
    };
    text.to_owned()
}

/// The kind of thing that it happened to, in words.
fn subject(kind: &str, lang: Lang) -> String {
    let text = match kind {
        "lead" => s!(lang, journal.s_lead),
        "lead_settings" => s!(lang, journal.s_lead_settings),
        "user" => s!(lang, journal.s_user),
        "session" => s!(lang, journal.s_session),
        "team" => s!(lang, journal.s_team),
        "api_key" => s!(lang, journal.s_api_key),
        "workspace" => s!(lang, journal.s_workspace),
        "journal" => s!(lang, journal.s_journal),
        "webhook_secret" => s!(lang, journal.s_webhook_secret),
        "signing_key" => s!(lang, journal.s_signing_key),
        "quarantine" => s!(lang, journal.s_quarantine),
        "mail" => s!(lang, journal.s_mail),
        "import" => s!(lang, journal.s_import),
        "export" => s!(lang, journal.s_export),
        "tier" => s!(lang, journal.s_tier),
        "person" => s!(lang, journal.s_person),
        "tombstone" => s!(lang, journal.s_tombstone),
        "usage_alert" => s!(lang, journal.s_usage_alert),
        "task" => s!(lang, tasks.s_task),
        "template" => s!(lang, tasks.s_template),
        "interaction" => s!(lang, tasks.s_interaction),
        "contact" => s!(lang, journal.s_contact),
        "company" => s!(lang, journal.s_company),
        "field" => s!(lang, journal.s_field),
        other => other,
    };
    text.to_owned()
}

/// Who it was: somebody by name, or a part of the product.
fn actor(found: &Found, lang: Lang) -> AnyView {
    if found.is_person || found.actor == "GENESIS" {
        return found.actor.clone().into_any();
    }
    if found.actor == "command line" {
        return view! { <span class="muted">{s!(lang, journal.shell)}</span> }.into_any();
    }
    view! { <span class="muted">{s!(lang, journal.system)}</span><span class="cell-2">{found.actor.clone()}</span> }.into_any()
}
