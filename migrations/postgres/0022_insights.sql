-- Subscriptions of companies.
CREATE TABLE company_subscription (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    activation_date BIGINT NOT NULL,
    expiry_date BIGINT NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    subscribed_features TEXT COLLATE "C" NOT NULL,
    last_renewed_by TEXT COLLATE "C",
    currency TEXT COLLATE "C",
    payment_status TEXT COLLATE "C" NOT NULL,
    payment_status_updated_at BIGINT,
    owner_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    stripe_subscription_id TEXT COLLATE "C",
    amount BIGINT NOT NULL,
    company_id TEXT COLLATE "C" NOT NULL,
    payment_confirmation TEXT COLLATE "C" NOT NULL
);
CREATE INDEX company_subscription_list ON company_subscription (company_id, created_at DESC, id) WHERE is_active = 1;
-- A company has one live subscription at most.
CREATE UNIQUE INDEX company_subscription_live ON company_subscription (company_id)
    WHERE is_active = 1 AND status IN ('active', 'pending');

SELECT guard_tenant_tables();
