//! The bar above a list of the desk: search, filters, order, columns and saved views.

use leptos::prelude::*;

use super::{
    lists::{List, condition},
    words,
};
use crate::{
    domain::{
        contact::{
            custom::CustomField,
            query::{Op, Sort},
        },
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
                {writes.then(|| view! { <a class="button button-primary" href=new.0.to_owned() data-key="c">{icon(Icon::Plus)}{new.1.to_owned()}</a> })}
            </span>
        </div>
    }
    .into_any()
}

pub(super) fn menu(picture: Icon, label: &str, active: bool, body: AnyView) -> AnyView {
    view! {
        <details class="menu">
            <summary class=if active { "button is-active" } else { "button" }>{icon(picture)}<span>{label.to_owned()}</span></summary>
            <div class="menu-body desk-menu">{body}</div>
        </details>
    }
    .into_any()
}

fn filter_menu(reader: &Reader, list: &List) -> AnyView {
    let lang = reader.lang;
    let groups = list.query.groups();
    let next = (0..=u8::MAX).find(|n| groups.iter().all(|(group, _)| group != n)).unwrap_or_default();
    let names = list.of.fields.iter().map(|(name, _)| ((*name).to_owned(), words::field(name, lang).to_owned()));
    let names = names.chain(list.custom.iter().map(|field| (field.name(), field.label.clone())));
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
    let body = view! {
        <form class="form" method="get" action=list.of.path>
            {list.hidden(&[])}
            <label class="field">
                <span>{s!(lang, desk.filter_field)}</span>
                <select class="input" name="field">{names.map(|(value, label)| view! { <option value=value>{label}</option> }).collect_view()}</select>
            </label>
            <label class="field">
                <span>{s!(lang, desk.filter_op)}</span>
                <select class="input" name="op">
                    {Op::ALL.into_iter().map(|op| view! { <option value=op.as_str()>{words::op(op, lang)}</option> }).collect_view()}
                </select>
            </label>
            <label class="field">
                <span>{s!(lang, desk.filter_value)}</span>
                <input class="input" type="text" name="value" maxlength="100" autocomplete="off"/>
            </label>
            {combined}
            <p class="field-help">{s!(lang, desk.filter_help)}</p>
            <button class="button button-primary">{s!(lang, desk.filter_add)}</button>
        </form>
    };
    menu(Icon::Funnel, s!(lang, desk.filter), !groups.is_empty(), body.into_any())
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
