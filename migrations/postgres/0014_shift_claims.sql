-- Shifts that are planned but not published yet.
ALTER TABLE shift ADD COLUMN is_draft BIGINT NOT NULL DEFAULT 0;
