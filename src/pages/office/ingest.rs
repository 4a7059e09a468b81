//! How ingest does, and what it could not take.

use chrono::DateTime;
use leptos::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    domain::{
        AppError, AppResult,
        format::{self, Lang},
    },
    features::usage::{
        ingest::Ingest,
        quarantine::{self, Health, Item, Page, Replayed, Search, Seen},
        tally,
    },
    pages::{
        office::ingest_lately,
        written::{
            form::Sent,
            parts::{Reader, in_textarea, notice, problem},
            render::{Place, head},
            tables::{pager, search_field},
        },
    },
    platform::ctx::Ctx,
    ui::{
        href,
        i18n::{fill, plural, s},
        icon::{Icon, icon},
    },
};

/// Where the page stands.
const HERE: &str = "/admin/ingest";

fn id(sent: &Sent) -> AppResult<Uuid> {
    sent.value("id").parse().map_err(|_| AppError::NotFound)
}

/// What somebody has seen of the items.
fn seen(sent: &Sent) -> AppResult<Seen> {
    let number = |name: &str| sent.value(name).parse().map_err(|_| AppError::NotFound);
    Ok(Seen { count: number("count")?, latest: number("latest")? })
}

/// The items that are chosen; one that is none of ours is passed over.
fn chosen(sent: &Sent) -> Vec<Uuid> {
    sent.all("id").filter_map(|id| id.parse().ok()).collect()
}

/// Which items a form or an address speaks of.
fn search(sent: &Sent) -> Search<'_> {
    Search { text: sent.value("q"), fault: sent.value("fault") }
}

/// Does what a form of the page asks for.
pub async fn take(ctx: &Ctx, ingest: &Ingest, sent: &mut Sent) -> AppResult<()> {
    sent.done = Some(match sent.verb() {
        "replay" => match quarantine::replay(ctx, ingest, id(sent)?, sent.value("item")).await? {
            Replayed::Stored => "stored",
            Replayed::Duplicate => "duplicate",
            Replayed::Erased => "erased",
        },
        "replay_all" => {
            let done = quarantine::replay_all(ctx, ingest, search(sent), seen(sent)?).await?;
            sent.counts = vec![done.stored, done.duplicates, done.refused];
            "all_replayed"
        }
        "discard_all" => {
            sent.counts = vec![quarantine::discard_all(ctx, search(sent), seen(sent)?).await?];
            "all_discarded"
        }
        "replay_chosen" => {
            let done = quarantine::replay_chosen(ctx, ingest, &chosen(sent)).await?;
            sent.counts = vec![done.stored, done.duplicates, done.refused];
            "all_replayed"
        }
        "discard_chosen" => {
            sent.counts = vec![quarantine::discard_chosen(ctx, &chosen(sent)).await?];
            "all_discarded"
        }
        "discard" => {
            quarantine::discard(ctx, id(sent)?).await?;
            "discarded"
        }
        _ => return Err(AppError::NotFound),
    });
    Ok(())
}

/// Writes the page.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let search = Search { text: place.get("q"), fault: place.get("fault") };
    let after = place
        .get("after")
        .split_once('~')
        .and_then(|(at, id)| Some((DateTime::from_timestamp_micros(at.parse().ok()?)?, id.parse().ok()?)));
    let health = quarantine::health(ctx).await?;
    let spans = tally::lately(ctx).await?;
    let Page { items, total, next, faults } = quarantine::list(ctx, search, after).await?;
    let counts: Vec<_> = reader.sent.counts.iter().map(|n| format::integer(*n, lang)).collect();
    let counts: Vec<_> = counts.iter().map(String::as_str).collect();
    let said = reader.sent.done.map(|done| match done {
        "stored" => s!(lang, ingest.stored).to_owned(),
        "duplicate" => s!(lang, ingest.duplicate).to_owned(),
        "erased" => s!(lang, ingest.erased).to_owned(),
        "all_replayed" => fill(s!(lang, ingest.all_replayed), &counts),
        "all_discarded" => fill(s!(lang, ingest.all_discarded), &counts),
        _ => s!(lang, ingest.discarded).to_owned(),
    });
    let too_many = reader.sent.fault("count").map(|_| {
        let text = fill(s!(lang, ingest.too_many), &[&quarantine::MOST_AT_ONCE.to_string()]);
        notice("notice-bad", Icon::Warning, "alert", &text)
    });
    let next = next.map(|(at, id)| {
        let after = format!("{}~{id}", at.timestamp_micros());
        href::with_query(HERE, &[("q", search.text.to_owned()), ("fault", search.fault.to_owned()), ("after", after)])
    });
    let none_chosen = reader.sent.fault("id").map(|_| notice("notice-bad", Icon::Warning, "alert", s!(lang, ingest.none_chosen)));
    let none = items.is_empty();
    let count = fill(plural(total, s!(lang, ingest.count_one), s!(lang, ingest.count)), &[&format::integer(total, lang)]);
    let view = view! {
        {head(s!(lang, office.ingest), s!(lang, ingest.help), None)}
        {problem(reader)}
        {too_many}
        {none_chosen}
        {said.map(|text| notice("notice-ok", Icon::Check, "status", &text))}
        {health_section(reader, &health)}
        {ingest_lately::section(reader, &spans)}
        <section class="office-section" aria-labelledby="quarantine">
            <div class="section-head">
                <div>
                    <h3 id="quarantine">{s!(lang, ingest.quarantine)}</h3>
                    <p class="office-help">{s!(lang, ingest.quarantine_help)}</p>
                </div>
            </div>
            <form class="office-bar bar-here" method="get" action=HERE role="search">
                {search_field(s!(lang, ingest.search), 100, search.text)}
                {fault_menu(search.fault, &faults, lang)}
                <button class="button">{s!(lang, ingest.filter)}</button>
                <p class="faint">{count}</p>
            </form>
            {items.first().filter(|_| total > 1 && after.is_none()).map(|latest| together(search, total, latest, lang))}
            {(!none).then(|| chosen_bar(lang))}
            <ul class="items">{items.iter().map(|found| item(reader, found)).collect_view()}</ul>
            {none.then(|| view! { <p class="office-none">{s!(lang, ingest.none)}</p> })}
            {pager(after.is_none(), (HERE, s!(lang, people.first)), (next, s!(lang, people.next)))}
        </section>
    };
    Ok(view.into_any())
}

/// The faults to choose from, with how many items have each.
fn fault_menu(chosen: &str, faults: &[(String, i64)], lang: Lang) -> AnyView {
    let known = faults.iter().any(|(code, _)| code == chosen);
    // What was asked for stands there even when nothing has it any more.
    let gone = (!known && !chosen.is_empty()).then(|| (chosen.to_owned(), 0));
    let options = gone.into_iter().chain(faults.iter().cloned()).map(|(code, n)| {
        let words = rule(&code, lang).map_or_else(|| code.clone(), str::to_owned);
        let selected = code == chosen;
        view! { <option value=code selected=selected>{format!("{words} ({})", format::integer(n, lang))}</option> }
    });
    view! {
        <select class="input fault-menu" name="fault" aria-label=s!(lang, ingest.fault)>
            <option value="">{s!(lang, ingest.any_fault)}</option>
            {options.collect_view()}
        </select>
    }
    .into_any()
}

/// What can be done with the items that are ticked. The boxes stand beside the items and belong to this form.
fn chosen_bar(lang: Lang) -> AnyView {
    view! {
        <form id="chosen" class="chosen" method="post" action=HERE>
            <span class="faint">{s!(lang, ingest.chosen)}</span>
            <button class="button" name="do" value="replay_chosen">{s!(lang, ingest.replay)}</button>
            <button class="button" name="do" value="discard_chosen">{s!(lang, ingest.discard)}</button>
        </form>
    }
    .into_any()
}

/// What can be done with all that the search finds.
fn together(search: Search<'_>, total: i64, latest: &Item, lang: Lang) -> AnyView {
    let all = fill(s!(lang, ingest.together), &[&format::integer(total, lang)]);
    view! {
        <details class="bulk">
            <summary>{all}</summary>
            <form method="post" action=HERE>
                <input type="hidden" name="q" value=search.text.to_owned()/>
                <input type="hidden" name="fault" value=search.fault.to_owned()/>
                <input type="hidden" name="count" value=total.to_string()/>
                <input type="hidden" name="latest" value=latest.last_seen.timestamp_micros().to_string()/>
                <button class="button" name="do" value="replay_all">{s!(lang, ingest.replay_all)}</button>
                <button class="button" name="do" value="discard_all">{s!(lang, ingest.discard_all)}</button>
                <p class="faint">{s!(lang, ingest.together_help)}</p>
            </form>
        </details>
    }
    .into_any()
}

fn health_section(reader: &Reader, health: &Health) -> AnyView {
    let lang = reader.lang;
    let last = match health.last_event_at {
        Some(at) => reader.time(at),
        None => s!(lang, ingest.never).into_any(),
    };
    let waits = match health.waits_since {
        // The watch looks four times a second; what has waited for long says that it does not.
        Some(since) if (reader.now - since).num_seconds() > 5 => {
            view! { <span class="bad">{format::ago(since, reader.now, lang)}</span> }.into_any()
        }
        _ => s!(lang, ingest.nothing_waits).into_any(),
    };
    let figure = |name: &str, value: AnyView, below: String| {
        view! { <div class="health-figure"><dt>{name.to_owned()}</dt><dd>{value}</dd><dd class="faint">{below}</dd></div> }
    };
    view! {
        <dl class="health">
            {figure(s!(lang, ingest.last), last, health.last_event_at.map(|at| format::date_time(at, &reader.zone, lang)).unwrap_or_default())}
            {figure(
                s!(lang, ingest.this_hour),
                format::integer(health.this_hour, lang).into_any(),
                fill(s!(lang, ingest.hour_before), &[&format::integer(health.hour_before, lang)]),
            )}
            {figure(s!(lang, ingest.waits), waits, s!(lang, ingest.waits_help).to_owned())}
            {figure(
                s!(lang, ingest.quarantine),
                format::integer(health.quarantined, lang).into_any(),
                fill(s!(lang, ingest.lately), &[&format::integer(health.quarantined_lately, lang)]),
            )}
        </dl>
    }
    .into_any()
}

/// A broken rule: where, what in the reader's words, and what the answer to GENESIS said.
struct Fault {
    at: String,
    what: String,
    told: String,
}

fn faults(errors: &Value, lang: Lang) -> Vec<Fault> {
    let text = |error: &Value, key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let fault = |error: &Value| {
        let told = text(error, "detail");
        let what = rule(&text(error, "code"), lang).map_or_else(|| told.clone(), str::to_owned);
        Fault { at: text(error, "pointer"), what, told }
    };
    errors.as_array().into_iter().flatten().map(fault).collect()
}

fn rule(code: &str, lang: Lang) -> Option<&'static str> {
    let text = match code {
        "required" => s!(lang, ingest.c_required),
        "type" => s!(lang, ingest.c_type),
        "out_of_range" => s!(lang, ingest.c_out_of_range),
        "too_old" => s!(lang, ingest.c_too_old),
        "in_the_future" => s!(lang, ingest.c_in_future),
        "unknown" => s!(lang, ingest.c_unknown),
        "control_character" => s!(lang, ingest.c_characters),
        "format" => s!(lang, ingest.c_format),
        "conflict" => s!(lang, ingest.c_conflict),
        "unreadable" => s!(lang, ingest.c_unreadable),
        "too_long" => s!(lang, ingest.c_too_long),
        "duplicate" => s!(lang, ingest.c_duplicate),
        _ => return None,
    };
    Some(text)
}

/// An item as it is easiest to read and to mend.
fn pretty(item: &str) -> String {
    serde_json::from_str::<Value>(item).and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_else(|_| item.to_owned())
}

fn item(reader: &Reader, found: &Item) -> AnyView {
    let lang = reader.lang;
    let refused = reader.sent.error().is_some() && reader.sent.verb() == "replay" && reader.sent.has("id", &found.id.to_string());
    let text = if refused { reader.sent.value("item").to_owned() } else { pretty(&found.item) };
    let again = refused
        .then(|| match reader.sent.error() {
            Some(AppError::Invalid { fields }) => {
                Some(fields.iter().map(|fault| fault.detail.clone()).collect::<Vec<_>>().join("; "))
            }
            _ => None,
        })
        .flatten();
    let rows = text.lines().count().clamp(3, 16);
    let label = fill(s!(lang, ingest.item), &[&found.id.to_string()]);
    let seen = fill(
        plural(found.times_seen, s!(lang, ingest.seen_one), s!(lang, ingest.seen)),
        &[&format::integer(found.times_seen, lang)],
    );
    view! {
        <li class="item">
            <p class="item-head">
                <label class="check">
                    <input type="checkbox" form="chosen" name="id" value=found.id.to_string()/>
                    <span class="sr-only">{fill(s!(lang, ingest.choose), &[&found.id.to_string()])}</span>
                </label>
                {reader.time(found.last_seen)}
                <span class="faint">{seen}</span>
            </p>
            <ul class="item-faults">
                {faults(&found.errors, lang)
                    .into_iter()
                    .map(|fault| {
                        view! { <li>{icon(Icon::Warning)}<span title=fault.told><code>{fault.at}</code>" "{fault.what}</span></li> }
                    })
                    .collect_view()}
            </ul>
            <form method="post" action=HERE>
                <input type="hidden" name="id" value=found.id.to_string()/>
                <textarea class="input item-text" name="item" rows=rows.to_string() spellcheck="false" aria-label=label aria-invalid=again.as_ref().map(|_| "true")>
                    {in_textarea(&text)}
                </textarea>
                {again.map(|text| view! { <p class="field-fault">{icon(Icon::Warning)}{text}</p> })}
                <div class="form-actions">
                    <button class="button button-primary" name="do" value="replay">{s!(lang, ingest.replay)}</button>
                    <button class="button" name="do" value="discard">{s!(lang, ingest.discard)}</button>
                </div>
            </form>
        </li>
    }
    .into_any()
}
