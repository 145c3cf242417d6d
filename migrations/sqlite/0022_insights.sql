-- Subscriptions of companies.
CREATE TABLE company_subscription (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    activation_date BIGINT NOT NULL,
    expiry_date BIGINT NOT NULL,
    status TEXT NOT NULL,
    subscribed_features TEXT NOT NULL,
    last_renewed_by TEXT,
    currency TEXT,
    payment_status TEXT NOT NULL,
    payment_status_updated_at BIGINT,
    owner_id TEXT NOT NULL REFERENCES users (id),
    stripe_subscription_id TEXT,
    amount BIGINT NOT NULL,
    company_id TEXT NOT NULL,
    payment_confirmation TEXT NOT NULL
);
CREATE INDEX company_subscription_list ON company_subscription (company_id, created_at DESC, id) WHERE is_active = 1;
-- A company has one live subscription at most.
CREATE UNIQUE INDEX company_subscription_live ON company_subscription (company_id)
    WHERE is_active = 1 AND status IN ('active', 'pending');
