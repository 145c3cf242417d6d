-- Columns follow the declarations of the data objects; a test compares them. Ids, dates, JSON and enums are text, instants
-- are milliseconds since 1970, booleans 0 or 1.

CREATE TABLE company (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    name TEXT NOT NULL,
    codename TEXT NOT NULL,
    fullname TEXT,
    avatar TEXT,
    owner_id TEXT NOT NULL,
    industry TEXT,
    company_size TEXT,
    timezone TEXT NOT NULL
);

CREATE TABLE company_policy (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    grace_minutes BIGINT NOT NULL,
    early_check_in_minutes BIGINT NOT NULL,
    auto_absent_minutes BIGINT NOT NULL,
    missing_checkout_minutes BIGINT NOT NULL,
    daily_hours DOUBLE PRECISION NOT NULL,
    weekly_hours DOUBLE PRECISION NOT NULL,
    overtime_multiplier DOUBLE PRECISION NOT NULL,
    salary_basis TEXT NOT NULL,
    workdays TEXT NOT NULL,
    unpaid_leave_types TEXT NOT NULL,
    leave_types TEXT NOT NULL,
    rounding_minutes BIGINT NOT NULL,
    rest_hours DOUBLE PRECISION NOT NULL,
    announcement_days BIGINT NOT NULL,
    company_id TEXT NOT NULL
);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    email TEXT NOT NULL,
    password TEXT NOT NULL,
    fullname TEXT NOT NULL,
    avatar TEXT,
    role TEXT NOT NULL,
    email_verified BIGINT NOT NULL,
    archive_date BIGINT,
    company_id TEXT NOT NULL
);

CREATE TABLE user_group (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    group_name TEXT NOT NULL,
    avatar TEXT,
    company_id TEXT NOT NULL
);

CREATE TABLE user_group_member (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    group_id TEXT NOT NULL REFERENCES user_group (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    owner_id TEXT NOT NULL,
    company_id TEXT NOT NULL
);

CREATE TABLE user_session (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    user_id TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    needs_2fa BIGINT NOT NULL,
    ip TEXT,
    user_agent TEXT,
    company_id TEXT NOT NULL
);

CREATE TABLE api_key (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    digest TEXT NOT NULL,
    expires_at BIGINT,
    read_only BIGINT NOT NULL,
    services TEXT NOT NULL,
    company_id TEXT NOT NULL
);

CREATE TABLE verification (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    user_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    digest TEXT NOT NULL,
    code_index BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    session_id TEXT,
    company_id TEXT NOT NULL
);

CREATE TABLE employee_profile (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    user_id TEXT NOT NULL,
    employment_start_date TEXT NOT NULL,
    position TEXT NOT NULL,
    contract_type TEXT NOT NULL,
    salary DOUBLE PRECISION,
    department_id TEXT,
    manager_id TEXT,
    notes TEXT,
    company_id TEXT NOT NULL
);

CREATE TABLE shift_template (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    name TEXT NOT NULL,
    description TEXT,
    start_time TEXT NOT NULL,
    end_time TEXT NOT NULL,
    recurrence_rule TEXT NOT NULL,
    department_id TEXT,
    break_minutes BIGINT NOT NULL,
    needed_count BIGINT NOT NULL,
    company_id TEXT NOT NULL
);

CREATE TABLE shift (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    shift_date TEXT NOT NULL,
    start_time TEXT NOT NULL,
    end_time TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    location TEXT,
    department_id TEXT,
    status TEXT NOT NULL,
    break_minutes BIGINT NOT NULL,
    needed_count BIGINT NOT NULL,
    shift_template_id TEXT,
    created_by TEXT NOT NULL,
    company_id TEXT NOT NULL
);

CREATE TABLE shift_user (
    owner_id TEXT NOT NULL REFERENCES shift (id) ON DELETE CASCADE,
    ref_id TEXT NOT NULL REFERENCES users (id),
    position BIGINT NOT NULL,
    company_id TEXT NOT NULL,
    PRIMARY KEY (owner_id, ref_id)
);
CREATE INDEX shift_user_ref ON shift_user (ref_id, owner_id);

CREATE TABLE shift_department (
    owner_id TEXT NOT NULL REFERENCES shift (id) ON DELETE CASCADE,
    ref_id TEXT NOT NULL REFERENCES user_group (id),
    position BIGINT NOT NULL,
    company_id TEXT NOT NULL,
    PRIMARY KEY (owner_id, ref_id)
);
CREATE INDEX shift_department_ref ON shift_department (ref_id, owner_id);

CREATE TABLE attendance_record (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    user_id TEXT NOT NULL REFERENCES users (id),
    shift_id TEXT NOT NULL REFERENCES shift (id),
    shift_date TEXT NOT NULL,
    check_in_time BIGINT,
    check_out_time BIGINT,
    status TEXT NOT NULL,
    late_by_minutes BIGINT,
    worked_minutes BIGINT,
    absence_reason TEXT,
    manager_note TEXT,
    checkout_alert_at BIGINT,
    company_id TEXT NOT NULL
);

CREATE TABLE leave_request (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    user_id TEXT NOT NULL,
    department_id TEXT,
    request_date BIGINT NOT NULL,
    leave_type TEXT NOT NULL,
    start_date TEXT NOT NULL,
    end_date TEXT NOT NULL,
    day_part TEXT NOT NULL,
    reason TEXT,
    status TEXT NOT NULL,
    approver_id TEXT,
    approved_date BIGINT,
    decision_note TEXT,
    company_id TEXT NOT NULL
);

CREATE TABLE alert (
    id TEXT NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT,
    alert_type TEXT NOT NULL,
    severity TEXT NOT NULL,
    recipient_user_id TEXT NOT NULL,
    related_entity_type TEXT NOT NULL,
    related_entity_id TEXT NOT NULL,
    email_status TEXT NOT NULL,
    status TEXT NOT NULL,
    title TEXT NOT NULL,
    message TEXT NOT NULL,
    resolved_at BIGINT,
    company_id TEXT NOT NULL
);

-- One row per tenant: the head of its journal, and when it next has something to do by itself.
CREATE TABLE tenant (
    id TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    chain TEXT NOT NULL,
    next_due_at BIGINT
);
CREATE INDEX tenant_due ON tenant (next_due_at) WHERE next_due_at IS NOT NULL;

-- Events and audit, one sequence per tenant. Content without a value is the text null; NULL is content that was erased.
CREATE TABLE journal (
    company_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    object_id TEXT NOT NULL,
    actor_id TEXT,
    via TEXT NOT NULL,
    request_id TEXT NOT NULL,
    audience TEXT NOT NULL,
    after TEXT,
    before TEXT,
    extra TEXT,
    audited BIGINT NOT NULL,
    touched TEXT,
    salt TEXT,
    digest TEXT NOT NULL,
    chain TEXT NOT NULL,
    PRIMARY KEY (company_id, seq)
);
CREATE INDEX journal_audited ON journal (company_id, seq) WHERE audited = 1;

CREATE TABLE idempotency (
    company_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BIGINT NOT NULL,
    answer TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (company_id, user_id, key)
);
CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,
    company_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    tries BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    leased_until BIGINT NOT NULL
);
CREATE INDEX outbox_due ON outbox (due_at);

-- Values that only one row may have; where deleting frees the value, only active rows count.
CREATE UNIQUE INDEX company_codename ON company (codename);
CREATE UNIQUE INDEX users_one_address ON users (company_id, lower(email)) WHERE is_active = 1;
CREATE UNIQUE INDEX user_group_member_once ON user_group_member (company_id, group_id, user_id) WHERE is_active = 1;
CREATE UNIQUE INDEX api_key_digest ON api_key (digest);
CREATE UNIQUE INDEX employee_profile_once ON employee_profile (company_id, user_id) WHERE is_active = 1;
CREATE UNIQUE INDEX shift_once ON shift (company_id, shift_template_id, shift_date)
    WHERE is_active = 1 AND shift_template_id IS NOT NULL;
-- One record for ever, deleted or not. The shift stands first so that the index also serves the foreign key.
CREATE UNIQUE INDEX attendance_record_once ON attendance_record (shift_id, user_id, company_id);
CREATE UNIQUE INDEX alert_open ON alert (company_id, alert_type, related_entity_id, recipient_user_id)
    WHERE status = 'OPEN' AND is_active = 1;

-- Lists in their default order, and the ways in which rows are looked up.
CREATE INDEX company_created ON company (created_at DESC, id) WHERE is_active = 1;
CREATE INDEX users_created ON users (company_id, created_at DESC, id) WHERE is_active = 1;
CREATE INDEX users_email ON users (email);
CREATE INDEX user_group_created ON user_group (company_id, created_at DESC, id) WHERE is_active = 1;
CREATE INDEX user_group_member_created ON user_group_member (company_id, created_at DESC, id) WHERE is_active = 1;
CREATE INDEX user_group_member_user ON user_group_member (user_id, company_id);
CREATE INDEX user_session_user ON user_session (user_id, company_id);
CREATE INDEX user_session_company ON user_session (company_id, expires_at) WHERE is_active = 1;
CREATE INDEX api_key_user ON api_key (user_id, company_id);
CREATE INDEX verification_user ON verification (user_id, kind);
CREATE INDEX employee_profile_created ON employee_profile (company_id, created_at DESC, id) WHERE is_active = 1;
CREATE INDEX employee_profile_manager ON employee_profile (company_id, manager_id) WHERE is_active = 1;
CREATE INDEX employee_profile_department ON employee_profile (company_id, department_id) WHERE is_active = 1;
CREATE INDEX shift_template_created ON shift_template (company_id, created_at DESC, id) WHERE is_active = 1;
CREATE INDEX shift_date ON shift (company_id, shift_date, start_time, id) WHERE is_active = 1;
CREATE INDEX shift_status ON shift (company_id, status, ends_at) WHERE is_active = 1;
CREATE INDEX attendance_record_created ON attendance_record (company_id, created_at DESC, id) WHERE is_active = 1;
CREATE INDEX attendance_record_date ON attendance_record (company_id, shift_date) WHERE is_active = 1;
CREATE INDEX attendance_record_user ON attendance_record (user_id, company_id, created_at DESC, id);
CREATE INDEX leave_request_start ON leave_request (company_id, start_date DESC, id) WHERE is_active = 1;
CREATE INDEX leave_request_user ON leave_request (user_id, start_date);
CREATE INDEX alert_recipient ON alert (company_id, recipient_user_id, created_at DESC, id) WHERE is_active = 1;

-- The journal is append-only: nothing of it changes but content, and that can only be erased; the digest stays and keeps
-- the chain whole.
CREATE TRIGGER journal_stays BEFORE DELETE ON journal
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;
CREATE TRIGGER journal_fixed BEFORE UPDATE OF company_id, seq, at, kind, action, object, object_id, actor_id, via, request_id, audience, audited, touched, digest, chain ON journal
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;
CREATE TRIGGER journal_erased BEFORE UPDATE OF after, before, extra, salt ON journal
WHEN NEW.after IS NOT NULL OR NEW.before IS NOT NULL OR NEW.extra IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'the journal''s content can only be erased');
END;
