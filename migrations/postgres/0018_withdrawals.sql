-- Entries by which somebody may see less than before: few among many, and asked for by every stream that goes on from a
-- position long past. Of an audience's names these alone begin like that.
CREATE INDEX journal_withdrawals ON journal (company_id, seq) WHERE audience LIKE '%"w%';
