//! What was said: a form to write it down, and the list of it with how it was meant.

use chrono::NaiveDateTime;
use leptos::prelude::*;
use uuid::Uuid;

use super::parts::{Origin, once, once_field, path_of, target};
use crate::{
    domain::{
        AppError, AppResult,
        crm::InteractionId,
        format::{self, Lang},
        people::{Faults, Permission},
        sentiment::Label,
        tasks::Target,
        templates::Filled,
    },
    features::tasks::{
        interactions::{self, Direction, Evidence, Interaction, InteractionKind, Mood, Said},
        templates,
    },
    pages::written::{
        form::Sent,
        parts::{Choice, Field, Reader, fault_text, field, in_textarea, notice, select},
        render::Place,
    },
    platform::{ctx::Ctx, zone},
    ui::{
        i18n::{fill, plural, s},
        icon::{Icon, icon},
    },
};

/// Working days until a follow-up, to choose from.
const FOLLOW_UP_DAYS: [u32; 5] = [1, 2, 3, 5, 10];
/// Those that are one click away.
const ONE_CLICK_DAYS: [u32; 3] = [1, 3, 5];

/// Whether a form's name is one of these.
pub(super) fn verbs(verb: &str) -> bool {
    matches!(verb, "interaction_record" | "interaction_follow_up" | "interaction_delete" | "interaction_restore")
}

/// Does what a form asks for.
pub(super) async fn take(ctx: &Ctx, sent: &Sent, here: &str) -> AppResult<&'static str> {
    let id = || sent.value("id").parse().map(InteractionId).map_err(|_| AppError::NotFound);
    match sent.verb() {
        "interaction_record" => {
            let about = target(sent).ok_or(AppError::NotFound)?;
            interactions::record(ctx, about, &said(sent, here)?, here).await?;
            Ok("recorded")
        }
        "interaction_follow_up" => {
            let days = sent.value("days").parse().map_err(|_| AppError::NotFound)?;
            interactions::follow_up(ctx, id()?, days, here).await?;
            Ok("created")
        }
        verb => {
            interactions::set_deleted(ctx, id()?, verb == "interaction_delete").await?;
            Ok(if verb == "interaction_delete" { "deleted" } else { "restored" })
        }
    }
}

fn said(sent: &Sent, here: &str) -> AppResult<Said> {
    let mut faults = Faults::default();
    let at = match sent.value("at").trim() {
        "" => None,
        text => {
            let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
                .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"));
            let at = local.ok().and_then(|local| zone::instant(here, local));
            faults.take(at.ok_or_else(|| AppError::invalid("/at", "time", "is no time")))?
        }
    };
    let number = |name: &'static str| match sent.value(name).trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| AppError::invalid(format!("/{name}"), "number", "is no whole number")),
    };
    let minutes = faults.take(number("minutes"))?.flatten();
    let follow_up = faults.take(number("follow_up"))?.flatten();
    faults.check()?;
    Ok(Said {
        kind: InteractionKind::parse(sent.value("kind")).filter(|kind| InteractionKind::BY_HAND.contains(kind)).unwrap_or_default(),
        direction: Direction::parse(sent.value("direction")),
        at,
        minutes,
        outcome: sent.value("outcome").to_owned(),
        subject: sent.value("subject").to_owned(),
        body: sent.value("body").to_owned(),
        follow_up: follow_up.and_then(|days: i32| u32::try_from(days).ok()),
        once: once(sent),
    })
}

/// How it was said, in a word.
pub fn kind_name(kind: InteractionKind, lang: Lang) -> &'static str {
    match kind {
        InteractionKind::Email => s!(lang, tasks.kind_email),
        InteractionKind::Call => s!(lang, tasks.kind_call),
        InteractionKind::Meeting => s!(lang, tasks.kind_meeting),
        InteractionKind::Note => s!(lang, tasks.kind_note),
        InteractionKind::Form => s!(lang, tasks.kind_form),
    }
}

fn working_days(days: u32, lang: Lang) -> String {
    let n = i64::from(days);
    fill(plural(n, s!(lang, tasks.working_day), s!(lang, tasks.working_days)), &[&n.to_string()])
}

/// A form to write down what was said, for the page of whom it was with. With `?template=` in the page's address it begins with that
/// template, filled in.
///
/// # Errors
/// Those of the use-cases.
pub async fn composer(ctx: &Ctx, reader: &Reader, place: &Place<'_>, target: Target) -> AppResult<AnyView> {
    if !ctx.actor.may(Permission::WriteCrm) {
        return Ok(().into_any());
    }
    let lang = reader.lang;
    let origin = Origin::of(target);
    let all = templates::list(ctx).await?;
    let chosen = place.get("template").parse::<Uuid>().ok().and_then(|id| all.iter().find(|template| template.id == Some(id)));
    let (mut begin_kind, mut subject, mut body) = (InteractionKind::default(), Filled::default(), Filled::default());
    if let Some(template) = chosen {
        begin_kind = template.kind;
        subject = templates::fill(ctx, &template.subject, template.language, Some(target), &reader.zone).await?;
        body = templates::fill(ctx, &template.body, template.language, Some(target), &reader.zone).await?;
    }
    let holes: Vec<_> = subject.unknown.iter().chain(&subject.empty).chain(&body.unknown).chain(&body.empty).cloned().collect();
    let hole = (!holes.is_empty()).then(|| {
        let names = holes.iter().map(|name| format!("{{{{{name}}}}}")).collect::<Vec<_>>().join(", ");
        notice("notice-bad", Icon::Warning, "status", &fill(s!(lang, tasks.holes), &[&names]))
    });
    let picker = (!all.is_empty()).then(|| {
        let options = all.iter().filter_map(|template| {
            let id = template.id?.to_string();
            let selected = chosen.is_some_and(|chosen| chosen.id == template.id);
            let label = format!("{} · {} · {}", kind_name(template.kind, lang), template.language.as_str(), template.name);
            Some(view! { <option value=id selected=selected>{label}</option> })
        });
        view! {
            <form class="template-pick" method="get" action=format!("{}#say", origin.path)>
                <select class="input" name="template" aria-label=s!(lang, tasks.template)>
                    <option value="">{s!(lang, tasks.no_template)}</option>
                    {options.collect_view()}
                </select>
                <button class="button">{s!(lang, tasks.use_template)}</button>
            </form>
        }
    });
    let view = view! {
        <section class="composer" id="say" aria-labelledby="say-title">
            <h3 id="say-title">{s!(lang, tasks.say)}</h3>
            {picker}
            {hole}
            {form(reader, &origin, begin_kind, &subject.text, &body.text)}
        </section>
    };
    Ok(view.into_any())
}

fn form(reader: &Reader, origin: &Origin, begin_kind: InteractionKind, subject: &str, body: &str) -> AnyView {
    const VERB: &str = "interaction_record";
    let lang = reader.lang;
    let kinds: Vec<Choice> =
        InteractionKind::BY_HAND.iter().map(|kind| (kind.as_str().to_owned(), kind_name(*kind, lang).to_owned(), None)).collect();
    let none = (String::new(), s!(lang, tasks.none).to_owned(), None);
    let directions = vec![
        none.clone(),
        (Direction::Out.as_str().to_owned(), s!(lang, tasks.out).to_owned(), None),
        (Direction::In.as_str().to_owned(), s!(lang, tasks.incoming).to_owned(), None),
    ];
    let days = FOLLOW_UP_DAYS.iter().map(|days| (days.to_string(), working_days(*days, lang), None));
    let follow_ups = [none].into_iter().chain(days).collect();
    let sent = (reader.sent.verb() == VERB && reader.sent.error().is_some()).then_some(&reader.sent);
    let text = sent.map_or_else(|| body.to_owned(), |sent| sent.value("body").to_owned());
    let fault = sent.and_then(|sent| sent.fault("body")).map(|code| fault_text(code, lang));
    let optional = |name: &'static str, label: &'static str, kind: &'static str, begin: &str| {
        field(reader, VERB, &Field { kind, begin, required: false, ..Field::text(name, label) })
    };
    view! {
        <form class="form form-wide" method="post" action=origin.path.clone()>
            {origin.hidden()}
            <input type="hidden" name="do" value=VERB/>
            {once_field()}
            {select(reader, VERB, "kind", s!(lang, tasks.kind), begin_kind.as_str(), kinds)}
            {select(reader, VERB, "direction", s!(lang, tasks.direction), "", directions)}
            {optional("subject", s!(lang, tasks.subject), "text", subject)}
            {optional("outcome", s!(lang, tasks.outcome), "text", "")}
            <div class="field task-notes">
                <label for="say-body">{s!(lang, tasks.body)}</label>
                <textarea id="say-body" class="input" name="body" rows="5" aria-invalid=fault.map(|_| "true") aria-describedby=fault.map(|_| "say-body-fault") inner_html=in_textarea(&text)></textarea>
                {fault.map(|text| view! { <p class="field-fault" id="say-body-fault">{icon(Icon::Warning)}{text}</p> })}
            </div>
            {optional("at", s!(lang, tasks.at), "datetime-local", "")}
            {optional("minutes", s!(lang, tasks.minutes), "number", "")}
            {select(reader, VERB, "follow_up", s!(lang, tasks.follow_up), "", follow_ups)}
            <div class="form-actions"><button class="button button-primary">{s!(lang, tasks.record)}</button></div>
        </form>
    }
    .into_any()
}

/// The latest interactions with somebody, a section for their page: what was said, how it was meant and by which words, and the
/// follow-up in one click.
///
/// # Errors
/// Those of the use-case.
pub async fn interactions_of(ctx: &Ctx, reader: &Reader, target: Target) -> AppResult<AnyView> {
    let lang = reader.lang;
    let (found, _) = interactions::list_of(ctx, target, None).await?;
    let none = found.is_empty();
    let writes = ctx.actor.may(Permission::WriteCrm);
    let view = view! {
        <section class="said" id="said" aria-labelledby="said-title">
            <h3 id="said-title">{s!(lang, tasks.said)}</h3>
            <ul class="said-list">{found.iter().map(|it| interaction(reader, it, target, writes)).collect_view()}</ul>
            {none.then(|| view! { <p class="faint">{s!(lang, tasks.nothing_said)}</p> })}
        </section>
    };
    Ok(view.into_any())
}

/// One interaction, as it stands in a list.
pub fn interaction(reader: &Reader, it: &Interaction, target: Target, writes: bool) -> AnyView {
    let lang = reader.lang;
    let direction = it.direction.map(|direction| match direction {
        Direction::In => s!(lang, tasks.incoming),
        Direction::Out => s!(lang, tasks.out),
    });
    let facts = [
        direction.map(str::to_owned),
        it.duration_s.map(|seconds| format::duration(i64::from(seconds))),
        it.outcome.clone(),
        it.by.clone(),
    ];
    let facts = facts.into_iter().flatten().map(|fact| view! { <span class="faint">{fact}</span> }).collect_view();
    let body = it.body.as_deref().map(|body| {
        let evidence = it.mood.as_ref().map_or(&[][..], |mood| &mood.evidence);
        view! { <p class="said-body">{marked(body, evidence, lang)}</p> }
    });
    let origin = Origin::of(target);
    let follow_up = |days: u32| {
        view! { <button class="button" name="days" value=days.to_string()>{working_days(days, lang)}</button> }
    };
    let actions = writes.then(|| {
        view! {
            <div class="said-actions">
                <form method="post" action=path_of(target)>
                    {origin.hidden()}
                    <input type="hidden" name="do" value="interaction_follow_up"/>
                    <input type="hidden" name="id" value=it.id.to_string()/>
                    <span class="faint">{s!(lang, tasks.follow_up_in)}</span>
                    {ONE_CLICK_DAYS.map(follow_up).into_iter().collect_view()}
                </form>
                <form method="post" action=path_of(target)>
                    {origin.hidden()}
                    <input type="hidden" name="id" value=it.id.to_string()/>
                    <button class="button" name="do" value="interaction_delete">{s!(lang, tasks.delete)}</button>
                </form>
            </div>
        }
    });
    view! {
        <li class="said-item">
            <p class="said-head">
                <strong>{kind_name(it.kind, lang)}</strong>
                {it.subject.clone().map(|subject| view! { <span>{subject}</span> })}
                {reader.time(it.at)}
                {facts}
                {it.mood.as_ref().map(|mood| mood_mark(mood, lang))}
            </p>
            {body}
            {actions}
        </li>
    }
    .into_any()
}

/// How something was meant, in a word, and how surely.
pub fn mood_mark(mood: &Mood, lang: Lang) -> AnyView {
    let (class, word) = match mood.label {
        Label::Positive => ("mood mood-positive", s!(lang, tasks.positive)),
        Label::Neutral => ("mood", s!(lang, tasks.neutral)),
        Label::Negative => ("mood mood-negative", s!(lang, tasks.negative)),
    };
    #[expect(clippy::cast_possible_truncation, reason = "from -1 to 1")]
    let score = format::decimal((f64::from(mood.score) * 100.0).round() as i64, 2, 2, lang);
    let title = fill(s!(lang, tasks.mood_help), &[&score]);
    view! { <span class=class title=title>{word}" "<span class="faint">{score}</span></span> }.into_any()
}

/// A text with the words marked that its sentiment rests on.
pub fn marked(text: &str, evidence: &[Evidence], lang: Lang) -> AnyView {
    let mut parts = Vec::new();
    let mut at = 0;
    for mark in evidence {
        // What stands in the database may be older than the text.
        let (Some(before), Some(word)) = (text.get(at..mark.start), text.get(mark.start..mark.end)) else { continue };
        #[expect(clippy::cast_possible_truncation, reason = "a few units")]
        let weight = format::decimal((mark.weight * 10.0).round() as i64, 1, 1, lang);
        let class = if mark.weight > 0.0 { "said-good" } else { "said-bad" };
        parts.push(before.to_owned().into_any());
        parts.push(view! { <mark class=class title=weight>{word.to_owned()}</mark> }.into_any());
        at = mark.end;
    }
    parts.push(text.get(at..).unwrap_or_default().to_owned().into_any());
    parts.into_any()
}
