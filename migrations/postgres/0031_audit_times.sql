-- When an entry was written, beside its place: the audit log of a time is narrowed without reading what is outside of it.
DROP INDEX journal_audited;
DROP INDEX journal_audited_object;
DROP INDEX journal_audited_actor;
CREATE INDEX journal_audited ON journal (company_id, seq, at) WHERE audited = 1;
CREATE INDEX journal_audited_object ON journal (company_id, object, seq, at) WHERE audited = 1;
CREATE INDEX journal_audited_actor ON journal (company_id, actor_id, seq, at) WHERE audited = 1;
