//! The SQL of what is held about a contact, and of how it is forgotten.

use futures_util::TryStreamExt;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::privacy::PersonKind,
    platform::{
        person::{Counts, Held},
        tombstones::Tombstones,
    },
    ui::i18n::s,
};

/// Where something stands about a contact.
pub static HELD: [Held; 6] = [
    Held {
        table: "contacts",
        columns: "id, first_name, last_name, email, phone, other_emails, other_phones, title, company_id, city, country, language, \
                  birthday, lifecycle, source, notes, usage_user_id, owner_id, tags, custom, created_at, updated_at, deleted_at, merged_into",
        from: "FROM contacts WHERE id = ANY(contact_selves($1::uuid))",
        at: "created_at",
        about: |lang| s!(lang, privacy.t_contact),
    },
    Held {
        table: "interactions",
        columns: "id, kind, direction, at, duration_s, outcome, subject, body, sentiment, evidence, created_at, deleted_at",
        from: "FROM interactions WHERE contact_id = ANY(contact_selves($1::uuid)) OR lead_id = ANY(contact_leads($1::uuid))",
        at: "at",
        about: |lang| s!(lang, privacy.t_interactions),
    },
    Held {
        table: "tasks",
        columns: "id, title, notes, kind, priority, due_on, due_at, done_at, created_at, deleted_at",
        from: "FROM tasks WHERE contact_id = ANY(contact_selves($1::uuid)) OR lead_id = ANY(contact_leads($1::uuid))",
        at: "created_at",
        about: |lang| s!(lang, privacy.t_tasks),
    },
    Held {
        table: "leads",
        columns: "id, first_name, last_name, email, phone, company, title, city, country, message, source, utm, behavior, status, \
                  lost_reason, score, segment, profile, tags, custom, created_at, converted_at, deleted_at",
        from: "FROM leads WHERE id = ANY(contact_leads($1::uuid))",
        at: "created_at",
        about: |lang| s!(lang, privacy.t_leads),
    },
    Held {
        table: "contact_merges",
        columns: "id, merged_at, winner_before, winner_after, loser_before, undone_at",
        from: "FROM contact_merges WHERE winner_id = ANY(contact_selves($1::uuid)) OR loser_id = ANY(contact_selves($1::uuid))",
        at: "merged_at",
        about: |lang| s!(lang, privacy.t_merges),
    },
    Held {
        table: "journal",
        columns: "id, at, event, subject_kind, subject_id, body",
        from: "FROM journal WHERE subject_kind = 'contact' AND subject_id = ANY(contact_selves($1::uuid)::text[])",
        at: "at",
        about: |lang| s!(lang, privacy.t_journal),
    },
];

/// All addresses of a contact and of those that it was merged with; none where there is no such contact.
pub async fn find_addresses(tx: &mut PgConnection, id: Uuid) -> Result<Option<Vec<String>>, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT contact_addresses(id) AS "addresses!" FROM contacts WHERE id = $1"#, id).fetch_optional(tx).await
}

/// Contacts that have come back by the address of somebody who was erased.
pub async fn find_returned(tx: &mut PgConnection, tombstones: &Tombstones) -> Result<Vec<Uuid>, sqlx::Error> {
    let mut found = Vec::new();
    let mut all =
        sqlx::query!(r#"SELECT id, email AS "email!" FROM contacts WHERE email IS NOT NULL AND merged_into IS NULL"#).fetch(tx);
    while let Some(contact) = all.try_next().await? {
        if tombstones.hold(PersonKind::Contact, &contact.email) {
            found.push(contact.id);
        }
    }
    Ok(found)
}

/// Deletes a contact, those that it was merged with, their leads, and everything that was written about the person; gives how many rows of each.
pub async fn erase(tx: &mut PgConnection, id: Uuid, pseudonym: &str) -> Result<Counts, sqlx::Error> {
    let selves = sqlx::query_scalar!(r#"SELECT contact_selves($1) AS "ids!""#, id).fetch_one(&mut *tx).await?;
    // In the order of their ids, as everybody does; nobody hangs anything on them meanwhile.
    sqlx::query!("SELECT id FROM contacts WHERE id = ANY($1) ORDER BY id FOR UPDATE", &selves).fetch_all(&mut *tx).await?;
    let leads = sqlx::query_scalar!("SELECT id FROM leads WHERE id = ANY(contact_leads($1)) ORDER BY id FOR UPDATE", id)
        .fetch_all(&mut *tx)
        .await?;
    let interactions = sqlx::query_scalar!(
        "DELETE FROM interactions WHERE contact_id = ANY($1) OR lead_id = ANY($2) RETURNING id",
        &selves,
        &leads
    );
    let interactions = interactions.fetch_all(&mut *tx).await?;
    let tasks =
        sqlx::query_scalar!("DELETE FROM tasks WHERE contact_id = ANY($1) OR lead_id = ANY($2) RETURNING id", &selves, &leads);
    let tasks = tasks.fetch_all(&mut *tx).await?;
    let gone_leads = sqlx::query!("DELETE FROM leads WHERE id = ANY($1)", &leads).execute(&mut *tx).await?.rows_affected();
    let changes = sqlx::query!(
        "UPDATE bulk_changes b SET rows = (SELECT coalesce(jsonb_agg(e), '[]') FROM jsonb_array_elements(b.rows) e WHERE e ->> 'id' <> ALL($1::uuid[]::text[]))
         WHERE kind = 'contacts' AND EXISTS (SELECT FROM jsonb_array_elements(b.rows) e WHERE e ->> 'id' = ANY($1::uuid[]::text[]))",
        &selves
    );
    let changes = changes.execute(&mut *tx).await?.rows_affected();
    let merges = sqlx::query!("DELETE FROM contact_merges WHERE winner_id = ANY($1) OR loser_id = ANY($1)", &selves)
        .execute(&mut *tx)
        .await?;
    let contacts = sqlx::query!("DELETE FROM contacts WHERE id = ANY($1)", &selves).execute(&mut *tx).await?.rows_affected();
    let records = [selves, leads, interactions.clone(), tasks.clone()].concat();
    let journal = sqlx::query_scalar!(r#"SELECT privacy_erase_contact_journal($1, $2) AS "rows!""#, &records, pseudonym)
        .fetch_one(tx)
        .await?;
    Ok(vec![
        ("contacts", contacts),
        ("interactions", interactions.len() as u64),
        ("tasks", tasks.len() as u64),
        ("leads", gone_leads),
        ("contact_merges", merges.rows_affected()),
        ("bulk_changes", changes),
        ("journal", journal.unsigned_abs()),
    ])
}
