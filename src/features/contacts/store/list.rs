//! The SQL of lists: a search, conditions and an order, put together from the words of this file and bound values.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::{
    domain::{
        contact::query::{Condition, Field, ListQuery, Op, Sort},
        time::instant,
    },
    platform::db::contains,
};

/// What the conditions of a list are asked with.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// Who `me` is.
    pub me: Option<Uuid>,
    /// The time zone that days of times are in, by its IANA name.
    pub zone: &'a str,
    /// How near a name must be to what is looked for, when nothing contains it; none: it must contain it.
    pub near: bool,
}

/// One contact of a list.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct ContactLine {
    /// The id.
    pub id: Uuid,
    /// First names.
    pub first_name: String,
    /// Last names.
    pub last_name: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// The telephone number.
    pub phone: Option<String>,
    /// What they do.
    pub title: Option<String>,
    /// Where.
    pub company_id: Option<Uuid>,
    /// Its name.
    pub company: Option<String>,
    /// The city.
    pub city: Option<String>,
    /// The country.
    pub country: Option<String>,
    /// How far they have come with us.
    pub lifecycle: String,
    /// Where they came from.
    pub source: Option<String>,
    /// The birthday.
    pub birthday: Option<NaiveDate>,
    /// Whose it is.
    pub owner: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// The values of custom fields.
    pub custom: serde_json::Value,
    /// The user as GENESIS calls it.
    pub usage_user_id: Option<String>,
    /// The tier of the last use this month.
    pub tier: Option<String>,
    /// The share of the month's tokens that is used, in basis points.
    pub used_bp: Option<i64>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was put into the bin.
    pub deleted_at: Option<DateTime<Utc>>,
    /// The name as it is sorted by.
    pub sort_name: String,
}

/// One company of a list.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct CompanyLine {
    /// The id.
    pub id: Uuid,
    /// The name.
    pub name: String,
    /// The domain of its addresses.
    pub domain: Option<String>,
    /// What it does.
    pub industry: Option<String>,
    /// How many work there.
    pub employees: Option<i32>,
    /// The telephone number.
    pub phone: Option<String>,
    /// The city.
    pub city: Option<String>,
    /// The country.
    pub country: Option<String>,
    /// Whose it is.
    pub owner: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// The values of custom fields.
    pub custom: serde_json::Value,
    /// How many of its contacts the actor sees.
    pub contacts: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was put into the bin.
    pub deleted_at: Option<DateTime<Utc>>,
    /// The name as it is sorted by.
    pub sort_name: String,
}

/// The contacts of a list, from where its page begins.
pub async fn contacts(
    tx: &mut PgConnection,
    query: &ListQuery,
    asker: Asker<'_>,
    month: NaiveDate,
    limit: i64,
) -> Result<Vec<ContactLine>, sqlx::Error> {
    contacts_sql("", query, asker, month, limit).build_query_as().fetch_all(tx).await
}

/// The companies of a list, from where its page begins.
pub async fn companies(
    tx: &mut PgConnection,
    query: &ListQuery,
    asker: Asker<'_>,
    limit: i64,
) -> Result<Vec<CompanyLine>, sqlx::Error> {
    companies_sql("", query, asker, limit).build_query_as().fetch_all(tx).await
}

/// How the database would read a list of contacts, and how it would count it: the lines of its plans.
pub async fn contacts_plan(
    tx: &mut PgConnection,
    query: &ListQuery,
    asker: Asker<'_>,
    month: NaiveDate,
    limits: (i64, i64),
) -> Result<Vec<String>, sqlx::Error> {
    let mut plan: Vec<String> =
        contacts_sql("EXPLAIN ", query, asker, month, limits.0).build_query_scalar().fetch_all(&mut *tx).await?;
    plan.extend(count_sql("EXPLAIN ", "seen_contacts", query, asker, limits.1).build_query_scalar::<String>().fetch_all(tx).await?);
    Ok(plan)
}

fn contacts_sql(before: &str, query: &ListQuery, asker: Asker<'_>, month: NaiveDate, limit: i64) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(format!("{before}WITH page AS (SELECT c.* FROM seen_contacts c WHERE "));
    conditions(&mut sql, query, asker);
    after(&mut sql, query);
    order(&mut sql, query, asker);
    sql.push(" LIMIT ").push_bind(limit);
    sql.push(
        ") SELECT c.id, c.first_name, c.last_name, c.email, c.phone, c.title, c.company_id, crm_company_name(c.company_id) AS company, \
         c.city, c.country, c.lifecycle, c.source, c.birthday, o.name AS owner, c.tags, c.custom, c.usage_user_id, \
         m.subscription_tier AS tier, CASE WHEN l.tokens_per_month > 0 THEN m.total_tokens * 10000 / l.tokens_per_month END AS used_bp, \
         c.created_at, c.updated_at, c.deleted_at, c.sort_name FROM page c LEFT JOIN crm_names o ON o.id = c.owner_id \
         LEFT JOIN agent_usage_monthly m ON m.user_id = c.usage_user_id AND m.month = ",
    );
    sql.push_bind(month);
    sql.push(" LEFT JOIN usage_tier_limits l ON l.tier = m.subscription_tier");
    order(&mut sql, query, asker);
    sql
}

fn companies_sql(before: &str, query: &ListQuery, asker: Asker<'_>, limit: i64) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(format!("{before}WITH page AS (SELECT c.* FROM seen_companies c WHERE "));
    conditions(&mut sql, query, asker);
    after(&mut sql, query);
    order(&mut sql, query, asker);
    sql.push(" LIMIT ").push_bind(limit);
    sql.push(
        ") SELECT c.id, c.name, c.domain, c.industry, c.employees, c.phone, c.city, c.country, o.name AS owner, c.tags, c.custom, \
         (SELECT count(*) FROM seen_contacts k WHERE k.company_id = c.id AND k.deleted_at IS NULL) AS contacts, \
         c.created_at, c.updated_at, c.deleted_at, c.sort_name FROM page c LEFT JOIN crm_names o ON o.id = c.owner_id",
    );
    order(&mut sql, query, asker);
    sql
}

/// The ids of a whole list, at most `limit`, in no order. `view` is `seen_contacts` or `seen_companies`.
pub async fn ids(
    tx: &mut PgConnection,
    view: &'static str,
    query: &ListQuery,
    asker: Asker<'_>,
    limit: i64,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let mut sql = QueryBuilder::new(format!("SELECT c.id FROM {view} c WHERE "));
    conditions(&mut sql, query, asker);
    sql.push(" LIMIT ").push_bind(limit);
    sql.build_query_scalar().fetch_all(tx).await
}

/// How many there are in a list, counted up to `limit`.
pub async fn count(
    tx: &mut PgConnection,
    view: &'static str,
    query: &ListQuery,
    asker: Asker<'_>,
    limit: i64,
) -> Result<i64, sqlx::Error> {
    count_sql("", view, query, asker, limit).build_query_scalar().fetch_one(tx).await
}

fn count_sql(before: &str, view: &'static str, query: &ListQuery, asker: Asker<'_>, limit: i64) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(format!("{before}SELECT count(*) FROM (SELECT FROM {view} c WHERE "));
    conditions(&mut sql, query, asker);
    sql.push(" LIMIT ").push_bind(limit).push(") AS counted");
    sql
}

pub(super) fn conditions(sql: &mut QueryBuilder<Postgres>, query: &ListQuery, asker: Asker<'_>) {
    sql.push(if query.bin { "c.deleted_at IS NOT NULL AND c.merged_into IS NULL" } else { "c.deleted_at IS NULL" });
    if asker.near {
        sql.push(" AND crm_fold(").push_bind(query.search.clone()).push(") <% c.search");
    } else {
        for word in query.search.split_whitespace().take(8) {
            // Of a word of one or two letters no trigram is known, but of its beginning there is.
            if word.chars().count() < 3 {
                let word = contains(word);
                let begins = word.trim_matches('%').to_owned();
                sql.push(" AND (c.search LIKE crm_fold(").push_bind(format!("{begins}%"));
                sql.push(") OR c.search LIKE crm_fold(").push_bind(format!("% {begins}%")).push("))");
            } else {
                sql.push(" AND c.search LIKE crm_fold(").push_bind(contains(word)).push(")");
            }
        }
    }
    for (_, group) in query.groups() {
        sql.push(" AND (");
        for (n, condition) in group.into_iter().enumerate() {
            if n > 0 {
                sql.push(" OR ");
            }
            one(sql, condition, asker);
        }
        sql.push(")");
    }
}

fn one(sql: &mut QueryBuilder<Postgres>, condition: &Condition, asker: Asker<'_>) {
    let Condition { field, op, value, .. } = condition;
    match field {
        Field::Text("company") => company(sql, *op, value),
        Field::Text(column) => text(sql, &format!("coalesce(c.{column}, '')"), *op, value),
        Field::Word(column) => match op {
            Op::Is => drop(sql.push(format!("c.{column} IS NOT DISTINCT FROM ")).push_bind(value.clone())),
            Op::IsNot => drop(sql.push(format!("c.{column} IS DISTINCT FROM ")).push_bind(value.clone())),
            _ => presence(sql, &format!("c.{column}"), *op),
        },
        Field::Owner => {
            let owner = match value.as_str() {
                "me" => asker.me,
                value => value.parse().ok(),
            };
            match (op, owner) {
                (Op::Is, Some(owner)) => drop(sql.push("c.owner_id = ").push_bind(owner)),
                (Op::IsNot, Some(owner)) => drop(sql.push("c.owner_id IS DISTINCT FROM ").push_bind(owner)),
                (Op::Is, None) if value == "nobody" => drop(sql.push("c.owner_id IS NULL")),
                (Op::IsNot, None) if value == "nobody" => drop(sql.push("c.owner_id IS NOT NULL")),
                // A program is nobody's owner.
                (Op::Is | Op::IsNot, None) => drop(sql.push(if *op == Op::Is { "false" } else { "true" })),
                _ => presence(sql, "c.owner_id", *op),
            }
        }
        Field::Tag => match op {
            Op::Is => drop(sql.push("c.tags @> ARRAY[").push_bind(value.clone()).push("]")),
            Op::IsNot => drop(sql.push("NOT c.tags @> ARRAY[").push_bind(value.clone()).push("]")),
            Op::Empty => drop(sql.push("c.tags = '{}'")),
            _ => drop(sql.push("c.tags <> '{}'")),
        },
        Field::Day(column) => compare(sql, &format!("c.{column}"), *op, value.parse::<NaiveDate>().unwrap_or_default()),
        Field::Number(column) => compare(sql, &format!("c.{column}"), *op, value.parse::<i32>().unwrap_or_default()),
        Field::Time(column) => {
            let day = value.parse::<NaiveDate>().unwrap_or_default();
            // Midnight where the reader is, so that the index of the column serves.
            let edge = |sql: &mut QueryBuilder<Postgres>, compare: &str, day: Option<NaiveDate>| {
                sql.push(format!("c.{column} {compare} (")).push_bind(day).push("::date::timestamp AT TIME ZONE ");
                sql.push_bind(asker.zone.to_owned()).push(")");
            };
            match op {
                Op::Under => edge(sql, "<", Some(day)),
                Op::Over => edge(sql, ">=", day.succ_opt()),
                Op::Is => {
                    edge(sql, ">=", Some(day));
                    sql.push(" AND ");
                    edge(sql, "<", day.succ_opt());
                }
                _ => presence(sql, &format!("c.{column}"), *op),
            }
        }
        Field::Custom(key) => custom(sql, key, *op, value),
    }
}

fn custom(sql: &mut QueryBuilder<Postgres>, key: &str, op: Op, value: &str) {
    let number = crate::domain::contact::custom::number(value);
    match (op, number) {
        (Op::Empty, _) => drop(sql.push("NOT c.custom ? ").push_bind(key.to_owned())),
        (Op::Filled, _) => drop(sql.push("c.custom ? ").push_bind(key.to_owned())),
        // Amounts and dates are compared as what they are by their fields' pages, which hand in the stored form.
        (Op::Under | Op::Over, Some(number)) => {
            sql.push("CASE WHEN jsonb_typeof(c.custom -> ").push_bind(key.to_owned());
            sql.push(") = 'number' THEN (c.custom ->> ").push_bind(key.to_owned());
            sql.push(format!(")::numeric {} ", if op == Op::Under { "<" } else { ">" }))
                .push_bind(number)
                .push("::numeric ELSE false END");
        }
        (Op::Under | Op::Over, None) => {
            sql.push("c.custom ->> ").push_bind(key.to_owned()).push(if op == Op::Under { " < " } else { " > " });
            sql.push_bind(value.to_owned());
        }
        (Op::Is | Op::IsNot, _) => {
            sql.push(if op == Op::IsNot { "NOT (" } else { "(" });
            let (yes, key) = (value == "yes", key.to_owned());
            sql.push("c.custom @> jsonb_build_object(")
                .push_bind(key.clone())
                .push(", ")
                .push_bind(value.to_owned())
                .push("::text)");
            sql.push(" OR c.custom @> jsonb_build_object(").push_bind(key.clone());
            sql.push(", jsonb_build_array(").push_bind(value.to_owned()).push("::text))");
            if matches!(value, "yes" | "no") {
                sql.push(" OR c.custom @> jsonb_build_object(").push_bind(key.clone()).push(", ").push_bind(yes).push("::boolean)");
            }
            if let Some(number) = number {
                sql.push(" OR c.custom @> jsonb_build_object(").push_bind(key).push(", ").push_bind(number).push("::numeric)");
            }
            sql.push(")");
        }
        (Op::Has, _) => {
            sql.push("crm_fold(c.custom ->> ")
                .push_bind(key.to_owned())
                .push(") LIKE crm_fold(")
                .push_bind(contains(value))
                .push(")");
        }
    }
}

/// A company by its name, whether or not the actor sees the company itself.
fn company(sql: &mut QueryBuilder<Postgres>, op: Op, value: &str) {
    if !op.needs_value() {
        return presence(sql, "c.company_id", op);
    }
    if op == Op::IsNot {
        sql.push("c.company_id IS NULL OR NOT ");
    }
    sql.push("c.company_id IN (SELECT crm_companies_named(crm_fold(").push_bind(contains(value)).push("), crm_fold(");
    sql.push_bind((op != Op::Has).then(|| value.to_owned())).push("::text)))");
}

fn text(sql: &mut QueryBuilder<Postgres>, column: &str, op: Op, value: &str) {
    // All texts stand in the search too, which has an index.
    if matches!(op, Op::Is | Op::Has) && value.chars().count() > 2 {
        sql.push("c.search LIKE crm_fold(").push_bind(contains(value)).push(") AND ");
    }
    match op {
        Op::Is => drop(sql.push(format!("crm_fold({column}) = crm_fold(")).push_bind(value.to_owned()).push(")")),
        Op::IsNot => drop(sql.push(format!("crm_fold({column}) <> crm_fold(")).push_bind(value.to_owned()).push(")")),
        Op::Has => drop(sql.push(format!("crm_fold({column}) LIKE crm_fold(")).push_bind(contains(value)).push(")")),
        Op::Empty => drop(sql.push(format!("{column} = ''"))),
        _ => drop(sql.push(format!("{column} <> ''"))),
    }
}

fn presence(sql: &mut QueryBuilder<Postgres>, column: &str, op: Op) {
    sql.push(format!("{column} IS {}NULL", if op == Op::Empty { "" } else { "NOT " }));
}

fn compare<V>(sql: &mut QueryBuilder<Postgres>, column: &str, op: Op, value: V)
where
    V: for<'q> sqlx::Encode<'q, Postgres> + sqlx::Type<Postgres> + Send + 'static,
{
    match op {
        Op::Is => drop(sql.push(format!("{column} = ")).push_bind(value)),
        Op::Under => drop(sql.push(format!("{column} < ")).push_bind(value)),
        Op::Over => drop(sql.push(format!("{column} > ")).push_bind(value)),
        _ => presence(sql, column, op),
    }
}

pub(super) fn after(sql: &mut QueryBuilder<Postgres>, query: &ListQuery) {
    let Some((key, id)) = &query.after else { return };
    let (column, compare) = match query.sort {
        Sort::Name => ("c.sort_name", ">"),
        Sort::NameDown => ("c.sort_name", "<"),
        Sort::Updated => ("c.updated_at", "<"),
        Sort::Created => ("c.created_at", "<"),
    };
    let column = if query.bin { "c.deleted_at" } else { column };
    let is_time = query.bin || matches!(query.sort, Sort::Updated | Sort::Created);
    let compare = if query.bin { "<" } else { compare };
    if is_time {
        let Some(at) = instant(key) else { return };
        sql.push(format!(" AND ({column}, c.id) {compare} (")).push_bind(at);
    } else {
        sql.push(format!(" AND ({column}, c.id) {compare} (")).push_bind(key.clone());
    }
    sql.push(", ").push_bind(*id).push(")");
}

pub(super) fn order(sql: &mut QueryBuilder<Postgres>, query: &ListQuery, asker: Asker<'_>) {
    if asker.near {
        sql.push(" ORDER BY word_similarity(crm_fold(").push_bind(query.search.clone()).push("), c.search) DESC, c.id");
        return;
    }
    sql.push(match query.sort {
        _ if query.bin => " ORDER BY c.deleted_at DESC, c.id DESC",
        Sort::Name => " ORDER BY c.sort_name, c.id",
        Sort::NameDown => " ORDER BY c.sort_name DESC, c.id DESC",
        Sort::Updated => " ORDER BY c.updated_at DESC, c.id DESC",
        Sort::Created => " ORDER BY c.created_at DESC, c.id DESC",
    });
}

/// How near a text must be, to be found as coming near: for the rest of the transaction. At 0.6 a letter of eight may be wrong, at 0.4
/// two of six.
pub async fn set_nearness(tx: &mut PgConnection, nearness: &str) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT set_config('pg_trgm.word_similarity_threshold', $1, true)").bind(nearness).execute(tx).await?;
    Ok(())
}
