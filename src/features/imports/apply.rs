//! A batch of rows, written in one transaction.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    prepare::{Fate, MAX_OTHERS, Prepared, unite},
    store::{self, Counts, companies, contacts},
};
use crate::{
    domain::{
        crm::MAX_TAGS,
        import::{Fault, Kind, words::fold},
    },
    platform::ctx::Ctx,
};

/// How an import is done.
#[derive(Clone, Debug)]
pub struct How {
    /// The import.
    pub id: Uuid,
    /// What the rows are.
    pub kind: Kind,
    /// What they are matched by.
    pub match_key: String,
    /// What becomes of a row that matches.
    pub on_match: String,
}

/// What is to be done with the rows of a batch.
#[derive(Default)]
struct Plan {
    added: Vec<Map<String, Value>>,
    /// Rows by the record that they add: the first made it, others of the file say more about it.
    made: HashMap<String, usize>,
    changed: HashMap<Uuid, Map<String, Value>>,
    owners: HashMap<Uuid, Vec<Uuid>>,
    /// Which row added which record, by their places.
    adders: Vec<(usize, Uuid)>,
    changers: Vec<Uuid>,
}

/// Writes the rows; what cannot be is told in them. `before` has the keys that a dry run would have made in batches before.
pub async fn apply(
    ctx: &Ctx,
    tx: &mut PgConnection,
    how: &How,
    rows: &mut [Prepared],
    before: &HashSet<String>,
) -> Result<Counts, sqlx::Error> {
    let (by, now) = (ctx.actor.user().map(|id| id.0), ctx.now());
    let mut keys: Vec<String> = rows.iter().filter(|r| !r.is_refused()).filter_map(|r| r.key.clone()).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut known: HashMap<String, Vec<Uuid>> = HashMap::new();
    let found = match how.kind {
        Kind::Companies => companies::find(tx, &how.match_key, &keys).await?,
        _ => contacts::find(tx, &how.match_key, &keys).await?,
    };
    for (key, id) in found {
        known.entry(key).or_default().push(id);
    }
    let firms = firms(ctx, tx, how, rows).await?;
    let mut counts = Counts { rows: rows.len() as i64, ..Counts::default() };
    let mut plan = Plan::default();
    for (at, row) in rows.iter_mut().enumerate() {
        if row.is_refused() {
            continue;
        }
        let mut fields = row.fields.clone();
        if let Some(firm) = row.company.as_ref().and_then(|name| firms.get(&fold(name))) {
            fields.insert("company_id".into(), Value::String(firm.to_string()));
        }
        match row.key.as_ref().and_then(|key| known.get(key)).map(Vec::as_slice) {
            Some([_, _, ..]) if how.on_match != "create" => {
                let key = row.key.clone().unwrap_or_default().replace('\n', ", ");
                row.fault("", Fault::Several, &key);
            }
            Some([id]) if how.on_match == "skip" => {
                row.fate = Some((Fate::Skip, *id));
                counts.skipped += 1;
            }
            Some([id]) if how.on_match == "update" => {
                row.fate = Some((Fate::Update, *id));
                plan.changers.push(*id);
                merge(plan.changed.entry(*id).or_default(), fields);
            }
            _ => {
                let key = row.key.as_ref().filter(|_| how.on_match != "create").map(|key| fold(key));
                let same = key.as_ref().and_then(|key| plan.made.get(key)).copied();
                match same.and_then(|place| plan.added.get_mut(place)) {
                    Some(first) if how.on_match == "skip" => {
                        row.fate = made_id(first).map(|id| (Fate::Skip, id));
                        counts.skipped += 1;
                    }
                    Some(first) => {
                        row.fate = made_id(first).map(|id| (Fate::Update, id));
                        merge(first, fields);
                        counts.updated += 1;
                    }
                    None if key.as_ref().is_some_and(|key| before.contains(key)) => {
                        *(if how.on_match == "skip" { &mut counts.skipped } else { &mut counts.updated }) += 1;
                    }
                    None => {
                        let id = Uuid::now_v7();
                        row.fate = Some((Fate::Create, id));
                        fields.insert("id".into(), Value::String(id.to_string()));
                        if let Some(key) = key {
                            plan.made.insert(key, plan.added.len());
                        }
                        if let Some(owner) = row.owner.filter(|owner| Some(*owner) != by) {
                            plan.owners.entry(owner).or_default().push(id);
                        }
                        plan.adders.push((at, id));
                        plan.added.push(fields);
                    }
                }
            }
        }
    }
    write(tx, how, rows, plan, &mut counts, by, now).await?;
    counts.refused = rows.iter().filter(|r| r.is_refused()).count() as i64;
    Ok(counts)
}

async fn write(
    tx: &mut PgConnection,
    how: &How,
    rows: &mut [Prepared],
    plan: Plan,
    counts: &mut Counts,
    by: Option<Uuid>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), sqlx::Error> {
    let firms = how.kind == Kind::Companies;
    let table = if firms { "companies" } else { "contacts" };
    if !plan.added.is_empty() {
        let added = Value::Array(plan.added.into_iter().map(Value::Object).collect());
        let made = if firms {
            companies::insert(tx, how.id, &added, by, now).await?
        } else {
            contacts::insert(tx, how.id, &added, by, now).await?
        };
        let made: HashSet<Uuid> = made.into_iter().collect();
        counts.created += made.len() as i64;
        for (at, _) in plan.adders.iter().filter(|(_, id)| !made.contains(id)) {
            if let Some(row) = rows.get_mut(*at) {
                let user = row.fields.get("usage_user_id").and_then(Value::as_str).unwrap_or_default().to_owned();
                row.fault("usage_user_id", Fault::Taken, &user);
            }
        }
        for (owner, ids) in plan.owners {
            let ids: Vec<Uuid> = ids.into_iter().filter(|id| made.contains(id)).collect();
            store::assign(tx, how.id, table, &ids, owner, now).await?;
        }
    }
    if !plan.changed.is_empty() {
        let changed = plan.changed.into_iter().map(|(id, mut fields)| {
            fields.insert("id".into(), Value::String(id.to_string()));
            Value::Object(fields)
        });
        let changed = Value::Array(changed.collect());
        let did = if firms {
            companies::update(tx, how.id, &changed, now).await?
        } else {
            contacts::update(tx, how.id, &changed, now).await?
        };
        let did: HashSet<Uuid> = did.into_iter().collect();
        let updated = plan.changers.iter().filter(|id| did.contains(id)).count();
        counts.updated += updated as i64;
        counts.unchanged += (plan.changers.len() - updated) as i64;
    }
    Ok(())
}

/// What a later row says of the same record holds, where it says something; tags, and addresses and numbers besides the first, are
/// united.
fn merge(into: &mut Map<String, Value>, fields: Map<String, Value>) {
    for (name, others) in [("email", "other_emails"), ("phone", "other_phones")] {
        let before = into.get(name).filter(|before| fields.get(name).is_some_and(|now| now != *before)).cloned();
        let mut list = list_of(into.remove(others));
        list.extend(before);
        if !list.is_empty() {
            into.insert(others.into(), Value::Array(list));
        }
    }
    for (name, value) in fields {
        match value {
            Value::Array(more) => {
                let mut list = list_of(into.remove(&name));
                let most = if name == "tags" { MAX_TAGS } else { MAX_OTHERS };
                for text in more {
                    unite(&mut list, text, most);
                }
                into.insert(name, Value::Array(list));
            }
            value if name != "id" => drop(into.insert(name, value)),
            _ => {}
        }
    }
    for (name, others) in [("email", "other_emails"), ("phone", "other_phones")] {
        let first = into.get(name).cloned();
        if let Some(Value::Array(list)) = into.get_mut(others) {
            list.retain(|it| Some(it) != first.as_ref());
            list.truncate(MAX_OTHERS);
        }
    }
}

fn made_id(fields: &Map<String, Value>) -> Option<Uuid> {
    fields.get("id")?.as_str()?.parse().ok()
}

fn list_of(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}

/// The companies that the rows name, by their folded names; those that are not there yet are added.
async fn firms(ctx: &Ctx, tx: &mut PgConnection, how: &How, rows: &[Prepared]) -> Result<HashMap<String, Uuid>, sqlx::Error> {
    let mut names: HashMap<String, String> = HashMap::new();
    for row in rows.iter().filter(|r| !r.is_refused()) {
        if let Some(name) = &row.company {
            names.entry(fold(name)).or_insert_with(|| name.clone());
        }
    }
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let mut list: Vec<String> = names.values().cloned().collect();
    list.sort_unstable();
    let mut firms: HashMap<String, Uuid> = HashMap::new();
    for (name, id) in companies::find(tx, "name", &list).await? {
        firms.entry(fold(&name)).or_insert(id);
    }
    let new: Vec<Value> = names
        .iter()
        .filter(|(folded, _)| !firms.contains_key(*folded))
        .map(|(_, name)| serde_json::json!({"id": Uuid::now_v7(), "name": name}))
        .collect();
    if !new.is_empty() {
        for row in &new {
            if let (Some(name), Some(id)) = (row["name"].as_str(), row["id"].as_str().and_then(|id| id.parse().ok())) {
                firms.insert(fold(name), id);
            }
        }
        companies::insert(tx, how.id, &Value::Array(new), ctx.actor.user().map(|id| id.0), ctx.now()).await?;
    }
    Ok(firms)
}
