//! Looking for duplicates: of contacts that have changed, in the background, and of one that is being typed.

use uuid::Uuid;

use super::store::{self, FoundRow, Row};
use crate::{
    domain::{
        AppResult,
        crm::ContactId,
        matching::{Evidence, Model, Record, contact},
        people::Permission,
    },
    platform::{
        ctx::Ctx,
        db::{self, to_app},
    },
};

/// Contacts that are looked at in one transaction.
const AT_ONCE: i64 = 50;
/// The score from which two contacts are taken for likely one.
pub const LIKELY: f64 = 0.5;
/// Likely duplicates that are told of somebody who is being typed.
const MOST_TOLD: usize = 5;

/// A contact as it is compared.
pub fn record(row: &Row) -> Record {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    contact::record(&contact::Contact {
        first_name: row.first_name.clone(),
        last_name: row.last_name.clone(),
        emails: row.email.iter().chain(&row.other_emails).cloned().collect(),
        phones: row.phone.iter().chain(&row.other_phones).cloned().collect(),
        company: text(&row.company),
        city: text(&row.city),
        country: text(&row.country),
        birthday: row.birthday.map(|day| day.to_string()).unwrap_or_default(),
    })
}

/// The keys of a record as they are stored: 64-bit FNV-1a.
fn hashes(record: &Record) -> Vec<i64> {
    let hash = |key: String| {
        key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    };
    let mut hashes: Vec<i64> = contact::keys(record).into_iter().map(|key| hash(key).cast_signed()).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// The model of contacts, for as many as there are.
pub(super) async fn model(tx: &mut sqlx::PgConnection) -> AppResult<Model> {
    Ok(contact::model(store::estimate_contacts(tx).await.map_err(to_app)?.unsigned_abs()))
}

/// Looks for the duplicates of some contacts that have changed; gives how many were looked at. Several processes may do so: one at a
/// time, so that none misses what another has just found.
///
/// # Errors
/// When the database is away; then all is looked at again.
pub async fn look(ctx: &Ctx) -> AppResult<usize> {
    let mut tx = ctx.begin().await.map_err(to_app)?;
    db::lock(&mut tx, "duplicates").await.map_err(to_app)?;
    let changed = store::take_changes(&mut tx, AT_ONCE).await.map_err(to_app)?;
    if changed.is_empty() {
        return Ok(0);
    }
    let model = model(&mut tx).await?;
    let there = store::find_contacts(&mut tx, &changed).await.map_err(to_app)?;
    let records: Vec<(Uuid, Record)> = there.iter().map(|row| (row.id, record(row))).collect();
    for id in &changed {
        let keys = records.iter().find(|(known, _)| known == id).map(|(_, record)| hashes(record)).unwrap_or_default();
        store::replace_keys(&mut tx, *id, &keys).await.map_err(to_app)?;
    }
    let mut found: Vec<FoundRow> = Vec::new();
    for (id, own) in &records {
        let others = store::find_candidates(&mut tx, &hashes(own), Some(*id)).await.map_err(to_app)?;
        for other in store::find_contacts(&mut tx, &others).await.map_err(to_app)? {
            let score = model.score(own, &record(&other));
            if score >= LIKELY {
                found.push(FoundRow { a: other.id.min(*id), b: other.id.max(*id), score });
            }
        }
    }
    found.sort_by_key(|pair| (pair.a, pair.b));
    found.dedup_by_key(|pair| (pair.a, pair.b));
    store::upsert_pairs(&mut tx, &changed, &found, ctx.now()).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)?;
    Ok(changed.len())
}

/// Somebody who is likely the one that is being typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Likely {
    /// The contact.
    pub id: ContactId,
    /// The name.
    pub name: String,
    /// The address.
    pub email: Option<String>,
    /// The number.
    pub phone: Option<String>,
    /// The company's name.
    pub company: Option<String>,
    /// How likely, 0..1.
    pub score: f64,
    /// What each field says.
    pub evidence: Vec<Evidence>,
}

/// Who is likely the one that is being typed, the likeliest first; only whom the actor may see.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn similar(ctx: &Ctx, typed: &contact::Contact) -> AppResult<Vec<Likely>> {
    ctx.require(Permission::WriteCrm)?;
    let own = contact::record(typed);
    // Keys are the system's; whom they lead to is read as the actor may.
    let mut tx = ctx.as_system("duplicates").begin().await.map_err(to_app)?;
    let others = store::find_candidates(&mut tx, &hashes(&own), None).await.map_err(to_app)?;
    let model = model(&mut tx).await?;
    tx.rollback().await.map_err(to_app)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let rows = store::find_contacts(&mut tx, &others).await.map_err(to_app)?;
    tx.rollback().await.map_err(to_app)?;
    let mut likely: Vec<Likely> =
        rows.into_iter().map(|row| told(&model, &own, row)).filter(|likely| likely.score >= LIKELY).collect();
    likely.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.0.cmp(&b.id.0)));
    likely.truncate(MOST_TOLD);
    Ok(likely)
}

fn told(model: &Model, own: &Record, row: Row) -> Likely {
    let other = record(&row);
    Likely {
        id: ContactId(row.id),
        name: format!("{} {}", row.first_name, row.last_name).trim().to_owned(),
        score: model.score(own, &other),
        evidence: model.explain(own, &other),
        email: row.email,
        phone: row.phone,
        company: row.company,
    }
}
