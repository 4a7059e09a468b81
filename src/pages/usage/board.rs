//! The dashboard once its data is there: it patches itself with what the live line brings, and reads again what a patch cannot
//! tell.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_query_map;

use super::{DashboardData, api::load_dashboard, toolbar::Toolbar, usage_href, welcome::Welcome};
use crate::{
    domain::{
        AppError,
        alert::OpenAlerts,
        live::LiveFrame,
        time::Period,
        usage::{UsageDashboard, UsageFilter},
    },
    features::{
        alerts::view::{AlertsFigure, OpenAlertsPanel},
        usage::view::{Activity, Agents, Figures, Nearest, TierLimitsPanel, UsageChart},
    },
    pages::frame::{LiveMark, LostBanner, TopBar},
    ui::{
        clock::use_clock,
        dom,
        i18n::{t, use_lang},
        live::Live,
        state::error_text,
    },
};

/// The state of the board.
#[derive(Clone, Copy)]
struct State {
    usage: RwSignal<UsageDashboard>,
    alerts: RwSignal<OpenAlerts>,
    live: Live,
    /// What the page's address asks for.
    filter: Memo<UsageFilter>,
    /// Counts the requests, so that an answer that was overtaken is dropped.
    request: StoredValue<u32>,
    busy: RwSignal<bool>,
    failed: RwSignal<Option<AppError>>,
    /// Frames that came in while a request was under way, to be applied to its answer.
    meanwhile: StoredValue<Vec<LiveFrame>>,
    /// Whether anything moved since the last load.
    moved: StoredValue<bool>,
    /// Whether the line asked for a new load since the last look.
    behind: StoredValue<bool>,
}

impl State {
    fn new(data: DashboardData, filter: Memo<UsageFilter>, live: Live) -> Self {
        Self {
            usage: RwSignal::new(data.usage),
            alerts: RwSignal::new(data.alerts),
            live,
            filter,
            request: StoredValue::new(0),
            busy: RwSignal::new(false),
            failed: RwSignal::new(None),
            meanwhile: StoredValue::new(Vec::new()),
            moved: StoredValue::new(false),
            behind: StoredValue::new(false),
        }
    }

    /// Takes in a frame.
    fn take(self, frame: &LiveFrame) {
        if matches!(frame, LiveFrame::Resync { .. } | LiveFrame::Snapshot { .. }) {
            // One that comes soon after another (an import is under way) waits for the next look, see `refresh`.
            if self.behind.try_update_value(|behind| std::mem::replace(behind, true)) == Some(false) {
                self.load(false);
            }
            return;
        }
        if self.busy.get_untracked() {
            self.meanwhile.update_value(|frames| frames.push(frame.clone()));
        }
        self.apply(frame);
    }

    fn apply(self, frame: &LiveFrame) {
        match frame {
            LiveFrame::Usage { seq, at, usage } => {
                self.moved.set_value(true);
                self.usage.update(|d| d.apply(*seq, *at, usage));
            }
            LiveFrame::Alert { seq, at, alert, usage } => {
                self.moved.set_value(true);
                // The list follows the dashboard's tier, as its first load does.
                if self.usage.with_untracked(|u| u.filter.tier.is_none_or(|tier| tier == alert.tier)) {
                    self.alerts.update(|alerts| alerts.apply(alert));
                }
                self.usage.update(|d| d.apply(*seq, *at, usage));
            }
            LiveFrame::Heartbeat { .. } | LiveFrame::Resync { .. } | LiveFrame::Snapshot { .. } => {}
        }
    }

    /// Reads the data again. `shown` says whether the reader waits for it (a filter) or need not know (a refresh).
    fn load(self, shown: bool) {
        let request = self.request.try_update_value(|n| {
            *n += 1;
            *n
        });
        self.moved.set_value(false);
        self.meanwhile.set_value(Vec::new());
        self.busy.set(true);
        let before = self.usage.with_untracked(|d| d.seq);
        let filter = self.filter.get_untracked();
        spawn_local(async move {
            let answer = load_dashboard(filter).await;
            if self.request.try_get_value() != request {
                return;
            }
            self.busy.set(false);
            match answer {
                Ok(data) => self.replace(data, before),
                Err(error) => {
                    self.moved.set_value(true);
                    if shown {
                        self.failed.set(Some(error));
                    }
                }
            }
        });
    }

    /// Puts fresh data in place, and on it what has come in since.
    fn replace(self, data: DashboardData, before: i64) {
        let (seq, as_of) = (data.usage.seq, data.usage.as_of);
        self.failed.set(None);
        self.usage.set(data.usage);
        self.alerts.set(data.alerts);
        if seq >= before {
            let frames = self.meanwhile.try_update_value(std::mem::take).unwrap_or_default();
            frames.iter().filter(|frame| frame.seq() > seq).for_each(|frame| self.apply(frame));
            self.live.known(seq);
        } else {
            self.live.resume(seq, as_of);
        }
    }

    /// Once in a while: what a patch cannot tell (active users, a new day) is read again.
    fn refresh(self, minute: bool) {
        if !dom::is_visible() || self.busy.get_untracked() {
            return;
        }
        let today = self.live.now().date_naive();
        let behind = self.behind.try_update_value(std::mem::take).unwrap_or_default();
        let new_day = self.usage.with_untracked(|d| !matches!(d.filter.period, Period::Custom { .. }) && d.range.to != today);
        if behind || new_day || (minute && self.moved.get_value()) {
            self.load(false);
        }
    }
}

/// The dashboard.
#[component]
pub(super) fn Board(data: DashboardData, filter: Memo<UsageFilter>) -> impl IntoView {
    let lang = use_lang();
    let clock = use_clock();
    let (seq, as_of) = (data.usage.seq, data.usage.as_of);
    let state = State::new(data, filter, Live::new(as_of, clock));
    Effect::new(move |before: Option<UsageFilter>| {
        let wanted = filter.get();
        if before.is_some_and(|before| before != wanted) {
            state.load(true);
        }
        wanted
    });
    Effect::new(move || {
        state.live.connect(seq, move |frame| state.take(&frame));
        let minute = set_interval_with_handle(move || state.refresh(true), Duration::from_secs(60)).ok();
        let second = set_interval_with_handle(move || state.refresh(false), Duration::from_secs(5)).ok();
        on_cleanup(move || {
            for timer in [minute, second].into_iter().flatten() {
                timer.clear();
            }
        });
    });
    let query = use_query_map();
    let all_agents = Memo::new(move |_| query.with(|q| q.get_str("agents") == Some("all")));
    let agents_href = Signal::derive(move || {
        let mut fields = filter.with(UsageFilter::to_query);
        if !all_agents.get() {
            fields.push(("agents", "all".to_owned()));
        }
        crate::ui::href::with_query("/usage", &fields)
    });
    let usage = state.usage;
    let alerts = state.alerts;
    let fresh = Memo::new(move |_| usage.with(|d| d.known == 0 && d.recent.is_empty() && d.all_agents.is_empty()));
    view! {
        <TopBar title=t!(lang, usage.title) short=t!(lang, nav.usage)>
            <LiveMark live=state.live/>
        </TopBar>
        <LostBanner live=state.live/>
        {move || {
            if fresh.get() {
                return view! { <Welcome/> }.into_any();
            }
            view! {
                <div class="dashboard" class:is-busy=move || state.busy.get() && usage.with(|d| d.filter != filter.get())>
                    <Toolbar usage filter/>
                    {move || {
                        state
                            .failed
                            .get()
                            .map(|error| {
                                let (title, help) = error_text(&error, lang);
                                view! {
                                    <p class="notice notice-bad" role="alert">
                                        <strong>{title}</strong>
                                        " "
                                        {help}
                                        <a class="button" href=move || usage_href(&filter.get()) rel="external">
                                            {t!(lang, error.retry)}
                                        </a>
                                    </p>
                                }
                            })
                    }}
                    <div class="board">
                        <div class="board-main">
                            <div class="board-grid">
                                <section class="figures-region" aria-labelledby="figures-title">
                                    <h2 id="figures-title" class="sr-only">{t!(lang, figures.title)}</h2>
                                    <dl class="figures">
                                        <Figures usage/>
                                        <AlertsFigure alerts/>
                                    </dl>
                                </section>
                                <UsageChart usage/>
                                <TierLimitsPanel usage/>
                                <Agents usage all=all_agents toggle_href=agents_href/>
                                <Nearest usage/>
                            </div>
                        </div>
                        <div class="side">
                            <OpenAlertsPanel alerts/>
                            <Activity usage/>
                        </div>
                    </div>
                </div>
            }
                .into_any()
        }}
    }
    .into_any()
}
