//! The usage watch: who is told of which limit, when, and how often.

use std::sync::Arc;

use chrono::TimeDelta;
use nexus_crm::{domain::usage::UsageFilter, flows::usage_watch, pages::usage::load, platform::clock::Clock};
use serde_json::{Value, json};

use crate::support::{TestApp, event, noon, with};

/// An alert in one line: kind, metric, used, limit, threshold, status and resolution, by its number.
async fn alerts(app: &TestApp, user: &str) -> Vec<String> {
    app.texts(&format!(
        "SELECT concat_ws(' ', kind, metric, current_value, limit_value, threshold_bp, severity, status, resolution)
         FROM usage_alerts WHERE user_id = '{user}' ORDER BY number"
    ))
    .await
}

/// Evaluates everyone who moved.
async fn watch(app: &TestApp) {
    app.settle().await;
    assert_eq!(app.count("usage_moves").await, 0);
}

/// An essential user's event: 50,000 tokens a month, 100 interactions a day.
fn essential(user: &str, tokens: i64, id: &str) -> Value {
    with(event(user), json!({"subscription_tier": "essential", "tokens_used": tokens, "event_id": format!("{user}-{id}")}))
}

async fn interactions(app: &TestApp, user: &str, from: usize, to: usize) {
    let items: Vec<_> = (from..to).map(|i| essential(user, 1, &i.to_string())).collect();
    app.post(&json!(items)).await.ok();
}

#[tokio::test]
async fn the_watch_speaks_up_at_80_and_95_percent_with_the_numbers() {
    let app = TestApp::start().await;
    app.post(&essential("ana", 39_999, "1")).await.ok();
    watch(&app).await;
    assert_eq!(alerts(&app, "ana").await, Vec::<String>::new());
    app.post(&essential("ana", 1, "2")).await.ok();
    watch(&app).await;
    assert_eq!(alerts(&app, "ana").await, ["limit_approaching month_tokens 40000 50000 8000 medium open"]);
    app.post(&essential("ana", 7_499, "3")).await.ok();
    watch(&app).await;
    assert_eq!(alerts(&app, "ana").await.len(), 1);
    // The worse alert takes the place of the other.
    app.post(&essential("ana", 1, "4")).await.ok();
    watch(&app).await;
    let expected = [
        "limit_approaching month_tokens 40000 50000 8000 medium resolved superseded",
        "limit_exceeded month_tokens 47500 50000 9500 critical open",
    ];
    assert_eq!(alerts(&app, "ana").await, expected);
    let due = "SELECT count(*) FROM usage_alerts WHERE triggered_at = '2026-11-20T12:00:00Z' AND due_at = triggered_at + interval '1 hour'";
    assert_eq!(app.number(due).await, 2);
    assert_eq!(app.number("SELECT count(*) FROM usage_alerts WHERE period_start = '2026-11-01'").await, 2);
}

#[tokio::test]
async fn a_days_interactions_are_watched_too() {
    let app = TestApp::start().await;
    interactions(&app, "ana", 0, 79).await;
    watch(&app).await;
    assert_eq!(alerts(&app, "ana").await, Vec::<String>::new());
    interactions(&app, "ana", 79, 80).await;
    watch(&app).await;
    assert_eq!(alerts(&app, "ana").await, ["limit_approaching day_interactions 80 100 8000 medium open"]);
    interactions(&app, "ana", 80, 120).await;
    watch(&app).await;
    let expected = [
        "limit_approaching day_interactions 80 100 8000 medium resolved superseded",
        "limit_exceeded day_interactions 120 100 9500 critical open",
    ];
    assert_eq!(alerts(&app, "ana").await, expected);
    assert_eq!(app.number("SELECT count(*) FROM usage_alerts WHERE period_start = '2026-11-20'").await, 2);
}

#[tokio::test]
async fn an_alert_is_raised_once_for_a_user_a_period_and_a_kind() {
    let app = TestApp::start().await;
    for i in 0..4 {
        app.post(&essential("ana", 12_000, &i.to_string())).await.ok();
        watch(&app).await;
        usage_watch::sweep(&app.ctx()).await.unwrap();
    }
    let expected = ["limit_exceeded month_tokens 48000 50000 9500 critical open"];
    assert_eq!(alerts(&app, "ana").await, expected, "36,000 is below 80%, and 48,000 goes straight past it");
    app.post(&essential("bea", 48_000, "1")).await.ok();
    watch(&app).await;
    assert_eq!(app.count("usage_alerts").await, 2);
    assert_eq!(app.number("SELECT count(*) FROM live_messages WHERE kind = 'alert'").await, 2);
}

#[tokio::test]
async fn every_turn_of_an_alert_stands_in_the_journal() {
    let app = TestApp::start().await;
    app.post(&essential("ana", 40_000, "1")).await.ok();
    watch(&app).await;
    app.post(&essential("ana", 10_000, "2")).await.ok();
    watch(&app).await;
    let lines = app
        .texts(
            "SELECT concat_ws(' ', j.event, j.actor, a.kind, j.body->>'resolution', j.body->>'current_value') FROM journal j
             JOIN usage_alerts a ON a.id::text = j.subject_id AND j.subject_kind = 'usage_alert' ORDER BY j.id",
        )
        .await;
    let expected = [
        "alert_raised test limit_approaching 40000",
        "alert_raised test limit_exceeded 50000",
        "alert_resolved test limit_approaching superseded",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_changed_limit_takes_effect_at_once() {
    let app = TestApp::start().await;
    app.post(&essential("ana", 30_000, "1")).await.ok();
    app.post(&essential("bea", 45_000, "1")).await.ok();
    watch(&app).await;
    let limit = async |tokens: i64| {
        app.as_owner(&format!(
            "UPDATE usage_tier_limits SET tokens_per_month = {tokens}, version = version + 1 WHERE tier = 'essential'"
        ))
        .await;
        usage_watch::sweep(&app.ctx()).await.unwrap();
    };
    assert_eq!(alerts(&app, "bea").await, ["limit_approaching month_tokens 45000 50000 8000 medium open"]);
    limit(31_000).await;
    assert_eq!(alerts(&app, "ana").await, ["limit_exceeded month_tokens 30000 31000 9500 critical open"]);
    limit(100_000).await;
    assert_eq!(alerts(&app, "ana").await, ["limit_exceeded month_tokens 30000 31000 9500 critical resolved cause_gone"]);
    assert!(alerts(&app, "bea").await.iter().all(|a| a.contains("resolved")), "{:?}", alerts(&app, "bea").await);
    // The cause is back: so is the alert, with the numbers of now, and not a second one.
    limit(30_500).await;
    assert_eq!(alerts(&app, "ana").await, ["limit_exceeded month_tokens 30000 30500 9500 critical open"]);
    // The next event is judged by the limit of now, too: neither the writer nor the watch goes on with an old one for long.
    limit(1_000_000).await;
    app.post(&essential("ana", 30_000, "2")).await.ok();
    watch(&app).await;
    assert!(alerts(&app, "ana").await.iter().all(|a| a.ends_with("resolved cause_gone")));
}

#[tokio::test]
async fn a_changed_threshold_takes_effect_at_once() {
    let app = TestApp::start().await;
    app.post(&essential("ana", 26_000, "1")).await.ok();
    watch(&app).await;
    app.as_owner("UPDATE usage_alert_rules SET threshold_bp = 5000 WHERE kind = 'limit_approaching'").await;
    usage_watch::sweep(&app.ctx()).await.unwrap();
    assert_eq!(alerts(&app, "ana").await, ["limit_approaching month_tokens 26000 50000 5000 medium open"]);
}

#[tokio::test]
async fn an_alert_ends_with_its_period() {
    let clock = Clock::fixed(noon());
    let app = TestApp::with(|s| s.clock = clock.clone()).await;
    app.post(&essential("ana", 48_000, "1")).await.ok();
    interactions(&app, "bea", 0, 100).await;
    watch(&app).await;
    // The day is over; the month is not.
    clock.set(noon() + TimeDelta::hours(12));
    usage_watch::sweep(&app.ctx()).await.unwrap();
    assert_eq!(alerts(&app, "ana").await, ["limit_exceeded month_tokens 48000 50000 9500 critical open"]);
    assert_eq!(alerts(&app, "bea").await, ["limit_exceeded day_interactions 100 100 9500 critical resolved period_over"]);
    // A new month begins with nothing used.
    clock.set(noon() + TimeDelta::days(11));
    usage_watch::sweep(&app.ctx()).await.unwrap();
    assert_eq!(alerts(&app, "ana").await, ["limit_exceeded month_tokens 48000 50000 9500 critical resolved period_over"]);
    let fresh = with(essential("ana", 47_500, "2"), json!({"timestamp": "2026-12-01T11:00:00Z"}));
    app.post(&fresh).await.ok();
    watch(&app).await;
    assert_eq!(alerts(&app, "ana").await.last().unwrap(), "limit_exceeded month_tokens 47500 50000 9500 critical open");
    assert_eq!(app.number("SELECT count(*) FROM usage_alerts WHERE user_id = 'ana'").await, 2);
}

#[tokio::test]
async fn a_user_who_moved_just_before_a_crash_is_evaluated_after_it() {
    let before = TestApp::start().await;
    before.post(&essential("ana", 48_000, "1")).await.ok();
    let db = before.db.clone();
    drop(before);
    let after = TestApp::on(db, |_| {}).await;
    assert_eq!(after.count("usage_moves").await, 1);
    watch(&after).await;
    assert_eq!(alerts(&after, "ana").await, ["limit_exceeded month_tokens 48000 50000 9500 critical open"]);
}

#[tokio::test]
async fn a_failed_pass_leaves_the_users_where_they_were() {
    let app = TestApp::start().await;
    app.post(&essential("ana", 48_000, "1")).await.ok();
    app.as_owner("ALTER TABLE journal RENAME TO journal_away").await;
    usage_watch::pass(&app.ctx()).await.unwrap_err();
    assert_eq!((app.count("usage_moves").await, app.count("usage_alerts").await), (1, 0));
    app.as_owner("ALTER TABLE journal_away RENAME TO journal").await;
    watch(&app).await;
    assert_eq!(app.count("usage_alerts").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_watchers_at_once_raise_an_alert_once() {
    let one = TestApp::start().await;
    let two = TestApp::on(one.db.clone(), |_| {}).await;
    for round in 0..5 {
        let items: Vec<_> = (0..60).map(|i| essential(&format!("user-{round}-{i}"), 40_000 + i % 2 * 9_000, "1")).collect();
        for half in items.chunks(7) {
            one.post(&json!(half)).await.ok();
        }
        let (ctx_one, ctx_two) = (one.ctx(), two.ctx());
        let (a, b, c, d) = tokio::join!(
            usage_watch::pass(&ctx_one),
            usage_watch::pass(&ctx_two),
            usage_watch::sweep(&ctx_one),
            usage_watch::sweep(&ctx_two)
        );
        a.unwrap();
        b.unwrap();
        c.unwrap();
        d.unwrap();
        watch(&one).await;
        assert_eq!(one.count("usage_alerts").await, 60 * (round + 1));
    }
    assert_eq!(one.number("SELECT count(*) FROM journal WHERE event = 'alert_raised'").await, 300);
    assert_eq!(one.number("SELECT count(*) FROM live_messages WHERE kind = 'alert'").await, 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_watch_runs_by_itself() {
    let app = TestApp::start().await;
    let job = tokio::spawn(usage_watch::run(app.app.clone(), Arc::default()));
    app.post(&essential("ana", 48_000, "1")).await.ok();
    crate::support::until("the alert is raised", async || app.count("usage_alerts").await == 1).await;
    app.app.stop.cancel();
    job.await.unwrap();
}

#[tokio::test]
async fn the_dashboard_is_read_anew_when_events_or_limits_move() {
    let app = TestApp::start().await;
    let board = async || load::dashboard(&app.ctx(), UsageFilter::default()).await.unwrap().usage;
    app.meter(&essential("ana", 45_000, "1")).await;
    let first = board().await;
    assert_eq!((first.totals.tokens, first.nearest_total, first.nearest.len()), (45_000, 1, 1));
    assert_eq!(board().await, first, "nothing moved");
    app.as_owner("UPDATE usage_tier_limits SET tokens_per_month = 100000 WHERE tier = 'essential'").await;
    let roomier = board().await;
    assert_eq!((roomier.nearest_total, roomier.nearest[0].used_bp()), (0, 4_500));
    app.meter(&essential("ana", 40_000, "2")).await;
    let later = board().await;
    assert_eq!((later.totals.tokens, later.nearest_total), (85_000, 1));
    assert!(later.tiers.iter().any(|t| t.accounts == 1 && t.used_tokens == 85_000));
}
