//! One user's page once its data is there. When the live line brings something of this user, the data is read again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    domain::{
        format,
        live::LiveFrame,
        usage::{UserDetail, flags},
    },
    features::{
        alerts::view::UserAlerts,
        usage::view::{DayMeter, DaysChart, EventsTable, MonthMeter, UserAgents},
    },
    pages::{
        frame::{LiveMark, LostBanner, TopBar},
        usage::api::load_user,
    },
    ui::{
        clock::use_clock,
        dom,
        i18n::{fill, t, use_lang},
        icon::{Icon, icon},
        live::Live,
        mark::tier_name,
        prefs::use_zone,
    },
};

/// Whether a frame tells of this user.
fn concerns(frame: &LiveFrame, user_id: &str) -> bool {
    let (usage, alert) = match frame {
        LiveFrame::Usage { usage, .. } => (usage, None),
        LiveFrame::Alert { usage, alert, .. } => (usage, Some(alert)),
        LiveFrame::Resync { .. } | LiveFrame::Snapshot { .. } => return true,
        LiveFrame::Heartbeat { .. } => return false,
    };
    alert.is_some_and(|a| a.user_id == user_id)
        || usage.users.iter().any(|u| u.user_id == user_id)
        || usage.recent.iter().any(|e| e.user_id == user_id)
}

/// The page of one user.
#[component]
pub(super) fn UserBoard(first: UserDetail, older: bool) -> impl IntoView {
    let lang = use_lang();
    let clock = use_clock();
    let seq = first.seq;
    let id = first.standing.user_id.clone();
    let live = Live::new(first.as_of, clock);
    let events = first.events.clone();
    let detail = RwSignal::new(first);
    // Set when something may have changed; looked at every two seconds, so that a busy user does not cost a request an event.
    let stale = StoredValue::new(false);
    let watched = StoredValue::new(id.clone());
    let busy = StoredValue::new(false);
    let refresh = move || {
        if busy.get_value() || !stale.get_value() || !dom::is_visible() {
            return;
        }
        stale.set_value(false);
        busy.set_value(true);
        spawn_local(async move {
            if let Some(id) = watched.try_get_value()
                && let Ok(fresh) = load_user(id).await
            {
                let _ = detail.try_set(fresh);
            }
            let _ = busy.try_update_value(|busy| *busy = false);
        });
    };
    Effect::new(move || {
        live.connect(seq, move |frame| {
            if watched.with_value(|id| concerns(&frame, id)) {
                stale.set_value(true);
            }
        });
        let often = set_interval_with_handle(refresh, Duration::from_secs(2)).ok();
        // A burst names only the users nearest their limits: once a minute all are taken to have moved.
        let seldom = set_interval_with_handle(move || stale.set_value(true), Duration::from_secs(60)).ok();
        on_cleanup(move || {
            for timer in [often, seldom].into_iter().flatten() {
                timer.clear();
            }
        });
    });
    let signal = Signal::from(detail);
    let first_events = Memo::new(move |_| if older { events.clone() } else { detail.with(|d| d.events.clone()) });
    let alerts = Memo::new(move |_| detail.with(|d| d.alerts.clone()));
    view! {
        <TopBar title=id.clone() parent=(t!(lang, users.title).to_owned(), "/usage/users".to_owned())>
            <LiveMark live/>
        </TopBar>
        <LostBanner live/>
        <div class="user-page">
            <Record detail=signal/>
            <div class="user-main">
                <MonthMeter detail=signal/>
                <DaysChart detail=signal/>
                <EventsTable user_id=id first=Signal::from(first_events) older/>
            </div>
            <div class="user-side">
                <DayMeter detail=signal/>
                <UserAgents detail=signal/>
                <UserAlerts alerts=Signal::from(alerts)/>
            </div>
        </div>
    }
    .into_any()
}

/// Who this is.
#[component]
fn Record(detail: Signal<UserDetail>) -> impl IntoView {
    let lang = use_lang();
    let zone = use_zone();
    let now = use_clock().now();
    let standing = Memo::new(move |_| detail.with(|d| d.standing.clone()));
    let first = Memo::new(move |_| detail.with(|d| d.first_day));
    let last = move || standing.with(|s| s.last_event_at);
    let full = move |at: DateTime<Utc>| zone.with(|z| format::date_time(at, z, lang));
    let outside = move || detail.with(|d| d.events.rows.iter().any(|e| e.flags & flags::AGENT_OUTSIDE_TIER != 0));
    view! {
        <section class="record" aria-label=t!(lang, user.record)>
            <p class="record-title">
                <span class="record-id">{move || standing.with(|s| s.user_id.clone())}</span>
                <span class="chip">{move || standing.with(|s| tier_name(s.tier))}</span>
                {move || outside().then(|| view! { <span class="chip chip-warn">{icon(Icon::Flag)}{t!(lang, user.outside_short)}</span> })}
            </p>
            <p class="record-facts">
                {move || {
                    standing
                        .with(|s| s.organization_id.clone())
                        .map(|organization| view! { <span class="record-org">{organization}</span> })
                }}
                <span title=move || full(last())>{move || fill(t!(lang, user.last_seen), &[&format::ago(last(), now.get(), lang)])}</span>
                <span>
                    {move || {
                        let day = format::date_long(first.get(), lang);
                        fill(t!(lang, user.first_seen), &[&day])
                    }}
                </span>
            </p>
        </section>
    }
    .into_any()
}
