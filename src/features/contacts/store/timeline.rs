//! The SQL of a contact's timeline: several tables, each by its index, merged by time.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Postgres, QueryBuilder};

use crate::features::contacts::timeline::{Moment, Of, Part};

/// Of so many people of a company its timeline tells.
const MOST_PEOPLE: i64 = 200;

/// The moments of a record before one, the latest first.
pub async fn list(
    tx: &mut PgConnection,
    of: Of,
    usage_user: Option<&str>,
    parts: &[Part],
    before: Option<(DateTime<Utc>, &str)>,
    limit: i64,
) -> Result<Vec<Moment>, sqlx::Error> {
    let mut sql = QueryBuilder::new("SELECT part, key, at, actor, what, title, body, detail FROM (");
    let mut first = true;
    for part in parts {
        let user = match part {
            Part::Usage => match usage_user {
                Some(user) => Some(user),
                None => continue,
            },
            _ => None,
        };
        if !first {
            sql.push(" UNION ALL ");
        }
        first = false;
        sql.push("(SELECT * FROM (");
        one(&mut sql, *part, of, user);
        sql.push(") AS p WHERE true");
        if let Some((at, key)) = before {
            sql.push(" AND p.at <= ").push_bind(at).push(" AND (p.at, p.key) < (").push_bind(at).push(", ");
            sql.push_bind(key.to_owned()).push(")");
        }
        sql.push(" ORDER BY p.at DESC, p.key DESC LIMIT ").push_bind(limit).push(")");
    }
    if first {
        return Ok(Vec::new());
    }
    sql.push(") AS t ORDER BY at DESC, key DESC LIMIT ").push_bind(limit);
    sql.build_query_as().fetch_all(tx).await
}

fn one(sql: &mut QueryBuilder<Postgres>, part: Part, of: Of, user: Option<&str>) {
    let (kind, id) = match of {
        Of::Contact(id) => ("contact", id.0),
        Of::Company(id) => ("company", id.0),
    };
    match part {
        Part::Calls | Part::Mails | Part::Notes => {
            let kinds = match part {
                Part::Calls => "('call', 'meeting')",
                Part::Mails => "('email', 'form')",
                _ => "('note')",
            };
            sql.push(format!(
                "SELECT 'interaction' AS part, 'i' || i.id::text AS key, i.at, n.name AS actor, i.kind AS what, i.subject AS title, i.body,
                     jsonb_build_object('direction', i.direction, 'duration_s', i.duration_s, 'outcome', i.outcome,
                         'sentiment', i.sentiment, 'id', i.id, 'with', {with}) AS detail
                 FROM interactions i LEFT JOIN crm_names n ON n.id = i.created_by
                 WHERE i.deleted_at IS NULL AND i.kind IN {kinds} AND ",
                with = with("i", of)
            ));
            hangs_on(sql, "i", of);
        }
        Part::Tasks => {
            sql.push(
                "SELECT 'task' AS part, 't' || t.id::text AS key, coalesce(t.done_at, t.created_at) AS at, n.name AS actor,
                     CASE WHEN t.done_at IS NULL THEN 'task_added' ELSE 'task_done' END AS what, t.title, NULL::text AS body,
                     jsonb_build_object('due_on', t.due_on, 'with', ",
            );
            sql.push(with("t", of));
            sql.push(
                ") AS detail FROM seen_tasks t LEFT JOIN crm_names n ON n.id = coalesce(t.done_by, t.created_by)
                 WHERE t.deleted_at IS NULL AND ",
            );
            hangs_on(sql, "t", of);
        }
        Part::Changes => {
            sql.push(
                "SELECT 'change' AS part, 'j' || lpad(j.id::text, 20, '0') AS key, j.at, j.actor, j.event AS what, NULL::text AS title,
                     NULL::text AS body, j.body AS detail FROM seen_journal j WHERE j.subject_kind = ",
            );
            sql.push_bind(kind).push(" AND j.subject_id = ").push_bind(id.to_string());
        }
        Part::Usage => {
            let user = user.unwrap_or_default().to_owned();
            sql.push(
                "SELECT 'alert' AS part, 'a' || a.id::text AS key, a.triggered_at AS at, NULL::text AS actor, a.kind AS what,
                     a.metric AS title, NULL::text AS body, jsonb_build_object('severity', a.severity, 'status', a.status,
                         'threshold_bp', a.threshold_bp, 'current', a.current_value, 'limit', a.limit_value) AS detail
                 FROM usage_alerts a WHERE a.user_id = ",
            );
            sql.push_bind(user.clone());
            sql.push(
                " UNION ALL SELECT 'usage', 'u' || d.agent_id, min(d.date)::timestamp AT TIME ZONE 'UTC', NULL, 'agent_first', d.agent_id, NULL,
                     '{}'::jsonb FROM agent_usage_daily d WHERE d.user_id = ",
            );
            sql.push_bind(user).push(" GROUP BY d.agent_id");
        }
    }
}

/// What hangs on a record: on a company, what hangs on its people as well, of those whose records changed last.
fn hangs_on(sql: &mut QueryBuilder<Postgres>, table: &str, of: Of) {
    match of {
        Of::Contact(id) => {
            sql.push(table).push(".contact_id = ").push_bind(id.0);
        }
        Of::Company(id) => {
            sql.push("(").push(table).push(".company_id = ").push_bind(id.0);
            sql.push(" OR ")
                .push(table)
                .push(".contact_id = ANY(ARRAY(SELECT s.id FROM seen_contacts s WHERE s.deleted_at IS NULL AND s.company_id = ");
            sql.push_bind(id.0).push(" ORDER BY s.updated_at DESC LIMIT ").push_bind(MOST_PEOPLE).push(")))");
        }
    }
}

/// With whom of a company something was: id and name.
fn with(table: &str, of: Of) -> String {
    match of {
        Of::Contact(_) => "NULL".to_owned(),
        Of::Company(_) => format!(
            "(SELECT jsonb_build_array(s.id, btrim(s.first_name || ' ' || s.last_name)) FROM seen_contacts s WHERE s.id = {table}.contact_id)"
        ),
    }
}

/// How many moments of each part a record has, as far as they are counted.
pub async fn count(tx: &mut PgConnection, of: Of, limit: i64) -> Result<(i64, i64, i64, i64), sqlx::Error> {
    let mut sql = QueryBuilder::new("WITH latest AS (SELECT i.kind FROM interactions i WHERE i.deleted_at IS NULL AND ");
    hangs_on(&mut sql, "i", of);
    sql.push(" LIMIT ").push_bind(limit).push(
        ") SELECT count(*) FILTER (WHERE kind IN ('call', 'meeting')), count(*) FILTER (WHERE kind IN ('email', 'form')),
               count(*) FILTER (WHERE kind = 'note'), (SELECT count(*) FROM (SELECT FROM seen_tasks t WHERE t.deleted_at IS NULL AND ",
    );
    hangs_on(&mut sql, "t", of);
    sql.push(" LIMIT ").push_bind(limit).push(") AS tasks) FROM latest");
    sql.build_query_as().fetch_one(tx).await
}
