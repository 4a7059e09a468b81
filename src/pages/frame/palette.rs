//! The command palette: go to a place, find a contact, a company or a user, run a command.

use std::time::Duration;

use leptos::{ev, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::{
    find::{Found, find},
    set_lang, set_theme,
    settings::theme_name,
    use_overlays,
};
use crate::{
    domain::{format::Lang, people::Permission, tier::Tier, usage::UsageFilter},
    pages::usage::{PERIODS, period_name, usage_href},
    ui::{
        dom,
        i18n::{fill, t, use_lang},
        icon::{Icon, icon},
        mark::tier_name,
        me::use_me,
        prefs::{Theme, use_settings},
    },
};

/// The id of the dialog.
const ID: &str = "palette";
/// The id of its field.
const FIELD: &str = "palette-field";

/// What an entry does.
#[derive(Clone, PartialEq)]
enum Action {
    Go(String),
    Theme(Theme),
    Lang(Lang),
}

/// One entry.
#[derive(Clone, PartialEq)]
struct Entry {
    section: &'static str,
    picture: Icon,
    label: String,
    note: Option<String>,
    tier: Option<Tier>,
    keys: &'static [&'static str],
    action: Action,
}

impl Entry {
    fn new(section: &'static str, picture: Icon, label: impl Into<String>, action: Action) -> Self {
        Self { section, picture, label: label.into(), note: None, tier: None, keys: &[], action }
    }
}

/// Places and commands.
fn commands(lang: Lang) -> Vec<Entry> {
    let (go, run) = (t!(lang, palette.places), t!(lang, palette.commands));
    let to = |href: &str| Action::Go(href.to_owned());
    let mut all = vec![
        Entry { keys: &["G", "U"], ..Entry::new(go, Icon::Activity, t!(lang, nav.usage), to("/usage")) },
        Entry { keys: &["G", "C"], ..Entry::new(go, Icon::Contact, t!(lang, nav.contacts), to("/contacts")) },
        Entry { keys: &["G", "L"], ..Entry::new(go, Icon::Flag, t!(lang, nav.leads), to("/leads")) },
        Entry { keys: &["G", "T"], ..Entry::new(go, Icon::Check, t!(lang, nav.tasks), to("/tasks")) },
        Entry { keys: &["G", "B"], ..Entry::new(go, Icon::Building, t!(lang, nav.companies), to("/companies")) },
        Entry { keys: &["G", "S"], ..Entry::new(go, Icon::Users, t!(lang, nav.users), to("/usage/users")) },
        Entry::new(go, Icon::Users, t!(lang, palette.near), to("/usage/users?near=1")),
        Entry::new(go, Icon::Inbox, t!(lang, palette.import), to("/import")),
        Entry::new(go, Icon::Users, t!(lang, palette.duplicates), to("/duplicates")),
        Entry::new(run, Icon::Plus, t!(lang, palette.new_contact), to("/contacts/new")),
        Entry::new(run, Icon::Plus, t!(lang, palette.new_lead), to("/leads/new")),
    ];
    if let Some(me) = use_me() {
        if me.role.may(Permission::ReadPeople) {
            all.push(Entry { keys: &["G", "O"], ..Entry::new(go, Icon::Shield, t!(lang, nav.office), to("/admin/people")) });
        }
        all.push(Entry::new(go, Icon::User, t!(lang, nav.account), to("/account")));
    }
    all.extend(PERIODS.into_iter().map(|period| {
        let label = fill(t!(lang, palette.period), &[period_name(period, lang)]);
        let href = usage_href(&UsageFilter { period, ..UsageFilter::default() });
        Entry::new(run, Icon::Calendar, label, Action::Go(href))
    }));
    all.extend(Theme::ALL.into_iter().map(|theme| {
        let (picture, name) = theme_name(theme, lang);
        Entry::new(run, picture, fill(t!(lang, palette.theme), &[name]), Action::Theme(theme))
    }));
    let (other, name) = match lang {
        Lang::Es => (Lang::En, "English"),
        Lang::En => (Lang::Es, "Español"),
    };
    all.push(Entry::new(run, Icon::Languages, fill(t!(lang, palette.language), &[name]), Action::Lang(other)));
    all
}

/// The dialog of the palette.
#[component]
pub fn Palette() -> impl IntoView {
    let open = use_overlays().palette;
    Effect::new(move || dom::show_dialog(ID, open.get()));
    let lang = use_lang();
    view! {
        <dialog
            id=ID
            class="dialog palette"
            aria-label=t!(lang, palette.open)
            on:close=move |_| open.set(false)
            on:click=move |event| {
                if dom::is_backdrop(&event) {
                    open.set(false);
                }
            }
        >
            {move || open.get().then(|| view! { <Body/> })}
        </dialog>
    }
    .into_any()
}

#[component]
fn Body() -> impl IntoView {
    let lang = use_lang();
    let open = use_overlays().palette;
    let settings = use_settings();
    let navigate = use_navigate();
    let text = RwSignal::new(String::new());
    let records = RwSignal::new(Vec::<Entry>::new());
    let chosen = RwSignal::new(0_usize);
    let all = StoredValue::new(commands(lang));
    let entries = Memo::new(move |_| {
        let wanted = text.with(|t| t.trim().to_lowercase());
        let mut found = records.get();
        found.extend(all.with_value(|all| {
            all.iter().filter(|e| wanted.is_empty() || e.label.to_lowercase().contains(&wanted)).cloned().collect::<Vec<_>>()
        }));
        found
    });
    // The latest question's answer counts; one that comes in after another question was asked is dropped.
    let question = StoredValue::new(0_u32);
    let ask = move || {
        let number = question.try_update_value(|n| {
            *n += 1;
            *n
        });
        let search = text.with_untracked(|t| t.trim().to_owned());
        if search.is_empty() {
            records.set(Vec::new());
            return;
        }
        set_timeout(
            move || {
                if question.try_get_value() != number {
                    return;
                }
                spawn_local(async move {
                    let found = find(search).await.unwrap_or_default();
                    if question.try_get_value() == number {
                        records.set(found.into_iter().map(|found| entry(found, lang)).collect());
                        chosen.set(0);
                    }
                });
            },
            Duration::from_millis(150),
        );
    };
    let run = StoredValue::new_local(move |entry: &Entry| {
        open.set(false);
        match &entry.action {
            Action::Go(href) => navigate(href, NavigateOptions::default()),
            Action::Theme(theme) => set_theme(settings, *theme),
            Action::Lang(lang) => set_lang(*lang),
        }
    });
    let pick = move |i: usize| {
        if let Some(entry) = entries.with_untracked(|e| e.get(i).cloned()) {
            run.with_value(|run| run(&entry));
        }
    };
    let keydown = move |event: ev::KeyboardEvent| {
        let n = entries.with_untracked(Vec::len);
        let i = chosen.get_untracked();
        let next = match event.key().as_str() {
            "ArrowDown" if n > 0 => (i + 1) % n,
            "ArrowUp" if n > 0 => (i + n - 1) % n,
            "Enter" => {
                event.prevent_default();
                return pick(i);
            }
            _ => return,
        };
        event.prevent_default();
        chosen.set(next);
        dom::reveal(&format!("palette-{next}"));
    };
    Effect::new(move || {
        dom::focus(FIELD);
    });
    view! {
        <div class="palette-head">
            {icon(Icon::Search)}
            <input
                id=FIELD
                type="text"
                role="combobox"
                autocomplete="off"
                spellcheck="false"
                maxlength="100"
                aria-expanded="true"
                aria-controls="palette-list"
                aria-autocomplete="list"
                aria-activedescendant=move || entries.with(|e| !e.is_empty()).then(|| format!("palette-{}", chosen.get()))
                aria-label=t!(lang, palette.open)
                placeholder=t!(lang, palette.hint)
                on:input=move |event| {
                    text.set(event_target_value(&event));
                    chosen.set(0);
                    ask();
                }
                on:keydown=keydown
            />
            <kbd aria-hidden="true">"Esc"</kbd>
        </div>
        <div id="palette-list" class="palette-list" role="listbox" aria-label=t!(lang, palette.results)>
            {move || entries.with(|entries| list(entries, chosen, pick))}
        </div>
        <p class="sr-only" role="status">{move || entries.with(Vec::is_empty).then(|| t!(lang, palette.none))}</p>
        {move || entries.with(Vec::is_empty).then(|| view! { <p class="palette-none" aria-hidden="true">{t!(lang, palette.none)}</p> })}
    }
    .into_any()
}

fn entry(found: Found, lang: Lang) -> Entry {
    let (section, picture) = match found.kind {
        'c' => (t!(lang, nav.contacts), Icon::Contact),
        'b' => (t!(lang, nav.companies), Icon::Building),
        _ => (t!(lang, nav.users), Icon::Users),
    };
    Entry { note: found.note, tier: found.tier, ..Entry::new(section, picture, found.name, Action::Go(found.href)) }
}

/// The entries under the heads of their sections.
fn list(entries: &[Entry], chosen: RwSignal<usize>, pick: impl Fn(usize) + Copy + Send + Sync + 'static) -> AnyView {
    let mut start = 0;
    entries
        .chunk_by(|a, b| a.section == b.section)
        .map(|group| {
            let from = start;
            start += group.len();
            let section = group.first().map_or("", |e| e.section);
            let options = group.iter().enumerate().map(|(k, entry)| option(entry, from + k, chosen, pick)).collect_view();
            view! {
                <div role="group" aria-label=section>
                    <p class="palette-section" aria-hidden="true">{section}</p>
                    {options}
                </div>
            }
        })
        .collect_view()
        .into_any()
}

fn option(entry: &Entry, i: usize, chosen: RwSignal<usize>, pick: impl Fn(usize) + Copy + Send + Sync + 'static) -> AnyView {
    let keys = entry.keys;
    view! {
        <div
            id=format!("palette-{i}")
            class="palette-option"
            role="option"
            aria-selected=move || (chosen.get() == i).to_string()
            on:click=move |_| pick(i)
            on:pointermove=move |_| {
                if chosen.get_untracked() != i {
                    chosen.set(i);
                }
            }
        >
            {icon(entry.picture)}
            <span class="palette-label">{entry.label.clone()}</span>
            {entry.note.clone().map(|note| view! { <span class="palette-note">{note}</span> })}
            <span class="palette-end">
                {entry.tier.map(tier_name)}
                {keys.iter().map(|key| view! { <kbd>{*key}</kbd> }).collect_view()}
            </span>
        </div>
    }
    .into_any()
}
