-- Agents: what is changed of them, what they answered, and the tools that there are.
CREATE TABLE sys_agent_override (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    agent_name TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C",
    model TEXT COLLATE "C",
    system_prompt TEXT COLLATE "C",
    temperature DOUBLE PRECISION,
    max_tokens BIGINT,
    response_format TEXT COLLATE "C",
    selected_tools TEXT COLLATE "C",
    guardrails TEXT COLLATE "C",
    enabled BIGINT NOT NULL,
    updated_by TEXT COLLATE "C",
    company_id TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX sys_agent_override_once ON sys_agent_override (company_id, agent_name) WHERE is_active = 1;

CREATE TABLE sys_agent_execution (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    agent_name TEXT COLLATE "C" NOT NULL,
    agent_type TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C",
    input TEXT COLLATE "C",
    output TEXT COLLATE "C",
    tool_calls BIGINT,
    token_usage TEXT COLLATE "C",
    duration_ms BIGINT,
    status TEXT COLLATE "C" NOT NULL,
    error TEXT COLLATE "C",
    company_id TEXT COLLATE "C" NOT NULL
);
CREATE INDEX sys_agent_execution_of_company ON sys_agent_execution (company_id, created_at DESC, id);
CREATE INDEX sys_agent_execution_of_user ON sys_agent_execution (company_id, user_id, created_at DESC, id);
CREATE INDEX sys_agent_execution_age ON sys_agent_execution (created_at);

CREATE TABLE sys_tool_catalog (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    tool_name TEXT COLLATE "C" NOT NULL,
    service_name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    parameters TEXT COLLATE "C",
    last_refreshed BIGINT,
    reach TEXT COLLATE "C" NOT NULL,
    effect TEXT COLLATE "C" NOT NULL,
    company_id TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX sys_tool_catalog_once ON sys_tool_catalog (company_id, tool_name) WHERE is_active = 1;

SELECT guard_tenant_tables();
