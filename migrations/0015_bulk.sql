-- What was changed in many records at once, so that it can be taken back.
CREATE TABLE bulk_changes (
    id         uuid PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('contacts', 'companies')),
    what       text NOT NULL CHECK (what IN ('assign', 'tag', 'untag', 'lifecycle', 'delete', 'restore')),
    rows       jsonb NOT NULL,
    done_by    uuid REFERENCES users,
    done_at    timestamptz NOT NULL,
    undone_at  timestamptz
);
CREATE INDEX bulk_changes_done ON bulk_changes (done_at);
COMMENT ON COLUMN bulk_changes.rows IS 'of each record its id, its version afterwards, and what the change overwrote';

ALTER TABLE bulk_changes ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON bulk_changes USING ((SELECT nexus_role()) = 'system');
CREATE POLICY own ON bulk_changes USING ((SELECT nexus_role()) IS NOT NULL AND done_by = (SELECT nexus_user()));
GRANT SELECT, INSERT, UPDATE, DELETE ON bulk_changes TO nexus_app;

-- Sets back what a change overwrote, where nobody has changed the record since; gives the records that were.
CREATE FUNCTION bulk_undo(change uuid, at timestamptz) RETURNS SETOF uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    it bulk_changes;
BEGIN
    SELECT * INTO it FROM bulk_changes b WHERE b.id = change AND b.undone_at IS NULL
        AND (nexus_role() = 'system' OR nexus_role() IS NOT NULL AND b.done_by = nexus_user()) FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE bulk_changes SET undone_at = at WHERE id = change;
    RETURN QUERY EXECUTE format(
        'UPDATE %1$I r SET owner_id = CASE WHEN $1 = ''assign'' THEN (b.was->>''owner_id'')::uuid ELSE r.owner_id END,
            tags = CASE WHEN $1 IN (''tag'', ''untag'') THEN ARRAY(SELECT jsonb_array_elements_text(b.was->''tags'')) ELSE r.tags END,
            %2$s deleted_at = CASE $1 WHEN ''delete'' THEN NULL WHEN ''restore'' THEN (b.was->>''deleted_at'')::timestamptz ELSE r.deleted_at END,
            version = r.version + 1, updated_at = $3
         FROM (SELECT (e->>''id'')::uuid AS id, (e->>''version'')::integer AS version, e AS was FROM jsonb_array_elements($2) e) b
         WHERE r.id = b.id AND r.version = b.version RETURNING r.id',
        it.kind, CASE it.kind WHEN 'contacts' THEN
            'lifecycle = CASE WHEN $1 = ''lifecycle'' THEN b.was->>''lifecycle'' ELSE r.lifecycle END,' ELSE '' END)
        USING it.what, it.rows, at;
END $$;
REVOKE ALL ON FUNCTION bulk_undo(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bulk_undo(uuid, timestamptz) TO nexus_app;

-- A contact's company is told by name even to those who do not see the company itself.
CREATE FUNCTION crm_company_name(company uuid) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT name FROM companies WHERE id = company AND nexus_role() IS NOT NULL $$;
REVOKE ALL ON FUNCTION crm_company_name(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION crm_company_name(uuid) TO nexus_app;

-- The companies whose names contain a folded text, or are one, for conditions on contacts.
CREATE FUNCTION crm_companies_named(pattern text, whole text) RETURNS SETOF uuid
    LANGUAGE sql STABLE ROWS 100 SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT id FROM companies WHERE nexus_role() IS NOT NULL AND search LIKE pattern AND sort_name LIKE pattern
        AND (whole IS NULL OR sort_name = whole) $$;
REVOKE ALL ON FUNCTION crm_companies_named(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION crm_companies_named(text, text) TO nexus_app;
