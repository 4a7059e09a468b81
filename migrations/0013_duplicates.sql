-- Contacts that are likely one: the keys by which they are found, the pairs that were found, and the merges, each of which can be undone.

-- Which contacts have changed since their duplicates were last looked for.
CREATE TABLE contact_changes (
    contact_id uuid PRIMARY KEY REFERENCES contacts ON DELETE CASCADE,
    since      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX contact_changes_since ON contact_changes (since, contact_id);
ALTER TABLE contact_changes ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON contact_changes USING ((SELECT nexus_role()) = 'system');

-- A row that is there already is touched all the same: so it stays locked until the change is committed, and nobody takes it before.
CREATE FUNCTION contacts_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO contact_changes (contact_id) VALUES (NEW.id) ON CONFLICT (contact_id) DO UPDATE SET since = contact_changes.since;
    RETURN NULL;
END $$;
CREATE TRIGGER contacts_changed AFTER INSERT OR UPDATE OF first_name, last_name, email, other_emails, phone, other_phones, company_id, city,
    country, birthday, deleted_at ON contacts FOR EACH ROW EXECUTE FUNCTION contacts_changed();
INSERT INTO contact_changes (contact_id) SELECT id FROM contacts;

-- Hashes of what likely duplicates have in common: an address, a number, how a name sounds and where.
CREATE TABLE contact_keys (
    key        bigint NOT NULL,
    contact_id uuid NOT NULL REFERENCES contacts ON DELETE CASCADE,
    PRIMARY KEY (key, contact_id)
);
CREATE INDEX contact_keys_contact ON contact_keys (contact_id);
ALTER TABLE contact_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON contact_keys USING ((SELECT nexus_role()) = 'system');

CREATE TABLE duplicate_pairs (
    id         uuid PRIMARY KEY,
    a          uuid NOT NULL REFERENCES contacts ON DELETE CASCADE,
    b          uuid NOT NULL REFERENCES contacts ON DELETE CASCADE,
    score      double precision NOT NULL CHECK (score BETWEEN 0 AND 1),
    state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'distinct', 'merged')),
    not_before timestamptz,
    found_at   timestamptz NOT NULL,
    decided_at timestamptz,
    decided_by uuid REFERENCES users,
    CONSTRAINT duplicate_pairs_once UNIQUE (a, b),
    CHECK (a < b)
);
CREATE INDEX duplicate_pairs_open ON duplicate_pairs (score DESC, id) WHERE state = 'open';
CREATE INDEX duplicate_pairs_b ON duplicate_pairs (b);
COMMENT ON COLUMN duplicate_pairs.state IS 'distinct: somebody said that they are two; it is not found again';
COMMENT ON COLUMN duplicate_pairs.not_before IS 'when somebody put it off: not shown until then';

CREATE TABLE contact_merges (
    id            uuid PRIMARY KEY,
    winner_id     uuid NOT NULL REFERENCES contacts ON DELETE CASCADE,
    loser_id      uuid NOT NULL REFERENCES contacts ON DELETE CASCADE,
    merged_at     timestamptz NOT NULL,
    merged_by     uuid REFERENCES users,
    winner_before jsonb NOT NULL,
    winner_after  jsonb NOT NULL,
    loser_before  jsonb NOT NULL,
    moved         jsonb NOT NULL,
    undone_at     timestamptz,
    undone_by     uuid REFERENCES users,
    CHECK (winner_id <> loser_id)
);
CREATE INDEX contact_merges_winner ON contact_merges (winner_id, merged_at);
CREATE INDEX contact_merges_loser ON contact_merges (loser_id);
CREATE INDEX contact_merges_latest ON contact_merges (merged_at DESC, id DESC) WHERE undone_at IS NULL;
COMMENT ON COLUMN contact_merges.moved IS 'the ids of what was moved from the loser to the winner, by table';

-- A pair and a merge are seen by whoever sees both contacts, and decided by who may change them.
DO $$
DECLARE
    t record;
    decides CONSTANT text := '(SELECT nexus_role()) IN (''admin'', ''manager'', ''sales'')';
BEGIN
    FOR t IN SELECT * FROM (VALUES ('duplicate_pairs', 'a', 'b'), ('contact_merges', 'winner_id', 'loser_id')) AS v(name, one, other) LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t.name);
        EXECUTE format('CREATE POLICY system ON %I USING ((SELECT nexus_role()) = ''system'')', t.name);
        EXECUTE format('CREATE POLICY change ON %I USING (%s AND EXISTS (SELECT 1 FROM contacts c WHERE c.id = %I) '
            'AND EXISTS (SELECT 1 FROM contacts c WHERE c.id = %I))', t.name, decides, t.one, t.other);
    END LOOP;
END $$;

-- Moves what hangs on one contact to another: also what has an owner whose records whoever merges does not see. Without `chosen` it moves
-- all, else what `chosen` names, as far as it hangs there still. Gives the ids of what was moved, by table.
CREATE FUNCTION contact_move(origin uuid, goal uuid, chosen jsonb, at timestamptz) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    t     text;
    ids   uuid[];
    moved jsonb := '{}';
BEGIN
    IF nexus_role() IS NULL OR nexus_role() NOT IN ('system', 'admin', 'manager', 'sales')
        OR (SELECT count(*) FROM seen_contacts WHERE id IN (origin, goal)) <> 2 THEN
        RAISE EXCEPTION 'whoever does not see both moves nothing' USING ERRCODE = 'insufficient_privilege';
    END IF;
    FOREACH t IN ARRAY ARRAY['interactions', 'leads', 'tasks'] LOOP
        EXECUTE format('WITH rows AS (SELECT id FROM %I WHERE contact_id = $1 AND ($3 IS NULL OR $3 ? id::text) ORDER BY id FOR UPDATE), '
            'moved AS (UPDATE %I SET contact_id = $2, version = version + 1, updated_at = $4 WHERE id IN (SELECT id FROM rows) RETURNING id) '
            'SELECT coalesce(array_agg(id ORDER BY id), ''{}'') FROM moved', t, t) INTO ids
            USING origin, goal, CASE WHEN chosen IS NULL THEN NULL ELSE coalesce(chosen -> t, '[]') END, at;
        moved := moved || jsonb_build_object(t, to_jsonb(ids));
    END LOOP;
    RETURN moved;
END $$;
REVOKE ALL ON FUNCTION contact_move(uuid, uuid, jsonb, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contact_move(uuid, uuid, jsonb, timestamptz) TO nexus_app;

-- Whether another contact has a user of GENESIS, be it one that whoever asks does not see.
CREATE FUNCTION contact_user_taken(usage_user text, but uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT nexus_role() IS NOT NULL
        AND EXISTS (SELECT FROM contacts o WHERE o.usage_user_id = usage_user AND o.deleted_at IS NULL AND o.id <> but)
$$;
REVOKE ALL ON FUNCTION contact_user_taken(text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contact_user_taken(text, uuid) TO nexus_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON contact_changes, contact_keys, duplicate_pairs, contact_merges TO nexus_app;

-- ---- a contact is a person, who can be forgotten -------------------------------------------------------------------------

ALTER TABLE erased_persons DROP CONSTRAINT erased_persons_kind_check,
    ADD CONSTRAINT erased_persons_kind_check CHECK (kind IN ('metered', 'account', 'contact'));
ALTER TABLE consents DROP CONSTRAINT consents_subject_kind_check,
    ADD CONSTRAINT consents_subject_kind_check CHECK (subject_kind IN ('metered', 'account', 'contact'));

-- The contact that one stands for by now: itself, or what it was merged into, however often.
CREATE FUNCTION contact_standing(contact uuid) RETURNS uuid LANGUAGE sql STABLE
    AS $$
    WITH RECURSIVE way AS (
        SELECT id, merged_into FROM contacts WHERE id = contact
        UNION SELECT c.id, c.merged_into FROM contacts c JOIN way w ON c.id = w.merged_into)
    SELECT id FROM way WHERE merged_into IS NULL
$$;
-- Everybody who was merged with a contact, itself included: one person.
CREATE FUNCTION contact_selves(contact uuid) RETURNS uuid[] LANGUAGE sql STABLE
    AS $$
    WITH RECURSIVE selves AS (
        SELECT id FROM contacts WHERE id = contact_standing(contact)
        UNION SELECT c.id FROM contacts c JOIN selves s ON c.merged_into = s.id)
    SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM selves
$$;
-- All addresses of that person, in lower case.
CREATE FUNCTION contact_addresses(contact uuid) RETURNS text[] LANGUAGE sql STABLE
    AS $$
    SELECT coalesce(array_agg(DISTINCT lower(a) ORDER BY lower(a)), '{}')
    FROM contacts c CROSS JOIN LATERAL unnest(array_append(c.other_emails, c.email)) AS a
    WHERE c.id = ANY(contact_selves(contact)) AND a IS NOT NULL
$$;
-- The leads that became that person, or that have an address of theirs and became nobody else.
CREATE FUNCTION contact_leads(contact uuid) RETURNS uuid[] LANGUAGE sql STABLE
    AS $$
    SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM leads
    WHERE contact_id = ANY(contact_selves(contact)) OR contact_id IS NULL AND email = ANY(contact_addresses(contact))
$$;
CREATE INDEX contacts_merged_into ON contacts (merged_into) WHERE merged_into IS NOT NULL;

-- The journal about contacts, and about what hung on them: that something happened stays.
CREATE FUNCTION privacy_erase_contact_journal(records uuid[], pseudonym text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
DECLARE
    erased bigint;
BEGIN
    PERFORM privacy_check(pseudonym);
    UPDATE journal SET body = '{}'
    WHERE subject_kind IN ('contact', 'lead', 'task', 'interaction') AND subject_id = ANY(records::text[]) AND body <> '{}';
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END $$;
REVOKE ALL ON FUNCTION privacy_erase_contact_journal(uuid[], text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION privacy_erase_contact_journal(uuid[], text) TO nexus_app;
