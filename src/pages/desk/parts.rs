//! Parts that tasks are shown by, on their own page and on those of contacts, companies and leads. Their forms are sent to the page
//! that they stand on, which hands them to [`take`].

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use leptos::prelude::*;
use uuid::Uuid;

use super::said::{self, verbs as said_verbs};
pub use super::said::{composer, interactions_of};
use crate::{
    domain::{
        AppError, AppResult,
        crm::TaskId,
        format::{self, Lang},
        people::{Faults, Permission, UserId},
        tasks::{self, Bucket, Priority, Recurrence, Remind, Target, TaskKind},
    },
    features::tasks::usecase::{self, Task, Wanted},
    pages::written::{
        form::Sent,
        parts::{Field, Reader, fault_text, field, in_textarea, select},
    },
    platform::ctx::Ctx,
    ui::{
        i18n::s,
        icon::{Icon, icon},
    },
};

/// The path of what something is about.
pub fn path_of(target: Target) -> String {
    let folder = match target {
        Target::Contact(_) => "contacts",
        Target::Company(_) => "companies",
        Target::Lead(_) => "leads",
    };
    format!("/{folder}/{}", target.id())
}

/// Where the forms of tasks are sent to, and what they take along.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The page's path.
    pub path: String,
    /// Fields that say where on it one was.
    pub fields: Vec<(&'static str, String)>,
}

impl Origin {
    /// The page of a contact, a company or a lead.
    pub fn of(target: Target) -> Self {
        Self { path: path_of(target), fields: vec![("about", target.as_str().to_owned()), ("about_id", target.id().to_string())] }
    }

    /// The hidden fields of a form.
    pub fn hidden(&self) -> Vec<AnyView> {
        let field =
            |(name, value): &(&'static str, String)| view! { <input type="hidden" name=*name value=value.clone()/> }.into_any();
        self.fields.iter().map(field).collect()
    }
}

/// What a form is about, if it says so.
pub(super) fn target(sent: &Sent) -> Option<Target> {
    Target::parse(sent.value("about"), sent.value("about_id"))
}

/// A hidden field by which a form that makes something is known when it is sent again.
pub fn once_field() -> AnyView {
    view! { <input type="hidden" name="once" value=Uuid::now_v7().to_string()/> }.into_any()
}

/// What a form is known by, if it says so.
pub(super) fn once(sent: &Sent) -> Option<Uuid> {
    sent.value("once").parse().ok()
}

/// An instant of a place in a list's address, in microseconds; none outside the years 1 to 9999, which the database may not have.
pub(super) fn instant_of(micros: &str) -> Option<DateTime<Utc>> {
    let at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
    (1..=9999).contains(&at.year()).then_some(at)
}

fn task_id(sent: &Sent) -> AppResult<TaskId> {
    sent.value("id").parse().map(TaskId).map_err(|_| AppError::NotFound)
}

/// A date as a form sends it; none for an empty one.
pub(super) fn date(sent: &Sent, name: &'static str) -> AppResult<Option<NaiveDate>> {
    match sent.value(name).trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| AppError::invalid(format!("/{name}"), "date", "is no date")),
    }
}

fn time(sent: &Sent) -> AppResult<Option<NaiveTime>> {
    let parse = |text: &str| {
        let parsed = NaiveTime::parse_from_str(text, "%H:%M").or_else(|_| NaiveTime::parse_from_str(text, "%H:%M:%S"));
        parsed.map(Some).map_err(|_| AppError::invalid("/time", "time", "is no time"))
    };
    match sent.value("time").trim() {
        "" => Ok(None),
        text => parse(text),
    }
}

/// The task that a form asks for. One without a field for its owner is for whoever sends it.
pub(super) fn wanted(ctx: &Ctx, sent: &Sent) -> AppResult<Wanted> {
    let mut faults = Faults::default();
    let due_on = faults.take(date(sent, "due_on"))?.flatten();
    let time = faults.take(time(sent))?.flatten();
    let owner = match sent.value("owner") {
        "me" => ctx.actor.user(),
        "" => None,
        id => {
            let id = id.parse().map(UserId).map_err(|_| AppError::invalid("/owner", "unknown", "is nobody who could own it"));
            faults.take(id)?
        }
    };
    faults.check()?;
    Ok(Wanted {
        title: sent.value("title").to_owned(),
        notes: sent.value("notes").to_owned(),
        kind: TaskKind::parse(sent.value("kind")).unwrap_or_default(),
        priority: Priority::parse(sent.value("priority")).unwrap_or_default(),
        due_on,
        time,
        recurrence: Recurrence::parse(sent.value("recurrence")),
        remind: Remind::parse(sent.value("remind")),
        owner,
        target: target(sent),
        zone: Some(sent.value("zone").to_owned()).filter(|name| usecase::is_zone(ctx, name)),
        once: once(sent),
    })
}

/// Does what a form of these parts asks for; nothing for another form. Where it leads afterwards stands in `sent.go`, unless the page
/// has settled on another place.
pub async fn take(ctx: &Ctx, reader: &Reader, sent: &mut Sent) -> Option<AppResult<()>> {
    let here = reader.zone.name.as_str();
    let done = match sent.verb() {
        "task_create" => create(ctx, sent, here).await.map(|()| "created"),
        "task_change" => change(ctx, sent, here).await.map(|()| "changed"),
        "task_finish" => finish(ctx, sent, here).await,
        "task_reopen" => with_task(sent, async |id| usecase::reopen(ctx, id).await).await.map(|()| "reopened"),
        "task_delete" => with_task(sent, async |id| usecase::set_deleted(ctx, id, true).await).await.map(|()| "deleted"),
        "task_restore" => with_task(sent, async |id| usecase::set_deleted(ctx, id, false).await).await.map(|()| "restored"),
        verb if said_verbs(verb) => said::take(ctx, sent, here).await,
        _ => return None,
    };
    Some(done.map(|done| {
        sent.done = Some(done);
        if let Some(target) = target(sent) {
            sent.go = Some(format!("{}#{}", path_of(target), if sent.verb().starts_with("task") { "tasks" } else { "said" }));
        }
    }))
}

async fn with_task(sent: &Sent, does: impl AsyncFnOnce(TaskId) -> AppResult<()>) -> AppResult<()> {
    does(task_id(sent)?).await
}

async fn create(ctx: &Ctx, sent: &Sent, here: &str) -> AppResult<()> {
    let mut faults = Faults::default();
    let wanted = faults.take(wanted(ctx, sent))?;
    let about = faults.take(usecase::find_called(ctx, sent.value("about_name")).await)?.flatten();
    faults.check()?;
    let Some(wanted) = wanted else { return Ok(()) };
    let target = wanted.target.or(about);
    usecase::create(ctx, &Wanted { target, ..wanted }, here).await.map(|_| ())
}

async fn change(ctx: &Ctx, sent: &Sent, here: &str) -> AppResult<()> {
    let version = sent.value("version").parse().map_err(|_| AppError::NotFound)?;
    usecase::change(ctx, task_id(sent)?, version, &wanted(ctx, sent)?, here).await
}

async fn finish(ctx: &Ctx, sent: &Sent, here: &str) -> AppResult<&'static str> {
    let next = usecase::finish(ctx, task_id(sent)?, here).await?;
    Ok(if next.is_some() { "done_again" } else { "done" })
}

/// What was done, in words.
pub fn done_text(done: &str, lang: Lang) -> Option<&'static str> {
    Some(match done {
        "created" => s!(lang, tasks.created),
        "changed" => s!(lang, tasks.changed),
        "done" => s!(lang, tasks.done_said),
        "done_again" => s!(lang, tasks.done_again),
        "reopened" => s!(lang, tasks.reopened),
        "deleted" => s!(lang, tasks.deleted),
        "restored" => s!(lang, tasks.restored),
        _ => return None,
    })
}

/// What a task presses, in a word.
pub fn priority_name(priority: Priority, lang: Lang) -> &'static str {
    match priority {
        Priority::Low => s!(lang, tasks.low),
        Priority::Normal => s!(lang, tasks.normal),
        Priority::High => s!(lang, tasks.high),
        Priority::Urgent => s!(lang, tasks.urgent),
    }
}

fn kind_name(kind: TaskKind, lang: Lang) -> &'static str {
    match kind {
        TaskKind::ToDo => s!(lang, tasks.kind_to_do),
        TaskKind::Call => s!(lang, tasks.kind_call),
        TaskKind::Email => s!(lang, tasks.kind_email),
        TaskKind::Meeting => s!(lang, tasks.kind_meeting),
    }
}

fn recurrence_name(recurrence: Recurrence, lang: Lang) -> &'static str {
    match recurrence {
        Recurrence::Daily => s!(lang, tasks.daily),
        Recurrence::Weekdays => s!(lang, tasks.weekdays),
        Recurrence::Weekly => s!(lang, tasks.weekly),
        Recurrence::Monthly => s!(lang, tasks.monthly),
        Recurrence::Yearly => s!(lang, tasks.yearly),
    }
}

fn remind_name(remind: Remind, lang: Lang) -> &'static str {
    match remind {
        Remind::OnTime => s!(lang, tasks.remind_on_time),
        Remind::Quarter => s!(lang, tasks.remind_quarter),
        Remind::Hour => s!(lang, tasks.remind_hour),
        Remind::Day => s!(lang, tasks.remind_day),
    }
}

/// A day as people say it: today, tomorrow, or its date.
fn day_text(reader: &Reader, day: NaiveDate) -> String {
    let lang = reader.lang;
    let today = reader.zone.local(reader.now).date();
    match (day - today).num_days() {
        0 => s!(lang, tasks.today).to_owned(),
        1 => s!(lang, tasks.tomorrow).to_owned(),
        -1 => s!(lang, tasks.yesterday).to_owned(),
        -300..=300 => format::date_weekday(day, lang),
        _ => format::date_long(day, lang),
    }
}

/// An instant as people say it, within a sentence: `mañana, 22:49`.
pub(super) fn moment_text(reader: &Reader, at: DateTime<Utc>) -> String {
    let day = day_text(reader, reader.zone.local(at).date());
    let mut rest = day.chars();
    let day: String = rest.next().into_iter().flat_map(char::to_lowercase).chain(rest).collect();
    format!("{day}, {}", format::clock(at, &reader.zone))
}

/// When a task is due, for the reader: the day, and the time if it has one.
pub fn due_text(task: &Task, reader: &Reader) -> Option<String> {
    let due = task.due?;
    let named = day_text(reader, due.day(&reader.zone));
    Some(match due.at {
        Some(at) => format!("{named}, {}", format::clock(at, &reader.zone)),
        None => named,
    })
}

/// One task of a list: a button to finish it, what it is, when it is due, whose and about what it is. `edit` is where it is changed.
pub fn task_row(ctx: &Ctx, reader: &Reader, task: &Task, origin: &Origin, edit: Option<String>) -> AnyView {
    let lang = reader.lang;
    let writes = ctx.actor.may(Permission::WriteCrm);
    let is_done = task.done_at.is_some();
    let bucket = if is_done { Bucket::Done } else { tasks::bucket(task.due, &reader.zone, reader.now) };
    let (verb, label) = if is_done { ("task_reopen", s!(lang, tasks.reopen)) } else { ("task_finish", s!(lang, tasks.finish)) };
    let tick = if is_done { "task-tick task-tick-done" } else { "task-tick" };
    let button = writes.then(|| {
        view! {
            <form method="post" action=origin.path.clone()>
                {origin.hidden()}
                <input type="hidden" name="id" value=task.id.to_string()/>
                <button class=tick name="do" value=verb title=label aria-label=format!("{label}: {}", task.title)>{icon(Icon::Check)}</button>
            </form>
        }
    });
    let title = match edit.filter(|_| writes) {
        Some(href) => view! { <a class="task-title" href=href data-row="">{task.title.clone()}</a> }.into_any(),
        None => view! { <span class="task-title">{task.title.clone()}</span> }.into_any(),
    };
    let due = due_text(task, reader).map(|text| match bucket {
        // A word beside the colour: colour alone tells nobody everything.
        Bucket::Overdue => {
            view! { <span class="task-due bad">{icon(Icon::Warning)}{format!("{}: {text}", s!(lang, tasks.overdue_one))}</span> }
                .into_any()
        }
        Bucket::Today => view! { <span class="task-due task-now">{text}</span> }.into_any(),
        _ => view! { <span class="task-due">{text}</span> }.into_any(),
    });
    let done = task.done_at.map(|at| view! { <span class="faint">{s!(lang, tasks.done_on)}" "{reader.time(at)}</span> });
    let priority = (task.priority != Priority::Normal && !is_done).then(|| {
        let class = format!("task-mark task-{}", task.priority.as_str());
        view! { <span class=class>{icon(Icon::Flag)}{priority_name(task.priority, lang)}</span> }
    });
    let recurrence =
        task.recurrence.map(|it| view! { <span class="faint task-mark">{icon(Icon::Refresh)}{recurrence_name(it, lang)}</span> });
    let kind = (task.kind != TaskKind::ToDo).then(|| view! { <span class="faint">{kind_name(task.kind, lang)}</span> });
    let about = task.target.as_ref().filter(|(target, _)| origin.path != path_of(*target)).and_then(|(target, name)| {
        let name = name.clone()?;
        Some(view! { <a class="link" href=path_of(*target)>{name}</a> })
    });
    let owner = match &task.owner {
        None => Some(s!(lang, tasks.nobodys).to_owned()),
        Some((id, _)) if Some(*id) == ctx.actor.user() => None,
        Some((_, name)) => Some(name.clone()),
    };
    view! {
        <li class=if is_done { "task task-done" } else { "task" }>
            {button}
            <div class="task-body">
                <p>{title}</p>
                <p class="task-facts">
                    {due} {done} {priority} {kind} {recurrence} {about} {owner.map(|name| view! { <span class="faint">{name}</span> })}
                </p>
            </div>
        </li>
    }
    .into_any()
}

/// A line to add a task by: what, and by when.
pub fn quick_add(reader: &Reader, origin: &Origin, due_on: Option<NaiveDate>) -> AnyView {
    let lang = reader.lang;
    let empty = Sent::default();
    let sent = if reader.sent.verb() == "task_create" { &reader.sent } else { &empty };
    let begin = due_on.map(|day| day.to_string()).unwrap_or_default();
    let faults: Vec<_> =
        ["title", "due_on", "owner"].into_iter().filter_map(|name| sent.fault(name)).map(|code| fault_text(code, lang)).collect();
    let fault = (!faults.is_empty()).then(|| faults.join(" "));
    let invalid = |name: &str| sent.fault(name).map(|_| "true");
    view! {
        <form class="task-add" method="post" action=origin.path.clone()>
            {origin.hidden()}
            <input type="hidden" name="do" value="task_create"/>
            {once_field()}
            <input type="hidden" name="owner" value="me"/>
            <input class="input task-add-title" type="text" name="title" maxlength=usecase::MAX_TITLE.to_string() required=true autocomplete="off" value=sent.again("title", "").to_owned() placeholder=s!(lang, tasks.add_what) aria-label=s!(lang, tasks.what) aria-invalid=invalid("title")/>
            <input class="input task-add-day" type="date" name="due_on" value=sent.again("due_on", &begin).to_owned() aria-label=s!(lang, tasks.due) aria-invalid=invalid("due_on")/>
            <button class="button button-primary">{icon(Icon::Plus)}{s!(lang, tasks.add)}</button>
            {fault.map(|text| view! { <p class="field-fault">{icon(Icon::Warning)}{text}</p> })}
        </form>
    }
    .into_any()
}

/// Choices, each a value and its label.
fn choices<T: Copy>(
    all: &[T],
    value: impl Fn(T) -> &'static str,
    label: impl Fn(T) -> &'static str,
) -> Vec<(String, String, Option<String>)> {
    all.iter().map(|it| (value(*it).to_owned(), label(*it).to_owned(), None)).collect()
}

/// What a new task is most likely about: what each is found by, and its name.
pub type Latest<'a> = &'a [(String, String)];

/// The whole form of a task, to make one or to change it. `zone_name` is the zone by whose clock its times are shown and read; `begin` is what it starts with; `latest` is what a new one
/// is most likely about.
pub fn task_form(
    reader: &Reader,
    origin: &Origin,
    task: Option<&Task>,
    begin: &Wanted,
    (owners, zone_name, latest): (&[(Uuid, String)], &str, Latest<'_>),
    close: String,
) -> AnyView {
    let lang = reader.lang;
    let verb = if task.is_some() { "task_change" } else { "task_create" };
    // What somebody has typed stays, also where another was faster: the notice tells how it stands.
    let is_conflict = matches!(reader.sent.error(), Some(AppError::Conflict { .. })) && reader.sent.verb() == verb;
    let start = |name: &str, stored: String| if is_conflict { reader.sent.value(name).to_owned() } else { stored };
    let none = (String::new(), s!(lang, tasks.none).to_owned(), None);
    let text = |name: &'static str, label: &'static str, kind: &'static str, value: String, required: bool, help: Option<&str>| {
        field(reader, verb, &Field { kind, begin: &start(name, value), required, help, ..Field::text(name, label) })
    };
    let notes = match reader.sent.error() {
        Some(_) if reader.sent.verb() == verb => reader.sent.value("notes").to_owned(),
        _ => begin.notes.clone(),
    };
    let notes_fault = (reader.sent.verb() == verb).then(|| reader.sent.fault("notes")).flatten().map(|code| fault_text(code, lang));
    let people: Vec<_> = [(String::new(), s!(lang, tasks.nobody).to_owned(), None)]
        .into_iter()
        .chain(owners.iter().map(|(id, name)| (id.to_string(), name.clone(), None)))
        .collect();
    let with_none = |list: Vec<(String, String, Option<String>)>| [none.clone()].into_iter().chain(list).collect::<Vec<_>>();
    let due = begin.due_on.map(|day| day.to_string()).unwrap_or_default();
    let time = begin.time.map(|time| time.format("%H:%M").to_string()).unwrap_or_default();
    let word = |it: Option<&'static str>| it.unwrap_or_default().to_owned();
    let clock = crate::ui::i18n::fill(s!(lang, tasks.clock_of), &[&zone_name.replace('_', " ")]);
    let kept = task.map(|task| {
        view! {
            <input type="hidden" name="id" value=task.id.to_string()/>
            <input type="hidden" name="version" value=reader.sent.version(task.version)/>
        }
    });
    let remove = task.map(|_| view! { <button class="button button-bad" name="do" value="task_delete" formnovalidate=true>{s!(lang, tasks.delete)}</button> });
    view! {
        <form class="form form-wide task-form" method="post" action=origin.path.clone()>
            {origin.hidden()}
            {kept}
            {task.is_none().then(|| view! { {once_field()} <input type="hidden" name="full" value="1"/> })}
            <input type="hidden" name="zone" value=zone_name.to_owned()/>
            {text("title", s!(lang, tasks.what), "text", begin.title.clone(), true, None)}
            {select(reader, verb, "owner", s!(lang, tasks.owner), &start("owner", begin.owner.map(|id| id.to_string()).unwrap_or_default()), people)}
            {text("due_on", s!(lang, tasks.due), "date", due, false, None)}
            {text("time", s!(lang, tasks.time), "time", time, false, Some(&clock))}
            {select(reader, verb, "priority", s!(lang, tasks.priority), &start("priority", begin.priority.as_str().to_owned()), choices(&Priority::ALL, Priority::as_str, |it| priority_name(it, lang)))}
            {select(reader, verb, "kind", s!(lang, tasks.kind), &start("kind", begin.kind.as_str().to_owned()), choices(&TaskKind::ALL, TaskKind::as_str, |it| kind_name(it, lang)))}
            {select(reader, verb, "recurrence", s!(lang, tasks.recurrence), &start("recurrence", word(begin.recurrence.map(Recurrence::as_str))), with_none(choices(&Recurrence::ALL, Recurrence::as_str, |it| recurrence_name(it, lang))))}
            {select(reader, verb, "remind", s!(lang, tasks.remind), &start("remind", word(begin.remind.map(Remind::as_str))), with_none(choices(&Remind::ALL, Remind::as_str, |it| remind_name(it, lang))))}
            {(task.is_none() && begin.target.is_none()).then(|| about_field(reader, verb, latest))}
            <div class="field task-notes">
                <label for="task-notes">{s!(lang, tasks.notes)}</label>
                <textarea id="task-notes" class="input" name="notes" rows="4" aria-invalid=notes_fault.map(|_| "true") inner_html=in_textarea(&notes)></textarea>
                {notes_fault.map(|text| view! { <p class="field-fault">{icon(Icon::Warning)}{text}</p> })}
            </div>
            <div class="form-actions">
                <button class="button button-primary" name="do" value=verb>{s!(lang, tasks.save)}</button>
                <a class="button" href=close>{s!(lang, tasks.cancel)}</a>
                {remove}
            </div>
        </form>
    }
    .into_any()
}

/// The field for what a new task is about: a name or an e-mail address.
fn about_field(reader: &Reader, verb: &str, latest: Latest<'_>) -> AnyView {
    let lang = reader.lang;
    let empty = Sent::default();
    let sent = if reader.sent.verb() == verb { &reader.sent } else { &empty };
    let fault = sent.fault("about_name").map(|code| fault_text(code, lang));
    let option = |(by, name): &(String, String)| view! { <option value=by.clone()>{name.clone()}</option> };
    view! {
        <div class="field">
            <label for="task-about">{s!(lang, tasks.about)}</label>
            <input id="task-about" class="input" type="text" name="about_name" maxlength="200" autocomplete="off" list="task-abouts" value=sent.again("about_name", "").to_owned() aria-invalid=fault.map(|_| "true") aria-describedby="task-about-help"/>
            <datalist id="task-abouts">{latest.iter().map(option).collect_view()}</datalist>
            {fault.map(|text| view! { <p class="field-fault">{icon(Icon::Warning)}{text}</p> })}
            <p class="field-help" id="task-about-help">{s!(lang, tasks.about_help)}</p>
        </div>
    }
    .into_any()
}

/// The tasks about a contact, a company or a lead, with a line to add one: a section for its page.
///
/// # Errors
/// Those of the use-case.
pub async fn tasks_of(ctx: &Ctx, reader: &Reader, target: Target) -> AppResult<AnyView> {
    let lang = reader.lang;
    let origin = Origin::of(target);
    let found = usecase::list_of(ctx, target).await?;
    let writes = ctx.actor.may(Permission::WriteCrm);
    let none = found.is_empty();
    let edit = |task: &Task| Some(format!("/tasks?view=all&edit={}", task.id));
    let view = view! {
        <section class="tasks-of" id="tasks" aria-labelledby="tasks-of">
            <h3 id="tasks-of">{s!(lang, tasks.title)}</h3>
            {writes.then(|| quick_add(reader, &origin, None))}
            <ul class="task-list">{found.iter().map(|task| task_row(ctx, reader, task, &origin, edit(task))).collect_view()}</ul>
            {none.then(|| view! { <p class="faint">{s!(lang, tasks.none_here)}</p> })}
        </section>
    };
    Ok(view.into_any())
}
