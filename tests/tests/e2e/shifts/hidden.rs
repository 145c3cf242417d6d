//! What is a draft stays the admins' own, also where leave and tasks look at shifts.

use serde_json::json;
use workforceos_tests::{Company, Db, Person, TestApp, on_both_databases};

use crate::leave::{asked, decide};
use crate::paths::{SHIFTS, TASK_ASSIGNMENTS};
use crate::text;

on_both_databases!(managers_are_not_told_of_the_drafts_that_leave_empties, a_draft_has_no_people_to_be_given_tasks,);

async fn draft(company: &Company, date: &str, who: &Person) -> String {
    let body =
        json!({"shiftDate": date, "startTime": "08:00", "endTime": "16:00", "assignedUserIds": [who.text()], "draft": true});
    text(&company.owner.post(SHIFTS, body).await.ok()["shift"], "id")
}

async fn managers_are_not_told_of_the_drafts_that_leave_empties(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    for (decider, date, sees) in [(&mia, "2026-07-01", false), (&acme.owner, "2026-07-02", true)] {
        let shift = acme.shift(date, "17:00-18:00", &[&ann]).await;
        let draft = draft(&acme, date, &ann).await;
        let told = decide(decider, &asked(&ann, date, date).await, "approved").await.ok();
        let wanted = if sees { json!([draft, shift]) } else { json!([shift]) };
        assert_eq!(told["unassignedShiftIds"], wanted, "{date}");
        assert_eq!(crate::leave::named(&acme, &draft).await, Vec::<String>::new(), "whoever is told, nobody is planned");
    }
}

async fn a_draft_has_no_people_to_be_given_tasks(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let draft = draft(&acme, "2026-07-01", &ann).await;
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    let give = async |by: &Person, shift: &str| {
        by.post(TASK_ASSIGNMENTS, json!({"title": "Count the linen", "assigneeUserIds": [ann.text()], "shiftId": shift})).await
    };
    // To a manager it is what is not there.
    let [of_draft, of_nothing] = [give(&mia, &draft).await, give(&mia, unknown).await];
    assert_eq!(
        of_draft.body["detail"][0]["problem"].as_str().map(|p| p.replace(&draft, unknown)).as_deref(),
        of_nothing.body["detail"][0]["problem"].as_str()
    );
    assert_eq!((of_draft.bad_fields(), of_nothing.bad_fields()), (vec!["shiftId".to_owned()], vec!["shiftId".to_owned()]));
    for body in [
        json!({"title": "Count", "shiftId": draft}),
        json!({"title": "Count", "shiftId": draft, "assigneeUserIds": [ann.text()]}),
    ] {
        let told = acme.owner.post(TASK_ASSIGNMENTS, body).await.refused(400, "ValidationFailed");
        assert_eq!((told["detail"].as_array().map(Vec::len), &told["detail"][0]["field"]), (Some(1), &json!("shiftId")));
        assert!(text(&told["detail"][0], "problem").contains("draft"), "{told}");
    }
    // The same where a task is changed.
    for by in [&mia, &acme.owner] {
        let made = by.post(TASK_ASSIGNMENTS, json!({"title": "Count the linen", "assigneeUserIds": [ann.text()]})).await.ok();
        let path = format!("{TASK_ASSIGNMENTS}/{}", text(&made["taskAssignment"], "id"));
        assert_eq!(by.patch(&path, json!({"shiftId": draft})).await.bad_fields(), ["shiftId"]);
    }
    let body = json!({"from": "2026-07-01", "to": "2026-07-01"});
    acme.owner.post("/schedulemanagement-api/v1/shifts/publish", body).await.ok();
    give(&mia, &draft).await.ok();
}
