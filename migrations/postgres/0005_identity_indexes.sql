-- Who archived their profile, deleted since or not, for the daily purge of those who did so a month ago.
CREATE INDEX users_archived ON users (archive_date) WHERE archive_date IS NOT NULL;
-- Codes are claimed before other mail, however much of that waits.
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (kind, due_at);
-- Logins and codes that are over, for those that tidy up: one index for each way to be.
CREATE INDEX user_session_expired ON user_session (expires_at);
CREATE INDEX user_session_ended ON user_session (updated_at) WHERE is_active = 0;
CREATE INDEX verification_begun ON verification (started_at);
CREATE INDEX verification_ended ON verification (updated_at) WHERE is_active = 0;
