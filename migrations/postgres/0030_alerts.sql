-- What alerts are about and how long they stand, which of them are mailed, and up to where a company's changes were looked at.
ALTER TABLE alert ADD COLUMN subject_user_id TEXT COLLATE "C";
ALTER TABLE alert ADD COLUMN cause TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE alert ADD COLUMN stands BIGINT NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN stands_until BIGINT;
ALTER TABLE alert ADD COLUMN clashes TEXT COLLATE "C" NOT NULL DEFAULT '[]';
ALTER TABLE alert ADD COLUMN mail_due_at BIGINT;
ALTER TABLE alert ADD COLUMN mailed_at BIGINT;
UPDATE alert SET stands = 1 WHERE status = 'OPEN' AND is_active = 1;
-- One open alert of a cause, for each of its recipients.
DROP INDEX alert_open;
CREATE UNIQUE INDEX alert_open ON alert (company_id, alert_type, related_entity_id, recipient_user_id, cause)
    WHERE status = 'OPEN' AND is_active = 1;
CREATE INDEX alert_stands ON alert (company_id, alert_type, id) WHERE stands = 1 AND is_active = 1;
CREATE INDEX alert_until ON alert (company_id, stands_until, id) WHERE stands = 1 AND is_active = 1;
CREATE INDEX alert_subject ON alert (company_id, subject_user_id) WHERE is_active = 1;
CREATE INDEX alert_to_mail ON alert (company_id, mail_due_at, id)
    WHERE email_status = 'queued' AND mailed_at IS NULL AND is_active = 1;
CREATE INDEX alert_mailed ON alert (company_id, recipient_user_id, mailed_at) WHERE mailed_at IS NOT NULL AND is_active = 1;

CREATE TABLE alert_position (
    company_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);

-- When the waiting of these was reported to those who decide: once.
ALTER TABLE shift_swap ADD COLUMN delay_alert_at BIGINT;
ALTER TABLE eod_report ADD COLUMN delay_alert_at BIGINT;
CREATE INDEX shift_swap_waits ON shift_swap (company_id, created_at, id)
    WHERE status = 'pending' AND delay_alert_at IS NULL AND is_active = 1;
CREATE INDEX eod_report_waits ON eod_report (company_id, submitted_at, id)
    WHERE status = 'Pending Approval' AND delay_alert_at IS NULL AND is_active = 1;

SELECT guard_tenant_tables();
