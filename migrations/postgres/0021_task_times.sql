-- Tasks by when they were given: what was given in a period is read page by page.
CREATE INDEX individual_task_created ON individual_task (company_id, created_at, id) WHERE is_active = 1;
