//! `GET /api/v1/audit-logs`: pages, filters, names, and whose log it is.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use workforceos_services::auth::purge_archived;
use workforceos_tests::{Client, Db, TestApp, on_both_databases};

use super::{LOGS, ids, number, page, raw, verified};
use crate::paths::{RECORDS, SHIFTS};
use crate::text;

on_both_databases!(
    pages_have_no_gap_and_no_repeat_while_entries_come,
    filters_narrow_alone_and_together,
    instants_narrow_and_go_on,
    an_entry_tells_who_did_what_and_how,
    every_company_has_its_own_log,
    who_is_forgotten_leaves_places_without_content,
    what_is_plain_is_not_listed_and_what_is_corrected_is,
    what_a_timer_does_is_listed_as_the_timers,
    filters_use_their_indexes,
);

const GROUPS: &str = "/auth-api/v1/usergroups";

async fn groups(client: &Client, count: usize, name: &str) {
    for i in 0..count {
        client.post(GROUPS, json!({"groupName": format!("{name}{i}")})).await.ok();
    }
}

async fn pages_have_no_gap_and_no_repeat_while_entries_come(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    groups(&acme.owner, 60, "early").await;
    let there: BTreeSet<i64> = ids(&page(&acme.owner, "").await).into_iter().collect();
    let (reader, writer) = (acme.owner.client.clone(), acme.owner.client.clone());
    let writing = tokio::spawn(async move { groups(&writer, 40, "late").await });
    let (mut seen, mut before) = (Vec::new(), String::new());
    loop {
        let some = page(&reader, &format!("limit=7{before}")).await;
        let Some(last) = some.last() else { break };
        assert!(some.len() <= 7);
        before = format!("&before={}", last["id"]);
        seen.extend(ids(&some));
    }
    writing.await.expect("written");
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "newest first, each once: {seen:?}");
    let seen: BTreeSet<i64> = seen.into_iter().collect();
    assert!(there.is_subset(&seen), "all that was there when it began: {there:?} {seen:?}");
    // Two hundred at most, which is the default.
    groups(&acme.owner, 130, "more").await;
    assert_eq!(page(&acme.owner, "").await.len(), 200);
    for bad in ["limit=0", "limit=201", "limit=x", "before=yesterday", "from=x", "to=2026-13-01", "actor_user_id=7"] {
        let told = acme.owner.get(&format!("{LOGS}?{bad}")).await;
        assert_eq!((told.status, &told.body["error"]["code"]), (422, &json!("VALIDATION_ERROR")), "{bad}: {}", told.text);
        let name = bad.split('=').next().expect("a name");
        assert_eq!(told.body["error"]["details"][0]["field"], name, "{}", told.text);
    }
}

async fn filters_narrow_alone_and_together(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let eve = acme.admin("eve").await;
    groups(&acme.owner, 3, "owners").await;
    groups(&eve, 2, "eves").await;
    acme.shift("2026-06-10", "09:00-17:00", &[]).await;
    eve.post(SHIFTS, json!({"shiftDate": "2026-06-11", "startTime": "09:00", "endTime": "17:00"})).await.ok();
    let (me, hers) = (acme.owner.text(), eve.text());
    let count = async |query: &str| page(&acme.owner, query).await.len();
    assert_eq!(count("entity_type=userGroup").await, 5);
    assert_eq!(count(&format!("entity_type=userGroup&actor_user_id={me}")).await, 3);
    assert_eq!(count(&format!("entity_type=shift&actor_user_id={hers}")).await, 1);
    let of_hers = page(&acme.owner, &format!("actor_user_id={hers}")).await;
    assert!(of_hers.iter().all(|entry| entry["actor_user_id"] == hers.as_str()) && of_hers.len() >= 4, "{of_hers:?}");
    // All together, one at a time.
    let first = page(&acme.owner, &format!("entity_type=userGroup&actor_user_id={me}&limit=1")).await;
    let rest = page(&acme.owner, &format!("entity_type=userGroup&actor_user_id={me}&before={}", ids(&first)[0])).await;
    assert_eq!((first.len(), rest.len()), (1, 2));
    assert_eq!(count("entity_type=nothing").await, 0);
    assert_eq!(count("entity_type=usergroup").await, 0, "names are as they are written");
}

async fn instants_narrow_and_go_on(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    for hour in 7..11 {
        app.set(&format!("2026-06-01T{hour:02}:00:00Z"));
        groups(&acme.owner, 1, &format!("at{hour}")).await;
    }
    let at = async |query: &str| -> Vec<String> {
        let found = page(&acme.owner, &format!("entity_type=userGroup&{query}")).await;
        found.iter().map(|entry| text(&entry["new_value"], "groupName")).collect()
    };
    assert_eq!(at("before=2026-06-01T09:00:00Z").await, ["at80", "at70"]);
    assert_eq!(at("from=2026-06-01T09:00:00Z").await, ["at100", "at90"]);
    assert_eq!(at("from=2026-06-01T08:00:00Z&to=2026-06-01T10:00:00Z").await, ["at90", "at80"]);
    assert_eq!(at("from=2026-06-01T12:00:00Z").await, [""; 0]);
}

async fn an_entry_tells_who_did_what_and_how(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let made = acme.owner.post(GROUPS, json!({"groupName": "crew"})).await.ok();
    let id = text(&made["userGroup"], "id");
    let path = format!("{GROUPS}/{id}");
    let renamed = acme.owner.request(reqwest::Method::PATCH, &path).header("x-request-id", "trace-9");
    renamed.json(&json!({"groupName": "team"})).send().await.expect("an answer").error_for_status().expect("renamed");
    acme.owner.delete(&path).await.ok();
    let entries = page(&acme.owner, "entity_type=userGroup").await;
    let brief = |entry: &Json| {
        let name = |value: &Json| value["groupName"].as_str().map(str::to_owned);
        (text(entry, "action_type"), name(&entry["old_value"]), name(&entry["new_value"]))
    };
    let some = |name: &str| Some(name.to_owned());
    let expected = [
        ("deleteUserGroup".to_owned(), some("team"), some("team")),
        ("updateUserGroup".to_owned(), some("crew"), some("team")),
        ("createUserGroup".to_owned(), None, some("crew")),
    ];
    assert_eq!(entries.iter().map(brief).collect::<Vec<_>>(), expected);
    assert_eq!(entries[0]["new_value"]["isActive"], false, "deleted");
    let update = &entries[1];
    assert_eq!((&update["entity_id"], &update["actor_user_id"]), (&json!(id), &json!(acme.owner.text())));
    assert_eq!((&update["actor_name"], &update["created_at"]), (&json!("Owner of acme"), &json!("2026-06-01T06:00:00.000Z")));
    assert_eq!(update["extra_metadata"], json!({"via": "rest", "requestId": "trace-9"}));
    // By a tool, with the program's name.
    let by_tool = acme.owner.request(reqwest::Method::POST, "/mcpbff-api/api/tools/call").header("user-agent", "walker/1.0");
    let call = json!({"toolName": "createUserGroup", "args": {"groupName": "by tool"}});
    by_tool.json(&call).send().await.expect("an answer").error_for_status().expect("made");
    let newest = &page(&acme.owner, "entity_type=userGroup&limit=1").await[0];
    assert_eq!((&newest["extra_metadata"]["via"], &newest["extra_metadata"]["client"]), (&json!("mcp"), &json!("walker/1.0")));
}

async fn every_company_has_its_own_log(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, other) = (app.company("acme", "UTC").await, app.company("other", "UTC").await);
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    groups(&acme.owner, 2, "acmes").await;
    for client in [&ann, &mia] {
        for path in [LOGS, "/api/v1/audit-logs/verify", "/api/v1/audit-logs/export"] {
            let told = client.get(path).await;
            assert_eq!((told.status, &told.body["error"]["code"]), (403, &json!("PERMISSION_ERROR")), "{path}: {}", told.text);
        }
    }
    assert_eq!(app.anonymous().get(LOGS).await.status, 401);
    assert_eq!(page(&other.owner, "entity_type=userGroup").await, [] as [Json; 0]);
    assert_eq!(other.owner.claiming("acme").get(LOGS).await.status, 403);
    assert_eq!(page(&other.owner, &format!("actor_user_id={}", acme.owner.text())).await, [] as [Json; 0]);
    // Whoever left is named still.
    let eve = acme.admin("eve").await;
    groups(&eve, 1, "eves").await;
    acme.owner.delete(&format!("/auth-api/v1/users/{}", eve.text())).await.ok();
    let hers = page(&acme.owner, &format!("actor_user_id={}&entity_type=userGroup", eve.text())).await;
    assert_eq!(hers[0]["actor_name"], "eve");
    // The SaaS level has a log of its own, and its admins reach everybody's.
    let root = app.super_admin().await;
    let own = page(&root, "").await;
    assert!(own.iter().any(|entry| entry["action_type"] == "login"), "{own:?}");
    assert!(own.iter().all(|entry| entry["entity_type"] != "userGroup"));
    assert_eq!(page(&root.claiming("acme"), "entity_type=userGroup").await.len(), 3);
    assert_eq!(verified(&root).await, (true, None));
    root.claiming("acme").post(GROUPS, json!({"groupName": "roots"})).await.ok();
    let theirs = &page(&acme.owner, "entity_type=userGroup&limit=1").await[0];
    assert!(theirs["actor_name"].is_string(), "who acts from the SaaS level is named: {theirs}");
}

async fn who_is_forgotten_leaves_places_without_content(db: Db) {
    let app = TestApp::start(db).await;
    let mut acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    ann.patch("/auth-api/v1/profile", json!({"fullname": "Ann Example"})).await.ok();
    groups(&acme.owner, 2, "kept").await;
    let about = |entries: &[Json]| -> Vec<Json> {
        entries.iter().filter(|entry| entry["entity_id"] == ann.text().as_str()).cloned().collect()
    };
    let before = about(&page(&acme.owner, "").await);
    assert!(before.iter().any(|entry| entry["new_value"]["fullname"] == "Ann Example"), "{before:?}");
    ann.delete("/auth-api/v1/profile").await.ok();
    app.set("2026-07-04T06:00:00Z");
    assert_eq!(purge_archived(&app.services()).await.expect("purges"), 1);
    acme.owner.log_in().await;
    let all = page(&acme.owner, "").await;
    let erased: Vec<&Json> = all.iter().filter(|entry| entry["extra_metadata"]["erased"] == true).collect();
    assert!(erased.len() >= before.len(), "{erased:?}");
    for entry in &erased {
        assert!(entry["old_value"].is_null() && entry["new_value"].is_null(), "{entry}");
        let extra = entry["extra_metadata"].as_object().expect("metadata");
        assert_eq!(extra.keys().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(["erased", "requestId", "via"]));
    }
    let whole = serde_json::to_string(&all).expect("JSON");
    assert!(!whole.contains("Ann Example") && !whole.contains("ann@"), "{whole}");
    let purge = all.iter().find(|entry| entry["extra_metadata"]["purged"] == true).expect("the purge's own entry");
    assert!(purge["extra_metadata"]["erased"].is_array() && purge["extra_metadata"]["via"] == "timer", "{purge}");
    // Whoever did something and is forgotten has no name of their own any more.
    let hers = page(&acme.owner, &format!("actor_user_id={}", ann.text())).await;
    assert!(!hers.is_empty() && hers.iter().all(|entry| entry["actor_name"] == "Deleted user"), "{hers:?}");
    let told = acme.owner.get("/api/v1/audit-logs/verify").await.ok();
    let gone = format!("SELECT CAST(count(*) AS TEXT) FROM journal WHERE salt IS NULL AND company_id = '{}'", acme.id);
    let gone = number(&app, &gone).await;
    assert_eq!((&told["valid"], &told["first_bad_id"]), (&json!(true), &json!(null)), "{told}");
    assert_eq!(told["erased"], gone, "{told}");
    let (code, said) = super::said(&super::verify_program(&app, &["--company", "acme"]).await);
    assert_eq!((code, said.contains(&format!("{} of them erased lawfully", told["erased"]))), (Some(0), true), "{said}");
    let file = acme.owner.get("/api/v1/audit-logs/export?format=json").await;
    assert!(file.status == 200 && !file.text.contains("Ann Example") && file.text.contains("\"erased\":true"), "{}", file.text);
}

async fn what_is_plain_is_not_listed_and_what_is_corrected_is(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let shift = acme.shift("2026-06-01", "06:00-14:00", &[&ann]).await;
    let record = text(&ann.post(crate::paths::CHECK_IN, json!({"shiftId": shift})).await.ok()["attendanceRecord"], "id");
    assert_eq!(page(&acme.owner, "entity_type=attendanceRecord").await, [] as [Json; 0], "the record itself keeps the moment");
    acme.owner.patch(&format!("{RECORDS}/{record}"), json!({"managerNote": "seen"})).await.ok();
    let corrected = page(&acme.owner, "entity_type=attendanceRecord").await;
    assert_eq!((corrected.len(), &corrected[0]["action_type"]), (1, &json!("correctAttendanceRecord")), "{corrected:?}");
    assert!(corrected[0]["old_value"]["managerNote"].is_null() && corrected[0]["new_value"]["managerNote"] == "seen");
}

async fn what_a_timer_does_is_listed_as_the_timers(db: Db) {
    let app = TestApp::start(db).await;
    let mut acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    acme.shift("2026-06-01", "06:30-14:00", &[&ann]).await;
    app.sweep_at(workforceos_tests::time::at("2026-06-02T06:00:00Z")).await;
    acme.owner.log_in().await;
    let absent = page(&acme.owner, "entity_type=attendanceRecord").await;
    assert_eq!(absent.len(), 1, "{absent:?}");
    assert_eq!((&absent[0]["actor_user_id"], &absent[0]["actor_name"]), (&json!(null), &json!(null)));
    assert_eq!((&absent[0]["extra_metadata"]["via"], &absent[0]["new_value"]["status"]), (&json!("timer"), &json!("absent")));
}

/// The plans of the queries behind the filters, with enough rows that a plan matters.
async fn filters_use_their_indexes(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    groups(&acme.owner, 20, "some").await;
    // As many as a year has: most are no audit, and few are anybody's.
    let (first, nobody) =
        (number(&app, "SELECT CAST(max(seq) AS TEXT) FROM journal").await + 1, "00000000-0000-7000-8000-00000000000");
    let many = format!(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
         INSERT INTO journal (company_id, seq, at, action, object, object_id, actor_id, via, request_id, audience, after, before, extra, \
         audited, salt, digest, chain) SELECT '{}', {first} + i, 0, 'x', 'shift', '{nobody}1', '{nobody}' || CAST(i % 9 AS TEXT), 'rest', \
         'x', '{{}}', 'null', 'null', 'null', CASE WHEN i % 20 = 0 THEN 1 ELSE 0 END, '', '', '' FROM n",
        acme.id
    );
    raw(&app, &many).await;
    raw(&app, "ANALYZE").await;
    let explain = if db == Db::Sqlite { "EXPLAIN QUERY PLAN" } else { "EXPLAIN" };
    for (filter, index) in [
        (" AND object = 'userGroup'".to_owned(), "journal_audited_object"),
        (format!(" AND actor_id = '{}'", acme.owner.text()), "journal_audited_actor"),
        (format!(" AND object = 'userGroup' AND actor_id = '{}'", acme.owner.text()), "journal_audited_"),
    ] {
        let sql = format!(
            "{explain} SELECT seq, at, actor_id, action, object, object_id, via, request_id, before, after, extra FROM journal WHERE \
             company_id = '{}' AND audited = 1 AND seq < 900000{filter} ORDER BY seq DESC LIMIT 200",
            acme.id
        );
        let plan = plan(&app, db, &sql).await;
        assert!(plan.contains(index), "{filter}: {plan}");
        assert!(!plan.contains("TEMP B-TREE") && !plan.contains("Seq Scan"), "{filter}: {plan}");
    }
    // An instant is compared within the index: no entry outside of it is read.
    for index in ["journal_audited", "journal_audited_object", "journal_audited_actor"] {
        let columns = match db {
            Db::Sqlite => format!("SELECT group_concat(name) FROM pragma_index_info('{index}')"),
            Db::Postgres => format!("SELECT pg_get_indexdef('{index}'::regclass)"),
        };
        let columns = raw(&app, &columns).await[0][0].clone().unwrap_or_default().replace(' ', "");
        assert!(columns.contains(",seq,at"), "{index}: {columns}");
    }
    if db == Db::Postgres {
        let company = format!("company_id = '{}' AND audited = 1", acme.id);
        let sql = format!("{explain} SELECT seq, before FROM journal WHERE {company} AND at < -1 ORDER BY seq DESC LIMIT 200");
        let plan = plan(&app, db, &sql).await;
        assert!(plan.lines().any(|line| line.contains("Index Cond") && line.contains("at < ")), "{plan}");
    }
}

async fn plan(app: &TestApp, db: Db, sql: &str) -> String {
    // SQLite tells the plan in the fourth column, after three numbers.
    let at = if db == Db::Sqlite { 3 } else { 0 };
    let rows = raw(app, sql).await;
    rows.iter().filter_map(|row| row.get(at).cloned().flatten()).collect::<Vec<_>>().join("\n")
}
