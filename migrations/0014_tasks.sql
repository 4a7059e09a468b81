-- Tasks that come again and remind, texts to begin from, and secret addresses of calendars.

ALTER TABLE tasks
    ADD COLUMN remind text CHECK (remind IN ('on_time', 'quarter', 'hour', 'day')),
    ADD COLUMN series_start date,
    ADD COLUMN follows uuid REFERENCES tasks ON DELETE SET NULL,
    -- However often a task is done, one follows it.
    ADD CONSTRAINT tasks_follows UNIQUE (follows);
COMMENT ON COLUMN tasks.remind IS 'what remind_at is worked out from, when the task is due';
COMMENT ON COLUMN tasks.series_start IS 'the first day of a series: a 31st is one again after a shorter month';
COMMENT ON COLUMN tasks.follows IS 'the task of the same series before it, which was done';

-- Lists go by day and time; what has no day comes last, and what has no time after what has.
CREATE INDEX tasks_due ON tasks (coalesce(due_on, 'infinity'), coalesce(due_at, 'infinity'), id)
    WHERE deleted_at IS NULL AND done_at IS NULL;
CREATE INDEX tasks_owner_due ON tasks (owner_id, coalesce(due_on, 'infinity'), coalesce(due_at, 'infinity'), id)
    WHERE deleted_at IS NULL AND done_at IS NULL;
CREATE INDEX tasks_owner_done ON tasks (owner_id, done_at, id) WHERE deleted_at IS NULL AND done_at IS NOT NULL;

CREATE TABLE templates (
    id         uuid PRIMARY KEY,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    kind       text NOT NULL CHECK (kind IN ('email', 'call', 'meeting', 'note')),
    stage      text CHECK (stage IN ('new', 'contacted', 'qualified', 'prospect', 'trial', 'customer', 'former')),
    language   text NOT NULL CHECK (language IN ('es', 'en')),
    subject    text CHECK (length(subject) BETWEEN 1 AND 300),
    body       text NOT NULL CHECK (length(body) BETWEEN 1 AND 10000),
    version    integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    created_by uuid REFERENCES users
);
CREATE UNIQUE INDEX templates_name ON templates (kind, language, lower(name));
COMMENT ON COLUMN templates.stage IS 'of a lead or of a contact; null: for any';
COMMENT ON COLUMN templates.body IS 'with places such as {{first_name}}, see domain/templates.rs';

ALTER TABLE templates ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON templates FOR SELECT USING ((SELECT nexus_role()) IS NOT NULL);
CREATE POLICY write ON templates USING ((SELECT nexus_role()) IN ('system', 'admin', 'manager'));
GRANT SELECT, INSERT, UPDATE, DELETE ON templates TO nexus_app;

-- The address by which somebody's calendar program reads their tasks; here is the SHA-256 of its secret.
CREATE TABLE task_feeds (
    user_id    uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    token_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT task_feeds_token UNIQUE (token_hash)
);
ALTER TABLE task_feeds ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON task_feeds USING ((SELECT nexus_role()) = 'system');
CREATE POLICY own ON task_feeds USING ((SELECT nexus_role()) IS NOT NULL AND user_id = (SELECT nexus_user()));
GRANT SELECT, INSERT, UPDATE, DELETE ON task_feeds TO nexus_app;

-- Mails that are about something with a name.
ALTER TABLE mails ADD COLUMN about text CHECK (length(about) BETWEEN 1 AND 500);
COMMENT ON COLUMN mails.about IS 'what the mail tells of, in the words of whoever named it';
-- The kinds of mails are the words of the code that writes them.
ALTER TABLE mails DROP CONSTRAINT mails_kind_check;
ALTER TABLE mails ADD CONSTRAINT mails_kind_check CHECK (kind ~ '^[a-z_]{1,32}$');

-- By whose clock a task's times are read: a colleague's too.
CREATE VIEW crm_zones AS SELECT id, time_zone FROM users WHERE (SELECT nexus_role()) IS NOT NULL;
GRANT SELECT ON crm_zones TO nexus_app;
