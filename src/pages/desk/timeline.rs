//! The timeline of a record: what happened, day by day, the latest first.

use leptos::prelude::*;
use serde_json::Value;

use super::{parts::Origin, record::Known, words};
use crate::{
    domain::{
        contact::custom::FieldKind,
        crm::Lifecycle,
        format::{self, Lang},
        tasks::Target,
    },
    features::contacts::timeline::{COUNTED, Moment, Part, Timeline},
    pages::{office::journal, written::parts::Reader},
    ui::{
        i18n::{fill, s},
        icon::{Icon, icon},
    },
};

fn part_name(part: Part, lang: Lang) -> &'static str {
    match part {
        Part::Calls => s!(lang, timeline.calls),
        Part::Mails => s!(lang, timeline.mails),
        Part::Notes => s!(lang, timeline.notes),
        Part::Tasks => s!(lang, timeline.tasks),
        Part::Usage => s!(lang, timeline.usage),
        Part::Changes => s!(lang, timeline.changes),
    }
}

/// The timeline, with its parts to choose from. `path` is the record's own address.
pub fn section(
    reader: &Reader,
    path: &str,
    timeline: &Timeline,
    part: Option<Part>,
    first: bool,
    words: &Known<'_>,
    target: Option<Target>,
) -> AnyView {
    let lang = reader.lang;
    let (calls, mails, notes, tasks) = timeline.counts;
    let count = |part| match part {
        Part::Calls => Some(calls),
        Part::Mails => Some(mails),
        Part::Notes => Some(notes),
        Part::Tasks => Some(tasks),
        Part::Usage | Part::Changes => None,
    };
    let tab = |href: String, name: &'static str, n: Option<i64>, here: bool| {
        let n = n.map(|n| if n >= COUNTED { format!("{}+", format::integer(COUNTED, lang)) } else { format::integer(n, lang) });
        view! {
            <a href=href aria-current=here.then_some("page")>{name}{n.map(|n| view! { <span class="tab-count">{n}</span> })}</a>
        }
    };
    let tabs = Part::ALL
        .into_iter()
        .map(|it| tab(format!("{path}?part={}", it.as_str()), part_name(it, lang), count(it), part == Some(it)));
    let days = timeline.moments.chunk_by(|a, b| reader.zone.local(a.at).date() == reader.zone.local(b.at).date());
    let today = reader.zone.local(reader.now).date();
    let days = days.map(|day| {
        let date = day.first().map(|moment| reader.zone.local(moment.at).date()).unwrap_or_default();
        let name = match (today - date).num_days() {
            0 => format!("{}, {}", s!(lang, timeline.today), format::date_weekday(date, lang)),
            1 => s!(lang, timeline.yesterday).to_owned(),
            2..=300 => format::date_weekday(date, lang),
            _ => format::date_long(date, lang),
        };
        view! {
            <li>
                <h3 class="day">{name}</h3>
                <ol>{day.iter().map(|it| moment(reader, it, words, path, target)).collect_view()}</ol>
            </li>
        }
    });
    let none = timeline.moments.is_empty();
    let suffix = part.map(|part| format!("part={}&", part.as_str())).unwrap_or_default();
    let older = timeline.next.as_ref().map(|next| {
        let href = format!("{path}?{suffix}before={}", crate::ui::href::encode(next));
        view! { <a class="button" rel="next" href=href>{s!(lang, timeline.older)}</a> }
    });
    let latest = (!first).then(|| view! { <a class="button" href=path.to_owned()>{s!(lang, timeline.latest)}</a> });
    view! {
        <section class="timeline" aria-label=s!(lang, timeline.title)>
            <nav class="tabs" aria-label=s!(lang, timeline.title)>
                {tab(path.to_owned(), s!(lang, timeline.all), None, part.is_none())}
                {tabs.collect_view()}
            </nav>
            {none.then(|| view! { <p class="desk-empty">{s!(lang, timeline.none)}</p> })}
            <ol class="days">{days.collect_view()}</ol>
            {(older.is_some() || latest.is_some()).then(|| view! { <nav class="pager">{latest}{older}</nav> })}
        </section>
    }
    .into_any()
}

fn text<'a>(detail: &'a Value, name: &str) -> Option<&'a str> {
    detail.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn moment(reader: &Reader, it: &Moment, words: &Known<'_>, path: &str, target: Option<Target>) -> AnyView {
    let lang = reader.lang;
    let none = Value::Null;
    let detail = it.detail.as_ref().unwrap_or(&none);
    let clock = format::clock(it.at, &reader.zone);
    let (picture, class) = match (it.part.as_str(), it.what.as_str()) {
        ("alert", _) => (Icon::Warning, "moment-warn"),
        ("usage", _) => (Icon::Activity, ""),
        ("task", "task_done") => (Icon::Check, "moment-ok"),
        ("task", _) => (Icon::Clock, ""),
        ("interaction", "call") => (Icon::Phone, ""),
        ("interaction", "meeting") => (Icon::Users, ""),
        ("interaction", "email" | "form") => (Icon::Mail, ""),
        ("interaction", _) => (Icon::Scroll, ""),
        _ => (Icon::Sliders, ""),
    };
    let what = match it.part.as_str() {
        "interaction" => interaction(it, detail, lang),
        "task" if it.what == "task_done" => s!(lang, timeline.task_done).to_owned(),
        "task" => s!(lang, timeline.task_added).to_owned(),
        "alert" => {
            let bp = detail.get("threshold_bp").and_then(Value::as_i64).unwrap_or_default();
            let words = if it.what == "limit_exceeded" { s!(lang, timeline.exceeded) } else { s!(lang, timeline.approaching) };
            fill(words, &[&format::share(bp, lang)])
        }
        "usage" => fill(s!(lang, timeline.agent_first), &[it.title.as_deref().unwrap_or_default()]),
        _ => journal::event(&it.what, lang),
    };
    let title = (it.part != "usage" && it.part != "alert").then(|| it.title.clone()).flatten();
    let changes = (it.part == "change").then(|| changes(detail, words, lang)).flatten();
    let sentiment = text(detail, "sentiment").map(|word| match word {
        "positive" => view! { <span class="chip chip-ok">{s!(lang, timeline.positive)}</span> }.into_any(),
        "negative" => view! { <span class="chip chip-open">{s!(lang, timeline.negative)}</span> }.into_any(),
        _ => view! { <span class="chip">{s!(lang, timeline.neutral)}</span> }.into_any(),
    });
    let outcome = text(detail, "outcome").map(|text| view! { <span class="chip">{text.to_owned()}</span> });
    let follow_up = target.zip(text(detail, "id")).filter(|_| it.part == "interaction").map(|(target, id)| {
        let in_days = |days: &'static str| {
            view! { <button class="link" name="days" value=days>{fill(s!(lang, timeline.follow_up), &[days])}</button> }
        };
        view! {
            <form class="moment-follow" method="post" action=path.to_owned()>
                <input type="hidden" name="do" value="interaction_follow_up"/>
                <input type="hidden" name="id" value=id.to_owned()/>
                {Origin::of(target).hidden()}
                {in_days("1")}
                {in_days("3")}
            </form>
        }
    });
    let with = detail.get("with").and_then(|with| Some((with.get(0)?.as_str()?, with.get(1)?.as_str()?)));
    let with = with.map(|(id, name)| view! { <a class="link" href=format!("/contacts/{id}")>{name.to_owned()}</a> });
    let has_card = it.body.is_some() || sentiment.is_some() || outcome.is_some();
    let card = has_card.then(|| {
        view! {
            <div class="moment-card">
                {it.body.clone().map(|body| view! { <p class="moment-text">{body}</p> })}
                {(sentiment.is_some() || outcome.is_some()).then(|| view! { <p class="moment-chips">{sentiment}{outcome}</p> })}
            </div>
        }
    });
    let actor = it.actor.clone().filter(|_| matches!(it.part.as_str(), "interaction" | "change" | "task"));
    view! {
        <li class=format!("moment {class}")>
            <span class="moment-mark">{icon(picture)}</span>
            <div class="moment-main">
                <p class="moment-head">
                    {actor.map(|actor| view! { <strong>{actor}</strong> })}
                    <span>{what}</span>
                    {title.map(|title| view! { <strong class="moment-title">{title}</strong> })}
                    {with}
                    <time datetime=it.at.to_rfc3339() title=format::date_time(it.at, &reader.zone, lang)>{clock}</time>
                </p>
                {changes}
                {card}
                {follow_up}
            </div>
        </li>
    }
    .into_any()
}

fn interaction(it: &Moment, detail: &Value, lang: Lang) -> String {
    let inward = text(detail, "direction") == Some("in");
    let what = match (it.what.as_str(), inward) {
        ("call", false) => s!(lang, timeline.called),
        ("call", true) => s!(lang, timeline.was_called),
        ("meeting", _) => s!(lang, timeline.met),
        ("email", false) => s!(lang, timeline.wrote),
        ("email", true) => s!(lang, timeline.was_written),
        ("form", _) => s!(lang, timeline.form),
        _ => s!(lang, timeline.noted),
    };
    match detail.get("duration_s").and_then(Value::as_i64) {
        Some(seconds) if seconds > 0 => format!("{what} · {}", format::duration(seconds)),
        _ => what.to_owned(),
    }
}

/// What somebody changed, field by field.
fn changes(detail: &Value, words: &Known<'_>, lang: Lang) -> Option<AnyView> {
    let fields = detail.get("fields")?.as_object()?;
    let lines = fields.iter().filter_map(|(name, values)| {
        let side = |n: usize| values.get(n).and_then(Value::as_str).unwrap_or_default();
        let custom = words.custom.iter().find(|field| field.name() == *name);
        let label = custom.map_or_else(|| words::field(name, lang).to_owned(), |field| field.label.clone());
        let is_date = name == "birthday" || custom.is_some_and(|field| field.kind == FieldKind::Date);
        let shown = |value: &str| match name.as_str() {
            _ if value.is_empty() => "—".to_owned(),
            "owner" => {
                words.owners.iter().find(|(id, _)| id.to_string() == value).map_or_else(|| "…".to_owned(), |(_, name)| name.clone())
            }
            "lifecycle" => Lifecycle::parse(value).map_or(value, |it| words::lifecycle(it, lang)).to_owned(),
            _ if is_date => value.parse().map_or_else(|_| value.to_owned(), |day| format::date_long(day, lang)),
            _ if value.chars().count() > 120 => format!("{}…", value.chars().take(120).collect::<String>()),
            _ => value.to_owned(),
        };
        let (before, after) = (shown(side(0)), shown(side(1)));
        values.is_array().then(|| {
            view! { <li><span class="faint">{label}": "</span><del>{before}</del>" → "<ins>{after}</ins></li> }
        })
    });
    Some(view! { <ul class="moment-changes">{lines.collect_view()}</ul> }.into_any())
}
