//! The SQL of what the outbox holds about people, and of how it forgets.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{platform::person::Held, ui::i18n::s};

/// Where something stands about somebody who can sign in.
pub static HELD: [Held; 1] = [Held {
    table: "mails",
    columns: "id, kind, address, name, language, invited_by, about, state, created_at, sent_at",
    from: "FROM mails WHERE user_id = $1::uuid",
    at: "created_at",
    about: |lang| s!(lang, privacy.t_mails),
}];

/// Deletes the mails to an account, and takes its name out of those that it had sent to others; gives how many.
pub async fn erase(tx: &mut PgConnection, user: Uuid) -> Result<u64, sqlx::Error> {
    let named = sqlx::query!("UPDATE mails SET invited_by = NULL WHERE invited_by = (SELECT name FROM users WHERE id = $1)", user);
    let named = named.execute(&mut *tx).await?.rows_affected();
    Ok(named + sqlx::query!("DELETE FROM mails WHERE user_id = $1", user).execute(tx).await?.rows_affected())
}

/// Erased accounts that have mails all the same.
pub async fn find_returned(tx: &mut PgConnection) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!("SELECT DISTINCT u.id FROM mails m JOIN users u ON u.id = m.user_id WHERE u.erased_at IS NOT NULL")
        .fetch_all(tx)
        .await
}
