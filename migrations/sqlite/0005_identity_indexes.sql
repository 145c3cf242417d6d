-- Who archived their profile, deleted since or not, for the daily purge of those who did so a month ago.
CREATE INDEX users_archived ON users (archive_date) WHERE archive_date IS NOT NULL;
-- Codes are claimed before other mail, however much of that waits.
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (kind, due_at);
