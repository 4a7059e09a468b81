//! The tasks: today's, those that are overdue, this week's, all, and what is done; as a list or as a month.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use leptos::prelude::*;
use uuid::Uuid;

use super::{
    calendar,
    parts::{self, Origin, done_text, quick_add, task_form, task_row},
};
use crate::{
    domain::{AppError, AppResult, crm::TaskId, format::Lang, people::Permission, tasks::Target},
    features::tasks::{
        feed,
        usecase::{self, OpenPlace, Owners, Part, Task, Wanted},
    },
    pages::written::{
        form::Sent,
        parts::{Reader, notice, problem, shown_once},
        render::Place,
        tables::pager,
    },
    platform::ctx::Ctx,
    ui::{
        href,
        i18n::s,
        icon::{Icon, icon},
    },
};

/// Where the page stands.
pub(super) const HERE: &str = "/tasks";

/// What of the tasks is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    Part(Part),
    Done,
    Calendar,
}

impl View {
    const ALL: [Self; 6] = [
        Self::Part(Part::Today),
        Self::Part(Part::Overdue),
        Self::Part(Part::Week),
        Self::Part(Part::All),
        Self::Done,
        Self::Calendar,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Part(Part::Today) => "today",
            Self::Part(Part::Overdue) => "overdue",
            Self::Part(Part::Week) => "week",
            Self::Part(Part::All) => "all",
            Self::Done => "done",
            Self::Calendar => "calendar",
        }
    }

    fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::Part(Part::Today) => s!(lang, tasks.tab_today),
            Self::Part(Part::Overdue) => s!(lang, tasks.tab_overdue),
            Self::Part(Part::Week) => s!(lang, tasks.tab_week),
            Self::Part(Part::All) => s!(lang, tasks.tab_all),
            Self::Done => s!(lang, tasks.tab_done),
            Self::Calendar => s!(lang, tasks.tab_calendar),
        }
    }
}

/// Where on the page somebody is: which view, whose tasks, which month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    view: View,
    /// `me`, `all`, `nobody`, or an id.
    owner: String,
    month: String,
}

impl Spot {
    fn read<'a>(get: impl Fn(&str) -> &'a str) -> Self {
        let view = View::ALL.into_iter().find(|view| view.as_str() == get("view")).unwrap_or(View::Part(Part::Today));
        let owner = match get("whose") {
            word @ ("all" | "nobody") => word.to_owned(),
            id if id.parse::<Uuid>().is_ok() => id.to_owned(),
            _ => "me".to_owned(),
        };
        Self { view, owner, month: get("month").to_owned() }
    }

    fn owners(&self, ctx: &Ctx) -> Owners {
        match self.owner.as_str() {
            "all" => Owners::All,
            "nobody" => Owners::Nobodys,
            "me" => ctx.actor.user().map_or(Owners::All, |id| Owners::One(id.0)),
            id => id.parse().map_or(Owners::All, Owners::One),
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("view", self.view.as_str().to_owned())];
        if self.owner != "me" {
            fields.push(("whose", self.owner.clone()));
        }
        if !self.month.is_empty() {
            fields.push(("month", self.month.clone()));
        }
        fields
    }

    /// The address of this spot, with more in its query.
    pub(super) fn href(&self, more: &[(&'static str, String)]) -> String {
        let mut fields = self.fields();
        fields.extend_from_slice(more);
        href::with_query(HERE, &fields)
    }

    /// The address of this spot in another month.
    pub(super) fn in_month(&self, month: NaiveDate) -> String {
        Self { month: month.format("%Y-%m").to_string(), ..self.clone() }.href(&[])
    }

    /// The first day of the month that it shows.
    pub(super) fn month(&self, today: NaiveDate) -> NaiveDate {
        let chosen = format!("{}-01", self.month).parse::<NaiveDate>().ok();
        let chosen = chosen.filter(|month| (2000..=2199).contains(&chrono::Datelike::year(month)));
        crate::domain::time::month_start(chosen.unwrap_or(today))
    }
}

/// Does what a form of the page asks for.
pub async fn take(ctx: &Ctx, reader: &Reader, sent: &mut Sent) -> AppResult<()> {
    match sent.verb() {
        "feed_renew" => {
            sent.shown = Some(feed::renew(ctx).await?.expose().to_owned());
            sent.done = Some("feed_renewed");
            return Ok(());
        }
        "feed_end" => {
            feed::end(ctx).await?;
            sent.done = Some("feed_ended");
            return Ok(());
        }
        _ => {}
    }
    parts::take(ctx, reader, sent).await.unwrap_or(Err(AppError::NotFound))?;
    let spot = Spot::read(|name| sent.value(name));
    // From the page of somebody, the way leads back there.
    if sent.go.is_none() {
        let mut more = vec![("did", sent.done.unwrap_or_default().to_owned())];
        if !sent.value("id").is_empty() {
            more.push(("task", sent.value("id").to_owned()));
        }
        sent.go = Some(spot.href(&more));
    }
    Ok(())
}

fn open_place(after: &str) -> Option<OpenPlace> {
    let mut steps = after.split('~');
    let (day, at, id) = (steps.next()?, steps.next()?, steps.next()?);
    let day =
        if day.is_empty() { None } else { Some(day.parse::<NaiveDate>().ok().filter(|day| (1..=9999).contains(&day.year()))?) };
    let at = if at.is_empty() { None } else { Some(parts::instant_of(at)?) };
    Some((day, at, id.parse().ok()?))
}

fn open_word((day, at, id): OpenPlace) -> String {
    let day = day.map(|day| day.to_string()).unwrap_or_default();
    let at = at.map(|at| at.timestamp_micros().to_string()).unwrap_or_default();
    format!("{day}~{at}~{id}")
}

fn done_place(after: &str) -> Option<(DateTime<Utc>, Uuid)> {
    let (at, id) = after.split_once('~')?;
    Some((parts::instant_of(at)?, id.parse().ok()?))
}

/// Writes the page.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let answers = !reader.sent.verb().is_empty();
    let spot = if answers { Spot::read(|name| reader.sent.value(name)) } else { Spot::read(|name| place.get(name)) };
    let owners = usecase::owners(ctx).await?;
    let after = place.get("after");
    let today = reader.zone.local(reader.now).date();
    let origin = Origin { path: HERE.to_owned(), fields: spot.fields() };
    let (body, next) = match spot.view {
        View::Calendar => (calendar::month(ctx, reader, &spot, spot.owners(ctx)).await?, None),
        View::Done => {
            let (tasks, more) = usecase::list_done(ctx, spot.owners(ctx), done_place(after)).await?;
            let last = tasks.last().filter(|_| more).and_then(|task| Some((task.done_at?, task.id)));
            let next = last.map(|(at, id)| format!("{}~{id}", at.timestamp_micros()));
            (list(ctx, reader, &tasks, &spot, &origin), next)
        }
        View::Part(part) => {
            let (tasks, more) = usecase::list(ctx, part, spot.owners(ctx), &reader.zone, open_place(after)).await?;
            let next = tasks.last().filter(|_| more).map(|task| open_word(task.open_place()));
            (list(ctx, reader, &tasks, &spot, &origin), next)
        }
    };
    let next = next.map(|after| spot.href(&[("after", after)]));
    let editor = editor(ctx, reader, place, (&spot, &origin), &owners).await?;
    let writes = ctx.actor.may(Permission::WriteCrm);
    let begin = (spot.view == View::Part(Part::Today)).then_some(today);
    let adds = writes && editor.is_none() && !matches!(spot.view, View::Done | View::Calendar);
    let actions = view! {
        <span class="desk-bar-end">
            <a class="button" href="/tasks/templates">{s!(lang, tasks.templates)}</a>
            {writes
                .then(|| {
                    let new = spot.href(&[("new", "1".into())]);
                    view! { <a class="button button-primary" href=new data-key="c">{icon(Icon::Plus)}{s!(lang, tasks.new)}</a> }
                })}
        </span>
    };
    let first: &'static str = HERE;
    let view = view! {
        <div class="office-main tasks-page">
            <div class="desk-bar">{owner_filter(&spot, &owners, lang)}{actions}</div>
            {tabs(&spot, lang)}
            {problem(reader)}
            {said(reader, place, &spot, &origin)}
            {editor}
            {adds.then(|| quick_add(reader, &origin, begin))}
            {body}
            {pager(after.is_empty(), (first, s!(lang, people.first)), (next, s!(lang, people.next)))}
            {(spot.view == View::Calendar).then_some(subscribe(ctx, reader).await?)}
        </div>
    };
    Ok(view.into_any())
}

fn list(ctx: &Ctx, reader: &Reader, tasks: &[Task], spot: &Spot, origin: &Origin) -> AnyView {
    let lang = reader.lang;
    if tasks.is_empty() {
        let text = match spot.view {
            View::Part(Part::Today) => s!(lang, tasks.none_today),
            View::Part(Part::Overdue) => s!(lang, tasks.none_overdue),
            View::Done => s!(lang, tasks.none_done),
            _ => s!(lang, tasks.none_here),
        };
        return view! { <p class="office-none">{text}</p> }.into_any();
    }
    let rows = tasks.iter().map(|task| task_row(ctx, reader, task, origin, Some(spot.href(&[("edit", task.id.to_string())]))));
    view! { <ul class="task-list">{rows.collect_view()}</ul> }.into_any()
}

fn tabs(spot: &Spot, lang: Lang) -> AnyView {
    let tab = |view: View| {
        let href = Spot { view, month: String::new(), ..spot.clone() }.href(&[]);
        let current = (view == spot.view).then_some("page");
        view! { <a class="task-tab" href=href aria-current=current>{view.name(lang)}</a> }
    };
    view! { <nav class="task-tabs" aria-label=s!(lang, tasks.title)>{View::ALL.map(tab).into_iter().collect_view()}</nav> }
        .into_any()
}

fn owner_filter(spot: &Spot, owners: &[(Uuid, String)], lang: Lang) -> AnyView {
    let fixed = [("me", s!(lang, tasks.mine)), ("all", s!(lang, tasks.everybodys)), ("nobody", s!(lang, tasks.nobodys))];
    let fixed = fixed.map(|(value, label)| (value.to_owned(), label.to_owned()));
    let all = fixed.into_iter().chain(owners.iter().map(|(id, name)| (id.to_string(), name.clone())));
    let option = |(value, label): (String, String)| {
        let selected = value == spot.owner;
        view! { <option value=value selected=selected>{label}</option> }
    };
    let kept = spot.fields().into_iter().filter(|(name, _)| *name != "whose");
    view! {
        <form class="task-owner" method="get" action=HERE>
            {kept.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()}
            <select class="input" name="whose" aria-label=s!(lang, tasks.whose)>{all.map(option).collect_view()}</select>
            <button class="button">{s!(lang, tasks.show)}</button>
        </form>
    }
    .into_any()
}

/// What came of the form before, with the way to take it back.
fn said(reader: &Reader, place: &Place<'_>, spot: &Spot, origin: &Origin) -> Option<AnyView> {
    let lang = reader.lang;
    if reader.sent.done == Some("feed_ended") {
        return Some(notice("notice-ok", Icon::Check, "status", s!(lang, tasks.feed_ended)));
    }
    let did = place.get("did");
    let text = done_text(did, lang)?;
    let undo = match did {
        "done" | "done_again" => Some("task_reopen"),
        "deleted" => Some("task_restore"),
        _ => None,
    };
    let id = place.get("task").parse::<Uuid>().ok().map(TaskId);
    let undo = undo.zip(id).map(|(verb, id)| {
        view! {
            <form method="post" action=HERE>
                {origin.hidden()}
                <input type="hidden" name="id" value=id.to_string()/>
                <button class="button" name="do" value=verb>{s!(lang, tasks.undo)}</button>
            </form>
        }
    });
    let close = spot.href(&[]);
    Some(
        view! {
            <div class="notice notice-ok" role="status">
                {icon(Icon::Check)}<p>{text}</p>{undo}
                <a class="icon-button" href=close aria-label=s!(lang, tasks.close)>{icon(Icon::Close)}</a>
            </div>
        }
        .into_any(),
    )
}

/// The form of a task that is made or changed, where one is open.
async fn editor(
    ctx: &Ctx,
    reader: &Reader,
    place: &Place<'_>,
    (spot, origin): (&Spot, &Origin),
    owners: &[(Uuid, String)],
) -> AppResult<Option<AnyView>> {
    if !ctx.actor.may(Permission::WriteCrm) {
        return Ok(None);
    }
    let here = reader.zone.name.as_str();
    let refused = reader.sent.error().is_some();
    let id = if refused && reader.sent.verb() == "task_change" { reader.sent.value("id") } else { place.get("edit") };
    if let Ok(id) = id.parse::<Uuid>() {
        let task = match usecase::find(ctx, TaskId(id)).await {
            Ok(task) if task.deleted_at.is_none() => task,
            // An old link: the list stands there without it.
            Ok(_) | Err(AppError::NotFound) => {
                return Ok(Some(notice("notice-bad", Icon::Warning, "alert", s!(reader.lang, problem.not_found))));
            }
            Err(error) => return Err(error),
        };
        // What was typed once was read by the clock that was shown then.
        let zone_name = match Some(reader.sent.value("zone")).filter(|name| refused && usecase::is_zone(ctx, name)) {
            Some(name) => name.to_owned(),
            None => usecase::zone_of(ctx, task.owner.as_ref().map(|(id, _)| *id), here).await?,
        };
        let begin = Wanted::of(&task, &zone_name);
        let form = task_form(reader, origin, Some(&task), &begin, (owners, &zone_name, &[]), spot.href(&[]));
        let conflict = conflict(ctx, reader, &task, &begin, owners);
        return Ok(Some(view! { {conflict} {form} }.into_any()));
    }
    let about = Target::parse(place.get("about"), place.get("about_id"));
    let again = refused && reader.sent.verb() == "task_create" && reader.sent.value("full") == "1";
    if place.get("new").is_empty() && about.is_none() && !again {
        return Ok(None);
    }
    let begin = Wanted { owner: ctx.actor.user(), target: about, ..Wanted::default() };
    let latest = if about.is_none() { usecase::latest(ctx).await? } else { Vec::new() };
    let origin = match about {
        Some(about) => Origin { path: HERE.to_owned(), fields: Origin::of(about).fields },
        None => origin.clone(),
    };
    Ok(Some(task_form(reader, &origin, None, &begin, (owners, here, &latest), spot.href(&[]))))
}

/// What somebody else has made of the fields that are wanted otherwise.
fn conflict(ctx: &Ctx, reader: &Reader, task: &Task, stands: &Wanted, owners: &[(Uuid, String)]) -> Option<AnyView> {
    let lang = reader.lang;
    if !matches!(reader.sent.error(), Some(AppError::Conflict { .. })) {
        return None;
    }
    let wanted = parts::wanted(ctx, &reader.sent).ok()?;
    let owner = |wanted: &Wanted| {
        let name = wanted.owner.and_then(|id| owners.iter().find(|(other, _)| *other == id.0)).map(|(_, name)| name.clone());
        name.unwrap_or_else(|| s!(lang, tasks.nobody).to_owned())
    };
    let row = |name: &'static str| {
        let (label, value) = match name {
            "title" => (s!(lang, tasks.what), stands.title.clone()),
            "notes" => (s!(lang, tasks.notes), stands.notes.clone()),
            "kind" => (s!(lang, tasks.kind), stands.kind.as_str().to_owned()),
            "priority" => (s!(lang, tasks.priority), parts::priority_name(stands.priority, lang).to_owned()),
            "due_on" => (s!(lang, tasks.due), stands.due_on.map(|day| day.to_string()).unwrap_or_default()),
            "time" => (s!(lang, tasks.time), stands.time.map(|time| time.format("%H:%M").to_string()).unwrap_or_default()),
            "recurrence" => (s!(lang, tasks.recurrence), stands.recurrence.map(|it| it.as_str().to_owned()).unwrap_or_default()),
            "remind" => (s!(lang, tasks.remind), stands.remind.map(|it| it.as_str().to_owned()).unwrap_or_default()),
            _ => (s!(lang, tasks.owner), owner(stands)),
        };
        let value = if value.is_empty() { s!(lang, tasks.none).to_owned() } else { value };
        view! { <div><dt>{label}</dt><dd>{value}</dd></div> }
    };
    let rows = wanted.differing(stands).into_iter().map(row).collect_view();
    Some(
        view! {
            <div class="notice notice-bad task-conflict" role="alert">
                {icon(Icon::Warning)}
                <div>
                    <p>{s!(lang, tasks.conflict)}" "{reader.time(task.updated_at)}</p>
                    <dl>{rows}</dl>
                </div>
            </div>
        }
        .into_any(),
    )
}

/// How a calendar program gets the tasks.
async fn subscribe(ctx: &Ctx, reader: &Reader) -> AppResult<AnyView> {
    let lang = reader.lang;
    let made = feed::made_at(ctx).await?;
    let shown = reader.sent.shown.as_deref().map(|address| {
        view! {
            {notice("notice-ok", Icon::Check, "status", s!(lang, tasks.feed_shown))}
            {shown_once(s!(lang, tasks.feed_address), address)}
        }
    });
    let open = reader.sent.shown.is_some();
    let (make, text) = match made {
        Some(at) => {
            (s!(lang, tasks.feed_renew), Some(view! { <p class="faint">{s!(lang, tasks.feed_made)}" "{reader.time(at)}</p> }))
        }
        None => (s!(lang, tasks.feed_make), None),
    };
    let spot = [("view", "calendar")].map(|(name, value)| view! { <input type="hidden" name=name value=value/> });
    let view = view! {
        <details class="task-feed" open=open>
            <summary>{s!(lang, tasks.feed)}</summary>
            <p class="office-help">{s!(lang, tasks.feed_help)}</p>
            {text}
            {shown}
            <form class="form-actions" method="post" action=HERE>
                {spot.into_iter().collect_view()}
                <button class="button" name="do" value="feed_renew">{make}</button>
                {made.map(|_| view! { <button class="button button-bad" name="do" value="feed_end">{s!(lang, tasks.feed_end)}</button> })}
            </form>
        </details>
    };
    Ok(view.into_any())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_are_written() {
        let id = Uuid::nil();
        let at = DateTime::from_timestamp_micros(1_795_181_437_000_001).unwrap();
        for place in
            [(None, None, id), (Some("2026-11-20".parse().unwrap()), None, id), (Some("2026-11-20".parse().unwrap()), Some(at), id)]
        {
            assert_eq!(open_place(&open_word(place)), Some(place));
        }
        for bad in [
            "",
            "~",
            "x~~",
            "2026-13-01~~00000000-0000-0000-0000-000000000000",
            "-262143-01-01~~00000000-0000-0000-0000-000000000000",
            "~-8000000000000000000~00000000-0000-0000-0000-000000000000",
            "-8000000000000000000~00000000-0000-0000-0000-000000000000",
        ] {
            assert_eq!((open_place(bad), done_place(bad)), (None, None), "{bad}");
        }
    }

    #[test]
    fn a_spot_is_kept_in_its_address() {
        let pairs = [("view", "calendar"), ("whose", "all"), ("month", "2026-02")];
        let get = |name: &str| pairs.iter().find(|(n, _)| *n == name).map_or("", |(_, value)| *value);
        let spot = Spot::read(get);
        assert_eq!(spot.href(&[]), "/tasks?view=calendar&whose=all&month=2026-02");
        let today = "2026-11-20".parse().unwrap();
        assert_eq!(spot.month(today).to_string(), "2026-02-01");
        assert_eq!(Spot::read(|_| "%%").href(&[]), "/tasks?view=today&month=%25%25");
        assert_eq!(Spot::read(|_| "").month(today).to_string(), "2026-11-01");
    }
}
