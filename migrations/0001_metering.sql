-- Metering: raw events, what they add up to, and the alerts that follow.
-- Days and months are UTC everywhere. Money is in minor units.
-- The owner of this schema runs migrations; the server connects as nexus_app, which may not change the schema.

-- What each tier includes; edited by admins, read at every evaluation.
CREATE TABLE usage_tier_limits (
    tier                 text PRIMARY KEY,
    position             smallint NOT NULL UNIQUE,
    price_cents          bigint NOT NULL CHECK (price_cents >= 0),
    currency             text NOT NULL DEFAULT 'USD' CHECK (currency ~ '^[A-Z]{3}$'),
    program_weeks        integer CHECK (program_weeks > 0),
    tokens_per_month     bigint NOT NULL CHECK (tokens_per_month >= 0),
    interactions_per_day bigint NOT NULL CHECK (interactions_per_day >= 0),
    agents               text[],
    version              integer NOT NULL DEFAULT 1,
    updated_at           timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN usage_tier_limits.agents IS 'null: all agents';
COMMENT ON COLUMN usage_tier_limits.program_weeks IS 'set for a program that is paid once';

INSERT INTO usage_tier_limits (tier, position, price_cents, program_weeks, tokens_per_month, interactions_per_day, agents) VALUES
    ('essential', 1,   7900, NULL,   50000,  100, '{NEXUS,BLAZE}'),
    ('pro',       2,  14900, NULL,  150000,  300, '{NEXUS,BLAZE,SAGE,ARIA}'),
    ('elite',     3,  19900, NULL,  500000, 1000, '{NEXUS,BLAZE,SAGE,ARIA,CIPHER,ECHO}'),
    ('prime',     4, 399700,   20, 1000000, 2000, NULL),
    ('longevity', 5, 399700,   20, 1000000, 2000, NULL);

-- One row an interaction, as GENESIS told it. Partitioned by week; see usage_ensure_partitions().
-- It has no unique key of its own: usage_event_keys keeps an event from being stored twice.
CREATE TABLE agent_usage_events (
    id                uuid NOT NULL,
    event_id          text,
    user_id           text NOT NULL,
    agent_id          text NOT NULL,
    session_id        text NOT NULL,
    tokens_used       bigint NOT NULL,
    response_time_ms  integer NOT NULL,
    "timestamp"       timestamptz NOT NULL,
    subscription_tier text NOT NULL,
    contact_id        text,
    organization_id   text,
    context           jsonb,
    flags             smallint NOT NULL DEFAULT 0,
    received_at       timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE ("timestamp");
COMMENT ON COLUMN agent_usage_events.flags IS 'bits: 1 agent outside the tier, 2 month''s tokens exceeded, 4 day''s interactions exceeded';
CREATE INDEX agent_usage_events_time ON agent_usage_events ("timestamp");
CREATE INDEX agent_usage_events_user ON agent_usage_events (user_id, "timestamp");

-- The de-duplication keys: claimed in the transaction that stores the event. `key` is the first half of a SHA-256 over the
-- event id, else the webhook id, else the content; `content` tells a repetition from another event under the same id.
CREATE TABLE usage_event_keys (
    key        uuid PRIMARY KEY,
    id         uuid NOT NULL,
    content    bigint NOT NULL,
    event_date date NOT NULL
);
CREATE INDEX usage_event_keys_date ON usage_event_keys USING brin (event_date);

-- By user, day and agent.
CREATE TABLE agent_usage_daily (
    date                   date NOT NULL,
    user_id                text NOT NULL,
    agent_id               text NOT NULL,
    total_interactions     bigint NOT NULL,
    total_tokens           bigint NOT NULL,
    total_response_time_ms bigint NOT NULL,
    PRIMARY KEY (date, user_id, agent_id)
) WITH (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.05);

-- By user and month: what limits are compared with. `active_days` has bit d-1 set for each day d with use;
-- `new_days` has those that the latest change set, so that active users can be counted without a look at the row before. The
-- standing of the latest day is kept beside it, so that a look at one row tells both limits.
CREATE TABLE agent_usage_monthly (
    month                 date NOT NULL,
    user_id               text NOT NULL,
    subscription_tier     text COLLATE "C" NOT NULL,
    organization_id       text COLLATE "C" NOT NULL DEFAULT '',
    total_interactions    bigint NOT NULL,
    total_tokens          bigint NOT NULL,
    active_days           integer NOT NULL,
    new_days              integer NOT NULL DEFAULT 0,
    last_day              date NOT NULL,
    last_day_interactions bigint NOT NULL,
    last_event_at         timestamptz NOT NULL,
    PRIMARY KEY (month, user_id)
) WITH (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.05);

-- Everyone that GENESIS has ever spoken of. The latest month's row in agent_usage_monthly has the tier.
CREATE TABLE usage_users (
    user_id      text PRIMARY KEY,
    first_day    date NOT NULL,
    latest_month date NOT NULL
);

-- Of all users together: by day, tier and agent, with the response times as an exponential histogram (scale 3).
CREATE TABLE agent_usage_totals_daily (
    date                   date NOT NULL,
    subscription_tier      text NOT NULL,
    agent_id               text NOT NULL,
    total_interactions     bigint NOT NULL,
    total_tokens           bigint NOT NULL,
    total_response_time_ms bigint NOT NULL,
    response_histogram     integer[] NOT NULL,
    PRIMARY KEY (date, subscription_tier, agent_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- The same by hour, for charts of a day.
CREATE TABLE agent_usage_totals_hourly (
    hour               timestamptz NOT NULL,
    subscription_tier  text NOT NULL,
    agent_id           text NOT NULL,
    total_interactions bigint NOT NULL,
    total_tokens       bigint NOT NULL,
    PRIMARY KEY (hour, subscription_tier, agent_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- Different users with use, by day.
CREATE TABLE agent_usage_active_daily (
    date         date PRIMARY KEY,
    active_users bigint NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE FUNCTION usage_histogram_add(a integer[], b integer[]) RETURNS integer[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT array_agg(coalesce(x, 0) + coalesce(y, 0) ORDER BY n) FROM unnest(a, b) WITH ORDINALITY AS t (x, y, n) $$;

-- The users whose rollups moved, a row a transaction; taken out when they have been evaluated.
CREATE TABLE usage_moves (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_ids text[] NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- Items that could not be taken: seen, mended and replayed in the app.
CREATE TABLE usage_quarantine (
    id         uuid PRIMARY KEY,
    digest     uuid NOT NULL UNIQUE,
    item       text NOT NULL,
    errors     jsonb NOT NULL,
    times_seen bigint NOT NULL DEFAULT 1,
    first_seen timestamptz NOT NULL DEFAULT now(),
    last_seen  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX usage_quarantine_last_seen ON usage_quarantine (last_seen DESC, id);
COMMENT ON COLUMN usage_quarantine.item IS 'JSON as it came; text, because jsonb would refuse some of it';

-- Alerts, at most one for each kind, metric, user and period.
CREATE TABLE usage_alerts (
    id                uuid PRIMARY KEY,
    number            bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    kind              text NOT NULL CHECK (kind IN ('limit_approaching', 'limit_exceeded')),
    metric            text NOT NULL CHECK (metric IN ('month_tokens', 'day_interactions')),
    severity          text NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    status            text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'resolved')),
    user_id           text NOT NULL,
    organization_id   text,
    subscription_tier text NOT NULL,
    current_value     bigint NOT NULL,
    limit_value       bigint NOT NULL,
    threshold_bp      integer NOT NULL,
    period_start      date NOT NULL,
    triggered_at      timestamptz NOT NULL,
    due_at            timestamptz NOT NULL,
    resolved_at       timestamptz,
    resolution        text,
    CHECK ((status = 'resolved') = (resolved_at IS NOT NULL)),
    CONSTRAINT usage_alerts_once UNIQUE (user_id, kind, metric, period_start)
);
CREATE INDEX usage_alerts_open ON usage_alerts (severity, number DESC) WHERE status = 'open';
CREATE INDEX usage_alerts_triggered ON usage_alerts (triggered_at);

-- The shares of a limit that raise alerts, in basis points.
CREATE TABLE usage_alert_rules (
    kind         text PRIMARY KEY CHECK (kind IN ('limit_approaching', 'limit_exceeded')),
    threshold_bp integer NOT NULL CHECK (threshold_bp BETWEEN 1 AND 100000),
    version      integer NOT NULL DEFAULT 1,
    updated_at   timestamptz NOT NULL DEFAULT now()
);
INSERT INTO usage_alert_rules (kind, threshold_bp) VALUES ('limit_approaching', 8000), ('limit_exceeded', 9500);

-- The one record of what happened; append-only for the server.
CREATE TABLE journal (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL DEFAULT now(),
    actor        text NOT NULL,
    event        text NOT NULL,
    subject_kind text NOT NULL,
    subject_id   text NOT NULL,
    body         jsonb NOT NULL
);
CREATE INDEX journal_subject ON journal (subject_kind, subject_id, id);

-- The live stream. The clock is a single row, taken last in a transaction and held to its commit: so positions have no gaps and
-- become visible in their order. The messages need no crash safety: after a crash of the database clients load anew.
CREATE TABLE live_clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    seq      bigint NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
INSERT INTO live_clock (seq) VALUES (0);

CREATE UNLOGGED TABLE live_messages (
    seq  bigint PRIMARY KEY,
    at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind text NOT NULL CHECK (kind IN ('usage', 'alert')),
    body text NOT NULL
);

-- What the rollups are by definition, from the raw events. `usage recount` compares and rebuilds by these views.

CREATE FUNCTION usage_response_bucket(ms integer) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN ms <= 1 THEN 0 ELSE least(ceil(ln(ms::float8) / ln(2::float8) * 8 - 1e-9)::integer, 211) END $$;

CREATE VIEW recount_daily AS
SELECT ("timestamp" AT TIME ZONE 'UTC')::date AS date, user_id, agent_id, count(*) AS total_interactions,
       sum(tokens_used)::bigint AS total_tokens, sum(response_time_ms)::bigint AS total_response_time_ms
FROM agent_usage_events GROUP BY 1, 2, 3;

CREATE VIEW recount_monthly AS
WITH days AS (
    SELECT date_trunc('month', date)::date AS month, user_id, date, sum(total_interactions)::bigint AS n, sum(total_tokens)::bigint AS tokens
    FROM recount_daily GROUP BY 1, 2, 3
), latest AS (
    SELECT DISTINCT ON (1, 2) date_trunc('month', "timestamp" AT TIME ZONE 'UTC')::date AS month, user_id, subscription_tier,
           coalesce(organization_id, '') AS organization_id, "timestamp" AS last_event_at
    FROM agent_usage_events
    ORDER BY 1, 2, "timestamp" DESC, subscription_tier COLLATE "C" DESC, coalesce(organization_id, '') COLLATE "C" DESC
)
SELECT month, user_id, latest.subscription_tier, latest.organization_id, sum(n)::bigint AS total_interactions,
       sum(tokens)::bigint AS total_tokens, bit_or(1 << (extract(day FROM date)::integer - 1)) AS active_days, max(date) AS last_day,
       (array_agg(n ORDER BY date DESC))[1] AS last_day_interactions, latest.last_event_at
FROM days JOIN latest USING (month, user_id)
GROUP BY month, user_id, latest.subscription_tier, latest.organization_id, latest.last_event_at;

CREATE VIEW recount_users AS
SELECT user_id, min(date) AS first_day, date_trunc('month', max(date))::date AS latest_month FROM recount_daily GROUP BY user_id;

CREATE VIEW recount_totals_daily AS
WITH buckets AS (
    SELECT ("timestamp" AT TIME ZONE 'UTC')::date AS date, subscription_tier, agent_id, usage_response_bucket(response_time_ms) AS bucket,
           count(*) AS n, sum(tokens_used)::bigint AS tokens, sum(response_time_ms)::bigint AS ms
    FROM agent_usage_events GROUP BY 1, 2, 3, 4
), groups AS (
    SELECT date, subscription_tier, agent_id, sum(n)::bigint AS n, sum(tokens)::bigint AS tokens, sum(ms)::bigint AS ms, max(bucket) AS top
    FROM buckets GROUP BY 1, 2, 3
)
SELECT g.date, g.subscription_tier, g.agent_id, g.n AS total_interactions, g.tokens AS total_tokens, g.ms AS total_response_time_ms,
       (SELECT array_agg(coalesce(b.n, 0)::integer ORDER BY i) FROM generate_series(0, g.top) AS i
        LEFT JOIN buckets b ON b.date = g.date AND b.subscription_tier = g.subscription_tier AND b.agent_id = g.agent_id AND b.bucket = i)
           AS response_histogram
FROM groups g;

CREATE VIEW recount_totals_hourly AS
SELECT date_trunc('hour', "timestamp" AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS hour, subscription_tier, agent_id,
       count(*) AS total_interactions, sum(tokens_used)::bigint AS total_tokens
FROM agent_usage_events GROUP BY 1, 2, 3;

CREATE VIEW recount_active_daily AS SELECT date, count(DISTINCT user_id) AS active_users FROM recount_daily GROUP BY date;

-- Makes the partitions that hold the given days, if they are missing.
CREATE FUNCTION usage_ensure_partitions(first_day date, last_day date) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
DECLARE
    week date := date_trunc('week', first_day)::date;
    name text;
    made integer := 0;
BEGIN
    IF last_day - first_day > 4000 THEN
        RAISE EXCEPTION 'more than 4000 days asked for';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('usage_partitions'));
    WHILE week <= last_day LOOP
        name := 'agent_usage_events_' || to_char(week, 'YYYYMMDD');
        IF to_regclass(name) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF agent_usage_events FOR VALUES FROM (%L) TO (%L)',
                name, week::text || ' 00:00+00', (week + 7)::text || ' 00:00+00');
            made := made + 1;
        END IF;
        week := week + 7;
    END LOOP;
    RETURN made;
END $$;

-- Drops the partitions that lie wholly before a day. Rollups stay.
CREATE FUNCTION usage_drop_partitions(before date) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
DECLARE
    part record;
    dropped integer := 0;
BEGIN
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

-- A user's use as a percentage of a limit: of the month's tokens, or of the day's interactions.
CREATE FUNCTION calculate_usage_percentage(p_user_id text, p_metric text DEFAULT 'month_tokens', p_at timestamptz DEFAULT now())
    RETURNS numeric
    LANGUAGE sql STABLE
    AS $$
SELECT coalesce((
    SELECT CASE p_metric
        WHEN 'month_tokens' THEN round(m.total_tokens * 100.0 / nullif(l.tokens_per_month, 0), 2)
        WHEN 'day_interactions' THEN round(coalesce((
            SELECT sum(d.total_interactions) FROM agent_usage_daily d
            WHERE d.date = (p_at AT TIME ZONE 'UTC')::date AND d.user_id = p_user_id), 0) * 100.0 / nullif(l.interactions_per_day, 0), 2)
    END
    FROM agent_usage_monthly m JOIN usage_tier_limits l ON l.tier = m.subscription_tier
    WHERE m.month = date_trunc('month', p_at AT TIME ZONE 'UTC')::date AND m.user_id = p_user_id), 0)
$$;

-- Days on which a user's tokens lie far from that user's own habit: the modified z-score of Iglewicz and Hoaglin (1993),
-- 0.6745 * (x - median) / MAD, over the p_days days before. A MAD of nothing is replaced by 5% of the median, at least 1.
CREATE FUNCTION detect_usage_anomalies(
    p_date date DEFAULT (now() AT TIME ZONE 'UTC')::date,
    p_days integer DEFAULT 28,
    p_threshold numeric DEFAULT 3.5,
    p_min_tokens bigint DEFAULT 1000)
    RETURNS TABLE (user_id text, tokens bigint, median_tokens numeric, mad numeric, z_score numeric)
    LANGUAGE sql STABLE
    AS $$
WITH days AS (
    SELECT d.user_id, d.date, sum(d.total_tokens)::bigint AS tokens
    FROM agent_usage_daily d
    WHERE d.date BETWEEN p_date - p_days AND p_date
    GROUP BY d.user_id, d.date
), middle AS (
    SELECT days.user_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY days.tokens)::numeric AS median, count(*) AS n
    FROM days WHERE days.date < p_date GROUP BY days.user_id
), spread AS (
    SELECT days.user_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(days.tokens - middle.median))::numeric AS mad
    FROM days JOIN middle USING (user_id) WHERE days.date < p_date GROUP BY days.user_id
)
SELECT days.user_id, days.tokens, round(middle.median, 2), round(spread.mad, 2),
       round(0.6745 * (days.tokens - middle.median) / greatest(spread.mad, 0.05 * middle.median, 1), 2)
FROM days JOIN middle USING (user_id) JOIN spread USING (user_id)
WHERE days.date = p_date AND middle.n >= 7 AND greatest(days.tokens, middle.median) >= p_min_tokens
  AND abs(0.6745 * (days.tokens - middle.median) / greatest(spread.mad, 0.05 * middle.median, 1)) >= p_threshold
ORDER BY 5 DESC, 1
$$;

SELECT usage_ensure_partitions(current_date - 42, current_date + 28);

-- The server's rights. A recount works in temporary tables.
DO $$ BEGIN EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO nexus_app', current_database()); END $$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO nexus_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    agent_usage_events, usage_event_keys, agent_usage_daily, agent_usage_monthly, usage_users, agent_usage_totals_daily,
    agent_usage_totals_hourly, agent_usage_active_daily, usage_moves, usage_quarantine, live_messages TO nexus_app;
GRANT SELECT ON recount_daily, recount_monthly, recount_users, recount_totals_daily, recount_totals_hourly, recount_active_daily
    TO nexus_app;
GRANT SELECT, UPDATE ON live_clock, usage_tier_limits, usage_alert_rules TO nexus_app;
GRANT SELECT, INSERT, UPDATE ON usage_alerts TO nexus_app;
GRANT SELECT, INSERT ON journal TO nexus_app;
REVOKE ALL ON FUNCTION usage_ensure_partitions(date, date), usage_drop_partitions(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION usage_ensure_partitions(date, date), usage_drop_partitions(date) TO nexus_app;
