-- Who archived their profile, for the daily purge of those who did so a month ago.
CREATE INDEX users_archived ON users (archive_date) WHERE archive_date IS NOT NULL AND is_active = 1;
