-- The audit log of one kind of object, and of one person. Most entries of the journal are not part of it.
CREATE INDEX journal_audited_object ON journal (company_id, object, seq) WHERE audited = 1;
CREATE INDEX journal_audited_actor ON journal (company_id, actor_id, seq) WHERE audited = 1;
