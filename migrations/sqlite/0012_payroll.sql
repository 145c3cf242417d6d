-- Payroll reports as they were calculated, one of a user and period, and pay periods whose attendance is settled.
CREATE TABLE payroll_report (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    user_id TEXT NOT NULL,
    period_start TEXT NOT NULL,
    period_end TEXT NOT NULL,
    total_hours_worked DOUBLE PRECISION NOT NULL,
    overtime_hours DOUBLE PRECISION NOT NULL,
    absence_days BIGINT NOT NULL,
    absence_days_exact DOUBLE PRECISION NOT NULL,
    open_records BIGINT NOT NULL,
    bonus DOUBLE PRECISION,
    deduction DOUBLE PRECISION,
    salary_calculated DOUBLE PRECISION NOT NULL,
    payment_status TEXT NOT NULL,
    payment_date TEXT,
    notes TEXT,
    breakdown TEXT NOT NULL,
    absences TEXT NOT NULL,
    warnings TEXT NOT NULL,
    calculated_from TEXT NOT NULL,
    calculated_at BIGINT NOT NULL,
    earned TEXT NOT NULL,
    company_id TEXT NOT NULL
);
CREATE UNIQUE INDEX payroll_report_once ON payroll_report (company_id, user_id, period_start, period_end) WHERE is_active = 1;
CREATE INDEX payroll_report_created ON payroll_report (company_id, created_at DESC, id) WHERE is_active = 1;
CREATE INDEX payroll_report_period ON payroll_report (company_id, period_start, period_end) WHERE is_active = 1;
-- Also the deleted ones, for whoever is deleted for good.
CREATE INDEX payroll_report_user ON payroll_report (user_id, company_id, created_at DESC, id);

CREATE TABLE pay_period_lock (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    from_date TEXT NOT NULL,
    to_date TEXT NOT NULL,
    reason TEXT,
    company_id TEXT NOT NULL
);
CREATE INDEX pay_period_lock_from ON pay_period_lock (company_id, from_date DESC, id) WHERE is_active = 1;
