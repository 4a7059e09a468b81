//! The bar above a list of the desk: search, filters, order, columns and saved views.

use leptos::prelude::*;

use super::{
    lists::{List, condition},
    words,
};
use crate::{
    domain::{
        contact::{
            custom::{CustomField, FieldKind},
            query::{Field, Sort},
        },
        crm::Lifecycle,
        format::Lang,
        people::Permission,
    },
    features::contacts::views::SavedView,
    pages::{
        users::SEARCH_ID,
        written::parts::{Reader, fault_text},
    },
    platform::ctx::Ctx,
    ui::{
        href,
        i18n::{fill, s},
        icon::{Icon, icon},
    },
};

/// Search, filters, order, columns and views.
pub fn bar(ctx: &Ctx, reader: &Reader, list: &List, views: &[SavedView], new: (&str, &str), more: AnyView) -> AnyView {
    let lang = reader.lang;
    let writes = ctx.actor.may(Permission::WriteCrm);
    view! {
        <div class="desk-bar">
            <form class="desk-search" method="get" action=list.of.path role="search" data-live="">
                {list.hidden(&["q"])}
                <label class="search">
                    {icon(Icon::Search)}
                    <input
                        id=SEARCH_ID
                        type="search"
                        name="q"
                        maxlength="100"
                        autocomplete="off"
                        value=list.query.search.clone()
                        placeholder=s!(lang, desk.search)
                        aria-label=s!(lang, desk.search)
                    />
                </label>
            </form>
            {filter_menu(reader, list)}
            {sort_menu(reader, list)}
            {columns_menu(reader, list)}
            {views_menu(ctx, reader, list, views)}
            <span class="desk-bar-end">
                {more}
                {(writes && !list.query.bin).then(|| view! { <a class="button button-primary" href=new.0.to_owned() data-key="c">{icon(Icon::Plus)}{new.1.to_owned()}</a> })}
            </span>
        </div>
    }
    .into_any()
}

/// The menu of what else can be done with the list: what leads there (`items`: address and name), and the list as files.
pub fn more(ctx: &Ctx, reader: &Reader, list: &List, items: &[(&'static str, &'static str)]) -> AnyView {
    let lang = reader.lang;
    let query = list.opening(None);
    let query = query.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
    let items = items.iter().map(|(href, name)| view! { <a class="menu-item" href=*href>{*name}</a> }.into_any());
    let file = |kind: &str, name: &'static str| {
        let href = format!("{}/export.{kind}{query}", list.of.path);
        view! { <a class="menu-item" href=href rel="external" download="">{name}</a> }.into_any()
    };
    let files = ctx
        .actor
        .may(Permission::ExportCrm)
        .then(|| [file("csv", s!(lang, contacts.export_csv)), file("xlsx", s!(lang, contacts.export_xlsx))]);
    let all: Vec<_> = items.chain(files.into_iter().flatten()).collect();
    if all.is_empty() {
        return ().into_any();
    }
    menu(Icon::Ellipsis, s!(lang, contacts.more), false, all.into_any())
}

pub(super) fn menu(picture: Icon, label: &str, active: bool, body: AnyView) -> AnyView {
    opened_menu(picture, label, active, false, body)
}

fn opened_menu(picture: Icon, label: &str, active: bool, open: bool, body: AnyView) -> AnyView {
    view! {
        <details class="menu" open=open>
            <summary class=if active { "button is-active" } else { "button" }>{icon(picture)}<span>{label.to_owned()}</span></summary>
            <div class="menu-body desk-menu">{body}</div>
        </details>
    }
    .into_any()
}

/// Filters are made in two steps, of which the first says what they are about: what can be said of it depends on that.
fn filter_menu(reader: &Reader, list: &List) -> AnyView {
    let lang = reader.lang;
    let active = !list.query.groups().is_empty();
    let body = if let Some(name) = &list.pick {
        filter_form(reader, list, name)
    } else {
        let names = list.of.fields.iter().map(|(name, _)| (*name).to_owned());
        let names = names.chain(list.custom.iter().map(CustomField::name));
        let all = names.map(|name| {
            let mut words = list.words();
            let label = list.column(&name, lang);
            words.push(("pick", name));
            (list.href(&words), label, false)
        });
        view! {
            <p class="menu-head">{s!(lang, desk.filter_field)}</p>
            {choices(all.collect::<Vec<_>>())}
        }
        .into_any()
    };
    opened_menu(Icon::Funnel, s!(lang, desk.filter), active, list.pick.is_some(), body)
}

fn filter_form(reader: &Reader, list: &List, name: &str) -> AnyView {
    let lang = reader.lang;
    let groups = list.query.groups();
    let next = (0..=u8::MAX).find(|n| groups.iter().all(|(group, _)| group != n)).unwrap_or_default();
    let custom = list.custom.iter().find(|field| field.name() == name);
    let field = list.of.fields.iter().find(|(word, _)| *word == name).map(|(_, field)| field);
    let ops = custom.map(CustomField::ops).or(field.map(Field::ops)).unwrap_or_default();
    let combined = if groups.is_empty() {
        view! { <input type="hidden" name="group" value="0"/> }.into_any()
    } else {
        let others = groups.iter().map(|(group, all)| {
            let first = all.first().map(|it| condition(it, list, lang)).unwrap_or_default();
            view! { <option value=group.to_string()>{fill(s!(lang, desk.filter_or), &[&first])}</option> }
        });
        view! {
            <label class="field">
                <span>{s!(lang, desk.filter_group)}</span>
                <select class="input" name="group">
                    <option value=next.to_string()>{s!(lang, desk.filter_and)}</option>
                    {others.collect_view()}
                </select>
            </label>
        }
        .into_any()
    };
    view! {
        <form class="form" method="get" action=list.of.path>
            {list.hidden(&[])}
            <input type="hidden" name="field" value=name.to_owned()/>
            <p class="menu-head">{list.column(name, lang)}</p>
            <label class="field">
                <span>{s!(lang, desk.filter_op)}</span>
                <select class="input" name="op">
                    {ops.iter().map(|op| view! { <option value=op.as_str()>{words::op(*op, lang)}</option> }).collect_view()}
                </select>
            </label>
            <label class="field">
                <span>{s!(lang, desk.filter_value)}</span>
                {filter_value(list, field, custom, lang)}
            </label>
            {combined}
            <div class="form-actions">
                <button class="button button-primary">{s!(lang, desk.filter_add)}</button>
                <a class="button" href=list.href(&list.words()) data-key="Escape">{s!(lang, desk.cancel)}</a>
            </div>
        </form>
    }
    .into_any()
}

/// What a condition compares with: a choice where there is one, a day, a number or a text.
fn filter_value(list: &List, field: Option<&Field>, custom: Option<&CustomField>, lang: Lang) -> AnyView {
    let people = || list.owners.iter().map(|(id, name)| (id.to_string(), name.clone()));
    let choices: Vec<(String, String)> = match (field, custom.map(|field| (field.kind, field))) {
        (Some(Field::Owner), _) => {
            let fixed = [("me", s!(lang, desk.me)), ("nobody", s!(lang, desk.nobody))]
                .map(|(word, name)| (word.to_owned(), name.to_owned()));
            fixed.into_iter().chain(people()).collect()
        }
        (Some(Field::Word("lifecycle")), _) => {
            Lifecycle::ALL.into_iter().map(|it| (it.as_str().to_owned(), words::lifecycle(it, lang).to_owned())).collect()
        }
        (Some(Field::Word("language")), _) => {
            [("es", "Español"), ("en", "English")].map(|(code, name)| (code.to_owned(), name.to_owned())).into()
        }
        (_, Some((FieldKind::Person, _))) => people().collect(),
        (_, Some((FieldKind::YesNo, _))) => {
            vec![("yes".into(), s!(lang, desk.yes).into()), ("no".into(), s!(lang, desk.no).into())]
        }
        (_, Some((FieldKind::Choice | FieldKind::Choices, field))) => {
            field.choices.iter().map(|it| (it.clone(), it.clone())).collect()
        }
        _ => Vec::new(),
    };
    if !choices.is_empty() {
        let options = choices.into_iter().map(|(value, label)| view! { <option value=value>{label}</option> });
        return view! { <select class="input" name="value">{options.collect_view()}</select> }.into_any();
    }
    let kind = match (field, custom.map(|field| field.kind)) {
        (Some(Field::Day(_) | Field::Time(_)), _) | (_, Some(FieldKind::Date)) => "date",
        (Some(Field::Number(_)), _) => "number",
        _ => "text",
    };
    view! { <input class="input" type=kind name="value" maxlength="100" autocomplete="off" autofocus=true/> }.into_any()
}

fn sort_name(sort: Sort, lang: Lang) -> &'static str {
    match sort {
        Sort::Name => s!(lang, desk.sort_name),
        Sort::NameDown => s!(lang, desk.sort_name_down),
        Sort::Updated => s!(lang, desk.sort_updated),
        Sort::Created => s!(lang, desk.sort_created),
    }
}

fn sort_menu(reader: &Reader, list: &List) -> AnyView {
    let lang = reader.lang;
    let all =
        Sort::ALL.map(|sort| (list.with(|query| query.sort = sort), sort_name(sort, lang).to_owned(), sort == list.query.sort));
    menu(Icon::ArrowDown, sort_name(list.query.sort, lang), false, choices(all))
}

fn choices(all: impl IntoIterator<Item = (String, String, bool)>) -> AnyView {
    all.into_iter()
        .map(|(href, label, chosen)| {
            view! {
                <a class="menu-item" href=href aria-current=chosen.then_some("true")>
                    <span class="menu-mark">{chosen.then(|| icon(Icon::Check))}</span>
                    {label}
                </a>
            }
        })
        .collect_view()
        .into_any()
}

fn columns_menu(reader: &Reader, list: &List) -> AnyView {
    let lang = reader.lang;
    let names = list.of.columns.iter().map(|name| (*name).to_owned()).chain(list.custom.iter().map(CustomField::name));
    let all = names.map(|name| {
        let chosen = list.shown.contains(&name);
        let mut shown = list.shown.clone();
        if chosen {
            shown.retain(|other| *other != name);
        } else {
            shown.push(name.clone());
        }
        let mut words = list.query.to_query();
        words.push(("cols", shown.join(",")));
        (list.href(&words), list.column(&name, lang), chosen)
    });
    menu(Icon::Columns, s!(lang, desk.columns), list.shown != list.of.begin, choices(all.collect::<Vec<_>>()))
}

fn views_menu(ctx: &Ctx, reader: &Reader, list: &List, views: &[SavedView]) -> AnyView {
    let lang = reader.lang;
    let me = ctx.actor.user();
    let here = list.href(&list.words());
    let query = here.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
    let is_admin = ctx.actor.may(Permission::ManageCrm);
    let own = [("0~owner~is~me", s!(lang, desk.view_mine)), ("0~owner~is~nobody", s!(lang, desk.view_nobodys))];
    let fixed = own.map(|(word, label)| {
        let href = href::with_query(list.of.path, &[("if", word.to_owned())]);
        let chosen = here == href;
        (href, label.to_owned(), chosen)
    });
    let bin = href::with_query(list.of.path, &[("bin", "1".to_owned())]);
    let fixed = [(list.of.path.to_owned(), s!(lang, desk.view_all).to_owned(), here == list.of.path)]
        .into_iter()
        .chain(fixed)
        .chain([(bin, s!(lang, desk.bin).to_owned(), list.query.bin)]);
    let saved = views.iter().map(|view| {
        let href = format!("{}?{}", list.of.path, view.query);
        let (chosen, mine) = (href == here, Some(view.owner) == me);
        let shared = view.shared.then(|| view! { <span class="faint">{s!(lang, desk.view_shared)}</span> });
        let forget = (mine || view.shared && is_admin).then(|| {
            view! {
                <form method="post" action=list.of.path>
                    <input type="hidden" name="do" value="forget_view"/>
                    <input type="hidden" name="query" value=query.clone()/>
                    <button class="icon-button" name="view" value=view.id.to_string() title=s!(lang, desk.view_forget) aria-label=fill(s!(lang, desk.view_forget_named), &[&view.name])>
                        {icon(Icon::Close)}
                    </button>
                </form>
            }
        });
        view! {
            <div class="desk-view">
                <a class="menu-item" href=href aria-current=chosen.then_some("true")>
                    <span class="menu-mark">{chosen.then(|| icon(Icon::Check))}</span>
                    <span class="desk-view-name">{view.name.clone()}</span>
                    {shared}
                </a>
                {forget}
            </div>
        }
    });
    let fault = (reader.sent.verb() == "view").then(|| reader.sent.fault("name")).flatten();
    let body = view! {
        {choices(fixed.collect::<Vec<_>>())}
        {(!views.is_empty()).then(|| view! { <p class="menu-head">{s!(lang, desk.views_saved)}</p> })}
        {saved.collect_view()}
        {me
            .map(|_| {
                view! {
                    <form class="form desk-view-new" method="post" action=list.of.path>
                        <input type="hidden" name="do" value="view"/>
                        <input type="hidden" name="query" value=query.clone()/>
                        <label class="field">
                            <span>{s!(lang, desk.view_new)}</span>
                            <input class="input" type="text" name="name" maxlength="100" required=true autocomplete="off" value=if fault.is_some() { reader.sent.value("name").to_owned() } else { String::new() } aria-invalid=fault.map(|_| "true")/>
                            {fault.map(|code| view! { <span class="field-fault">{icon(Icon::Warning)}{fault_text(code, lang)}</span> })}
                        </label>
                        {ctx.actor.may(Permission::WriteCrm).then(|| view! { <label class="check"><input type="checkbox" name="shared" value="on"/>{s!(lang, desk.view_share)}</label> })}
                        <button class="button">{s!(lang, desk.view_save)}</button>
                    </form>
                }
            })}
    };
    let name = views.iter().find(|view| format!("{}?{}", list.of.path, view.query) == here).map(|view| view.name.clone());
    let active = name.is_some();
    menu(Icon::Bookmark, &name.unwrap_or_else(|| s!(lang, desk.views).to_owned()), active, body.into_any())
}
