-- A second factor: codes of an app by time (TOTP, RFC 6238), and recovery codes for when the app is lost.
ALTER TABLE users
    ADD COLUMN totp_secret    bytea,
    ADD COLUMN totp_since     timestamptz,
    ADD COLUMN totp_last_step bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT users_totp CHECK (totp_since IS NULL OR totp_secret IS NOT NULL);
COMMENT ON COLUMN users.totp_secret IS 'sealed with NEXUS_CRM_SECRET_KEY; without totp_since it is being set up';
COMMENT ON COLUMN users.totp_last_step IS 'the step of the latest code that was taken: each works once';

CREATE TABLE recovery_codes (
    user_id   uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);
ALTER TABLE recovery_codes ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON recovery_codes USING ((SELECT nexus_role()) IN ('system', 'admin'));
CREATE POLICY own ON recovery_codes USING ((SELECT nexus_role()) IS NOT NULL AND user_id = (SELECT nexus_user()));
GRANT SELECT, INSERT, DELETE ON recovery_codes TO nexus_app;

-- The password was right; the code is still to come.
ALTER TABLE user_links DROP CONSTRAINT user_links_kind_check;
ALTER TABLE user_links ADD CONSTRAINT user_links_kind_check CHECK (kind IN ('set_up', 'invitation', 'reset', 'second_factor'));
