-- Tasks: an assignment, whom it names, and the task of each person.
CREATE TABLE task_assignment (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    title TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    due_time BIGINT,
    status TEXT COLLATE "C" NOT NULL,
    assigner_id TEXT COLLATE "C" NOT NULL,
    shift_id TEXT COLLATE "C" REFERENCES shift (id),
    company_id TEXT COLLATE "C" NOT NULL
);
CREATE INDEX task_assignment_created ON task_assignment (company_id, created_at DESC, id) WHERE is_active = 1;

CREATE TABLE task_assignment_user (
    owner_id TEXT COLLATE "C" NOT NULL REFERENCES task_assignment (id) ON DELETE CASCADE,
    ref_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    position BIGINT NOT NULL,
    company_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (owner_id, ref_id)
);
CREATE INDEX task_assignment_user_ref ON task_assignment_user (ref_id, owner_id);

CREATE TABLE task_assignment_department (
    owner_id TEXT COLLATE "C" NOT NULL REFERENCES task_assignment (id) ON DELETE CASCADE,
    ref_id TEXT COLLATE "C" NOT NULL REFERENCES user_group (id),
    position BIGINT NOT NULL,
    company_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (owner_id, ref_id)
);
CREATE INDEX task_assignment_department_ref ON task_assignment_department (ref_id, owner_id);

CREATE TABLE individual_task (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    task_assignment_id TEXT COLLATE "C" NOT NULL REFERENCES task_assignment (id),
    assignee_user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    title TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    status TEXT COLLATE "C" NOT NULL,
    completed_time BIGINT,
    due_time BIGINT,
    overdue_alert_at BIGINT,
    overdue_alert_id TEXT COLLATE "C",
    company_id TEXT COLLATE "C" NOT NULL
);
CREATE INDEX individual_task_mine ON individual_task (assignee_user_id, company_id, created_at DESC, id);
CREATE INDEX individual_task_of ON individual_task (task_assignment_id, assignee_user_id);
-- What the clock looks at: tasks of whose being overdue nobody was told, and alerts that still stand.
CREATE INDEX individual_task_due ON individual_task (company_id, status, due_time, id)
    WHERE is_active = 1 AND overdue_alert_at IS NULL AND due_time IS NOT NULL;
CREATE INDEX individual_task_told ON individual_task (company_id, status, overdue_alert_at, id)
    WHERE is_active = 1 AND overdue_alert_id IS NOT NULL;

SELECT guard_tenant_tables();
