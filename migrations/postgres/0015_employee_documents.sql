-- Employees' documents, and the private files behind them.
CREATE TABLE employee_document (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    employee_profile_id TEXT COLLATE "C" NOT NULL REFERENCES employee_profile (id),
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    document_type TEXT COLLATE "C" NOT NULL,
    document_url TEXT COLLATE "C" NOT NULL,
    valid_until TEXT COLLATE "C",
    file_id TEXT COLLATE "C",
    alerted_days BIGINT,
    alert_at BIGINT,
    company_id TEXT COLLATE "C" NOT NULL
);
CREATE INDEX employee_document_until ON employee_document (company_id, valid_until DESC, id) WHERE is_active = 1;
CREATE INDEX employee_document_alert ON employee_document (company_id, alert_at) WHERE is_active = 1;
CREATE INDEX employee_document_profile ON employee_document (employee_profile_id, company_id);
CREATE INDEX employee_document_user ON employee_document (user_id, company_id);
CREATE INDEX employee_document_file ON employee_document (company_id, file_id) WHERE is_active = 1;

CREATE TABLE employee_documents_file (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    employee_profile_id TEXT COLLATE "C" NOT NULL REFERENCES employee_profile (id),
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    file_name TEXT COLLATE "C" NOT NULL,
    mime_type TEXT COLLATE "C" NOT NULL,
    file_size BIGINT NOT NULL,
    company_id TEXT COLLATE "C" NOT NULL
);
CREATE INDEX employee_documents_file_profile ON employee_documents_file (employee_profile_id, company_id);
CREATE INDEX employee_documents_file_user ON employee_documents_file (user_id, company_id);

-- The alerts about a document, which end with what they are about.
CREATE INDEX alert_about ON alert (related_entity_id, company_id);

SELECT guard_tenant_tables();
