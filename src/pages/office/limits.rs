//! What the tiers include: to read, to change, and what a change would do.

use leptos::prelude::*;
use serde_json::Value;

use crate::{
    domain::{
        AppError, AppResult,
        format::{self, Lang},
        tier::Tier,
    },
    features::usage::limits::{self, Changed, Preview, TierRow, Wanted},
    pages::written::{
        form::Sent,
        parts::{Field, Reader, field, notice, problem},
        render::{Place, head},
        tables::{Column, table},
    },
    platform::ctx::Ctx,
    ui::{
        href,
        i18n::{fill, s},
        icon::Icon,
        mark::tier_name,
    },
};

/// A whole number as somebody types it: separators of thousands are passed over.
fn number(sent: &Sent, name: &'static str) -> AppResult<i64> {
    let digits: String = sent.value(name).chars().filter(|c| !matches!(c, '.' | ',' | ' ' | '\u{a0}' | '\u{202f}')).collect();
    digits.parse().map_err(|_| AppError::invalid(format!("/{name}"), "number", "is no whole number"))
}

/// A price as somebody types it: `79`, `79.50` or `79,50`.
fn cents(text: &str) -> Option<i64> {
    let text = text.trim();
    let (whole, part) = match text.rfind(['.', ',']) {
        // One or two digits after the last sign are cents; three are thousands.
        Some(at) if text.len() - at - 1 <= 2 => (text.get(..at)?, text.get(at + 1..)?),
        _ => (text, ""),
    };
    let whole: String = whole.chars().filter(|c| !matches!(c, '.' | ',' | ' ')).collect();
    if ![whole.as_str(), part].iter().all(|digits| digits.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let part = match part.len() {
        0 => 0,
        1 => part.parse::<i64>().ok()? * 10,
        _ => part.parse().ok()?,
    };
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(part).filter(|cents| *cents >= 0)
}

fn wanted(sent: &Sent) -> AppResult<Wanted> {
    let mut faults = crate::domain::people::Faults::default();
    let price = cents(sent.value("price")).ok_or_else(|| AppError::invalid("/price", "number", "is no price"));
    let price = faults.take(price)?;
    let tokens = faults.take(number(sent, "tokens"))?;
    let interactions = faults.take(number(sent, "interactions"))?;
    faults.check()?;
    let agents: Vec<_> =
        sent.value("agents").split(',').map(|name| name.trim().to_uppercase()).filter(|name| !name.is_empty()).collect();
    Ok(Wanted {
        tier: Tier::parse(sent.value("tier")).ok_or(AppError::NotFound)?,
        version: sent.value("version").parse().map_err(|_| AppError::NotFound)?,
        price_cents: price.unwrap_or_default(),
        tokens_per_month: tokens.unwrap_or_default(),
        interactions_per_day: interactions.unwrap_or_default(),
        agents: (!agents.is_empty()).then_some(agents),
    })
}

/// Does what a form of the page asks for.
pub async fn take(ctx: &Ctx, sent: &mut Sent) -> AppResult<()> {
    match sent.verb() {
        // Only looked at: the page itself shows what would come of it.
        "preview" => {
            limits::preview(ctx, &wanted(sent)?).await?;
            sent.done = Some("preview");
        }
        "save" => {
            limits::change(ctx, &wanted(sent)?).await?;
            sent.done = Some("saved");
        }
        _ => return Err(AppError::NotFound),
    }
    Ok(())
}

/// Writes the page.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let (tiers, history) = limits::list(ctx).await?;
    let asked = matches!(reader.sent.verb(), "preview" | "save") && reader.sent.done != Some("saved");
    let open = Tier::parse(if asked { reader.sent.value("tier") } else { place.get("edit") });
    let preview =
        if reader.sent.done == Some("preview") { Some(limits::preview(ctx, &wanted(&reader.sent)?).await?) } else { None };
    let saved = (reader.sent.done == Some("saved")).then(|| notice("notice-ok", Icon::Check, "status", s!(lang, limits.saved)));
    let rows = tiers
        .iter()
        .map(|row| if Some(row.limits.tier) == open { edit_row(reader, row, preview.as_ref()) } else { tier_row(reader, row) })
        .collect_view();
    let view = view! {
        {head(s!(lang, office.limits), s!(lang, limits.help), None)}
        {problem(reader)}
        {saved}
        {table(reader, "table-2", &[Column::Text(s!(lang, limits.tier)), Column::Number(s!(lang, limits.price)), Column::Number(s!(lang, limits.tokens)), Column::Number(s!(lang, limits.interactions)), Column::Text(s!(lang, limits.agents)), Column::Number(s!(lang, limits.accounts)), Column::Action(s!(lang, people.edit))], rows)}
        {history_section(reader, history)}
    };
    Ok(view.into_any())
}

fn agents_text(agents: Option<&[String]>, lang: Lang) -> String {
    agents.map_or_else(|| s!(lang, limits.all_agents).to_owned(), |agents| agents.join(", "))
}

fn tier_row(reader: &Reader, row: &TierRow) -> AnyView {
    let lang = reader.lang;
    let limits = &row.limits;
    let every = match limits.program_weeks {
        Some(weeks) => fill(s!(lang, limits.once), &[&weeks.to_string()]),
        None => s!(lang, limits.month).to_owned(),
    };
    let href = format!("/admin/limits?edit={}#save-tokens", limits.tier.as_str());
    view! {
        <tr>
            <th scope="row">{tier_name(limits.tier)}</th>
            <td class="num">
                <span class="cell-1 cell-end">{format::money(limits.price_cents, &limits.currency, lang)}</span>
                <span class="cell-2">{every}</span>
            </td>
            <td class="num">{format::integer(limits.tokens_per_month, lang)}</td>
            <td class="num">{format::integer(limits.interactions_per_day, lang)}</td>
            <td class="cell-wrap">{agents_text(limits.agents.as_deref(), lang)}</td>
            <td class="num">{format::integer(row.accounts, lang)}</td>
            <td class="cell-action"><a class="button" href=href aria-label=fill(s!(lang, people.edit_label), &[limits.tier.label()])>{s!(lang, people.edit)}</a></td>
        </tr>
    }
    .into_any()
}

fn edit_row(reader: &Reader, row: &TierRow, preview: Option<&Preview>) -> AnyView {
    let lang = reader.lang;
    let limits = &row.limits;
    // Both buttons send the same form; what it asks for is in the one that was pressed.
    let as_save = Reader { sent: reader.sent.clone().called("save"), ..reader.clone() };
    let money = format!("{}.{:02}", limits.price_cents / 100, limits.price_cents % 100);
    let begin = |name: &'static str, stored: String| if preview.is_some() { reader.sent.value(name).to_owned() } else { stored };
    let (price, tokens) = (begin("price", money), begin("tokens", limits.tokens_per_month.to_string()));
    let interactions = begin("interactions", limits.interactions_per_day.to_string());
    let agents = begin("agents", limits.agents.clone().unwrap_or_default().join(", "));
    let version = if preview.is_some() { reader.sent.value("version").to_owned() } else { reader.sent.version(row.version) };
    view! {
        <tr class="row-open">
            <td colspan="7">
                <form class="form form-wide" method="post" action="/admin/limits">
                    <input type="hidden" name="tier" value=limits.tier.as_str()/>
                    <input type="hidden" name="version" value=version/>
                    <p class="form-title">{tier_name(limits.tier)}</p>
                    {field(&as_save, "save", &Field { begin: &price, ..Field::text("price", s!(lang, limits.price)) })}
                    {field(&as_save, "save", &Field { begin: &tokens, ..Field::text("tokens", s!(lang, limits.tokens)) })}
                    {field(&as_save, "save", &Field { begin: &interactions, ..Field::text("interactions", s!(lang, limits.interactions)) })}
                    {field(&as_save, "save", &Field {
                        begin: &agents,
                        required: false,
                        help: Some(s!(lang, limits.agents_help)),
                        ..Field::text("agents", s!(lang, limits.agents))
                    })}
                    <div class="form-actions">
                        <button class="button button-primary" name="do" value="save">{s!(lang, people.save)}</button>
                        <button class="button" name="do" value="preview">{s!(lang, limits.preview)}</button>
                        <a class="button" href="/admin/limits">{s!(lang, people.cancel)}</a>
                    </div>
                </form>
                {preview.map(|preview| preview_box(reader, preview))}
            </td>
        </tr>
    }
    .into_any()
}

fn preview_box(reader: &Reader, preview: &Preview) -> AnyView {
    let lang = reader.lang;
    let figure = |name: &str, [now, after]: [i64; 2]| {
        let class = if after > now { "preview-after bad" } else { "preview-after" };
        view! {
            <div class="preview-figure">
                <dt>{name.to_owned()}</dt>
                <dd>
                    <span class="faint">{format::integer(now, lang)}</span>
                    " → "
                    <strong class=class>{format::integer(after, lang)}</strong>
                </dd>
            </div>
        }
    };
    let share = |used: i64, limit: i64| {
        if limit > 0 { format::percent(used.saturating_mul(10_000) / limit, 0, lang) } else { "—".to_owned() }
    };
    let rows = preview.most.iter().map(|used| {
        view! {
            <tr>
                <th scope="row"><a href=href::user(&used.user_id)>{used.user_id.clone()}</a></th>
                <td class="num">{format::integer(used.tokens, lang)}</td>
                <td class="num">{share(used.tokens, preview.after.tokens_per_month)}</td>
                <td class="num">{format::integer(used.interactions, lang)}</td>
                <td class="num">{share(used.interactions, preview.after.interactions_per_day)}</td>
            </tr>
        }
    });
    view! {
        <section class="preview" aria-label=s!(lang, limits.would)>
            <h3>{s!(lang, limits.would)}</h3>
            <dl class="preview-figures">{figure(s!(lang, limits.over), preview.over)} {figure(s!(lang, limits.near), preview.near)}</dl>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{s!(lang, limits.account)}</th>
                        <th scope="col" class="num">{s!(lang, limits.tokens_now)}</th>
                        <th scope="col" class="num">{s!(lang, limits.after)}</th>
                        <th scope="col" class="num">{s!(lang, limits.interactions_now)}</th>
                        <th scope="col" class="num">{s!(lang, limits.after)}</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}

fn history_section(reader: &Reader, history: Vec<Changed>) -> AnyView {
    let lang = reader.lang;
    let none = history.is_empty();
    let rows = history.into_iter().flat_map(|changed| {
        let fields = [
            ("price_cents", s!(lang, limits.price)),
            ("tokens_per_month", s!(lang, limits.tokens)),
            ("interactions_per_day", s!(lang, limits.interactions)),
            ("agents", s!(lang, limits.agents)),
        ];
        fields
            .into_iter()
            .filter_map(move |(key, name)| {
                let (before, after) = (changed.body.get("before")?.get(key)?.clone(), changed.body.get("after")?.get(key)?.clone());
                (before != after).then(|| {
                view! {
                    <tr>
                        <td>{format::date_time(changed.at, &reader.zone, lang)}</td>
                        <td>{Tier::parse(&changed.tier).map(Tier::label)}</td>
                        <td>{name}</td>
                        <td class="cell-wrap"><s class="faint">{told(key, &before, lang)}</s> " → " {told(key, &after, lang)}</td>
                        <td>{changed.actor.clone()}</td>
                    </tr>
                }
            })
            })
            .collect::<Vec<_>>()
    });
    view! {
        <section class="office-section" aria-labelledby="history">
            <h3 id="history">{s!(lang, limits.history)}</h3>
            {none.then(|| view! { <p class="office-help">{s!(lang, limits.no_history)}</p> })}
            {(!none)
                .then(|| {
                    view! {
                        {table(reader, "", &[Column::Text(s!(lang, journal.when)), Column::Text(s!(lang, limits.tier)), Column::Text(s!(lang, limits.field)), Column::Text(s!(lang, limits.change)), Column::Text(s!(lang, journal.who))], rows.collect_view())}
                    }
                })}
        </section>
    }
    .into_any()
}

/// A value of a change in words.
fn told(key: &str, value: &Value, lang: Lang) -> String {
    match value {
        Value::Number(n) if key == "price_cents" => format::money(n.as_i64().unwrap_or_default(), "USD", lang),
        Value::Number(n) => format::integer(n.as_i64().unwrap_or_default(), lang),
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        _ => s!(lang, limits.all_agents).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_as_people_write_them() {
        for (text, read) in [
            ("79", Some(7_900)),
            ("79.5", Some(7_950)),
            ("79,50", Some(7_950)),
            ("3,997", Some(399_700)),
            ("3.997,00", Some(399_700)),
            (" 0 ", Some(0)),
            ("", None),
            ("-1", None),
            ("x", None),
            ("1.-5", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(cents(text), read, "{text:?}");
        }
    }
}
