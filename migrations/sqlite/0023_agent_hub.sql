-- Agents: what is changed of them, what they answered, and the tools that there are.
CREATE TABLE sys_agent_override (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    agent_name TEXT NOT NULL,
    provider TEXT,
    model TEXT,
    system_prompt TEXT,
    temperature DOUBLE PRECISION,
    max_tokens BIGINT,
    response_format TEXT,
    selected_tools TEXT,
    guardrails TEXT,
    enabled BIGINT NOT NULL,
    updated_by TEXT,
    company_id TEXT NOT NULL
);
CREATE UNIQUE INDEX sys_agent_override_once ON sys_agent_override (company_id, agent_name) WHERE is_active = 1;

CREATE TABLE sys_agent_execution (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    agent_name TEXT NOT NULL,
    agent_type TEXT NOT NULL,
    source TEXT NOT NULL,
    user_id TEXT,
    input TEXT,
    output TEXT,
    tool_calls BIGINT,
    token_usage TEXT,
    duration_ms BIGINT,
    status TEXT NOT NULL,
    error TEXT,
    company_id TEXT NOT NULL
);
CREATE INDEX sys_agent_execution_of_company ON sys_agent_execution (company_id, created_at DESC, id);
CREATE INDEX sys_agent_execution_of_user ON sys_agent_execution (company_id, user_id, created_at DESC, id);
CREATE INDEX sys_agent_execution_age ON sys_agent_execution (created_at);

CREATE TABLE sys_tool_catalog (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    tool_name TEXT NOT NULL,
    service_name TEXT NOT NULL,
    description TEXT,
    parameters TEXT,
    last_refreshed BIGINT,
    reach TEXT NOT NULL,
    effect TEXT NOT NULL,
    company_id TEXT NOT NULL
);
CREATE UNIQUE INDEX sys_tool_catalog_once ON sys_tool_catalog (company_id, tool_name) WHERE is_active = 1;
