-- Columns follow the declarations of the data objects; a test compares them. Ids, dates, JSON and enums are text, instants
-- are milliseconds since 1970, booleans 0 or 1.
-- Text sorts by code point, as it does on SQLite.

CREATE TABLE company (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    name TEXT COLLATE "C" NOT NULL,
    codename TEXT COLLATE "C" NOT NULL,
    fullname TEXT COLLATE "C",
    avatar TEXT COLLATE "C",
    owner_id TEXT COLLATE "C" NOT NULL,
    industry TEXT COLLATE "C",
    company_size TEXT COLLATE "C",
    timezone TEXT COLLATE "C" NOT NULL
);

CREATE TABLE company_policy (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    grace_minutes BIGINT NOT NULL,
    early_check_in_minutes BIGINT NOT NULL,
    auto_absent_minutes BIGINT NOT NULL,
    missing_checkout_minutes BIGINT NOT NULL,
    daily_hours DOUBLE PRECISION NOT NULL,
    weekly_hours DOUBLE PRECISION NOT NULL,
    overtime_multiplier DOUBLE PRECISION NOT NULL,
    salary_basis TEXT COLLATE "C" NOT NULL,
    workdays TEXT COLLATE "C" NOT NULL,
    unpaid_leave_types TEXT COLLATE "C" NOT NULL,
    leave_types TEXT COLLATE "C" NOT NULL,
    rounding_minutes BIGINT NOT NULL,
    rest_hours DOUBLE PRECISION NOT NULL,
    announcement_days BIGINT NOT NULL,
    company_id TEXT COLLATE "C" NOT NULL
);

CREATE TABLE users (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    email TEXT COLLATE "C" NOT NULL,
    password TEXT COLLATE "C" NOT NULL,
    fullname TEXT COLLATE "C" NOT NULL,
    avatar TEXT COLLATE "C",
    role TEXT COLLATE "C" NOT NULL,
    email_verified BIGINT NOT NULL,
    archive_date BIGINT,
    company_id TEXT COLLATE "C" NOT NULL
);

CREATE TABLE user_group (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    group_name TEXT COLLATE "C" NOT NULL,
    avatar TEXT COLLATE "C",
    company_id TEXT COLLATE "C" NOT NULL
);

CREATE TABLE user_group_member (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    group_id TEXT COLLATE "C" NOT NULL REFERENCES user_group (id),
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    owner_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT COLLATE "C" NOT NULL
);

CREATE TABLE user_session (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    user_id TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    needs_2fa BIGINT NOT NULL,
    ip TEXT COLLATE "C",
    user_agent TEXT COLLATE "C",
    company_id TEXT COLLATE "C" NOT NULL
);

CREATE TABLE api_key (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    user_id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    prefix TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT,
    read_only BIGINT NOT NULL,
    services TEXT COLLATE "C" NOT NULL,
    company_id TEXT COLLATE "C" NOT NULL
);

CREATE TABLE verification (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    user_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    code_index BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    session_id TEXT COLLATE "C",
    company_id TEXT COLLATE "C" NOT NULL
);

CREATE TABLE employee_profile (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    user_id TEXT COLLATE "C" NOT NULL,
    employment_start_date TEXT COLLATE "C" NOT NULL,
    position TEXT COLLATE "C" NOT NULL,
    contract_type TEXT COLLATE "C" NOT NULL,
    salary DOUBLE PRECISION,
    department_id TEXT COLLATE "C",
    manager_id TEXT COLLATE "C",
    notes TEXT COLLATE "C",
    company_id TEXT COLLATE "C" NOT NULL
);

CREATE TABLE shift_template (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    start_time TEXT COLLATE "C" NOT NULL,
    end_time TEXT COLLATE "C" NOT NULL,
    recurrence_rule TEXT COLLATE "C" NOT NULL,
    department_id TEXT COLLATE "C",
    break_minutes BIGINT NOT NULL,
    needed_count BIGINT NOT NULL,
    company_id TEXT COLLATE "C" NOT NULL
);

CREATE TABLE shift (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    shift_date TEXT COLLATE "C" NOT NULL,
    start_time TEXT COLLATE "C" NOT NULL,
    end_time TEXT COLLATE "C" NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    location TEXT COLLATE "C",
    department_id TEXT COLLATE "C",
    status TEXT COLLATE "C" NOT NULL,
    break_minutes BIGINT NOT NULL,
    needed_count BIGINT NOT NULL,
    shift_template_id TEXT COLLATE "C",
    created_by TEXT COLLATE "C" NOT NULL,
    company_id TEXT COLLATE "C" NOT NULL
);

CREATE TABLE shift_user (
    owner_id TEXT COLLATE "C" NOT NULL REFERENCES shift (id) ON DELETE CASCADE,
    ref_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    position BIGINT NOT NULL,
    company_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (owner_id, ref_id)
);
CREATE INDEX shift_user_ref ON shift_user (ref_id, owner_id);

CREATE TABLE shift_department (
    owner_id TEXT COLLATE "C" NOT NULL REFERENCES shift (id) ON DELETE CASCADE,
    ref_id TEXT COLLATE "C" NOT NULL REFERENCES user_group (id),
    position BIGINT NOT NULL,
    company_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (owner_id, ref_id)
);
CREATE INDEX shift_department_ref ON shift_department (ref_id, owner_id);

CREATE TABLE attendance_record (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    shift_id TEXT COLLATE "C" NOT NULL REFERENCES shift (id),
    shift_date TEXT COLLATE "C" NOT NULL,
    check_in_time BIGINT,
    check_out_time BIGINT,
    status TEXT COLLATE "C" NOT NULL,
    late_by_minutes BIGINT,
    worked_minutes BIGINT,
    absence_reason TEXT COLLATE "C",
    manager_note TEXT COLLATE "C",
    checkout_alert_at BIGINT,
    company_id TEXT COLLATE "C" NOT NULL
);

CREATE TABLE leave_request (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    user_id TEXT COLLATE "C" NOT NULL,
    department_id TEXT COLLATE "C",
    request_date BIGINT NOT NULL,
    leave_type TEXT COLLATE "C" NOT NULL,
    start_date TEXT COLLATE "C" NOT NULL,
    end_date TEXT COLLATE "C" NOT NULL,
    day_part TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C",
    status TEXT COLLATE "C" NOT NULL,
    approver_id TEXT COLLATE "C",
    approved_date BIGINT,
    decision_note TEXT COLLATE "C",
    company_id TEXT COLLATE "C" NOT NULL
);

CREATE TABLE alert (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_active BIGINT NOT NULL,
    record_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    owner TEXT COLLATE "C",
    alert_type TEXT COLLATE "C" NOT NULL,
    severity TEXT COLLATE "C" NOT NULL,
    recipient_user_id TEXT COLLATE "C" NOT NULL,
    related_entity_type TEXT COLLATE "C" NOT NULL,
    related_entity_id TEXT COLLATE "C" NOT NULL,
    email_status TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    message TEXT COLLATE "C" NOT NULL,
    resolved_at BIGINT,
    company_id TEXT COLLATE "C" NOT NULL
);

-- One row per tenant: the head of its journal, and when it next has something to do by itself.
CREATE TABLE tenant (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    chain TEXT COLLATE "C" NOT NULL,
    next_due_at BIGINT
);
CREATE INDEX tenant_due ON tenant (next_due_at) WHERE next_due_at IS NOT NULL;

-- Events and audit, one sequence per tenant. Content without a value is the text null; NULL is content that was erased.
CREATE TABLE journal (
    company_id TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT COLLATE "C",
    action TEXT COLLATE "C" NOT NULL,
    object TEXT COLLATE "C" NOT NULL,
    object_id TEXT COLLATE "C" NOT NULL,
    actor_id TEXT COLLATE "C",
    via TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    audience TEXT COLLATE "C" NOT NULL,
    after TEXT COLLATE "C",
    before TEXT COLLATE "C",
    extra TEXT COLLATE "C",
    audited BIGINT NOT NULL,
    touched TEXT COLLATE "C",
    salt TEXT COLLATE "C",
    digest TEXT COLLATE "C" NOT NULL,
    chain TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (company_id, seq)
);
CREATE INDEX journal_audited ON journal (company_id, seq) WHERE audited = 1;

CREATE TABLE idempotency (
    company_id TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    fingerprint BIGINT NOT NULL,
    answer TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (company_id, user_id, key)
);
CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE outbox (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    company_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    payload TEXT COLLATE "C" NOT NULL,
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
CREATE FUNCTION journal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only';
END
$$;
CREATE TRIGGER journal_stays BEFORE DELETE ON journal FOR EACH ROW EXECUTE FUNCTION journal_append_only();
CREATE TRIGGER journal_whole BEFORE TRUNCATE ON journal FOR EACH STATEMENT EXECUTE FUNCTION journal_append_only();
CREATE TRIGGER journal_fixed BEFORE UPDATE ON journal FOR EACH ROW
WHEN (
    ROW(NEW.company_id, NEW.seq, NEW.at, NEW.kind, NEW.action, NEW.object, NEW.object_id, NEW.actor_id, NEW.via, NEW.request_id, NEW.audience, NEW.audited, NEW.touched, NEW.digest, NEW.chain)
        IS DISTINCT FROM
    ROW(OLD.company_id, OLD.seq, OLD.at, OLD.kind, OLD.action, OLD.object, OLD.object_id, OLD.actor_id, OLD.via, OLD.request_id, OLD.audience, OLD.audited, OLD.touched, OLD.digest, OLD.chain)
    OR NEW.after IS NOT NULL OR NEW.before IS NOT NULL OR NEW.extra IS NOT NULL
)
EXECUTE FUNCTION journal_append_only();
