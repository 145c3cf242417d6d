-- Pictures that people uploaded; their bytes are kept outside the database.

CREATE TABLE user_avatars_file (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    file_name TEXT COLLATE "C" NOT NULL,
    mime_type TEXT COLLATE "C" NOT NULL,
    file_size BIGINT NOT NULL,
    access_key TEXT COLLATE "C" NOT NULL,
    company_id TEXT COLLATE "C" NOT NULL
);

CREATE TABLE company_avatars_file (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    file_name TEXT COLLATE "C" NOT NULL,
    mime_type TEXT COLLATE "C" NOT NULL,
    file_size BIGINT NOT NULL,
    access_key TEXT COLLATE "C" NOT NULL,
    company_id TEXT COLLATE "C" NOT NULL
);

CREATE UNIQUE INDEX user_avatars_file_key ON user_avatars_file (access_key);
CREATE UNIQUE INDEX company_avatars_file_key ON company_avatars_file (access_key);
CREATE INDEX user_avatars_file_created ON user_avatars_file (company_id, created_at DESC, id) WHERE is_active = 1;
CREATE INDEX company_avatars_file_created ON company_avatars_file (company_id, created_at DESC, id) WHERE is_active = 1;
