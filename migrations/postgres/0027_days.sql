-- What people set out to do on a day, and what they report of it.
CREATE TABLE duty (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    user_id TEXT COLLATE "C" NOT NULL,
    duty_date TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    status TEXT COLLATE "C" NOT NULL,
    company_id TEXT COLLATE "C" NOT NULL
);
CREATE INDEX duty_of_day ON duty (company_id, user_id, duty_date, created_at, id);

CREATE TABLE eod_report (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    user_id TEXT COLLATE "C" NOT NULL,
    report_date TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    login_time BIGINT,
    logout_time BIGINT,
    worked_minutes BIGINT NOT NULL,
    planned_minutes BIGINT NOT NULL,
    completed_tasks BIGINT NOT NULL,
    pending_tasks BIGINT NOT NULL,
    duties_performed BIGINT NOT NULL,
    productivity_score BIGINT,
    attendance_summary TEXT COLLATE "C" NOT NULL,
    task_metrics TEXT COLLATE "C" NOT NULL,
    task_breakdown TEXT COLLATE "C" NOT NULL,
    work_summary TEXT COLLATE "C",
    blockers TEXT COLLATE "C",
    next_day_plan TEXT COLLATE "C",
    submitted_at BIGINT,
    manager_comments TEXT COLLATE "C",
    reviewed_by TEXT COLLATE "C",
    reviewed_at BIGINT,
    company_id TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX eod_report_once ON eod_report (company_id, user_id, report_date) WHERE is_active = 1;
CREATE INDEX eod_report_by_date ON eod_report (company_id, report_date DESC, id DESC);

SELECT guard_tenant_tables();
