-- What the office keeps: GENESIS's webhook secrets, the workspace's own settings, and how long the journal is kept.

CREATE TABLE webhook_secrets (
    id           uuid PRIMARY KEY,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    kind         text NOT NULL CHECK (kind IN ('live', 'import')),
    source       text NOT NULL CHECK (source IN ('app', 'settings')),
    sealed       bytea,
    tail         text NOT NULL DEFAULT '',
    created_by   uuid REFERENCES users,
    created_at   timestamptz NOT NULL,
    ends_at      timestamptz,
    last_used_at timestamptz,
    CHECK ((source = 'app') = (sealed IS NOT NULL))
);
CREATE UNIQUE INDEX webhook_secrets_settings ON webhook_secrets (name) WHERE source = 'settings';
COMMENT ON COLUMN webhook_secrets.kind IS 'import: events signed with it may lie further back';
COMMENT ON COLUMN webhook_secrets.source IS 'those of the server''s settings stand here for their last use alone';
COMMENT ON COLUMN webhook_secrets.sealed IS 'sealed with NEXUS_CRM_SECRET_KEY';
COMMENT ON COLUMN webhook_secrets.tail IS 'its last characters, to tell it from others';
COMMENT ON COLUMN webhook_secrets.ends_at IS 'from then on nothing that is signed with it is let in';
COMMENT ON COLUMN webhook_secrets.last_used_at IS 'to the minute';

ALTER TABLE webhook_secrets ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON webhook_secrets USING ((SELECT nexus_role()) IN ('system', 'admin'));
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_secrets TO nexus_app;

-- One row: what admins have settled for everybody.
CREATE TABLE workspace (
    singleton              boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    name                   text NOT NULL DEFAULT '' CHECK (length(name) <= 100),
    time_zone              text,
    journal_retention_days integer NOT NULL DEFAULT 0 CHECK (journal_retention_days = 0 OR journal_retention_days BETWEEN 90 AND 36500),
    version                integer NOT NULL DEFAULT 1
);
INSERT INTO workspace DEFAULT VALUES;
COMMENT ON COLUMN workspace.time_zone IS 'shown until a browser has told its own; null: as the server''s settings say';
COMMENT ON COLUMN workspace.journal_retention_days IS '0 keeps it for ever';
ALTER TABLE workspace ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON workspace FOR SELECT USING ((SELECT nexus_role()) IS NOT NULL);
CREATE POLICY write ON workspace FOR UPDATE USING ((SELECT nexus_role()) IN ('system', 'admin'));
GRANT SELECT, UPDATE ON workspace TO nexus_app;

-- The server adds to the journal and can neither change nor delete what stands there. What is older than the workspace keeps it goes
-- by this function alone, which holds to that itself: nobody can shorten it for one entry.
CREATE FUNCTION journal_drop_old(most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
DECLARE
    days integer;
    dropped bigint;
BEGIN
    IF nexus_role() IS DISTINCT FROM 'system' THEN
        RAISE EXCEPTION 'only the product itself drops entries of the journal' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT journal_retention_days INTO days FROM workspace;
    IF coalesce(days, 0) = 0 THEN
        RETURN 0;
    END IF;
    DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE at < now() - make_interval(days => days) ORDER BY id LIMIT most);
    GET DIAGNOSTICS dropped = ROW_COUNT;
    RETURN dropped;
END $$;
REVOKE ALL ON FUNCTION journal_drop_old(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION journal_drop_old(integer) TO nexus_app;
