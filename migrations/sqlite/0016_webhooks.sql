-- Webhooks, what is on its way to them, and up to where each company's journal was turned into deliveries.
CREATE TABLE webhook (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    url TEXT NOT NULL,
    description TEXT,
    event_types TEXT NOT NULL,
    is_enabled BIGINT NOT NULL,
    disabled_reason TEXT,
    disabled_at BIGINT,
    secret_salt TEXT NOT NULL,
    previous_salt TEXT,
    previous_secret_until BIGINT,
    from_seq BIGINT NOT NULL,
    company_id TEXT NOT NULL
);
CREATE INDEX webhook_of_company ON webhook (company_id, created_at DESC, id);

CREATE TABLE webhook_delivery (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    webhook_id TEXT NOT NULL REFERENCES webhook (id),
    event_type TEXT NOT NULL,
    event_seq BIGINT,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_try_at BIGINT,
    retry_until BIGINT NOT NULL,
    last_try_at BIGINT,
    last_status BIGINT,
    last_error TEXT,
    duration_ms BIGINT,
    delivered_at BIGINT,
    company_id TEXT NOT NULL
);
-- An event goes to a webhook once, however often it is read from the journal.
CREATE UNIQUE INDEX webhook_delivery_event ON webhook_delivery (webhook_id, event_seq);
CREATE INDEX webhook_delivery_list ON webhook_delivery (webhook_id, company_id, created_at DESC, id);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, next_try_at) WHERE state = 'pending';
CREATE INDEX webhook_delivery_success ON webhook_delivery (webhook_id, delivered_at) WHERE state = 'delivered';
CREATE INDEX webhook_delivery_age ON webhook_delivery (created_at);

CREATE TABLE webhook_position (
    company_id TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);
