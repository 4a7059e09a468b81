-- Keys that are rotated with an overlap, and short-lived tokens that programs get for them.

-- A key that is rotated goes on for a while beside its successor.
ALTER TABLE api_keys
    ADD COLUMN replaces uuid REFERENCES api_keys,
    ADD CONSTRAINT api_keys_replaces UNIQUE (replaces);
COMMENT ON COLUMN api_keys.replaces IS 'the key that this one was made to replace; each has one successor at the most';

-- What tokens (JWTs) are signed with: Ed25519, each for a month.
CREATE TABLE token_signing_keys (
    id          text PRIMARY KEY,
    public_key  bytea NOT NULL CHECK (length(public_key) = 32),
    sealed      bytea NOT NULL,
    created_at  timestamptz NOT NULL,
    signs_until timestamptz NOT NULL,
    CHECK (signs_until > created_at)
);
CREATE INDEX token_signing_keys_signs_until ON token_signing_keys (signs_until);
COMMENT ON TABLE token_signing_keys IS 'a key verifies until the last token that it signed is over, and is deleted then';
COMMENT ON COLUMN token_signing_keys.id IS 'the thumbprint of the public key (RFC 7638, RFC 8037), which tokens carry as kid';
COMMENT ON COLUMN token_signing_keys.sealed IS 'the private key as PKCS #8, sealed with NEXUS_CRM_SECRET_KEY';

ALTER TABLE token_signing_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON token_signing_keys USING ((SELECT nexus_role()) = 'system');
GRANT SELECT, INSERT, DELETE ON token_signing_keys TO nexus_app;
