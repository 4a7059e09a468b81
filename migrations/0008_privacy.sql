-- Privacy: who was erased, and what people have agreed to.

-- The key of the tombstones' hashes, made once for this installation: without it nobody can try out whom they are of. `stamp` changes
-- with each erasure and each lifting: writers of events that know another one look again, see usage/writer.rs.
CREATE TABLE erasure_key (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    salt     bytea NOT NULL CHECK (length(salt) = 32),
    stamp    uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO erasure_key (salt) VALUES (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
ALTER TABLE erasure_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON erasure_key USING ((SELECT nexus_role()) = 'system');

-- The tombstones: nothing in one tells who it was, nor which of the erased records were theirs.
CREATE TABLE erased_persons (
    id        uuid PRIMARY KEY,
    kind      text NOT NULL CHECK (kind IN ('metered', 'account')),
    hash      bytea NOT NULL CHECK (length(hash) = 32),
    erased_at timestamptz NOT NULL,
    erased_by uuid REFERENCES users,
    reason    text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    lifted_at timestamptz,
    lifted_by uuid REFERENCES users,
    CHECK (lifted_at IS NOT NULL OR lifted_by IS NULL)
);
CREATE UNIQUE INDEX erased_persons_once ON erased_persons (kind, hash) WHERE lifted_at IS NULL;
CREATE INDEX erased_persons_latest ON erased_persons (erased_at DESC, id DESC);
COMMENT ON COLUMN erased_persons.hash IS 'HMAC-SHA256 with erasure_key.salt over the kind and the id (metered) or the e-mail address (account)';
COMMENT ON COLUMN erased_persons.erased_by IS 'null: the command line';
ALTER TABLE erased_persons ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON erased_persons FOR SELECT USING ((SELECT nexus_role()) IN ('system', 'admin'));
CREATE POLICY write ON erased_persons USING ((SELECT nexus_role()) = 'system');

-- What somebody has agreed to, or does not any more: a row each time. The latest of a purpose is what holds.
CREATE TABLE consents (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject_kind text NOT NULL CHECK (subject_kind IN ('metered', 'account')),
    subject_id   text NOT NULL,
    purpose      text NOT NULL CHECK (purpose IN ('metering', 'marketing', 'profiling')),
    given        boolean NOT NULL,
    at           timestamptz NOT NULL,
    source       text NOT NULL CHECK (length(source) <= 200),
    wording      text NOT NULL CHECK (length(wording) <= 100),
    recorded_by  uuid REFERENCES users,
    recorded_at  timestamptz NOT NULL
);
CREATE INDEX consents_subject ON consents (subject_kind, subject_id, id);
COMMENT ON COLUMN consents.given IS 'false: withdrawn';
COMMENT ON COLUMN consents.source IS 'where it was said: a form, a letter, a call';
COMMENT ON COLUMN consents.wording IS 'the version of the text that was agreed to';
ALTER TABLE consents ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON consents FOR SELECT USING ((SELECT nexus_role()) IN ('system', 'admin'));
CREATE POLICY add ON consents FOR INSERT WITH CHECK ((SELECT nexus_role()) = 'system'
    OR ((SELECT nexus_role()) = 'admin' AND recorded_by = (SELECT nexus_user())));

-- An erased account keeps its id, which the journal refers to, and nothing else; nobody is let in by it again.
ALTER TABLE users
    ADD COLUMN erased_at timestamptz,
    ADD CONSTRAINT users_erased CHECK (erased_at IS NULL
        OR (status = 'disabled' AND password_hash IS NULL AND name LIKE 'erased-%' AND email LIKE 'erased-%'));

-- Whether a JSON text, which need not be valid, names somebody: as a text or a key anywhere in it, or as a word of one. 'ana' is no
-- word of 'anabel', 'ana-maria', 'ana.rojas' or 'ana@ngx.com'.
CREATE FUNCTION privacy_names(item text, name text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT
    AS $$
DECLARE
    literal text := regexp_replace(name, '([][\\^$.|?*+(){}])', '\\\1', 'g');
    plain   text := item;
    code    text;
BEGIN
    -- The name as it is, or behind an escape.
    IF strpos(item, name) = 0 AND strpos(item, '\') = 0 THEN
        RETURN false;
    END IF;
    IF name ~ '^[0-9.eE+-]+$' THEN
        -- A number is somebody only where it is said to be a user.
        IF item ~* ('"[^"]*user[^"]*"\s*:\s*' || literal || '\s*[],}]') THEN
            RETURN true;
        END IF;
        plain := regexp_replace(plain, '([:,[]\s*)-?[0-9][0-9.eE+-]*(?=\s*[],}])', '\1', 'g');
    END IF;
    FOR code IN SELECT DISTINCT m[1] FROM regexp_matches(plain, '\\u([0-9a-fA-F]{4})', 'g') AS m LOOP
        IF lower(code) <> '0000' AND code !~* '^d[89a-f]' THEN
            plain := replace(plain, '\u' || code, chr(('x' || code)::bit(16)::integer));
        END IF;
    END LOOP;
    plain := regexp_replace(regexp_replace(plain, '\\[bfnrt]', ' ', 'g'), '\\(["\\/])', '\1', 'g');
    IF plain ~ ('(?<![[:alnum:]_-])(?<![[:alnum:]][.@+|])' || literal || '(?![[:alnum:]_-])(?![.@+|][[:alnum:]])') THEN
        RETURN true;
    END IF;
    -- What is written with other escapes.
    RETURN jsonb_path_exists(item::jsonb, '$.** ? (@ == $name)', jsonb_build_object('name', name));
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    RETURN false;
END $$;

-- What erasure has to do with the owner's rights; each asks itself who calls.
CREATE FUNCTION privacy_check(pseudonym text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF nexus_role() IS DISTINCT FROM 'system' THEN
        RAISE EXCEPTION 'only the product itself erases' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF coalesce(pseudonym !~ '^erased-[0-9a-f]{20}$', true) THEN
        RAISE EXCEPTION 'that is no pseudonym';
    END IF;
END $$;

-- Raw events of a metered user. Their own ids go too: by those of usage_event_keys somebody who knows the events could find them.
CREATE FUNCTION privacy_erase_events(person text, pseudonym text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
DECLARE
    erased bigint;
BEGIN
    PERFORM privacy_check(pseudonym);
    UPDATE agent_usage_events SET id = gen_random_uuid(), user_id = pseudonym, event_id = NULL, session_id = '', contact_id = NULL,
        organization_id = NULL, context = NULL
    WHERE user_id = person;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END $$;

-- The journal about a metered user: that something happened stays. Before the alerts themselves are erased, for it asks them.
CREATE FUNCTION privacy_erase_metered_journal(person text, pseudonym text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
DECLARE
    erased bigint;
BEGIN
    PERFORM privacy_check(pseudonym);
    UPDATE journal SET body = '{}', subject_id = CASE subject_kind WHEN 'person' THEN pseudonym ELSE subject_id END
    WHERE subject_kind = 'person' AND subject_id = person
       OR subject_kind = 'usage_alert' AND subject_id IN (SELECT id::text FROM usage_alerts WHERE user_id = person)
       OR subject_kind = 'quarantine' AND (privacy_names(body ->> 'before', person) OR privacy_names(body ->> 'after', person));
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END $$;

-- The journal by and about an account, which must be erased already, under this pseudonym.
CREATE FUNCTION privacy_erase_account_journal(account uuid, pseudonym text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
DECLARE
    erased bigint;
BEGIN
    PERFORM privacy_check(pseudonym);
    IF NOT EXISTS (SELECT FROM users u WHERE u.id = account AND u.erased_at IS NOT NULL AND u.name = pseudonym) THEN
        RAISE EXCEPTION 'the account is not erased' USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE journal SET
        actor = CASE WHEN actor_id = account THEN pseudonym ELSE actor END,
        -- Nobody else's: of a sign-in that failed, say.
        address = CASE WHEN actor_id = account OR actor_id IS NULL THEN NULL ELSE address END,
        body = CASE WHEN subject_kind = 'user' AND subject_id = account::text AND event <> 'person_erased' THEN '{}' ELSE body END
    WHERE (actor_id = account AND (actor <> pseudonym OR address IS NOT NULL))
       OR (subject_kind = 'user' AND subject_id = account::text
           AND (body <> '{}' AND event <> 'person_erased' OR actor_id IS NULL AND address IS NOT NULL));
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END $$;

-- What was agreed to stays, of nobody that is known: under the pseudonym, or under an account's id, which means nothing any more.
CREATE FUNCTION privacy_erase_consents(kind text, person text, pseudonym text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
DECLARE
    erased bigint;
BEGIN
    PERFORM privacy_check(pseudonym);
    UPDATE consents SET subject_id = CASE kind WHEN 'account' THEN subject_id ELSE pseudonym END, source = ''
    WHERE subject_kind = kind AND subject_id = person;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END $$;

GRANT SELECT ON erasure_key, erased_persons, consents TO nexus_app;
GRANT UPDATE (stamp) ON erasure_key TO nexus_app;
GRANT INSERT, UPDATE (lifted_at, lifted_by) ON erased_persons TO nexus_app;
GRANT INSERT ON consents TO nexus_app;
REVOKE ALL ON FUNCTION privacy_names(text, text), privacy_check(text), privacy_erase_events(text, text),
    privacy_erase_metered_journal(text, text), privacy_erase_account_journal(uuid, text), privacy_erase_consents(text, text, text)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION privacy_names(text, text), privacy_erase_events(text, text), privacy_erase_metered_journal(text, text),
    privacy_erase_account_journal(uuid, text), privacy_erase_consents(text, text, text) TO nexus_app;
