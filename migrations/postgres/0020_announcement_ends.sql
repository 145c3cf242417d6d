-- Whether somebody chose until when an announcement is shown. Of those that are there nobody knows: their ends stay.
ALTER TABLE announcement ADD COLUMN end_given BIGINT NOT NULL DEFAULT 1;
