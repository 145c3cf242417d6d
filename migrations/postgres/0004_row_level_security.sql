-- The second wall between companies: what acts for one company takes the role of tenant_role() and names the company in the
-- setting workforceos.company, and then sees and writes that company's rows alone, whatever its statements say. Without the
-- setting there are no rows at all. The store sees to the role before it migrates: roles are the server's, not the database's.
--
-- The owner of the tables is held by the policies, too (FORCE), and has one of its own that lets it see everything: lookups
-- before a company is known need it. A role that was granted the tables by hand sees nothing.

-- Each database has a role of its own: who may take another database's can do nothing here. A name too long for a role becomes
-- its digest, behind another prefix, so that no database can be named so as to get this one's. The store works it out alike.
CREATE FUNCTION tenant_role() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN octet_length(current_database()) <= 44 THEN 'workforceos_tenant_' || current_database()
        ELSE 'workforceos_tenants_' || left(encode(sha256(convert_to(current_database(), 'UTF8')), 'hex'), 40) END
$$;

-- Guards every table of companies' rows that is not guarded yet: those with a company_id, and the two that are companies
-- themselves. A migration that makes such a table calls it in the end; the store calls it at every start, so that a database
-- that was restored under another owner, or without privileges, is whole again.
CREATE FUNCTION guard_tenant_tables() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    guarded record;
    role text := tenant_role();
    role_id oid := (SELECT oid FROM pg_roles WHERE rolname = tenant_role());
BEGIN
    -- One node at a time; the next finds nothing left to do.
    PERFORM pg_advisory_xact_lock(hashtext('guard_tenant_tables'));
    FOR guarded IN
        SELECT c.oid, c.relname, pg_get_userbyid(c.relowner) AS owner,
            CASE WHEN c.relname IN ('company', 'tenant') THEN 'id' ELSE 'company_id' END AS key
        FROM pg_class c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
            AND (c.relname IN ('company', 'tenant') OR EXISTS (
                SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'company_id' AND NOT a.attisdropped))
            AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND has_table_privilege(role, c.oid, 'SELECT')
                AND EXISTS (SELECT FROM pg_policy p
                    WHERE p.polrelid = c.oid AND p.polname = 'own_company' AND p.polroles = ARRAY[role_id])
                AND EXISTS (SELECT FROM pg_policy p
                    WHERE p.polrelid = c.oid AND p.polname = 'across' AND p.polroles = ARRAY[c.relowner]))
        ORDER BY c.relname
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', guarded.relname);
        IF EXISTS (SELECT FROM pg_policy WHERE polrelid = guarded.oid AND polname = 'own_company') THEN
            EXECUTE format('ALTER POLICY own_company ON %I TO %I', guarded.relname, role);
        ELSE
            EXECUTE format(
                'CREATE POLICY own_company ON %I TO %I '
                'USING (%I = nullif(current_setting(''workforceos.company'', true), ''''))',
                guarded.relname, role, guarded.key);
        END IF;
        IF EXISTS (SELECT FROM pg_policy WHERE polrelid = guarded.oid AND polname = 'across') THEN
            EXECUTE format('ALTER POLICY across ON %I TO %I', guarded.relname, guarded.owner);
        ELSE
            EXECUTE format('CREATE POLICY across ON %I TO %I USING (true)', guarded.relname, guarded.owner);
        END IF;
        -- Of the journal, content can be erased; nothing else of it changes.
        EXECUTE format(
            CASE guarded.relname
                WHEN 'journal' THEN 'GRANT SELECT, INSERT, UPDATE (after, before, extra, salt) ON %I TO %I'
                WHEN 'tenant' THEN 'GRANT SELECT, INSERT, UPDATE ON %I TO %I'
                ELSE 'GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO %I'
            END, guarded.relname, role);
    END LOOP;
    IF NOT has_schema_privilege(role, current_schema(), 'USAGE') THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), role);
    END IF;
END
$$;

SELECT guard_tenant_tables();
