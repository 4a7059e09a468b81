//! The SQL of lists that are taken out as files: whole records, as JSON objects with the names of their columns.

use chrono::NaiveDate;
use serde_json::Value;
use sqlx::{PgConnection, QueryBuilder};

use super::list::{Asker, after, conditions, order};
use crate::domain::contact::query::ListQuery;

/// The contacts of a list from where the query begins, with the names of companies and owners; with a month, with what is used of it:
/// the tier and the share of its tokens.
pub async fn contacts(
    tx: &mut PgConnection,
    query: &ListQuery,
    asker: Asker<'_>,
    month: Option<NaiveDate>,
    limit: i64,
) -> Result<Vec<Value>, sqlx::Error> {
    let mut sql = QueryBuilder::new("WITH page AS (SELECT c.* FROM seen_contacts c WHERE ");
    conditions(&mut sql, query, asker);
    after(&mut sql, query);
    order(&mut sql, query, asker);
    sql.push(" LIMIT ").push_bind(limit);
    sql.push(
        ") SELECT to_json(c) FROM (SELECT c.*, crm_company_name(c.company_id) AS company, o.name AS owner, u.usage FROM page c \
         LEFT JOIN crm_names o ON o.id = c.owner_id LEFT JOIN LATERAL (SELECT concat_ws(' ', m.subscription_tier, \
         round(m.total_tokens * 100.0 / nullif(l.tokens_per_month, 0), 2) || '%') AS usage FROM agent_usage_monthly m \
         LEFT JOIN usage_tier_limits l ON l.tier = m.subscription_tier WHERE m.user_id = c.usage_user_id AND m.month = ",
    );
    sql.push_bind(month).push(") u ON true) c");
    order(&mut sql, query, asker);
    sql.build_query_scalar().fetch_all(tx).await
}

/// The companies of a list from where the query begins, with the names of owners, and how many of their contacts the actor sees where
/// that is asked for.
pub async fn companies(
    tx: &mut PgConnection,
    query: &ListQuery,
    asker: Asker<'_>,
    counted: bool,
    limit: i64,
) -> Result<Vec<Value>, sqlx::Error> {
    let mut sql = QueryBuilder::new("WITH page AS (SELECT c.* FROM seen_companies c WHERE ");
    conditions(&mut sql, query, asker);
    after(&mut sql, query);
    order(&mut sql, query, asker);
    sql.push(" LIMIT ").push_bind(limit);
    sql.push(") SELECT to_json(c) FROM (SELECT c.*, o.name AS owner, CASE WHEN ").push_bind(counted);
    sql.push(
        " THEN (SELECT count(*) FROM seen_contacts k WHERE k.company_id = c.id AND k.deleted_at IS NULL) END AS contacts \
         FROM page c LEFT JOIN crm_names o ON o.id = c.owner_id) c",
    );
    order(&mut sql, query, asker);
    sql.build_query_scalar().fetch_all(tx).await
}
