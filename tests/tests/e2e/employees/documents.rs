//! Who reads and writes documents, what they may name, and their order.

use serde_json::{Value as Json, json};
use workforceos_tests::time::at;
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{ADDRESS, Team, hired};
use crate::paths::{DOCUMENTS, PROFILES};
use crate::text;

on_both_databases!(
    reach_of_documents,
    the_address_is_secret,
    documents_expire_by_the_companys_calendar,
    lists_are_ordered_and_filtered,
    what_a_document_names_is_checked,
    a_purged_person_takes_the_documents_along,
);

fn rows(body: &Json) -> &Vec<Json> {
    body["employeeDocuments"].as_array().expect("documents")
}

async fn reach_of_documents(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let other = Team::make(&app, "other", "UTC").await;
    let permit = team.document("permit", Some("2027-01-01")).await;
    let path = format!("{DOCUMENTS}/{permit}");
    for who in [&team.company.owner, &team.eve, &team.mia, &team.ann] {
        let seen = who.get(&path).await.ok()["employeeDocument"].clone();
        assert_eq!((&seen["documentUrl"], &seen["isExpired"]), (&json!(ADDRESS), &json!(false)));
        assert_eq!((&seen["validUntil"], &seen["userId"]), (&json!("2027-01-01"), &json!(team.ann.text())));
        let profile = &seen["employeeProfile"];
        assert_eq!((&profile["userId"], &profile["contractType_idx"]), (&json!(team.ann.text()), &json!(0)));
        assert!(profile.get("salary").is_none() && seen.get("alertAt").is_none() && seen.get("fileId").is_none(), "{seen}");
        assert_eq!(rows(&who.get(DOCUMENTS).await.ok()), &[seen]);
    }
    let body = json!({"employeeProfileId": team.profile, "documentType": "visa", "documentUrl": ADDRESS});
    for who in [&team.bob, &other.company.owner, &other.mia] {
        who.get(&path).await.refused(404, "EmployeeDocumentNotFound");
        assert!(rows(&who.get(DOCUMENTS).await.ok()).iter().all(|d| d["id"] != permit.as_str()));
    }
    // An employee writes none, the own neither.
    for who in [&team.ann, &team.bob] {
        who.post(DOCUMENTS, body.clone()).await.refused(403, "Forbidden");
        who.patch(&path, json!({"documentType": "x"})).await.refused(403, "Forbidden");
        who.delete(&path).await.refused(403, "Forbidden");
    }
    // A manager reaches the reports' alone; the own are the admins' to write.
    let other_mia = other.mia.post(DOCUMENTS, body.clone()).await;
    assert_eq!(other_mia.bad_fields(), ["employeeProfileId"]);
    other.mia.patch(&path, json!({"documentType": "x"})).await.refused(404, "EmployeeDocumentNotFound");
    other.mia.delete(&path).await.refused(404, "EmployeeDocumentNotFound");
    let mias = text(&team.eve.post(PROFILES, hired(&team.mia, json!({}))).await.ok()["employeeProfile"], "id");
    let own = json!({"employeeProfileId": mias, "documentType": "visa", "documentUrl": ADDRESS});
    assert_eq!(team.mia.post(DOCUMENTS, own.clone()).await.bad_fields(), ["employeeProfileId"]);
    let own = text(&team.eve.post(DOCUMENTS, own).await.ok()["employeeDocument"], "id");
    team.mia.get(&format!("{DOCUMENTS}/{own}")).await.ok();
    team.mia.patch(&format!("{DOCUMENTS}/{own}"), json!({"validUntil": null})).await.refused(403, "Forbidden");
    team.mia.delete(&format!("{DOCUMENTS}/{own}")).await.refused(403, "Forbidden");
    // And writes those.
    let changed = team.mia.patch(&path, json!({"documentType": "work permit", "validUntil": null})).await.ok();
    let changed = &changed["employeeDocument"];
    assert_eq!((&changed["documentType"], &changed["validUntil"]), (&json!("work permit"), &json!(null)));
    let gone = team.mia.delete(&path).await.ok();
    assert_eq!(gone["employeeDocument"]["isActive"], false);
    team.ann.get(&path).await.refused(404, "EmployeeDocumentNotFound");
}

async fn the_address_is_secret(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let mut live = team.eve.stream("").await;
    live.snapshot().await;
    let permit = team.document("permit", Some("2027-01-01")).await;
    for who in [&team.eve, &team.mia, &team.ann] {
        let get = who.tool("getEmployeeDocument", json!({"employeeDocumentId": permit})).await;
        let list = who.tool("listEmployeeDocuments", json!({})).await;
        for told in [get, list] {
            assert_eq!(told.status, 200, "{}", told.text);
            assert!(!told.text.contains("planted-address") && told.text.contains("***"), "{}", told.text);
            assert!(told.text.contains("isExpired"), "{}", told.text);
        }
    }
    let args = json!({"employeeDocumentId": permit, "documentUrl": "***", "documentType": "visa"});
    let told = team.eve.tool("updateEmployeeDocument", args).await;
    assert!(told.status == 200 && !told.text.contains("planted-address"), "{}", told.text);
    assert_eq!(team.ann.get(&format!("{DOCUMENTS}/{permit}")).await.ok()["employeeDocument"]["documentUrl"], ADDRESS);
    let journal = app.services().store.journal(team.company.id, 0, 1_000).await.expect("the journal");
    let about: Vec<_> = journal.iter().filter(|entry| &*entry.object == "employeeDocument").collect();
    assert_eq!(about.len(), 2);
    assert!(journal.iter().all(|entry| !entry.after.contains("planted-address")));
    // Nor by a filter, nor by an order.
    assert_eq!(team.eve.get(&format!("{DOCUMENTS}?sortBy=documentUrl")).await.bad_fields(), ["sortBy"]);
    assert_eq!(team.eve.get(&format!("{DOCUMENTS}?documentUrl=nothing")).await.ok()["rowCount"], 1);
    // Streams are not told of documents at all.
    team.eve.patch(&team.path(), json!({"position": "Head nurse"})).await.ok();
    live.next_is(&team.profile).await;
}

async fn documents_expire_by_the_companys_calendar(db: Db) {
    let app = TestApp::start(db).await;
    let mut team = Team::make(&app, "acme", "America/New_York").await;
    let permit = team.document("permit", Some("2026-06-10")).await;
    let path = format!("{DOCUMENTS}/{permit}");
    for (now, expired) in [("2026-06-11T03:59:00Z", false), ("2026-06-11T04:00:00Z", true)] {
        app.set(now);
        team.log_in().await;
        assert_eq!(team.ann.get(&path).await.ok()["employeeDocument"]["isExpired"], expired, "{now}");
        assert_eq!(rows(&team.mia.get(DOCUMENTS).await.ok())[0]["isExpired"], expired, "{now}");
    }
    let chosen = team.ann.get(&format!("{path}?fields=isExpired&getJoins=false")).await.ok();
    assert_eq!(chosen["employeeDocument"], json!({"id": permit, "isExpired": true}));
    let request = team.ann.request(reqwest::Method::GET, &format!("{DOCUMENTS}?fields=isExpired&getJoins=false"));
    let table = request.header("accept", "text/csv").send().await.expect("an answer").text().await.expect("a table");
    assert_eq!(table, format!("id,isExpired\r\n{permit},true\r\n"));
    let changed = team.mia.patch(&path, json!({"validUntil": "2026-06-12"})).await.ok();
    assert_eq!(changed["employeeDocument"]["isExpired"], false);
    let schema = app.anonymous().get("/openapi.json").await.ok();
    assert_eq!(schema["components"]["schemas"]["employeeDocument"]["properties"]["isExpired"]["type"], "boolean");
}

async fn lists_are_ordered_and_filtered(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let mut made = Vec::new();
    for (kind, until) in
        [("visa", Some("2027-05-01")), ("contract", None), ("work permit", Some("2028-01-01")), ("visa", Some("2026-09-01"))]
    {
        made.push(team.document(kind, until).await);
    }
    let ids = async |filter: &str| {
        let body = team.mia.get(&format!("{DOCUMENTS}{filter}")).await.ok();
        rows(&body).iter().map(|d| text(d, "id")).collect::<Vec<_>>()
    };
    let pick = |order: &[usize]| order.iter().map(|i| made[*i].clone()).collect::<Vec<_>>();
    assert_eq!(ids("").await, pick(&[1, 2, 0, 3]), "without an end, then the latest first");
    assert_eq!(ids("?sortBy=validUntil").await, pick(&[3, 0, 2, 1]));
    assert_eq!(ids("?documentType=VISA").await, pick(&[0, 3]));
    assert_eq!(ids("?validUntil=$gte-2027-01-01").await, pick(&[2, 0]));
    assert_eq!(ids("?validUntil=null").await, pick(&[1]));
    assert_eq!(ids(&format!("?employeeProfileId={}", team.profile)).await.len(), 4);
    assert_eq!(ids("?employeeProfileId=00000000-0000-7000-8000-000000000000").await, Vec::<String>::new());
}

async fn what_a_document_names_is_checked(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let body = |url: &str| json!({"employeeProfileId": team.profile, "documentType": "visa", "documentUrl": url});
    let nothing = "/employeeprofile-api/bucket/employeeDocuments/download/00000000-0000-7000-8000-000000000000";
    for url in ["http://files.test/x.pdf", "javascript:alert(1)", "x", "https://", "https://u:p@files.test/x", nothing] {
        assert_eq!(team.mia.post(DOCUMENTS, body(url)).await.bad_fields(), ["documentUrl"], "{url}");
    }
    let bad = json!({"employeeProfileId": "00000000-0000-7000-8000-000000000000", "documentType": "x", "documentUrl": "x"});
    assert_eq!(team.eve.post(DOCUMENTS, bad).await.bad_fields(), ["employeeProfileId", "documentUrl"]);
    let permit = team.document("permit", None).await;
    let path = format!("{DOCUMENTS}/{permit}");
    assert_eq!(team.mia.patch(&path, json!({"documentUrl": "ftp://x", "documentType": " "})).await.bad_fields().len(), 2);
    assert_eq!(team.mia.patch(&path, json!({"documentUrl": null})).await.bad_fields(), ["documentUrl"]);
}

async fn a_purged_person_takes_the_documents_along(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let permit = team.document("permit", Some("2026-06-20")).await;
    let upload = super::files::upload(&team.mia, &team.profile, "permit.pdf", super::files::PDF).await.ok();
    app.sweep().await;
    assert_eq!(team.alerts(&app, &permit).await.len(), 2);
    team.ann.delete("/auth-api/v1/profile").await.ok();
    app.sweep().await;
    app.sweep_at(at("2026-07-04T06:00:00Z")).await;
    assert_eq!(workforceos_services::auth::purge_archived(&app.services()).await.expect("purges"), 1);
    for def in super::files::private() {
        let left = app.services().store.owned(def, team.company.id, team.ann.id).await.expect("reads");
        assert_eq!(left, [], "{}", def.name);
    }
    assert_eq!(team.alerts(&app, &permit).await, [], "the manager's alert neither");
    let kept = super::files::kept(&app, &team, &upload);
    let gone = async {
        while kept.exists() {
            tokio::task::yield_now().await
        }
    };
    tokio::time::timeout(workforceos_tests::DEADLINE, gone).await.expect("the bytes go");
    let journal = app.services().store.journal(team.company.id, 0, 1_000).await.expect("the journal");
    let about: Vec<_> = journal.iter().filter(|e| e.object.starts_with("employeeDocument")).collect();
    assert_eq!(about.len(), 4, "made, uploaded, alerted of, and no more to be alerted of");
    assert!(about.iter().all(|e| &*e.after == "null"), "nothing of it is told any more: {about:?}");
}
