//! Row-level security: what the database itself shows and takes, with the server's own role, whatever the code above it asks for.

use std::sync::Arc;

use nexus_crm::{
    domain::people::{KeyId, KeyScope, Role, SessionId, TeamId, UserId},
    platform::ctx::{Actor, Ctx, Person, Program},
};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::support::{
    TestApp, event,
    people::{self, Somebody, sign_in},
};

pub fn ctx(app: &TestApp, role: Role, somebody: &Somebody, team: Option<Uuid>) -> Ctx {
    let person = Person {
        id: UserId(somebody.id),
        name: "Test".into(),
        email: "test@test.example".into(),
        role,
        team: team.map(TeamId),
        session: SessionId(somebody.session),
        zone: None,
    };
    Ctx::new(app.app.clone(), Actor::Person(Arc::new(person)))
}

fn program(app: &TestApp) -> Ctx {
    let program = Program { id: KeyId(Uuid::nil()), name: "test".into(), scopes: KeyScope::ALL.to_vec(), until: None };
    Ctx::new(app.app.clone(), Actor::Program(Arc::new(program)))
}

async fn count(ctx: &Ctx, what: &str) -> i64 {
    let mut tx = ctx.begin().await.unwrap();
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {what}"))).fetch_one(&mut *tx).await.unwrap()
}

/// How many rows a statement changes; an error of the policies counts as none.
async fn change(ctx: &Ctx, sql: &str) -> u64 {
    let mut tx = ctx.begin().await.unwrap();
    match sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut *tx).await {
        Ok(done) => done.rows_affected(),
        Err(error) => {
            let code = error.as_database_error().and_then(|e| e.code().map(std::borrow::Cow::into_owned));
            assert_eq!(code.as_deref(), Some("42501"), "{sql}: {error}");
            0
        }
    }
}

#[tokio::test]
async fn without_an_actor_every_table_is_empty() {
    let app = TestApp::start().await;
    app.meter(&event("ana")).await;
    people::key(&app, &[KeyScope::UsageRead]).await;
    let nobody = Ctx::new(app.app.clone(), Actor::Nobody);
    let tables = app
        .texts("SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p', 'v') AND relnamespace = 'public'::regnamespace AND has_table_privilege('nexus_app', oid, 'SELECT') ORDER BY 1")
        .await;
    assert!(tables.len() > 20, "{tables:?}");
    for table in tables {
        // Positions, hashes and versions: nothing of anybody.
        if ["usage_event_keys", "_sqlx_migrations"].contains(&table.as_str()) {
            continue;
        }
        assert_eq!(count(&nobody, &table).await, 0, "{table}");
    }
    for sql in [
        "SELECT usage_drop_partitions('2020-01-01')",
        "UPDATE live_clock SET seq = 0",
        "UPDATE users SET role = 'admin'",
        "DELETE FROM sessions",
        "INSERT INTO journal (actor, event, subject_kind, subject_id, body) VALUES ('x', 'x', 'x', 'x', '{}')",
        "UPDATE usage_tier_limits SET tokens_per_month = 0",
        "DELETE FROM agent_usage_monthly",
        "INSERT INTO usage_users VALUES ('x', now(), now())",
    ] {
        assert_eq!(change(&nobody, sql).await, 0, "{sql}");
    }
}

#[tokio::test]
async fn everybody_sees_and_changes_what_their_role_and_team_allow() {
    let app = TestApp::start().await;
    app.meter(&event("ana")).await;
    let team = Uuid::now_v7();
    app.as_owner(&format!("INSERT INTO teams (id, name) VALUES ('{team}', 'North')")).await;
    let (manager, sales, viewer, other) = (
        sign_in(&app, Role::Manager).await,
        sign_in(&app, Role::Sales).await,
        sign_in(&app, Role::Viewer).await,
        sign_in(&app, Role::Sales).await,
    );
    app.as_owner(&format!("UPDATE users SET team_id = '{team}' WHERE id IN ('{}', '{}')", manager.id, sales.id)).await;
    for somebody in [&manager, &sales, &viewer, &other] {
        app.as_owner(&format!(
            "INSERT INTO journal (actor, actor_id, event, subject_kind, subject_id, body) VALUES ('x', '{}', 'signed_in', 'session', 'x', '{{}}')",
            somebody.id
        ))
        .await;
    }
    let admin = sign_in(&app, Role::Admin).await;
    let admin = ctx(&app, Role::Admin, &admin, None);
    let (manager_ctx, sales_ctx, viewer_ctx) = (
        ctx(&app, Role::Manager, &manager, Some(team)),
        ctx(&app, Role::Sales, &sales, Some(team)),
        ctx(&app, Role::Viewer, &viewer, None),
    );
    let everyone = app.count("users").await;
    // users, sessions, journal, api_keys, quarantine; through a join; by a search.
    for (ctx, seen) in [(&admin, everyone), (&manager_ctx, 2), (&sales_ctx, 1), (&viewer_ctx, 1)] {
        assert_eq!(count(ctx, "users").await, seen, "{:?}", ctx.actor);
        assert_eq!(count(ctx, "users WHERE email ILIKE '%test%'").await, seen);
        let own_sessions = if seen == everyone { everyone } else { 1 };
        assert_eq!(count(ctx, "sessions").await, own_sessions, "{:?}", ctx.actor);
        assert_eq!(count(ctx, "sessions s JOIN users u ON u.id = s.user_id").await, own_sessions);
    }
    assert_eq!(count(&admin, "journal WHERE event = 'signed_in'").await, 4);
    assert_eq!(count(&manager_ctx, "journal WHERE event = 'signed_in'").await, 2, "the team's");
    assert_eq!(count(&sales_ctx, "journal").await, 1, "one's own");
    for ctx in [&manager_ctx, &sales_ctx, &viewer_ctx, &program(&app)] {
        for table in [
            "erased_persons",
            "consents",
            "erasure_key",
            "api_keys",
            "user_links",
            "usage_quarantine",
            "usage_moves",
            "live_messages",
            "sign_in_attempts",
            "recount_daily",
            "token_signing_keys",
            "mails",
            "password_asks",
            "lead_captures",
            "lead_form_key",
        ] {
            assert_eq!(count(ctx, table).await, 0, "{table} {:?}", ctx.actor);
        }
        assert_eq!(count(ctx, "usage_events").await, 1);
        assert_eq!(count(ctx, "agent_usage_monthly").await, 1);
        let me = ctx.actor.user().map_or(Uuid::nil(), |id| id.0).to_string();
        for (sql, rows) in [
            ("UPDATE users SET name = 'x' WHERE id <> $me", 0),
            ("UPDATE users SET name = 'x' WHERE id = $me", u64::from(ctx.actor.user().is_some())),
            ("DELETE FROM users", 0),
            ("SELECT privacy_erase_events('ana', 'erased-x')", 0),
            ("SELECT privacy_erase_account_journal($me, 'erased-x')", 0),
            ("UPDATE erased_persons SET lifted_at = now()", 0),
            (
                "INSERT INTO consents (subject_kind, subject_id, purpose, given, at, source, wording, recorded_at) VALUES ('metered', 'ana', 'marketing', true, now(), 'x', 'x', now())",
                0,
            ),
            ("UPDATE sessions SET ended_at = now() WHERE user_id <> $me", 0),
            ("INSERT INTO teams (id, name) VALUES (gen_random_uuid(), 'mine')", 0),
            ("UPDATE usage_tier_limits SET tokens_per_month = 1", 0),
            ("UPDATE usage_alert_rules SET threshold_bp = 1", 0),
            ("DELETE FROM agent_usage_daily", 0),
            ("UPDATE usage_alerts SET status = 'open'", 0),
            (
                "INSERT INTO api_keys (id, name, prefix, secret_hash, scopes, created_at) VALUES (gen_random_uuid(), 'x', 'x', 'x', '{x}', now())",
                0,
            ),
            (
                "INSERT INTO journal (actor, actor_id, event, subject_kind, subject_id, body) VALUES ('Ana', gen_random_uuid(), 'x', 'x', 'x', '{}')",
                0,
            ),
        ] {
            let sql = sql.replace("$me", &format!("'{me}'"));
            assert_eq!(change(ctx, &sql).await, rows, "{sql} {:?}", ctx.actor);
        }
    }
    assert_eq!(change(&admin, "UPDATE usage_tier_limits SET tokens_per_month = tokens_per_month").await, 5);
}

#[tokio::test]
async fn nobody_makes_themselves_more_than_they_are() {
    let app = TestApp::start().await;
    let sales = sign_in(&app, Role::Sales).await;
    let ctx = ctx(&app, Role::Sales, &sales, None);
    for sql in ["role = 'admin'", "team_id = NULL, role = 'manager'", "email = 'boss@ngx.com'", "status = 'invited'"] {
        assert_eq!(change(&ctx, &format!("UPDATE users SET {sql} WHERE id = '{}'", sales.id)).await, 0, "{sql}");
    }
}
