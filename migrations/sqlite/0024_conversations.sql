-- Conversations with the assistants. Deleting one erases all that was said in it.
CREATE TABLE conversation (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    assistant TEXT NOT NULL,
    title TEXT NOT NULL,
    message_count BIGINT NOT NULL,
    characters BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    company_id TEXT NOT NULL
);
CREATE INDEX conversation_of_user ON conversation (company_id, user_id, updated_at DESC, id);
-- Who belongs to the SaaS level has conversations in several companies.
CREATE INDEX conversation_by_user ON conversation (user_id);

CREATE TABLE conversation_aliases (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    conversation_id TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    aliases TEXT NOT NULL,
    company_id TEXT NOT NULL
);
CREATE UNIQUE INDEX conversation_aliases_one ON conversation_aliases (conversation_id);

CREATE TABLE chat_message (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    conversation_id TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    place BIGINT NOT NULL,
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    tool_calls TEXT,
    exchange TEXT NOT NULL,
    company_id TEXT NOT NULL
);
CREATE UNIQUE INDEX chat_message_place ON chat_message (conversation_id, place);
