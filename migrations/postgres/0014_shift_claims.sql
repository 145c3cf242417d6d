-- Shifts that are planned but not published yet.
ALTER TABLE shift ADD COLUMN is_draft BIGINT NOT NULL DEFAULT 0;

-- Who asks to change shifts with whom.
CREATE TABLE shift_swap (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    requester_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    shift_id TEXT COLLATE "C" NOT NULL REFERENCES shift (id),
    colleague_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    colleague_shift_id TEXT COLLATE "C" REFERENCES shift (id),
    reason TEXT COLLATE "C",
    status TEXT COLLATE "C" NOT NULL,
    decider_id TEXT COLLATE "C",
    decided_at BIGINT,
    decision_note TEXT COLLATE "C",
    company_id TEXT COLLATE "C" NOT NULL
);
CREATE INDEX shift_swap_created ON shift_swap (company_id, created_at DESC, id) WHERE is_active = 1;
CREATE INDEX shift_swap_requester ON shift_swap (company_id, requester_id) WHERE is_active = 1;
CREATE INDEX shift_swap_colleague ON shift_swap (company_id, colleague_id) WHERE is_active = 1;
-- Nobody asks twice for one shift. The shift stands first so that the index also serves the foreign key.
CREATE UNIQUE INDEX shift_swap_once ON shift_swap (shift_id, requester_id, company_id) WHERE is_active = 1 AND status = 'pending';

SELECT guard_tenant_tables();
