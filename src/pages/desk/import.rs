//! Importing files: sending one, saying what its columns are, trying it out, and what came of it.

use leptos::prelude::*;
use uuid::Uuid;

use super::import_shown;
use crate::{
    domain::{
        AppError, AppResult,
        format::{self, Lang},
        import::Kind,
    },
    features::imports::usecase::{self as imports, DAY_ORDERS, DECIMALS, Import, KINDS, MATCH_KEYS, ON_MATCH, Settings, Whole},
    pages::written::{
        form::Sent,
        parts::{Choice, Reader, fault_text, notice, problem, select},
        render::Place,
        tables::{Column, table},
    },
    platform::ctx::Ctx,
    ui::{
        i18n::{fill, plural, s},
        icon::{Icon, icon},
    },
};

/// Does what a form of an import asks for.
pub async fn take(ctx: &Ctx, sent: &mut Sent, id: &str) -> AppResult<()> {
    let id: Uuid = id.parse().map_err(|_| AppError::NotFound)?;
    match sent.verb() {
        verb @ ("check" | "start") => {
            let mut mapping: Vec<String> = Vec::new();
            while let Some(name) = sent.all(&format!("c{}", mapping.len())).next() {
                mapping.push(name.to_owned());
            }
            let settings = Settings {
                mapping,
                match_key: sent.value("match"),
                on_match: sent.value("on_match"),
                day_order: sent.value("day_order"),
                decimals: sent.value("decimals"),
            };
            imports::begin(ctx, id, &settings, verb == "check").await?;
        }
        "cancel" => imports::cancel(ctx, id).await?,
        "undo" => imports::undo(ctx, id).await?,
        "discard" => {
            imports::discard(ctx, id).await?;
            sent.go = Some("/import".into());
            return Ok(());
        }
        _ => return Err(AppError::NotFound),
    }
    sent.go = Some(format!("/import/{id}"));
    Ok(())
}

/// Writes the page of all imports.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let list = imports::list(ctx).await?;
    let oldest = list.iter().rev().find(|it| is_open(it) && it.started_by == ctx.actor.user().map(|id| id.0));
    let why = match place.get("why") {
        "unfinished" => Some(fill(
            s!(lang, imports.w_unfinished),
            &[&imports::MAX_UNFINISHED.to_string(), oldest.map_or("—", |it| it.file_name.as_str())],
        )),
        why => why_not(why, lang).map(str::to_owned),
    };
    let chosen = Kind::parse(place.get("kind")).unwrap_or(Kind::Contacts);
    let kinds: Vec<Choice> =
        KINDS.iter().map(|kind| (kind.as_str().to_owned(), kind_name(kind.as_str(), lang).to_owned(), None)).collect();
    let rows = list.iter().map(|import| listed(reader, import)).collect_view();
    let columns =
        [s!(lang, imports.table), s!(lang, imports.kind), s!(lang, imports.state), s!(lang, imports.by), s!(lang, imports.when)]
            .map(Column::Text);
    let view = view! {
        <div class="import">
            <p class="office-help">{s!(lang, imports.help)}</p>
            {why.map(|text| notice("notice-bad", Icon::Warning, "alert", &text))}
            <form class="form import-send" method="post" action="/import/upload" enctype="multipart/form-data">
                {select(reader, "send", "kind", s!(lang, imports.kind), chosen.as_str(), kinds)}
                <div class="field">
                    <label for="import-file">{s!(lang, imports.file)}</label>
                    <input
                        id="import-file"
                        class="input import-file"
                        type="file"
                        name="file"
                        required=true
                        accept=".csv,.tsv,.txt,.xlsx,.vcf,text/csv,text/vcard"
                        aria-describedby="import-file-help"
                    />
                    <p class="field-help" id="import-file-help">{s!(lang, imports.file_help)}</p>
                </div>
                <div class="form-actions"><button class="button button-primary">{s!(lang, imports.send)}</button></div>
            </form>
            <section aria-labelledby="latest">
                <h3 id="latest">{s!(lang, imports.latest)}</h3>
                {if list.is_empty() {
                    view! { <p class="office-none">{s!(lang, imports.none)}</p> }.into_any()
                } else {
                    table(reader, "", &columns, rows)
                }}
            </section>
        </div>
    };
    Ok(view.into_any())
}

fn is_open(import: &Import) -> bool {
    matches!(import.state.as_str(), "draft" | "checked")
}

fn listed(reader: &Reader, import: &Import) -> AnyView {
    let lang = reader.lang;
    view! {
        <tr>
            <th scope="row"><a href=format!("/import/{}", import.id)>{import.file_name.clone()}</a></th>
            <td>{kind_name(&import.kind, lang)}</td>
            <td>{state(&import.state, lang)}</td>
            <td>{import.starter.clone().unwrap_or_else(|| s!(lang, imports.shell).to_owned())}</td>
            <td>{reader.time(import.created_at)}</td>
        </tr>
    }
    .into_any()
}

/// Writes the page of an import; gives its title too.
pub async fn one(ctx: &Ctx, reader: &Reader, id: &str) -> AppResult<(String, AnyView)> {
    let lang = reader.lang;
    let id: Uuid = id.parse().map_err(|_| AppError::NotFound)?;
    let whole = imports::find(ctx, id, lang).await?;
    let import = &whole.import;
    let goes_on = matches!(import.state.as_str(), "checking" | "running" | "undoing");
    let is_open = is_open(import);
    let failure =
        import.failure.as_ref().map(|why| notice("notice-bad", Icon::Warning, "alert", &fill(s!(lang, imports.failure), &[why])));
    let tried = (import.state == "checked").then(|| notice("notice-ok", Icon::Check, "status", s!(lang, imports.would)));
    let counts = (import.state != "draft").then(|| {
        let (whole, took) = (rows_in_all(import, lang), import.began_at.zip(import.finished_at));
        let took =
            took.map(|(began, ended)| fill(s!(lang, imports.took), &[&format::duration((ended - began).num_seconds().max(1))]));
        view! {
            {counts(import, lang)}
            <p class="faint">{whole}{took.map(|took| format!(" · {took}"))}</p>
        }
    });
    let view = view! {
        <div class="import">
            <p><a href="/import">{s!(lang, imports.back)}</a></p>
            <header class="import-head">
                <h2 class="office-title">{import.file_name.clone()}</h2>
                {state(&import.state, lang)}
                <span class="faint">{kind_name(&import.kind, lang)}</span>
            </header>
            {problem(reader)}
            {mapping_fault(reader)}
            {failure}
            {tried}
            {goes_on.then(|| progress(import, lang))}
            {counts}
            {(!whole.preview.is_empty() && is_open).then(|| import_shown::preview(reader, import, &whole.preview))}
            {(!whole.records.is_empty()).then(|| import_shown::records(&whole, lang))}
            {is_open.then(|| settings(reader, import))}
            {matches!(import.state.as_str(), "done" | "cancelled" | "failed")
                .then(|| {
                    view! {
                        <form class="form" method="post" action=format!("/import/{id}")>
                            <p class="field-help">{s!(lang, imports.undo_help)}</p>
                            <div class="form-actions">
                                <button class="button button-bad" name="do" value="undo">{s!(lang, imports.undo)}</button>
                            </div>
                        </form>
                    }
                })}
            {(!whole.kept.is_empty()).then(|| kept(&whole, lang))}
            {(whole.wrong_rows > 0).then(|| wrong(reader, &whole))}
        </div>
    };
    Ok((import.file_name.clone(), view.into_any()))
}

fn progress(import: &Import, lang: Lang) -> AnyView {
    let (done, total) = (import.done_rows, import.total_rows.max(1));
    let text = fill(s!(lang, imports.progress), &[&format::integer(done, lang), &format::integer(import.total_rows, lang)]);
    let undoes = import.state == "undoing";
    let place = format!("/import/{}", import.id);
    view! {
        <div class="import-progress">
            {(!undoes)
                .then(|| {
                    view! {
                        <progress max=total.to_string() value=done.to_string() aria-label=s!(lang, imports.rows)></progress>
                        <p>{text}</p>
                    }
                })}
            <div class="form-actions">
                <a class="button" href=place.clone() rel="external">{s!(lang, imports.reload)}</a>
                {(!undoes)
                    .then(|| {
                        view! {
                            <form method="post" action=place>
                                <button class="button" name="do" value="cancel">{s!(lang, imports.cancel)}</button>
                            </form>
                        }
                    })}
            </div>
        </div>
    }
    .into_any()
}

fn rows_in_all(import: &Import, lang: Lang) -> String {
    let n = import.total_rows;
    fill(plural(n, s!(lang, imports.count_one), s!(lang, imports.count)), &[&format::integer(n, lang)])
}

fn counts(import: &Import, lang: Lang) -> AnyView {
    let undone = matches!(import.state.as_str(), "undoing" | "undone");
    let all = [
        (s!(lang, imports.n_created), import.created, true),
        (s!(lang, imports.n_updated), import.updated, true),
        (s!(lang, imports.n_unchanged), import.unchanged, true),
        (s!(lang, imports.n_skipped), import.skipped, true),
        (s!(lang, imports.n_refused), import.refused, true),
        (s!(lang, imports.n_undone), import.undone, undone),
        (s!(lang, imports.n_kept), import.kept, undone),
    ];
    let shown = all.into_iter().filter(|(.., shown)| *shown);
    let figures = shown.map(|(name, n, _)| view! { <div><dt>{name}</dt><dd class="num">{format::integer(n, lang)}</dd></div> });
    view! { <dl class="import-counts">{figures.collect_view()}</dl> }.into_any()
}

fn settings(reader: &Reader, import: &Import) -> AnyView {
    let lang = reader.lang;
    let Some(kind) = Kind::parse(&import.kind) else { return ().into_any() };
    let rows = import.titles(lang).into_iter().enumerate().map(|(at, header)| {
        let begin = import.mapping.get(at).map(String::as_str).unwrap_or_default();
        let name = format!("c{at}");
        let sent = reader.sent.error().map(|_| reader.sent.value(&name).to_owned());
        let chosen = sent.unwrap_or_else(|| begin.to_owned());
        let samples = import.samples.get(at).and_then(|s| s.as_array()).cloned().unwrap_or_default();
        let samples: Vec<String> = samples.iter().filter_map(|s| s.as_str()).map(str::to_owned).collect();
        let choices = kind.targets().iter().map(|target| {
            view! { <option value=target.name selected=target.name == chosen>{field_name(target.name, lang)}</option> }
        });
        let label = format!("{}: {header}", s!(lang, imports.field));
        let aside = chosen.is_empty();
        view! {
            <tr class=aside.then_some("is-aside")>
                <th scope="row">{header}</th>
                <td class="cell-wrap faint">{samples.join(" · ")}</td>
                <td>
                    <select class="input" name=name aria-label=label>
                        <option value="" selected=aside>{s!(lang, imports.aside)}</option>
                        {choices.collect_view()}
                    </select>
                </td>
            </tr>
        }
    });
    let choice = |value: &str, label: &str| -> Choice { (value.to_owned(), label.to_owned(), None) };
    let keys = MATCH_KEYS.iter().filter(|key| kind != Kind::Companies || **key != "email").map(|key| {
        choice(
            key,
            match *key {
                "email" => s!(lang, imports.m_email),
                "phone" => s!(lang, imports.m_phone),
                "name" if kind == Kind::Companies => s!(lang, imports.m_name_company),
                "name" => s!(lang, imports.m_name_contact),
                "id" => s!(lang, imports.m_id),
                _ => s!(lang, imports.m_none),
            },
        )
    });
    let then = ON_MATCH.iter().map(|word| {
        choice(
            word,
            match *word {
                "update" => s!(lang, imports.o_update),
                "skip" => s!(lang, imports.o_skip),
                _ => s!(lang, imports.o_create),
            },
        )
    });
    let columns = [s!(lang, imports.column), s!(lang, imports.samples), s!(lang, imports.field)].map(Column::Text);
    let heading = rows_in_all(import, lang);
    view! {
        <form class="import-settings" method="post" action=format!("/import/{}", import.id)>
            <h3>{s!(lang, imports.columns)}</h3>
            <p class="office-help">{s!(lang, imports.columns_help)} " " <span class="faint">{heading}</span></p>
            {table(reader, "import-columns", &columns, rows.collect_view())}
            <div class="import-choices">
                {select(reader, "settings", "match", s!(lang, imports.match_by), &import.match_key, keys.collect())}
                {select(reader, "settings", "on_match", s!(lang, imports.on_match), &import.on_match, then.collect())}
                {how_read(reader, import, kind)}
            </div>
            <div class="form-actions">
                <button class="button" name="do" value="check">{s!(lang, imports.check)}</button>
                <button class="button button-primary" name="do" value="start">{s!(lang, imports.start)}</button>
                <button class="button button-bad" name="do" value="discard">{s!(lang, imports.discard)}</button>
            </div>
        </form>
    }
    .into_any()
}

/// How days and numbers are read: asked for where they matter.
fn how_read(reader: &Reader, import: &Import, kind: Kind) -> AnyView {
    let lang = reader.lang;
    let choice = |value: &str, label: &str| -> Choice { (value.to_owned(), label.to_owned(), None) };
    let orders = DAY_ORDERS.iter().map(|word| {
        choice(
            word,
            match *word {
                "day_first" => s!(lang, imports.d_day),
                "month_first" => s!(lang, imports.d_month),
                _ => s!(lang, imports.d_found),
            },
        )
    });
    let marks = DECIMALS.iter().map(|word| {
        choice(
            word,
            match *word {
                "comma" => s!(lang, imports.d_comma),
                "point" => s!(lang, imports.d_point),
                _ => s!(lang, imports.d_found),
            },
        )
    });
    let order = kind
        .has_days(&import.mapping)
        .then(|| select(reader, "settings", "day_order", s!(lang, imports.day_order), &import.day_order, orders.collect()));
    let mark = kind
        .has_numbers(&import.mapping)
        .then(|| select(reader, "settings", "decimals", s!(lang, imports.decimals), &import.decimals, marks.collect()));
    view! {
        {order}
        {mark}
    }
    .into_any()
}

/// What is wrong with the mapping: it points at a column, or at all of them.
fn mapping_fault(reader: &Reader) -> Option<AnyView> {
    let AppError::Invalid { fields } = reader.sent.error()? else { return None };
    let fault = fields.first()?;
    Some(notice("notice-bad", Icon::Warning, "alert", fault_text(&fault.code, reader.lang)))
}

fn kept(whole: &Whole, lang: Lang) -> AnyView {
    let records = whole.kept.iter().map(|(is_company, id, name)| {
        let place = if *is_company { "companies" } else { "contacts" };
        let name = if name.is_empty() { id.to_string() } else { name.clone() };
        view! { <li><a href=format!("/{place}/{id}")>{name}</a></li> }
    });
    view! {
        <section aria-labelledby="kept">
            <h3 id="kept">{s!(lang, imports.kept)}</h3>
            <p class="office-help">{s!(lang, imports.kept_help)}</p>
            <ul>{records.collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn wrong(reader: &Reader, whole: &Whole) -> AnyView {
    let lang = reader.lang;
    let columns =
        [Column::Number(s!(lang, imports.line)), Column::Text(s!(lang, imports.what)), Column::Text(s!(lang, imports.state))];
    let rows = whole.wrong.iter().map(|(line, refused, problems)| {
        let said = problems.iter().map(|(column, what)| {
            let column = (!column.is_empty()).then(|| view! { <b>{column.clone()} ": "</b> });
            view! { <p>{column}{what.clone()}</p> }
        });
        let (class, word) =
            if *refused { ("chip chip-bad", s!(lang, imports.refused)) } else { ("chip", s!(lang, imports.partly)) };
        view! {
            <tr>
                <th scope="row" class="num">{line.to_string()}</th>
                <td class="cell-wrap">{said.collect_view()}</td>
                <td><span class=class>{word}</span></td>
            </tr>
        }
    });
    let shown = whole.wrong.len() as i64;
    let first = (shown < whole.wrong_rows).then(|| {
        fill(s!(lang, imports.first_problems), &[&format::integer(shown, lang), &format::integer(whole.wrong_rows, lang)])
    });
    view! {
        <section aria-labelledby="wrong">
            <h3 id="wrong">{s!(lang, imports.problems)} " " <span class="chip">{format::integer(whole.wrong_rows, lang)}</span></h3>
            <p class="office-help">{s!(lang, imports.problems_help)}</p>
            <p>
                <a class="button" href=format!("/import/{}/problems.csv", whole.import.id) rel="external" download="">
                    {icon(Icon::Download)}
                    {s!(lang, imports.download)}
                </a>
            </p>
            {table(reader, "", &columns, rows.collect_view())}
            {first.map(|text| view! { <p class="faint">{text}</p> })}
        </section>
    }
    .into_any()
}

fn state(state: &str, lang: Lang) -> AnyView {
    let (class, word) = match state {
        "draft" => ("status", s!(lang, imports.s_draft)),
        "checking" => ("status status-waits", s!(lang, imports.s_checking)),
        "checked" => ("status", s!(lang, imports.s_checked)),
        "running" => ("status status-waits", s!(lang, imports.s_running)),
        "done" => ("status status-on", s!(lang, imports.s_done)),
        "cancelled" => ("status", s!(lang, imports.s_cancelled)),
        "undoing" => ("status status-waits", s!(lang, imports.s_undoing)),
        "undone" => ("status", s!(lang, imports.s_undone)),
        _ => ("status", s!(lang, imports.s_failed)),
    };
    view! { <span class=class>{word}</span> }.into_any()
}

fn kind_name(kind: &str, lang: Lang) -> &'static str {
    if kind == Kind::Companies.as_str() { s!(lang, imports.companies) } else { s!(lang, imports.contacts) }
}

fn field_name(name: &'static str, lang: Lang) -> &'static str {
    match name {
        "first_name" => s!(lang, imports.f_first_name),
        "last_name" => s!(lang, imports.f_last_name),
        "full_name" => s!(lang, imports.f_full_name),
        "last_first" => s!(lang, imports.f_last_first),
        "email" => s!(lang, imports.f_email),
        "phone" => s!(lang, imports.f_phone),
        "company" => s!(lang, imports.f_company),
        "title" => s!(lang, imports.f_title),
        "city" => s!(lang, imports.f_city),
        "country" => s!(lang, imports.f_country),
        "language" => s!(lang, imports.f_language),
        "birthday" => s!(lang, imports.f_birthday),
        "lifecycle" => s!(lang, imports.f_lifecycle),
        "source" => s!(lang, imports.f_source),
        "owner" => s!(lang, imports.f_owner),
        "tags" => s!(lang, imports.f_tags),
        "usage_user_id" => s!(lang, imports.f_usage_user_id),
        "id" => s!(lang, imports.f_id),
        "notes" => s!(lang, imports.f_notes),
        "name" => s!(lang, imports.f_name),
        "domain" => s!(lang, imports.f_domain),
        "industry" => s!(lang, imports.f_industry),
        "employees" => s!(lang, imports.f_employees),
        "website" => s!(lang, imports.f_website),
        "address" => s!(lang, imports.f_address),
        "organization_id" => s!(lang, imports.f_organization_id),
        other => other,
    }
}

/// Why a file was not taken, by the word in the address.
fn why_not(word: &str, lang: Lang) -> Option<&'static str> {
    Some(match word {
        "empty" => s!(lang, imports.w_empty),
        "binary" => s!(lang, imports.w_binary),
        "old_excel" => s!(lang, imports.w_old_excel),
        "encrypted" => s!(lang, imports.w_encrypted),
        "bomb" => s!(lang, imports.w_bomb),
        "other" => s!(lang, imports.w_other),
        "damaged" => s!(lang, imports.w_damaged),
        "too_large" => s!(lang, imports.w_too_large),
        "wide" => s!(lang, imports.w_wide),
        "missing" => s!(lang, imports.w_missing),
        _ => return None,
    })
}
