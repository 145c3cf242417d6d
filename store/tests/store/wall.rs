//! PostgreSQL's row-level security, with the first wall taken away: statements that name no company, or another one.

use std::time::Duration;

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use workforceos_core::change::Outbox;
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::objects::{Shift, User};
use workforceos_core::{Changes, Cond, DataObject as _, Query, Timestamp};
use workforceos_store::{Store, begin_for};

use crate::database::{Fresh, NOW, committed};
use crate::objects::{company, event, id, keyed, people, put, query, shift, user};
use crate::on_both;

/// A table and the column that says whose a row is.
struct Guarded {
    table: String,
    key: &'static str,
}

/// Every table of companies' rows, found by its columns.
async fn guarded(connection: &mut PgConnection) -> Vec<Guarded> {
    let sql =
        "SELECT table_name::text FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'company_id'";
    let mut tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(connection).await.expect("lists");
    assert!(tables.len() >= 18, "{tables:?}");
    tables.sort_unstable();
    let key = |table: String| Guarded { table, key: "company_id" };
    let companies = ["company", "tenant"].map(|table| Guarded { table: table.to_owned(), key: "id" });
    companies.into_iter().chain(tables.into_iter().map(key)).collect()
}

/// The INSERT of a made-up row of a company; `n` makes its texts its own.
async fn made_up(connection: &mut PgConnection, of: &Guarded, company: CompanyId, n: u32) -> String {
    let sql = "SELECT column_name::text, data_type::text FROM information_schema.columns \
               WHERE table_schema = 'public' AND table_name = $1 AND is_nullable = 'NO'";
    let columns: Vec<(String, String)> = sqlx::query_as(sql).bind(&of.table).fetch_all(connection).await.expect("lists");
    let value = |(name, kind): &(String, String)| match kind.as_str() {
        _ if name == of.key => format!("'{}'", company.0),
        "text" => format!("'{name} {n}'"),
        "bytea" => "''".to_owned(),
        _ => n.to_string(),
    };
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let values: Vec<String> = columns.iter().map(value).collect();
    format!("INSERT INTO {} ({}) VALUES ({})", of.table, names.join(", "), values.join(", "))
}

/// Runs a statement as the store acts for a company, and takes it back: how many rows it saw or changed.
async fn acting_for(fresh: &Fresh, connection: &mut PgConnection, company: CompanyId, sql: &str) -> Result<u64, String> {
    after(connection, &begin_for(&fresh.store, company), sql).await
}

async fn after(connection: &mut PgConnection, begin: &str, sql: &str) -> Result<u64, String> {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(begin.to_owned()))).await.expect("begins");
    let done = connection.execute(sqlx::query(AssertSqlSafe(sql.to_owned()))).await;
    connection.execute("ROLLBACK").await.expect("takes it back");
    done.map(|done| done.rows_affected()).map_err(|error| error.to_string())
}

/// A row of companies 1 and 2 in every table, past references and triggers.
async fn one_row_each(fresh: &Fresh) -> (PgConnection, Vec<Guarded>) {
    let mut connection = fresh.connection().await;
    let tables = guarded(&mut connection).await;
    connection.execute("SET session_replication_role = replica").await.expect("no references");
    for of in &tables {
        for n in [1, 2] {
            let insert = made_up(&mut connection, of, company(n.into()), n).await;
            connection
                .execute(sqlx::raw_sql(AssertSqlSafe(insert)))
                .await
                .unwrap_or_else(|error| panic!("{}: {error}", of.table));
        }
    }
    connection.execute("SET session_replication_role = DEFAULT").await.expect("references again");
    (connection, tables)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_first_wall_nothing_foreign_is_seen_or_changed() {
    let Some(fresh) = Fresh::postgres().await else { return };
    let (mut connection, tables) = one_row_each(&fresh).await;
    let own = company(1);
    for of in &tables {
        let (table, key) = (&of.table, of.key);
        let all = format!("SELECT * FROM {table}");
        assert_eq!(
            connection.execute(sqlx::query(AssertSqlSafe(all.clone()))).await.expect("reads").rows_affected(),
            2,
            "{table}"
        );
        assert_eq!(acting_for(&fresh, &mut connection, own, &all).await, Ok(1), "{table} is read");
        let foreign = format!("SELECT * FROM {table} WHERE {key} = '{}'", company(2).0);
        assert_eq!(acting_for(&fresh, &mut connection, own, &foreign).await, Ok(0), "{table} is read by a foreign id");

        let append_only = table == "journal";
        let change = if append_only { "after = NULL, before = NULL, extra = NULL" } else { &format!("{key} = {key}") };
        let change = format!("UPDATE {table} SET {change}");
        assert_eq!(acting_for(&fresh, &mut connection, own, &change).await, Ok(1), "{table} is changed");
        let given_away = format!("UPDATE {table} SET {key} = '{}'", company(3).0);
        let error = acting_for(&fresh, &mut connection, own, &given_away).await.expect_err(table);
        assert!(error.contains("row-level security") || append_only, "{table}: {error}");

        let removed = acting_for(&fresh, &mut connection, own, &format!("DELETE FROM {table}")).await;
        let stays = append_only || table == "tenant";
        assert!(if stays { removed.is_err() } else { removed == Ok(1) }, "{table} is emptied: {removed:?}");
        let planted = made_up(&mut connection, of, company(3), 3).await;
        let error = acting_for(&fresh, &mut connection, own, &planted).await.expect_err(table);
        assert!(error.contains("row-level security"), "{table}: {error}");
    }
    connection.close().await.expect("closes");
    fresh.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_company_there_is_nothing() {
    let Some(fresh) = Fresh::postgres().await else { return };
    let (mut connection, tables) = one_row_each(&fresh).await;
    let nobody = &format!("BEGIN; SET LOCAL ROLE {}", fresh.role().await);
    for of in &tables {
        let (table, key) = (&of.table, of.key);
        // Never set, and set in an earlier transaction of this connection: an empty text.
        for _ in 0..2 {
            assert_eq!(after(&mut connection, nobody, &format!("SELECT * FROM {table}")).await, Ok(0), "{table}");
            let change = if table == "journal" { "after = NULL" } else { &format!("{key} = ''") };
            assert_eq!(after(&mut connection, nobody, &format!("UPDATE {table} SET {change}")).await, Ok(0), "{table}");
            acting_for(&fresh, &mut connection, company(1), "SELECT 1").await.expect("sets it");
        }
        let planted = made_up(&mut connection, of, company(1), 9).await;
        assert!(after(&mut connection, nobody, &planted).await.expect_err(table).contains("row-level security"), "{table}");
    }
    connection.close().await.expect("closes");
    fresh.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_is_guarded() {
    let Some(fresh) = Fresh::postgres().await else { return };
    let mut connection = fresh.connection().await;
    let guarded = guarded(&mut connection).await;
    let sql = "SELECT c.relname::text, c.relrowsecurity AND c.relforcerowsecurity, \
                 coalesce((SELECT string_agg(pg_get_expr(p.polqual, p.polrelid), ' ; ') FROM pg_policy p WHERE p.polrelid = c.oid \
                           AND p.polroles = ARRAY[tenant_role()::regrole::oid] AND p.polcmd = '*'), ''), \
                 (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid), \
                 has_any_column_privilege(tenant_role(), c.oid, 'SELECT, INSERT, UPDATE') \
                   OR has_table_privilege(tenant_role(), c.oid, 'DELETE, TRUNCATE') \
               FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')";
    let all = connection.fetch_all(sql).await.expect("lists");
    for row in &all {
        let (table, forced): (String, bool) = (row.get(0), row.get(1));
        let (policy, policies, reached): (String, i64, bool) = (row.get(2), row.get(3), row.get(4));
        let Some(of) = guarded.iter().find(|of| of.table == table) else {
            assert!(!reached, "{table} has no company_id, and what acts for a company may use it");
            continue;
        };
        assert!(forced, "{table}: call guard_tenant_tables() in the migration that makes it");
        let expected = format!("({} = NULLIF(current_setting('workforceos.company'::text, true), ''::text))", of.key);
        assert_eq!((policy, policies), (expected, 2), "{table}");
    }
    assert!(guarded.iter().all(|of| all.iter().any(|row| row.get::<String, _>(0) == of.table)));
    connection.close().await.expect("closes");
    fresh.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_itself_sees_nothing_foreign_where_a_condition_is_forgotten() {
    let Some(fresh) = Fresh::postgres().await else { return };
    let own = people(&fresh.store, company(1), 2).await;
    let foreign = user(company(2), 50);
    committed(&fresh.store, company(2), vec![put(&foreign)]).await;
    let plan = shift(company(1), 100, &[UserId(own[0].meta.id)], &[]);
    committed(&fresh.store, company(1), vec![put(&plan)]).await;
    // A read that names no company is one across companies, except in a turn.
    let forgotten = Query { company: None, ..query::<User>(company(1), Cond::TRUE) };
    assert_eq!(fresh.store.select(&forgotten).await.expect("reads").len(), 3);
    let mut turn = fresh.store.turn(company(1)).await.expect("a turn");
    let seen: Vec<_> = turn.select(&forgotten).await.expect("reads").iter().map(|u| u.id()).collect();
    assert_eq!(seen, [own[0].meta.id, own[1].meta.id]);
    let by_id = Query { cond: Cond::id_in("id", &[foreign.meta.id]), ..forgotten.clone() };
    assert!(turn.select(&by_id).await.expect("reads").is_empty());
    drop(turn);
    // Links and joins have no condition of their own.
    let link = format!(
        "INSERT INTO shift_user (owner_id, ref_id, position, company_id) VALUES ('{}', '{}', 1, '{}')",
        plan.meta.id,
        foreign.meta.id,
        company(1).0
    );
    fresh.raw(&link).await.expect("writes");
    let list = Query { joins: vec!["assignedUsers"], ..query::<Shift>(company(1), Cond::TRUE) };
    let page = fresh.store.page(&list).await.expect("reads");
    let shown = format!("{:?}", page.rows[0].joins);
    assert!(shown.contains(&own[0].fullname) && !shown.contains(&foreign.fullname), "{shown}");
    fresh.end().await;
}

on_both!(an_answer_is_kept_for_the_tenant_that_asked);
async fn an_answer_is_kept_for_the_tenant_that_asked(fresh: &mut Fresh) {
    let (store, nobody) = (&fresh.store, UserId(id(0)));
    let effect = Outbox { id: id(7), kind: "mail", payload: json!({}) };
    let founding = |n| {
        let mut changes = keyed(put(&user(company(1), n)), CompanyId::ROOT, nobody, "k", NOW);
        changes.outbox.push(Outbox { id: id(n), ..effect.clone() });
        changes
    };
    // What follows it in the same turn is the company's own again.
    committed(store, company(1), vec![founding(1), put(&user(company(1), 2))]).await;
    assert!(store.stored_answer(CompanyId::ROOT, nobody, "k", NOW).await.expect("reads").is_some());
    assert!(store.stored_answer(company(1), nobody, "k", NOW).await.expect("reads").is_none());
    let later = Timestamp(NOW.0 + 2 * Timestamp::DAY);
    assert_eq!(store.claim_outbox("mail", NOW, later, 9).await.expect("claims")[0].company, company(1));
    let (index, code) = crate::database::refused(store, company(1), vec![put(&user(company(1), 3)), founding(4)]).await;
    assert_eq!((index, code.as_str()), (1, "IdempotencyConflict"));
    committed(store, company(1), vec![Changes::none().event(event(&user(company(1), 5)))]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_owner_can_serve_and_a_new_owner_can_go_on() {
    let Some((fresh, owner)) = Fresh::owned_by("CREATEROLE").await else { return };
    let store = fresh.second().await.expect("opens");
    serve(&store, 1).await;
    store.close().await;
    // Restored under another name and without privileges; the policies still name the old one.
    let heir = owner.replace("_owner", "_heir");
    fresh.administer(&format!("CREATE ROLE {heir}; REASSIGN OWNED BY {owner} TO {heir}; GRANT {heir} TO {owner}")).await;
    let role = fresh.role().await;
    fresh.administer(&format!("DROP OWNED BY {owner}; GRANT {role} TO {owner}")).await;
    fresh.administer(&format!("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")).await;
    let store = fresh.second().await.expect("opens again");
    assert_eq!(store.verify(company(1)).await.expect("verifies").entries, 3);
    serve(&store, 2).await;
    store.close().await;
    fresh.end().await;
}

/// A bit of everything that a store does.
async fn serve(store: &Store, n: u128) {
    let users = [user(company(n), 10 * n), user(company(n), 10 * n + 1)];
    committed(store, company(n), users.iter().map(put).collect()).await;
    let effect = Outbox { id: id(900 + n), kind: "mail", payload: json!({}) };
    let mut changes = keyed(put(&users[0].clone().touched(NOW)), company(n), UserId(id(1)), "k", NOW);
    changes.outbox.push(effect);
    committed(store, company(n), vec![changes.due(Some(NOW))]).await;
    assert_eq!(store.select(&query::<User>(company(n), Cond::TRUE)).await.expect("reads").len(), 2);
    assert_eq!(store.get(User::def(), None, users[1].meta.id).await.expect("reads").map(|u| u.version()), Some(1));
    assert!(store.due_companies(NOW, 9).await.expect("reads").contains(&company(n)));
    assert_eq!(store.claim_outbox("mail", NOW, NOW, 9).await.expect("claims").len(), 1);
    store.finish_outbox(id(900 + n)).await.expect("finishes");
    assert_eq!(store.forget_before(Timestamp(NOW.0 + 1)).await.expect("forgets"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_without_the_role_is_told_what_to_do() {
    let Some((fresh, owner)) = Fresh::owned_by("").await else { return };
    let role = format!("workforceos_tenant_{}", owner.trim_end_matches("_owner"));
    let error = fresh.second().await.err().expect("is refused");
    let advice = format!("CREATE ROLE \"{role}\" NOLOGIN; GRANT \"{role}\" TO");
    assert!(error.message.contains(&advice), "{error}");
    fresh.administer(&format!("GRANT {role} TO {owner}")).await;
    let store = fresh.second().await.expect("opens");
    serve(&store, 1).await;
    store.close().await;
    // Who sees no row must not take the database for an empty one.
    fresh.administer(&format!("REASSIGN OWNED BY {owner} TO CURRENT_USER; GRANT ALL ON SCHEMA public TO {owner}")).await;
    fresh.administer(&format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {owner}")).await;
    let error = fresh.second().await.err().expect("is refused");
    assert!(error.message.contains("cannot be guarded"), "{error:?}");
    fresh.administer("SELECT guard_tenant_tables()").await;
    let error = fresh.second().await.err().expect("is refused");
    assert!(error.message.contains("belong to"), "{error:?}");
    fresh.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_user_of_another_database_of_the_server_reaches_nothing() {
    let Some((production, _)) = Fresh::owned_by("CREATEROLE").await else { return };
    let (staging, staged) = Fresh::owned_by("CREATEROLE").await.expect("there is a server");
    let stores = (production.second().await.expect("opens"), staging.second().await.expect("opens"));
    serve(&stores.0, 1).await;
    serve(&stores.1, 1).await;
    // It may be able to name the tables: that must not be what keeps it out.
    production.administer("GRANT USAGE ON SCHEMA public TO PUBLIC").await;
    let mut connection = production.connection_of(&staging).await;
    let taken = "SELECT rolname::text FROM pg_roles WHERE pg_has_role(oid, 'MEMBER') ORDER BY 1";
    let roles: Vec<String> = sqlx::query_scalar(taken).fetch_all(&mut connection).await.expect("lists");
    assert_eq!(roles, [staged, staging.role().await]);
    for role in &roles {
        let begin = format!("BEGIN; SET LOCAL ROLE {role}; SET LOCAL workforceos.company = '{}'", company(1).0);
        for of in guarded(&mut production.connection().await).await {
            let (table, key) = (&of.table, of.key);
            for sql in [
                format!("SELECT {key} FROM {table}"),
                format!("UPDATE {table} SET {key} = {key}"),
                format!("DELETE FROM {table}"),
                format!("INSERT INTO {table} ({key}) VALUES ('{}')", company(1).0),
            ] {
                let error = after(&mut connection, &begin, &sql).await.expect_err(&sql);
                assert!(error.contains("permission denied"), "{role}: {sql}: {error}");
            }
        }
    }
    connection.close().await.expect("closes");
    stores.0.close().await;
    stores.1.close().await;
    production.end().await;
    staging.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_with_another_databases_policies_gets_its_own_role() {
    let Some(fresh) = Fresh::postgres().await else { return };
    let (role, table) = (fresh.role().await, "users");
    fresh.store.close().await;
    // As after a restore under another name: the policies and the grants are those of the old one.
    let old = format!("{role}_before");
    fresh.administer(&format!("ALTER ROLE {role} RENAME TO {old}")).await;
    let store = fresh.second().await.expect("opens");
    serve(&store, 1).await;
    store.close().await;
    let named = format!(
        "SELECT count(*) FROM pg_policy WHERE polrelid = '{table}'::regclass AND polname = 'own_company' \
         AND polroles = ARRAY['{role}'::regrole::oid]"
    );
    assert_eq!(fresh.number(&named).await, 1);
    let held = format!("SELECT count(*) FROM pg_policy WHERE '{old}'::regrole::oid = ANY (polroles)");
    assert_eq!(fresh.number(&held).await, 0, "the old one sees nothing any more");
    fresh.administer(&format!("DROP OWNED BY {old}; DROP ROLE {old}")).await;
    fresh.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_database_name_has_a_role_too() {
    let Some(fresh) = Fresh::named("_whose_name_is_longer_than_most_names").await else { return };
    let role = fresh.role().await;
    assert!(role.starts_with("workforceos_tenants_") && role.len() == 60, "{role}");
    serve(&fresh.store, 1).await;
    fresh.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_waiting_leaves_no_transaction_behind() {
    let Some(fresh) = Fresh::postgres().await else { return };
    people(&fresh.store, company(1), 1).await;
    for n in 0..60 {
        let soon = Duration::from_micros(20 * n);
        let _ = tokio::time::timeout(soon, fresh.store.select(&query::<Shift>(company(1), Cond::TRUE))).await;
        let _ = tokio::time::timeout(soon, fresh.store.turn(company(1))).await;
    }
    let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    let mut connection = fresh.connection().await;
    let none_left = async {
        while sqlx::query_scalar::<_, i64>(open).fetch_one(&mut connection).await.expect("counts") > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), none_left).await.expect("all are ended");
    assert_eq!(fresh.store.get(User::def(), None, id(1)).await.expect("reads").map(|u| u.id()), Some(id(1)));
    connection.close().await.expect("closes");
    fresh.end().await;
}
