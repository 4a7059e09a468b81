-- Whom we know, what happened, and what is next: companies, contacts, leads, tasks and interactions.
--
-- A record has an owner, or nobody's. Admins and viewers see all, managers what is their team's or nobody's, sales people what is
-- their own or nobody's; viewers change nothing. Texts are found by trigrams of their folded form, but an operator like LIKE tells too
-- much to stand before row-level security, which keeps it from the index: lists read the views seen_*, which have the owner's rights
-- and the same rule inside. Changes go to the tables, by id.

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;

-- Immutable as long as nobody changes the dictionary, which is a file of PostgreSQL's.
CREATE FUNCTION crm_fold(raw text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    AS $$ SELECT lower(public.unaccent('public.unaccent'::regdictionary, raw)) $$;
COMMENT ON FUNCTION crm_fold IS 'a text without accents and in lower case, as it is searched and sorted by';

-- Immutable, unlike concat_ws, because it takes texts alone.
CREATE FUNCTION crm_words(VARIADIC words text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT array_to_string(words, ' ') $$;

CREATE TABLE companies (
    id              uuid PRIMARY KEY,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    domain          text CHECK (length(domain) BETWEEN 1 AND 253),
    industry        text CHECK (length(industry) BETWEEN 1 AND 100),
    employees       integer CHECK (employees BETWEEN 0 AND 10000000),
    phone           text CHECK (length(phone) BETWEEN 1 AND 50),
    website         text CHECK (length(website) BETWEEN 1 AND 500),
    address         text CHECK (length(address) BETWEEN 1 AND 500),
    city            text CHECK (length(city) BETWEEN 1 AND 100),
    country         text CHECK (length(country) BETWEEN 1 AND 100),
    organization_id text CHECK (length(organization_id) BETWEEN 1 AND 255),
    notes           text CHECK (length(notes) BETWEEN 1 AND 10000),
    owner_id        uuid REFERENCES users,
    tags            text[] NOT NULL DEFAULT '{}',
    custom          jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(custom) = 'object'),
    version         integer NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    created_by      uuid REFERENCES users,
    deleted_at      timestamptz,
    merged_into     uuid REFERENCES companies,
    sort_name       text NOT NULL GENERATED ALWAYS AS (crm_fold(name)) STORED,
    search          text NOT NULL GENERATED ALWAYS AS (crm_fold(crm_words(name, domain, industry, city, country, phone, website, organization_id))) STORED
);
CREATE INDEX companies_name ON companies (sort_name, id) WHERE deleted_at IS NULL;
CREATE INDEX companies_updated ON companies (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX companies_owner ON companies (owner_id, sort_name, id) WHERE deleted_at IS NULL;
CREATE INDEX companies_domain ON companies (domain) WHERE domain IS NOT NULL;
CREATE INDEX companies_organization ON companies (organization_id) WHERE organization_id IS NOT NULL;
CREATE INDEX companies_search ON companies USING gin (search gin_trgm_ops);
CREATE INDEX companies_tags ON companies USING gin (tags);
COMMENT ON COLUMN companies.organization_id IS 'the organization as GENESIS calls it';

CREATE TABLE contacts (
    id            uuid PRIMARY KEY,
    first_name    text NOT NULL DEFAULT '' CHECK (length(first_name) <= 100),
    last_name     text NOT NULL DEFAULT '' CHECK (length(last_name) <= 100),
    email         text CHECK (length(email) BETWEEN 3 AND 254 AND email = lower(email)),
    phone         text CHECK (length(phone) BETWEEN 1 AND 50),
    other_emails  text[] NOT NULL DEFAULT '{}',
    other_phones  text[] NOT NULL DEFAULT '{}',
    title         text CHECK (length(title) BETWEEN 1 AND 200),
    company_id    uuid REFERENCES companies,
    city          text CHECK (length(city) BETWEEN 1 AND 100),
    country       text CHECK (length(country) BETWEEN 1 AND 100),
    language      text CHECK (language IN ('es', 'en')),
    birthday      date,
    lifecycle     text NOT NULL DEFAULT 'prospect' CHECK (lifecycle IN ('prospect', 'trial', 'customer', 'former')),
    source        text CHECK (length(source) BETWEEN 1 AND 100),
    notes         text CHECK (length(notes) BETWEEN 1 AND 10000),
    usage_user_id text CHECK (length(usage_user_id) BETWEEN 1 AND 255),
    owner_id      uuid REFERENCES users,
    tags          text[] NOT NULL DEFAULT '{}',
    custom        jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(custom) = 'object'),
    version       integer NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    created_by    uuid REFERENCES users,
    deleted_at    timestamptz,
    merged_into   uuid REFERENCES contacts,
    sort_name     text NOT NULL GENERATED ALWAYS AS (crm_fold(btrim(first_name || ' ' || last_name))) STORED,
    search        text NOT NULL DEFAULT '',
    CONSTRAINT contacts_named CHECK (first_name <> '' OR last_name <> '' OR email IS NOT NULL OR phone IS NOT NULL)
);
CREATE INDEX contacts_name ON contacts (sort_name, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_updated ON contacts (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_created ON contacts (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_owner ON contacts (owner_id, sort_name, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_company ON contacts (company_id, sort_name, id) WHERE company_id IS NOT NULL;
CREATE INDEX contacts_email ON contacts (email) WHERE email IS NOT NULL;
CREATE INDEX contacts_deleted ON contacts (deleted_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX contacts_search ON contacts USING gin (search gin_trgm_ops);
CREATE INDEX contacts_tags ON contacts USING gin (tags);
CREATE INDEX contacts_custom ON contacts USING gin (custom jsonb_path_ops);
CREATE UNIQUE INDEX contacts_usage_user ON contacts (usage_user_id) WHERE usage_user_id IS NOT NULL AND deleted_at IS NULL;
COMMENT ON COLUMN contacts.usage_user_id IS 'the user as GENESIS calls it; one contact at most';
COMMENT ON COLUMN contacts.merged_into IS 'the contact that this one was merged into; then it is deleted too';

CREATE TABLE leads (
    id           uuid PRIMARY KEY,
    first_name   text NOT NULL DEFAULT '' CHECK (length(first_name) <= 100),
    last_name    text NOT NULL DEFAULT '' CHECK (length(last_name) <= 100),
    email        text CHECK (length(email) BETWEEN 3 AND 254 AND email = lower(email)),
    phone        text CHECK (length(phone) BETWEEN 1 AND 50),
    company      text CHECK (length(company) BETWEEN 1 AND 200),
    title        text CHECK (length(title) BETWEEN 1 AND 200),
    city         text CHECK (length(city) BETWEEN 1 AND 100),
    country      text CHECK (length(country) BETWEEN 1 AND 100),
    message      text CHECK (length(message) BETWEEN 1 AND 10000),
    source       text CHECK (length(source) BETWEEN 1 AND 100),
    utm          jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(utm) = 'object'),
    behavior     jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(behavior) = 'object'),
    status       text NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'contacted', 'qualified', 'converted', 'lost')),
    lost_reason  text CHECK (length(lost_reason) BETWEEN 1 AND 500),
    score        integer NOT NULL DEFAULT 0 CHECK (score BETWEEN 0 AND 100),
    segment      text,
    profile      jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(profile) = 'object'),
    scored_at    timestamptz,
    owner_id     uuid REFERENCES users,
    contact_id   uuid REFERENCES contacts,
    converted_at timestamptz,
    tags         text[] NOT NULL DEFAULT '{}',
    custom       jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(custom) = 'object'),
    version      integer NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    created_by   uuid REFERENCES users,
    deleted_at   timestamptz,
    sort_name    text NOT NULL GENERATED ALWAYS AS (crm_fold(btrim(first_name || ' ' || last_name))) STORED,
    search       text NOT NULL GENERATED ALWAYS AS (crm_fold(crm_words(first_name, last_name, email, phone, company, title))) STORED,
    CONSTRAINT leads_named CHECK (first_name <> '' OR last_name <> '' OR email IS NOT NULL OR phone IS NOT NULL),
    CONSTRAINT leads_lost CHECK ((status = 'lost') = (lost_reason IS NOT NULL)),
    CONSTRAINT leads_converted CHECK ((status = 'converted') = (contact_id IS NOT NULL))
);
CREATE INDEX leads_score ON leads (score, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_created ON leads (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_status ON leads (status, score, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_owner ON leads (owner_id, score, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_email ON leads (email) WHERE email IS NOT NULL;
CREATE INDEX leads_contact ON leads (contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX leads_search ON leads USING gin (search gin_trgm_ops);
COMMENT ON COLUMN leads.profile IS 'what rules read out of the lead''s own words and fields, each statement with its evidence';

CREATE TABLE tasks (
    id          uuid PRIMARY KEY,
    title       text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    notes       text CHECK (length(notes) BETWEEN 1 AND 10000),
    kind        text NOT NULL DEFAULT 'to_do' CHECK (kind IN ('to_do', 'call', 'email', 'meeting')),
    priority    smallint NOT NULL DEFAULT 1 CHECK (priority BETWEEN 0 AND 3),
    due_on      date,
    due_at      timestamptz,
    recurrence  text CHECK (recurrence IN ('daily', 'weekdays', 'weekly', 'monthly', 'yearly')),
    remind_at   timestamptz,
    reminded_at timestamptz,
    owner_id    uuid REFERENCES users,
    contact_id  uuid REFERENCES contacts,
    company_id  uuid REFERENCES companies,
    lead_id     uuid REFERENCES leads,
    done_at     timestamptz,
    done_by     uuid REFERENCES users,
    version     integer NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    created_by  uuid REFERENCES users,
    deleted_at  timestamptz,
    CHECK (due_at IS NULL OR due_on IS NOT NULL),
    CHECK (recurrence IS NULL OR due_on IS NOT NULL)
);
CREATE INDEX tasks_owner ON tasks (owner_id, due_on, id) WHERE deleted_at IS NULL AND done_at IS NULL;
CREATE INDEX tasks_open ON tasks (due_on, id) WHERE deleted_at IS NULL AND done_at IS NULL;
CREATE INDEX tasks_done ON tasks (done_at, id) WHERE deleted_at IS NULL AND done_at IS NOT NULL;
CREATE INDEX tasks_contact ON tasks (contact_id, id) WHERE contact_id IS NOT NULL;
CREATE INDEX tasks_company ON tasks (company_id, id) WHERE company_id IS NOT NULL;
CREATE INDEX tasks_lead ON tasks (lead_id, id) WHERE lead_id IS NOT NULL;
CREATE INDEX tasks_remind ON tasks (remind_at) WHERE remind_at IS NOT NULL AND reminded_at IS NULL AND done_at IS NULL AND deleted_at IS NULL;
COMMENT ON COLUMN tasks.priority IS '0 low, 1 normal, 2 high, 3 urgent';
COMMENT ON COLUMN tasks.due_on IS 'the day as the owner''s calendar has it; due_at too when there is a time of day';

CREATE TABLE interactions (
    id              uuid PRIMARY KEY,
    kind            text NOT NULL CHECK (kind IN ('email', 'call', 'meeting', 'note', 'form')),
    direction       text CHECK (direction IN ('in', 'out')),
    at              timestamptz NOT NULL,
    duration_s      integer CHECK (duration_s BETWEEN 0 AND 86400),
    outcome         text CHECK (length(outcome) BETWEEN 1 AND 100),
    subject         text CHECK (length(subject) BETWEEN 1 AND 300),
    body            text CHECK (length(body) BETWEEN 1 AND 20000),
    sentiment       text CHECK (sentiment IN ('negative', 'neutral', 'positive')),
    sentiment_score real CHECK (sentiment_score BETWEEN -1 AND 1),
    evidence        jsonb,
    contact_id      uuid REFERENCES contacts,
    company_id      uuid REFERENCES companies,
    lead_id         uuid REFERENCES leads,
    version         integer NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    created_by      uuid REFERENCES users,
    deleted_at      timestamptz,
    CHECK (contact_id IS NOT NULL OR company_id IS NOT NULL OR lead_id IS NOT NULL)
);
CREATE INDEX interactions_contact ON interactions (contact_id, at, id) WHERE contact_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX interactions_company ON interactions (company_id, at, id) WHERE company_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX interactions_lead ON interactions (lead_id, at, id) WHERE lead_id IS NOT NULL AND deleted_at IS NULL;
COMMENT ON COLUMN interactions.evidence IS 'the words that the sentiment rests on';

CREATE TABLE custom_fields (
    id         uuid PRIMARY KEY,
    entity     text NOT NULL CHECK (entity IN ('contact', 'company', 'lead')),
    key        text NOT NULL CHECK (key ~ '^[a-z][a-z0-9_]{0,49}$'),
    label      text NOT NULL CHECK (length(label) BETWEEN 1 AND 100),
    kind       text NOT NULL CHECK (kind IN ('text', 'number', 'money', 'date', 'choice', 'choices', 'yes_no', 'link', 'person')),
    choices    text[] NOT NULL DEFAULT '{}',
    currency   text CHECK (currency ~ '^[A-Z]{3}$'),
    position   integer NOT NULL DEFAULT 0,
    retired_at timestamptz,
    version    integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    CONSTRAINT custom_fields_key UNIQUE (entity, key),
    CHECK ((kind IN ('choice', 'choices')) = (cardinality(choices) > 0)),
    CHECK ((kind = 'money') = (currency IS NOT NULL))
);
COMMENT ON COLUMN custom_fields.key IS 'the key in the column custom of its entity; never changed';

CREATE TABLE saved_views (
    id         uuid PRIMARY KEY,
    entity     text NOT NULL CHECK (entity IN ('contact', 'company', 'lead', 'task')),
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    query      text NOT NULL CHECK (length(query) <= 4000),
    owner_id   uuid NOT NULL REFERENCES users,
    shared     boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL
);
CREATE INDEX saved_views_entity ON saved_views (entity, name);
COMMENT ON COLUMN saved_views.query IS 'the query of the list''s address';

-- ---- what is searched ----------------------------------------------------------------------------------------------------

-- With the owner's rights: the company may be one that whoever changes the contact does not see.
CREATE FUNCTION contacts_searchable() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    NEW.search := crm_fold(crm_words(NEW.first_name, NEW.last_name, NEW.email, array_to_string(NEW.other_emails, ' '), NEW.phone,
        regexp_replace(coalesce(NEW.phone, ''), '[^0-9]', '', 'g'), array_to_string(NEW.other_phones, ' '), NEW.title,
        NEW.city, NEW.country, NEW.source, NEW.usage_user_id,
        (SELECT name FROM companies WHERE id = NEW.company_id)));
    RETURN NEW;
END $$;
CREATE TRIGGER contacts_searchable BEFORE INSERT OR UPDATE OF first_name, last_name, email, other_emails, phone, other_phones, title,
    company_id, city, country, source, usage_user_id
    ON contacts FOR EACH ROW EXECUTE FUNCTION contacts_searchable();

CREATE FUNCTION companies_renamed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE contacts SET company_id = company_id WHERE company_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER companies_renamed AFTER UPDATE OF name ON companies FOR EACH ROW WHEN (OLD.name <> NEW.name)
    EXECUTE FUNCTION companies_renamed();

-- ---- who sees what -------------------------------------------------------------------------------------------------------

DO $$
DECLARE
    t text;
    sees CONSTANT text := '((SELECT nexus_role()) IN (''system'', ''admin'', ''viewer'', ''program'') OR (SELECT nexus_role()) IS NOT NULL AND '
        '(owner_id IS NULL OR owner_id = (SELECT nexus_user()) OR (SELECT nexus_role()) = ''manager'' AND owner_id IN '
        '(SELECT u.id FROM users u WHERE u.team_id = (SELECT nexus_team()))))';
    writes CONSTANT text := '((SELECT nexus_role()) IN (''system'', ''admin'', ''manager'', ''sales'', ''program''))';
BEGIN
    FOREACH t IN ARRAY ARRAY['companies', 'contacts', 'leads', 'tasks'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY read ON %I FOR SELECT USING %s', t, sees);
        EXECUTE format('CREATE POLICY add ON %I FOR INSERT WITH CHECK (%s AND %s)', t, writes, sees);
        EXECUTE format('CREATE POLICY change ON %I FOR UPDATE USING (%s AND %s)', t, writes, sees);
        EXECUTE format('CREATE POLICY remove ON %I FOR DELETE USING ((SELECT nexus_role()) = ''system'')', t);
        EXECUTE format('CREATE VIEW %I AS SELECT * FROM %I WHERE %s', 'seen_' || t, t, sees);
        EXECUTE format('GRANT SELECT ON %I TO nexus_app', 'seen_' || t);
    END LOOP;
END $$;

-- An interaction is seen by whoever sees whom it was with.
ALTER TABLE interactions ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON interactions USING ((SELECT nexus_role()) = 'system');
CREATE POLICY read ON interactions FOR SELECT USING (
    contact_id IS NOT NULL AND EXISTS (SELECT 1 FROM contacts c WHERE c.id = contact_id)
    OR company_id IS NOT NULL AND EXISTS (SELECT 1 FROM companies c WHERE c.id = company_id)
    OR lead_id IS NOT NULL AND EXISTS (SELECT 1 FROM leads l WHERE l.id = lead_id));
CREATE POLICY add ON interactions FOR INSERT WITH CHECK ((SELECT nexus_role()) IN ('admin', 'manager', 'sales', 'program') AND (
    contact_id IS NOT NULL AND EXISTS (SELECT 1 FROM contacts c WHERE c.id = contact_id)
    OR company_id IS NOT NULL AND EXISTS (SELECT 1 FROM companies c WHERE c.id = company_id)
    OR lead_id IS NOT NULL AND EXISTS (SELECT 1 FROM leads l WHERE l.id = lead_id)));
CREATE POLICY change ON interactions FOR UPDATE USING ((SELECT nexus_role()) IN ('admin', 'manager', 'sales', 'program') AND (
    contact_id IS NOT NULL AND EXISTS (SELECT 1 FROM contacts c WHERE c.id = contact_id)
    OR company_id IS NOT NULL AND EXISTS (SELECT 1 FROM companies c WHERE c.id = company_id)
    OR lead_id IS NOT NULL AND EXISTS (SELECT 1 FROM leads l WHERE l.id = lead_id)));

ALTER TABLE custom_fields ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON custom_fields FOR SELECT USING ((SELECT nexus_role()) IS NOT NULL);
CREATE POLICY write ON custom_fields USING ((SELECT nexus_role()) IN ('system', 'admin'));

ALTER TABLE saved_views ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON saved_views USING ((SELECT nexus_role()) = 'system');
CREATE POLICY read ON saved_views FOR SELECT USING ((SELECT nexus_role()) IS NOT NULL AND (shared OR owner_id = (SELECT nexus_user())));
CREATE POLICY own ON saved_views USING ((SELECT nexus_role()) IS NOT NULL AND owner_id = (SELECT nexus_user()));
CREATE POLICY admin ON saved_views USING ((SELECT nexus_role()) = 'admin' AND shared);

-- Whoever may change a record may hand it over to somebody whose records they do not see.
CREATE FUNCTION crm_assign(kind text, ids uuid[], new_owner uuid, at timestamptz) RETURNS SETOF uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF nexus_role() IS NULL OR nexus_role() NOT IN ('system', 'admin', 'manager', 'sales', 'program') THEN
        RAISE EXCEPTION 'who reads only hands nothing over' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF kind NOT IN ('companies', 'contacts', 'leads', 'tasks') THEN
        RAISE EXCEPTION 'nothing that has an owner: %', kind;
    END IF;
    IF new_owner IS NOT NULL AND NOT EXISTS (SELECT 1 FROM users WHERE id = new_owner AND status = 'active' AND role <> 'viewer') THEN
        RAISE EXCEPTION 'nobody who could own it' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN QUERY EXECUTE format('UPDATE %I SET owner_id = $2, version = version + 1, updated_at = $3 WHERE deleted_at IS NULL '
        'AND owner_id IS DISTINCT FROM $2 AND id IN (SELECT id FROM %I WHERE id = ANY($1)) RETURNING id', kind, 'seen_' || kind)
        USING ids, new_owner, at;
END $$;
REVOKE ALL ON FUNCTION crm_assign(text, uuid[], uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION crm_assign(text, uuid[], uuid, timestamptz) TO nexus_app;

-- Who can own a record: everybody who signs in knows their colleagues' names.
CREATE VIEW crm_owners AS SELECT id, name, team_id FROM users
    WHERE (SELECT nexus_role()) IS NOT NULL AND status = 'active' AND role <> 'viewer';
-- The names of all who ever did something, for what they did.
CREATE VIEW crm_names AS SELECT id, name FROM users WHERE (SELECT nexus_role()) IS NOT NULL;
GRANT SELECT ON crm_owners, crm_names TO nexus_app;

-- What happened to a record, for whoever sees the record.
CREATE VIEW seen_journal AS
    SELECT j.id, j.at, j.actor, j.actor_id, j.event, j.subject_kind, j.subject_id, j.body FROM journal j
    WHERE CASE j.subject_kind
        WHEN 'contact' THEN EXISTS (SELECT 1 FROM seen_contacts s WHERE s.id = j.subject_id::uuid)
        WHEN 'company' THEN EXISTS (SELECT 1 FROM seen_companies s WHERE s.id = j.subject_id::uuid)
        WHEN 'lead' THEN EXISTS (SELECT 1 FROM seen_leads s WHERE s.id = j.subject_id::uuid)
        WHEN 'task' THEN EXISTS (SELECT 1 FROM seen_tasks s WHERE s.id = j.subject_id::uuid)
        ELSE false END;
GRANT SELECT ON seen_journal TO nexus_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON companies, contacts, leads, tasks, interactions, custom_fields, saved_views TO nexus_app;
