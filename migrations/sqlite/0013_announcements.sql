-- Announcements, and whom they are for.
CREATE TABLE announcement (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    creator_id TEXT NOT NULL REFERENCES users (id),
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    send_time BIGINT NOT NULL,
    visible_until BIGINT,
    status TEXT NOT NULL,
    company_id TEXT NOT NULL
);
-- Lists, newest first.
CREATE INDEX announcement_send ON announcement (company_id, send_time DESC, id) WHERE is_active = 1;
-- What is to be sent next.
CREATE INDEX announcement_status ON announcement (company_id, status, send_time, id) WHERE is_active = 1;

CREATE TABLE announcement_user (
    owner_id TEXT NOT NULL REFERENCES announcement (id) ON DELETE CASCADE,
    ref_id TEXT NOT NULL REFERENCES users (id),
    position BIGINT NOT NULL,
    company_id TEXT NOT NULL,
    PRIMARY KEY (owner_id, ref_id)
);
CREATE INDEX announcement_user_ref ON announcement_user (ref_id, owner_id);

CREATE TABLE announcement_department (
    owner_id TEXT NOT NULL REFERENCES announcement (id) ON DELETE CASCADE,
    ref_id TEXT NOT NULL REFERENCES user_group (id),
    position BIGINT NOT NULL,
    company_id TEXT NOT NULL,
    PRIMARY KEY (owner_id, ref_id)
);
CREATE INDEX announcement_department_ref ON announcement_department (ref_id, owner_id);
