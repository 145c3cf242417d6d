//! Imports beside everything else that goes on: whole or not at all, one at a time, by the rules as they hold at that moment.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use sqlx::{Connection, PgConnection, SqliteConnection};
use workforceos_store::Database;
use workforceos_tests::{Client, Company, Db, Person, TestApp, on_both_databases};

use super::{ATTENDANCE, PEOPLE, SHIFTS, at, counts, done, refused, send, total};
use crate::paths;

on_both_databases!(
    nobody_sees_a_part,
    a_shift_planned_meanwhile_is_seen_or_refused,
    one_import_of_a_company_runs_at_a_time,
    managers_and_employees_import_nothing,
    the_journal_names_what_a_long_import_made,
    an_answer_is_kept_with_the_rows,
    bad_rows_late_in_a_long_file_leave_nothing,
    long_files_change_what_is_there,
);

const SHIFT_HEAD: &str = "date,start,end,people";

fn days(count: i64) -> impl Iterator<Item = chrono::NaiveDate> {
    let first: chrono::NaiveDate = "2027-01-01".parse().expect("a date");
    (0..count).map(move |day| first + chrono::Duration::days(day))
}

/// A shift of one person on each of so many days, at each of these hours.
fn shifts(email: &str, count: i64, hours: std::ops::Range<u32>) -> String {
    let mut lines = vec![SHIFT_HEAD.to_owned()];
    for day in days(count) {
        lines.extend(hours.clone().map(|hour| format!("{day},{hour:02}:00,{hour:02}:30,{email}")));
    }
    lines.join("\n")
}

fn planned(who: &Person, date: &str, start: &str, end: &str) -> Json {
    json!({"shiftDate": date, "startTime": start, "endTime": end, "assignedUserIds": [who.text()]})
}

async fn post(company: &Company, path: &str, csv: &str) -> workforceos_tests::Reply {
    company.owner.post(path, json!({"csv": csv})).await
}

async fn nobody_sees_a_part(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, zen) = (app.company("acme", "UTC").await, app.company("zen", "UTC").await);
    let ann = acme.employee("ann").await;
    // On PostgreSQL the reader is at another node, which knows the company already.
    let twin = if db == Db::Postgres { Some(app.twin().await) } else { None };
    let at_reader = |client: &Client| twin.as_ref().map_or_else(|| client.clone(), |twin| client.at(twin));
    let (ann_there, owner_there) = (at_reader(&ann), at_reader(&acme.owner));
    owner_there.post(paths::SHIFTS, planned(&ann, "2026-12-31", "10:00", "10:30")).await.ok();
    let csv = shifts(&ann.email, 150, 0..20);
    let import = async { done(post(&acme, SHIFTS, &csv).await) };
    let reader = async {
        let mut seen = Vec::new();
        loop {
            seen.push((total(&ann_there, paths::SHIFTS).await, total(&owner_there, paths::SHIFTS).await));
            if seen.last() == Some(&(3_001, 3_001)) {
                return seen;
            }
        }
    };
    // Another company plans its shifts meanwhile.
    let neighbour = async {
        for day in days(20) {
            zen.shift(&day.to_string(), "09:00-17:00", &[]).await;
        }
    };
    let (counted, seen, ()) = tokio::join!(import, reader, neighbour);
    assert_eq!(counted, [3_000, 0, 0, 0]);
    assert!(seen.len() > 3, "it was looked at meanwhile");
    let part = seen.iter().find(|(own, all)| ![1, 3_001].contains(own) || ![1, 3_001].contains(all));
    assert_eq!(part, None, "all of it or nothing");
    assert_eq!(total(&zen.owner, paths::SHIFTS).await, 20, "and of others nothing");
    // What is decided there next is decided on all of it.
    owner_there.post(paths::SHIFTS, planned(&ann, "2027-03-01", "10:10", "10:50")).await.refused(409, "ShiftConflict");
    owner_there.post(paths::SHIFTS, planned(&ann, "2027-03-01", "20:00", "21:00")).await.ok();
}

async fn a_shift_planned_meanwhile_is_seen_or_refused(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (mut first, mut second) = (0, 0);
    for round in 0..8_u64 {
        let who = acme.employee(&format!("p{round}")).await;
        let csv = shifts(&who.email, 60, 0..20);
        let last = days(60).last().expect("a day").to_string();
        let import = async { post(&acme, SHIFTS, &csv).await };
        let plan = async {
            tokio::time::sleep(std::time::Duration::from_millis(round * 25)).await;
            acme.plan(&last, "19:10-19:50", &[&who]).await
        };
        let (imported, planned) = tokio::join!(import, plan);
        let mine = total(&who, paths::SHIFTS).await;
        match planned.status {
            201 => {
                first += 1;
                assert_eq!(refused(imported), [at(1_201, "people")], "round {round}: the last line");
                assert_eq!(mine, 1);
            }
            _ => {
                second += 1;
                planned.refused(409, "ShiftConflict");
                assert_eq!((done(imported), mine), ([1_200, 0, 0, 0], 1_200), "round {round}");
            }
        }
    }
    assert_eq!(first + second, 8, "{first} times the shift was first, {second} times the import");
}

async fn one_import_of_a_company_runs_at_a_time(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, zen) = (app.company("acme", "UTC").await, app.company("zen", "UTC").await);
    let csv = shifts("owner@acme.test", 150, 0..20);
    let running = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let import = async {
        let reply = loop {
            // The small ones may have been first.
            let reply = post(&acme, SHIFTS, &csv).await;
            if reply.status != 409 {
                break reply;
            }
        };
        running.store(false, std::sync::atomic::Ordering::SeqCst);
        done(reply)
    };
    let others = async {
        let mut told = 0;
        while running.load(std::sync::atomic::Ordering::SeqCst) {
            let again = send(&acme.owner, PEOPLE, &["email,name", "owner@acme.test,Owner"]).await;
            if again.status == 409 {
                again.refused(409, "ImportRunning");
                told += 1;
            } else {
                assert_eq!(done(again), [0, 0, 1, 0]);
            }
            assert_eq!(send(&zen.owner, PEOPLE, &["email,name", "owner@zen.test,Owner"]).await.status, 200, "another company's");
        }
        told
    };
    let (counted, told) = tokio::join!(import, others);
    assert_eq!(counted, [3_000, 0, 0, 0]);
    assert!(told > 0, "the second of two was refused");
    assert_eq!(done(send(&acme.owner, PEOPLE, &["email,name", "owner@acme.test,Owner"]).await), [0, 0, 1, 0], "now it may");
}

async fn managers_and_employees_import_nothing(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (mia, ann) = (acme.employee("mia").await, acme.employee("ann").await);
    acme.manager_of(&mia, &[&ann]).await;
    for (path, head) in [(PEOPLE, "email,name"), (SHIFTS, SHIFT_HEAD), (ATTENDANCE, "date,email,start,check in")] {
        for who in [&mia, &ann] {
            send(who, path, &[head]).await.refused(403, "Forbidden");
        }
        assert_eq!(done(send(&acme.owner, path, &[head]).await), [0, 0, 0, 0]);
    }
}

async fn the_journal_names_what_a_long_import_made(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let old = acme.employee("old").await;
    let mut lines = vec!["email,name,department,position,start,manager".to_owned()];
    lines.extend((0..1_200).map(|n| format!("p{n}@acme.test,P {n},Team {},Cook,2024-01-01,{}", n % 7, old.email)));
    lines.push(format!("{},Old,Team 0,,,", old.email));
    let mut live = acme.owner.stream("people").await;
    live.snapshot().await;
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert_eq!(done(send(&acme.owner, PEOPLE, &lines).await), [1_200, 1, 0, 0]);
    let event = live.told().await;
    assert_eq!(event.kind(), "user.imported", "{event:?}");
    // One for all of them.
    live.next_is(super::hired(&acme.owner).await).await;

    let entries = entries(&app, "importPeople").await;
    assert!(entries.len() < 60, "{} entries", entries.len());
    assert!(entries.iter().all(|entry| entry.actor == acme.owner.text()), "who imported");
    let figures = &entries.last().expect("a last one").extra["import"];
    assert_eq!((&figures["created"], &figures["updated"], &figures["rows"]), (&json!(1_200), &json!(1), &json!(1_201)));
    let made = |object: &str| -> Vec<String> {
        let lists = entries.iter().filter_map(|entry| entry.extra["import"]["created"][object].as_array());
        lists.flatten().map(|id| id.as_str().expect("an id").to_owned()).collect()
    };
    let told = [made("user").len(), made("employeeProfile").len(), made("userGroup").len(), made("userGroupMember").len()];
    assert_eq!(told, [1_200, 1_200, 7, 1_200]);
    let found = acme.owner.get("/auth-api/v1/users?email=p77@acme.test").await.ok();
    assert!(made("user").contains(&crate::text(&found["users"][0], "id")), "which rows it made");
    // Of somebody who was there before the entry says what came to be.
    let joined: Vec<&Entry> = entries.iter().filter(|entry| entry.object == "userGroupMember").collect();
    assert_eq!(joined.len(), 1);
    assert_eq!(joined[0].after["userId"], json!(old.text()));
    assert_eq!(app.services().store.verify(acme.id).await.expect("verified").first_bad, None);
}

struct Entry {
    object: String,
    actor: String,
    after: Json,
    extra: Json,
}

/// The audit log's entries of an API.
async fn entries(app: &TestApp, action: &str) -> Vec<Entry> {
    let read = "SELECT object, actor_id, after, extra FROM journal WHERE audited = 1 AND action = $1 ORDER BY seq";
    let rows: Vec<(String, String, String, String)> = match &app.services().settings.database {
        Database::Sqlite(path) => {
            let mut db = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("the database");
            sqlx::query_as(read).bind(action).fetch_all(&mut db).await.expect("the journal")
        }
        Database::Postgres(url) => {
            let mut db = PgConnection::connect(url).await.expect("the database");
            sqlx::query_as(read).bind(action).fetch_all(&mut db).await.expect("the journal")
        }
    };
    let json = |text: String| serde_json::from_str(&text).expect("JSON");
    rows.into_iter()
        .map(|(object, actor, after, extra)| Entry { object, actor, after: json(after), extra: json(extra) })
        .collect()
}

async fn an_answer_is_kept_with_the_rows(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (keyed, csv) = (acme.owner.with_key("import-1"), shifts("owner@acme.test", 20, 0..20));
    let first = keyed.post(SHIFTS, json!({"csv": csv})).await.ok()["import"].clone();
    let again = keyed.post(SHIFTS, json!({"csv": csv})).await.ok()["import"].clone();
    assert_eq!((counts(&first), &again), ([400, 0, 0, 0], &first), "the same answer, not that of a second import");
    assert_eq!(done(acme.owner.with_key("import-2").post(SHIFTS, json!({"csv": csv})).await), [0, 0, 400, 0]);
    assert_eq!(total(&acme.owner, paths::SHIFTS).await, 400);
    let dry = acme.owner.with_key("import-3").post(SHIFTS, json!({"csv": csv, "dryRun": true})).await;
    assert_eq!(done(dry), [0, 0, 400, 0]);
}

async fn bad_rows_late_in_a_long_file_leave_nothing(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let csv = shifts("owner@acme.test", 150, 0..20);
    let bad = format!("{csv}\n2028-01-01,09:00,10:00,nobody@acme.test\n2028-01-01,10:00,10:00,");
    assert_eq!(refused(post(&acme, SHIFTS, &bad).await), [at(3_002, "people"), at(3_003, "end")]);
    assert_eq!(total(&acme.owner, paths::SHIFTS).await, 0);
    // The company goes on as if nothing had been.
    acme.shift("2027-01-01", "00:00-00:30", &[&acme.owner]).await;
    let partial = acme.owner.post(SHIFTS, json!({"csv": bad, "partial": true})).await.ok()["import"].clone();
    assert_eq!(counts(&partial), [2_999, 0, 1, 2], "all good ones at once");
    assert_eq!(total(&acme.owner, paths::SHIFTS).await, 3_000);
}

async fn long_files_change_what_is_there(db: Db) {
    const PEOPLE_COUNT: usize = 1_300;
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let file = |salary: u32| {
        let mut lines = vec!["email,name,position,start,salary".to_owned()];
        lines.extend((0..PEOPLE_COUNT).map(|n| format!("p{n}@acme.test,P {n},Cook,2024-01-01,{salary}")));
        lines.join("\n")
    };
    assert_eq!(done(post(&acme, PEOPLE, &file(2_000)).await), [PEOPLE_COUNT as u64, 0, 0, 0]);
    assert_eq!(done(post(&acme, PEOPLE, &file(2_100)).await), [0, PEOPLE_COUNT as u64, 0, 0]);
    let list = acme.owner.get(&format!("{}?salary=2100&pageRowCount=1", paths::PROFILES)).await.ok();
    assert_eq!(list["paging"]["totalRowCount"], json!(PEOPLE_COUNT));
    assert_eq!(list["employeeProfiles"][0]["recordVersion"], json!(2));
    let raised = entries(&app, "importPeople").await;
    let raised =
        raised.iter().filter(|entry| entry.object == "employeeProfile" && entry.after["salary"].as_f64() == Some(2_100.0));
    assert_eq!(raised.count(), PEOPLE_COUNT, "each change is told with before and after");
    // The company's state is as the database has it: the next decision sees who is there.
    super::hired(&acme.owner).await;
}
