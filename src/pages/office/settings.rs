//! What holds for everybody: what admins settle here, and what the server's settings say.

use chrono::TimeDelta;
use leptos::prelude::*;

use crate::{
    domain::{AppError, AppResult, format},
    features::workspace::{self, Workspace},
    pages::written::{
        form::Sent,
        parts::{Field, Reader, field, notice, problem, select, zones},
        render::head,
    },
    platform::{ctx::Ctx, mail::Way},
    ui::{
        i18n::{fill, s},
        icon::Icon,
    },
};

/// Does what the form of the page asks for.
pub async fn take(ctx: &Ctx, sent: &mut Sent) -> AppResult<()> {
    let days = match sent.value("journal_days").trim() {
        "" => 0,
        text => text.parse().map_err(|_| AppError::invalid("/journal_days", "journal_days", "is no number of days"))?,
    };
    let wanted = Workspace {
        name: sent.value("name").to_owned(),
        zone: Some(sent.value("zone").to_owned()).filter(|zone| !zone.is_empty()),
        journal_days: days,
        version: sent.value("version").parse().map_err(|_| AppError::NotFound)?,
    };
    workspace::change(ctx, wanted).await?;
    sent.done = Some("saved");
    Ok(())
}

/// Writes the page.
pub async fn page(ctx: &Ctx, reader: &Reader) -> AppResult<AnyView> {
    let lang = reader.lang;
    let now = workspace::find(ctx).await?;
    let days = if now.journal_days == 0 { String::new() } else { now.journal_days.to_string() };
    let mut zones = zones(lang);
    if let Some(first) = zones.first_mut() {
        first.1 = fill(s!(lang, workspace.zone_auto), &[&ctx.app.settings.time_zone]);
    }
    let name = Field {
        required: false,
        begin: &now.name,
        help: Some(s!(lang, workspace.name_help)),
        ..Field::text("name", s!(lang, workspace.name))
    };
    let journal = Field {
        required: false,
        begin: &days,
        help: Some(s!(lang, workspace.journal_help)),
        ..Field::text("journal_days", s!(lang, workspace.journal))
    };
    let view = view! {
        {head(s!(lang, office.settings), s!(lang, workspace.help), None)}
        {problem(reader)}
        {reader.sent.done.map(|_| notice("notice-ok", Icon::Check, "status", s!(lang, workspace.saved)))}
        <section class="office-section" aria-labelledby="workspace">
            <h3 id="workspace">{s!(lang, workspace.title)}</h3>
            <form class="form form-wide" method="post" action="/admin/settings">
                <input type="hidden" name="do" value="settings"/>
                <input type="hidden" name="version" value=reader.sent.version(now.version)/>
                {field(reader, "settings", &name)}
                {select(reader, "settings", "zone", s!(lang, workspace.zone), now.zone.as_deref().unwrap_or_default(), zones)}
                {field(reader, "settings", &journal)}
                <div class="form-actions"><button class="button button-primary">{s!(lang, account.save)}</button></div>
            </form>
        </section>
        <section class="office-section" aria-labelledby="server">
            <h3 id="server">{s!(lang, workspace.server)}</h3>
            <p class="office-help">{s!(lang, workspace.server_help)}</p>
            {server_facts(ctx, reader)}
        </section>
    };
    Ok(view.into_any())
}

/// What the server's settings say; of secrets, only whether they are there.
fn server_facts(ctx: &Ctx, reader: &Reader) -> AnyView {
    let lang = reader.lang;
    let settings = &ctx.app.settings;
    let set = |is: bool| if is { s!(lang, workspace.on) } else { s!(lang, workspace.off) }.to_owned();
    let number = |n: i64| format::integer(n, lang);
    let days = |days: i64| fill(s!(lang, workspace.days), &[&number(days)]);
    let hours = |span: TimeDelta| fill(s!(lang, workspace.hours), &[&number(span.num_hours())]);
    let retention = match settings.retention_days {
        0 => s!(lang, workspace.for_ever).to_owned(),
        n => days(i64::from(n)),
    };
    let proxies = match settings.trusted_proxies.as_slice() {
        [] => s!(lang, workspace.off).to_owned(),
        some => some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    let mail = match settings.mail.as_ref().map(|mail| &mail.way) {
        None => set(false),
        Some(Way::Smtp(_)) => "SMTP".to_owned(),
        Some(Way::Folder(folder)) => folder.display().to_string(),
    };
    let facts = [
        (s!(lang, workspace.address), "NEXUS_CRM_BASE_URL", settings.base_url.clone()),
        (s!(lang, workspace.tls), "NEXUS_CRM_TLS_CERTIFICATE", set(settings.tls.is_some())),
        (s!(lang, workspace.proxies), "NEXUS_CRM_TRUSTED_PROXIES", proxies),
        (s!(lang, workspace.sealing), "NEXUS_CRM_SECRET_KEY", set(settings.vault.is_some())),
        (s!(lang, office.mail), "NEXUS_CRM_SMTP_URL", mail),
        (s!(lang, workspace.idle), "NEXUS_CRM_SESSION_IDLE_HOURS", hours(settings.session_idle)),
        (s!(lang, workspace.life), "NEXUS_CRM_SESSION_DAYS", days(settings.session_life.num_days())),
        (s!(lang, workspace.events), "NEXUS_CRM_RETENTION_DAYS", retention),
        (s!(lang, workspace.rate), "NEXUS_CRM_INGEST_RATE", number(i64::from(settings.ingest_rate))),
        (s!(lang, workspace.queue), "NEXUS_CRM_INGEST_QUEUE", number(i64::from(settings.ingest_queue))),
    ];
    view! {
        <dl class="server-facts">
            {facts
                .into_iter()
                .map(|(name, setting, value)| view! { <dt title=setting>{name}</dt><dd>{value}</dd> })
                .collect_view()}
        </dl>
    }
    .into_any()
}
