-- The words by which users are found: folded, from their names and addresses. Written with every change of a user; made anew
-- at the start when their kept version is not the program's.
CREATE TABLE users_word (
    company_id TEXT COLLATE "C" NOT NULL,
    word TEXT COLLATE "C" NOT NULL,
    owner_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (company_id, word, owner_id)
);
CREATE INDEX users_word_owner ON users_word (owner_id);

CREATE TABLE word_version (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);
