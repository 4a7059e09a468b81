//! How ingest did in the last hour and in the last day: what came, what was refused, how long it took.

use leptos::prelude::*;

use crate::{
    domain::{
        format::{self, Lang, SPACE},
        histogram::Histogram,
    },
    features::usage::tally::{Count, Counts, Span, Times},
    pages::written::{
        parts::Reader,
        tables::{Column, table},
    },
    ui::{
        chart::{self, SIZE},
        i18n::{fill, s},
    },
};

/// From so many milliseconds on, a percentile is only known to be as long: all longer times count as a day.
const LONGEST_TOLD_MS: i64 = 80_000_000;

/// What is counted as a refusal, in words.
fn refusal(count: Count, lang: Lang) -> &'static str {
    match count {
        Count::Invalid => s!(lang, lately.invalid),
        Count::Conflicts => s!(lang, lately.conflicts),
        Count::Malformed => s!(lang, lately.malformed),
        Count::Unauthorized => s!(lang, lately.unauthorized),
        Count::TimedOut => s!(lang, lately.timed_out),
        Count::TooLarge => s!(lang, lately.too_large),
        Count::NotJson => s!(lang, lately.not_json),
        Count::RateLimited => s!(lang, lately.rate_limited),
        Count::Unavailable => s!(lang, lately.unavailable),
        _ => s!(lang, lately.failed),
    }
}

/// A length of time in the unit that suits it.
fn span(ms: i64, lang: Lang) -> String {
    match ms {
        ..1_000 => format!("{ms}{SPACE}ms"),
        1_000..60_000 => format::seconds(ms, lang),
        _ => format::duration(ms / 1_000),
    }
}

fn quantile(histogram: &Histogram, q: f64, lang: Lang) -> String {
    match histogram.quantile(q) {
        None => "–".to_owned(),
        Some(ms) if ms >= LONGEST_TOLD_MS => format!("≥{SPACE}{}", span(LONGEST_TOLD_MS, lang)),
        Some(ms) => span(ms, lang),
    }
}

fn share(n: i64, all: i64, lang: Lang) -> String {
    if all == 0 { String::new() } else { format::percent(n * 10_000 / all, 1, lang) }
}

/// The section: both spans beside each other, then the refusals by kind.
pub fn section(reader: &Reader, spans: &[Span; 2]) -> AnyView {
    let lang = reader.lang;
    let [hour, day] = spans;
    let rows: Vec<_> = Count::ALL
        .into_iter()
        .filter(|count| count.is_refusal() && day.total.counts.get(*count) > 0)
        .map(|count| refusal_row(count, &hour.total.counts, &day.total.counts, lang))
        .collect();
    let columns = [
        Column::Text(s!(lang, lately.answer)),
        Column::Text(s!(lang, lately.why)),
        Column::Number(s!(lang, lately.hour)),
        Column::Number(s!(lang, lately.share)),
        Column::Number(s!(lang, lately.day)),
        Column::Number(s!(lang, lately.share)),
    ];
    let refused = if rows.is_empty() {
        view! { <p class="office-help">{s!(lang, lately.nothing_refused)}</p> }.into_any()
    } else {
        table(reader, "table-refused", &columns, rows)
    };
    view! {
        <section class="office-section" aria-labelledby="lately">
            <div class="section-head">
                <div>
                    <h3 id="lately">{s!(lang, lately.title)}</h3>
                    <p class="office-help">{s!(lang, lately.help)}</p>
                </div>
            </div>
            <div class="lately">
                {figures(reader, hour, s!(lang, lately.hour), s!(lang, lately.by_minute))}
                {figures(reader, day, s!(lang, lately.day), s!(lang, lately.by_quarter))}
            </div>
            {refused}
        </section>
    }
    .into_any()
}

fn refusal_row(count: Count, hour: &Counts, day: &Counts, lang: Lang) -> AnyView {
    let of = if count.is_of_items() { s!(lang, lately.of_items) } else { s!(lang, lately.of_requests) };
    let cells = [hour, day].map(|counts| {
        let n = counts.get(count);
        view! {
            <td class="num">{format::integer(n, lang)}</td>
            <td class="num faint">{share(n, counts.all_of(count), lang)}</td>
        }
    });
    view! {
        <tr>
            <th scope="row">{count.status()}</th>
            <td>{refusal(count, lang)} " " <span class="faint">{of}</span></td>
            {cells.into_iter().collect_view()}
        </tr>
    }
    .into_any()
}

fn figures(reader: &Reader, of: &Span, title: &'static str, by: &'static str) -> AnyView {
    let lang = reader.lang;
    let counts = &of.total.counts;
    let accepted = counts.get(Count::Accepted);
    // In tenths, so that a few an hour are not none.
    let rate = format::decimal(accepted * 10 / of.minutes, 1, 1, lang);
    let below = fill(s!(lang, lately.rate), &[&rate, &format::integer(counts.get(Count::Duplicates), lang)]);
    let times = |name: &'static str, times: &Times| {
        let [p50, p95] = [0.5, 0.95].map(|q| quantile(&times.histogram, q, lang));
        let max = if times.histogram.count() == 0 { "–".to_owned() } else { span(times.max_ms, lang) };
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class="num">{p50}</td>
                <td class="num">{p95}</td>
                <td class="num">{max}</td>
            </tr>
        }
    };
    view! {
        <div class="lately-span">
            <h4>{title}</h4>
            <p class="lately-figure">{format::integer(accepted, lang)} " " <span class="faint">{s!(lang, lately.accepted)}</span></p>
            <p class="faint">{below}</p>
            {bars(reader, of, by)}
            <table class="table lately-times">
                <thead>
                    <tr>
                        <th scope="col"><span class="sr-only">{s!(lang, lately.time)}</span></th>
                        <th scope="col" class="num">"p50"</th>
                        <th scope="col" class="num">"p95"</th>
                        <th scope="col" class="num">{s!(lang, lately.longest)}</th>
                    </tr>
                </thead>
                <tbody>{times(s!(lang, lately.delay), &of.total.delay)} {times(s!(lang, lately.took), &of.total.took)}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// What came, a bar for each step: accepted events, and on top what was refused.
fn bars(reader: &Reader, of: &Span, by: &str) -> AnyView {
    let lang = reader.lang;
    let n = i64::try_from(of.bars.len()).unwrap_or(1).max(1);
    let most = of.bars.iter().map(|(_, counts)| counts.get(Count::Accepted) + counts.refused()).max().unwrap_or_default();
    let (top, _) = chart::ticks(most);
    let drawn = |(i, (at, counts)): (usize, &(chrono::DateTime<chrono::Utc>, Counts))| {
        let (accepted, refused) = (counts.get(Count::Accepted), counts.refused());
        let x = i64::try_from(i).unwrap_or_default() * SIZE / n;
        let tall = |count: i64| if count > 0 { chart::height(count, top).max(8) } else { 0 };
        let (low, high) = (tall(accepted), tall(refused));
        let values = [
            format::clock(*at, &reader.zone),
            format::integer(accepted, lang),
            format::decimal(accepted * 10 / of.step, 1, 1, lang),
            format::integer(refused, lang),
        ];
        let values: Vec<_> = values.iter().map(String::as_str).collect();
        let rect = |class: &'static str, from: i64, height: i64| {
            view! {
                <rect
                    class=class
                    x=(x + 1).to_string()
                    y=(SIZE - from - height).max(0).to_string()
                    width=(SIZE / n - 2).max(1).to_string()
                    height=height.to_string()
                ></rect>
            }
        };
        view! {
            <g class=if i64::try_from(i).is_ok_and(|i| i + 1 == n) { "day-bar day-bar-now" } else { "day-bar" }>
                {rect("day-hit", 0, SIZE)}
                {rect("day-fill", 0, low)}
                {rect("day-fill bar-refused", low, high)}
                <title>{fill(s!(lang, lately.bar), &values)}</title>
            </g>
        }
    };
    let first = of.bars.first().map(|(at, _)| format::clock(*at, &reader.zone)).unwrap_or_default();
    let most = fill(by, &[&format::integer(most, lang)]);
    view! {
        <figure class="plot lately-plot">
            <svg class="plot-shapes" viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" aria-label=most.clone()>
                <line class="grid grid-base" x1="0" x2="1000" y1="1000" y2="1000"></line>
                {of.bars.iter().enumerate().map(drawn).collect_view()}
            </svg>
            <figcaption class="faint"><span>{first}</span><span>{most}</span><span>{s!(lang, lately.now)}</span></figcaption>
        </figure>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_unit_that_suits_them() {
        for (ms, text) in [(7, "7\u{a0}ms"), (999, "999\u{a0}ms"), (1_410, "1.41\u{a0}s"), (120_000, "2\u{a0}min")] {
            assert_eq!(span(ms, Lang::En), text);
        }
        let mut late = Histogram::default();
        late.record(u32::MAX);
        assert_eq!(quantile(&late, 0.5, Lang::En), "≥\u{a0}22\u{a0}h");
        assert_eq!(quantile(&Histogram::default(), 0.5, Lang::En), "–");
        assert_eq!((share(1, 8, Lang::En), share(0, 0, Lang::En)), ("12.5%".to_owned(), String::new()));
    }
}
