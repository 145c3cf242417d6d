-- Of which services tools may have answered in a conversation; NULL: of all.
ALTER TABLE conversation ADD COLUMN services TEXT;
