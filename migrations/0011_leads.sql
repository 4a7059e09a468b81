-- Leads: how they are captured, scored and handed out.

-- A telephone number as two are compared: its digits without the zeros before them; none where there are too few to tell.
CREATE FUNCTION lead_phone_key(phone text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN length(k) >= 7 THEN k END FROM (SELECT ltrim(regexp_replace(phone, '[^0-9]', '', 'g'), '0')) AS d(k) $$;

ALTER TABLE leads
    ADD COLUMN facts        jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(facts) = 'object'),
    ADD COLUMN band         text NOT NULL DEFAULT 'low' CHECK (band IN ('high', 'medium', 'low')),
    ADD COLUMN points       jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(points) = 'array'),
    ADD COLUMN card_version integer NOT NULL DEFAULT 0,
    ADD COLUMN phone_key    text GENERATED ALWAYS AS (lead_phone_key(phone)) STORED;
COMMENT ON COLUMN leads.facts IS 'what was told beside the fields that every lead has';
COMMENT ON COLUMN leads.band IS 'what the score means for who takes it, by the scorecard of card_version';
COMMENT ON COLUMN leads.points IS 'the rules that added to the score, with the words that they rest on';
COMMENT ON COLUMN leads.card_version IS 'the version of the scorecard that it was scored by; 0: not yet';
CREATE INDEX leads_phone ON leads (phone_key) WHERE phone_key IS NOT NULL;
CREATE INDEX leads_customer ON leads ((facts->'customer'->>'customer_id')) WHERE facts->'customer'->>'customer_id' IS NOT NULL;
-- By what a lead finds the contact that it becomes.
CREATE INDEX contacts_phone ON contacts (lead_phone_key(phone)) WHERE deleted_at IS NULL;
CREATE INDEX contacts_other_emails ON contacts USING gin (other_emails);
-- Those that are to be scored again.
CREATE INDEX leads_card ON leads (card_version, id) WHERE deleted_at IS NULL AND status IN ('new', 'contacted', 'qualified');
-- How many open leads somebody has.
CREATE INDEX leads_load ON leads (owner_id) WHERE deleted_at IS NULL AND status IN ('new', 'contacted', 'qualified');
CREATE INDEX leads_band ON leads (band, score, id) WHERE deleted_at IS NULL;

-- The same view with the new columns; its rule is that of 0010_crm.sql.
CREATE OR REPLACE VIEW seen_leads AS SELECT * FROM leads WHERE ((SELECT nexus_role()) IN ('system', 'admin', 'viewer', 'program')
    OR (SELECT nexus_role()) IS NOT NULL AND (owner_id IS NULL OR owner_id = (SELECT nexus_user())
        OR (SELECT nexus_role()) = 'manager' AND owner_id IN (SELECT u.id FROM users u WHERE u.team_id = (SELECT nexus_team()))));

-- What was sent under a key, so that sending it again does nothing again.
CREATE TABLE lead_captures (
    caller      text NOT NULL CHECK (length(caller) BETWEEN 1 AND 100),
    key         text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
    lead_id     uuid NOT NULL REFERENCES leads ON DELETE CASCADE,
    merged      boolean NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (caller, key)
);
CREATE INDEX lead_captures_lead ON lead_captures (lead_id);
COMMENT ON COLUMN lead_captures.caller IS 'whose key it is: an API key, somebody, or the public form';
COMMENT ON COLUMN lead_captures.fingerprint IS 'SHA-256 of what was sent';

-- Who takes leads, and how many.
CREATE TABLE lead_assignees (
    user_id   uuid PRIMARY KEY REFERENCES users,
    seniority text NOT NULL CHECK (seniority IN ('senior', 'mid')),
    capacity  integer NOT NULL CHECK (capacity BETWEEN 0 AND 10000),
    turn      bigint NOT NULL DEFAULT 0
);
COMMENT ON COLUMN lead_assignees.capacity IS 'the most open leads that are handed out to them';
COMMENT ON COLUMN lead_assignees.turn IS 'when they were given their last, counted over all; who has the lowest is next';

CREATE TABLE lead_settings (
    only_row     boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    card         jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(card) = 'object'),
    card_version integer NOT NULL DEFAULT 1,
    form_on      boolean NOT NULL DEFAULT false,
    form_origins text[] NOT NULL DEFAULT '{}',
    form_version integer NOT NULL DEFAULT 1
);
INSERT INTO lead_settings DEFAULT VALUES;
COMMENT ON COLUMN lead_settings.card IS 'the scorecard; what is missing in it is as in the default one';
COMMENT ON COLUMN lead_settings.form_origins IS 'sites that may show the public form in a frame';

-- What the public form's tokens are signed with, made once for this installation.
CREATE TABLE lead_form_key (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    key      bytea NOT NULL CHECK (length(key) = 32)
);
INSERT INTO lead_form_key (key) VALUES (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

ALTER TABLE lead_captures ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON lead_captures USING ((SELECT nexus_role()) = 'system');
ALTER TABLE lead_form_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON lead_form_key USING ((SELECT nexus_role()) = 'system');
ALTER TABLE lead_assignees ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON lead_assignees FOR SELECT USING ((SELECT nexus_role()) IS NOT NULL);
CREATE POLICY write ON lead_assignees USING ((SELECT nexus_role()) IN ('system', 'admin'));
ALTER TABLE lead_settings ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON lead_settings FOR SELECT USING ((SELECT nexus_role()) IS NOT NULL);
CREATE POLICY write ON lead_settings USING ((SELECT nexus_role()) IN ('system', 'admin'));

GRANT SELECT, INSERT ON lead_captures TO nexus_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON lead_assignees TO nexus_app;
GRANT SELECT, UPDATE ON lead_settings TO nexus_app;
GRANT SELECT ON lead_form_key TO nexus_app;
