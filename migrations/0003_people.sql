-- People: who may sign in and as what, and the sessions, keys and links that they do it with.
--
-- Row-level security: the server says in each transaction who acts (nexus.role, nexus.user_id, nexus.team_id). Where that was
-- forgotten, the tables below are empty and nothing can be written. 'system' is the product itself: GENESIS's webhook, jobs, the
-- command line, and the moments before anybody is known (signing in).

CREATE FUNCTION nexus_role() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('nexus.role', true), '') $$;
CREATE FUNCTION nexus_user() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('nexus.user_id', true), '')::uuid $$;
CREATE FUNCTION nexus_team() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('nexus.team_id', true), '')::uuid $$;

CREATE TABLE teams (
    id         uuid PRIMARY KEY,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    version    integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX teams_name ON teams (lower(name));

CREATE TABLE users (
    id                  uuid PRIMARY KEY,
    email               text NOT NULL CHECK (email = lower(email)),
    name                text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    role                text NOT NULL CHECK (role IN ('admin', 'manager', 'sales', 'viewer')),
    team_id             uuid REFERENCES teams,
    status              text NOT NULL CHECK (status IN ('invited', 'active', 'disabled')),
    password_hash       text,
    password_changed_at timestamptz,
    language            text CHECK (language IN ('es', 'en')),
    time_zone           text,
    demo                boolean NOT NULL DEFAULT false,
    version             integer NOT NULL DEFAULT 1,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    last_sign_in_at     timestamptz,
    CONSTRAINT users_email UNIQUE (email),
    CHECK (status <> 'active' OR password_hash IS NOT NULL)
);
CREATE INDEX users_team ON users (team_id);
COMMENT ON COLUMN users.password_hash IS 'argon2id, as a PHC string';
COMMENT ON COLUMN users.demo IS 'made by the demo; such accounts are never made beside real ones';

-- One row a browser. The cookie holds a secret of 256 bits; only its SHA-256 is here.
CREATE TABLE sessions (
    id           uuid PRIMARY KEY,
    token_hash   bytea NOT NULL,
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    address      text NOT NULL,
    user_agent   text NOT NULL,
    CONSTRAINT sessions_token UNIQUE (token_hash)
);
CREATE INDEX sessions_user ON sessions (user_id, last_seen_at DESC);
CREATE INDEX sessions_expired ON sessions (expires_at);
COMMENT ON COLUMN sessions.expires_at IS 'whatever happens; a session that is not used ends sooner';

-- Links that work once: the first set-up, invitations, new passwords.
CREATE TABLE user_links (
    token_hash bytea PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('set_up', 'invitation', 'reset')),
    user_id    uuid REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CHECK ((kind = 'set_up') = (user_id IS NULL))
);
CREATE INDEX user_links_user ON user_links (user_id);

-- Keys of programs. The prefix is shown, the rest of the key only once; here is its SHA-256.
CREATE TABLE api_keys (
    id           uuid PRIMARY KEY,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    prefix       text NOT NULL,
    secret_hash  bytea NOT NULL,
    scopes       text[] NOT NULL CHECK (cardinality(scopes) > 0),
    created_by   uuid REFERENCES users,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    CONSTRAINT api_keys_secret UNIQUE (secret_hash)
);

-- Attempts to sign in by account, by address and by both, and attempts at what asks for a secret again, in windows of time.
CREATE TABLE sign_in_attempts (
    kind       text NOT NULL CHECK (kind IN ('account', 'address', 'both', 'code', 'password')),
    subject    text NOT NULL,
    attempts   integer NOT NULL,
    ends_at    timestamptz NOT NULL,
    PRIMARY KEY (kind, subject)
);
CREATE INDEX sign_in_attempts_ends ON sign_in_attempts (ends_at);

-- Who did it, in a form that outlives the account, and from where.
ALTER TABLE journal ADD COLUMN actor_id uuid, ADD COLUMN address text;
CREATE INDEX journal_at ON journal (at DESC, id DESC);
CREATE INDEX journal_actor ON journal (actor_id, id DESC) WHERE actor_id IS NOT NULL;
COMMENT ON COLUMN journal.actor IS 'the name that was the actor''s then';
COMMENT ON COLUMN journal.body IS 'the details; of a change, before and after';

-- ---- who sees what -------------------------------------------------------------------------------------------------------

ALTER TABLE teams ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON teams FOR SELECT USING ((SELECT nexus_role()) IS NOT NULL);
CREATE POLICY write ON teams USING ((SELECT nexus_role()) IN ('system', 'admin'));

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON users USING ((SELECT nexus_role()) IN ('system', 'admin'));
CREATE POLICY team ON users FOR SELECT USING ((SELECT nexus_role()) = 'manager' AND team_id = (SELECT nexus_team()));
CREATE POLICY own ON users FOR SELECT USING ((SELECT nexus_role()) IS NOT NULL AND id = (SELECT nexus_user()));
CREATE POLICY own_change ON users FOR UPDATE USING ((SELECT nexus_role()) IS NOT NULL AND id = (SELECT nexus_user()));

-- Of one's own account one may change what is one's own: the name, the password, the language.
CREATE FUNCTION users_keep_rank() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nexus_role() NOT IN ('system', 'admin') AND (NEW.role, NEW.team_id, NEW.email, NEW.status, NEW.demo)
        IS DISTINCT FROM (OLD.role, OLD.team_id, OLD.email, OLD.status, OLD.demo) THEN
        RAISE EXCEPTION 'only an admin changes who somebody is' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- Not for the owner of the schema, who says nothing of who acts.
CREATE TRIGGER users_keep_rank BEFORE UPDATE ON users FOR EACH ROW WHEN (nexus_role() IS NOT NULL) EXECUTE FUNCTION users_keep_rank();

ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON sessions USING ((SELECT nexus_role()) IN ('system', 'admin'));
CREATE POLICY own ON sessions USING ((SELECT nexus_role()) IS NOT NULL AND user_id = (SELECT nexus_user()));

ALTER TABLE user_links ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON user_links USING ((SELECT nexus_role()) IN ('system', 'admin'));

ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON api_keys USING ((SELECT nexus_role()) IN ('system', 'admin'));

ALTER TABLE sign_in_attempts ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON sign_in_attempts USING ((SELECT nexus_role()) = 'system');

ALTER TABLE journal ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON journal FOR SELECT USING ((SELECT nexus_role()) IN ('system', 'admin'));
CREATE POLICY own ON journal FOR SELECT USING ((SELECT nexus_role()) IS NOT NULL AND actor_id = (SELECT nexus_user()));
CREATE POLICY team ON journal FOR SELECT USING ((SELECT nexus_role()) = 'manager'
    AND actor_id IN (SELECT id FROM users WHERE team_id = (SELECT nexus_team())));
CREATE POLICY write ON journal FOR INSERT WITH CHECK ((SELECT nexus_role()) IS NOT NULL
    AND ((SELECT nexus_role()) = 'system' OR actor_id = (SELECT nexus_user())));

-- Metering has no owners: whoever is somebody may read it, and only the product itself adds to it.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['agent_usage_daily', 'agent_usage_monthly', 'usage_users', 'agent_usage_totals_daily',
        'agent_usage_totals_hourly', 'agent_usage_active_daily', 'usage_alerts', 'usage_alert_rules', 'usage_tier_limits']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY read ON %I FOR SELECT USING ((SELECT nexus_role()) IS NOT NULL)', t);
        EXECUTE format('CREATE POLICY write ON %I USING ((SELECT nexus_role()) = ''system'')', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['usage_moves', 'live_messages'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY system ON %I USING ((SELECT nexus_role()) = ''system'')', t);
    END LOOP;
END $$;
CREATE POLICY admin ON usage_tier_limits FOR UPDATE USING ((SELECT nexus_role()) = 'admin');
CREATE POLICY admin ON usage_alert_rules FOR UPDATE USING ((SELECT nexus_role()) = 'admin');
ALTER TABLE usage_quarantine ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON usage_quarantine USING ((SELECT nexus_role()) IN ('system', 'admin'));

-- With the owner's rights, so it asks itself who calls.
CREATE OR REPLACE FUNCTION usage_drop_partitions(before date) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
DECLARE
    part record;
    dropped integer := 0;
BEGIN
    IF nexus_role() IS DISTINCT FROM 'system' THEN
        RAISE EXCEPTION 'only the product itself drops events' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF before > current_date - 35 THEN
        RAISE EXCEPTION 'events of the last 35 days are kept';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('usage_partitions'));
    FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'agent_usage_events'::regclass
          AND to_date(right(c.relname, 8), 'YYYYMMDD') + 7 <= before
    LOOP
        EXECUTE format('DROP TABLE %I', part.relname);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

ALTER TABLE live_clock ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON live_clock FOR SELECT USING ((SELECT nexus_role()) IS NOT NULL);
CREATE POLICY write ON live_clock FOR UPDATE USING ((SELECT nexus_role()) = 'system');

-- Events are stored by COPY, which row-level security does not allow: the server may add to the table, and reads it by a view.
CREATE VIEW usage_events AS SELECT * FROM agent_usage_events WHERE (SELECT nexus_role()) IS NOT NULL;
REVOKE SELECT, UPDATE, DELETE ON agent_usage_events FROM nexus_app;
GRANT SELECT ON usage_events TO nexus_app;
-- What the rollups are by definition is read with the owner's rights, so it says itself whom it is for.
DO $$
DECLARE
    v text;
BEGIN
    FOREACH v IN ARRAY ARRAY['recount_daily', 'recount_monthly', 'recount_users', 'recount_totals_daily', 'recount_totals_hourly',
        'recount_active_daily']
    LOOP
        EXECUTE format('ALTER VIEW %I RENAME TO %I', v, 'every_' || v);
        EXECUTE format('REVOKE ALL ON %I FROM nexus_app', 'every_' || v);
        EXECUTE format('CREATE VIEW %I AS SELECT * FROM %I WHERE (SELECT nexus_role()) = ''system''', v, 'every_' || v);
        EXECUTE format('GRANT SELECT ON %I TO nexus_app', v);
    END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE, DELETE ON teams, users, sessions, user_links, api_keys, sign_in_attempts TO nexus_app;
