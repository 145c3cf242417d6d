-- Up to which manager a week's insights are asked for, as long as there are more.
ALTER TABLE insight_week ADD COLUMN asked_to TEXT;
