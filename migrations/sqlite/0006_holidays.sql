-- Public holidays, one of a name a day.
CREATE TABLE holiday (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    name TEXT NOT NULL,
    holiday_date TEXT NOT NULL,
    company_id TEXT NOT NULL
);
CREATE INDEX holiday_date ON holiday (company_id, holiday_date, id) WHERE is_active = 1;
CREATE UNIQUE INDEX holiday_once ON holiday (company_id, holiday_date, name) WHERE is_active = 1;
