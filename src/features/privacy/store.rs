//! The SQL of tombstones and consents.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::usecase::{Consent, Tombstone};
use crate::{
    domain::{
        people::UserId,
        privacy::{PersonKind, Purpose, Subject},
    },
    platform::person::Held,
    ui::i18n::s,
};

/// What somebody has agreed to.
macro_rules! consents {
    ($kind:literal) => {
        Held {
            table: "consents",
            columns: "id, purpose, given, at, source, wording, recorded_at",
            from: concat!("FROM consents WHERE subject_kind = '", $kind, "' AND subject_id = $1"),
            at: "at",
            about: |lang| s!(lang, privacy.t_consents),
        }
    };
}

/// Where something stands about one of GENESIS's users.
pub static METERED: [Held; 2] = [
    consents!("metered"),
    Held {
        table: "journal",
        columns: "id, at, event, subject_kind, subject_id, body",
        from:
            "FROM journal WHERE subject_kind = 'person' AND subject_id = $1
                   OR subject_kind = 'usage_alert' AND subject_id IN (SELECT id::text FROM usage_alerts WHERE user_id = $1)
                   OR subject_kind = 'quarantine' AND (privacy_names(body ->> 'before', $1) OR privacy_names(body ->> 'after', $1))",
        at: "at",
        about: |lang| s!(lang, privacy.t_journal),
    },
];

/// Where something stands about somebody who can sign in.
pub static ACCOUNT: [Held; 1] = [consents!("account")];

/// Where something stands about a contact.
pub static CONTACT: [Held; 1] = [consents!("contact")];

/// An erasure takes as long as it takes; so does handing out.
pub async fn take_time(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT set_config('statement_timeout', '0', true)").fetch_one(tx).await.map(|_| ())
}

/// Takes one of so many places for handing out, to the end of the transaction; says whether one was free. The places are those of all
/// processes together.
pub async fn take_place(tx: &mut PgConnection, places: i32) -> Result<bool, sqlx::Error> {
    for place in 0..places {
        let free = sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock(hashtext('privacy export'), $1) AS "free!""#, place);
        if free.fetch_one(&mut *tx).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Sets a tombstone; says whether there was none that holds.
pub async fn insert_tombstone(
    tx: &mut PgConnection,
    tombstone: &Tombstone,
    hash: &[u8],
    by: Option<UserId>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "INSERT INTO erased_persons (id, kind, hash, erased_at, erased_by, reason) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (kind, hash) WHERE lifted_at IS NULL DO NOTHING",
        tombstone.id,
        tombstone.kind.as_str(),
        hash,
        tombstone.erased_at,
        by.map(|id| id.0),
        tombstone.reason
    );
    Ok(done.execute(tx).await?.rows_affected() == 1)
}

/// The latest tombstones, before one.
pub async fn list_tombstones(tx: &mut PgConnection, before: Option<Uuid>, limit: i64) -> Result<Vec<Tombstone>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT e.id, e.kind, e.erased_at, e.reason, e.lifted_at, a.name AS "erased_by?", l.name AS "lifted_by?"
           FROM erased_persons e LEFT JOIN users a ON a.id = e.erased_by LEFT JOIN users l ON l.id = e.lifted_by
           WHERE $1::uuid IS NULL OR (e.erased_at, e.id) < (SELECT b.erased_at, b.id FROM erased_persons b WHERE b.id = $1)
           ORDER BY e.erased_at DESC, e.id DESC LIMIT $2"#,
        before,
        limit
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(Tombstone {
                id: row.id,
                kind: PersonKind::parse(&row.kind)?,
                erased_at: row.erased_at,
                erased_by: row.erased_by,
                reason: row.reason,
                lifted_at: row.lifted_at,
                lifted_by: row.lifted_by,
            })
        })
        .collect())
}

/// Lifts a tombstone; says whether it held.
pub async fn lift(tx: &mut PgConnection, id: Uuid, by: Option<UserId>, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE erased_persons SET lifted_at = $2, lifted_by = $3 WHERE id = $1 AND lifted_at IS NULL",
        id,
        now,
        by.map(|id| id.0)
    );
    Ok(done.execute(tx).await?.rows_affected() == 1)
}

/// Records a consent.
pub async fn insert_consent(
    tx: &mut PgConnection,
    subject: &Subject,
    consent: &Consent,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO consents (subject_kind, subject_id, purpose, given, at, source, wording, recorded_by, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        subject.kind.as_str(),
        subject.id,
        consent.purpose.as_str(),
        consent.given,
        consent.at,
        consent.source,
        consent.wording,
        by.map(|id| id.0),
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What somebody has agreed to and does not any more, the latest first.
pub async fn list_consents(tx: &mut PgConnection, subject: &Subject) -> Result<Vec<Consent>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT c.purpose, c.given, c.at, c.source, c.wording, u.name AS "recorded_by?"
           FROM consents c LEFT JOIN users u ON u.id = c.recorded_by
           WHERE c.subject_kind = $1 AND c.subject_id = $2 ORDER BY c.at DESC, c.id DESC LIMIT 200"#,
        subject.kind.as_str(),
        subject.id
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(Consent {
                purpose: Purpose::parse(&row.purpose)?,
                given: row.given,
                at: row.at,
                source: row.source,
                wording: row.wording,
                recorded_by: row.recorded_by,
            })
        })
        .collect())
}

/// Puts the pseudonym into what somebody agreed to, and into the journal about one of GENESIS's users.
pub async fn erase(tx: &mut PgConnection, subject: &Subject, pseudonym: &str) -> Result<[u64; 2], sqlx::Error> {
    let consents = sqlx::query_scalar!(
        r#"SELECT privacy_erase_consents($1, $2, $3) AS "rows!""#,
        subject.kind.as_str(),
        subject.id,
        pseudonym
    );
    let consents = consents.fetch_one(&mut *tx).await?.unsigned_abs();
    let journal = match subject.kind {
        PersonKind::Metered => {
            sqlx::query_scalar!(r#"SELECT privacy_erase_metered_journal($1, $2) AS "rows!""#, subject.id, pseudonym)
                .fetch_one(tx)
                .await?
                .unsigned_abs()
        }
        // Theirs is erased by who holds them.
        PersonKind::Account | PersonKind::Contact => 0,
    };
    Ok([consents, journal])
}

/// Some of the contacts with an address, or the one with this id; of those that were merged, the one that stands for them.
pub async fn find_contacts(tx: &mut PgConnection, email: &str, id: Option<Uuid>) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT DISTINCT contact_standing(id) AS "id!" FROM contacts WHERE email = $1 OR $1 = ANY(other_emails) OR id = $2 LIMIT 20"#,
        email,
        id
    )
    .fetch_all(tx)
    .await
}

/// What people know a contact by: the address, else the name, else the number.
pub async fn find_contact_name(tx: &mut PgConnection, id: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT coalesce(email, nullif(btrim(first_name || ' ' || last_name), ''), phone) AS "name!" FROM contacts WHERE id = $1::text::uuid"#,
        id
    )
    .fetch_optional(tx)
    .await
}

/// A contact's name, if it has one.
pub async fn find_contact_display_name(tx: &mut PgConnection, id: &str) -> Result<Option<String>, sqlx::Error> {
    let name = sqlx::query_scalar!(
        r#"SELECT btrim(first_name || ' ' || last_name) AS "name!" FROM contacts WHERE id = $1::text::uuid"#,
        id
    );
    Ok(name.fetch_optional(tx).await?.filter(|name| !name.is_empty()))
}

/// The account with an address.
pub async fn find_account(tx: &mut PgConnection, email: &str) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!("SELECT id FROM users WHERE email = $1", email).fetch_optional(tx).await
}

/// The address of an account.
pub async fn find_email(tx: &mut PgConnection, id: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("SELECT email FROM users WHERE id::text = $1", id).fetch_optional(tx).await
}

/// What an account's person is called.
pub async fn find_display_name(tx: &mut PgConnection, id: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("SELECT name FROM users WHERE id::text = $1", id).fetch_optional(tx).await
}
