-- The totals of all users are added to some times a second from what each transaction of ingest leaves in usage_moves, and no
-- longer by every group of events, which would wait for each other's rows.
ALTER TABLE usage_moves ADD COLUMN gains text NOT NULL DEFAULT '';
-- Rows live for a quarter of a second: compressing them is not worth its time.
ALTER TABLE usage_moves ALTER COLUMN gains SET STORAGE EXTERNAL;
COMMENT ON COLUMN usage_moves.gains IS 'what the totals gained and screens are told, as JSON; empty: nothing but the users';

-- 'reload': so much changed at once that screens are to load again.
ALTER TABLE live_messages DROP CONSTRAINT live_messages_kind_check;
ALTER TABLE live_messages ADD CONSTRAINT live_messages_kind_check CHECK (kind IN ('usage', 'alert', 'reload'));
ALTER TABLE live_messages ALTER COLUMN body SET STORAGE EXTERNAL;
