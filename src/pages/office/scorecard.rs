//! How leads are scored and shared out, and the public form.

use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    domain::{
        AppError, AppResult,
        format::{self, Lang},
        lead::{Band, Scorecard, assign::Seniority, score::ScoreRule},
        people::{Faults, UserId},
    },
    features::leads::{
        assign::{self, Assignee},
        form::{self, FormSettings, HONEYPOT},
        scorecard::{self, CardChange, Preview},
    },
    pages::{
        desk::lead_words as words,
        written::{
            form::Sent,
            parts::{Field, Reader, field, in_textarea, notice, problem},
            render::{Place, head},
            tables::{Column, table},
        },
    },
    platform::ctx::Ctx,
    ui::{
        i18n::{fill, s},
        icon::Icon,
    },
};

fn number<T: std::str::FromStr>(sent: &Sent, name: &str) -> AppResult<T> {
    sent.value(name).trim().parse().map_err(|_| AppError::invalid(format!("/{name}"), "number", "is no whole number"))
}

/// Words with commas between them, as they are looked for.
fn list(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split([',', '\n']).map(|word| word.trim().to_lowercase()).filter(|word| !word.is_empty()) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

fn wanted(sent: &Sent) -> AppResult<Scorecard> {
    let mut faults = Faults::default();
    let mut card = Scorecard {
        words: list(sent.value("words")),
        spanish_words: list(sent.value("spanish_words")),
        spanish: sent.has("spanish", "on"),
        ..Scorecard::default()
    };
    for rule in ScoreRule::ALL {
        *card.points_mut(*rule) = faults.take(number(sent, rule.as_str()))?.unwrap_or_default();
    }
    card.long_visit_s = faults.take(number(sent, "long_visit_s"))?.unwrap_or_default();
    card.high = faults.take(number(sent, "high"))?.unwrap_or_default();
    card.medium = faults.take(number(sent, "medium"))?.unwrap_or_default();
    faults.check()?;
    Ok(card)
}

/// Does what a form of the page asks for.
pub async fn take(ctx: &Ctx, sent: &mut Sent) -> AppResult<()> {
    let version = |sent: &Sent| sent.value("version").parse::<i32>().map_err(|_| AppError::NotFound);
    match sent.verb() {
        // Only looked at: the page itself shows what would come of it.
        "preview" => {
            scorecard::preview(ctx, &wanted(sent)?).await?;
            sent.done = Some("preview");
        }
        "card" => {
            scorecard::change(ctx, &wanted(sent)?, version(sent)?).await?;
            sent.done = Some("saved");
        }
        "defaults" => {
            scorecard::change(ctx, &Scorecard::default(), version(sent)?).await?;
            sent.done = Some("saved");
        }
        "people" => {
            let user: Uuid = sent.value("user").parse().map_err(|_| AppError::NotFound)?;
            let part = match Seniority::parse(sent.value("level")) {
                None => None,
                Some(level) => Some((level, number(sent, "capacity")?)),
            };
            assign::set_part(ctx, UserId(user), part).await?;
            sent.done = Some("people");
        }
        "form" => {
            form::change(ctx, sent.has("on", "on"), sent.value("origins"), version(sent)?).await?;
            sent.done = Some("form");
        }
        _ => return Err(AppError::NotFound),
    }
    Ok(())
}

/// Writes the page.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let (stored, version, history) = scorecard::find(ctx).await?;
    let previewed = reader.sent.done == Some("preview");
    let card = if previewed { wanted(&reader.sent)? } else { stored };
    let preview = if previewed { Some(scorecard::preview(ctx, &card).await?) } else { None };
    let people = assign::list(ctx).await?;
    let form = form::find(ctx).await?;
    let said = match reader.sent.done {
        Some("saved") => Some(s!(lang, scorecard.saved)),
        Some("people") => Some(s!(lang, scorecard.people_saved)),
        Some("form") => Some(s!(lang, scorecard.form_saved)),
        _ => None,
    };
    let version = if previewed { reader.sent.value("version").to_owned() } else { version.to_string() };
    let view = view! {
        {head(s!(lang, scorecard.title), s!(lang, scorecard.help), None)}
        {problem(reader)}
        {said.map(|text| notice("notice-ok", Icon::Check, "status", text))}
        {card_section(reader, &card, &version, preview)}
        {people_section(reader, people, place.get("edit"))}
        {form_section(ctx, reader, &form)}
        {history_section(reader, history)}
    };
    Ok(view.into_any())
}

fn card_section(reader: &Reader, card: &Scorecard, version: &str, preview: Option<Preview>) -> AnyView {
    let lang = reader.lang;
    // All buttons send the same form; what it asks for is in the one that was pressed.
    let as_card = match reader.sent.verb() {
        "preview" | "card" => Reader { sent: reader.sent.clone().called("card"), ..reader.clone() },
        _ => reader.clone(),
    };
    let stale = as_card.sent.verb() == "card" && as_card.sent.error().is_some();
    let version = if stale { as_card.sent.version(version.parse().unwrap_or_default()) } else { version.to_owned() };
    let whole = |name: &'static str, label: &str, value: i64| {
        field(&as_card, "card", &Field { begin: &value.to_string(), ..Field::text(name, label) })
    };
    let rules = ScoreRule::ALL
        .iter()
        .map(|rule| whole(rule.as_str(), words::rule(*rule, lang), i64::from(card.points(*rule))))
        .collect_view();
    let (plain, spanish) = (card.words.join(", "), card.spanish_words.join(", "));
    let plain = Field {
        begin: &plain,
        help: Some(s!(lang, scorecard.words_help)),
        required: false,
        ..Field::text("words", s!(lang, scorecard.words))
    };
    let spanish = Field { begin: &spanish, required: false, ..Field::text("spanish_words", s!(lang, scorecard.spanish_words)) };
    let checked = if stale { as_card.sent.has("spanish", "on") } else { card.spanish };
    view! {
        <section class="office-section" aria-labelledby="card">
            <h3 id="card">{s!(lang, scorecard.card)}" "<span class="chip">{fill(s!(lang, scorecard.version), &[&version])}</span></h3>
            <p class="office-help">{s!(lang, scorecard.card_help)}</p>
            <form class="form form-wide" method="post" action="/admin/scorecard">
                <input type="hidden" name="version" value=version/>
                {rules}
                {whole("long_visit_s", s!(lang, scorecard.long_visit), i64::from(card.long_visit_s))}
                {field(&as_card, "card", &plain)}
                {field(&as_card, "card", &spanish)}
                <label class="check"><input type="checkbox" name="spanish" value="on" checked=checked/>{s!(lang, scorecard.spanish)}</label>
                {whole("high", s!(lang, scorecard.high), i64::from(card.high))}
                {whole("medium", s!(lang, scorecard.medium), i64::from(card.medium))}
                <div class="form-actions">
                    <button class="button button-primary" name="do" value="card">{s!(lang, scorecard.save)}</button>
                    <button class="button" name="do" value="preview">{s!(lang, scorecard.preview)}</button>
                    <button class="button" name="do" value="defaults">{s!(lang, scorecard.defaults)}</button>
                </div>
            </form>
            {preview.map(|preview| preview_box(preview, lang))}
        </section>
    }
    .into_any()
}

fn preview_box(preview: Preview, lang: Lang) -> AnyView {
    let count = |n: i64| format::integer(n, lang);
    let text = fill(s!(lang, scorecard.looked), &[&count(preview.looked_at), &count(preview.rescored), &count(preview.moved)]);
    let figures = Band::ALL.iter().zip(preview.before).zip(preview.after).map(|((band, before), after)| {
        view! {
            <div class="preview-figure">
                <dt>{words::band(*band, lang)}</dt>
                <dd><span class="faint">{count(before)}</span>" → "<strong class="preview-after">{count(after)}</strong></dd>
            </div>
        }
    });
    view! {
        <section class="preview" aria-label=s!(lang, scorecard.would)>
            <h3>{s!(lang, scorecard.would)}</h3>
            <p class="office-help">{text}</p>
            <dl class="preview-figures">{figures.collect_view()}</dl>
        </section>
    }
    .into_any()
}

fn people_section(reader: &Reader, people: Vec<Assignee>, open: &str) -> AnyView {
    let lang = reader.lang;
    let none = people.is_empty();
    let failed = reader.sent.verb() == "people" && reader.sent.error().is_some();
    let open = if failed { reader.sent.value("user") } else { open };
    let rows = people.into_iter().map(|each| assignee(reader, &each, each.user.to_string() == open)).collect_view();
    let columns = [
        Column::Text(s!(lang, scorecard.person)),
        Column::Text(s!(lang, scorecard.level)),
        Column::Number(s!(lang, scorecard.capacity)),
        Column::Number(s!(lang, scorecard.open)),
        Column::Action(s!(lang, leads.edit)),
    ];
    view! {
        <section class="office-section" aria-labelledby="people">
            <h3 id="people">{s!(lang, scorecard.people)}</h3>
            <p class="office-help">{s!(lang, scorecard.people_help)}</p>
            {none.then(|| view! { <p class="office-none">{s!(lang, scorecard.nobody)}</p> })}
            {(!none).then(|| table(reader, "", &columns, rows))}
        </section>
    }
    .into_any()
}

fn assignee(reader: &Reader, each: &Assignee, is_open: bool) -> AnyView {
    let lang = reader.lang;
    let id = each.user.to_string();
    let level = each.part.map_or_else(|| s!(lang, scorecard.not_part), |(level, _)| words::seniority(level, lang));
    let capacity = each.part.map(|(_, capacity)| format::integer(i64::from(capacity), lang));
    let edit = format!("/admin/scorecard?edit={id}#people");
    let form = is_open.then(|| {
        let begin = each.part.map_or_else(|| "20".to_owned(), |(_, capacity)| capacity.to_string());
        let chosen = each.part.map(|(level, _)| level);
        let mut choices = vec![(String::new(), s!(lang, scorecard.not_part).to_owned(), None)];
        choices.extend(Seniority::ALL.iter().map(|level| (level.as_str().to_owned(), words::seniority(*level, lang).to_owned(), None)));
        view! {
            <tr class="row-open">
                <td colspan="5">
                    <form class="form form-wide" method="post" action="/admin/scorecard">
                        <input type="hidden" name="do" value="people"/>
                        <input type="hidden" name="user" value=id.clone()/>
                        {crate::pages::written::parts::select(reader, "people", "level", s!(lang, scorecard.level), chosen.map_or("", Seniority::as_str), choices)}
                        {field(reader, "people", &Field { begin: &begin, ..Field::text("capacity", s!(lang, scorecard.capacity)) })}
                        <div class="form-actions">
                            <button class="button button-primary">{s!(lang, leads.save)}</button>
                            <a class="button" href="/admin/scorecard#people">{s!(lang, leads.cancel)}</a>
                        </div>
                    </form>
                </td>
            </tr>
        }
    });
    view! {
        <tr>
            <th scope="row">{each.name.clone()}</th>
            <td>{level}</td>
            <td class="num">{capacity}</td>
            <td class="num">{format::integer(each.open, lang)}</td>
            <td class="cell-action"><a class="button" href=edit aria-label=fill(s!(lang, people.edit_label), &[&each.name])>{s!(lang, leads.edit)}</a></td>
        </tr>
        {form}
    }
    .into_any()
}

/// How the form is shown on another site, and a form of a site's own.
fn snippets(base_url: &str) -> (String, String) {
    let frame = format!(
        "<iframe src=\"{base_url}/form?source=website_contact_form\" title=\"Contact\" width=\"100%\" height=\"760\" style=\"border:0\"></iframe>"
    );
    let plain = format!(
        "<form method=\"post\" action=\"{base_url}/form\" accept-charset=\"utf-8\">\n  <input type=\"hidden\" name=\"source\" value=\"website_contact_form\">\n  \
         <label>Name <input name=\"name\" required></label>\n  <label>E-mail <input name=\"email\" type=\"email\"></label>\n  \
         <label>Phone <input name=\"phone\" type=\"tel\"></label>\n  <label>Message <textarea name=\"message\"></textarea></label>\n  \
         <input name=\"{HONEYPOT}\" style=\"display:none\" tabindex=\"-1\" autocomplete=\"off\">\n  <button>Send</button>\n</form>"
    );
    (frame, plain)
}

fn form_section(ctx: &Ctx, reader: &Reader, form: &FormSettings) -> AnyView {
    let lang = reader.lang;
    let refused = reader.sent.verb() == "form" && reader.sent.error().is_some();
    let checked = if refused { reader.sent.has("on", "on") } else { form.on };
    let origins = form.origins.join(", ");
    let (frame, plain) = snippets(&ctx.app.settings.base_url);
    let shown = |label: &'static str, help: Option<&'static str>, text: &str| {
        view! {
            <h4>{label}</h4>
            {help.map(|help| view! { <p class="office-help">{help}</p> })}
            <textarea class="input input-tall snippet" readonly=true rows="4" aria-label=label inner_html=in_textarea(text)></textarea>
        }
    };
    view! {
        <section class="office-section" aria-labelledby="form">
            <h3 id="form">{s!(lang, scorecard.form)}</h3>
            <p class="office-help">{s!(lang, scorecard.form_help)}</p>
            <form class="form form-wide" method="post" action="/admin/scorecard">
                <input type="hidden" name="do" value="form"/>
                <input type="hidden" name="version" value=if refused { reader.sent.version(form.version) } else { form.version.to_string() }/>
                <label class="check"><input type="checkbox" name="on" value="on" checked=checked/>{s!(lang, scorecard.form_on)}</label>
                {field(reader, "form", &Field { begin: &origins, required: false, help: Some(s!(lang, scorecard.origins_help)), ..Field::text("origins", s!(lang, scorecard.origins)) })}
                <div class="form-actions"><button class="button button-primary">{s!(lang, scorecard.save)}</button></div>
            </form>
            <h4>{s!(lang, scorecard.link)}</h4>
            <p class="office-help">{s!(lang, scorecard.link_help)}</p>
            <p><a href="/form" rel="external"><code>{format!("{}/form", ctx.app.settings.base_url)}</code></a></p>
            {shown(s!(lang, scorecard.frame), None, &frame)}
            {shown(s!(lang, scorecard.plain), Some(s!(lang, scorecard.plain_help)), &plain)}
            <h4>{s!(lang, scorecard.api)}</h4>
            <p class="office-help">{s!(lang, scorecard.api_help)}</p>
        </section>
    }
    .into_any()
}

/// What a change of the scorecard changed.
fn differences(change: &CardChange) -> String {
    let (Some(before), Some(after)) = (change.body.get("before").and_then(|v| v.as_object()), change.body.get("after")) else {
        return String::new();
    };
    let told = before.iter().filter_map(|(key, value)| {
        let now = after.get(key)?;
        (now != value).then(|| format!("{key}: {value} → {now}"))
    });
    told.collect::<Vec<_>>().join("; ")
}

fn history_section(reader: &Reader, history: Vec<CardChange>) -> AnyView {
    let lang = reader.lang;
    let none = history.is_empty();
    let rows = history.into_iter().map(|change| {
        view! {
            <tr>
                <td>{format::date_time(change.at, &reader.zone, lang)}</td>
                <td class="cell-wrap">{differences(&change)}</td>
                <td>{change.actor}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let columns =
        [Column::Text(s!(lang, journal.when)), Column::Text(s!(lang, scorecard.changed)), Column::Text(s!(lang, journal.who))];
    view! {
        <section class="office-section" aria-labelledby="history">
            <h3 id="history">{s!(lang, scorecard.history)}</h3>
            {none.then(|| view! { <p class="office-help">{s!(lang, scorecard.no_history)}</p> })}
            {(!none).then(|| table(reader, "", &columns, rows))}
        </section>
    }
    .into_any()
}
