-- The words by which users are found: folded, from their names and addresses. Written with every change of a user; made anew
-- at the start when their kept version is not the program's.
CREATE TABLE users_word (
    company_id TEXT NOT NULL,
    word TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    PRIMARY KEY (company_id, word, owner_id)
) WITHOUT ROWID;
CREATE INDEX users_word_owner ON users_word (owner_id);

CREATE TABLE word_version (
    name TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);
