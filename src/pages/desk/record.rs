//! What the pages of contacts and companies have in common: the head, the bin, the details, the forms and the timeline.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    forms::{self, Input},
    parts, timeline, words,
};
use crate::{
    domain::{
        AppResult,
        contact::custom::{CustomField, FieldKind},
        crm_edit::Texts,
        format::{self, Lang},
        people::{Permission, UserId},
        tasks::Target,
    },
    features::contacts::timeline::{Of, Part, list as moments},
    pages::written::{
        form::Sent,
        parts::{Reader, avatar, notice, problem},
        render::Place,
    },
    platform::ctx::Ctx,
    ui::{
        href,
        i18n::{fill, s},
        icon::{Icon, icon},
    },
};

/// A record of which there is a page.
pub struct Record<'a> {
    /// The page's address.
    pub path: String,
    /// The id.
    pub id: Uuid,
    /// The name.
    pub name: String,
    /// Tags.
    pub tags: &'a [String],
    /// The values of custom fields, by key.
    pub custom: &'a Map<String, Value>,
    /// The owner's name.
    pub owner: Option<&'a str>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was put into the bin.
    pub deleted_at: Option<DateTime<Utc>>,
    /// The address of the record that it was merged into.
    pub merged_into: Option<String>,
    /// Whether it is of a person, who may want to be forgotten.
    pub is_person: bool,
}

/// What admins have added, and who can own a record: what the values of custom fields are read with.
pub struct Known<'a> {
    /// The fields.
    pub custom: &'a [CustomField],
    /// Who can own a record.
    pub owners: &'a [(UserId, String)],
}

/// A record's form.
pub struct RecordForm<'a> {
    /// What the form does.
    pub verb: &'static str,
    /// Where it is sent.
    pub path: &'a str,
    /// Where it is left for.
    pub back: &'a str,
    /// The record as it stands.
    pub stored: &'a Texts,
    /// The fields, in their order; custom fields stand before the last.
    pub names: &'a [&'static str],
}

impl RecordForm<'_> {
    /// Writes the form; `before` stands above the fields.
    pub fn view(&self, reader: &Reader, known: &Known<'_>, input: impl Fn(&str) -> Input, before: Option<AnyView>) -> AnyView {
        let (lang, verb) = (reader.lang, self.verb);
        let field = |name: &&str| forms::field(reader, verb, self.stored, name, words::field(name, lang), input(name));
        let mut all: Vec<_> = self.names.iter().map(field).collect();
        let last = all.pop();
        view! {
            <form class="form form-wide record-form" method="post" action=self.path.to_owned() data-form="">
                <input type="hidden" name="do" value=verb/>
                {before}
                {all}
                {forms::custom_fields(reader, verb, self.stored, known.custom, known.owners)}
                {last}
                <div class="form-actions">
                    <button class="button button-primary">{s!(lang, desk.save)}</button>
                    <a class="button" href=self.back.to_owned() data-key="Escape">{s!(lang, desk.cancel)}</a>
                </div>
            </form>
        }
        .into_any()
    }
}

/// How the fields of a record are changed one by one, where they stand.
pub struct Inline<'a> {
    /// Where a change is sent.
    pub path: &'a str,
    /// The record as it stands.
    pub stored: &'a Texts,
    /// What each field is filled in with.
    pub input: &'a dyn Fn(&str) -> Input,
}

impl Inline<'_> {
    /// A value that opens the form of its field.
    fn value(&self, reader: &Reader, label: &str, shown: AnyView, field: AnyView) -> AnyView {
        let lang = reader.lang;
        view! {
            <details class="menu inline-edit">
                <summary title=fill(s!(lang, desk.change_field), &[label])>{shown}</summary>
                <form class="menu-body desk-menu form" method="post" action=self.path.to_owned()>
                    <input type="hidden" name="do" value="change"/>
                    {field}
                    <button class="button button-primary">{s!(lang, desk.save)}</button>
                </form>
            </details>
        }
        .into_any()
    }

    /// A field of every record, by its name.
    pub fn field(&self, reader: &Reader, name: &str, shown: AnyView) -> AnyView {
        let label = words::field(name, reader.lang);
        self.value(reader, label, shown, forms::field(reader, "change", self.stored, name, label, (self.input)(name)))
    }

    fn custom(&self, reader: &Reader, known: &Known<'_>, field: &CustomField, shown: AnyView) -> AnyView {
        let input = forms::custom_fields(reader, "change", self.stored, std::slice::from_ref(field), known.owners);
        self.value(reader, &field.label, shown, input.into_any())
    }
}

/// A page with nothing but the form of a new record.
pub fn new_page(title: &str, problem: Option<AnyView>, form: AnyView) -> AnyView {
    view! {
        <div class="desk-form">
            <header class="office-head"><h2 class="office-title">{title.to_owned()}</h2></header>
            {problem}
            {form}
        </div>
    }
    .into_any()
}

/// Where a form of a record's page leads: back to it, or to the list once the actor does not see it any more.
pub fn leave(sent: &mut Sent, list: &str, id: impl std::fmt::Display, is_seen: bool, said: &str) {
    sent.go = Some(if is_seen { format!("{list}/{id}?said={said}") } else { format!("{list}?did=assign&n=1") });
}

impl Record<'_> {
    /// Whether the page shows the form: it was asked for, or was refused.
    pub fn edits(&self, ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> bool {
        let refused = reader.sent.error().is_some() && reader.sent.verb() == "change";
        self.is_changed_by(ctx) && (place.get("edit") == "1" || refused)
    }

    /// Whether the actor may change it as it lies.
    pub fn is_changed_by(&self, ctx: &Ctx) -> bool {
        ctx.actor.may(Permission::WriteCrm) && self.deleted_at.is_none()
    }

    /// The page, beside whose main part stands `side`.
    pub fn page(&self, ctx: &Ctx, reader: &Reader, place: &Place<'_>, head: AnyView, main: AnyView, side: AnyView) -> AnyView {
        let lang = reader.lang;
        let said = match place.get("said") {
            "created" => Some(s!(lang, desk.created)),
            "changed" => Some(s!(lang, desk.saved)),
            "same" => Some(s!(lang, desk.same)),
            "restored" => Some(s!(lang, desk.restored)),
            _ => None,
        };
        view! {
            <article class="profile-page">
                {head}
                {problem(reader)}
                {said.filter(|_| reader.sent.verb().is_empty()).map(|text| notice("notice-ok", Icon::Check, "status", text))}
                {self.bin_notice(ctx, reader)}
                <div class="profile-columns">
                    <div class="profile-main">{main}</div>
                    <aside class="profile-side">{side}</aside>
                </div>
            </article>
        }
        .into_any()
    }

    /// The head: `chip` beside the name, `facts` below it.
    pub fn head(&self, reader: &Reader, inline: Option<&Inline<'_>>, chip: Option<AnyView>, facts: AnyView) -> AnyView {
        let lang = reader.lang;
        let owner = view! { <span>{self.owner.unwrap_or(s!(lang, desk.nobody)).to_owned()}</span> }.into_any();
        let owner = match inline {
            Some(inline) => inline.field(reader, "owner", owner),
            None => owner,
        };
        view! {
            <header class="profile-head">
                {avatar(&self.name, self.id)}
                <div class="profile-who">
                    <div class="profile-title">
                        <span class="profile-name">{self.name.clone()}</span>
                        {chip}
                        {self.tags.iter().map(|tag| view! { <span class="chip">{tag.clone()}</span> }).collect_view()}
                    </div>
                    <p class="record-facts">{facts}</p>
                </div>
                <div class="profile-owner"><span class="faint">{s!(lang, fields.owner)}</span>{owner}</div>
                {inline
                    .map(|_| {
                        view! {
                            <div class="profile-actions">
                                <a class="button" href=format!("{}?edit=1", self.path) data-key="e">
                                    {s!(lang, desk.edit)}<kbd aria-hidden="true">"E"</kbd>
                                </a>
                                <form method="post" action=self.path.clone()>
                                    <button class="button button-bad" name="do" value="delete">{icon(Icon::Trash)}{s!(lang, desk.delete)}</button>
                                </form>
                            </div>
                        }
                    })}
            </header>
        }
        .into_any()
    }

    /// Says that the record lies in the bin, or what it was merged into.
    pub fn bin_notice(&self, ctx: &Ctx, reader: &Reader) -> Option<AnyView> {
        let lang = reader.lang;
        let at = self.deleted_at?;
        let (sign, says) = if let Some(other) = &self.merged_into {
            let link = view! { <p>{s!(lang, contacts.merged)}" "<a class="link" href=other.clone()>{s!(lang, desk.open)}</a></p> };
            (Icon::Users, link.into_any())
        } else {
            let restore = ctx.actor.may(Permission::WriteCrm).then(|| {
                view! {
                    <form method="post" action=self.path.clone()>
                        <button class="button" name="do" value="restore">{s!(lang, desk.restore)}</button>
                    </form>
                }
            });
            let erase = (self.is_person && ctx.actor.may(Permission::ManagePrivacy)).then(|| {
                let place = href::with_query("/admin/privacy", &[("q", self.id.to_string())]);
                view! { <a class="link" href=place>{s!(lang, desk.erase)}</a> }
            });
            let text = fill(s!(lang, desk.in_bin), &[&format::ago(at, reader.now, lang)]);
            (Icon::Trash, view! { <p>{text}" "{erase}</p> {restore} }.into_any())
        };
        Some(view! { <div class="notice" role="status">{icon(sign)}{says}</div> }.into_any())
    }

    /// What is known of it: fields by name, what admins have added, and when it was made and changed.
    pub fn details(
        &self,
        reader: &Reader,
        known: &Known<'_>,
        inline: Option<&Inline<'_>>,
        plain: impl IntoIterator<Item = (&'static str, Option<String>)>,
    ) -> AnyView {
        let lang = reader.lang;
        // Tags stand in the head; here they are changed.
        let tags = inline.map(|_| ("tags", Some(if self.tags.is_empty() { "—".to_owned() } else { self.tags.join(", ") })));
        let plain = plain.into_iter().chain(tags).filter_map(|(name, value)| {
            let value = value?.into_any();
            let value = match inline {
                Some(inline) => inline.field(reader, name, value),
                None => value,
            };
            Some(view! { <dt>{words::field(name, lang)}</dt> <dd>{value}</dd> }.into_any())
        });
        let own = known.custom.iter().filter_map(|field| {
            let shown = custom_value(field, self.custom.get(&field.key)?, known.owners, lang);
            let shown = match inline {
                // A link leads somewhere; it is changed in the whole form.
                Some(inline) if field.kind != FieldKind::Link => inline.custom(reader, known, field, shown),
                _ => shown,
            };
            Some(view! { <dt>{field.label.clone()}</dt> <dd>{shown}</dd> }.into_any())
        });
        view! {
            <section class="side-section">
                <h3>{s!(lang, desk.details)}</h3>
                <dl class="record-list">
                    {plain.chain(own).collect::<Vec<_>>()}
                    <dt>{s!(lang, fields.created)}</dt>
                    <dd>{reader.time(self.created_at)}</dd>
                    <dt>{s!(lang, fields.updated)}</dt>
                    <dd>{reader.time(self.updated_at)}</dd>
                </dl>
            </section>
        }
        .into_any()
    }

    /// What happened, with the form to add to it. `usage` is the user as GENESIS calls it.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn story(
        &self,
        ctx: &Ctx,
        reader: &Reader,
        place: &Place<'_>,
        (of, target): (Of, Target),
        usage: Option<&str>,
        known: &Known<'_>,
    ) -> AppResult<AnyView> {
        let part = Part::parse(place.get("part"));
        let before = place.get("before");
        let timeline = moments(ctx, of, usage, part, before).await?;
        let composer = if self.is_changed_by(ctx) && before.is_empty() {
            let opened = reader.sent.verb() == "interaction_record" || !place.get("template").is_empty();
            let form = parts::composer(ctx, reader, place, target).await?;
            Some(forms::folded(s!(reader.lang, contacts.note), opened, form))
        } else {
            None
        };
        let replies = ctx.actor.may(Permission::WriteCrm).then_some(target);
        let view = view! {
            {composer}
            {timeline::section(reader, &self.path, &timeline, part, before.is_empty(), known, replies)}
        };
        Ok(view.into_any())
    }
}

/// People, each with what they do: id, name and title.
pub fn people<'a>(all: impl IntoIterator<Item = &'a (Uuid, String, Option<String>)>) -> AnyView {
    view! {
        <ul class="people-list">
            {all
                .into_iter()
                .map(|(id, name, title)| {
                    view! {
                        <li>
                            <a class="who" href=format!("/contacts/{id}")>
                                {avatar(name, *id)}
                                <span class="who-name">{name.clone()}</span>
                                {title.clone().map(|title| view! { <span class="who-more">{title}</span> })}
                            </a>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
    .into_any()
}

/// A telephone number that can be called.
pub fn phone_link(phone: &str) -> AnyView {
    let digits: String = phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    view! { <a class="quiet" href=format!("tel:{digits}")>{phone.to_owned()}</a> }.into_any()
}

/// An e-mail address that can be written to.
pub fn email_link(email: &str) -> AnyView {
    view! { <a class="quiet" href=format!("mailto:{email}")>{email.to_owned()}</a> }.into_any()
}

/// A custom field's value, as people read it.
pub fn custom_value(field: &CustomField, value: &Value, owners: &[(UserId, String)], lang: Lang) -> AnyView {
    let text = field.text(value);
    match field.kind {
        FieldKind::Money => {
            let currency = field.currency.as_deref().unwrap_or("USD");
            format::money(value.as_i64().unwrap_or_default(), currency, lang).into_any()
        }
        FieldKind::Date => text.parse().map_or(text, |day| format::date_long(day, lang)).into_any(),
        FieldKind::YesNo => if text == "yes" { s!(lang, desk.yes) } else { s!(lang, desk.no) }.into_any(),
        FieldKind::Link => {
            let shown = text.trim_start_matches("https://").to_owned();
            view! { <a class="link" href=text rel="noopener noreferrer nofollow" target="_blank">{shown}</a> }.into_any()
        }
        FieldKind::Person => {
            let owner = owners.iter().find(|(id, _)| id.to_string() == text);
            owner.map_or_else(|| "…".to_owned(), |(_, name)| name.clone()).into_any()
        }
        FieldKind::Text | FieldKind::Number | FieldKind::Choice | FieldKind::Choices => text.into_any(),
    }
}
