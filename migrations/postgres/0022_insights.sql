-- What companies are subscribed to.
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

-- Insights, and the jobs that become some.
CREATE TABLE ai_insight (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    insight_type TEXT COLLATE "C" NOT NULL,
    audience_user_id TEXT COLLATE "C" REFERENCES users (id),
    audience_type TEXT COLLATE "C" NOT NULL,
    applicable_period TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C",
    summary TEXT COLLATE "C",
    details TEXT COLLATE "C" NOT NULL,
    suggestion TEXT COLLATE "C",
    period TEXT COLLATE "C",
    chart TEXT COLLATE "C",
    data TEXT COLLATE "C",
    figures TEXT COLLATE "C",
    agent_name TEXT COLLATE "C",
    provider TEXT COLLATE "C",
    ai_status TEXT COLLATE "C" NOT NULL,
    delivered_time BIGINT,
    job_key TEXT COLLATE "C",
    work_at BIGINT,
    tries BIGINT NOT NULL,
    company_id TEXT COLLATE "C" NOT NULL
);
CREATE INDEX ai_insight_list ON ai_insight (company_id, created_at DESC, id) WHERE is_active = 1;
CREATE INDEX ai_insight_user ON ai_insight (audience_user_id, created_at DESC, id) WHERE is_active = 1;
CREATE INDEX ai_insight_work ON ai_insight (work_at, id) WHERE work_at IS NOT NULL;
-- What the clock asks for is made once, also if it was deleted since.
CREATE UNIQUE INDEX ai_insight_job ON ai_insight (company_id, job_key) WHERE job_key IS NOT NULL;

CREATE TABLE generated_insight (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    content TEXT COLLATE "C" NOT NULL,
    saved_as TEXT COLLATE "C",
    company_id TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX generated_insight_user ON generated_insight (company_id, user_id) WHERE is_active = 1;

CREATE TABLE insight_week (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    week TEXT COLLATE "C" NOT NULL,
    company_id TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX insight_week_company ON insight_week (company_id) WHERE is_active = 1;

SELECT guard_tenant_tables();
