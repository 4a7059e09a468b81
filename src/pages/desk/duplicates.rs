//! Contacts that are likely one: the queue, and the page on which two are merged.

use std::collections::BTreeSet;

use leptos::prelude::*;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::words;
use crate::{
    domain::{
        AppError, AppResult,
        crm::{ContactId, Lifecycle},
        format::Lang,
        matching::{Agreement, Evidence},
    },
    features::duplicates::{
        merge::{self, Done, Merge},
        plan,
        usecase::{self as duplicates, PAGE, Pair, Row},
    },
    pages::written::{
        form::Sent,
        parts::{Reader, notice, problem},
        render::{Place, head},
        tables::{Column, pager, table},
    },
    platform::ctx::Ctx,
    ui::{
        i18n::{fill, s},
        icon::Icon,
    },
};

const PATH: &str = "/duplicates";
const MERGE_PATH: &str = "/duplicates/merge";

fn id_of(text: &str) -> AppResult<Uuid> {
    text.parse().map_err(|_| AppError::NotFound)
}

/// Does what a form of the queue asks for.
pub async fn take(ctx: &Ctx, reader: &Reader, sent: &mut Sent) -> AppResult<()> {
    match sent.verb() {
        "apart" => {
            duplicates::keep_apart(ctx, id_of(sent.value("pair"))?).await?;
            sent.done = Some("apart");
        }
        "later" => {
            duplicates::put_off(ctx, id_of(sent.value("pair"))?).await?;
            sent.done = Some("later");
        }
        "undo" => {
            let undone = merge::undo(ctx, id_of(sent.value("merge"))?).await?;
            sent.name = undone.kept.iter().map(|field| field_name(field, reader.lang)).collect::<Vec<_>>().join(", ");
            sent.counts = vec![i64::try_from(undone.left).unwrap_or(i64::MAX), i64::from(undone.unlinked)];
            sent.done = Some("undone");
        }
        _ => return Err(AppError::NotFound),
    }
    Ok(())
}

/// Merges as the form says.
pub async fn take_merge(ctx: &Ctx, sent: &mut Sent) -> AppResult<()> {
    let pair = duplicates::pair(ctx, id_of(sent.value("pair"))?).await?;
    let winner = id_of(sent.value("keep"))?;
    let loser = match winner {
        id if id == pair.a.id => pair.b.id,
        id if id == pair.b.id => pair.a.id,
        _ => return Err(AppError::NotFound),
    };
    let version = |name: &str| sent.value(name).parse().unwrap_or_default();
    let takes: BTreeSet<String> =
        plan::CHOSEN.iter().filter(|field| sent.value(field) == "loser").map(|field| (*field).to_owned()).collect();
    let chosen = Merge {
        winner: ContactId(winner),
        winner_version: version("winner_version"),
        loser: ContactId(loser),
        loser_version: version("loser_version"),
        takes,
    };
    let id = merge::merge(ctx, &chosen).await?;
    sent.go = Some(format!("{PATH}?merged={id}"));
    Ok(())
}

/// Writes the queue.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let beyond = place.get("after").split_once('_').and_then(|(score, id)| Some((score.parse().ok()?, id.parse().ok()?)));
    let (pairs, more) = duplicates::queue(ctx, beyond).await?;
    let done = merge::latest(ctx).await?;
    let next = more.then(|| pairs.last()).flatten().map(|last| format!("{PATH}?after={}_{}", last.score, last.id));
    let none = pairs.is_empty() && beyond.is_none();
    let just = id_of(place.get("merged"))
        .ok()
        .and_then(|id| done.iter().find(|merge| merge.id == id))
        .filter(|_| reader.sent.verb().is_empty());
    let view = view! {
        <div class="duplicates">
            {head(s!(lang, duplicates.title), s!(lang, duplicates.help), None)}
            {problem(reader)}
            {said(reader)}
            {just.map(|merge| just_merged(reader, merge))}
            {none.then(|| view! { <div class="office-none"><p>{s!(lang, duplicates.none)}</p><p class="faint">{s!(lang, duplicates.none_help)}</p></div> })}
            {pairs.iter().take(PAGE).map(|pair| card(reader, pair)).collect_view()}
            {pager(beyond.is_none(), (PATH, s!(lang, duplicates.first)), (next, s!(lang, duplicates.more)))}
            {(!done.is_empty()).then(|| latest(reader, &done))}
        </div>
    };
    Ok(view.into_any())
}

/// What was just done.
fn said(reader: &Reader) -> Option<AnyView> {
    let lang = reader.lang;
    let sent = &reader.sent;
    let mut text = match sent.done? {
        "apart" => s!(lang, duplicates.kept_apart).to_owned(),
        "later" => s!(lang, duplicates.put_off).to_owned(),
        _ => s!(lang, duplicates.undone).to_owned(),
    };
    let (left, unlinked) = (sent.counts.first().copied().unwrap_or_default(), sent.counts.get(1).copied().unwrap_or_default());
    let whole = sent.name.is_empty() && left == 0 && unlinked == 0;
    let more = [
        (!sent.name.is_empty()).then(|| fill(s!(lang, duplicates.undone_kept), &[&sent.name])),
        (left > 0).then(|| fill(s!(lang, duplicates.undone_left), &[&left.to_string()])),
        (unlinked > 0).then(|| s!(lang, duplicates.undone_unlinked).to_owned()),
    ];
    for line in more.into_iter().flatten() {
        text = format!("{text} {line}");
    }
    let (class, picture) = if whole { ("notice-ok", Icon::Check) } else { ("notice-warn", Icon::Warning) };
    Some(notice(class, picture, "status", &text))
}

fn just_merged(reader: &Reader, merge: &Done) -> AnyView {
    let lang = reader.lang;
    view! {
        <div class="notice notice-ok" role="status">
            <p>{s!(lang, duplicates.merged)}" "<a class="link" href=format!("/contacts/{}", merge.winner)>{s!(lang, duplicates.open)}</a></p>
            {undo_form(reader, merge)}
        </div>
    }
    .into_any()
}

fn undo_form(reader: &Reader, merge: &Done) -> AnyView {
    let lang = reader.lang;
    let label = format!(
        "{}: {}",
        s!(lang, duplicates.undo),
        fill(s!(lang, duplicates.latest_line), &[&merge.loser_name, &merge.winner_name])
    );
    view! {
        <form method="post" action=PATH>
            <input type="hidden" name="do" value="undo"/>
            <input type="hidden" name="merge" value=merge.id.to_string()/>
            <button class="button" aria-label=label>{s!(lang, duplicates.undo)}</button>
        </form>
    }
    .into_any()
}

fn latest(reader: &Reader, done: &[Done]) -> AnyView {
    let lang = reader.lang;
    let lines = done.iter().map(|merge| {
        view! {
            <li>
                <a class="quiet" href=format!("/contacts/{}", merge.winner)>
                    {fill(s!(lang, duplicates.latest_line), &[&merge.loser_name, &merge.winner_name])}
                </a>
                <span class="faint">{reader.time(merge.at)}</span>
                {undo_form(reader, merge)}
            </li>
        }
    });
    view! {
        <section class="merges">
            <h3 class="merges-title">{s!(lang, duplicates.latest)}</h3>
            <ul>{lines.collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn card(reader: &Reader, pair: &Pair) -> AnyView {
    let lang = reader.lang;
    let (a, b) = (name(&pair.a), name(&pair.b));
    let title = fill(s!(lang, duplicates.pair), &[&a, &b]);
    let label = |verb: &str| format!("{verb}: {title}");
    let rows = pair.evidence.iter().map(|evidence| line(reader, pair, evidence)).collect_view();
    let columns = [
        Column::Text(s!(lang, duplicates.field)),
        Column::Text(&a),
        Column::Text(&b),
        Column::Text(s!(lang, duplicates.agreement)),
    ];
    let owner = |row: &Row| row.owner.clone().unwrap_or_else(|| s!(lang, desk.nobody).to_owned());
    let owners = format!("{}: {} · {}", words::field("owner", lang), owner(&pair.a), owner(&pair.b));
    let open = |row: &Row, name: &str| view! { <a class="link" href=format!("/contacts/{}", row.id)>{name.to_owned()}</a> };
    view! {
        <section class="pair" aria-label=title.clone()>
            <header class="pair-head">
                <h3 class="pair-title">{open(&pair.a, &a)}<span class="faint">" · "</span>{open(&pair.b, &b)}</h3>
                <span class="faint pair-owners">{owners}</span>
                <span class="chip">{fill(s!(lang, duplicates.likely), &[&percent(pair.score)])}</span>
            </header>
            {table(reader, "pair-table", &columns, rows)}
            <form class="pair-actions" method="post" action=PATH>
                <input type="hidden" name="pair" value=pair.id.to_string()/>
                <a class="button button-primary" href=format!("{MERGE_PATH}?pair={}", pair.id) aria-label=label(s!(lang, duplicates.merge))>{s!(lang, duplicates.merge)}</a>
                <button class="button" name="do" value="apart" aria-label=label(s!(lang, duplicates.apart))>{s!(lang, duplicates.apart)}</button>
                <button class="button" name="do" value="later" aria-label=label(s!(lang, duplicates.later))>{s!(lang, duplicates.later)}</button>
            </form>
        </section>
    }
    .into_any()
}

/// A probability in whole percent; never all of it.
fn percent(score: f64) -> String {
    format!("{:.0}\u{a0}%", (score * 100.0).clamp(1.0, 99.0))
}

/// What a field says: both values, how far they agree, and for how much it counts.
fn line(reader: &Reader, pair: &Pair, evidence: &Evidence) -> Option<AnyView> {
    let lang = reader.lang;
    let field = evidence.field.name.as_str();
    let (a, b) = (compared(&pair.a, field), compared(&pair.b, field));
    if a.is_empty() && b.is_empty() {
        return None;
    }
    let (class, word) = match evidence.agreement {
        Agreement::Same => ("agreement agreement-same", s!(lang, duplicates.same)),
        Agreement::Close => ("agreement agreement-close", s!(lang, duplicates.close)),
        Agreement::Similar => ("agreement", s!(lang, duplicates.similar)),
        Agreement::Different => ("agreement agreement-different", s!(lang, duplicates.different)),
        Agreement::Absent => ("agreement faint", s!(lang, duplicates.absent)),
    };
    let bits = (evidence.agreement != Agreement::Absent)
        .then(|| view! { <span class="faint num">{format!("{:+.1}", evidence.bits)}</span> });
    Some(
        view! {
            <tr>
                <th scope="row">{words::field(field, lang)}</th>
                <td class="cell-wrap">{a}</td>
                <td class="cell-wrap">{b}</td>
                <td><span class=class>{word}</span>" "{bits}</td>
            </tr>
        }
        .into_any(),
    )
}

fn name(row: &Row) -> String {
    let name = format!("{} {}", row.first_name, row.last_name).trim().to_owned();
    [Some(name), row.email.clone(), row.phone.clone()].into_iter().flatten().find(|text| !text.is_empty()).unwrap_or_default()
}

/// A value as it is compared: addresses and numbers with the others.
fn compared(row: &Row, field: &str) -> String {
    let all = |first: &Option<String>, others: &[String]| first.iter().chain(others).cloned().collect::<Vec<_>>().join(", ");
    match field {
        "first_name" => row.first_name.clone(),
        "last_name" => row.last_name.clone(),
        "email" => all(&row.email, &row.other_emails),
        "phone" => all(&row.phone, &row.other_phones),
        "company" => row.company.clone().unwrap_or_default(),
        "city" => row.city.clone().unwrap_or_default(),
        "country" => row.country.clone().unwrap_or_default(),
        "birthday" => row.birthday.map(|day| day.to_string()).unwrap_or_default(),
        _ => String::new(),
    }
}

fn field_name(field: &str, lang: Lang) -> &'static str {
    match field {
        "company_id" => words::field("company", lang),
        "owner_id" => words::field("owner", lang),
        "custom" => s!(lang, duplicates.custom),
        field => words::field(field, lang),
    }
}

/// A value as it is chosen.
fn chosen(row: &Row, fields: &Map<String, Value>, field: &str, lang: Lang) -> String {
    match (field, fields.get(field)) {
        ("company_id", _) => row.company.clone().unwrap_or_default(),
        ("owner_id", _) => row.owner.clone().unwrap_or_else(|| s!(lang, desk.nobody).to_owned()),
        ("lifecycle", _) => {
            Lifecycle::parse(&row.lifecycle).map_or_else(|| row.lifecycle.clone(), |it| words::lifecycle(it, lang).to_owned())
        }
        ("custom", Some(Value::Object(all))) => {
            let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            all.iter().map(|(key, value)| format!("{key}: {}", shown(value))).collect::<Vec<_>>().join(", ")
        }
        (_, Some(Value::String(text))) => text.clone(),
        _ => String::new(),
    }
}

/// Writes the page on which a pair is merged.
pub async fn merge_page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let sent = &reader.sent;
    let asked =
        |name: &'static str| if sent.value(name).is_empty() { place.get(name).to_owned() } else { sent.value(name).to_owned() };
    let pair = duplicates::pair(ctx, id_of(&asked("pair"))?).await?;
    let winner = match id_of(&asked("keep")) {
        Ok(id) if id == pair.a.id => &pair.a,
        Ok(id) if id == pair.b.id => &pair.b,
        _ => plan::stays(&pair.a, &pair.b),
    };
    let loser = if winner.id == pair.a.id { &pair.b } else { &pair.a };
    let (own, other) = (plan::fields(winner)?, plan::fields(loser)?);
    let differing: Vec<_> = plan::CHOSEN.into_iter().filter(|field| own.get(*field) != other.get(*field)).collect();
    let rows = differing.iter().map(|field| {
        let takes = match sent.value(field) {
            "" => plan::loser_wins(field, &own, &other),
            value => value == "loser",
        };
        choice(reader, field, (chosen(winner, &own, field, lang), chosen(loser, &other, field, lang)), takes)
    });
    let rows = rows.collect_view();
    let alike = differing.is_empty().then(|| view! { <p>{s!(lang, duplicates.alike)}</p> });
    let united: Vec<_> = ["other_emails", "other_phones", "tags"].map(|field| words::field(field, lang)).to_vec();
    let (winner_name, loser_name) = (name(winner), name(loser));
    let (stays, goes) =
        (format!("{}: {winner_name}", s!(lang, duplicates.stays)), format!("{}: {loser_name}", s!(lang, duplicates.goes)));
    let columns = [Column::Text(s!(lang, duplicates.field)), Column::Text(&stays), Column::Text(&goes)];
    let action = format!("{MERGE_PATH}?pair={}&keep={}", pair.id, winner.id);
    let swap = format!("{MERGE_PATH}?pair={}&keep={}", pair.id, loser.id);
    let view = view! {
        <div class="duplicates">
            {head(s!(lang, duplicates.merge_title), s!(lang, duplicates.merge_help), Some(view! { <a class="button" href=swap>{s!(lang, duplicates.swap)}</a> }.into_any()))}
            {problem(reader)}
            <form class="merge-form" method="post" action=action data-form="">
                <input type="hidden" name="do" value="merge"/>
                <input type="hidden" name="pair" value=pair.id.to_string()/>
                <input type="hidden" name="keep" value=winner.id.to_string()/>
                <input type="hidden" name="winner_version" value=winner.version.to_string()/>
                <input type="hidden" name="loser_version" value=loser.version.to_string()/>
                {alike.is_none().then(|| table(reader, "merge-table", &columns, rows))}
                {alike}
                <p class="faint">{fill(s!(lang, duplicates.united), &[&united.join(", ")])}" "{s!(lang, duplicates.same_values)}</p>
                <div class="form-actions">
                    <button class="button button-primary">{s!(lang, duplicates.do_merge)}</button>
                    <a class="button" href=PATH data-key="Escape">{s!(lang, duplicates.cancel)}</a>
                </div>
            </form>
        </div>
    };
    Ok(view.into_any())
}

/// A field of which one or the other wins.
fn choice(reader: &Reader, field: &'static str, values: (String, String), takes_loser: bool) -> AnyView {
    let lang = reader.lang;
    let label = field_name(field, lang);
    let radio = |value: &'static str, text: String, checked: bool| {
        let shown = if text.is_empty() {
            view! { <span class="faint">{s!(lang, duplicates.neither)}</span> }.into_any()
        } else {
            text.into_any()
        };
        view! {
            <td class="cell-wrap">
                <label class="merge-choice">
                    <input type="radio" name=field value=value checked=checked aria-label=fill(s!(lang, duplicates.takes), &[label])/>
                    <span>{shown}</span>
                </label>
            </td>
        }
    };
    view! {
        <tr>
            <th scope="row">{label}</th>
            {radio("winner", values.0, !takes_loser)}
            {radio("loser", values.1, takes_loser)}
        </tr>
    }
    .into_any()
}
