-- When the waiting of a leave request was reported to those who decide: once.
ALTER TABLE leave_request ADD COLUMN delay_alert_at BIGINT;
-- What the clock looks at: requests that wait and were not reported.
CREATE INDEX leave_request_waiting ON leave_request (company_id, status, request_date, id) WHERE is_active = 1;
-- Open alerts about an object are resolved with it.
CREATE INDEX IF NOT EXISTS alert_entity ON alert (related_entity_id) WHERE is_active = 1;

SELECT guard_tenant_tables();
