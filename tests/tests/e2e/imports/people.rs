//! People: users, departments, profiles.

use serde_json::json;
use workforceos_core::time::Timestamp;
use workforceos_tests::{Db, PASSWORD, Setup, TestApp, on_both_databases};

use super::{PEOPLE, at, counts, done, places, refused, send, total};
use crate::text;

on_both_databases!(
    people_come_with_departments_and_profiles,
    a_repeated_import_adds_nothing,
    every_bad_row_is_named_and_nothing_written,
    partial_leaves_out_bad_rows_and_those_that_need_them,
    people_without_a_password_cannot_log_in_but_reset_it,
    only_admins_import_and_only_the_owner_makes_admins,
    other_companies_are_not_there,
    long_files_are_told_once,
    the_rules_of_profiles_hold,
    files_of_another_make_are_refused,
);

const USERS: &str = "/auth-api/v1/users";
const HEAD: &str = "email,fullname,role,department,position,employmentStartDate,contractType,salary,manager";

async fn people_come_with_departments_and_profiles(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let kitchen = acme.department("Kitchen", &[]).await.to_string();
    // The manager stands below her reports, and the kitchen is there in other letters.
    let lines = [
        HEAD,
        "ann@acme.test,\"Ann, the cook\",,kitchen,Cook,2024-02-01,temporary,2100.5,Mia@acme.test",
        "ben@acme.test,=1+1,,Bar,,,,,",
        "mia@acme.test,Mia,tenantAdmin,Bar,Chef,2020-01-01,,,owner@acme.test",
    ];
    let report = send(&acme.owner, PEOPLE, &lines).await.ok()["import"].clone();
    assert_eq!(counts(&report), [3, 0, 0, 0]);
    assert_eq!(report["newDepartments"], json!(["Bar"]));

    let users = acme.owner.get(&format!("{USERS}?sortBy=email")).await.ok();
    let user = |email: &str| {
        let found = users["users"].as_array().into_iter().flatten().find(|u| u["email"] == email);
        found.cloned().unwrap_or_else(|| panic!("{email} in {users}"))
    };
    assert_eq!(user("ann@acme.test")["fullname"], "Ann, the cook");
    assert_eq!(user("ben@acme.test")["fullname"], "=1+1", "a formula is text like any other");
    assert_eq!(user("mia@acme.test")["roleId"], "tenantAdmin");
    assert_eq!(user("ann@acme.test")["emailVerified"], false);
    let members = acme.owner.get(&format!("/auth-api/v1/listusergroupmembers/{kitchen}")).await.ok();
    assert_eq!(members["userGroupMembers"][0]["userId"], user("ann@acme.test")["id"]);

    let profiles = profiles(&app, &acme).await;
    assert_eq!(profiles.len(), 2, "who has no HR data has no profile");
    let ann = profiles.iter().find(|p| p.user_id.to_string() == text(&user("ann@acme.test"), "id")).expect("a profile");
    assert_eq!((ann.position.as_str(), ann.salary), ("Cook", Some(2100.5)));
    assert_eq!(ann.manager_id.map(|id| id.to_string()), Some(text(&user("mia@acme.test"), "id")));
    assert_eq!(ann.department_id.map(|id| id.to_string()), Some(kitchen));
}

async fn profiles(app: &TestApp, company: &workforceos_tests::Company) -> Vec<workforceos_core::objects::EmployeeProfile> {
    use workforceos_core::object::DataObject;
    use workforceos_core::objects::EmployeeProfile;
    use workforceos_core::query::{Cond, Query};
    let all = Query::of(EmployeeProfile::def(), company.id, Cond::TRUE);
    let rows = app.services().store.select(&all).await.expect("read");
    rows.into_iter().map(|row| EmployeeProfile::from_record(row).expect("a profile")).collect()
}

async fn a_repeated_import_adds_nothing(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let lines = [HEAD, "ann@acme.test,Ann,,Bar,Cook,2024-02-01,,2000,", "ben@acme.test,Ben,,Bar,,,,,"];
    assert_eq!(done(send(&acme.owner, PEOPLE, &lines).await), [2, 0, 0, 0]);
    let users = total(&acme.owner, USERS).await;
    assert_eq!(done(send(&acme.owner, PEOPLE, &lines).await), [0, 0, 2, 0]);
    assert_eq!((total(&acme.owner, USERS).await, total(&acme.owner, "/auth-api/v1/usergroups").await), (users, 1));
    // Of somebody who is there profile and department follow the file; name and role do not.
    let later = [HEAD, "ANN@acme.test,Anna,tenantAdmin,Hall,,,,2500,", "ben@acme.test,Ben,,Bar,,,,,"];
    assert_eq!(done(send(&acme.owner, PEOPLE, &later).await), [0, 1, 1, 0]);
    let profile = profiles(&app, &acme).await.remove(0);
    assert_eq!((profile.salary, profile.position.as_str(), profile.meta.record_version), (Some(2500.0), "Cook", 2));
    let ann = acme.owner.get(&format!("{USERS}?email=ann@acme.test")).await.ok()["users"][0].clone();
    assert_eq!((text(&ann, "fullname"), text(&ann, "roleId")), ("Ann".to_owned(), "tenantUser".to_owned()));
}

async fn every_bad_row_is_named_and_nothing_written(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    acme.department("Twin", &[]).await;
    acme.department("twin", &[]).await;
    let gone = acme.employee("gone").await;
    gone.delete("/auth-api/v1/profile").await.ok();
    let long = format!("long@acme.test,{},,,,,,,", "x".repeat(1_001));
    let lines = [
        HEAD,
        "good@acme.test,Good,,,,,,,",
        "nobody,,,,,,,,",
        "a@acme.test,A,tenantOwner,,Cook,2024-02-30,eternal,-1,nobody",
        "b@acme.test,\"B\nof two lines\",,Twin,Cook,2024-01-01,,,",
        "c@acme.test,C,,,,,,10,stranger@acme.test",
        "d@acme.test,D,,,Cook,,,,",
        "GOOD@acme.test,Again,,,,,,,",
        "e@acme.test,E,,,,,,,e@acme.test",
        &long,
        "f@acme.test,F",
    ];
    let bad = refused(send(&acme.owner, PEOPLE, &lines).await);
    let wanted = [
        at(3, "email"),
        at(3, "fullname"),
        at(4, "contractType"),
        at(4, "employmentStartDate"),
        at(4, "manager"),
        at(4, "role"),
        at(4, "salary"),
        at(5, "department"),
        at(7, "manager"),
        at(8, "employmentStartDate"),
        at(9, "-"),
        at(10, "manager"),
        at(11, "fullname"),
        at(12, "-"),
    ];
    assert_eq!(bad, wanted, "the quoted newline counts as a line");
    assert_eq!(total(&acme.owner, USERS).await, 2, "the owner and who archived");
    let archived = send(&acme.owner, PEOPLE, &[HEAD, "gone@acme.test,Gone,,,,,,,"]).await;
    assert_eq!(archived.status, 422, "{}", archived.text);
}

async fn partial_leaves_out_bad_rows_and_those_that_need_them(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let lines = [
        HEAD,
        "ann@acme.test,Ann,,,Cook,2024-01-01,,,ben@acme.test",
        "ben@acme.test,Ben,,,Cook,2024-01-01,,,cem@acme.test",
        "cem@acme.test,Cem,,,Cook,,,,",
        "dan@acme.test,Dan,,,Cook,2024-01-01,,,",
    ];
    let body = json!({"csv": lines.join("\r\n"), "partial": true});
    let dry = acme.owner.post(PEOPLE, json!({"csv": lines.join("\r\n"), "partial": true, "dryRun": true})).await.ok();
    assert_eq!((counts(&dry["import"]), total(&acme.owner, USERS).await), ([1, 0, 0, 3], 1), "a dry run writes nothing");
    let report = acme.owner.post(PEOPLE, body).await.ok()["import"].clone();
    assert_eq!((counts(&report), total(&acme.owner, USERS).await), ([1, 0, 0, 3], 2));
    assert_eq!(places(&report), [at(2, "-"), at(3, "-"), at(4, "employmentStartDate")]);
}

async fn people_without_a_password_cannot_log_in_but_reset_it(db: Db) {
    let app = TestApp::with(db, Setup::default()).await;
    let acme = app.company("acme", "UTC").await;
    done(send(&acme.owner, PEOPLE, &["email;name", "ann@acme.test;Ann"]).await);
    let anybody = app.anonymous().claiming(&acme.codename);
    for password in ["", " ", PASSWORD] {
        let told = anybody.post("/auth-api/login", json!({"username": "ann@acme.test", "password": password})).await;
        assert!((400..500).contains(&told.status), "{}", told.text);
    }
    let (app_store, end) = (app.services(), Timestamp(i64::MAX));
    let pending = app_store.store.claim_outbox("mail", end, end, 10).await.expect("read");
    assert_eq!(pending.len(), 0, "what the outbox holds are mails");
    let path = "/auth-api/verification-services/password-reset-by-email";
    let code = text(&anybody.post(&format!("{path}/start"), json!({"email": "ann@acme.test"})).await.ok(), "secretCode");
    let body = json!({"email": "ann@acme.test", "secretCode": code, "password": PASSWORD});
    anybody.post(&format!("{path}/complete"), body).await.ok();
    anybody.post("/auth-api/login", json!({"username": "ann@acme.test", "password": PASSWORD})).await.ok();
}

async fn only_admins_import_and_only_the_owner_makes_admins(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (admin, ann) = (acme.admin("eve").await, acme.employee("ann").await);
    let lines = ["email,name,role", "new@acme.test,New,tenantAdmin"];
    send(&ann, PEOPLE, &lines).await.refused(403, "Forbidden");
    assert_eq!(refused(send(&admin, PEOPLE, &lines).await), [at(2, "role")]);
    assert_eq!(done(send(&acme.owner, PEOPLE, &lines).await), [1, 0, 0, 0]);
}

async fn other_companies_are_not_there(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, zen) = (app.company("acme", "UTC").await, app.company("zen", "UTC").await);
    zen.department("Bar", &[]).await;
    let boss = zen.employee("boss").await;
    let line = format!("ann@acme.test,Ann,,Bar,Cook,2024-01-01,,,{}", boss.email);
    assert_eq!(refused(send(&acme.owner, PEOPLE, &[HEAD, &line]).await), [at(2, "manager")]);
    // The same address in another company is another person.
    assert_eq!(done(send(&acme.owner, PEOPLE, &[HEAD, &format!("{},Boss,,Bar,,,,,", boss.email)]).await), [1, 0, 0, 0]);
    assert_eq!(total(&zen.owner, USERS).await, 2);
    assert_eq!(total(&acme.owner, "/auth-api/v1/usergroups").await, 1, "a bar of its own");
}

async fn the_rules_of_profiles_hold(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (boss, left) = (acme.employee("boss").await, acme.employee("left").await);
    let first = [HEAD, "boss@acme.test,Boss,,,Chef,2020-01-01,,,", "mia@acme.test,Mia,,,Cook,2020-01-01,,,boss@acme.test"];
    assert_eq!(done(send(&acme.owner, PEOPLE, &first).await), [1, 1, 0, 0]);
    left.delete("/auth-api/v1/profile").await.ok();
    // Circles: within the file, through whoever is there already, and of two rows; who is only managed from one is not in it.
    let lines = [
        HEAD,
        "a@acme.test,A,,,Cook,2024-01-01,,,c@acme.test",
        "b@acme.test,B,,,Cook,2024-01-01,,,a@acme.test",
        "c@acme.test,C,,,Cook,2024-01-01,,,b@acme.test",
        "d@acme.test,D,,,Cook,2024-01-01,,,owner@acme.test",
        "boss@acme.test,Boss,,,,,,,mia@acme.test",
        "e@acme.test,E,,,Cook,2024-01-01,,,left@acme.test",
    ];
    let bad = refused(send(&acme.owner, PEOPLE, &lines).await);
    assert_eq!(bad, [at(2, "manager"), at(3, "manager"), at(4, "manager"), at(6, "manager"), at(7, "manager")]);
    let below = [HEAD, lines[1], lines[2], lines[3], "f@acme.test,F,,,Cook,2024-01-01,,,b@acme.test"];
    assert_eq!(
        refused(send(&acme.owner, PEOPLE, &below).await),
        [at(2, "manager"), at(3, "manager"), at(4, "manager"), at(5, "-")]
    );
    let partial = acme.owner.post(PEOPLE, json!({"csv": lines.join("\n"), "partial": true})).await.ok();
    assert_eq!(counts(&partial["import"]), [1, 0, 0, 5]);
    // What one API makes the other knows: one profile of a user, and its managers.
    let mine =
        json!({"userId": boss.text(), "employmentStartDate": "2020-01-01", "position": "Chef", "contractType": "permanent"});
    acme.owner.post(crate::paths::PROFILES, mine).await.refused(409, "AlreadyExists");
    let turned = [HEAD, "mia@acme.test,Mia,,,,,,,owner@acme.test", "boss@acme.test,Boss,,,,,,,mia@acme.test"];
    assert_eq!(done(send(&acme.owner, PEOPLE, &turned).await), [0, 2, 0, 0], "what the file says as a whole counts");
}

async fn long_files_are_told_once(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let mut live = acme.owner.stream("people").await;
    let mut lines = vec!["email,name,department,position,start,manager".to_owned()];
    lines.extend(
        (0..1_199).map(|n| format!("p{n}@acme.test,P {n},Team {},Cook,2024-01-01,p{}@acme.test", n % 7, 1_199 - (1_199 - n) / 2)),
    );
    // Who is below whom stands all over the file; she is at the top.
    lines.push("p1199@acme.test,P 1199,Team 2,Boss,2024-01-01,".to_owned());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert_eq!(done(send(&acme.owner, PEOPLE, &lines).await), [1_200, 0, 0, 0]);
    assert_eq!(total(&acme.owner, USERS).await, 1_201);
    assert_eq!(total(&acme.owner, "/auth-api/v1/usergroups").await, 7);
    assert_eq!(done(send(&acme.owner, PEOPLE, &lines).await), [0, 0, 1_200, 0]);
    live.snapshot().await;
    let event = live.told().await;
    assert_eq!(event.kind(), "user.imported", "one event for all of them: {event:?}");
    // A repetition that adds nothing tells nothing.
    live.next_is(super::hired(&acme.owner).await).await;
    app.services().store.verify(acme.id).await.expect("the journal is whole");
}

async fn files_of_another_make_are_refused(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    for csv in ["", "name\nAnn\n", "email,mail,name\na@b.test,a@b.test,A\n"] {
        let told = acme.owner.post(PEOPLE, json!({"csv": csv})).await;
        assert_eq!(told.bad_fields(), ["csv"], "{csv:?}");
    }
    let report = send(&acme.owner, PEOPLE, &["email,name,shoe size", "ann@acme.test,Ann,39"]).await.ok()["import"].clone();
    assert_eq!(report["unknownColumns"], json!(["shoe size"]));
    // More than an ordinary body may have, and more than a file.
    let big = format!("email,name\n{}", ",\n".repeat(1_000_000));
    assert_eq!(done(acme.owner.post(PEOPLE, json!({"csv": big})).await), [0, 0, 0, 0], "empty rows are none");
    let huge = "x".repeat(25 * 1024 * 1024 + 1);
    assert_eq!(acme.owner.post(PEOPLE, json!({"csv": huge})).await.bad_fields(), ["csv"]);
    let ann = acme.employee("kim").await;
    assert_eq!(ann.post(PEOPLE, json!({"csv": big})).await.status, 413, "employees send no files");
}
