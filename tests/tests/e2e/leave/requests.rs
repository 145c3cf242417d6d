//! Asking for leave, changing and withdrawing it, and who sees it.

use serde_json::{Value as Json, json};
use workforceos_tests::{Db, Setup, TestApp, on_both_databases};

use super::{ask, ask_part, asked, change, decide};
use crate::paths::LEAVE;
use crate::text;

on_both_databases!(
    leave_is_asked_for_by_oneself,
    dates_are_the_companys_and_not_in_the_past,
    every_wrong_field_is_named_at_once,
    requests_overlap_unless_opposite_halves,
    the_requester_edits_and_withdraws_what_is_pending,
    pending_ones_are_deleted,
    the_server_decides_who_approved_and_when,
    lists_filter_and_are_ordered_by_start,
    everybody_reaches_their_own,
);

const MINE: &str = "/leavemanagement-api/v1/myleaverequests";
const MY_ONE: &str = "/leavemanagement-api/v1/myleaverequest";

async fn leave_is_asked_for_by_oneself(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let body = json!({"leaveType": " annual ", "startDate": "2026-07-01T10:00:00Z", "endDate": "2026-07-03", "reason": "Sea",
        "userId": ann.text()});
    let leave = ann.post(LEAVE, body.clone()).await.ok()["leaveRequest"].clone();
    let told = ["userId", "leaveType", "startDate", "endDate", "dayPart", "status", "reason"].map(|name| leave[name].clone());
    let ann_id = ann.text();
    assert_eq!(told, [ann_id.as_str(), "annual", "2026-07-01", "2026-07-03", "full", "pending", "Sea"].map(|t| json!(t)));
    assert_eq!((&leave["status_idx"], &leave["requestDate"]), (&json!(0), &json!("2026-06-01T06:00:00.000Z")));
    for other in [&mia, &acme.owner] {
        other.post(LEAVE, body.clone()).await.refused(403, "Forbidden");
    }
    // Who acts on the company from the SaaS level is none of its people.
    let root = app.super_admin().await.claiming("acme");
    root.post(LEAVE, json!({"leaveType": "annual", "startDate": "2026-07-01", "endDate": "2026-07-01"}))
        .await
        .refused(403, "Forbidden");
}

/// While it is the 10th in London, Kiritimati has the 11th already, and Pago Pago still the 9th.
async fn dates_are_the_companys_and_not_in_the_past(db: Db) {
    let start = workforceos_tests::time::at("2026-06-10T10:30:00Z");
    let app = TestApp::with(db, Setup { start, ..Setup::default() }).await;
    for (zone, past, today) in [
        ("Pacific/Kiritimati", "2026-06-10", "2026-06-11"),
        ("Pacific/Pago_Pago", "2026-06-08", "2026-06-09"),
        ("UTC", "2026-06-09", "2026-06-10"),
    ] {
        let company = app.company(&zone.replace(['/', '_'], "-"), zone).await;
        assert_eq!(ask(&company.owner, past, today).await.bad_fields(), ["startDate"], "{zone}");
        ask(&company.owner, today, today).await.ok();
    }
}

async fn every_wrong_field_is_named_at_once(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    let bad = json!({"leaveType": "x".repeat(101), "startDate": "2026-05-31", "endDate": "2026-05-30", "dayPart": "firstHalf",
        "departmentId": unknown});
    let named = acme.owner.post(LEAVE, bad).await.bad_fields();
    assert_eq!(named, ["startDate", "endDate", "dayPart", "leaveType", "departmentId"]);
    let missing = acme.owner.post(LEAVE, json!({"leaveType": " "})).await.bad_fields();
    assert_eq!(missing, ["leaveType", "startDate", "endDate"]);
    assert_eq!(ask(&acme.owner, "2026-07-01", "2036-07-01").await.bad_fields(), ["endDate"]);
}

async fn requests_overlap_unless_opposite_halves(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let week = asked(&ann, "2026-07-06", "2026-07-10").await;
    for (from, to) in
        [("2026-07-10", "2026-07-12"), ("2026-07-01", "2026-07-06"), ("2026-07-01", "2026-07-31"), ("2026-07-08", "2026-07-08")]
    {
        let told = ask(&ann, from, to).await.refused(409, "LeaveOverlap");
        assert_eq!(told["detail"]["leaveRequestId"], week.as_str());
    }
    ask_part(&ann, "2026-07-08", "firstHalf").await.refused(409, "LeaveOverlap");
    ask(&ann, "2026-07-11", "2026-07-12").await.ok();
    // Both halves of a day are two requests; a third is too many.
    ask_part(&ann, "2026-07-20", "firstHalf").await.ok();
    let second = text(&ask_part(&ann, "2026-07-20", "secondHalf").await.ok()["leaveRequest"], "id");
    ask_part(&ann, "2026-07-20", "firstHalf").await.refused(409, "LeaveOverlap");
    ask(&ann, "2026-07-20", "2026-07-20").await.refused(409, "LeaveOverlap");
    let other = asked(&ann, "2026-07-21", "2026-07-21").await;
    change(&ann, &other, json!({"startDate": "2026-07-20"})).await.refused(409, "LeaveOverlap");
    change(&ann, &second, json!({"dayPart": "firstHalf"})).await.refused(409, "LeaveOverlap");
    // What is rejected or withdrawn makes room, another person's leave takes none.
    decide(&acme.owner, &week, "rejected").await.ok();
    ask(&ann, "2026-07-06", "2026-07-07").await.ok();
    ask(&acme.owner, "2026-07-06", "2026-07-31").await.ok();
}

async fn the_requester_edits_and_withdraws_what_is_pending(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let crew = acme.department("crew", &[]).await.to_string();
    let id = asked(&ann, "2026-06-01", "2026-06-05").await;
    let edit = json!({"leaveType": "study", "endDate": "2026-06-08", "reason": "Exam", "departmentId": crew});
    let edited = change(&ann, &id, edit).await.ok()["leaveRequest"].clone();
    assert_eq!(
        [&edited["leaveType"], &edited["endDate"], &edited["reason"]],
        [&json!("study"), &json!("2026-06-08"), &json!("Exam")]
    );
    assert_eq!(edited["status"], "pending");
    let bad = json!({"endDate": "2026-05-31", "departmentId": "01890a5d-ac96-774b-bcce-b302099a8057"});
    assert_eq!(change(&ann, &id, bad).await.bad_fields(), ["endDate", "departmentId"]);
    // Once it has begun its start stays where it is, or moves ahead.
    app.set("2026-06-02T05:00:00Z");
    change(&ann, &id, json!({"reason": "An exam"})).await.ok();
    assert_eq!(change(&ann, &id, json!({"startDate": "2026-05-31"})).await.bad_fields(), ["startDate"]);
    assert_eq!(change(&ann, &id, json!({"endDate": "2026-06-01"})).await.bad_fields(), ["endDate"]);
    change(&ann, &id, json!({"startDate": "2026-06-03"})).await.ok();
    // Others decide, and change nothing else; what is sent back unchanged is no change.
    for other in [&mia, &acme.owner] {
        change(other, &id, json!({"reason": "mine"})).await.refused(403, "Forbidden");
        change(other, &id, json!({"startDate": "2026-06-03", "leaveType": "study", "status": "pending"})).await.ok();
    }
    change(&ann, &id, json!({"decisionNote": "granted"})).await.refused(403, "Forbidden");
    assert_eq!(decide(&ann, &id, "cancelled").await.ok()["leaveRequest"]["status"], "cancelled");
    change(&ann, &id, json!({"reason": "again"})).await.refused(409, "InvalidState");
    decide(&ann, &id, "pending").await.refused(403, "Forbidden");
}

async fn pending_ones_are_deleted(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, mia, zoe) = (acme.employee("ann").await, acme.employee("mia").await, acme.employee("zoe").await);
    acme.manager_of(&mia, &[&ann]).await;
    for (i, who) in [&ann, &mia, &acme.owner].into_iter().enumerate() {
        let date = format!("2026-07-0{}", i + 1);
        let id = asked(&ann, &date, &date).await;
        zoe.delete(&format!("{LEAVE}/{id}")).await.refused(404, "LeaveRequestNotFound");
        let gone = who.delete(&format!("{LEAVE}/{id}")).await.ok();
        assert_eq!(gone["leaveRequest"]["isActive"], false);
        who.get(&format!("{LEAVE}/{id}")).await.refused(404, "LeaveRequestNotFound");
        who.delete(&format!("{LEAVE}/{id}")).await.refused(404, "LeaveRequestNotFound");
        ask(&ann, &date, &date).await.ok();
    }
    let id = asked(&ann, "2026-08-01", "2026-08-01").await;
    decide(&mia, &id, "approved").await.ok();
    for who in [&ann, &mia, &acme.owner] {
        who.delete(&format!("{LEAVE}/{id}")).await.refused(409, "InvalidState");
    }
}

async fn the_server_decides_who_approved_and_when(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let claimed = json!({"approverId": ann.text(), "approvedDate": "2020-01-01T00:00:00Z"});
    let mut body = claimed.clone();
    body["leaveType"] = json!("annual");
    body["startDate"] = json!("2026-07-01");
    body["endDate"] = json!("2026-07-01");
    let id = text(&ann.post(LEAVE, body).await.ok()["leaveRequest"], "id");
    let unchanged = change(&ann, &id, claimed.clone()).await.ok()["leaveRequest"].clone();
    assert!(unchanged["approverId"].is_null() && unchanged["approvedDate"].is_null(), "{unchanged}");
    app.set("2026-06-01T09:00:00Z");
    let mut body = claimed;
    body["status"] = json!("approved");
    body["decisionNote"] = json!("Enjoy");
    let told = change(&mia, &id, body).await.ok()["leaveRequest"].clone();
    let facts = ["approverId", "approvedDate", "decisionNote"].map(|name| text(&told, name));
    assert_eq!(facts, [mia.text(), "2026-06-01T09:00:00.000Z".to_owned(), "Enjoy".to_owned()]);
    // A cancellation keeps who approved.
    let told =
        change(&acme.owner, &id, json!({"status": "cancelled", "decisionNote": "Needed"})).await.ok()["leaveRequest"].clone();
    assert_eq!((text(&told, "approverId"), text(&told, "decisionNote")), (mia.text(), "Needed".to_owned()));
}

async fn lists_filter_and_are_ordered_by_start(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let crew = acme.department("crew", &[&ann]).await.to_string();
    for (who, kind, from, to, department) in [
        (&ann, "annual", "2026-07-10", "2026-07-12", Some(&crew)),
        (&ann, "Annual leave", "2026-09-01", "2026-09-02", None),
        (&bob, "sick", "2026-08-01", "2026-08-01", None),
    ] {
        let body = json!({"leaveType": kind, "startDate": from, "endDate": to, "departmentId": department});
        who.post(LEAVE, body).await.ok();
    }
    let starts = async |query: String| {
        let listed = acme.owner.get(&format!("{LEAVE}?{query}")).await.ok();
        listed["leaveRequests"].as_array().expect("a list").iter().map(|l| text(l, "startDate")).collect::<Vec<_>>()
    };
    assert_eq!(starts(String::new()).await, ["2026-09-01", "2026-08-01", "2026-07-10"]);
    assert_eq!(starts("sortBy=startDate".to_owned()).await, ["2026-07-10", "2026-08-01", "2026-09-01"]);
    assert_eq!(starts("leaveType=ANNUAL".to_owned()).await, ["2026-09-01", "2026-07-10"]);
    assert_eq!(starts(format!("userId={}", bob.text())).await, ["2026-08-01"]);
    assert_eq!(starts(format!("departmentId={crew}")).await, ["2026-07-10"]);
    assert_eq!(starts("startDate=$gte-2026-08-01&endDate=$lte-2026-08-31".to_owned()).await, ["2026-08-01"]);
    assert_eq!(starts("status=approved".to_owned()).await, [""; 0]);
    assert_eq!(starts("status=Pending&endDate=2026-09-02".to_owned()).await, ["2026-09-01"]);
    assert_eq!(acme.owner.get(&format!("{LEAVE}?status=maybe")).await.bad_fields(), ["status"]);
    let joined = acme.owner.get(&format!("{LEAVE}?startDate=2026-07-10")).await.ok()["leaveRequests"][0].clone();
    assert_eq!((&joined["user"]["fullname"], &joined["department"]["groupName"]), (&json!("ann"), &json!("crew")));
    assert!(joined["approver"].is_null());
}

async fn everybody_reaches_their_own(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let [ann, mia, max, zoe] =
        [acme.employee("ann").await, acme.employee("mia").await, acme.employee("max").await, acme.employee("zoe").await];
    acme.manager_of(&mia, &[&ann]).await;
    acme.manager_of(&max, &[&mia]).await;
    let of_ann = asked(&ann, "2026-07-01", "2026-07-01").await;
    let of_mia = asked(&mia, "2026-07-02", "2026-07-02").await;
    let seen = async |client: &workforceos_tests::Client, path: &str| {
        let listed = client.get(path).await.ok()["leaveRequests"].clone();
        listed.as_array().expect("a list").iter().map(|l| text(l, "id")).collect::<Vec<_>>()
    };
    assert_eq!(seen(&ann, LEAVE).await, std::slice::from_ref(&of_ann));
    assert_eq!(seen(&mia, LEAVE).await, [of_mia.clone(), of_ann.clone()]);
    // A manager's manager is no manager.
    assert_eq!(seen(&max, LEAVE).await, std::slice::from_ref(&of_mia));
    max.get(&format!("{LEAVE}/{of_ann}")).await.refused(404, "LeaveRequestNotFound");
    assert_eq!(seen(&zoe, LEAVE).await, [""; 0]);
    assert_eq!(seen(&acme.owner, LEAVE).await, [of_mia.clone(), of_ann.clone()]);
    // What is mine is mine alone, whoever I am.
    assert_eq!(seen(&mia, MINE).await, std::slice::from_ref(&of_mia));
    assert_eq!(seen(&acme.owner, MINE).await, [""; 0]);
    mia.get(&format!("{MY_ONE}/{of_ann}")).await.refused(404, "LeaveRequestNotFound");
    let mine: Json = mia.get(&format!("{MY_ONE}/{of_mia}")).await.ok();
    assert_eq!(mine["leaveRequest"]["user"]["fullname"], "mia");
}
