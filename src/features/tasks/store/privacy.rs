//! The SQL of what is held about somebody who has tasks, and of how it is forgotten.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{platform::person::Held, ui::i18n::s};

/// Where something stands about somebody who can sign in.
pub static HELD: [Held; 2] = [
    Held {
        table: "tasks",
        columns: "id, title, kind, due_on, due_at, remind_at, done_at, created_at",
        from: "FROM tasks WHERE owner_id = $1::uuid",
        at: "created_at",
        about: |lang| s!(lang, tasks.t_tasks),
    },
    Held {
        table: "task_feeds",
        columns: "created_at",
        from: "FROM task_feeds WHERE user_id = $1::uuid",
        at: "created_at",
        about: |lang| s!(lang, tasks.t_feeds),
    },
];

/// Erased accounts that have a calendar's address all the same.
pub async fn find_returned(tx: &mut PgConnection) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!("SELECT u.id FROM task_feeds f JOIN users u ON u.id = f.user_id WHERE u.erased_at IS NOT NULL")
        .fetch_all(tx)
        .await
}
