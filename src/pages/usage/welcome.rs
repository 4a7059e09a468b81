//! The dashboard of a product that has not heard of any use yet.

use leptos::prelude::*;

use crate::ui::{
    i18n::{t, use_lang},
    icon::{Icon, icon},
};

/// Says what will be here, and how the first event comes.
#[component]
pub(super) fn Welcome() -> impl IntoView {
    let lang = use_lang();
    view! {
        <section class="welcome" aria-labelledby="welcome-title">
            <span class="state-icon">{icon(Icon::Activity)}</span>
            <h2 id="welcome-title" class="state-title">{t!(lang, welcome.title)}</h2>
            <p class="state-help">{t!(lang, welcome.help)}</p>
            <p class="welcome-step">{icon(Icon::Terminal)}{t!(lang, welcome.simulate)}</p>
            <pre class="code" tabindex="0"><code>"nexus-crm simulate"</code></pre>
            <p class="welcome-step">{t!(lang, welcome.webhook)}</p>
            <pre class="code" tabindex="0"><code>"POST /agent-usage/events"</code></pre>
            <p class="state-help">{t!(lang, welcome.waiting)}</p>
        </section>
    }
    .into_any()
}
