//! Templates: texts that mails, calls, meetings and notes begin from.

use leptos::prelude::*;
use uuid::Uuid;

use super::said::kind_name;
use crate::{
    domain::{AppError, AppResult, format::Lang, people::Permission, templates::VARIABLES},
    features::tasks::{
        interactions::InteractionKind,
        templates::{self, STAGES, Template},
    },
    pages::written::{
        form::Sent,
        parts::{Choice, Field, Reader, fault_text, field, in_textarea, notice, problem, select},
        render::{Place, head},
    },
    platform::ctx::Ctx,
    ui::{
        href,
        i18n::s,
        icon::{Icon, icon},
    },
};

/// Where the page stands.
pub(super) const HERE: &str = "/tasks/templates";

fn id(sent: &Sent) -> AppResult<Option<Uuid>> {
    match sent.value("id") {
        "" => Ok(None),
        id => id.parse().map(Some).map_err(|_| AppError::NotFound),
    }
}

fn wanted(sent: &Sent) -> AppResult<Template> {
    Ok(Template {
        id: id(sent)?,
        name: sent.value("name").to_owned(),
        kind: InteractionKind::parse(sent.value("kind")).unwrap_or_default(),
        stage: Some(sent.value("stage").to_owned()).filter(|stage| !stage.is_empty()),
        language: Lang::parse(sent.value("language")).unwrap_or(Lang::Es),
        subject: sent.value("subject").to_owned(),
        body: sent.value("body").to_owned(),
        version: sent.value("version").parse().unwrap_or_default(),
        updated_at: chrono::DateTime::UNIX_EPOCH,
    })
}

/// Does what a form of the page asks for.
pub async fn take(ctx: &Ctx, sent: &mut Sent) -> AppResult<()> {
    match sent.verb() {
        // Only looked at: the page itself shows what would come of it.
        "preview" => sent.done = Some("preview"),
        "save" => {
            templates::save(ctx, &wanted(sent)?).await?;
            sent.go = Some(format!("{HERE}?did=saved"));
        }
        "delete" => {
            templates::delete(ctx, id(sent)?.ok_or(AppError::NotFound)?).await?;
            sent.go = Some(format!("{HERE}?did=deleted"));
        }
        _ => return Err(AppError::NotFound),
    }
    Ok(())
}

fn stage_name(stage: &str, lang: Lang) -> &'static str {
    match stage {
        "new" => s!(lang, tasks.stage_new),
        "contacted" => s!(lang, tasks.stage_contacted),
        "qualified" => s!(lang, tasks.stage_qualified),
        "prospect" => s!(lang, tasks.stage_prospect),
        "trial" => s!(lang, tasks.stage_trial),
        "customer" => s!(lang, tasks.stage_customer),
        "former" => s!(lang, tasks.stage_former),
        _ => s!(lang, tasks.any_stage),
    }
}

/// Writes the page.
pub async fn page(ctx: &Ctx, reader: &Reader, place: &Place<'_>) -> AppResult<AnyView> {
    let lang = reader.lang;
    let all = templates::list(ctx).await?;
    let manages = ctx.actor.may(Permission::ManageTemplates);
    let answers = matches!(reader.sent.verb(), "preview" | "save");
    let open = match (answers, place.get("edit")) {
        (true, _) => Some(wanted(&reader.sent)?),
        (false, "new") => Some(wanted(&Sent::default())?),
        (false, id) => id.parse().ok().and_then(|id: Uuid| all.iter().find(|template| template.id == Some(id))).cloned(),
    };
    let form = match open.filter(|_| manages) {
        Some(template) => Some(editor(ctx, reader, &template, &all).await?),
        None => None,
    };
    let action = manages.then(|| {
        let href = href::with_query(HERE, &[("edit", "new".into())]);
        view! { <a class="button" href=href>{icon(Icon::Plus)}{s!(lang, tasks.template_new)}</a> }.into_any()
    });
    let said = match place.get("did") {
        "saved" => Some(notice("notice-ok", Icon::Check, "status", s!(lang, tasks.template_saved))),
        "deleted" => Some(notice("notice-ok", Icon::Check, "status", s!(lang, tasks.template_deleted))),
        _ => None,
    };
    let none = all.is_empty() && form.is_none();
    let mut rows = Vec::with_capacity(all.len());
    for template in &all {
        rows.push(row(ctx, reader, template, manages).await?);
    }
    let view = view! {
        <div class="office-main tasks-page">
            <p class="tasks-back"><a class="link" href="/tasks">{icon(Icon::ArrowLeft)}{s!(lang, tasks.title)}</a></p>
            {head(s!(lang, tasks.templates), s!(lang, tasks.templates_help), action)}
            {problem(reader)}
            {said}
            {form}
            <ul class="template-list">{rows}</ul>
            {none.then(|| view! { <p class="office-none">{s!(lang, tasks.no_templates)}</p> })}
        </div>
    };
    Ok(view.into_any())
}

async fn row(ctx: &Ctx, reader: &Reader, template: &Template, manages: bool) -> AppResult<AnyView> {
    let lang = reader.lang;
    let body = templates::fill(ctx, &template.body, template.language, None, &reader.zone).await?;
    let edit = template.id.filter(|_| manages).map(|id| {
        let href = href::with_query(HERE, &[("edit", id.to_string())]);
        view! { <a class="button" href=href>{s!(lang, tasks.edit)}</a> }
    });
    let facts = [kind_name(template.kind, lang), stage_name(template.stage.as_deref().unwrap_or_default(), lang)];
    let view = view! {
        <li class="template">
            <p class="said-head">
                <strong>{template.name.clone()}</strong>
                {facts.map(|fact| view! { <span class="faint">{fact}</span> }).into_iter().collect_view()}
                <span class="faint">{template.language.as_str().to_uppercase()}</span>
                {edit}
            </p>
            <p class="said-body" lang=template.language.as_str()>{body.text}</p>
        </li>
    };
    Ok(view.into_any())
}

async fn editor(ctx: &Ctx, reader: &Reader, template: &Template, all: &[Template]) -> AppResult<AnyView> {
    const FORM: &str = "save";
    let lang = reader.lang;
    let stored = all.iter().find(|other| other.id == template.id && template.id.is_some());
    // Whoever saves again has seen how it stands now.
    let version = match (reader.sent.error(), stored) {
        (Some(AppError::Conflict { .. }), Some(stored)) => stored.version,
        _ => template.version,
    };
    let kinds: Vec<Choice> =
        InteractionKind::BY_HAND.iter().map(|kind| (kind.as_str().to_owned(), kind_name(*kind, lang).to_owned(), None)).collect();
    let any = (String::new(), s!(lang, tasks.any_stage).to_owned(), None);
    let stages =
        [any].into_iter().chain(STAGES.map(|stage| (stage.to_owned(), stage_name(stage, lang).to_owned(), None))).collect();
    let languages = vec![("es".to_owned(), "Español".to_owned(), None), ("en".to_owned(), "English".to_owned(), None)];
    let unknown = template.unknown();
    let fault = reader.sent.fault("body").map(|code| fault_text(code, lang));
    let unknown = (!unknown.is_empty()).then(|| {
        let names = unknown.iter().map(|name| format!("{{{{{name}}}}}")).collect::<Vec<_>>().join(", ");
        view! { <p class="field-fault">{icon(Icon::Warning)}{s!(lang, tasks.unknown_names)}" "{names}</p> }
    });
    let subject = templates::fill(ctx, &template.subject, template.language, None, &reader.zone).await?;
    let body = templates::fill(ctx, &template.body, template.language, None, &reader.zone).await?;
    let preview = (!template.body.trim().is_empty()).then(|| {
        view! {
            <div class="template-preview">
                <p class="faint">{s!(lang, tasks.preview_of)}</p>
                {(!subject.text.is_empty()).then(|| view! { <p><strong>{subject.text.clone()}</strong></p> })}
                <p class="said-body" lang=template.language.as_str()>{body.text}</p>
            </div>
        }
    });
    let names = VARIABLES.map(|name| view! { <code>{format!("{{{{{name}}}}}")}</code> }).into_iter().collect_view();
    let id = template.id.map(|id| view! { <input type="hidden" name="id" value=id.to_string()/> });
    let remove = template.id.map(|_| view! { <button class="button button-bad" name="do" value="delete" formnovalidate=true>{s!(lang, tasks.delete)}</button> });
    let is_conflict = matches!(reader.sent.error(), Some(AppError::Conflict { .. }));
    let theirs = stored.filter(|_| is_conflict).map(|stored| {
        view! {
            <div class="notice notice-bad task-conflict" role="alert">
                {icon(Icon::Warning)}
                <div><p>{s!(lang, tasks.conflict)}" "{reader.time(stored.updated_at)}</p><pre class="said-body">{stored.body.clone()}</pre></div>
            </div>
        }
    });
    let text = |name: &'static str, label: &'static str, begin: &str, required: bool| {
        field(reader, FORM, &Field { begin, required, ..Field::text(name, label) })
    };
    let view = view! {
        {theirs}
        <form class="form form-wide task-form" method="post" action=HERE>
            {id}
            <input type="hidden" name="version" value=version.to_string()/>
            {text("name", s!(lang, tasks.template_name), &template.name, true)}
            {select(reader, FORM, "kind", s!(lang, tasks.kind), template.kind.as_str(), kinds)}
            {select(reader, FORM, "language", s!(lang, tasks.language), template.language.as_str(), languages)}
            {select(reader, FORM, "stage", s!(lang, tasks.stage), template.stage.as_deref().unwrap_or_default(), stages)}
            {text("subject", s!(lang, tasks.subject), &template.subject, false)}
            <div class="field task-notes">
                <label for="template-body">{s!(lang, tasks.body)}</label>
                <textarea id="template-body" class="input" name="body" rows="8" aria-invalid=fault.map(|_| "true") inner_html=in_textarea(&template.body)></textarea>
                {fault.map(|text| view! { <p class="field-fault">{icon(Icon::Warning)}{text}</p> })}
                {unknown}
                <p class="field-help">{s!(lang, tasks.variables)}" "{names}</p>
            </div>
            {preview}
            <div class="form-actions">
                <button class="button button-primary" name="do" value="save">{s!(lang, tasks.save)}</button>
                <button class="button" name="do" value="preview">{s!(lang, tasks.preview)}</button>
                <a class="button" href=HERE>{s!(lang, tasks.cancel)}</a>
                {remove}
            </div>
        </form>
    };
    Ok(view.into_any())
}
