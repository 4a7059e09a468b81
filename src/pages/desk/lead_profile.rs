//! The parts of a lead's page that show what the rules say.

use leptos::prelude::*;

use super::{lead_words as words, parts};
use crate::{
    domain::{
        format::{self, Lang},
        lead::{
            Action, Profile, Scorecard, Statement,
            actions::{lifecycle, recommend, strategy as approach},
            budget::Budget,
            profile::{Customer, Evidence, Strength},
            text::Range,
        },
    },
    features::leads::Lead,
    pages::written::{
        parts::Reader,
        tables::{Column, table},
    },
    ui::i18n::{fill, s},
};

/// The places of a message that support something, in their order and without overlaps.
fn marked(profile: &Profile) -> Vec<Range> {
    fn of<'a, T: 'a>(statements: impl IntoIterator<Item = &'a Statement<T>>, out: &mut Vec<Range>) {
        out.extend(statements.into_iter().flat_map(|statement| &statement.evidence).filter_map(|evidence| evidence.range));
    }
    let mut ranges = Vec::new();
    of(&profile.pains, &mut ranges);
    of(&profile.signals, &mut ranges);
    of(&profile.industry, &mut ranges);
    of(&profile.employees, &mut ranges);
    of(&profile.size, &mut ranges);
    of(&profile.timeline, &mut ranges);
    of(&profile.budget, &mut ranges);
    of(&profile.persona, &mut ranges);
    ranges.sort_unstable();
    let mut merged: Vec<Range> = Vec::new();
    for (start, end) in ranges {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

/// What they said, with the words marked that support a statement.
pub fn message(reader: &Reader, lead: &Lead) -> AnyView {
    let lang = reader.lang;
    let text = &lead.data.message;
    let ranges = lead.profile.as_ref().map(marked).unwrap_or_default();
    let mut parts: Vec<AnyView> = Vec::new();
    let mut at = 0;
    for (start, end) in &ranges {
        // A profile of another text would point anywhere.
        let (Some(before), Some(words)) = (text.get(at..*start), text.get(*start..*end)) else { continue };
        parts.push(before.to_owned().into_any());
        parts.push(view! { <mark>{words.to_owned()}</mark> }.into_any());
        at = *end;
    }
    parts.push(text.get(at..).unwrap_or_default().to_owned().into_any());
    let body = if text.is_empty() {
        view! { <p class="office-help">{s!(lang, leads.no_message)}</p> }.into_any()
    } else {
        view! { <p class="lead-message">{parts}</p> }.into_any()
    };
    let marks = (!ranges.is_empty()).then(|| view! { <p class="field-help">{s!(lang, leads.marks)}</p> });
    view! {
        <section class="lead-card" aria-labelledby="said">
            <h3 id="said">{s!(lang, leads.said)}</h3>
            {body}
            {marks}
        </section>
    }
    .into_any()
}

/// What a statement rests on, in words.
fn because(evidence: &[Evidence], lang: Lang) -> String {
    let each = evidence.iter().take(4).map(|each| format!("{}: «{}»", words::field(each.field, lang), each.text));
    each.collect::<Vec<_>>().join(" · ")
}

/// That they wrote a Spanish word of intent which the scorecard does not count; for admins with the way to it.
fn uncounted(reader: &Reader, card: &Scorecard, lead: &Lead, admin: bool) -> Option<AnyView> {
    let lang = reader.lang;
    let words = card.uncounted_words(&lead.data.message);
    let card = admin.then(|| view! { " " <a class="link" href="/admin/scorecard">{s!(lang, leads.to_card)}</a> });
    (!words.is_empty()).then(|| {
        let named = words.iter().map(|word| format!("«{word}»")).collect::<Vec<_>>().join(", ");
        view! { <p class="field-help">{fill(s!(lang, leads.uncounted), &[&named])}{card}</p> }.into_any()
    })
}

/// How the score came about; `admin` is whether the reader may change the scorecard.
pub fn score(reader: &Reader, card: &Scorecard, lead: &Lead, admin: bool) -> AnyView {
    let lang = reader.lang;
    let score = &lead.score;
    let none = score.contributions.is_empty();
    let rows = score.contributions.iter().map(|each| {
        view! {
            <tr>
                <th scope="row">{words::rule(each.rule, lang)}</th>
                <td class="num">{format::signed(i64::from(each.points), lang)}</td>
                <td class="cell-wrap">{because(&each.evidence, lang)}</td>
            </tr>
        }
    });
    let sum = i64::from(score.sum());
    let over = (sum != i64::from(score.points)).then(|| fill(s!(lang, leads.over), &[&format::integer(sum, lang)]));
    let columns =
        [Column::Text(s!(lang, leads.rule)), Column::Number(s!(lang, leads.points)), Column::Text(s!(lang, leads.because))];
    let rows = rows.collect_view();
    view! {
        <section class="lead-card" aria-labelledby="why">
            <h3 id="why">{s!(lang, leads.why)}</h3>
            {none.then(|| view! { <p class="office-help">{s!(lang, leads.no_points)}</p> })}
            {(!none).then(|| table(reader, "", &columns, rows))}
            {over.map(|text| view! { <p class="field-help">{text}</p> })}
            {uncounted(reader, card, lead, admin)}
        </section>
    }
    .into_any()
}

/// How sure a statement is.
fn sure(confidence: f64, lang: Lang) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "from 0 to 1")]
    let percent = format::percent((confidence * 10_000.0).round() as i64, 0, lang);
    let text = fill(s!(lang, leads.sure), &[&percent]);
    if confidence < crate::domain::lead::profile::LIKELY { format!("{}, {text}", s!(lang, leads.estimate)) } else { text }
}

/// A statement: what, how sure, and what it rests on.
fn said<T>(statement: &Statement<T>, text: String, lang: Lang) -> AnyView {
    view! {
        <span class="said">{text}</span>
        <span class="cell-2">{sure(statement.confidence, lang)} " · " {because(&statement.evidence, lang)}</span>
    }
    .into_any()
}

fn one<T: Copy>(
    rows: &mut Vec<(&'static str, AnyView)>,
    name: &'static str,
    statement: Option<&Statement<T>>,
    lang: Lang,
    text: impl Fn(T) -> String,
) {
    rows.extend(statement.map(|statement| (name, said(statement, text(statement.value), lang))));
}

/// Everything that can be said.
pub fn statements(reader: &Reader, card: &Scorecard, lead: &Lead) -> AnyView {
    let lang = reader.lang;
    let Some(profile) = &lead.profile else {
        return view! { <section class="lead-card"><h3>{s!(lang, leads.profile)}</h3><p class="office-help">{s!(lang, leads.not_scored)}</p></section> }
            .into_any();
    };
    let usd = |whole: i64| format!("{} USD", format::axis(whole, lang));
    let mut rows: Vec<(&'static str, AnyView)> = Vec::new();
    let language = |spoken: Lang| spoken.pick(s!(lang, leads.es), s!(lang, leads.en)).to_owned();
    one(&mut rows, s!(lang, leads.k_language), profile.language.as_ref(), lang, language);
    one(&mut rows, s!(lang, leads.k_persona), profile.persona.as_ref(), lang, |v| words::persona(v, lang).to_owned());
    one(&mut rows, s!(lang, leads.k_industry), profile.industry.as_ref(), lang, |v| words::industry(v, lang).to_owned());
    one(&mut rows, s!(lang, leads.k_employees), profile.employees.as_ref(), lang, |v| {
        fill(s!(lang, leads.people), &[&format::integer(i64::from(v), lang)])
    });
    one(&mut rows, s!(lang, leads.k_size), profile.size.as_ref(), lang, |v| words::size(v, lang).to_owned());
    one(&mut rows, s!(lang, leads.k_revenue), profile.revenue.as_ref(), lang, |v| {
        fill(s!(lang, leads.revenue), &[&usd(v.from_usd), &usd(v.to_usd)])
    });
    one(&mut rows, s!(lang, leads.k_stage), profile.stage.as_ref(), lang, |v| words::stage(v, lang).to_owned());
    one(&mut rows, s!(lang, leads.k_tech), profile.tech.as_ref(), lang, |v| words::level(v, lang).to_owned());
    one(&mut rows, s!(lang, leads.k_timeline), profile.timeline.as_ref(), lang, |v| words::timeline(v, lang).to_owned());
    rows.extend(profile.budget.as_ref().map(|each| (s!(lang, leads.k_budget), said(each, budget(&each.value, lang), lang))));
    one(&mut rows, s!(lang, leads.k_intent), profile.intent.as_ref(), lang, |v| words::level(v, lang).to_owned());
    one(&mut rows, s!(lang, leads.k_engagement), profile.engagement.as_ref(), lang, |v| words::level(v, lang).to_owned());
    one(&mut rows, s!(lang, leads.k_urgency), profile.urgency.as_ref(), lang, |v| words::level(v, lang).to_owned());
    one(&mut rows, s!(lang, leads.k_research), profile.research.as_ref(), lang, |v| words::research(v, lang).to_owned());
    one(&mut rows, s!(lang, leads.k_decision), profile.decision.as_ref(), lang, |v| words::decision(v, lang).to_owned());
    one(&mut rows, s!(lang, leads.k_price), profile.price_sensitivity.as_ref(), lang, |v| words::level(v, lang).to_owned());
    one(&mut rows, s!(lang, leads.k_fit), profile.fit.as_ref(), lang, |v| v.as_str().to_owned());
    rows.extend(profile.attribution.as_ref().map(|each| (s!(lang, leads.k_attribution), each.value.clone().into_any())));
    rows.push((s!(lang, leads.k_lifecycle), words::lifecycle(lifecycle(card, &lead.score, profile), lang).into_any()));
    let strength = |strength| match strength {
        Strength::High => "strength strength-high",
        Strength::Medium => "strength strength-medium",
        Strength::Low => "strength",
    };
    let signals = profile.signals.iter().map(|each| {
        view! {
            <li>
                <span class=strength(each.value.strength)>{words::strength(each.value.strength, lang)}</span>
                {said(each, words::signal(each.value.signal, lang).to_owned(), lang)}
            </li>
        }
    });
    let pains = profile.pains.iter().map(|each| view! { <li>{said(each, words::pain(each.value, lang).to_owned(), lang)}</li> });
    let segments =
        profile.segments.iter().map(|each| view! { <li>{said(each, words::segment(each.value, lang).to_owned(), lang)}</li> });
    let unknowns = profile.unknowns.iter().map(|each| view! { <li>{words::unknown(*each, lang)}</li> });
    view! {
        <section class="lead-card" aria-labelledby="profile">
            <h3 id="profile">{s!(lang, leads.profile)}</h3>
            <p class="field-help">{s!(lang, leads.profile_help)}</p>
            {profile.customer.as_ref().map(|customer| as_customer(customer, lang))}
            <dl class="lead-facts">{rows.into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> }).collect_view()}</dl>
            {list(s!(lang, leads.signals), signals.collect())}
            {list(s!(lang, leads.pains), pains.collect())}
            {list(s!(lang, leads.segments), segments.collect())}
            {list(s!(lang, leads.unknowns), unknowns.collect())}
        </section>
    }
    .into_any()
}

/// What they can spend: in the currency that they named.
fn budget(budget: &Budget, lang: Lang) -> String {
    let amount = format::integer(budget.amount, lang);
    budget.currency.as_deref().map_or_else(|| amount.clone(), |currency| format!("{amount} {currency}"))
}

fn list<T: IntoView + 'static>(title: &'static str, rows: Vec<T>) -> Option<AnyView> {
    (!rows.is_empty()).then(|| view! { <h4>{title}</h4><ul class="lead-list">{rows}</ul> }.into_any())
}

fn as_customer(customer: &Customer, lang: Lang) -> AnyView {
    let mut rows: Vec<(&'static str, AnyView)> =
        vec![(s!(lang, leads.readiness), format!("{} / 100", customer.readiness).into_any())];
    one(&mut rows, s!(lang, leads.months), customer.months.as_ref(), lang, |months| {
        fill(s!(lang, leads.months_n), &[&months.to_string()])
    });
    one(&mut rows, s!(lang, leads.pays), customer.pays_cents.as_ref(), lang, |cents| format::money(cents, "USD", lang));
    one(&mut rows, s!(lang, leads.adoption), customer.adoption.as_ref(), lang, |v| words::level(v, lang).to_owned());
    one(&mut rows, s!(lang, leads.churn), customer.churn.as_ref(), lang, |v| words::level(v, lang).to_owned());
    if let Some(next) = customer.recommended {
        let price = fill(s!(lang, leads.plan_text), &[next.tier.label(), &format::money(next.price_cents, "USD", lang)]);
        let more = next.more_cents.map(|more| {
            let year = more.saturating_mul(12);
            fill(s!(lang, leads.plan_more), &[&format::money(more, "USD", lang), &format::money(year, "USD", lang)])
        });
        let within = fill(s!(lang, leads.within), &[&next.within_days.to_string()]);
        let under = more.into_iter().chain([within]).collect::<Vec<_>>().join(" · ");
        rows.push((
            s!(lang, leads.recommended),
            view! { <span class="said">{price}</span><span class="cell-2">{under}</span> }.into_any(),
        ));
    }
    let growth = customer.growth.iter().map(|each| {
        let (growth, points) = each.value;
        view! { <li>{said(each, format!("{} (+{points})", words::growth(growth, lang)), lang)}</li> }
    });
    view! {
        <h4>{s!(lang, leads.customer)}</h4>
        <dl class="lead-facts">{rows.into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> }).collect_view()}</dl>
        {list(s!(lang, leads.growth), growth.collect())}
    }
    .into_any()
}

/// What to do next; nothing for a lead that is not open.
pub fn actions(reader: &Reader, card: &Scorecard, lead: &Lead) -> Option<AnyView> {
    let lang = reader.lang;
    let profile = lead.profile.as_ref().filter(|_| lead.status.is_open())?;
    let rows = recommend(card, &lead.score, &lead.data, profile).into_iter().map(|action| one_action(reader, lead, &action));
    Some(
        view! {
            <section class="lead-card" aria-labelledby="next">
                <h3 id="next">{s!(lang, leads.actions)}</h3>
                <ol class="lead-actions">{rows.collect_view()}</ol>
            </section>
        }
        .into_any(),
    )
}

fn one_action(reader: &Reader, lead: &Lead, action: &Action) -> AnyView {
    let lang = reader.lang;
    let deadline = action.deadline(lead.created_at);
    // What is due at once is no deadline: nobody does it but who reads this.
    let when = if action.within_min == 0 {
        s!(lang, leads.at_once).to_owned()
    } else {
        fill(s!(lang, leads.until), &[&parts::moment_text(reader, deadline)])
    };
    let whole = (action.within_min > 0).then(|| format::date_time(deadline, &reader.zone, lang));
    let late = action.within_min > 0 && deadline < reader.now;
    let reasons = action.reasons.iter().map(|reason| words::reason(*reason, lang)).collect::<Vec<_>>().join(", ");
    let points = action.points.iter().map(|point| view! { <li>{words::talking_point(*point, lang)}</li> }).collect::<Vec<_>>();
    let focus = action.focus.iter().map(|pain| view! { <li>{words::pain(*pain, lang)}</li> }).collect::<Vec<_>>();
    let mails = action.mails.iter().map(|(day, mail)| {
        view! { <li>{fill(s!(lang, leads.day), &[&day.to_string()])} ": " {words::mail(*mail, lang)}</li> }
    });
    view! {
        <li>
            <p class="cell-1"><strong>{words::action(action.kind, lang)}</strong></p>
            <p class="cell-2"><span class=late.then_some("bad") title=whole>{when}</span> " · " {reasons}</p>
            {list(s!(lang, leads.talk), points)}
            {list(s!(lang, leads.show), focus)}
            {list(s!(lang, leads.mails), mails.collect())}
        </li>
    }
    .into_any()
}

/// How to approach them; nothing for a lead that is not open.
pub fn strategy(reader: &Reader, card: &Scorecard, lead: &Lead) -> Option<AnyView> {
    let lang = reader.lang;
    let profile = lead.profile.as_ref().filter(|_| lead.status.is_open())?;
    let plan = approach(card, &lead.score, &lead.data, profile);
    let join = |texts: Vec<&str>| texts.join(", ");
    let mut rows: Vec<(&str, String)> = Vec::new();
    rows.extend(plan.persona.map(|persona| (s!(lang, leads.k_persona), words::persona(persona, lang).to_owned())));
    rows.push((s!(lang, leads.tone), join(plan.tone.iter().map(|each| words::tone(*each, lang)).collect())));
    rows.push((s!(lang, leads.content), join(plan.content.iter().map(|each| words::content(*each, lang)).collect())));
    rows.push((s!(lang, leads.cadence), words::cadence(plan.cadence, lang).to_owned()));
    rows.extend(
        plan.cycle_months
            .map(|(from, to)| (s!(lang, leads.cycle), fill(s!(lang, leads.cycle_months), &[&from.to_string(), &to.to_string()]))),
    );
    rows.extend(plan.offer.map(|offer| (s!(lang, leads.offer), words::offer(offer, lang).to_owned())));
    rows.push((s!(lang, leads.metrics), join(plan.metrics.iter().map(|each| words::metric(*each, lang)).collect())));
    Some(
        view! {
            <section class="lead-card" aria-labelledby="approach">
                <h3 id="approach">{s!(lang, leads.strategy)}</h3>
                <dl class="lead-facts">{rows.into_iter().map(|(name, text)| view! { <dt>{name.to_owned()}</dt><dd>{text}</dd> }).collect_view()}</dl>
            </section>
        }
        .into_any(),
    )
}
