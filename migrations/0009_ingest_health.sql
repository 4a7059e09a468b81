-- How ingest does, by the minute: what came, what was refused and why, and how long it took. Each process counts in memory and adds
-- what it has counted every few seconds; several add to the same minute.

CREATE TABLE ingest_minutes (
    minute       timestamptz PRIMARY KEY CHECK (minute = date_trunc('minute', minute, 'UTC')),
    requests     bigint NOT NULL,
    accepted     bigint NOT NULL,
    duplicates   bigint NOT NULL,
    erased       bigint NOT NULL,
    invalid      bigint NOT NULL,
    conflicts    bigint NOT NULL,
    malformed    bigint NOT NULL,
    unauthorized bigint NOT NULL,
    timed_out    bigint NOT NULL,
    too_large    bigint NOT NULL,
    not_json     bigint NOT NULL,
    rate_limited bigint NOT NULL,
    unavailable  bigint NOT NULL,
    failed       bigint NOT NULL,
    delay_sum_ms bigint NOT NULL,
    delay_max_ms bigint NOT NULL,
    delay        bigint[] NOT NULL,
    took_sum_ms  bigint NOT NULL,
    took_max_ms  bigint NOT NULL,
    took         bigint[] NOT NULL
);
COMMENT ON COLUMN ingest_minutes.accepted IS 'events; as duplicates, erased (acknowledged, not kept), invalid and conflicts';
COMMENT ON COLUMN ingest_minutes.malformed IS 'requests refused as a whole; as all after it, up to failed';
COMMENT ON COLUMN ingest_minutes.delay IS 'of accepted events, from their own timestamp to their commit: counts by the buckets of domain/histogram.rs';
COMMENT ON COLUMN ingest_minutes.took IS 'of requests that were not refused as a whole, from their first byte to their answer: the same';

ALTER TABLE ingest_minutes ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON ingest_minutes FOR SELECT USING ((SELECT nexus_role()) IS NOT NULL);
CREATE POLICY write ON ingest_minutes USING ((SELECT nexus_role()) = 'system');
GRANT SELECT, INSERT, UPDATE, DELETE ON ingest_minutes TO nexus_app;
