//! The tasks of a month.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use leptos::prelude::*;

use super::tasks::Spot;
use crate::{
    domain::{
        AppResult,
        format::{self, Lang},
        tasks::{Bucket, bucket, month_grid},
        time::next_month,
    },
    features::tasks::usecase::{self, Owners, Task},
    pages::written::parts::Reader,
    platform::ctx::Ctx,
    ui::{
        i18n::{fill, s},
        icon::{Icon, icon},
    },
};

/// Tasks of a day that are named; the others are counted.
const NAMED: usize = 4;

fn weekday(day: NaiveDate, lang: Lang) -> String {
    let name = format::date_weekday(day, lang);
    name.split([' ', ',']).next().unwrap_or_default().chars().take(3).collect()
}

/// Writes the month of a spot.
pub async fn month(ctx: &Ctx, reader: &Reader, spot: &Spot, owners: Owners) -> AppResult<AnyView> {
    let lang = reader.lang;
    let today = reader.zone.local(reader.now).date();
    let month = spot.month(today);
    let days = month_grid(month);
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Ok(().into_any()) };
    let mut by_day: BTreeMap<NaiveDate, Vec<Task>> = BTreeMap::new();
    for task in usecase::list_days(ctx, *first, *last, owners, &reader.zone).await? {
        if let Some(due) = task.due {
            by_day.entry(due.day(&reader.zone)).or_default().push(task);
        }
    }
    let name = format!("{} {}", format::month_name(month, lang), month.year());
    let heads = days.iter().take(7).map(|day| view! { <th scope="col">{weekday(*day, lang)}</th> }).collect_view();
    let weeks = days
        .chunks(7)
        .map(|week| {
            let cells = week.iter().map(|at| day(reader, spot, (*at, month, today), by_day.get(at).map_or(&[], Vec::as_slice)));
            view! { <tr>{cells.collect_view()}</tr> }
        })
        .collect_view();
    let view = view! {
        <div class="month">
            <div class="month-head">
                <a class="icon-button" href=spot.in_month(month - Days::new(1)) aria-label=s!(lang, tasks.month_before)>{icon(Icon::ArrowLeft)}</a>
                <h3 id="month">{name}</h3>
                <a class="icon-button" href=spot.in_month(next_month(month)) aria-label=s!(lang, tasks.month_after)>{icon(Icon::ChevronRight)}</a>
                <a class="button" href=spot.in_month(today)>{s!(lang, tasks.today)}</a>
            </div>
            <table class="month-grid" aria-labelledby="month">
                <thead><tr>{heads}</tr></thead>
                <tbody>{weeks}</tbody>
            </table>
        </div>
    };
    Ok(view.into_any())
}

fn day(reader: &Reader, spot: &Spot, (at, month, today): (NaiveDate, NaiveDate, NaiveDate), tasks: &[Task]) -> AnyView {
    let lang = reader.lang;
    let mut class = "month-day".to_owned();
    for (is, name) in
        [(at.month() != month.month(), " month-other"), (at == today, " month-today"), (tasks.is_empty(), " month-empty")]
    {
        if is {
            class.push_str(name);
        }
    }
    let named = tasks.iter().take(NAMED).map(|task| {
        let time = task.due.and_then(|due| due.at).map(|at| view! { <span class="faint">{format::clock(at, &reader.zone)}" "</span> });
        let late = bucket(task.due, &reader.zone, reader.now) == Bucket::Overdue;
        let class = if late { "month-task month-late" } else { "month-task" };
        // The word stands beside the colour.
        let late = late.then(|| view! { <span class="sr-only">{s!(lang, tasks.overdue_one)}": "</span> });
        view! { <li><a class=class href=spot.href(&[("edit", task.id.to_string())]) title=task.title.clone()>{late}{time}{task.title.clone()}</a></li> }
    });
    let more = tasks.len().checked_sub(NAMED).filter(|n| *n > 0);
    let more = more.map(|n| view! { <li class="faint">{fill(s!(lang, tasks.more), &[&n.to_string()])}</li> });
    view! {
        <td class=class>
            <p class="month-number"><time datetime=at.to_string() aria-label=format::date_weekday(at, lang)>{at.day()}</time></p>
            <ul>{named.collect_view()}{more}</ul>
        </td>
    }
    .into_any()
}
