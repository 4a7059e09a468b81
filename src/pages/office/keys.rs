//! API keys.

use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    domain::{
        AppError, AppResult, format,
        people::{KeyId, KeyScope},
    },
    features::auth::keys::{self, ApiKey},
    pages::written::{
        form::Sent,
        parts::{Field, Reader, fault_text, field, notice, problem, select, shown_once},
        render::{Place, head},
        tables::{Column, table},
    },
    platform::ctx::Ctx,
    ui::{
        i18n::{fill, s},
        icon::{Icon, icon},
    },
};

/// Does what a form of the page asks for.
pub async fn take(ctx: &Ctx, sent: &mut Sent) -> AppResult<()> {
    match sent.verb() {
        "make" => {
            let scopes: Vec<_> = sent.all("scopes").filter_map(KeyScope::parse).collect();
            let days = match sent.value("days").trim() {
                "" => None,
                text => Some(text.parse().map_err(|_| AppError::invalid("/days", "number", "is no number of days"))?),
            };
            let (key, secret) = keys::create(ctx, sent.value("name"), &scopes, days).await?;
            (sent.done, sent.shown, sent.name) = (Some("made"), Some(secret.expose().to_owned()), key.name);
        }
        "rotate" => {
            let id: Uuid = sent.value("key").parse().map_err(|_| AppError::NotFound)?;
            let hours =
                sent.value("overlap").parse().map_err(|_| AppError::invalid("/overlap", "unknown", "is none of the choices"))?;
            let (key, secret) = keys::rotate(ctx, KeyId(id), hours).await?;
            (sent.done, sent.shown, sent.name) = (Some("rotated"), Some(secret.expose().to_owned()), key.name);
        }
        "revoke" => {
            let id: Uuid = sent.value("key").parse().map_err(|_| AppError::NotFound)?;
            keys::revoke(ctx, KeyId(id)).await?;
            sent.done = Some("revoked");
        }
        _ => return Err(AppError::NotFound),
    }
    Ok(())
}

/// Writes the page.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let all = keys::list(ctx).await?;
    let none = all.is_empty();
    // The row of the form that was refused stays open, whatever the address says.
    let refused_row = (reader.sent.error().is_some() && reader.sent.verb() == "rotate").then(|| reader.sent.value("key"));
    let open = refused_row.unwrap_or_else(|| place.get("rotate"));
    let said = reader.sent.done.map(|done| match done {
        "made" => fill(s!(lang, keys.made), &[&reader.sent.name]),
        "rotated" => fill(s!(lang, keys.rotated), &[&reader.sent.name]),
        _ => s!(lang, keys.revoked).to_owned(),
    });
    let scopes = [
        (KeyScope::UsageRead, s!(lang, keys.usage_read)),
        (KeyScope::MetricsRead, s!(lang, keys.metrics_read)),
        (KeyScope::CrmRead, s!(lang, keys.crm_read)),
        (KeyScope::LeadsWrite, s!(lang, keys.leads_write)),
    ];
    let refused = reader.sent.error().is_some() && reader.sent.verb() == "make";
    let scope_fault = reader.sent.fault("scopes").map(|code| fault_text(code, lang));
    let view = view! {
        {head(s!(lang, office.keys), s!(lang, keys.help), None)}
        {problem(reader)}
        {said.map(|text| notice("notice-ok", Icon::Check, "status", &text))}
        {reader.sent.shown.as_deref().map(|secret| shown_once(s!(lang, keys.key), secret))}
        <section class="office-section" aria-labelledby="new-key">
            <h3 id="new-key">{s!(lang, keys.new)}</h3>
            <form class="form form-wide" method="post" action="/admin/keys">
                <input type="hidden" name="do" value="make"/>
                {field(reader, "make", &Field::text("name", s!(lang, keys.name)))}
                {field(reader, "make", &Field { required: false, help: Some(s!(lang, keys.days)), ..Field::text("days", s!(lang, keys.expires)) })}
                <fieldset class="field">
                    <legend>{s!(lang, keys.scopes)}</legend>
                    {scopes
                        .into_iter()
                        .map(|(scope, text)| {
                            let checked = if refused { reader.sent.has("scopes", scope.as_str()) } else { scope == KeyScope::UsageRead };
                            view! {
                                <label class="check">
                                    <input type="checkbox" name="scopes" value=scope.as_str() checked=checked/>
                                    <code>{scope.as_str()}</code>
                                    <span class="faint">{text}</span>
                                </label>
                            }
                        })
                        .collect_view()}
                    {scope_fault.map(|text| view! { <p class="field-fault">{icon(Icon::Warning)}{text}</p> })}
                </fieldset>
                <div class="form-actions"><button class="button button-primary">{s!(lang, keys.make)}</button></div>
            </form>
        </section>
        {(!none)
            .then(|| {
                view! {
                    {table(reader, "table-2", &[Column::Text(s!(lang, keys.key)), Column::Text(s!(lang, keys.scopes)), Column::Text(s!(lang, keys.made_on)), Column::Text(s!(lang, keys.expires)), Column::Text(s!(lang, keys.used)), Column::Action(s!(lang, keys.revoke))], all.into_iter().map(|key| row(reader, key, open)).collect_view())}
                }
            })}
        {none.then(|| view! { <p class="office-none">{s!(lang, keys.none)}</p> })}
    };
    Ok(view.into_any())
}

/// The hours that a key may go on beside its successor, to choose from; and those that are proposed.
const OVERLAPS: [i64; 4] = [0, 1, 24, keys::MAX_OVERLAP_HOURS];
const OVERLAP: i64 = 24;

/// The form that rotates a key.
fn rotation(reader: &Reader, key: &ApiKey) -> AnyView {
    let lang = reader.lang;
    let text = |hours| match hours {
        0 => s!(lang, keys.overlap_none),
        1 => s!(lang, keys.overlap_hour),
        24 => s!(lang, keys.overlap_day),
        _ => s!(lang, keys.overlap_week),
    };
    let choices = OVERLAPS.map(|hours| (hours.to_string(), text(hours).to_owned(), None)).to_vec();
    view! {
        <tr class="row-open">
            <td colspan="6">
                <form class="form" id="rotate" method="post" action="/admin/keys">
                    <input type="hidden" name="do" value="rotate"/>
                    <input type="hidden" name="key" value=key.id.to_string()/>
                    <p class="form-title">{key.name.clone()}" "<code>{key.prefix.clone()}"…"</code></p>
                    {select(reader, "rotate", "overlap", s!(lang, keys.overlap), &OVERLAP.to_string(), choices)}
                    <p class="field-help">{s!(lang, keys.rotate_help)}</p>
                    <div class="form-actions">
                        <button class="button button-primary">{s!(lang, keys.rotate_do)}</button>
                        <a class="button" href="/admin/keys">{s!(lang, keys.cancel)}</a>
                    </div>
                </form>
            </td>
        </tr>
    }
    .into_any()
}

/// A key; `open` is the id of the one that is about to be rotated.
fn row(reader: &Reader, key: ApiKey, open: &str) -> AnyView {
    let lang = reader.lang;
    let rotates = key.works(reader.now) && key.replaced_by.is_none();
    let form = (rotates && key.id.to_string() == open).then(|| rotation(reader, &key));
    let rotate_href = format!("/admin/keys?rotate={}#rotate-overlap", key.id);
    let replaces = key.replaces.as_ref().map(|prefix| fill(s!(lang, keys.replaces), &[&format!("{prefix}…")]));
    let replaced = key.replaced_by.as_ref().map(|prefix| fill(s!(lang, keys.replaced_by), &[&format!("{prefix}…")]));
    let expired = key.expires_at.is_some_and(|at| at <= reader.now);
    let ends = match (key.revoked_at, key.expires_at) {
        (Some(_), _) => view! { <span class="bad">{s!(lang, keys.is_revoked)}</span> }.into_any(),
        (None, Some(_)) if expired => view! { <span class="bad">{s!(lang, keys.is_expired)}</span> }.into_any(),
        (None, Some(at)) if key.replaced_by.is_some() => {
            let whole = format::date_time(at, &reader.zone, lang);
            let text = fill(s!(lang, keys.stops_in), &[&format::duration((at - reader.now).num_seconds())]);
            view! { <time class="bad" datetime=at.to_rfc3339() title=whole>{text}</time> }.into_any()
        }
        (None, Some(at)) => format::date_time(at, &reader.zone, lang).into_any(),
        (None, None) => view! { <span class="faint">{s!(lang, keys.never)}</span> }.into_any(),
    };
    let scopes = key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ");
    view! {
        <tr>
            <th scope="row"><span class="cell-1">{key.name.clone()}</span><span class="cell-2"><code>{key.prefix}"…"</code></span>
                {[replaces, replaced].into_iter().flatten().map(|text| view! { <span class="cell-2">{text}</span> }).collect_view()}
            </th>
            <td><code>{scopes}</code></td>
            <td>{reader.time(key.created_at)}</td>
            <td>{ends}</td>
            <td>{reader.time_or_never(key.last_used_at)}</td>
            <td class="cell-action">
                {rotates.then(|| view! { <a class="button" href=rotate_href aria-label=fill(s!(lang, keys.rotate_label), &[&key.name])>{s!(lang, keys.rotate)}</a> })}
                {key.revoked_at
                    .is_none()
                    .then(|| {
                        view! {
                            <form method="post" action="/admin/keys">
                                <input type="hidden" name="do" value="revoke"/>
                                <input type="hidden" name="key" value=key.id.to_string()/>
                                <button class="button" aria-label=fill(s!(lang, keys.revoke_label), &[&key.name])>{s!(lang, keys.revoke)}</button>
                            </form>
                        }
                    })}
            </td>
        </tr>
        {form}
    }
    .into_any()
}
