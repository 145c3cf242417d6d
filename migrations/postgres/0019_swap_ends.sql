-- Until when a request to change shifts can be approved: its first shift begins then.
ALTER TABLE shift_swap ADD COLUMN expires_at BIGINT;
UPDATE shift_swap SET expires_at =
    (SELECT MIN(starts_at) FROM shift WHERE shift.id IN (shift_swap.shift_id, shift_swap.colleague_shift_id));
-- What the clock looks at, and what a shift takes along that is taken from somebody.
CREATE INDEX shift_swap_expires ON shift_swap (company_id, expires_at, id) WHERE is_active = 1 AND status = 'pending';
CREATE INDEX shift_swap_theirs ON shift_swap (company_id, colleague_shift_id) WHERE is_active = 1 AND status = 'pending';

SELECT guard_tenant_tables();
