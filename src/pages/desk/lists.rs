//! What the lists of the desk have in common: search, filters, order, columns, saved views, and changing many at once. All of it
//! stands in the list's address.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::{bar, record::custom_value, words};
use crate::{
    domain::{
        AppError, AppResult,
        contact::{
            custom::{CustomField, FieldKind},
            query::{Condition, Field, Fields, ListQuery},
        },
        crm::Lifecycle,
        format::{self, Lang},
        people::{Permission, UserId},
    },
    features::contacts::{
        bulk::{self, Change, Which},
        list::{self, Kind},
        record, views,
    },
    pages::written::{
        form::Sent,
        parts::{Reader, fault_text, notice, problem},
        render::Place,
    },
    platform::ctx::Ctx,
    ui::{
        href,
        i18n::{fill, plural, s},
        icon::{Icon, icon},
    },
};

/// A list that there is.
#[derive(Debug)]
pub struct Catalog {
    /// What it is of.
    pub kind: Kind,
    /// Its address, without a query.
    pub path: &'static str,
    /// What its saved views are of.
    pub entity: &'static str,
    /// What can be asked about.
    pub fields: Fields,
    /// The columns, by name, that there are beside the name.
    pub columns: &'static [&'static str],
    /// Those that are shown until somebody chooses.
    pub begin: &'static [&'static str],
}

/// A list as it stands at an address.
pub struct List {
    /// Which.
    pub of: &'static Catalog,
    /// The fields that admins have added.
    pub custom: Vec<CustomField>,
    /// Who can own a record.
    pub owners: Vec<(UserId, String)>,
    /// What it shows.
    pub query: ListQuery,
    /// The columns that it shows.
    pub shown: Vec<String>,
    /// How many conditions of the address mean nothing.
    pub unread: usize,
    /// The record that lies open beside it.
    pub open: Option<Uuid>,
    /// The field that a filter is being made of.
    pub pick: Option<String>,
}

impl List {
    /// The list of an address; of a refused form, the one that it was sent from.
    pub fn new(
        reader: &Reader,
        place: &Place<'_>,
        of: &'static Catalog,
        custom: Vec<CustomField>,
        owners: Vec<(UserId, String)>,
    ) -> Self {
        let mut pairs = place.query().to_vec();
        if !reader.sent.verb().is_empty() {
            pairs = serde_urlencoded::from_str(reader.sent.value("query")).unwrap_or_default();
        }
        added(&mut pairs, &custom, &owners);
        let asked = pairs.iter().filter(|(name, _)| name == "if").count();
        let query = ListQuery::parse(of.fields, &pairs);
        let get = |name: &str| pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
        let known = |name: &str| of.columns.contains(&name) || custom.iter().any(|field| field.name() == name);
        let shown = match get("cols") {
            Some(text) => {
                let mut shown: Vec<String> = Vec::new();
                for name in text.split(',').filter(|name| known(name)) {
                    if !shown.iter().any(|it| it == name) {
                        shown.push(name.to_owned());
                    }
                }
                shown
            }
            None => of.begin.iter().map(|name| (*name).to_owned()).collect(),
        };
        let unread = asked.saturating_sub(query.conditions.len());
        let open = get("open").and_then(|id| id.parse().ok());
        let asked_about =
            |name: &str| of.fields.iter().any(|(word, _)| *word == name) || custom.iter().any(|field| field.name() == name);
        let pick = get("pick").filter(|name| asked_about(name)).map(str::to_owned);
        Self { of, custom, owners, query, shown, unread, open, pick }
    }

    /// The query of the address, but for the page.
    pub(super) fn words(&self) -> Vec<(&'static str, String)> {
        let mut words = self.query.to_query();
        if self.shown != self.of.begin {
            words.push(("cols", self.shown.join(",")));
        }
        words
    }

    pub(super) fn href(&self, words: &[(&'static str, String)]) -> String {
        href::with_query(self.of.path, words)
    }

    /// The list with other conditions, order or page.
    pub(super) fn with(&self, change: impl FnOnce(&mut ListQuery)) -> String {
        let mut query = ListQuery { after: None, ..self.query.clone() };
        change(&mut query);
        let mut words = query.to_query();
        if self.shown != self.of.begin {
            words.push(("cols", self.shown.join(",")));
        }
        if let Some((key, id)) = &query.after {
            words.push(("after", format!("{key}~{id}")));
        }
        self.href(&words)
    }

    /// The list with a record open beside it; none: without.
    pub fn opening(&self, id: Option<Uuid>) -> String {
        let mut words = self.words();
        if let Some((key, id)) = &self.query.after {
            words.push(("after", format!("{key}~{id}")));
        }
        words.extend(id.map(|id| ("open", id.to_string())));
        self.href(&words)
    }

    /// A column's head.
    pub fn column(&self, name: &str, lang: Lang) -> String {
        match self.custom.iter().find(|field| field.name() == name) {
            Some(field) => field.label.clone(),
            None => words::field(name, lang).to_owned(),
        }
    }

    pub(super) fn hidden(&self, without: &[&str]) -> Vec<AnyView> {
        let words = self.words();
        let kept = words.into_iter().filter(|(name, _)| !without.contains(name));
        kept.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }.into_any()).collect()
    }
}

/// A condition that a form has put together joins those of the address.
fn added(pairs: &mut Vec<(String, String)>, custom: &[CustomField], owners: &[(UserId, String)]) {
    let get = |name: &str| pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.trim().to_owned()).unwrap_or_default();
    let (field, op, value, group) = (get("field"), get("op"), get("value"), get("group"));
    pairs.retain(|(name, _)| !matches!(name.as_str(), "field" | "op" | "value" | "group"));
    if field.is_empty() {
        return;
    }
    let fold = |text: &str| text.to_lowercase();
    // People write names and words; addresses hold ids and keys.
    let value = match field.as_str() {
        "owner" => {
            let by_name = owners.iter().find(|(_, name)| fold(name) == fold(&value)).map(|(id, _)| id.to_string());
            by_name.unwrap_or(value)
        }
        "lifecycle" => {
            let named = |it: &Lifecycle| [Lang::Es, Lang::En].iter().any(|lang| fold(words::lifecycle(*it, *lang)) == fold(&value));
            Lifecycle::ALL.into_iter().find(named).map_or(value, |it| it.as_str().to_owned())
        }
        name => match custom.iter().find(|field| field.name() == name) {
            Some(field) => match field.parse(&value) {
                Ok(stored) if field.kind == FieldKind::Money => stored.to_string(),
                _ => value,
            },
            None => value,
        },
    };
    pairs.push(("if".to_owned(), format!("{group}~{field}~{op}~{value}")));
}

/// What a list shows of itself: its lines and what there is to say of them.
pub struct Drawn {
    /// The lines; none for an empty list.
    pub rows: Vec<AnyView>,
    /// How many lines there are.
    pub total: i64,
    /// Whether they are only near to what was searched for.
    pub near: bool,
    /// Where the next page begins.
    pub next: Option<(String, Uuid)>,
    /// What stands in place of no lines.
    pub empty: AnyView,
    /// What else can be done with the list.
    pub more: AnyView,
    /// What lies open beside it.
    pub panel: Option<AnyView>,
}

/// Writes a list; `new` is the address and the name of what adds a record.
///
/// # Errors
/// When the database is away.
pub async fn page(
    ctx: &Ctx,
    reader: &Reader,
    place: &Place<'_>,
    list: &List,
    new: (&'static str, &'static str),
    drawn: Drawn,
) -> AppResult<AnyView> {
    let saved = views::list(ctx, list.of.entity).await?;
    let body = if drawn.rows.is_empty() {
        drawn.empty
    } else {
        let tags = record::tags(ctx).await?;
        table(ctx, reader, list, drawn.rows.into_any(), drawn.total, &tags)
    };
    let has_panel = drawn.panel.is_some();
    let view = view! {
        <div class=if has_panel { "desk-page desk-page-open" } else { "desk-page" }>
            <div class="desk-list">
                {bar::bar(ctx, reader, list, &saved, new, drawn.more)}
                <div data-results="">
                    {problem(reader)}
                    {chosen_problem(reader)}
                    {said(reader, place, list)}
                    {about(reader, list, drawn.total, drawn.near)}
                    {body}
                    {pager(reader, list, drawn.next)}
                </div>
            </div>
            {drawn.panel}
        </div>
    };
    Ok(view.into_any())
}

/// What is wrong with a choice of lines.
fn chosen_problem(reader: &Reader) -> Option<AnyView> {
    let code = ["ids", "tag", "owner", "what", "lifecycle"].iter().find_map(|name| reader.sent.fault(name))?;
    Some(notice("notice-bad", Icon::Warning, "alert", fault_text(code, reader.lang)))
}

/// A line of a list: the box to choose it with, the head that leads to it, and the columns.
pub fn row(ctx: &Ctx, list: &List, (id, name): (Uuid, &str), head: AnyView, cell: impl Fn(&str) -> AnyView) -> AnyView {
    let choice = ctx.actor.may(Permission::WriteCrm).then(|| {
        view! { <td class="cell-box"><input type="checkbox" name="id" value=id.to_string() aria-label=name.to_owned()/></td> }
    });
    view! {
        <tr class=(list.open == Some(id)).then_some("is-open")>
            {choice}
            <th scope="row">{head}</th>
            {list.shown.iter().map(|column| cell(column)).collect_view()}
        </tr>
    }
    .into_any()
}

/// A text in a line.
pub fn text_cell(text: Option<&str>) -> AnyView {
    view! { <td class="cell-text">{text.map(str::to_owned)}</td> }.into_any()
}

/// The columns that the lines of every list have.
pub struct Common<'a> {
    /// The owner's name.
    pub owner: Option<&'a str>,
    /// Tags.
    pub tags: &'a [String],
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// The values of custom fields: an object, by key.
    pub custom: &'a Value,
}

/// A column that the lines of every list have, or that admins have added.
pub fn common_cell(reader: &Reader, list: &List, line: &Common<'_>, column: &str) -> AnyView {
    match column {
        "owner" => match line.owner {
            Some(owner) => text_cell(Some(owner)),
            None => view! { <td class="faint">{s!(reader.lang, desk.nobody)}</td> }.into_any(),
        },
        "tags" => view! { <td>{tags(line.tags)}</td> }.into_any(),
        "created" => view! { <td>{reader.time(line.created_at)}</td> }.into_any(),
        "updated" => view! { <td>{reader.time(line.updated_at)}</td> }.into_any(),
        name => {
            let field = list.custom.iter().find(|field| field.name() == name);
            let value = field.and_then(|field| line.custom.get(&field.key).map(|value| (field, value)));
            let value = value.map(|(field, value)| custom_value(field, value, &list.owners, reader.lang));
            view! { <td class="cell-text">{value}</td> }.into_any()
        }
    }
}

/// What a list's own forms ask for.
pub async fn take(ctx: &Ctx, reader: &Reader, sent: &mut Sent, of: &'static Catalog) -> AppResult<()> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(sent.value("query")).unwrap_or_default();
    let query = ListQuery::parse(of.fields, &pairs);
    let back = |more: &[(&'static str, String)]| {
        let mut words = query.to_query();
        words.extend(pairs.iter().find(|(name, _)| name == "cols").map(|(_, cols)| ("cols", cols.clone())));
        words.extend_from_slice(more);
        href::with_query(of.path, &words)
    };
    match sent.verb() {
        "bulk" => {
            let what = sent.value("what");
            let change = Change::parse(of.kind, what, sent.value("owner"), sent.value("tag"), sent.value("lifecycle"))?;
            let which = if sent.value("all") == "1" {
                Which::All(&query, &reader.zone)
            } else {
                Which::These(sent.all("id").filter_map(|id| id.parse().ok()).collect())
            };
            let done = bulk::change(ctx, of.kind, &which, &change).await?;
            let mut more = vec![("did", change.as_str().to_owned()), ("n", done.count.to_string())];
            more.extend(done.id.map(|id| ("undo", id.to_string())));
            sent.go = Some(back(&more));
        }
        "undo" => {
            let id = sent.value("change").parse().map_err(|_| AppError::NotFound)?;
            let (back_again, changed_since) = bulk::undo(ctx, id).await?;
            sent.go = Some(back(&[("undone", back_again.to_string()), ("kept", changed_since.to_string())]));
        }
        "view" => {
            let view = views::save(ctx, of.entity, sent.value("name"), sent.value("query"), sent.value("shared") == "on").await?;
            sent.go = Some(back(&[("view", view.id.to_string())]));
        }
        "forget_view" => {
            let id = sent.value("view").parse().map_err(|_| AppError::NotFound)?;
            views::delete(ctx, id).await?;
            sent.go = Some(back(&[]));
        }
        _ => return Err(AppError::NotFound),
    }
    Ok(())
}

/// A condition in words.
pub(super) fn condition(it: &Condition, list: &List, lang: Lang) -> String {
    let name = list.column(&it.name, lang);
    let value = match (&it.field, it.value.as_str()) {
        (Field::Owner, "me") => s!(lang, desk.me).to_owned(),
        (Field::Owner, "nobody") => s!(lang, desk.nobody).to_owned(),
        (Field::Owner, id) => {
            let owner = list.owners.iter().find(|(owner, _)| owner.to_string() == id);
            owner.map_or_else(|| id.to_owned(), |(_, name)| name.clone())
        }
        (Field::Word(_), word) => Lifecycle::parse(word).map_or(word, |it| words::lifecycle(it, lang)).to_owned(),
        (_, value) => value.to_owned(),
    };
    let text = format!("{name} {} {value}", words::op(it.op, lang));
    text.trim().to_owned()
}

/// The conditions of the list, each with its way out, and how many lines there are.
fn about(reader: &Reader, list: &List, total: i64, near: bool) -> AnyView {
    let lang = reader.lang;
    let count = if total > list::COUNTED {
        fill(s!(lang, desk.count_more), &[&format::integer(list::COUNTED, lang)])
    } else {
        fill(plural(total, s!(lang, desk.count_one), s!(lang, desk.count)), &[&format::integer(total, lang)])
    };
    let groups = list.query.groups();
    let chips = groups.iter().enumerate().map(|(n, (_, all))| {
        let inside = all.iter().enumerate().map(|(k, it)| {
            let it = (*it).clone();
            let text = condition(&it, list, lang);
            let without = list.with(|query| {
                if let Some(at) = query.conditions.iter().position(|other| *other == it) {
                    query.conditions.remove(at);
                }
            });
            view! {
                {(k > 0).then(|| view! { <span class="faint">{s!(lang, desk.or)}</span> })}
                <span class="chip">
                    {text.clone()}
                    <a href=without aria-label=fill(s!(lang, desk.filter_remove), &[&text])>{icon(Icon::Close)}</a>
                </span>
            }
        });
        view! {
            {(n > 0).then(|| view! { <span class="faint">{s!(lang, desk.and)}</span> })}
            {inside.collect_view()}
        }
    });
    view! {
        <div class="desk-about">
            {list.query.bin.then(|| view! { <strong class="desk-bin">{icon(Icon::Trash)}{s!(lang, desk.bin)}</strong> })}
            <span class="desk-count" role="status">{if near { s!(lang, desk.near).to_owned() } else { count }}</span>
            {chips.collect_view()}
            {list.query.is_narrowed().then(|| view! { <a class="link" href=list.of.path>{s!(lang, desk.clear)}</a> })}
            {(list.unread > 0).then(|| view! { <span class="field-fault">{icon(Icon::Warning)}{s!(lang, desk.filter_unread)}</span> })}
        </div>
    }
    .into_any()
}

/// What came of a form that the list's address tells of.
fn said(reader: &Reader, place: &Place<'_>, list: &List) -> Option<AnyView> {
    let lang = reader.lang;
    let number = |name: &str| place.get(name).parse::<i64>().ok().filter(|n| (0..=1_000_000).contains(n));
    let query = list.href(&list.words());
    let query = query.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
    if let Some(n) = number("undone") {
        let mut text = fill(plural(n, s!(lang, desk.undone_one), s!(lang, desk.undone)), &[&format::integer(n, lang)]);
        if let Some(kept) = number("kept").filter(|kept| *kept > 0) {
            text = format!("{text} {}", fill(s!(lang, desk.undone_kept), &[&format::integer(kept, lang)]));
        }
        return Some(notice("notice-ok", Icon::Check, "status", &text));
    }
    let n = number("n")?;
    let text = match place.get("did") {
        _ if n == 0 => s!(lang, desk.did_nothing).to_owned(),
        "delete" => fill(plural(n, s!(lang, desk.deleted_one), s!(lang, desk.deleted)), &[&format::integer(n, lang)]),
        "restore" => fill(plural(n, s!(lang, desk.restored_one), s!(lang, desk.restored_many)), &[&format::integer(n, lang)]),
        _ => fill(plural(n, s!(lang, desk.changed_one), s!(lang, desk.changed)), &[&format::integer(n, lang)]),
    };
    let change = place.get("undo").parse::<Uuid>().ok();
    let undo = change.map(|change| {
        view! {
            <form method="post" action=list.of.path>
                <input type="hidden" name="do" value="undo"/>
                <input type="hidden" name="query" value=query/>
                <button class="button" name="change" value=change.to_string()>{s!(lang, desk.undo)}</button>
            </form>
        }
    });
    Some(view! { <div class="notice notice-ok" role="status">{icon(Icon::Check)}<p>{text}</p>{undo}</div> }.into_any())
}

/// The table, with what can be done with the lines that are chosen.
fn table(ctx: &Ctx, reader: &Reader, list: &List, rows: AnyView, total: i64, tags: &[String]) -> AnyView {
    let lang = reader.lang;
    let writes = ctx.actor.may(Permission::WriteCrm);
    let query = list.href(&list.words());
    let query = query.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
    let heads = list.shown.iter().map(|name| {
        let class = match name.as_str() {
            "usage" | "employees" | "contacts" => Some("num"),
            "lifecycle" => Some("cell-keep"),
            _ => None,
        };
        view! { <th scope="col" class=class>{list.column(name, lang)}</th> }
    });
    view! {
        <form class="desk-table" method="post" action=list.of.path>
            <input type="hidden" name="do" value="bulk"/>
            <input type="hidden" name="query" value=query/>
            <div class="table-wide" tabindex="0" role="group" aria-label=s!(lang, office.table)>
                <table class=if writes { "table" } else { "table no-box" }>
                    <thead>
                        <tr>
                            {writes
                                .then(|| {
                                    view! { <th scope="col" class="cell-box"><input type="checkbox" class="js-only" data-all="id" aria-label=s!(lang, desk.choose_all)/></th> }
                                })}
                            <th scope="col">{s!(lang, fields.name)}</th>
                            {heads.collect_view()}
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {writes.then(|| if list.query.bin { bin_bar(reader, total) } else { bulk_bar(reader, list, total, tags) })}
        </form>
    }
    .into_any()
}

fn bulk_bar(reader: &Reader, list: &List, total: i64, tags: &[String]) -> AnyView {
    let lang = reader.lang;
    let owners = list.owners.iter().map(|(id, name)| view! { <option value=id.to_string()>{name.clone()}</option> });
    view! {
        <div class="bulk-bar" role="group" aria-label=s!(lang, desk.bulk)>
            <span class="bulk-count">{s!(lang, desk.chosen)}</span>
            <label class="check"><input type="checkbox" name="all" value="1"/>{all_of(total, lang)}</label>
            <span class="bulk-action">
                <select class="input" name="owner" aria-label=s!(lang, fields.owner)>
                    <option value="nobody">{s!(lang, desk.nobody)}</option>
                    {owners.collect_view()}
                </select>
                <button class="button" name="what" value="assign">{s!(lang, desk.assign)}</button>
            </span>
            <span class="bulk-action">
                <input class="input" type="text" name="tag" maxlength="50" autocomplete="off" list="tags-known" placeholder=s!(lang, desk.tag) aria-label=s!(lang, desk.tag)/>
                <datalist id="tags-known">{tags.iter().map(|tag| view! { <option value=tag.clone()></option> }).collect_view()}</datalist>
                <button class="button" name="what" value="tag">{s!(lang, desk.tag_add)}</button>
                <button class="button" name="what" value="untag">{s!(lang, desk.tag_remove)}</button>
            </span>
            {(list.of.kind == Kind::Contacts)
                .then(|| {
                    view! {
                        <span class="bulk-action">
                            <select class="input" name="lifecycle" aria-label=s!(lang, fields.lifecycle)>
                                {Lifecycle::ALL
                                    .into_iter()
                                    .map(|it| view! { <option value=it.as_str()>{words::lifecycle(it, lang)}</option> })
                                    .collect_view()}
                            </select>
                            <button class="button" name="what" value="lifecycle">{s!(lang, desk.set)}</button>
                        </span>
                    }
                })}
            <button class="button button-bad" name="what" value="delete">{icon(Icon::Trash)}{s!(lang, desk.delete)}</button>
        </div>
    }
    .into_any()
}

/// What can be done with those that are chosen in the bin.
fn bin_bar(reader: &Reader, total: i64) -> AnyView {
    let lang = reader.lang;
    view! {
        <div class="bulk-bar" role="group" aria-label=s!(lang, desk.bulk)>
            <span class="bulk-count">{s!(lang, desk.chosen)}</span>
            <label class="check"><input type="checkbox" name="all" value="1"/>{all_of(total, lang)}</label>
            <button class="button" name="what" value="restore">{s!(lang, desk.restore)}</button>
        </div>
    }
    .into_any()
}

/// The whole list, by its number.
fn all_of(total: i64, lang: Lang) -> String {
    if total > list::COUNTED {
        s!(lang, desk.choose_everything).to_owned()
    } else {
        fill(s!(lang, desk.choose_list), &[&format::integer(total, lang)])
    }
}

/// The ways to the first page and to the next.
fn pager(reader: &Reader, list: &List, next: Option<(String, Uuid)>) -> Option<AnyView> {
    let lang = reader.lang;
    if list.query.after.is_none() && next.is_none() {
        return None;
    }
    let first = list.query.after.as_ref().map(|_| view! { <a class="button" href=list.with(|_| ())>{s!(lang, desk.first)}</a> });
    let next = next.map(|next| {
        let href = list.with(|query| query.after = Some(next));
        view! { <a class="button" rel="next" href=href>{s!(lang, desk.next)}{icon(Icon::ChevronRight)}</a> }
    });
    Some(view! { <nav class="pager">{first}{next}</nav> }.into_any())
}

/// What stands in place of an empty list.
pub fn empty(reader: &Reader, list: &List, title: &str, help: &str, actions: AnyView) -> AnyView {
    let lang = reader.lang;
    if list.query.bin {
        return view! { <div class="desk-empty">{icon(Icon::Inbox)}<p>{s!(lang, desk.bin_empty)}</p></div> }.into_any();
    }
    if list.query.is_narrowed() || list.query.after.is_some() {
        return view! {
            <div class="desk-empty">
                {icon(Icon::Funnel)}
                <p>{s!(lang, desk.none)}</p>
                <a class="button" href=list.of.path>{s!(lang, desk.clear)}</a>
            </div>
        }
        .into_any();
    }
    view! {
        <div class="desk-empty">
            {icon(Icon::Users)}
            <p><strong>{title.to_owned()}</strong></p>
            <p class="faint">{help.to_owned()}</p>
            <div class="form-actions">{actions}</div>
        </div>
    }
    .into_any()
}

/// Tags, as far as there is room for them.
fn tags(tags: &[String]) -> AnyView {
    let more = tags.len().saturating_sub(3);
    view! {
        <span class="tags">
            {tags.iter().take(3).map(|tag| view! { <span class="chip">{tag.clone()}</span> }).collect_view()}
            {(more > 0).then(|| view! { <span class="faint" title=tags.join(", ")>{format!("+{more}")}</span> })}
        </span>
    }
    .into_any()
}
