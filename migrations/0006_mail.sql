-- Mail: an outbox that is written in the transaction of what a mail tells of, and emptied by a job.

CREATE TABLE mails (
    id          uuid PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN
                    ('invitation', 'reset', 'reset_asked', 'password_changed', 'second_factor_off', 'second_factor_removed')),
    user_id     uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    address     text NOT NULL,
    name        text NOT NULL,
    language    text NOT NULL CHECK (language IN ('es', 'en')),
    invited_by  text,
    sealed_link bytea,
    good_until  timestamptz,
    state       text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'given_up')),
    tries       integer NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL,
    queued_at   timestamptz NOT NULL,
    next_try_at timestamptz NOT NULL,
    sent_at     timestamptz,
    last_error  text,
    CONSTRAINT mails_sent CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
    -- The secret of a link is worth keeping only for as long as it must still be sent.
    CONSTRAINT mails_sealed_link CHECK (sealed_link IS NULL OR (good_until IS NOT NULL AND state <> 'sent'))
);
CREATE INDEX mails_due ON mails (next_try_at) WHERE state = 'waiting';
CREATE INDEX mails_user ON mails (user_id) WHERE state <> 'sent';
CREATE INDEX mails_created ON mails (created_at);
COMMENT ON TABLE mails IS 'what is to be told by e-mail; the words are found when it is sent';
COMMENT ON COLUMN mails.address IS 'address, name and language as they were then';
COMMENT ON COLUMN mails.sealed_link IS 'the link that works once, sealed with NEXUS_CRM_SECRET_KEY';
COMMENT ON COLUMN mails.good_until IS 'when that link ends; the mail is not sent after it';
COMMENT ON COLUMN mails.queued_at IS 'when it began to be tried: when it was made, or when somebody had it sent again';
COMMENT ON COLUMN mails.next_try_at IS 'while a process is trying, the time at which another may';

-- Who asked for a new password at the gate. What is written down does not depend on whether there is such an account: a job finds out.
CREATE TABLE password_asks (
    id       uuid PRIMARY KEY,
    email    text NOT NULL,
    language text NOT NULL CHECK (language IN ('es', 'en')),
    address  text NOT NULL,
    asked_at timestamptz NOT NULL
);

-- The kinds of attempts are the words of the code that counts them.
ALTER TABLE sign_in_attempts DROP CONSTRAINT sign_in_attempts_kind_check;
ALTER TABLE sign_in_attempts ADD CONSTRAINT sign_in_attempts_kind_check CHECK (kind ~ '^[a-z_]{1,32}$');

ALTER TABLE mails ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON mails USING ((SELECT nexus_role()) IN ('system', 'admin'));
ALTER TABLE password_asks ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON password_asks USING ((SELECT nexus_role()) = 'system');
GRANT SELECT, INSERT, UPDATE, DELETE ON mails TO nexus_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON password_asks TO nexus_app;
