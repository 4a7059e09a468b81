-- Files of others that become records: what they are, how far each has come, what was wrong in it, and what it changed, so that it can
-- be undone as a whole.

CREATE TABLE imports (
    id          uuid PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('contacts', 'companies')),
    file_name   text NOT NULL CHECK (length(file_name) BETWEEN 1 AND 255),
    header_key  bytea NOT NULL,
    headers     text[] NOT NULL,
    samples     jsonb NOT NULL,
    mapping     text[] NOT NULL,
    match_key   text NOT NULL CHECK (match_key IN ('none', 'id', 'email', 'phone', 'name')),
    on_match    text NOT NULL CHECK (on_match IN ('update', 'skip', 'create')),
    day_order   text NOT NULL DEFAULT '' CHECK (day_order IN ('', 'day_first', 'month_first')),
    decimals    text NOT NULL DEFAULT '' CHECK (decimals IN ('', 'comma', 'point')),
    state       text NOT NULL CHECK (state IN ('draft', 'checking', 'checked', 'running', 'done', 'cancelled', 'failed', 'undoing', 'undone')),
    started_by  uuid REFERENCES users,
    acts_as     uuid REFERENCES users,
    created_at  timestamptz NOT NULL,
    began_at    timestamptz,
    finished_at timestamptz,
    total_rows  bigint NOT NULL CHECK (total_rows >= 0),
    after_line  bigint NOT NULL DEFAULT 0,
    done_rows   bigint NOT NULL DEFAULT 0,
    created     bigint NOT NULL DEFAULT 0,
    updated     bigint NOT NULL DEFAULT 0,
    unchanged   bigint NOT NULL DEFAULT 0,
    skipped     bigint NOT NULL DEFAULT 0,
    refused     bigint NOT NULL DEFAULT 0,
    undone      bigint NOT NULL DEFAULT 0,
    kept        bigint NOT NULL DEFAULT 0,
    failure     text,
    preview     jsonb NOT NULL DEFAULT '[]',
    lease       uuid,
    lease_until timestamptz
);
CREATE INDEX imports_latest ON imports (created_at DESC, id DESC);
CREATE INDEX imports_open ON imports (started_by, created_at) WHERE state IN ('draft', 'checked');
CREATE INDEX imports_due ON imports (lease_until) WHERE state IN ('checking', 'running', 'undoing');
COMMENT ON COLUMN imports.day_order IS 'empty: it is found by the file';
COMMENT ON COLUMN imports.decimals IS 'what stands before them; empty: it is found by the file';
COMMENT ON COLUMN imports.preview IS 'the first records as a dry run would have left them';
COMMENT ON COLUMN imports.samples IS 'of each column some values';
COMMENT ON COLUMN imports.mapping IS 'the field of each column; empty for one that stays aside';
COMMENT ON COLUMN imports.started_by IS 'null: the command line';
COMMENT ON COLUMN imports.acts_as IS 'whose rights the job has; null: the product''s own';
COMMENT ON COLUMN imports.after_line IS 'all rows up to this line of the file are done';
COMMENT ON COLUMN imports.kept IS 'records that an undo left as they are, because somebody has changed them since';
COMMENT ON COLUMN imports.lease IS 'what the process that works on it is known by; another may take it after lease_until';

-- Apart, so that progress does not move it.
CREATE TABLE import_files (
    import_id uuid PRIMARY KEY REFERENCES imports ON DELETE CASCADE,
    content   bytea NOT NULL
);
ALTER TABLE import_files ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE import_problems (
    import_id uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
    line      bigint NOT NULL,
    refused   boolean NOT NULL,
    problems  jsonb NOT NULL,
    cells     text[] NOT NULL,
    PRIMARY KEY (import_id, line)
);
COMMENT ON COLUMN import_problems.refused IS 'nothing of the row was kept; else only what could not be read was left out';

CREATE TABLE import_changes (
    import_id   uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
    record_id   uuid NOT NULL,
    entity      text NOT NULL CHECK (entity IN ('contact', 'company')),
    was_created boolean NOT NULL,
    was         jsonb,
    version     integer NOT NULL,
    kept        boolean NOT NULL DEFAULT false,
    PRIMARY KEY (import_id, record_id),
    CHECK (was_created = (was IS NULL))
);
CREATE INDEX import_changes_record ON import_changes (record_id);
COMMENT ON COLUMN import_changes.was IS 'the record before the import';
COMMENT ON COLUMN import_changes.version IS 'the record''s version after it: another one means that somebody has changed it since';

CREATE TABLE import_mappings (
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    kind       text NOT NULL,
    header_key bytea NOT NULL,
    mapping    text[] NOT NULL,
    used_at    timestamptz NOT NULL,
    PRIMARY KEY (user_id, kind, header_key)
);
COMMENT ON TABLE import_mappings IS 'what somebody last said of files with these headers';

-- By its last nine digits a number is known with and without the country before it.
CREATE FUNCTION crm_phone_key(phone text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    AS $$ SELECT right(regexp_replace(phone, '[^0-9]', '', 'g'), 9) $$;
CREATE INDEX contacts_phone_key ON contacts (crm_phone_key(phone)) WHERE phone IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX companies_phone_key ON companies (crm_phone_key(phone)) WHERE phone IS NOT NULL AND deleted_at IS NULL;

-- What is gone for good is in no import either.
CREATE FUNCTION import_forgets() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM import_changes WHERE record_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER import_forgets AFTER DELETE ON contacts FOR EACH ROW EXECUTE FUNCTION import_forgets();
CREATE TRIGGER import_forgets AFTER DELETE ON companies FOR EACH ROW EXECUTE FUNCTION import_forgets();

-- Whether somebody works with a record that an import made: what they have added, the import knows nothing of. With the owner's rights,
-- as it may be somebody else's who sees more.
CREATE FUNCTION import_in_use(record uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM interactions i WHERE i.contact_id = record AND i.deleted_at IS NULL)
        OR EXISTS (SELECT 1 FROM interactions i WHERE i.company_id = record AND i.deleted_at IS NULL)
        OR EXISTS (SELECT 1 FROM tasks t WHERE t.contact_id = record AND t.deleted_at IS NULL)
        OR EXISTS (SELECT 1 FROM tasks t WHERE t.company_id = record AND t.deleted_at IS NULL)
        OR EXISTS (SELECT 1 FROM leads l WHERE l.contact_id = record AND l.deleted_at IS NULL)
        OR EXISTS (SELECT 1 FROM contacts c WHERE c.company_id = record AND c.deleted_at IS NULL)
$$;
REVOKE ALL ON FUNCTION import_in_use FROM public;
GRANT EXECUTE ON FUNCTION import_in_use TO nexus_app;

ALTER TABLE imports ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON imports USING ((SELECT nexus_role()) IN ('system', 'admin'));
CREATE POLICY own ON imports USING ((SELECT nexus_role()) IN ('manager', 'sales') AND started_by = (SELECT nexus_user()));
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['import_files', 'import_problems', 'import_changes'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY as_import ON %I USING ((SELECT nexus_role()) = ''system'' OR EXISTS (SELECT 1 FROM imports i WHERE i.id = import_id))', t);
    END LOOP;
END $$;
ALTER TABLE import_mappings ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON import_mappings USING ((SELECT nexus_role()) IS NOT NULL AND user_id = (SELECT nexus_user()));
CREATE POLICY system ON import_mappings USING ((SELECT nexus_role()) = 'system');
GRANT SELECT, INSERT, UPDATE, DELETE ON imports, import_files, import_problems, import_changes, import_mappings TO nexus_app;
